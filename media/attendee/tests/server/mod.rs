//! A meeting of one, small enough to test the client's side of the protocol against: it speaks the
//! signalling of chime-meetings B and answers offers by str0m, as an ice-lite server.

use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use hubbub_attendee::microphone::Microphone;
use hubbub_attendee::signal::frames::sdk_signal_frame::Type;
use hubbub_attendee::signal::frames::*;
use hubbub_attendee::signal::framing;
use hubbub_attendee::video;
use str0m::change::SdpOffer;
use str0m::format::Codec;
use str0m::media::{Direction, Frequency, KeyframeRequestKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};
use tungstenite::handshake::server::{Request, Response};
use tungstenite::{Error, Message, WebSocket};

/// What the server saw.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    Token(String),
    Frame(Box<SdkSignalFrame>),
    Audio(Option<i8>),
    Video { key: bool },
    Gone,
}

/// What it should do.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Refuse with this close code after the upgrade.
    pub refuse: Option<u16>,
    /// Compress answers.
    pub compressed: bool,
    /// Publish one camera of somebody else.
    pub publish: bool,
    /// End the meeting so long after the connection.
    pub end_after: Option<Duration>,
    /// Cut the TCP connection of the first session so long after the connection.
    pub cut_after: Option<Duration>,
}

pub struct Server {
    pub address: SocketAddr,
    pub seen: Receiver<Seen>,
}

impl Server {
    pub fn start(script: Script) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, seen) = channel();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut script = script.clone();
                if number > 0 {
                    script.cut_after = None;
                }
                let sender = sender.clone();
                std::thread::spawn(move || Session::accept(stream.unwrap(), script, sender).run());
            }
        });
        Server { address, seen }
    }

    pub fn url(&self) -> String {
        format!("ws://{}/control/m", self.address)
    }
}

struct Session {
    socket: WebSocket<TcpStream>,
    script: Script,
    seen: Sender<Seen>,
    udp: UdpSocket,
    rtc: Rtc,
    audio: Option<Mid>,
    tile: Option<Mid>,
    connected: Option<Instant>,
    microphone: Microphone,
    spoken: u64,
    shown: u64,
    compressor: Compressor,
    over: bool,
}

impl Session {
    // The type of a refusal is tungstenite's.
    #[allow(clippy::result_large_err)]
    fn accept(stream: TcpStream, script: Script, seen: Sender<Seen>) -> Session {
        let callback = |request: &Request, mut response: Response| {
            let offered = request.headers()["Sec-WebSocket-Protocol"]
                .to_str()
                .unwrap();
            let (protocol, token) = offered.split_once(", ").unwrap();
            assert!(
                request
                    .uri()
                    .query()
                    .unwrap()
                    .contains("X-Chime-Control-Protocol-Version=3")
            );
            seen.send(Seen::Token(token.to_owned())).ok();
            response
                .headers_mut()
                .insert("Sec-WebSocket-Protocol", protocol.parse().unwrap());
            Ok(response)
        };
        let socket = tungstenite::accept_hdr(stream, callback).unwrap();
        socket.get_ref().set_nonblocking(true).unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.set_read_timeout(Some(Duration::from_millis(5)))
            .unwrap();
        let mut rtc = RtcConfig::new()
            .set_ice_lite(true)
            .clear_codecs()
            .enable_opus(true, true)
            .enable_vp8(true)
            .build(Instant::now());
        let candidate = Candidate::host(udp.local_addr().unwrap(), "udp").unwrap();
        rtc.add_local_candidate(candidate);
        Session {
            socket,
            script,
            seen,
            udp,
            rtc,
            audio: None,
            tile: None,
            connected: None,
            microphone: Microphone::tone(440.0).unwrap(),
            spoken: 0,
            shown: 0,
            compressor: Compressor::default(),
            over: false,
        }
    }

    fn send(&mut self, frame: &SdkSignalFrame) {
        self.socket
            .send(Message::Binary(framing::encode(frame).into()))
            .ok();
    }

