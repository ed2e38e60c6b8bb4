//! What comes in is counted, and looked at where the client is sampled.

use std::io;
use std::time::Instant;

use hubbub_rtp::packet::{Header, is_rtcp};
use hubbub_rtp::rtcp::{self, Heard};

use super::{Client, Leg, World};
use crate::load::link::{BURST, Datagram, Link, wall_clock};
use crate::load::streams::{Inbound, Kind};
use crate::load::writing::OPUS;

impl Client {
    /// Reads a burst of a link.
    pub fn receive(
        &mut self,
        link: usize,
        world: &mut World,
        scratch: &mut [u8],
        now: Instant,
    ) -> io::Result<()> {
        let Some(mut leg) = self.legs[link].take() else {
            return Ok(());
        };
        let mut heard = Vec::new();
        let Leg {
            link: transport,
            streams,
            kinds,
            transport_id,
            arrivals,
            video,
            ..
        } = &mut leg;
        let sampled = self.role.sampled;
        let burst = if *video { BURST } else { 1 };
        let wall = wall_clock();
        let mut each = |transport: &mut Link, datagram: Datagram<'_>| {
            if is_rtcp(datagram.data) {
                if let Some(report) = transport.unprotect_rtcp(datagram.data) {
                    rtcp::parse(&report, &mut heard);
                }
                return;
            }
            let Some(header) = Header::parse(datagram.data) else {
                return;
            };
            if let Some(sequence) = header.transport(*transport_id) {
                let waited = datagram.stamped.map(|at| wall.saturating_sub(at));
                let arrived = waited.and_then(|waited| now.checked_sub(waited));
                arrivals.came(sequence, arrived.unwrap_or(now));
            }
            let at = streams.iter().position(|s| s.ssrc == header.ssrc);
            let at = match at {
                Some(at) => at,
                None => {
                    let Some(kind) = kinds[usize::from(header.payload_type)] else {
                        return;
                    };
                    *video |= kind != Kind::Audio;
                    let Ok(stream) = Inbound::new(header.ssrc, kind, sampled) else {
                        return;
                    };
                    streams.push(stream);
                    streams.len() - 1
                }
            };
            let stream = &mut streams[at];
            let sequence = stream.came(header.sequence, datagram.data.len());
            if stream.sample.is_some() {
                let arrived = datagram.stamped.unwrap_or_else(wall_clock);
                match transport.unprotect(datagram.data, header.length, sequence) {
                    Some(payload) => {
                        let payload = match (stream.kind, header.payload_type) {
                            // The redundant encoding's one header byte.
                            (Kind::Audio, t) if t != OPUS && payload.first() == Some(&OPUS) => {
                                &payload[1..]
                            }
                            _ => &payload,
                        };
                        stream.look(payload, header.timestamp, arrived);
                    }
                    None => {
                        if let Some(sample) = &mut stream.sample {
                            sample.damaged += 1;
                        }
                    }
                }
            }
        };
        let result = transport.receive(burst, now, scratch, &mut each);
        for event in heard {
            match event {
                Heard::Report(ssrc, middle) => {
                    if let Some(stream) = leg.streams.iter_mut().find(|s| s.ssrc == ssrc) {
                        stream.reported(middle, now);
                    }
                }
                Heard::KeyFrame(ssrc) => {
                    world.asked.1 += 1;
                    let camera = self.cameras.iter_mut().find(|c| c.encoding.ssrc == ssrc);
                    if let Some(camera) = camera {
                        camera.picture.want_key_frame(now);
                    }
                }
                Heard::Missing(_, packets) => world.asked.0 += u64::from(packets),
                Heard::Bye => {}
            }
        }
        self.legs[link] = Some(leg);
        result
    }
}
