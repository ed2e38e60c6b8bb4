//! Loss, jitter, reordering, drift and jumps: what is said stays intelligible, and nothing piles up.

mod meeting;

use std::time::Duration;

use meeting::{Meeting, Network, Sends, residue, tail, tone_level};

const BAD: Network = Network {
    loss: 10,
    jitter: Duration::from_millis(50),
    double: 0,
};

/// Attendee 1 speaks over `network`, 2 listens, for 10 s after 3 s to get used to it.
fn talk(network: Network, sends: Sends) -> Meeting {
    let mut meeting = Meeting::new();
    let speaker = meeting.join(1, 440.0).set_sends(sends);
    (speaker.network, speaker.amplitude) = (network, 0.3);
    meeting.join(2, 700.0).speaks = false;
    meeting.run(3_000);
    meeting.of(2).forget();
    meeting.run(10_000);
    meeting
}

/// The part of 20 ms pieces in which the tone is less than 6 dB below the median.
fn kept(meeting: &mut Meeting) -> f32 {
    let mut levels: Vec<f32> = meeting
        .of(2)
        .heard
        .chunks_exact(960)
        .map(|piece| tone_level(piece, 440.0))
        .collect();
    levels.sort_by(f32::total_cmp);
    let median = levels[levels.len() / 2];
    assert!((median + 10.5).abs() < 1.5, "median {median} dBFS");
    levels.iter().filter(|level| **level > median - 6.0).count() as f32 / levels.len() as f32
}

#[test]
fn a_perfect_network_needs_no_concealment_and_25_ms() {
    let mut meeting = talk(Network::default(), Sends::Red);
    assert!(kept(&mut meeting) == 1.0);
    let stats = meeting.mixer.member_stats(1).expect("present");
    assert_eq!((stats.concealed, stats.late, stats.malformed), (0, 0, 0));
    assert!(stats.delay_ms <= 25, "{stats:?}");
    let worst = residue(&meeting.of(2).heard, &[440.0])
        .into_iter()
        .fold(-120.0, f32::max);
    assert!(worst < -45.0, "{worst}");
}

#[test]
fn ten_percent_of_loss_with_jitter_stays_intelligible() {
    let mut meeting = talk(BAD, Sends::Plain);
    let stats = meeting.mixer.member_stats(1).expect("present");
    assert!(kept(&mut meeting) > 0.95);
    assert!((50..130).contains(&stats.concealed), "{stats:?}");
    assert!((50..110).contains(&stats.delay_ms), "{stats:?}");
}

#[test]
fn red_brings_the_lost_frames_back() {
    let mut meeting = talk(BAD, Sends::Redundant);
    let stats = meeting.mixer.member_stats(1).expect("present");
    assert!(kept(&mut meeting) > 0.985);
    assert!(stats.red > 40, "{stats:?}");
    assert!(stats.concealed < 35, "{stats:?}");
}

#[test]
fn in_band_fec_brings_lost_frames_back() {
    let listen = |network| {
        let mut meeting = Meeting::new();
        let speaker = meeting.join(1, 440.0).set_sends(Sends::Fec);
        (speaker.network, speaker.syllables) = (network, true);
        meeting.join(2, 700.0).speaks = false;
        meeting.run(10_000);
        let energy = |piece: &[f32]| 10f32.powf(tone_level(piece, 440.0) / 10.0);
        let seconds = meeting.of(2).heard.chunks_exact(48_000);
        let levels =
            seconds.map(|second| second.chunks_exact(960).map(energy).sum::<f32>().log10() * 10.0);
        (
            levels.skip(3).collect::<Vec<f32>>(),
            meeting.mixer.stats().members,
        )
    };
    let (clean, _) = listen(Network::default());
    let (levels, stats) = listen(BAD);
    assert!(
        clean.iter().zip(&levels).all(|(a, b)| (a - b).abs() < 2.0),
        "{clean:?} {levels:?} {stats:?}"
    );
    assert!(stats.fec > 20, "{stats:?}");
    assert!(stats.concealed < 30, "{stats:?}");
}

#[test]
fn doubled_packets_are_played_once() {
    let network = Network {
        double: 50,
        jitter: Duration::from_millis(30),
        loss: 0,
    };
    let mut meeting = talk(network, Sends::Plain);
    let stats = meeting.mixer.member_stats(1).expect("present");
    assert!(kept(&mut meeting) > 0.99);
    assert!(stats.late > 200, "{stats:?}");
    assert!(stats.concealed < 20, "{stats:?}");
}

#[test]
fn the_delay_comes_back_when_the_network_gets_better() {
    let mut meeting = talk(BAD, Sends::Plain);
    meeting.of(1).network = Network::default();
    meeting.run(8_000);
    let before = meeting.mixer.member_stats(1).expect("present");
    meeting.of(2).forget();
    meeting.run(3_000);
    let stats = meeting.mixer.member_stats(1).expect("present");
    assert!(stats.delay_ms <= 25, "{stats:?}");
    assert_eq!(stats.concealed, before.concealed);
    assert!(kept(&mut meeting) == 1.0);
}

#[test]
fn an_unpunctual_caller_does_no_harm() {
    let mut meeting = Meeting::new();
    meeting.unpunctual = Duration::from_millis(12);
    meeting.join(1, 440.0).amplitude = 0.3;
    meeting.join(2, 700.0).speaks = false;
    meeting.run(3_000);
    assert!(kept_after_start(&mut meeting) == 1.0);
    assert_eq!(meeting.of(2).frames, 150);
}

