//! One session of the attendee, the main one or that of its content share.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use str0m::media::{MediaData, Mid};

use super::camera::Camera;
use super::mix::Mix;
use super::options::{Adaptation, Join};
use super::peer::{Happened, Peer, Shape};
use super::report::Report;
use super::sections;
use super::tiles::{self, Tiles};
use super::video::Watched;
use crate::microphone::Microphone;
use crate::signal::frames::{
    SdkIndexFrame, SdkSignalFrame, SdkSubscribeAckFrame, SdkVideoSubscriptionConfiguration,
};
use crate::signal::framing;
use crate::signal::session::{Event, Session, Subscription};
use crate::websocket::{Received, Socket};

/// One attempt to connect, from opening the socket to DTLS (chime-meetings B.10).
const CONNECT: Duration = Duration::from_secs(15);
const PING: Duration = Duration::from_secs(10);
/// LEAVE_ACK is waited for so long.
const LEAVING: Duration = Duration::from_secs(2);
const FRAME: Duration = Duration::from_millis(20);
const SECOND: Duration = Duration::from_secs(1);

/// Why a session is over.
#[derive(Debug)]
pub enum End {
    /// It was asked to.
    Left,
    /// Before the first INDEX.
    NotAdmitted(String),
    /// A connection could bring it back.
    Lost(String),
    /// The server wants it gone.
    Ended(String),
    /// ICE or DTLS never came up.
    NoMedia(String),
    /// Of a file.
    File(io::Error),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Left => write!(f, "left"),
            End::NotAdmitted(why) => write!(f, "not admitted: {why}"),
            End::Lost(why) => write!(f, "connection lost: {why}"),
            End::Ended(why) => write!(f, "ended by the server: {why}"),
            End::NoMedia(why) => write!(f, "no media connection: {why}"),
            End::File(why) => write!(f, "file: {why}"),
        }
    }
}

/// What a session plays.
pub struct Sources {
    /// Always there, be it silence.
    pub microphone: Microphone,
    /// If there is one.
    pub camera: Option<Camera>,
    /// Label and kbit/s of the camera's encodings.
    pub encodings: Vec<(String, u32)>,
    /// Names of the encodings, if they are several.
    pub rids: Vec<String>,
    /// Takes the mix; the content session has none.
    pub mix: Option<Mix>,
}

/// A session that is open.
pub struct Attendance {
    pub socket: Socket,
    pub peer: Peer,
    session: Session,
    report: Report,
    options: Join,
    content: bool,
    audio_host: String,
    opened: Instant,
    index: Option<SdkIndexFrame>,
    joined: bool,
    in_flight: bool,
    dirty: bool,
    connected: bool,
    leaving: Option<Instant>,
    tiles: Tiles,
    watched: HashMap<Mid, Watched>,
    sources: Sources,
    camera_on: bool,
    camera_refused: bool,
    muted: bool,
    spoken: u64,
    next_frame: Instant,
    next_ping: Instant,
    next_second: Instant,
    first_audio: bool,
    poll_at: Instant,
}

impl Attendance {
    /// Says PING and JOIN on a socket that is open.
    #[allow(clippy::too_many_arguments)]
    pub fn open(
        mut socket: Socket,
        mut session: Session,
        options: &Join,
        audio_host: &str,
        content: bool,
        sources: Sources,
        report: &Report,
        now: Instant,
    ) -> Result<Attendance, Box<(io::Error, Sources)>> {
        let shape = Shape {
            audio: !audio_host.is_empty(),
            red: !options.no_red,
            stereo: options.stereo && !content,
            rids: sources.rids.clone(),
        };
        let opened = options
            .local_ip
            .map_or_else(|| socket.local_ip(), Ok)
            .and_then(|ip| Peer::new(ip, shape, now))
            .and_then(|peer| {
                socket.send(framing::encode(&session.ping()))?;
                socket.send(framing::encode(&session.join()))?;
                Ok(peer)
            });
        let peer = match opened {
            Ok(peer) => peer,
            Err(e) => return Err(Box::new((e, sources))),
        };
        Ok(Attendance {
            socket,
            peer,
            session,
            report: report.clone(),
            options: options.clone(),
            content,
            audio_host: audio_host.to_owned(),
            opened: now,
            index: None,
            joined: false,
            in_flight: false,
            dirty: false,
            connected: false,
            leaving: None,
            tiles: Tiles::default(),
            watched: HashMap::new(),
            camera_on: sources.camera.is_some(),
            camera_refused: false,
            muted: options.muted && !content,
            sources,
            spoken: 0,
            next_frame: now,
            next_ping: now + PING,
            next_second: now + SECOND,
            first_audio: false,
            poll_at: now,
        })
    }

