//! What the targets share: bytes read as numbers and pieces, and a core with clients in one memory.
#![forbid(unsafe_code)]

pub mod bytes;
pub mod peer;
pub mod room;
