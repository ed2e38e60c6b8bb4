//! Sessions come, talk and go.

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use hubbub_engine::command::Command;
use hubbub_engine::event::{CloseReason, Event};
use str0m::net::Protocol;
use support::World;

#[test]
fn a_client_connects_and_hears_silence_50_times_a_second() {
    let mut world = World::new();
    world.connect(0, &[1]);
    assert!(world.events.contains(&Event::Connected { session: 1 }));
    world.take_packets(0, 1500);
    world.run(Duration::from_secs(2));
    let packets = world.take_packets(0, 1500);
    assert!((99..=101).contains(&packets.len()), "{}", packets.len());
    for pair in packets.windows(2) {
        assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
        assert_eq!(pair[1].time.numer(), pair[0].time.numer() + 960);
    }
}

#[test]
fn reports_say_once_a_second_which_moment_is_heard() {
    let mut world = World::new();
    world.connect(0, &[1]);
    world.run(Duration::from_secs(3));
    let packets = world.take_packets(0, 1500);
    let last = packets.last().unwrap();
    let report = last.last_sender_info.as_ref().unwrap();
    assert_eq!(*report.ssrc, 1500);
    // The packets since the report are at most those of a second and of its way here.
    let since = last.time.numer().abs_diff(report.rtp_time.numer());
    assert!(since <= 49 * 960, "{since}");
    assert!(report.sender_packet_count >= 100, "{report:?}");
    assert_eq!(
        report.sender_octet_count,
        3 * report.sender_packet_count, // silence
    );
}

#[test]
fn a_client_that_falls_quiet_is_told_of_and_so_is_its_return() {
    let mut world = World::new();
    world.connect(0, &[1, 2]);
    let quiet = |world: &World| -> Vec<bool> {
        let of_second = |event: &Event| match event {
            Event::Quiet { session: 2, quiet } => Some(*quiet),
            _ => None,
        };
        world.events.iter().filter_map(of_second).collect()
    };
    let talk = |world: &mut World, ms: u64| {
        if ms.is_multiple_of(20) {
            for client in &mut world.clients {
                client.send_audio(&[0xf8, 0xff, 0xfe], false, -127);
            }
        }
    };
    world.run_with(Duration::from_secs(2), talk);
    assert_eq!(quiet(&world), []);
    world.clients[1].unplugged = true;
    world.run_with(Duration::from_millis(1300), talk);
    assert_eq!(quiet(&world), [true]);
    world.clients[1].unplugged = false;
    world.run_with(Duration::from_millis(300), talk);
    assert_eq!(quiet(&world), [true, false]);
}

#[test]
fn the_first_packet_of_the_microphone_is_told_once() {
    let mut world = World::new();
    world.connect(0, &[1]);
    world.run_with(Duration::from_millis(200), |world, ms| {
        if ms % 20 == 0 {
            world.clients[0].send_audio(&[0xf8, 0xff, 0xfe], false, -127);
        }
    });
    let told = world
        .events
        .iter()
        .filter(|e| **e == Event::FirstAudio { session: 1 });
    assert_eq!(told.count(), 1);
}

#[test]
fn a_session_without_packets_is_closed_after_twelve_seconds() {
    let mut world = World::new();
    world.connect(0, &[1, 2]);
    world.clients[1].unplugged = true;
    world.run(Duration::from_secs(14));
    let reason = CloseReason::Silent;
    assert!(world.events.contains(&Event::Closed { session: 2, reason }));
    assert!(!world.events.contains(&Event::Closed { session: 1, reason }));
    assert_eq!(world.core.totals().sessions, 1);
}

#[test]
fn a_client_with_another_certificate_than_its_offer_said_does_not_connect() {
    let mut world = World::new();
    let index = world.join(1, 0);
    world.command(Command::CloseSession { session: 1 });
    let mut open = world.clients[index].open.clone();
    open.fingerprint = open.fingerprint.replace(|c: char| c.is_ascii_digit(), "A");
    world.command(Command::OpenSession(open));
    world.configure(index);
    world.run(Duration::from_secs(3));
    assert!(!world.events.contains(&Event::Connected { session: 1 }));
    let reason = CloseReason::Dtls;
    assert!(
        world.events.contains(&Event::Closed { session: 1, reason }),
        "{:?}",
        world.events
    );
}

#[test]
fn a_session_that_takes_over_leaves_the_old_one_without_a_packet() {
    let mut world = World::new();
    world.connect(0, &[1]);
    world.join_as(7, 1, 0, hubbub_engine::command::Gates::OPEN);
    world.run(Duration::from_secs(2));
    assert!(world.events.contains(&Event::Connected { session: 7 }));
    world.command(Command::CloseSession { session: 1 });
    world.run(Duration::from_millis(100));
    world.take_packets(0, 1500);
    world.take_packets(1, 7500);
    world.run(Duration::from_secs(1));
    assert!(world.take_packets(0, 1500).is_empty());
    assert!(world.take_packets(1, 7500).len() >= 49);
}

#[test]
fn a_packet_that_comes_twice_is_taken_once() {
    let mut world = World::new();
    world.connect(0, &[1]);
    let received = |world: &World| world.core.totals().counters.received;
    let before = received(&world);
    world.clients[0].send_audio(&[7; 60], false, -20);
    world.clients[0].drive(world.now);
    let sent: Vec<Vec<u8>> = world.clients[0].outbox.iter().cloned().collect();
    let address = world.clients[0].address;
    for bytes in sent.iter().chain(&sent) {
        world.inject(address, bytes);
    }
    world.run(Duration::from_millis(200));
    assert_eq!(received(&world), before + 1);
}

/// A NAT gives it another port: checks and packets come from there, and what goes out goes there.
#[test]
fn a_client_that_moves_is_followed() {
    let mut world = World::new();
    world.connect(0, &[1]);
    let (old, new) = (
        world.clients[0].address,
        SocketAddr::from(([10, 9, 9, 9], 9)),
    );
    let moved = |world: &mut World| {
        let mut destinations = Vec::new();
        for _ in 0..4000 {
            world.now += Duration::from_millis(1);
            let now = world.now;
            let client = &mut world.clients[0];
            client.send_audio(&[7; 60], false, -20);
            client.drive(now);
            for bytes in std::mem::take(&mut client.outbox) {
                world.core.datagram(Protocol::Udp, new, &bytes, now);
            }
            world.core.timeout(now);
            world.core.flush(now);
            let (output, _) = world.core.output();
            destinations.extend(output.datagrams.drain(..).map(|it| it.destination));
        }
        destinations
    };
    let destinations = moved(&mut world);
    let last = &destinations[destinations.len() - 100..];
    assert!(last.iter().all(|destination| *destination == new));
    // Without a check of its own an address is nobody's, whatever is sent from it.
    let stranger = SocketAddr::from(([10, 8, 8, 8], 8));
    world.clients[0].send_audio(&[7; 60], false, -20);
    let now = world.now;
    world.clients[0].drive(now);
    for bytes in std::mem::take(&mut world.clients[0].outbox) {
        if bytes[0] >> 6 == 2 {
            assert!(!world.core.datagram(Protocol::Udp, stranger, &bytes, now));
        }
    }
    assert_ne!(old, new);
}
