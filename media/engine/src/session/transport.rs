//! Driving a session's transport: datagrams in and out, and what came of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Event, Input, Output};

use crate::session::downlink::Arrival;
use crate::session::egress::Egress;
use crate::session::feedback::{Feedback, Said, level_of};
use crate::session::payloads::Carries;
use crate::session::{Datagram, Happened, Inlet, LOCAL, LOCAL_V6, Path, Session, Waiting, tap};

/// A transport is asked at most this many times in one go; what it still holds then comes later.
const ROUNDS_MAX: usize = 2000;

/// One that is due again already is driven this much later: its time has to pass.
const AT_ONCE: Duration = Duration::from_micros(1);

/// The estimate is told this often.
const ESTIMATE_EVERY: Duration = Duration::from_millis(200);

/// Remote ssrcs that a session remembers.
const INLETS_MAX: usize = 64;

/// -dBov from which on the mixer hears nothing; it takes 66 for the last of a voice.
const QUIET: u8 = 70;
/// Datagrams that wait at most, and for how long: transport-wide feedback of them goes out every 50
/// to 100 ms (chime-meetings C.8).
const WAITING_MAX: usize = 8;
const WAIT: Duration = Duration::from_millis(80);
/// What a packet makes due besides itself may wait this long.
const LINGER: Duration = Duration::from_millis(20);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Rtp,
    Rtcp,
    Other,
}

fn kind_of(bytes: &[u8]) -> Kind {
    match bytes {
        [first, kind, ..] if first >> 6 == 2 => match kind {
            192..=223 => Kind::Rtcp,
            _ => Kind::Rtp,
        },
        _ => Kind::Other,
    }
}

/// RFC 7983.
fn is_stun(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| *first < 4)
}

fn local_for(source: SocketAddr) -> SocketAddr {
    if source.is_ipv4() { LOCAL } else { LOCAL_V6 }
}

impl Session {
    /// Whether a STUN message is for this session and made with its password.
    pub fn accepts(
        &self,
        protocol: Protocol,
        source: SocketAddr,
        bytes: &[u8],
        now: Instant,
    ) -> bool {
        let Some(rtc) = &self.rtc else { return false };
        match Receive::new(protocol, source, local_for(source), bytes) {
            Ok(receive) => rtc.accepts(&Input::Receive(now, receive)),
            Err(_) => false,
        }
    }

    /// Takes a datagram that came from one of this session's addresses, and drains.
    pub fn receive(
        &mut self,
        protocol: Protocol,
        source: SocketAddr,
        bytes: &[u8],
        now: Instant,
        out: &mut Vec<Datagram>,
        happened: &mut Vec<Happened>,
    ) {
        self.last_packet = now;
        self.clock = now;
        if self.can_wait(bytes) {
            let (arrived, bytes) = (now, bytes.to_vec());
            self.waiting.push(Waiting {
                protocol,
                source,
                arrived,
                bytes,
            });
            self.wake_at(now + WAIT);
            return;
        }
        self.take_waiting(out, happened);
        // A packet is all that RTP brings. What else has become due by then comes soon.
        let packet_only = kind_of(bytes) == Kind::Rtp && self.hears();
        let from = (protocol, source);
        self.take(from, bytes, now, packet_only, out, happened);
    }

    /// Whether a datagram makes no difference for a while. What a session holds has left the
    /// processor's caches from one of its packets to the next, so that some of them in one go cost
    /// little more than one; and most that comes is the silence of those who do not speak.
    fn can_wait(&self, bytes: &[u8]) -> bool {
        if !self.hears() || self.waiting.len() >= WAITING_MAX {
            return false;
        }
        match kind_of(bytes) {
            Kind::Rtp => {
                let level = self.levels_id.and_then(|id| level_of(bytes, id));
                level.is_some_and(|level| level >= QUIET)
            }
            Kind::Rtcp => self.tiles.is_empty(),
            Kind::Other => false,
        }
    }

    fn wake_at(&mut self, at: Instant) {
        self.deadline = Some(self.deadline.map_or(at, |deadline| deadline.min(at)));
    }

