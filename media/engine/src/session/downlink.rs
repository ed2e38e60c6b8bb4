//! How much a client's downlink carries, from its transport-wide feedback (chime-meetings C.8).
//!
//! Theory: packets that are sent faster than the path carries them queue up, so the spacing of
//! their arrivals grows beyond that of their departures. A line through the accumulated differences
//! has a slope; a slope above a threshold that adapts to the path's jitter is overuse, and the
//! estimate falls to a little less than what was seen to arrive. Otherwise it rises: quickly as
//! long as what is sent confirms it, slowly where the senders' layers do not use what there is.
//! Nothing is sent to probe the path: a layer more, sent by the router once the estimate allows
//! for it, is the probe. Heavy loss lowers the estimate whatever the delays say.
//!
//! After the receive-side half of Google's congestion control (draft-ietf-rmcat-gcc), with the
//! constants of its trendline estimator.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::session::trend::{Trend, Usage};

/// Packets whose feedback is waited for.
const HISTORY: usize = 4096;
/// Time over which arrivals and losses are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// The estimate falls at most this often.
const FALL_EVERY: Duration = Duration::from_millis(300);
/// After a fall the estimate rises by steps, later by a factor.
const CAREFUL: Duration = Duration::from_secs(5);
/// bit/s.
const LOWEST: f64 = 50_000.0;
const FIRST: f64 = 1_500_000.0;
/// A path that lost nothing and held nothing back is not taken for less than this.
const CARRIED: f64 = 300_000.0;
const HIGHEST: f64 = 20_000_000.0;
/// Loss above this part lowers the estimate.
const HEAVY_LOSS: f64 = 0.15;

/// What the feedback says of one packet: its extended transport-wide number, and when it arrived
/// by the client's clock.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Extended number.
    pub sequence: u64,
    /// None: it did not arrive.
    pub at: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    size: u16,
    reported: bool,
}

/// The estimate of one session's downlink.
#[derive(Debug, Default)]
pub struct Downlink {
    sent: VecDeque<Sent>,
    /// Extended number of the packet after the newest.
    next: u64,
    window: VecDeque<(Instant, u32, u32, u32)>, // at, bytes that arrived, packets, packets lost
    trend: Trend,
    estimate: Option<f64>,
    first_feedback: Option<Instant>,
    updated: Option<Instant>,
    fell: Option<Instant>,
}

impl Downlink {
    /// A packet with this transport-wide number went out.
    pub fn sent(&mut self, number: u16, size: usize, at: Instant) {
        let ahead = number.wrapping_sub(self.next as u16);
        if ahead != 0 && (ahead < 0x8000 || self.sent.is_empty()) {
            // The transport counts without gaps; should it not, start anew.
            self.sent.clear();
            self.next += u64::from(ahead);
        }
        self.next += 1;
        if self.sent.len() == HISTORY {
            self.sent.pop_front();
        }
        let size = size.min(usize::from(u16::MAX)) as u16;
        self.sent.push_back(Sent {
            at,
            size,
            reported: false,
        });
    }

