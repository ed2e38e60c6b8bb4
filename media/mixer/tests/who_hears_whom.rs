//! Who hears whom: chime-meetings C.5 and D.1, asserted by the spectrum of what each one hears.

mod meeting;

use hubbub_mixer::Member;
use meeting::{Meeting, member};

#[test]
fn everybody_hears_all_others_and_not_itself() {
    let mut meeting = Meeting::new();
    for (id, hertz) in [(1, 440.0), (2, 700.0), (3, 1_100.0)] {
        meeting.join(id, hertz);
    }
    meeting.join(4, 1_700.0).speaks = false;
    meeting.run(1_000);
    assert_eq!(meeting.heard_by(1), [2, 3]);
    assert_eq!(meeting.heard_by(2), [1, 3]);
    assert_eq!(meeting.heard_by(3), [1, 2]);
    assert_eq!(meeting.heard_by(4), [1, 2, 3]);
    for hertz in [440.0, 700.0, 1_100.0] {
        let level = meeting.level(4, hertz, 200);
        assert!((level + 14.0).abs() < 1.5, "{level} dBFS instead of -14");
    }
}

#[test]
fn every_listener_gets_every_frame_once() {
    let mut meeting = Meeting::new();
    for id in 1..=5 {
        meeting.join(id, 300.0 + 200.0 * id as f32).speaks = id < 3;
    }
    meeting.mixer.set_gates(5, true, false);
    meeting.run(1_000);
    for (id, attendee) in &meeting.attendees {
        let expected: Vec<u64> = (0..50).map(|n| n * 960).collect();
        assert_eq!(attendee.timestamps, expected, "{id}");
    }
}

#[test]
fn gates_act_at_once_in_both_directions() {
    let mut meeting = Meeting::new();
    for (id, hertz) in [(1, 440.0), (2, 700.0), (3, 1_100.0)] {
        meeting.join(id, hertz);
    }
    meeting.run(1_000);
    meeting.mixer.set_gates(1, false, true);
    meeting.run(300);
    assert_eq!(meeting.heard_by(2), [3]);
    assert_eq!(meeting.heard_by(1), [2, 3]);
    meeting.mixer.set_gates(1, true, false);
    meeting.run(300);
    assert_eq!(meeting.heard_by(2), [1, 3]);
    assert_eq!(meeting.heard_by(1), [0u64; 0]);
    meeting.mixer.set_gates(1, false, false);
    meeting.run(300);
    assert_eq!(meeting.heard_by(3), [2]);
    assert_eq!(meeting.heard_by(1), [0u64; 0]);
    meeting.mixer.set_gates(1, true, true);
    meeting.run(300);
    assert_eq!(meeting.heard_by(1), [2, 3]);
    assert_eq!(meeting.heard_by(3), [1, 2]);
}

#[test]
fn two_changes_in_a_row_leave_the_last() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.run(500);
    meeting.mixer.set_gates(1, false, false);
    meeting.run(30);
    meeting.mixer.set_gates(1, true, true);
    meeting.run(400);
    assert_eq!(meeting.heard_by(2), [1]);
    assert_eq!(meeting.heard_by(1), [2]);
}

#[test]
fn a_gate_takes_20_ms_to_silence_and_less_than_100_to_sound() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.run(1_000);
    let loud = |audio: &[f32]| audio.iter().any(|x| x.abs() > 0.02);
    meeting.mixer.set_gates(1, false, true);
    meeting.run(20);
    meeting.of(2).forget();
    meeting.run(200);
    // Coding delay and the fading reach 12.5 ms into the next frame.
    assert!(!loud(&meeting.of(2).heard[960..]));
    meeting.mixer.set_gates(1, true, true);
    meeting.of(2).forget();
    meeting.run(100);
    assert!(loud(&meeting.of(2).heard));
}

#[test]
fn members_are_closed_until_their_gates_open() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.mixer.add(2, member(2));
    meeting.run(500);
    assert_eq!(meeting.heard_by(1), [0u64; 0]);
    assert_eq!(meeting.heard_by(2), [0u64; 0]);
    assert_eq!(meeting.of(2).frames, 25);
}

