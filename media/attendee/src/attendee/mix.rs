//! The mix that comes down: decoded, measured, recorded.

use std::io::{self, Error, ErrorKind};
use std::path::Path;

use opus::{Channels, Decoder};

use crate::files::{ogg_opus, wav};
use crate::microphone;

/// Longest gap that is concealed, in samples: a second.
const LONGEST: u64 = 48_000;

enum Recorder {
    None,
    Wav(wav::Recorder),
    Opus(ogg_opus::Recorder),
}

/// What came since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Packets.
    pub packets: u64,
    /// Samples that had to be made up.
    pub concealed: u64,
    /// -dBFS over all.
    pub level: u8,
    /// -dBFS of the loudest packet.
    pub peak: u8,
}

/// Decodes one stream.
pub struct Mix {
    decoder: Decoder,
    channels: usize,
    recorder: Recorder,
    expected: Option<u64>,
    heard: Heard,
    power: f64,
    samples: u64,
}

fn other(why: opus::Error) -> Error {
    Error::other(why.to_string())
}

impl Mix {
    /// Decodes mono or stereo, and records to `.wav` or `.opus`.
    pub fn new(stereo: bool, record: Option<&Path>) -> io::Result<Mix> {
        let (channels, layout) = match stereo {
            true => (2, Channels::Stereo),
            false => (1, Channels::Mono),
        };
        let recorder = match record.map(|p| (p, p.extension().and_then(|e| e.to_str()))) {
            None => Recorder::None,
            Some((path, Some("wav"))) => {
                Recorder::Wav(wav::Recorder::create(path, channels as u8)?)
            }
            Some((path, Some("opus" | "ogg"))) => {
                Recorder::Opus(ogg_opus::Recorder::create(path, channels as u8)?)
            }
            Some(_) => {
                return Err(Error::new(
                    ErrorKind::InvalidInput,
                    "records to .wav or .opus only",
                ));
            }
        };
        Ok(Mix {
            decoder: Decoder::new(wav::RATE, layout).map_err(other)?,
            channels,
            recorder,
            expected: None,
            heard: Heard::default(),
            power: 0.0,
            samples: 0,
        })
    }

    /// Takes a packet whose first sample has this time (48 kHz).
    pub fn receive(&mut self, time: u64, packet: &[u8]) -> io::Result<()> {
        let mut pcm = [0i16; 5760 * 2];
        if let Some(expected) = self.expected {
            if time < expected {
                return Ok(());
            }
            let mut missing = time - expected;
            if missing > LONGEST {
                missing = 0;
            }
            while missing >= 120 {
                // Concealment comes in pieces of 2.5 ms, at most a frame at a time.
                let piece = (missing.min(960) / 120 * 120) as usize;
                let pcm = &mut pcm[..piece * self.channels];
                // The decoder conceals from what it heard before.
                let made = self.decoder.decode(&[], pcm, false).map_err(other)?;
                self.record(&[], &pcm[..made * self.channels], piece as u64)?;
                self.heard.concealed += piece as u64;
                missing -= piece as u64;
            }
        }
        let samples = match self.decoder.decode(packet, &mut pcm, false) {
            Ok(samples) => samples,
            Err(_) => return Ok(()),
        };
        let pcm = &pcm[..samples * self.channels];
        self.expected = Some(time + samples as u64);
        let level = microphone::level(pcm);
        if self.heard.packets == 0 || level < self.heard.peak {
            self.heard.peak = level;
        }
        self.heard.packets += 1;
        self.power += 10f64.powf(-f64::from(level) / 10.0) * samples as f64;
        self.samples += samples as u64;
        self.record(packet, pcm, samples as u64)
    }

    fn record(&mut self, packet: &[u8], pcm: &[i16], samples: u64) -> io::Result<()> {
        match &mut self.recorder {
            Recorder::None => Ok(()),
            Recorder::Wav(wav) => wav.write(pcm),
            // A frame without data tells a decoder of the file to conceal.
            Recorder::Opus(ogg) if packet.is_empty() => ogg.write(&[0xf8], samples),
            Recorder::Opus(ogg) => ogg.write(packet, samples),
        }
    }

    /// What came since the last call.
    pub fn take(&mut self) -> Heard {
        let mut heard = std::mem::take(&mut self.heard);
        let mean = self.power / (self.samples.max(1)) as f64;
        heard.level = (-10.0 * mean.max(1e-13).log10()).round().clamp(0.0, 127.0) as u8;
        self.power = 0.0;
        self.samples = 0;
        heard
    }

    /// Completes the recording.
    pub fn finish(self) -> io::Result<()> {
        match self.recorder {
            Recorder::None => Ok(()),
            Recorder::Wav(wav) => wav.finish(),
            Recorder::Opus(ogg) => ogg.finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microphone::Microphone;

    #[test]
    fn what_is_lost_is_concealed_and_counted() {
        let path = std::env::temp_dir().join(format!("mix-{}.wav", std::process::id()));
        let mut mix = Mix::new(false, Some(&path)).unwrap();
        let mut microphone = Microphone::tone(300.0).unwrap();
        for n in 0..50u64 {
            let frame = microphone.next(false);
            if !(20..23).contains(&n) {
                mix.receive(n * 960, &frame.payload).unwrap();
            }
        }
        let heard = mix.take();
        assert_eq!((heard.packets, heard.concealed), (47, 3 * 960));
        assert!((10..=14).contains(&heard.level), "{}", heard.level);
        mix.finish().unwrap();
        let recording = wav::Recording::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(recording.samples.len(), 48_000);
    }
}
