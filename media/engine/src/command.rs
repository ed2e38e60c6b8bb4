//! What the engine is told: msgpack maps, each named by its member `type`.
//!
//! Python's side of it is `hubbub.meetings.media.commands`. Ids are given there and never used
//! twice. A list of commands is either taken whole or, where a single one is malformed, not at all.

use std::fmt;
use std::io::Cursor;

use serde::{Deserialize, Serialize};

/// Identifies a meeting.
pub type MeetingId = u64;
/// Identifies a session: one WebSocket connection, one PeerConnection.
pub type SessionId = u64;
/// Identifies an attendee; its main and its content session share it.
pub type AttendeeId = u64;
/// Identifies one published encoding (chime-meetings B.4).
pub type StreamId = u32;
/// Identifies one camera or share with all its encodings (chime-meetings B.4).
pub type GroupId = u32;

/// Upper bound of every list inside a command.
const LIST_MAX: usize = 512;

/// What an attendee may send and receive; both of its sessions alike (chime-meetings D.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub struct Gates {
    pub audio_send: bool,
    pub audio_receive: bool,
    pub video_send: bool,
    pub video_receive: bool,
    pub content_send: bool,
    pub content_receive: bool,
}

impl Gates {
    /// Everything is permitted.
    pub const OPEN: Gates = Gates {
        audio_send: true,
        audio_receive: true,
        video_send: true,
        video_receive: true,
        content_send: true,
        content_receive: true,
    };
}

/// A payload type of the client's offer. `apt` is what an rtx or red payload carries.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Payload {
    pub pt: u8,
    pub codec: String,
    pub clock: u32,
    #[serde(default)]
    pub channels: u8,
    #[serde(default)]
    pub apt: Option<u8>,
    #[serde(default)]
    pub fmtp: String,
}

/// The audio section: the microphone up, the mix down.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Audio {
    pub mid: String,
    #[serde(default)]
    pub remote_ssrc: Option<u32>,
    pub ssrc: u32,
    pub opus_pt: u8,
    #[serde(default)]
    pub red_pt: Option<u8>,
    pub stereo: bool,
    /// bit/s that the client wants at most.
    pub max_bitrate: u32,
    pub sends: bool,
}

/// One encoding of a camera, named by its rid (simulcast) or by its ssrc.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Encoding {
    pub stream: StreamId,
    #[serde(default)]
    pub rid: Option<String>,
    #[serde(default)]
    pub ssrc: Option<u32>,
    #[serde(default)]
    pub rtx_ssrc: Option<u32>,
    pub max_kbps: u32,
    pub active: bool,
}

/// The section that sends the camera or, in a content session, the share.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Camera {
    pub mid: String,
    pub group: GroupId,
    pub encodings: Vec<Encoding>,
    pub content: bool,
}

/// A section in which the client receives one video. Stream 0: nothing; group 0: unknown.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Tile {
    pub mid: String,
    pub ssrc: u32,
    pub rtx_ssrc: u32,
    pub stream: StreamId,
    pub group: GroupId,
}

/// What a tile shall show. Stream 0: the engine picks a layer of the group (chime-meetings B.7).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Subscription {
    pub mid: String,
    pub stream: StreamId,
    pub group: GroupId,
    pub priority: u32,
    pub target_kbps: u32,
    pub preference: u8,
}

/// A session's half of `open_session`.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct OpenSession {
    pub meeting: MeetingId,
    pub session: SessionId,
    pub attendee: AttendeeId,
    pub content: bool,
    pub local_ufrag: String,
    pub local_pwd: String,
    pub remote_ufrag: String,
    pub remote_pwd: String,
    /// sha-256 of the client's certificate, "AB:CD:…".
    pub fingerprint: String,
    pub gates: Gates,
    pub muted: bool,
}

impl fmt::Debug for OpenSession {
    /// Leaves the passwords out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenSession")
            .field("meeting", &self.meeting)
            .field("session", &self.session)
            .field("attendee", &self.attendee)
            .finish_non_exhaustive()
    }
}

