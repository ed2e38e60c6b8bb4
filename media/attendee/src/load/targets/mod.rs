//! The servers that load can be put on.

pub mod hubbub;
pub mod janus;
pub mod livekit;
