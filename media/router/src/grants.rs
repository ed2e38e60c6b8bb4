//! What the allocator gives and takes, over time.
//!
//! **Invariant: after any change a tile is given no more for as long as its hold; a hold doubles each
//! time what was given proves too much.** So a link that carries a layer only now and then is not
//! switched to and fro.

use std::time::{Duration, Instant};

use crate::allocator::{Item, share};
use crate::layers::Layer;
use crate::router::Session;
use crate::tile::Grant;
use crate::{Output, Preference, Router};

/// An overload shorter than this is left to the congestion controller, unless it is severe.
const PATIENCE: Duration = Duration::from_millis(400);
/// A layer lost this soon after it was given was too much; one kept longer was not.
const TOO_SOON: Duration = Duration::from_secs(10);
/// A paused tile is tried again after this many holds, for this long.
const TRIAL_AFTER: u32 = 4;
const TRIAL: Duration = Duration::from_secs(3);

/// The wishes of a session whose layers the allocator picks.
#[derive(Default)]
pub(crate) struct Asked {
    tiles: Vec<usize>,
    items: Vec<Item>,
    /// What the layers of all items cost, and which encodings they are.
    costs: Vec<u64>,
    encodings: Vec<usize>,
}

impl<E: Clone> Router<E> {
    pub(crate) fn ask_for(&self, tile: usize, layers: &[Layer], now: Instant, asked: &mut Asked) {
        let start = asked.costs.len();
        asked.costs.extend(
            layers
                .iter()
                .map(|layer| self.encodings[layer.encoding].cost()),
        );
        asked
            .encodings
            .extend(layers.iter().map(|layer| layer.encoding));
        let state = &self.tiles[tile];
        let wish = state.wish.unwrap_or_default();
        let has = state.waiting.or(state.taking.map(|(encoding, _)| encoding));
        let current = has.map_or(0, |index| {
            let layer = self.encodings[index].declared.layer;
            layers.partition_point(|other| other.layer <= layer).max(1)
        });
        asked.tiles.push(tile);
        asked.items.push(Item {
            content: layers
                .first()
                .is_some_and(|layer| self.encodings[layer.encoding].declared.content),
            priority: wish.priority,
            keeps_resolution: wish.preference == Preference::MaintainResolution,
            layers: start..start + layers.len(),
            current,
            fresh: !state.grant.known && current == 0,
            may_rise: state.grant.may_rise(now, self.config.hold),
            may_fall: state.grant.trial.is_none_or(|until| now >= until),
        });
    }

    pub(crate) fn apportion<O: Output<E> + ?Sized>(
        &mut self,
        session: usize,
        mut asked: Asked,
        budget: u64,
        now: Instant,
        out: &mut O,
    ) {
        self.be_patient(session, &mut asked, budget, now);
        self.try_one(&mut asked, now);
        let heights = share(&asked.items, &asked.costs, budget, self.config.headroom);
        for ((&tile, item), height) in asked.tiles.iter().zip(&asked.items).zip(heights) {
            let grant = &mut self.tiles[tile].grant;
            grant.note(item, height, now, &self.config);
            match height.checked_sub(1) {
                Some(choice) => {
                    self.point(tile, asked.encodings[item.layers.start + choice], now, out)
                }
                None => self.cut(tile),
            }
        }
        let all: u64 = asked
            .items
            .iter()
            .filter_map(|item| asked.costs[item.layers.clone()].last())
            .sum();
        let refused = asked
            .tiles
            .iter()
            .any(|&tile| self.tiles[tile].grant.limited);
        self.sessions[session].limited =
            refused || all > budget.saturating_mul(self.config.headroom) / 100;
    }

    /// The estimate, if it counts. An estimate that nothing forwarded has ever exceeded only tells what
    /// was tried so far, not what there is.
    pub(crate) fn limit(&mut self, session: usize, now: Instant) -> Option<u64> {
        let state = &self.sessions[session];
        let estimate = state.estimate?;
        if !state.limited {
            let exceeded = self.forwarded(state) + self.config.reserve > estimate;
            self.sessions[session].limited = self.lasts(session, exceeded, now);
        }
        self.sessions[session].limited.then_some(estimate)
    }

    /// bit/s of video that a session is sent.
    pub(crate) fn forwarded(&self, session: &Session) -> u64 {
        let taken = session
            .tiles
            .iter()
            .filter_map(|&tile| self.tiles[tile].taking);
        taken
            .map(|(encoding, _)| self.encodings[encoding].rate.bps())
            .sum()
    }

