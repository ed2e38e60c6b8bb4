//! The command line of `load`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::picture::Layer;

/// Puts many attendees on a server, counts what comes, prints one JSON object.
///
/// Meetings and attendees are numbered; in every meeting the first --speaking attendees speak and
/// the first --cameras show. All join at --join-rate, then nothing counts for --warmup seconds, then
/// everything does for --duration seconds. Examples:
///
///   load --tickets t.json --meetings 4 --attendees 250 --speaking 3 --probe
///   load --tickets t.json --meetings 1 --attendees 250 --cameras 1 --layers 1200 --tiles 1 --no-audio
///   load --tickets t.json --meetings 4 --attendees 25 --cameras 25 --tiles 25 --no-audio \
///        --layers 200@320x180,1200@1280x720
///
/// The result (durations in seconds unless named otherwise; ratios from 0 to 1):
///
///   target, meetings, attendees    as asked
///   connected                      clients with a media connection at the end
///   failures                       {reason: count} of clients that could not join or were lost
///   join_seconds                   from the first client's start to the last one's connection
///   measured_seconds               how long it counted
///   audio, video                   of what was received: streams, wanted_streams, expected
///                                  (packets, by time for audio: 50 a second and wanted stream; by
///                                  sequence numbers for video), received, lost (by sequence
///                                  numbers), loss (lost / sent), packets_per_second,
///                                  bits_per_second (UDP payload), repairs (rtx packets)
///   sent                           packets, bits_per_second (RTP payload), key_frames_asked, nacked
///   audio_latency_ms               with --probe: onset of a burst, spoken -> heard in the mix, at
///                                  the sampled attendees: samples, p50, p95, p99, max. Holds
///                                  jitter buffers, mixing and the server's encoder, no sender's
///   video_latency_ms               packet sent -> packet received, likewise
///   sampled                        attendees, packets decrypted, damaged, key_frames,
///                                  jitter_ms {p50, p95, max} (RFC 3550, kernel's arrival times),
///                                  concealment: part of the sampled audio that did not come
///   generator                      cpu_seconds and cpu_share of this process while it counted,
///                                  late_ms {p50, p99, max}: by how much media left too late,
///                                  refused: datagrams that its kernel did not take,
///                                  overloaded: late_ms.p99 > 5 or cpu_share > 0.95; the figures
///                                  then say more of the generator than of the server
///
/// Sampled attendees decrypt, decode and check every packet. The others count packets by the clear
/// part of the RTP header and drop them; they answer STUN, decrypt RTCP and send receiver reports
/// and transport-wide feedback, which cost the server what those of real clients do. Nobody sends
/// NACKs or keeps a jitter buffer: what is lost counts as lost.
///
/// Exit codes: 0 measured · 1 nobody connected · 2 wrong arguments · 7 a file or a port cannot be had.
#[derive(Args, Clone, Debug)]
#[command(verbatim_doc_comment)]
pub struct Load {
    /// The kind of server.
    #[arg(long, value_enum, default_value_t = Kind::Hubbub)]
    pub target: Kind,
    /// For hubbub: JSON list of {"Meeting": {...}, "Attendees": [{...}, ...]}, as answered by
    /// CreateMeeting and (Batch)CreateAttendee.
    #[arg(long, value_name = "FILE")]
    pub tickets: Option<PathBuf>,
    /// For other servers: the URL of their signalling WebSocket, e.g. ws://127.0.0.1:8188.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// For livekit: an API key.
    #[arg(long, value_name = "KEY", default_value = "devkey")]
    pub api_key: String,
    /// For livekit: the key's secret.
    #[arg(long, value_name = "SECRET", default_value = "secret")]
    pub api_secret: String,
    /// Certificates to trust for wss.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Trust any certificate.
    #[arg(long)]
    pub insecure_tls: bool,
    /// Address that clients bind.
    #[arg(long, value_name = "IP", default_value = "127.0.0.1")]
    pub local_ip: IpAddr,

    /// Meetings.
    #[arg(long, default_value_t = 1)]
    pub meetings: usize,
    /// Attendees of each.
    #[arg(long, default_value_t = 10)]
    pub attendees: usize,
    /// Of these, attendees that speak.
    #[arg(long, default_value_t = 0)]
    pub speaking: usize,
    /// Attendees that show a camera.
    #[arg(long, default_value_t = 0)]
    pub cameras: usize,
    /// Only the first meeting has senders; the others are its replicas.
    #[arg(long)]
    pub one_sender: bool,
    /// Encodings of each camera, lowest first: KBPS[@WIDTHxHEIGHT][/FPS].
    #[arg(long, value_delimiter = ',', default_value = "1200@1280x720/30")]
    pub layers: Vec<Layer>,
    /// Tiles that each attendee watches at most.
    #[arg(long, default_value_t = 0)]
    pub tiles: usize,
    /// Without any audio.
    #[arg(long)]
    pub no_audio: bool,
    /// Attendees that do not speak send nothing, instead of 50 packets of silence a second.
    #[arg(long)]
    pub quiet: bool,
    /// The first speaker of each meeting speaks the probe of latency.
    #[arg(long)]
    pub probe: bool,
    /// Without transport-wide feedback.
    #[arg(long)]
    pub no_feedback: bool,
    /// Attendees, of all, that look at every packet closely.
    #[arg(long, default_value_t = 8)]
    pub sample: usize,

    /// Attendees that join in a second.
    #[arg(long, default_value_t = 100.0)]
    pub join_rate: f64,
    /// Time for all to connect, after the last one's start.
    #[arg(long, default_value_t = 20.0)]
    pub patience: f64,
    /// Seconds that do not count.
    #[arg(long, default_value_t = 5.0)]
    pub warmup: f64,
    /// Seconds that count.
    #[arg(long, default_value_t = 20.0)]
    pub duration: f64,
    /// Stay on this processor.
    #[arg(long, value_name = "NUMBER")]
    pub cpu: Option<usize>,
}

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// By the signalling of the Chime SDK.
    Hubbub,
    /// By its WebSocket API: AudioBridge, or VideoRoom with --no-audio.
    Janus,
    /// By its protobuf signalling; it forwards audio, it does not mix.
    Livekit,
}

impl FromStr for Layer {
    type Err = String;

    fn from_str(text: &str) -> Result<Layer, String> {
        let number = |text: &str| text.parse().map_err(|_| format!("{text} is no number"));
        let (text, fps) = match text.split_once('/') {
            Some((text, fps)) => (text, number(fps)?),
            None => (text, 30),
        };
        let (kbps, size) = match text.split_once('@') {
            Some((kbps, size)) => (kbps, size),
            None => (text, "1280x720"),
        };
        let (width, height) = size.split_once('x').ok_or("a size is WIDTHxHEIGHT")?;
        Ok(Layer {
            kbps: number(kbps)?,
            width: number(width)? as u16,
            height: number(height)? as u16,
            fps: fps.clamp(1, 120),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_read() {
        let layer = |kbps, width, height, fps| {
            Ok(Layer {
                kbps,
                width,
                height,
                fps,
            })
        };
        assert_eq!("1200".parse(), layer(1200, 1280, 720, 30));
        assert_eq!("200@320x180/15".parse(), layer(200, 320, 180, 15));
        assert!("x".parse::<Layer>().is_err());
        assert!("200@320".parse::<Layer>().is_err());
    }
}
