use std::marker::PhantomData;
use std::time::Instant;

use crate::{Config, Gates, Output, Packet, Sink, Source, Wish};

/// Bandwidth of one receiving session, for its congestion controller; bit/s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Demand {
    /// What is being forwarded now.
    pub current: u64,
    /// What it would take to forward all that was asked for.
    pub desired: u64,
}

/// The video of one meeting. `E` is what the owner attaches to packets.
pub struct Router<E> {
    config: Config,
    extensions: PhantomData<E>,
}

impl<E: Clone> Router<E> {
    /// An empty meeting.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            extensions: PhantomData,
        }
    }

    /// What an attendee may do from now on. What is forbidden stops before this returns.
    pub fn set_gates(&mut self, attendee: u64, gates: Gates) {
        let _ = (attendee, gates);
    }

    /// The attendee is gone; as if no gates had been set.
    pub fn remove_attendee(&mut self, attendee: u64) {
        let _ = attendee;
    }

    /// Largest width and height of cameras and of content; `None`: no limit. Portrait counts as landscape.
    pub fn set_limits(&mut self, video: Option<(u32, u32)>, content: Option<(u32, u32)>) {
        let _ = (video, content);
    }

    /// Declares a source or changes its declaration.
    pub fn set_source(&mut self, stream: u32, source: Source) {
        let _ = (stream, source);
    }

    /// The source is gone.
    pub fn remove_source(&mut self, stream: u32) {
        let _ = stream;
    }

    /// Declares a sink or changes it.
    pub fn set_sink(&mut self, session: u64, slot: u32, sink: Sink) {
        let _ = (session, slot, sink);
    }

    /// The sink is gone.
    pub fn remove_sink(&mut self, session: u64, slot: u32) {
        let _ = (session, slot);
    }

    /// The session is gone, with its sources, sinks and estimate.
    pub fn remove_session(&mut self, session: u64) {
        let _ = session;
    }

    /// What a sink wants; `None`: nothing. Ignored for an unknown sink.
    pub fn subscribe(&mut self, session: u64, slot: u32, wish: Option<Wish>) {
        let _ = (session, slot, wish);
    }

    /// The client paused the group of this stream (PAUSE).
    pub fn pause(&mut self, session: u64, stream: u32) {
        let _ = (session, stream);
    }

    /// The client resumed it (RESUME).
    pub fn resume(&mut self, session: u64, stream: u32) {
        let _ = (session, stream);
    }

    /// The session's downlink carries this many bit/s in all. Without an estimate all that was asked
    /// for is forwarded, so pass none before feedback confirmed one.
    pub fn set_estimate(&mut self, session: u64, bps: u64, now: Instant) {
        let _ = (session, bps, now);
    }

    /// A receiver asked for a key frame (PLI, FIR).
    pub fn keyframe_wanted(&mut self, session: u64, slot: u32, now: Instant) {
        let _ = (session, slot, now);
    }

    /// A packet of a source. Unknown streams are ignored.
    pub fn receive<O: Output<E> + ?Sized>(
        &mut self,
        stream: u32,
        packet: Packet<'_, E>,
        out: &mut O,
    ) {
        let _ = (stream, packet, out);
    }

    /// Whether state changed since the last tick.
    pub fn dirty(&self) -> bool {
        false
    }

    /// To be called after every batch of changes and every 100 ms.
    pub fn tick<O: Output<E> + ?Sized>(&mut self, now: Instant, out: &mut O) {
        let _ = (now, out, &self.config);
    }

    /// Smoothed bitrate of every source, bit/s.
    pub fn bitrates(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        std::iter::empty()
    }

    /// What the session gets and what it would take; zero if it is unknown.
    pub fn demand(&self, session: u64) -> Demand {
        let _ = session;
        Demand::default()
    }
}
