//! How long a stream has to wait so that its packets are there when they are due.
//!
//! **Invariant: the aim follows the packets of the last seconds alone, so that every change of the network, for worse or
//! better, and every drift of the sender's clock is forgotten in bounded time.** Units are samples of 48 kHz.

use std::time::Instant;

/// Packets remembered: 5 s at 50 packets/s.
const WINDOW: usize = 250;
/// Packets below which the aim is not believed, and [`START`] holds.
const BELIEVE: usize = 50;
/// Aim of an unknown stream, 40 ms.
const START: i64 = 1920;
/// What a frame of the mix takes at once, 20 ms, and 3 ms for a caller of `tick` that is not punctual.
const MARGIN: i64 = 960 + 144;
/// Bound of the aim, 240 ms.
const MOST: i64 = 11_520;
/// One packet of so many may come too late.
const LATE: usize = 64;
/// Packets after which the aim is computed anew.
const RENEW: usize = 10;
/// A transit so far from the others' is another time line, 1 s.
const JUMP: i64 = 48_000;
/// Two packets agree about a new time line, 200 ms.
const AGREE: i64 = 9_600;

/// What a packet's timestamp says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// It belongs to the stream.
    Same,
    /// It is far off; perhaps the first of a new time line, perhaps garbage.
    Doubtful,
    /// The second of a new time line: everything before is void.
    New,
}

/// The transit times of one stream.
pub(crate) struct Delay {
    /// Arrival and timestamp that transits count from.
    anchor: Option<(Instant, u64)>,
    transits: Vec<i64>,
    next: usize,
    since: usize,
    base: i64,
    aim: i64,
    doubt: Option<i64>,
}

/// Samples from `from` to `to`, negative if it is earlier.
fn samples_between(from: Instant, to: Instant) -> i64 {
    let samples = |span: std::time::Duration| (span.as_micros() as i64).saturating_mul(48) / 1000;
    match to.checked_duration_since(from) {
        Some(span) => samples(span),
        None => -samples(from.duration_since(to)),
    }
}

impl Delay {
    pub(crate) fn new() -> Self {
        Self {
            anchor: None,
            transits: Vec::new(),
            next: 0,
            since: 0,
            base: 0,
            aim: START,
            doubt: None,
        }
    }

    fn transit(anchor: (Instant, u64), arrived: Instant, timestamp: u64) -> i64 {
        let media = timestamp.wrapping_sub(anchor.1) as i64;
        samples_between(anchor.0, arrived).saturating_sub(media)
    }

    /// Notes a packet. `New` has forgotten all others.
    pub(crate) fn record(&mut self, arrived: Instant, timestamp: u64) -> Line {
        let Some(anchor) = self.anchor else {
            self.restart(arrived, timestamp);
            return Line::Same;
        };
        let transit = Self::transit(anchor, arrived, timestamp);
        if transit.saturating_sub(self.base).saturating_abs() > JUMP {
            if self
                .doubt
                .is_some_and(|doubt| transit.saturating_sub(doubt).saturating_abs() < AGREE)
            {
                self.restart(arrived, timestamp);
                return Line::New;
            }
            self.doubt = Some(transit);
            return Line::Doubtful;
        }
        self.doubt = None;
        self.push(transit);
        Line::Same
    }

    /// Notes that audio of `timestamp`, missing until now, came as redundancy in a later packet.
    pub(crate) fn record_redundant(&mut self, arrived: Instant, timestamp: u64) {
        if let Some(anchor) = self.anchor {
            let transit = Self::transit(anchor, arrived, timestamp);
            if transit.saturating_sub(self.base).saturating_abs() <= JUMP {
                self.push(transit);
            }
        }
    }

    /// Forgets all others: a packet begins a new time line.
    pub(crate) fn restart(&mut self, arrived: Instant, timestamp: u64) {
        *self = Self::new();
        self.anchor = Some((arrived, timestamp));
        self.push(0);
    }