    /// The session of the content share.
    pub fn is_content(&self) -> bool {
        self.content
    }

    /// DTLS is up.
    pub fn connected(&self) -> bool {
        self.connected
    }

    fn say(&self, event: &str, mut members: Value) {
        if self.content {
            members["content"] = json!(true);
        }
        self.report.event(event, members);
    }

    fn elapsed_ms(&self) -> u128 {
        self.opened.elapsed().as_millis()
    }

    fn send(&mut self, frame: &SdkSignalFrame) -> Result<(), End> {
        self.socket
            .send(framing::encode(frame))
            .map_err(|e| End::Lost(e.to_string()))
    }

    /// Begins to leave.
    pub fn leave(&mut self, now: Instant) {
        if self.leaving.is_none() {
            self.leaving = Some(now + LEAVING);
            let leave = self.session.leave();
            // Where it cannot be said the deadline ends the session.
            let _ = self.send(&leave);
        }
    }

    /// Mutes or unmutes.
    pub fn mute(&mut self, muted: bool) -> Result<(), End> {
        self.muted = muted;
        let frame = self.session.mute(muted);
        self.send(&frame)
    }

    /// Turns the camera on or off.
    pub fn camera(&mut self, on: bool) {
        if let Some(camera) = &mut self.sources.camera {
            camera.rewind();
            self.camera_on = on;
            self.camera_refused = false;
            self.dirty = true;
        }
    }

    /// Sends a data message.
    pub fn message(&mut self, topic: &str, text: &str) -> Result<(), End> {
        let lifetime = self.options.say_lifetime;
        let frame = self.session.say(topic, text.as_bytes(), lifetime);
        self.send(&frame)
    }

    /// Pauses or resumes a stream.
    pub fn pause(&mut self, stream: u32, paused: bool) -> Result<(), End> {
        let frame = self.session.pause(&[stream], paused);
        self.send(&frame)
    }

    /// Takes what the WebSocket and the UDP socket hold.
    pub fn read(&mut self, now: Instant) -> Result<(), End> {
        loop {
            match self.socket.receive() {
                Ok(Some(Received::Message(message))) => self.message_came(&message, now)?,
                Ok(Some(Received::Closed(code))) => return Err(self.closed(code)),
                Ok(None) => break,
                Err(e) => return Err(self.cut(e.to_string())),
            }
        }
        self.peer
            .receive()
            .map(|_| ())
            .map_err(|e| End::Lost(e.to_string()))
    }

    fn cut(&self, why: String) -> End {
        match self.leaving {
            Some(_) => End::Left,
            None if !self.joined => End::NotAdmitted(why),
            None => End::Lost(why),
        }
    }

    fn closed(&self, code: Option<u16>) -> End {
        let why = code.map_or("closed".to_owned(), |code| format!("closed with {code}"));
        self.say("closed", json!({"code": code}));
        match code {
            Some(4500..=4599) => End::Lost(why),
            _ => self.cut(why),
        }
    }