    /// The newest extended number, to extend those of a feedback by.
    pub fn newest(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// Takes a feedback.
    pub fn feedback(&mut self, arrivals: impl Iterator<Item = Arrival>, now: Instant) {
        let oldest = self.next - self.sent.len() as u64;
        let (mut bytes, mut packets, mut lost) = (0, 0, 0);
        for arrival in arrivals {
            let Some(index) = arrival.sequence.checked_sub(oldest) else {
                continue;
            };
            let Some(sent) = self.sent.get_mut(index as usize) else {
                continue;
            };
            if sent.reported {
                continue;
            }
            packets += 1;
            sent.reported = true;
            let Some(at) = arrival.at else {
                lost += 1;
                continue;
            };
            let sent = *sent;
            bytes += u32::from(sent.size);
            self.trend.arrived(sent.at, at);
        }
        if packets == 0 {
            return;
        }
        self.first_feedback.get_or_insert(now);
        self.window.push_back((now, bytes, packets, lost));
        while self
            .window
            .front()
            .is_some_and(|(at, ..)| now.saturating_duration_since(*at) > WINDOW)
        {
            self.window.pop_front();
        }
        self.update(now);
    }

    /// bit/s, once there is one.
    pub fn estimate(&self) -> Option<u64> {
        self.estimate.map(|bps| bps as u64)
    }

    /// Part of the last second's packets that was lost, once enough of them were reported.
    pub fn loss(&self) -> Option<f64> {
        let (packets, lost) = self
            .window
            .iter()
            .fold((0, 0), |(packets, lost), (_, _, p, l)| {
                (packets + p, lost + l)
            });
        (packets >= 20).then(|| f64::from(lost) / f64::from(packets))
    }

    /// bit/s that arrived in the last second.
    fn arriving(&self, now: Instant) -> f64 {
        let bytes: u32 = self.window.iter().map(|(_, bytes, ..)| bytes).sum();
        let span = self.first_feedback.map_or(WINDOW, |first| {
            now.saturating_duration_since(first).min(WINDOW)
        });
        f64::from(bytes) * 8.0 / span.as_secs_f64().max(0.3)
    }

    /// bit/s that was sent in the last second.
    fn sending(&self, now: Instant) -> f64 {
        let recent = |sent: &&Sent| now.saturating_duration_since(sent.at) <= WINDOW;
        let bytes: u64 = self
            .sent
            .iter()
            .rev()
            .take_while(recent)
            .map(|s| u64::from(s.size))
            .sum();
        bytes as f64 * 8.0 / WINDOW.as_secs_f64()
    }

    fn update(&mut self, now: Instant) {
        let arriving = self.arriving(now);
        let since = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at));
        let Some(estimate) = self.estimate else {
            if since(self.first_feedback) >= Some(Duration::from_millis(500)) {
                self.estimate = Some(FIRST.max(2.0 * arriving).min(HIGHEST));
                self.updated = Some(now);
            }
            return;
        };
        let passed = since(self.updated)
            .unwrap_or_default()
            .min(WINDOW)
            .as_secs_f64();
        self.updated = Some(now);
        let may_fall = since(self.fell).is_none_or(|since| since >= FALL_EVERY);
        let loss = self.loss().unwrap_or(0.0);
        let mut next = estimate;
        if self.trend.usage() == Usage::Over {
            if may_fall {
                next = if self.sending(now) > 1.15 * arriving {
                    estimate.min(0.85 * arriving)
                } else {
                    // All that is sent arrives: too little to tell what the path carries.
                    estimate.min((0.85 * estimate).max(arriving).max(CARRIED))
                };
                self.fell = Some(now);
            }
        } else if loss > HEAVY_LOSS {
            if may_fall {
                next = estimate.min(arriving.max(LOWEST)) * (1.0 - 0.3 * loss);
                self.fell = Some(now);
            }
        } else if self.trend.usage() == Usage::Normal && loss < 0.5 * HEAVY_LOSS {
            let confirmed = estimate < 1.5 * arriving + 10_000.0;
            let careful = since(self.fell).is_some_and(|since| since < CAREFUL);
            next = match (confirmed, careful) {
                (true, true) => estimate + 50_000.0 * passed,
                (true, false) => estimate * 1.08_f64.powf(passed),
                (false, true) => estimate,
                (false, false) => estimate * 1.04_f64.powf(passed),
            };
            // What arrives without a queue is carried, however quickly it became that much.
            next = next.max(arriving);
        }
        self.estimate = Some(next.clamp(LOWEST, HIGHEST));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path of `capacity` bit/s that queues 300 ms at most; the client reports every 50 ms.
    struct Path {
        downlink: Downlink,
        now: Instant,
        free: Instant,
        number: u64,
        pending: Vec<Arrival>,
        reported: Instant,
    }

    impl Path {
        fn new() -> Path {
            let now = Instant::now();
            let downlink = Downlink::default();
            Path {
                downlink,
                now,
                free: now,
                number: 0,
                pending: vec![],
                reported: now,
            }
        }