    fn run(mut self) {
        if let Some(code) = self.script.refuse {
            self.close(code);
            return;
        }
        while !self.over {
            self.signalling();
            self.media();
            let up = self.connected.map(|at| at.elapsed());
            if self.script.cut_after.is_some_and(|after| up >= Some(after)) {
                self.socket
                    .get_ref()
                    .shutdown(std::net::Shutdown::Both)
                    .ok();
                break;
            }
            if self.script.end_after.is_some_and(|after| up >= Some(after)) {
                let mut frame = framing::new(Type::AudioStatus);
                frame.audio_status = Some(SdkAudioStatusFrame {
                    audio_status: Some(410),
                });
                self.send(&frame);
                self.close(4410);
                break;
            }
        }
        self.seen.send(Seen::Gone).ok();
    }

    fn close(&mut self, code: u16) {
        use tungstenite::protocol::CloseFrame;
        self.socket
            .close(Some(CloseFrame {
                code: code.into(),
                reason: "".into(),
            }))
            .ok();
        std::thread::sleep(Duration::from_millis(50));
        self.socket.flush().ok();
    }

    fn signalling(&mut self) {
        loop {
            match self.socket.read() {
                Ok(Message::Binary(data)) => {
                    let frame = framing::decode(&data).unwrap();
                    self.seen.send(Seen::Frame(Box::new(frame.clone()))).ok();
                    self.answer(frame);
                }
                Ok(_) => {}
                Err(Error::Io(e)) if e.kind() == std::io::ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.over = true;
                    return;
                }
            }
        }
    }

    fn answer(&mut self, frame: SdkSignalFrame) {
        match frame.r#type() {
            Type::PingPong => {
                let mut pong = frame.clone();
                pong.ping_pong.as_mut().unwrap().r#type = SdkPingPongType::Pong as i32;
                self.send(&pong);
            }
            Type::Join => {
                let mut ack = framing::new(Type::JoinAck);
                ack.joinack = Some(SdkJoinAckFrame {
                    video_subscription_limit: Some(25),
                    wants_compressed_sdp: Some(self.script.compressed),
                    ..Default::default()
                });
                self.send(&ack);
                self.index();
            }
            Type::Subscribe => self.subscribe(&frame.sub.unwrap()),
            Type::DataMessage => self.send(&frame.clone()),
            Type::Leave => {
                let mut ack = framing::new(Type::LeaveAck);
                ack.leave_ack = Some(SdkLeaveAckFrame {});
                self.send(&ack);
            }
            _ => {}
        }
    }

    fn index(&mut self) {
        let mut index = SdkIndexFrame {
            at_capacity: Some(false),
            num_participants: Some(1),
            ..Default::default()
        };
        if self.script.publish {
            index.sources.push(SdkStreamDescriptor {
                stream_id: Some(7),
                group_id: Some(3),
                max_bitrate_kbps: Some(600),
                attendee_id: Some("somebody".to_owned()),
                media_type: Some(SdkStreamMediaType::Video as i32),
                ..Default::default()
            });
        }
        let mut frame = framing::new(Type::Index);
        frame.index = Some(index);
        self.send(&frame);
    }

    fn subscribe(&mut self, sub: &SdkSubscribeFrame) {
        let offer = match (&sub.sdp_offer, &sub.compressed_sdp_offer) {
            (Some(text), None) => text.clone(),
            (None, Some(data)) => inflate(data),
            other => panic!("{other:?}"),
        };
        let sections = offer.matches("m=video").count();
        assert_eq!(sub.receive_stream_ids.len(), sections, "{offer}");
        let offer = SdpOffer::from_sdp_string(&offer).unwrap();
        let answer = self
            .rtc
            .sdp_api()
            .accept_offer(offer)
            .unwrap()
            .to_sdp_string();
        let mut ack = SdkSubscribeAckFrame::default();
        if self.script.compressed {
            ack.compressed_sdp_answer = Some(self.compressor.compress(&answer));
        } else {
            ack.sdp_answer = Some(answer);
        }
        let mut frame = framing::new(Type::SubscribeAck);
        frame.suback = Some(ack);
        self.send(&frame);
        let mut roster = framing::new(Type::AudioStreamIdInfo);
        roster.audio_stream_id_info = Some(SdkAudioStreamIdInfoFrame {
            streams: vec![SdkAudioStreamIdInfo {
                audio_stream_id: Some(1),
                attendee_id: Some("me".to_owned()),
                external_user_id: Some("Me".to_owned()),
                muted: Some(false),
                dropped: None,
            }],
        });
        self.send(&roster);
    }

    fn media(&mut self) {
        let now = Instant::now();
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => break,
                Output::Transmit(t) => {
                    self.udp.send_to(&t.contents, t.destination).ok();
                }
                Output::Event(event) => self.event(event),
            }
        }
        if let Some(connected) = self.connected {
            while self.spoken * 20 <= connected.elapsed().as_millis() as u64 {
                self.speak(now);
            }
            while self.shown * 40 <= connected.elapsed().as_millis() as u64 {
                self.show(now);
            }
        }
        let mut buffer = [0; 2000];
        let Ok((length, source)) = self.udp.recv_from(&mut buffer) else {
            return;
        };
        let receive = Receive {
            proto: Protocol::Udp,
            source,
            destination: self.udp.local_addr().unwrap(),
            contents: buffer[..length].try_into().unwrap(),
        };
        self.rtc
            .handle_input(Input::Receive(Instant::now(), receive))
            .unwrap();
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Connected => self.connected = Some(Instant::now()),
            Event::MediaAdded(added) if added.kind.is_audio() => self.audio = Some(added.mid),
            Event::MediaAdded(added) if added.direction == Direction::SendOnly => {
                self.tile = Some(added.mid);
            }
            Event::MediaData(data) if data.params.spec().codec == Codec::Opus => {
                self.seen.send(Seen::Audio(data.ext_vals.audio_level)).ok();
            }
            Event::MediaData(data) => {
                let key = video::vp8_is_key(&data.data);
                self.seen.send(Seen::Video { key }).ok();
                if !key && let Some(mut writer) = self.rtc.writer(data.mid) {
                    writer
                        .request_keyframe(data.rid, KeyframeRequestKind::Pli)
                        .ok();
                }
            }
            _ => {}
        }
    }

    fn speak(&mut self, now: Instant) {
        let frame = self.microphone.next(false);
        self.spoken += 1;
        let Some(writer) = self.audio.and_then(|mid| self.rtc.writer(mid)) else {
            return;
        };
        let pt = writer.payload_params().next().unwrap().pt();
        let time = MediaTime::new(self.spoken * 960, Frequency::FORTY_EIGHT_KHZ);
        writer.write(pt, now, time, frame.payload).unwrap();
    }

    fn show(&mut self, now: Instant) {
        self.shown += 1;
        let Some(writer) = self.tile.and_then(|mid| self.rtc.writer(mid)) else {
            return;
        };
        let Some(params) = writer.payload_params().next() else {
            return;
        };
        let pt = params.pt();
        let frame = video::vp8_frame(self.shown % 10 == 1, 640, 360, 2500);
        let time = MediaTime::from_90khz(self.shown * 3600);
        writer.write(pt, now, time, frame).unwrap();
    }
}

#[derive(Default)]
struct Compressor {
    dictionary: Vec<u8>,
}

impl Compressor {
    fn compress(&mut self, text: &str) -> Vec<u8> {
        use flate2::{Compress, Compression, FlushCompress};
        let mut deflate = Compress::new(Compression::default(), false);
        if !self.dictionary.is_empty() {
            deflate.set_dictionary(&self.dictionary).unwrap();
        }
        self.dictionary = text.as_bytes()[..text.len().min(31_744)].to_vec();
        let mut out = Vec::with_capacity(text.len() + 1024);
        deflate
            .compress_vec(text.as_bytes(), &mut out, FlushCompress::Sync)
            .unwrap();
        out
    }
}

fn inflate(data: &[u8]) -> String {
    use std::io::Read;
    let mut text = String::new();
    flate2::read::DeflateDecoder::new(data)
        .read_to_string(&mut text)
        .unwrap();
    text
}
