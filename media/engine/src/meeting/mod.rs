//! One meeting: its sessions, its mixer and its router, and what passes between them.
//!
//! Invariant: every public method leaves `dirty` holding each session of whose transport something
//! was asked and that has not been driven since, and [`Meeting::flush`] drives them all.

mod commands;
mod outlet;
mod ticks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_mixer::Mixer;
use hubbub_router::Router;
use rustc_hash::FxHashMap;
use str0m::net::Protocol;

use crate::command::{MeetingId, SessionId, StreamId};
use crate::event::{CloseReason, Event};
use crate::meeting::outlet::{Extra, Outlet};
use crate::schedule::{Due, Schedule};
use crate::session::ingress::Received;
use crate::session::payloads::{Format, VideoCodec};
use crate::session::setup::Identity;
use crate::session::{Datagram, Happened, Session};

/// What a meeting's work leads to outside of it.
#[derive(Default)]
pub struct Output {
    /// To be sent.
    pub datagrams: Vec<Datagram>,
    /// To be told.
    pub events: Vec<Event>,
    /// Sessions that ended by themselves.
    pub closed: Vec<SessionId>,
    /// When what is to be driven.
    pub schedule: Schedule,
}

/// Settings that all meetings share.
#[derive(Clone)]
pub struct Settings {
    /// Certificate and cryptography.
    pub identity: Identity,
    /// Voices heard at a time.
    pub speakers: usize,
    /// An instant, and the same in epoch milliseconds.
    pub clock: (Instant, u64),
}

impl Settings {
    /// What `now` is by the wall clock.
    fn ntp(&self, now: Instant) -> u64 {
        let (start, epoch) = self.clock;
        let since = Duration::from_millis(epoch) + now.saturating_duration_since(start);
        hubbub_rtp::ntp(since)
    }
}

/// Counters of a meeting, for metrics.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counters {
    /// Packets of audio and video from clients.
    pub received: u64,
    /// Packets of audio sent.
    pub audio_sent: u64,
    /// Packets of video forwarded.
    pub video_sent: u64,
    /// Key frames asked for.
    pub keyframe_requests: u64,
}

/// One meeting.
pub struct Meeting {
    id: MeetingId,
    settings: Settings,
    sessions: FxHashMap<SessionId, Session>,
    mixer: Mixer,
    router: Router<Extra>,
    /// Streams of each session's camera, to see which are gone.
    streams: FxHashMap<SessionId, Vec<StreamId>>,
    dirty: Vec<SessionId>,
    happened: Vec<Happened>,
    ticks: u64,
    audible: bool,
    transcribed: bool,
    counters: Counters,
}

impl Meeting {
    /// An empty one. Its ticks fall into a phase of its own, so that meetings do not all work in
    /// the same moment.
    pub fn new(id: MeetingId, settings: Settings, now: Instant) -> Meeting {
        let phase = Duration::from_micros(id.wrapping_mul(0x9E37_79B9_7F4A_7C15) % 20_000);
        let mixer = Mixer::new(
            hubbub_mixer::Config {
                speakers: settings.speakers,
                ..hubbub_mixer::Config::default()
            },
            now + phase,
        );
        let router = Router::new(hubbub_router::Config {
            seed: id,
            ..hubbub_router::Config::default()
        });
        Meeting {
            id,
            settings,
            sessions: FxHashMap::default(),
            mixer,
            router,
            streams: FxHashMap::default(),
            dirty: Vec::new(),
            happened: Vec::new(),
            ticks: 0,
            audible: false,
            transcribed: false,
            counters: Counters::default(),
        }
    }

    /// Ids of its sessions.
    pub fn session_ids(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.sessions.keys().copied()
    }

    /// A session's local ufrag.
    pub fn ufrag_of(&self, session: SessionId) -> Option<&str> {
        Some(self.sessions.get(&session)?.ufrag())
    }

    /// When its next tick is due.
    pub fn tick_at(&self) -> Instant {
        self.mixer.deadline()
    }

    /// Counters so far, and those of its mixer.
    pub fn counters(&self) -> (Counters, hubbub_mixer::Stats, usize) {
        (self.counters, self.mixer.stats(), self.sessions.len())
    }

    /// Whether a STUN message from an address unknown so far belongs to this session, made with
    /// its password.
    pub fn accepts(
        &mut self,
        session: SessionId,
        protocol: Protocol,
        source: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) -> bool {
        self.sessions.get_mut(&session).is_some_and(|session| {
            session.accepts(protocol, source, bytes, now) && session.may_add_address()
        })
    }

    /// Takes a datagram from one of a session's addresses.
    pub fn receive(
        &mut self,
        session: SessionId,
        protocol: Protocol,
        source: SocketAddr,
        bytes: &[u8],
        now: Instant,
        output: &mut Output,
    ) {
        let Some(state) = self.sessions.get_mut(&session) else {
            return;
        };
        state.receive(
            protocol,
            source,
            bytes,
            now,
            &mut output.datagrams,
            &mut self.happened,
        );
        self.act(session, now, output);
        self.plan(session, output);
    }

