//! One session: the transport of one PeerConnection and what its sections are.
//!
//! Connectivity and keys are the transport's. RTP and RTCP come in by [`ingress`] and go out by
//! [`egress`].
//!
//! Invariant: whoever hands the transport something sees to it that [`Session::drain`] runs before
//! the session is left alone. What comes out of a session are datagrams, and [`Happened`]s that the
//! meeting acts upon; whoever took something in comes back by [`Session::deadline`].

pub mod downlink;
pub mod egress;
pub mod extensions;
pub mod feedback;
pub mod ingress;
pub mod media;
pub mod payloads;
pub mod setup;
mod tap;
mod transport;
mod trend;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use hubbub_router::Wish;
use str0m::Rtc;
use str0m::net::Protocol;

use crate::command::{AttendeeId, Configure, Gates, GroupId, OpenSession, SessionId, StreamId};
use crate::session::downlink::Downlink;
use crate::session::egress::{AudioStream, Egress, TileStream};
use crate::session::extensions::Ids;
use crate::session::ingress::{Ingress, Received};
use crate::session::payloads::{Format, Payloads};
use crate::session::setup::Identity;

/// The address that stands for the engine's own in the transports, IPv4. Which of the machine's
/// addresses a client found us by makes no difference to a session: there is one socket.
pub const LOCAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);
/// The same for IPv6.
pub const LOCAL_V6: SocketAddr = SocketAddr::new(
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1)),
    9,
);

/// A session without a packet of any kind for this long is gone.
pub const SILENCE_MAX: Duration = Duration::from_secs(12);
/// After this long without a packet of any kind the owner is told.
pub const QUIET_AFTER: Duration = Duration::from_secs(1);
/// Addresses from which a client may come in a session's life.
const ADDRESSES_MAX: usize = 64;
/// A handshake that has not come to an end by then has failed.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(30);

/// A datagram to send.
#[derive(Debug)]
pub struct Datagram {
    /// UDP, or TCP to one of the connections that clients made.
    pub protocol: Protocol,
    /// The client's address.
    pub destination: SocketAddr,
    /// Its contents.
    pub contents: Vec<u8>,
}

/// How a client is reached.
#[derive(Debug, Clone, Copy)]
pub struct Path {
    protocol: Protocol,
    destination: SocketAddr,
}

impl Path {
    fn carry(self, contents: Vec<u8>) -> Datagram {
        Datagram {
            protocol: self.protocol,
            destination: self.destination,
            contents,
        }
    }
}

/// What a session's transport has brought.
#[derive(Debug)]
pub enum Happened {
    /// DTLS and SRTP are up.
    Connected,
    /// The transport broke and is of no more use.
    Broken,
    /// A packet of the microphone; whether it is RED.
    Audio(Received, bool),
    /// A packet of an encoding, in this format.
    Video(StreamId, Format, Received),
    /// The client asks for a key frame in the tile with this ssrc.
    KeyframeWanted(u32),
    /// bit/s that the downlink carries.
    Estimate(u64),
}

/// The microphone's section.
#[derive(Debug)]
struct Audio {
    mid: String,
    remote_ssrc: Option<u32>,
    stream: AudioStream,
    opus_pt: u8,
    red_pt: Option<u8>,
    stereo: bool,
    max_bitrate: u32,
}

/// An encoding that the client sends.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Encoding {
    stream: StreamId,
    rid: Option<String>,
    ssrc: Option<u32>,
    rtx_ssrc: Option<u32>,
}

/// The camera's section, or the share's.
#[derive(Debug)]
struct Camera {
    mid: String,
    encodings: Vec<Encoding>,
}

/// What a tile shall show.
#[derive(Debug)]
struct TileWish {
    mid: String,
    /// The stream and group that the last `configure` named.
    named: (StreamId, GroupId),
    wish: Option<Wish>,
}

/// A datagram that can wait.
#[derive(Debug)]
struct Waiting {
    from: Path,
    arrived: Instant,
    bytes: Vec<u8>,
}

/// Audio packets that came and that should have come, for the uplink's loss.
#[derive(Debug, Default)]
struct Uplink {
    first: Option<u64>,
    highest: u64,
    received: u64,
    strength: Option<u8>,
}

