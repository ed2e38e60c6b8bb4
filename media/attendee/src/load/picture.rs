//! What cameras send: packets of VP8 that are right to everything but a decoder.
//!
//! Every packet ends with a mark and the wall clock at sending, which survive forwarding.

use std::time::{Duration, Instant};

use crate::video;

/// Bytes of a packet's payload behind the descriptor.
const PAYLOAD: usize = 1_100;
/// A key frame is so many times as large as another.
const KEY: usize = 3;
/// Packets of one frame leave over this part of the time to the next, as real pacers do.
const PACED: f64 = 0.4;
/// Requests for key frames that come faster are one.
const THROTTLE: Duration = Duration::from_millis(300);
const DESCRIPTOR: usize = 6;
const MARK: [u8; 4] = *b"hubb";
/// Length of mark and time.
const STAMP: usize = 12;

/// One encoding's shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    /// Of media.
    pub kbps: u32,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// Frames a second.
    pub fps: u32,
}

/// One encoding.
#[derive(Debug)]
pub struct Picture {
    layer: Layer,
    frame_at: Instant,
    step: Duration,
    frames: u64,
    data: Vec<u8>,
    sent: usize,
    key: bool,
    wanted: bool,
    keyed: Option<Instant>,
    next: Instant,
    start: Instant,
    /// Key frames sent.
    pub key_frames: u64,
}

/// A packet that is due.
#[derive(Debug)]
pub struct Packet {
    /// Descriptor and data.
    pub payload: Vec<u8>,
    /// The frame's last.
    pub marker: bool,
    /// 90 kHz.
    pub timestamp: u32,
}

impl Picture {
    /// The first frame, a key frame, is due at `start`.
    pub fn new(layer: Layer, start: Instant) -> Picture {
        let mut picture = Picture {
            layer,
            frame_at: start,
            step: Duration::from_secs(1) / layer.fps.max(1),
            frames: 0,
            data: Vec::new(),
            sent: 0,
            key: true,
            wanted: true,
            keyed: None,
            next: start,
            start,
            key_frames: 0,
        };
        picture.encode();
        picture
    }

    fn encode(&mut self) {
        self.key = std::mem::take(&mut self.wanted);
        let size = (self.layer.kbps * 125 / self.layer.fps.max(1)) as usize;
        let size = if self.key { size * KEY } else { size };
        self.data = video::vp8_frame(self.key, self.layer.width, self.layer.height, size.max(64));
        self.sent = 0;
        self.key_frames += u64::from(self.key);
    }

    /// When the next packet is due.
    pub fn due(&self) -> Instant {
        self.next
    }

    /// Makes the next frame a key frame.
    pub fn want_key_frame(&mut self, now: Instant) {
        if self.keyed.is_none_or(|at| now - at >= THROTTLE) {
            self.keyed = Some(now);
            self.wanted = true;
        }
    }

    /// The packet that is due; `wall` goes into its stamp.
    pub fn packet(&mut self, now: Instant, wall: Duration) -> Packet {
        let packets = self.data.len().div_ceil(PAYLOAD);
        let each = self.data.len().div_ceil(packets);
        let from = self.sent * each;
        let to = (from + each).min(self.data.len());
        let id = (self.frames as u16 & 0x7fff) | 0x8000;
        let mut payload = Vec::with_capacity(DESCRIPTOR + each + STAMP);
        // Extended, start of partition 0 in the first packet; picture id, TL0PICIDX, layer 0.
        payload.push(0x80 | if self.sent == 0 { 0x10 } else { 0 });
        payload.push(0xe0);
        payload.extend_from_slice(&id.to_be_bytes());
        payload.extend_from_slice(&[self.frames as u8, 0]);
        payload.extend_from_slice(&self.data[from..to]);
        payload.extend_from_slice(&MARK);
        payload.extend_from_slice(&(wall.as_nanos() as u64).to_be_bytes());
        self.sent += 1;
        let marker = self.sent == packets;
        let elapsed = self.frame_at - self.start;
        let timestamp = (elapsed.as_micros() * 9 / 100) as u32;
        if marker {
            self.frames += 1;
            self.frame_at += self.step;
            // Frames that a stopped machine missed are not made up for.
            if now > self.frame_at + Duration::from_secs(1) {
                self.frame_at = now;
            }
            self.next = self.frame_at;
            self.encode();
        } else {
            self.next += self.step.mul_f64(PACED / packets as f64);
        }
        Packet {
            payload,
            marker,
            timestamp,
        }
    }
}

/// The wall clock at which a packet was sent, from its payload.
pub fn stamp(payload: &[u8]) -> Option<Duration> {
    let stamp = payload.get(payload.len().checked_sub(STAMP)?..)?;
    let (mark, time) = stamp.split_at(MARK.len());
    let time = u64::from_be_bytes(time.try_into().ok()?);
    (mark == MARK).then(|| Duration::from_nanos(time))
}

/// Whether a payload is the first of a key frame.
pub fn is_key(payload: &[u8]) -> bool {
    str0m::format::detect_vp8_keyframe(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_marks_and_stamps_are_as_declared() {
        let start = Instant::now();
        let layer = Layer {
            kbps: 1200,
            width: 1280,
            height: 720,
            fps: 30,
        };
        let mut picture = Picture::new(layer, start);
        let (mut bytes, mut frames, mut keys) = (0, 0, 0);
        while picture.due() < start + Duration::from_secs(2) {
            let now = picture.due();
            if frames == 30 {
                picture.want_key_frame(now);
                picture.want_key_frame(now);
            }
            let packet = picture.packet(now, Duration::from_nanos(77));
            assert_eq!(stamp(&packet.payload), Some(Duration::from_nanos(77)));
            assert!(packet.payload.len() <= 1_150);
            keys += u32::from(is_key(&packet.payload));
            bytes += packet.payload.len();
            frames += u32::from(packet.marker);
        }
        assert_eq!((frames, keys), (60, 2));
        let kbps = bytes * 8 / 2 / 1000;
        assert!((1_200..1_320).contains(&kbps), "{kbps}");
        assert_eq!(stamp(b"short"), None);
    }
}
