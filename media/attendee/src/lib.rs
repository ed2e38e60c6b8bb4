//! A headless attendee.
pub mod signal;
pub mod tls;
pub mod websocket;
