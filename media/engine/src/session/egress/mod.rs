//! What goes out to one client: RTP, SRTP, sender reports, and packets once more (chime-meetings
//! C.5, C.6, C.8).
//!
//! It goes past the transport, which brings connectivity and keys. A meeting's packets are many and
//! alike; each asks for a header and a cipher, where the transport would look at all its streams and
//! timers.
//!
//! Invariant: nobody else sends anything with our ssrcs, neither RTP nor RTCP, and no stream sends
//! two packets with one number, so that no two packets are ever encrypted with the same nonce.

mod audio;
mod repair;
mod stream;
mod tile;

use std::time::Instant;

use hubbub_rtp::packet::Outgoing;
use hubbub_rtp::rtcp::{Sender, sender_report};
use hubbub_rtp::srtp::Context;

pub use self::audio::AudioStream;
pub use self::tile::{TileStream, VideoPacket};
use crate::session::downlink::Downlink;
use crate::session::extensions::{Ids, Kept};
use crate::session::{Datagram, Path};

/// What reports call us; the answer says the same.
const NAME: &str = "hubbub";
/// Reports in one datagram.
const REPORTS: usize = 16;

/// A packet of a stream.
struct Packet<'a> {
    ssrc: u32,
    mid: &'a str,
    payload_type: u8,
    marker: bool,
    /// Extended.
    sequence: u64,
    timestamp: u32,
    kept: Kept,
    /// Whether it has a transport-wide number.
    numbered: bool,
    payload: &'a [u8],
}

/// The client's end of the wire.
pub struct Egress {
    context: Context,
    /// How the client is reached.
    pub path: Path,
    /// The client's numbers of extensions.
    pub ids: Ids,
    /// Transport-wide, of the next packet.
    number: u16,
    header: Vec<u8>,
}

impl Egress {
    /// `context` encrypts.
    pub fn new(context: Context, path: Path, ids: Ids) -> Egress {
        Egress {
            context,
            path,
            ids,
            number: 0,
            header: Vec::with_capacity(64),
        }
    }

    /// The datagram.
    fn seal(&mut self, packet: &Packet<'_>, downlink: &mut Downlink, now: Instant) -> Datagram {
        let (orientation, content_type) = (packet.kept.orientation, packet.kept.content_type);
        let more = [
            (self.ids.orientation, orientation.as_slice()),
            (self.ids.content_type, content_type.as_slice()),
            (
                self.ids.delay,
                packet.kept.delay.as_ref().map_or(&[][..], |d| d),
            ),
        ];
        let head = Outgoing {
            payload_type: packet.payload_type & 0x7f,
            marker: packet.marker,
            sequence: packet.sequence as u16,
            timestamp: packet.timestamp,
            ssrc: packet.ssrc,
            level: None,
            transport: packet.numbered.then_some(self.number),
            mid: packet.mid,
            rid: "",
            more: &more,
        };
        self.header.clear();
        head.write(self.ids.common, &mut self.header);
        let mut datagram = Vec::with_capacity(self.header.len() + packet.payload.len() + 16);
        self.context
            .protect(&self.header, packet.payload, packet.sequence, &mut datagram);
        if packet.numbered && self.ids.common.transport != 0 {
            downlink.sent(self.number, datagram.len(), now);
            self.number = self.number.wrapping_add(1);
        }
        self.path.carry(datagram)
    }

    /// The datagram of a plain compound RTCP packet.
    pub fn control(&mut self, plain: &[u8]) -> Datagram {
        let mut datagram = Vec::with_capacity(plain.len() + 32);
        self.context.protect_rtcp(plain, &mut datagram);
        self.path.carry(datagram)
    }

    /// The datagrams of these reports; `plain` is one on what comes in, or empty.
    pub fn reports(&mut self, senders: &[Sender], mut plain: Vec<u8>, out: &mut Vec<Datagram>) {
        for (count, sender) in (1..).zip(senders) {
            sender_report(sender, NAME, &mut plain);
            if count % REPORTS == 0 {
                out.push(self.control(&plain));
                plain.clear();
            }
        }
        if !plain.is_empty() {
            out.push(self.control(&plain));
        }
    }
}
