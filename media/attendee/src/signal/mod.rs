//! Signalling (chime-meetings B): frames, their framing, compressed SDP, one session's state.

pub mod compression;
mod descriptors;
pub mod framing;
pub mod roster;
pub mod session;

/// The messages of `signal.proto`, as the server has them.
#[allow(missing_docs, clippy::all)]
pub mod frames {
    include!(concat!(env!("OUT_DIR"), "/hubbub.signal.rs"));
}
