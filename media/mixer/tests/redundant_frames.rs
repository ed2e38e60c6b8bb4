//! Frames carry the one before, so that a receiver that loses packets can be sent RED.

mod meeting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_mixer::{Config, Frame, Mixer, Packet, Sink, pack_red, unpack_red};
use meeting::{Meeting, member, tone_level};

#[derive(Default)]
struct Last(BTreeMap<u64, Arc<[u8]>>, u32);

impl Sink for Last {
    fn frame(&mut self, receivers: &[u64], frame: &Frame) {
        for id in receivers {
            let last = self.0.insert(*id, Arc::clone(&frame.payload));
            if let (Some(last), Some(redundant)) = (last, &frame.redundant) {
                assert_eq!(last, *redundant);
                self.1 += 1;
            }
        }
    }
}

#[test]
fn the_redundant_packet_is_the_one_before() {
    let start = Instant::now();
    let mut mixer = Mixer::new(Config::default(), start);
    let mut encoder =
        opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).expect("encoder");
    for id in [1, 2] {
        mixer.add(id, member(id));
        mixer.set_gates(id, true, true);
    }
    let mut last = Last::default();
    for n in 0..100u64 {
        let now = start + Duration::from_millis(n * 20);
        let frame: Vec<f32> = (0..960)
            .map(|k| ((n * 960 + k) as f32 * 0.05).sin() * 0.3)
            .collect();
        let payload = encoder.encode_vec_float(&frame, 1_000).expect("encoding");
        let level = Some(15);
        mixer.receive(
            1,
            Packet {
                sequence: n,
                timestamp: n * 960,
                payload: &payload,
                red: false,
                level,
                arrived: now,
            },
        );
        mixer.tick(now, &mut last);
    }
    // All but the first of each stream.
    assert!(last.1 >= 2 * 97, "{}", last.1);
    let before = last.1;
    mixer.tick(start + Duration::from_secs(5), &mut last);
    // After a stall there is no packet of 20 ms before.
    assert_eq!((mixer.stats().skipped, last.1), (150, before));
}

/// Decodes what it gets as RED, though every third packet is lost.
struct Lossy {
    decoder: opus::Decoder,
    frames: u64,
    lost: bool,
    heard: Vec<f32>,
}

impl Sink for Lossy {
    fn frame(&mut self, receivers: &[u64], frame: &Frame) {
        if !receivers.contains(&2) {
            return;
        }
        self.frames += 1;
        if self.frames.is_multiple_of(3) {
            self.lost = true;
            return;
        }
        let (mut packed, mut redundant) = (Vec::new(), Vec::new());
        pack_red(111, frame, &mut packed);
        let primary = unpack_red(&packed, &mut redundant).expect("well-formed");
        let before = redundant
            .first()
            .filter(|_| self.lost)
            .map(|block| block.payload);
        for payload in before.into_iter().chain([primary.payload]) {
            let mut audio = [0.0; 960];
            self.decoder
                .decode_float(payload, &mut audio, false)
                .expect("decoding");
            self.heard.extend(audio);
        }
        self.lost = false;
    }
}

#[test]
fn who_loses_every_third_packet_misses_nothing() {
    let mut meeting = Meeting::new();
    meeting.join(1, 440.0).amplitude = 0.3;
    meeting.join(2, 700.0).speaks = false;
    meeting.run(500);
    let decoder = opus::Decoder::new(48_000, opus::Channels::Mono).expect("decoder");
    let mut ears = Lossy {
        decoder,
        frames: 0,
        lost: false,
        heard: Vec::new(),
    };
    for _ in 0..100 {
        // The meeting's own tick has come first; this one listens in its place.
        let due = meeting.mixer.deadline();
        meeting.deliver_until(due);
        meeting.mixer.tick(due, &mut ears);
    }
    let pieces = ears.heard.chunks_exact(960).skip(2);
    assert!(pieces.len() > 90);
    for piece in pieces {
        let level = tone_level(piece, 440.0);
        assert!((level + 10.5).abs() < 1.5, "{level}");
    }
}
