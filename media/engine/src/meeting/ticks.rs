//! What a meeting does every 20 ms, and every so many of them.

use std::time::Instant;

use crate::event::{CloseReason, Event};
use crate::meeting::outlet::Outlet;
use crate::meeting::{Meeting, Output};
use crate::session::Session;

/// Ticks of 20 ms between two rounds of each.
const ROUTE: u64 = 5;
const PCM: u64 = 8;
const LEVELS: u64 = 10;
const QUIET: u64 = 10;
const SILENCE: u64 = 50;
const REPORT: u64 = 50;
const SIGNAL: u64 = 100;
const BITRATES: u64 = 200;

/// Hz of what is transcribed.
const PCM_RATE: u32 = 16_000;

impl Meeting {
    /// Makes 20 ms of audio, and whatever else is due.
    pub fn tick(&mut self, now: Instant, output: &mut Output) {
        self.ticks += 1;
        let mut outlet = Outlet::new(self.id, &mut self.sessions, output, &mut self.counters, now);
        self.mixer.tick(now, &mut outlet);
        self.report(now, output);
        let due = |every: u64| self.ticks.is_multiple_of(every);
        let (route, pcm, levels) = (due(ROUTE), due(PCM), due(LEVELS));
        let (quiet, silence) = (due(QUIET), due(SILENCE));
        let (signal, bitrates) = (due(SIGNAL), due(BITRATES));
        if route {
            self.route(now, output);
        }
        if levels {
            self.tell_levels(output);
        }
        if pcm && self.transcribed {
            self.tell_pcm(output);
        }
        if quiet {
            self.tell_quiet(now, output);
        }
        if silence {
            self.end_silent(now, output);
        }
        if signal {
            self.tell_signals(output);
        }
        if bitrates {
            self.tell_bitrates(output);
        }
    }

    /// Sender reports, once a second for each session, not for all in one tick.
    fn report(&mut self, now: Instant, output: &mut Output) {
        let ntp = self.settings.ntp(now);
        for (id, session) in &mut self.sessions {
            if id % REPORT == self.ticks % REPORT {
                session.report(now, ntp, &mut output.datagrams);
            }
        }
    }

    fn tell_levels(&mut self, output: &mut Output) {
        let levels = self.mixer.levels().entries;
        let audible = !levels.is_empty();
        if audible || self.audible {
            let meeting = self.id;
            output.events.push(Event::Levels { meeting, levels });
        }
        self.audible = audible;
    }

    fn tell_pcm(&mut self, output: &mut Output) {
        let (start, epoch) = self.settings.clock;
        let meeting = self.id;
        let events = &mut output.events;
        let mut last: Option<(u64, u64)> = None; // session, epoch ms at which its piece ends
        self.mixer.drain_pcm(&mut |session, at, samples| {
            let at_ms = epoch + at.saturating_duration_since(start).as_millis() as u64;
            let end = at_ms + samples.len() as u64 * 1000 / u64::from(PCM_RATE);
            let bytes = samples.iter().flat_map(|sample| sample.to_le_bytes());
            let follows =
                last.is_some_and(|(of, until)| of == session && until.abs_diff(at_ms) <= 1);
            last = Some((session, end));
            if follows && let Some(Event::Pcm { samples, .. }) = events.last_mut() {
                samples.extend(bytes);
                return;
            }
            events.push(Event::Pcm {
                meeting,
                session,
                at_ms,
                rate: PCM_RATE,
                samples: bytes.collect(),
            });
        });
    }

    fn end_silent(&mut self, now: Instant, output: &mut Output) {
        let over: Vec<_> = self
            .sessions
            .iter()
            .filter_map(|(id, session)| {
                if session.is_silent(now) {
                    Some((*id, CloseReason::Silent))
                } else if session.is_stuck(now) {
                    Some((*id, CloseReason::Dtls))
                } else {
                    None
                }
            })
            .collect();
        for (session, reason) in over {
            self.give_up(session, reason, output);
        }
    }

    fn tell_quiet(&mut self, now: Instant, output: &mut Output) {
        for (id, session) in &mut self.sessions {
            if let Some(quiet) = session.take_quiet(now) {
                let session = *id;
                output.events.push(Event::Quiet { session, quiet });
            }
        }
    }

    fn tell_signals(&mut self, output: &mut Output) {
        let changed = |(id, session): (&_, &mut Session)| Some((*id, session.take_signal()?));
        let strengths: Vec<_> = self.sessions.iter_mut().filter_map(changed).collect();
        if !strengths.is_empty() {
            let meeting = self.id;
            output.events.push(Event::Signals { meeting, strengths });
        }
    }

    fn tell_bitrates(&mut self, output: &mut Output) {
        let bitrates: Vec<_> = self.router.bitrates().collect();
        let estimates: Vec<_> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.has_tiles())
            .filter_map(|(id, session)| Some((*id, session.estimate?)))
            .collect();
        if !bitrates.is_empty() || !estimates.is_empty() {
            let meeting = self.id;
            output.events.push(Event::Bitrates {
                meeting,
                bitrates,
                estimates,
            });
        }
    }
}
