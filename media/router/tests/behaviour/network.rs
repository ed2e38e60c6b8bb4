//! A link that loses, delays and reorders, in virtual time and the same on every run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

/// Xorshift: small, and the same everywhere.
#[derive(Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// 0 ≤ x < 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conditions {
    /// Share of packets lost.
    pub loss: f64,
    pub delay: Duration,
    /// Added to the delay of each packet, up to this; packets overtake each other.
    pub jitter: Duration,
}

impl Conditions {
    pub const GOOD: Self = Self {
        loss: 0.0,
        delay: Duration::from_millis(10),
        jitter: Duration::ZERO,
    };
    pub const BAD: Self = Self {
        loss: 0.1,
        delay: Duration::from_millis(30),
        jitter: Duration::from_millis(50),
    };
}

struct OnTheWay<T> {
    due: Instant,
    order: u64,
    what: T,
}

impl<T> PartialEq for OnTheWay<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl<T> Eq for OnTheWay<T> {}
impl<T> PartialOrd for OnTheWay<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> Ord for OnTheWay<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

pub struct Link<T> {
    pub conditions: Conditions,
    random: Random,
    order: u64,
    on_the_way: BinaryHeap<Reverse<OnTheWay<T>>>,
}

impl<T> Link<T> {
    pub fn new(conditions: Conditions, seed: u64) -> Self {
        Self {
            conditions,
            random: Random::new(seed),
            order: 0,
            on_the_way: BinaryHeap::new(),
        }
    }

    pub fn send(&mut self, now: Instant, what: T) {
        if self.random.share() < self.conditions.loss {
            return;
        }
        let due = now + self.conditions.delay + self.conditions.jitter.mul_f64(self.random.share());
        self.order += 1;
        self.on_the_way.push(Reverse(OnTheWay {
            due,
            order: self.order,
            what,
        }));
    }

    /// The next thing that has arrived by now, and when it did.
    pub fn receive(&mut self, now: Instant) -> Option<(Instant, T)> {
        if self.on_the_way.peek()?.0.due > now {
            return None;
        }
        self.on_the_way
            .pop()
            .map(|Reverse(arrived)| (arrived.due, arrived.what))
    }
}
