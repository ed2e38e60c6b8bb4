//! Who is audible, and how loud.
//!
//! **Invariant: a packet that is audible makes its member audible at once, and for [`HANGOVER`] after; loudness rises at
//! once and falls slowly, so that pauses within speech do not count.**

use std::time::{Duration, Instant};

/// −dBFS at and below which a frame is audible.
const AUDIBLE: u8 = 60;
/// The same for one that is audible already.
const STILL_AUDIBLE: u8 = 66;
/// How long a member counts as audible after its last audible frame, so that the ends of words are heard.
const HANGOVER: Duration = Duration::from_millis(500);
/// Part of the way to a louder level that loudness goes with a frame.
const RISE: f32 = 0.5;
/// dB that loudness falls with a frame of 20 ms.
const FALL: f32 = 0.6;
/// Frames claimed audible but found silent after which claims are not believed any more, 1 s.
const LIES: u32 = 50;
/// What an audible frame must be when decoded, −dBFS.
const FOUND_SILENT: u8 = 75;

/// −dBFS of interleaved samples by their root mean square, 0..127.
pub(crate) fn measure(samples: &[f32]) -> u8 {
    let energy: f32 = samples.iter().map(|x| x * x).sum();
    let mean = energy / samples.len().max(1) as f32;
    level_of(mean)
}

fn level_of(mean_square: f32) -> u8 {
    if mean_square <= 0.0 {
        return 127;
    }
    (-10.0 * mean_square.log10()).round().clamp(0.0, 127.0) as u8
}

/// The loudness of one member.
pub(crate) struct Activity {
    loudness: f32,
    audible_at: Option<Instant>,
    energy: f32,
    frames: u32,
    claim: u8,
    lies: u32,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self {
            loudness: -127.0,
            audible_at: None,
            energy: 0.0,
            frames: 0,
            claim: 127,
            lies: 0,
        }
    }

    /// Notes a frame of `level` −dBFS; true if it is audible.
    pub(crate) fn heard(&mut self, level: u8, at: Instant) -> bool {
        let loudness = -f32::from(level.min(127));
        self.claim = level;
        if loudness > self.loudness {
            self.loudness += (loudness - self.loudness) * RISE;
        } else {
            self.loudness = loudness.max(self.loudness - FALL);
        }
        let threshold = if self.audible_at.is_some() {
            STILL_AUDIBLE
        } else {
            AUDIBLE
        };
        self.frames += 1;
        if level > threshold {
            return false;
        }
        self.energy += 10f32.powf(loudness / 10.0);
        self.audible_at = Some(self.audible_at.map_or(at, |before| before.max(at)));
        true
    }

    /// Audible now, or a moment ago; `delay` is how much later than its arrival audio is played.
    pub(crate) fn is_audible(&self, now: Instant, delay: Duration) -> bool {
        self.audible_at
            .is_some_and(|at| now.saturating_duration_since(at) < HANGOVER + delay)
    }

    /// dBFS, smoothed.
    pub(crate) fn loudness(&self) -> f32 {
        self.loudness
    }

    /// The level since the last call, −dBFS; `None` if nothing audible came.
    pub(crate) fn take_level(&mut self) -> Option<u8> {
        let level = (self.energy > 0.0).then(|| level_of(self.energy / self.frames as f32));
        (self.energy, self.frames) = (0.0, 0);
        level
    }

    /// Compares what is claimed with what was decoded; a delay between the two is far shorter than [`LIES`].
    pub(crate) fn check(&mut self, found: u8) {
        if found < FOUND_SILENT {
            self.lies = 0;
        } else if self.claim <= STILL_AUDIBLE {
            self.lies = self.lies.saturating_add(1);
        }
    }

    /// False for a member whose claims have proved wrong.
    pub(crate) fn is_believed(&self) -> bool {
        self.lies < LIES
    }

    /// Silent from now on, until heard again.
    pub(crate) fn hush(&mut self) {
        *self = Self {
            lies: self.lies,
            ..Self::new()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_minus_dbfs() {
        let tone: Vec<f32> = (0..4_800)
            .map(|n| (n as f32 * std::f32::consts::TAU / 48.0).sin())
            .collect();
        assert_eq!(measure(&tone), 3);
        assert_eq!(
            measure(&tone.iter().map(|x| x * 0.1).collect::<Vec<_>>()),
            23
        );
        assert_eq!(measure(&[0.0; 960]), 127);
        assert_eq!(measure(&[]), 127);
    }

    #[test]
    fn the_end_of_a_word_is_within_the_hangover() {
        let (mut activity, start) = (Activity::new(), Instant::now());
        let at = |ms| start + Duration::from_millis(ms);
        assert!(!activity.heard(61, start) && !activity.is_audible(start, Duration::ZERO));
        assert!(activity.heard(30, at(20)));
        assert!(activity.heard(65, at(40)) && !activity.heard(67, at(60)));
        assert!(activity.is_audible(at(539), Duration::ZERO));
        assert!(!activity.is_audible(at(540), Duration::ZERO));
        assert!(activity.is_audible(at(579), Duration::from_millis(40)));
    }

    #[test]
    fn loudness_rises_at_once_and_outlasts_a_pause() {
        let (mut activity, start) = (Activity::new(), Instant::now());
        for _ in 0..5 {
            activity.heard(20, start);
        }
        assert!(activity.loudness() > -25.0);
        for _ in 0..10 {
            activity.heard(127, start);
        }
        assert!(activity.loudness() > -31.0);
    }

    #[test]
    fn the_level_is_the_mean_since_the_last_call() {
        let (mut activity, start) = (Activity::new(), Instant::now());
        assert_eq!(activity.take_level(), None);
        activity.heard(20, start);
        activity.heard(127, start);
        assert_eq!(activity.take_level(), Some(23));
        assert_eq!(activity.take_level(), None);
    }

    #[test]
    fn who_claims_to_be_loud_in_silence_is_not_believed_long() {
        let (mut activity, start) = (Activity::new(), Instant::now());
        for _ in 0..LIES {
            assert!(activity.is_believed());
            activity.heard(0, start);
            activity.check(127);
        }
        assert!(!activity.is_believed());
        activity.check(30);
        assert!(activity.is_believed());
    }
}
