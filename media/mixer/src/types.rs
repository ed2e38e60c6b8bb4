//! What goes in and comes out of a mixer.

use std::sync::Arc;
use std::time::Instant;

/// Settings of a meeting's mixer.
#[derive(Clone, Debug)]
pub struct Config {
    /// Voices heard at a time; the loudest win. Sound of shared content comes on top.
    pub speakers: usize,
    /// Shared contents heard at a time, outside `speakers`.
    pub contents: usize,
    /// libopus' complexity of the downlink's encoders, 0..10.
    pub complexity: u8,
    /// bit/s of a mono downlink whose member asks for nothing.
    pub mono_bitrate: u32,
    /// bit/s of a stereo downlink whose member asks for nothing.
    pub stereo_bitrate: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            speakers: 3,
            contents: 2,
            complexity: 5,
            mono_bitrate: 48_000,
            stereo_bitrate: 64_000,
        }
    }
}

/// One session's part in the audio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Members with the same attendee (its `#content` half, a connection it takes over) never hear each other.
    pub attendee: u64,
    /// The sound of a share: heard outside the places of the voices.
    pub content: bool,
    /// Gets a frame every 20 ms. False for content sessions: they play nothing.
    pub listens: bool,
    /// Gets stereo frames.
    pub stereo: bool,
    /// Bound of the downlink in bit/s as the client asked; 0 where it did not.
    pub max_bitrate: u32,
}

/// One audio RTP packet of a member.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Sequence number, extended by the roll-overs.
    pub sequence: u64,
    /// RTP timestamp at 48 kHz, extended by the roll-overs.
    pub timestamp: u64,
    /// RTP payload without header, extensions and padding.
    pub payload: &'a [u8],
    /// The payload is RED (RFC 2198), not plain Opus.
    pub red: bool,
    /// The ssrc-audio-level extension: −dBov, 0 (loudest)..127 (silence).
    pub level: Option<u8>,
    /// When it was read from the socket.
    pub arrived: Instant,
}

/// 20 ms of Opus for one or more receivers.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Samples at 48 kHz since the mixer's start: +960 from frame to frame, more after a stall of the caller's. The same for
    /// all receivers; add an offset of each receiver's own.
    pub timestamp: u64,
    /// A plain Opus packet.
    pub payload: Arc<[u8]>,
    /// The same stream's packet of 20 ms before, for receivers that lose packets: see [`pack_red`](crate::pack_red).
    pub redundant: Option<Arc<[u8]>>,
}

/// Takes what [`Mixer::tick`](crate::Mixer::tick) has made.
pub trait Sink {
    /// `frame` goes to each of `receivers`. Every listening member appears in exactly one call a frame.
    fn frame(&mut self, receivers: &[u64], frame: &Frame);
}

/// Who is audible, and how loud.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// (member, −dBFS 0 (loudest)..127), members that are audible, permitted to send and not muted; in the order of ids.
    pub entries: Vec<(u64, u8)>,
}
