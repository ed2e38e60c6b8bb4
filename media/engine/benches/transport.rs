//! What a packet costs a session, in virtual time: `cargo bench -p hubbub-engine --bench transport`.
//!
//! Prints nanoseconds of the server's side for one packet sent, by what is sent. The least of
//! several rounds counts: noise only adds.

#[path = "../tests/support/client.rs"]
#[allow(dead_code)]
mod client;

use std::sync::Arc;
use std::time::{Duration, Instant};

use client::{Client, SERVER};
use hubbub_engine::session::egress::VideoPacket;
use hubbub_engine::session::extensions::Kept;
use hubbub_engine::session::payloads::{Format, VideoCodec};
use hubbub_engine::session::setup::Identity;
use hubbub_engine::session::{Datagram, Session};
use nix::time::{ClockId, clock_gettime};
use str0m::net::Protocol;

/// What this thread has used of a processor: others may be busy.
fn cpu() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .unwrap()
        .into()
}

struct Pair {
    client: Client,
    session: Session,
    now: Instant,
    spent: Duration,
    out: Vec<Datagram>,
    happened: Vec<hubbub_engine::session::Happened>,
}

impl Pair {
    fn connect(tiles: u32) -> Pair {
        let now = Instant::now();
        let identity = Identity::generate();
        let client = Client::new(1, 1, 1, identity.fingerprint(), tiles, now);
        let mut session = Session::new(client.open.clone(), now);
        assert!(session.configure(&identity, &client.configure, now));
        let mut pair = Pair {
            client,
            session,
            now,
            spent: Duration::ZERO,
            out: vec![],
            happened: vec![],
        };
        for _ in 0..1000 {
            pair.step(Duration::from_millis(5));
            if pair.session.connected && pair.client.seen.connected {
                return pair;
            }
        }
        panic!("they never connected");
    }

    fn deliver(&mut self) {
        let out = std::mem::take(&mut self.out);
        for datagram in out {
            self.client.receive(&datagram.contents, self.now);
        }
        while let Some(bytes) = self.client.outbox.pop_front() {
            let started = cpu();
            self.session.receive(
                Protocol::Udp,
                self.client.address,
                &bytes,
                self.now,
                &mut self.out,
                &mut self.happened,
            );
            self.spent += cpu() - started;
        }
        self.happened.clear();
        self.client.seen.packets.clear();
    }

    fn step(&mut self, time: Duration) {
        self.now += time;
        if self.client.deadline <= self.now {
            self.client.drive(self.now);
        }
        let started = cpu();
        if self.session.deadline().is_some_and(|at| at <= self.now) {
            self.session
                .drive(self.now, &mut self.out, &mut self.happened);
        }
        self.spent += cpu() - started;
        self.deliver();
    }
}

fn audio() -> f64 {
    let mut pair = Pair::connect(0);
    let payload: Arc<[u8]> = vec![7; 90].into();
    pair.spent = Duration::ZERO;
    const PACKETS: u32 = 5000;
    for _ in 0..PACKETS {
        let started = cpu();
        pair.session
            .write_audio(&payload, false, 0, pair.now, &mut pair.out);
        pair.spent += cpu() - started;
        pair.step(Duration::from_millis(20));
    }
    pair.spent.as_nanos() as f64 / f64::from(PACKETS)
}

fn uplink() -> f64 {
    let mut pair = Pair::connect(0);
    pair.spent = Duration::ZERO;
    const PACKETS: u32 = 5000;
    for _ in 0..PACKETS {
        pair.client.send_audio(&[7; 90], true, -40);
        let now = pair.now;
        pair.client.drive(now);
        pair.step(Duration::from_millis(20));
    }
    pair.spent.as_nanos() as f64 / f64::from(PACKETS)
}

fn video(tiles: u32, batch: u32, interval: Duration) -> f64 {
    let mut pair = Pair::connect(tiles);
    let payload: Arc<[u8]> = vec![7; 1100].into();
    let bases: Vec<u32> = pair.session.tiles().collect();
    pair.spent = Duration::ZERO;
    let rounds = 20_000 / (batch * tiles);
    for round in 0..rounds {
        let started = cpu();
        {
            for tile in &bases {
                for index in 0..batch {
                    let packet = VideoPacket {
                        tile: *tile,
                        format: Format {
                            codec: VideoCodec::Vp8,
                            profile: 0,
                            mode: 0,
                        },
                        sequence: u64::from(round * batch + index),
                        timestamp: round * 3000,
                        marker: index == batch - 1,
                        payload: &payload,
                        vp8: None,
                        kept: Kept::default(),
                        arrived: pair.now,
                    };
                    pair.session.write_video(&packet, pair.now, &mut pair.out);
                }
            }
        }
        pair.spent += cpu() - started;
        pair.step(interval);
    }
    pair.spent.as_nanos() as f64 / f64::from(rounds * batch * tiles)
}

fn main() {
    let _ = SERVER;
    let least = |run: &dyn Fn() -> f64| (0..3).map(|_| run()).fold(f64::MAX, f64::min);
    println!("audio down, per packet: {:.0} ns", least(&audio));
    println!("audio up, per packet: {:.0} ns", least(&uplink));
    println!(
        "video down, 1 tile, 4 at once: {:.0} ns",
        least(&|| video(1, 4, Duration::from_millis(33)))
    );
    println!(
        "video down, 1 tile, 1 at once: {:.0} ns",
        least(&|| video(1, 1, Duration::from_millis(8)))
    );
    println!(
        "video down, 24 tiles, 1 at once each: {:.0} ns",
        least(&|| video(24, 1, Duration::from_millis(40)))
    );
}
