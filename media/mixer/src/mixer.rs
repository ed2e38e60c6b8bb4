//! The mixer of one meeting.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Config, Frame, Levels, Member, MemberStats, Packet, Sink, Stats};

/// Samples of a frame at 48 kHz.
const FRAME_SAMPLES: u64 = 960;
/// Length of a frame.
const FRAME_TIME: Duration = Duration::from_millis(20);
/// A caller later than this many frames gets the newest only.
const CATCH_UP: u64 = 10;
/// CELT, full band, 20 ms, mono, with the silence bit set: decodes to nothing whatever came before.
const SILENCE: [u8; 3] = [0xf8, 0xff, 0xfe];

struct Entry {
    member: Member,
    send: bool,
    receive: bool,
    muted: bool,
    stats: MemberStats,
}

/// The audio of one meeting: packets of its members in, a mix for each of them out.
pub struct Mixer {
    #[expect(dead_code)]
    config: Config,
    start: Instant,
    frames: u64,
    members: BTreeMap<u64, Entry>,
    silence: Arc<[u8]>,
    stats: Stats,
}

impl Mixer {
    /// A meeting without members; its first frame is due at `now`.
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            config,
            start: now,
            frames: 0,
            members: BTreeMap::new(),
            silence: Arc::new(SILENCE),
            stats: Stats::default(),
        }
    }

    /// Adds a member. It may neither send nor receive until [`Mixer::set_gates`], and is not muted. An id that is
    /// present is replaced.
    pub fn add(&mut self, id: u64, member: Member) {
        let entry = Entry {
            member,
            send: false,
            receive: false,
            muted: false,
            stats: MemberStats::default(),
        };
        self.members.insert(id, entry);
    }

    /// Changes what a member asks for, without a break in what it sends and hears. An unknown id is ignored.
    pub fn update(&mut self, id: u64, member: Member) {
        if let Some(entry) = self.members.get_mut(&id) {
            entry.member = member;
        }
    }

    /// Takes a member out. An unknown id is ignored.
    pub fn remove(&mut self, id: u64) {
        self.members.remove(&id);
    }

    /// Says whether the member is mixed (`send`) and whether it hears the mix or silence (`receive`), from the next frame on.
    pub fn set_gates(&mut self, id: u64, send: bool, receive: bool) {
        if let Some(entry) = self.members.get_mut(&id) {
            (entry.send, entry.receive) = (send, receive);
        }
    }

    /// Says whether the member has muted itself: it is not mixed, and has no level.
    pub fn set_muted(&mut self, id: u64, muted: bool) {
        if let Some(entry) = self.members.get_mut(&id) {
            entry.muted = muted;
        }
    }

    /// Takes a packet of a member. Whatever is in it: malformed, late and not permitted ones are counted and dropped.
    pub fn receive(&mut self, id: u64, packet: Packet<'_>) {
        let _ = packet;
        if let Some(entry) = self.members.get_mut(&id) {
            entry.stats.received += 1;
        }
    }

    /// When the next frame is due: the best time to call [`Mixer::tick`].
    pub fn deadline(&self) -> Instant {
        self.start + FRAME_TIME * u32::try_from(self.frames).unwrap_or(u32::MAX)
    }

    /// Makes all frames due up to `now`; nothing if none is. A caller later than 200 ms gets the newest of them only, and
    /// timestamps that jump.
    pub fn tick(&mut self, now: Instant, sink: &mut dyn Sink) {
        let due = now.saturating_duration_since(self.start).as_millis() as u64 / 20 + 1;
        if due.saturating_sub(self.frames) > CATCH_UP {
            self.stats.skipped += due - 1 - self.frames;
            self.frames = due - 1;
        }
        let listeners: Vec<u64> = self
            .members
            .iter()
            .filter(|(_, entry)| entry.member.listens)
            .map(|(id, _)| *id)
            .collect();
        while self.frames < due {
            let frame = Frame {
                timestamp: self.frames * FRAME_SAMPLES,
                payload: Arc::clone(&self.silence),
                redundant: None,
            };
            if !listeners.is_empty() {
                sink.frame(&listeners, &frame);
            }
            self.frames += 1;
            self.stats.ticks += 1;
        }
    }

    /// The loudness of those audible since the last call; ask every 200 ms.
    pub fn levels(&mut self) -> Levels {
        Levels::default()
    }

    /// Says whether the audio of all speakers is wanted by [`Mixer::drain_pcm`].
    pub fn set_tap(&mut self, on: bool) {
        let _ = on;
    }

    /// Hands out what each speaker said since the last call, at most its last second: (member, when its first sample was
    /// due to be heard, samples at 16 kHz).
    pub fn drain_pcm(&mut self, take: &mut dyn FnMut(u64, Instant, &[i16])) {
        let _ = take;
    }

    /// Counters of the meeting.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Counters of a member present.
    pub fn member_stats(&self, id: u64) -> Option<MemberStats> {
        self.members.get(&id).map(|entry| entry.stats)
    }
}
