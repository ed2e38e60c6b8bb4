//! WebRTC sessions and meetings on threads of their own.

#[allow(missing_docs)]
pub mod command;
pub mod core;
#[allow(missing_docs)]
pub mod event;
pub mod meeting;
pub mod schedule;
#[allow(missing_docs)]
pub mod session;
