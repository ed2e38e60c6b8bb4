//! Packets of a stream that have not come, and when to ask for them (RFC 4585 6.2.1).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A packet may be overtaken by others for this long before it counts as missing.
const PATIENCE: Duration = Duration::from_millis(10);
/// It is asked for again after this long, and at most so many times.
const AGAIN: Duration = Duration::from_millis(60);
const TIMES: u8 = 10;
/// Packets that are waited for. Who loses more at once is better off with a key frame.
const PACKETS: usize = 512;

#[derive(Debug)]
struct Lost {
    sequence: u64,
    /// When it is to be asked for.
    due: Instant,
    asked: u8,
}

/// The missing packets of one stream, by their extended numbers.
#[derive(Debug, Default)]
pub struct Missing {
    highest: Option<u64>,
    /// In the order of their numbers.
    lost: VecDeque<Lost>,
}

impl Missing {
    /// A packet came.
    pub fn came(&mut self, sequence: u64, now: Instant) {
        let highest = *self.highest.get_or_insert(sequence);
        if sequence <= highest {
            self.found(sequence);
            return;
        }
        self.highest = Some(sequence);
        let gap = highest + 1..sequence;
        if gap.end - gap.start > PACKETS as u64 {
            self.lost.clear();
            return;
        }
        let due = now + PATIENCE;
        self.lost.extend(gap.map(|sequence| Lost {
            sequence,
            due,
            asked: 0,
        }));
        let surplus = self.lost.len().saturating_sub(PACKETS);
        self.lost.drain(..surplus);
    }

    /// A packet was sent again. False: nobody waits for it.
    pub fn found(&mut self, sequence: u64) -> bool {
        let at = self
            .lost
            .binary_search_by_key(&sequence, |lost| lost.sequence);
        at.is_ok_and(|at| self.lost.remove(at).is_some())
    }

    /// When there is something to ask for.
    pub fn due(&self) -> Option<Instant> {
        self.lost.iter().map(|lost| lost.due).min()
    }

    /// What to ask for now.
    pub fn ask(&mut self, now: Instant) -> Vec<u16> {
        let mut wanted = Vec::new();
        self.lost.retain_mut(|lost| {
            if lost.due <= now {
                if lost.asked == TIMES {
                    return false;
                }
                lost.asked += 1;
                lost.due = now + AGAIN;
                wanted.push(lost.sequence as u16);
            }
            true
        });
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_asked_for_until_it_comes() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut missing = Missing::default();
        for sequence in [65_534, 65_535, 65_538] {
            missing.came(sequence, at(0));
        }
        assert_eq!(missing.due(), Some(at(10)));
        assert!(missing.ask(at(9)).is_empty());
        missing.came(65_537, at(9)); // It was only overtaken.
        assert_eq!(missing.ask(at(10)), [0]);
        assert!(missing.ask(at(69)).is_empty());
        assert_eq!(missing.ask(at(70)), [0]);
        assert!(missing.found(65_536));
        assert!(!missing.found(65_536));
        assert_eq!((missing.due(), missing.ask(at(500))), (None, vec![]));
    }

    #[test]
    fn what_does_not_come_is_given_up() {
        let start = Instant::now();
        let mut missing = Missing::default();
        missing.came(1, start);
        missing.came(3, start);
        let asked = (0..100)
            .filter(|n| {
                !missing
                    .ask(start + Duration::from_millis(10 * n))
                    .is_empty()
            })
            .count();
        assert_eq!(asked, usize::from(TIMES));
        assert_eq!(missing.due(), None);
        let far = 5 + PACKETS as u64;
        missing.came(far, start);
        assert_eq!(missing.due(), None, "too many");
        let farther = far + PACKETS as u64 + 1;
        missing.came(farther, start);
        missing.came(farther + 2, start);
        assert_eq!(missing.ask(start + PATIENCE).len(), PACKETS);
    }
}
