//! Counters.

/// Counters of one member's uplink. Frames are pieces of audio as the sender cut them, mostly 20 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberStats {
    /// Packets handed in.
    pub received: u64,
    /// Packets dropped unseen: muted, not permitted to send.
    pub refused: u64,
    /// Packets whose RED or Opus payload is malformed.
    pub malformed: u64,
    /// Came after their time to be played, or twice.
    pub late: u64,
    /// Frames decoded from packets.
    pub decoded: u64,
    /// Frames rebuilt from the next packet's in-band FEC.
    pub fec: u64,
    /// Frames rebuilt from redundant RED blocks.
    pub red: u64,
    /// Frames invented by the decoder's concealment in the place of lost or late ones.
    pub concealed: u64,
    /// Current delay of the jitter buffer in ms, its aim.
    pub delay_ms: u32,
}

/// Counters of the whole meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Sums over all members, those that left included; `delay_ms` is the longest of the members present.
    pub members: MemberStats,
    /// Frames of media time that passed.
    pub ticks: u64,
    /// Frames of media time left out because `tick` came too late to catch up.
    pub skipped: u64,
    /// Calls of the decoders, concealment included.
    pub decodes: u64,
    /// Calls of the encoders.
    pub encodes: u64,
    /// Members whose voice or content is heard now.
    pub heard: usize,
}
