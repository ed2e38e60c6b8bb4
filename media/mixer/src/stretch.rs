//! Makes audio a pitch period shorter or longer, unheard (WSOLA).
//!
//! **Invariant: what is cut out or put in is one lag at which the signal resembles itself, cross-faded over that lag; both
//! ends stay as they were, sample by sample.**

/// Shortest and longest lag: 2.5 ms and 15 ms of 48 kHz.
const SHORTEST: usize = 120;
const LONGEST: usize = 720;
/// Every fourth sample is enough to find the lag.
const STEP: usize = 4;
/// Samples at the front of the audio that are needed, 30 ms.
pub(crate) const NEEDED: usize = 2 * LONGEST;
/// Likeness from which a change is not heard.
const ALIKE: f32 = 0.7;
/// Mean square below which anything resembles anything, −60 dBFS.
const QUIET: f32 = 1e-6;

/// The lag at which the first 15 ms repeat best, if they do so at all or `urgent` says that it has to be.
fn lag(audio: &[f32], channels: usize, urgent: bool) -> Option<usize> {
    if audio.len() < NEEDED * channels {
        return None;
    }
    let mono: Vec<f32> = audio[..NEEDED * channels]
        .chunks_exact(channels)
        .step_by(STEP)
        .map(|sample| sample.iter().sum())
        .collect();
    let window = LONGEST / STEP;
    let head = &mono[..window];
    let energy = |part: &[f32]| part.iter().map(|x| x * x).sum::<f32>();
    let own = energy(head);
    if energy(&mono) < QUIET * mono.len() as f32 {
        return Some(LONGEST);
    }
    let mut best = (f32::MIN, 0);
    for shift in SHORTEST / STEP..=LONGEST / STEP {
        let other = &mono[shift..shift + window];
        let product: f32 = head.iter().zip(other).map(|(a, b)| a * b).sum();
        let likeness = product / (own * energy(other)).sqrt().max(f32::MIN_POSITIVE);
        if likeness > best.0 {
            best = (likeness, shift);
        }
    }
    if best.0 < ALIKE && !urgent {
        return None;
    }
    Some(refine(audio, channels, best.1 * STEP))
}

/// The best lag near `coarse` at the full rate.
fn refine(audio: &[f32], channels: usize, coarse: usize) -> usize {
    let mut best = (f32::MAX, coarse);
    for lag in coarse.saturating_sub(STEP - 1).max(SHORTEST)..=(coarse + STEP - 1).min(LONGEST) {
        let far = &audio[lag * channels..];
        let difference: f32 = audio
            .iter()
            .zip(far)
            .take(LONGEST * channels)
            .step_by(3)
            .map(|(a, b)| (a - b) * (a - b))
            .sum();
        if difference < best.0 {
            best = (difference, lag);
        }
    }
    best.1
}

/// Fades from `out` to `into` over the length of both.
fn cross_fade(out: &[f32], into: &[f32], channels: usize) -> Vec<f32> {
    let length = (out.len() / channels) as f32;
    let weight = |n: usize| ((n / channels) as f32 + 0.5) / length;
    out.iter()
        .zip(into)
        .enumerate()
        .map(|(n, (a, b))| a + (b - a) * weight(n))
        .collect()
}

/// Takes one period off the front of `audio`; returns the samples removed, 0 if it cannot be done well.
pub(crate) fn shorten(audio: &mut Vec<f32>, channels: usize, urgent: bool) -> usize {
    let Some(lag) = lag(audio, channels, urgent) else {
        return 0;
    };
    let span = lag * channels;
    let faded = cross_fade(&audio[..span], &audio[span..2 * span], channels);
    audio.drain(..span);
    audio[..span].copy_from_slice(&faded);
    lag
}

/// Puts one period in at the front of `audio`; returns the samples added, 0 if it cannot be done well.
pub(crate) fn lengthen(audio: &mut Vec<f32>, channels: usize, urgent: bool) -> usize {
    let Some(lag) = lag(audio, channels, urgent) else {
        return 0;
    };
    let span = lag * channels;
    let faded = cross_fade(&audio[span..2 * span], &audio[..span], channels);
    audio.splice(span..span, faded);
    lag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(hertz: f32, samples: usize) -> Vec<f32> {
        (0..samples)
            .map(|n| (std::f32::consts::TAU * hertz * n as f32 / 48_000.0).sin() * 0.5)
            .collect()
    }

    /// The largest second difference: a click shows in it long before it is heard.
    fn roughness(audio: &[f32]) -> f32 {
        audio
            .windows(3)
            .map(|x| (x[0] - 2.0 * x[1] + x[2]).abs())
            .fold(0.0, f32::max)
    }

    #[test]
    fn a_tone_stays_a_tone() {
        for hertz in [150.0, 440.0, 997.0, 2_000.0] {
            let original = tone(hertz, 2_400);
            for (change, sign) in [
                (shorten as fn(&mut Vec<f32>, usize, bool) -> usize, -1),
                (lengthen, 1),
            ] {
                let mut audio = original.clone();
                let lag = change(&mut audio, 1, false);
                assert!((SHORTEST..=LONGEST).contains(&lag), "{hertz}: {lag}");
                assert_eq!(
                    audio.len() as i64,
                    original.len() as i64 + sign * lag as i64
                );
                assert!(
                    roughness(&audio) < roughness(&original) * 1.3,
                    "{hertz} {sign}"
                );
                assert!(
                    audio
                        .iter()
                        .zip(&original)
                        .take(3)
                        .all(|(a, b)| (a - b).abs() < 1e-3)
                );
                assert_eq!(audio[audio.len() - 500..], original[original.len() - 500..]);
            }
        }
    }

    #[test]
    fn stereo_channels_stay_apart() {
        let mut audio: Vec<f32> = tone(440.0, 2_400).iter().flat_map(|x| [*x, 0.0]).collect();
        assert!(shorten(&mut audio, 2, false) > 0);
        assert!(audio.chunks_exact(2).all(|sample| sample[1] == 0.0));
    }

    #[test]
    fn noise_is_left_alone_unless_it_is_urgent() {
        let mut seed = 1u32;
        let mut noise: Vec<f32> = std::iter::repeat_with(|| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as f32 / 16_777_216.0 - 0.5
        })
        .take(2_000)
        .collect();
        assert_eq!(shorten(&mut noise, 1, false), 0);
        assert!(shorten(&mut noise, 1, true) > 0);
    }

    #[test]
    fn silence_gives_the_most() {
        assert_eq!(shorten(&mut vec![0.0; 2_000], 1, false), LONGEST);
        assert_eq!(lengthen(&mut vec![0.0; NEEDED - 1], 1, true), 0);
    }
}
