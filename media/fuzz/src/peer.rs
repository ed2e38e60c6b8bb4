//! A client that can say anything, also what only one with the keys can say.

#[path = "../../engine/tests/support/extensions.rs"]
mod extensions;

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Instant;

use hubbub_engine::command::{
    Audio, Camera, Configure, Encoding, Gates, OpenSession, Payload, Tile,
};
use hubbub_rtp::srtp::Context;
use hubbub_rtp::{extend, provider};
use str0m::RtcConfig;
use str0m::crypto::dtls::{DtlsCert, DtlsInstance, DtlsOutput, DtlsVersion};

/// Payload types, each video's with that of its retransmissions behind it.
pub const PAYLOADS: [(u8, &str); 7] = [
    (111, "opus"),
    (63, "red"),
    (96, "vp8"),
    (98, "vp9"),
    (102, "h264"),
    (104, "h265"),
    (106, "av1"),
];

/// The rids of a camera.
pub const RIDS: [&str; 2] = ["low", "high"];

/// One client. Every id of it follows from its number, from 1 on.
pub struct Peer {
    /// Its number, its session's and its attendee's.
    pub number: u32,
    /// Where it sends from.
    pub address: SocketAddr,
    dtls: Box<dyn DtlsInstance>,
    outgoing: Option<Context>,
    sequences: Vec<(u32, u64)>,
}

fn certificate() -> &'static DtlsCert {
    static CERTIFICATE: OnceLock<DtlsCert> = OnceLock::new();
    CERTIFICATE.get_or_init(|| {
        let certificate = provider().dtls_provider.generate_certificate();
        certificate.expect("this provider generates certificates")
    })
}

fn sha1_hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    provider().sha1_hmac_provider.sha1_hmac(key, parts)
}

impl Peer {
    /// One that has said nothing.
    pub fn new(number: u32, now: Instant) -> Peer {
        let mtu = Some(RtcConfig::new().mtu());
        let dtls = provider().dtls_provider;
        let mut dtls = dtls
            .new_dtls(certificate(), now, DtlsVersion::Dtls12, mtu)
            .expect("a connection");
        dtls.set_active(true);
        Peer {
            number,
            address: SocketAddr::from(([10, 1, 0, number as u8], 5000)),
            dtls,
            outgoing: None,
            sequences: Vec::new(),
        }
    }

    /// Whether it has keys.
    pub fn connected(&self) -> bool {
        self.outgoing.is_some()
    }

    /// The ssrcs that it sends, and those that it receives.
    pub fn ssrcs(&self) -> [u32; 8] {
        [1, 2, 3, 4, 5, 6, 7, 8].map(|ssrc| self.number * 1000 + ssrc)
    }

    /// How its session is opened.
    pub fn open(&self, meeting: u64) -> OpenSession {
        let digest = provider()
            .sha256_provider
            .sha256(&certificate().certificate);
        let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        let number = self.number;
        OpenSession {
            meeting,
            session: number.into(),
            attendee: number.into(),
            content: false,
            local_ufrag: format!("srv{number}"),
            local_pwd: self.password(),
            remote_ufrag: format!("cli{number}"),
            remote_pwd: format!("client-password-{number:08}"),
            fingerprint: hex.join(":"),
            gates: Gates::OPEN,
            muted: false,
        }
    }

    /// What its answer agrees on: a microphone, a camera with two encodings, a tile.
    pub fn configure(&self) -> Configure {
        let [
            microphone,
            low,
            low_rtx,
            high,
            high_rtx,
            mix,
            tile,
            tile_rtx,
        ] = self.ssrcs();
        let by_rid = self.number % 2 == 1;
        let encoding = |index: usize, ssrc, rtx_ssrc| Encoding {
            stream: self.number * 10 + index as u32,
            rid: by_rid.then(|| RIDS[index].to_owned()),
            ssrc: (!by_rid).then_some(ssrc),
            rtx_ssrc: (!by_rid).then_some(rtx_ssrc),
            max_kbps: 300 + 900 * index as u32,
            active: true,
        };
        Configure {
            session: self.number.into(),
            payloads: payloads(),
            extensions: extensions::offered(),
            audio: Some(Audio {
                mid: "0".into(),
                remote_ssrc: Some(microphone),
                ssrc: mix,
                opus_pt: 111,
                red_pt: Some(63),
                stereo: false,
                max_bitrate: 64_000,
                sends: true,
            }),
            camera: Some(Camera {
                mid: "1".into(),
                group: self.number,
                encodings: vec![encoding(0, low, low_rtx), encoding(1, high, high_rtx)],
                content: false,
            }),
            tiles: vec![Tile {
                mid: "2".into(),
                ssrc: tile,
                rtx_ssrc: tile_rtx,
                stream: 0,
                group: 0,
            }],
        }
    }

