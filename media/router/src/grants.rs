//! What the allocator gives and takes, over time.
//!
//! **Invariant: after any change a session is given no more for as long as its hold; a hold doubles each
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
/// Behind a fall it begins only then.
const DRAINING: Duration = Duration::from_millis(600);

/// The wishes of a session whose layers the allocator picks.
#[derive(Default)]
pub(crate) struct Asked {
    tiles: Vec<usize>,
    items: Vec<Item>,
    /// What the layers of all items cost, and which encodings they are.
    costs: Vec<u64>,
    encodings: Vec<usize>,
}

impl Asked {
    /// What they have takes, in bit/s, but for what is on trial.
    fn need(&self) -> u64 {
        let cost = |item: &Item| match item.current.min(item.layers.len()) {
            0 => 0,
            height => self.costs[item.layers.start + height - 1],
        };
        self.items.iter().filter(|item| !item.trial).map(cost).sum()
    }
}

impl<E: Clone> Router<E> {
    pub(crate) fn ask_for(&self, tile: usize, layers: &[Layer], now: Instant, asked: &mut Asked) {
        let pace = &self.sessions[self.tiles[tile].session].pace;
        let may_rise = pace.may_rise(now, &self.config);
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
            // What has only now begun to arrive is taken at once; only what was refused is held back.
            may_rise: !state.grant.limited || may_rise,
            may_fall: true,
            trial: false,
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
        let before = asked.need();
        self.try_one(session, &mut asked, now);
        let rising = budget.saturating_mul(self.config.headroom) / 100;
        let sustained = self.sessions[session].pace.sustained(now);
        let keeping = budget.max(sustained);
        let keeping = keeping.saturating_add(keeping / 100 * self.config.tolerance);
        self.be_patient(session, &mut asked, keeping, now);
        let heights = share(&asked.items, &asked.costs, keeping, rising);
        let (mut rose, mut fell) = (false, false);
        for ((&tile, item), height) in asked.tiles.iter().zip(&asked.items).zip(heights) {
            let grant = &mut self.tiles[tile].grant;
            rose |= height > item.current && grant.limited;
            fell |= height < item.current || (item.fresh && height == 0);
            let limited = height < item.layers.len();
            *grant = Grant {
                known: true,
                paused: height == 0,
                limited,
            };
            match height.checked_sub(1) {
                Some(choice) => {
                    self.point(tile, asked.encodings[item.layers.start + choice], now, out);
                }
                None => self.cut(tile),
            }
        }
        let pace = &mut self.sessions[session].pace;
        if rose {
            pace.rose(now, before);
        } else if fell {
            pace.fell(now, &self.config);
            // The estimate is at its lowest while the queue it fell for drains.
            self.sessions[session].over = Some(now + DRAINING);
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
        self.sessions[session].limited = refused || all > rising;
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

    /// Lets a slight overload pass if it is short; one of what is not on trial ends all trials.
    fn be_patient(&mut self, session: usize, asked: &mut Asked, budget: u64, now: Instant) {
        let need = asked.need();
        let draining = self.sessions[session].over.is_some_and(|since| now < since);
        let severe = need > budget.saturating_add(budget / 2) && !draining;
        let lasts = self.lasts(session, need > budget, now);
        if need > budget {
            self.sessions[session].pace.end_trial();
            for item in &mut asked.items {
                (item.may_fall, item.trial) = (item.trial || severe || lasts, false);
            }
        }
    }

    /// Resumes the most important tile that has been paused for long, whatever the estimate: that may
    /// be low only because little is sent. Nothing else loses by it, or gains before its end.
    fn try_one(&mut self, session: usize, asked: &mut Asked, now: Instant) {
        let before = asked.need();
        let pace = &mut self.sessions[session].pace;
        let mut trial = pace.on_trial(now);
        let nothing = asked.items.iter().all(|item| item.current == 0);
        if trial.is_none() && pace.may_try(now, &self.config, nothing) {
            let paused = |(tile, _): &(&usize, &Item)| self.tiles[**tile].grant.paused;
            let due = asked.tiles.iter().zip(&asked.items).filter(paused);
            trial = due
                .max_by_key(|(_, item)| (item.content, item.priority))
                .map(|(&tile, _)| tile);
            if let Some(tile) = trial {
                pace.begin_trial(tile, now, before);
            }
        }
        let Some(trial) = trial else { return };
        for (&tile, item) in asked.tiles.iter().zip(&mut asked.items) {
            item.may_rise = false;
            if tile == trial {
                (item.current, item.may_fall, item.trial) = (item.current.max(1), false, true);
            }
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
