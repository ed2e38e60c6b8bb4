//! What the engine tells: msgpack maps, each named by its member `type`.
//!
//! Python's side of it is `hubbub.meetings.media.events`.

use serde::Serialize;

use crate::command::{GroupId, MeetingId, SessionId, StreamId};

/// Why a session is gone by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseReason {
    /// No packet of any kind for 12 s.
    Silent,
    /// The handshake failed or the client's certificate is another than its offer said.
    Dtls,
    /// The session could not be set up or its transport broke.
    Failed,
}

/// How a stream does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    Live,
    Stalled,
    TooLarge,
    Fits,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// ICE, DTLS and SRTP are up.
    Connected { session: SessionId },
    /// The first packet of the microphone came.
    FirstAudio { session: SessionId },
    /// The engine has dropped a session.
    Closed {
        session: SessionId,
        reason: CloseReason,
    },
    /// No packet of any kind has come from a connected session for a second, or one has again.
    Quiet { session: SessionId, quiet: bool },
    /// Who is heard, and how loud: -dBFS, 0 the loudest. One empty list ends it.
    Levels {
        meeting: MeetingId,
        levels: Vec<(SessionId, u8)>,
    },
    /// Sessions whose uplinks changed, and to what: 0 bad (loss over 20 %), 1 (over 5 %), 2 good.
    Signals {
        meeting: MeetingId,
        strengths: Vec<(SessionId, u8)>,
    },
    /// A stream began or ceased to arrive, or passed the meeting's limit either way.
    Source {
        meeting: MeetingId,
        stream: StreamId,
        state: SourceState,
        width: u32,
        height: u32,
    },
    /// bit/s of each stream, and each session's downlink estimate.
    Bitrates {
        meeting: MeetingId,
        bitrates: Vec<(StreamId, u64)>,
        estimates: Vec<(SessionId, u64)>,
    },
    /// The session's downlink does not carry these.
    Paused {
        session: SessionId,
        groups: Vec<GroupId>,
    },
    /// It carries them again.
    Resumed {
        session: SessionId,
        groups: Vec<GroupId>,
    },
    /// All streams whose sender lacks bandwidth.
    Starved {
        meeting: MeetingId,
        streams: Vec<StreamId>,
    },
    /// A piece of what one session says.
    Pcm {
        meeting: MeetingId,
        session: SessionId,
        /// Epoch, of the first sample.
        at_ms: u64,
        /// Hz.
        rate: u32,
        /// s16le, mono.
        #[serde(with = "serde_bytes")]
        samples: Vec<u8>,
    },
    /// The meeting's media and all of its sessions are gone.
    Failed { meeting: MeetingId, reason: String },
}

impl Event {
    /// Whether a slow reader may miss it: another one like it follows soon.
    pub fn is_dispensable(&self) -> bool {
        matches!(
            self,
            Event::Levels { .. } | Event::Bitrates { .. } | Event::Pcm { .. }
        )
    }
}

/// Writes a msgpack list of events.
pub fn encode(events: &[Event]) -> Vec<u8> {
    rmp_serde::to_vec_named(events).expect("events hold only what msgpack can hold")
}
