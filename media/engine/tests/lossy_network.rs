//! A tenth of all packets is lost, both ways, and others come late.

mod support;

use std::collections::BTreeSet;
use std::time::Duration;

use hubbub_engine::event::Event;
use str0m::rtp::RtpPacket;
use support::media::{Tone, heard};
use support::{Weather, World};

const BAD: Weather = Weather {
    loss: 0.1,
    jitter: Duration::from_millis(50),
};

#[test]
fn video_is_repaired_by_retransmission() {
    let mut world = World::new();
    world.connect(1, &[1, 2]);
    world.start_camera(0, 10);
    world.watch(1, 0, 10);
    world.weather = BAD;
    world.run_with(Duration::from_secs(5), |world, ms| {
        if ms % 20 == 0 {
            world.show_frame(0);
        }
    });
    world.weather = Weather::default();
    world.run(Duration::from_secs(1));
    let packets = world.take_packets(1, 2600);
    let numbers: BTreeSet<u64> = packets.iter().map(|packet| *packet.seq_no).collect();
    let (first, last) = (*numbers.first().unwrap(), *numbers.last().unwrap());
    let missing = last - first + 1 - numbers.len() as u64;
    // 19 % are lost on one way or the other.
    assert!(missing * 50 < last - first, "{missing} of {}", last - first);
}

#[test]
fn speech_goes_on_and_the_bad_uplink_is_told() {
    let mut world = World::new();
    world.connect(0, &[1, 2]);
    let mut tone = Tone::new(700.0);
    world.weather = BAD;
    world.run_with(Duration::from_secs(5), |world, ms| {
        if ms % 20 == 0 {
            world.clients[0].send_audio(&tone.next(), false, -20);
        }
    });
    let packets = world.take_packets(1, 2500);
    let half = packets.len() / 2;
    let red = |packet: &RtpPacket| *packet.header.payload_type == support::client::RED;
    assert!(
        packets[half..].iter().any(red),
        "the lossy downlink gets frames twice"
    );
    assert!(heard(&packets[half..], &[700.0])[0] > 1500.0);
    assert!(
        world.events.contains(&Event::Signals {
            meeting: support::MEETING,
            strengths: vec![(1, 1)]
        }),
        "{:?}",
        world.events
    );
}

#[test]
fn others_get_through_while_one_network_is_down() {
    let mut world = World::new();
    world.connect(0, &[1, 2, 3]);
    let mut tone = Tone::new(700.0);
    world.clients[2].unplugged = true;
    world.take_packets(1, 2500);
    world.run_with(Duration::from_secs(2), |world, ms| {
        if ms % 20 == 0 {
            world.clients[0].send_audio(&tone.next(), false, -20);
        }
    });
    let packets = world.take_packets(1, 2500);
    assert!(packets.len() >= 99);
    assert!(heard(&packets[20..], &[700.0])[0] > 3000.0);
}

#[test]
fn a_good_downlink_is_estimated_and_told() {
    let mut world = World::new();
    world.connect(1, &[1, 2]);
    world.start_camera(0, 10);
    world.watch(1, 0, 10);
    world.run_with(Duration::from_secs(6), |world, ms| {
        if ms.is_multiple_of(20) {
            world.show_frame(0);
        }
    });
    let told = world.events.iter().rev().find_map(|event| match event {
        Event::Bitrates {
            bitrates,
            estimates,
            ..
        } => Some((bitrates.clone(), estimates.clone())),
        _ => None,
    });
    let (bitrates, estimates) = told.expect("bitrates after 4 s");
    let (stream, rate) = bitrates[0];
    assert!(
        stream == 10 && (250_000..500_000).contains(&rate),
        "{bitrates:?}"
    );
    let of = |session| {
        estimates
            .iter()
            .find(|(id, _)| *id == session)
            .map(|(_, bps)| *bps)
    };
    assert!(of(2) >= Some(1_000_000), "{estimates:?}");
}
