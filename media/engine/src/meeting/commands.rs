//! What a meeting is told.

use std::time::Instant;

use hubbub_mixer::Member;
use hubbub_router::{Preference, Sink, Source, Wish};

use crate::command::{
    AttendeeId, Configure, Gates, OpenSession, SessionId, StreamId, Subscription,
};
use crate::event::CloseReason;
use crate::meeting::{Meeting, Output};
use crate::session::Session;

impl Meeting {
    /// The largest sizes that are forwarded.
    pub fn set_limits(&mut self, video: Option<(u32, u32)>, content: Option<(u32, u32)>) {
        self.router.set_limits(video, content);
    }

    /// Whether the voices of all speakers are told as PCM.
    pub fn transcribe(&mut self, on: bool) {
        self.transcribed = on;
        self.mixer.set_tap(on);
    }

    /// Adds a session, which then waits for its first `configure`.
    pub fn open(&mut self, open: OpenSession, now: Instant, output: &mut Output) {
        let (attendee, gates) = (open.attendee, open.gates);
        self.sessions.insert(open.session, Session::new(open, now));
        self.set_gates(attendee, gates, now, output);
    }

    /// Takes what an answer has agreed on.
    pub fn configure(&mut self, command: &Configure, now: Instant, output: &mut Output) {
        let id = command.session;
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let before = session.sections();
        if !session.configure(&self.settings.identity, command, now) {
            self.give_up(id, CloseReason::Failed, output);
            return;
        }
        let after = session.sections();
        for ssrc in before {
            if !after.contains(&ssrc) {
                self.router.remove_sink(id, ssrc);
            } else if !session.tiles().any(|tile| tile == ssrc) {
                self.router.subscribe(id, ssrc, None);
            }
        }
        self.declare_sources(command);
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.take_wishes(command);
        if session.connected {
            self.join_audio(id);
            self.place_sinks(id);
        }
        self.dirty.push(id);
        self.route(now, output);
    }

    fn declare_sources(&mut self, command: &Configure) {
        let id = command.session;
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let mut streams: Vec<StreamId> = Vec::new();
        if let Some(camera) = &command.camera {
            for (layer, encoding) in camera.encodings.iter().enumerate() {
                if encoding.stream == 0 {
                    continue;
                }
                streams.push(encoding.stream);
                self.router.set_source(
                    encoding.stream,
                    Source {
                        session: id,
                        attendee: session.attendee,
                        group: camera.group,
                        content: session.content,
                        layer: layer as u8,
                        max_kbps: encoding.max_kbps,
                        active: encoding.active,
                    },
                );
            }
        }
        let before = self.streams.insert(id, streams.clone()).unwrap_or_default();
        for gone in before
            .into_iter()
            .filter(|stream| !streams.contains(stream))
        {
            self.router.remove_source(gone);
        }
    }

    /// The session takes part in the audio from now on, or does so in another way.
    pub(super) fn join_audio(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Some((stereo, max_bitrate)) = session.audio() else {
            return;
        };
        let member = Member {
            attendee: session.attendee,
            content: session.content,
            listens: !session.content,
            stereo,
            max_bitrate,
        };
        if session.mixed {
            self.mixer.update(id, member);
            return;
        }
        session.mixed = true;
        let (gates, muted) = (session.gates, session.muted);
        self.mixer.add(id, member);
        self.mixer.set_muted(id, muted);
        self.gate_audio(id, gates);
    }

    fn gate_audio(&mut self, id: SessionId, gates: Gates) {
        let content = self
            .sessions
            .get(&id)
            .is_some_and(|session| session.content);
        let send = if content {
            gates.content_send
        } else {
            gates.audio_send
        };
        self.mixer.set_gates(id, send, gates.audio_receive);
    }

    /// Offers the session's tiles to the router.
    pub(super) fn place_sinks(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let attendee = session.attendee;
        for (slot, wish) in session.wishes() {
            let sink = Sink {
                attendee,
                ssrc: slot,
                token: 0,
            };
            self.router.set_sink(id, slot, sink);
            self.router.subscribe(id, slot, wish);
        }
    }

    /// Replaces the wishes of the sections named.
    pub fn subscribe(
        &mut self,
        id: SessionId,
        subscriptions: &[Subscription],
        now: Instant,
        output: &mut Output,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        for subscription in subscriptions {
            let wish = (subscription.stream != 0 || subscription.group != 0).then_some(Wish {
                stream: subscription.stream,
                group: subscription.group,
                priority: subscription.priority,
                target_kbps: subscription.target_kbps,
                preference: Preference::from_wire(u32::from(subscription.preference)),
            });
            session.set_wish(&subscription.mid, wish);
        }
        if session.connected {
            self.place_sinks(id);
        }
        self.route(now, output);
    }

    /// Sends nothing to the sections named.
    pub fn unsubscribe(
        &mut self,
        id: SessionId,
        mids: &[String],
        now: Instant,
        output: &mut Output,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        for mid in mids {
            session.set_wish(mid, None);
        }
        if session.connected {
            self.place_sinks(id);
        }
        self.route(now, output);
    }

    /// The client paused the groups of these streams, or goes on with them.
    pub fn pause(
        &mut self,
        id: SessionId,
        streams: &[StreamId],
        paused: bool,
        now: Instant,
        output: &mut Output,
    ) {
        for stream in streams {
            if paused {
                self.router.pause(id, *stream);
            } else {
                self.router.resume(id, *stream);
            }
        }
        self.route(now, output);
    }

    /// What an attendee may do, for both of its sessions and in all of mixer, router and transport.
    pub fn set_gates(
        &mut self,
        attendee: AttendeeId,
        gates: Gates,
        now: Instant,
        output: &mut Output,
    ) {
        self.router.set_gates(
            attendee,
            hubbub_router::Gates {
                video_send: gates.video_send,
                video_receive: gates.video_receive,
                content_send: gates.content_send,
                content_receive: gates.content_receive,
            },
        );
        let mut changed = Vec::new();
        for (id, session) in &mut self.sessions {
            if session.attendee == attendee {
                let before = std::mem::replace(&mut session.gates, gates);
                let lost = (before.video_receive && !gates.video_receive)
                    || (before.content_receive && !gates.content_receive);
                if lost {
                    session.forget_video();
                }
                changed.push(*id);
            }
        }
        for id in changed {
            self.gate_audio(id, gates);
        }
        self.route(now, output);
    }

    /// Whether the client says that it is muted.
    pub fn set_muted(&mut self, id: SessionId, muted: bool) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.muted = muted;
            self.mixer.set_muted(id, muted);
        }
    }

    /// Takes a session out. False: it was not there.
    pub fn close(&mut self, id: SessionId) -> bool {
        let Some(session) = self.sessions.remove(&id) else {
            return false;
        };
        self.mixer.remove(id);
        self.router.remove_session(id);
        self.streams.remove(&id);
        let attendee = session.attendee;
        if !self
            .sessions
            .values()
            .any(|other| other.attendee == attendee)
        {
            self.router.remove_attendee(attendee);
        }
        true
    }
}
