//! Receiving sessions: their sinks, wishes, pauses and estimates.
//!
//! **Invariant: these calls take away at once and give at the next tick.**

use std::time::Instant;

use crate::router::Session;
use crate::splice::Tail;
use crate::tile::{Grant, Tile};
use crate::{Router, Sink, Wish};

impl<E: Clone> Router<E> {
    /// Declares a sink or changes it. Do so once its transport is up: a stream starts with a key frame.
    pub fn set_sink(&mut self, session: u64, slot: u32, sink: Sink) {
        let session = self.session(session);
        self.sessions[session].attendee = sink.attendee;
        let entropy =
            scatter(self.config.seed ^ self.sessions[session].id ^ u64::from(sink.ssrc) << 32);
        if let Some(index) = self.tile(session, slot) {
            let before = self.tiles[index].declared;
            if before.ssrc != sink.ssrc || before.attendee != sink.attendee {
                self.cut(index);
            }
            let tile = &mut self.tiles[index];
            tile.declared = sink;
            if before.ssrc != sink.ssrc {
                tile.tail = Tail::new(entropy);
            }
            if let Some((encoding, place)) = tile.taking {
                self.encodings[encoding].takers[place].to.token = sink.token;
            }
        } else {
            let index = self.tiles.insert(Tile {
                session,
                slot,
                declared: sink,
                wish: None,
                group: None,
                tail: Tail::new(entropy),
                taking: None,
                waiting: None,
                grant: Grant::default(),
            });
            self.sessions[session].tiles.push(index);
        }
        self.unsettle(session);
    }

    /// The sink is gone.
    pub fn remove_sink(&mut self, session: u64, slot: u32) {
        let Some(&session) = self.session_ids.get(&session) else {
            return;
        };
        let Some(index) = self.tile(session, slot) else {
            return;
        };
        self.leave(index);
        self.sessions[session].tiles.retain(|&other| other != index);
        self.tiles.remove(index);
        self.unsettle(session);
    }

    /// The session is gone, with its sources, sinks and estimate.
    pub fn remove_session(&mut self, session: u64) {
        let sent: Vec<u32> = self
            .encodings
            .iter()
            .filter(|(_, encoding)| encoding.declared.session == session)
            .map(|(_, encoding)| encoding.stream)
            .collect();
        for stream in sent {
            self.remove_source(stream);
        }
        let Some(index) = self.session_ids.remove(&session) else {
            return;
        };
        for tile in std::mem::take(&mut self.sessions[index].tiles) {
            self.leave(tile);
            self.tiles.remove(tile);
        }
        self.sessions.remove(index);
        self.dirty = true;
    }

    /// What a sink wants; `None`: nothing. Ignored for an unknown sink.
    pub fn subscribe(&mut self, session: u64, slot: u32, wish: Option<Wish>) {
        let Some(&session) = self.session_ids.get(&session) else {
            return;
        };
        let Some(index) = self.tile(session, slot) else {
            return;
        };
        if self.tiles[index].wish == wish {
            return;
        }
        self.tiles[index].wish = wish;
        let group = self.meant(index);
        if group.is_none() || group != self.tiles[index].group {
            self.leave(index);
            self.join(index, group);
        }
        self.unsettle(session);
    }

    /// The client paused the group of this stream (PAUSE).
    pub fn pause(&mut self, session: u64, stream: u32) {
        let Some((session, group)) = self.watched_group(session, stream) else {
            return;
        };
        let id = self.groups[group].id;
        if !self.sessions[session].client_paused.contains(&id) {
            self.sessions[session].client_paused.push(id);
        }
        for tile in self.sessions[session].tiles.clone() {
            if self.tiles[tile].group == Some(group) {
                self.cut(tile);
            }
        }
        self.unsettle(session);
    }

    /// The client resumed it (RESUME).
    pub fn resume(&mut self, session: u64, stream: u32) {
        let Some((session, group)) = self.watched_group(session, stream) else {
            return;
        };
        let id = self.groups[group].id;
        self.sessions[session]
            .client_paused
            .retain(|&paused| paused != id);
        self.unsettle(session);
    }

    fn watched_group(&self, session: u64, stream: u32) -> Option<(usize, usize)> {
        let session = *self.session_ids.get(&session)?;
        let encoding = *self.streams.get(&stream)?;
        Some((session, self.encodings[encoding].group))
    }

    /// The session's downlink carries this many bit/s in all. Without an estimate all that was asked
    /// for is forwarded, and so it is until what is forwarded exceeds the estimate for a moment: an
    /// estimate that only grows with what was tried must not keep anything from being tried.
    pub fn set_estimate(&mut self, session: u64, bps: u64, _now: Instant) {
        let Some(&session) = self.session_ids.get(&session) else {
            return;
        };
        let before = self.sessions[session].estimate.replace(bps);
        // Small changes wait for the next review.
        if before.is_none_or(|before| before.abs_diff(bps) > before / 20) {
            self.unsettle(session);
        }
    }

    /// A receiver asked for a key frame (PLI, FIR).
    pub fn keyframe_wanted(&mut self, session: u64, slot: u32, _now: Instant) {
        let Some(&session) = self.session_ids.get(&session) else {
            return;
        };
        let Some(tile) = self.tile(session, slot) else {
            return;
        };
        if let Some((encoding, _)) = self.tiles[tile].taking {
            self.encodings[encoding].requests.want();
            self.dirty = true;
        }
    }

    pub(crate) fn known_session(&self, session: u64) -> Option<&Session> {
        self.session_ids
            .get(&session)
            .map(|&index| &self.sessions[index])
    }

    fn session(&mut self, id: u64) -> usize {
        if let Some(&index) = self.session_ids.get(&id) {
            return index;
        }
        let index = self.sessions.insert(Session {
            id,
            ..Session::default()
        });
        self.session_ids.insert(id, index);
        index
    }

    fn tile(&self, session: usize, slot: u32) -> Option<usize> {
        self.sessions[session]
            .tiles
            .iter()
            .copied()
            .find(|&tile| self.tiles[tile].slot == slot)
    }

    /// The group a tile's wish means, if it is known.
    pub(crate) fn meant(&self, tile: usize) -> Option<usize> {
        let wish = self.tiles[tile].wish?;
        let named = self
            .streams
            .get(&wish.stream)
            .map(|&encoding| self.encodings[encoding].group);
        named.or_else(|| self.group_ids.get(&wish.group).copied())
    }
}

/// SplitMix64: neighbouring numbers become unlike ones.
fn scatter(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
