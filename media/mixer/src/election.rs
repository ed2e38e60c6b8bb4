//! Who of those audible is heard.
//!
//! **Invariant: a place once given is kept while its holder is audible, unless somebody clearly louder wants it and it has
//! been held for a while; so the number of places bounds the cost, and voices do not flap.**

use std::time::{Duration, Instant};

/// dB by which a challenger has to be louder.
const MARGIN: f32 = 6.0;
/// Time for which a place is safe.
const SAFE: Duration = Duration::from_millis(600);

struct Seat {
    id: u64,
    since: Instant,
}

/// A fixed number of places.
pub(crate) struct Election {
    places: usize,
    seats: Vec<Seat>,
}

impl Election {
    pub(crate) fn new(places: usize) -> Self {
        Self {
            places,
            seats: Vec::new(),
        }
    }

    pub(crate) fn holds(&self, id: u64) -> bool {
        self.seats.iter().any(|seat| seat.id == id)
    }

    /// Gives the places to `candidates`: (id, loudness in dB), all that are audible.
    pub(crate) fn elect(&mut self, candidates: &[(u64, f32)], now: Instant) {
        self.seats
            .retain(|seat| candidates.iter().any(|(id, _)| *id == seat.id));
        let mut waiting: Vec<(u64, f32)> = candidates
            .iter()
            .copied()
            .filter(|(id, _)| !self.holds(*id))
            .collect();
        waiting.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        for (id, loudness) in waiting {
            if self.seats.len() < self.places {
                self.seats.push(Seat { id, since: now });
                continue;
            }
            let loudness_of = |seat: &Seat| {
                candidates
                    .iter()
                    .find(|(id, _)| *id == seat.id)
                    .map_or(f32::MIN, |(_, loudness)| *loudness)
            };
            let weakest = self
                .seats
                .iter_mut()
                .filter(|seat| now.saturating_duration_since(seat.since) >= SAFE)
                .min_by(|a, b| loudness_of(a).total_cmp(&loudness_of(b)));
            match weakest {
                Some(seat) if loudness > loudness_of(seat) + MARGIN => {
                    *seat = Seat { id, since: now }
                }
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(election: &Election) -> Vec<u64> {
        let mut ids: Vec<u64> = election.seats.iter().map(|seat| seat.id).collect();
        ids.sort_unstable();
        ids
    }

    #[test]
    fn the_loudest_get_the_places() {
        let mut election = Election::new(2);
        election.elect(&[(1, -50.0), (2, -20.0), (3, -30.0)], Instant::now());
        assert_eq!(held(&election), [2, 3]);
        election.elect(&[(1, -50.0), (3, -30.0)], Instant::now());
        assert_eq!(held(&election), [1, 3]);
        election.elect(&[], Instant::now());
        assert!(held(&election).is_empty());
    }

    #[test]
    fn a_place_is_lost_to_the_clearly_louder_only_and_not_at_once() {
        let mut election = Election::new(1);
        let start = Instant::now();
        election.elect(&[(1, -30.0)], start);
        election.elect(&[(1, -30.0), (2, -10.0)], start + SAFE / 2);
        assert_eq!(held(&election), [1]);
        election.elect(&[(1, -30.0), (2, -25.0)], start + SAFE);
        assert_eq!(held(&election), [1]);
        election.elect(&[(1, -30.0), (2, -23.0)], start + SAFE);
        assert_eq!(held(&election), [2]);
        election.elect(&[(1, -10.0), (2, -23.0)], start + SAFE + SAFE / 2);
        assert_eq!(held(&election), [2]);
    }

    #[test]
    fn two_of_like_loudness_do_not_flap() {
        let mut election = Election::new(1);
        let start = Instant::now();
        for n in 0..500u32 {
            let swing = if n % 20 < 10 { 2.5 } else { -2.5 };
            election.elect(
                &[(1, -30.0 + swing), (2, -30.0 - swing)],
                start + Duration::from_millis(20) * n,
            );
            assert_eq!(held(&election), [1]);
        }
    }
}
