//! Forwards the video of one meeting, without I/O (chime-meetings B.7, C.6, C.7, C.8, D).
//!
//! **Invariant: a receiver is in the list of a source only while it may see that source, wants it and
//! started on a key frame of it; the lists are cut before the call that forbids it returns.** The
//! forward path therefore asks nothing: it walks one list and adds constant offsets.
//!
//! A [`Router`] belongs to one meeting. Its owner feeds it
//! * state: [`Router::set_gates`], [`Router::set_source`], [`Router::set_sink`],
//!   [`Router::subscribe`], [`Router::pause`], [`Router::set_estimate`], … These return nothing and
//!   write nothing: prohibitions act at once, everything else at the next [`Router::tick`]. Call it
//!   after every batch of them and every 100 ms.
//! * packets: [`Router::receive`] writes what to send into an [`Output`], at once, never later.
//!
//! How a packet goes: its number becomes a place without the sender's padding (`sequence`); a key
//! frame starts those who wait for one, whose stream is spliced on with constant offsets
//! (`splice`); then the list is walked. How a tile gets its encoding: gates and the client's
//! pauses say whether (`settle`), what arrives and the wish say which (`layers`), and the
//! downlink's estimate says how much (`allocator`, over time `grants`).
//!
//! Loss repair (NACK, RTX), congestion control (TWCC) and encryption are the transport's.

#![forbid(unsafe_code)]

mod allocator;
mod codec;
mod config;
mod encoding;
mod gates;
mod grants;
mod layers;
mod output;
mod pace;
mod packet;
mod rate;
mod receive;
mod recent;
mod review;
mod router;
mod sequence;
mod sessions;
mod settle;
mod sink;
mod source;
mod splice;
mod ties;
mod tile;

pub use codec::vp8::PictureIds;
pub use codec::{Codec, Inspection, inspect};
pub use config::Config;
pub use gates::Gates;
pub use output::{Forward, Output, Receiver, SourceState};
pub use packet::Packet;
pub use review::Demand;
pub use router::Router;
pub use sink::{Preference, Sink, Wish};
pub use source::Source;
