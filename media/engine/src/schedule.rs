//! Who is due when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::command::{MeetingId, SessionId};

/// Something that becomes due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Due {
    /// A meeting's 20 ms.
    Tick(MeetingId),
    /// A session's transport.
    Session(MeetingId, SessionId),
}

/// What becomes due, the soonest first. What is gone by then is ignored by who asks.
#[derive(Debug, Default)]
pub struct Schedule {
    heap: BinaryHeap<Reverse<(Instant, Due)>>,
}

impl Schedule {
    /// Adds.
    pub fn push(&mut self, at: Instant, due: Due) {
        self.heap.push(Reverse((at, due)));
    }

    /// Takes out the next one due at `now`.
    pub fn pop(&mut self, now: Instant) -> Option<Due> {
        let Reverse((at, _)) = self.heap.peek()?;
        if *at > now {
            return None;
        }
        self.heap.pop().map(|Reverse((_, due))| due)
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }
}
