//! One thread: its sockets, its mailbox and its core.
//!
//! Each round: wait, take messages and datagrams, let the core do what is due, send. The time of
//! arrival is taken when a batch has been read (chime-meetings C.8).

use std::net::{SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use rustc_hash::FxHashMap;
use str0m::net::Protocol;

use crate::core::{Change, Core, ufrag_of};
use crate::net::shared::{Foreign, Message, Shared};
use crate::net::tcp::{Brought, Connections};
use crate::net::udp::{Bound, Udp};
use crate::session::Datagram;

/// What a thread's epoll tells apart; connections are numbered from `CONNECTION` on.
const UDP: u64 = 0;
const MAILBOX: u64 = 1;
const LISTENER: u64 = 2;
const CONNECTION: u64 = 16;

/// Batches of datagrams that are read before time may pass.
const BATCHES_MAX: usize = 8;
/// Datagrams that are worth being sent at once.
const SEND_FROM: usize = 64;
/// Connections that are accepted at once.
const ACCEPTS_MAX: usize = 32;
/// A thread that panics this often does nothing else.
const PANICS_MAX: u32 = 1000;
/// The longest wait.
const WAIT_MAX: Duration = Duration::from_millis(500);
/// Totals are noted, and unclaimed connections looked for, this often.
const CARE_EVERY: Duration = Duration::from_secs(1);

/// One thread's work.
pub struct Worker {
    index: usize,
    core: Core,
    udp: Udp,
    tcp: Connections,
    epoll: Epoll,
    shared: Arc<Shared>,
    numbers: FxHashMap<u64, SocketAddr>,
    next_number: u64,
    foreign: Vec<Vec<Foreign>>,
    cared: Instant,
}

impl Worker {
    pub fn new(
        index: usize,
        core: Core,
        bound: Bound,
        listener: Option<TcpListener>,
        shared: Arc<Shared>,
    ) -> nix::Result<Worker> {
        let udp = Udp::new(bound);
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let readable = |number| EpollEvent::new(EpollFlags::EPOLLIN, number);
        epoll.add(&udp, readable(UDP))?;
        epoll.add(shared.mailboxes[index].bell(), readable(MAILBOX))?;
        if let Some(listener) = &listener {
            epoll.add(listener, readable(LISTENER))?;
        }
        Ok(Worker {
            index,
            core,
            udp,
            tcp: Connections::new(listener),
            epoll,
            foreign: shared.mailboxes.iter().map(|_| Vec::new()).collect(),
            shared,
            numbers: FxHashMap::default(),
            next_number: CONNECTION,
            cared: Instant::now(),
        })
    }

    /// Works until it is told to stop. A meeting that panics is the core's affair; should a round
    /// of ours do, the meetings are worth another one.
    pub fn run(mut self) {
        let mut events = [EpollEvent::empty(); 128];
        let mut panics = 0;
        while !self.shared.is_stopped() && panics < PANICS_MAX {
            if catch_unwind(AssertUnwindSafe(|| self.round(&mut events))).is_err() {
                panics += 1;
            }
        }
    }

    fn round(&mut self, events: &mut [EpollEvent]) {
        let count = self.epoll.wait(events, self.patience()).unwrap_or(0);
        let mut udp = false;
        for event in &events[..count] {
            match event.data() {
                UDP => udp = true,
                MAILBOX => self.take_messages(),
                LISTENER => self.accept(),
                number => self.on_connection(number, event.events()),
            }
        }
        if udp {
            self.take_datagrams();
        }
        self.core.timeout(Instant::now());
        self.finish();
        self.care();
    }

    fn patience(&self) -> EpollTimeout {
        let now = Instant::now();
        let wait = self.core.deadline().map_or(WAIT_MAX, |at| {
            at.saturating_duration_since(now).min(WAIT_MAX)
        });
        // Rounded up: a wait that ends too early would only come back at once.
        let milliseconds = wait.as_micros().div_ceil(1000) as u16;
        EpollTimeout::from(milliseconds)
    }

    fn take_messages(&mut self) {
        for message in self.shared.mailboxes[self.index].take() {
            match message {
                Message::Command(command) => {
                    self.core.command(command, Instant::now());
                }
                Message::Datagrams(datagrams) => {
                    for foreign in datagrams {
                        let Foreign {
                            protocol,
                            source,
                            bytes,
                            arrived,
                        } = foreign;
                        self.core.datagram(protocol, source, &bytes, arrived);
                    }
                }
                Message::Connection(stream, source, bytes) => {
                    if self.tcp.add(stream, source, bytes, Instant::now()) {
                        self.watch(source);
                        self.read_connection(source);
                    }
                }
            }
        }
    }

    fn take_datagrams(&mut self) {
        for _ in 0..BATCHES_MAX {
            let more = self.udp.receive();
            let now = Instant::now();
            let alone = self.shared.mailboxes.len() == 1;
            for index in 0..self.udp.received() {
                let Some((source, bytes)) = self.udp.datagram(index) else {
                    continue;
                };
                let ours = self.core.datagram(Protocol::Udp, source, bytes, now);
                if ours || alone {
                    // What a packet has led to is on its way while the next is worked upon.
                    if self.core.output().0.datagrams.len() >= SEND_FROM {
                        self.finish();
                    }
                    continue;
                }
                let thread = match ufrag_of(bytes) {
                    Some(ufrag) => self.shared.thread_of_ufrag(&ufrag),
                    None => self.shared.thread_of_address(Protocol::Udp, source),
                };
                if let Some(thread) = thread.filter(|thread| *thread != self.index) {
                    let (protocol, bytes) = (Protocol::Udp, bytes.to_vec());
                    self.foreign[thread].push(Foreign {
                        protocol,
                        source,
                        bytes,
                        arrived: now,
                    });
                }
            }
            self.finish();
            if !more {
                break;
            }
        }
    }

    /// Sends and tells what the work so far has led to.
    fn finish(&mut self) {
        self.core.flush(Instant::now());
        for (thread, foreign) in self.foreign.iter_mut().enumerate() {
            if !foreign.is_empty() {
                let datagrams = Message::Datagrams(std::mem::take(foreign));
                self.shared.mailboxes[thread].put([datagrams]);
            }
        }
        let (output, changes) = self.core.output();
        let mut datagrams = std::mem::take(&mut output.datagrams);
        self.shared.events.tell(&mut output.events);
        let mut learnt = Vec::new();
        for change in changes.drain(..) {
            let (address, known) = match change {
                Change::Learnt(protocol, source) => ((protocol, source), true),
                Change::Forgotten(protocol, source) => ((protocol, source), false),
            };
            self.shared.set_address(address, self.index, known);
            if address.0 == Protocol::Tcp {
                learnt.push((address.1, known));
            }
        }
        for (source, known) in learnt {
            if known {
                self.tcp.set_known(source);
            } else {
                self.drop_connection(source);
            }
        }
        if datagrams
            .iter()
            .any(|datagram| datagram.protocol != Protocol::Udp)
        {
            let (udp, tcp): (Vec<Datagram>, Vec<Datagram>) = datagrams
                .into_iter()
                .partition(|datagram| datagram.protocol == Protocol::Udp);
            for datagram in tcp {
                if !self.tcp.send(datagram.destination, &datagram.contents) {
                    self.drop_connection(datagram.destination);
                }
            }
            datagrams = udp;
        }
        self.udp.send(&datagrams);
        datagrams.clear();
        let (output, _) = self.core.output();
        if output.datagrams.is_empty() {
            output.datagrams = datagrams; // Its room is used again.
        }
    }

    fn care(&mut self) {
        let now = Instant::now();
        if now.saturating_duration_since(self.cared) < CARE_EVERY {
            return;
        }
        self.cared = now;
        self.shared.note_totals(self.index, self.core.totals());
        for source in self.tcp.overdue(now) {
            self.drop_connection(source);
        }
    }

    fn accept(&mut self) {
        for _ in 0..ACCEPTS_MAX {
            let Some(source) = self.tcp.accept(Instant::now()) else {
                return;
            };
            self.watch(source);
        }
    }

    fn watch(&mut self, source: SocketAddr) {
        let Some(stream) = self.tcp.stream(source) else {
            return;
        };
        let number = self.next_number;
        let wanted = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
        if self
            .epoll
            .add(stream, EpollEvent::new(wanted, number))
            .is_ok()
        {
            self.next_number += 1;
            self.numbers.insert(number, source);
        } else {
            self.tcp.remove(source);
        }
    }

    fn on_connection(&mut self, number: u64, flags: EpollFlags) {
        let Some(source) = self.numbers.get(&number).copied() else {
            return;
        };
        if flags.contains(EpollFlags::EPOLLOUT) && !self.tcp.write(source) {
            self.drop_connection(source);
            return;
        }
        if flags.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR) {
            self.read_connection(source);
        }
    }

    fn read_connection(&mut self, source: SocketAddr) {
        // Edge-triggered: read until there is nothing more.
        loop {
            let Brought::Datagrams(datagrams) = self.tcp.read(source) else {
                self.drop_connection(source);
                return;
            };
            if datagrams.is_empty() {
                return;
            }
            let now = Instant::now();
            for (index, datagram) in datagrams.iter().enumerate() {
                if self.core.datagram(Protocol::Tcp, source, datagram, now) {
                    self.tcp.set_known(source);
                    continue;
                }
                if self.tcp.is_known(source) {
                    continue;
                }
                let thread =
                    ufrag_of(datagram).and_then(|ufrag| self.shared.thread_of_ufrag(&ufrag));
                if let Some(thread) = thread.filter(|thread| *thread != self.index) {
                    self.give_connection(source, thread, &datagrams[index..]);
                } else {
                    self.drop_connection(source);
                }
                return;
            }
        }
    }

    fn give_connection(&mut self, source: SocketAddr, thread: usize, datagrams: &[Vec<u8>]) {
        self.unwatch(source);
        if let Some((stream, bytes)) = self.tcp.give(source, datagrams) {
            self.shared.mailboxes[thread].put([Message::Connection(stream, source, bytes)]);
        }
    }

    fn unwatch(&mut self, source: SocketAddr) {
        if let Some(stream) = self.tcp.stream(source) {
            let _ = self.epoll.delete(stream);
        }
        self.numbers.retain(|_, address| *address != source);
    }

    fn drop_connection(&mut self, source: SocketAddr) {
        self.unwatch(source);
        self.tcp.remove(source);
        self.core.disconnected(Protocol::Tcp, source);
    }
}