/// One session.
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub attendee: AttendeeId,
    /// Whether it is the attendee's content share.
    pub content: bool,
    /// What the attendee may do.
    pub gates: Gates,
    /// Whether its client said that it is muted.
    pub muted: bool,
    /// Whether DTLS and SRTP are up.
    pub connected: bool,
    /// Whether it takes part in the audio.
    pub mixed: bool,
    /// Whether a packet of the microphone came.
    pub heard: bool,
    /// bit/s that the downlink carries, once known.
    pub estimate: Option<u64>,
    /// Group of the camera's section, 0: none.
    pub group: GroupId,
    /// The earliest time at which the schedule looks at this session.
    pub scheduled: Option<Instant>,
    open: OpenSession,
    opened_at: Instant,
    last_packet: Instant,
    quiet: bool,
    rtc: Option<Box<Rtc>>,
    /// When the transport wants to be driven next.
    due: Option<Instant>,
    /// The transport's, which may lag behind the clock's.
    time: Instant,
    clock: Instant,
    payloads: Payloads,
    audio: Option<Audio>,
    camera: Option<Camera>,
    tiles: Vec<TileStream>,
    /// Of sections that are inactive, in the order in which they became so.
    idle: Vec<TileStream>,
    wishes: Vec<TileWish>,
    downlink: Downlink,
    /// Once there are keys.
    ingress: Option<Ingress>,
    egress: Option<Egress>,
    /// Part of the mix that the client last said was lost.
    mix_loss: f64,
    /// Where the handshake goes.
    path: Option<Path>,
    ids: Ids,
    told: Option<Instant>,
    waiting: Vec<Waiting>,
    uplink: Uplink,
    addresses: usize,
}

impl Session {
    /// A session that waits for its first `configure`.
    pub fn new(open: OpenSession, now: Instant) -> Session {
        Session {
            id: open.session,
            attendee: open.attendee,
            content: open.content,
            gates: open.gates,
            muted: open.muted,
            connected: false,
            mixed: false,
            heard: false,
            estimate: None,
            group: 0,
            scheduled: None,
            open,
            opened_at: now,
            last_packet: now,
            quiet: false,
            rtc: None,
            due: None,
            time: now,
            clock: now,
            payloads: Payloads::empty(),
            audio: None,
            camera: None,
            tiles: Vec::new(),
            idle: Vec::new(),
            wishes: Vec::new(),
            downlink: Downlink::default(),
            ingress: None,
            egress: None,
            mix_loss: 0.0,
            path: None,
            ids: Ids::default(),
            told: None,
            waiting: Vec::new(),
            uplink: Uplink::default(),
            addresses: 0,
        }
    }

    /// The local ufrag, by which its first packets are known.
    pub fn ufrag(&self) -> &str {
        &self.open.local_ufrag
    }

    /// Takes what an answer has agreed on. False: no transport can be made of it.
    pub fn configure(&mut self, identity: &Identity, command: &Configure, now: Instant) -> bool {
        if self.rtc.is_none() {
            let Some(rtc) = setup::build(identity, &self.open, now) else {
                return false;
            };
            self.rtc = Some(Box::new(rtc));
            self.due = Some(now);
        }
        self.ids = Ids::of(&command.extensions);
        self.payloads.replace(&command.payloads);
        self.configure_audio(command.audio.as_ref());
        self.configure_camera(command.camera.as_ref());
        self.configure_tiles(&command.tiles);
        if let Some(ingress) = &mut self.ingress {
            ingress.reconfigured(self.ids, self.camera.is_some());
        }
        if let Some(egress) = &mut self.egress {
            egress.ids = self.ids;
        }
        true
    }

    /// Whether no packet of any kind has come for too long.
    pub fn is_silent(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last_packet) >= SILENCE_MAX
    }

    /// Whether packets of a connected session have ceased to come or come again, where that changed
    /// since it was last asked for.
    pub fn take_quiet(&mut self, now: Instant) -> Option<bool> {
        let quiet =
            self.connected && now.saturating_duration_since(self.last_packet) >= QUIET_AFTER;
        let changed = quiet != self.quiet;
        self.quiet = quiet;
        changed.then_some(quiet)
    }

    /// Whether its handshake takes too long.
    pub fn is_stuck(&self, now: Instant) -> bool {
        !self.connected && now.saturating_duration_since(self.opened_at) >= HANDSHAKE_MAX
    }

    /// Notes one more address of this session; false: it has enough of them.
    pub fn may_add_address(&mut self) -> bool {
        self.addresses += 1;
        self.addresses <= ADDRESSES_MAX
    }

    /// A new uplink strength (chime-meetings B.8), where it changed since it was last asked for.
    pub fn take_signal(&mut self) -> Option<u8> {
        let uplink = &mut self.uplink;
        let first = uplink.first?;
        let expected = uplink.highest.saturating_sub(first) + 1;
        let lost = expected.saturating_sub(uplink.received);
        let received = std::mem::take(&mut uplink.received);
        uplink.first = Some(uplink.highest + 1);
        if expected < 10 && received < 10 {
            return None;
        }
        let strength = match lost * 100 / expected.max(1) {
            21.. => 0,
            6.. => 1,
            _ => 2,
        };
        let changed = uplink.strength.unwrap_or(2) != strength;
        uplink.strength = Some(strength);
        changed.then_some(strength)
    }
}
