//! One UDP socket: many datagrams with each call, in and out.

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, MultiHeaders, SockFlag, SockType, SockaddrLike, SockaddrStorage, bind,
    recvmmsg, sendmmsg, setsockopt, socket, sockopt,
};

use crate::core::DATAGRAM_MAX;
use crate::session::Datagram;

/// Datagrams with each call.
const BATCH: usize = 64;
/// One more than is taken, to see what is longer.
const BUFFER: usize = DATAGRAM_MAX + 1;
/// Bytes that the kernel holds for us, each way, where it lets us ask for so many.
const KERNEL_BUFFER: usize = 8 << 20;

/// A bound UDP socket that no thread reads yet.
pub struct Bound {
    socket: UdpSocket,
    is_v6: bool,
}

/// A UDP socket, and room for a batch of datagrams. Stays on the thread that made it.
pub struct Udp {
    socket: UdpSocket,
    is_v6: bool,
    buffers: Vec<Vec<u8>>,
    received: Vec<(usize, SocketAddr)>,
    incoming: MultiHeaders<SockaddrStorage>,
    outgoing: MultiHeaders<SockaddrStorage>,
}

/// Makes a bound socket of either type. `shared`: others of this process bind the same address.
pub fn bound(kind: SockType, address: SocketAddr, shared: bool) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(family, kind, flags, None)?;
    if kind == SockType::Stream {
        setsockopt(&fd, sockopt::ReuseAddr, &true)?;
    }
    if shared {
        setsockopt(&fd, sockopt::ReusePort, &true)?;
    }
    if address.is_ipv6() {
        setsockopt(&fd, sockopt::Ipv6V6Only, &false)?;
    }
    bind(fd.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(fd)
}

impl Bound {
    /// Binds. `shared`: other threads bind the same address.
    pub fn bind(address: SocketAddr, shared: bool) -> io::Result<Bound> {
        let fd = bound(SockType::Datagram, address, shared)?;
        // More than the system's limit takes a privilege; without it the limit will do.
        if setsockopt(&fd, sockopt::RcvBufForce, &KERNEL_BUFFER).is_err() {
            let _ = setsockopt(&fd, sockopt::RcvBuf, &KERNEL_BUFFER);
        }
        if setsockopt(&fd, sockopt::SndBufForce, &KERNEL_BUFFER).is_err() {
            let _ = setsockopt(&fd, sockopt::SndBuf, &KERNEL_BUFFER);
        }
        Ok(Bound {
            socket: UdpSocket::from(fd),
            is_v6: address.is_ipv6(),
        })
    }

    /// The address that it is bound to.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

impl Udp {
    /// Reads and writes this socket.
    pub fn new(bound: Bound) -> Udp {
        Udp {
            socket: bound.socket,
            is_v6: bound.is_v6,
            buffers: vec![vec![0; BUFFER]; BATCH],
            received: Vec::with_capacity(BATCH),
            incoming: MultiHeaders::preallocate(BATCH, None),
            outgoing: MultiHeaders::preallocate(BATCH, None),
        }
    }

    /// Reads what is there, a batch at most. True: there may be more.
    pub fn receive(&mut self) -> bool {
        self.received.clear();
        let mut slices: Vec<[IoSliceMut<'_>; 1]> = self
            .buffers
            .iter_mut()
            .map(|buffer| [IoSliceMut::new(buffer)])
            .collect();
        let fd = self.socket.as_raw_fd();
        let flags = MsgFlags::MSG_DONTWAIT;
        match recvmmsg(fd, &mut self.incoming, slices.iter_mut(), flags, None) {
            Ok(messages) => {
                for message in messages {
                    let source = message.address.as_ref().and_then(address_of);
                    // No address: counted as a datagram that is too long, which nobody takes.
                    let source = source.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
                    self.received.push((message.bytes, source));
                }
                self.received.len() == BATCH
            }
            // An error of an earlier datagram (nobody listens there any more) is told this way.
            Err(error) => error != Errno::EAGAIN && error != Errno::EBADF,
        }
    }

    /// How many datagrams were read last.
    pub fn received(&self) -> usize {
        self.received.len()
    }

    /// The one at `index` of them, if it is of a size that is taken.
    pub fn datagram(&self, index: usize) -> Option<(SocketAddr, &[u8])> {
        let (length, source) = *self.received.get(index)?;
        (length <= DATAGRAM_MAX).then(|| (source, &self.buffers[index][..length]))
    }

    /// Sends these. What the kernel has no room for is lost, as on any network.
    pub fn send(&mut self, datagrams: &[Datagram]) {
        for batch in datagrams.chunks(BATCH) {
            let slices: Vec<[IoSlice<'_>; 1]> = batch
                .iter()
                .map(|datagram| [IoSlice::new(&datagram.contents)])
                .collect();
            let addresses: Vec<Option<SockaddrStorage>> = batch
                .iter()
                .map(|datagram| Some(self.kernel_address(datagram.destination)))
                .collect();
            let mut sent = 0;
            while sent < batch.len() {
                let result = sendmmsg(
                    self.socket.as_raw_fd(),
                    &mut self.outgoing,
                    slices[sent..].iter(),
                    &addresses[sent..],
                    [],
                    MsgFlags::MSG_DONTWAIT,
                );
                match result {
                    Ok(results) => sent += results.count().max(1),
                    Err(Errno::EAGAIN | Errno::ENOBUFS) => break,
                    // That one cannot be sent; the others may.
                    Err(_) => sent += 1,
                }
            }
        }
    }

    fn kernel_address(&self, address: SocketAddr) -> SockaddrStorage {
        match address {
            SocketAddr::V4(v4) if self.is_v6 => {
                let mapped = IpAddr::V6(v4.ip().to_ipv6_mapped());
                SockaddrStorage::from(SocketAddr::new(mapped, v4.port()))
            }
            other => SockaddrStorage::from(other),
        }
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn address_of(storage: &SockaddrStorage) -> Option<SocketAddr> {
    match storage.family()? {
        AddressFamily::Inet => {
            let v4 = storage.as_sockaddr_in()?;
            Some(SocketAddr::from((v4.ip(), v4.port())))
        }
        AddressFamily::Inet6 => {
            let v6 = storage.as_sockaddr_in6()?;
            Some(SocketAddr::new(
                IpAddr::V6(v6.ip()).to_canonical(),
                v6.port(),
            ))
        }
        _ => None,
    }
}
