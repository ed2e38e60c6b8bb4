//! Janus, as far as its signalling goes.

use tungstenite::Message;

use super::*;
use crate::load::targets::scripted::{next, role, serve};
use crate::tls::{Trust, client};

/// Janus' side: every session has id 1, every handle one more than the one before.
fn janus(video: bool) -> impl FnMut(&Message) -> Vec<Message> {
    let mut handles = 10;
    move |message| {
        let Message::Text(text) = message else {
            return Vec::new();
        };
        let asked: Value = serde_json::from_str(text).unwrap();
        let transaction = &asked["transaction"];
        let sender = &asked["handle_id"];
        let kind = if video { "videoroom" } else { "audiobridge" };
        let event = |data: Value, jsep: Value| {
            json!({"janus": "event", "sender": sender, "transaction": transaction,
                   "plugindata": {"data": data}, "jsep": jsep})
        };
        let body = &asked["body"];
        let request = body["request"].as_str().unwrap_or_default();
        let answer = match (asked["janus"].as_str().unwrap(), request) {
            ("create", _) => json!({"janus": "success", "transaction": transaction,
                "data": {"id": 1}}),
            ("attach", _) => {
                handles += 1;
                json!({"janus": "success", "transaction": transaction,
                       "data": {"id": handles}})
            }
            ("message", "create") => event(json!({kind: "created"}), Value::Null),
            ("message", "join") if body["ptype"] == "subscriber" => {
                assert_eq!(body["streams"], json!([{"feed": 77}]));
                event(
                    json!({kind: "attached"}),
                    json!({"type": "offer", "sdp": "theirs"}),
                )
            }
            ("message", "join") => event(
                json!({kind: "joined", "id": 5, "publishers": [{"id": 77}]}),
                Value::Null,
            ),
            ("message", "start") => {
                assert_eq!(asked["jsep"], json!({"type": "answer", "sdp": "ours"}));
                // A second camera goes on.
                json!({"janus": "event", "sender": 11, "plugindata": {"data":
                       {kind: "event", "publishers": [{"id": 78}]}}})
            }
            ("message", "subscribe") => {
                assert_eq!(body["streams"], json!([{"feed": 78}]));
                event(
                    json!({kind: "updated"}),
                    json!({"type": "offer", "sdp": "more"}),
                )
            }
            ("message", "configure" | "publish") => {
                assert_eq!(asked["jsep"]["sdp"], "ours");
                event(
                    json!({kind: "event"}),
                    json!({"type": "answer", "sdp": "theirs"}),
                )
            }
            other => panic!("{other:?}"),
        };
        let ack = json!({"janus": "ack", "transaction": transaction});
        [ack, answer]
            .map(|m| Message::Text(m.to_string().into()))
            .to_vec()
    }
}

fn open(video: bool) -> Janus {
    let url = serve(move || janus(video));
    Janus::create(&url, video, 2, 4, client(Trust::Anybody).unwrap()).unwrap()
}

#[test]
fn the_audio_bridge_answers_our_offer() {
    let mut client = open(false)
        .open(&role(Speech::Silence, 0, 0), "load0", Instant::now())
        .unwrap();
    let offer = next(client.as_mut());
    assert!(matches!(
        offer,
        Said::Offer {
            link: 0,
            camera: false,
            ..
        }
    ));
    client.described(0, "ours".to_owned()).unwrap();
    let text = "theirs".to_owned();
    assert_eq!(next(client.as_mut()), Said::Answer { link: 0, text });
}

#[test]
fn the_video_room_offers_its_cameras_as_they_come() {
    let mut client = open(true)
        .open(&role(Speech::None, 0, 2), "load0", Instant::now())
        .unwrap();
    let text = "theirs".to_owned();
    assert_eq!(next(client.as_mut()), Said::Offered { link: 1, text });
    client.described(1, "ours".to_owned()).unwrap();
    let text = "more".to_owned();
    assert_eq!(next(client.as_mut()), Said::Offered { link: 1, text });
}
