//! LiveKit, as far as its signalling goes.

use super::messages::{Ended, Join, Published, Trickle};
use super::*;

#[test]
fn tokens_are_signed_as_rfc_4231_signs() {
    let mac = sha256_hmac(b"Jefe", b"what do ya want for nothing?");
    assert_eq!(mac[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    let mac = sha256_hmac(
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
    );
    assert_eq!(mac[..4], [0x60, 0xe4, 0x31, 0x59]);
}

fn livekit() -> impl FnMut(&tungstenite::Message) -> Vec<tungstenite::Message> {
    use tungstenite::Message as Frame;
    let send = |response: Response| Frame::Binary(response.encode_to_vec().into());
    move |message| {
        let data = match message {
            Frame::Ping(_) => {
                let join = Some(Join {
                    subscriber_primary: true,
                });
                return vec![send(Response {
                    join,
                    ..Default::default()
                })];
            }
            Frame::Binary(data) => data,
            _ => return Vec::new(),
        };
        let request = Request::decode(&data[..]).unwrap();
        if let Some(track) = request.add_track {
            assert_eq!(
                (track.cid.as_str(), track.kind, track.source),
                ("load7a", 0, 2)
            );
            let published = Some(Published { cid: track.cid });
            return vec![send(Response {
                published,
                ..Default::default()
            })];
        }
        if let Some(offer) = request.offer {
            assert_eq!((offer.kind.as_str(), offer.sdp.as_str()), ("offer", "ours"));
            let description = |kind: &str, sdp: &str| {
                Some(SessionDescription {
                    kind: kind.to_owned(),
                    sdp: sdp.to_owned(),
                })
            };
            let candidate = json!({"candidate":
                "candidate:1 1 udp 1 10.0.0.9 50000 typ host"});
            let trickle = Some(Trickle {
                candidate: candidate.to_string(),
                target: 0,
            });
            let offer = description("offer", "theirs");
            return vec![
                send(Response {
                    answer: description("answer", "yes"),
                    ..Default::default()
                }),
                send(Response {
                    trickle,
                    ..Default::default()
                }),
                send(Response {
                    offer,
                    ..Default::default()
                }),
            ];
        }
        if let Some(answer) = request.answer {
            assert_eq!(answer.sdp, "mine");
            let leave = Some(Ended { reason: 3 });
            return vec![send(Response {
                leave,
                ..Default::default()
            })];
        }
        Vec::new()
    }
}

#[test]
fn it_publishes_on_one_link_and_subscribes_on_the_other() {
    use crate::load::targets::scripted::{role, serve};
    let target = LiveKit {
        url: serve(livekit),
        key: "key".to_owned(),
        secret: "secret".to_owned(),
        tls: crate::tls::client(crate::tls::Trust::Anybody).unwrap(),
    };
    let role = role(Speech::Voice(0), 0, 0);
    let mut client = target.open(&role, "load7", Instant::now()).unwrap();
    let mut said = Vec::new();
    let end = Instant::now() + Duration::from_secs(10);
    let gone = loop {
        assert!(Instant::now() < end, "{said:?}");
        let before = said.len();
        if let Err(e) = client.read(Instant::now(), &mut said) {
            break e;
        }
        for said in &said[before..] {
            match said {
                Said::Offer { link, .. } => client.described(*link, "ours".to_owned()).unwrap(),
                Said::Offered { link, .. } => {
                    client.described(*link, "mine".to_owned()).unwrap();
                }
                _ => {}
            }
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    assert_eq!(gone.to_string(), "told to leave: 3");
    let address = "10.0.0.9:50000".parse().unwrap();
    assert_eq!(
        said,
        [
            Said::Offer {
                link: 0,
                camera: false,
                tiles: 0
            },
            Said::Answer {
                link: 0,
                text: "yes".to_owned()
            },
            Said::Candidate { link: 0, address },
            Said::Offered {
                link: 1,
                text: "theirs".to_owned()
            },
        ]
    );
}
