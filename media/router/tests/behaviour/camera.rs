//! A sender of one VP8 encoding that answers key frame requests and repairs nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::Codec;

/// An RTP packet on the uplink.
#[derive(Clone)]
pub struct Sent {
    pub stream: u32,
    pub ssrc: u32,
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub codec: Codec,
    pub payload: Arc<[u8]>,
    pub padding: bool,
}

pub struct Camera {
    pub stream: u32,
    pub ssrc: u32,
    pub width: u16,
    pub height: u16,
    pub kbps: u32,
    pub sends: bool,
    /// A padding packet behind every frame.
    pub pads: bool,
    pub keyframes: usize,
    sequence: u64,
    timestamp: u32,
    picture: u16,
    layer0: u8,
    frame: u32,
    next: Instant,
    keyframe: bool,
}

const FRAME: Duration = Duration::from_micros(33_333);
const LONGEST: usize = 1100;

impl Camera {
    pub fn new(stream: u32, (width, height): (u16, u16), kbps: u32, now: Instant) -> Self {
        Self {
            stream,
            ssrc: stream * 1000,
            width,
            height,
            kbps,
            sends: true,
            pads: false,
            keyframes: 0,
            // Near every edge there is.
            sequence: 65_500 + u64::from(stream),
            timestamp: u32::MAX - 20_000 - stream * 77_777,
            picture: 0x7ff0 + stream as u16 % 8,
            layer0: 250,
            frame: 0,
            next: now,
            keyframe: true,
        }
    }

    pub fn request_keyframe(&mut self) {
        self.keyframe = true;
    }

    /// A new SSRC with numbers of its own, as after re-activation of a simulcast layer.
    pub fn renumber(&mut self) {
        self.ssrc += 1;
        self.sequence = 30_000;
        self.timestamp = self.timestamp.wrapping_sub(1_000_000);
        self.picture = 5;
        self.keyframe = true;
    }

    pub fn poll(&mut self, now: Instant, send: &mut impl FnMut(Sent)) {
        while self.next <= now {
            self.next += FRAME;
            self.timestamp = self.timestamp.wrapping_add(3000);
            if self.sends {
                self.send_frame(send);
            }
        }
    }

    fn send_frame(&mut self, send: &mut impl FnMut(Sent)) {
        let keyframe = std::mem::take(&mut self.keyframe);
        self.keyframes += usize::from(keyframe);
        self.frame += 1;
        self.picture = (self.picture + 1) & 0x7fff;
        self.layer0 = self.layer0.wrapping_add(1);
        let mut rest = (self.kbps as usize * 1000 / 8 / 30).max(60) * if keyframe { 5 } else { 1 };
        let mut first = true;
        while rest > 0 {
            let size = rest.min(LONGEST);
            rest -= size;
            let payload = self.payload(keyframe, first, size.max(40));
            self.packet(payload, rest == 0, false, send);
            first = false;
        }
        if self.pads {
            self.packet(Arc::from([]), false, true, send);
        }
    }

    fn packet(
        &mut self,
        payload: Arc<[u8]>,
        marker: bool,
        padding: bool,
        send: &mut impl FnMut(Sent),
    ) {
        self.sequence += 1;
        send(Sent {
            stream: self.stream,
            ssrc: self.ssrc,
            sequence: self.sequence,
            timestamp: self.timestamp,
            marker,
            codec: Codec::Vp8,
            payload,
            padding,
        });
    }

    /// Descriptor with 15-bit picture id, TL0PICIDX and TID; frame header; at the end stream and frame.
    fn payload(&self, keyframe: bool, first: bool, size: usize) -> Arc<[u8]> {
        let [high, low] = self.picture.to_be_bytes();
        let mut payload = vec![
            if first { 0x90 } else { 0x80 },
            0xe0,
            0x80 | high,
            low,
            self.layer0,
            0,
        ];
        if first {
            payload.extend_from_slice(&[u8::from(!keyframe), 0, 0]);
        }
        if first && keyframe {
            payload.extend_from_slice(&[0x9d, 0x01, 0x2a]);
            payload.extend_from_slice(&self.width.to_le_bytes());
            payload.extend_from_slice(&self.height.to_le_bytes());
        }
        payload.resize(size - 8, 0x55);
        payload.extend_from_slice(&self.stream.to_be_bytes());
        payload.extend_from_slice(&self.frame.to_be_bytes());
        payload.into()
    }
}
