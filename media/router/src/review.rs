//! What time changes: rates, layers that stop, requests to repeat.
//!
//! **Invariant: after a tick nothing is pending but what only time or packets can bring.**

use std::time::{Duration, Instant};

use crate::{Output, Router, SourceState};

/// A sender above its limit is asked this often to show whether it still is.
const SHOW_SIZE: Duration = Duration::from_secs(5);

/// Bandwidth of one receiving session, for its congestion controller; bit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// What is being forwarded now.
    pub current: u64,
    /// What it would take to forward all that was asked for.
    pub desired: u64,
}

impl<E: Clone> Router<E> {
    /// To be called after every batch of changes and every 100 ms.
    pub fn tick<O: Output<E> + ?Sized>(&mut self, now: Instant, out: &mut O) {
        let encodings: Vec<usize> = self.encodings.iter().map(|(index, _)| index).collect();
        for &index in &encodings {
            self.encodings[index].rate.fold(now);
            self.notice_silence(index, now, out);
            self.tell_size(index, out);
        }
        let due =
            |reviewed: Instant| now.saturating_duration_since(reviewed) >= self.config.review_every;
        let review = self.reviewed.is_none_or(due);
        let all = std::mem::take(&mut self.unsettled) || review;
        let sessions: Vec<usize> = self
            .sessions
            .iter()
            .filter(|(_, session)| all || session.unsettled)
            .map(|(index, _)| index)
            .collect();
        for session in sessions {
            self.settle(session, now, out);
        }
        for index in encodings {
            self.ask(index, now, out);
            let encoding = &mut self.encodings[index];
            let watched = !encoding.takers.is_empty() || !encoding.waiting.is_empty();
            if watched != encoding.watched {
                encoding.watched = watched;
                if !watched {
                    encoding.recent.clear();
                }
                out.watched(encoding.stream, watched);
            }
        }
        if review {
            self.reviewed = Some(now);
            self.tell_starved(now, out);
        }
        self.dirty = false;
        debug_assert!(self.consistent());
    }

    fn notice_silence<O: Output<E> + ?Sized>(&mut self, index: usize, now: Instant, out: &mut O) {
        let encoding = &mut self.encodings[index];
        let silent =
            |last: Instant| now.saturating_duration_since(last) > self.config.stalled_after;
        if encoding.arrives && encoding.last_packet.is_some_and(silent) {
            encoding.arrives = false;
            let (width, height) = encoding.size.unwrap_or_default();
            out.source(encoding.stream, SourceState::Stalled, width, height);
            self.unsettle_watchers(index);
        }
    }

    /// Asks for a key frame if one is needed and may be asked for now.
    pub(crate) fn ask<O: Output<E> + ?Sized>(&mut self, index: usize, now: Instant, out: &mut O) {
        let encoding = &mut self.encodings[index];
        let waiting = !encoding.waiting.is_empty();
        let (needed, every) = if encoding.too_large {
            (true, SHOW_SIZE)
        } else if encoding.arrives {
            (waiting, self.config.keyframe_every)
        } else {
            (waiting, self.config.keyframe_every_stalled)
        };
        if encoding.requests.ask(needed, now, every) {
            out.request_keyframe(encoding.stream);
        }
    }

    /// Senders that sent, still mean to, and send nothing on any layer (B.5).
    fn tell_starved<O: Output<E> + ?Sized>(&mut self, now: Instant, out: &mut O) {
        let mut starved = Vec::new();
        for (_, group) in &self.groups {
            let active = || {
                group
                    .encodings
                    .iter()
                    .map(|&index| &self.encodings[index])
                    .filter(|one| one.declared.active)
            };
            let last = active().filter_map(|encoding| encoding.last_packet).max();
            if last
                .is_some_and(|last| now.saturating_duration_since(last) > self.config.starved_after)
            {
                starved.extend(active().map(|encoding| encoding.stream));
            }
        }
        starved.sort_unstable();
        if starved != self.starved {
            out.starved(&starved);
            self.starved = starved;
        }
    }

    /// Smoothed bitrate of every source, bit/s.
    pub fn bitrates(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.encodings
            .iter()
            .map(|(_, encoding)| (encoding.stream, encoding.rate.bps()))
    }

    /// What the session gets and what it would take; zero if it is unknown.
    pub fn demand(&self, session: u64) -> Demand {
        let Some(session) = self.known_session(session) else {
            return Demand::default();
        };
        Demand {
            current: self.forwarded(session),
            desired: session.desired,
        }
    }
}
