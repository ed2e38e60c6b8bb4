//! What a second of a meeting costs its core, in virtual time:
//! `cargo bench -p hubbub-engine --bench meeting -- audio 250` (or `video 100`, `tiles 25`).
//!
//! Prints the time that the core took for each second of the meeting; sockets come on top.

#[path = "../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use str0m::net::Protocol;
use support::World;
use support::media::Tone;

/// Seconds that are measured.
const SECONDS: u32 = 3;

/// What this thread has used of a processor: others may be busy.
fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .unwrap()
        .into()
}

/// Lets time pass and counts what the core takes of it.
fn run(
    world: &mut World,
    time: Duration,
    mut each: impl FnMut(&mut World, u64),
) -> (Duration, usize) {
    let (mut spent, mut sent) = (Duration::ZERO, 0);
    let index: std::collections::HashMap<_, _> = world
        .clients
        .iter()
        .enumerate()
        .map(|(index, client)| (client.address, index))
        .collect();
    for ms in 0..time.as_millis() as u64 {
        world.now += Duration::from_millis(1);
        each(world, ms);
        let now = world.now;
        let mut datagrams = Vec::new();
        for client in &mut world.clients {
            if client.deadline <= now {
                client.drive(now);
            }
            let address = client.address;
            datagrams.extend(client.outbox.drain(..).map(|bytes| (address, bytes)));
        }
        let started = cpu();
        for (address, bytes) in &datagrams {
            world.core.datagram(Protocol::Udp, *address, bytes, now);
        }
        world.core.timeout(now);
        world.core.flush(now);
        spent += cpu() - started;
        let (output, _) = world.core.output();
        output.events.clear();
        sent += output.datagrams.len();
        for datagram in std::mem::take(&mut output.datagrams) {
            world.clients[index[&datagram.destination]].receive(&datagram.contents, now);
        }
        for client in &mut world.clients {
            client.seen.packets.clear();
        }
    }
    (spent, sent)
}

fn report(what: &str, (spent, sent): (Duration, usize)) {
    let each = spent.as_secs_f64() / f64::from(SECONDS);
    let packets = sent / SECONDS as usize;
    println!(
        "{what}: {:.1} ms of a second, {packets} packets out, {:.2} us each",
        each * 1e3,
        each * 1e6 / packets as f64
    );
}

/// All hear three; everybody sends.
fn audio(count: u64) {
    let mut world = World::new();
    world.connect(0, &(1..=count).collect::<Vec<_>>());
    let mut tones = [300.0, 500.0, 800.0].map(Tone::new);
    let mut speak = |world: &mut World, ms: u64| {
        if ms.is_multiple_of(20) {
            for (index, client) in world.clients.iter_mut().enumerate() {
                match tones.get_mut(index) {
                    Some(tone) => client.send_audio(&tone.next(), false, -20),
                    None => client.send_audio(&[0xf8, 0xff, 0xfe], false, -127),
                }
            }
        }
    };
    run(&mut world, Duration::from_secs(1), &mut speak);
    let measured = run(
        &mut world,
        Duration::from_secs(u64::from(SECONDS)),
        &mut speak,
    );
    report(&format!("audio, {count} attendees, 3 speak"), measured);
}

/// One camera of 1.2 Mbit/s to the others.
fn video(count: u64) {
    let mut world = World::new();
    world.connect(1, &(1..=count + 1).collect::<Vec<_>>());
    world.start_camera(0, 10);
    (1..=count as usize).for_each(|index| world.watch(index, 0, 10));
    let mut film = |world: &mut World, ms: u64| {
        if ms.is_multiple_of(33) {
            let keyframe = world.clients[0].seen.keyframe_requests > world.clients[0].answered;
            world.clients[0].answered = world.clients[0].seen.keyframe_requests;
            let timestamp = ms as u32 * 90;
            for part in 0..5 {
                let picture = (ms / 33) as u16 & 0x7fff;
                let mut payload = support::media::vp8(picture, keyframe && part == 0, 1000);
                if part > 0 {
                    payload[0] = 0x80;
                }
                world.clients[0].send_video(&payload, timestamp, part == 4);
            }
        }
    };
    run(&mut world, Duration::from_secs(1), &mut film);
    let measured = run(
        &mut world,
        Duration::from_secs(u64::from(SECONDS)),
        &mut film,
    );
    report(&format!("video, 1 sender, {count} receivers"), measured);
}

/// All see all, 200 kbit/s each.
fn tiles(count: u64) {
    let mut world = World::new();
    world.connect(count as u32 - 1, &(1..=count).collect::<Vec<_>>());
    (0..count as usize).for_each(|index| world.start_camera(index, 10 + 2 * index as u32));
    for index in 0..count as usize {
        let others = (0..count as usize).filter(|other| *other != index);
        for (tile, other) in others.enumerate() {
            world.watch(index, tile, 10 + 2 * other as u32);
        }
    }
    let mut film = |world: &mut World, ms: u64| {
        for index in 0..world.clients.len() {
            if (ms + index as u64).is_multiple_of(40) {
                world.show_frame(index);
            }
        }
    };
    run(&mut world, Duration::from_secs(1), &mut film);
    let measured = run(
        &mut world,
        Duration::from_secs(u64::from(SECONDS)),
        &mut film,
    );
    report(&format!("tiles, {count} senders and receivers"), measured);
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let count = arguments.get(1).and_then(|count| count.parse().ok());
    match arguments.first().map(String::as_str) {
        Some("audio") => audio(count.unwrap_or(250)),
        Some("video") => video(count.unwrap_or(100)),
        Some("tiles") => tiles(count.unwrap_or(25)),
        _ => {
            audio(50);
            video(50);
            tiles(10);
        }
    }
}