#[test]
fn who_is_muted_is_not_heard_whatever_it_sends() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.mixer.set_muted(1, true);
    meeting.run(500);
    assert_eq!(meeting.heard_by(2), [0u64; 0]);
    assert_eq!(meeting.mixer.levels().entries.len(), 1);
    meeting.mixer.set_muted(1, false);
    meeting.run(300);
    assert_eq!(meeting.heard_by(2), [1]);
    // Unmuting opens no gate, a gate unmutes nobody.
    meeting.mixer.set_muted(1, true);
    meeting.mixer.set_gates(1, true, true);
    meeting.run(300);
    assert_eq!(meeting.heard_by(2), [0u64; 0]);
    meeting.mixer.set_gates(1, false, true);
    meeting.mixer.set_muted(1, false);
    meeting.run(300);
    assert_eq!(meeting.heard_by(2), [0u64; 0]);
    assert_eq!(meeting.heard_by(1), [2]);
}

#[test]
fn a_share_is_heard_by_all_but_its_own_attendee() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.share(11, 1, 1_500.0);
    meeting.run(800);
    assert_eq!(meeting.level(11, 440.0, 200), -180.0);
    assert_eq!(meeting.of(11).frames, 0);
    assert_eq!(meeting.heard_by(2), [1, 11]);
    assert_eq!(meeting.heard_by(1), [2]);
}

#[test]
fn a_share_is_heard_though_all_places_are_taken() {
    let mut meeting = Meeting::new();
    for id in 1..=3 {
        meeting.join(id, 300.0 + 250.0 * id as f32).amplitude = 0.25;
    }
    meeting.join(4, 2_600.0).speaks = false;
    meeting.share(14, 4, 2_000.0).amplitude = 0.05;
    meeting.run(800);
    assert_eq!(meeting.heard_by(1), [2, 3, 14]);
    meeting.share(13, 3, 3_000.0);
    meeting.share(12, 2, 4_000.0);
    meeting.run(800);
    let contents = [12, 13, 14]
        .into_iter()
        .filter(|id| meeting.hears(1, *id))
        .count();
    assert_eq!(contents, 2);
}

#[test]
fn two_connections_of_an_attendee_do_not_hear_each_other() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join_as(
        2,
        700.0,
        Member {
            attendee: 1,
            ..member(2)
        },
        1,
    );
    meeting.join(3, 1_100.0);
    meeting.run(800);
    assert_eq!(meeting.heard_by(1), [3]);
    assert_eq!(meeting.heard_by(2), [3]);
    assert_eq!(meeting.heard_by(3), [1, 2]);
}

#[test]
fn a_replica_hears_and_is_heard_when_promoted() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.mixer.set_gates(2, false, true);
    meeting.run(500);
    assert_eq!(meeting.heard_by(2), [1]);
    assert_eq!(meeting.heard_by(1), [0u64; 0]);
    meeting.mixer.set_gates(2, true, true);
    meeting.run(300);
    assert_eq!(meeting.heard_by(1), [2]);
    meeting.mixer.set_gates(2, false, true);
    meeting.run(300);
    assert_eq!(meeting.heard_by(1), [0u64; 0]);
}

#[test]
fn who_leaves_is_not_heard_any_more() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0);
    meeting.join(2, 700.0);
    meeting.join(3, 1_100.0);
    meeting.run(500);
    meeting.leave(2);
    meeting.run(300);
    assert!(meeting.level(1, 700.0, 200) < -50.0);
    assert_eq!(meeting.heard_by(1), [3]);
    assert_eq!(meeting.mixer.member_stats(2), None);
    assert!(meeting.mixer.stats().members.decoded > 60);
}

#[test]
fn without_levels_the_loudness_is_measured() {
    let mut meeting = Meeting::new();
    for id in 1..=5 {
        let attendee = meeting.join(id, 300.0 + 250.0 * id as f32);
        attendee.levelled = false;
        attendee.amplitude = if id < 4 { 0.3 } else { 0.03 };
        attendee.speaks = id != 5;
    }
    meeting.run(1_500);
    assert_eq!(meeting.heard_by(5), [1, 2, 3]);
    assert_eq!(meeting.heard_by(1), [2, 3]);
    assert_eq!(meeting.heard_by(4), [1, 2, 3]);
}