    fn take_waiting(&mut self, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>) {
        for waiting in std::mem::take(&mut self.waiting) {
            let from = (waiting.protocol, waiting.source);
            let (bytes, arrived) = (&waiting.bytes, waiting.arrived);
            self.take(from, bytes, arrived, true, out, happened);
        }
    }

    fn take(
        &mut self,
        (protocol, source): (Protocol, SocketAddr),
        bytes: &[u8],
        arrived: Instant,
        packet_only: bool,
        out: &mut Vec<Datagram>,
        happened: &mut Vec<Happened>,
    ) {
        let now = self.advance(arrived);
        let Some(rtc) = self.rtc.as_mut() else {
            return;
        };
        let Ok(receive) = Receive::new(protocol, source, local_for(source), bytes) else {
            return;
        };
        let mut said = Said::default();
        let input = Input::Receive(now, receive);
        let taken = if kind_of(bytes) == Kind::Rtcp {
            let take = |_: &_, plain: &[u8]| said = Said::read(plain);
            tap::listen(bytes, || rtc.handle_input(input), take)
        } else {
            rtc.handle_input(input)
        };
        // Once it is up, a datagram that makes no sense is only that: anybody may have sent it.
        if taken.is_err() && !self.connected {
            happened.push(Happened::Broken);
            return;
        }
        self.on_said(&said, out, happened);
        self.drain(out, happened, packet_only);
    }

    /// Lets time pass, and drains.
    pub fn drive(&mut self, now: Instant, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>) {
        self.clock = now;
        self.dirty = false;
        self.take_waiting(out, happened);
        let now = self.advance(now);
        let Some(rtc) = self.rtc.as_mut() else { return };
        if rtc.handle_input(Input::Timeout(now)).is_err() {
            happened.push(Happened::Broken);
            return;
        }
        self.drain(out, happened, false);
    }

    /// The transport takes no time that lies before the one it knows.
    fn advance(&mut self, now: Instant) -> Instant {
        self.time = self.time.max(now);
        self.time
    }

    /// `packet_only`: no further than to a packet of the client.
    fn drain(&mut self, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>, packet_only: bool) {
        for _ in 0..ROUNDS_MAX {
            let Some(rtc) = self.rtc.as_mut() else { return };
            let output = if self.egress.is_some() {
                rtc.poll_output()
            } else {
                let (output, context) = tap::keys(|| rtc.poll_output());
                self.egress = context.map(|context| Egress::new(context, self.ids));
                output
            };
            match output {
                Ok(Output::Transmit(transmit)) => {
                    let contents: Vec<u8> = transmit.contents.into();
                    let path = Path {
                        protocol: transmit.proto,
                        destination: transmit.destination,
                    };
                    // An answer to a check goes wherever that came from.
                    if !is_stun(&contents) {
                        self.path = Some(path);
                    }
                    out.push(path.carry(contents));
                }
                Ok(Output::Event(event)) => {
                    let is_packet = matches!(event, Event::RtpPacket(_));
                    self.on_event(event, happened);
                    if is_packet && packet_only {
                        self.wake_at(self.time + LINGER);
                        return;
                    }
                }
                Ok(Output::Timeout(at)) => {
                    if at > self.time {
                        self.deadline = Some(at);
                        return;
                    }
                    self.time += AT_ONCE;
                    if rtc.handle_input(Input::Timeout(self.time)).is_err() {
                        happened.push(Happened::Broken);
                        return;
                    }
                }
                Err(_) => {
                    happened.push(Happened::Broken);
                    return;
                }
            }
        }
        self.deadline = Some(self.time + Duration::from_millis(1));
    }

    fn on_event(&mut self, event: Event, happened: &mut Vec<Happened>) {
        match event {
            Event::Connected => {
                self.connected = true;
                happened.push(Happened::Connected);
            }
            Event::Closed => happened.push(Happened::Broken),
            Event::RtpPacket(packet) => self.on_packet(packet, happened),
            _ => {}
        }
    }

