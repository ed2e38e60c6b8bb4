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

/// Packets whose feedback is waited for.
const HISTORY: usize = 4096;
/// Packets sent within this time form one group.
const GROUP: Duration = Duration::from_millis(5);
/// Groups that a line is drawn through.
const LINE: usize = 20;
/// What the line's slope is scaled by.
const GAIN: f64 = 4.0;
/// A slope above the threshold for this long is overuse, in ms.
const OVERUSE_TIME: f64 = 10.0;
/// Bounds of the threshold, and how fast it follows up and down.
const THRESHOLD: std::ops::RangeInclusive<f64> = 6.0..=600.0;
const THRESHOLD_UP: f64 = 0.0087;
const THRESHOLD_DOWN: f64 = 0.039;
/// Time over which arrivals and losses are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// The estimate falls at most this often.
const FALL_EVERY: Duration = Duration::from_millis(300);
/// After a fall the estimate rises by steps, later by a factor.
const CAREFUL: Duration = Duration::from_secs(5);
/// bit/s.
const LOWEST: f64 = 50_000.0;
const FIRST: f64 = 1_500_000.0;
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

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: Instant,
    last_sent: Instant,
    arrived: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Usage {
    Normal,
    Over,
    Under,
}

/// The estimate of one session's downlink.
#[derive(Debug)]
pub struct Downlink {
    sent: VecDeque<Sent>,
    /// Extended number of the packet after the newest.
    next: u64,
    window: VecDeque<(Instant, u32, u32, u32)>, // at, bytes that arrived, packets, packets lost
    group: Option<Group>,
    previous: Option<Group>,
    line: VecDeque<(f64, f64)>,
    origin: Option<Instant>,
    groups: u32,
    accumulated: f64,
    smoothed: f64,
    slope: f64,
    threshold: f64,
    over_for: f64,
    over_count: u32,
    usage: Usage,
    estimate: Option<f64>,
    first_feedback: Option<Instant>,
    updated: Option<Instant>,
    fell: Option<Instant>,
}

impl Default for Downlink {
    fn default() -> Downlink {
        Downlink {
            sent: VecDeque::new(),
            next: 0,
            window: VecDeque::new(),
            group: None,
            previous: None,
            line: VecDeque::with_capacity(LINE + 1),
            origin: None,
            groups: 0,
            accumulated: 0.0,
            smoothed: 0.0,
            slope: 0.0,
            threshold: 12.5,
            over_for: 0.0,
            over_count: 0,
            usage: Usage::Normal,
            estimate: None,
            first_feedback: None,
            updated: None,
            fell: None,
        }
    }
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
            self.arrived(sent.at, at);
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

    fn arrived(&mut self, sent: Instant, arrived: Instant) {
        let Some(group) = &mut self.group else {
            self.group = Some(Group {
                first_sent: sent,
                last_sent: sent,
                arrived,
            });
            return;
        };
        if sent < group.first_sent {
            return; // Out of order: it says nothing of the queue.
        }
        if sent.saturating_duration_since(group.first_sent) <= GROUP {
            group.last_sent = sent;
            group.arrived = group.arrived.max(arrived);
            return;
        }
        let complete = *group;
        self.group = Some(Group {
            first_sent: sent,
            last_sent: sent,
            arrived,
        });
        if let Some(previous) = self.previous.replace(complete) {
            self.compare(&previous, &complete);
        }
    }

    fn compare(&mut self, before: &Group, after: &Group) {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let sent = ms(after.last_sent.saturating_duration_since(before.last_sent));
        let arrived = if after.arrived >= before.arrived {
            ms(after.arrived - before.arrived)
        } else {
            -ms(before.arrived - after.arrived)
        };
        self.groups += 1;
        self.accumulated += arrived - sent;
        self.smoothed = 0.9 * self.smoothed + 0.1 * self.accumulated;
        let origin = *self.origin.get_or_insert(after.arrived);
        let x = ms(after.arrived.saturating_duration_since(origin));
        self.line.push_back((x, self.smoothed));
        if self.line.len() > LINE {
            self.line.pop_front();
        }
        if self.line.len() == LINE
            && let Some(slope) = slope(&self.line)
        {
            self.detect(slope, sent);
        }
    }

    fn detect(&mut self, slope: f64, sent: f64) {
        let trend = f64::from(self.groups.min(60)) * slope * GAIN;
        if trend > self.threshold {
            self.over_for += sent;
            self.over_count += 1;
            if self.over_for > OVERUSE_TIME && self.over_count > 1 && slope >= self.slope {
                self.over_for = 0.0;
                self.over_count = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            self.over_count = 0;
            self.usage = if trend < -self.threshold {
                Usage::Under
            } else {
                Usage::Normal
            };
        }
        self.slope = slope;
        let excess = trend.abs() - self.threshold;
        if excess <= 15.0 {
            let follow = if excess > 0.0 {
                THRESHOLD_UP
            } else {
                THRESHOLD_DOWN
            };
            let threshold = self.threshold + follow * excess * sent.min(100.0);
            self.threshold = threshold.clamp(*THRESHOLD.start(), *THRESHOLD.end());
        }
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
        if self.usage == Usage::Over {
            if may_fall {
                next = estimate.min(0.85 * arriving);
                self.fell = Some(now);
            }
        } else if loss > HEAVY_LOSS {
            if may_fall {
                next = estimate.min(arriving.max(LOWEST)) * (1.0 - 0.3 * loss);
                self.fell = Some(now);
            }
        } else if self.usage == Usage::Normal && loss < 0.5 * HEAVY_LOSS {
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

/// Slope of the line that fits best.
fn slope(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let count = points.len() as f64;
    let (sum_x, sum_y) = points
        .iter()
        .fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (mean_x, mean_y) = (sum_x / count, sum_y / count);
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
        (
            above + (x - mean_x) * (y - mean_y),
            below + (x - mean_x).powi(2),
        )
    });
    (below > 0.0).then(|| above / below)
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