fn kept_after_start(meeting: &mut Meeting) -> f32 {
    let heard = tail(&meeting.of(2).heard, 48_000 * 2).to_vec();
    meeting.of(2).heard = heard;
    kept(meeting)
}

#[test]
fn a_caller_that_stalls_gets_the_newest_only() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).amplitude = 0.3;
    meeting.join(2, 700.0).speaks = false;
    meeting.run(1_000);
    meeting.now += Duration::from_secs(3);
    meeting.run(1_500);
    let timestamps = meeting.of(2).timestamps.clone();
    assert_eq!(meeting.mixer.stats().skipped, 150);
    assert_eq!(timestamps[timestamps.len() - 1], 960 * (5_500 / 20 - 1));
    assert!(
        timestamps
            .windows(2)
            .filter(|pair| pair[1] - pair[0] != 960)
            .count()
            == 1
    );
    let heard = tail(&meeting.of(2).heard, 48_000).to_vec();
    meeting.of(2).heard = heard;
    assert!(kept(&mut meeting) > 0.99);
}

#[test]
fn a_clock_that_drifts_for_ten_minutes_adds_no_delay() {
    for drift in [150.0, -150.0] {
        let mut meeting = Meeting::new();
        let speaker = meeting.join(1, 440.0);
        (speaker.drift, speaker.amplitude) = (drift, 0.3);
        speaker.network.jitter = Duration::from_millis(10);
        meeting.join(2, 700.0).speaks = false;
        for minute in 0..10 {
            meeting.of(2).forget();
            meeting.run(60_000);
            let stats = meeting.mixer.member_stats(1).expect("present");
            assert!(stats.delay_ms <= 45, "{drift} {minute}: {stats:?}");
            let concealed_or_late = stats.concealed + stats.late;
            assert!(concealed_or_late < 120, "{drift} {minute}: {stats:?}");
        }
        assert!(kept(&mut meeting) > 0.99);
    }
}

#[test]
fn jumps_of_sequence_and_timestamp_are_followed() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).amplitude = 0.3;
    meeting.join(2, 700.0).speaks = false;
    meeting.run(1_000);
    for (sequence, timestamp) in [
        (30_000, 4_000_000_000),
        (7, 0),
        (0, u64::MAX - 30_000),
        (u64::MAX - 5, 1 << 63),
    ] {
        (meeting.of(1).sequence, meeting.of(1).timestamp) = (sequence, timestamp);
        // The harness counts up; the last sequences would overflow there.
        meeting.of(1).sequence = sequence.min(u64::MAX - 1_000_000);
        meeting.run(700);
        assert!(meeting.hears(2, 1), "{sequence} {timestamp}");
    }
}

#[test]
fn a_stall_of_the_network_ends_with_it() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).amplitude = 0.3;
    meeting.join(2, 700.0).speaks = false;
    meeting.run(1_000);
    meeting.of(1).network.loss = 100;
    meeting.run(1_000);
    assert!(!meeting.hears(2, 1));
    let decodes = meeting.mixer.stats().members.decodes;
    meeting.run(1_000);
    assert_eq!(meeting.mixer.stats().members.decodes, decodes);
    meeting.of(1).network.loss = 0;
    meeting.run(400);
    assert!(meeting.hears(2, 1));
}

#[test]
fn packets_of_any_length_are_played() {
    for samples in [120, 480, 1_920, 2_880, 5_760] {
        let mut meeting = Meeting::new();
        let speaker = meeting.join(1, 440.0);
        (speaker.samples, speaker.amplitude) = (samples, 0.3);
        meeting.join(2, 700.0).speaks = false;
        meeting.run(4_000);
        assert!(kept_after_start(&mut meeting) == 1.0, "{samples}");
        let stats = meeting.mixer.member_stats(1).expect("present");
        assert_eq!((stats.concealed, stats.late), (0, 0), "{samples}");
    }
}

#[test]
fn a_word_is_heard_after_40_ms() {
    // From the arrival of its first packet to the frame that holds its first sample.
    for phase in 0..7 {
        let mut meeting = Meeting::new();
        meeting.join(1, 440.0).speaks = false;
        meeting.join(2, 700.0).speaks = false;
        meeting.run(3_000 + phase * 3);
        let speaker = meeting.of(1);
        speaker.speaks = true;
        let sent = speaker.timestamp;
        while meeting.of(1).timestamp == sent {
            meeting.run(1);
        }
        let arrived = meeting.now;
        let loud = |meeting: &mut Meeting| meeting.of(2).heard.iter().any(|x| x.abs() > 0.01);
        while !loud(&mut meeting) {
            meeting.run(1);
        }
        let delay = (meeting.now - arrived).as_millis();
        assert!(delay <= 40, "{delay} ms");
    }
}

#[test]
fn discontinuous_transmission_is_no_loss() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).set_sends(Sends::Dtx).amplitude = 0.3;
    meeting.join(2, 700.0).speaks = false;
    for _ in 0..5 {
        meeting.of(1).speaks = true;
        meeting.run(700);
        assert!(meeting.hears(2, 1));
        meeting.of(1).speaks = false;
        meeting.run(2_000);
        assert!(!meeting.hears(2, 1));
    }
}
