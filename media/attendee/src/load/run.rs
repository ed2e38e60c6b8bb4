//! The event loop of `load`: one thread, epoll, media in slots of a millisecond.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::client::{Client, LINKS, World};
use super::link::Identity;
use super::opening::{Opened, Opening};
use super::options::Load;
use super::process;
use super::result::{Run, result};
use super::role::{Role, Speech, cast};
use super::signalling::Said;
use super::targets;
use super::voice::Voice;

/// Clients speak in as many slots as 20 ms have.
const SLOTS: usize = 20;
const SLOT: Duration = Duration::from_millis(1);
/// Each client's checks and reports are looked at every so many slots.
const TICKS: usize = 50;
const EVENTS: usize = 512;
/// Different voices; more speakers share them.
const VOICES: usize = 7;
/// What belongs to a client's signalling, after its links.
const SIGNALLING: usize = LINKS;

struct Loop<'a> {
    options: &'a Load,
    opening: Opening,
    world: World,
    clients: Vec<Option<Client>>,
    waiting: std::vec::IntoIter<Role>,
    asked: usize,
    opened: usize,
    epoll: Epoll,
    shows: BinaryHeap<Reverse<(Instant, usize)>>,
    run: Run,
    connected: Vec<bool>,
    next_slot: Instant,
    slot: usize,
    started: Instant,
    counting: bool,
    scratch: Vec<u8>,
}

/// Runs a load and prints its result; gives the exit code.
pub fn load(options: &Load) -> i32 {
    match measure(options) {
        Ok((value, connected)) => {
            println!("{value}");
            i32::from(connected == 0)
        }
        Err(e) => {
            eprintln!("hubbub-attendee: {e}");
            7
        }
    }
}

fn measure(options: &Load) -> io::Result<(serde_json::Value, usize)> {
    process::prepare(options.cpu)?;
    let target = targets::open(options)?;
    let voices = (0..VOICES.min(options.speaking).max(1))
        .map(Voice::speech)
        .collect::<io::Result<_>>()?;
    let world = World {
        identity: Identity::generate()?,
        ip: options.local_ip,
        voices,
        probe: options.probe.then(Voice::probe).transpose()?,
        red: target.red(),
        rids: target.rids(),
        highest_first: target.highest_first(),
        silence: target.silence(),
        feedback: !options.no_feedback,
        bursts: vec![Vec::new(); options.meetings],
        sent: (0, 0),
        asked: (0, 0),
    };
    let roles = cast(options);
    let now = Instant::now();
    let mut all = Loop {
        options,
        opening: Opening::new(target),
        world,
        clients: roles.iter().map(|_| None).collect(),
        connected: vec![false; roles.len()],
        waiting: roles.into_iter(),
        asked: 0,
        opened: 0,
        epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?,
        shows: BinaryHeap::new(),
        run: Run::default(),
        next_slot: now,
        slot: 0,
        started: now,
        counting: false,
        scratch: vec![0; 2048],
    };
    all.join()?;
    all.stay(Duration::from_secs_f64(options.warmup.max(0.0)))?;
    all.count()?;
    let value = result(options, &all.clients, &all.world, &mut all.run);
    let connected = all.connected.iter().filter(|c| **c).count();
    all.leave();
    Ok((value, connected))
}