    fn push(&mut self, transit: i64) {
        if self.transits.len() < WINDOW {
            self.transits.push(transit);
        } else {
            self.transits[self.next] = transit;
        }
        self.next = (self.next + 1) % WINDOW;
        // A packet faster than all before is a new base at once; the rest may wait.
        self.base = self.base.min(transit);
        self.since += 1;
    }

    /// How far behind the fastest packets the stream should be played.
    pub(crate) fn aim(&mut self) -> i64 {
        if self.since >= RENEW {
            self.since = 0;
            self.base = self.transits.iter().copied().min().unwrap_or_default();
            let mut sorted = self.transits.clone();
            let late = sorted.len() / LATE;
            let rank = sorted.len() - 1 - late;
            let (_, slow, _) = sorted.select_nth_unstable(rank);
            let jitter = *slow - self.base;
            let lowest = if self.transits.len() < BELIEVE {
                START
            } else {
                MARGIN
            };
            self.aim = (jitter + MARGIN).clamp(lowest, MOST);
        }
        self.aim
    }

    /// The aim as computed last.
    pub(crate) fn last_aim(&self) -> i64 {
        self.aim
    }

    /// The timestamp of a packet that arrives at `now` as fast as the fastest; `None` before the first packet.
    pub(crate) fn edge(&self, now: Instant) -> Option<u64> {
        let (instant, timestamp) = self.anchor?;
        let passed = samples_between(instant, now).saturating_sub(self.base);
        Some(timestamp.wrapping_add_signed(passed))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn feed(
        delay: &mut Delay,
        start: Instant,
        packets: std::ops::Range<u64>,
        jitter_ms: impl Fn(u64) -> u64,
    ) {
        for n in packets {
            let line = delay.record(
                start + Duration::from_millis(n * 20 + jitter_ms(n)),
                1_000 + n * 960,
            );
            assert_eq!(line, Line::Same);
            delay.aim();
        }
    }

    #[test]
    fn the_aim_follows_the_jitter_both_ways() {
        let (mut delay, start) = (Delay::new(), Instant::now());
        assert_eq!(delay.aim(), START);
        feed(&mut delay, start, 0..100, |_| 3);
        assert_eq!(delay.aim(), MARGIN);
        feed(&mut delay, start, 100..400, |n| n * 7919 % 60);
        assert!(
            (MARGIN + 50 * 48..MARGIN + 60 * 48).contains(&delay.aim()),
            "{}",
            delay.aim()
        );
        feed(&mut delay, start, 400..700, |_| 3);
        assert_eq!(delay.aim(), MARGIN);
    }

    #[test]
    fn a_slower_way_is_the_new_base_after_the_window() {
        let (mut delay, start) = (Delay::new(), Instant::now());
        feed(&mut delay, start, 0..100, |_| 0);
        feed(&mut delay, start, 100..400, |_| 100);
        assert_eq!(delay.aim(), MARGIN);
        assert_eq!(
            delay.edge(start + Duration::from_millis(8_100)),
            Some(1_000 + 400 * 960)
        );
    }

    #[test]
    fn a_jump_needs_two_packets_that_agree() {
        let (mut delay, start) = (Delay::new(), Instant::now());
        feed(&mut delay, start, 0..100, |_| 0);
        let at = |n: u64| start + Duration::from_millis(n * 20);
        assert_eq!(delay.record(at(100), 5_000_000_000), Line::Doubtful);
        assert_eq!(delay.record(at(101), 1_000 + 101 * 960), Line::Same);
        assert_eq!(delay.record(at(102), 5_000_000_000), Line::Doubtful);
        assert_eq!(delay.record(at(103), 5_000_000_960), Line::New);
        assert_eq!(delay.edge(at(103)), Some(5_000_000_960));
    }

    #[test]
    fn any_timestamp_is_survived() {
        let (mut delay, start) = (Delay::new(), Instant::now());
        for timestamp in [0, u64::MAX, 1 << 63, (1 << 63) - 1, 7, u64::MAX / 3] {
            for _ in 0..3 {
                delay.record(start, timestamp);
                delay.record_redundant(start, timestamp.wrapping_sub(1_920));
                delay.aim();
                delay.edge(start);
            }
        }
    }
}
