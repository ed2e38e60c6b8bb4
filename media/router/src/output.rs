use std::sync::Arc;
use std::time::Instant;

use crate::{Codec, PictureIds};

/// Whom a packet is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receiver {
    /// The receiving session.
    pub session: u64,
    /// The sink within it.
    pub slot: u32,
    /// [`Sink::token`](crate::Sink::token).
    pub token: u64,
}

/// One packet to send.
#[derive(Debug, Clone, Copy)]
pub struct Forward<'a, E> {
    /// Extended sequence number in the sink's own space; the first one is below 65536.
    pub sequence: u64,
    /// Timestamp in the sink's own space.
    pub timestamp: u32,
    /// RTP marker.
    pub marker: bool,
    /// Codec, to be mapped to the receiver's payload type.
    pub codec: Codec,
    /// As it came. Empty: padding that came too late to close its gap; send it as it is.
    pub payload: &'a Arc<[u8]>,
    /// Fields of the VP8 payload descriptor to replace; none of them is absent in the payload.
    pub vp8: Option<PictureIds>,
    /// First packet of a key frame.
    pub keyframe: bool,
    /// When the packet was read from the socket.
    pub arrived: Instant,
    /// [`Packet::extensions`](crate::Packet::extensions) of this packet.
    pub extensions: &'a E,
}

/// What a source does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// Packets arrive. Said again when its size becomes known or changes.
    Live,
    /// No packets for a while.
    Stalled,
    /// Above the meeting's limit: not forwarded.
    TooLarge,
    /// No longer above the limit.
    Fits,
}

/// Takes what a [`Router`](crate::Router) has to say.
pub trait Output<E> {
    /// Send this packet.
    fn forward(&mut self, to: Receiver, packet: Forward<'_, E>);
    /// Ask the sender of this stream for a key frame (PLI).
    fn request_keyframe(&mut self, stream: u32);
    /// The allocator stopped this group for this session.
    fn paused(&mut self, session: u64, group: u32);
    /// The allocator started it again.
    fn resumed(&mut self, session: u64, group: u32);
    /// A source changed its state; width and height are 0 while unknown.
    fn source(&mut self, stream: u32, state: SourceState, width: u32, height: u32);
    /// All streams whose sender is starved, on change.
    fn starved(&mut self, streams: &[u32]);
    /// Whether anybody takes this stream, on change. A new source is not watched.
    fn watched(&mut self, stream: u32, watched: bool);
}