/// All of what an answer has agreed on; replaces what the one before had.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Configure {
    pub session: SessionId,
    pub payloads: Vec<Payload>,
    pub extensions: Vec<(u8, String)>,
    #[serde(default)]
    pub audio: Option<Audio>,
    #[serde(default)]
    pub camera: Option<Camera>,
    pub tiles: Vec<Tile>,
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Command {
    /// A limit is the largest width and height.
    CreateMeeting {
        meeting: MeetingId,
        #[serde(default)]
        video_limit: Option<(u32, u32)>,
        #[serde(default)]
        content_limit: Option<(u32, u32)>,
    },
    /// Its sessions close, and no event tells so.
    EndMeeting {
        meeting: MeetingId,
    },
    OpenSession(OpenSession),
    Configure(Configure),
    CloseSession {
        session: SessionId,
    },
    SetGates {
        meeting: MeetingId,
        attendee: AttendeeId,
        gates: Gates,
    },
    SetMuted {
        session: SessionId,
        muted: bool,
    },
    /// Replaces the wishes for the mids named; the others stay.
    Subscribe {
        session: SessionId,
        subscriptions: Vec<Subscription>,
    },
    Unsubscribe {
        session: SessionId,
        mids: Vec<String>,
    },
    /// The client wants no packets of these for now; any stream of a group names the group.
    Pause {
        session: SessionId,
        streams: Vec<StreamId>,
    },
    Resume {
        session: SessionId,
        streams: Vec<StreamId>,
    },
    Transcribe {
        meeting: MeetingId,
        on: bool,
    },
}

/// Whose thread a command belongs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    Meeting(MeetingId),
    Session(SessionId),
}

impl Command {
    /// Whose thread this belongs on.
    pub fn address(&self) -> Address {
        match self {
            Command::CreateMeeting { meeting, .. }
            | Command::EndMeeting { meeting }
            | Command::SetGates { meeting, .. }
            | Command::Transcribe { meeting, .. }
            | Command::OpenSession(OpenSession { meeting, .. }) => Address::Meeting(*meeting),
            Command::Configure(Configure { session, .. })
            | Command::CloseSession { session }
            | Command::SetMuted { session, .. }
            | Command::Subscribe { session, .. }
            | Command::Unsubscribe { session, .. }
            | Command::Pause { session, .. }
            | Command::Resume { session, .. } => Address::Session(*session),
        }
    }

    fn check(&self) -> Result<(), CommandError> {
        let lengths = match self {
            Command::Configure(c) => {
                let rids = c.camera.as_ref().map_or(0, |camera| camera.encodings.len());
                [c.payloads.len(), c.extensions.len(), c.tiles.len(), rids]
            }
            Command::Subscribe { subscriptions, .. } => [subscriptions.len(), 0, 0, 0],
            Command::Unsubscribe { mids, .. } => [mids.len(), 0, 0, 0],
            Command::Pause { streams, .. } | Command::Resume { streams, .. } => {
                [streams.len(), 0, 0, 0]
            }
            _ => [0; 4],
        };
        if lengths.iter().any(|length| *length > LIST_MAX) {
            return Err(CommandError("a list is too long".into()));
        }
        Ok(())
    }
}

/// A list of commands that is no such list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError(String);

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed commands: {}", self.0)
    }
}

impl std::error::Error for CommandError {}

/// Reads a msgpack list of commands.
pub fn decode(data: &[u8]) -> Result<Vec<Command>, CommandError> {
    let mut bytes = rmp_serde::Deserializer::new(Cursor::new(data));
    let commands =
        Vec::<Command>::deserialize(&mut bytes).map_err(|error| CommandError(error.to_string()))?;
    if bytes.position() != data.len() as u64 {
        return Err(CommandError("something follows the list".into()));
    }
    commands.iter().try_for_each(Command::check)?;
    Ok(commands)
}
