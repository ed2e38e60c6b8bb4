//! Of many who speak the loudest are heard, and their places do not flap.

mod meeting;

use meeting::Meeting;

fn crowd(amplitudes: &[f32]) -> Meeting {
    let mut meeting = Meeting::new();
    for (n, amplitude) in amplitudes.iter().enumerate() {
        let id = n as u64 + 1;
        meeting.join(id, 400.0 + 330.0 * n as f32).amplitude = *amplitude;
    }
    meeting.join(100, 50.0).speaks = false;
    meeting
}

#[test]
fn three_of_six() {
    let mut meeting = crowd(&[0.02, 0.2, 0.02, 0.2, 0.2, 0.02]);
    meeting.run(3_000);
    assert_eq!(meeting.heard_by(100), [2, 4, 5]);
    assert_eq!(meeting.mixer.stats().heard, 3);
    // Who is not heard costs no decoding.
    for id in [1, 3, 6] {
        let stats = meeting.mixer.member_stats(id).expect("present");
        assert!(stats.decodes < 60, "{id}: {stats:?}");
    }
}

#[test]
fn who_speaks_up_is_heard_soon() {
    let mut meeting = crowd(&[0.05, 0.06, 0.07]);
    meeting.run(2_000);
    meeting.join(9, 2_000.0).amplitude = 0.4;
    meeting.run(400);
    assert!(meeting.hears(100, 9));
    assert_eq!(meeting.mixer.stats().heard, 3);
}

#[test]
fn a_free_place_is_taken_at_once() {
    let mut meeting = crowd(&[0.2, 0.2]);
    meeting.run(1_000);
    meeting.join(9, 2_000.0).amplitude = 0.02;
    meeting.run(130);
    let level = meeting.level(100, 2_000.0, 40);
    assert!(level > -42.0, "{level}");
}

#[test]
fn equals_do_not_flap() {
    let mut meeting = crowd(&[0.2, 0.2, 0.2, 0.2, 0.2]);
    meeting.run(1_000);
    let heard = meeting.heard_by(100);
    assert_eq!(heard.len(), 3);
    for round in 0..20 {
        for id in 1..=5 {
            meeting.of(id).amplitude = if (round + id) % 2 == 0 { 0.2 } else { 0.13 };
        }
        meeting.run(150);
        assert_eq!(meeting.heard_by(100), heard);
    }
}

#[test]
fn the_end_of_a_word_is_not_cut() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).amplitude = 0.3;
    meeting.join(100, 50.0).speaks = false;
    meeting.run(1_000);
    // -62 dBFS: too quiet to begin with, a word's end that fades away.
    meeting.of(1).amplitude = 0.001_1;
    meeting.run(300);
    let level = meeting.level(100, 440.0, 100);
    assert!((level + 59.0).abs() < 4.0, "{level}");
}

#[test]
fn claims_that_are_not_true_win_no_place_for_long() {
    let mut meeting = crowd(&[0.1, 0.1, 0.1]);
    for id in 20..23 {
        let liar = meeting.join(id, 3_000.0);
        (liar.speaks, liar.claims) = (false, Some(0));
    }
    meeting.run(5_000);
    assert_eq!(meeting.heard_by(100), [1, 2, 3]);
}

#[test]
fn levels_are_those_of_all_who_are_audible() {
    let mut meeting = crowd(&[0.2, 0.02, 0.2, 0.2, 0.2]);
    meeting.mixer.set_muted(3, true);
    meeting.mixer.set_gates(4, false, true);
    meeting.run(1_000);
    meeting.mixer.levels();
    meeting.run(200);
    let levels = meeting.mixer.levels().entries;
    // A sine of 0.2 has an rms of -17 dBFS.
    assert_eq!(levels, [(1, 16), (2, 36), (5, 16)]);
    for id in [1, 2, 5] {
        meeting.of(id).speaks = false;
    }
    meeting.run(200);
    meeting.mixer.levels();
    meeting.run(200);
    assert!(meeting.mixer.levels().entries.is_empty());
}

#[test]
fn the_tap_hears_all_speakers_one_by_one() {
    let mut meeting = crowd(&[0.2, 0.2, 0.2, 0.1, 0.1]);
    meeting.mixer.set_tap(true);
    let mut pcm = std::collections::BTreeMap::<u64, Vec<i16>>::new();
    for _ in 0..10 {
        meeting.run(200);
        meeting
            .mixer
            .drain_pcm(&mut |id, _, samples| pcm.entry(id).or_default().extend(samples));
    }
    assert_eq!(pcm.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(meeting.mixer.stats().heard, 3);
    for (id, samples) in &pcm {
        assert!(samples.len() > 16_000 * 18 / 10, "{id}: {}", samples.len());
        // The tone at a third of the rate.
        let audio: Vec<f32> = samples[8_000..]
            .iter()
            .map(|x| f32::from(*x) / 32_768.0)
            .collect();
        for other in 1..=5 {
            let hertz = meeting.of(other).hertz;
            let level = meeting::tone_level(&audio, hertz * 3.0);
            assert_eq!(level > -25.0, other == *id, "{id} {other}: {level}");
        }
    }
    meeting.mixer.set_tap(false);
    meeting.run(200);
    meeting
        .mixer
        .drain_pcm(&mut |id, _, _| panic!("{id} is tapped"));
}
