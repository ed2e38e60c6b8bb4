//! One PeerConnection: str0m and its UDP socket.
//!
//! The invariant is str0m's: after anything was put in, [`Peer::poll`] drains it and says when it
//! must be called again.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{
    Direction, KeyframeRequestKind, MediaData, MediaKind, MediaTime, Mid, Rid, Simulcast,
    SimulcastLayer,
};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc, RtcConfig};

use super::sections;
use crate::microphone;

/// Largest datagram that is taken.
const DATAGRAM: usize = 2048;
/// Datagrams taken at a time, before the connection is polled.
const BURST: usize = 64;

/// What the connection has.
#[derive(Clone, Debug)]
pub struct Shape {
    /// An audio section.
    pub audio: bool,
    /// RED beside Opus.
    pub red: bool,
    /// A stereo mix is asked for.
    pub stereo: bool,
    /// The simulcast layers of the camera, lowest first; empty: one encoding.
    pub rids: Vec<String>,
}

/// What happened.
#[derive(Debug)]
pub enum Happened {
    /// DTLS is up.
    Connected,
    /// ICE or DTLS is down, for this reason.
    Failed(String),
    /// A frame came.
    Media(Box<MediaData>),
    /// The receiver of our video wants a key frame.
    KeyframeWanted(Option<Rid>),
}

/// A connection, from the offer on.
pub struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    shape: Shape,
    audio: Option<Mid>,
    camera: Mid,
    camera_on: bool,
    pending: Option<SdpPendingOffer>,
    offered: String,
    first: bool,
    epoch: Instant,
}

fn failed(why: impl std::fmt::Display) -> io::Error {
    io::Error::other(why.to_string())
}

impl Peer {
    /// Binds a socket at `ip`; nothing is sent before the answer.
    pub fn new(ip: IpAddr, shape: Shape, now: Instant) -> io::Result<Peer> {
        let socket = UdpSocket::bind((ip, 0))?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_opus(true, shape.red)
            .enable_vp9(true)
            .enable_h264(true)
            .enable_vp8(true)
            .enable_av1(true)
            .build(now);
        let candidate = Candidate::host(local, "udp").map_err(failed)?;
        rtc.add_local_candidate(candidate);
        Ok(Peer {
            rtc,
            socket,
            local,
            shape,
            audio: None,
            camera: Mid::from("none"),
            camera_on: false,
            pending: None,
            offered: String::new(),
            first: true,
            epoch: now,
        })
    }

