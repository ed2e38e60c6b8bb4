//! One session of the signalling protocol, seen from the client, without I/O (chime-meetings B.5-B.9).
//!
//! Frames that come go into [`Session::receive`]; it says what happened and pushes what must be
//! answered at once. What the attendee wants is asked of the other methods, which make the frame.

use std::fmt;

use super::compression::{self, Answers};
use super::descriptors;
use super::frames::sdk_signal_frame::Type;
use super::frames::*;
use super::framing::{self, Malformed};
use super::roster::{Change, Roster};

/// What to say at the join.
#[derive(Clone, Debug, Default)]
pub struct Joining {
    /// The same over reconnects of one client.
    pub audio_session_id: u64,
    /// The server picks the layers (adaptation 4), else the client (adaptation 1).
    pub server_adapts: bool,
    /// Offers and answers are compressed.
    pub compressed: bool,
}

/// A SUBSCRIBE in the making.
#[derive(Clone, Debug, Default)]
pub struct Subscription {
    /// The SDP offer.
    pub offer: String,
    /// The camera's encodings, lowest first, as (label, kbit/s); empty without a camera.
    pub encodings: Vec<(String, u32)>,
    /// The stream wanted in each video section of the offer, in its order.
    pub receive: Vec<u32>,
    /// Wishes of server-side adaptation.
    pub wishes: Vec<SdkVideoSubscriptionConfiguration>,
    /// The mute state at this moment.
    pub muted: bool,
    /// AudioHostUrl; empty without audio.
    pub audio_host: String,
}

/// What a frame brought.
#[derive(Clone, Debug)]
pub enum Event {
    /// JOIN_ACK.
    Joined(SdkJoinAckFrame),
    /// INDEX.
    Index(SdkIndexFrame),
    /// SUBSCRIBE_ACK, with the answer's text.
    Subscribed(String, SdkSubscribeAckFrame),
    /// AUDIO_STREAM_ID_INFO.
    Roster(Vec<Change>),
    /// AUDIO_METADATA.
    Volumes(Vec<SdkAudioAttendeeState>),
    /// BITRATES.
    Bitrates(SdkBitrateFrame),
    /// PAUSE from the server.
    Paused(Vec<u32>),
    /// RESUME from the server.
    Resumed(Vec<u32>),
    /// DATA_MESSAGE.
    Data(SdkDataMessagePayload),
    /// NOTIFICATION: level and text.
    Notified(i32, String),
    /// AUDIO_STATUS.
    Status(u32),
    /// An error in a frame.
    Error(u32, String),
    /// LEAVE_ACK.
    Left,
    /// PONG for the ping of this number.
    Pong(u32),
    /// Any other frame.
    Other(Type),
}

/// What no client could go on after.
#[derive(Debug)]
pub enum Fault {
    /// A message that is no frame.
    Malformed(Malformed),
    /// SUBSCRIBE_ACK without an answer that can be read.
    Answer(String),
    /// JOIN_ACK without `joinack`.
    NoJoinAck,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Malformed(why) => why.fmt(f),
            Fault::Answer(why) => write!(f, "answer cannot be read: {why}"),
            Fault::NoJoinAck => write!(f, "JOIN_ACK without joinack"),
        }
    }
}

impl std::error::Error for Fault {}

/// The state of one connection.
pub struct Session {
    joining: Joining,
    compressed: bool,
    answers: Answers,
    pings: u32,
    /// Who is present.
    pub roster: Roster,
}

impl Session {
    /// Before the first frame.
    pub fn new(joining: Joining) -> Self {
        Session {
            joining,
            compressed: false,
            answers: Answers::default(),
            pings: 0,
            roster: Roster::default(),
        }
    }

    /// PING with the next number.
    pub fn ping(&mut self) -> SdkSignalFrame {
        self.pings += 1;
        ping_pong(SdkPingPongType::Ping, self.pings)
    }

    /// JOIN.
    pub fn join(&self) -> SdkSignalFrame {
        let mut join = SdkJoinFrame {
            protocol_version: Some(2),
            flags: Some(SdkJoinFlags::HasStreamUpdate as u32),
            client_details: Some(SdkClientDetails {
                platform_name: Some("Linux".to_owned()),
                client_source: Some("hubbub-attendee".to_owned()),
                app_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                ..Default::default()
            }),
            audio_session_id: Some(self.joining.audio_session_id),
            wants_compressed_sdp: Some(self.joining.compressed),
            ..Default::default()
        };
        if self.joining.server_adapts {
            let adapts = SdkServerSideNetworkAdaption::BandwidthProbingAndVideoQualityAdaption;
            join.set_server_side_network_adaption(adapts);
            join.supported_server_side_network_adaptions = vec![
                SdkServerSideNetworkAdaption::None as i32,
                SdkServerSideNetworkAdaption::BandwidthProbing as i32,
                adapts as i32,
            ];
            join.wants_all_temporal_layers_in_index = Some(true);
        } else {
            join.set_server_side_network_adaption(SdkServerSideNetworkAdaption::Default);
        }
        let mut frame = framing::new(Type::Join);
        frame.join = Some(join);
        frame
    }

