//! A client as a browser is one: ICE-controlling, DTLS client, raw RTP, in virtual time.

#[path = "extensions.rs"]
mod extensions;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hubbub_engine::command::{
    Audio, Camera, Configure, Encoding, Gates, OpenSession, Payload, Tile,
};
use str0m::config::Fingerprint;
use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::{Frequency, KeyframeRequestKind, MediaKind};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{Extension, ExtensionMap, ExtensionValues, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, IceCreds, Input, Output, Rtc};

/// The engine's address, as far as clients know.
pub const SERVER: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)),
    4478,
);

pub const OPUS: u8 = 111;
pub const RED: u8 = 63;
pub const VP8: u8 = 96;
pub const VP8_RTX: u8 = 97;

/// What a client has sent or got.
#[derive(Default)]
pub struct Seen {
    pub connected: bool,
    pub packets: Vec<RtpPacket>,
    pub keyframe_requests: usize,
    /// Of all packets with the payload type of video or of its retransmission, encrypted or not.
    pub video_bytes: usize,
}

/// A client.
pub struct Client {
    pub rtc: Rtc,
    pub address: SocketAddr,
    pub seen: Seen,
    pub deadline: Instant,
    pub outbox: VecDeque<Vec<u8>>,
    pub open: OpenSession,
    pub configure: Configure,
    pub audio_ssrc: u32,
    pub camera: Option<(u32, u32)>,
    pub audio_sequence: u64,
    pub video_sequence: u64,
    pub time: Instant,
    pub protocol: Protocol,
    /// Key frames that were sent because they were asked for.
    pub answered: usize,
    /// Its network is gone.
    pub unplugged: bool,
}

fn codecs() -> CodecConfig {
    let spec = |codec, clock_rate, channels| CodecSpec {
        codec,
        clock_rate,
        channels,
        format: FormatParams::default(),
    };
    CodecConfig::new_from_payload_params(vec![
        PayloadParams::new(
            OPUS.into(),
            None,
            spec(Codec::Opus, Frequency::FORTY_EIGHT_KHZ, Some(2)),
        ),
        PayloadParams::new(
            RED.into(),
            None,
            spec(Codec::Opus, Frequency::FORTY_EIGHT_KHZ, Some(2)),
        ),
        PayloadParams::new(
            VP8.into(),
            Some(VP8_RTX.into()),
            spec(Codec::Vp8, Frequency::NINETY_KHZ, None),
        ),
    ])
}

fn extension_map() -> ExtensionMap {
    let mut map = ExtensionMap::empty();
    map.set(1, Extension::AudioLevel);
    map.set(2, Extension::AbsoluteSendTime);
    map.set(3, Extension::TransportSequenceNumber);
    map.set(4, Extension::RtpMid);
    map.set(10, Extension::RtpStreamId);
    map.set(11, Extension::RepairedRtpStreamId);
    map.set(13, Extension::VideoOrientation);
    map
}

fn payloads() -> Vec<Payload> {
    let payload = |pt, codec: &str, clock, channels, apt| Payload {
        pt,
        codec: codec.into(),
        clock,
        channels,
        apt,
        fmtp: String::new(),
    };
    vec![
        payload(RED, "red", 48_000, 2, Some(OPUS)),
        payload(OPUS, "opus", 48_000, 2, None),
        payload(VP8, "vp8", 90_000, 0, None),
        payload(VP8_RTX, "rtx", 90_000, 0, Some(VP8)),
    ]
}

impl Client {
    /// Session `session` of attendee `attendee` in `meeting`. Every id of it follows from the
    /// session's. `tiles`: how many sections it receives video in.
    pub fn new(
        meeting: u64,
        session: u64,
        attendee: u64,
        fingerprint: &str,
        tiles: u32,
        now: Instant,
    ) -> Client {
        Client::over(
            Protocol::Udp,
            meeting,
            (session, attendee),
            fingerprint,
            tiles,
            now,
        )
    }