    /// Writes an offer: camera on or off, tiles stopped and so many added. Gives the text and the
    /// new tiles; `None` if nothing changed.
    pub fn offer(&mut self, camera: bool, stop: &[Mid], add: usize) -> Option<(String, Vec<Mid>)> {
        let mut api = self.rtc.sdp_api();
        let direction = if camera {
            Direction::SendRecv
        } else {
            Direction::Inactive
        };
        if self.first {
            if self.shape.audio {
                let mid = api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
                self.audio = Some(mid);
            }
            let simulcast = (!self.shape.rids.is_empty()).then(|| Simulcast {
                send: self
                    .shape
                    .rids
                    .iter()
                    .map(|r| SimulcastLayer::new(r))
                    .collect(),
                recv: Vec::new(),
            });
            self.camera = api.add_media(MediaKind::Video, direction, None, None, simulcast);
        } else if camera != self.camera_on {
            api.set_direction(self.camera, direction);
        }
        for mid in stop {
            api.stop_media(*mid);
        }
        let added = (0..add)
            .map(|_| api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None))
            .collect();
        let (offer, pending) = api.apply()?;
        self.first = false;
        self.camera_on = camera;
        self.pending = Some(pending);
        let mut text = offer.to_sdp_string();
        if self.shape.stereo {
            text = text.replace("useinbandfec=1", "useinbandfec=1;stereo=1;sprop-stereo=1");
        }
        self.offered.clone_from(&text);
        Some((text, added))
    }

    /// Takes the answer to the last offer.
    pub fn answer(&mut self, text: &str) -> io::Result<()> {
        let text = sections::complete(text, &self.offered);
        let answer = SdpAnswer::from_sdp_string(&text).map_err(failed)?;
        let pending = self
            .pending
            .take()
            .ok_or_else(|| failed("an answer to no offer"))?;
        self.rtc
            .sdp_api()
            .accept_answer(pending, answer)
            .map_err(failed)
    }

    /// The camera's section.
    pub fn camera(&self) -> Mid {
        self.camera
    }

    /// Whether frames can be sent.
    pub fn connected(&self) -> bool {
        self.rtc.is_connected()
    }

    /// Sends one frame of the microphone.
    pub fn speak(&mut self, frame: &microphone::Frame, at: u64, now: Instant) -> io::Result<()> {
        let Some(mid) = self.audio else {
            return Ok(());
        };
        let Some(writer) = self.rtc.writer(mid) else {
            return Ok(());
        };
        let Some(pt) = writer
            .payload_params()
            .find(|p| p.spec().codec == Codec::Opus)
            .map(|p| p.pt())
        else {
            return Ok(());
        };
        let time = MediaTime::new(at, str0m::media::Frequency::FORTY_EIGHT_KHZ);
        let loud = frame.level < microphone::SILENCE;
        writer
            .audio_level(-(frame.level as i8), loud)
            .write(pt, now, time, frame.payload.clone())
            .map_err(failed)
    }

    /// Sends one frame of the camera; false if the answer does not take its codec.
    pub fn show(
        &mut self,
        codec: Codec,
        rid: Option<&str>,
        frame: &std::sync::Arc<[u8]>,
        now: Instant,
    ) -> io::Result<bool> {
        let Some(mut writer) = self.rtc.writer(self.camera) else {
            return Ok(false);
        };
        let Some(pt) = writer
            .payload_params()
            .find(|p| p.spec().codec == codec)
            .map(|p| p.pt())
        else {
            return Ok(false);
        };
        if let Some(rid) = rid {
            writer = writer.rid(Rid::from(rid));
        }
        let time = MediaTime::from_90khz(((now - self.epoch).as_micros() * 9 / 100) as u64);
        writer
            .write(pt, now, time, frame.clone())
            .map_err(failed)
            .map(|()| true)
    }

    /// Asks for a key frame of a tile.
    pub fn want_keyframe(&mut self, mid: Mid) {
        if let Some(mut writer) = self.rtc.writer(mid) {
            // Without any packet yet there is nobody to ask; the server asks by itself then.
            let _ = writer.request_keyframe(None, KeyframeRequestKind::Pli);
        }
    }

    /// Reads what the socket holds, at most a burst of it; true if there may be more.
    pub fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; DATAGRAM];
        for _ in 0..BURST {
            let (length, source) = match self.socket.recv_from(&mut buffer) {
                Ok(received) => received,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
                // The other side's port is closed; ICE will find out.
                Err(e) if e.kind() == ErrorKind::ConnectionRefused => continue,
                Err(e) => return Err(e),
            };
            let Ok(contents) = buffer[..length].try_into() else {
                continue;
            };
            let input = Input::Receive(
                Instant::now(),
                Receive {
                    proto: Protocol::Udp,
                    source,
                    destination: self.local,
                    contents,
                },
            );
            if self.rtc.accepts(&input) {
                self.rtc.handle_input(input).map_err(failed)?;
            }
        }
        Ok(true)
    }

    /// Lets time pass, sends what is due, says what happened and when to come again.
    pub fn poll(&mut self, now: Instant, happened: &mut Vec<Happened>) -> io::Result<Instant> {
        self.rtc.handle_input(Input::Timeout(now)).map_err(failed)?;
        loop {
            match self.rtc.poll_output().map_err(failed)? {
                Output::Timeout(at) => return Ok(at),
                Output::Transmit(transmit) => {
                    match self
                        .socket
                        .send_to(&transmit.contents, transmit.destination)
                    {
                        Ok(_) => {}
                        // As lossy as any network.
                        Err(e) if is_transient(&e) => {}
                        Err(e) => return Err(e),
                    }
                }
                Output::Event(event) => match event {
                    Event::Connected => happened.push(Happened::Connected),
                    Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                        happened.push(Happened::Failed("ICE is disconnected".to_owned()));
                    }
                    Event::Closed => happened.push(Happened::Failed("DTLS is closed".to_owned())),
                    Event::MediaData(data) => happened.push(Happened::Media(Box::new(data))),
                    Event::KeyframeRequest(request) => {
                        happened.push(Happened::KeyframeWanted(request.rid));
                    }
                    _ => {}
                },
            }
        }
    }
}

fn is_transient(e: &io::Error) -> bool {
    matches!(
        e.kind(),
        ErrorKind::WouldBlock
            | ErrorKind::ConnectionRefused
            | ErrorKind::NetworkUnreachable
            | ErrorKind::HostUnreachable
            | ErrorKind::PermissionDenied
    )
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