    /// SUBSCRIBE.
    pub fn subscribe(&self, wanted: &Subscription) -> SdkSignalFrame {
        let mut sub = SdkSubscribeFrame {
            audio_host: Some(wanted.audio_host.clone()),
            audio_checkin: Some(false),
            audio_muted: Some(wanted.muted),
            receive_stream_ids: wanted.receive.clone(),
            video_subscription_configuration: wanted.wishes.clone(),
            ..Default::default()
        };
        sub.set_duplex(if wanted.encodings.is_empty() {
            SdkStreamServiceType::Rx
        } else {
            SdkStreamServiceType::Duplex
        });
        if !wanted.audio_host.is_empty() {
            sub.send_streams.push(descriptors::audio());
        }
        for (at, (label, kbps)) in wanted.encodings.iter().enumerate() {
            sub.send_streams
                .push(descriptors::video(at, label, *kbps, wanted.encodings.len()));
        }
        if self.compressed {
            sub.compressed_sdp_offer = Some(compression::compress(&wanted.offer));
        } else {
            sub.sdp_offer = Some(wanted.offer.clone());
        }
        let mut frame = framing::new(Type::Subscribe);
        frame.sub = Some(sub);
        frame
    }

    /// AUDIO_CONTROL.
    pub fn mute(&self, muted: bool) -> SdkSignalFrame {
        let mut frame = framing::new(Type::AudioControl);
        frame.audio_control = Some(SdkAudioControlFrame { muted: Some(muted) });
        frame
    }

    /// DATA_MESSAGE.
    pub fn say(&self, topic: &str, data: &[u8], lifetime_ms: u32) -> SdkSignalFrame {
        let mut frame = framing::new(Type::DataMessage);
        frame.data_message = Some(SdkDataMessageFrame {
            messages: vec![SdkDataMessagePayload {
                topic: Some(topic.to_owned()),
                data: Some(data.to_vec()),
                lifetime_ms: Some(lifetime_ms),
                ..Default::default()
            }],
        });
        frame
    }

    /// PAUSE or RESUME of streams.
    pub fn pause(&self, streams: &[u32], paused: bool) -> SdkSignalFrame {
        let kind = if paused { Type::Pause } else { Type::Resume };
        let mut frame = framing::new(kind);
        frame.pause = Some(SdkPauseResumeFrame {
            stream_ids: streams.to_vec(),
            group_ids: Vec::new(),
        });
        frame
    }

    /// REMOTE_VIDEO_UPDATE: other layers for sections that are negotiated.
    pub fn retarget(&self, wishes: Vec<SdkVideoSubscriptionConfiguration>) -> SdkSignalFrame {
        let mut frame = framing::new(Type::RemoteVideoUpdate);
        frame.remote_video_update = Some(SdkRemoteVideoUpdateFrame {
            added_or_updated_video_subscriptions: wishes,
            removed_video_subscription_mids: Vec::new(),
        });
        frame
    }

    /// LEAVE.
    pub fn leave(&self) -> SdkSignalFrame {
        let mut frame = framing::new(Type::Leave);
        frame.leave = Some(SdkLeaveFrame {});
        frame
    }

