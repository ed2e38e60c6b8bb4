//! A meeting where nobody speaks decodes, mixes and encodes nothing.

mod meeting;

use meeting::Meeting;

#[test]
fn nobody_speaks() {
    let mut meeting = Meeting::new();
    for id in 1..=20 {
        meeting.join(id, 300.0 + 100.0 * id as f32).speaks = false;
    }
    meeting.run(3_000);
    let stats = meeting.mixer.stats();
    assert_eq!(
        (stats.members.decodes, stats.encodes, stats.heard),
        (0, 0, 0)
    );
    assert!(stats.members.received >= 20 * 149);
    let listener = meeting.of(1);
    assert_eq!((listener.frames, listener.bytes), (150, 450));
    assert!(listener.heard.iter().all(|x| x.abs() < 1e-4));
}

#[test]
fn noise_below_the_threshold_is_silence() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).amplitude = 0.000_5;
    meeting.join(2, 700.0).amplitude = 0.000_5;
    meeting.run(1_000);
    assert_eq!(meeting.mixer.stats().encodes, 0);
}

#[test]
fn after_the_last_word_silence_costs_nothing_again() {
    let mut meeting = Meeting::new();
    for id in 1..=10 {
        meeting.join(id, 300.0 + 200.0 * id as f32).speaks = id < 4;
    }
    meeting.run(2_000);
    let speaking = meeting.mixer.stats();
    assert_eq!(speaking.heard, 3);
    // One encoding for the seven who listen, one for each of the three who speak, after a start of 60 ms.
    assert!(
        (4 * 95..=4 * 101 + 3).contains(&speaking.encodes),
        "{speaking:?}"
    );
    assert!(
        (3 * 95..=3 * 104).contains(&speaking.members.decodes),
        "{speaking:?}"
    );
    for id in 1..4 {
        meeting.of(id).speaks = false;
    }
    meeting.run(1_000);
    let before = meeting.mixer.stats();
    meeting.run(3_000);
    let after = meeting.mixer.stats();
    assert_eq!(
        (after.members.decodes, after.encodes),
        (before.members.decodes, before.encodes)
    );
    assert_eq!(after.heard, 0);
    assert!(
        meeting.of(9).heard[48_000 * 4..]
            .iter()
            .all(|x| x.abs() < 1e-4)
    );
}

#[test]
fn who_speaks_alone_is_sent_silence_without_encoding() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.run(1_000);
    let stats = meeting.mixer.stats();
    assert_eq!(stats.encodes, 0);
    assert_eq!(meeting.of(1).bytes, 150);
}

#[test]
fn muted_members_cost_nothing() {
    let mut meeting = Meeting::new();
    for id in 1..=5 {
        meeting.join(id, 300.0 + 200.0 * id as f32);
        meeting.mixer.set_muted(id, id % 2 == 0);
        meeting.mixer.set_gates(id, id % 2 == 0, true);
    }
    meeting.run(1_000);
    let stats = meeting.mixer.stats();
    assert_eq!((stats.members.decodes, stats.encodes), (0, 0));
    assert_eq!(stats.members.refused, 250);
}
