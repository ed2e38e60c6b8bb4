//! The mixer of one meeting.
//!
//! **Invariant: only a member that may send and is not muted has anything stored, and only a member that is `awake` costs
//! anything in a tick.** A tick decodes the awake, elects who is heard, and hands their frames to the audience.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::audience::Audience;
use crate::codec::FRAME;
use crate::election::Election;
use crate::group::Source;
use crate::tap::Tap;
use crate::types::{Config, Levels, Member, Packet, Sink};
use crate::uplink::Uplink;
use crate::{MemberStats, Stats};

/// Length of a frame.
const FRAME_TIME: Duration = Duration::from_millis(20);
/// A caller later than this many frames gets the newest only.
const CATCH_UP: u64 = 10;
/// Members decoded at a time for the tap; those heard first, then the loudest.
const TAPPED: usize = 16;

struct Entry {
    member: Member,
    send: bool,
    receive: bool,
    muted: bool,
    uplink: Uplink,
    tap: Option<Tap>,
}

/// The audio of one meeting: packets of its members in, a mix for each of them out.
pub struct Mixer {
    config: Config,
    start: Instant,
    frames: u64,
    members: BTreeMap<u64, Entry>,
    /// Members that are audible, or whose level has to be measured.
    awake: BTreeSet<u64>,
    voices: Election,
    contents: Election,
    audience: Audience,
    /// Ends of voices that were cut off, for the next frame.
    farewells: Vec<Source>,
    tapped: bool,
    heard: usize,
    stats: Stats,
}

impl Mixer {
    /// A meeting without members; its first frame is due at `now`.
    pub fn new(config: Config, now: Instant) -> Self {
        Self {
            start: now,
            frames: 0,
            members: BTreeMap::new(),
            awake: BTreeSet::new(),
            voices: Election::new(config.speakers),
            contents: Election::new(config.contents),
            audience: Audience::new(),
            farewells: Vec::new(),
            tapped: false,
            heard: 0,
            stats: Stats::default(),
            config,
        }
    }

    /// Adds a member. It may neither send nor receive until [`Mixer::set_gates`], and is not muted. An id that is
    /// present is replaced.
    pub fn add(&mut self, id: u64, member: Member) {
        self.remove(id);
        let entry = Entry {
            member,
            send: false,
            receive: false,
            muted: false,
            uplink: Uplink::new(),
            tap: None,
        };
        self.members.insert(id, entry);
        self.audience.set(id, member, false);
    }

    /// Changes what a member asks for, without a break in what it sends and hears. An unknown id is ignored.
    pub fn update(&mut self, id: u64, member: Member) {
        if let Some(entry) = self
            .members
            .get_mut(&id)
            .filter(|entry| entry.member != member)
        {
            entry.member = member;
            self.audience.set(id, member, entry.receive);
        }
    }

    /// Takes a member out. An unknown id is ignored.
    pub fn remove(&mut self, id: u64) {
        self.cut_off(id);
        self.audience.remove(id);
        if let Some(entry) = self.members.remove(&id) {
            self.stats.members += entry.uplink.stats;
        }
    }

    /// Says whether the member is mixed (`send`) and whether it hears the mix or silence (`receive`), from the next frame on.
    pub fn set_gates(&mut self, id: u64, send: bool, receive: bool) {
        let Some(entry) = self.members.get_mut(&id) else {
            return;
        };
        if entry.receive != receive {
            entry.receive = receive;
            self.audience.set(id, entry.member, receive);
        }
        entry.send = send;
        if !send {
            self.cut_off(id);
        }
    }

    /// Says whether the member has muted itself: it is not mixed, and has no level.
    pub fn set_muted(&mut self, id: u64, muted: bool) {
        let Some(entry) = self.members.get_mut(&id) else {
            return;
        };
        entry.muted = muted;
        if muted {
            self.cut_off(id);
        }
    }

    /// Forgets what a member sent, but for the fading out of what is heard of it.
    fn cut_off(&mut self, id: u64) {
        self.awake.remove(&id);
        let Some(entry) = self.members.get_mut(&id) else {
            return;
        };
        if let Some((channels, samples)) = entry.uplink.silence() {
            self.farewells.push(Source {
                attendee: entry.member.attendee,
                channels,
                samples,
            });
        }
    }

    /// Takes a packet of a member. Whatever is in it: malformed, late and not permitted ones are counted and dropped.
    pub fn receive(&mut self, id: u64, packet: Packet<'_>) {
        let Some(entry) = self.members.get_mut(&id) else {
            return;
        };
        entry.uplink.stats.received += 1;
        if !entry.send || entry.muted {
            entry.uplink.refuse(&packet);
        } else if entry.uplink.receive(&packet) {
            self.awake.insert(id);
        }
    }

    /// When the next frame is due: the best time to call [`Mixer::tick`].
    pub fn deadline(&self) -> Instant {
        self.due(self.frames)
    }

    fn due(&self, frame: u64) -> Instant {
        self.start + Duration::from_millis(frame * 20)
    }

    /// Makes all frames due up to `now`; nothing if none is. A caller later than 200 ms gets the newest of them only, and
    /// timestamps that jump.
    pub fn tick(&mut self, now: Instant, sink: &mut dyn Sink) {
        let Some(passed) = now.checked_duration_since(self.start) else {
            return;
        };
        let due = (passed.as_millis() / FRAME_TIME.as_millis()) as u64 + 1;
        if due.saturating_sub(self.frames) > CATCH_UP {
            self.stats.skipped += due - 1 - self.frames;
            self.frames = due - 1;
            self.audience.interrupt();
        }
        while self.frames < due {
            self.frame(sink);
            self.frames += 1;
            self.stats.ticks += 1;
        }
    }

