//! A receiver of one tile: puts frames together, decodes what can be decoded, asks for key frames.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::{Codec, Inspection, inspect};

/// An RTP packet on the downlink, ids written into it.
#[derive(Clone)]
pub struct Got {
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub codec: Codec,
    pub payload: Arc<[u8]>,
}

impl Got {
    pub fn inspect(&self) -> Inspection {
        inspect(self.codec, &self.payload)
    }

    /// Stream and frame it belongs to.
    pub fn origin(&self) -> (u32, u32) {
        let number = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
        let end = self.payload.len();
        (
            number(&self.payload[end - 8..end - 4]),
            number(&self.payload[end - 4..]),
        )
    }
}

/// A decoded frame.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub at: Instant,
    pub stream: u32,
    pub keyframe: bool,
    pub picture: u16,
}

#[derive(Default)]
pub struct Screen {
    buffer: BTreeMap<u64, Got>,
    /// Everything up to here was decoded or given up.
    done: Option<u64>,
    last_picture: Option<u16>,
    pub frames: Vec<Frame>,
    asked: Option<Instant>,
    heard: Option<Instant>,
}

/// Without a new frame for this long, while packets come, it asks for a key frame.
const PATIENCE: Duration = Duration::from_millis(200);

impl Screen {
    pub fn receive(&mut self, now: Instant, got: Got) {
        self.heard = Some(now);
        if self.done.is_none_or(|done| got.sequence > done) {
            self.buffer.insert(got.sequence, got);
            while self.decode(now) {}
        }
    }

    /// Whether it asks for a key frame now.
    pub fn wants_keyframe(&mut self, now: Instant) -> bool {
        let passed = |since: Option<Instant>| since.is_none_or(|since| now - since >= PATIENCE);
        let stuck = self.heard.is_some_and(|heard| now - heard < PATIENCE)
            && passed(self.frames.last().map(|frame| frame.at));
        let wants = stuck && passed(self.asked);
        if wants {
            self.asked = Some(now);
        }
        wants
    }

    /// Decodes the next decodable frame, if there is a whole one.
    fn decode(&mut self, now: Instant) -> bool {
        let mut start: Option<(u64, Inspection)> = None;
        let mut expected = 0;
        for (&sequence, got) in &self.buffer {
            if got.payload.is_empty() {
                expected = if sequence == expected {
                    sequence + 1
                } else {
                    expected
                };
                continue;
            }
            let seen = got.inspect();
            if got.payload[0] & 0x10 != 0 {
                start = Some((sequence, seen));
            } else if sequence != expected {
                start = None;
            }
            expected = sequence + 1;
            let Some((first, seen)) = start else { continue };
            if !got.marker {
                continue;
            }
            let picture = seen.vp8.unwrap().picture_id.unwrap();
            let next = self
                .last_picture
                .is_some_and(|last| (last + 1) & 0x7fff == picture);
            let contiguous = self.done.is_some_and(|done| {
                (done + 1..first).all(|gap| {
                    self.buffer
                        .get(&gap)
                        .is_some_and(|got| got.payload.is_empty())
                })
            });
            if seen.keyframe || (next && contiguous) {
                let (stream, _) = got.origin();
                self.frames.push(Frame {
                    at: now,
                    stream,
                    keyframe: seen.keyframe,
                    picture,
                });
                self.last_picture = Some(picture);
                self.done = Some(sequence);
                self.buffer = self.buffer.split_off(&(sequence + 1));
                return true;
            }
            start = None;
        }
        while self.buffer.len() > 2000 {
            self.buffer.pop_first();
        }
        false
    }

    pub fn frames_since(&self, since: Instant) -> impl Iterator<Item = &Frame> {
        self.frames.iter().filter(move |frame| frame.at >= since)
    }
}
