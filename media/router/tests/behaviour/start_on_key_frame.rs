//! A tile starts on a key frame, at once if one is just coming, and switches on one.

use hubbub_router::Wish;

use crate::meeting::{LADDER, Meeting, any, ms, only};
use crate::network::Conditions;

#[test]
fn a_new_tile_starts_on_a_key_frame_that_is_asked_for_at_once() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[2..]);
    meeting.run(ms(1000));
    let joined = meeting.now;
    meeting.watch(2, 1, any(5));
    meeting.run(ms(200));
    assert_eq!(meeting.requested(50), [joined]);
    let (at, first) = &meeting.tile(2, 1).log[0];
    assert!(first.inspect().keyframe);
    assert!(*at - joined < ms(60), "a request, a frame and an uplink");
    assert!(first.sequence < 65536);
}

#[test]
fn a_watched_camera_is_seen_with_its_first_frame_and_nothing_is_asked() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(100));
    meeting.camera(1, 5, &LADDER[2..]);
    let on = meeting.now;
    meeting.run(ms(300));
    assert!(meeting.tile(2, 1).log[0].0 - on <= ms(12));
    assert_eq!(
        meeting.cameras[&50].keyframes,
        1 + meeting.requested(50).len()
    );
    assert!(
        meeting.requested(50).len() <= 1,
        "only before anything came"
    );
}

#[test]
fn the_old_layer_is_sent_until_the_new_one_has_a_key_frame() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER);
    meeting.watch(2, 1, only(50));
    meeting.run(ms(1000));
    meeting.uplinks.get_mut(&52).unwrap().conditions = Conditions {
        loss: 1.0,
        ..Conditions::GOOD
    };
    let switched = meeting.now;
    meeting.watch(2, 1, only(52));
    meeting.run(ms(1000));
    assert_eq!(
        meeting.seen(2, 1, switched),
        [50].into(),
        "no key frame came"
    );
    meeting.uplinks.get_mut(&52).unwrap().conditions = Conditions::GOOD;
    meeting.run(ms(3000));
    let log: Vec<u32> = meeting
        .tile(2, 1)
        .log
        .iter()
        .map(|(_, got)| got.origin().0)
        .collect();
    let joint = log.iter().position(|&stream| stream == 52).unwrap();
    assert!(meeting.tile(2, 1).log[joint].1.inspect().keyframe);
    assert!(
        log[joint..].iter().all(|&stream| stream == 52),
        "no packet of the old layer behind it"
    );
}

#[test]
fn another_camera_is_not_shown_in_place_of_the_one_wished_for() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 3]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.camera(3, 6, &LADDER[..1]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(500));
    meeting.cameras.get_mut(&60).unwrap().sends = false;
    let changed = meeting.now;
    meeting.watch(2, 1, any(6));
    meeting.run(ms(500));
    assert!(meeting.seen(2, 1, changed).is_empty());
}

#[test]
fn a_key_frame_whose_packets_overtake_each_other_still_starts_a_tile() {
    for seed in 0..20 {
        let mut meeting = Meeting::new();
        meeting.open([1, 2]);
        meeting.camera(1, 5, &LADDER[2..]);
        let jittery = Conditions {
            loss: 0.0,
            delay: ms(5),
            jitter: ms(30),
        };
        meeting
            .uplinks
            .insert(50, crate::network::Link::new(jittery, seed));
        meeting.run(ms(500));
        meeting.watch(2, 1, any(5));
        meeting.run(ms(400));
        let screen = &meeting.tile(2, 1).screen;
        assert!(
            screen.frames.len() > 5,
            "seed {seed}: {} frames",
            screen.frames.len()
        );
        assert_eq!(
            screen.frames.iter().filter(|frame| frame.keyframe).count(),
            1,
            "seed {seed}"
        );
    }
}

#[test]
fn those_who_come_a_moment_after_a_key_frame_take_it_too() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 3]);
    meeting.camera(1, 5, &LADDER[1..2]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(80));
    let joined = meeting.now;
    meeting.watch(3, 1, any(5));
    meeting.run(ms(5));
    let log = &meeting.tile(3, 1).log;
    assert!(log[0].1.inspect().keyframe);
    assert!(log.len() > 3);
    meeting.run(ms(300));
    assert!(meeting.requested(50).iter().all(|at| *at < joined));
    let frames = &meeting.tile(3, 1).screen.frames;
    assert!(frames.len() > 8, "{}", frames.len());
}

#[test]
fn a_wish_for_what_is_not_there_yet_waits_for_it() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.watch(
        2,
        1,
        Wish {
            stream: 51,
            group: 5,
            ..Wish::default()
        },
    );
    meeting.run(ms(300));
    meeting.camera(1, 5, &LADDER);
    meeting.run(ms(300));
    let since = meeting.now;
    meeting.run(ms(300));
    assert_eq!(meeting.seen(2, 1, since), [51].into());
}
