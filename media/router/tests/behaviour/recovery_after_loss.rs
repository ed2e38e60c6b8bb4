//! Loss and jitter pass; video is back within two seconds of their end, and those without them see
//! nothing of it (issue 4 section 6).

use crate::meeting::{LADDER, Meeting, any, ms};
use crate::network::Conditions;

#[test]
fn video_is_back_within_two_seconds_everywhere() {
    let mut meeting = Meeting::new();
    meeting.open(1..=6);
    for attendee in 1..=3 {
        meeting.camera(attendee, attendee as u32 + 4, &LADDER);
        for watcher in (1..=6).filter(|watcher| *watcher != attendee) {
            meeting.watch(watcher, attendee as u32, any(attendee as u32 + 4));
        }
    }
    meeting.run(ms(3000));
    meeting.bad_weather(Conditions::BAD);
    meeting.run(ms(10_000));
    meeting.bad_weather(Conditions::GOOD);
    meeting.run(ms(2000));
    let since = meeting.now;
    meeting.run(ms(3000));
    for (&(session, slot), tile) in &meeting.tiles {
        let frames = tile.screen.frames_since(since).count();
        assert!(
            frames >= 88,
            "session {session} slot {slot}: {frames} frames in 3 s"
        );
    }
}

#[test]
fn the_loss_of_one_downlink_is_its_own() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 3]);
    meeting.camera(1, 5, &LADDER[2..]);
    meeting.watch(2, 1, any(5));
    meeting.watch(3, 1, any(5));
    meeting.run(ms(1000));
    let since = meeting.now;
    meeting.downlinks.get_mut(&2).unwrap().conditions = Conditions::BAD;
    meeting.run(ms(10_000));
    let frames: Vec<_> = meeting.tile(3, 1).screen.frames_since(since).collect();
    assert!(frames.len() >= 298, "{}", frames.len());
    let longest = frames
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .max()
        .unwrap();
    assert!(longest <= ms(45), "{longest:?}");
    let asked = meeting.requested(50).len();
    assert!(asked <= 27, "{asked} in 10 s");
}
