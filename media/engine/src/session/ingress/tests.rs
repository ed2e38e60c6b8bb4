use std::time::{Duration, Instant};

use hubbub_rtp::packet::{Extensions, Outgoing};
use hubbub_rtp::rtcp::{Heard, parse};
use hubbub_rtp::srtp::Context;
use str0m::crypto::dtls::{KeyingMaterial, SrtpProfile};

use super::*;
use crate::command::Payload;
use crate::session::egress::AudioStream;
use crate::session::payloads::Payloads;
use crate::session::{Audio, Camera, Encoding};

const IDS: Ids = Ids {
    common: Extensions {
        level: 1,
        transport: 3,
        mid: 4,
        rid: 10,
    },
    repaired: 11,
    orientation: 13,
    content_type: 0,
    delay: 0,
};

fn context(encrypt: bool) -> Context {
    let bytes: Vec<u8> = (0..56).collect();
    let material = KeyingMaterial::new(&bytes);
    Context::new(&material, SrtpProfile::AEAD_AES_128_GCM, true, encrypt).unwrap()
}

/// A client with a microphone in section 0 and a camera in section 1, and us.
struct Pair {
    client: Context,
    ingress: Ingress,
    audio: Audio,
    camera: Camera,
    payloads: Payloads,
    now: Instant,
    number: u16,
}

fn encoding(stream: StreamId, rid: Option<&str>) -> Encoding {
    Encoding {
        stream,
        rid: rid.map(str::to_owned),
        ssrc: None,
        rtx_ssrc: None,
    }
}

impl Pair {
    fn new(encodings: Vec<Encoding>) -> Pair {
        let payload = |pt, codec: &str, apt| Payload {
            pt,
            codec: codec.into(),
            clock: 0,
            channels: 0,
            apt,
            fmtp: String::new(),
        };
        let mut payloads = Payloads::empty();
        payloads.replace(&[
            payload(111, "opus", None),
            payload(96, "vp8", None),
            payload(97, "rtx", Some(96)),
        ]);
        let mut ingress = Ingress::new(context(false));
        ingress.reconfigured(IDS, true);
        Pair {
            client: context(true),
            ingress,
            audio: Audio {
                mid: "0".into(),
                remote_ssrc: None,
                stream: AudioStream::new(500, "0"),
                opus_pt: 111,
                red_pt: None,
                stereo: false,
                max_bitrate: 0,
            },
            camera: Camera {
                mid: "1".into(),
                encodings,
            },
            payloads,
            now: Instant::now(),
            number: 0,
        }
    }

    fn make(&mut self, head: Outgoing<'_>, payload: &[u8]) -> Vec<u8> {
        self.number += 1;
        let head = Outgoing {
            transport: Some(self.number),
            ..head
        };
        let (mut header, mut packet) = (Vec::new(), Vec::new());
        head.write(IDS.common, &mut header);
        self.client
            .protect(&header, payload, u64::from(head.sequence), &mut packet);
        packet
    }

    fn take(&mut self, packet: &[u8]) -> Option<Taken> {
        let sections = Sections {
            audio: Some(&self.audio),
            camera: Some(&self.camera),
            payloads: &self.payloads,
        };
        self.ingress.packet(packet, self.now, sections)
    }

    fn send(&mut self, head: Outgoing<'_>, payload: &[u8]) -> Option<(Inlet, Received)> {
        let packet = self.make(head, payload);
        self.take(&packet).unwrap().packet
    }

    fn inlet(&mut self, head: Outgoing<'_>) -> Inlet {
        let sent = self.send(head, b"payload");
        sent.map_or(Inlet::Nowhere, |(inlet, _)| inlet)
    }
}

fn head<'a>(payload_type: u8, ssrc: u32, sequence: u16) -> Outgoing<'a> {
    Outgoing {
        payload_type,
        ssrc,
        sequence,
        timestamp: u32::from(sequence) * 960,
        ..Outgoing::default()
    }
}

