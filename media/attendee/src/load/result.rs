//! What was measured, as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, World};
use super::options::{Kind as Server, Load};
use super::role::Speech;
use super::streams::Kind;

/// Bursts come a second apart: one heard later than that belongs to another.
const PERIOD: Duration = Duration::from_secs(1);
const LATE: f64 = 5.0;
const BUSY: f64 = 0.95;

/// What the event loop knows of itself.
#[derive(Debug, Default)]
pub struct Generator {
    /// Of this process.
    pub cpu: Duration,
    /// Milliseconds.
    pub late: Vec<f64>,
    /// Datagrams that the kernel did not take.
    pub refused: u64,
}

/// Everything that goes into the result beside clients.
#[derive(Debug, Default)]
pub struct Run {
    /// Clients that could not join or were lost.
    pub failures: BTreeMap<String, usize>,
    /// From the first start to the last connection.
    pub joining: Duration,
    /// How long it counted.
    pub measured: Duration,
    /// Packets and bytes sent.
    pub sent: (u64, u64),
    /// NACKed packets, requests for key frames.
    pub asked: (u64, u64),
    /// Of the process.
    pub generator: Generator,
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Percentiles of values, in the order they have.
pub fn percentiles(values: &mut [f64], wanted: &[(&str, f64)]) -> Value {
    values.sort_unstable_by(f64::total_cmp);
    let mut out = json!({"samples": values.len()});
    for (name, part) in wanted {
        let last = values.len().saturating_sub(1);
        let at = ((last as f64) * part).ceil() as usize;
        out[*name] = values.get(at).map_or(Value::Null, |v| json!(round(*v)));
    }
    out
}

const LATENCY: [(&str, f64); 4] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)];
const JITTER: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("max", 1.0)];

#[derive(Default)]
struct Sum {
    streams: u64,
    expected: u64,
    received: u64,
    bytes: u64,
    lost: u64,
}

