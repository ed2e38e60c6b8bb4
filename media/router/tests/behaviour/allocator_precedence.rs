//! One downlink shared: content first, then by priority; nothing flaps (chime-meetings B.7, C.8).

use std::time::Instant;

use hubbub_router::Wish;

use crate::meeting::{LADDER, Meeting, Said, any, ms, only};

/// Cameras of attendees 1 and 3 and content of 4, all watched by 2, with one layer of 600 kbit/s each
/// or the whole ladder.
fn meeting(layers: &[((u16, u16), u32)]) -> Meeting {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 3, 4]);
    meeting.camera(1, 5, layers);
    meeting.camera(3, 6, layers);
    meeting.content(4, 7, layers);
    for (slot, group, priority) in [(1, 5, 10), (2, 6, 20), (3, 7, 0)] {
        meeting.watch(
            2,
            slot,
            Wish {
                priority,
                ..any(group)
            },
        );
    }
    meeting
}

fn estimate(meeting: &mut Meeting, kbps: u64) {
    meeting.router.set_estimate(2, kbps * 1000, meeting.now);
}

/// Layers of the three tiles during the next second; 9: nothing.
fn layers(meeting: &mut Meeting) -> [u32; 3] {
    let since = meeting.now;
    meeting.run(ms(1000));
    [1, 2, 3].map(|slot| {
        meeting
            .seen(2, slot, since)
            .last()
            .map_or(9, |stream| stream % 10)
    })
}

fn pauses(meeting: &Meeting, since: Instant) -> Vec<Said> {
    meeting
        .said(since)
        .filter(|said| matches!(said, Said::Paused(..) | Said::Resumed(..)))
        .collect()
}

#[test]
fn without_an_estimate_all_that_was_asked_for_is_sent() {
    let mut meeting = meeting(&LADDER);
    let since = meeting.now;
    meeting.run(ms(2000));
    assert_eq!(layers(&mut meeting), [2, 2, 2]);
    assert!(pauses(&meeting, since).is_empty());
}

#[test]
fn the_least_important_loses_first_and_content_last() {
    let expected = [
        (10_000, [2, 2, 2]),
        (3_300, [1, 2, 2]),
        (1_500, [9, 0, 2]),
        (1_000, [0, 0, 1]),
        (850, [9, 0, 1]),
        (300, [9, 9, 0]),
    ];
    for (kbps, heights) in expected {
        let mut meeting = meeting(&LADDER);
        estimate(&mut meeting, kbps);
        meeting.run(ms(3000));
        assert_eq!(layers(&mut meeting), heights, "{kbps}");
    }
}

#[test]
fn pauses_and_resumptions_are_told_once() {
    let mut meeting = meeting(&LADDER[1..2]);
    estimate(&mut meeting, 5_000);
    meeting.run(ms(3000));
    let since = meeting.now;
    estimate(&mut meeting, 1_000);
    meeting.run(ms(3000));
    assert_eq!(
        pauses(&meeting, since),
        [Said::Paused(2, 5), Said::Paused(2, 6)]
    );
    let since = meeting.now;
    estimate(&mut meeting, 5_000);
    meeting.run(ms(3000));
    assert_eq!(
        pauses(&meeting, since),
        [Said::Resumed(2, 5), Said::Resumed(2, 6)]
    );
    assert_eq!(layers(&mut meeting), [0, 0, 0]);
    let (_, first) = meeting
        .tile(2, 1)
        .log
        .iter()
        .find(|(at, _)| *at >= since)
        .unwrap();
    assert!(first.inspect().keyframe);
}

#[test]
fn content_that_comes_later_takes_from_cameras() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 4]);
    meeting.camera(1, 5, &LADDER[1..2]);
    meeting.watch(
        2,
        1,
        Wish {
            priority: u32::MAX,
            ..any(5)
        },
    );
    estimate(&mut meeting, 1_000);
    meeting.run(ms(3000));
    meeting.content(4, 7, &LADDER[1..2]);
    meeting.watch(2, 3, any(7));
    meeting.run(ms(2000));
    let since = meeting.now;
    meeting.run(ms(1000));
    assert!(meeting.seen(2, 1, since).is_empty());
    assert_eq!(meeting.seen(2, 3, since), [70].into());
    assert!(
        meeting
            .said(since - ms(2000))
            .any(|said| said == Said::Paused(2, 5))
    );
}

