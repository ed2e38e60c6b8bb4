//! What one member sends.
//!
//! **Invariant: a member that nobody needs to hear costs the storing of its packets, and no decoding.**

use std::time::{Duration, Instant};

use crate::activity::{Activity, measure};
use crate::codec::{duration, is_stereo, redundancy};
use crate::delay::{Delay, Line};
use crate::packets::{LONGEST, Packets};
use crate::red::{Block, unpack_red};
use crate::stats::MemberStats;
use crate::types::Packet;
use crate::voice::{Voice, WARM_UP};

/// Packets remembered to tell what a redundant block repeats from what it brings.
const RECENT: usize = 16;
/// Late packets in a row after which the time line is another.
const LAGGING: u32 = 15;

/// A member's stream, from its packets to 20 ms of audio a tick.
pub(crate) struct Uplink {
    packets: Packets,
    delay: Delay,
    activity: Activity,
    voice: Option<Voice>,
    newest: Option<u64>,
    /// Timestamps that came last, in no order.
    recent: [u64; RECENT],
    received: usize,
    levelled: bool,
    /// It has sent stereo: it is decoded so from then on.
    stereo: bool,
    /// Late packets in a row.
    lagging: u32,
    /// The frame pulled last.
    pub(crate) pulled_at: Option<Instant>,
    pub(crate) stats: MemberStats,
}

impl Uplink {
    pub(crate) fn new() -> Self {
        Self {
            packets: Packets::default(),
            delay: Delay::new(),
            activity: Activity::new(),
            voice: None,
            newest: None,
            recent: [u64::MAX; RECENT],
            received: 0,
            levelled: false,
            stereo: false,
            lagging: 0,
            pulled_at: None,
            stats: MemberStats::default(),
        }
    }

    /// Takes a packet in; true if the member may have something to say.
    pub(crate) fn receive(&mut self, packet: &Packet<'_>) -> bool {
        let mut redundant = Vec::new();
        let payload = if packet.red {
            match unpack_red(packet.payload, &mut redundant) {
                Ok(primary) => primary.payload,
                Err(_) => return self.malformed(),
            }
        } else {
            packet.payload
        };
        if payload.len() > LONGEST {
            return self.malformed();
        }
        let Some(samples) = duration(payload) else {
            return self.malformed();
        };
        match self.delay.record(packet.arrived, packet.timestamp) {
            Line::Same => {}
            Line::Doubtful => return self.late(),
            Line::New => self.restart(),
        }
        self.recover(packet, payload, &redundant);
        self.recent[self.received % RECENT] = packet.timestamp;
        self.received = self.received.wrapping_add(1);
        self.stereo |= is_stereo(payload);
        self.levelled = packet.level.is_some();
        let believed = packet.level.filter(|_| self.activity.is_believed());
        let audible = believed.is_some_and(|level| self.activity.heard(level, packet.arrived));
        let past = self
            .voice
            .as_ref()
            .is_some_and(|voice| voice.is_past(packet.timestamp));
        self.lagging = if past { self.lagging + 1 } else { 0 };
        if self.lagging >= LAGGING {
            // Not the network: the sender's clock went back, less far than a jump.
            self.delay.restart(packet.arrived, packet.timestamp);
            self.restart();
        }
        if past
            || !self
                .packets
                .insert(packet.timestamp, packet.sequence, samples, false, payload)
        {
            return self.late() || audible;
        }
        if self
            .newest
            .is_none_or(|newest| packet.timestamp.wrapping_sub(newest) as i64 > 0)
        {
            self.newest = Some(packet.timestamp);
        }
        if let (None, Some(newest)) = (&self.voice, self.newest) {
            let kept = self.delay.last_aim().unsigned_abs() + WARM_UP;
            self.packets.drop_before(newest.wrapping_sub(kept));
        }
        audible || self.is_measured()
    }

    /// Forgets the packets of an old time line.
    fn restart(&mut self) {
        self.packets.clear();
        self.newest = None;
        self.lagging = 0;
        if let Some(voice) = &mut self.voice {
            voice.restart();
        }
    }

