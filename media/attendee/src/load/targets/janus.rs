//! Janus by its WebSocket API: AudioBridge where there is audio, VideoRoom where there is video.
//!
//! One WebSocket a client. Link 0 is the AudioBridge or the publisher, link 1 the subscriber of
//! VideoRoom with all its streams. A load has either audio or video, as the plugins have.

use std::io::{self, Error, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, poll};
use rustls::ClientConfig;
use serde_json::{Value, json};

use crate::load::options::Load;
use crate::load::role::{Role, Speech};
use crate::load::signalling::{Said, Signalling, Target};
use crate::websocket::{Received, Socket};

/// Sessions end after 60 s without a message.
const KEEPALIVE: Duration = Duration::from_secs(25);
/// Rooms are numbered from here.
const ROOMS: usize = 7_000;
const PROTOCOL: [&str; 1] = ["janus-protocol"];
const AUDIO: &str = "janus.plugin.audiobridge";
const VIDEO: &str = "janus.plugin.videoroom";
/// Codes of rooms that exist already.
const EXISTS: [u64; 2] = [486, 427];

/// A running Janus.
pub struct Janus {
    url: String,
    tls: Arc<ClientConfig>,
    video: bool,
}

fn other(why: impl Into<String>) -> Error {
    Error::other(why.into())
}

/// A socket for requests that are waited for.
struct Control(Socket);

impl Control {
    fn request(&mut self, message: Value) -> io::Result<Value> {
        self.0.send_text(message.to_string())?;
        loop {
            match self.0.receive()? {
                Some(Received::Message(data)) => {
                    let answer: Value = serde_json::from_slice(&data)
                        .map_err(|e| Error::new(ErrorKind::InvalidData, e.to_string()))?;
                    if answer["janus"] != "ack" {
                        return Ok(answer);
                    }
                }
                Some(Received::Closed(_)) => return Err(other("Janus has closed")),
                None => {
                    let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
                    if poll(&mut fds, 5_000u16)? == 0 {
                        return Err(other("Janus does not answer"));
                    }
                }
            }
        }
    }
}

impl Janus {
    /// Creates a room for every meeting.
    pub fn open(url: &str, options: &Load, tls: Arc<ClientConfig>) -> io::Result<Janus> {
        let (meetings, publishers) = (options.meetings, options.attendees);
        Janus::create(url, options.no_audio, meetings, publishers, tls)
    }

    fn create(
        url: &str,
        video: bool,
        meetings: usize,
        publishers: usize,
        tls: Arc<ClientConfig>,
    ) -> io::Result<Janus> {
        let mut control = Control(Socket::connect(url, &PROTOCOL, &[], &tls)?);
        let created = control.request(json!({"janus": "create", "transaction": "c"}))?;
        let session = created["data"]["id"].clone();
        let plugin = if video { VIDEO } else { AUDIO };
        let attached = control.request(json!({"janus": "attach", "session_id": session,
            "plugin": plugin, "transaction": "a"}))?;
        let handle = attached["data"]["id"].clone();
        for meeting in 0..meetings {
            let room = ROOMS + meeting;
            let body = if video {
                json!({"request": "create", "room": room, "publishers": publishers.max(3),
                       "bitrate": 10_000_000, "videocodec": "vp8", "audiocodec": "opus",
                       "fir_freq": 0, "notify_joining": false})
            } else {
                json!({"request": "create", "room": room, "sampling_rate": 48_000,
                       "audiolevel_ext": true, "audiolevel_event": false})
            };
            let answer = control.request(json!({"janus": "message", "session_id": session,
                "handle_id": handle, "transaction": "r", "body": body}))?;
            let code = &answer["plugindata"]["data"]["error_code"];
            if !code.is_null() && !EXISTS.iter().any(|c| *code == json!(c)) {
                return Err(other(format!("Janus creates no room: {answer}")));
            }
        }
        Ok(Janus {
            url: url.to_owned(),
            tls,
            video,
        })
    }
}

impl Target for Janus {
    fn open(&self, role: &Role, _: &str, now: Instant) -> io::Result<Box<dyn Signalling>> {
        let socket = Socket::connect(&self.url, &PROTOCOL, &[], &self.tls)?;
        let mut client = Client {
            socket,
            video: self.video,
            room: ROOMS + role.meeting,
            muted: role.speech == Speech::Mute,
            publishes: !role.layers.is_empty(),
            limit: role.tiles,
            session: Value::Null,
            handles: [Value::Null, Value::Null],
            own: Value::Null,
            feeds: Vec::new(),
            asked: 0,
            updating: false,
            next_keepalive: now + KEEPALIVE,
        };
        client.send(json!({"janus": "create", "transaction": "create"}))?;
        Ok(Box::new(client))
    }

    /// Its browser library lists them so, and it takes the first for the highest.
    fn highest_first(&self) -> bool {
        true
    }
}

/// One attendee's session.
struct Client {
    socket: Socket,
    video: bool,
    room: usize,
    muted: bool,
    publishes: bool,
    limit: usize,
    session: Value,
    handles: [Value; 2],
    own: Value,
    /// Publishers, in the order they were told; the first so many are asked for.
    feeds: Vec<Value>,
    asked: usize,
    updating: bool,
    next_keepalive: Instant,
}

impl Client {
    fn send(&mut self, message: Value) -> io::Result<()> {
        self.socket.send_text(message.to_string())
    }

