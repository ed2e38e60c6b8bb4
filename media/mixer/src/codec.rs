//! Opus at 48 kHz in the units of the mixer.
//!
//! **Invariant: no payload, however malformed, makes more than 120 ms of audio, and none panics.** Samples are f32 of
//! full scale 1, interleaved; counts are per channel.

use opus::{Application, Bitrate, Channels};

/// Samples of a frame of the mix, 20 ms.
pub(crate) const FRAME: usize = 960;
/// Shortest piece the codec knows, 2.5 ms.
pub(crate) const PIECE: usize = 120;
/// Longest packet, 120 ms.
const LONGEST: usize = 5760;
/// Below this the encoder uses SILK, which stays intelligible there and has in-band FEC; above it CELT alone, a third of
/// the cost and 4 ms less delay.
const CELT_BITRATE: u32 = 24_000;
/// Loss in percent that encoders prepare for.
const EXPECTED_LOSS: i32 = 5;
/// Longest packet an encoder may write; one datagram with room for headers.
const LONGEST_PACKET: usize = 1200;

fn channels_of(channels: usize) -> Channels {
    if channels == 2 {
        Channels::Stereo
    } else {
        Channels::Mono
    }
}

/// Samples that a packet holds, or `None` if it is no Opus packet.
pub(crate) fn duration(payload: &[u8]) -> Option<usize> {
    let samples = opus::packet::get_nb_samples(payload, 48_000).ok()?;
    // The count alone says nothing about the lengths inside.
    opus::packet::parse(payload).ok()?;
    (PIECE..=LONGEST).contains(&samples).then_some(samples)
}

/// True if the packet holds two channels.
pub(crate) fn is_stereo(payload: &[u8]) -> bool {
    payload.first().is_some_and(|toc| toc & 4 != 0)
}

/// Samples of the frame before that can be rebuilt from this packet's in-band FEC; 0 if it has none.
pub(crate) fn redundancy(payload: &[u8]) -> usize {
    let Some(toc) = payload.first() else { return 0 };
    if toc & 0x80 != 0 {
        return 0; // CELT alone
    }
    let Ok(packet) = opus::packet::parse(payload) else {
        return 0;
    };
    let Ok(samples) = opus::packet::get_samples_per_frame(payload, 48_000) else {
        return 0;
    };
    let Some(flags) = packet.frames.first().and_then(|frame| frame.first()) else {
        return 0;
    };
    // RFC 6716 4.2.3: one VAD flag for each 20 ms, then the LBRR flag; the same again for the side channel.
    let silk_frames = (samples / FRAME).max(1);
    let mid = flags >> (7 - silk_frames) & 1;
    let side = if toc & 4 != 0 {
        flags >> (6 - 2 * silk_frames.min(3)) & 1
    } else {
        0
    };
    if mid | side != 0 { samples } else { 0 }
}

/// Decodes one member's stream.
pub(crate) struct Decoder {
    opus: opus::Decoder,
    channels: usize,
    scratch: Vec<f32>,
}

impl Decoder {
    pub(crate) fn new(channels: usize) -> Option<Self> {
        let opus = opus::Decoder::new(48_000, channels_of(channels)).ok()?;
        Some(Self {
            opus,
            channels,
            scratch: vec![0.0; LONGEST * channels],
        })
    }

    pub(crate) fn channels(&self) -> usize {
        self.channels
    }

    /// Forgets the stream decoded so far.
    pub(crate) fn reset(&mut self) {
        // Fails for a null decoder only.
        let _ = self.opus.reset_state();
    }

    /// Appends the packet's audio to `out`; returns its samples, 0 if it is malformed.
    pub(crate) fn decode(&mut self, payload: &[u8], out: &mut Vec<f32>) -> usize {
        if payload.is_empty() {
            return 0; // would mean concealment
        }
        self.run(payload, LONGEST, false, out)
    }

    /// Appends `samples` rebuilt from the FEC of the packet after them.
    pub(crate) fn rebuild(&mut self, next: &[u8], samples: usize, out: &mut Vec<f32>) -> usize {
        self.run(next, samples, true, out)
    }

    /// Appends `samples` (a multiple of [`PIECE`]) that continue what was decoded, fading by and by.
    pub(crate) fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) -> usize {
        self.run(&[], samples, false, out)
    }

    fn run(&mut self, payload: &[u8], samples: usize, fec: bool, out: &mut Vec<f32>) -> usize {
        let room = &mut self.scratch[..samples.min(LONGEST) * self.channels];
        let Ok(made) = self.opus.decode_float(payload, room, fec) else {
            return 0;
        };
        // A decoder fed with garbage may leave its range; NaN would poison every mix.
        out.extend(room[..made * self.channels].iter().map(|x| {
            if x.is_finite() {
                x.clamp(-4.0, 4.0)
            } else {
                0.0
            }
        }));
        made
    }
}

/// Encodes one mix.
pub(crate) struct Encoder {
    opus: opus::Encoder,
    buffer: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new(stereo: bool, bitrate: u32, complexity: u8) -> Option<Self> {
        let application = if bitrate < CELT_BITRATE {
            Application::Voip
        } else {
            Application::LowDelay
        };
        let mut opus =
            opus::Encoder::new(48_000, channels_of(1 + usize::from(stereo)), application).ok()?;
        opus.set_bitrate(Bitrate::Bits(i32::try_from(bitrate).ok()?))
            .ok()?;
        opus.set_complexity(i32::from(complexity.min(10))).ok()?;
        opus.set_inband_fec(true).ok()?;
        opus.set_packet_loss_perc(EXPECTED_LOSS).ok()?;
        Some(Self {
            opus,
            buffer: vec![0; LONGEST_PACKET],
        })
    }

    /// Forgets the stream encoded so far.
    pub(crate) fn reset(&mut self) {
        // Fails for a null encoder only.
        let _ = self.opus.reset_state();
    }

    /// Encodes one [`FRAME`]. `independent`: so that a decoder that has not seen the frames before starts well.
    pub(crate) fn encode(&mut self, frame: &[f32], independent: bool) -> Option<&[u8]> {
        if independent {
            self.opus.set_prediction_disabled(true).ok()?;
        }
        let length = self.opus.encode_float(frame, &mut self.buffer);
        if independent {
            self.opus.set_prediction_disabled(false).ok()?;
        }
        length.ok().and_then(|length| self.buffer.get(..length))
    }
}
