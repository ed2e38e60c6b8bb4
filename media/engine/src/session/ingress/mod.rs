//! What comes in from one client: RTP, SRTP, feedback on it, and what is asked for once more
//! (chime-meetings C.5, C.8).
//!
//! Like what goes out it passes the transport by: most packets are the silence of those who do not
//! speak, and each asks for a cipher and a number or two.
//!
//! Invariant: nothing is believed of a packet before it has been found authentic, and no packet is
//! taken twice (RFC 3711 3.3.2).

mod missing;
mod place;
mod remote;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use hubbub_rtp::extend;
use hubbub_rtp::packet::Header;
use hubbub_rtp::rtcp::{Arrivals, nack, receiver_report};
use hubbub_rtp::srtp::Context;
use hubbub_rtp::window::Window;

pub use self::place::Sections;
pub use self::remote::Names;
use self::remote::Remote;
use crate::command::StreamId;
use crate::session::extensions::{Ids, Kept};

/// Ssrcs of a client that are known; who has been silent for longest makes place.
const REMOTES: usize = 64;
/// Ssrcs with which it reports.
const REPORTERS: usize = 64;
/// Feedback on what came goes out so soon: in steps of a camera's bitrate (chime-meetings C.8), or,
/// where the client sends only audio, which has nothing to choose, as late as clients do it.
const FEEDBACK: Duration = Duration::from_millis(100);
const FEEDBACK_ON_AUDIO: Duration = Duration::from_millis(250);
/// Feedback that is due in less goes out with other work.
const EARLY: Duration = Duration::from_millis(50);

/// Where the packets of an ssrc belong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inlet {
    /// The microphone.
    Audio,
    /// An encoding.
    Video(StreamId),
    /// They send an encoding's packets again (RFC 4588).
    Repair(StreamId),
    /// Nowhere.
    Nowhere,
}

/// A packet of the client.
#[derive(Debug)]
pub struct Received {
    /// Which stream.
    pub ssrc: u32,
    /// What it carries.
    pub payload_type: u8,
    /// Last packet of a frame, first of a talkspurt.
    pub marker: bool,
    /// Extended.
    pub sequence: u64,
    /// Extended; its lowest 32 bits are those of the packet.
    pub timestamp: u64,
    /// -dBov, where the client says so.
    pub level: Option<u8>,
    /// Extensions that go on to receivers.
    pub kept: Kept,
    /// Without padding.
    pub payload: Vec<u8>,
    /// When it came.
    pub arrived: Instant,
}

/// What became of a datagram that was authentic.
pub struct Taken {
    /// Whether no later one has come before.
    pub newest: bool,
    /// What is in it, where somebody wants it.
    pub packet: Option<(Inlet, Received)>,
}

/// The client's end of the wire, as heard.
pub struct Ingress {
    context: Context,
    ids: Ids,
    remotes: Vec<Remote>,
    /// Of each ssrc that reports, the numbers of its reports.
    reporters: Vec<(u32, Window)>,
    arrivals: Arrivals,
    /// How long feedback may wait.
    patience: Duration,
    /// When the first of these came, and the ssrc of the last.
    unreported: Option<(Instant, u32)>,
}

impl Ingress {
    /// `context` decrypts.
    pub fn new(context: Context) -> Ingress {
        Ingress {
            context,
            ids: Ids::default(),
            remotes: Vec::new(),
            reporters: Vec::new(),
            arrivals: Arrivals::default(),
            patience: FEEDBACK,
            unreported: None,
        }
    }

    /// Sections, payload types and extensions may be others from now on. `camera`: whether it has
    /// one.
    pub fn reconfigured(&mut self, ids: Ids, camera: bool) {
        self.ids = ids;
        self.patience = if camera { FEEDBACK } else { FEEDBACK_ON_AUDIO };
        self.remotes.iter_mut().for_each(Remote::forget_inlet);
    }

