//! One client of the load: its links, what it sends, what it counts.

mod receiving;
mod sending;

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_rtp::packet::Extensions;
use hubbub_rtp::rtcp::Arrivals;

use super::description::{Description, Section};
use super::link::{Identity, Link};
use super::picture::Picture;
use super::role::{Role, Speech};
use super::signalling::{Said, Signalling};
use super::streams::{Inbound, Kind, Outbound};
use super::voice::Voice;
use super::writing::{self, Encoding, Local, OFFERED, OPUS, Offered, VP8};

/// Links of a client, at most.
pub const LINKS: usize = 2;
const REPORT: Duration = Duration::from_secs(1);
/// Transport-wide feedback where video comes in, and where only audio does.
const FEEDBACK_VIDEO: Duration = Duration::from_millis(100);
const FEEDBACK_AUDIO: Duration = Duration::from_millis(250);

/// What all clients share.
pub struct World {
    /// Of DTLS.
    pub identity: Identity,
    /// Where links are bound.
    pub ip: IpAddr,
    /// By number.
    pub voices: Vec<Arc<Voice>>,
    /// The probe.
    pub probe: Option<Arc<Voice>>,
    /// RED is offered.
    pub red: bool,
    /// Names of simulcast encodings.
    pub rids: [&'static str; 3],
    /// Offers list the highest encoding first.
    pub highest_first: bool,
    /// Those that do not speak send silence.
    pub silence: bool,
    /// Transport-wide feedback is sent.
    pub feedback: bool,
    /// When the probe's bursts were sent, by meeting, wall clock.
    pub bursts: Vec<Vec<Duration>>,
    /// Packets and bytes of media that were sent.
    pub sent: (u64, u64),
    /// Negative acknowledgements and requests for key frames that came.
    pub asked: (u64, u64),
}

struct Camera {
    encoding: Encoding,
    stream: Outbound,
    picture: Picture,
}

/// One transport and what comes over it.
pub struct Leg {
    /// The transport.
    pub link: Link,
    /// By the order of their first packets.
    pub streams: Vec<Inbound>,
    kinds: [Option<Kind>; 128],
    transport_id: u8,
    arrivals: Arrivals,
    video: bool,
    next_report: Instant,
    next_feedback: Instant,
}

/// One client.
pub struct Client {
    /// What it does.
    pub role: Role,
    /// Its signalling.
    pub signalling: Box<dyn Signalling>,
    /// Its transports.
    pub legs: [Option<Leg>; LINKS],
    name: String,
    own: u32,
    voice: Option<Arc<Voice>>,
    audio: Option<Outbound>,
    spoken: usize,
    payload: u8,
    audio_ids: Extensions,
    audio_mid: String,
    cameras: Vec<Camera>,
    video_payload: u8,
    video_ids: Extensions,
    video_mid: String,
    sender: usize,
    payload_buffer: Vec<u8>,
}

fn kinds(sections: &[Section]) -> [Option<Kind>; 128] {
    let mut kinds = [None; 128];
    for payload in sections.iter().flat_map(|s| &s.payloads) {
        kinds[usize::from(payload.number & 0x7f)] = match payload.codec.as_str() {
            "opus" | "red" => Some(Kind::Audio),
            "vp8" | "vp9" | "h264" | "av1" => Some(Kind::Video),
            "rtx" => Some(Kind::Repair),
            _ => None,
        };
    }
    kinds
}

impl Client {
    /// A client whose signalling is open; it begins to send when its first link is up.
    pub fn new(
        role: Role,
        signalling: Box<dyn Signalling>,
        world: &World,
        name: String,
        now: Instant,
    ) -> Client {
        let voice = match role.speech {
            Speech::Voice(n) => Some(world.voices[n % world.voices.len()].clone()),
            Speech::Probe => world.probe.clone(),
            _ => None,
        };
        let speaks = match role.speech {
            Speech::None => false,
            Speech::Mute | Speech::Silence => world.silence,
            Speech::Voice(_) | Speech::Probe => true,
        };
        // Frames of many cameras are spread over the time between two.
        let begin = now + Duration::from_micros(fastrand::u64(..33_000));
        let single = role.layers.len() == 1;
        let cameras = role
            .layers
            .iter()
            .enumerate()
            .map(|(at, layer)| {
                let stream = Outbound::new();
                Camera {
                    encoding: Encoding {
                        rid: if single { "" } else { world.rids[at.min(2)] },
                        ssrc: stream.ssrc,
                        rtx: fastrand::u32(1..),
                    },
                    stream,
                    picture: Picture::new(*layer, begin),
                }
            })
            .collect();
        Client {
            audio: speaks.then(Outbound::new),
            role,
            signalling,
            legs: [const { None }; LINKS],
            name,
            own: fastrand::u32(1..),
            spoken: fastrand::usize(..500),
            voice,
            payload: OPUS,
            audio_ids: OFFERED,
            audio_mid: String::new(),
            cameras,
            video_payload: VP8,
            video_ids: OFFERED,
            video_mid: String::new(),
            sender: 0,
            payload_buffer: Vec::with_capacity(256),
        }
    }

    /// All links there are have keys; there is one at least, and one to send by if it sends.
    pub fn connected(&self) -> bool {
        let sends = self.audio.is_some() || !self.cameras.is_empty();
        let mut legs = self.legs.iter().flatten().peekable();
        (!sends || self.legs[self.sender].is_some())
            && legs.peek().is_some()
            && legs.all(|l| l.link.connected())
    }

