//! The command line of `join`.

use std::io::{self, Error, ErrorKind};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};
use serde_json::Value;

/// Joins a meeting, prints what happens as JSON lines, leaves.
///
/// Every line on standard output is an object with `event`, `at` (seconds since the start) and what
/// belongs to the event:
///
///   joined        attendee, video_subscription_limit, compressed, content
///   index         sources, participants, at_capacity, codecs
///   subscribed    sections, bytes (of the answer), content
///   connected     ms (since the socket was opened), content
///   present, muted, unmuted, left   attendee, external_user_id, dropped
///   volumes       volumes: {attendee: dBFS}; only while anybody is audible
///   data          topic, text, attendee, external_user_id, ingest_time_ns, throttled
///   first_audio   ms (since the socket was opened)
///   audio         once a second: packets, concealed_ms, level (dBFS), peak (dBFS)
///   tile          attendee, stream, group, mid;  tile_gone likewise
///   first_frame   attendee, stream, codec, width, height, ms (since the tile was asked for)
///   video         once a second and tile: attendee, stream, frames, key_frames, lost, kbps,
///                 width, height
///   key_frame_wanted  rid, content
///   bitrates, paused, resumed, notification, status, error, closed
///   done          reason, exit_code
///
/// Exit codes: 0 left as asked · 2 wrong arguments · 3 not admitted · 4 connection lost ·
/// 5 the server ended it (meeting ended, removed, joined from elsewhere) · 6 no media connection ·
/// 7 a file cannot be read or written.
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub struct Join {
    /// File with the answer of CreateMeeting, whole or its `Meeting`.
    #[arg(long, value_name = "FILE", required_unless_present = "signaling_url")]
    pub meeting: Option<PathBuf>,
    /// File with the answer of CreateAttendee, whole or its `Attendee`.
    #[arg(long, value_name = "FILE", required_unless_present = "join_token")]
    pub attendee: Option<PathBuf>,
    /// MediaPlacement.SignalingUrl, instead of --meeting.
    #[arg(long, value_name = "URL", conflicts_with = "meeting")]
    pub signaling_url: Option<String>,
    /// JoinToken, instead of --attendee.
    #[arg(long, value_name = "TOKEN", conflicts_with = "attendee")]
    pub join_token: Option<String>,
    /// AttendeeId, with --join-token.
    #[arg(long, value_name = "ID", default_value = "")]
    pub attendee_id: String,
    /// MediaPlacement.AudioHostUrl, with --signaling-url.
    #[arg(long, value_name = "HOST:PORT", default_value = "hubbub")]
    pub audio_host: String,

    /// Certificates to trust for wss, instead of the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Trust any certificate.
    #[arg(long)]
    pub insecure_tls: bool,
    /// Address for media; else the one that reaches the signalling server.
    #[arg(long, value_name = "IP")]
    pub local_ip: Option<IpAddr>,

    /// Play this .wav or Ogg Opus file as the microphone, over and over.
    #[arg(long, value_name = "FILE", group = "microphone_source")]
    pub microphone: Option<PathBuf>,
    /// Play a sine.
    #[arg(long, value_name = "HERTZ", group = "microphone_source")]
    pub tone: Option<f64>,
    /// Send silence, as without a microphone; the default.
    #[arg(long, group = "microphone_source")]
    pub silence: bool,
    /// Start muted.
    #[arg(long)]
    pub muted: bool,
    /// Ask for a stereo mix.
    #[arg(long)]
    pub stereo: bool,
    /// Do not offer RED.
    #[arg(long)]
    pub no_red: bool,

    /// Show this IVF file (VP8, VP9, AV1) as the camera, over and over. Several, lowest first,
    /// separated by commas, are the layers of simulcast.
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    pub camera: Vec<PathBuf>,
    /// Bit rate declared for each --camera layer, kbit/s.
    #[arg(long, value_name = "KBPS", value_delimiter = ',')]
    pub camera_kbps: Vec<u32>,
    /// Share this IVF file as content, in a session of its own.
    #[arg(long, value_name = "FILE")]
    pub content: Option<PathBuf>,
    /// Sound of the content share: .wav or Ogg Opus.
    #[arg(long, value_name = "FILE", requires = "content")]
    pub content_audio: Option<PathBuf>,

    /// Record the mix: .wav (decoded) or .opus.
    #[arg(long, value_name = "FILE")]
    pub record: Option<PathBuf>,
    /// Record every tile to an IVF file in this directory: <attendee id>-<stream id>.ivf.
    #[arg(long, value_name = "DIRECTORY")]
    pub record_tiles: Option<PathBuf>,
    /// Watch at most so many tiles.
    #[arg(long, value_name = "COUNT", default_value_t = 25)]
    pub tiles: usize,
    /// Who picks the layers.
    #[arg(long, value_enum, default_value_t = Adaptation::Client)]
    pub adaptation: Adaptation,
    /// Highest bit rate of a tile, kbit/s.
    #[arg(long, value_name = "KBPS", default_value_t = 10_000)]
    pub tile_kbps: u32,

    /// Send a data message after joining; may be given several times.
    #[arg(long, value_name = "TOPIC=TEXT")]
    pub say: Vec<Saying>,
    /// Lifetime of these messages.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub say_lifetime: u32,

    /// Take commands from standard input, one a line: mute, unmute, camera on|off,
    /// say TOPIC TEXT, pause STREAM, resume STREAM, leave.
    #[arg(long)]
    pub commands: bool,
    /// Leave after so many seconds, counted from the media connection.
    #[arg(long, value_name = "SECONDS")]
    pub duration: Option<f64>,
    /// Connect again when the connection is lost, for up to 120 s.
    #[arg(long)]
    pub reconnect: bool,
    /// Let SDP go uncompressed.
    #[arg(long)]
    pub plain_sdp: bool,
}