#[test]
fn audio_is_known_by_its_ssrc_its_section_or_its_payload_type() {
    let mut pair = Pair::new(vec![]);
    assert_eq!(pair.inlet(head(111, 1, 0)), Inlet::Audio);
    assert_eq!(pair.inlet(head(100, 2, 0)), Inlet::Nowhere);
    assert_eq!(pair.inlet(head(111, 2, 1)), Inlet::Audio);
    pair.audio.remote_ssrc = Some(3);
    assert_eq!(pair.inlet(head(111, 3, 0)), Inlet::Audio);
    assert_eq!(pair.inlet(head(111, 4, 0)), Inlet::Nowhere);
    let named = |mid| Outgoing {
        mid,
        ..head(111, 4, 1)
    };
    assert_eq!(pair.inlet(named("0")), Inlet::Audio);
    assert_eq!(pair.inlet(head(111, 4, 2)), Inlet::Audio, "it has said so");
    let elsewhere = Outgoing {
        ssrc: 5,
        ..named("7")
    };
    assert_eq!(pair.inlet(elsewhere), Inlet::Nowhere);
    pair.audio.remote_ssrc = Some(9);
    pair.audio.mid = "8".into();
    pair.ingress.reconfigured(IDS, true);
    assert_eq!(pair.inlet(head(111, 4, 3)), Inlet::Nowhere);
}

#[test]
fn encodings_are_known_by_the_names_that_their_first_packets_say() {
    let mut pair = Pair::new(vec![encoding(10, Some("low")), encoding(11, Some("hi"))]);
    assert_eq!(pair.inlet(head(96, 1, 0)), Inlet::Nowhere);
    let hi = Outgoing {
        mid: "1",
        rid: "hi",
        ..head(96, 1, 1)
    };
    assert_eq!(pair.inlet(hi), Inlet::Video(11));
    assert_eq!(pair.inlet(head(96, 1, 2)), Inlet::Video(11));
    assert_eq!(pair.ingress.ssrc_of(11), Some(1));
    assert_eq!(pair.ingress.ssrc_of(10), None);
    let other = Outgoing {
        rid: "else",
        ssrc: 2,
        ..hi
    };
    assert_eq!(pair.inlet(other), Inlet::Nowhere);
    // The same names stand for another stream after the camera was off and on.
    pair.camera.encodings = vec![encoding(20, Some("low")), encoding(21, Some("hi"))];
    pair.ingress.reconfigured(IDS, true);
    assert_eq!(pair.inlet(head(96, 1, 3)), Inlet::Video(21));
}

#[test]
fn a_packet_that_is_missing_is_asked_for_and_taken_from_its_repair() {
    let mut pair = Pair::new(vec![encoding(10, Some("hi"))]);
    let hi = Outgoing {
        mid: "1",
        rid: "hi",
        ..head(96, 1, 65_534)
    };
    assert!(pair.send(hi, b"first").is_some());
    pair.client = context(true);
    let packet = {
        let mut header = Vec::new();
        head(96, 1, 1).write(IDS.common, &mut header);
        let mut packet = Vec::new();
        pair.client.protect(&header, b"later", 65_537, &mut packet);
        packet
    };
    assert!(pair.take(&packet).unwrap().newest);
    let asked = |pair: &mut Pair| {
        let (mut plain, mut heard) = (Vec::new(), Vec::new());
        pair.ingress.feedback(500, pair.now, &mut plain);
        parse(&plain, &mut heard);
        heard
    };
    assert_eq!(asked(&mut pair), []);
    pair.now = pair.ingress.due().unwrap();
    assert_eq!(asked(&mut pair), [Heard::Missing(1, 2)]);

    let repaired = [(IDS.repaired, &b"hi"[..])];
    let repair = |sequence| Outgoing {
        mid: "1",
        more: &repaired,
        ..head(97, 2, sequence)
    };
    let (inlet, packet) = pair.send(repair(7), b"\xff\xffsecond").unwrap();
    assert_eq!((inlet, packet.ssrc), (Inlet::Video(10), 1));
    assert_eq!((packet.payload_type, packet.sequence), (96, 65_535));
    assert_eq!(packet.payload, b"second");
    let nobody_waits = [&b"\xff\xffsecond"[..], b"\0\x09ninth", b"\0", b""];
    for (sequence, payload) in (8..).zip(nobody_waits) {
        assert!(pair.send(repair(sequence), payload).is_none());
    }
    pair.now += Duration::from_secs(1);
    assert_eq!(asked(&mut pair), [Heard::Missing(1, 1)]);
}

