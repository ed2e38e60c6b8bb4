//! Sequence numbers of one encoding, without its padding.
//!
//! **Invariant: two different packets never get the same place, and places are in the order of the
//! sequence numbers, whatever order packets come in.**
//!
//! Padding that comes in order leaves no gap: everything behind it moves down by one. That is the same
//! for every receiver, so it is done here, once, and a receiver's numbers differ from places by a
//! constant. Padding that comes late finds its gap already shown to receivers; it gets a place, to fill it.

use std::collections::VecDeque;

/// How far behind the highest number a packet is still taken: more than any retransmission needs.
const WINDOW: u64 = 4096;
/// How many closed gaps are remembered. Packets from before the last forgotten one are refused.
const CLOSED: usize = 512;

#[derive(Default)]
pub struct Sequence {
    highest: Option<u64>,
    /// Bit per number, modulo the window.
    seen: Box<[u64]>,
    /// Numbers that were closed, ascending.
    closed: VecDeque<u64>,
    /// How many closed ones were forgotten, and the last of them.
    forgotten: u64,
    floor: Option<u64>,
}

impl Sequence {
    /// The place of a packet; `None` if it is to be dropped: seen before, too old, or closed now.
    pub fn place(&mut self, number: u64, padding: bool) -> Option<u64> {
        let newest = self.highest.is_none_or(|highest| number > highest);
        if !self.first_time(number) {
            return None;
        }
        if newest && padding {
            self.close(number);
            return None;
        }
        if self.floor.is_some_and(|floor| number <= floor) {
            return None;
        }
        let behind = match self.closed.back() {
            Some(&last) if number < last => self.closed.partition_point(|&closed| closed < number),
            _ => self.closed.len(),
        };
        Some(number - self.forgotten - behind as u64)
    }

    fn close(&mut self, number: u64) {
        if self.closed.len() == CLOSED {
            self.floor = self.closed.pop_front();
            self.forgotten += 1;
        }
        self.closed.push_back(number);
    }

    fn first_time(&mut self, number: u64) -> bool {
        if self.seen.is_empty() {
            self.seen = vec![0; (WINDOW / 64) as usize].into_boxed_slice();
        }
        match self.highest {
            None => self.highest = Some(number),
            Some(highest) if number > highest => {
                if number - highest >= WINDOW {
                    self.seen.fill(0);
                } else {
                    for passed in highest + 1..number {
                        let (word, bit) = slot(passed);
                        self.seen[word] &= !bit;
                    }
                    let (word, bit) = slot(number);
                    self.seen[word] &= !bit;
                }
                self.highest = Some(number);
            }
            Some(highest) if highest - number >= WINDOW => return false,
            Some(_) => {}
        }
        let (word, bit) = slot(number);
        let first = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        first
    }

    /// The highest number seen.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

fn slot(number: u64) -> (usize, u64) {
    ((number % WINDOW / 64) as usize, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, HashSet};

    #[test]
    fn padding_in_order_leaves_no_gap() {
        let mut sequence = Sequence::default();
        let places: Vec<_> = [
            (10, false),
            (11, true),
            (12, true),
            (13, false),
            (15, false),
        ]
        .map(|(number, padding)| sequence.place(number, padding))
        .to_vec();
        assert_eq!(
            places,
            [Some(10), None, None, Some(11), Some(13)],
            "14 was lost and stays a hole"
        );
        assert_eq!(sequence.place(14, false), Some(12));
        assert_eq!(sequence.place(14, false), None, "twice");
    }

    #[test]
    fn late_padding_fills_the_gap_it_left() {
        let mut sequence = Sequence::default();
        assert_eq!(sequence.place(1, false), Some(1));
        assert_eq!(sequence.place(3, false), Some(3));
        assert_eq!(sequence.place(2, true), Some(2));
    }

    #[test]
    fn what_is_older_than_the_window_is_dropped() {
        let mut sequence = Sequence::default();
        sequence.place(10_000, false);
        assert_eq!(sequence.place(10_000 - WINDOW, false), None);
        assert_eq!(
            sequence.place(10_001 - WINDOW, false),
            Some(10_001 - WINDOW)
        );
    }

    proptest! {
        #[test]
        fn places_are_distinct_and_in_order(
            packets in prop::collection::vec((0_u64..6000, any::<bool>()), 1..800)
        ) {
            let mut sequence = Sequence::default();
            let mut places = BTreeMap::new();
            let mut taken = HashSet::new();
            for (number, padding) in packets {
                if let Some(place) = sequence.place(number, padding) {
                    prop_assert!(taken.insert(place));
                    prop_assert!(places.insert(number, place).is_none());
                }
            }
            let ordered: Vec<_> = places.values().copied().collect();
            prop_assert!(ordered.is_sorted());
        }
    }
}
