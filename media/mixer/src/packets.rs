//! Packets of one stream that wait to be decoded, in the order of their timestamps.
//!
//! **Invariant: at most [`MOST`] packets of at most [`LONGEST`] bytes are held, whatever is sent.**

use std::collections::VecDeque;

/// Packets held; 2 s of 20 ms.
pub(crate) const MOST: usize = 100;
/// Longest Opus packet taken; a datagram.
pub(crate) const LONGEST: usize = 1_500;
/// Buffers of played packets kept for coming ones.
const SPARE: usize = 8;

/// A packet that waits.
pub(crate) struct Stored {
    pub(crate) timestamp: u64,
    pub(crate) sequence: u64,
    /// Samples in it.
    pub(crate) duration: usize,
    /// It came as a redundant block of another packet.
    pub(crate) redundant: bool,
    pub(crate) payload: Vec<u8>,
}

/// Signed distance of two timestamps or sequence numbers.
pub(crate) fn distance(from: u64, to: u64) -> i64 {
    to.wrapping_sub(from) as i64
}

/// The packets of a stream.
#[derive(Default)]
pub(crate) struct Packets {
    queue: VecDeque<Stored>,
    spare: Vec<Vec<u8>>,
}

impl Packets {
    /// Takes a packet in; false if its place is taken, by a duplicate or a redundant block.
    pub(crate) fn insert(
        &mut self,
        timestamp: u64,
        sequence: u64,
        duration: usize,
        redundant: bool,
        payload: &[u8],
    ) -> bool {
        // Mostly the newest comes last.
        let mut place = self.queue.len();
        while place > 0 {
            let ahead = distance(self.queue[place - 1].timestamp, timestamp);
            if ahead == 0 {
                return false;
            }
            if ahead > 0 {
                break;
            }
            place -= 1;
        }
        if self.queue.len() >= MOST {
            if place == 0 {
                return false;
            }
            self.pop();
            place -= 1;
        }
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(payload);
        self.queue.insert(
            place,
            Stored {
                timestamp,
                sequence,
                duration,
                redundant,
                payload: bytes,
            },
        );
        true
    }

    pub(crate) fn contains(&self, timestamp: u64) -> bool {
        self.queue
            .iter()
            .rev()
            .any(|stored| stored.timestamp == timestamp)
    }

    pub(crate) fn front(&self) -> Option<&Stored> {
        self.queue.front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes the oldest out; give it back to [`Packets::recycle`] when done.
    pub(crate) fn take(&mut self) -> Option<Stored> {
        self.queue.pop_front()
    }

    pub(crate) fn recycle(&mut self, stored: Stored) {
        if self.spare.len() < SPARE {
            self.spare.push(stored.payload);
        }
    }

    fn pop(&mut self) {
        if let Some(stored) = self.take() {
            self.recycle(stored);
        }
    }

    /// Drops packets that end at or before `timestamp`; returns how many.
    pub(crate) fn drop_before(&mut self, timestamp: u64) -> u64 {
        let mut dropped = 0;
        while let Some(front) = self.queue.front() {
            if distance(
                front.timestamp.wrapping_add(front.duration as u64),
                timestamp,
            ) < 0
            {
                break;
            }
            self.pop();
            dropped += 1;
        }
        dropped
    }

    pub(crate) fn clear(&mut self) {
        while !self.queue.is_empty() {
            self.pop();
        }
    }

    /// Bytes held, spare ones included.
    pub(crate) fn bytes(&self) -> usize {
        let queued: usize = self
            .queue
            .iter()
            .map(|stored| stored.payload.capacity())
            .sum();
        queued + self.spare.iter().map(Vec::capacity).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timestamps(packets: &Packets) -> Vec<u64> {
        packets
            .queue
            .iter()
            .map(|stored| stored.timestamp)
            .collect()
    }

    #[test]
    fn reordered_and_doubled() {
        let mut packets = Packets::default();
        let taken = [3, 1, 2, 2, 0].map(|n| packets.insert(n * 960, n, 960, false, &[1]));
        assert_eq!(taken, [true, true, true, false, true]);
        assert_eq!(timestamps(&packets), [0, 960, 1920, 2880]);
        assert!(packets.contains(960) && !packets.contains(961));
        assert_eq!(packets.drop_before(1920), 2);
        assert_eq!(timestamps(&packets), [1920, 2880]);
    }

    #[test]
    fn order_holds_where_timestamps_wrap() {
        let mut packets = Packets::default();
        for timestamp in [480, u64::MAX - 479] {
            packets.insert(timestamp, 0, 960, false, &[1]);
        }
        assert_eq!(timestamps(&packets), [u64::MAX - 479, 480]);
    }

    #[test]
    fn the_oldest_go_when_it_is_full() {
        let mut packets = Packets::default();
        for n in 1..=3 * MOST as u64 {
            assert!(packets.insert(n, n, 960, false, &[0; LONGEST]));
        }
        assert!(!packets.insert(0, 0, 960, false, &[0]));
        assert_eq!(packets.queue.len(), MOST);
        assert_eq!(
            packets.front().map(|stored| stored.timestamp),
            Some(2 * MOST as u64 + 1)
        );
        assert!(packets.bytes() <= (MOST + SPARE) * LONGEST);
        packets.clear();
        assert!(packets.is_empty());
    }
}