    /// A session's transport wants to be driven.
    pub fn drive(&mut self, session: SessionId, now: Instant, output: &mut Output) {
        let Some(state) = self.sessions.get_mut(&session) else {
            return;
        };
        if state.scheduled.is_some_and(|at| at > now) {
            return; // An earlier plan than the one that holds.
        }
        state.scheduled = None;
        if state.deadline().is_some_and(|at| at <= now) {
            state.drive(now, &mut output.datagrams, &mut self.happened);
            self.act(session, now, output);
        }
        self.plan(session, output);
    }

    /// Drives every session that was written to.
    pub fn flush(&mut self, now: Instant, output: &mut Output) {
        while let Some(session) = self.dirty.pop() {
            let Some(state) = self.sessions.get_mut(&session) else {
                continue;
            };
            state.drive(now, &mut output.datagrams, &mut self.happened);
            self.act(session, now, output);
            self.plan(session, output);
        }
    }

    /// Whether a flush has work.
    pub fn is_dirty(&self) -> bool {
        !self.dirty.is_empty()
    }

    fn plan(&mut self, session: SessionId, output: &mut Output) {
        let Some(state) = self.sessions.get_mut(&session) else {
            return;
        };
        if let Some(at) = state.deadline()
            && state.scheduled.is_none_or(|scheduled| at < scheduled)
        {
            state.scheduled = Some(at);
            output.schedule.push(at, Due::Session(self.id, session));
        }
    }

    /// Acts upon what a session's transport has brought.
    fn act(&mut self, session: SessionId, now: Instant, output: &mut Output) {
        if self.happened.is_empty() {
            return;
        }
        let mut happened = std::mem::take(&mut self.happened);
        for thing in happened.drain(..) {
            match thing {
                Happened::Connected => self.on_connected(session, now, output),
                Happened::Broken => {
                    let connected = self.sessions.get(&session).is_some_and(|s| s.connected);
                    let reason = if connected {
                        CloseReason::Failed
                    } else {
                        CloseReason::Dtls
                    };
                    self.give_up(session, reason, output);
                }
                Happened::Audio(packet, red) => self.on_audio(session, &packet, red, output),
                Happened::Video(stream, format, packet) => {
                    self.on_video(session, stream, format, &packet, now, output);
                }
                Happened::KeyframeWanted(tile) => {
                    self.router.keyframe_wanted(session, tile, now);
                }
                Happened::Estimate(bps) => self.router.set_estimate(session, bps, now),
            }
        }
        self.happened = happened;
    }

    fn on_connected(&mut self, session: SessionId, now: Instant, output: &mut Output) {
        output.events.push(Event::Connected { session });
        self.join_audio(session);
        self.place_sinks(session);
        self.route(now, output);
    }

    /// Drops a session that ended by itself.
    fn give_up(&mut self, session: SessionId, reason: CloseReason, output: &mut Output) {
        if self.close(session) {
            output.events.push(Event::Closed { session, reason });
            output.closed.push(session);
        }
    }

    fn on_audio(&mut self, session: SessionId, packet: &Received, red: bool, output: &mut Output) {
        let Some(state) = self.sessions.get_mut(&session) else {
            return;
        };
        self.counters.received += 1;
        if !state.heard {
            state.heard = true;
            output.events.push(Event::FirstAudio { session });
        }
        self.mixer.receive(
            session,
            hubbub_mixer::Packet {
                sequence: packet.sequence,
                timestamp: packet.timestamp,
                payload: &packet.payload,
                red,
                level: packet.level,
                arrived: packet.arrived,
            },
        );
    }

    fn on_video(
        &mut self,
        session: SessionId,
        stream: StreamId,
        format: Format,
        packet: &Received,
        arrived: Instant,
        output: &mut Output,
    ) {
        let codec = match format.codec {
            VideoCodec::Vp8 => hubbub_router::Codec::Vp8,
            VideoCodec::Vp9 => hubbub_router::Codec::Vp9,
            VideoCodec::H264 => hubbub_router::Codec::H264,
            VideoCodec::Av1 => hubbub_router::Codec::Av1,
            VideoCodec::H265 => return,
        };
        self.counters.received += 1;
        let content = self.sessions.get(&session).is_some_and(|s| s.content);
        let extra = Extra::of(packet, format, content);
        let payload = Arc::from(packet.payload.as_slice());
        let packet = hubbub_router::Packet {
            ssrc: packet.ssrc,
            sequence: packet.sequence,
            timestamp: packet.timestamp as u32,
            marker: packet.marker,
            codec,
            payload: &payload,
            arrived,
            padding_only: packet.payload.is_empty(),
            extensions: &extra,
        };
        let mut outlet = Outlet::new(
            self.id,
            &mut self.sessions,
            output,
            &mut self.counters,
            arrived,
        );
        self.router.receive(stream, packet, &mut outlet);
    }

    /// Lets the router act upon changes.
    fn route(&mut self, now: Instant, output: &mut Output) {
        let mut outlet = Outlet::new(self.id, &mut self.sessions, output, &mut self.counters, now);
        self.router.tick(now, &mut outlet);
    }
}