    fn message_came(&mut self, message: &[u8], now: Instant) -> Result<(), End> {
        let mut replies = Vec::new();
        let events = self
            .session
            .receive(message, &mut replies)
            .map_err(|e| self.cut(e.to_string()))?;
        for reply in &replies {
            self.send(reply)?;
        }
        for event in events {
            self.event(event, now)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event, now: Instant) -> Result<(), End> {
        match event {
            Event::Joined(ack) => {
                let limit = ack.video_subscription_limit.unwrap_or(25) as usize;
                self.options.tiles = self.options.tiles.min(limit);
                self.say(
                    "joined",
                    json!({"video_subscription_limit": limit,
                           "compressed": ack.wants_compressed_sdp()}),
                );
            }
            Event::Index(index) => {
                self.say("index", describe(&index));
                self.index = Some(index);
                self.dirty = true;
                self.joined = true;
            }
            Event::Subscribed(answer, ack) => self.subscribed(&answer, &ack, now)?,
            Event::Status(status) => {
                self.say("status", json!({"status": status}));
                let why = format!("status {status}");
                match status {
                    200..=299 | 302 => {}
                    500 | 503 => return Err(End::Lost(why)),
                    _ if self.joined => return Err(End::Ended(why)),
                    _ => return Err(End::NotAdmitted(why)),
                }
            }
            Event::Error(status, text) => {
                self.say("error", json!({"status": status, "text": text}));
                let why = format!("error {status} {text}");
                match status {
                    206 => {
                        self.camera_on = false;
                        self.camera_refused = true;
                        self.dirty = true;
                    }
                    0 | 200..=299 => {}
                    500..=508 | 510..=599 => return Err(End::Lost(why)),
                    _ if self.joined => return Err(End::Ended(why)),
                    _ => return Err(End::NotAdmitted(why)),
                }
            }
            Event::Left => {
                self.socket.close();
                return Err(End::Left);
            }
            other => super::narrate::narrate(&self.report, &self.session.roster, other),
        }
        if self.dirty && !self.in_flight && self.leaving.is_none() {
            self.subscribe(now)?;
        }
        Ok(())
    }

    /// Sends SUBSCRIBE or REMOTE_VIDEO_UPDATE where something changed.
    fn subscribe(&mut self, now: Instant) -> Result<(), End> {
        self.dirty = false;
        let Some(index) = &self.index else {
            return Ok(());
        };
        let limit = if self.content { 0 } else { self.options.tiles };
        let own = format!("{}#content", self.options.attendee_id);
        let mut sources = tiles::sources(&index.sources, self.options.tile_kbps);
        sources.retain(|s| s.attendee_id != own && s.attendee_id != self.options.attendee_id);
        let changes = self.tiles.update(&sources, limit, now);
        for mid in &changes.stop {
            if let Some(watched) = self.watched.remove(mid) {
                self.report.event("tile_gone", watched.describe());
                watched.finish().map_err(End::File)?;
            }
        }
        let camera = self.camera_on && self.sources.camera.is_some();
        let offer = self.peer.offer(camera, &changes.stop, changes.add);
        let Some((offer, added)) = offer else {
            if !changes.retarget.is_empty() {
                let wishes = self.wishes();
                let frame = self.session.retarget(wishes);
                self.send(&frame)?;
            }
            return Ok(());
        };
        self.tiles.place(&added);
        for tile in self
            .tiles
            .iter()
            .filter(|t| t.mid.is_some_and(|m| added.contains(&m)))
        {
            self.report.event(
                "tile",
                json!({"attendee": tile.source.attendee_id, "stream": tile.source.stream,
                       "group": tile.source.group, "mid": tile.mid.map(|m| m.to_string())}),
            );
        }
        let receive = sections::parse(&offer)
            .iter()
            .filter(|s| s.kind == "video")
            .map(|s| match self.tiles.named(&s.mid) {
                Some(tile) if !s.stopped => tile.source.stream,
                _ => 0,
            })
            .collect();
        let server = self.options.adaptation == Adaptation::Server;
        let wanted = Subscription {
            offer,
            encodings: if camera {
                self.sources.encodings.clone()
            } else {
                Vec::new()
            },
            receive,
            wishes: if server { self.wishes() } else { Vec::new() },
            muted: self.muted,
            audio_host: self.audio_host.clone(),
        };
        self.in_flight = true;
        let frame = self.session.subscribe(&wanted);
        self.send(&frame)
    }

    fn wishes(&self) -> Vec<SdkVideoSubscriptionConfiguration> {
        let server = self.options.adaptation == Adaptation::Server;
        self.tiles
            .iter()
            .filter_map(|tile| {
                Some(SdkVideoSubscriptionConfiguration {
                    mid: tile.mid?.to_string(),
                    attendee_id: Some(tile.source.attendee_id.clone()),
                    stream_id: (!server).then_some(tile.source.stream),
                    group_id: Some(tile.source.group),
                    priority: Some(u32::MAX - 1),
                    target_bitrate_kbps: Some(self.options.tile_kbps),
                    quality_adaptation_preference: Some(1),
                })
            })
            .collect()
    }

    fn subscribed(
        &mut self,
        answer: &str,
        ack: &SdkSubscribeAckFrame,
        now: Instant,
    ) -> Result<(), End> {
        self.in_flight = false;
        self.peer
            .answer(answer)
            .map_err(|e| End::NoMedia(format!("answer: {e}")))?;
        let allocations: Vec<_> = ack
            .allocations
            .iter()
            .map(|a| json!({"stream": a.stream_id(), "group": a.group_id()}))
            .collect();
        self.say(
            "subscribed",
            json!({"sections": sections::parse(answer).len(), "bytes": answer.len(),
                   "allocations": allocations, "tracks": ack.tracks.len()}),
        );
        self.poll_at = now;
        for tile in self.tiles.iter() {
            if let Some(mid) = tile.mid {
                self.watched.entry(mid).or_insert_with(|| {
                    Watched::new(
                        &tile.source,
                        tile.since,
                        self.options.record_tiles.as_deref(),
                    )
                });
            }
        }
        Ok(())
    }

    /// Does what is due and says when to come again.
    pub fn work(&mut self, now: Instant) -> Result<Instant, End> {
        if self.socket.behind {
            self.socket.flush().map_err(|e| End::Lost(e.to_string()))?;
        }
        if self.leaving.is_some_and(|at| now >= at) {
            self.socket.close();
            return Err(End::Left);
        }
        if !self.connected && now >= self.opened + CONNECT {
            return Err(if self.joined {
                End::NoMedia("not connected in 15 s".to_owned())
            } else {
                End::NotAdmitted("no INDEX in 15 s".to_owned())
            });
        }
        if now >= self.next_ping {
            self.next_ping = now + PING;
            let ping = self.session.ping();
            self.send(&ping)?;
        }
        if self.dirty && !self.in_flight && self.leaving.is_none() {
            self.subscribe(now)?;
        }
        let mut happened = Vec::new();
        self.poll_at = self
            .peer
            .poll(now, &mut happened)
            .map_err(|e| End::Lost(e.to_string()))?;
        for event in happened {
            self.happened(event, now)?;
        }
        if self.connected {
            self.play(now)?;
            self.poll_at = self
                .peer
                .poll(now, &mut Vec::new())
                .map_err(|e| End::Lost(e.to_string()))?;
        }
        if now >= self.next_second {
            self.next_second = now + SECOND;
            self.summary();
        }
        let mut due = self.poll_at.min(self.next_ping).min(self.next_second);
        if self.connected {
            due = due.min(self.next_frame);
            if let Some(camera) = self.sources.camera.as_ref().filter(|_| self.camera_on) {
                due = due.min(camera.due(now));
            }
        }
        Ok(due)
    }

    fn play(&mut self, now: Instant) -> Result<(), End> {
        // After a stop of the whole machine nothing is made up for.
        if now > self.next_frame + SECOND {
            self.next_frame = now;
        }
        while now >= self.next_frame {
            let frame = self.sources.microphone.next(self.muted);
            self.peer
                .speak(&frame, self.spoken, now)
                .map_err(|e| End::Lost(e.to_string()))?;
            self.spoken += u64::from(frame.samples);
            self.next_frame += FRAME * frame.samples / crate::microphone::FRAME as u32;
        }
        if !self.camera_on {
            return Ok(());
        }
        let Some(camera) = &mut self.sources.camera else {
            return Ok(());
        };
        while let Some(shown) = camera.next(now) {
            let rid = self.sources.rids.get(shown.layer).map(String::as_str);
            let taken = self
                .peer
                .show(shown.codec, rid, &shown.data, now)
                .map_err(|e| End::Lost(e.to_string()))?;
            if !taken && !self.in_flight && !self.camera_refused {
                self.camera_refused = true;
                self.report.event(
                    "notification",
                    json!({"text": "the answer does not take the camera's codec"}),
                );
            }
        }
        Ok(())
    }

    fn happened(&mut self, event: Happened, now: Instant) -> Result<(), End> {
        match event {
            Happened::Connected => {
                self.connected = true;
                self.next_frame = now;
                self.say("connected", json!({"ms": self.elapsed_ms()}));
                if !self.content {
                    for saying in self.options.say.clone() {
                        self.message(&saying.topic, &saying.text)?;
                    }
                }
            }
            Happened::Failed(why) => {
                return Err(match (self.leaving, self.connected) {
                    (Some(_), _) => End::Left,
                    (None, true) => End::Lost(why),
                    (None, false) => End::NoMedia(why),
                });
            }
            Happened::KeyframeWanted(rid) => {
                let name = rid.map(|r| r.to_string());
                self.say("key_frame_wanted", json!({"rid": name}));
                let layer = name.and_then(|n| self.sources.rids.iter().position(|r| *r == n));
                if let Some(camera) = &mut self.sources.camera {
                    camera.restart(layer.unwrap_or(0), now);
                }
            }
            Happened::Media(data) => self.media(&data, now).map_err(End::File)?,
        }
        Ok(())
    }

    fn media(&mut self, data: &MediaData, now: Instant) -> io::Result<()> {
        if data.params.spec().codec.is_audio() {
            if !self.first_audio && !self.content {
                self.first_audio = true;
                self.say("first_audio", json!({"ms": self.elapsed_ms()}));
            }
            return match &mut self.sources.mix {
                Some(mix) => {
                    let time = data.time.rebase(str0m::media::Frequency::FORTY_EIGHT_KHZ);
                    mix.receive(time.numer(), &data.data)
                }
                None => Ok(()),
            };
        }
        let Some(watched) = self.watched.get_mut(&data.mid) else {
            return Ok(());
        };
        if let Some(tile) = self.tiles.get(data.mid) {
            watched.source = tile.source.clone();
        }
        let first = watched.frame(data, now)?;
        if first {
            let description = watched.describe_first(now);
            self.report.event("first_frame", description);
        }
        if watched.wants_keyframe(now) {
            self.peer.want_keyframe(data.mid);
        }
        Ok(())
    }

    fn summary(&mut self) {
        if let Some(mix) = self.sources.mix.as_mut().filter(|_| self.first_audio) {
            let heard = mix.take();
            self.report.event(
                "audio",
                json!({"packets": heard.packets, "concealed_ms": heard.concealed / 48,
                       "level": -i32::from(heard.level), "peak": -i32::from(heard.peak)}),
            );
        }
        for watched in self.watched.values_mut() {
            self.report.event("video", watched.take());
        }
    }

    /// Completes the recordings and gives back what can be played again.
    pub fn finish(self, keep: bool) -> io::Result<Sources> {
        let mut sources = self.sources;
        for (_, watched) in self.watched {
            watched.finish()?;
        }
        if !keep && let Some(mix) = sources.mix.take() {
            mix.finish()?;
        }
        if let Some(camera) = &mut sources.camera {
            camera.rewind();
        }
        Ok(sources)
    }
}

fn describe(index: &SdkIndexFrame) -> Value {
    let sources: Vec<_> = index
        .sources
        .iter()
        .map(|s| {
            json!({"attendee": s.attendee_id(), "stream": s.stream_id(), "group": s.group_id(),
                   "max_kbps": s.max_bitrate_kbps()})
        })
        .collect();
    json!({"sources": sources, "participants": index.num_participants(),
           "at_capacity": index.at_capacity(),
           "codecs": index.supported_receive_codec_intersection})
}
