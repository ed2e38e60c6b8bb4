//! A headless attendee of Hubbub meetings, and many of them as load.
//!
//! `hubbub-attendee join` is one attendee, on str0m: it speaks, shows, records and reports.
//! `hubbub-attendee load` is many of them, on a transport of their own (see [`load`]).
#![forbid(unsafe_code)]

pub mod attendee;
mod cli;
pub mod files;
pub mod load;
pub mod microphone;
pub mod signal;
pub mod tls;
pub mod video;
pub mod websocket;

pub use cli::attend;
