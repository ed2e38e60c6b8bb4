//! A router between cameras and screens, over links of their own, in virtual time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

use hubbub_router::{
    Config, Forward, Gates, Output, Packet, Receiver, Router, Sink, Source, SourceState, Wish,
};

use crate::camera::{Camera, Sent};
use crate::network::{Conditions, Link};
use crate::screen::{Got, Screen};

/// What the router said, in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Said {
    Keyframe(u32),
    Paused(u64, u32),
    Resumed(u64, u32),
    Source(u32, SourceState, u32, u32),
    Watched(u32, bool),
}

/// Everything that was forwarded to one tile, before its link.
#[derive(Default)]
pub struct Tile {
    pub log: Vec<(Instant, Got)>,
    pub screen: Screen,
}

#[derive(Default)]
pub struct Outbox {
    pub now: Option<Instant>,
    pub said: Vec<(Instant, Said)>,
    pub starved: Vec<Vec<u32>>,
    pub forwarded: Vec<(Receiver, Got)>,
}

impl Outbox {
    fn say(&mut self, said: Said) {
        self.said.push((self.now.unwrap(), said));
    }
}

impl Output<()> for Outbox {
    fn forward(&mut self, to: Receiver, packet: Forward<'_, ()>) {
        let mut payload = packet.payload.to_vec();
        if let Some(ids) = packet.vp8 {
            assert!(ids.write(&mut payload));
        }
        let got = Got {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.marker,
            codec: packet.codec,
            payload: payload.into(),
        };
        self.forwarded.push((to, got));
    }
    fn request_keyframe(&mut self, stream: u32) {
        self.say(Said::Keyframe(stream));
    }
    fn paused(&mut self, session: u64, group: u32) {
        self.say(Said::Paused(session, group));
    }
    fn resumed(&mut self, session: u64, group: u32) {
        self.say(Said::Resumed(session, group));
    }
    fn source(&mut self, stream: u32, state: SourceState, width: u32, height: u32) {
        self.say(Said::Source(stream, state, width, height));
    }
    fn starved(&mut self, streams: &[u32]) {
        self.starved.push(streams.to_vec());
    }
    fn watched(&mut self, stream: u32, watched: bool) {
        self.say(Said::Watched(stream, watched));
    }
}

pub struct Meeting {
    pub router: Router<()>,
    pub now: Instant,
    pub cameras: BTreeMap<u32, Camera>,
    pub uplinks: BTreeMap<u32, Link<Sent>>,
    /// By session and slot.
    pub tiles: BTreeMap<(u64, u32), Tile>,
    pub downlinks: HashMap<u64, Link<(u32, Got)>>,
    requests: Link<u32>,
    pub out: Outbox,
    ticked: Option<Instant>,
}

const STEP: Duration = Duration::from_millis(1);

impl Meeting {
    pub fn new() -> Self {
        Self {
            router: Router::new(Config::default()),
            now: Instant::now() + Duration::from_secs(1000),
            cameras: BTreeMap::new(),
            uplinks: BTreeMap::new(),
            tiles: BTreeMap::new(),
            downlinks: HashMap::new(),
            requests: Link::new(Conditions::GOOD, 99),
            out: Outbox::default(),
            ticked: None,
        }
    }

    pub fn open(&mut self, attendees: impl IntoIterator<Item = u64>) {
        for attendee in attendees {
            self.router.set_gates(attendee, Gates::OPEN);
        }
    }

    /// A camera with these layers; stream ids from `group * 10`. The session is the attendee's number.
    pub fn camera(&mut self, attendee: u64, group: u32, layers: &[((u16, u16), u32)]) {
        self.source(attendee, group, false, layers);
    }

    pub fn content(&mut self, attendee: u64, group: u32, layers: &[((u16, u16), u32)]) {
        self.source(attendee, group, true, layers);
    }

    fn source(&mut self, attendee: u64, group: u32, content: bool, layers: &[((u16, u16), u32)]) {
        for (layer, &(size, kbps)) in layers.iter().enumerate() {
            let stream = group * 10 + layer as u32;
            let source = Source {
                session: attendee + if content { 1000 } else { 0 },
                attendee,
                group,
                content,
                layer: layer as u8,
                max_kbps: kbps,
                active: true,
            };
            self.router.set_source(stream, source);
            self.cameras
                .insert(stream, Camera::new(stream, size, kbps, self.now));
            self.uplinks
                .insert(stream, Link::new(Conditions::GOOD, u64::from(stream)));
        }
    }

