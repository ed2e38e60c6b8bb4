//! Plays one member's packets: decodes them when they are due, and fills what is missing.
//!
//! **Invariant: a frame of the mix never waits. What has not come by then is rebuilt or concealed, and the distance to the
//! newest packet is led back to the aim a pitch period at a time.** Timestamps are the sender's; units are samples of 48 kHz.

use std::time::Instant;

use crate::codec::{Decoder, FRAME, PIECE, redundancy};
use crate::delay::Delay;
use crate::packets::{Packets, distance};
use crate::stats::MemberStats;
use crate::stretch;

/// Audio decoded before the first that is played, so that the decoder has found into the stream, 40 ms.
pub(crate) const WARM_UP: u64 = 1_920;
/// Concealed frames in a row after which the voice has ended, 120 ms; the decoder has faded out by then.
const ENDED: u32 = 6;
/// Delay above or below the aim that is let be, 15 ms and 10 ms.
const TOO_LONG: i64 = 720;
const TOO_SHORT: i64 = -480;
/// Delay so far off that every frame and any signal is stretched, 120 ms.
const URGENT: i64 = 5_760;
/// Delay so far off that playing starts anew, 300 ms.
const HOPELESS: i64 = 14_400;
/// Frames between two stretches that are not urgent.
const REST: u32 = 5;
/// Payloads up to this length stand for the begin of discontinuous transmission.
const DTX: usize = 2;
/// Samples over which a voice that is cut off fades, 10 ms.
const FAREWELL: usize = 480;
/// Samples over which a voice fades in, 5 ms.
const FADE_IN: usize = 240;

/// A voice being decoded.
pub(crate) struct Voice {
    decoder: Decoder,
    /// Decoded, not yet played.
    ready: Vec<f32>,
    /// Timestamp after the last of `ready`.
    next: u64,
    playing: bool,
    /// Concealed frames in a row.
    concealed: u32,
    silent_gap: bool,
    last_sequence: u64,
    rested: u32,
    gain: f32,
    /// The frame pulled last, and whether there is one.
    frame: Vec<f32>,
    heard: bool,
}

impl Voice {
    pub(crate) fn new(channels: usize) -> Option<Self> {
        Some(Self {
            decoder: Decoder::new(channels)?,
            ready: Vec::with_capacity(4 * FRAME * channels),
            next: 0,
            playing: false,
            concealed: 0,
            silent_gap: false,
            last_sequence: 0,
            rested: 0,
            gain: 0.0,
            frame: vec![0.0; FRAME * channels],
            heard: false,
        })
    }

    pub(crate) fn channels(&self) -> usize {
        self.decoder.channels()
    }

    /// Goes on in stereo.
    pub(crate) fn widen(&mut self) {
        if self.channels() == 2 {
            return;
        }
        let Some(decoder) = Decoder::new(2) else {
            return;
        };
        self.decoder = decoder;
        self.ready = self.ready.iter().flat_map(|x| [*x, *x]).collect();
        self.frame.resize(2 * FRAME, 0.0);
        self.heard = false;
    }

    pub(crate) fn is_playing(&self) -> bool {
        self.playing
    }

    /// The gain it was mixed with last.
    pub(crate) fn gain(&self) -> f32 {
        self.gain
    }

    /// The frame pulled last.
    pub(crate) fn frame(&self) -> Option<&[f32]> {
        self.heard.then_some(&self.frame)
    }

    /// True if audio of `timestamp` has been played, or something in its place.
    pub(crate) fn is_past(&self, timestamp: u64) -> bool {
        self.playing && distance(self.next, timestamp) < 0
    }

    /// The time line is another: what is decoded belongs to the old one.
    pub(crate) fn restart(&mut self) {
        self.playing = false;
        self.ready.clear();
    }

