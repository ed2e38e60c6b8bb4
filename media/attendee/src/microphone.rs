//! What an attendee says: frames of Opus from a file, a tone or silence.

use std::f64::consts::TAU;
use std::fmt;
use std::io::{self, Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use opus::{Application, Bitrate, Channels, Decoder, Encoder};

use crate::files::{ogg_opus, wav};

/// Samples of one frame at 48 kHz: 20 ms.
pub const FRAME: usize = 960;
/// The level of digital silence, in -dBov.
pub const SILENCE: u8 = 127;
/// An Opus frame of silence (DTX size), which every decoder takes.
const SILENT_FRAME: [u8; 3] = [0xf8, 0xff, 0xfe];

/// One frame.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Opus.
    pub payload: Arc<[u8]>,
    /// Length at 48 kHz.
    pub samples: u32,
    /// -dBov, 0 the loudest, 127 silence.
    pub level: u8,
}

enum Source {
    Silence,
    Tone { hertz: f64, phase: f64 },
    Samples { samples: Vec<i16>, at: usize },
    Packets { packets: Vec<Frame>, at: usize },
}

/// An endless source of frames.
pub struct Microphone {
    source: Source,
    encoder: Option<Encoder>,
    channels: usize,
}

impl fmt::Debug for Microphone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Microphone")
            .field("channels", &self.channels)
            .finish_non_exhaustive()
    }
}

fn other(why: opus::Error) -> Error {
    Error::other(why.to_string())
}

fn encoder(channels: usize, bitrate: i32) -> io::Result<Encoder> {
    let layout = if channels == 2 {
        Channels::Stereo
    } else {
        Channels::Mono
    };
    let mut encoder = Encoder::new(wav::RATE, layout, Application::Voip).map_err(other)?;
    encoder.set_bitrate(Bitrate::Bits(bitrate)).map_err(other)?;
    encoder.set_inband_fec(true).map_err(other)?;
    encoder.set_complexity(5).map_err(other)?;
    Ok(encoder)
}

/// RMS in -dBov.
pub fn level(samples: &[i16]) -> u8 {
    if samples.is_empty() {
        return SILENCE;
    }
    let power = samples
        .iter()
        .map(|s| f64::from(*s) * f64::from(*s))
        .sum::<f64>()
        / samples.len() as f64;
    let decibel = 10.0 * (power / (32_768.0 * 32_768.0)).max(1e-13).log10();
    (-decibel).round().clamp(0.0, 127.0) as u8
}

impl Microphone {
    /// Digital silence in packets of three bytes.
    pub fn silence() -> Microphone {
        Microphone {
            source: Source::Silence,
            encoder: None,
            channels: 1,
        }
    }

    /// A sine at -12 dBov.
    pub fn tone(hertz: f64) -> io::Result<Microphone> {
        Ok(Microphone {
            source: Source::Tone { hertz, phase: 0.0 },
            encoder: Some(encoder(1, 32_000)?),
            channels: 1,
        })
    }

    /// Plays a `.wav` or Ogg Opus file over and over.
    pub fn file(path: &Path) -> io::Result<Microphone> {
        match path.extension().and_then(|e| e.to_str()) {
            Some("wav") => {
                let recording = wav::Recording::open(path)?;
                Microphone::samples(recording.samples, usize::from(recording.channels))
            }
            Some("opus" | "ogg") => {
                let recording = ogg_opus::Recording::open(path)?;
                Microphone::packets(&recording)
            }
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                "neither .wav nor .opus nor .ogg",
            )),
        }
    }

    /// Plays interleaved samples over and over.
    pub fn samples(samples: Vec<i16>, channels: usize) -> io::Result<Microphone> {
        Ok(Microphone {
            source: Source::Samples { samples, at: 0 },
            encoder: Some(encoder(channels, 32_000 * channels as i32)?),
            channels,
        })
    }

    fn packets(recording: &ogg_opus::Recording) -> io::Result<Microphone> {
        let channels = usize::from(recording.channels);
        let layout = if channels == 2 {
            Channels::Stereo
        } else {
            Channels::Mono
        };
        let mut decoder = Decoder::new(wav::RATE, layout).map_err(other)?;
        let mut pcm = vec![0; 5760 * channels];
        let mut packets = Vec::with_capacity(recording.packets.len());
        for packet in &recording.packets {
            let samples = decoder.decode(packet, &mut pcm, false).map_err(other)?;
            packets.push(Frame {
                payload: packet.as_slice().into(),
                samples: samples as u32,
                level: level(&pcm[..samples * channels]),
            });
        }
        Ok(Microphone {
            source: Source::Packets { packets, at: 0 },
            encoder: None,
            channels,
        })
    }

    /// 1 or 2.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The next frame; silence of the same length while `muted`.
    pub fn next(&mut self, muted: bool) -> Frame {
        let mut pcm = [0i16; FRAME * 2];
        let pcm = &mut pcm[..FRAME * self.channels];
        match &mut self.source {
            Source::Silence => return silent(FRAME as u32),
            Source::Packets { packets, at } => {
                let frame = packets[*at].clone();
                *at = (*at + 1) % packets.len();
                return if muted { silent(frame.samples) } else { frame };
            }
            Source::Tone { hertz, phase } => {
                for sample in pcm.iter_mut() {
                    *sample = (phase.sin() * 11_600.0) as i16;
                    *phase = (*phase + *hertz / f64::from(wav::RATE) * TAU) % TAU;
                }
            }
            Source::Samples { samples, at } => {
                for sample in pcm.iter_mut() {
                    *sample = samples[*at];
                    *at = (*at + 1) % samples.len();
                }
            }
        }
        if muted {
            return silent(FRAME as u32);
        }
        let encoder = self.encoder.as_mut().expect("samples have an encoder");
        let mut packet = [0; 1275];
        match encoder.encode(pcm, &mut packet) {
            Ok(length) => Frame {
                payload: packet[..length].into(),
                samples: FRAME as u32,
                level: level(pcm),
            },
            Err(_) => silent(FRAME as u32),
        }
    }
}

fn silent(samples: u32) -> Frame {
    Frame {
        payload: SILENT_FRAME[..].into(),
        samples,
        level: SILENCE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_the_extension() {
        assert_eq!(level(&[0; 960]), 127);
        assert_eq!(level(&[i16::MAX; 960]), 0);
        assert_eq!(level(&[328; 960]), 40);
    }

    #[test]
    fn a_tone_is_heard_and_a_muted_one_is_not() {
        let mut microphone = Microphone::tone(440.0).unwrap();
        let mut decoder = Decoder::new(48_000, Channels::Mono).unwrap();
        let mut pcm = vec![0; FRAME];
        let mut heard = Vec::new();
        for _ in 0..50 {
            let frame = microphone.next(false);
            assert_eq!(frame.level, 12);
            let n = decoder.decode(&frame.payload, &mut pcm, false).unwrap();
            heard.extend_from_slice(&pcm[..n]);
        }
        let crossings = heard.windows(2).filter(|w| w[0] < 0 && w[1] >= 0).count();
        assert!((430..=450).contains(&crossings), "{crossings}");
        let frame = microphone.next(true);
        assert_eq!(frame.level, SILENCE);
        for _ in 0..3 {
            decoder.decode(&frame.payload, &mut pcm, false).unwrap();
        }
        assert!(level(&pcm) > 80, "{}", level(&pcm));
    }
}
