//! The last packets of an encoding.
//!
//! **Invariant: no place is kept twice, and no more than a second or so of packets is held.**

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use crate::{Codec, PictureIds};

/// For receivers that start on a key frame part of which already came:
/// its packets may come in any order, and several receivers may come a moment after it.
pub struct Recent<E> {
    /// By arrival.
    packets: VecDeque<Kept<E>>,
}

/// About a second of a camera, more than any key frame needs.
const LENGTH: usize = 160;

#[derive(Clone)]
pub struct Kept<E> {
    pub place: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub codec: Codec,
    pub keyframe: bool,
    pub payload: Arc<[u8]>,
    pub ids: Option<PictureIds>,
    pub arrived: Instant,
    pub extensions: E,
}

impl<E> Default for Recent<E> {
    fn default() -> Self {
        Self {
            packets: VecDeque::new(),
        }
    }
}

impl<E> Recent<E> {
    pub fn push(&mut self, packet: Kept<E>) {
        if self.packets.len() == LENGTH {
            self.packets.pop_front();
        }
        self.packets.push_back(packet);
    }

    pub fn clear(&mut self) {
        self.packets.clear();
    }

    /// Packets from this place on, in order.
    pub fn from(&self, place: u64) -> Vec<&Kept<E>> {
        let mut packets: Vec<_> = self
            .packets
            .iter()
            .filter(|packet| packet.place >= place)
            .collect();
        packets.sort_unstable_by_key(|packet| packet.place);
        packets
    }

    /// The first packet of the newest key frame that is still whole: nothing since it is missing.
    pub fn keyframe(&self) -> Option<&Kept<E>> {
        let first = self
            .packets
            .iter()
            .filter(|packet| packet.keyframe)
            .max_by_key(|packet| packet.place)?;
        let last = self.packets.iter().map(|packet| packet.place).max()?;
        let count = self
            .packets
            .iter()
            .filter(|packet| packet.place >= first.place)
            .count();
        (last - first.place + 1 == count as u64).then_some(first)
    }
}
