//! A member's audio for transcription: 16 kHz, mono.
//!
//! **Invariant: at most [`MOST`] samples wait; if nobody takes them, the oldest go.**

use std::collections::VecDeque;
use std::f32::consts::PI;
use std::time::{Duration, Instant};

/// Rate in and out.
const FACTOR: usize = 3;
/// Length of the low-pass.
const TAPS: usize = 63;
/// Its cut-off, as a part of the rate in: 7.4 kHz.
const CUT_OFF: f32 = 7_400.0 / 48_000.0;
/// Samples that wait, 1 s.
const MOST: usize = 16_000;

/// Pieces without a gap inside.
struct Piece {
    at: Instant,
    samples: Vec<i16>,
}

/// The tap of one member.
pub(crate) struct Tap {
    filter: [f32; TAPS],
    /// The last `TAPS - 1` samples in.
    history: Vec<f32>,
    pieces: VecDeque<Piece>,
    waiting: usize,
}

fn time_of(samples: usize) -> Duration {
    Duration::from_nanos(samples as u64 * 62_500)
}

impl Tap {
    pub(crate) fn new() -> Self {
        let middle = (TAPS - 1) as f32 / 2.0;
        let mut filter: [f32; TAPS] = std::array::from_fn(|n| {
            let x = n as f32 - middle;
            let sinc = if x == 0.0 {
                2.0 * CUT_OFF
            } else {
                (2.0 * PI * CUT_OFF * x).sin() / (PI * x)
            };
            let phase = 2.0 * PI * n as f32 / (TAPS - 1) as f32;
            sinc * (0.42 - 0.5 * phase.cos() + 0.08 * (2.0 * phase).cos())
        });
        let sum: f32 = filter.iter().sum();
        filter.iter_mut().for_each(|tap| *tap /= sum);
        Self {
            filter,
            history: vec![0.0; TAPS - 1],
            pieces: VecDeque::new(),
            waiting: 0,
        }
    }

    /// Takes a frame in whose first sample is due at `at`.
    pub(crate) fn push(&mut self, frame: &[f32], channels: usize, at: Instant) {
        let scale = 1.0 / channels as f32;
        self.history.extend(
            frame
                .chunks_exact(channels)
                .map(|sample| sample.iter().sum::<f32>() * scale),
        );
        let samples: Vec<i16> = self
            .history
            .windows(TAPS)
            .step_by(FACTOR)
            .map(|window| {
                let sum: f32 = window.iter().zip(&self.filter).map(|(a, b)| a * b).sum();
                (sum * 32_767.0).clamp(-32_768.0, 32_767.0) as i16
            })
            .collect();
        let done = self.history.len() - (TAPS - 1);
        self.history.drain(..done);
        self.waiting += samples.len();
        match self.pieces.back_mut() {
            Some(piece) if piece.at + time_of(piece.samples.len()) == at => {
                piece.samples.extend(samples)
            }
            _ => self.pieces.push_back(Piece { at, samples }),
        }
        while self.waiting > MOST {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(piece) = self.pieces.front_mut() else {
            return;
        };
        let excess = (self.waiting - MOST).min(piece.samples.len());
        piece.samples.drain(..excess);
        piece.at += time_of(excess);
        self.waiting -= excess;
        if piece.samples.is_empty() {
            self.pieces.pop_front();
        }
    }

    /// Hands out what waits.
    pub(crate) fn drain(&mut self, take: &mut dyn FnMut(Instant, &[i16])) {
        for piece in self.pieces.drain(..) {
            take(piece.at, &piece.samples);
        }
        self.waiting = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(hertz: f32, number: usize) -> Vec<f32> {
        let step = 2.0 * PI * hertz / 48_000.0;
        (0..960)
            .map(|n| ((number * 960 + n) as f32 * step).sin() * 0.5)
            .collect()
    }

    fn drained(tap: &mut Tap) -> Vec<(Instant, Vec<i16>)> {
        let mut pieces = Vec::new();
        tap.drain(&mut |at, samples| pieces.push((at, samples.to_vec())));
        pieces
    }

    #[test]
    fn speech_passes_and_what_would_alias_does_not() {
        for (hertz, least, most) in [
            (300.0, 11_000.0, 12_000.0),
            (6_000.0, 11_000.0, 12_000.0),
            (10_000.0, 0.0, 30.0),
        ] {
            let (mut tap, start) = (Tap::new(), Instant::now());
            for n in 0..20 {
                tap.push(
                    &frame(hertz, n),
                    1,
                    start + Duration::from_millis(20) * n as u32,
                );
            }
            let pieces = drained(&mut tap);
            assert_eq!(
                (pieces.len(), pieces[0].0, pieces[0].1.len()),
                (1, start, 6_400)
            );
            let steady = &pieces[0].1[100..];
            let energy: f64 = steady.iter().map(|x| f64::from(*x).powi(2)).sum();
            let rms = (energy / steady.len() as f64).sqrt();
            assert!((least..=most).contains(&rms), "{hertz}: {rms}");
        }
    }

    #[test]
    fn a_gap_begins_a_piece_and_the_oldest_go() {
        let (mut tap, start) = (Tap::new(), Instant::now());
        let at = |n: u32| start + Duration::from_millis(20) * n;
        tap.push(&frame(300.0, 0), 1, at(0));
        tap.push(&frame(300.0, 5), 1, at(5));
        assert_eq!(
            drained(&mut tap)
                .iter()
                .map(|piece| piece.0)
                .collect::<Vec<_>>(),
            [at(0), at(5)]
        );
        for n in 0..60 {
            tap.push(&frame(300.0, 0), 1, at(n));
        }
        let pieces = drained(&mut tap);
        assert_eq!((pieces[0].0, pieces[0].1.len()), (at(10), MOST));
    }
}