/// Who picks the layers of simulcast sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Adaptation {
    /// By stream id.
    Client,
    /// By group id and target bit rate.
    Server,
}

/// One `--say`.
#[derive(Clone, Debug)]
pub struct Saying {
    /// 1 to 36 of [a-zA-Z0-9_-].
    pub topic: String,
    /// Up to 2048 bytes.
    pub text: String,
}

impl FromStr for Saying {
    type Err = String;

    fn from_str(text: &str) -> Result<Saying, String> {
        let (topic, text) = text.split_once('=').ok_or("no = in it")?;
        Ok(Saying {
            topic: topic.to_owned(),
            text: text.to_owned(),
        })
    }
}

/// Where to join and as whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Without query.
    pub signaling_url: String,
    /// Empty: no audio.
    pub audio_host: String,
    /// May be empty if unknown.
    pub attendee_id: String,
    /// The secret.
    pub join_token: String,
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

fn read(path: &Path, member: &str) -> io::Result<Value> {
    let text = std::fs::read_to_string(path)
        .map_err(|e| Error::new(e.kind(), format!("{}: {e}", path.display())))?;
    let mut value: Value =
        serde_json::from_str(&text).map_err(|e| invalid(format!("{}: {e}", path.display())))?;
    Ok(match value.get_mut(member) {
        Some(inner) => inner.take(),
        None => value,
    })
}

fn text(value: &Value, path: &[&str]) -> Option<String> {
    let mut value = value;
    for name in path {
        value = value.get(name)?;
    }
    value.as_str().map(str::to_owned)
}

impl Join {
    /// What the files or the options say.
    pub fn place(&self) -> io::Result<Place> {
        let (signaling_url, audio_host) = match &self.meeting {
            Some(path) => {
                let meeting = read(path, "Meeting")?;
                let url = text(&meeting, &["MediaPlacement", "SignalingUrl"])
                    .ok_or_else(|| invalid("no SignalingUrl in the meeting".to_owned()))?;
                let host = text(&meeting, &["MediaPlacement", "AudioHostUrl"]);
                (url, host.unwrap_or_default())
            }
            None => (
                self.signaling_url.clone().unwrap_or_default(),
                self.audio_host.clone(),
            ),
        };
        let (attendee_id, join_token) = match &self.attendee {
            Some(path) => {
                let attendee = read(path, "Attendee")?;
                let token = text(&attendee, &["JoinToken"])
                    .ok_or_else(|| invalid("no JoinToken in the attendee".to_owned()))?;
                (text(&attendee, &["AttendeeId"]).unwrap_or_default(), token)
            }
            None => (
                self.attendee_id.clone(),
                self.join_token.clone().unwrap_or_default(),
            ),
        };
        Ok(Place {
            signaling_url,
            audio_host,
            attendee_id,
            join_token,
        })
    }
}
