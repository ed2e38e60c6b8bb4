//! What all streams have: the section they belong to, and what they report (RFC 3550 6.4.1).

use std::time::{Duration, Instant};

use hubbub_rtp::rtcp::Sender;

/// Packets that name their section: until then the client has learnt whose ssrc it is.
const NAMED: u32 = 100;

/// One ssrc.
#[derive(Debug)]
pub struct Stream {
    ssrc: u32,
    mid: String,
    /// Ticks of the timestamp in a millisecond.
    rate: u32,
    packets: u32,
    octets: u32,
    /// A timestamp and its moment.
    last: Option<(u32, Instant)>,
}

impl Stream {
    pub fn new(ssrc: u32, mid: &str, rate: u32) -> Stream {
        Stream {
            ssrc,
            mid: mid.to_owned(),
            rate,
            packets: 0,
            octets: 0,
            last: None,
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    pub fn mid(&self) -> &str {
        &self.mid
    }

    /// What a packet says of its section.
    pub fn name(&self) -> &str {
        if self.packets < NAMED { &self.mid } else { "" }
    }

    /// A packet went out; what it holds is of that moment.
    pub fn sent(&mut self, octets: usize, timestamp: u32, moment: Instant) {
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(octets as u32);
        self.last = Some((timestamp, moment));
    }

    /// What there is to report at `now`, which is `ntp` by the wall clock.
    pub fn report(&self, now: Instant, ntp: u64) -> Option<Sender> {
        let (timestamp, moment) = self.last?;
        let since = now.saturating_duration_since(moment);
        Some(Sender {
            ssrc: self.ssrc,
            ntp,
            timestamp: timestamp.wrapping_add(ticks(since, self.rate)),
            packets: self.packets,
            octets: self.octets,
        })
    }
}

fn ticks(time: Duration, rate: u32) -> u32 {
    (time.as_micros() as u64 * u64::from(rate) / 1000) as u32
}
