//! Keeps a sum of voices below full scale.
//!
//! **Invariant: no sample leaves above full scale, the gain never jumps, and a sum that fits is not touched.**

/// Level above which samples are bent, where the gain is still on its way down.
const KNEE: f32 = 0.9;
/// The gain aims at this peak.
const CEILING: f32 = 0.85;
/// Samples in which the gain goes down, 2.5 ms.
const ATTACK: usize = 120;
/// Growth of the gain a frame of 20 ms: 3 dB in 140 ms.
const RELEASE: f32 = 1.05;

/// A limiter's state.
#[derive(Clone)]
pub(crate) struct Limiter {
    gain: f32,
}

impl Limiter {
    pub(crate) fn new() -> Self {
        Self { gain: 1.0 }
    }

    /// Limits one frame of interleaved audio.
    pub(crate) fn apply(&mut self, frame: &mut [f32], channels: usize) {
        let peak = frame.iter().fold(0.0f32, |peak, x| peak.max(x.abs()));
        let allowed = if peak > CEILING { CEILING / peak } else { 1.0 };
        let aim = allowed.min(self.gain * RELEASE).min(1.0);
        if aim == 1.0 && self.gain == 1.0 {
            return;
        }
        let samples = frame.len() / channels;
        let ramp = if aim < self.gain {
            ATTACK.min(samples)
        } else {
            samples
        };
        let step = (aim - self.gain) / ramp as f32;
        let mut gain = self.gain;
        for (n, sample) in frame.chunks_exact_mut(channels).enumerate() {
            if n < ramp {
                gain += step;
            }
            for x in sample {
                *x = bend(*x * gain);
            }
        }
        self.gain = aim;
    }
}

/// Identity up to the knee, then ever flatter towards 1.
fn bend(x: f32) -> f32 {
    let over = x.abs() - KNEE;
    if over <= 0.0 {
        return x;
    }
    let room = 1.0 - KNEE;
    (KNEE + room * over / (over + room)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(amplitude: f32, from: usize) -> Vec<f32> {
        (from..from + 960)
            .map(|n| (n as f32 * 0.1).sin() * amplitude)
            .collect()
    }

    #[test]
    fn what_fits_is_not_touched() {
        let mut frame = tone(0.8, 0);
        Limiter::new().apply(&mut frame, 1);
        assert_eq!(frame, tone(0.8, 0));
    }

    #[test]
    fn nothing_leaves_above_full_scale_and_the_gain_comes_back() {
        let mut limiter = Limiter::new();
        for n in 0..10 {
            let mut frame = tone(3.0, n * 960);
            limiter.apply(&mut frame, 1);
            assert!(frame.iter().all(|x| x.abs() <= 1.0));
            if n > 0 {
                // Past the attack the shape is kept: scaled, not clipped.
                let scaled = tone(CEILING, n * 960);
                assert!(frame.iter().zip(&scaled).all(|(a, b)| (a - b).abs() < 0.01));
            }
        }
        let mut frames = 0;
        while limiter.gain < 1.0 {
            limiter.apply(&mut tone(0.1, 0), 1);
            frames += 1;
        }
        assert!((20..40).contains(&frames), "{frames}");
    }

    #[test]
    fn the_gain_never_jumps() {
        let mut limiter = Limiter::new();
        let mut audio = Vec::new();
        for n in 0..8 {
            let mut frame = vec![if n == 3 { 2.0 } else { 0.4 }; 960];
            if n == 3 {
                // From within, so that the input itself does not jump.
                for (k, x) in frame.iter_mut().enumerate() {
                    *x = 0.4 + 1.6 * (k.min(959 - k) as f32 / 480.0);
                }
            }
            limiter.apply(&mut frame, 1);
            audio.extend(frame);
        }
        assert!(audio.windows(2).all(|x| (x[1] - x[0]).abs() < 0.02));
    }
}