    /// A tile of the attendee's session.
    pub fn watch(&mut self, attendee: u64, slot: u32, wish: Wish) {
        self.tiles.entry((attendee, slot)).or_default();
        self.downlinks
            .entry(attendee)
            .or_insert_with(|| Link::new(Conditions::GOOD, attendee));
        let sink = Sink {
            attendee,
            ssrc: 7000 + slot,
            token: attendee * 100 + u64::from(slot),
        };
        self.router.set_sink(attendee, slot, sink);
        self.router.subscribe(attendee, slot, Some(wish));
    }

    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
            self.now += STEP;
        }
    }

    fn step(&mut self) {
        let now = self.now;
        self.out.now = Some(now);
        for camera in self.cameras.values_mut() {
            let link = self.uplinks.get_mut(&camera.stream).unwrap();
            camera.poll(now, &mut |sent| link.send(now, sent));
        }
        for link in self.uplinks.values_mut() {
            while let Some((arrived, sent)) = link.receive(now) {
                self.router
                    .receive(sent.stream, packet(&sent, arrived), &mut self.out);
            }
        }
        let due = self
            .ticked
            .is_none_or(|ticked| now - ticked >= Duration::from_millis(100));
        if due || self.router.dirty() {
            self.ticked = Some(now);
            self.router.tick(now, &mut self.out);
        }
        for (to, got) in self.out.forwarded.drain(..) {
            assert_eq!(to.token, to.session * 100 + u64::from(to.slot));
            self.tiles
                .get_mut(&(to.session, to.slot))
                .unwrap()
                .log
                .push((now, got.clone()));
            self.downlinks
                .get_mut(&to.session)
                .unwrap()
                .send(now, (to.slot, got));
        }
        self.requests();
        for (&session, link) in &mut self.downlinks {
            while let Some((arrived, (slot, got))) = link.receive(now) {
                self.tiles
                    .get_mut(&(session, slot))
                    .unwrap()
                    .screen
                    .receive(arrived, got);
            }
        }
        for (&(session, slot), tile) in &mut self.tiles {
            if tile.screen.wants_keyframe(now) {
                self.router.keyframe_wanted(session, slot, now);
            }
        }
    }

    fn requests(&mut self) {
        for &(at, said) in self
            .out
            .said
            .iter()
            .rev()
            .take_while(|(at, _)| *at == self.now)
        {
            if let Said::Keyframe(stream) = said {
                self.requests.send(at, stream);
            }
        }
        while let Some((_, stream)) = self.requests.receive(self.now) {
            if let Some(camera) = self.cameras.get_mut(&stream) {
                camera.request_keyframe();
            }
        }
    }

    pub fn tile(&self, session: u64, slot: u32) -> &Tile {
        &self.tiles[&(session, slot)]
    }

    /// Streams whose packets were forwarded to a tile since then.
    pub fn seen(&self, session: u64, slot: u32, since: Instant) -> BTreeSet<u32> {
        let log = &self.tile(session, slot).log;
        log.iter()
            .filter(|(at, got)| *at >= since && !got.payload.is_empty())
            .map(|(_, got)| got.origin().0)
            .collect()
    }

    pub fn said(&self, since: Instant) -> impl Iterator<Item = Said> {
        self.out
            .said
            .iter()
            .filter(move |(at, _)| *at >= since)
            .map(|&(_, said)| said)
    }

    /// When key frames of a stream were asked for.
    pub fn requested(&self, stream: u32) -> Vec<Instant> {
        let of = |(at, said): &(Instant, Said)| (*said == Said::Keyframe(stream)).then_some(*at);
        self.out.said.iter().filter_map(of).collect()
    }

    pub fn bad_weather(&mut self, conditions: Conditions) {
        self.uplinks
            .values_mut()
            .for_each(|link| link.conditions = conditions);
        self.downlinks
            .values_mut()
            .for_each(|link| link.conditions = conditions);
        self.requests.conditions = conditions;
    }
}

pub fn packet(sent: &Sent, arrived: Instant) -> Packet<'_, ()> {
    Packet {
        ssrc: sent.ssrc,
        sequence: sent.sequence,
        timestamp: sent.timestamp,
        marker: sent.marker,
        codec: sent.codec,
        payload: &sent.payload,
        arrived,
        padding_only: sent.padding,
        extensions: &(),
    }
}

/// The router picks a layer of the group.
pub fn any(group: u32) -> Wish {
    Wish {
        group,
        target_kbps: 10_000,
        ..Wish::default()
    }
}

/// Exactly this stream.
pub fn only(stream: u32) -> Wish {
    Wish {
        stream,
        ..Wish::default()
    }
}

pub const LADDER: [((u16, u16), u32); 3] =
    [((320, 180), 200), ((640, 360), 600), ((1280, 720), 1200)];

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
