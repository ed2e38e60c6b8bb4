//! Shares the estimate of one downlink among what its session asked for (chime-meetings B.7, C.8).
//!
//! **Invariant: a wish gets a layer only after all more important ones were offered all of theirs.**
//! Content comes before cameras, then priority decides. Among equals everybody is offered the lowest
//! layer before anybody the next.

use std::ops::Range;

/// One wish. A height counts its layers: 0 nothing, 1 the lowest.
#[derive(Debug, Clone)]
pub struct Item {
    pub content: bool,
    pub priority: u32,
    /// Offered layers before its equals.
    pub keeps_resolution: bool,
    /// What its layers cost, ascending, in bit/s: a range of the list of costs.
    pub layers: Range<usize>,
    /// Where it is.
    pub current: usize,
    /// It is offered something for the first time.
    pub fresh: bool,
    /// It may get more than it has.
    pub may_rise: bool,
    /// It may lose what it has.
    pub may_fall: bool,
    /// It has what it has on top of the budget.
    pub trial: bool,
}

/// The height each item gets: it keeps what `keeping` bit/s carry, and rises only to what `rising` do.
pub fn share(items: &[Item], costs: &[u64], keeping: u64, rising: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&index| {
        let item = &items[index];
        (
            !item.content,
            u32::MAX - item.priority,
            !item.keeps_resolution,
        )
    });
    let current = |item: &Item| item.current.min(item.layers.len());
    let mut limits: Vec<usize> = items
        .iter()
        .map(|item| {
            if item.fresh || item.may_rise {
                item.layers.len()
            } else {
                current(item)
            }
        })
        .collect();
    let comfortable = fill(items, costs, &order, &limits, rising);
    for ((limit, item), easily) in limits.iter_mut().zip(items).zip(comfortable) {
        if item.may_rise && !item.fresh {
            *limit = easily.max(current(item));
        }
    }
    fill(items, costs, &order, &limits, keeping)
}

