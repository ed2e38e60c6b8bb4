//! Key frames are asked for as often as needed and no oftener than is good for senders (C.6).

use crate::meeting::{LADDER, Meeting, any, ms, only};
use crate::network::Conditions;

fn crowd(size: u64) -> Meeting {
    let mut meeting = Meeting::new();
    meeting.open(0..=size);
    meeting.camera(0, 5, &LADDER[..1]);
    for attendee in 1..=size {
        meeting.watch(attendee, 1, any(5));
    }
    meeting.run(ms(1000));
    meeting
}

#[test]
fn many_receivers_that_ask_at_once_are_answered_once() {
    let mut meeting = crowd(30);
    let before = meeting.requested(50).len();
    for round in 0..10 {
        for attendee in 1..=30 {
            meeting.router.keyframe_wanted(attendee, 1, meeting.now);
        }
        meeting.run(ms(20 + round));
    }
    assert_eq!(meeting.requested(50).len(), before + 1);
}

#[test]
fn requests_keep_their_distance_whatever_receivers_do() {
    let mut meeting = crowd(3);
    for _ in 0..600 {
        meeting.router.keyframe_wanted(1, 1, meeting.now);
        meeting.run(ms(5));
    }
    let asked = meeting.requested(50);
    assert!(asked.len() >= 6);
    assert!(asked.windows(2).all(|pair| pair[1] - pair[0] >= ms(300)));
}

#[test]
fn a_request_is_repeated_until_the_key_frame_comes() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.run(ms(500));
    meeting.uplinks.get_mut(&50).unwrap().conditions = Conditions {
        loss: 0.6,
        ..Conditions::GOOD
    };
    let joined = meeting.now;
    meeting.watch(2, 1, any(5));
    meeting.run(ms(100));
    while meeting.tile(2, 1).log.is_empty() {
        meeting.run(ms(100));
        assert!(meeting.now - joined < ms(20_000));
    }
    let asked = meeting.requested(50);
    let gaps: Vec<_> = asked.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        gaps.iter().all(|gap| (ms(300)..=ms(600)).contains(gap)),
        "{gaps:?}"
    );
    meeting.uplinks.get_mut(&50).unwrap().conditions = Conditions::GOOD;
    meeting.run(ms(1500));
    let count = meeting.requested(50).len();
    meeting.run(ms(3000));
    assert_eq!(meeting.requested(50).len(), count, "nobody waits any more");
}

#[test]
fn a_silent_layer_is_not_pestered() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.cameras.get_mut(&50).unwrap().sends = false;
    meeting.watch(2, 1, any(5));
    meeting.run(ms(10_000));
    assert!(meeting.requested(50).len() <= 6);
    meeting.cameras.get_mut(&50).unwrap().sends = true;
    let since = meeting.now;
    meeting.run(ms(100));
    assert_eq!(meeting.seen(2, 1, since), [50].into());
}

#[test]
fn a_sender_in_the_middle_of_its_stream_is_asked_with_its_first_packet() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(100));
    meeting.camera(1, 5, &LADDER[..1]);
    // The first second is lost, key frame and all.
    meeting.uplinks.get_mut(&50).unwrap().conditions.loss = 1.0;
    meeting.run(ms(1000));
    meeting.uplinks.get_mut(&50).unwrap().conditions.loss = 0.0;
    let since = meeting.now;
    meeting.run(ms(120));
    assert_eq!(meeting.seen(2, 1, since), [50].into());
}

#[test]
fn asking_for_what_is_not_taken_asks_nothing() {
    let mut meeting = crowd(1);
    let before = meeting.requested(50).len();
    meeting.router.keyframe_wanted(1, 77, meeting.now);
    meeting.router.keyframe_wanted(77, 1, meeting.now);
    meeting.router.subscribe(1, 1, None);
    meeting.router.keyframe_wanted(1, 1, meeting.now);
    meeting.run(ms(1000));
    assert_eq!(meeting.requested(50).len(), before);
}

#[test]
fn a_layer_switch_asks_the_new_layer_only() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER);
    meeting.watch(2, 1, only(50));
    meeting.run(ms(1000));
    let before = [50, 51, 52].map(|stream| meeting.requested(stream).len());
    meeting.watch(2, 1, only(52));
    meeting.run(ms(1000));
    let after = [50, 51, 52].map(|stream| meeting.requested(stream).len());
    assert_eq!(after, [before[0], before[1], before[2] + 1]);
}