    fn leg(
        &mut self,
        link: usize,
        controlling: bool,
        world: &World,
        now: Instant,
    ) -> io::Result<&mut Leg> {
        // Feedback on video, and latency, want the times at which packets came.
        let stamping = self.role.sampled || self.role.tiles > 0;
        let leg = match self.legs[link].take() {
            Some(leg) => leg,
            None => Leg {
                link: Link::new(world.ip, &world.identity, controlling, stamping, now)?,
                streams: Vec::new(),
                kinds: [None; 128],
                transport_id: 0,
                arrivals: Arrivals::default(),
                video: false,
                next_report: now + REPORT,
                next_feedback: now + FEEDBACK_VIDEO,
            },
        };
        Ok(self.legs[link].insert(leg))
    }

    /// Does what signalling wants; true if a link is new.
    pub fn said(&mut self, said: Said, world: &World, now: Instant) -> io::Result<bool> {
        let (Said::Offer { link, .. }
        | Said::Answer { link, .. }
        | Said::Offered { link, .. }
        | Said::Candidate { link, .. }) = said;
        let new = self.legs[link].is_none();
        match said {
            Said::Offer { camera, tiles, .. } => {
                let mut encodings: Vec<Encoding> =
                    self.cameras.iter().map(|c| c.encoding.clone()).collect();
                if world.highest_first {
                    encodings.reverse();
                }
                let audio = self.audio.as_ref().map(|a| a.ssrc);
                let name = self.name.clone();
                let camera = camera || !encodings.is_empty();
                let leg = self.leg(link, true, world, now)?;
                let version = leg.link.next_version();
                let local = Local {
                    credentials: leg.link.credentials(),
                    fingerprint: &world.identity.fingerprint,
                    address: leg.link.address,
                    version,
                };
                let offered = Offered {
                    audio,
                    red: world.red,
                    camera: camera.then_some(&encodings[..]),
                    tiles,
                    name: &name,
                };
                let text = writing::offer(&local, &offered);
                self.sender = link;
                self.signalling.described(link, text)?;
            }
            Said::Answer { text, .. } => {
                let answer = Description::parse(&text);
                self.settle(&answer.sections);
                let leg = self.leg(link, true, world, now)?;
                leg.kinds = kinds(&answer.sections);
                leg.transport_id = OFFERED.transport;
                leg.link.set_remote(&answer, now);
                leg.link.tick(now)?;
            }
            Said::Offered { text, .. } => {
                let offer = Description::parse(&text);
                let leg = self.leg(link, false, world, now)?;
                leg.kinds = kinds(&offer.sections);
                let ids = offer.sections.iter().map(writing::extensions);
                leg.transport_id = ids.map(|ids| ids.transport).max().unwrap_or(0);
                let version = leg.link.next_version();
                let local = Local {
                    credentials: leg.link.credentials(),
                    fingerprint: &world.identity.fingerprint,
                    address: leg.link.address,
                    version,
                };
                let text = writing::answer(&local, &offer);
                leg.link.set_remote(&offer, now);
                self.signalling.described(link, text)?;
            }
            Said::Candidate { address, .. } => {
                self.leg(link, false, world, now)?
                    .link
                    .add_candidate(address);
            }
        }
        Ok(new)
    }

    /// Takes payload types, extensions and sections for what we send from the answer.
    fn settle(&mut self, sections: &[Section]) {
        if let Some(audio) = sections.iter().find(|s| s.kind == "audio") {
            let red = audio.payload("red");
            self.payload = red.or(audio.payload("opus")).unwrap_or(OPUS);
            self.audio_ids = writing::extensions(audio);
            self.audio_mid.clone_from(&audio.mid);
        }
        if let Some(video) = sections.iter().find(|s| s.kind == "video") {
            self.video_payload = video.payload("vp8").unwrap_or(VP8);
            self.video_ids = writing::extensions(video);
            self.video_mid.clone_from(&video.mid);
        }
    }

    /// Does what is due beside media: checks, handshakes, pings, reports.
    pub fn tick(&mut self, world: &World, said: &mut Vec<Said>, now: Instant) -> io::Result<()> {
        self.signalling.tick(now, said)?;
        for at in 0..LINKS {
            let Some(leg) = &mut self.legs[at] else {
                continue;
            };
            leg.link.tick(now)?;
            if !leg.link.connected() {
                continue;
            }
            if now >= leg.next_report {
                leg.next_report = now + REPORT;
                self.report(at, now);
            }
            let Some(leg) = &mut self.legs[at] else {
                continue;
            };
            if world.feedback && now >= leg.next_feedback {
                let every = if leg.video {
                    FEEDBACK_VIDEO
                } else {
                    FEEDBACK_AUDIO
                };
                leg.next_feedback = now + every;
                let mut packet = Vec::new();
                let media = leg.streams.first().map_or(0, |s| s.ssrc);
                leg.arrivals.report(self.own, media, &mut packet);
                if !packet.is_empty() {
                    leg.link.send_rtcp(&packet);
                }
            }
        }
        Ok(())
    }

    /// From now on everything counts.
    pub fn start_counting(&mut self) {
        for stream in self.legs.iter_mut().flatten().flat_map(|l| &mut l.streams) {
            stream.start_counting();
        }
    }

    /// Leaves.
    pub fn leave(&mut self, now: Instant) {
        self.signalling.leave();
        for leg in self.legs.iter_mut().flatten() {
            leg.link.close(now);
        }
    }
}
