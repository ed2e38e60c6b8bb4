//! The few messages of LiveKit's signalling that a load needs, with the members it needs.

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub struct SessionDescription {
    #[prost(string, tag = "1")]
    pub kind: String,
    #[prost(string, tag = "2")]
    pub sdp: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Trickle {
    #[prost(string, tag = "1")]
    pub candidate: String,
    #[prost(int32, tag = "2")]
    pub target: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct VideoLayer {
    #[prost(int32, tag = "1")]
    pub quality: i32,
    #[prost(uint32, tag = "2")]
    pub width: u32,
    #[prost(uint32, tag = "3")]
    pub height: u32,
    #[prost(uint32, tag = "4")]
    pub bitrate: u32,
}

#[derive(Clone, PartialEq, Message)]
pub struct AddTrack {
    #[prost(string, tag = "1")]
    pub cid: String,
    #[prost(string, tag = "2")]
    pub name: String,
    #[prost(int32, tag = "3")]
    pub kind: i32,
    #[prost(uint32, tag = "4")]
    pub width: u32,
    #[prost(uint32, tag = "5")]
    pub height: u32,
    #[prost(int32, tag = "8")]
    pub source: i32,
    #[prost(message, repeated, tag = "9")]
    pub layers: Vec<VideoLayer>,
    #[prost(bool, tag = "13")]
    pub disable_red: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Leave {}

#[derive(Clone, PartialEq, Message)]
pub struct Ping {
    #[prost(int64, tag = "1")]
    pub timestamp: i64,
}

/// One member is set.
#[derive(Clone, PartialEq, Message)]
pub struct Request {
    #[prost(message, optional, tag = "1")]
    pub offer: Option<SessionDescription>,
    #[prost(message, optional, tag = "2")]
    pub answer: Option<SessionDescription>,
    #[prost(message, optional, tag = "4")]
    pub add_track: Option<AddTrack>,
    #[prost(message, optional, tag = "8")]
    pub leave: Option<Leave>,
    #[prost(message, optional, tag = "16")]
    pub ping: Option<Ping>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Join {
    #[prost(bool, tag = "6")]
    pub subscriber_primary: bool,
}

#[derive(Clone, PartialEq, Message)]
pub struct Published {
    #[prost(string, tag = "1")]
    pub cid: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct Ended {
    #[prost(int32, tag = "2")]
    pub reason: i32,
}

/// One member is set, or another that does not matter here.
#[derive(Clone, PartialEq, Message)]
pub struct Response {
    #[prost(message, optional, tag = "1")]
    pub join: Option<Join>,
    #[prost(message, optional, tag = "2")]
    pub answer: Option<SessionDescription>,
    #[prost(message, optional, tag = "3")]
    pub offer: Option<SessionDescription>,
    #[prost(message, optional, tag = "4")]
    pub trickle: Option<Trickle>,
    #[prost(message, optional, tag = "6")]
    pub published: Option<Published>,
    #[prost(message, optional, tag = "8")]
    pub leave: Option<Ended>,
}
