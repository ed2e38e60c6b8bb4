use std::time::Duration;

/// Times and sizes of a [`Router`](crate::Router). The defaults are those of the specification.
#[derive(Debug, Clone)]
pub struct Config {
    /// A layer that sent nothing for this long does not arrive (C.7).
    pub stalled_after: Duration,
    /// A sender none of whose layers sent anything for this long is starved (B.5).
    pub starved_after: Duration,
    /// Layers and bandwidth are looked at again this often (C.7).
    pub review_every: Duration,
    /// At most one key frame request per source in this time (C.6).
    pub keyframe_every: Duration,
    /// The same for a source that sends nothing: it cannot answer.
    pub keyframe_every_stalled: Duration,
    /// What the allocator leaves to audio and control, in bit/s.
    pub reserve: u64,
    /// More is only given where this part of the estimate carries it, in percent.
    pub headroom: u64,
    /// What is given is kept while this much more than the estimate would carry it, in percent: an
    /// estimate falls below what arrives until a queue has drained.
    pub tolerance: u64,
    /// More is given no sooner than this after a change; it doubles each time more proves too much.
    pub hold: Duration,
    /// The longest hold.
    pub hold_at_most: Duration,
    /// Spreads first sequence numbers and timestamps.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            stalled_after: Duration::from_millis(1500),
            starved_after: Duration::from_millis(3000),
            review_every: Duration::from_millis(500),
            keyframe_every: Duration::from_millis(400),
            keyframe_every_stalled: Duration::from_secs(2),
            reserve: 50_000,
            headroom: 85,
            tolerance: 10,
            hold: Duration::from_secs(2),
            hold_at_most: Duration::from_secs(32),
            seed: 0,
        }
    }
}
