//! One session of the attendee, the main one or that of its content share.

mod media;
mod negotiating;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use str0m::media::Mid;

use super::camera::Camera;
use super::mix::Mix;
use super::options::Join;
use super::peer::{Peer, Shape};
use super::report::Report;
use super::tiles::Tiles;
use super::video::Watched;
use crate::microphone::Microphone;
use crate::signal::frames::{SdkIndexFrame, SdkSignalFrame};
use crate::signal::framing;
use crate::signal::session::Session;
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