    /// The same, over TCP perhaps.
    pub fn over(
        protocol: Protocol,
        meeting: u64,
        (session, attendee): (u64, u64),
        fingerprint: &str,
        tiles: u32,
        now: Instant,
    ) -> Client {
        let address = SocketAddr::from((
            [10, 1, (session / 250) as u8, (session % 250 + 1) as u8],
            5000,
        ));
        let base = session as u32 * 1000;
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_local_ice_credentials(IceCreds {
                ufrag: format!("cli{session}"),
                pass: format!("client-password-{session:08}"),
            })
            .set_extension_map(extension_map());
        *rtc.codec_config() = codecs();
        let mut rtc = rtc.build(now);
        let (ours, theirs) = match protocol {
            Protocol::Udp => (
                Candidate::builder().udp().host(address).build(),
                Candidate::builder().udp().host(SERVER).build(),
            ),
            _ => (
                Candidate::builder()
                    .tcp()
                    .host(address)
                    .tcptype(TcpType::Active)
                    .build(),
                Candidate::builder()
                    .tcp()
                    .host(SERVER)
                    .tcptype(TcpType::Passive)
                    .build(),
            ),
        };
        rtc.add_local_candidate(ours.expect("a candidate"));
        rtc.add_remote_candidate(theirs.expect("a candidate"));
        let audio_ssrc = base + 1;
        let mut api = rtc.direct_api();
        let own = api.local_dtls_fingerprint().to_string();
        api.set_remote_ice_credentials(IceCreds {
            ufrag: format!("srv{session}"),
            pass: format!("server-password-{session:08}"),
        });
        api.set_remote_fingerprint(
            format!("sha-256 {fingerprint}")
                .parse::<Fingerprint>()
                .expect("a fingerprint"),
        );
        api.set_ice_controlling(true);
        api.start_dtls(true).expect("a handshake");
        api.enable_twcc_feedback();
        api.declare_media("0".into(), MediaKind::Audio);
        api.declare_stream_tx(audio_ssrc.into(), None, "0".into(), None);
        api.expect_stream_rx((base + 500).into(), None, "0".into(), None)
            .suppress_nack(true);
        api.declare_media("1".into(), MediaKind::Video);
        let mut wanted = Vec::new();
        for index in 0..tiles {
            let mid = (index + 2).to_string();
            let (ssrc, rtx_ssrc) = (base + 600 + index * 2, base + 601 + index * 2);
            api.declare_media(mid.as_str().into(), MediaKind::Video);
            api.expect_stream_rx(
                ssrc.into(),
                Some(rtx_ssrc.into()),
                mid.as_str().into(),
                None,
            );
            wanted.push(Tile {
                mid,
                ssrc,
                rtx_ssrc,
                stream: 0,
                group: 0,
            });
        }
        let open = OpenSession {
            meeting,
            session,
            attendee,
            content: false,
            local_ufrag: format!("srv{session}"),
            local_pwd: format!("server-password-{session:08}"),
            remote_ufrag: format!("cli{session}"),
            remote_pwd: format!("client-password-{session:08}"),
            fingerprint: own.trim_start_matches("sha-256 ").to_owned(),
            gates: Gates::OPEN,
            muted: false,
        };
        let configure = Configure {
            session,
            payloads: payloads(),
            extensions: extensions::offered(),
            audio: Some(Audio {
                mid: "0".into(),
                remote_ssrc: Some(audio_ssrc),
                ssrc: base + 500,
                opus_pt: OPUS,
                red_pt: Some(RED),
                stereo: false,
                max_bitrate: 64_000,
                sends: true,
            }),
            camera: None,
            tiles: wanted,
        };
        Client {
            rtc,
            address,
            seen: Seen::default(),
            deadline: now,
            outbox: VecDeque::new(),
            open,
            configure,
            audio_ssrc,
            camera: None,
            audio_sequence: 0,
            video_sequence: 0,
            time: now,
            protocol,
            answered: 0,
            unplugged: false,
        }
    }

