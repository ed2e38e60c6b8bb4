//! `hubbub-attendee join` against a meeting of one.

mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use hubbub_attendee::files::{ivf, wav};
use hubbub_attendee::signal::frames::sdk_signal_frame::Type;
use hubbub_attendee::video;
use serde_json::Value;
use server::{Script, Seen, Server};
use str0m::format::Codec;

fn directory(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("attendee-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn join(server: &Server, more: &[&str]) -> (i32, Vec<Value>) {
    let url = server.url();
    let fixed = [
        "join",
        "--signaling-url",
        &url,
        "--join-token",
        "secret",
        "--attendee-id",
        "me",
    ];
    let Output { status, stdout, .. } = Command::new(env!("CARGO_BIN_EXE_hubbub-attendee"))
        .args(fixed)
        .args(more)
        .output()
        .unwrap();
    let events = String::from_utf8(stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (status.code().unwrap(), events)
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|e| e["event"] == name).collect()
}

fn movie(directory: &Path) -> PathBuf {
    let path = directory.join("camera.ivf");
    let mut recorder = ivf::Recorder::create(&path, Codec::Vp8).unwrap();
    for n in 0..50u64 {
        let frame = video::vp8_frame(n == 0, 320, 180, 1500);
        recorder
            .write(Duration::from_millis(40 * n), &frame)
            .unwrap();
    }
    recorder.finish().unwrap();
    path
}

#[test]
fn it_speaks_shows_records_and_leaves() {
    let server = Server::start(Script {
        compressed: true,
        publish: true,
        ..Default::default()
    });
    let directory = directory("whole");
    let camera = movie(&directory);
    let mix = directory.join("mix.wav");
    let (code, events) = join(
        &server,
        &[
            "--tone",
            "300",
            "--camera",
            camera.to_str().unwrap(),
            "--record",
            mix.to_str().unwrap(),
            "--record-tiles",
            directory.to_str().unwrap(),
            "--say",
            "chat=hello",
            "--duration",
            "2.5",
        ],
    );
    assert_eq!(code, 0, "{events:#?}");
    assert_eq!(named(&events, "joined")[0]["compressed"], true);
    assert_eq!(named(&events, "data")[0]["text"], "hello");
    assert_eq!(named(&events, "present")[0]["external_user_id"], "Me");
    let first = named(&events, "first_frame")[0];
    assert_eq!(
        (&first["width"], &first["attendee"]),
        (&640.into(), &"somebody".into())
    );

    let seen: Vec<Seen> = server.seen.try_iter().collect();
    assert!(seen.contains(&Seen::Token("secret".to_owned())));
    let audio = seen
        .iter()
        .filter(|s| **s == Seen::Audio(Some(-12)))
        .count();
    assert!(
        (60..=150).contains(&audio),
        "{audio} packets of a tone at -12 dBov"
    );
    let video = seen
        .iter()
        .filter(|s| matches!(s, Seen::Video { .. }))
        .count();
    assert!((25..=80).contains(&video), "{video} frames");
    let kinds: Vec<Type> = seen
        .iter()
        .filter_map(|s| match s {
            Seen::Frame(frame) => Some(frame.r#type()),
            _ => None,
        })
        .collect();
    assert_eq!(kinds[..3], [Type::PingPong, Type::Join, Type::Subscribe]);
    assert_eq!(kinds.last(), Some(&Type::Leave));

    let heard = wav::Recording::open(&mix).unwrap();
    let crossings = heard
        .samples
        .windows(2)
        .filter(|w| w[0] < 0 && w[1] >= 0)
        .count();
    let hertz = crossings as f64 * 48_000.0 / heard.samples.len() as f64;
    assert!(
        (415.0..=465.0).contains(&hertz),
        "{hertz} Hz in {} samples",
        heard.samples.len()
    );
    let tile = ivf::Movie::open(&directory.join("somebody-7.ivf")).unwrap();
    assert!(tile.frames.len() > 20, "{}", tile.frames.len());
    assert_eq!((tile.width, tile.height), (640, 360));
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_key_frame_is_shown_again_when_wanted() {
    let server = Server::start(Script::default());
    let directory = directory("keys");
    let camera = movie(&directory);
    let (code, events) = join(
        &server,
        &[
            "--camera",
            camera.to_str().unwrap(),
            "--duration",
            "1.5",
            "--plain-sdp",
        ],
    );
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(code, 0, "{events:#?}");
    // The movie has one key frame in two seconds; the server asks at every other frame.
    assert!(!named(&events, "key_frame_wanted").is_empty());
    let keys = server
        .seen
        .try_iter()
        .filter(|s| *s == Seen::Video { key: true })
        .count();
    assert!((2..=6).contains(&keys), "{keys}");
}

#[test]
fn a_refused_token_is_told_from_a_meeting_that_ends() {
    let server = Server::start(Script {
        refuse: Some(4403),
        ..Default::default()
    });
    let (code, events) = join(&server, &[]);
    assert_eq!(code, 3, "{events:#?}");
    assert_eq!(named(&events, "closed")[0]["code"], 4403);

    let server = Server::start(Script {
        end_after: Some(Duration::from_millis(300)),
        ..Default::default()
    });
    let (code, events) = join(&server, &["--reconnect"]);
    assert_eq!(code, 5, "{events:#?}");
    assert_eq!(named(&events, "status")[0]["status"], 410);
}

#[test]
fn it_comes_back_when_the_socket_is_cut() {
    let server = Server::start(Script {
        cut_after: Some(Duration::from_millis(300)),
        ..Default::default()
    });
    let (code, events) = join(&server, &["--reconnect", "--duration", "1.5"]);
    assert_eq!(code, 0, "{events:#?}");
    assert_eq!(named(&events, "connected").len(), 2);
    assert_eq!(named(&events, "reconnecting").len(), 1);
    let sessions: Vec<u64> = server
        .seen
        .try_iter()
        .filter_map(|s| match s {
            Seen::Frame(frame) => Some(frame.join?.audio_session_id()),
            _ => None,
        })
        .collect();
    assert_eq!(sessions.len(), 2);
    assert_eq!(
        sessions[0], sessions[1],
        "one client object, one audio session id"
    );
}

#[test]
fn nobody_there_and_wrong_arguments_have_codes_of_their_own() {
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_hubbub-attendee"))
            .args(arguments)
            .output()
            .unwrap()
            .status
            .code()
    };
    assert_eq!(run(&["join"]), Some(2));
    let nobody = [
        "join",
        "--signaling-url",
        "ws://127.0.0.1:9/x",
        "--join-token",
        "t",
    ];
    assert_eq!(run(&nobody), Some(4));
    let missing = [&nobody[..], &["--camera", "/nonexistent.ivf"]].concat();
    assert_eq!(run(&missing), Some(7));
}
