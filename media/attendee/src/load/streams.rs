//! What a client sends and receives: counters, reports, samples of latency.

use std::io;
use std::time::{Duration, Instant};

use hubbub_rtp::extend;
use hubbub_rtp::reception::Reception;
use hubbub_rtp::rtcp::Block;

use super::picture;
use super::voice::Listener;

/// A stream that we send.
#[derive(Debug, Default)]
pub struct Outbound {
    /// Which.
    pub ssrc: u32,
    /// Extended, of the next packet.
    pub sequence: u64,
    /// Timestamps begin here.
    pub offset: u32,
    /// Timestamp of the last packet, with the offset.
    pub timestamp: u32,
    /// Since the start.
    pub packets: u64,
    /// Payload octets since the start.
    pub octets: u64,
}

impl Outbound {
    /// With random beginnings.
    pub fn new() -> Outbound {
        Outbound {
            ssrc: fastrand::u32(1..),
            sequence: u64::from(fastrand::u16(..1_000)),
            offset: fastrand::u32(..),
            ..Default::default()
        }
    }

    /// Counts a packet and gives its sequence number and timestamp.
    pub fn next(&mut self, timestamp: u32, octets: usize) -> (u64, u32) {
        self.sequence += 1;
        self.timestamp = timestamp.wrapping_add(self.offset);
        self.packets += 1;
        self.octets += octets as u64;
        (self.sequence, self.timestamp)
    }
}

/// What a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 48 kHz.
    Audio,
    /// 90 kHz.
    Video,
    /// Retransmissions and probes.
    Repair,
}

/// What is looked at closely in a stream of a sampled client.
#[derive(Default)]
pub struct Sample {
    /// Bursts of the mix.
    pub listener: Option<Listener>,
    /// One-way latencies, ms.
    pub latencies: Vec<f64>,
    /// When bursts were heard, wall clock.
    pub onsets: Vec<Duration>,
    /// RFC 3550, ms.
    pub jitter: f64,
    transit: Option<f64>,
    timestamp: Option<u32>,
    /// Key frames.
    pub key_frames: u64,
    /// Packets that were decrypted.
    pub decrypted: u64,
    /// Packets that could not be.
    pub damaged: u64,
}

/// A stream that comes in.
pub struct Inbound {
    /// Which.
    pub ssrc: u32,
    /// What.
    pub kind: Kind,
    reception: Reception,
    /// Datagrams' bytes.
    pub bytes: u64,
    counted_from: (u64, u64, u64),
    /// Looked at closely.
    pub sample: Option<Box<Sample>>,
}

/// What came while it was measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// By sequence numbers.
    pub expected: u64,
    /// Packets, repeated ones too.
    pub received: u64,
    /// Datagrams' bytes.
    pub bytes: u64,
}

impl Inbound {
    /// Before its first packet.
    pub fn new(ssrc: u32, kind: Kind, sampled: bool) -> io::Result<Inbound> {
        let sample = match (sampled, kind) {
            (true, Kind::Audio) => Some(Box::new(Sample {
                listener: Some(Listener::new()?),
                ..Default::default()
            })),
            (true, Kind::Video) => Some(Box::default()),
            _ => None,
        };
        Ok(Inbound {
            ssrc,
            kind,
            reception: Reception::default(),
            bytes: 0,
            counted_from: (0, 0, 0),
            sample,
        })
    }

    /// Counts a packet and gives its extended sequence number.
    pub fn came(&mut self, sequence: u16, bytes: usize) -> u64 {
        let extended = extend(self.reception.highest(), sequence);
        if self.reception.highest().is_none() {
            self.counted_from.0 = self.counted_from.0.max(extended);
        }
        self.reception.came(extended);
        self.bytes += bytes as u64;
        extended
    }

