//! Driving a session: datagrams in and out, and what came of them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hubbub_rtp::packet::{Header, is_rtcp};
use str0m::net::{Protocol, Receive};
use str0m::{Event, Input, Output};

use crate::session::downlink::Arrival;
use crate::session::egress::Egress;
use crate::session::feedback::{Feedback, Said};
use crate::session::ingress::{Ingress, Inlet, Received, Sections, Taken};
use crate::session::payloads::Carries;
use crate::session::{Datagram, Happened, LOCAL, LOCAL_V6, Path, Session, Waiting, tap};

/// A transport is asked at most this many times in one go; what it still holds then comes later.
const ROUNDS_MAX: usize = 2000;

/// One that is due again already is driven this much later: its time has to pass.
const AT_ONCE: Duration = Duration::from_micros(1);

/// The estimate is told this often.
const ESTIMATE_EVERY: Duration = Duration::from_millis(200);

/// -dBov from which on the mixer hears nothing; it takes 66 for the last of a voice.
const QUIET: u8 = 70;
/// Datagrams that wait at most, and for how long.
const WAITING_MAX: usize = 8;
const WAIT: Duration = Duration::from_millis(100);

/// Whether it is for RTP or RTCP (RFC 7983).
fn is_media(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first >> 6 == 2)
}

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

    /// Takes a datagram that came from one of this session's addresses.
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
        let from = Path {
            protocol,
            destination: source,
        };
        if !is_media(bytes) {
            self.take_other(from, bytes, now, out, happened);
        } else if is_rtcp(bytes) {
            self.take_rtcp(from, bytes, out, happened);
        } else if self.can_wait(bytes) {
            self.waiting.push(Waiting {
                from,
                arrived: now,
                bytes: bytes.to_vec(),
            });
        } else {
            self.take_waiting(happened);
            self.take_rtp(from, bytes, now, happened);
        }
    }

    /// Whether a packet makes no difference for a while. What a session holds has left the
    /// processor's caches from one of its packets to the next, so that some of them in one go cost
    /// little more than one; and most that comes is the silence of those who do not speak.
    fn can_wait(&self, bytes: &[u8]) -> bool {
        if !self.hears() || self.waiting.len() >= WAITING_MAX {
            return false;
        }
        let level = Header::parse(bytes).and_then(|header| header.level(self.ids.common.level));
        level.is_some_and(|level| level >= QUIET)
    }

    fn take_waiting(&mut self, happened: &mut Vec<Happened>) {
        let mut waiting = std::mem::take(&mut self.waiting);
        for one in waiting.drain(..) {
            self.take_rtp(one.from, &one.bytes, one.arrived, happened);
        }
        self.waiting = waiting;
    }

    /// When [`Session::drive`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let waiting = self.waiting.first().map(|first| first.arrived + WAIT);
        let ingress = self.ingress.as_ref().and_then(Ingress::due);
        [self.due, waiting, ingress].into_iter().flatten().min()
    }

    /// Lets time pass.
    pub fn drive(&mut self, now: Instant, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>) {
        self.clock = now;
        self.take_waiting(happened);
        self.give_feedback(out);
        if self.due.is_some_and(|due| due <= now) {
            self.pass(now, out, happened);
        }
    }

    fn take_other(
        &mut self,
        from: Path,
        bytes: &[u8],
        now: Instant,
        out: &mut Vec<Datagram>,
        happened: &mut Vec<Happened>,
    ) {
        let now = self.advance(now);
        let (protocol, source) = (from.protocol, from.destination);
        let Some(rtc) = self.rtc.as_mut() else { return };
        let Ok(receive) = Receive::new(protocol, source, local_for(source), bytes) else {
            return;
        };
        // Once it is up, a datagram that makes no sense is only that: anybody may have sent it.
        if rtc.handle_input(Input::Receive(now, receive)).is_err() && !self.connected {
            happened.push(Happened::Broken);
            return;
        }
        self.drain(out, happened);
    }

    fn take_rtp(
        &mut self,
        from: Path,
        bytes: &[u8],
        arrived: Instant,
        happened: &mut Vec<Happened>,
    ) {
        let Some(ingress) = &mut self.ingress else {
            return;
        };
        let sections = Sections {
            audio: self.audio.as_ref(),
            camera: self.camera.as_ref(),
            payloads: &self.payloads,
        };
        let taken = ingress.packet(bytes, arrived, sections);
        let Some(Taken { newest, packet }) = taken else {
            return;
        };
        if newest {
            self.is_reached_by(from);
        }
        if let Some((inlet, packet)) = packet {
            self.on_packet(inlet, packet, happened);
        }
    }

    fn take_rtcp(
        &mut self,
        from: Path,
        bytes: &[u8],
        out: &mut Vec<Datagram>,
        happened: &mut Vec<Happened>,
    ) {
        let report = self.ingress.as_mut().and_then(|it| it.report(bytes));
        let Some((plain, newest)) = report else {
            return;
        };
        if newest {
            self.is_reached_by(from);
        }
        self.on_said(&Said::read(&plain), out, happened);
    }

    /// Clients send media on the pair of addresses that they have chosen (RFC 8445 12.1).
    fn is_reached_by(&mut self, path: Path) {
        if let Some(egress) = &mut self.egress {
            egress.path = path;
        }
    }

    /// Says when packets came and which are missing, where that is due.
    fn give_feedback(&mut self, out: &mut Vec<Datagram>) {
        let ssrc = self.own_ssrc();
        let Some((ingress, egress)) = self.ingress.as_mut().zip(self.egress.as_mut()) else {
            return;
        };
        let mut plain = Vec::new();
        ingress.feedback(ssrc, self.clock, &mut plain);
        if !plain.is_empty() {
            out.push(egress.control(&plain));
        }
    }

    /// Lets time pass for the transport, and drains.
    fn pass(&mut self, now: Instant, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>) {
        let now = self.advance(now);
        let Some(rtc) = self.rtc.as_mut() else { return };
        if rtc.handle_input(Input::Timeout(now)).is_err() {
            happened.push(Happened::Broken);
            return;
        }
        self.drain(out, happened);
    }

    /// The transport takes no time that lies before the one it knows.
    fn advance(&mut self, now: Instant) -> Instant {
        self.time = self.time.max(now);
        self.time
    }

    fn drain(&mut self, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>) {
        for _ in 0..ROUNDS_MAX {
            let Some(rtc) = self.rtc.as_mut() else { return };
            let output = if self.egress.is_some() {
                rtc.poll_output()
            } else {
                let (output, keys) = tap::keys(|| rtc.poll_output());
                if let Some((keys, path)) = keys.zip(self.path) {
                    let mut ingress = Ingress::new(keys.incoming);
                    ingress.reconfigured(self.ids, self.camera.is_some());
                    self.ingress = Some(ingress);
                    self.egress = Some(Egress::new(keys.outgoing, path, self.ids));
                }
                output
            };
            match output {
                Ok(Output::Transmit(transmit)) => {
                    let path = Path {
                        protocol: transmit.proto,
                        destination: transmit.destination,
                    };
                    let contents: Vec<u8> = transmit.contents.into();
                    debug_assert!(!is_media(&contents), "it has no streams");
                    // An answer to a check goes wherever that came from.
                    if !is_stun(&contents) {
                        self.path = Some(path);
                    }
                    out.push(path.carry(contents));
                }
                Ok(Output::Event(Event::Connected)) => {
                    self.connected = true;
                    happened.push(Happened::Connected);
                }
                Ok(Output::Event(Event::Closed)) => happened.push(Happened::Broken),
                Ok(Output::Event(_)) => {}
                Ok(Output::Timeout(at)) => {
                    if at > self.time {
                        self.due = Some(at);
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
        self.due = Some(self.time + Duration::from_millis(1));
    }

    /// What the client says of what it gets.
    fn on_said(&mut self, said: &Said, out: &mut Vec<Datagram>, happened: &mut Vec<Happened>) {
        if let Some(ingress) = &mut self.ingress {
            for (ssrc, middle) in &said.senders {
                ingress.sender_reported(*ssrc, *middle, self.clock);
            }
        }
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
            .is_some_and(|told| self.clock < told + ESTIMATE_EVERY);
        if !told
            && !self.tiles.is_empty()
            && let Some(estimate) = self.downlink.estimate()
        {
            self.told = Some(self.clock);
            self.estimate = Some(estimate);
            happened.push(Happened::Estimate(estimate));
        }
    }

    fn on_packet(&mut self, inlet: Inlet, packet: Received, happened: &mut Vec<Happened>) {
        let carries = self.payloads.carries(packet.payload_type);
        match (inlet, carries) {
            (Inlet::Audio, Some(Carries::Opus | Carries::Red)) => {
                let uplink = &mut self.uplink;
                uplink.first.get_or_insert(packet.sequence);
                uplink.highest = uplink.highest.max(packet.sequence);
                uplink.received += 1;
                happened.push(Happened::Audio(packet, carries == Some(Carries::Red)));
            }
            (Inlet::Video(stream), Some(Carries::Video(format))) => {
                happened.push(Happened::Video(stream, format, packet));
            }
            _ => {}
        }
    }
}
