//! Counters.

use std::ops::AddAssign;

/// Counters of one member's uplink. Frames are pieces of audio as the sender cut them, mostly 20 ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberStats {
    /// Packets handed in.
    pub received: u64,
    /// Packets dropped unseen: muted, not permitted to send.
    pub refused: u64,
    /// Packets and redundant blocks whose RED or Opus payload is malformed.
    pub malformed: u64,
    /// Came after their time to be played, twice, or with a timestamp far off all others.
    pub late: u64,
    /// Frames decoded from packets.
    pub decoded: u64,
    /// Of those, frames that came as redundant RED blocks of later packets.
    pub red: u64,
    /// Frames rebuilt from the next packet's in-band FEC.
    pub fec: u64,
    /// Frames invented by the decoder's concealment in the place of lost or late ones.
    pub concealed: u64,
    /// Calls of the decoder, gaps of discontinuous transmission included.
    pub decodes: u64,
    /// Delay that the jitter buffer aims at, in ms; 0 while it is not played.
    pub delay_ms: u32,
}

impl AddAssign for MemberStats {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.refused += other.refused;
        self.malformed += other.malformed;
        self.late += other.late;
        self.decoded += other.decoded;
        self.red += other.red;
        self.fec += other.fec;
        self.concealed += other.concealed;
        self.decodes += other.decodes;
        self.delay_ms = self.delay_ms.max(other.delay_ms);
    }
}

/// Counters of the whole meeting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Sums over all members, those that left included; `delay_ms` is the longest of the members present.
    pub members: MemberStats,
    /// Frames of media time that were made.
    pub ticks: u64,
    /// Frames of media time left out because `tick` came too late to catch up.
    pub skipped: u64,
    /// Calls of the encoders.
    pub encodes: u64,
    /// Members whose voice or content is in the mix now.
    pub heard: usize,
    /// Bytes of packets held for all members.
    pub buffered: usize,
}
