//! A server core and its clients in one memory, in virtual time, over a network that may lose,
//! delay and reorder.
#![allow(dead_code)]

pub mod client;
pub mod media;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use client::Client;
use hubbub_engine::command::{AttendeeId, Command, Gates, SessionId, Subscription};
use hubbub_engine::core::Core;
use hubbub_engine::event::Event;
use hubbub_engine::meeting::Settings;
use hubbub_engine::session::setup::Identity;
use str0m::net::Protocol;

/// The one meeting of most tests.
pub const MEETING: u64 = 1;

/// What the network does to a client's packets, both ways.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// Part that is lost.
    pub loss: f64,
    /// Each packet takes up to this much longer.
    pub jitter: Duration,
}

/// A packet on its way: when it arrives, its order, the client, whether it goes up, its bytes.
type Flight = (Instant, u64, usize, bool, Vec<u8>);

/// Everything.
pub struct World {
    pub core: Core,
    pub clients: Vec<Client>,
    pub now: Instant,
    pub events: Vec<Event>,
    pub weather: Weather,
    fingerprint: String,
    flight: BinaryHeap<Reverse<Flight>>,
    order: u64,
    random: u64,
}

impl World {
    /// With one empty meeting.
    pub fn new() -> World {
        let now = Instant::now();
        let identity = Identity::generate();
        let fingerprint = identity.fingerprint().to_owned();
        let core = Core::new(Settings {
            identity,
            speakers: 3,
            clock: (now, 1_000_000),
        });
        let mut world = World {
            core,
            clients: Vec::new(),
            now,
            events: Vec::new(),
            weather: Weather::default(),
            fingerprint,
            flight: BinaryHeap::new(),
            order: 0,
            random: 0x9E37_79B9_7F4A_7C15,
        };
        world.command(Command::CreateMeeting {
            meeting: MEETING,
            video_limit: None,
            content_limit: None,
        });
        world
    }

    /// Tells the core something.
    pub fn command(&mut self, command: Command) {
        self.core.command(command, self.now);
        self.collect();
    }

    /// Joins session `id`, of the attendee with the same id, with so many tiles; its index.
    pub fn join(&mut self, id: SessionId, tiles: u32) -> usize {
        self.join_as(id, id, tiles, Gates::OPEN)
    }

    /// Joins with an attendee and gates.
    pub fn join_as(
        &mut self,
        id: SessionId,
        attendee: AttendeeId,
        tiles: u32,
        gates: Gates,
    ) -> usize {
        let mut client = Client::new(MEETING, id, attendee, &self.fingerprint, tiles, self.now);
        client.open.gates = gates;
        let (open, configure) = (client.open.clone(), client.configure.clone());
        self.clients.push(client);
        self.command(Command::OpenSession(open));
        self.command(Command::Configure(configure));
        self.clients.len() - 1
    }

    /// Joins and waits until all are connected.
    pub fn connect(&mut self, tiles: u32, ids: &[SessionId]) {
        for id in ids {
            self.join(*id, tiles);
        }
        self.run(Duration::from_secs(2));
        assert!(
            self.clients.iter().all(|client| client.seen.connected),
            "{:?}",
            self.events
        );
    }

    /// Says again what the client's answer has agreed on.
    pub fn configure(&mut self, index: usize) {
        let configure = self.clients[index].configure.clone();
        self.command(Command::Configure(configure));
    }

    /// Turns on a camera; its stream is `stream`, its group `stream` + 1.
    pub fn start_camera(&mut self, index: usize, stream: u32) {
        let content = self.clients[index].open.content;
        self.clients[index].start_camera(stream, stream + 1, content);
        self.configure(index);
    }

    /// Lets a client watch a stream in its first tile.
    pub fn watch(&mut self, index: usize, tile: usize, stream: u32) {
        let mid = self.clients[index].configure.tiles[tile].mid.clone();
        let session = self.clients[index].open.session;
        let subscription = Subscription {
            mid,
            stream,
            group: stream + 1,
            priority: 1,
            target_kbps: 0,
            preference: 1,
        };
        self.command(Command::Subscribe {
            session,
            subscriptions: vec![subscription],
        });
    }

    /// A client's camera makes a frame; a key frame where one was asked for since the last.
    pub fn show_frame(&mut self, index: usize) {
        let client = &mut self.clients[index];
        let keyframe = client.seen.keyframe_requests > client.answered;
        client.answered = client.seen.keyframe_requests;
        let picture = client.video_sequence as u16 & 0x7fff;
        let timestamp = client.video_sequence as u32 * 3600;
        let payload = media::vp8(picture, keyframe, 900);
        self.clients[index].send_video(&payload, timestamp, true);
    }

    /// Sets an attendee's gates.
    pub fn set_gates(&mut self, attendee: AttendeeId, gates: Gates) {
        self.command(Command::SetGates {
            meeting: MEETING,
            attendee,
            gates,
        });
    }

    fn random(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn send(&mut self, client: usize, up: bool, bytes: Vec<u8>) {
        if self.clients[client].unplugged || self.random() < self.weather.loss {
            return;
        }
        let jitter = self.weather.jitter.mul_f64(self.random());
        self.order += 1;
        let at = self.now + Duration::from_millis(2) + jitter;
        self.flight
            .push(Reverse((at, self.order, client, up, bytes)));
    }

    fn collect(&mut self) {
        self.core.flush(self.now);
        let (output, _) = self.core.output();
        let datagrams = std::mem::take(&mut output.datagrams);
        self.events.append(&mut output.events);
        for datagram in datagrams {
            if let Some(client) = self
                .clients
                .iter()
                .position(|c| c.address == datagram.destination)
            {
                self.send(client, false, datagram.contents);
            }
        }
        for client in 0..self.clients.len() {
            while let Some(bytes) = self.clients[client].outbox.pop_front() {
                self.send(client, true, bytes);
            }
        }
    }

    /// Hands the core a datagram as if it came from that address.
    pub fn inject(&mut self, source: SocketAddr, bytes: &[u8]) {
        self.core.datagram(Protocol::Udp, source, bytes, self.now);
        self.collect();
    }

    /// Lets time pass, 1 ms after the other.
    pub fn run(&mut self, time: Duration) {
        self.run_with(time, |_, _| {});
    }

    /// Lets time pass; `each` is called every millisecond with their number.
    pub fn run_with(&mut self, time: Duration, mut each: impl FnMut(&mut World, u64)) {
        for millisecond in 0..time.as_millis() as u64 {
            self.now += Duration::from_millis(1);
            each(self, millisecond);
            while let Some(Reverse((at, ..))) = self.flight.peek()
                && *at <= self.now
                && let Some(Reverse((_, _, client, up, bytes))) = self.flight.pop()
            {
                if up {
                    let source = self.clients[client].address;
                    self.core.datagram(Protocol::Udp, source, &bytes, self.now);
                } else {
                    self.clients[client].receive(&bytes, self.now);
                }
            }
            for client in &mut self.clients {
                if client.deadline <= self.now {
                    client.drive(self.now);
                }
            }
            self.core.timeout(self.now);
            self.collect();
        }
    }

    /// Packets that a client got for an ssrc since the last call.
    pub fn take_packets(&mut self, client: usize, ssrc: u32) -> Vec<str0m::rtp::RtpPacket> {
        let packets = std::mem::take(&mut self.clients[client].seen.packets);
        packets
            .into_iter()
            .filter(|packet| *packet.header.ssrc == ssrc)
            .collect()
    }
}