    fn attach(&mut self, transaction: &str) -> io::Result<()> {
        let plugin = if self.video { VIDEO } else { AUDIO };
        self.send(
            json!({"janus": "attach", "session_id": self.session, "plugin": plugin,
            "transaction": transaction}),
        )
    }

    fn message(&mut self, link: usize, body: Value, jsep: Option<Value>) -> io::Result<()> {
        let mut message = json!({"janus": "message", "session_id": self.session,
            "handle_id": self.handles[link], "transaction": "message", "body": body});
        if let Some(jsep) = jsep {
            message["jsep"] = jsep;
        }
        self.send(message)
    }

    fn came(&mut self, message: &Value, said: &mut Vec<Said>) -> io::Result<()> {
        match message["janus"].as_str() {
            Some("success") => self.success(message),
            Some("event") => self.event(message, said),
            Some("error") => Err(other(message["error"]["reason"].to_string())),
            Some("timeout") => Err(other("session timed out")),
            Some("hangup") => Err(other(format!("hangup: {}", message["reason"]))),
            _ => Ok(()),
        }
    }

    fn success(&mut self, message: &Value) -> io::Result<()> {
        let id = message["data"]["id"].clone();
        match message["transaction"].as_str() {
            Some("create") => {
                self.session = id;
                self.attach("first")
            }
            Some("first") => {
                self.handles[0] = id;
                let body = if self.video {
                    json!({"request": "join", "ptype": "publisher", "room": self.room})
                } else {
                    json!({"request": "join", "room": self.room, "muted": self.muted})
                };
                self.message(0, body, None)
            }
            Some("second") => {
                self.handles[1] = id;
                self.watch("join")
            }
            _ => Ok(()),
        }
    }

    /// Asks for the feeds that are not asked for yet.
    fn watch(&mut self, request: &str) -> io::Result<()> {
        let count = self.feeds.len().min(self.limit);
        let streams: Vec<Value> = self.feeds[self.asked..count]
            .iter()
            .map(|id| json!({"feed": id}))
            .collect();
        self.asked = count;
        self.updating = true;
        let mut body = json!({"request": request, "room": self.room, "streams": streams});
        if request == "join" {
            body["ptype"] = json!("subscriber");
        }
        self.message(1, body, None)
    }

    fn event(&mut self, message: &Value, said: &mut Vec<Said>) -> io::Result<()> {
        let data = &message["plugindata"]["data"];
        if !data["error"].is_null() {
            return Err(other(data["error"].to_string()));
        }
        let link = usize::from(message["sender"] == self.handles[1]);
        let kind = data["audiobridge"].as_str().or(data["videoroom"].as_str());
        if kind == Some("joined") && link == 0 && self.own.is_null() {
            self.own = data["id"].clone();
            if !self.video || self.publishes {
                said.push(Said::Offer {
                    link: 0,
                    camera: self.video,
                    tiles: 0,
                });
            }
        }
        if let Some(text) = message["jsep"]["sdp"].as_str() {
            let text = text.to_owned();
            said.push(match message["jsep"]["type"].as_str() {
                Some("offer") => Said::Offered { link, text },
                _ => Said::Answer { link, text },
            });
        }
        if kind == Some("updated") && message["jsep"].is_null() {
            self.updating = false;
        }
        if self.video && self.limit > 0 {
            let publishers = data["publishers"].as_array().into_iter().flatten();
            self.feeds.extend(publishers.map(|p| p["id"].clone()));
            self.follow()?;
        }
        Ok(())
    }

    fn follow(&mut self) -> io::Result<()> {
        if self.updating || self.asked >= self.feeds.len().min(self.limit) {
            return Ok(());
        }
        if self.handles[1].is_null() {
            self.updating = true;
            return self.attach("second");
        }
        self.watch("subscribe")
    }
}

impl Signalling for Client {
    fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn read(&mut self, _: Instant, said: &mut Vec<Said>) -> io::Result<()> {
        while let Some(received) = self.socket.receive()? {
            let Received::Message(data) = received else {
                return Err(other("Janus has closed"));
            };
            let message = serde_json::from_slice(&data)
                .map_err(|e| Error::new(ErrorKind::InvalidData, e.to_string()))?;
            self.came(&message, said)?;
        }
        Ok(())
    }

    fn tick(&mut self, now: Instant, _: &mut Vec<Said>) -> io::Result<()> {
        if self.socket.behind {
            self.socket.flush()?;
        }
        if now >= self.next_keepalive {
            self.next_keepalive = now + KEEPALIVE;
            self.send(json!({"janus": "keepalive", "session_id": self.session,
                "transaction": "keepalive"}))?;
        }
        Ok(())
    }

    fn described(&mut self, link: usize, text: String) -> io::Result<()> {
        if link == 1 {
            let jsep = json!({"type": "answer", "sdp": text});
            self.message(1, json!({"request": "start"}), Some(jsep))?;
            self.updating = false;
            return self.follow();
        }
        let jsep = json!({"type": "offer", "sdp": text});
        let body = if self.video {
            json!({"request": "publish", "audio": false, "video": true})
        } else {
            json!({"request": "configure", "muted": self.muted})
        };
        self.message(0, body, Some(jsep))
    }

    fn leave(&mut self) {
        // Whoever does not hear it will see the socket go.
        let _ = self.send(json!({"janus": "destroy", "session_id": self.session,
            "transaction": "destroy"}));
    }
}

#[cfg(test)]
mod tests;
