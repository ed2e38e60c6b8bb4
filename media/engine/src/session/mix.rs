//! The mix on its way to one client: RTP, SRTP and sender reports of its one stream of audio
//! (chime-meetings C.5).
//!
//! It goes past the transport. A packet of 20 ms that all listeners of a meeting get 50 times a
//! second asks for a header and a cipher; the transport would look at all its streams and timers
//! for each. What it gives up are the transport-wide number of these packets, which are the
//! transport's to give: the downlink is estimated from video.
//!
//! Invariant: nobody else sends anything with this ssrc, neither RTP nor RTCP, and one that was given
//! up is never taken again, so that no two packets are ever encrypted with the same nonce.

use std::time::{Duration, Instant};

use hubbub_rtp::rtcp::{Sender, sender_report};
use hubbub_rtp::srtp::Context;

/// What reports call us; the answer says the same.
const NAME: &str = "hubbub";
/// How often a report goes out.
const REPORT_EVERY: Duration = Duration::from_secs(1);
/// Bytes of a header without extensions, and of the longest tag.
const OVERHEAD: usize = 12 + 16;

/// The stream.
pub struct MixStream {
    context: Context,
    ssrc: Option<u32>,
    /// Extended, of the next packet.
    sequence: u64,
    packets: u32,
    octets: u32,
    reported: Option<Instant>,
}

impl MixStream {
    /// A stream that has sent nothing yet; `context` encrypts.
    pub fn new(context: Context) -> MixStream {
        MixStream {
            context,
            ssrc: None,
            sequence: 0,
            packets: 0,
            octets: 0,
            reported: None,
        }
    }

    /// The datagram of one frame; `timestamp` in 1/48000 s. Another ssrc begins another stream.
    pub fn packet(
        &mut self,
        ssrc: u32,
        payload_type: u8,
        timestamp: u32,
        payload: &[u8],
    ) -> Vec<u8> {
        if self.ssrc != Some(ssrc) {
            self.ssrc = Some(ssrc);
            (self.sequence, self.packets, self.octets) = (0, 0, 0);
            self.reported = None;
        }
        let mut header = [0; 12];
        header[0] = 0x80;
        header[1] = payload_type & 0x7f;
        header[2..4].copy_from_slice(&(self.sequence as u16).to_be_bytes());
        header[4..8].copy_from_slice(&timestamp.to_be_bytes());
        header[8..].copy_from_slice(&ssrc.to_be_bytes());
        let mut datagram = Vec::with_capacity(OVERHEAD + payload.len());
        self.context
            .protect(&header, payload, self.sequence, &mut datagram);
        self.sequence += 1;
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        datagram
    }

    /// The datagram of a sender report, where one is due. `now` is `ntp` by the wall clock, and the
    /// sound of that moment has this timestamp.
    pub fn report(&mut self, now: Instant, ntp: u64, timestamp: u32) -> Option<Vec<u8>> {
        let due = |at: Instant| now.saturating_duration_since(at) >= REPORT_EVERY;
        if !self.reported.is_none_or(due) {
            return None;
        }
        let ssrc = self.ssrc?;
        self.reported = Some(now);
        let sender = Sender {
            ssrc,
            ntp,
            timestamp,
            packets: self.packets,
            octets: self.octets,
        };
        let mut plain = Vec::new();
        sender_report(&sender, NAME, &mut plain);
        let mut datagram = Vec::new();
        self.context.protect_rtcp(&plain, &mut datagram);
        Some(datagram)
    }
}
