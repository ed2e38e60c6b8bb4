use std::sync::Arc;
use std::time::Instant;

use crate::Codec;

/// One RTP packet of a source.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a, E> {
    /// SSRC it came with. A source that changes its SSRC starts anew.
    pub ssrc: u32,
    /// Extended sequence number; of the original packet if it came over RTX.
    pub sequence: u64,
    /// RTP timestamp, 90 kHz.
    pub timestamp: u32,
    /// RTP marker.
    pub marker: bool,
    /// Codec by its payload type.
    pub codec: Codec,
    /// Without RTP header, padding and RTX header; may be empty.
    pub payload: &'a Arc<[u8]>,
    /// When it was read from the socket.
    pub arrived: Instant,
    /// It holds only padding: not forwarded, and the gap it leaves is closed.
    pub padding_only: bool,
    /// Header extensions, or whatever else the owner wants to have back with each forward.
    pub extensions: &'a E,
}