    /// Takes an SRTP packet. None: it is not authentic, or came before.
    pub fn packet(
        &mut self,
        bytes: &[u8],
        arrived: Instant,
        sections: Sections<'_>,
    ) -> Option<Taken> {
        let header = Header::parse(bytes)?;
        let known = self.remotes.iter().position(|r| r.ssrc == header.ssrc);
        let window = known.map(|at| &self.remotes[at].window);
        let highest = window.and_then(Window::highest);
        let sequence = extend(highest, header.sequence);
        if window.is_some_and(|window| !window.is_new(sequence)) {
            return None;
        }
        let mut payload = Vec::with_capacity(bytes.len());
        self.context
            .unprotect(bytes, header.length, sequence, &mut payload)?;
        if let Some(number) = header.transport(self.ids.common.transport) {
            self.arrivals.came(number, arrived);
            let (first, _) = *self.unreported.get_or_insert((arrived, header.ssrc));
            self.unreported = Some((first, header.ssrc));
        }
        let at = known.unwrap_or_else(|| self.add(header.ssrc, arrived));
        let remote = &mut self.remotes[at];
        remote.heard = arrived;
        remote.window.take(sequence);
        remote.reception.came(sequence);
        let inlet = remote.inlet(&header, self.ids, sections);
        let newest = highest.is_none_or(|highest| sequence > highest);
        let rate = if inlet == Inlet::Audio { 48 } else { 90 };
        if newest {
            remote.reception.spaced(header.timestamp, arrived, rate);
        }
        if let Inlet::Video(_) = inlet {
            remote.missing.came(sequence, arrived);
        }
        let unpadded = !header.padding || unpad(&mut payload);
        let received = |remote: &mut Remote, payload_type, sequence, payload| Received {
            ssrc: remote.ssrc,
            payload_type,
            marker: header.marker,
            sequence,
            timestamp: remote.extend(header.timestamp),
            level: header.level(self.ids.common.level),
            kept: Kept::of(&header, self.ids),
            payload,
            arrived,
        };
        let packet = match inlet {
            _ if !unpadded => None,
            Inlet::Nowhere => None,
            Inlet::Repair(stream) => {
                let main = Inlet::Video(stream);
                let of = |remote: &&mut Remote| remote.known_inlet() == Some(main);
                let remote = self.remotes.iter_mut().find(of);
                let repaired = sections.payloads.repaired_by(header.payload_type);
                remote.zip(repaired).and_then(|(remote, payload_type)| {
                    let number = u16::from_be_bytes(*payload.first_chunk()?);
                    let sequence = extend(remote.window.highest(), number);
                    if !remote.missing.found(sequence) {
                        return None;
                    }
                    remote.window.take(sequence);
                    payload.drain(..2);
                    Some((main, received(remote, payload_type, sequence, payload)))
                })
            }
            _ => {
                let packet = received(remote, header.payload_type, sequence, payload);
                Some((inlet, packet))
            }
        };
        Some(Taken { newest, packet })
    }

    fn add(&mut self, ssrc: u32, now: Instant) -> usize {
        if self.remotes.len() == REMOTES {
            let all = self.remotes.iter().enumerate();
            if let Some((longest, _)) = all.min_by_key(|(_, remote)| remote.heard) {
                self.remotes.remove(longest);
            }
        }
        self.remotes.push(Remote::new(ssrc, now));
        self.remotes.len() - 1
    }

    /// The plain compound packet of an SRTCP packet, and whether no later one has come before.
    /// None: it is not authentic, or came before.
    pub fn report(&mut self, bytes: &[u8]) -> Option<(Vec<u8>, bool)> {
        let (index, plain) = self.context.unprotect_rtcp(bytes)?;
        let ssrc = u32::from_be_bytes(*plain.get(4..)?.first_chunk()?);
        let known = self.reporters.iter().position(|(known, _)| *known == ssrc);
        let at = known.unwrap_or_else(|| {
            if self.reporters.len() == REPORTERS {
                self.reporters.remove(0);
            }
            self.reporters.push((ssrc, Window::default()));
            self.reporters.len() - 1
        });
        let window = &mut self.reporters[at].1;
        let highest = window.highest();
        if !window.take(u64::from(index)) {
            return None;
        }
        Some((plain, window.highest() != highest))
    }

    /// The client reported what it sends with an ssrc.
    pub fn sender_reported(&mut self, ssrc: u32, middle: u32, now: Instant) {
        if let Some(remote) = self.remotes.iter_mut().find(|remote| remote.ssrc == ssrc) {
            remote.reception.sender_reported(middle, now);
        }
    }

    /// The ssrc of an encoding, once a packet of it has come.
    pub fn ssrc_of(&self, stream: StreamId) -> Option<u32> {
        let inlet = Some(Inlet::Video(stream));
        let of = |remote: &&Remote| remote.known_inlet() == inlet;
        Some(self.remotes.iter().find(of)?.ssrc)
    }

    /// When [`Ingress::feedback`] has something to say.
    pub fn due(&self) -> Option<Instant> {
        let feedback = self.unreported.map(|(first, _)| first + self.patience);
        let missing = self
            .remotes
            .iter()
            .filter_map(|remote| remote.missing.due());
        feedback.into_iter().chain(missing).min()
    }

    /// Appends RTCP of ours, `ssrc`, that is due: when packets arrived, and which are missing.
    pub fn feedback(&mut self, ssrc: u32, now: Instant, out: &mut Vec<u8>) {
        for remote in &mut self.remotes {
            let missing = remote.missing.ask(now);
            if !missing.is_empty() {
                nack(ssrc, remote.ssrc, &missing, out);
            }
        }
        // It may end with padding, which only the last of a compound packet may.
        if let Some((first, media)) = self.unreported
            && now + EARLY >= first + self.patience
        {
            self.arrivals.report(ssrc, media, out);
            self.unreported = None;
        }
    }

    /// Appends a receiver report of ours, `ssrc`, on what has come since the last.
    pub fn receiver_report(&mut self, ssrc: u32, now: Instant, out: &mut Vec<u8>) {
        let heard = self.remotes.iter_mut().filter(|it| it.reception.has_news());
        let blocks: Vec<_> = heard
            .filter_map(|remote| remote.reception.block(remote.ssrc, now))
            .collect();
        if !blocks.is_empty() {
            receiver_report(ssrc, &blocks, out);
        }
    }
}

/// Takes the padding away. False: it says that it is longer than all there is.
fn unpad(payload: &mut Vec<u8>) -> bool {
    let padding = payload.last().map_or(0, |last| usize::from(*last));
    let left = payload.len().checked_sub(padding);
    payload.truncate(left.unwrap_or(0));
    left.is_some()
}
