//! I/O around the cores: sockets, threads, and the way between them and Python.

mod engine;
mod framing;
mod shared;
mod tcp;
mod udp;
mod worker;

pub use engine::{Config, Engine, StartError};
pub use framing::{FRAME_MAX, Frames};
pub use str0m::net::Protocol;
