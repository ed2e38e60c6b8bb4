//! The mix on its way to one client.

use std::time::{Duration, Instant};

use hubbub_rtp::rtcp::Sender;

use super::stream::Stream;
use super::{Egress, Packet};
use crate::session::Datagram;
use crate::session::downlink::Downlink;
use crate::session::extensions::Kept;

/// How old the sound of a frame is at least when it is sent: it waited to be mixed.
const AGE: Duration = Duration::from_millis(40);

/// The stream of the audio section.
#[derive(Debug)]
pub struct AudioStream {
    stream: Stream,
    /// Extended, of the next packet.
    sequence: u64,
}

impl AudioStream {
    /// One that has sent nothing yet.
    pub fn new(ssrc: u32, mid: &str) -> AudioStream {
        AudioStream {
            stream: Stream::new(ssrc, mid, 48),
            sequence: 0,
        }
    }

    /// Its ssrc.
    pub fn ssrc(&self) -> u32 {
        self.stream.ssrc()
    }

    /// The datagram of one frame; `timestamp` in 1/48000 s. `numbered`: the client is to tell when
    /// each arrived.
    pub fn packet(
        &mut self,
        (payload_type, timestamp, payload): (u8, u32, &[u8]),
        numbered: bool,
        egress: &mut Egress,
        downlink: &mut Downlink,
        now: Instant,
    ) -> Datagram {
        let packet = Packet {
            ssrc: self.stream.ssrc(),
            mid: self.stream.name(),
            payload_type,
            marker: false,
            sequence: self.sequence,
            timestamp,
            kept: Kept::default(),
            numbered,
            payload,
        };
        let datagram = egress.seal(&packet, downlink, now);
        self.sequence += 1;
        self.stream.sent(payload.len(), timestamp, now - AGE);
        datagram
    }

    /// See [`Stream::report`].
    pub fn report(&self, now: Instant, ntp: u64) -> Option<Sender> {
        self.stream.report(now, ntp)
    }
}