    /// Notes when a packet came that is not to be heard, so that the delay is known when the next one is.
    pub(crate) fn refuse(&mut self, packet: &Packet<'_>) {
        self.stats.refused += 1;
        self.delay.record(packet.arrived, packet.timestamp);
    }

    fn malformed(&mut self) -> bool {
        self.stats.malformed += 1;
        false
    }

    fn late(&mut self) -> bool {
        self.stats.late += 1;
        false
    }

    /// Stores what a packet repeats of those before it, as far as it is missing.
    fn recover(&mut self, packet: &Packet<'_>, primary: &[u8], redundant: &[Block<'_>]) {
        let Some(voice) = &self.voice else { return };
        for block in redundant {
            let timestamp = packet.timestamp.wrapping_sub(u64::from(block.offset));
            if self.recent.contains(&timestamp) || block.payload.len() > LONGEST {
                continue;
            }
            // Counts for the delay though it may be too late for this one.
            self.delay.record_redundant(packet.arrived, timestamp);
            if voice.is_past(timestamp) || self.packets.contains(timestamp) {
                continue;
            }
            let Some(samples) = duration(block.payload) else {
                self.stats.malformed += 1;
                continue;
            };
            let sequence = packet
                .sequence
                .wrapping_sub(u64::from(block.offset) / samples as u64);
            self.packets
                .insert(timestamp, sequence, samples, true, block.payload);
        }
        // In-band FEC is of use only if this packet is there when the one before is due.
        let rebuilt = redundancy(primary) as u64;
        let before = packet.timestamp.wrapping_sub(rebuilt);
        if rebuilt > 0
            && self
                .newest
                .is_some_and(|newest| before.wrapping_sub(newest) as i64 > 0)
        {
            self.delay.record_redundant(packet.arrived, before);
        }
    }

    /// Its level has to be measured: it sends none, or none that is true.
    pub(crate) fn is_measured(&self) -> bool {
        !self.levelled || !self.activity.is_believed()
    }

    /// Audible now, or a moment ago.
    pub(crate) fn is_audible(&self, now: Instant) -> bool {
        let delay = Duration::from_millis(self.delay.last_aim().unsigned_abs() / 48);
        self.activity.is_audible(now, delay)
    }

    /// Nothing to play and nothing to come of what was sent.
    pub(crate) fn is_idle(&self) -> bool {
        self.packets.is_empty() && self.voice.as_ref().is_none_or(|voice| !voice.is_playing())
    }

    /// Bytes of packets held.
    pub(crate) fn buffered(&self) -> usize {
        self.packets.bytes()
    }

    pub(crate) fn loudness(&self) -> f32 {
        self.activity.loudness()
    }

    pub(crate) fn take_level(&mut self) -> Option<u8> {
        self.activity.take_level()
    }

    /// Decodes the frame due at `now`.
    pub(crate) fn pull(&mut self, now: Instant) {
        if self.voice.is_none() {
            self.voice = Voice::new(1 + usize::from(self.stereo));
        }
        let Some(voice) = &mut self.voice else { return };
        if self.stereo {
            voice.widen();
        }
        voice.pull(now, &mut self.packets, &mut self.delay, &mut self.stats);
        let Some(frame) = voice.frame() else { return };
        let level = measure(frame);
        self.activity.check(level);
        if self.is_measured() {
            self.activity.heard(level, now);
        }
    }

    /// The voice, while it is decoded.
    pub(crate) fn voice(&mut self) -> Option<&mut Voice> {
        self.voice.as_mut()
    }

    /// Stops decoding; the packets since then are kept as long as a start needs them.
    pub(crate) fn rest(&mut self) {
        self.voice = None;
        self.stats.delay_ms = 0;
    }

    /// Forgets what was sent; returns what there is to fade out.
    pub(crate) fn silence(&mut self) -> Option<(usize, Vec<f32>)> {
        self.packets.clear();
        self.activity.hush();
        self.stats.delay_ms = 0;
        self.voice.take().and_then(Voice::farewell)
    }
}
