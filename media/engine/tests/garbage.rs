//! Whatever comes from the network or as a command, no meeting ends and no thread stops.
//!
//! A bounded run with fixed seeds; `media/fuzz` has the same as targets for a fuzzer.

mod support;

use std::net::SocketAddr;
use std::time::Duration;

use hubbub_engine::command;
use hubbub_engine::core::ufrag_of;
use hubbub_engine::event::Event;
use hubbub_engine::net::Frames;
use hubbub_engine::session::feedback::Said;
use support::World;
use support::media::Tone;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    /// Flips, cuts, repeats or lengthens.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            match self.below(4) {
                0 if !bytes.is_empty() => {
                    let at = self.below(bytes.len());
                    bytes[at] = self.next() as u8;
                }
                1 => bytes.truncate(self.below(bytes.len() + 1)),
                2 => {
                    let more = self.below(40);
                    let more = self.bytes(more);
                    bytes.extend(more);
                }
                _ if bytes.len() > 4 => {
                    let at = self.below(bytes.len() - 4);
                    let value = [0, 0xff, 0x7f, 0x80][self.below(4)];
                    bytes[at..at + 2].fill(value);
                }
                _ => {}
            }
        }
    }
}

fn failed(world: &World) -> bool {
    world
        .events
        .iter()
        .any(|event| matches!(event, Event::Failed { .. }))
}

#[test]
fn datagrams_of_any_kind_harm_nobody() {
    let mut world = World::new();
    world.connect(1, &[1, 2]);
    world.start_camera(0, 10);
    world.watch(1, 0, 10);
    let mut random = Random(0x5EED_0001);
    let mut tone = Tone::new(600.0);
    let strange = SocketAddr::from(([203, 0, 113, 9], 4000));
    world.run_with(Duration::from_secs(4), |world, ms| {
        if ms % 20 == 0 {
            world.clients[0].send_audio(&tone.next(), ms % 40 == 0, -20);
            world.show_frame(0);
        }
        // Packets of the client that were changed on their way, from its own address.
        for client in 0..2 {
            let sent: Vec<Vec<u8>> = world.clients[client].outbox.iter().cloned().collect();
            for mut bytes in sent {
                random.mutate(&mut bytes);
                let address = world.clients[client].address;
                world.inject(address, &bytes);
                world.inject(strange, &bytes);
            }
        }
        let length = random.below(1600);
        let mut bytes = random.bytes(length);
        if let Some(first) = bytes.first_mut() {
            *first = [0, 1, 20, 23, 63, 128, 144, 191, *first][random.below(9)];
        }
        let known = world.clients[random.below(2)].address;
        world.inject(known, &bytes);
        world.inject(strange, &bytes);
    });
    assert!(!failed(&world), "{:?}", world.events);
    assert_eq!(world.core.totals().sessions, 2);
    world.take_packets(1, 2500);
    world.run(Duration::from_secs(1));
    assert!(world.take_packets(1, 2500).len() >= 45);
}

#[test]
fn media_of_any_content_harms_nobody() {
    let mut world = World::new();
    world.connect(1, &[1, 2]);
    world.start_camera(0, 10);
    world.watch(1, 0, 10);
    let mut random = Random(0x5EED_0002);
    world.run_with(Duration::from_secs(4), |world, ms| {
        if ms % 5 == 0 {
            let length = random.below(1200);
            let audio = random.bytes(length);
            let level = -(random.below(128) as i32) as i8;
            world.clients[0].send_audio(&audio, ms % 10 == 0, level);
            let length = random.below(1150);
            let mut video = random.bytes(length);
            if ms % 50 == 0 {
                video = support::media::vp8(ms as u16, true, 100);
                random.mutate(&mut video);
            }
            world.clients[0].send_video(&video, random.next() as u32, ms % 3 == 0);
        }
    });
    assert!(!failed(&world), "{:?}", world.events);
}

#[test]
fn commands_of_any_content_are_refused_or_done() {
    let mut random = Random(0x5EED_0003);
    let mut world = World::new();
    world.connect(2, &[1]);
    world.start_camera(0, 10);
    let good: Vec<Vec<u8>> = [
        command::Command::OpenSession(world.clients[0].open.clone()),
        command::Command::Configure(world.clients[0].configure.clone()),
        command::Command::Pause {
            session: 1,
            streams: vec![1, 2, 3],
        },
        command::Command::Unsubscribe {
            session: 1,
            mids: vec!["2".into(), String::new()],
        },
    ]
    .iter()
    .map(|command| rmp_serde::to_vec_named(&[command]).unwrap())
    .collect();
    for round in 0..20_000 {
        let mut bytes = good[round % good.len()].clone();
        random.mutate(&mut bytes);
        let Ok(commands) = command::decode(&bytes) else {
            continue;
        };
        for command in commands {
            // Still ours, or it would only be ignored.
            if matches!(command, command::Command::Configure(_)) {
                world.command(command);
            }
        }
    }
    world.run(Duration::from_millis(200));
    assert!(!failed(&world), "{:?}", world.events);
}

#[test]
fn bytes_of_any_kind_are_no_ufrag_and_no_frame_or_are_one() {
    let mut random = Random(0x5EED_0004);
    for _ in 0..50_000 {
        let length = random.below(200);
        let mut bytes = random.bytes(length);
        if bytes.len() > 24 && random.below(2) == 0 {
            bytes[..2].copy_from_slice(&[0, 1]);
            let length = (bytes.len() as u16 - 20) & !3;
            bytes.truncate(usize::from(length) + 20);
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            bytes[4..8].copy_from_slice(&[0x21, 0x12, 0xa4, 0x42]);
            bytes[20..22].copy_from_slice(&[0, 6]);
        }
        let _ = ufrag_of(&bytes);
        let mut report = vec![0x8f, 205, 0, (bytes.len() / 4) as u8];
        report.extend(&bytes);
        let _ = Said::read(&report);
        let mut frames = Frames::default();
        frames.push(&bytes);
        while let Ok(Some(_)) = frames.take() {}
        assert!(frames.rest().len() <= bytes.len());
    }
}
