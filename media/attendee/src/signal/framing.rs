//! One WebSocket message: the byte 0x05 and one `SdkSignalFrame` (chime-meetings B.2).

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use super::frames::{SdkSignalFrame, sdk_signal_frame::Type};

/// The message type of real-time communication.
const RTC: u8 = 5;

/// A message that is no frame.
#[derive(Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The first byte is not 0x05, or there is none.
    Kind(Option<u8>),
    /// What follows does not decode.
    Frame(String),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Kind(kind) => write!(f, "message of type {kind:?}, not 5"),
            Malformed::Frame(why) => write!(f, "frame does not decode: {why}"),
        }
    }
}

impl std::error::Error for Malformed {}

/// An empty frame of `kind`, stamped with the wall clock.
pub fn new(kind: Type) -> SdkSignalFrame {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let mut frame = SdkSignalFrame {
        timestamp_ms: now.as_millis() as u64,
        ..Default::default()
    };
    frame.set_type(kind);
    frame
}

/// The WebSocket message that carries `frame`.
pub fn encode(frame: &SdkSignalFrame) -> Vec<u8> {
    let mut message = Vec::with_capacity(1 + frame.encoded_len());
    message.push(RTC);
    frame
        .encode(&mut message)
        .expect("a vector grows as it must");
    message
}

/// The frame inside a WebSocket message.
pub fn decode(message: &[u8]) -> Result<SdkSignalFrame, Malformed> {
    match message.split_first() {
        Some((&RTC, frame)) => {
            SdkSignalFrame::decode(frame).map_err(|e| Malformed::Frame(e.to_string()))
        }
        other => Err(Malformed::Kind(other.map(|(kind, _)| *kind))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_survives_its_message() {
        let frame = new(Type::Leave);
        let message = encode(&frame);
        assert_eq!(message[0], 5);
        assert_eq!(decode(&message), Ok(frame));
    }

    #[test]
    fn other_messages_are_told_apart() {
        assert_eq!(decode(&[]), Err(Malformed::Kind(None)));
        assert_eq!(decode(&[4, 1, 2]), Err(Malformed::Kind(Some(4))));
        assert!(matches!(decode(&[5, 0xff, 0xff]), Err(Malformed::Frame(_))));
    }
}