    fn password(&self) -> String {
        format!("server-password-{:08}", self.number)
    }

    /// A STUN message with these attributes, signed with the session's password.
    pub fn stun(&self, kind: u16, attributes: &[u8]) -> Vec<u8> {
        let attributes = &attributes[..attributes.len() / 4 * 4];
        let mut message = kind.to_be_bytes().to_vec();
        message.extend((attributes.len() as u16 + 24).to_be_bytes());
        message.extend([0x21, 0x12, 0xa4, 0x42]);
        message.extend([7; 12]);
        message.extend(attributes);
        let tag = sha1_hmac(self.password().as_bytes(), &[&message]);
        message.extend([0, 8, 0, 20]);
        message.extend(tag);
        message
    }

    /// A binding request that nominates, with more attributes before what it needs.
    pub fn check(&self, more: &[u8]) -> Vec<u8> {
        let number = self.number;
        let mut attributes = more[..more.len() / 4 * 4].to_vec();
        let name = format!("srv{number}:cli{number}");
        attributes.extend([0, 6, 0, name.len() as u8]);
        attributes.extend(name.as_bytes());
        attributes.resize(attributes.len().next_multiple_of(4), 0);
        attributes.extend([0, 0x24, 0, 4, 0x7e, 0xff, 0xff, 0xff]);
        attributes.extend([0, 0x25, 0, 0]);
        attributes.extend([0x80, 0x2a, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8]);
        self.stun(1, &attributes)
    }

    /// Takes a datagram of the handshake.
    pub fn take(&mut self, datagram: &[u8]) {
        // What a damaged handshake ends in is the client's own affair.
        let _ = self.dtls.handle_packet(datagram);
    }

    /// What DTLS has to send.
    pub fn flight(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let _ = self.dtls.handle_timeout(now);
        let mut buffer = vec![0; 4096];
        let mut flight = Vec::new();
        for _ in 0..100 {
            match self.dtls.poll_output(&mut buffer) {
                DtlsOutput::Packet(packet) => flight.push(packet.to_vec()),
                DtlsOutput::KeyingMaterial(material, profile) => {
                    self.outgoing = Context::new(&material, profile, true, true);
                }
                DtlsOutput::Timeout(_) => break,
                _ => {}
            }
        }
        flight
    }

    /// What DTLS makes of data of an application.
    pub fn application_data(&mut self, data: &[u8], now: Instant) -> Vec<Vec<u8>> {
        let _ = self.dtls.send_application_data(data);
        self.flight(now)
    }

    /// An RTP packet as SRTP; nothing before there are keys.
    pub fn rtp(&mut self, header: &[u8], payload: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let (Some(context), Some(sequence), Some(ssrc)) = (
            &mut self.outgoing,
            header.get(2..4),
            header.get(8..12).and_then(<[u8]>::first_chunk),
        ) else {
            return out;
        };
        let (sequence, ssrc) = (
            u16::from_be_bytes([sequence[0], sequence[1]]),
            u32::from_be_bytes(*ssrc),
        );
        let known = self.sequences.iter_mut().find(|(known, _)| *known == ssrc);
        let extended = extend(known.as_ref().map(|(_, last)| *last), sequence);
        match known {
            Some((_, last)) => *last = extended.max(*last),
            None => self.sequences.push((ssrc, extended)),
        }
        context.protect(header, payload, extended, &mut out);
        out
    }

    /// A compound packet as SRTCP; nothing before there are keys.
    pub fn rtcp(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(context) = self.outgoing.as_mut().filter(|_| packet.len() >= 8) {
            context.protect_rtcp(packet, &mut out);
        }
        out
    }
}

fn payloads() -> Vec<Payload> {
    let payload = |pt, codec: &str, apt| Payload {
        pt,
        codec: codec.into(),
        clock: if pt == 111 || pt == 63 {
            48_000
        } else {
            90_000
        },
        channels: 2,
        apt,
        fmtp: String::new(),
    };
    let mut payloads = Vec::new();
    for (pt, codec) in PAYLOADS {
        payloads.push(payload(pt, codec, (codec == "red").then_some(111)));
        if pt != 111 && pt != 63 {
            payloads.push(payload(pt + 1, "rtx", Some(pt)));
        }
    }
    payloads
}