    /// Plays 20 ms, the frame due at `now`.
    pub(crate) fn pull(
        &mut self,
        now: Instant,
        packets: &mut Packets,
        delay: &mut Delay,
        stats: &mut MemberStats,
    ) {
        self.heard = false;
        // In this order: the aim renews what the edge is reckoned from.
        let aim = delay.aim();
        let Some(edge) = delay.edge(now) else { return };
        if !self.playing && !self.start(edge, aim, packets, stats) {
            return;
        }
        let mut excess = self.behind(edge) - aim;
        if excess > HOPELESS {
            if !self.start(edge, aim, packets, stats) {
                self.restart();
                return;
            }
            excess = 0;
        }
        self.stretch(excess, packets, stats);
        while self.samples() < FRAME {
            let expand = self.behind(edge) < aim + TOO_SHORT;
            self.step(expand, packets, stats);
        }
        let span = FRAME * self.channels();
        self.frame.copy_from_slice(&self.ready[..span]);
        self.ready.drain(..span);
        self.heard = true;
        if self.concealed >= ENDED && packets.is_empty() {
            fade(&mut self.frame, self.decoder.channels(), 1.0, 0.0, FRAME);
            self.restart();
        }
        stats.delay_ms = u32::try_from(aim / 48).unwrap_or_default();
    }

    /// Samples decoded and not yet played.
    fn samples(&self) -> usize {
        self.ready.len() / self.channels()
    }

    /// How far the sample to be played now is behind the newest that could be there.
    fn behind(&self, edge: u64) -> i64 {
        distance(self.next.wrapping_sub(self.samples() as u64), edge)
    }

    /// Begins to play `aim` behind `edge`; false if no packet is there for that time.
    fn start(
        &mut self,
        edge: u64,
        aim: i64,
        packets: &mut Packets,
        stats: &mut MemberStats,
    ) -> bool {
        let head = edge.wrapping_add_signed(-aim);
        packets.drop_before(head.wrapping_sub(WARM_UP));
        let Some(front) = packets.front() else {
            return false;
        };
        let ahead = distance(head, front.timestamp);
        if ahead >= FRAME as i64 {
            return false;
        }
        self.decoder.reset();
        self.ready.clear();
        (self.next, self.last_sequence) = (front.timestamp, front.sequence.wrapping_sub(1));
        (self.playing, self.concealed, self.rested) = (true, 0, 0);
        let channels = self.channels();
        let early = usize::try_from(-ahead).unwrap_or_default();
        if early == 0 {
            self.ready.resize(ahead as usize * channels, 0.0);
        } else {
            while self.samples() < early {
                self.step(false, packets, stats);
            }
            self.ready.drain(..early * channels);
        }
        true
    }

    /// Leads the delay back to its aim, if it is off by `excess`.
    fn stretch(&mut self, excess: i64, packets: &mut Packets, stats: &mut MemberStats) {
        self.rested += 1;
        let urgent = excess.abs() > URGENT;
        if (TOO_SHORT..=TOO_LONG).contains(&excess) || (self.rested < REST && !urgent) {
            return;
        }
        let channels = self.channels();
        let wanted = if excess > 0 {
            FRAME.max(stretch::NEEDED)
        } else {
            stretch::NEEDED
        };
        while self.samples() < wanted
            && packets
                .front()
                .is_some_and(|front| self.follows(front.timestamp))
        {
            self.step(false, packets, stats);
        }
        let changed = if excess > 0 {
            stretch::shorten(&mut self.ready, channels, urgent)
        } else {
            stretch::lengthen(&mut self.ready, channels, urgent)
        };
        if changed > 0 {
            self.rested = 0;
        }
    }

    /// `timestamp` is the next to be decoded, give or take rounding.
    fn follows(&self, timestamp: u64) -> bool {
        (0..PIECE as i64).contains(&distance(self.next, timestamp))
    }