    /// Looks at a decrypted payload that came at `arrived` (wall clock).
    pub fn look(&mut self, payload: &[u8], timestamp: u32, arrived: Duration) {
        let clock = if self.kind == Kind::Audio { 48.0 } else { 90.0 };
        let Some(sample) = &mut self.sample else {
            return;
        };
        sample.decrypted += 1;
        let now = arrived.as_secs_f64() * 1000.0;
        // Of a frame's packets only the first was due at the frame's time.
        if sample.timestamp != Some(timestamp) {
            let transit = now - f64::from(timestamp) / clock;
            if let Some(before) = sample.transit {
                let difference = (transit - before).abs();
                // A new timeline or a wrap is no jitter.
                if difference < 1_000.0 {
                    sample.jitter += (difference - sample.jitter) / 16.0;
                }
            }
            sample.transit = Some(transit);
            sample.timestamp = Some(timestamp);
        }
        if self.kind == Kind::Video {
            sample.key_frames += u64::from(picture::is_key(payload));
            if let Some(sent) = picture::stamp(payload) {
                let latency = now - sent.as_secs_f64() * 1000.0;
                sample.latencies.push(latency);
            }
        } else if let Some(listener) = &mut sample.listener
            && let Some(at) = listener.hear(payload)
        {
            let place = at as f64 / 48_000.0;
            sample
                .onsets
                .push(Duration::from_secs_f64(arrived.as_secs_f64() + place));
        }
    }

    /// The other side sent a report of this stream.
    pub fn reported(&mut self, middle: u32, now: Instant) {
        self.reception.sender_reported(middle, now);
    }

    /// From now on it counts.
    pub fn start_counting(&mut self) {
        self.counted_from = (self.next(), self.reception.received(), self.bytes);
        if let Some(sample) = &mut self.sample {
            sample.latencies.clear();
            sample.onsets.clear();
            (sample.decrypted, sample.damaged, sample.key_frames) = (0, 0, 0);
        }
    }

    /// What came since.
    pub fn count(&self) -> Count {
        let (next, received, bytes) = self.counted_from;
        Count {
            expected: self.next().saturating_sub(next),
            received: self.reception.received() - received,
            bytes: self.bytes - bytes,
        }
    }

    fn next(&self) -> u64 {
        self.reception.highest().map_or(0, |highest| highest + 1)
    }

    /// The block of a receiver report.
    pub fn block(&mut self, now: Instant) -> Option<Block> {
        self.reception.block(self.ssrc, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_counted_from_where_counting_starts() {
        let mut stream = Inbound::new(1, Kind::Video, false).unwrap();
        for sequence in [65_530, 65_531, 65_533] {
            stream.came(sequence, 100);
        }
        let block = stream.block(Instant::now()).unwrap();
        assert_eq!((block.lost, block.fraction_lost), (1, 64));
        stream.start_counting();
        assert_eq!(stream.count(), Count::default());
        for sequence in [65_534, 65_535, 1, 2] {
            stream.came(sequence, 100);
        }
        assert_eq!(
            stream.count(),
            Count {
                expected: 5,
                received: 4,
                bytes: 400
            }
        );
        assert_eq!(stream.block(Instant::now()).unwrap().lost, 2);
    }

    #[test]
    fn jitter_is_of_frames_not_of_their_packets() {
        let mut stream = Inbound::new(1, Kind::Video, true).unwrap();
        for frame in 0..50u32 {
            let due = Duration::from_millis(u64::from(frame) * 40);
            for packet in 0..4 {
                stream.look(&[0], frame * 3_600, due + Duration::from_millis(packet * 3));
            }
        }
        let sample = stream.sample.unwrap();
        assert_eq!(sample.decrypted, 200);
        assert!(sample.jitter < 0.001, "{}", sample.jitter);
    }

    #[test]
    fn a_stream_that_begins_later_counts_from_its_beginning() {
        let mut stream = Inbound::new(1, Kind::Audio, false).unwrap();
        stream.start_counting();
        stream.came(5_000, 10);
        stream.came(5_001, 10);
        assert_eq!(stream.count().expected, 2);
    }
}