    /// Takes one WebSocket message; pushes frames to send at once to `replies`.
    pub fn receive(
        &mut self,
        message: &[u8],
        replies: &mut Vec<SdkSignalFrame>,
    ) -> Result<Vec<Event>, Fault> {
        let frame = framing::decode(message).map_err(Fault::Malformed)?;
        let mut events = Vec::new();
        if let Some(error) = &frame.error {
            events.push(Event::Error(error.status(), error.description().to_owned()));
        }
        match frame.r#type() {
            Type::JoinAck => match frame.joinack {
                Some(ack) => {
                    self.compressed = ack.wants_compressed_sdp();
                    events.push(Event::Joined(ack));
                }
                None if events.is_empty() => return Err(Fault::NoJoinAck),
                None => {}
            },
            Type::Index => events.push(Event::Index(frame.index.unwrap_or_default())),
            Type::SubscribeAck => match frame.suback {
                Some(ack) => events.push(self.subscribed(ack)?),
                None if events.is_empty() => return Err(Fault::Answer("no suback".to_owned())),
                None => {}
            },
            Type::AudioStreamIdInfo => {
                let info = frame.audio_stream_id_info.unwrap_or_default();
                events.push(Event::Roster(self.roster.update(&info.streams)));
            }
            Type::AudioMetadata => events.push(Event::Volumes(
                frame.audio_metadata.unwrap_or_default().attendee_states,
            )),
            Type::Bitrates => events.push(Event::Bitrates(frame.bitrates.unwrap_or_default())),
            Type::Pause => events.push(Event::Paused(frame.pause.unwrap_or_default().group_ids)),
            Type::Resume => events.push(Event::Resumed(frame.pause.unwrap_or_default().group_ids)),
            Type::DataMessage => events.extend(
                frame
                    .data_message
                    .unwrap_or_default()
                    .messages
                    .into_iter()
                    .map(Event::Data),
            ),
            Type::Notification => {
                let said = frame.notification.unwrap_or_default();
                events.push(Event::Notified(
                    said.level() as i32,
                    said.message().to_owned(),
                ));
            }
            Type::AudioStatus => events.push(Event::Status(
                frame.audio_status.unwrap_or_default().audio_status(),
            )),
            Type::PingPong => {
                let ping = frame.ping_pong.unwrap_or_default();
                if ping.r#type() == SdkPingPongType::Ping {
                    replies.push(ping_pong(SdkPingPongType::Pong, ping.ping_id));
                } else {
                    events.push(Event::Pong(ping.ping_id));
                }
            }
            Type::LeaveAck => events.push(Event::Left),
            other => events.push(Event::Other(other)),
        }
        Ok(events)
    }

    fn subscribed(&mut self, ack: SdkSubscribeAckFrame) -> Result<Event, Fault> {
        let text = match (&ack.compressed_sdp_answer, &ack.sdp_answer) {
            (Some(data), _) if !data.is_empty() => self
                .answers
                .decompress(data)
                .map_err(|e| Fault::Answer(e.to_string()))?,
            (_, Some(text)) => {
                self.answers.plain(text);
                text.clone()
            }
            _ => return Err(Fault::Answer("none is there".to_owned())),
        };
        Ok(Event::Subscribed(text, ack))
    }
}

fn ping_pong(kind: SdkPingPongType, id: u32) -> SdkSignalFrame {
    let mut frame = framing::new(Type::PingPong);
    frame.ping_pong = Some(SdkPingPongFrame {
        r#type: kind as i32,
        ping_id: id,
    });
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(session: &mut Session, frame: &SdkSignalFrame) -> (Vec<Event>, Vec<SdkSignalFrame>) {
        let mut replies = Vec::new();
        let events = session
            .receive(&framing::encode(frame), &mut replies)
            .unwrap();
        (events, replies)
    }

    #[test]
    fn a_ping_is_answered_with_its_own_number() {
        let mut session = Session::new(Joining::default());
        let (events, replies) = answer(&mut session, &ping_pong(SdkPingPongType::Ping, 77));
        assert!(events.is_empty());
        let pong = replies[0].ping_pong.as_ref().unwrap();
        assert_eq!((pong.r#type(), pong.ping_id), (SdkPingPongType::Pong, 77));
    }

    #[test]
    fn offers_are_compressed_only_when_the_server_wants_them_so() {
        let mut session = Session::new(Joining {
            compressed: true,
            ..Default::default()
        });
        let wanted = Subscription {
            offer: "v=0\r\n".repeat(100),
            ..Default::default()
        };
        let sub = session.subscribe(&wanted).sub.unwrap();
        assert_eq!(sub.sdp_offer.as_deref(), Some(wanted.offer.as_str()));
        let mut ack = framing::new(Type::JoinAck);
        ack.joinack = Some(SdkJoinAckFrame {
            wants_compressed_sdp: Some(true),
            ..Default::default()
        });
        answer(&mut session, &ack);
        let sub = session.subscribe(&wanted).sub.unwrap();
        assert_eq!(sub.sdp_offer, None);
        assert!(sub.compressed_sdp_offer.unwrap().len() < 50);
    }

    #[test]
    fn an_error_beside_an_answer_leaves_the_answer_valid() {
        let mut session = Session::new(Joining::default());
        let mut frame = framing::new(Type::SubscribeAck);
        frame.error = Some(SdkErrorFrame {
            status: Some(206),
            description: None,
        });
        frame.suback = Some(SdkSubscribeAckFrame {
            sdp_answer: Some("v=0".to_owned()),
            ..Default::default()
        });
        let (events, _) = answer(&mut session, &frame);
        assert!(matches!(events[0], Event::Error(206, _)));
        assert!(matches!(&events[1], Event::Subscribed(text, _) if text == "v=0"));
    }

    #[test]
    fn a_join_ack_without_its_body_ends_the_session() {
        let mut session = Session::new(Joining::default());
        let message = framing::encode(&framing::new(Type::JoinAck));
        assert!(matches!(
            session.receive(&message, &mut Vec::new()),
            Err(Fault::NoJoinAck)
        ));
    }
}
