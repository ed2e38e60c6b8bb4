//! Drives a mixer by bytes: whatever they are, it must neither panic nor grow.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hubbub_mixer::{Config, Frame, Member, Mixer, Packet, Sink};

/// Ids in use.
const MEMBERS: u64 = 6;

/// Opus packets of all kinds: SILK with FEC, hybrid, CELT, stereo, 10 to 60 ms.
fn packets() -> &'static [Vec<u8>] {
    static PACKETS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    PACKETS.get_or_init(|| {
        let kinds = [
            (opus::Channels::Mono, opus::Application::Voip, 12_000, 960),
            (opus::Channels::Mono, opus::Application::Voip, 24_000, 960),
            (
                opus::Channels::Stereo,
                opus::Application::Voip,
                40_000,
                2_880,
            ),
            (
                opus::Channels::Mono,
                opus::Application::LowDelay,
                64_000,
                480,
            ),
            (
                opus::Channels::Stereo,
                opus::Application::Audio,
                128_000,
                960,
            ),
            (opus::Channels::Mono, opus::Application::Audio, 64_000, 120),
        ];
        let mut all = Vec::new();
        for (channels, application, bitrate, samples) in kinds {
            let mut encoder = opus::Encoder::new(48_000, channels, application).expect("encoder");
            encoder
                .set_bitrate(opus::Bitrate::Bits(bitrate))
                .expect("bitrate");
            encoder.set_inband_fec(true).expect("FEC");
            encoder.set_packet_loss_perc(20).expect("loss");
            let length = samples * channels as usize;
            for n in 0..4 {
                let frame: Vec<f32> = (0..length)
                    .map(|k| ((n * length + k) as f32 * 0.05).sin() * (k % 977) as f32 / 977.0)
                    .collect();
                all.push(encoder.encode_vec_float(&frame, 1_400).expect("encoding"));
            }
        }
        all
    })
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| {
            number << 8 | u64::from(self.byte().unwrap_or(0))
        })
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(length.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn payload(&mut self) -> Vec<u8> {
        let kind = self.byte().unwrap_or(0);
        let length = usize::from(self.byte().unwrap_or(0));
        if kind < 32 {
            return self.take(length).to_vec();
        }
        let all = packets();
        let mut packet = all[length % all.len()].clone();
        if kind < 96 {
            let (place, value) = (
                usize::from(self.byte().unwrap_or(0)),
                self.byte().unwrap_or(0),
            );
            let place = place % packet.len();
            packet[place] = value;
        } else if kind < 112 {
            packet.truncate(usize::from(kind) - 96);
        }
        packet
    }
}

struct Ears(u64);

impl Sink for Ears {
    fn frame(&mut self, receivers: &[u64], frame: &Frame) {
        assert!(!receivers.is_empty() && !frame.payload.is_empty());
        self.0 += receivers.len() as u64;
    }
}

/// Interprets `data` as calls of a mixer.
pub fn drive(data: &[u8]) {
    let mut bytes = Bytes(data);
    let start = Instant::now();
    let mut now = start + Duration::from_secs(10);
    let mut mixer = Mixer::new(
        Config {
            speakers: 2,
            contents: 1,
            ..Config::default()
        },
        now,
    );
    let mut ears = Ears(0);
    let (mut sequence, mut timestamp) = ([0u64; MEMBERS as usize], [0u64; MEMBERS as usize]);
    while let Some(operation) = bytes.byte() {
        let id = u64::from(operation >> 4) % MEMBERS;
        let flags = operation >> 4;
        let index = id as usize;
        match operation & 15 {
            0 | 1 => {
                let bitrate = bytes.number() as u32;
                let member = Member {
                    attendee: id / 2,
                    content: flags & 1 != 0,
                    listens: flags & 2 == 0,
                    stereo: flags & 4 != 0,
                    max_bitrate: bitrate,
                };
                if operation & 1 == 0 {
                    mixer.add(id, member);
                    mixer.set_gates(id, true, true);
                } else {
                    mixer.update(id, member);
                }
            }
            2 => mixer.remove(id),
            3 => mixer.set_gates(id, flags & 1 != 0, flags & 2 != 0),
            4 => mixer.set_muted(id, flags & 1 != 0),
            5 => mixer.set_tap(flags & 1 != 0),
            6 => mixer.drain_pcm(&mut |_, _, samples| assert!(samples.len() <= 16_000)),
            7 => {
                assert!(
                    mixer
                        .levels()
                        .entries
                        .iter()
                        .all(|(_, level)| *level <= 127)
                );
            }
            8 => {
                (sequence[index], timestamp[index]) = (bytes.number(), bytes.number());
            }
            9 => now += Duration::from_millis(u64::from(bytes.byte().unwrap_or(0)) * 4),
            10 | 11 => {
                now += Duration::from_millis(u64::from(flags) * 3);
                mixer.tick(now, &mut ears);
            }
            kind => {
                // A stream that goes on, with now and then a packet lost.
                sequence[index] = sequence[index].wrapping_add(1 + u64::from(kind == 13));
                timestamp[index] = timestamp[index].wrapping_add(960 * (1 + u64::from(kind == 13)));
                let level = bytes.byte().unwrap_or(0);
                let payload = bytes.payload();
                let early = Duration::from_millis(u64::from(level & 7));
                mixer.receive(
                    id,
                    Packet {
                        sequence: sequence[index],
                        timestamp: timestamp[index],
                        payload: &payload,
                        red: kind == 15,
                        level: (level < 200).then_some(level),
                        arrived: now - early,
                    },
                );
            }
        }
    }
    mixer.tick(now, &mut ears);
    let stats = mixer.stats();
    assert!(
        stats.buffered <= MEMBERS as usize * 108 * 1_500,
        "{stats:?}"
    );
    assert!(stats.encodes <= ears.0 + stats.ticks * MEMBERS, "{stats:?}");
}
