//! `MaxResolution` (chime-meetings A.5): what is larger is not forwarded, and its owner is told.

use hubbub_router::SourceState::{Fits, Live, TooLarge};

use crate::meeting::{LADDER, Meeting, Said, any, ms, only};

fn meeting() -> Meeting {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting
        .router
        .set_limits(Some((1280, 720)), Some((1920, 1080)));
    meeting
}

fn resize(meeting: &mut Meeting, stream: u32, (width, height): (u16, u16)) {
    let camera = meeting.cameras.get_mut(&stream).unwrap();
    (camera.width, camera.height) = (width, height);
    camera.request_keyframe();
}

#[test]
fn a_camera_that_grows_too_large_stops_and_comes_back() {
    let mut meeting = meeting();
    meeting.camera(1, 5, &LADDER[2..]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(500));
    let since = meeting.now;
    resize(&mut meeting, 50, (1920, 1080));
    meeting.run(ms(1000));
    let last = meeting.tile(2, 1).log.last().unwrap().0;
    assert!(last - since < ms(50), "not one packet of the large frame");
    let said: Vec<_> = meeting
        .said(since)
        .filter(|said| matches!(said, Said::Source(..)))
        .collect();
    assert_eq!(said, [Said::Source(50, TooLarge, 1920, 1080)]);

    let since = meeting.now;
    resize(&mut meeting, 50, (960, 540));
    meeting.run(ms(500));
    let said: Vec<_> = meeting
        .said(since)
        .filter(|said| matches!(said, Said::Source(..)))
        .collect();
    assert_eq!(said, [Said::Source(50, Fits, 960, 540)]);
    assert!(
        meeting.tile(2, 1).screen.frames_since(since).count() > 10,
        "with that very key frame"
    );
}

#[test]
fn portrait_counts_as_landscape_and_content_has_its_own_limit() {
    let cases = [
        (false, (720, 1280), true),
        (false, (721, 1280), false),
        (false, (1280, 721), false),
        (true, (1920, 1080), true),
        (true, (1080, 1920), true),
        (true, (3840, 2160), false),
    ];
    for (content, size, passes) in cases {
        let mut meeting = meeting();
        if content {
            meeting.content(1, 5, &[(size, 500)]);
        } else {
            meeting.camera(1, 5, &[(size, 500)]);
        }
        meeting.watch(2, 1, any(5));
        let since = meeting.now;
        meeting.run(ms(500));
        assert_eq!(
            !meeting.seen(2, 1, since).is_empty(),
            passes,
            "{content} {size:?}"
        );
        let state = if passes { Live } else { TooLarge };
        let size = (u32::from(size.0), u32::from(size.1));
        assert!(
            meeting
                .said(since)
                .any(|said| said == Said::Source(50, state, size.0, size.1))
        );
    }
}

#[test]
fn smaller_siblings_go_on() {
    let mut meeting = meeting();
    meeting.camera(1, 5, &[((640, 360), 300), ((2560, 1440), 1200)]);
    meeting.watch(2, 1, only(51));
    let since = meeting.now;
    meeting.run(ms(1000));
    assert_eq!(meeting.seen(2, 1, since), [50].into());
}

#[test]
fn a_limit_that_comes_later_acts_at_once() {
    let mut meeting = meeting();
    meeting.camera(1, 5, &LADDER[2..]);
    meeting.watch(2, 1, any(5));
    meeting.run(ms(500));
    meeting.router.set_limits(Some((640, 480)), None);
    let since = meeting.now;
    meeting.run(ms(500));
    assert!(meeting.seen(2, 1, since).is_empty());
    assert!(
        meeting
            .said(since)
            .any(|said| said == Said::Source(50, TooLarge, 1280, 720))
    );
    meeting.router.set_limits(None, None);
    meeting.run(ms(500));
    assert!(
        meeting
            .said(since)
            .any(|said| said == Said::Source(50, Fits, 1280, 720))
    );
    assert_eq!(meeting.seen(2, 1, since), [50].into());
}
