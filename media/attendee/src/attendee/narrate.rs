//! Tells events of signalling that nothing follows from.

use serde_json::{Map, Value, json};

use super::report::Report;
use crate::signal::frames::SdkDataMessagePayload;
use crate::signal::roster::{Change, Present, Roster};
use crate::signal::session::Event;

/// Prints `event`.
pub fn narrate(report: &Report, roster: &Roster, event: Event) {
    match event {
        Event::Roster(changes) => {
            for change in changes {
                let (name, members) = presence(change);
                report.event(name, members);
            }
        }
        Event::Volumes(states) => {
            let volumes: Map<String, Value> = states
                .iter()
                .filter_map(|s| {
                    let present = roster.get(s.audio_stream_id())?;
                    let level = -(i64::from(s.volume?));
                    Some((present.attendee_id.clone(), json!(level)))
                })
                .collect();
            if !volumes.is_empty() {
                report.event("volumes", json!({"volumes": volumes}));
            }
        }
        Event::Data(message) => report.event("data", data(&message)),
        Event::Bitrates(bitrates) => {
            let streams: Map<String, Value> = bitrates
                .bitrates
                .iter()
                .map(|b| (b.source_stream_id().to_string(), json!(b.avg_bitrate_bps())))
                .collect();
            report.event(
                "bitrates",
                json!({"streams": streams,
                       "available_kbps": bitrates.server_available_outgoing_bitrate()}),
            );
        }
        Event::Paused(groups) => report.event("paused", json!({"groups": groups})),
        Event::Resumed(groups) => report.event("resumed", json!({"groups": groups})),
        Event::Notified(level, text) => {
            report.event("notification", json!({"level": level, "text": text}));
        }
        _ => {}
    }
}

fn presence(change: Change) -> (&'static str, Value) {
    let who = |id: u32, present: Present| {
        json!({"attendee": present.attendee_id, "external_user_id": present.external_user_id,
               "audio_stream": id})
    };
    match change {
        Change::Joined(id, present) => {
            let muted = present.muted;
            let mut members = who(id, present);
            members["muted"] = json!(muted);
            ("present", members)
        }
        Change::Muted(id, present) => (
            if present.muted { "muted" } else { "unmuted" },
            who(id, present),
        ),
        Change::Left(id, present, dropped) => {
            let mut members = who(id, present);
            members["dropped"] = json!(dropped);
            ("left", members)
        }
    }
}

fn data(message: &SdkDataMessagePayload) -> Value {
    json!({"topic": message.topic(), "text": String::from_utf8_lossy(message.data()),
           "attendee": message.sender_attendee_id(),
           "external_user_id": message.sender_external_user_id(),
           "ingest_time_ns": message.ingest_time_ns(),
           "throttled": message.ingest_time_ns() == 0})
}
