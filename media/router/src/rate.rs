use std::time::{Duration, Instant};

/// Bitrate of an encoding, smoothed over about a second.
#[derive(Debug, Clone, Default)]
pub struct Rate {
    bytes: u64,
    folded: Option<Instant>,
    began: Option<Instant>,
    bps: f64,
}

/// Bytes of a second are spread over this.
const SMOOTHING: f64 = 1.0;
/// Before this a rate says little about an encoding that has only begun.
const SETTLED: Duration = Duration::from_secs(2);

impl Rate {
    #[inline]
    pub fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// Takes in what came since the last call; calls sooner than 50 ms after it do nothing.
    pub fn fold(&mut self, now: Instant) {
        let Some(before) = self.folded else {
            if self.bytes > 0 {
                (self.folded, self.began) = (Some(now), Some(now));
                self.bytes = 0;
            }
            return;
        };
        let elapsed = now.saturating_duration_since(before).as_secs_f64();
        if elapsed < 0.05 {
            return;
        }
        let bps = self.bytes as f64 * 8.0 / elapsed;
        // The first rates count fully, so that a new encoding is not told low for a second.
        let age = now
            .saturating_duration_since(self.began.unwrap_or(before))
            .as_secs_f64();
        let share = (1.0 - (-elapsed / SMOOTHING).exp()).max(elapsed / age.max(elapsed));
        self.bps += (bps - self.bps) * share;
        self.folded = Some(now);
        self.bytes = 0;
    }

    /// bit/s.
    pub fn bps(&self) -> u64 {
        self.bps as u64
    }

    /// The same once it is reliable.
    pub fn settled(&self) -> Option<u64> {
        let (began, folded) = (self.began?, self.folded?);
        (folded.saturating_duration_since(began) >= SETTLED).then_some(self.bps())
    }

    /// The encoding begins anew.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_told_as_it_is() {
        let mut rate = Rate::default();
        let mut now = Instant::now();
        rate.add(1000);
        rate.fold(now);
        for tick in 0..40 {
            rate.add(12_500);
            now += Duration::from_millis(100);
            rate.fold(now);
            assert!(
                (990_000..=1_010_000).contains(&rate.bps()),
                "{tick}: {}",
                rate.bps()
            );
        }
        assert!(rate.settled().is_some());
        for _ in 0..50 {
            now += Duration::from_millis(100);
            rate.fold(now);
        }
        assert!(rate.bps() < 10_000);
    }
}
