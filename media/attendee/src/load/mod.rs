//! Many attendees in one process, on one thread, as cheap as can be.
//!
//! str0m is left out here: a load's clients do ICE, DTLS-SRTP and RTP by the few lines they need,
//! because one processor of clients must keep one processor of server busy. `options` says what is
//! measured and what is not.

mod client;
mod description;
mod ice;
mod link;
mod opening;
pub mod options;
mod picture;
mod process;
mod result;
mod role;
mod run;
mod signalling;
mod streams;
mod targets;
mod voice;
mod writing;

pub use run::load;
