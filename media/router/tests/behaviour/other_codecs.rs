//! VP9, H.264 and AV1 pass as they are, each from a key frame of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::{Codec, Config, Gates, Packet, Router, Sink, Source};

use crate::meeting::{Outbox, only};
use crate::screen::Got;

struct Pass {
    router: Router<()>,
    out: Outbox,
    now: Instant,
    sequence: u64,
}

impl Pass {
    /// Attendee 2 takes stream 50 of attendee 1.
    fn new() -> Self {
        let mut router = Router::new(Config::default());
        let source = Source {
            session: 1,
            attendee: 1,
            group: 5,
            content: false,
            layer: 0,
            max_kbps: 0,
            active: true,
        };
        router.set_gates(1, Gates::OPEN);
        router.set_gates(2, Gates::OPEN);
        router.set_source(50, source);
        router.set_sink(
            2,
            1,
            Sink {
                attendee: 2,
                ssrc: 1,
                token: 201,
            },
        );
        router.subscribe(2, 1, Some(only(50)));
        let now = Instant::now();
        let mut out = Outbox {
            now: Some(now),
            ..Outbox::default()
        };
        router.tick(now, &mut out);
        Self {
            router,
            out,
            now,
            sequence: 100,
        }
    }

    /// What comes out for one packet of the given frame.
    fn packet(&mut self, codec: Codec, frame: u32, payload: &[u8]) -> Vec<Got> {
        self.now += Duration::from_millis(5);
        self.sequence += 1;
        let packet = Packet {
            ssrc: 1,
            sequence: self.sequence,
            timestamp: frame * 3000,
            marker: false,
            codec,
            payload: &Arc::from(payload),
            arrived: self.now,
            padding_only: false,
            extensions: &(),
        };
        self.router.receive(50, packet, &mut self.out);
        self.out.forwarded.drain(..).map(|(_, got)| got).collect()
    }

    fn passes(&mut self, codec: Codec, frame: u32, payload: &[u8]) -> bool {
        let got = self.packet(codec, frame, payload);
        got.iter()
            .for_each(|got| assert_eq!((&got.payload[..], got.codec), (payload, codec)));
        !got.is_empty()
    }
}

const SPS: [u8; 12] = [
    0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x28, 0x02, 0xdd, 0x80, 0x88,
];

#[test]
fn h264_starts_with_its_parameter_sets() {
    let mut pass = Pass::new();
    assert!(!pass.passes(Codec::H264, 1, &[0x41, 0x9a]));
    assert!(
        !pass.passes(Codec::H264, 1, &[0x7c, 0x45, 0x88]),
        "the end of an IDR picture"
    );
    assert!(pass.passes(Codec::H264, 2, &SPS));
    assert!(pass.passes(Codec::H264, 2, &[0x68, 0xce, 0x3c, 0x80]));
    assert!(pass.passes(Codec::H264, 2, &[0x7c, 0x85, 0x88]));
    assert!(pass.passes(Codec::H264, 3, &[0x41, 0x9a]));
}

#[test]
fn a_tile_that_comes_in_the_middle_of_a_key_frame_waits_for_the_next() {
    let mut pass = Pass::new();
    pass.router.subscribe(2, 1, None);
    pass.packet(Codec::H264, 2, &SPS);
    pass.packet(Codec::H264, 2, &[0x7c, 0x85, 0x88]);
    pass.router.subscribe(2, 1, Some(only(50)));
    pass.router.tick(pass.now, &mut pass.out);
    // Another slice of the same picture.
    assert!(!pass.passes(Codec::H264, 2, &[0x65, 0x88]));
    assert!(pass.passes(Codec::H264, 3, &[0x65, 0x88]));
}

#[test]
fn all_layers_of_vp9_pass() {
    let mut pass = Pass::new();
    // I, L, B and E; layer 1 of the first picture before its layer 0 came.
    assert!(!pass.passes(Codec::Vp9, 1, &[0xac, 0x05, 0x02, 0x00, 0x11]));
    for frame in 2..5 {
        for layer in 0..3 {
            let predicted = if frame == 2 { 0 } else { 0x40 };
            let payload = [0xac | predicted, frame, layer << 1, frame, 0x11];
            assert!(
                pass.passes(Codec::Vp9, u32::from(frame), &payload),
                "{frame} {layer}"
            );
        }
    }
}

#[test]
fn av1_starts_with_a_new_sequence() {
    let mut pass = Pass::new();
    assert!(!pass.passes(Codec::Av1, 1, &[0x10, 0x30, 0x00]));
    assert!(pass.passes(Codec::Av1, 2, &[0x18, 0x30, 0x00]));
    assert!(pass.passes(Codec::Av1, 3, &[0x10, 0x30, 0x00]));
}

#[test]
fn a_change_of_codec_passes_from_its_key_frame_on_in_the_same_stream() {
    let mut pass = Pass::new();
    let first = pass.packet(Codec::Vp9, 1, &[0x8c, 0x01, 0x11]);
    assert!(
        !pass.passes(Codec::H264, 2, &[0x41, 0x9a]),
        "no key frame of it yet"
    );
    // Late packets of the codec before are nobody's.
    pass.sequence -= 2;
    assert!(!pass.passes(Codec::Vp9, 1, &[0x8c, 0x01, 0x11]));
    pass.sequence += 2;
    let second = pass.packet(Codec::H264, 3, &SPS);
    assert_eq!(second[0].sequence, first[0].sequence + 1);
    assert!(pass.passes(Codec::H264, 4, &[0x41, 0x9a]));
}

#[test]
fn payloads_of_no_use_are_left_out_like_padding() {
    let mut pass = Pass::new();
    let first = pass.packet(Codec::Vp8, 1, &[0x10, 0x00, 0x00]);
    assert!(!pass.passes(Codec::Vp8, 2, &[0x90, 0x80]));
    let next = pass.packet(Codec::Vp8, 3, &[0x10, 0x01, 0x00]);
    assert_eq!(next[0].sequence, first[0].sequence + 1);
}