#[test]
fn a_packet_is_taken_once_and_only_if_it_is_authentic() {
    let mut pair = Pair::new(vec![]);
    let packet = pair.make(head(111, 1, 5), b"opus");
    let mut damaged = packet.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(pair.take(&damaged).is_none());
    assert!(pair.ingress.remotes.is_empty() && pair.ingress.due().is_none());
    assert!(pair.take(&packet).unwrap().newest);
    assert!(pair.take(&packet).is_none());
    let late = pair.make(head(111, 1, 4), b"opus");
    assert!(!pair.take(&late).unwrap().newest);
    for cut in 0..packet.len() {
        assert!(pair.take(&packet[..cut]).is_none());
    }
}

#[test]
fn padding_is_taken_away_and_told_of() {
    let mut pair = Pair::new(vec![]);
    let mut padded = |sequence, payload: &[u8]| {
        let mut header = Vec::new();
        let head = Outgoing {
            transport: Some(sequence),
            ..head(111, 1, sequence)
        };
        head.write(IDS.common, &mut header);
        header[0] |= 0x20;
        let mut packet = Vec::new();
        let sequence = u64::from(sequence);
        pair.client.protect(&header, payload, sequence, &mut packet);
        let taken = pair.take(&packet).unwrap();
        taken.packet.map(|(_, received)| received.payload)
    };
    assert_eq!(padded(0, b"opus\0\0\x03").as_deref(), Some(&b"opus"[..]));
    assert_eq!(padded(1, b"\0\0\x03").as_deref(), Some(&b""[..]));
    assert_eq!(padded(2, b"opus\x09"), None);
    let first = pair.now;
    assert_eq!(pair.ingress.due(), Some(first + FEEDBACK));
    let mut plain = Vec::new();
    pair.ingress.reconfigured(IDS, false);
    assert_eq!(pair.ingress.due(), Some(first + FEEDBACK_ON_AUDIO));
    pair.ingress.feedback(500, first + FEEDBACK, &mut plain);
    assert!(plain.is_empty());
    pair.ingress.reconfigured(IDS, true);
    pair.ingress
        .feedback(500, first + FEEDBACK - EARLY, &mut plain);
    assert_eq!((plain[0] & 0x1f, plain[1]), (15, 205));
    assert_eq!(plain[12..16], [0, 0, 0, 3], "from 0 on, three");
    assert_eq!(pair.ingress.due(), None);
}

#[test]
fn reports_tell_what_came_and_only_what_came() {
    let mut pair = Pair::new(vec![]);
    for sequence in [0, 1, 3] {
        pair.send(head(111, 1, sequence), b"opus");
    }
    pair.ingress.sender_reported(1, 7, pair.now);
    pair.now += Duration::from_millis(250);
    let mut plain = Vec::new();
    pair.ingress.receiver_report(500, pair.now, &mut plain);
    assert_eq!(plain[..4], [0x81, 201, 0, 7]);
    assert_eq!(plain[4..8], 500_u32.to_be_bytes());
    assert_eq!(plain[8..16], [0, 0, 0, 1, 64, 0, 0, 1]);
    assert_eq!(plain[16..20], [0, 0, 0, 3]);
    assert_eq!(plain[24..32], [0, 0, 0, 7, 0, 0, 0x40, 0]);
    plain.clear();
    pair.ingress.receiver_report(500, pair.now, &mut plain);
    assert!(plain.is_empty(), "nothing came since");
}

#[test]
fn a_report_of_the_client_is_taken_once() {
    let mut pair = Pair::new(vec![]);
    let plain = [0x80, 201, 0, 1, 0, 0, 0, 9];
    let mut packets = vec![Vec::new(); 2];
    for packet in &mut packets {
        pair.client.protect_rtcp(&plain, packet);
    }
    assert_eq!(pair.ingress.report(&packets[1]), Some((plain.into(), true)));
    assert_eq!(
        pair.ingress.report(&packets[0]),
        Some((plain.into(), false))
    );
    for packet in &packets {
        assert_eq!(pair.ingress.report(packet), None);
    }
}

#[test]
fn who_sends_with_ever_new_ssrcs_keeps_the_one_that_speaks() {
    let mut pair = Pair::new(vec![]);
    for ssrc in 2..1000 {
        pair.now += Duration::from_millis(20);
        pair.send(head(111, 1, ssrc as u16), b"opus");
        pair.send(head(111, ssrc, 0), b"opus");
    }
    assert_eq!(pair.ingress.remotes.len(), REMOTES);
    assert_eq!(pair.ingress.remotes[0].ssrc, 1);
    let received = pair.ingress.remotes[0].reception.received();
    assert_eq!(received, 998);
}
