//! Listeners that hear the same, and the one encoder they share.
//!
//! **Invariant: every frame costs at most one encoding, silence costs none, and whoever comes from another stream gets a
//! frame first that does not depend on the frames before.**

use std::sync::Arc;

use crate::codec::{Encoder, FRAME};
use crate::limiter::Limiter;

/// CELT, full band, 20 ms, mono, with the silence bit set: decodes to nothing whatever came before.
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];
/// Frames of digital silence that are encoded before the constant one, so that decoders fade out.
const TAIL: u32 = 3;
/// bit/s that encoders are made for; few, so that many share one.
const BITRATES: [u32; 7] = [128_000, 96_000, 64_000, 48_000, 32_000, 24_000, 16_000];

/// The frame of silence.
pub(crate) fn silence() -> Arc<[u8]> {
    Arc::new(SILENCE)
}

/// The bitrate of the encoder for those who ask for `wanted` bit/s at most.
pub(crate) fn bitrate_class(wanted: u32) -> u32 {
    BITRATES
        .into_iter()
        .find(|bitrate| *bitrate <= wanted)
        .unwrap_or(16_000)
}

/// What listeners have to have in common to share a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) stereo: bool,
    pub(crate) bitrate: u32,
    /// The attendee left out: the listeners' own, while it speaks.
    pub(crate) without: Option<u64>,
}

/// 20 ms of one voice, with its gain applied.
pub(crate) struct Source {
    pub(crate) attendee: u64,
    pub(crate) channels: usize,
    pub(crate) samples: Vec<f32>,
}

/// One stream and those who get it.
pub(crate) struct Group {
    pub(crate) receivers: Vec<u64>,
    key: Key,
    encoder: Encoder,
    limiter: Limiter,
    /// The frame encoded last.
    mix: Vec<f32>,
    /// Frames of silence still to be encoded; 0 while it is silent.
    tail: u32,
    independent: bool,
    last: Option<Arc<[u8]>>,
}

impl Group {
    pub(crate) fn new(key: Key, complexity: u8) -> Option<Self> {
        let channels = 1 + usize::from(key.stereo);
        Some(Self {
            receivers: Vec::new(),
            key,
            encoder: Encoder::new(key.stereo, key.bitrate, complexity)?,
            limiter: Limiter::new(),
            mix: vec![0.0; FRAME * channels],
            tail: 0,
            independent: true,
            last: None,
        })
    }

    /// Goes on where `other` is: its listeners come over. Returns the encodings that took.
    pub(crate) fn follow(&mut self, other: &Group) -> u64 {
        self.independent = true;
        self.last.clone_from(&other.last);
        if other.tail == 0 || self.mix.len() != other.mix.len() {
            return 0;
        }
        // The encoder has to have seen what the decoders heard last: overlap and lookahead reach back into it.
        self.mix.copy_from_slice(&other.mix);
        self.limiter = other.limiter.clone();
        self.tail = other.tail;
        self.encoder.encode(&self.mix, true);
        1
    }

    /// Makes the next frame start well for decoders that have heard another stream.
    pub(crate) fn welcome(&mut self) {
        self.independent = true;
    }

    /// Forgets the packet of the frame before.
    pub(crate) fn interrupt(&mut self) {
        self.last = None;
    }

    /// The packet of the frame before, for redundancy; none after a pause.
    pub(crate) fn redundant(&self) -> Option<Arc<[u8]>> {
        self.last.clone()
    }

    /// Makes the next packet from `sources`; also says whether it was encoded.
    pub(crate) fn produce(&mut self, sources: &[Source], silence: &Arc<[u8]>) -> (Arc<[u8]>, bool) {
        let heard = sources
            .iter()
            .filter(|source| Some(source.attendee) != self.key.without);
        let channels = 1 + usize::from(self.key.stereo);
        let mut any = false;
        for source in heard {
            if !any {
                self.mix.fill(0.0);
            }
            any = true;
            add(&mut self.mix, channels, source);
        }
        if any {
            if self.tail == 0 {
                self.encoder.reset();
                self.limiter = Limiter::new();
                self.independent = true;
            }
            self.tail = TAIL;
        } else if self.tail > 0 {
            self.mix.fill(0.0);
            self.tail -= 1;
        }
        if self.tail == 0 {
            self.last = Some(Arc::clone(silence));
            return (Arc::clone(silence), false);
        }
        self.limiter.apply(&mut self.mix, channels);
        let independent = std::mem::take(&mut self.independent);
        let packet = self
            .encoder
            .encode(&self.mix, independent)
            .map_or_else(|| Arc::clone(silence), Arc::from);
        self.last = Some(Arc::clone(&packet));
        (packet, true)
    }
}

fn add(mix: &mut [f32], channels: usize, source: &Source) {
    match (channels, source.channels) {
        (2, 1) => {
            for (sum, x) in mix.chunks_exact_mut(2).zip(&source.samples) {
                sum[0] += x;
                sum[1] += x;
            }
        }
        (1, 2) => {
            for (sum, x) in mix.iter_mut().zip(source.samples.chunks_exact(2)) {
                *sum += (x[0] + x[1]) * 0.5;
            }
        }
        _ => {
            for (sum, x) in mix.iter_mut().zip(&source.samples) {
                *sum += x;
            }
        }
    }
}
