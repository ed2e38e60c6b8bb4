//! `hubbub-attendee load` against meetings of one.

mod server;

use std::process::Command;

use serde_json::{Value, json};
use server::{Script, Seen, Server};

fn load(server: &Server, attendees: usize, more: &[&str]) -> (Option<i32>, Value) {
    let tickets: Vec<Value> = (0..attendees)
        .map(|n| json!({"AttendeeId": format!("a{n}"), "JoinToken": format!("t{n}")}))
        .collect();
    let place = json!({"SignalingUrl": server.url(), "AudioHostUrl": "127.0.0.1:1"});
    let meetings = json!([{"Meeting": {"MediaPlacement": place}, "Attendees": tickets}]);
    let port = server.address.port();
    let path = std::env::temp_dir().join(format!("tickets-{}-{port}.json", std::process::id()));
    std::fs::write(&path, meetings.to_string()).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hubbub-attendee"))
        .args(["load", "--tickets", path.to_str().unwrap()])
        .args([
            "--attendees",
            &attendees.to_string(),
            "--warmup",
            "0.5",
            "--duration",
            "2",
        ])
        .args(more)
        .output()
        .unwrap();
    std::fs::remove_file(&path).unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(&text).unwrap_or_else(|e| {
        panic!("{e}: {text} {}", String::from_utf8_lossy(&output.stderr));
    });
    (output.status.code(), value)
}

#[test]
fn packets_are_sent_counted_and_looked_at() {
    let server = Server::start(Script {
        publish: true,
        compressed: true,
        ..Default::default()
    });
    let more = [
        "--speaking",
        "2",
        "--cameras",
        "1",
        "--layers",
        "300@320x180/25",
        "--tiles",
        "1",
        "--sample",
        "2",
    ];
    let (code, result) = load(&server, 4, &more);
    assert_eq!(code, Some(0), "{result:#}");
    assert_eq!(result["connected"], 4, "{result:#}");
    assert_eq!(result["failures"], json!({}));
    let audio = &result["audio"];
    assert_eq!(
        (&audio["streams"], &audio["lost"]),
        (&json!(4), &json!(0)),
        "{result:#}"
    );
    let rate = audio["packets_per_second"].as_f64().unwrap();
    assert!((120.0..230.0).contains(&rate), "{rate}");
    let video = &result["video"];
    assert_eq!(
        (&video["streams"], &video["lost"]),
        (&json!(4), &json!(0)),
        "{result:#}"
    );
    let sampled = &result["sampled"];
    assert_eq!(
        (&sampled["attendees"], &sampled["damaged"]),
        (&json!(2), &json!(0))
    );
    assert!(sampled["decrypted"].as_u64().unwrap() > 150, "{result:#}");

    let seen: Vec<Seen> = server.seen.try_iter().collect();
    let silent = seen
        .iter()
        .filter(|s| **s == Seen::Audio(Some(-127)))
        .count();
    let spoken = seen
        .iter()
        .filter(|s| matches!(s, Seen::Audio(Some(-100..=-1))))
        .count();
    assert!(
        silent > 100 && spoken > 100,
        "{silent} silent, {spoken} spoken"
    );
    let keys = seen
        .iter()
        .filter(|s| **s == Seen::Video { key: true })
        .count();
    let all = seen
        .iter()
        .filter(|s| matches!(s, Seen::Video { .. }))
        .count();
    assert!(
        all > 25 && keys > 1,
        "{keys} of {all} frames are key frames"
    );
}

#[test]
fn simulcast_sends_every_layer() {
    let server = Server::start(Script::default());
    let layers = "200@320x180/15,600@640x360/15,1200@1280x720/15";
    let more = ["--cameras", "1", "--layers", layers, "--no-audio"];
    let (code, result) = load(&server, 1, &more);
    assert_eq!(code, Some(0), "{result:#}");
    let packets = result["sent"]["packets_per_second"].as_f64().unwrap();
    // 15 frames a second of 2, 5 and 10 packets; every third or so is a key frame of thrice that.
    assert!((120.0..480.0).contains(&packets), "{packets}");
    let seen = server.seen.try_iter();
    let video = seen.filter(|s| matches!(s, Seen::Video { .. })).count();
    assert!(video > 40, "{video} frames of all layers");
}

#[test]
fn who_is_refused_is_counted() {
    let server = Server::start(Script {
        refuse: Some(4403),
        ..Default::default()
    });
    let (code, result) = load(&server, 3, &["--patience", "1"]);
    assert_eq!(code, Some(1));
    assert_eq!(result["failures"], json!({"closed with Some(4403)": 3}));
}
