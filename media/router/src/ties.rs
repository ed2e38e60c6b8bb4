//! Ties between tiles and encodings.
//!
//! **Invariant: a tile is in the list of takers of at most one encoding and in the waiting list of at
//! most one, both lists and the tile agree, and its tail tells where its stream stands when it takes none.**

use crate::Router;
use crate::encoding::Taker;
use crate::output::Receiver;
use crate::splice::Head;
use crate::tile::Grant;

impl<E: Clone> Router<E> {
    /// The tile takes an encoding from this packet on.
    pub(crate) fn start(&mut self, tile: usize, encoding: usize, first: Head) {
        self.cut(tile);
        let state = &mut self.tiles[tile];
        let to = Receiver {
            session: self.sessions[state.session].id,
            slot: state.slot,
            token: state.declared.token,
        };
        let takers = &mut self.encodings[encoding].takers;
        state.taking = Some((encoding, takers.len()));
        takers.push(Taker {
            to,
            tile,
            splice: state.tail.splice(first),
        });
    }

    /// The tile takes nothing any more; its stream stays where it stands.
    pub(crate) fn stop(&mut self, tile: usize) {
        let Some((index, place)) = self.tiles[tile].taking.take() else {
            return;
        };
        let encoding = &mut self.encodings[index];
        let taker = encoding.takers.swap_remove(place);
        if let Some(head) = &encoding.head {
            let state = &mut self.tiles[tile];
            state.tail = taker.splice.tail(head, &state.tail);
        }
        if let Some(moved) = encoding.takers.get(place) {
            self.tiles[moved.tile].taking = Some((index, place));
        }
    }

    /// The tile waits for a key frame of this encoding, and of no other.
    pub(crate) fn wait(&mut self, tile: usize, encoding: usize) {
        self.unwait(tile);
        self.tiles[tile].waiting = Some(encoding);
        self.encodings[encoding].waiting.push(tile);
    }

    pub(crate) fn unwait(&mut self, tile: usize) {
        if let Some(encoding) = self.tiles[tile].waiting.take() {
            self.encodings[encoding]
                .waiting
                .retain(|&other| other != tile);
        }
    }

    /// No packet reaches the tile any more.
    pub(crate) fn cut(&mut self, tile: usize) {
        self.stop(tile);
        self.unwait(tile);
    }

    /// No packet of the encoding reaches anybody any more.
    pub(crate) fn cut_all(&mut self, encoding: usize) {
        while let Some(taker) = self.encodings[encoding].takers.last() {
            self.stop(taker.tile);
        }
        for tile in std::mem::take(&mut self.encodings[encoding].waiting) {
            self.tiles[tile].waiting = None;
        }
    }

    /// The tile watches this group.
    pub(crate) fn join(&mut self, tile: usize, group: Option<usize>) {
        self.tiles[tile].group = group;
        if let Some(group) = group {
            self.groups[group].watchers.push(tile);
        }
    }

    /// The tile watches no group.
    pub(crate) fn leave(&mut self, tile: usize) {
        self.cut(tile);
        let state = &mut self.tiles[tile];
        state.grant = Grant::default();
        if let Some(group) = state.group.take() {
            self.groups[group].watchers.retain(|&other| other != tile);
        }
    }

    /// Streams came or went: wishes that name one of them may mean another group now.
    pub(crate) fn link(&mut self) {
        let changed: Vec<usize> = self
            .tiles
            .iter()
            .map(|(index, tile)| (index, tile.group))
            .filter(|&(index, group)| self.meant(index) != group)
            .map(|(index, _)| index)
            .collect();
        for tile in changed {
            let group = self.meant(tile);
            self.leave(tile);
            self.join(tile, group);
        }
    }

    /// Whether the invariant holds.
    pub(crate) fn consistent(&self) -> bool {
        let taken = self.encodings.iter().all(|(index, encoding)| {
            let taker = |(place, taker): (usize, &Taker)| {
                self.tiles[taker.tile].taking == Some((index, place))
            };
            let waiting = |tile: &usize| self.tiles[*tile].waiting == Some(index);
            encoding.takers.iter().enumerate().all(taker) && encoding.waiting.iter().all(waiting)
        });
        let takes = self.tiles.iter().all(|(index, tile)| {
            let group = |encoding: usize| Some(self.encodings[encoding].group) == tile.group;
            tile.taking.is_none_or(|(encoding, place)| {
                group(encoding) && self.encodings[encoding].takers[place].tile == index
            }) && tile.waiting.is_none_or(|encoding| {
                group(encoding)
                    && self.encodings[encoding]
                        .waiting
                        .iter()
                        .filter(|&&tile| tile == index)
                        .count()
                        == 1
            }) && tile
                .group
                .is_none_or(|group| self.groups[group].watchers.contains(&index))
        });
        taken && takes
    }
}