/// Sums up.
pub fn result(options: &Load, clients: &[Option<Client>], world: &World, run: &mut Run) -> Value {
    let mut sums = BTreeMap::<&str, Sum>::new();
    let (mut audio, mut video, mut jitter) = (Vec::new(), Vec::new(), Vec::new());
    let (mut decrypted, mut damaged, mut keys, mut sampled) = (0, 0, 0, 0);
    let (mut heard, mut missed) = (0u64, 0u64);
    let mut wanted_audio = 0u64;
    let mut connected = 0usize;
    for client in clients.iter().flatten() {
        connected += usize::from(client.connected());
        sampled += usize::from(client.role.sampled);
        wanted_audio += u64::from(client.role.speech != Speech::None);
        for stream in client.legs.iter().flatten().flat_map(|l| &l.streams) {
            let name = match stream.kind {
                Kind::Audio => "audio",
                Kind::Video => "video",
                Kind::Repair => "repair",
            };
            let count = stream.count();
            let sum = sums.entry(name).or_default();
            sum.streams += u64::from(count.received > 0);
            sum.expected += count.expected;
            sum.received += count.received;
            sum.bytes += count.bytes;
            sum.lost += count.expected.saturating_sub(count.received);
            let Some(sample) = &stream.sample else {
                continue;
            };
            decrypted += sample.decrypted;
            damaged += sample.damaged;
            keys += sample.key_frames;
            if count.received > 0 {
                jitter.push(sample.jitter);
            }
            match stream.kind {
                Kind::Audio => {
                    heard += count.received;
                    missed += count.expected.saturating_sub(count.received);
                    let sent = &world.bursts[client.role.meeting];
                    audio.extend(sample.onsets.iter().filter_map(|h| latency(sent, *h)));
                }
                _ => video.extend_from_slice(&sample.latencies),
            }
        }
    }
    if options.target == Server::Livekit {
        // It forwards every speaker to everybody else.
        let speakers = (options.speaking * options.meetings) as u64;
        wanted_audio = (connected * options.speaking) as u64;
        wanted_audio = wanted_audio.saturating_sub(speakers);
    }
    let seconds = run.measured.as_secs_f64().max(1e-3);
    let repairs = sums.get("repair").map_or(0, |s| s.received);
    let describe = |name: &str, wanted: u64, by_time: bool| {
        let none = Sum::default();
        let sum = sums.get(name).unwrap_or(&none);
        let expected = if by_time {
            (wanted as f64 * 50.0 * seconds) as u64
        } else {
            sum.expected
        };
        let loss = sum.lost as f64 / (sum.expected.max(1)) as f64;
        json!({"streams": sum.streams, "wanted_streams": wanted, "expected": expected,
               "received": sum.received, "lost": sum.lost, "loss": round(loss * 1000.0) / 1000.0,
               "packets_per_second": round(sum.received as f64 / seconds),
               "bits_per_second": (sum.bytes as f64 * 8.0 / seconds).round()})
    };
    let mut of_video = describe("video", wanted_video(options, connected), false);
    of_video["repairs"] = json!(repairs);
    let generator = &mut run.generator;
    let share = generator.cpu.as_secs_f64() / seconds;
    let late = percentiles(
        &mut generator.late,
        &[("p50", 0.5), ("p99", 0.99), ("max", 1.0)],
    );
    let overloaded = late["p99"].as_f64().is_some_and(|l| l > LATE) || share > BUSY;
    json!({
        "target": format!("{:?}", options.target).to_lowercase(),
        "meetings": options.meetings,
        "attendees": options.attendees,
        "connected": connected,
        "failures": run.failures,
        "join_seconds": round(run.joining.as_secs_f64()),
        "measured_seconds": round(seconds),
        "audio": describe("audio", wanted_audio, true),
        "video": of_video,
        "sent": {"packets": run.sent.0,
                 "packets_per_second": round(run.sent.0 as f64 / seconds),
                 "bits_per_second": (run.sent.1 as f64 * 8.0 / seconds).round(),
                 "key_frames_asked": run.asked.1, "nacked": run.asked.0},
        "audio_latency_ms": percentiles(&mut audio, &LATENCY),
        "video_latency_ms": percentiles(&mut video, &LATENCY),
        "sampled": {"attendees": sampled, "decrypted": decrypted, "damaged": damaged,
                    "key_frames": keys, "jitter_ms": percentiles(&mut jitter, &JITTER),
                    "concealment": round(missed as f64 / ((heard + missed).max(1)) as f64)},
        "generator": {"cpu_seconds": round(generator.cpu.as_secs_f64()),
                      "cpu_share": round(share), "late_ms": late,
                      "refused": generator.refused, "overloaded": overloaded},
    })
}

/// Streams of video that should come: every attendee watches the cameras of the others.
fn wanted_video(options: &Load, connected: usize) -> u64 {
    let cameras = options.cameras.min(options.attendees);
    let connected = connected as u64;
    if options.one_sender {
        let others = connected.saturating_sub(cameras as u64);
        let own = cameras.saturating_sub(1).min(options.tiles) * cameras;
        return others * cameras.min(options.tiles) as u64 + own as u64;
    }
    let showing = (cameras * options.meetings) as u64;
    let showing = showing.min(connected);
    showing * cameras.saturating_sub(1).min(options.tiles) as u64
        + (connected - showing) * cameras.min(options.tiles) as u64
}

/// From the last burst that was sent before to `heard`, ms.
fn latency(sent: &[Duration], heard: Duration) -> Option<f64> {
    let before = sent.partition_point(|s| *s <= heard);
    let elapsed = heard - *sent.get(before.checked_sub(1)?)?;
    (elapsed < PERIOD).then_some(elapsed.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_values_themselves() {
        let mut values: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        let got = percentiles(&mut values, &LATENCY);
        assert_eq!(
            got,
            json!({"samples": 100, "p50": 51.0, "p95": 96.0, "p99": 100.0, "max": 100.0})
        );
        assert_eq!(percentiles(&mut [], &JITTER)["p50"], Value::Null);
    }

    #[test]
    fn a_burst_belongs_to_the_one_sent_last() {
        let sent = [1.0, 2.0, 3.0].map(Duration::from_secs_f64);
        let at = |s| latency(&sent, Duration::from_secs_f64(s));
        assert_eq!(at(0.5), None);
        assert_eq!(at(2.03).map(f64::round), Some(30.0));
        assert_eq!(at(9.0), None);
    }
}