    /// Turns the camera on: one encoding with stream id `stream` of group `group`.
    pub fn start_camera(&mut self, stream: u32, group: u32, content: bool) {
        let base = self.open.session as u32 * 1000;
        let (ssrc, rtx) = (base + 2, base + 3);
        let mut api = self.rtc.direct_api();
        api.declare_stream_tx(ssrc.into(), Some(rtx.into()), "1".into(), None);
        self.camera = Some((ssrc, rtx));
        self.configure.camera = Some(Camera {
            mid: "1".into(),
            group,
            content,
            encodings: vec![Encoding {
                stream,
                rid: None,
                ssrc: Some(ssrc),
                rtx_ssrc: Some(rtx),
                max_kbps: 1200,
                active: true,
            }],
        });
    }

    /// Sends one packet of Opus.
    pub fn send_audio(&mut self, payload: &[u8], red: bool, level: i8) {
        let extensions = ExtensionValues {
            audio_level: Some(level),
            voice_activity: Some(true),
            ..ExtensionValues::default()
        };
        let sequence = self.audio_sequence;
        self.audio_sequence += 1;
        let write = RtpWrite::new(
            if red { RED.into() } else { OPUS.into() },
            sequence.into(),
            (sequence * 960) as u32,
            self.time,
            payload.to_vec(),
        )
        .ext_vals(extensions);
        let ssrc = self.audio_ssrc;
        self.rtc
            .direct_api()
            .stream_tx(&ssrc.into())
            .expect("audio")
            .write_rtp(write);
    }

    /// Sends one packet of the camera.
    pub fn send_video(&mut self, payload: &[u8], timestamp: u32, marker: bool) {
        let sequence = self.video_sequence;
        self.video_sequence += 1;
        self.send_video_as(sequence, payload, timestamp, marker);
    }

    /// Sends one packet of the camera with a sequence number of the caller's.
    pub fn send_video_as(&mut self, sequence: u64, payload: &[u8], timestamp: u32, marker: bool) {
        let (ssrc, _) = self.camera.expect("a camera");
        let (pt, sequence, payload) = (VP8.into(), sequence.into(), payload.to_vec());
        let write = RtpWrite::new(pt, sequence, timestamp, self.time, payload)
            .marker(marker)
            .nackable(true);
        let mut api = self.rtc.direct_api();
        api.stream_tx(&ssrc.into()).expect("video").write_rtp(write);
    }

    /// Asks for a key frame of a tile.
    pub fn request_keyframe(&mut self, tile: u32) {
        if let Some(stream) = self.rtc.direct_api().stream_rx(&tile.into()) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// Takes a datagram of the server.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        self.time = self.time.max(now);
        let is_video =
            bytes.len() > 2 && bytes[0] >> 6 == 2 && [VP8, VP8_RTX].contains(&(bytes[1] & 0x7f));
        if is_video {
            self.seen.video_bytes += bytes.len();
        }
        if let Ok(receive) = Receive::new(self.protocol, SERVER, self.address, bytes) {
            self.rtc
                .handle_input(Input::Receive(self.time, receive))
                .expect("a client that lives");
        }
        self.drain();
    }

    /// Lets time pass.
    pub fn drive(&mut self, now: Instant) {
        self.time = self.time.max(now);
        self.rtc
            .handle_input(Input::Timeout(self.time))
            .expect("a client that lives");
        self.drain();
    }

    fn drain(&mut self) {
        loop {
            match self.rtc.poll_output().expect("a client that lives") {
                Output::Transmit(transmit) => self.outbox.push_back(transmit.contents.to_vec()),
                Output::Event(Event::Connected) => self.seen.connected = true,
                Output::Event(Event::RtpPacket(packet)) => self.seen.packets.push(packet),
                Output::Event(Event::KeyframeRequest(_)) => self.seen.keyframe_requests += 1,
                Output::Event(_) => {}
                Output::Timeout(at) => {
                    self.deadline = at.max(self.time + Duration::from_micros(50));
                    return;
                }
            }
        }
    }
}
