//! Forwards the video of one meeting, without I/O.
