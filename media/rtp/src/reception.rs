//! What there is to report of a stream that comes in (RFC 3550 6.4.1, A.3 and A.8).

use std::time::Instant;

use crate::rtcp::Block;

/// Counts of one stream.
#[derive(Debug, Default, Clone)]
pub struct Reception {
    base: u64,
    highest: Option<u64>,
    received: u64,
    /// Packets that should have come and that came, when it was last reported.
    reported: (u64, u64),
    /// The middle bits of the last sender report's NTP time, and when that came.
    sender: Option<(u32, Instant)>,
    /// Timestamp and arrival of the last packet.
    last: Option<(u32, Instant)>,
    /// In ticks of the timestamp.
    jitter: f32,
}

impl Reception {
    /// The highest extended number so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Packets so far, repeated ones too.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// A packet with this extended number came.
    pub fn came(&mut self, sequence: u64) {
        if self.highest.is_none() {
            self.base = sequence;
        }
        self.highest = Some(self.highest.map_or(sequence, |h| h.max(sequence)));
        self.received += 1;
    }

    /// What that packet says of the spacing of arrivals; `rate` is ticks in a millisecond.
    pub fn spaced(&mut self, timestamp: u32, arrived: Instant, rate: u32) {
        if let Some((before, at)) = self.last {
            let sent = f64::from(timestamp.wrapping_sub(before) as i32);
            let since = arrived.saturating_duration_since(at).as_secs_f64();
            let difference = (since * 1000.0 * f64::from(rate) - sent).abs() as f32;
            // A new timeline is no jitter.
            if difference < 1000.0 * rate as f32 {
                self.jitter += (difference - self.jitter) / 16.0;
            }
        }
        self.last = Some((timestamp, arrived));
    }

    /// The sender reported: the middle bits of its NTP time.
    pub fn sender_reported(&mut self, middle: u32, now: Instant) {
        self.sender = Some((middle, now));
    }

    /// Whether a packet came since the last block.
    pub fn has_news(&self) -> bool {
        self.received != self.reported.1
    }

    /// The block of a receiver report; `None`: nothing came.
    pub fn block(&mut self, ssrc: u32, now: Instant) -> Option<Block> {
        let highest = self.highest?;
        let expected = highest + 1 - self.base.min(highest);
        let lost = expected.saturating_sub(self.received);
        let (before_expected, before_received) = self.reported;
        let wanted = expected.saturating_sub(before_expected);
        let got = self.received - before_received;
        self.reported = (expected, self.received);
        let fraction = (wanted.saturating_sub(got) * 256)
            .checked_div(wanted)
            .unwrap_or(0);
        let since = |at| now.saturating_duration_since(at).as_micros() * 65_536 / 1_000_000;
        Some(Block {
            ssrc,
            fraction_lost: fraction.min(255) as u8,
            lost: lost as u32,
            highest: highest as u32,
            jitter: self.jitter as u32,
            last_report: self.sender.map_or(0, |(middle, _)| middle),
            delay: self.sender.map_or(0, |(_, at)| since(at) as u32),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_block_tells_what_got_lost_since_the_last_and_in_all() {
        let start = Instant::now();
        let mut reception = Reception::default();
        assert!(reception.block(7, start).is_none());
        for sequence in [65_530, 65_531, 65_533] {
            reception.came(sequence);
        }
        let block = reception.block(7, start).unwrap();
        assert_eq!((block.ssrc, block.lost, block.fraction_lost), (7, 1, 64));
        for sequence in [65_534, 65_535, 65_537, 65_538] {
            reception.came(sequence);
        }
        reception.sender_reported(9, start);
        let block = reception.block(7, start + Duration::from_millis(500));
        let block = block.unwrap();
        assert_eq!((block.lost, block.fraction_lost), (2, 51));
        assert_eq!(block.highest, 65_538);
        assert_eq!((block.last_report, block.delay), (9, 32_768));
        assert!(!reception.has_news());
        let block = reception.block(7, start).unwrap();
        assert_eq!((block.lost, block.fraction_lost), (2, 0));
    }

    #[test]
    fn jitter_is_the_spacing_of_arrivals_against_that_of_timestamps() {
        let start = Instant::now();
        let mut even = Reception::default();
        let mut uneven = Reception::default();
        for n in 0..200_u32 {
            let at = start + Duration::from_millis(20) * n;
            for reception in [&mut even, &mut uneven] {
                reception.came(u64::from(n));
            }
            even.spaced(u32::MAX.wrapping_add(n * 960), at, 48);
            uneven.spaced(
                n * 960,
                at + Duration::from_millis(u64::from(n % 2) * 5),
                48,
            );
        }
        assert_eq!(even.block(1, start).unwrap().jitter, 0);
        let jitter = uneven.block(1, start).unwrap().jitter;
        assert!((230..250).contains(&jitter), "{jitter}");
    }
}
