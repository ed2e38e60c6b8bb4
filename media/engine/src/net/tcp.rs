//! Connections of clients without UDP: ICE-TCP, passive (RFC 6544).
//!
//! A connection says nothing until it has shown a STUN request with a ufrag that is known, and is
//! bounded in number, in what it may send before, and in what waits to be sent to it.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::net::framing::{Frames, write_frame};

/// Connections of one thread, and of one client address.
const CONNECTIONS_MAX: usize = 2000;
const PER_HOST_MAX: usize = 300;
/// A connection that nobody knows by then is closed.
const UNKNOWN_MAX: Duration = Duration::from_secs(10);
/// Bytes that wait to be sent; more are lost, as on any network.
const OUTBOX_MAX: usize = 256 << 10;
/// Bytes read with each call.
const READ: usize = 16 << 10;

struct Connection {
    stream: TcpStream,
    frames: Frames,
    outbox: Vec<u8>,
    known: bool,
    since: Instant,
}

/// The connections of one thread.
#[derive(Default)]
pub struct Connections {
    listener: Option<TcpListener>,
    by_address: FxHashMap<SocketAddr, Connection>,
}

/// What a connection brought.
pub enum Brought {
    /// Datagrams, in order; the connection goes on.
    Datagrams(Vec<Vec<u8>>),
    /// It is over.
    Nothing,
}

impl Connections {
    pub fn new(listener: Option<TcpListener>) -> Connections {
        Connections {
            listener,
            by_address: FxHashMap::default(),
        }
    }

    pub fn stream(&self, address: SocketAddr) -> Option<&TcpStream> {
        self.by_address
            .get(&address)
            .map(|connection| &connection.stream)
    }

    /// Accepts one connection; None: there is none to accept, or none is wanted.
    pub fn accept(&mut self, now: Instant) -> Option<SocketAddr> {
        loop {
            match self.listener.as_ref()?.accept() {
                Ok((stream, address)) => {
                    if self.add(stream, address, Vec::new(), now) {
                        return Some(address);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
    }

    /// Takes a connection over, with the bytes read from it so far. False: there are too many.
    pub fn add(
        &mut self,
        stream: TcpStream,
        address: SocketAddr,
        bytes: Vec<u8>,
        now: Instant,
    ) -> bool {
        let host = |address: &SocketAddr| -> IpAddr { address.ip().to_canonical() };
        let same = self
            .by_address
            .keys()
            .filter(|other| host(other) == host(&address))
            .count();
        if self.by_address.len() >= CONNECTIONS_MAX || same >= PER_HOST_MAX {
            return false;
        }
        if stream.set_nonblocking(true).is_err() {
            return false;
        }
        let _ = stream.set_nodelay(true);
        let frames = Frames::with(bytes);
        let connection = Connection {
            stream,
            frames,
            outbox: Vec::new(),
            known: false,
            since: now,
        };
        self.by_address.insert(address, connection);
        true
    }

    /// Reads what is there.
    pub fn read(&mut self, address: SocketAddr) -> Brought {
        let Some(connection) = self.by_address.get_mut(&address) else {
            return Brought::Nothing;
        };
        let mut datagrams = Vec::new();
        let mut buffer = [0; READ];
        let length = match connection.stream.read(&mut buffer) {
            Ok(0) => return Brought::Nothing,
            Ok(length) => length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            Err(error) if error.kind() == ErrorKind::Interrupted => 0,
            Err(_) => return Brought::Nothing,
        };
        connection.frames.push(&buffer[..length]);
        loop {
            match connection.frames.take() {
                Ok(Some(datagram)) => datagrams.push(datagram.to_vec()),
                Ok(None) => return Brought::Datagrams(datagrams),
                Err(_) => return Brought::Nothing,
            }
        }
    }

    pub fn is_known(&self, address: SocketAddr) -> bool {
        self.by_address
            .get(&address)
            .is_some_and(|connection| connection.known)
    }

    /// A session here has claimed it.
    pub fn set_known(&mut self, address: SocketAddr) {
        if let Some(connection) = self.by_address.get_mut(&address) {
            connection.known = true;
        }
    }

    /// Hands a connection over, with what has come but was not used: `datagrams`, and the rest.
    pub fn give(
        &mut self,
        address: SocketAddr,
        datagrams: &[Vec<u8>],
    ) -> Option<(TcpStream, Vec<u8>)> {
        let connection = self.by_address.remove(&address)?;
        let mut bytes = Vec::new();
        datagrams
            .iter()
            .for_each(|datagram| write_frame(datagram, &mut bytes));
        bytes.extend_from_slice(connection.frames.rest());
        Some((connection.stream, bytes))
    }

    /// Sends. False: the connection is over.
    pub fn send(&mut self, address: SocketAddr, datagram: &[u8]) -> bool {
        let Some(connection) = self.by_address.get_mut(&address) else {
            return true;
        };
        if connection.outbox.len() + datagram.len() <= OUTBOX_MAX {
            write_frame(datagram, &mut connection.outbox);
        }
        self.write(address)
    }

    /// Sends what waits. False: the connection is over.
    pub fn write(&mut self, address: SocketAddr) -> bool {
        let Some(connection) = self.by_address.get_mut(&address) else {
            return true;
        };
        while !connection.outbox.is_empty() {
            match connection.stream.write(&connection.outbox) {
                Ok(0) => return false,
                Ok(length) => drop(connection.outbox.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// Closes.
    pub fn remove(&mut self, address: SocketAddr) {
        self.by_address.remove(&address);
    }

    /// Those that nobody has claimed for too long.
    pub fn overdue(&self, now: Instant) -> Vec<SocketAddr> {
        self.by_address
            .iter()
            .filter(|(_, connection)| !connection.known)
            .filter(|(_, connection)| now.saturating_duration_since(connection.since) > UNKNOWN_MAX)
            .map(|(address, _)| *address)
            .collect()
    }
}
