//! Capabilities in the forwarder (chime-meetings D.1): the next packet after a change obeys it.

use hubbub_router::Gates;

use crate::meeting::{LADDER, Meeting, Said, any, ms, only};

/// Attendee 1 sends a camera and content, 2 watches both.
fn meeting() -> Meeting {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.content(1, 6, &LADDER[..1]);
    meeting.watch(2, 1, any(5));
    meeting.watch(2, 2, any(6));
    meeting.run(ms(1000));
    meeting
}

const CAMERA: u32 = 50;
const CONTENT: u32 = 60;

#[test]
fn every_gate_stops_exactly_what_it_is_for() {
    let cases = [
        (
            1,
            Gates {
                video_send: false,
                ..Gates::OPEN
            },
            CAMERA,
            CONTENT,
        ),
        (
            2,
            Gates {
                video_receive: false,
                ..Gates::OPEN
            },
            CAMERA,
            CONTENT,
        ),
        (
            1,
            Gates {
                content_send: false,
                ..Gates::OPEN
            },
            CONTENT,
            CAMERA,
        ),
        (
            2,
            Gates {
                content_receive: false,
                ..Gates::OPEN
            },
            CONTENT,
            CAMERA,
        ),
    ];
    for (attendee, gates, stopped, unharmed) in cases {
        let mut meeting = meeting();
        let slot = |stream| if stream == CAMERA { 1 } else { 2 };
        meeting.router.set_gates(attendee, gates);
        let closed = meeting.now;
        meeting.run(ms(1000));
        assert!(
            meeting.seen(2, slot(stopped), closed).is_empty(),
            "{gates:?}"
        );
        assert_eq!(
            meeting.seen(2, slot(unharmed), closed),
            [unharmed].into(),
            "{gates:?}"
        );

        meeting.router.set_gates(attendee, Gates::OPEN);
        let opened = meeting.now;
        meeting.run(ms(1000));
        let (at, first) = meeting
            .tile(2, slot(stopped))
            .log
            .iter()
            .find(|(at, _)| *at >= opened)
            .unwrap();
        assert!(first.inspect().keyframe, "{gates:?}");
        assert!(*at - opened < ms(100), "{gates:?}");
        let frames = meeting.tile(2, slot(stopped)).screen.frames_since(opened);
        assert!(frames.count() > 20, "{gates:?}");
    }
}

#[test]
fn gates_that_do_not_concern_it_change_nothing() {
    let mut meeting = meeting();
    let sender = Gates {
        video_receive: false,
        content_receive: false,
        ..Gates::OPEN
    };
    let receiver = Gates {
        video_send: false,
        content_send: false,
        ..Gates::OPEN
    };
    meeting.router.set_gates(1, sender);
    meeting.router.set_gates(2, receiver);
    let since = meeting.now;
    meeting.run(ms(1000));
    for slot in [1, 2] {
        let frames: Vec<_> = meeting.tile(2, slot).screen.frames_since(since).collect();
        assert!(frames.len() >= 29 && frames.iter().all(|frame| !frame.keyframe));
    }
}

#[test]
fn of_two_quick_changes_the_last_one_wins() {
    let mut meeting = meeting();
    meeting.router.set_gates(1, Gates::default());
    meeting.run(ms(20));
    meeting.router.set_gates(1, Gates::OPEN);
    let opened = meeting.now;
    meeting.run(ms(500));
    assert_eq!(meeting.seen(2, 1, opened), [CAMERA].into());
    meeting.router.set_gates(1, Gates::OPEN);
    meeting.router.set_gates(1, Gates::default());
    let closed = meeting.now;
    meeting.run(ms(500));
    assert!(meeting.seen(2, 1, closed).is_empty());
}

#[test]
fn nobody_gets_its_own_camera_or_its_own_content() {
    let mut meeting = Meeting::new();
    meeting.open([1]);
    meeting.camera(1, 5, &LADDER);
    meeting.content(1, 6, &LADDER[..1]);
    for (slot, wish) in [only(50), any(5), only(60), any(6)].into_iter().enumerate() {
        meeting.watch(1, slot as u32, wish);
    }
    let since = meeting.now;
    meeting.run(ms(1000));
    assert!((0..4).all(|slot| meeting.seen(1, slot, since).is_empty()));
    assert!(
        !meeting
            .said(since)
            .any(|said| matches!(said, Said::Keyframe(_) | Said::Watched(..)))
    );
}

#[test]
fn an_attendee_without_gates_may_do_nothing() {
    let mut meeting = Meeting::new();
    meeting.open([1, 3]);
    meeting.camera(1, 5, &LADDER[..1]);
    meeting.camera(4, 7, &LADDER[..1]);
    meeting.watch(2, 1, any(5));
    meeting.watch(3, 1, any(7));
    let since = meeting.now;
    meeting.run(ms(500));
    assert!(meeting.seen(2, 1, since).is_empty() && meeting.seen(3, 1, since).is_empty());
    meeting.open([2]);
    meeting.run(ms(500));
    assert_eq!(meeting.seen(2, 1, since), [CAMERA].into());
    meeting.router.remove_attendee(1);
    let since = meeting.now;
    meeting.run(ms(500));
    assert!(meeting.seen(2, 1, since).is_empty());
}

#[test]
fn wishes_made_while_a_gate_is_closed_are_kept_for_when_it_opens() {
    let mut meeting = Meeting::new();
    meeting.open([1]);
    meeting.camera(1, 5, &LADDER);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(200));
    let since = meeting.now;
    meeting.watch(2, 1, only(51));
    meeting.run(ms(500));
    assert!(meeting.seen(2, 1, since).is_empty());
    meeting.open([2]);
    meeting.run(ms(500));
    assert_eq!(meeting.seen(2, 1, since), [51].into());
}

#[test]
fn what_a_client_paused_stops_at_once_and_resumes_on_a_key_frame() {
    let mut meeting = meeting();
    // By any stream of the group.
    meeting.router.pause(2, CAMERA);
    let paused = meeting.now;
    meeting.run(ms(500));
    assert!(meeting.seen(2, 1, paused).is_empty());
    assert_eq!(meeting.seen(2, 2, paused), [CONTENT].into());
    meeting.router.resume(2, CAMERA);
    let resumed = meeting.now;
    meeting.run(ms(500));
    let (at, first) = meeting
        .tile(2, 1)
        .log
        .iter()
        .find(|(at, _)| *at >= resumed)
        .unwrap();
    assert!(first.inspect().keyframe && *at - resumed < ms(100));
    assert!(
        !meeting
            .said(paused)
            .any(|said| matches!(said, Said::Paused(..) | Said::Resumed(..)))
    );
}
