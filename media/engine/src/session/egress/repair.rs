//! Packets sent again (RFC 4588): what is held for it, and how much of it there may be.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::PictureIds;
use hubbub_rtp::extend;

use super::Packet;
use crate::session::extensions::Kept;

/// How long a packet can be asked for (chime-meetings C.6).
const AGE: Duration = Duration::from_millis(1500);
/// And how many packets are held for it at most.
const PACKETS: usize = 600;
/// Packets sent again are at most this part of a tile's bytes.
const PART: f64 = 0.4;
/// Bytes count half after this long.
const HALF_LIFE: Duration = Duration::from_secs(1);
/// A packet is not sent again sooner than this after it was: what asks for it has crossed it.
const PATIENCE: Duration = Duration::from_millis(10);

/// A packet that was sent.
#[derive(Debug)]
pub struct Held {
    pub sequence: u64,
    pub timestamp: u32,
    pub marker: bool,
    /// Payload type of a packet sent again, where the client has one.
    pub rtx: Option<u8>,
    pub vp8: Option<PictureIds>,
    pub kept: Kept,
    /// As its source sent it.
    pub payload: Arc<[u8]>,
    /// When it was sent last.
    pub at: Instant,
}

impl Held {
    /// The payload, where it is not as its source sent it.
    pub fn patched(&self) -> Option<Vec<u8>> {
        let mut payload = self.vp8.map(|_| self.payload.to_vec())?;
        self.vp8?.write(&mut payload);
        Some(payload)
    }
}

/// What one tile can send again.
#[derive(Debug)]
pub struct Repair {
    ssrc: u32,
    /// Extended, of the next packet.
    sequence: u64,
    /// In the order of their numbers.
    held: VecDeque<Held>,
    sent: f64,
    again: f64,
    halved: Option<Instant>,
}

impl Repair {
    /// `ssrc` 0: it holds nothing.
    pub fn new(ssrc: u32) -> Repair {
        Repair {
            ssrc,
            sequence: 0,
            held: VecDeque::new(),
            sent: 0.0,
            again: 0.0,
            halved: None,
        }
    }

    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// Holds a packet that goes out now.
    pub fn hold(&mut self, packet: Held, now: Instant) {
        self.age(now);
        self.sent += packet.payload.len() as f64;
        if self.ssrc == 0 || packet.rtx.is_none() {
            return;
        }
        let old = |held: &Held| now.saturating_duration_since(held.at) > AGE;
        while self.held.len() >= PACKETS || self.held.front().is_some_and(old) {
            self.held.pop_front();
        }
        let at = match self.held.back() {
            Some(last) if last.sequence > packet.sequence => self
                .held
                .partition_point(|held| held.sequence < packet.sequence),
            _ => self.held.len(),
        };
        self.held.insert(at, packet);
    }

    /// The packet that sends the one with this number again, and its payload. None: it is not held,
    /// went out a moment ago, or too much was sent again.
    pub fn again(&mut self, number: u16, now: Instant) -> Option<(Packet<'static>, Vec<u8>)> {
        self.age(now);
        let newest = self.held.back()?.sequence;
        let sequence = extend(Some(newest), number);
        let at = self
            .held
            .binary_search_by_key(&sequence, |held| held.sequence)
            .ok()?;
        let held = &mut self.held[at];
        let size = held.payload.len() as f64;
        let since = now.saturating_duration_since(held.at);
        let too_much = self.again + size > PART * (self.again + size + self.sent);
        if since > AGE || since < PATIENCE || too_much {
            return None;
        }
        held.at = now;
        let mut payload = held.patched().unwrap_or_else(|| held.payload.to_vec());
        payload.splice(..0, (held.sequence as u16).to_be_bytes());
        let packet = Packet {
            ssrc: self.ssrc,
            mid: "",
            payload_type: held.rtx?,
            marker: held.marker,
            sequence: self.sequence,
            timestamp: held.timestamp,
            kept: held.kept,
            numbered: true,
            payload: &[],
        };
        self.sequence += 1;
        self.again += size;
        Some((packet, payload))
    }

    pub fn forget(&mut self) {
        self.held.clear();
    }

    fn age(&mut self, now: Instant) {
        let halved = *self.halved.get_or_insert(now);
        if now.saturating_duration_since(halved) >= HALF_LIFE {
            self.halved = Some(now);
            self.sent /= 2.0;
            self.again /= 2.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(sequence: u64, at: Instant) -> Held {
        Held {
            sequence,
            timestamp: sequence as u32,
            marker: false,
            rtx: Some(97),
            vp8: None,
            kept: Kept::default(),
            payload: Arc::from([sequence as u8; 1000]),
            at,
        }
    }

    #[test]
    fn what_is_held_is_sent_again_with_its_number_before_it() {
        let start = Instant::now();
        let mut repair = Repair::new(9);
        for sequence in [65_534, 65_536, 65_535, 65_537] {
            repair.hold(held(sequence, start), start);
        }
        let later = start + Duration::from_millis(50);
        let (packet, payload) = repair.again(65_535, later).unwrap();
        assert_eq!(
            (packet.ssrc, packet.payload_type, packet.sequence),
            (9, 97, 0)
        );
        assert_eq!(packet.timestamp, 65_535);
        assert_eq!(payload[..4], [0xff, 0xff, 0xff, 0xff]);
        assert_eq!(payload.len(), 1002);
        assert!(repair.again(65_535, later).is_none(), "it is on its way");
        let (packet, payload) = repair.again(0, later).unwrap();
        assert_eq!((packet.sequence, &payload[..3]), (1, &[0, 0, 0][..]));
        assert!(repair.again(7, later).is_none(), "never sent");
    }

    #[test]
    fn no_more_is_sent_again_than_a_part_of_all() {
        let start = Instant::now();
        let mut repair = Repair::new(9);
        (0..100).for_each(|sequence| repair.hold(held(sequence, start), start));
        let later = start + Duration::from_millis(50);
        let again = (0..100)
            .filter(|n| repair.again(*n, later).is_some())
            .count();
        assert!((60..70).contains(&again), "{again}");
    }

    #[test]
    fn what_is_old_or_forgotten_is_not_sent_again() {
        let start = Instant::now();
        let mut repair = Repair::new(9);
        repair.hold(held(1, start), start);
        assert!(repair.again(1, start + Duration::from_secs(2)).is_none());
        repair.hold(held(2, start), start);
        repair.forget();
        assert!(repair.again(2, start + Duration::from_millis(50)).is_none());
        let mut without = Repair::new(0);
        without.hold(held(1, start), start);
        assert!(
            without
                .again(1, start + Duration::from_millis(50))
                .is_none()
        );
    }
}