impl Loop<'_> {
    fn join(&mut self) -> io::Result<()> {
        let total = self.clients.len();
        let every = Duration::from_secs_f64(1.0 / self.options.join_rate.max(0.1));
        let patience = Duration::from_secs_f64(self.options.patience.max(0.0));
        let mut next = Instant::now();
        let mut last = next;
        loop {
            let now = Instant::now();
            if now >= next
                && let Some(role) = self.waiting.next()
            {
                next += every;
                last = now;
                self.opening.ask(self.asked, role);
                self.asked += 1;
            }
            while let Some(opened) = self.opening.next() {
                self.opened += 1;
                self.start(opened, now)?;
            }
            self.turn()?;
            let mut all = self.clients.iter().zip(&self.connected);
            let settled = self.opened == total && all.all(|(c, up)| c.is_none() || *up);
            if settled || self.asked == total && now >= last + patience {
                break;
            }
        }
        let late: Vec<usize> = (0..self.clients.len())
            .filter(|n| self.clients[*n].is_some() && !self.connected[*n])
            .collect();
        for number in late {
            let described = self.clients[number]
                .as_ref()
                .is_some_and(|c| c.legs.iter().flatten().count() > 0);
            let why = if described {
                "no media connection in time"
            } else {
                "not let in in time"
            };
            self.lose(number, why);
        }
        let never = total - self.opened;
        if never > 0 {
            let why = "no WebSocket in time".to_owned();
            *self.run.failures.entry(why).or_default() += never;
        }
        eprintln!(
            "{} of {total} connected in {:.1} s",
            self.connected.iter().filter(|c| **c).count(),
            self.run.joining.as_secs_f64()
        );
        Ok(())
    }

    fn start(&mut self, opened: Opened, now: Instant) -> io::Result<()> {
        let Opened {
            number, role, name, ..
        } = opened;
        let signalling = match opened.signalling {
            Ok(signalling) => signalling,
            Err(e) => {
                *self.run.failures.entry(e.to_string()).or_default() += 1;
                return Ok(());
            }
        };
        let data = (number * (LINKS + 1) + SIGNALLING) as u64;
        self.epoll
            .add(signalling.fd(), EpollEvent::new(EpollFlags::EPOLLIN, data))?;
        let client = Client::new(role, signalling, &self.world, name, now);
        self.clients[number] = Some(client);
        Ok(())
    }

    fn lose(&mut self, number: usize, why: &str) {
        if let Some(mut client) = self.clients[number].take() {
            *self.run.failures.entry(why.to_owned()).or_default() += 1;
            self.connected[number] = false;
            client.leave(Instant::now());
        }
    }

    fn stay(&mut self, duration: Duration) -> io::Result<()> {
        let end = Instant::now() + duration;
        while Instant::now() < end {
            self.turn()?;
        }
        Ok(())
    }

    fn count(&mut self) -> io::Result<()> {
        for client in self.clients.iter_mut().flatten() {
            client.start_counting();
        }
        let (begin, before) = (Instant::now(), process::cpu()?);
        let refused = self.refused();
        (self.world.sent, self.world.asked) = ((0, 0), (0, 0));
        self.counting = true;
        self.stay(Duration::from_secs_f64(self.options.duration.max(0.1)))?;
        self.counting = false;
        self.run.measured = begin.elapsed();
        self.run.generator.cpu = process::cpu()? - before;
        self.run.generator.refused = self.refused() - refused;
        (self.run.sent, self.run.asked) = (self.world.sent, self.world.asked);
        Ok(())
    }

    fn refused(&self) -> u64 {
        let legs = self
            .clients
            .iter()
            .flatten()
            .flat_map(|c| c.legs.iter().flatten());
        legs.map(|l| l.link.refused).sum()
    }

    fn leave(&mut self) {
        let now = Instant::now();
        for client in self.clients.iter_mut().flatten() {
            client.leave(now);
        }
        // Time for the last bytes of the sockets.
        std::thread::sleep(Duration::from_millis(200));
    }

    /// One turn: media that is due, then what comes until the next slot.
    fn turn(&mut self) -> io::Result<()> {
        let now = Instant::now();
        while self.next_slot <= now {
            if self.counting {
                let late = (Instant::now() - self.next_slot).as_secs_f64() * 1000.0;
                self.run.generator.late.push(late);
            }
            self.run_slot();
            self.next_slot += SLOT;
        }
        self.show(Instant::now());
        let left = self.next_slot.saturating_duration_since(Instant::now());
        let timeout = if left.is_zero() {
            EpollTimeout::ZERO
        } else {
            EpollTimeout::from(1u8)
        };
        let mut events = [EpollEvent::empty(); EVENTS];
        let count = match self.epoll.wait(&mut events, timeout) {
            Ok(count) => count,
            Err(nix::errno::Errno::EINTR) => 0,
            Err(e) => return Err(e.into()),
        };
        let now = Instant::now();
        for event in &events[..count] {
            let data = event.data() as usize;
            let (number, part) = (data / (LINKS + 1), data % (LINKS + 1));
            if let Err(e) = self.ready(number, part, now) {
                self.lose(number, &e.to_string());
            }
        }
        Ok(())
    }

    fn run_slot(&mut self) {
        self.slot = self.slot.wrapping_add(1);
        let mut number = self.slot % SLOTS;
        while number < self.clients.len() {
            if let Some(client) = &mut self.clients[number]
                && client.role.speech != Speech::Mute
            {
                client.speak(&mut self.world);
            }
            number += SLOTS;
        }
        let now = Instant::now();
        let mut number = self.slot % TICKS;
        while number < self.clients.len() {
            if let Err(e) = self.tick(number, now) {
                self.lose(number, &e.to_string());
            }
            number += TICKS;
        }
    }

    fn show(&mut self, now: Instant) {
        while let Some(Reverse((due, number))) = self.shows.peek().copied() {
            if due > now {
                return;
            }
            self.shows.pop();
            if let Some(client) = &mut self.clients[number]
                && let Some(next) = client.show(&mut self.world, now)
            {
                self.shows.push(Reverse((next, number)));
            }
        }
    }

    fn tick(&mut self, number: usize, now: Instant) -> io::Result<()> {
        let Some(client) = &mut self.clients[number] else {
            return Ok(());
        };
        let mut said = Vec::new();
        client.tick(&self.world, &mut said, now)?;
        self.obey(number, said, now)?;
        self.note_connected(number, now);
        Ok(())
    }

    fn ready(&mut self, number: usize, part: usize, now: Instant) -> io::Result<()> {
        let Some(client) = &mut self.clients[number] else {
            return Ok(());
        };
        if part == SIGNALLING {
            let mut said = Vec::new();
            client.signalling.read(now, &mut said)?;
            return self.obey(number, said, now);
        }
        client.receive(part, &mut self.world, &mut self.scratch, now)?;
        if !self.connected[number] {
            self.note_connected(number, now);
        }
        Ok(())
    }

    fn obey(&mut self, number: usize, said: Vec<Said>, now: Instant) -> io::Result<()> {
        for said in said {
            let Some(client) = &mut self.clients[number] else {
                return Ok(());
            };
            client.said(said, &self.world, now)?;
            for (part, leg) in client.legs.iter().enumerate() {
                let Some(leg) = leg else { continue };
                let data = (number * (LINKS + 1) + part) as u64;
                let event = EpollEvent::new(EpollFlags::EPOLLIN, data);
                match self.epoll.add(&leg.link, event) {
                    Ok(()) | Err(nix::errno::Errno::EEXIST) => {}
                    Err(e) => return Err(e.into()),
                }
            }
        }
        Ok(())
    }

    fn note_connected(&mut self, number: usize, now: Instant) {
        let Some(client) = &mut self.clients[number] else {
            return;
        };
        if self.connected[number] || !client.connected() {
            return;
        }
        self.connected[number] = true;
        self.run.joining = now - self.started;
        if let Some(next) = client.show(&mut self.world, now) {
            self.shows.push(Reverse((next, number)));
        }
    }
}