    /// What the client says of what it gets.
    fn on_said(&mut self, said: &Said, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>) {
        for feedback in &said.feedbacks {
            self.on_feedback(feedback, happened);
        }
        for (ssrc, missing) in &said.missing {
            self.repair(*ssrc, missing, out);
        }
        for ssrc in &said.keyframes {
            if self.tiles().any(|tile| tile == *ssrc) {
                happened.push(Happened::KeyframeWanted(*ssrc));
            }
        }
        let mix = self.audio.as_ref().map(|audio| audio.stream.ssrc());
        for (ssrc, loss) in &said.losses {
            if Some(*ssrc) == mix {
                self.mix_loss = *loss;
            }
        }
    }

    fn on_feedback(&mut self, feedback: &Feedback, happened: &mut Vec<Happened>) {
        let newest = self.downlink.newest();
        let behind = (newest as u16).wrapping_sub(feedback.first);
        // One that is ahead of what was sent is nonsense, and finds no packet.
        let first = newest
            .checked_sub(u64::from(behind))
            .unwrap_or(u64::MAX / 2);
        let arrivals = feedback
            .arrivals
            .iter()
            .zip(first..)
            .map(|(at, sequence)| Arrival {
                sequence,
                at: at.map(|at| self.opened_at + at),
            });
        self.downlink.feedback(arrivals, self.clock);
        let told = self
            .told
            .is_some_and(|told| self.time < told + ESTIMATE_EVERY);
        if !told
            && !self.tiles.is_empty()
            && let Some(estimate) = self.downlink.estimate()
        {
            self.told = Some(self.clock);
            self.estimate = Some(estimate);
            happened.push(Happened::Estimate(estimate));
        }
    }

    fn on_packet(&mut self, packet: RtpPacket, happened: &mut Vec<Happened>) {
        match self.inlet(&packet) {
            Inlet::Audio => {
                let sequence = *packet.seq_no;
                let uplink = &mut self.uplink;
                uplink.first.get_or_insert(sequence);
                uplink.highest = uplink.highest.max(sequence);
                uplink.received += 1;
                happened.push(Happened::Audio(Box::new(packet)));
            }
            Inlet::Video(stream) => {
                let pt = *packet.header.payload_type;
                if let Some(Carries::Video(format)) = self.payloads.carries(pt) {
                    happened.push(Happened::Video(stream, format, Box::new(packet)));
                }
            }
            Inlet::Nowhere => {}
        }
    }

    /// Where the packets of an ssrc belong; found out once.
    fn inlet(&mut self, packet: &RtpPacket) -> Inlet {
        let ssrc = *packet.header.ssrc;
        if let Some((_, inlet)) = self.inlets.iter().find(|(known, _)| *known == ssrc) {
            return *inlet;
        }
        let inlet = self.look_up_inlet(packet).unwrap_or(Inlet::Nowhere);
        if self.inlets.len() >= INLETS_MAX {
            self.inlets.clear();
        }
        self.inlets.push((ssrc, inlet));
        inlet
    }

    fn look_up_inlet(&mut self, packet: &RtpPacket) -> Option<Inlet> {
        let rtc = self.rtc.as_mut()?;
        let stream = rtc
            .direct_api()
            .stream_rx(&packet.header.ssrc)
            .map(|s| (s.mid(), s.rid()));
        let (mid, rid) = stream?;
        if self.audio.as_ref().is_some_and(|audio| audio.mid == mid) {
            return Some(Inlet::Audio);
        }
        let camera = self.camera.as_ref().filter(|camera| camera.mid == mid)?;
        let ssrc = Some(*packet.header.ssrc);
        let by_rid = || {
            let rid = rid?;
            camera.encodings.iter().find(|encoding| {
                encoding
                    .rid
                    .as_deref()
                    .is_some_and(|name| rid == name.into())
            })
        };
        let encoding = camera
            .encodings
            .iter()
            .find(|encoding| encoding.ssrc == ssrc)
            .or_else(by_rid)
            .or_else(|| match camera.encodings.as_slice() {
                [only] if only.rid.is_none() => Some(only),
                _ => None,
            })?;
        Some(Inlet::Video(encoding.stream))
    }
}