        fn run(&mut self, seconds: u64, sent: f64, capacity: f64, loss_every: u64) {
            let end = self.now + Duration::from_secs(seconds);
            let gap = Duration::from_secs_f64(1200.0 * 8.0 / sent);
            let takes = Duration::from_secs_f64(1200.0 * 8.0 / capacity);
            while self.now < end {
                self.now += gap;
                self.downlink.sent(self.number as u16, 1200, self.now);
                let start = self.free.max(self.now);
                let queued = start - self.now;
                let random = loss_every != 0 && self.number.is_multiple_of(loss_every);
                let lost = random || queued > Duration::from_millis(300);
                if !lost {
                    self.free = start + takes;
                }
                let at = (!lost).then_some(self.free + Duration::from_millis(20));
                self.pending.push(Arrival {
                    sequence: self.number,
                    at,
                });
                self.number += 1;
                if self.now - self.reported >= Duration::from_millis(50) {
                    self.reported = self.now;
                    let arrivals = std::mem::take(&mut self.pending);
                    self.downlink.feedback(arrivals.into_iter(), self.now);
                }
            }
        }

        fn estimate(&self) -> u64 {
            self.downlink.estimate().unwrap()
        }
    }

    #[test]
    fn a_path_that_carries_all_is_estimated_higher_and_higher() {
        let mut path = Path::new();
        path.run(2, 300_000.0, 10_000_000.0, 0);
        let early = path.estimate();
        path.run(20, 300_000.0, 10_000_000.0, 0);
        assert!(early >= 1_400_000, "{early}");
        assert!(
            path.estimate() > 2 * early,
            "{} after {early}",
            path.estimate()
        );
    }

    #[test]
    fn what_arrives_without_a_queue_is_carried_however_quickly_it_grew() {
        let mut path = Path::new();
        path.run(2, 300_000.0, 20_000_000.0, 0);
        path.run(2, 5_000_000.0, 20_000_000.0, 0);
        assert!(path.estimate() > 4_500_000, "{}", path.estimate());
    }

    #[test]
    fn a_queue_that_builds_lowers_the_estimate_below_the_capacity() {
        let mut path = Path::new();
        path.run(2, 1_200_000.0, 10_000_000.0, 0);
        path.run(2, 1_200_000.0, 600_000.0, 0);
        assert!(path.estimate() < 700_000, "{}", path.estimate());
        assert!(path.estimate() > 200_000, "{}", path.estimate());
    }

    #[test]
    fn the_estimate_comes_back_when_the_path_does() {
        let mut path = Path::new();
        path.run(2, 1_200_000.0, 10_000_000.0, 0);
        path.run(3, 1_200_000.0, 500_000.0, 0);
        path.run(20, 400_000.0, 10_000_000.0, 0);
        assert!(path.estimate() > 600_000, "{}", path.estimate());
    }

    #[test]
    fn a_jolt_while_little_is_sent_says_little_of_the_path() {
        let mut path = Path::new();
        path.run(5, 50_000.0, 10_000_000.0, 0);
        let before = path.estimate();
        path.free = path.now + Duration::from_millis(250);
        path.run(5, 50_000.0, 10_000_000.0, 0);
        assert!(
            path.estimate() > before / 2,
            "{} after {before}",
            path.estimate()
        );
    }

    #[test]
    fn a_tenth_lost_at_random_is_no_lack_of_bandwidth() {
        let mut path = Path::new();
        path.run(20, 1_000_000.0, 10_000_000.0, 10);
        assert!(path.estimate() >= 1_000_000, "{}", path.estimate());
        assert!((path.downlink.loss().unwrap() - 0.1).abs() < 0.03);
    }

    #[test]
    fn a_third_lost_lowers_the_estimate() {
        let mut path = Path::new();
        path.run(10, 1_000_000.0, 10_000_000.0, 3);
        assert!(path.estimate() < 900_000, "{}", path.estimate());
    }

    #[test]
    fn feedback_of_packets_that_were_never_sent_is_nothing() {
        let mut downlink = Downlink::default();
        let now = Instant::now();
        let arrivals = (0..500).map(|n| Arrival {
            sequence: n * 1_000_003,
            at: Some(now),
        });
        downlink.feedback(arrivals, now);
        assert_eq!(downlink.estimate(), None);
    }
}
