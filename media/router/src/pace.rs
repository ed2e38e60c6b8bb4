use std::time::{Duration, Instant};

use crate::Config;

/// A layer lost this soon after it was given was too much; one kept longer was not.
const TOO_SOON: Duration = Duration::from_secs(10);
/// A hold is forgotten when what was given last was kept for so long.
const FORGOTTEN: Duration = Duration::from_secs(30);
/// A paused tile is tried after this many holds, for this long; after one if nothing is sent.
const TRIAL_AFTER: u32 = 8;
const TRIAL: Duration = Duration::from_secs(3);

/// How soon a session may be given more than it was, for all its tiles together: what one of them
/// may not yet have must not go to a less important one.
#[derive(Debug, Default)]
pub struct Pace {
    /// When more or less was given last.
    changed: Option<Instant>,
    /// That was more.
    rose: bool,
    /// bit/s that were carried before that.
    sustained: u64,
    hold: Option<Duration>,
    /// A tile that is on trial, and until when.
    trial: Option<(usize, Instant)>,
}

impl Pace {
    /// Whether nothing has changed for so many holds.
    fn quiet(&self, now: Instant, config: &Config, holds: u32) -> bool {
        let hold = self.hold.unwrap_or(config.hold) * holds;
        self.changed
            .is_none_or(|changed| now.saturating_duration_since(changed) >= hold)
    }

    pub fn may_rise(&self, now: Instant, config: &Config) -> bool {
        self.quiet(now, config, 1) && self.trial.is_none()
    }

    /// Whether a trial may begin; `nothing`: nothing is sent that could raise the estimate.
    pub fn may_try(&self, now: Instant, config: &Config, nothing: bool) -> bool {
        self.trial.is_none() && self.quiet(now, config, if nothing { 1 } else { TRIAL_AFTER })
    }

    pub fn begin_trial(&mut self, tile: usize, now: Instant, before: u64) {
        self.rose(now, before);
        self.trial = Some((tile, now + TRIAL));
    }

    pub fn end_trial(&mut self) {
        self.trial = None;
    }

    /// The tile that is on trial.
    pub fn on_trial(&mut self, now: Instant) -> Option<usize> {
        self.trial = self.trial.filter(|&(_, until)| now < until);
        self.trial.map(|(tile, _)| tile)
    }

    /// `before`: what was carried before, in bit/s.
    pub fn rose(&mut self, now: Instant, before: u64) {
        let long_ago = |changed: Instant| now.saturating_duration_since(changed) >= FORGOTTEN;
        if self.rose && self.changed.is_some_and(long_ago) {
            self.hold = None;
        }
        (self.changed, self.rose, self.sustained) = (Some(now), true, before);
    }

    /// What was given last goes first: until then, what was carried before it.
    pub fn sustained(&self, now: Instant) -> u64 {
        if self.rose && self.changed.is_some_and(|changed| too_soon(changed, now)) {
            self.sustained
        } else {
            0
        }
    }

    pub fn fell(&mut self, now: Instant, config: &Config) {
        if self.rose && self.changed.is_some_and(|changed| too_soon(changed, now)) {
            let hold = self.hold.unwrap_or(config.hold);
            self.hold = Some((hold * 2).min(config.hold_at_most));
        }
        (self.changed, self.rose) = (Some(now), false);
    }
}

fn too_soon(changed: Instant, now: Instant) -> bool {
    now.saturating_duration_since(changed) < TOO_SOON
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_doubles_when_what_was_given_is_lost_soon_and_is_forgotten_in_time() {
        let (config, mut now) = (Config::default(), Instant::now());
        let mut pace = Pace::default();
        assert!(pace.may_rise(now, &config));
        for hold in [2, 4, 8, 16, 32, 32] {
            pace.fell(now, &config);
            now += Duration::from_secs(hold) - Duration::from_millis(1);
            assert!(!pace.may_rise(now, &config), "{hold}");
            now += Duration::from_millis(1);
            assert!(pace.may_rise(now, &config), "{hold}");
            pace.hold = pace.hold.or(Some(config.hold));
            (pace.changed, pace.rose) = (Some(now), true);
        }
        now += Duration::from_secs(40);
        pace.rose(now, 0);
        now += Duration::from_secs(2);
        assert!(pace.may_rise(now, &config));
    }

    #[test]
    fn nothing_else_rises_during_a_trial() {
        let (config, mut now) = (Config::default(), Instant::now());
        let mut pace = Pace::default();
        pace.fell(now, &config);
        assert!(!pace.may_try(now, &config, true));
        now += config.hold;
        assert!(pace.may_try(now, &config, true) && !pace.may_try(now, &config, false));
        pace.begin_trial(3, now, 700);
        assert_eq!(pace.sustained(now), 700);
        now += config.hold;
        assert_eq!(pace.on_trial(now), Some(3));
        assert!(!pace.may_rise(now, &config) && !pace.may_try(now, &config, true));
        now += TRIAL;
        assert_eq!(pace.on_trial(now), None);
        assert!(pace.may_rise(now, &config));
    }
}
