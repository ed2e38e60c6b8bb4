//! What capabilities forbid does not happen, within 250 ms and whatever the client does, and comes
//! back when they allow it again (chime-meetings D.1).

mod support;

use std::time::Duration;

use hubbub_engine::command::{Command, Gates};
use hubbub_engine::event::Event;
use support::World;
use support::media::{Tone, heard, vp8};

/// What the client with session `n` speaks, and the ssrc of the mix that it gets.
const TONES: [f32; 3] = [500.0, 800.0, 1300.0];
const MIX: [u32; 3] = [1500, 2500, 3500];

/// All three speak for a while.
fn speak(world: &mut World, tones: &mut [Tone; 3], time: Duration) {
    world.run_with(time, |world, ms| {
        if ms % 20 == 0 {
            for (client, tone) in world.clients.iter_mut().zip(tones.iter_mut()) {
                client.send_audio(&tone.next(), false, -20);
            }
        }
    });
}

/// Who hears whom: `[listener][speaker]`.
fn matrix(world: &mut World, tones: &mut [Tone; 3]) -> [[bool; 3]; 3] {
    speak(world, tones, Duration::from_millis(250));
    (0..3).for_each(|index| drop(world.take_packets(index, MIX[index])));
    speak(world, tones, Duration::from_millis(600));
    std::array::from_fn(|index| {
        let packets = world.take_packets(index, MIX[index]);
        assert!((29..=31).contains(&packets.len()), "{}", packets.len());
        let loud = heard(&packets, &TONES);
        std::array::from_fn(|speaker| loud[speaker] > 800.0)
    })
}

fn speakers() -> (World, [Tone; 3]) {
    let mut world = World::new();
    world.connect(0, &[1, 2, 3]);
    let mut tones = TONES.map(Tone::new);
    speak(&mut world, &mut tones, Duration::from_millis(500));
    (world, tones)
}

const ALL: [[bool; 3]; 3] = [
    [false, true, true],
    [true, false, true],
    [true, true, false],
];

#[test]
fn everybody_hears_the_others_and_not_himself() {
    let (mut world, mut tones) = speakers();
    assert_eq!(matrix(&mut world, &mut tones), ALL);
    let levels = world.events.iter().rev().find_map(|event| match event {
        Event::Levels { levels, .. } => Some(levels.clone()),
        _ => None,
    });
    let mut loud: Vec<u64> = levels
        .unwrap()
        .into_iter()
        .map(|(session, _)| session)
        .collect();
    loud.sort_unstable();
    assert_eq!(loud, [1, 2, 3]);
}

#[test]
fn without_audio_send_nobody_hears_him_though_he_keeps_sending() {
    let (mut world, mut tones) = speakers();
    world.set_gates(
        1,
        Gates {
            audio_send: false,
            ..Gates::OPEN
        },
    );
    let without = [
        [false, true, true],
        [false, false, true],
        [false, true, false],
    ];
    assert_eq!(matrix(&mut world, &mut tones), without);
    world.set_gates(1, Gates::OPEN);
    assert_eq!(matrix(&mut world, &mut tones), ALL);
}

#[test]
fn without_audio_receive_he_gets_silence_50_times_a_second() {
    let (mut world, mut tones) = speakers();
    world.set_gates(
        2,
        Gates {
            audio_receive: false,
            ..Gates::OPEN
        },
    );
    let without = [[false, true, true], [false; 3], [true, true, false]];
    assert_eq!(matrix(&mut world, &mut tones), without);
    world.set_gates(2, Gates::OPEN);
    assert_eq!(matrix(&mut world, &mut tones), ALL);
}

#[test]
fn who_is_muted_is_not_mixed() {
    let (mut world, mut tones) = speakers();
    world.command(Command::SetMuted {
        session: 3,
        muted: true,
    });
    let without = [
        [false, true, false],
        [true, false, false],
        [true, true, false],
    ];
    assert_eq!(matrix(&mut world, &mut tones), without);
    world.command(Command::SetMuted {
        session: 3,
        muted: false,
    });
    assert_eq!(matrix(&mut world, &mut tones), ALL);
}

