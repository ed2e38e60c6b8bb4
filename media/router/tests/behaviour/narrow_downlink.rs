//! A closed loop: a downlink that queues, an estimate made of what arrives, and the router (C.8).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use hubbub_router::Wish;

use crate::meeting::{LADDER, Meeting, Said, any, ms};

/// Falls below what arrives when a queue builds, and grows otherwise.
#[derive(Default)]
struct Estimator {
    /// Arrivals of the last second: when, and bytes.
    arrivals: VecDeque<(Instant, usize)>,
    began: Option<Instant>,
    queue: Duration,
    fell: Option<Instant>,
    bps: Option<f64>,
}

impl Estimator {
    fn update(&mut self, now: Instant) -> Option<u64> {
        while self
            .arrivals
            .front()
            .is_some_and(|(at, _)| *at + ms(1000) < now)
        {
            self.arrivals.pop_front();
        }
        let began = *self.began.get_or_insert(self.arrivals.front()?.0);
        let span = (now - began).min(ms(1000)).as_secs_f64();
        let arrived = self.arrivals.iter().filter(|(at, _)| *at <= now);
        let bytes: usize = arrived.map(|(_, bytes)| bytes).sum();
        let arriving = bytes as f64 * 8.0 / span.max(0.3);
        let Some(bps) = self.bps else {
            self.bps = (span > 0.5).then_some(arriving.max(1_500_000.0));
            return None;
        };
        let fell_lately = self.fell.is_some_and(|fell| now - fell < ms(300));
        self.bps = Some(match self.queue > ms(60) {
            true if fell_lately => bps,
            true => {
                self.fell = Some(now);
                bps.min(0.85 * arriving)
            }
            false => (bps * 1.003).max(arriving),
        });
        self.bps.map(|bps| bps as u64)
    }
}

/// Attendee 9's downlink: so many bit/s, and 300 ms of queue.
struct Narrow {
    meeting: Meeting,
    capacity: f64,
    free: Instant,
    estimator: Estimator,
    lost: usize,
    sent: usize,
}

impl Narrow {
    fn new(layers: &[((u16, u16), u32)], capacity: f64) -> Self {
        let mut meeting = Meeting::new();
        meeting.open(1..=9);
        for attendee in 1..=4 {
            meeting.camera(attendee, attendee as u32, layers);
            let wish = Wish {
                priority: attendee as u32,
                ..any(attendee as u32)
            };
            meeting.watch(9, attendee as u32, wish);
        }
        let free = meeting.now;
        Self {
            meeting,
            capacity,
            free,
            estimator: Estimator::default(),
            lost: 0,
            sent: 0,
        }
    }

    /// Runs, and reports on packets to the estimator every 50 ms.
    fn run(&mut self, seconds: u64) {
        for _ in 0..seconds * 20 {
            let since = self.meeting.now;
            self.meeting.run(ms(50));
            let mut packets: Vec<(Instant, usize)> = self
                .meeting
                .tiles
                .values()
                .flat_map(|tile| tile.log.iter().rev().take_while(|(at, _)| *at >= since))
                .map(|(at, got)| (*at, got.payload.len() + 60))
                .collect();
            packets.sort_unstable();
            for (at, size) in packets {
                self.transmit(at, size);
            }
            let now = self.meeting.now;
            self.estimator.queue = self.free.saturating_duration_since(now);
            if let Some(bps) = self.estimator.update(now) {
                self.meeting.router.set_estimate(9, bps, now);
            }
        }
    }

    fn transmit(&mut self, at: Instant, size: usize) {
        self.sent += 1;
        let start = self.free.max(at);
        if start - at > ms(300) {
            self.lost += 1;
            return;
        }
        self.free = start + Duration::from_secs_f64(size as f64 * 8.0 / self.capacity);
        self.estimator.arrivals.push_back((self.free, size));
    }

    /// Layers of the four tiles during each of the next seconds.
    fn watch(&mut self, seconds: u64) -> Vec<[Option<u32>; 4]> {
        let second = |_| {
            let since = self.meeting.now;
            self.run(1);
            [1, 2, 3, 4].map(|slot| {
                self.meeting
                    .seen(9, slot, since)
                    .last()
                    .map(|stream| stream % 10)
            })
        };
        (0..seconds).map(second).collect()
    }

    fn pauses(&self, since: Instant) -> usize {
        self.meeting
            .said(since)
            .filter(|said| matches!(said, Said::Paused(..)))
            .count()
    }
}

/// Attendee 4 is the most important one.
#[test]
fn the_most_important_camera_is_shown_without_interruption() {
    for (layers, capacity) in [
        (&LADDER[2..], 1.6e6),
        (&LADDER[1..2], 2e6),
        (&LADDER[..], 1.5e6),
        (&LADDER[..], 3e6),
    ] {
        let mut narrow = Narrow::new(layers, capacity);
        narrow.run(5);
        let (since, sent, lost) = (narrow.meeting.now, narrow.sent, narrow.lost);
        let seconds = narrow.watch(40);
        let shown = seconds.iter().filter(|tiles| tiles[3].is_some()).count();
        assert!(shown >= 36, "{capacity}: {shown} of 40 s");
        let pauses = narrow.pauses(since);
        assert!(pauses <= 12, "{capacity}: {pauses} pauses in 40 s");
        let part = (narrow.lost - lost) as f64 / (narrow.sent - sent) as f64;
        assert!(part < 0.05, "{capacity}: {part} lost");
    }
}

#[test]
fn a_narrow_downlink_is_used_and_a_wide_one_is_used_again() {
    let mut narrow = Narrow::new(&LADDER, 3e6);
    narrow.run(20);
    let forwarded = narrow.meeting.router.demand(9).current;
    assert!((1_500_000..3_400_000).contains(&forwarded), "{forwarded}");
    narrow.capacity = 20e6;
    narrow.run(40);
    let tiles = narrow.watch(2)[1];
    assert_eq!(tiles, [Some(2); 4]);
}

#[test]
fn a_wide_downlink_pauses_nothing_from_the_start() {
    let mut wide = Narrow::new(&LADDER, 20e6);
    let since = wide.meeting.now;
    let tiles = wide.watch(10);
    assert_eq!(wide.pauses(since), 0);
    assert!(
        tiles[1..].iter().all(|tiles| *tiles == [Some(2); 4]),
        "{tiles:?}"
    );
}
