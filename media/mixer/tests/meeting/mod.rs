//! A meeting in virtual time: attendees with a tone of their own, networks of their own, and ears.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::BTreeMap;
use std::f32::consts::TAU;
use std::time::{Duration, Instant};

use hubbub_mixer::{Config, Frame, Member, Mixer, Packet, Sink};

/// What a network does to packets.
#[derive(Clone, Copy, Default)]
pub struct Network {
    /// Lost packets in percent.
    pub loss: u32,
    /// Each packet is up to so much later, which also reorders them.
    pub jitter: Duration,
    /// Packets that come twice in percent.
    pub double: u32,
}

/// What an attendee sends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sends {
    Plain,
    /// RED without a redundant block.
    Red,
    /// RED with the packet of two frames before.
    Redundant,
    /// Packets with SILK's in-band FEC.
    Fec,
    /// Discontinuous: nothing in silence.
    Dtx,
}

pub struct Attendee {
    pub hertz: f32,
    pub amplitude: f32,
    /// Of the right channel; the same as the left one's for mono.
    pub right_hertz: f32,
    /// Loudness that comes and goes like that of syllables: SILK takes a steady tone for noise, and protects it not.
    pub syllables: bool,
    pub speaks: bool,
    /// Sends the level extension.
    pub levelled: bool,
    /// Overrides the level that is sent.
    pub claims: Option<u8>,
    pub sends: Sends,
    pub network: Network,
    /// Samples in a packet.
    pub samples: u64,
    /// Clock faster than ours, in millionths.
    pub drift: f64,
    pub sequence: u64,
    pub timestamp: u64,
    encoder: opus::Encoder,
    channels: usize,
    sent: Vec<Vec<u8>>,
    captured: u64,
    decoder: opus::Decoder,
    ear_channels: usize,
    /// What it hears, interleaved if stereo.
    pub heard: Vec<f32>,
    pub frames: u64,
    pub timestamps: Vec<u64>,
    pub bytes: u64,
}

struct Flying {
    arrives: Instant,
    id: u64,
    sequence: u64,
    timestamp: u64,
    payload: Vec<u8>,
    red: bool,
    level: Option<u8>,
}

pub struct Meeting {
    pub mixer: Mixer,
    pub start: Instant,
    pub now: Instant,
    pub attendees: BTreeMap<u64, Attendee>,
    flying: Vec<Flying>,
    seed: u64,
    /// The caller of `tick` is late by up to so much.
    pub unpunctual: Duration,
    tick_at: Instant,
}

const MS: Duration = Duration::from_millis(1);

