//! Where the router's and the mixer's work goes: into the transports of the sessions.

use std::time::Instant;

use hubbub_mixer::Frame;
use hubbub_router::{Forward, Receiver, SourceState};
use rustc_hash::FxHashMap;

use crate::command::{MeetingId, SessionId};
use crate::event::{self, Event};
use crate::meeting::{Counters, Output};
use crate::session::Session;
use crate::session::egress::VideoPacket;
use crate::session::extensions::Kept;
use crate::session::ingress::Received;
use crate::session::payloads::Format;

/// What a packet of video has besides what the router asks for.
#[derive(Debug, Clone, Copy)]
pub struct Extra {
    format: Format,
    content: bool,
    kept: Kept,
}

impl Extra {
    /// What `packet` has.
    pub fn of(packet: &Received, format: Format, content: bool) -> Extra {
        Extra {
            format,
            content,
            kept: packet.kept,
        }
    }
}

/// The sessions of a meeting, seen from its router and mixer.
pub struct Outlet<'a> {
    meeting: MeetingId,
    sessions: &'a mut FxHashMap<SessionId, Session>,
    output: &'a mut Output,
    counters: &'a mut Counters,
    now: Instant,
}

impl<'a> Outlet<'a> {
    /// Writes to these.
    pub fn new(
        meeting: MeetingId,
        sessions: &'a mut FxHashMap<SessionId, Session>,
        output: &'a mut Output,
        counters: &'a mut Counters,
        now: Instant,
    ) -> Outlet<'a> {
        Outlet {
            meeting,
            sessions,
            output,
            counters,
            now,
        }
    }
}

impl hubbub_router::Output<Extra> for Outlet<'_> {
    fn forward(&mut self, to: Receiver, packet: Forward<'_, Extra>) {
        let Some(session) = self.sessions.get_mut(&to.session) else {
            return;
        };
        let extra = packet.extensions;
        // The router has asked this already; a packet that must not pass is worth a second look.
        let permitted = if extra.content {
            session.gates.content_receive
        } else {
            session.gates.video_receive
        };
        if !permitted {
            return;
        }
        let packet = VideoPacket {
            tile: to.slot,
            format: extra.format,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            payload: packet.payload,
            vp8: packet.vp8,
            kept: extra.kept,
            arrived: packet.arrived,
        };
        if session.write_video(&packet, self.now, &mut self.output.datagrams) {
            self.counters.video_sent += 1;
        }
    }

    fn request_keyframe(&mut self, stream: u32) {
        let datagrams = &mut self.output.datagrams;
        let asked = self
            .sessions
            .values_mut()
            .any(|session| session.request_keyframe(stream, datagrams));
        self.counters.keyframe_requests += u64::from(asked);
    }

    fn paused(&mut self, session: u64, group: u32) {
        if let Some(Event::Paused {
            session: last,
            groups,
        }) = self.output.events.last_mut()
            && *last == session
        {
            groups.push(group);
            return;
        }
        let groups = vec![group];
        self.output.events.push(Event::Paused { session, groups });
    }

    fn resumed(&mut self, session: u64, group: u32) {
        if let Some(Event::Resumed {
            session: last,
            groups,
        }) = self.output.events.last_mut()
            && *last == session
        {
            groups.push(group);
            return;
        }
        let groups = vec![group];
        self.output.events.push(Event::Resumed { session, groups });
    }

    fn source(&mut self, stream: u32, state: SourceState, width: u32, height: u32) {
        let state = match state {
            SourceState::Live => event::SourceState::Live,
            SourceState::Stalled => event::SourceState::Stalled,
            SourceState::TooLarge => event::SourceState::TooLarge,
            SourceState::Fits => event::SourceState::Fits,
        };
        let meeting = self.meeting;
        self.output.events.push(Event::Source {
            meeting,
            stream,
            state,
            width,
            height,
        });
    }

    fn starved(&mut self, streams: &[u32]) {
        let (meeting, streams) = (self.meeting, streams.to_vec());
        self.output.events.push(Event::Starved { meeting, streams });
    }

    fn watched(&mut self, _stream: u32, _watched: bool) {}
}

impl hubbub_mixer::Sink for Outlet<'_> {
    fn frame(&mut self, receivers: &[u64], frame: &Frame) {
        // RED is packed once for all receivers that number Opus alike.
        let mut packed: Option<(u8, Vec<u8>)> = None;
        for receiver in receivers {
            let Some(session) = self.sessions.get_mut(receiver) else {
                continue;
            };
            let datagrams = &mut self.output.datagrams;
            if let Some(opus) = session.wants_red() {
                if packed.as_ref().is_none_or(|(pt, _)| *pt != opus) {
                    let mut payload = Vec::new();
                    hubbub_mixer::pack_red(opus, frame, &mut payload);
                    packed = Some((opus, payload));
                }
                if let Some((_, payload)) = &packed {
                    let time = frame.timestamp;
                    session.write_audio(payload, true, time, self.now, datagrams);
                }
            } else {
                let (payload, time) = (&frame.payload, frame.timestamp);
                session.write_audio(payload, false, time, self.now, datagrams);
            }
            self.counters.audio_sent += 1;
        }
    }
}
