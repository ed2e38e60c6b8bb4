//! Bytes as calls of a router, for the fuzzer and its bounded form alike.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::{
    Codec, Config, Forward, Gates, Output, Packet, Preference, Receiver, Router, Sink, Source,
    SourceState, Wish, inspect,
};

const CODECS: [Codec; 4] = [Codec::Vp8, Codec::Vp9, Codec::H264, Codec::Av1];

/// Reads bytes; zeros behind the end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    fn upto(&mut self, bound: u8) -> u32 {
        u32::from(self.byte() % bound)
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken.to_vec()
    }
}

/// No number may reach a tile twice.
#[derive(Default)]
struct Seen(HashSet<(u64, u32, u64)>);

impl Output<u32> for Seen {
    fn forward(&mut self, to: Receiver, packet: Forward<'_, u32>) {
        assert!(self.0.insert((to.session, to.slot, packet.sequence)));
        if let Some(ids) = packet.vp8 {
            assert!(packet.payload.is_empty() || ids.write(&mut packet.payload.to_vec()));
        }
    }
    fn request_keyframe(&mut self, _: u32) {}
    fn paused(&mut self, _: u64, _: u32) {}
    fn resumed(&mut self, _: u64, _: u32) {}
    fn source(&mut self, _: u32, _: SourceState, _: u32, _: u32) {}
    fn starved(&mut self, _: &[u32]) {}
    fn watched(&mut self, _: u32, _: bool) {}
}

/// Drives a router by whatever bytes there are.
pub fn drive(data: &[u8]) {
    let mut bytes = Bytes(data);
    let mut router = Router::new(Config::default());
    let mut seen = Seen::default();
    let mut now = Instant::now();
    for attendee in 0..4 {
        router.set_gates(attendee, Gates::OPEN);
        router.set_sink(
            attendee,
            0,
            Sink {
                attendee,
                ssrc: 1,
                token: 0,
            },
        );
    }
    while !bytes.0.is_empty() {
        now += Duration::from_millis(u64::from(bytes.byte()));
        let (session, stream) = (u64::from(bytes.upto(4)), bytes.upto(8) + 1);
        match bytes.byte() % 16 {
            0 => {
                let bits = bytes.byte();
                let gates = Gates {
                    video_send: bits & 1 == 0,
                    video_receive: bits & 2 == 0,
                    content_send: bits & 4 == 0,
                    content_receive: bits & 8 == 0,
                };
                router.set_gates(session, gates);
            }
            1..3 => {
                let source = Source {
                    session,
                    attendee: session,
                    group: bytes.upto(4) + 1,
                    content: bytes.upto(4) == 0,
                    layer: bytes.byte() % 3,
                    max_kbps: bytes.upto(4) * 400,
                    active: bytes.upto(4) > 0,
                };
                router.set_source(stream, source);
            }
            3 => router.remove_source(stream),
            4..6 => {
                let wish = Wish {
                    stream: bytes.upto(8),
                    group: bytes.upto(5),
                    priority: bytes.upto(3),
                    target_kbps: bytes.upto(4) * 500,
                    preference: Preference::from_wire(bytes.upto(4)),
                };
                router.subscribe(session, 0, (bytes.upto(8) > 0).then_some(wish));
            }
            6 => router.pause(session, stream),
            7 => router.resume(session, stream),
            8 => router.set_estimate(session, u64::from(bytes.byte()).pow(bytes.upto(9)), now),
            9 => router.set_limits(Some((bytes.upto(255) * 10, 720)), None),
            10 => router.tick(now, &mut seen),
            kind => {
                let length = usize::from(bytes.byte());
                let payload: Arc<[u8]> = bytes.take(length).into();
                let packet = Packet {
                    ssrc: bytes.upto(2),
                    sequence: u64::from(bytes.byte()) << (bytes.upto(4) * 8),
                    timestamp: bytes.upto(255) * 3000,
                    marker: kind % 2 == 0,
                    codec: CODECS[if kind < 14 { 0 } else { bytes.upto(4) as usize }],
                    payload: &payload,
                    arrived: now,
                    padding_only: kind == 13,
                    extensions: &stream,
                };
                router.receive(stream, packet, &mut seen);
            }
        }
    }
    router.tick(now + Duration::from_secs(5), &mut seen);
}

/// Reads a payload as each codec's.
pub fn read(payload: &[u8]) {
    for codec in CODECS {
        let found = inspect(codec, payload);
        assert!(found.size.is_none() || found.keyframe || codec == Codec::Vp9);
        if let Some(ids) = found.vp8 {
            let mut written = payload.to_vec();
            assert!(ids.write(&mut written));
            assert_eq!(inspect(codec, &written), found);
        }
    }
}