impl Meeting {
    pub fn new() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let start = Instant::now();
        Self {
            mixer: Mixer::new(config, start),
            start,
            now: start,
            attendees: BTreeMap::new(),
            flying: Vec::new(),
            seed: 1,
            unpunctual: Duration::ZERO,
            tick_at: start,
        }
    }

    /// An attendee that speaks a tone of `hertz`, in mono, with all gates open.
    pub fn join(&mut self, id: u64, hertz: f32) -> &mut Attendee {
        self.join_as(id, hertz, member(id), 1)
    }

    /// The sound of `attendee`'s share.
    pub fn share(&mut self, id: u64, attendee: u64, hertz: f32) -> &mut Attendee {
        let member = Member {
            attendee,
            content: true,
            listens: false,
            ..member(id)
        };
        self.join_as(id, hertz, member, 1)
    }

    pub fn join_as(
        &mut self,
        id: u64,
        hertz: f32,
        member: Member,
        channels: usize,
    ) -> &mut Attendee {
        self.mixer.add(id, member);
        self.mixer.set_gates(id, true, true);
        let ear_channels = 1 + usize::from(member.stereo);
        let attendee = Attendee {
            hertz,
            amplitude: 0.2,
            right_hertz: hertz,
            syllables: false,
            speaks: true,
            levelled: true,
            claims: None,
            sends: Sends::Plain,
            network: Network::default(),
            samples: 960,
            drift: 0.0,
            sequence: 65_000 + id,
            timestamp: 4_294_900_000 + id * 777,
            encoder: encoder(channels, Sends::Plain),
            channels,
            sent: Vec::new(),
            captured: 0,
            decoder: opus::Decoder::new(48_000, mono_or_stereo(ear_channels)).expect("decoder"),
            ear_channels,
            heard: Vec::new(),
            frames: 0,
            timestamps: Vec::new(),
            bytes: 0,
        };
        self.attendees.insert(id, attendee);
        self.of(id)
    }

    pub fn of(&mut self, id: u64) -> &mut Attendee {
        self.attendees.get_mut(&id).expect("attendee")
    }

    pub fn leave(&mut self, id: u64) {
        self.mixer.remove(id);
        self.attendees.remove(&id);
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below.max(1)
    }

    /// Lets `ms` pass.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms {
            self.send();
            self.deliver();
            if self.now >= self.tick_at {
                let mut ears = Ears(&mut self.attendees);
                self.mixer.tick(self.now, &mut ears);
                let late = self.unpunctual.as_micros() as u64;
                self.tick_at = self.mixer.deadline() + Duration::from_micros(self.random(late));
            }
            self.now += MS;
        }
    }

    /// Lets time pass up to `until` without a tick.
    pub fn deliver_until(&mut self, until: Instant) {
        while self.now <= until {
            self.send();
            self.deliver();
            self.now += MS;
        }
    }

    fn send(&mut self) {
        let ids: Vec<u64> = self.attendees.keys().copied().collect();
        for id in ids {
            let now = self.now;
            let passed = now.duration_since(self.start).as_secs_f64();
            let attendee = self.of(id);
            let length = attendee.samples as f64 / 48_000.0;
            let due = attendee.captured as f64 * length / (1.0 + attendee.drift * 1e-6);
            if passed < due + id as f64 * 0.003 % 0.02 {
                continue;
            }
            let (payload, level, silent) = attendee.capture();
            let (sequence, timestamp) = (attendee.sequence, attendee.timestamp);
            attendee.timestamp = attendee.timestamp.wrapping_add(attendee.samples);
            if silent && attendee.sends == Sends::Dtx {
                continue;
            }
            attendee.sequence += 1;
            let red = matches!(attendee.sends, Sends::Red | Sends::Redundant);
            let network = attendee.network;
            let times = if self.random(100) < u64::from(network.loss) {
                0
            } else {
                1
            };
            let times = times
                * if self.random(100) < u64::from(network.double) {
                    2
                } else {
                    1
                };
            for _ in 0..times {
                let late = Duration::from_micros(self.random(network.jitter.as_micros() as u64));
                let payload = payload.clone();
                self.flying.push(Flying {
                    arrives: now + late,
                    id,
                    sequence,
                    timestamp,
                    payload,
                    red,
                    level,
                });
            }
        }
    }

    fn deliver(&mut self) {
        self.flying.sort_by_key(|packet| packet.arrives);
        let due = self
            .flying
            .partition_point(|packet| packet.arrives <= self.now);
        for packet in self.flying.drain(..due) {
            let Flying {
                arrives,
                id,
                sequence,
                timestamp,
                payload,
                red,
                level,
            } = packet;
            let packet = Packet {
                sequence,
                timestamp,
                payload: &payload,
                red,
                level,
                arrived: arrives,
            };
            self.mixer.receive(id, packet);
        }
    }

    /// dBFS of the tone of `hertz` in what `id` heard in the last `ms`.
    pub fn level(&mut self, id: u64, hertz: f32, ms: usize) -> f32 {
        let attendee = self.of(id);
        let audio = tail(&attendee.heard, ms * 48 * attendee.ear_channels);
        let mono: Vec<f32> = audio
            .chunks_exact(attendee.ear_channels)
            .map(|s| s.iter().sum::<f32>() / s.len() as f32)
            .collect();
        tone_level(&mono, hertz)
    }

    /// True if `id` heard the tone of `other` in the last 200 ms.
    pub fn hears(&mut self, id: u64, other: u64) -> bool {
        let hertz = self.of(other).hertz;
        let level = self.level(id, hertz, 200);
        assert!(
            !(-50.0..-30.0).contains(&level),
            "{id} hears {other} at {level} dBFS, neither nor"
        );
        level > -40.0
    }

    /// Who of `others` `id` hears.
    pub fn heard_by(&mut self, id: u64) -> Vec<u64> {
        let others: Vec<u64> = self.attendees.keys().copied().collect();
        others
            .into_iter()
            .filter(|other| self.hears(id, *other))
            .collect()
    }
}

pub fn member(id: u64) -> Member {
    Member {
        attendee: id,
        content: false,
        listens: true,
        stereo: false,
        max_bitrate: 0,
    }
}

fn mono_or_stereo(channels: usize) -> opus::Channels {
    if channels == 2 {
        opus::Channels::Stereo
    } else {
        opus::Channels::Mono
    }
}

fn encoder(channels: usize, sends: Sends) -> opus::Encoder {
    let mut encoder = opus::Encoder::new(48_000, mono_or_stereo(channels), opus::Application::Voip)
        .expect("encoder");
    let bitrate = if sends == Sends::Fec { 24_000 } else { 64_000 };
    encoder
        .set_bitrate(opus::Bitrate::Bits(bitrate))
        .expect("bitrate");
    encoder.set_inband_fec(sends == Sends::Fec).expect("FEC");
    encoder
        .set_packet_loss_perc(if sends == Sends::Fec { 20 } else { 0 })
        .expect("loss");
    if sends == Sends::Fec {
        encoder
            .set_max_bandwidth(opus::Bandwidth::Wideband)
            .expect("bandwidth");
    }
    encoder
}

impl Attendee {
    /// Changes what it sends, as the client does when it learns of losses.
    pub fn set_sends(&mut self, sends: Sends) -> &mut Self {
        self.sends = sends;
        self.encoder = encoder(self.channels, sends);
        self
    }

