//! The video of one tile on its way to one client.

use std::sync::Arc;
use std::time::Instant;

use hubbub_router::PictureIds;
use hubbub_rtp::rtcp::Sender;
use hubbub_rtp::window::Window;

use super::repair::{Held, Repair};
use super::stream::Stream;
use super::{Egress, Packet};
use crate::session::Datagram;
use crate::session::downlink::Downlink;
use crate::session::extensions::Kept;
use crate::session::payloads::Format;

/// A packet of video for a tile.
pub struct VideoPacket<'a> {
    /// Names the tile.
    pub tile: u32,
    /// What it holds.
    pub format: Format,
    /// Ours, of this tile, from 0 and growing.
    pub sequence: u64,
    /// Ours, of this tile.
    pub timestamp: u32,
    /// Last of its frame.
    pub marker: bool,
    /// Shared with the other receivers.
    pub payload: &'a Arc<[u8]>,
    /// What to change in the VP8 descriptor.
    pub vp8: Option<PictureIds>,
    /// Header extensions of the source.
    pub kept: Kept,
    /// When it came.
    pub arrived: Instant,
}

/// The stream of a tile's section.
#[derive(Debug)]
pub struct TileStream {
    stream: Stream,
    repair: Repair,
    numbers: Window,
}

impl TileStream {
    /// One that has sent nothing yet. `rtx_ssrc` 0: nothing is sent again.
    pub fn new(ssrc: u32, rtx_ssrc: u32, mid: &str) -> TileStream {
        TileStream {
            stream: Stream::new(ssrc, mid, 90),
            repair: Repair::new(rtx_ssrc),
            numbers: Window::default(),
        }
    }

    /// The section.
    pub fn mid(&self) -> &str {
        self.stream.mid()
    }

    /// Its ssrc, and that of packets sent again.
    pub fn ssrcs(&self) -> (u32, u32) {
        (self.stream.ssrc(), self.repair.ssrc())
    }

    /// The datagram of a packet with these payload types, of its own and of packets sent again.
    /// None: one with this number went out before.
    pub fn packet(
        &mut self,
        packet: &VideoPacket<'_>,
        (payload_type, rtx): (u8, Option<u8>),
        egress: &mut Egress,
        downlink: &mut Downlink,
        now: Instant,
    ) -> Option<Datagram> {
        if !self.numbers.take(packet.sequence) {
            return None;
        }
        let held = Held {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            rtx,
            vp8: packet.vp8,
            kept: packet.kept,
            payload: Arc::clone(packet.payload),
            at: now,
        };
        let patched = held.patched();
        let payload = patched.as_deref().unwrap_or(packet.payload);
        let plain = Packet {
            ssrc: self.stream.ssrc(),
            mid: self.stream.name(),
            payload_type,
            marker: packet.marker,
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            kept: packet.kept,
            numbered: true,
            payload,
        };
        let datagram = egress.seal(&plain, downlink, now);
        self.stream
            .sent(payload.len(), packet.timestamp, packet.arrived);
        self.repair.hold(held, now);
        Some(datagram)
    }

    /// The datagram of a packet that the client misses, if it can be had.
    pub fn again(
        &mut self,
        number: u16,
        egress: &mut Egress,
        downlink: &mut Downlink,
        now: Instant,
    ) -> Option<Datagram> {
        let (head, payload) = self.repair.again(number, now)?;
        let packet = Packet {
            mid: self.stream.mid(),
            payload: &payload,
            ..head
        };
        Some(egress.seal(&packet, downlink, now))
    }

    /// Nothing of what was sent so far is sent again.
    pub fn forget(&mut self) {
        self.repair.forget();
    }

    /// See [`Stream::report`].
    pub fn report(&self, now: Instant, ntp: u64) -> Option<Sender> {
        self.stream.report(now, ntp)
    }
}
