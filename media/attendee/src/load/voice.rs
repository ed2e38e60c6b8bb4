//! What speakers say: Opus encoded once and played over and over.
//!
//! Voices are harmonics under 2.5 kHz in syllables. The probe is a low hum with a burst of 5 kHz
//! once a second; where a burst begins is found by the same detector in what was sent and in what
//! is heard, so that codec delays of the sender cancel and those of the server count.

use std::f64::consts::TAU;
use std::io;
use std::sync::Arc;

use opus::{Channels, Decoder};

use crate::microphone::{FRAME, Frame, Microphone};

/// Samples per second.
const RATE: f64 = 48_000.0;
/// Frames of a loop: 10 s.
const LOOP: usize = 500;
/// Frames between two bursts: 1 s.
pub const PERIOD: usize = 50;
const BURST_HERTZ: f64 = 5_000.0;
/// Samples of a burst: 60 ms.
const BURST: usize = 2_880;
const WINDOW: usize = 240;
const HOP: usize = 60;
/// Amplitude of the burst's tone in a window that counts as heard.
const HEARD: f64 = 500.0;
/// Windows of silence before a burst can begin again: 300 ms.
const APART: usize = 240;

/// Encoded speech.
#[derive(Clone, Debug)]
pub struct Voice {
    /// In order.
    pub frames: Vec<Frame>,
    /// Frames in which a burst begins, and at which sample of the frame.
    pub onsets: Vec<(usize, usize)>,
}

impl Voice {
    /// Speech of a pitch of its own.
    pub fn speech(number: usize) -> io::Result<Arc<Voice>> {
        let pitch = 110.0 + 23.0 * (number % 7) as f64;
        let samples = (0..LOOP * FRAME).map(|n| {
            let at = n as f64 / RATE;
            // Four syllables a second, pitch wavers a little.
            let envelope = (TAU * 2.0 * at).sin().powi(2);
            let phase = TAU * pitch * at + 3.0 * (TAU * 0.7 * at).sin();
            let sum: f64 = (1..=12)
                .map(|k| (phase * f64::from(k)).sin() / f64::from(k))
                .sum();
            (envelope * sum * 6_000.0) as i16
        });
        Voice::encode(samples.collect())
    }

    /// The probe.
    pub fn probe() -> io::Result<Arc<Voice>> {
        let samples = (0..LOOP * FRAME).map(|n| {
            let at = n as f64 / RATE;
            let hum = (TAU * 180.0 * at).sin() * 1_500.0;
            // Not at a frame's border, and not in the loop's first moments.
            let within = (n + PERIOD * FRAME / 2 + 333) % (PERIOD * FRAME);
            let burst = if within < BURST {
                (TAU * BURST_HERTZ * at).sin() * 9_000.0
            } else {
                0.0
            };
            (hum + burst) as i16
        });
        Voice::encode(samples.collect())
    }

    fn encode(samples: Vec<i16>) -> io::Result<Arc<Voice>> {
        let mut microphone = Microphone::samples(samples, 1)?;
        // The second round is one that follows itself.
        let mut frames = Vec::new();
        for _ in 0..2 {
            frames = (0..LOOP).map(|_| microphone.next(false)).collect();
        }
        let mut listener = Listener::new()?;
        let mut onsets = Vec::new();
        for round in 0..2 {
            onsets.clear();
            for (number, frame) in frames.iter().enumerate() {
                if let Some(offset) = listener.hear(&frame.payload) {
                    let at = (number * FRAME) as i64 + offset;
                    if at >= 0 && round == 1 {
                        onsets.push((at as usize / FRAME, at as usize % FRAME));
                    }
                }
            }
        }
        Ok(Arc::new(Voice { frames, onsets }))
    }
}

/// Decodes a mix and finds bursts in it.
pub struct Listener {
    decoder: Decoder,
    tail: Vec<f64>,
    since: usize,
    window: Vec<(f64, f64)>,
}

fn failed(why: opus::Error) -> io::Error {
    io::Error::other(why.to_string())
}

impl Listener {
    /// Before the first packet.
    pub fn new() -> io::Result<Listener> {
        let window = (0..WINDOW)
            .map(|n| {
                let part = n as f64 / WINDOW as f64;
                let hann = 1.0 - (TAU * part).cos();
                let phase = TAU * BURST_HERTZ * n as f64 / RATE;
                let scale = 2.0 / WINDOW as f64 * hann;
                (phase.cos() * scale, phase.sin() * scale)
            })
            .collect();
        Ok(Listener {
            decoder: Decoder::new(48_000, Channels::Mono).map_err(failed)?,
            tail: vec![0.0; WINDOW],
            since: APART,
            window,
        })
    }

    /// Takes a packet; gives the sample at which a burst begins, counted from the packet's first
    /// (negative: in the one before).
    pub fn hear(&mut self, packet: &[u8]) -> Option<i64> {
        let mut pcm = [0i16; 5760];
        let samples = self.decoder.decode(packet, &mut pcm, false).ok()?;
        let before = self.tail.len();
        self.tail
            .extend(pcm[..samples].iter().map(|s| f64::from(*s)));
        let mut onset = None;
        let mut at = 0;
        while at + WINDOW <= self.tail.len() {
            let (mut real, mut imaginary) = (0.0, 0.0);
            for (sample, (cos, sin)) in self.tail[at..].iter().zip(&self.window) {
                real += sample * cos;
                imaginary += sample * sin;
            }
            if real.hypot(imaginary) > HEARD {
                if self.since >= APART {
                    onset = Some((at + WINDOW) as i64 - before as i64);
                }
                self.since = 0;
            } else {
                self.since += 1;
            }
            at += HOP;
        }
        self.tail.drain(..at);
        onset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_found_where_they_were_sent() {
        let probe = Voice::probe().unwrap();
        assert_eq!(probe.onsets.len(), LOOP / PERIOD);
        let places: Vec<usize> = probe.onsets.iter().map(|(f, s)| f * FRAME + s).collect();
        for pair in places.windows(2) {
            let apart = pair[1] as i64 - pair[0] as i64;
            assert!((apart - 48_000).abs() <= 2 * HOP as i64, "{places:?}");
        }
        assert!(Voice::speech(1).unwrap().onsets.is_empty());
    }

    #[test]
    fn a_burst_is_found_in_a_mix_and_in_time() {
        // Decode, add speech, encode again: what a mixer does. Its encoder looks 6.5 ms ahead.
        let probe = Voice::probe().unwrap();
        let speech = Voice::speech(3).unwrap();
        let mut mix = Vec::new();
        let mut decoders = [(); 2].map(|()| Decoder::new(48_000, Channels::Mono).unwrap());
        let (mut a, mut b) = ([0i16; FRAME], [0i16; FRAME]);
        for n in 0..LOOP {
            decoders[0]
                .decode(&probe.frames[n].payload, &mut a, false)
                .unwrap();
            decoders[1]
                .decode(&speech.frames[n].payload, &mut b, false)
                .unwrap();
            mix.extend(a.iter().zip(&b).map(|(a, b)| a.saturating_add(*b)));
        }
        let mixed = Voice::encode(mix).unwrap();
        assert_eq!(mixed.onsets.len(), probe.onsets.len());
        for (sent, heard) in probe.onsets.iter().zip(&mixed.onsets) {
            let place = |(frame, sample): &(usize, usize)| (frame * FRAME + sample) as i64;
            let delay = place(heard) - place(sent);
            assert!((100..700).contains(&delay), "{delay} samples");
        }
    }
}
