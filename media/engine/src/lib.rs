//! WebRTC sessions and meetings on threads of their own.
#![forbid(unsafe_code)]

#[allow(missing_docs)]
pub mod command;
pub mod core;
#[allow(missing_docs)]
pub mod event;
pub mod meeting;
#[allow(missing_docs)]
pub mod net;
pub mod schedule;
#[allow(missing_docs)]
pub mod session;
