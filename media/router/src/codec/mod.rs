//! What forwarding needs to know of a payload: where key frames begin, how large they are, and the ids
//! that must go on counting when a receiver is switched (chime-meetings C.6).
//!
//! **Invariant: any bytes are answered in time bounded by their number, without panicking.**

mod av1;
mod bits;
mod h264;
pub(crate) mod vp8;
mod vp9;

/// Video codecs that are passed through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// The AOMedia RTP payload specification.
    Av1,
}

/// What an RTP payload tells about its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Inspection {
    /// A packet that begins a key frame. Several packets of one frame may (SPS and IDR apart).
    pub keyframe: bool,
    /// Width and height, where this packet of a key frame tells them.
    pub size: Option<(u32, u32)>,
    /// Ids of the VP8 payload descriptor.
    pub vp8: Option<vp8::PictureIds>,
    /// The payload has no valid descriptor of this codec: nobody could use it.
    pub malformed: bool,
}

impl Inspection {
    const MALFORMED: Self = Self {
        keyframe: false,
        size: None,
        vp8: None,
        malformed: true,
    };

    fn of_frame(keyframe: bool, size: Option<(u32, u32)>) -> Self {
        Self {
            keyframe,
            size,
            vp8: None,
            malformed: false,
        }
    }
}

/// Reads as much of a payload as forwarding needs.
pub fn inspect(codec: Codec, payload: &[u8]) -> Inspection {
    match codec {
        Codec::Vp8 => vp8::inspect(payload),
        Codec::Vp9 => vp9::inspect(payload),
        Codec::H264 => h264::inspect(payload),
        Codec::Av1 => av1::inspect(payload),
    }
    .unwrap_or(Inspection::MALFORMED)
}
