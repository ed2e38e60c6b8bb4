use std::time::{Duration, Instant};

use crate::output::Receiver;
use crate::rate::Rate;
use crate::recent::Recent;
use crate::sequence::Sequence;
use crate::splice::{Head, Splice};
use crate::{Codec, Source};

/// A receiver of an encoding: constants that turn its packets into those of the tile.
#[derive(Debug, Clone, Copy)]
pub struct Taker {
    pub to: Receiver,
    /// Index of the tile.
    pub tile: usize,
    pub splice: Splice,
}

/// A source at work.
pub struct Encoding<E> {
    pub stream: u32,
    pub declared: Source,
    /// Index of its group.
    pub group: usize,
    /// Who gets its packets.
    pub takers: Vec<Taker>,
    /// Tiles that start with its next key frame.
    pub waiting: Vec<usize>,
    /// SSRC and codec of the packets that come, and the SSRC they had before.
    pub origin: Option<(u32, Codec)>,
    pub former: Option<(u32, Instant)>,
    pub sequence: Sequence,
    pub head: Option<Head>,
    pub recent: Recent<E>,
    /// Timestamp and place of the newest key frame.
    pub keyframe: Option<(u32, u64)>,
    pub requests: KeyframeRequests,
    pub rate: Rate,
    pub last_packet: Option<Instant>,
    pub arrives: bool,
    /// It stopped and came back at this time.
    pub revived: Option<Instant>,
    pub size: Option<(u32, u32)>,
    pub too_large: bool,
    pub told_too_large: bool,
    pub watched: bool,
}

impl<E> Encoding<E> {
    pub fn new(stream: u32, declared: Source, group: usize) -> Self {
        Self {
            stream,
            declared,
            group,
            takers: Vec::new(),
            waiting: Vec::new(),
            origin: None,
            former: None,
            sequence: Sequence::default(),
            head: None,
            recent: Recent::default(),
            keyframe: None,
            requests: KeyframeRequests::default(),
            rate: Rate::default(),
            last_packet: None,
            arrives: false,
            revived: None,
            size: None,
            too_large: false,
            told_too_large: false,
            watched: false,
        }
    }

    /// What the next packets are counted from is unknown: a new SSRC, or a new codec.
    pub fn restart(&mut self) {
        self.sequence = Sequence::default();
        self.head = None;
        self.recent.clear();
        self.keyframe = None;
    }

    /// Nobody can be served by it.
    pub fn off(&self) -> bool {
        !self.declared.active || self.too_large
    }

    /// What it takes of a downlink, bit/s: as measured, else as declared.
    pub fn cost(&self) -> u64 {
        let declared = u64::from(self.declared.max_kbps) * 1000;
        match self.rate.settled() {
            Some(measured) if self.arrives => measured,
            _ if declared == 0 => self.rate.bps(),
            _ => declared,
        }
    }
}

/// Asks for key frames no more often than is good for the sender (chime-meetings C.6).
#[derive(Debug, Default)]
pub struct KeyframeRequests {
    wanted: bool,
    last: Option<Instant>,
}

impl KeyframeRequests {
    /// A receiver asked.
    pub fn want(&mut self) {
        self.wanted = true;
    }

    /// A key frame came.
    pub fn answered(&mut self) {
        self.wanted = false;
    }

    /// Whether to ask now; asking is repeated until the answer comes. `waiting`: somebody waits for one.
    pub fn ask(&mut self, waiting: bool, now: Instant, every: Duration) -> bool {
        let due = self
            .last
            .is_none_or(|last| now.saturating_duration_since(last) >= every);
        let ask = due && (self.wanted || waiting);
        if ask {
            self.last = Some(now);
        }
        ask
    }
}