#[test]
fn a_named_stream_is_sent_whatever_the_estimate() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 3]);
    meeting.camera(1, 5, &LADDER);
    meeting.camera(3, 6, &LADDER);
    meeting.watch(2, 1, only(52));
    meeting.watch(2, 2, any(6));
    estimate(&mut meeting, 1_600);
    meeting.run(ms(3000));
    let since = meeting.now;
    meeting.run(ms(1000));
    assert_eq!(meeting.seen(2, 1, since), [52].into());
    assert_eq!(meeting.seen(2, 2, since), [60].into(), "the rest");
}

#[test]
fn an_estimate_that_wavers_does_not_switch_layers_to_and_fro() {
    let mut meeting = meeting(&LADDER);
    estimate(&mut meeting, 3_000);
    meeting.run(ms(3000));
    let since = meeting.now;
    for round in 0..120 {
        estimate(&mut meeting, if round % 2 == 0 { 3_000 } else { 2_250 });
        meeting.run(ms(500));
    }
    let requests = meeting
        .said(since)
        .filter(|said| matches!(said, Said::Keyframe(_)))
        .count();
    assert!(requests <= 20, "{requests} switches in a minute");
    assert!(pauses(&meeting, since).len() <= 2);
}

#[test]
fn a_short_dip_is_left_to_pass() {
    let mut meeting = meeting(&LADDER);
    estimate(&mut meeting, 4_500);
    meeting.run(ms(3000));
    assert_eq!(layers(&mut meeting), [2, 2, 2]);
    estimate(&mut meeting, 3_200);
    meeting.run(ms(300));
    estimate(&mut meeting, 4_500);
    assert_eq!(layers(&mut meeting), [2, 2, 2]);
}

#[test]
fn a_paused_tile_is_tried_now_and_then_and_ever_more_rarely() {
    let mut meeting = meeting(&LADDER[1..2]);
    estimate(&mut meeting, 5_000);
    meeting.run(ms(3000));
    estimate(&mut meeting, 700);
    meeting.run(ms(1000));
    let since = meeting.now;
    meeting.run(ms(120_000));
    let resumed: Vec<Instant> = meeting
        .out
        .said
        .iter()
        .filter(|(at, said)| *at >= since && *said == Said::Resumed(2, 6))
        .map(|(at, _)| *at)
        .collect();
    assert!((2..=6).contains(&resumed.len()), "{}", resumed.len());
    let gaps: Vec<_> = resumed.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.windows(2).all(|pair| pair[1] > pair[0]), "{gaps:?}");
    // Where the estimate rises while it is sent, it stays.
    estimate(&mut meeting, 5_000);
    meeting.run(ms(40_000));
    assert_eq!(layers(&mut meeting), [0, 0, 0]);
}

#[test]
fn what_is_static_counts_for_what_it_takes() {
    let mut meeting = meeting(&LADDER[2..]);
    for camera in meeting.cameras.values_mut() {
        camera.kbps = 100;
    }
    meeting.run(ms(4000));
    let since = meeting.now;
    estimate(&mut meeting, 600);
    meeting.run(ms(3000));
    assert!(pauses(&meeting, since).is_empty());
    assert_eq!(layers(&mut meeting), [0, 0, 0]);
}

#[test]
fn estimates_of_any_size_are_taken() {
    let mut meeting = meeting(&LADDER);
    for bps in [0, u64::MAX, u64::MAX - 1, 1, u64::MAX / 2] {
        meeting.router.set_estimate(2, bps, meeting.now);
        meeting.run(ms(600));
    }
    meeting.run(ms(3000));
    assert_eq!(layers(&mut meeting), [2, 2, 2]);
}

#[test]
fn an_estimate_counts_only_once_what_is_sent_exceeds_it() {
    let mut meeting = meeting(&LADDER[2..]);
    for camera in meeting.cameras.values_mut() {
        camera.kbps = 300;
    }
    let since = meeting.now;
    estimate(&mut meeting, 1_000);
    meeting.run(ms(5000));
    assert_eq!(
        layers(&mut meeting),
        [0, 0, 0],
        "declared 3600, but 900 are sent"
    );
    assert!(pauses(&meeting, since).is_empty());
    meeting.cameras.get_mut(&60).unwrap().kbps = 600;
    meeting.run(ms(3000));
    assert_eq!(pauses(&meeting, since), [Said::Paused(2, 5)]);
}
