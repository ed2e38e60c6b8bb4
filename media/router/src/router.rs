//! What a meeting consists of, and the calls that change it.
//!
//! **Invariant: every index kept anywhere is valid; whatever removes a thing first cuts all ties to it.**

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use slab::Slab;

use crate::encoding::Encoding;
use crate::gates::permits;
use crate::pace::Pace;
use crate::tile::Tile;
use crate::{Config, Gates, Source};

/// The video of one meeting. `E` is what the owner attaches to packets; it should be cheap to clone.
pub struct Router<E> {
    pub(crate) config: Config,
    pub(crate) gates: HashMap<u64, Gates>,
    pub(crate) video_limit: Option<(u32, u32)>,
    pub(crate) content_limit: Option<(u32, u32)>,
    pub(crate) encodings: Slab<Encoding<E>>,
    pub(crate) streams: HashMap<u32, usize>,
    pub(crate) groups: Slab<Group>,
    pub(crate) group_ids: HashMap<u32, usize>,
    pub(crate) sessions: Slab<Session>,
    pub(crate) session_ids: HashMap<u64, usize>,
    pub(crate) tiles: Slab<Tile>,
    pub(crate) nothing: Arc<[u8]>,
    /// All sessions are to be settled.
    pub(crate) unsettled: bool,
    pub(crate) dirty: bool,
    pub(crate) reviewed: Option<Instant>,
    pub(crate) starved: Vec<u32>,
}

/// All encodings of one camera.
pub(crate) struct Group {
    pub id: u32,
    /// Ascending by layer.
    pub encodings: Vec<usize>,
    /// Tiles whose wishes mean it.
    pub watchers: Vec<usize>,
}

/// A receiving session.
#[derive(Default)]
pub(crate) struct Session {
    pub id: u64,
    pub attendee: u64,
    pub tiles: Vec<usize>,
    pub estimate: Option<u64>,
    /// The estimate has been too small for what was forwarded, so it counts.
    pub limited: bool,
    /// The estimate does not carry what is forwarded, since then.
    pub over: Option<Instant>,
    pub pace: Pace,
    /// Groups the client paused, and groups the allocator did.
    pub client_paused: Vec<u32>,
    pub paused: Vec<u32>,
    pub desired: u64,
    pub unsettled: bool,
}

impl<E: Clone> Router<E> {
    /// An empty meeting.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            gates: HashMap::new(),
            video_limit: None,
            content_limit: None,
            encodings: Slab::new(),
            streams: HashMap::new(),
            groups: Slab::new(),
            group_ids: HashMap::new(),
            sessions: Slab::new(),
            session_ids: HashMap::new(),
            tiles: Slab::new(),
            nothing: Arc::from([]),
            unsettled: false,
            dirty: false,
            reviewed: None,
            starved: Vec::new(),
        }
    }

    /// What an attendee may do from now on. What is forbidden stops before this returns.
    pub fn set_gates(&mut self, attendee: u64, gates: Gates) {
        self.gates.insert(attendee, gates);
        self.enforce(attendee);
    }

    /// The attendee is gone; as if no gates had been set.
    pub fn remove_attendee(&mut self, attendee: u64) {
        self.gates.remove(&attendee);
        self.enforce(attendee);
    }

    fn enforce(&mut self, attendee: u64) {
        let mut affected = Vec::new();
        for (_, encoding) in self
            .encodings
            .iter()
            .filter(|(_, encoding)| encoding.declared.attendee == attendee)
        {
            affected.extend(encoding.takers.iter().map(|taker| taker.tile));
            affected.extend(&encoding.waiting);
        }
        for (_, session) in self
            .sessions
            .iter()
            .filter(|(_, session)| session.attendee == attendee)
        {
            affected.extend(&session.tiles);
        }
        for tile in affected {
            if !self.permitted(tile) {
                self.cut(tile);
            }
        }
        self.unsettle_all();
    }

    /// Whether the gates let the group of this tile's wish through to it.
    pub(crate) fn permitted(&self, tile: usize) -> bool {
        let tile = &self.tiles[tile];
        let gates = |attendee: u64| self.gates.get(&attendee).copied().unwrap_or_default();
        tile.group
            .and_then(|group| self.groups[group].encodings.first())
            .is_some_and(|&encoding| {
                let source = &self.encodings[encoding].declared;
                permits(
                    source,
                    gates(source.attendee),
                    tile.declared.attendee,
                    gates(tile.declared.attendee),
                )
            })
    }

    /// Largest width and height of cameras and of content; `None`: no limit. Portrait counts as landscape.
    pub fn set_limits(&mut self, video: Option<(u32, u32)>, content: Option<(u32, u32)>) {
        (self.video_limit, self.content_limit) = (video, content);
        let all: Vec<usize> = self.encodings.iter().map(|(index, _)| index).collect();
        for encoding in all {
            self.measure(encoding);
        }
        self.unsettle_all();
    }

    /// Declares a source or changes its declaration.
    pub fn set_source(&mut self, stream: u32, source: Source) {
        if let Some(&index) = self.streams.get(&stream) {
            let encoding = &mut self.encodings[index];
            let before = encoding.declared;
            let same = |one: &Source| (one.session, one.attendee, one.group, one.content);
            if same(&before) == same(&source) {
                encoding.declared = source;
                let group = encoding.group;
                self.sort(group);
                self.unsettle_all();
                return;
            }
            self.remove_source(stream);
        }
        let group = match self.group_ids.get(&source.group) {
            Some(&group) => {
                // A group is one camera of one attendee: a stranger to it is not let in.
                let first = self.groups[group]
                    .encodings
                    .first()
                    .map(|&first| self.encodings[first].declared);
                let kin =
                    |one: Source| one.attendee == source.attendee && one.content == source.content;
                if !first.is_none_or(kin) {
                    return;
                }
                group
            }
            None => {
                let group = Group {
                    id: source.group,
                    encodings: Vec::new(),
                    watchers: Vec::new(),
                };
                let index = self.groups.insert(group);
                self.group_ids.insert(source.group, index);
                index
            }
        };
        let index = self.encodings.insert(Encoding::new(stream, source, group));
        self.streams.insert(stream, index);
        self.groups[group].encodings.push(index);
        self.sort(group);
        self.link();
        self.unsettle_all();
    }

    fn sort(&mut self, group: usize) {
        let encodings = &self.encodings;
        let key = |&index: &usize| {
            (
                encodings[index].declared.layer,
                encodings[index].declared.max_kbps,
                index,
            )
        };
        self.groups[group].encodings.sort_by_key(key);
    }

    /// The source is gone.
    pub fn remove_source(&mut self, stream: u32) {
        let Some(index) = self.streams.remove(&stream) else {
            return;
        };
        self.cut_all(index);
        let encoding = self.encodings.remove(index);
        let group = &mut self.groups[encoding.group];
        group.encodings.retain(|&other| other != index);
        if group.encodings.is_empty() {
            let group = self.groups.remove(encoding.group);
            self.group_ids.remove(&group.id);
            for tile in group.watchers {
                self.tiles[tile].group = None;
            }
            for (_, session) in &mut self.sessions {
                session.client_paused.retain(|&paused| paused != group.id);
            }
        }
        self.link();
        self.unsettle_all();
    }

    /// Whether something waits for the next tick.
    pub fn dirty(&self) -> bool {
        self.dirty
    }

    pub(crate) fn unsettle(&mut self, session: usize) {
        self.sessions[session].unsettled = true;
        self.dirty = true;
    }

    pub(crate) fn unsettle_all(&mut self) {
        self.unsettled = true;
        self.dirty = true;
    }
}
