use crate::splice::Tail;
use crate::{Sink, Wish};

/// A sink at work.
pub struct Tile {
    /// Index of its session.
    pub session: usize,
    pub slot: u32,
    pub declared: Sink,
    pub wish: Option<Wish>,
    /// Index of the group the wish means, if it is known.
    pub group: Option<usize>,
    /// Where its stream stands; while it takes an encoding: where that began.
    pub tail: Tail,
    /// The encoding it takes, and its place in that one's list.
    pub taking: Option<(usize, usize)>,
    /// The encoding it waits for.
    pub waiting: Option<usize>,
    pub grant: Grant,
}

/// What the allocator did to a tile.
#[derive(Debug, Clone, Default)]
pub struct Grant {
    /// It was given something, or refused, before.
    pub known: bool,
    pub paused: bool,
    /// The budget, not what there is, decided how much it was given last.
    pub limited: bool,
}
