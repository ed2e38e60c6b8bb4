//! Hubbub, by the signalling of chime-meetings B: one WebSocket and one link a client.

use std::io::{self, Error, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use serde_json::Value;

use crate::load::role::{Role, Speech};
use crate::load::signalling::{Said, Signalling, Target};
use crate::signal::framing;
use crate::signal::session::{Event, Joining, Session, Subscription};
use crate::tls::{self, Trust};
use crate::websocket::{Received, Socket};

const PING: Duration = Duration::from_secs(10);

/// One attendee's way in.
#[derive(Clone, Debug)]
struct Ticket {
    attendee_id: String,
    join_token: String,
}

#[derive(Clone, Debug)]
struct Meeting {
    url: String,
    audio_host: String,
    tickets: Vec<Ticket>,
}

/// Meetings that were created beforehand.
pub struct Hubbub {
    meetings: Vec<Meeting>,
    tls: Arc<ClientConfig>,
}

fn invalid(why: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidData, why.into())
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

impl Hubbub {
    /// Reads a JSON list of `{"Meeting": …, "Attendees": […]}`.
    pub fn open(path: &Path, trust: Trust<'_>) -> io::Result<Hubbub> {
        let data = std::fs::read(path)?;
        let list: Vec<Value> = serde_json::from_slice(&data).map_err(|e| invalid(e.to_string()))?;
        let meetings = list
            .iter()
            .map(meeting)
            .collect::<io::Result<Vec<Meeting>>>()?;
        let url = meetings.first().map_or("", |m| m.url.as_str());
        let tls = tls::for_url(url, trust)?;
        Ok(Hubbub { meetings, tls })
    }
}

fn meeting(value: &Value) -> io::Result<Meeting> {
    let tickets = value["Attendees"]
        .as_array()
        .ok_or_else(|| invalid("no Attendees"))?
        .iter()
        .map(|attendee| {
            Some(Ticket {
                attendee_id: text(attendee, "/AttendeeId")?,
                join_token: text(attendee, "/JoinToken")?,
            })
        })
        .collect::<Option<_>>()
        .ok_or_else(|| invalid("an attendee without AttendeeId or JoinToken"))?;
    Ok(Meeting {
        url: text(value, "/Meeting/MediaPlacement/SignalingUrl")
            .ok_or_else(|| invalid("no SignalingUrl"))?,
        audio_host: text(value, "/Meeting/MediaPlacement/AudioHostUrl").unwrap_or_default(),
        tickets,
    })
}

impl Target for Hubbub {
    fn open(&self, role: &Role, _: &str, now: Instant) -> io::Result<Box<dyn Signalling>> {
        let meeting = self
            .meetings
            .get(role.meeting)
            .ok_or_else(|| invalid("more meetings are asked for than there are"))?;
        let ticket = meeting
            .tickets
            .get(role.seat)
            .ok_or_else(|| invalid("more attendees are asked for than there are"))?;
        let url = format!(
            "{}?X-Chime-Control-Protocol-Version=3&X-Amzn-Chime-Send-Close-On-Error=1",
            meeting.url
        );
        let protocols = ["_aws_wt_session", &ticket.join_token];
        let mut socket = Socket::connect(&url, &protocols, &[], &self.tls)?;
        let mut session = Session::new(Joining {
            audio_session_id: fastrand::u64(1..1 << 32),
            server_adapts: false,
            compressed: true,
        });
        socket.send(framing::encode(&session.ping()))?;
        socket.send(framing::encode(&session.join()))?;
        Ok(Box::new(Attendee {
            socket,
            session,
            own: ticket.attendee_id.clone(),
            audio_host: match role.speech {
                Speech::None => String::new(),
                _ => meeting.audio_host.clone(),
            },
            encodings: role
                .layers
                .iter()
                .map(|l| ("AmazonChimeExpressVideo".to_owned(), l.kbps))
                .collect(),
            limit: role.tiles,
            tiles: Vec::new(),
            wanted: Vec::new(),
            indexed: false,
            in_flight: false,
            dirty: false,
            next_ping: now + PING,
        }))
    }

    fn red(&self) -> bool {
        true
    }
}

struct Attendee {
    socket: Socket,
    session: Session,
    own: String,
    audio_host: String,
    encodings: Vec<(String, u32)>,
    limit: usize,
    /// Group and stream in each section that receives; sections only grow.
    tiles: Vec<(u32, u32)>,
    wanted: Vec<(u32, u32)>,
    indexed: bool,
    in_flight: bool,
    dirty: bool,
    next_ping: Instant,
}

impl Attendee {
    fn event(&mut self, event: Event, said: &mut Vec<Said>) -> io::Result<()> {
        match event {
            Event::Index(index) => {
                let sources = crate::attendee::tiles::sources(&index.sources, u32::MAX);
                self.wanted = sources
                    .iter()
                    .filter(|s| s.attendee_id != self.own)
                    .map(|s| (s.group, s.stream))
                    .take(self.limit)
                    .collect();
                self.dirty = !self.indexed || self.tiles_of_wanted() != self.tiles;
                self.indexed = true;
            }
            Event::Subscribed(text, _) => {
                self.in_flight = false;
                said.push(Said::Answer { link: 0, text });
            }
            Event::Status(status) if !(200..300).contains(&status) => {
                return Err(Error::other(format!("status {status}")));
            }
            Event::Error(status, why) if status >= 300 => {
                return Err(Error::other(format!("error {status} {why}")));
            }
            _ => {}
        }
        if self.dirty && !self.in_flight {
            self.dirty = false;
            self.in_flight = true;
            self.tiles = self.tiles_of_wanted();
            let tiles = self.tiles.len();
            said.push(Said::Offer {
                link: 0,
                camera: true,
                tiles,
            });
        }
        Ok(())
    }

    /// Sources stay where they are shown, new ones take sections whose source is gone.
    fn tiles_of_wanted(&self) -> Vec<(u32, u32)> {
        let mut tiles: Vec<(u32, u32)> = self
            .tiles
            .iter()
            .map(|(group, _)| {
                let wanted = self.wanted.iter().find(|(g, _)| g == group);
                wanted.copied().unwrap_or((0, 0))
            })
            .collect();
        for wanted in &self.wanted {
            if !tiles.contains(wanted) {
                match tiles.iter_mut().find(|t| t.1 == 0) {
                    Some(free) => *free = *wanted,
                    None => tiles.push(*wanted),
                }
            }
        }
        tiles
    }
}

impl Signalling for Attendee {
    fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn read(&mut self, _: Instant, said: &mut Vec<Said>) -> io::Result<()> {
        loop {
            let message = match self.socket.receive()? {
                None => return Ok(()),
                Some(Received::Closed(code)) => {
                    return Err(Error::other(format!("closed with {code:?}")));
                }
                Some(Received::Message(message)) => message,
            };
            let mut replies = Vec::new();
            let events = self
                .session
                .receive(&message, &mut replies)
                .map_err(|e| invalid(e.to_string()))?;
            for reply in &replies {
                self.socket.send(framing::encode(reply))?;
            }
            for event in events {
                self.event(event, said)?;
            }
        }
    }

    fn tick(&mut self, now: Instant, _: &mut Vec<Said>) -> io::Result<()> {
        if self.socket.behind {
            self.socket.flush()?;
        }
        if now >= self.next_ping {
            self.next_ping = now + PING;
            let ping = self.session.ping();
            self.socket.send(framing::encode(&ping))?;
        }
        Ok(())
    }

    fn described(&mut self, _: usize, text: String) -> io::Result<()> {
        // The camera's section is the first of video, and always there.
        let receive = std::iter::once(0)
            .chain(self.tiles.iter().map(|(_, stream)| *stream))
            .collect();
        let wanted = Subscription {
            offer: text,
            encodings: self.encodings.clone(),
            receive,
            wishes: Vec::new(),
            muted: false,
            audio_host: self.audio_host.clone(),
        };
        let frame = self.session.subscribe(&wanted);
        self.socket.send(framing::encode(&frame))
    }

    fn leave(&mut self) {
        let leave = self.session.leave();
        // Whoever does not hear it will see the socket go.
        let _ = self.socket.send(framing::encode(&leave));
    }
}