    /// Whether an overload is more than a moment's.
    fn lasts(&mut self, session: usize, overload: bool, now: Instant) -> bool {
        let over = &mut self.sessions[session].over;
        if !overload {
            *over = None;
            return false;
        }
        now.saturating_duration_since(*over.get_or_insert(now)) >= PATIENCE
    }

    fn be_patient(&mut self, session: usize, asked: &mut Asked, budget: u64, now: Instant) {
        let cost = |item: &Item| match item.current.min(item.layers.len()) {
            0 => 0,
            height => asked.costs[item.layers.start + height - 1],
        };
        let need: u64 = asked.items.iter().map(cost).sum();
        let severe = need > budget.saturating_add(budget / 2);
        if !self.lasts(session, need > budget, now) && need > budget && !severe {
            asked
                .items
                .iter_mut()
                .for_each(|item| item.may_fall = false);
        }
    }

    /// Resumes the most important tile that has been paused for long, against the estimate: that may
    /// be low only because little is sent.
    fn try_one(&mut self, asked: &mut Asked, now: Instant) {
        let tried = |&tile: &usize| {
            self.tiles[tile]
                .grant
                .trial
                .is_some_and(|until| now < until)
        };
        if asked.tiles.iter().any(tried) {
            return;
        }
        let due = asked
            .tiles
            .iter()
            .zip(&mut asked.items)
            .filter(|(tile, item)| {
                item.current == 0 && self.tiles[**tile].grant.trial_due(now, self.config.hold)
            });
        if let Some((&tile, item)) = due.max_by_key(|(_, item)| (item.content, item.priority)) {
            (item.current, item.may_fall) = (1, false);
            let grant = &mut self.tiles[tile].grant;
            grant.trial = Some(now + TRIAL);
            grant.rose(now);
        }
    }

    /// Says which groups the allocator stopped and which it started again.
    pub(crate) fn tell_paused<O: Output<E> + ?Sized>(&mut self, session: usize, out: &mut O) {
        let state = &self.sessions[session];
        if state.paused.is_empty() && state.estimate.is_none() {
            return;
        }
        let (mut paused, mut wished) = (Vec::new(), Vec::new());
        for &tile in &state.tiles {
            let tile = &self.tiles[tile];
            let Some(group) = tile.group else { continue };
            let list = if tile.grant.paused {
                &mut paused
            } else {
                &mut wished
            };
            list.push(self.groups[group].id);
        }
        let id = state.id;
        paused.sort_unstable();
        paused.dedup();
        for &group in state
            .paused
            .iter()
            .filter(|group| !paused.contains(group) && wished.contains(group))
        {
            out.resumed(id, group);
        }
        for &group in paused.iter().filter(|group| !state.paused.contains(group)) {
            out.paused(id, group);
        }
        self.sessions[session].paused = paused;
    }
}

impl Grant {
    /// A layer that has only now begun to arrive is taken at once; only what was refused is held back.
    fn may_rise(&self, now: Instant, hold: Duration) -> bool {
        let hold = self.hold.unwrap_or(hold);
        !self.limited
            || self
                .changed
                .is_none_or(|changed| now.saturating_duration_since(changed) >= hold)
    }

    fn trial_due(&self, now: Instant, hold: Duration) -> bool {
        let after = self.hold.unwrap_or(hold) * TRIAL_AFTER;
        self.paused
            && self
                .changed
                .is_some_and(|changed| now.saturating_duration_since(changed) >= after)
    }

    fn rose(&mut self, now: Instant) {
        let long = |changed: Instant| now.saturating_duration_since(changed) >= TOO_SOON * 3;
        if self.rose && self.changed.is_some_and(long) {
            self.hold = None;
        }
        (self.changed, self.rose, self.paused) = (Some(now), true, false);
    }

    fn note(&mut self, item: &Item, height: usize, now: Instant, config: &crate::Config) {
        let first = !self.known && item.fresh;
        self.known = true;
        if height < item.current || (first && height == 0) {
            let hold = self.hold.unwrap_or(config.hold);
            let too_soon = |changed: Instant| now.saturating_duration_since(changed) < TOO_SOON;
            if self.rose && self.changed.is_some_and(too_soon) {
                self.hold = Some((hold * 2).min(config.hold_at_most));
            }
            (self.changed, self.rose, self.trial) = (Some(now), false, None);
        } else if height > item.current && self.limited {
            self.rose(now);
        }
        self.limited = height < item.layers.len();
        self.paused = height == 0;
    }
}
