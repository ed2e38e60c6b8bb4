//! What goes out to one client: RTP, SRTP, sender reports, and packets once more (chime-meetings
//! C.5, C.6, C.8).
//!
//! It goes past the transport, which brings connectivity, keys and all that comes in. A meeting's
//! packets are many and alike; each asks for a header and a cipher, where the transport would look
//! at all its streams and timers.
//!
//! Invariant: nobody else sends anything with our ssrcs, neither RTP nor RTCP, and no stream sends
//! two packets with one number, so that no two packets are ever encrypted with the same nonce.

mod audio;
mod repair;
mod stream;
mod tile;

use std::time::Instant;

use hubbub_rtp::packet::{Extensions, Outgoing};
use hubbub_rtp::rtcp::{Sender, sender_report};
use hubbub_rtp::srtp::Context;

pub use self::audio::AudioStream;
pub use self::tile::{TileStream, VideoPacket};
use crate::session::downlink::Downlink;
use crate::session::setup;

/// What reports call us; the answer says the same.
const NAME: &str = "hubbub";
/// Reports in one datagram.
const REPORTS: usize = 16;

/// A client's numbers of the extensions that are sent; 0: it has not agreed to one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids {
    common: Extensions,
    orientation: u8,
    content_type: u8,
    delay: u8,
}

impl Ids {
    /// As the client has agreed on.
    pub fn of(extensions: &[(u8, String)]) -> Ids {
        let id = |uri| setup::extension_id(extensions, uri).unwrap_or(0);
        Ids {
            common: Extensions {
                transport: id(setup::NUMBERS),
                mid: id(setup::MID),
                ..Extensions::default()
            },
            orientation: id(setup::ORIENTATION),
            content_type: id(setup::CONTENT_TYPE),
            delay: id(setup::DELAY),
        }
    }
}

/// Extensions of a source that its packets keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// urn:3gpp:video-orientation.
    pub orientation: Option<u8>,
    /// video-content-type.
    pub content_type: Option<u8>,
    /// playout-delay.
    pub delay: Option<[u8; 3]>,
}

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
    ids: Ids,
    /// Transport-wide, of the next packet.
    number: u16,
    header: Vec<u8>,
}

impl Egress {
    /// `context` encrypts.
    pub fn new(context: Context, ids: Ids) -> Egress {
        Egress {
            context,
            ids,
            number: 0,
            header: Vec::with_capacity(64),
        }
    }

    /// The datagram.
    fn seal(&mut self, packet: &Packet<'_>, downlink: &mut Downlink, now: Instant) -> Vec<u8> {
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
        datagram
    }

    /// The datagrams of these reports.
    pub fn reports(&mut self, senders: &[Sender]) -> impl Iterator<Item = Vec<u8>> {
        senders.chunks(REPORTS).map(|senders| {
            let mut plain = Vec::new();
            for sender in senders {
                sender_report(sender, NAME, &mut plain);
            }
            let mut datagram = Vec::new();
            self.context.protect_rtcp(&plain, &mut datagram);
            datagram
        })
    }
}
