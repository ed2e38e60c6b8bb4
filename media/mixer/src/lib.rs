//! Mixes the audio of one meeting, without I/O (chime-meetings C.5, D.1).
//!
//! **The one invariant: time is an input.** A [`Mixer`] never looks at a clock, opens a socket or starts a thread. Packets
//! go in by [`Mixer::receive`] with the instant they were read from the socket; [`Mixer::tick`] gives every listener exactly
//! one Opus frame for each 20 ms of media time that has passed.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::{Duration, Instant};
//! use hubbub_mixer::{Config, Frame, Member, Mixer, Sink};
//!
//! struct Count(usize);
//! impl Sink for Count {
//!     fn frame(&mut self, receivers: &[u64], _frame: &Frame) {
//!         self.0 += receivers.len();
//!     }
//! }
//!
//! let start = Instant::now();
//! let mut mixer = Mixer::new(Config::default(), start);
//! mixer.add(1, Member { attendee: 1, content: false, listens: true, stereo: false, max_bitrate: 0 });
//! mixer.set_gates(1, true, true);
//! let mut sink = Count(0);
//! mixer.tick(start + Duration::from_millis(39), &mut sink);
//! assert_eq!(sink.0, 2); // the frames due at 0 and 20 ms
//! ```
#![forbid(unsafe_code)]

mod activity;
mod audience;
mod codec;
mod delay;
mod election;
mod group;
mod limiter;
mod mixer;
mod packets;
mod red;
mod stats;
mod stretch;
mod tap;
mod types;
mod uplink;
mod voice;

pub use mixer::Mixer;
pub use red::{Block, Malformed, pack_red, unpack_red};
pub use stats::{MemberStats, Stats};
pub use types::{Config, Frame, Levels, Member, Packet, Sink};
