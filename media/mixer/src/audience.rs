//! Who listens, sorted by what they hear.
//!
//! **Invariant: every listener is in exactly one group, or among the deaf; groups without listeners do not exist.**

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::group::{Group, Key, Source, bitrate_class, silence};
use crate::types::{Config, Frame, Member, Sink};

/// How long an attendee keeps an encoder of its own after its last sound: longer than most pauses in a talk, so that the
/// change of streams is rare.
const OWN: Duration = Duration::from_millis(1_500);

/// All listeners of a meeting.
pub(crate) struct Audience {
    listeners: BTreeMap<u64, (Member, bool)>,
    groups: BTreeMap<Key, Group>,
    /// Listeners that may not hear.
    deaf: Vec<u64>,
    /// Attendees that make sound, or did a moment ago.
    speaking: BTreeMap<u64, Instant>,
    stale: bool,
    silence: Arc<[u8]>,
    pub(crate) encodes: u64,
}

impl Audience {
    pub(crate) fn new() -> Self {
        Self {
            listeners: BTreeMap::new(),
            groups: BTreeMap::new(),
            deaf: Vec::new(),
            speaking: BTreeMap::new(),
            stale: false,
            silence: silence(),
            encodes: 0,
        }
    }

    /// Adds or changes a listener that may (`open`) or may not hear the mix; takes it out if it does not listen.
    pub(crate) fn set(&mut self, id: u64, member: Member, open: bool) {
        self.stale = true;
        if member.listens {
            self.listeners.insert(id, (member, open));
        } else {
            self.listeners.remove(&id);
        }
    }

    pub(crate) fn remove(&mut self, id: u64) {
        self.stale |= self.listeners.remove(&id).is_some();
    }

    /// Makes and hands out the frame of `timestamp`, due at `now`.
    pub(crate) fn play(
        &mut self,
        config: &Config,
        sources: &[Source],
        now: Instant,
        timestamp: u64,
        sink: &mut dyn Sink,
    ) {
        self.note(sources, now);
        if self.stale {
            self.stale = false;
            self.regroup(config);
        }
        for group in self.groups.values_mut() {
            let redundant = group.redundant();
            let (payload, encoded) = group.produce(sources, &self.silence);
            self.encodes += u64::from(encoded);
            sink.frame(
                &group.receivers,
                &Frame {
                    timestamp,
                    payload,
                    redundant,
                },
            );
        }
        if !self.deaf.is_empty() {
            let payload = Arc::clone(&self.silence);
            sink.frame(
                &self.deaf,
                &Frame {
                    timestamp,
                    payload,
                    redundant: None,
                },
            );
        }
    }

    /// The next frame does not follow the last: there is no frame of 20 ms before.
    pub(crate) fn interrupt(&mut self) {
        self.groups.values_mut().for_each(Group::interrupt);
    }

    fn note(&mut self, sources: &[Source], now: Instant) {
        for source in sources {
            self.stale |= self.speaking.insert(source.attendee, now).is_none();
        }
        if !self.speaking.is_empty() {
            let before = self.speaking.len();
            self.speaking
                .retain(|_, at| now.saturating_duration_since(*at) < OWN);
            self.stale |= self.speaking.len() != before;
        }
    }

    fn key_of(&self, member: &Member, config: &Config) -> Key {
        let default = if member.stereo {
            config.stereo_bitrate
        } else {
            config.mono_bitrate
        };
        let wanted = if member.max_bitrate == 0 {
            default
        } else {
            member.max_bitrate
        };
        let without = self
            .speaking
            .contains_key(&member.attendee)
            .then_some(member.attendee);
        Key {
            stereo: member.stereo,
            bitrate: bitrate_class(wanted),
            without,
        }
    }

    fn regroup(&mut self, config: &Config) {
        self.deaf.clear();
        let mut wanted: BTreeMap<Key, Vec<u64>> = BTreeMap::new();
        for (id, (member, open)) in &self.listeners {
            if *open {
                wanted
                    .entry(self.key_of(member, config))
                    .or_default()
                    .push(*id);
            } else {
                self.deaf.push(*id);
            }
        }
        let mut old = std::mem::take(&mut self.groups);
        for (key, receivers) in wanted {
            if let Some(mut group) = old.remove(&key) {
                if receivers
                    .iter()
                    .any(|id| group.receivers.binary_search(id).is_err())
                {
                    group.welcome();
                }
                group.receivers = receivers;
                self.groups.insert(key, group);
            } else {
                self.found(key, receivers, &old, config);
            }
        }
    }

    /// Makes a group that goes on where its listeners come from: one of `old`, or one that stays.
    fn found(
        &mut self,
        key: Key,
        receivers: Vec<u64>,
        old: &BTreeMap<Key, Group>,
        config: &Config,
    ) {
        let Some(mut group) = Group::new(key, config.complexity) else {
            self.deaf.extend(receivers);
            return;
        };
        let has_one = |origin: &&Group| {
            receivers
                .iter()
                .any(|id| origin.receivers.binary_search(id).is_ok())
        };
        let origin = old.values().find(has_one).or_else(|| {
            // Already moved on: its list is new, but it is the stream they heard.
            self.groups.get(&Key {
                without: None,
                ..key
            })
        });
        if let Some(origin) = origin {
            self.encodes += group.follow(origin);
        }
        group.receivers = receivers;
        self.groups.insert(key, group);
    }
}
