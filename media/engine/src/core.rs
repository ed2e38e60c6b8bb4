//! The meetings of one thread, without I/O.
//!
//! Invariant: whoever hands something in ([`Core::command`], [`Core::datagram`],
//! [`Core::timeout`]) calls [`Core::flush`] before it takes out what is to be sent and told, and
//! comes back by [`Core::deadline`]. Time is an input.
//!
//! All work on a meeting runs behind [`Core::guard`]: one that panics ends alone.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use rustc_hash::FxHashMap;
use str0m::ice::StunMessage;
use str0m::net::Protocol;

use crate::command::{Command, MeetingId, SessionId};
use crate::event::Event;
use crate::meeting::{Counters, Meeting, Output, Settings};
use crate::schedule::Due;

/// Datagrams above this are not RTP or STUN of any client, and a transport could not pass them on.
pub const DATAGRAM_MAX: usize = 1500;

/// What happened to a client's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It belongs to a session here.
    Learnt(Protocol, SocketAddr),
    /// It belongs to nobody any more.
    Forgotten(Protocol, SocketAddr),
}

/// The meetings of one thread.
pub struct Core {
    settings: Settings,
    meetings: FxHashMap<MeetingId, Meeting>,
    places: FxHashMap<SessionId, MeetingId>,
    ufrags: FxHashMap<String, SessionId>,
    addresses: FxHashMap<(Protocol, SocketAddr), (MeetingId, SessionId)>,
    changes: Vec<Change>,
    dirty: Vec<MeetingId>,
    output: Output,
    gone: Counters,
    refused: u64,
}

/// Counters of a thread, for metrics.
#[derive(Debug, Default, Clone, Copy)]
pub struct Totals {
    /// Meetings now.
    pub meetings: u64,
    /// Sessions now.
    pub sessions: u64,
    /// Since the start, of all meetings.
    pub counters: Counters,
    /// Datagrams that belonged to nobody.
    pub refused: u64,
    /// Of the meetings there are now.
    pub mixer: hubbub_mixer::Stats,
}

impl Core {
    /// Without meetings.
    pub fn new(settings: Settings) -> Core {
        Core {
            settings,
            meetings: FxHashMap::default(),
            places: FxHashMap::default(),
            ufrags: FxHashMap::default(),
            addresses: FxHashMap::default(),
            changes: Vec::new(),
            dirty: Vec::new(),
            output: Output::default(),
            gone: Counters::default(),
            refused: 0,
        }
    }

    /// Does what it is told. Commands that name what is not there are ignored: Python may not have
    /// read yet that it is gone.
    pub fn command(&mut self, command: Command, now: Instant) {
        match command {
            Command::CreateMeeting {
                meeting,
                video_limit,
                content_limit,
            } => {
                let mut new = Meeting::new(meeting, self.settings.clone(), now);
                new.set_limits(video_limit, content_limit);
                self.output.schedule.push(new.tick_at(), Due::Tick(meeting));
                self.meetings.insert(meeting, new);
            }
            Command::EndMeeting { meeting } => self.remove_meeting(meeting),
            Command::OpenSession(open) => {
                if self.meetings.contains_key(&open.meeting) {
                    self.places.insert(open.session, open.meeting);
                    self.ufrags.insert(open.local_ufrag.clone(), open.session);
                    let meeting = open.meeting;
                    self.guard(meeting, |state, output| state.open(open, now, output));
                }
            }
            Command::SetGates {
                meeting,
                attendee,
                gates,
            } => {
                self.guard(meeting, |state, output| {
                    state.set_gates(attendee, gates, now, output)
                });
            }
            Command::Transcribe { meeting, on } => {
                self.guard(meeting, |state, _| state.transcribe(on));
            }
            Command::CloseSession { session } => {
                self.at(session, |state, _| {
                    state.close(session);
                });
                self.forget(session);
            }
            Command::Configure(command) => self.at(command.session, |state, output| {
                state.configure(&command, now, output);
            }),
            Command::SetMuted { session, muted } => {
                self.at(session, |state, _| state.set_muted(session, muted));
            }
            Command::Subscribe {
                session,
                subscriptions,
            } => self.at(session, |state, output| {
                state.subscribe(session, &subscriptions, now, output);
            }),
            Command::Unsubscribe { session, mids } => self.at(session, |state, output| {
                state.unsubscribe(session, &mids, now, output);
            }),
            Command::Pause { session, streams } => self.at(session, |state, output| {
                state.pause(session, &streams, true, now, output);
            }),
            Command::Resume { session, streams } => self.at(session, |state, output| {
                state.pause(session, &streams, false, now, output);
            }),
        }
    }

    /// Takes a datagram that was read from the socket at `now`. False: it belongs to nobody here.
    pub fn datagram(
        &mut self,
        protocol: Protocol,
        source: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) -> bool {
        if bytes.len() > DATAGRAM_MAX {
            return false;
        }
        let known = self.addresses.get(&(protocol, source)).copied();
        let owner = match ufrag_of(bytes) {
            // A client may come from an address that was another's before.
            Some(ufrag) => match self.ufrags.get(&ufrag) {
                Some(session) => match known {
                    Some((meeting, owner)) if owner == *session => Some((meeting, owner)),
                    _ => self.learn(*session, protocol, source, bytes, now),
                },
                None => None,
            },
            None => known,
        };
        let Some((meeting, session)) = owner else {
            self.refused += 1;
            return false;
        };
        self.guard(meeting, |state, output| {
            state.receive(session, protocol, source, bytes, now, output);
        });
        true
    }

