//! Who asks for stereo gets it, of those who send it; all others get mono.

mod meeting;

use hubbub_mixer::Member;
use meeting::{Meeting, member, tail, tone_level};

#[test]
fn left_and_right_stay_apart_for_those_who_ask() {
    let mut meeting = Meeting::new();
    let stereo = Member {
        stereo: true,
        max_bitrate: 128_000,
        ..member(1)
    };
    let speaker = meeting.join_as(1, 440.0, stereo, 2);
    speaker.right_hertz = 1_000.0;
    meeting.join(2, 2_000.0);
    meeting
        .join_as(
            3,
            500.0,
            Member {
                attendee: 3,
                ..stereo
            },
            1,
        )
        .speaks = false;
    meeting.join(4, 500.0).speaks = false;
    meeting.run(1_500);
    let heard = tail(&meeting.of(3).heard, 2 * 9_600).to_vec();
    let side = |n: usize, hertz: f32| {
        tone_level(
            &heard
                .chunks_exact(2)
                .map(|sample| sample[n])
                .collect::<Vec<_>>(),
            hertz,
        )
    };
    assert!(side(0, 440.0) > -15.5 && side(0, 1_000.0) < -45.0);
    assert!(side(1, 1_000.0) > -15.5 && side(1, 440.0) < -45.0);
    assert!(side(0, 2_000.0) > -15.5 && side(1, 2_000.0) > -15.5);
    // Mono is the mean of both sides.
    assert!((meeting.level(4, 440.0, 200) + 20.0).abs() < 1.5);
    assert!((meeting.level(4, 1_000.0, 200) + 20.0).abs() < 1.5);
    assert!((meeting.level(4, 2_000.0, 200) + 14.0).abs() < 1.5);
    assert!(meeting.level(1, 440.0, 200) < -50.0 && meeting.level(1, 2_000.0, 200) > -15.5);
}

#[test]
fn the_bitrate_is_what_the_member_asks() {
    let mut meeting = Meeting::new();
    for (id, hertz) in [(1, 440.0), (2, 1_330.0), (3, 2_170.0)] {
        meeting.join(id, hertz);
    }
    for (id, max_bitrate) in [
        (11, 0),
        (12, 16_000),
        (13, 32_000),
        (14, 64_000),
        (15, 130_000),
    ] {
        meeting
            .join_as(
                id,
                100.0,
                Member {
                    max_bitrate,
                    ..member(id)
                },
                1,
            )
            .speaks = false;
    }
    meeting.run(500);
    let before: Vec<u64> = (11..=15).map(|id| meeting.of(id).bytes).collect();
    meeting.run(2_000);
    let rate = |n: usize, meeting: &mut Meeting| (meeting.of(11 + n as u64).bytes - before[n]) * 4;
    let rates: Vec<u64> = (0..5).map(|n| rate(n, &mut meeting)).collect();
    for (rate, limit) in rates.iter().zip([48_000, 16_000, 32_000, 64_000, 128_000]) {
        assert!(
            (limit * 6 / 10..=limit * 11 / 10).contains(rate),
            "{rates:?}"
        );
    }
    meeting.mixer.update(
        15,
        Member {
            max_bitrate: 32_000,
            ..member(15)
        },
    );
    let before = meeting.of(15).bytes;
    meeting.run(2_000);
    assert!((meeting.of(15).bytes - before) * 4 < 36_000);
    assert_eq!(meeting.heard_by(15), [1, 2, 3]);
}

#[test]
fn a_stereo_listener_that_joins_changes_nothing_for_the_others() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.run(1_000);
    meeting
        .join_as(
            3,
            100.0,
            Member {
                stereo: true,
                ..member(3)
            },
            1,
        )
        .speaks = false;
    meeting.run(500);
    assert_eq!(meeting.heard_by(2), [1]);
    assert_eq!(meeting.heard_by(3), [1, 2]);
    let pieces = tail(&meeting.of(2).heard, 48_000).chunks_exact(960);
    assert!(
        pieces
            .into_iter()
            .all(|piece| tone_level(piece, 440.0) > -20.0)
    );
}
