//! LiveKit by its signalling: protobuf over one WebSocket a client, two links.
//!
//! Link 0 publishes (we offer), link 1 subscribes (the server offers) to whatever is published.
//! LiveKit does not mix: attendees that do not speak publish nothing, as its clients do when muted.

mod messages;

use std::io::{self, Error, ErrorKind};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use data_encoding::BASE64URL_NOPAD;
use hubbub_rtp::provider;
use messages::{AddTrack, Leave, Ping, Request, Response, SessionDescription, VideoLayer};
use prost::Message;
use rustls::ClientConfig;
use serde_json::{Value, json};

use crate::load::description;
use crate::load::options::Load;
use crate::load::role::{Role, Speech};
use crate::load::signalling::{Said, Signalling, Target};
use crate::websocket::{Received, Socket};

const PING: Duration = Duration::from_secs(5);
/// Seconds that a token is valid.
const VALID: u64 = 6 * 3600;
const RIDS: [&str; 3] = ["q", "h", "f"];

/// A running LiveKit.
pub struct LiveKit {
    url: String,
    key: String,
    secret: String,
    tls: Arc<ClientConfig>,
}

fn sha256_hmac(key: &[u8], data: &[u8]) -> [u8; 32] {
    let sha256 = |data: &[u8]| provider().sha256_provider.sha256(data);
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = sha256(&[&block.map(|b| b ^ 0x36)[..], data].concat());
    sha256(&[&block.map(|b| b ^ 0x5c)[..], &inner].concat())
}

impl LiveKit {
    /// Rooms come into being when somebody joins.
    pub fn open(url: &str, options: &Load, tls: Arc<ClientConfig>) -> LiveKit {
        LiveKit {
            url: url.to_owned(),
            key: options.api_key.clone(),
            secret: options.api_secret.clone(),
            tls,
        }
    }

    fn token(&self, room: &str, identity: &str) -> String {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let head = json!({"alg": "HS256", "typ": "JWT"});
        let claims = json!({"iss": self.key, "sub": identity, "nbf": now - 60, "exp": now + VALID,
            "video": {"room": room, "roomJoin": true, "canPublish": true, "canSubscribe": true}});
        let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encode(&head), encode(&claims));
        let signature = sha256_hmac(self.secret.as_bytes(), signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature))
    }
}

impl Target for LiveKit {
    fn open(&self, role: &Role, name: &str, now: Instant) -> io::Result<Box<dyn Signalling>> {
        let token = self.token(&format!("load{}", role.meeting), name);
        let url = format!(
            "{}/rtc?access_token={token}&auto_subscribe=1&sdk=js&version=2.5.0&protocol=13",
            self.url.trim_end_matches('/')
        );
        let socket = Socket::connect(&url, &[], &[], &self.tls)?;
        let speaks = matches!(role.speech, Speech::Voice(_) | Speech::Probe);
        let mut tracks = Vec::new();
        if speaks {
            tracks.push(AddTrack {
                cid: format!("{name}a"),
                name: "microphone".to_owned(),
                kind: 0,
                source: 2,
                disable_red: true,
                ..Default::default()
            });
        }
        if let Some(highest) = role.layers.last() {
            let layers = role
                .layers
                .iter()
                .enumerate()
                .map(|(quality, layer)| VideoLayer {
                    quality: quality as i32,
                    width: u32::from(layer.width),
                    height: u32::from(layer.height),
                    bitrate: layer.kbps * 1000,
                });
            tracks.push(AddTrack {
                cid: format!("{name}v"),
                name: "camera".to_owned(),
                kind: 1,
                source: 1,
                width: u32::from(highest.width),
                height: u32::from(highest.height),
                layers: layers.collect(),
                ..Default::default()
            });
        }
        Ok(Box::new(Client {
            socket,
            camera: !role.layers.is_empty(),
            tracks,
            unpublished: 0,
            next_ping: now + PING,
        }))
    }

    fn rids(&self) -> [&'static str; 3] {
        RIDS
    }

    fn silence(&self) -> bool {
        false
    }
}

struct Client {
    socket: Socket,
    camera: bool,
    tracks: Vec<AddTrack>,
    /// Tracks that are announced and not acknowledged.
    unpublished: usize,
    next_ping: Instant,
}

impl Client {
    fn send(&mut self, request: &Request) -> io::Result<()> {
        self.socket.send(request.encode_to_vec())
    }

    fn came(&mut self, response: Response, said: &mut Vec<Said>) -> io::Result<()> {
        if response.join.is_some() {
            let tracks = std::mem::take(&mut self.tracks);
            self.unpublished = tracks.len();
            for track in tracks {
                self.send(&Request {
                    add_track: Some(track),
                    ..Default::default()
                })?;
            }
        }
        if response.published.is_some() {
            self.unpublished = self.unpublished.saturating_sub(1);
            if self.unpublished == 0 {
                said.push(Said::Offer {
                    link: 0,
                    camera: self.camera,
                    tiles: 0,
                });
            }
        }
        if let Some(answer) = response.answer {
            said.push(Said::Answer {
                link: 0,
                text: answer.sdp,
            });
        }
        if let Some(offer) = response.offer {
            said.push(Said::Offered {
                link: 1,
                text: offer.sdp,
            });
        }
        if let Some(trickle) = response.trickle {
            let init: Value = serde_json::from_str(&trickle.candidate)
                .map_err(|e| Error::new(ErrorKind::InvalidData, e.to_string()))?;
            let value = init["candidate"].as_str().unwrap_or_default();
            let value = value.strip_prefix("candidate:").unwrap_or(value);
            if let Some(address) = description::candidate(value) {
                let link = usize::from(trickle.target == 1);
                said.push(Said::Candidate { link, address });
            }
        }
        match response.leave {
            Some(leave) => Err(Error::other(format!("told to leave: {}", leave.reason))),
            None => Ok(()),
        }
    }
}

impl Signalling for Client {
    fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn read(&mut self, _: Instant, said: &mut Vec<Said>) -> io::Result<()> {
        while let Some(received) = self.socket.receive()? {
            let Received::Message(data) = received else {
                return Err(Error::other("LiveKit has closed"));
            };
            let response = Response::decode(&data[..])
                .map_err(|e| Error::new(ErrorKind::InvalidData, e.to_string()))?;
            self.came(response, said)?;
        }
        Ok(())
    }

    fn tick(&mut self, now: Instant, _: &mut Vec<Said>) -> io::Result<()> {
        if self.socket.behind {
            self.socket.flush()?;
        }
        if now >= self.next_ping {
            self.next_ping = now + PING;
            let timestamp = crate::load::link::wall_clock().as_millis() as i64;
            self.send(&Request {
                ping: Some(Ping { timestamp }),
                ..Default::default()
            })?;
        }
        Ok(())
    }

    fn described(&mut self, link: usize, text: String) -> io::Result<()> {
        let description = |kind: &str, sdp| {
            Some(SessionDescription {
                kind: kind.to_owned(),
                sdp,
            })
        };
        let mut request = Request::default();
        if link == 0 {
            request.offer = description("offer", text);
        } else {
            request.answer = description("answer", text);
        }
        self.send(&request)
    }

    fn leave(&mut self) {
        // Whoever does not hear it will see the socket go.
        let _ = self.send(&Request {
            leave: Some(Leave {}),
            ..Default::default()
        });
    }
}

#[cfg(test)]
mod tests;
