//! Where the router's and the mixer's work goes: into the transports of the sessions.

use std::time::Instant;

use hubbub_mixer::Frame;
use hubbub_router::{Forward, Receiver, SourceState};
use rustc_hash::FxHashMap;
use str0m::media::MediaTime;
use str0m::rtp::{ExtensionValues, RtpPacket, VideoOrientation, Vp8Descriptor, Vp8Patch};

use crate::command::{MeetingId, SessionId};
use crate::event::{self, Event};
use crate::meeting::Counters;
use crate::session::media::VideoPacket;
use crate::session::payloads::Format;
use crate::session::{Datagram, Session};

/// What a packet of video has besides what the router asks for.
#[derive(Debug, Clone, Copy)]
pub struct Extra {
    format: Format,
    content: bool,
    orientation: Option<VideoOrientation>,
    content_type: Option<u8>,
    delay: Option<(MediaTime, MediaTime)>,
}

impl Extra {
    /// What `packet` has.
    pub fn of(packet: &RtpPacket, format: Format, content: bool) -> Extra {
        let values = &packet.header.ext_vals;
        Extra {
            format,
            content,
            orientation: values.video_orientation,
            content_type: values.video_content_type,
            delay: values.play_delay_min.zip(values.play_delay_max),
        }
    }

    fn values(&self) -> ExtensionValues {
        ExtensionValues {
            video_orientation: self.orientation,
            video_content_type: self.content_type,
            play_delay_min: self.delay.map(|(min, _)| min),
            play_delay_max: self.delay.map(|(_, max)| max),
            ..ExtensionValues::default()
        }
    }
}

/// The sessions of a meeting, seen from its router and mixer.
pub struct Outlet<'a> {
    meeting: MeetingId,
    sessions: &'a mut FxHashMap<SessionId, Session>,
    dirty: &'a mut Vec<SessionId>,
    events: &'a mut Vec<Event>,
    counters: &'a mut Counters,
}

impl<'a> Outlet<'a> {
    /// Writes to these.
    pub fn new(
        meeting: MeetingId,
        sessions: &'a mut FxHashMap<SessionId, Session>,
        dirty: &'a mut Vec<SessionId>,
        events: &'a mut Vec<Event>,
        counters: &'a mut Counters,
    ) -> Outlet<'a> {
        Outlet {
            meeting,
            sessions,
            dirty,
            events,
            counters,
        }
    }
}

fn patch(packet: &Forward<'_, Extra>) -> Option<Vp8Patch> {
    let ids = packet.vp8?;
    let mut patch = Vp8Descriptor::parse(packet.payload).ok()?.patch();
    if let Some(id) = ids.picture_id {
        patch = patch.picture_id(id);
    }
    if let Some(index) = ids.tl0_picture_index {
        patch = patch.tl0_pic_idx(index);
    }
    if let Some(index) = ids.key_index {
        patch = patch.key_idx(index);
    }
    patch.build().ok()
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
        let was_dirty = session.dirty;
        let sent = session.write_video(VideoPacket {
            tile: to.slot,
            format: extra.format,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            payload: packet.payload,
            patch: patch(&packet),
            extensions: extra.values(),
            arrived: packet.arrived,
        });
        if sent {
            self.counters.video_sent += 1;
            if !was_dirty {
                self.dirty.push(to.session);
            }
        }
    }

    fn request_keyframe(&mut self, stream: u32) {
        for (id, session) in self.sessions.iter_mut() {
            let was_dirty = session.dirty;
            if session.request_keyframe(stream) {
                self.counters.keyframe_requests += 1;
                if !was_dirty {
                    self.dirty.push(*id);
                }
                return;
            }
        }
    }

    fn paused(&mut self, session: u64, group: u32) {
        if let Some(Event::Paused {
            session: last,
            groups,
        }) = self.events.last_mut()
            && *last == session
        {
            groups.push(group);
            return;
        }
        let groups = vec![group];
        self.events.push(Event::Paused { session, groups });
    }

    fn resumed(&mut self, session: u64, group: u32) {
        if let Some(Event::Resumed {
            session: last,
            groups,
        }) = self.events.last_mut()
            && *last == session
        {
            groups.push(group);
            return;
        }
        let groups = vec![group];
        self.events.push(Event::Resumed { session, groups });
    }

    fn source(&mut self, stream: u32, state: SourceState, width: u32, height: u32) {
        let state = match state {
            SourceState::Live => event::SourceState::Live,
            SourceState::Stalled => event::SourceState::Stalled,
            SourceState::TooLarge => event::SourceState::TooLarge,
            SourceState::Fits => event::SourceState::Fits,
        };
        let meeting = self.meeting;
        self.events.push(Event::Source {
            meeting,
            stream,
            state,
            width,
            height,
        });
    }

    fn starved(&mut self, streams: &[u32]) {
        let (meeting, streams) = (self.meeting, streams.to_vec());
        self.events.push(Event::Starved { meeting, streams });
    }

    fn watched(&mut self, _stream: u32, _watched: bool) {}
}

/// Takes the mix.
pub struct Mixed<'a> {
    /// The sessions.
    pub outlet: Outlet<'a>,
    /// Where it goes.
    pub datagrams: &'a mut Vec<Datagram>,
    /// When it is sent, and that as NTP time.
    pub now: (Instant, u64),
}

impl hubbub_mixer::Sink for Mixed<'_> {
    fn frame(&mut self, receivers: &[u64], frame: &Frame) {
        // RED is packed once for all receivers that number Opus alike.
        let mut packed: Option<(u8, Vec<u8>)> = None;
        for receiver in receivers {
            let Some(session) = self.outlet.sessions.get_mut(receiver) else {
                continue;
            };
            if let Some(opus) = session.wants_red() {
                if packed.as_ref().is_none_or(|(pt, _)| *pt != opus) {
                    let mut payload = Vec::new();
                    hubbub_mixer::pack_red(opus, frame, &mut payload);
                    packed = Some((opus, payload));
                }
                if let Some((_, payload)) = &packed {
                    let time = frame.timestamp;
                    session.write_audio(payload, true, time, self.now, self.datagrams);
                }
            } else {
                let (payload, time) = (&frame.payload, frame.timestamp);
                session.write_audio(payload, false, time, self.now, self.datagrams);
            }
            self.outlet.counters.audio_sent += 1;
        }
    }
}