    fn learn(
        &mut self,
        session: SessionId,
        protocol: Protocol,
        source: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) -> Option<(MeetingId, SessionId)> {
        let meeting = *self.places.get(&session)?;
        let mut accepted = false;
        self.guard(meeting, |state, _| {
            accepted = state.accepts(session, protocol, source, bytes, now);
        });
        if !accepted {
            return None;
        }
        self.addresses
            .insert((protocol, source), (meeting, session));
        self.changes.push(Change::Learnt(protocol, source));
        Some((meeting, session))
    }

    /// A connection of a client is gone.
    pub fn disconnected(&mut self, protocol: Protocol, source: SocketAddr) {
        if self.addresses.remove(&(protocol, source)).is_some() {
            self.changes.push(Change::Forgotten(protocol, source));
        }
    }

    /// Does what is due.
    pub fn timeout(&mut self, now: Instant) {
        while let Some(due) = self.output.schedule.pop(now) {
            match due {
                Due::Tick(meeting) => {
                    self.guard(meeting, |state, output| {
                        if state.tick_at() <= now {
                            state.tick(now, output);
                        }
                        output.schedule.push(state.tick_at(), Due::Tick(meeting));
                    });
                }
                Due::Session(meeting, session) => {
                    self.guard(meeting, |state, output| state.drive(session, now, output));
                }
            }
        }
    }

    /// Brings what was written to the transports, and these to rest.
    pub fn flush(&mut self, now: Instant) {
        while let Some(meeting) = self.dirty.pop() {
            if self.meetings.get(&meeting).is_some_and(Meeting::is_dirty) {
                self.guard(meeting, |state, output| state.flush(now, output));
            }
        }
        for session in std::mem::take(&mut self.output.closed) {
            self.forget(session);
        }
    }

    /// When [`Core::timeout`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        self.output.schedule.next()
    }

    /// What is to be sent, told and noted of addresses; whoever reads it empties it.
    pub fn output(&mut self) -> (&mut Output, &mut Vec<Change>) {
        (&mut self.output, &mut self.changes)
    }

    /// Counters.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            meetings: self.meetings.len() as u64,
            counters: self.gone,
            refused: self.refused,
            ..Totals::default()
        };
        for meeting in self.meetings.values() {
            let (counters, mixer, sessions) = meeting.counters();
            totals.counters += counters;
            totals.sessions += sessions as u64;
            totals.mixer.members += mixer.members;
            totals.mixer.encodes += mixer.encodes;
            totals.mixer.ticks += mixer.ticks;
            totals.mixer.skipped += mixer.skipped;
            totals.mixer.heard += mixer.heard;
        }
        totals
    }

    fn at(&mut self, session: SessionId, work: impl FnOnce(&mut Meeting, &mut Output)) {
        if let Some(meeting) = self.places.get(&session) {
            self.guard(*meeting, work);
        }
    }

    fn guard(&mut self, meeting: MeetingId, work: impl FnOnce(&mut Meeting, &mut Output)) {
        let Some(state) = self.meetings.get_mut(&meeting) else {
            return;
        };
        let output = &mut self.output;
        // A meeting is never seen again after a panic, and what it had put out is whole.
        let done = catch_unwind(AssertUnwindSafe(|| {
            work(state, output);
            state.is_dirty()
        }));
        match done {
            Ok(true) if self.dirty.last() != Some(&meeting) => self.dirty.push(meeting),
            Ok(_) => {}
            Err(panic) => {
                self.remove_meeting(meeting);
                let reason = reason_of(panic.as_ref());
                self.output.events.push(Event::Failed { meeting, reason });
            }
        }
    }

    fn remove_meeting(&mut self, meeting: MeetingId) {
        let Some(state) = self.meetings.remove(&meeting) else {
            return;
        };
        let (counters, ..) = state.counters();
        self.gone += counters;
        let sessions: Vec<SessionId> = self
            .places
            .iter()
            .filter_map(|(session, place)| (*place == meeting).then_some(*session))
            .collect();
        for session in sessions {
            self.forget(session);
        }
    }

    fn forget(&mut self, session: SessionId) {
        self.places.remove(&session);
        self.ufrags.retain(|_, owner| *owner != session);
        let changes = &mut self.changes;
        self.addresses.retain(|(protocol, source), (_, owner)| {
            if *owner == session {
                changes.push(Change::Forgotten(*protocol, *source));
            }
            *owner != session
        });
    }
}

/// The local ufrag that a STUN binding request names.
pub fn ufrag_of(bytes: &[u8]) -> Option<String> {
    if bytes.len() < 20 || bytes[0] > 1 {
        return None;
    }
    let message = StunMessage::parse(bytes).ok()?;
    let (local, _) = message
        .split_username()
        .filter(|_| message.is_binding_request())?;
    Some(local.to_owned())
}

fn reason_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "panicked".to_owned())
}

impl std::ops::AddAssign for Counters {
    fn add_assign(&mut self, other: Counters) {
        self.received += other.received;
        self.audio_sent += other.audio_sent;
        self.video_sent += other.video_sent;
        self.keyframe_requests += other.keyframe_requests;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::setup::Identity;

    #[test]
    fn a_meeting_that_panics_ends_alone() {
        let now = Instant::now();
        let identity = Identity::generate();
        let mut core = Core::new(Settings {
            identity,
            speakers: 3,
            clock: (now, 0),
        });
        for meeting in [1, 2] {
            let command = Command::CreateMeeting {
                meeting,
                video_limit: None,
                content_limit: None,
            };
            core.command(command, now);
        }
        core.guard(1, |_, _| panic!("no such thing"));
        core.flush(now);
        let (output, _) = core.output();
        let reason = "no such thing".to_owned();
        assert_eq!(output.events, [Event::Failed { meeting: 1, reason }]);
        core.timeout(now + std::time::Duration::from_millis(40));
        assert_eq!(core.totals().meetings, 1);
    }
}
