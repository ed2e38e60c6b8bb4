//! Things to send, and ways to tell what came.

use std::f32::consts::TAU;

use hubbub_mixer::unpack_red;
use opus::{Application, Channels, Decoder, Encoder};
use str0m::rtp::RtpPacket;

use crate::support::client::RED;

/// Samples of 20 ms at 48 kHz.
const FRAME: usize = 960;

/// Speaks a sine, 20 ms with each call.
pub struct Tone {
    encoder: Encoder,
    step: f32,
    at: usize,
}

impl Tone {
    /// Of so many Hz.
    pub fn new(hertz: f32) -> Tone {
        let encoder = Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap();
        Tone {
            encoder,
            step: TAU * hertz / 48_000.0,
            at: 0,
        }
    }

    /// The next packet of Opus.
    pub fn next(&mut self) -> Vec<u8> {
        let sample = |i: usize| ((self.at + i) as f32 * self.step).sin() * 8000.0;
        let samples: Vec<i16> = (0..FRAME).map(|i| sample(i) as i16).collect();
        self.at += FRAME;
        self.encoder.encode_vec(&samples, 1000).unwrap()
    }
}

/// How loud each of these tones is in what came, as amplitude.
pub fn heard(packets: &[RtpPacket], tones: &[f32]) -> Vec<f32> {
    let mut decoder = Decoder::new(48_000, Channels::Mono).unwrap();
    let mut samples = Vec::new();
    for packet in packets {
        let mut frame = [0_i16; 5760];
        let mut redundant = Vec::new();
        let opus = match *packet.header.payload_type {
            RED => unpack_red(&packet.payload, &mut redundant).unwrap().payload,
            _ => &packet.payload,
        };
        let length = decoder.decode(opus, &mut frame, false).unwrap();
        samples.extend_from_slice(&frame[..length]);
    }
    let count = samples.len().max(1) as f32;
    let amplitude = |hertz: &f32| {
        let (mut re, mut im) = (0.0, 0.0);
        for (i, sample) in samples.iter().enumerate() {
            let phase = TAU * hertz * i as f32 / 48_000.0;
            re += f32::from(*sample) * phase.cos();
            im += f32::from(*sample) * phase.sin();
        }
        2.0 * re.hypot(im) / count
    };
    tones.iter().map(amplitude).collect()
}

/// A packet that is a whole VP8 frame of 640x360.
pub fn vp8(picture: u16, keyframe: bool, length: usize) -> Vec<u8> {
    let [high, low] = picture.to_be_bytes();
    let mut payload = vec![0x90, 0x80, 0x80 | high, low];
    let tag = if keyframe { 0x10 } else { 0x11 };
    payload.extend([tag, 0, 0]);
    if keyframe {
        payload.extend([0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
    }
    payload.resize(length.max(payload.len()), 0xaa);
    payload
}