    /// Makes some more audio ready: from the next packet, or in its place. `expand`: if no packet is there, it may still
    /// come and be played.
    fn step(&mut self, expand: bool, packets: &mut Packets, stats: &mut MemberStats) {
        while packets
            .front()
            .is_some_and(|front| distance(self.next, front.timestamp) < 0)
        {
            if let Some(stored) = packets.take() {
                packets.recycle(stored);
                stats.late += 1;
            }
        }
        let Some(front) = packets.front() else {
            self.conceal(FRAME, expand, stats);
            return;
        };
        if self.follows(front.timestamp) {
            let Some(stored) = packets.take() else { return };
            stats.decodes += 1;
            let made = self.decoder.decode(&stored.payload, &mut self.ready);
            if made == 0 {
                stats.malformed += 1;
                self.conceal(stored.duration, false, stats);
            } else {
                stats.decoded += 1;
                stats.red += u64::from(stored.redundant);
                self.concealed = 0;
            }
            self.next = stored
                .timestamp
                .wrapping_add(made.max(stored.duration) as u64);
            self.last_sequence = stored.sequence;
            self.silent_gap = stored.payload.len() <= DTX;
            packets.recycle(stored);
            return;
        }
        let gap =
            usize::try_from(distance(self.next, front.timestamp)).unwrap_or(FRAME) / PIECE * PIECE;
        self.silent_gap |= front.sequence == self.last_sequence.wrapping_add(1);
        let rebuilt = if self.silent_gap {
            0
        } else {
            redundancy(&front.payload)
        };
        if rebuilt > 0 && gap == rebuilt {
            stats.decodes += 1;
            if self.decoder.rebuild(&front.payload, gap, &mut self.ready) == gap {
                stats.fec += 1;
                self.concealed = 0;
                self.next = self.next.wrapping_add(gap as u64);
                return;
            }
        }
        let lost = if gap > rebuilt { gap - rebuilt } else { gap };
        self.conceal(lost.min(FRAME), false, stats);
    }

    /// Invents `samples`. With `stay` the time line waits for them.
    fn conceal(&mut self, samples: usize, stay: bool, stats: &mut MemberStats) {
        let samples = samples.clamp(PIECE, 6 * FRAME);
        stats.decodes += 1;
        if self.decoder.conceal(samples, &mut self.ready) != samples {
            let length = self.ready.len() + samples * self.decoder.channels();
            self.ready.resize(length, 0.0);
        }
        if !stay {
            self.next = self.next.wrapping_add(samples as u64);
        }
        self.concealed += 1;
        if !self.silent_gap {
            stats.concealed += 1;
        }
    }

    /// Applies the gain that leads from the last one to 1 (`wanted`) or 0 to the frame pulled last.
    pub(crate) fn amplify(&mut self, wanted: bool) {
        let aim = if wanted { 1.0 } else { 0.0 };
        if !self.heard {
            // Nothing to hear: whatever comes next fades in.
            self.gain = 0.0;
            return;
        }
        let span = if wanted { FADE_IN } else { FRAME };
        let channels = self.decoder.channels();
        fade(&mut self.frame, channels, self.gain, aim, span);
        self.gain = aim;
    }

    /// What is left of a voice that is cut off here: 10 ms that fade, made of what was taken in before.
    pub(crate) fn farewell(mut self) -> Option<(usize, Vec<f32>)> {
        if !self.playing || self.gain == 0.0 {
            return None;
        }
        let channels = self.channels();
        if self.samples() < FAREWELL {
            let missing = (FAREWELL - self.samples()).div_ceil(PIECE) * PIECE;
            self.decoder.conceal(missing, &mut self.ready);
        }
        self.ready.truncate(FAREWELL * channels);
        fade(&mut self.ready, channels, self.gain, 0.0, FAREWELL);
        self.ready.resize(FRAME * channels, 0.0);
        Some((channels, self.ready))
    }
}

/// Multiplies by a gain that goes from `from` to `to` over the first `span` samples.
fn fade(audio: &mut [f32], channels: usize, from: f32, to: f32, span: usize) {
    if from == 1.0 && to == 1.0 {
        return;
    }
    for (n, sample) in audio.chunks_exact_mut(channels).enumerate() {
        let gain = if n < span {
            from + (to - from) * (n as f32 / span as f32)
        } else {
            to
        };
        for x in sample {
            *x *= gain;
        }
    }
}
