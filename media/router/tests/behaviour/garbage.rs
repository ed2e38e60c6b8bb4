//! Any calls in any order with any packets: nothing panics, nothing reaches whom it must not, and every
//! stream stays a stream.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::{
    Codec, Config, Forward, Gates, Output, Packet, Preference, Receiver, Router, Sink, Source,
    SourceState, Wish,
};
use proptest::prelude::*;

/// Stream and sequence number a packet came with, and its timestamp.
type Tag = (u32, u64, u32);

#[derive(Debug, Clone)]
enum Op {
    Gates(u64, [bool; 4]),
    RemoveAttendee(u64),
    Source(u32, Source),
    RemoveSource(u32),
    Sink(u64, u32, u32),
    RemoveSink(u64, u32),
    RemoveSession(u64),
    Subscribe(u64, u32, Option<Wish>),
    Pause(u64, u32),
    Resume(u64, u32),
    Estimate(u64, u64),
    Wanted(u64, u32),
    Limits(Option<(u32, u32)>),
    Tick(u64),
    Packet {
        stream: u32,
        ssrc: u32,
        sequence: u64,
        timestamp: u32,
        codec: Codec,
        payload: Vec<u8>,
        padding: bool,
    },
}

const SESSIONS: u64 = 6;

/// Two sessions each: one for itself, one for content.
fn attendee(session: u64) -> u64 {
    session % 3
}

fn wish() -> impl Strategy<Value = Wish> {
    (
        0_u32..8,
        0_u32..4,
        0_u32..3,
        prop::sample::select(vec![0, 300, 1000, 5000]),
    )
        .prop_map(|(stream, group, priority, target_kbps)| Wish {
            stream: if stream < 4 { 0 } else { stream },
            group,
            priority,
            target_kbps,
            preference: Preference::from_wire(priority),
        })
}

