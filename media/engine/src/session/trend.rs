//! Whether a queue builds up on the way to a client: the trendline estimator of Google's congestion
//! control (draft-ietf-rmcat-gcc), with its constants. See [`Downlink`](super::downlink::Downlink).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

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

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: Instant,
    last_sent: Instant,
    arrived: Instant,
}

/// What the delays say of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    Normal,
    /// A queue builds up.
    Over,
    /// It drains.
    Under,
}

/// The trend of the delays.
#[derive(Debug)]
pub struct Trend {
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
}

impl Default for Trend {
    fn default() -> Trend {
        Trend {
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
        }
    }
}

impl Trend {
    /// As of now.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// A packet that was sent then arrived then, by the client's clock.
    pub fn arrived(&mut self, sent: Instant, arrived: Instant) {
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
