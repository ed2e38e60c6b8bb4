/// A place that takes one stream at a time: one negotiated tile section (chime-meetings C.4 rule 7).
/// Its sequence numbers and timestamps go on for as long as its SSRC stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sink {
    /// The attendee of the session.
    pub attendee: u64,
    /// The SSRC of the section; a new one starts new sequence numbers.
    pub ssrc: u32,
    /// Comes back in every [`Receiver`](crate::Receiver): an index of the owner's, for instance.
    pub token: u64,
}

/// What a sink wants to be sent (chime-meetings B.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// Exactly this encoding, or the best of its group that arrives; 0: the router picks.
    pub stream: u32,
    /// The group; may be 0 if a stream is named.
    pub group: u32,
    /// Larger is more important.
    pub priority: u32,
    /// The router picks the highest layer whose `max_kbps` is not above this; 0: no such limit.
    pub target_kbps: u32,
    /// What to give up first. Encodings are forwarded whole, so it decides between layers only.
    pub preference: Preference,
}

/// `quality_adaptation_preference` (chime-meetings B.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Preference {
    /// 1, and whatever is unknown.
    #[default]
    Balanced,
    /// 2.
    MaintainFramerate,
    /// 3: it is offered larger layers before its equals in priority.
    MaintainResolution,
}

impl Preference {
    /// From its number on the wire.
    pub fn from_wire(number: u32) -> Self {
        match number {
            2 => Self::MaintainFramerate,
            3 => Self::MaintainResolution,
            _ => Self::Balanced,
        }
    }
}