fn payload() -> impl Strategy<Value = Vec<u8>> {
    let keyframe = vec![
        0x90, 0xf0, 0x92, 0x34, 0x56, 0x47, 0, 2, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1,
    ];
    let large = vec![0x90, 0x80, 0x12, 0, 2, 0, 0x9d, 1, 0x2a, 0x80, 7, 0x68, 4];
    prop_oneof![
        4 => Just(keyframe),
        1 => Just(large),
        2 => Just(vec![0x90, 0xe0, 0x92, 0x35, 0x57, 0x40, 1, 0, 0]),
        1 => Just(vec![0x08, 0x00, 0x11]),
        1 => Just(vec![0x65, 0x88, 0x80]),
        1 => Just(vec![]),
        2 => prop::collection::vec(any::<u8>(), 0..24),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let (session, slot, stream) = (0..SESSIONS, 0_u32..3, 1_u32..8);
    let source = (
        0..SESSIONS,
        1_u32..4,
        any::<bool>(),
        0_u8..3,
        prop::sample::select(vec![0, 300, 1500]),
        0..8,
    );
    let source = source.prop_map(
        |(session, group, content, layer, max_kbps, active)| Source {
            session,
            attendee: attendee(session),
            group,
            content,
            layer,
            max_kbps,
            active: active > 0,
        },
    );
    let codec = prop_oneof![8 => Just(Codec::Vp8), 1 => Just(Codec::Vp9), 1 => Just(Codec::H264), 1 => Just(Codec::Av1)];
    let sequence = prop_oneof![20 => 65_520_u64..65_560, 1 => 0_u64..200_000];
    let packet = (
        stream.clone(),
        0_u32..12,
        sequence,
        any::<u32>(),
        codec,
        payload(),
        0..8,
    )
        .prop_map(
            |(stream, ssrc, sequence, timestamp, codec, payload, padding)| Op::Packet {
                stream,
                ssrc: stream * 10 + u32::from(ssrc == 0),
                sequence,
                timestamp: timestamp % 1_000_000,
                codec,
                payload,
                padding: padding == 0,
            },
        );
    let open = prop_oneof![3 => Just([true; 4]), 1 => any::<[bool; 4]>()];
    prop_oneof![
        3 => (0_u64..3, open).prop_map(|(attendee, gates)| Op::Gates(attendee, gates)),
        1 => (0_u64..3).prop_map(Op::RemoveAttendee),
        5 => (stream.clone(), source).prop_map(|(stream, source)| Op::Source(stream, source)),
        1 => stream.clone().prop_map(Op::RemoveSource),
        4 => (session.clone(), slot.clone(), 1_u32..3).prop_map(|(session, slot, ssrc)| Op::Sink(session, slot, ssrc)),
        1 => (session.clone(), slot.clone()).prop_map(|(session, slot)| Op::RemoveSink(session, slot)),
        1 => session.clone().prop_map(Op::RemoveSession),
        6 => (session.clone(), slot.clone(), prop::option::weighted(0.9, wish()))
            .prop_map(|(session, slot, wish)| Op::Subscribe(session, slot, wish)),
        1 => (session.clone(), stream.clone()).prop_map(|(session, stream)| Op::Pause(session, stream)),
        1 => (session.clone(), stream.clone()).prop_map(|(session, stream)| Op::Resume(session, stream)),
        1 => (session.clone(), prop::sample::select(vec![0, 100_000, 1_000_000, u64::MAX]))
            .prop_map(|(session, bps)| Op::Estimate(session, bps)),
        1 => (session.clone(), slot).prop_map(|(session, slot)| Op::Wanted(session, slot)),
        1 => prop::option::of(Just((640, 480))).prop_map(Op::Limits),
        6 => prop::sample::select(vec![0, 10, 100, 600, 2000]).prop_map(Op::Tick),
        30 => packet,
    ]
}

/// What a tile got: its numbers, and the constant offsets of its pieces.
#[derive(Default)]
struct Stream {
    sequences: HashSet<u64>,
    started: bool,
}

/// What the router was told, by which all it does is judged.
#[derive(Default)]
struct Judge {
    gates: HashMap<u64, Gates>,
    sources: HashMap<u32, Source>,
    sinks: HashMap<(u64, u32), Sink>,
    wishes: HashMap<(u64, u32), Wish>,
    paused: HashSet<(u64, u32)>,
    streams: HashMap<(u64, u32), Stream>,
}

impl Judge {
    fn gates(&self, attendee: u64) -> Gates {
        self.gates.get(&attendee).copied().unwrap_or_default()
    }

    fn meant(&self, wish: &Wish) -> u32 {
        self.sources
            .get(&wish.stream)
            .map_or(wish.group, |source| source.group)
    }

    fn set_source(&mut self, stream: u32, source: Source) {
        let identity = |source: &Source| {
            (
                source.session,
                source.attendee,
                source.group,
                source.content,
            )
        };
        if self
            .sources
            .get(&stream)
            .is_some_and(|before| identity(before) != identity(&source))
        {
            self.sources.remove(&stream);
            self.forget_groups();
        }
        let stranger = |other: &Source| {
            other.group == source.group
                && (other.attendee, other.content) != (source.attendee, source.content)
        };
        if !self.sources.values().any(stranger) {
            self.sources.insert(stream, source);
        }
    }

    fn forget_groups(&mut self) {
        let groups: HashSet<u32> = self.sources.values().map(|source| source.group).collect();
        self.paused.retain(|(_, group)| groups.contains(group));
    }

    fn remove_sink(&mut self, key: (u64, u32)) {
        self.sinks.remove(&key);
        self.wishes.remove(&key);
        self.streams.remove(&key);
    }
}

impl Output<Tag> for Judge {
    fn forward(&mut self, to: Receiver, packet: Forward<'_, Tag>) {
        let key = (to.session, to.slot);
        let sink = self.sinks[&key];
        assert_eq!(sink.token, to.token);
        let (stream, ..) = *packet.extensions;
        let source = self.sources[&stream];
        assert_eq!(self.meant(&self.wishes[&key]), source.group);
        assert_ne!(source.attendee, sink.attendee);
        let (sender, receiver) = (self.gates(source.attendee), self.gates(sink.attendee));
        assert!(if source.content {
            sender.content_send && receiver.content_receive
        } else {
            sender.video_send && receiver.video_receive
        });
        assert!(!self.paused.contains(&(to.session, source.group)));
        let got = self.streams.entry(key).or_default();
        if !got.started {
            assert!(packet.keyframe && packet.sequence < 65536);
            got.started = true;
        }
        assert!(
            got.sequences.insert(packet.sequence),
            "{} twice",
            packet.sequence
        );
        if let Some(ids) = packet.vp8 {
            assert!(packet.payload.is_empty() || ids.write(&mut packet.payload.to_vec()));
        }
    }
    fn request_keyframe(&mut self, stream: u32) {
        assert!(self.sources.contains_key(&stream));
    }
    fn paused(&mut self, session: u64, _: u32) {
        assert!(self.sinks.keys().any(|key| key.0 == session));
    }
    fn resumed(&mut self, session: u64, _: u32) {
        assert!(self.sinks.keys().any(|key| key.0 == session));
    }
    fn source(&mut self, stream: u32, _: SourceState, _: u32, _: u32) {
        assert!(self.sources.contains_key(&stream));
    }
    fn starved(&mut self, _: &[u32]) {}
    fn watched(&mut self, stream: u32, _: bool) {
        assert!(self.sources.contains_key(&stream));
    }
}

fn apply(router: &mut Router<Tag>, judge: &mut Judge, now: &mut Instant, op: Op) {
    match op {
        Op::Gates(attendee, [video_send, video_receive, content_send, content_receive]) => {
            let gates = Gates {
                video_send,
                video_receive,
                content_send,
                content_receive,
            };
            judge.gates.insert(attendee, gates);
            router.set_gates(attendee, gates);
        }
        Op::RemoveAttendee(attendee) => {
            judge.gates.remove(&attendee);
            router.remove_attendee(attendee);
        }
        Op::Source(stream, source) => {
            judge.set_source(stream, source);
            router.set_source(stream, source);
        }
        Op::RemoveSource(stream) => {
            judge.sources.remove(&stream);
            judge.forget_groups();
            router.remove_source(stream);
        }
        Op::Sink(session, slot, ssrc) => {
            let sink = Sink {
                attendee: attendee(session),
                ssrc,
                token: u64::from(ssrc) + session,
            };
            let before = judge.sinks.insert((session, slot), sink);
            if before.is_some_and(|before| before.ssrc != ssrc) {
                judge.streams.remove(&(session, slot));
            }
            router.set_sink(session, slot, sink);
        }
        Op::RemoveSink(session, slot) => {
            judge.remove_sink((session, slot));
            router.remove_sink(session, slot);
        }
        Op::RemoveSession(session) => {
            (0..3).for_each(|slot| judge.remove_sink((session, slot)));
            judge.sources.retain(|_, source| source.session != session);
            judge.paused.retain(|(paused, _)| *paused != session);
            judge.forget_groups();
            router.remove_session(session);
        }
        Op::Subscribe(session, slot, wish) => {
            if judge.sinks.contains_key(&(session, slot)) {
                match wish {
                    Some(wish) => judge.wishes.insert((session, slot), wish),
                    None => judge.wishes.remove(&(session, slot)),
                };
            }
            router.subscribe(session, slot, wish);
        }
        Op::Pause(session, stream) => {
            let known = judge.sinks.keys().any(|key| key.0 == session);
            if let Some(source) = judge.sources.get(&stream).filter(|_| known) {
                judge.paused.insert((session, source.group));
            }
            router.pause(session, stream);
        }
        Op::Resume(session, stream) => {
            if let Some(source) = judge.sources.get(&stream) {
                judge.paused.remove(&(session, source.group));
            }
            router.resume(session, stream);
        }
        Op::Estimate(session, bps) => router.set_estimate(session, bps, *now),
        Op::Wanted(session, slot) => router.keyframe_wanted(session, slot, *now),
        Op::Limits(limit) => router.set_limits(limit, limit),
        Op::Tick(passed) => {
            *now += Duration::from_millis(passed);
            router.tick(*now, judge);
        }
        Op::Packet {
            stream,
            ssrc,
            sequence,
            timestamp,
            codec,
            payload,
            padding,
        } => {
            *now += Duration::from_millis(1);
            let packet = Packet {
                ssrc,
                sequence,
                timestamp,
                marker: true,
                codec,
                payload: &Arc::from(payload),
                arrived: *now,
                padding_only: padding,
                extensions: &(stream, sequence, timestamp),
            };
            router.receive(stream, packet, judge);
        }
    }
}

/// `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: asked.unwrap_or(60),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn nothing_reaches_whom_it_must_not(ops in prop::collection::vec(op(), 1..400)) {
        let mut router = Router::new(Config::default());
        let mut judge = Judge::default();
        let mut now = Instant::now();
        for op in ops {
            apply(&mut router, &mut judge, &mut now, op);
        }
        router.tick(now + Duration::from_secs(10), &mut judge);
        prop_assert!(!router.dirty());
    }

    #[test]
    fn with_all_gates_open_the_same(ops in prop::collection::vec(op(), 1..400)) {
        let mut router = Router::new(Config::default());
        let mut judge = Judge::default();
        let mut now = Instant::now();
        for attendee in 0..3 {
            apply(&mut router, &mut judge, &mut now, Op::Gates(attendee, [true; 4]));
        }
        for (index, op) in ops.into_iter().enumerate() {
            if !matches!(op, Op::Gates(..) | Op::RemoveAttendee(_)) {
                apply(&mut router, &mut judge, &mut now, op);
            }
            if index % 4 == 0 {
                apply(&mut router, &mut judge, &mut now, Op::Tick(1));
            }
        }
    }
}