    fn capture(&mut self) -> (Vec<u8>, Option<u8>, bool) {
        let start = self.captured * self.samples;
        self.captured += 1;
        let amplitude = if self.speaks { self.amplitude } else { 0.0 };
        let mut frame = Vec::with_capacity(self.samples as usize * self.channels);
        for n in start..start + self.samples {
            for channel in 0..self.channels {
                let hertz = f64::from(if channel == 0 {
                    self.hertz
                } else {
                    self.right_hertz
                });
                let phase = (n as f64 * hertz / 48_000.0).fract() as f32;
                let time = n as f32 / 48_000.0;
                let syllable = if self.syllables {
                    0.55 - 0.45 * (TAU * 4.0 * time).cos()
                } else {
                    1.0
                };
                frame.push(amplitude * syllable * (TAU * phase).sin());
            }
        }
        let opus = self
            .encoder
            .encode_vec_float(&frame, 1_200)
            .expect("encoding");
        let energy = frame.iter().map(|x| x * x).sum::<f32>() / frame.len() as f32;
        let measured = if energy > 0.0 {
            (-10.0 * energy.log10()).clamp(0.0, 127.0) as u8
        } else {
            127
        };
        let level = self.levelled.then_some(self.claims.unwrap_or(measured));
        self.sent.push(opus.clone());
        let payload = match self.sends {
            Sends::Red => [&[111][..], &opus].concat(),
            Sends::Redundant if self.sent.len() > 2 => {
                let before = &self.sent[self.sent.len() - 3];
                let header = 0x8000_0000u32 | 111 << 24 | 1_920 << 10 | before.len() as u32;
                [&header.to_be_bytes()[..], &[111], before, &opus].concat()
            }
            Sends::Redundant => [&[111][..], &opus].concat(),
            _ => opus,
        };
        (payload, level, energy == 0.0)
    }

    /// Forgets what it heard.
    pub fn forget(&mut self) {
        self.heard.clear();
    }
}

struct Ears<'a>(&'a mut BTreeMap<u64, Attendee>);

impl Sink for Ears<'_> {
    fn frame(&mut self, receivers: &[u64], frame: &Frame) {
        for id in receivers {
            let Some(attendee) = self.0.get_mut(id) else {
                panic!("a frame for {id}, which is not there")
            };
            let mut audio = vec![0.0; 5_760 * attendee.ear_channels];
            let samples = attendee
                .decoder
                .decode_float(&frame.payload, &mut audio, false)
                .expect("decoding");
            assert_eq!(samples, 960);
            attendee.heard.extend(&audio[..960 * attendee.ear_channels]);
            attendee.frames += 1;
            attendee.timestamps.push(frame.timestamp);
            attendee.bytes += frame.payload.len() as u64;
        }
    }
}

pub fn tail(audio: &[f32], samples: usize) -> &[f32] {
    &audio[audio.len().saturating_sub(samples)..]
}

/// dBFS (of a sine's peak) of the tone of `hertz`, by Goertzel with a Hann window.
pub fn tone_level(audio: &[f32], hertz: f32) -> f32 {
    let n = audio.len() as f32;
    let (mut re, mut im) = (0.0f64, 0.0f64);
    for (k, x) in audio.iter().enumerate() {
        let window = 0.5 - 0.5 * (TAU * k as f32 / n).cos();
        let phase = std::f64::consts::TAU * k as f64 * f64::from(hertz) / 48_000.0;
        re += f64::from(x * window) * phase.cos();
        im += f64::from(x * window) * phase.sin();
    }
    let amplitude = 4.0 * (re * re + im * im).sqrt() / f64::from(n);
    20.0 * (amplitude.max(1e-9).log10() as f32)
}

/// dBFS of what is left in each 5 ms of `audio` when the tones of `hertz` are taken out: clicks, gaps, distortion.
pub fn residue(audio: &[f32], hertz: &[f32]) -> Vec<f32> {
    audio
        .chunks_exact(240)
        .map(|piece| {
            let basis: Vec<Vec<f32>> = hertz
                .iter()
                .flat_map(|hertz| {
                    let step = TAU * hertz / 48_000.0;
                    let sine = (0..piece.len()).map(|n| (n as f32 * step).sin()).collect();
                    let cosine = (0..piece.len()).map(|n| (n as f32 * step).cos()).collect();
                    [sine, cosine]
                })
                .collect();
            let mut rest = piece.to_vec();
            let mut orthogonal: Vec<Vec<f32>> = Vec::new();
            for mut vector in basis {
                for other in &orthogonal {
                    let overlap: f32 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                    vector
                        .iter_mut()
                        .zip(other)
                        .for_each(|(a, b)| *a -= overlap * b);
                }
                let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
                if norm > 1e-3 {
                    vector.iter_mut().for_each(|x| *x /= norm);
                    orthogonal.push(vector);
                }
            }
            for vector in &orthogonal {
                let overlap: f32 = rest.iter().zip(vector).map(|(a, b)| a * b).sum();
                rest.iter_mut()
                    .zip(vector)
                    .for_each(|(a, b)| *a -= overlap * b);
            }
            let energy = rest.iter().map(|x| x * x).sum::<f32>() / rest.len() as f32;
            10.0 * energy.max(1e-12).log10()
        })
        .collect()
}
