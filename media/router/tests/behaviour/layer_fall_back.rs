//! Layers are chosen by what arrives (chime-meetings C.7).

use hubbub_router::{Source, Wish};

use crate::meeting::{LADDER, Meeting, any, ms, only};

fn meeting(layers: &[((u16, u16), u32)], wish: Wish) -> Meeting {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.watch(2, 1, wish);
    meeting.camera(1, 5, layers);
    meeting
}

/// What is sent to the tile over the next second, after a time to get there.
fn shown(meeting: &mut Meeting, settling: u64) -> Vec<u32> {
    meeting.run(ms(settling));
    let since = meeting.now;
    meeting.run(ms(1000));
    meeting.seen(2, 1, since).into_iter().collect()
}

#[test]
fn a_named_layer_is_sent_and_no_other() {
    for stream in [50, 51, 52] {
        assert_eq!(shown(&mut meeting(&LADDER, only(stream)), 1000), [stream]);
    }
}

#[test]
fn a_declared_layer_that_never_sends_is_replaced_at_once() {
    let mut meeting = meeting(&LADDER, only(52));
    meeting.cameras.get_mut(&52).unwrap().sends = false;
    meeting.cameras.get_mut(&51).unwrap().sends = false;
    meeting.run(ms(50));
    let start = meeting.now - ms(50);
    assert_eq!(meeting.seen(2, 1, start), [50].into());
    assert_eq!(shown(&mut meeting, 0), [50]);
}

#[test]
fn a_layer_that_stops_is_replaced_and_returned_to() {
    for wish in [only(52), any(5)] {
        let mut meeting = meeting(&LADDER, wish);
        assert_eq!(shown(&mut meeting, 500), [52]);
        meeting.cameras.get_mut(&52).unwrap().sends = false;
        let stopped = meeting.now;
        meeting.run(ms(2300));
        let (at, _) = meeting
            .tile(2, 1)
            .log
            .iter()
            .find(|(_, got)| got.origin().0 == 51)
            .unwrap();
        assert!(
            *at - stopped < ms(2200),
            "1.5 s of silence, half a second to look, a key frame"
        );
        assert_eq!(shown(&mut meeting, 0), [51]);
        meeting.cameras.get_mut(&52).unwrap().sends = true;
        assert_eq!(shown(&mut meeting, 1200), [52]);
    }
}

#[test]
fn a_layer_that_comes_and_goes_does_not_take_viewers_with_it() {
    let mut meeting = meeting(&LADDER, only(52));
    meeting.run(ms(1000));
    meeting.cameras.get_mut(&52).unwrap().sends = false;
    meeting.run(ms(2500));
    let since = meeting.now;
    for _ in 0..5 {
        // One frame of it now and then, too few to call it back.
        meeting.cameras.get_mut(&52).unwrap().sends = true;
        meeting.run(ms(100));
        meeting.cameras.get_mut(&52).unwrap().sends = false;
        meeting.run(ms(1900));
    }
    let frames: Vec<_> = meeting.tile(2, 1).screen.frames_since(since).collect();
    let longest = frames
        .windows(2)
        .map(|pair| pair[1].at - pair[0].at)
        .max()
        .unwrap();
    assert!(longest < ms(1800), "{longest:?}");
}

#[test]
fn a_layer_switched_off_is_replaced() {
    let mut meeting = meeting(&LADDER, only(52));
    meeting.run(ms(1000));
    let off = Source {
        session: 1,
        attendee: 1,
        group: 5,
        content: false,
        layer: 2,
        max_kbps: 0,
        active: false,
    };
    meeting.router.set_source(52, off);
    assert_eq!(shown(&mut meeting, 300), [51]);
    meeting.router.set_source(
        52,
        Source {
            max_kbps: 1200,
            active: true,
            ..off
        },
    );
    assert_eq!(shown(&mut meeting, 300), [52]);
    // The only one: nothing is left.
    for stream in [50, 51, 52] {
        meeting.router.set_source(
            stream,
            Source {
                layer: (stream - 50) as u8,
                ..off
            },
        );
    }
    assert!(shown(&mut meeting, 300).is_empty());
}

#[test]
fn the_router_picks_the_highest_layer_within_the_target() {
    let cases = [
        (100, 50),
        (200, 50),
        (599, 50),
        (600, 51),
        (1199, 51),
        (1200, 52),
        (10_000, 52),
        (0, 52),
    ];
    for (target_kbps, stream) in cases {
        let mut meeting = meeting(
            &LADDER,
            Wish {
                group: 5,
                target_kbps,
                ..Wish::default()
            },
        );
        assert_eq!(shown(&mut meeting, 500), [stream], "{target_kbps}");
    }
}

#[test]
fn two_receivers_of_one_camera_have_layers_of_their_own() {
    let mut meeting = meeting(&LADDER, only(50));
    meeting.open([3]);
    meeting.watch(3, 1, only(52));
    meeting.run(ms(500));
    let since = meeting.now;
    meeting.run(ms(500));
    assert_eq!(
        (meeting.seen(2, 1, since), meeting.seen(3, 1, since)),
        ([50].into(), [52].into())
    );
    meeting.watch(2, 1, only(52));
    meeting.watch(3, 1, only(50));
    meeting.run(ms(300));
    let since = meeting.now;
    meeting.run(ms(500));
    assert_eq!(
        (meeting.seen(2, 1, since), meeting.seen(3, 1, since)),
        ([52].into(), [50].into())
    );
}

#[test]
fn a_camera_that_is_gone_is_not_missed() {
    let mut meeting = meeting(&LADDER, any(5));
    meeting.run(ms(500));
    for stream in [50, 51, 52] {
        meeting.router.remove_source(stream);
    }
    assert!(shown(&mut meeting, 0).is_empty());
    meeting.router.remove_session(2);
    meeting.router.remove_session(1);
    assert_eq!(meeting.router.bitrates().count(), 0);
}
