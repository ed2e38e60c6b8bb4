//! What a receiver sees is one stream: no gap, no double, no jump but those of loss.

use std::collections::HashMap;

use crate::meeting::{LADDER, Meeting, any, ms, only};
use crate::network::{Conditions, Link};
use crate::screen::Got;

fn log(meeting: &Meeting) -> Vec<Got> {
    meeting
        .tile(2, 1)
        .log
        .iter()
        .map(|(_, got)| got.clone())
        .collect()
}

fn wandering() -> Meeting {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 3]);
    meeting.camera(1, 5, &LADDER);
    meeting.camera(3, 6, &LADDER[..1]);
    for wish in [
        only(50),
        only(52),
        only(51),
        any(6),
        only(50),
        any(5),
        only(51),
    ] {
        meeting.watch(2, 1, wish);
        meeting.run(ms(700));
    }
    meeting
}

#[test]
fn sequence_numbers_go_on_by_one_over_all_switches() {
    let log = log(&wandering());
    assert!(log.len() > 300);
    for pair in log.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence + 1);
    }
}

#[test]
fn picture_ids_go_on_by_one_over_all_switches() {
    let log = log(&wandering());
    for pair in log.windows(2) {
        let ids = [&pair[0], &pair[1]].map(|got| got.inspect().vp8.unwrap());
        let step = u16::from(pair[0].timestamp != pair[1].timestamp);
        // A switch in the middle of a frame begins a new picture too.
        let step = step.max(u16::from(pair[0].origin() != pair[1].origin()));
        assert_eq!(
            ids[1].picture_id.unwrap(),
            (ids[0].picture_id.unwrap() + step) & 0x7fff
        );
        assert_eq!(
            ids[1].tl0_picture_index.unwrap(),
            ids[0].tl0_picture_index.unwrap().wrapping_add(step as u8)
        );
    }
}

#[test]
fn timestamps_follow_the_wall_clock_over_all_switches() {
    let meeting = wandering();
    let log = &meeting.tile(2, 1).log;
    let (began, first) = &log[0];
    for (at, got) in log {
        let media = f64::from(got.timestamp.wrapping_sub(first.timestamp)) / 90.0;
        let wall = (*at - *began).as_secs_f64() * 1000.0;
        assert!((media - wall).abs() < 70.0, "{media} {wall}");
    }
    for pair in log.windows(2) {
        assert!(pair[1].1.timestamp.wrapping_sub(pair[0].1.timestamp) < 1 << 31);
    }
}

#[test]
fn nothing_is_undecodable_without_loss() {
    let meeting = wandering();
    let frames = &meeting.tile(2, 1).screen.frames;
    for pair in frames.windows(2) {
        assert_eq!(pair[1].picture, (pair[0].picture + 1) & 0x7fff);
        assert!(pair[1].keyframe || pair[1].stream == pair[0].stream);
    }
}

#[test]
fn padding_leaves_no_gap() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.cameras.get_mut(&50).unwrap().pads = true;
    meeting.watch(2, 1, any(5));
    meeting.run(ms(2000));
    let log = log(&meeting);
    assert!(log.len() > 50);
    assert!(log.iter().all(|got| !got.payload.is_empty()));
    for pair in log.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence + 1);
    }
}

#[test]
fn holes_of_loss_stay_holes_and_padding_that_comes_late_fills_its_own() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.cameras.get_mut(&50).unwrap().pads = true;
    meeting.uplinks.insert(
        50,
        Link::new(
            Conditions {
                loss: 0.0,
                delay: ms(5),
                jitter: ms(90),
            },
            3,
        ),
    );
    meeting.watch(2, 1, any(5));
    meeting.run(ms(3000));
    let mut log = log(&meeting);
    assert!(log.iter().any(|got| got.payload.is_empty()));
    log.sort_by_key(|got| got.sequence);
    // The last ones may still be on their way.
    log.truncate(log.len() - 10);
    for pair in log.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence + 1, "nothing was lost");
    }
    meeting.uplinks.get_mut(&50).unwrap().conditions.loss = 0.1;
    let since = meeting.now;
    meeting.run(ms(3000));
    let mut sequences: Vec<u64> = meeting
        .tile(2, 1)
        .log
        .iter()
        .filter(|(at, _)| *at > since + ms(100))
        .map(|(_, got)| got.sequence)
        .collect();
    sequences.sort_unstable();
    let span = sequences.last().unwrap() - sequences[0] + 1;
    let lost = 1.0 - sequences.len() as f64 / span as f64;
    assert!((0.02..0.15).contains(&lost), "{lost}");
}

#[test]
fn no_number_is_given_twice_on_a_bad_network() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER);
    meeting
        .cameras
        .values_mut()
        .for_each(|camera| camera.pads = true);
    for round in 0..12 {
        meeting.watch(2, 1, only(50 + round % 3));
        meeting.bad_weather(Conditions::BAD);
        meeting.run(ms(800));
    }
    let mut given: HashMap<u64, (u32, u32)> = HashMap::new();
    for got in log(&meeting) {
        assert!(
            given.insert(got.sequence, (got.timestamp, 0)).is_none(),
            "{}",
            got.sequence
        );
    }
    // In the order of the numbers, time only goes forward.
    let mut times: Vec<(u64, u32)> = given
        .into_iter()
        .map(|(sequence, (timestamp, _))| (sequence, timestamp))
        .collect();
    times.sort_unstable();
    for pair in times.windows(2) {
        assert!(pair[1].1.wrapping_sub(pair[0].1) < 1 << 31);
    }
}

#[test]
fn a_layer_that_comes_back_with_another_ssrc_goes_on_in_the_same_stream() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(1000));
    meeting.cameras.get_mut(&50).unwrap().renumber();
    let since = meeting.now;
    meeting.run(ms(500));
    let log = log(&meeting);
    for pair in log.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence + 1);
    }
    let frames = meeting.tile(2, 1).screen.frames_since(since);
    assert!(frames.count() > 12);
}

#[test]
fn a_new_ssrc_of_the_tile_begins_a_new_stream() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(1000));
    meeting.router.set_sink(
        2,
        1,
        hubbub_router::Sink {
            attendee: 2,
            ssrc: 1,
            token: 201,
        },
    );
    let since = meeting.now;
    meeting.run(ms(500));
    let (_, first) = meeting
        .tile(2, 1)
        .log
        .iter()
        .find(|(at, _)| *at > since)
        .unwrap();
    assert!(first.inspect().keyframe && first.sequence < 65536);
}
