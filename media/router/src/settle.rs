//! What each tile is to take.
//!
//! **Invariant: settling twice in a row changes nothing the second time; a tile is only ever given an
//! encoding of its wish's group that the gates let through.**

use std::time::{Duration, Instant};

use crate::grants::Asked;
use crate::layers::{Layer, arriving, named, within};
use crate::receive::pass;
use crate::splice::Head;
use crate::tile::Grant;
use crate::{Output, Router};

/// A layer that stopped must come back for this long before anybody returns to it.
const RETURNED: Duration = Duration::from_millis(400);
/// A key frame this old no longer starts anybody: the receiver would play that much late.
const STILL_NEW: Duration = Duration::from_millis(150);

impl<E: Clone> Router<E> {
    pub(crate) fn settle_watchers<O: Output<E> + ?Sized>(
        &mut self,
        encoding: usize,
        now: Instant,
        out: &mut O,
    ) {
        let group = self.encodings[encoding].group;
        for tile in self.groups[group].watchers.clone() {
            self.settle(self.tiles[tile].session, now, out);
        }
    }

    pub(crate) fn unsettle_watchers(&mut self, encoding: usize) {
        let group = self.encodings[encoding].group;
        for tile in self.groups[group].watchers.clone() {
            self.unsettle(self.tiles[tile].session);
        }
    }

    /// Decides anew for all tiles of a session.
    pub(crate) fn settle<O: Output<E> + ?Sized>(
        &mut self,
        session: usize,
        now: Instant,
        out: &mut O,
    ) {
        self.sessions[session].unsettled = false;
        let estimate = self.limit(session, now);
        let tiles = std::mem::take(&mut self.sessions[session].tiles);
        let mut asked = Asked::default();
        let (mut fixed, mut desired) = (self.config.reserve, self.config.reserve);
        let mut layers = Vec::new();
        for &tile in &tiles {
            self.layers_for(tile, now, &mut layers);
            let Some(top) = layers.last().map(|layer| layer.encoding) else {
                self.tiles[tile].grant = Grant::default();
                self.cut(tile);
                continue;
            };
            let encoding = &self.encodings[top];
            desired += encoding
                .cost()
                .max(u64::from(encoding.declared.max_kbps) * 1000);
            let names = self.tiles[tile].wish.is_some_and(|wish| wish.stream != 0);
            if names || estimate.is_none() {
                fixed += encoding.cost();
                self.tiles[tile].grant.paused = false;
                self.tiles[tile].grant.limited = false;
                self.point(tile, top, now, out);
            } else {
                self.ask_for(tile, &layers, now, &mut asked);
            }
        }
        if let Some(estimate) = estimate {
            self.apportion(session, asked, estimate.saturating_sub(fixed), now, out);
        }
        self.sessions[session].desired = desired;
        self.sessions[session].tiles = tiles;
        self.tell_paused(session, out);
    }

    /// The encodings that may serve a tile, ascending; one if its wish names one, none if there is none.
    fn layers_for(&self, tile: usize, now: Instant, layers: &mut Vec<Layer>) {
        layers.clear();
        let state = &self.tiles[tile];
        let (Some(wish), Some(group)) = (state.wish, state.group) else {
            return;
        };
        let group = &self.groups[group];
        if !self.permitted(tile)
            || self.sessions[state.session]
                .client_paused
                .contains(&group.id)
        {
            return;
        }
        let taken = state.taking.map(|(encoding, _)| encoding);
        layers.extend(
            group
                .encodings
                .iter()
                .map(|&index| (index, &self.encodings[index]))
                .filter(|(_, encoding)| !encoding.off())
                .map(|(index, encoding)| {
                    let back = |since: Instant| now.saturating_duration_since(since) >= RETURNED;
                    let proven = taken.is_none_or(|taken| taken == index)
                        || encoding.revived.is_none_or(back);
                    Layer {
                        encoding: index,
                        layer: encoding.declared.layer,
                        max_kbps: encoding.declared.max_kbps,
                        arrives: encoding.arrives && proven,
                    }
                }),
        );
        arriving(layers);
        if wish.stream == 0 {
            within(layers, wish.target_kbps);
        } else {
            let wanted = self
                .streams
                .get(&wish.stream)
                .map_or(u8::MAX, |&index| self.encodings[index].declared.layer);
            let one = named(layers, wanted);
            layers.clear();
            layers.extend(one);
        }
    }

    /// Has the tile take this encoding, from its next key frame on. Until then it keeps what it takes
    /// of the same group, and stops what it takes of another.
    pub(crate) fn point<O: Output<E> + ?Sized>(
        &mut self,
        tile: usize,
        encoding: usize,
        now: Instant,
        out: &mut O,
    ) {
        let taking = self.tiles[tile].taking.map(|(taken, _)| taken);
        if taking == Some(encoding) {
            self.unwait(tile);
            return;
        }
        if self.tiles[tile].waiting == Some(encoding) {
            return;
        }
        self.wait(tile, encoding);
        if taking.is_none() {
            self.join_running(tile, encoding, now, out);
        }
    }

    /// Starts a tile on a key frame that is just coming.
    fn join_running<O: Output<E> + ?Sized>(
        &mut self,
        tile: usize,
        encoding: usize,
        now: Instant,
        out: &mut O,
    ) {
        let Some(first) = self.encodings[encoding].recent.keyframe() else {
            return;
        };
        let new = now.saturating_duration_since(first.arrived) <= STILL_NEW
            && self.tiles[tile]
                .tail
                .arrived()
                .is_none_or(|last| last < first.arrived);
        if !new {
            return;
        }
        let head = Head {
            place: first.place,
            timestamp: first.timestamp,
            arrived: first.arrived,
            ids: first.ids.unwrap_or_default(),
        };
        self.start(tile, encoding, head);
        let encoding = &self.encodings[encoding];
        let Some(taker) = encoding.takers.last() else {
            return;
        };
        for kept in encoding.recent.from(head.place) {
            pass(std::slice::from_ref(taker), kept, out);
        }
    }
}
