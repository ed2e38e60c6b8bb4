//! Microphone, camera and reports.

use std::time::{Duration, Instant};

use hubbub_rtp::ntp;
use hubbub_rtp::packet::Outgoing;
use hubbub_rtp::rtcp::{self, Sender};

use super::{Client, World};
use crate::load::link::wall_clock;
use crate::load::role::Speech;
use crate::load::writing::OPUS;
use crate::microphone::FRAME;

impl Client {
    /// Sends the next 20 ms of the microphone.
    pub fn speak(&mut self, world: &mut World) {
        let (Some(leg), Some(audio)) = (&mut self.legs[self.sender], &mut self.audio) else {
            return;
        };
        if self.role.speech == Speech::Mute || !leg.link.connected() {
            return;
        }
        self.payload_buffer.clear();
        if self.payload != OPUS {
            self.payload_buffer.push(OPUS);
        }
        let mut level = 127;
        match &self.voice {
            Some(voice) => {
                let number = self.spoken % voice.frames.len();
                let frame = &voice.frames[number];
                level = frame.level;
                self.payload_buffer.extend_from_slice(&frame.payload);
                if self.role.speech == Speech::Probe {
                    let onset = voice.onsets.iter().find(|(f, _)| *f == number);
                    if let Some((_, sample)) = onset {
                        let place = Duration::from_secs_f64(*sample as f64 / 48_000.0);
                        world.bursts[self.role.meeting].push(wall_clock() + place);
                    }
                }
            }
            None => self.payload_buffer.extend_from_slice(&[0xf8, 0xff, 0xfe]),
        }
        self.spoken += 1;
        let timestamp = (self.spoken * FRAME) as u32;
        let (sequence, timestamp) = audio.next(timestamp, self.payload_buffer.len());
        let header = Outgoing {
            payload_type: self.payload,
            timestamp,
            ssrc: audio.ssrc,
            level: Some(level),
            mid: if audio.packets < 100 {
                &self.audio_mid
            } else {
                ""
            },
            ..Default::default()
        };
        leg.link
            .send(header, sequence, self.audio_ids, &self.payload_buffer);
        world.sent.0 += 1;
        world.sent.1 += self.payload_buffer.len() as u64;
    }

    /// Sends what is due of the camera; says when more is.
    pub fn show(&mut self, world: &mut World, now: Instant) -> Option<Instant> {
        let leg = self.legs[self.sender].as_mut()?;
        for camera in &mut self.cameras {
            while camera.picture.due() <= now {
                let packet = camera.picture.packet(now, wall_clock());
                if !leg.link.connected() {
                    continue;
                }
                let (sequence, timestamp) =
                    camera.stream.next(packet.timestamp, packet.payload.len());
                // Receivers learn the stream from its first packets.
                let learning = camera.stream.packets < 100;
                let header = Outgoing {
                    payload_type: self.video_payload,
                    marker: packet.marker,
                    timestamp,
                    ssrc: camera.encoding.ssrc,
                    mid: if learning { &self.video_mid } else { "" },
                    rid: if learning { camera.encoding.rid } else { "" },
                    ..Default::default()
                };
                leg.link
                    .send(header, sequence, self.video_ids, &packet.payload);
                world.sent.0 += 1;
                world.sent.1 += packet.payload.len() as u64;
            }
        }
        self.cameras.iter().map(|c| c.picture.due()).min()
    }

    pub(super) fn report(&mut self, at: usize, now: Instant) {
        let Some(leg) = &mut self.legs[at] else {
            return;
        };
        let wall = ntp(wall_clock());
        let mut packet = Vec::new();
        if at == self.sender {
            let cameras = self.cameras.iter().map(|c| &c.stream);
            for stream in self.audio.iter().chain(cameras).filter(|s| s.packets > 0) {
                let sender = Sender {
                    ssrc: stream.ssrc,
                    ntp: wall,
                    timestamp: stream.timestamp,
                    packets: stream.packets as u32,
                    octets: stream.octets as u32,
                };
                rtcp::sender_report(&sender, &self.name, &mut packet);
            }
        }
        let blocks: Vec<_> = leg
            .streams
            .iter_mut()
            .filter_map(|s| s.block(now))
            .collect();
        if packet.is_empty() || !blocks.is_empty() {
            rtcp::receiver_report(self.own, &blocks, &mut packet);
        }
        leg.link.send_rtcp(&packet);
    }
}
