//! What the threads and their owner share.

use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Instant;

use nix::sys::eventfd::{EfdFlags, EventFd};
use rustc_hash::FxHashMap;
use str0m::net::Protocol;

use crate::command::Command;
use crate::core::Totals;
use crate::event::Event;

/// Events that wait for a reader; beyond these, dispensable ones are dropped.
const EVENTS_MAX: usize = 20_000;

/// A datagram that another thread's socket got.
pub struct Foreign {
    pub protocol: Protocol,
    pub source: SocketAddr,
    pub bytes: Vec<u8>,
    pub arrived: Instant,
}

/// What a thread finds in its mailbox.
pub enum Message {
    Command(Command),
    Datagrams(Vec<Foreign>),
    /// A client's connection, with the bytes read from it so far.
    Connection(TcpStream, SocketAddr, Vec<u8>),
}

/// A queue with an eventfd that is readable while something is in it.
pub struct Mailbox<T> {
    queue: Mutex<Vec<T>>,
    bell: EventFd,
}

/// A thread that panicked in between leaves a queue that is whole all the same.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Mailbox<T> {
    pub fn new() -> nix::Result<Mailbox<T>> {
        let bell = EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?;
        Ok(Mailbox {
            queue: Mutex::new(Vec::new()),
            bell,
        })
    }

    pub fn put(&self, items: impl IntoIterator<Item = T>) {
        let mut queue = lock(&self.queue);
        let was_empty = queue.is_empty();
        queue.extend(items);
        if was_empty && !queue.is_empty() {
            // Fails only where the counter is full, and then the reader is awake.
            let _ = self.bell.write(1);
        }
    }

    pub fn take(&self) -> Vec<T> {
        let mut queue = lock(&self.queue);
        let _ = self.bell.read();
        std::mem::take(&mut *queue)
    }

    /// Wakes the reader.
    pub fn ring(&self) {
        let _ = self.bell.write(1);
    }

    pub fn bell(&self) -> &EventFd {
        &self.bell
    }
}

impl Mailbox<Event> {
    /// Puts events, as far as the reader keeps up with those it can miss.
    pub fn tell(&self, events: &mut Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let full = lock(&self.queue).len() > EVENTS_MAX;
        self.put(
            events
                .drain(..)
                .filter(|event| !full || !event.is_dispensable()),
        );
    }
}

/// What the threads share.
pub struct Shared {
    pub mailboxes: Vec<Mailbox<Message>>,
    pub events: Mailbox<Event>,
    pub stop: AtomicBool,
    pub totals: Vec<Mutex<Totals>>,
    ufrags: RwLock<FxHashMap<String, usize>>,
    addresses: RwLock<FxHashMap<(Protocol, SocketAddr), usize>>,
}

impl Shared {
    pub fn new(threads: usize) -> nix::Result<Shared> {
        Ok(Shared {
            mailboxes: (0..threads)
                .map(|_| Mailbox::new())
                .collect::<Result<_, _>>()?,
            events: Mailbox::new()?,
            stop: AtomicBool::new(false),
            totals: (0..threads).map(|_| Mutex::default()).collect(),
            ufrags: RwLock::default(),
            addresses: RwLock::default(),
        })
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub fn note_totals(&self, thread: usize, totals: Totals) {
        *lock(&self.totals[thread]) = totals;
    }

    pub fn totals_of(&self, thread: usize) -> Totals {
        *lock(&self.totals[thread])
    }

    pub fn thread_of_ufrag(&self, ufrag: &str) -> Option<usize> {
        let ufrags = self.ufrags.read().unwrap_or_else(PoisonError::into_inner);
        ufrags.get(ufrag).copied()
    }

    pub fn set_ufrag(&self, ufrag: &str, thread: Option<usize>) {
        let mut ufrags = self.ufrags.write().unwrap_or_else(PoisonError::into_inner);
        match thread {
            Some(thread) => ufrags.insert(ufrag.to_owned(), thread),
            None => ufrags.remove(ufrag),
        };
    }

    pub fn thread_of_address(&self, protocol: Protocol, source: SocketAddr) -> Option<usize> {
        let addresses = self
            .addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        addresses.get(&(protocol, source)).copied()
    }

    /// An address belongs to a session of `thread` now, or no more.
    pub fn set_address(&self, address: (Protocol, SocketAddr), thread: usize, known: bool) {
        let mut addresses = self
            .addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if known {
            addresses.insert(address, thread);
        } else if addresses.get(&address) == Some(&thread) {
            addresses.remove(&address);
        }
    }
}
