//! What forwarding a packet to one receiver costs, without transport: `cargo bench -p hubbub-router`.
//!
//! One camera of 1.2 Mbit/s (about 130 packets/s) to many receivers; the output takes a reference to
//! the payload for each, as a transport must, and writes nothing.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::{
    Codec, Config, Forward, Gates, Output, Packet, Receiver, Router, Sink, Source, SourceState,
    Wish,
};

#[derive(Default)]
struct Count {
    forwards: u64,
}

impl Output<u64> for Count {
    fn forward(&mut self, to: Receiver, packet: Forward<'_, u64>) {
        self.forwards += 1;
        black_box((
            to,
            packet.sequence,
            packet.timestamp,
            packet.vp8,
            Arc::clone(packet.payload),
        ));
    }
    fn request_keyframe(&mut self, _: u32) {}
    fn paused(&mut self, _: u64, _: u32) {}
    fn resumed(&mut self, _: u64, _: u32) {}
    fn source(&mut self, _: u32, _: SourceState, _: u32, _: u32) {}
    fn starved(&mut self, _: &[u32]) {}
    fn watched(&mut self, _: u32, _: bool) {}
}

/// A packet of a VP8 frame; four make a frame.
fn payload(number: u64) -> Arc<[u8]> {
    let [.., high, low] = (number / 4).to_be_bytes();
    let first = number.is_multiple_of(4);
    let mut payload = vec![
        if first { 0x90 } else { 0x80 },
        0xe0,
        0x80 | high & 0x7f,
        low,
        low,
        0,
    ];
    payload.extend_from_slice(&[u8::from(number > 0), 0, 0, 0x9d, 1, 0x2a, 0, 5, 0xd0, 2]);
    payload.resize(1150, 0x55);
    payload.into()
}

fn one_to_many(receivers: u64, packets: u64) {
    let mut router = Router::new(Config::default());
    let mut count = Count::default();
    let mut now = Instant::now();
    router.set_gates(0, Gates::OPEN);
    let source = Source {
        session: 0,
        attendee: 0,
        group: 1,
        content: false,
        layer: 0,
        max_kbps: 1200,
        active: true,
    };
    router.set_source(1, source);
    for receiver in 1..=receivers {
        router.set_gates(receiver, Gates::OPEN);
        router.set_sink(
            receiver,
            0,
            Sink {
                attendee: receiver,
                ssrc: receiver as u32,
                token: receiver,
            },
        );
        router.subscribe(
            receiver,
            0,
            Some(Wish {
                stream: 1,
                ..Wish::default()
            }),
        );
    }
    router.tick(now, &mut count);
    let payloads: Vec<Arc<[u8]>> = (0..packets).map(payload).collect();
    let (mut forwarding, mut ticking) = (Duration::ZERO, Duration::ZERO);
    for (number, payload) in (0_u64..).zip(&payloads) {
        now += Duration::from_micros(7_700);
        let packet = Packet {
            ssrc: 1,
            sequence: number + 1,
            timestamp: (number / 4 * 3000) as u32,
            marker: number % 4 == 3,
            codec: Codec::Vp8,
            payload,
            arrived: now,
            padding_only: false,
            extensions: &number,
        };
        let began = Instant::now();
        router.receive(1, packet, &mut count);
        forwarding += began.elapsed();
        if number % 13 == 0 {
            let began = Instant::now();
            router.tick(now, &mut count);
            ticking += began.elapsed();
        }
    }
    let each = forwarding.as_nanos() as f64 / count.forwards as f64;
    let media = Duration::from_micros(7_700 * packets);
    println!(
        "1 source, {receivers} receivers: {each:.1} ns per forward, {:.2} % of a core; ticks {:.2} %",
        forwarding.as_secs_f64() / media.as_secs_f64() * 100.0,
        ticking.as_secs_f64() / media.as_secs_f64() * 100.0,
    );
}

/// Everybody sends three layers and watches everybody else.
fn many_to_many(attendees: u64, seconds: u64) {
    let mut router = Router::new(Config::default());
    let mut count = Count::default();
    let mut now = Instant::now();
    for attendee in 0..attendees {
        router.set_gates(attendee, Gates::OPEN);
        for layer in 0..3_u8 {
            let source = Source {
                session: attendee,
                attendee,
                group: attendee as u32 + 1,
                content: false,
                layer,
                max_kbps: [200, 600, 1200][usize::from(layer)],
                active: true,
            };
            router.set_source(attendee as u32 * 3 + u32::from(layer) + 1, source);
        }
    }
    for attendee in 0..attendees {
        for other in (0..attendees).filter(|other| *other != attendee) {
            let slot = other as u32;
            router.set_sink(
                attendee,
                slot,
                Sink {
                    attendee,
                    ssrc: slot + 1,
                    token: attendee,
                },
            );
            let wish = Wish {
                group: slot + 1,
                target_kbps: 600,
                ..Wish::default()
            };
            router.subscribe(attendee, slot, Some(wish));
        }
        router.set_estimate(attendee, 10_000_000, now);
    }
    router.tick(now, &mut count);
    let payloads: Vec<Arc<[u8]>> = (0..seconds * 30).map(|frame| payload(frame * 4)).collect();
    let began = Instant::now();
    for (frame, payload) in (0_u64..).zip(&payloads) {
        now += Duration::from_micros(33_333);
        for stream in 1..=attendees as u32 * 3 {
            let packet = Packet {
                ssrc: stream,
                sequence: frame + 1,
                timestamp: (frame * 3000) as u32,
                marker: true,
                codec: Codec::Vp8,
                payload,
                arrived: now,
                padding_only: false,
                extensions: &frame,
            };
            router.receive(stream, packet, &mut count);
        }
        if frame % 3 == 0 {
            router.tick(now, &mut count);
        }
    }
    let spent = began.elapsed();
    println!(
        "{attendees} x {attendees}, three layers, with estimates: {:.2} % of a core in all, {} forwards",
        spent.as_secs_f64() / seconds as f64 * 100.0,
        count.forwards,
    );
}

fn main() {
    // Only `cargo bench` says so; others ask whether it runs, not how fast.
    let quick = !std::env::args().any(|argument| argument == "--bench");
    let packets = if quick { 20 } else { 4000 };
    for receivers in [1, 25, 500, 800] {
        one_to_many(receivers, packets);
    }
    many_to_many(25, if quick { 1 } else { 20 });
}