/// Sessions 1 (camera, stream 10) and 2 (one tile that shows it).
fn camera() -> World {
    let mut world = World::new();
    world.connect(1, &[1, 2]);
    world.start_camera(0, 10);
    world.watch(1, 0, 10);
    world
}

/// The camera runs at 25 frames/s; a key frame whenever one was asked for.
fn show(world: &mut World, time: Duration) -> usize {
    world.clients[1].seen.packets.clear();
    world.run_with(time, |world, ms| {
        if ms % 40 == 0 {
            world.show_frame(0);
        }
    });
    let packets = &world.clients[1].seen.packets;
    packets
        .iter()
        .filter(|p| *p.header.payload_type == support::client::VP8)
        .count()
}

#[test]
fn video_flows_from_a_key_frame_on() {
    let mut world = camera();
    let frames = show(&mut world, Duration::from_secs(2));
    assert!(frames >= 44, "{frames}");
    assert!(world.clients[0].seen.keyframe_requests >= 1);
    let packets = world.take_packets(1, 2600);
    assert_eq!(packets[0].payload[4] & 1, 0, "it begins with a key frame");
    for pair in packets.windows(2) {
        assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
    }
    let live = world.events.iter().any(|event| {
        matches!(
            event,
            Event::Source {
                stream: 10,
                width: 640,
                height: 360,
                ..
            }
        )
    });
    assert!(live, "{:?}", world.events);
}

#[test]
fn without_video_receive_not_one_packet_of_a_tile_comes() {
    let mut world = camera();
    show(&mut world, Duration::from_secs(1));
    world.set_gates(
        2,
        Gates {
            video_receive: false,
            content_receive: false,
            ..Gates::OPEN
        },
    );
    // What was on its way.
    world.run(Duration::from_millis(10));
    world.clients[1].seen.video_bytes = 0;
    // The client asks for what it may not have, too: packets again, a key frame, the stream.
    world.clients[1].request_keyframe(2600);
    world.watch(1, 0, 10);
    show(&mut world, Duration::from_secs(2));
    assert_eq!(world.clients[1].seen.video_bytes, 0);
    world.set_gates(2, Gates::OPEN);
    assert!(show(&mut world, Duration::from_secs(1)) >= 18);
}

#[test]
fn without_video_send_nobody_sees_him_though_he_keeps_sending() {
    let mut world = camera();
    show(&mut world, Duration::from_secs(1));
    world.set_gates(
        1,
        Gates {
            video_send: false,
            ..Gates::OPEN
        },
    );
    world.run(Duration::from_millis(10));
    assert_eq!(show(&mut world, Duration::from_secs(1)), 0);
    let asked = world.clients[0].seen.keyframe_requests;
    world.set_gates(1, Gates::OPEN);
    assert!(show(&mut world, Duration::from_secs(1)) >= 18);
    assert!(world.clients[0].seen.keyframe_requests > asked);
}

#[test]
fn the_last_of_two_changes_wins() {
    let mut world = camera();
    show(&mut world, Duration::from_secs(1));
    world.set_gates(
        2,
        Gates {
            video_receive: false,
            ..Gates::OPEN
        },
    );
    world.run(Duration::from_millis(20));
    world.set_gates(2, Gates::OPEN);
    assert!(show(&mut world, Duration::from_secs(1)) >= 18);
}

#[test]
fn a_camera_that_nobody_may_see_costs_no_key_frames() {
    let mut world = World::new();
    world.connect(1, &[1, 2]);
    world.set_gates(
        1,
        Gates {
            video_send: false,
            ..Gates::OPEN
        },
    );
    world.start_camera(0, 10);
    world.watch(1, 0, 10);
    let payload = vp8(1, true, 500);
    world.run_with(Duration::from_secs(1), |world, ms| {
        if ms % 40 == 0 {
            world.clients[0].send_video(&payload, ms as u32 * 90, true);
        }
    });
    assert_eq!(world.clients[0].seen.keyframe_requests, 0);
    assert!(world.take_packets(1, 2600).is_empty());
}
