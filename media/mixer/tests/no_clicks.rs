//! Changes of who is heard, of encoders and of gates are not heard as clicks: what is left of each 5 ms when the tones
//! are taken out stays small.

mod meeting;

use hubbub_mixer::Member;
use meeting::{Meeting, member, residue};

/// The worst 5 ms in what `id` heard, dBFS, and when it was.
fn worst(meeting: &mut Meeting, id: u64, hertz: &[f32]) -> (f32, usize) {
    let residue = residue(&meeting.of(id).heard, hertz);
    residue
        .into_iter()
        .enumerate()
        .map(|(n, level)| (level, n * 5))
        .fold((-120.0, 0), |a, b| if b.0 > a.0 { b } else { a })
}

fn two_speakers_and_a_listener() -> Meeting {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).amplitude = 0.3;
    meeting.join(2, 1_000.0).amplitude = 0.3;
    meeting.join(3, 2_000.0).speaks = false;
    meeting.join(4, 3_000.0).speaks = false;
    meeting.run(2_000);
    meeting.of(3).forget();
    meeting.of(4).forget();
    meeting
}

#[test]
fn steady_tones_are_clean() {
    let mut meeting = two_speakers_and_a_listener();
    meeting.run(2_000);
    let (level, at) = worst(&mut meeting, 3, &[440.0, 1_000.0]);
    println!("steady: {level} dBFS at {at} ms");
    assert!(level < -34.5, "{level} dBFS at {at} ms");
}

#[test]
fn beginning_to_speak_and_ending_does_not_click_in_ones_own_ears() {
    let mut meeting = two_speakers_and_a_listener();
    for _ in 0..4 {
        meeting.of(3).speaks = true;
        meeting.run(617);
        meeting.of(3).speaks = false;
        meeting.run(2_803);
    }
    let (level, at) = worst(&mut meeting, 3, &[440.0, 1_000.0]);
    println!("own: {level} dBFS at {at} ms");
    assert!(level < -34.5, "{level} dBFS at {at} ms");
}

#[test]
fn a_gate_that_opens_does_not_click_for_the_others() {
    let mut meeting = two_speakers_and_a_listener();
    for _ in 0..5 {
        meeting.mixer.set_gates(4, true, false);
        meeting.run(210);
        meeting.mixer.set_gates(4, true, true);
        meeting.run(310);
    }
    let (level, at) = worst(&mut meeting, 3, &[440.0, 1_000.0]);
    println!("others' gates: {level} dBFS at {at} ms");
    assert!(level < -34.5, "{level} dBFS at {at} ms");
}

#[test]
fn one_who_is_cut_off_fades() {
    let mut meeting = two_speakers_and_a_listener();
    for round in 0..6 {
        match round % 3 {
            0 => meeting.mixer.set_muted(1, true),
            1 => meeting.mixer.set_gates(1, false, true),
            _ => meeting.mixer.remove(1),
        }
        meeting.run(253);
        meeting.mixer.add(1, member(1));
        meeting.mixer.set_gates(1, true, true);
        meeting.run(367);
    }
    let (level, at) = worst(&mut meeting, 3, &[440.0, 1_000.0]);
    println!("cut off: {level} dBFS at {at} ms");
    assert!(level < -27.0, "{level} dBFS at {at} ms");
}

#[test]
fn another_bitrate_does_not_click() {
    let mut meeting = two_speakers_and_a_listener();
    for max_bitrate in [32_000, 64_000, 96_000, 48_000] {
        meeting.mixer.update(
            3,
            Member {
                max_bitrate,
                ..member(3)
            },
        );
        meeting.run(300);
    }
    let (level, at) = worst(&mut meeting, 3, &[440.0, 1_000.0]);
    println!("bitrate: {level} dBFS at {at} ms");
    assert!(level < -31.0, "{level} dBFS at {at} ms");
}

#[test]
fn a_mix_too_loud_is_limited_not_clipped() {
    let mut meeting = Meeting::new();
    for (id, hertz) in [(1, 440.0), (2, 1_000.0), (3, 1_700.0)] {
        meeting.join(id, hertz).amplitude = 0.8;
    }
    meeting.join(4, 3_000.0).speaks = false;
    meeting.run(1_000);
    meeting.of(4).forget();
    meeting.run(2_000);
    let heard = &meeting.of(4).heard;
    assert!(heard.iter().all(|x| x.abs() < 1.0));
    let (level, at) = worst(&mut meeting, 4, &[440.0, 1_000.0, 1_700.0]);
    println!("limited: {level} dBFS at {at} ms");
    assert!(level < -33.0, "{level} dBFS at {at} ms");
    assert!(meeting.level(4, 440.0, 200) > -13.0);
}
