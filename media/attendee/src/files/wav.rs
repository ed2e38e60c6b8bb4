//! WAV: read whole, at 48 kHz; written as it comes.

use std::fs::File;
use std::io::{self, BufWriter, Error, ErrorKind};
use std::path::Path;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

/// Samples per second of everything here.
pub const RATE: u32 = 48_000;

/// A whole file.
#[derive(Clone, Debug)]
pub struct Recording {
    /// 1 or 2.
    pub channels: u8,
    /// Interleaved, 48 kHz.
    pub samples: Vec<i16>,
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidData, why.to_string())
}

impl Recording {
    /// Reads a file whole; other rates than 48 kHz are interpolated.
    pub fn open(path: &Path) -> io::Result<Recording> {
        let mut reader = WavReader::open(path).map_err(invalid)?;
        let spec = reader.spec();
        if !(1..=2).contains(&spec.channels) || spec.sample_rate == 0 {
            return Err(invalid("neither mono nor stereo"));
        }
        let samples: Result<Vec<i16>, hound::Error> = match spec.sample_format {
            SampleFormat::Float => reader
                .samples::<f32>()
                .map(|s| s.map(|s| (s * 32_767.0) as i16))
                .collect(),
            SampleFormat::Int => {
                let bits = u32::from(spec.bits_per_sample);
                reader
                    .samples::<i32>()
                    .map(|s| s.map(|s| (i64::from(s) << 16 >> bits) as i16))
                    .collect()
            }
        };
        let samples = samples.map_err(invalid)?;
        if samples.is_empty() {
            return Err(invalid("no sound in the file"));
        }
        Ok(Recording {
            channels: spec.channels as u8,
            samples: interpolate(&samples, usize::from(spec.channels), spec.sample_rate),
        })
    }
}

fn interpolate(samples: &[i16], channels: usize, rate: u32) -> Vec<i16> {
    if rate == RATE {
        return samples.to_vec();
    }
    let frames = samples.len() / channels;
    let count = frames as u64 * u64::from(RATE) / u64::from(rate);
    let mut out = Vec::with_capacity(count as usize * channels);
    for n in 0..count {
        let position = n as f64 * f64::from(rate) / f64::from(RATE);
        let (at, part) = (position as usize, position.fract());
        let next = (at + 1).min(frames - 1);
        for channel in 0..channels {
            let a = f64::from(samples[at * channels + channel]);
            let b = f64::from(samples[next * channels + channel]);
            out.push((a + (b - a) * part) as i16);
        }
    }
    out
}

/// Writes 16-bit samples at 48 kHz.
pub struct Recorder(WavWriter<BufWriter<File>>);

impl Recorder {
    /// Creates the file.
    pub fn create(path: &Path, channels: u8) -> io::Result<Recorder> {
        let spec = WavSpec {
            channels: u16::from(channels),
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        Ok(Recorder(WavWriter::create(path, spec).map_err(invalid)?))
    }

    /// Appends interleaved samples.
    pub fn write(&mut self, samples: &[i16]) -> io::Result<()> {
        for sample in samples {
            self.0.write_sample(*sample).map_err(invalid)?;
        }
        Ok(())
    }

    /// Completes the header.
    pub fn finish(self) -> io::Result<()> {
        self.0.finalize().map_err(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_rate_keeps_the_pitch() {
        let slow: Vec<i16> = (0..8_000)
            .map(|n| ((n as f64 / 8_000.0 * 440.0 * std::f64::consts::TAU).sin() * 9_000.0) as i16)
            .collect();
        let fast = interpolate(&slow, 1, 8_000);
        assert_eq!(fast.len(), 48_000);
        let crossings = fast.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        assert!((439..=441).contains(&crossings), "{crossings}");
    }
}