    fn frame(&mut self, sink: &mut dyn Sink) {
        let now = self.due(self.frames);
        let mut sources = std::mem::take(&mut self.farewells);
        if !self.awake.is_empty() {
            self.measure(now);
            self.elect(now);
            self.listen(now, &mut sources);
        }
        self.heard = sources.len();
        self.audience.play(
            &self.config,
            &sources,
            now,
            self.frames * FRAME as u64,
            sink,
        );
    }

    /// Decodes those whose level is not known otherwise.
    fn measure(&mut self, now: Instant) {
        for id in &self.awake {
            let Some(entry) = self.members.get_mut(id) else {
                continue;
            };
            if entry.uplink.is_measured() {
                entry.uplink.pull(now);
                entry.uplink.pulled_at = Some(now);
            }
        }
    }

    fn elect(&mut self, now: Instant) {
        let (mut voices, mut contents) = (Vec::new(), Vec::new());
        for id in &self.awake {
            let Some(entry) = self.members.get(id) else {
                continue;
            };
            if entry.uplink.is_audible(now) {
                let list = if entry.member.content {
                    &mut contents
                } else {
                    &mut voices
                };
                list.push((*id, entry.uplink.loudness()));
            }
        }
        self.voices.elect(&voices, now);
        self.contents.elect(&contents, now);
    }

    /// Decodes whoever is heard or tapped, and puts to sleep whoever is not needed any more.
    fn listen(&mut self, now: Instant, sources: &mut Vec<Source>) {
        let taps = self.taps(now);
        let (members, voices, contents) = (&mut self.members, &self.voices, &self.contents);
        self.awake.retain(|id| {
            let Some(entry) = members.get_mut(id) else {
                return false;
            };
            let elected = voices.holds(*id) || contents.holds(*id);
            let tapped = taps.contains(id);
            let uplink = &mut entry.uplink;
            let fading = uplink.voice().is_some_and(|voice| voice.gain() > 0.0);
            if (elected || tapped || fading) && uplink.pulled_at != Some(now) {
                uplink.pull(now);
            } else if !elected && !tapped && !uplink.is_measured() {
                uplink.rest();
            }
            if let Some(voice) = uplink.voice() {
                if let Some(frame) = voice.frame().filter(|_| tapped) {
                    entry
                        .tap
                        .get_or_insert_with(Tap::new)
                        .push(frame, voice.channels(), now);
                }
                voice.amplify(elected);
                if let Some(frame) = voice.frame().filter(|_| elected || fading) {
                    let samples = frame.to_vec();
                    sources.push(Source {
                        attendee: entry.member.attendee,
                        channels: voice.channels(),
                        samples,
                    });
                }
            }
            uplink.is_audible(now) || (uplink.is_measured() && !uplink.is_idle()) || fading
        });
    }

    /// Members to be decoded for the tap.
    fn taps(&self, now: Instant) -> BTreeSet<u64> {
        if !self.tapped {
            return BTreeSet::new();
        }
        let mut audible: Vec<(bool, f32, u64)> = self
            .awake
            .iter()
            .filter_map(|id| {
                let entry = self
                    .members
                    .get(id)
                    .filter(|entry| entry.uplink.is_audible(now))?;
                let elected = self.voices.holds(*id) || self.contents.holds(*id);
                Some((elected, entry.uplink.loudness(), *id))
            })
            .collect();
        audible.sort_by(|a, b| b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)));
        audible
            .into_iter()
            .take(TAPPED)
            .map(|(_, _, id)| id)
            .collect()
    }

    /// The loudness of those audible since the last call; ask every 200 ms.
    pub fn levels(&mut self) -> Levels {
        let members = &mut self.members;
        let level = |id: &u64| Some((*id, members.get_mut(id)?.uplink.take_level()?));
        Levels {
            entries: self.awake.iter().filter_map(level).collect(),
        }
    }

    /// Says whether the audio of all speakers is wanted by [`Mixer::drain_pcm`].
    pub fn set_tap(&mut self, on: bool) {
        self.tapped = on;
        if !on {
            self.members.values_mut().for_each(|entry| entry.tap = None);
        }
    }

    /// Hands out what each speaker said since the last call, at most its last second: (member, when its first sample was
    /// due to be heard, samples at 16 kHz). Pieces of a member without a gap in between follow each other to the sample.
    pub fn drain_pcm(&mut self, take: &mut dyn FnMut(u64, Instant, &[i16])) {
        if self.tapped {
            for (id, entry) in &mut self.members {
                if let Some(tap) = &mut entry.tap {
                    tap.drain(&mut |at, samples| take(*id, at, samples));
                }
            }
        }
    }

    /// Counters of the meeting.
    pub fn stats(&self) -> Stats {
        let mut stats = self.stats;
        stats.members.delay_ms = 0;
        for entry in self.members.values() {
            stats.members += entry.uplink.stats;
            stats.buffered += entry.uplink.buffered();
        }
        stats.encodes = self.audience.encodes;
        stats.heard = self.heard;
        stats
    }

    /// Counters of a member present.
    pub fn member_stats(&self, id: u64) -> Option<MemberStats> {
        self.members.get(&id).map(|entry| entry.uplink.stats)
    }
}