fn fill(
    items: &[Item],
    costs: &[u64],
    order: &[usize],
    limits: &[usize],
    budget: u64,
) -> Vec<usize> {
    let mut heights = vec![0; items.len()];
    let mut left = budget;
    let cost = |index: usize, height: usize| match height {
        0 => 0,
        _ => costs[items[index].layers.start + height - 1],
    };
    for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.may_fall) {
        heights[index] = item.current.min(item.layers.len());
        if !item.trial {
            left = left.saturating_sub(cost(index, heights[index]));
        }
    }
    let rank = |index: usize| (items[index].content, items[index].priority);
    for equals in order.chunk_by(|&one, &other| rank(one) == rank(other)) {
        // Each round offers one more layer to each.
        let mut taken = true;
        while taken {
            taken = false;
            for &index in equals {
                let height = heights[index];
                if height >= limits[index] {
                    continue;
                }
                let more = cost(index, height + 1).saturating_sub(cost(index, height));
                if more <= left {
                    left -= more;
                    heights[index] += 1;
                    taken = true;
                }
            }
        }
    }
    heights
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(priority: u32, layers: Range<usize>, current: usize) -> Item {
        Item {
            content: false,
            priority,
            keeps_resolution: false,
            layers,
            current,
            fresh: current == 0,
            may_rise: true,
            may_fall: true,
            trial: false,
        }
    }

    fn shared(items: &[Item], costs: &[u64], budget: u64, headroom: u64) -> Vec<usize> {
        share(items, costs, budget, budget * headroom / 100)
    }

    const COSTS: [u64; 6] = [300, 600, 1200, 300, 600, 1200];

    #[test]
    fn less_important_wishes_lose_first() {
        let items = [item(1, 0..3, 0), item(9, 3..6, 0)];
        let expected = [
            (2400, [3, 3]),
            (1800, [2, 3]),
            (1500, [1, 3]),
            (1200, [0, 3]),
            (600, [0, 2]),
            (100, [0, 0]),
        ];
        for (budget, heights) in expected {
            assert_eq!(shared(&items, &COSTS, budget, 100), heights, "{budget}");
        }
    }

    #[test]
    fn equals_are_served_alike() {
        let items = [item(5, 0..3, 0), item(5, 3..6, 0)];
        for (budget, heights) in [(600, [1, 1]), (900, [2, 1]), (1200, [2, 2]), (599, [1, 0])] {
            assert_eq!(shared(&items, &COSTS, budget, 100), heights, "{budget}");
        }
        let keeps = [
            item(5, 0..3, 0),
            Item {
                keeps_resolution: true,
                ..item(5, 3..6, 0)
            },
        ];
        assert_eq!(shared(&keeps, &COSTS, 900, 100), [1, 2]);
    }

    #[test]
    fn content_has_precedence_over_any_priority() {
        let items = [
            item(u32::MAX, 0..3, 0),
            Item {
                content: true,
                ..item(0, 3..6, 0)
            },
        ];
        assert_eq!(shared(&items, &COSTS, 1500, 100), [1, 3]);
    }

    #[test]
    fn rising_needs_headroom_and_staying_does_not() {
        let at = |current, may_rise| {
            [Item {
                may_rise,
                fresh: false,
                ..item(1, 0..3, current)
            }]
        };
        assert_eq!(shared(&at(2, true), &COSTS, 1200, 85), [2]);
        assert_eq!(shared(&at(2, true), &COSTS, 1500, 85), [3]);
        assert_eq!(shared(&at(2, false), &COSTS, 1500, 85), [2]);
        assert_eq!(shared(&at(3, true), &COSTS, 1200, 85), [3]);
        assert_eq!(shared(&at(3, true), &COSTS, 1199, 85), [2]);
        assert_eq!(shared(&at(0, true), &COSTS, 310, 85), [0]);
    }

    #[test]
    fn what_may_not_fall_is_paid_for_first() {
        let items = [
            Item {
                may_fall: false,
                ..item(1, 0..3, 3)
            },
            item(9, 3..6, 1),
        ];
        assert_eq!(shared(&items, &COSTS, 1600, 100), [3, 1]);
    }

    #[test]
    fn what_is_on_trial_takes_nothing_from_others() {
        let trial = Item {
            may_fall: false,
            trial: true,
            ..item(1, 0..3, 1)
        };
        let other = Item {
            fresh: false,
            ..item(9, 3..6, 2)
        };
        assert_eq!(
            shared(&[trial.clone(), other.clone()], &COSTS, 600, 100),
            [1, 2]
        );
        let over = Item {
            may_fall: true,
            trial: false,
            ..trial
        };
        assert_eq!(shared(&[over, other], &COSTS, 600, 100), [0, 2]);
    }

    proptest! {
        #[test]
        fn the_budget_holds_and_importance_counts(
            wishes in prop::collection::vec((any::<bool>(), 0_u32..4, prop::collection::vec(1_u64..2000, 0..4)), 1..12),
            budget in 0_u64..20_000,
        ) {
            let (mut items, mut costs) = (Vec::new(), Vec::new());
            for (content, priority, mut layers) in wishes {
                layers.sort_unstable();
                let range = costs.len()..costs.len() + layers.len();
                costs.extend(layers);
                items.push(Item { content, ..item(priority, range, 0) });
            }
            let heights = shared(&items, &costs, budget, 100);
            let spent = |index: usize| match heights[index] {
                0 => 0,
                height => costs[items[index].layers.start + height - 1],
            };
            let total: u64 = (0..items.len()).map(spent).sum();
            prop_assert!(total <= budget);
            for (index, item) in items.iter().enumerate() {
                if heights[index] < item.layers.len() {
                    let more = costs[item.layers.start + heights[index]] - spent(index);
                    let important = (item.content, item.priority);
                    let above: u64 = (0..items.len())
                        .filter(|&other| (items[other].content, items[other].priority) >= important)
                        .map(spent)
                        .sum();
                    prop_assert!(above + more > budget);
                }
            }
        }
    }
}
