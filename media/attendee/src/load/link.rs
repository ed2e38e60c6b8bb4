//! One transport of a client: UDP socket, ICE, DTLS, SRTP.
//!
//! The invariant: [`Link::tick`] is called at least every 50 ms until it is connected; whatever it
//! takes in through [`Link::receive`] is answered before it returns.

use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hubbub_rtp::packet::{Extensions, Outgoing};
use hubbub_rtp::provider;
use hubbub_rtp::srtp::Context;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use str0m::crypto::dtls::{DtlsCert, DtlsInstance, DtlsOutput, DtlsVersion};

use super::description::Description;
use super::ice::{Agent, Credentials};

/// Bytes.
const RECEIVE_BUFFER: usize = 1 << 20;
/// Datagrams of video read per readiness; more wait for the next turn. Of audio it is one: another
/// try would only find that there is none.
pub const BURST: usize = 8;

/// The certificate that all clients share.
pub struct Identity {
    certificate: DtlsCert,
    /// SHA-256.
    pub fingerprint: Vec<u8>,
}

impl Identity {
    /// Makes one.
    pub fn generate() -> io::Result<Identity> {
        let certificate = provider()
            .dtls_provider
            .generate_certificate()
            .ok_or_else(|| io::Error::other("no certificate"))?;
        let fingerprint = provider()
            .sha256_provider
            .sha256(&certificate.certificate)
            .to_vec();
        Ok(Identity {
            certificate,
            fingerprint,
        })
    }
}

/// What came, before decryption.
#[derive(Debug)]
pub struct Datagram<'a> {
    /// RTP or RTCP, protected.
    pub data: &'a [u8],
    /// When the kernel had it, if the link asks for that, else `None`.
    pub stamped: Option<Duration>,
}

/// One transport.
pub struct Link {
    socket: UdpSocket,
    /// Our one candidate.
    pub address: SocketAddr,
    agent: Agent,
    dtls: Box<dyn DtlsInstance>,
    active: bool,
    handshaking: bool,
    fingerprint: Vec<u8>,
    next_dtls: Instant,
    outgoing: Option<Context>,
    incoming: Option<Context>,
    pinned: bool,
    stamping: bool,
    transport: u16,
    /// Packets and bytes that the kernel refused.
    pub refused: u64,
    buffer: Vec<u8>,
    version: u32,
}

fn failed(why: impl std::fmt::Display) -> io::Error {
    io::Error::other(why.to_string())
}

impl Link {
    /// Binds a socket; `stamping` asks the kernel for arrival times.
    pub fn new(
        ip: IpAddr,
        identity: &Identity,
        controlling: bool,
        stamping: bool,
        now: Instant,
    ) -> io::Result<Link> {
        let socket = UdpSocket::bind((ip, 0))?;
        socket.set_nonblocking(true)?;
        // A burst of key frames waits here while others are read; the kernel may allow less.
        let _ = setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER)
            .or_else(|_| setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER));
        if stamping {
            setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        }
        let dtls = provider()
            .dtls_provider
            .new_dtls(&identity.certificate, now, DtlsVersion::Dtls12, None)
            .map_err(failed)?;
        Ok(Link {
            address: socket.local_addr()?,
            socket,
            agent: Agent::new(controlling),
            dtls,
            active: true,
            handshaking: false,
            fingerprint: Vec::new(),
            next_dtls: now,
            outgoing: None,
            incoming: None,
            pinned: false,
            stamping,
            transport: fastrand::u16(..),
            refused: 0,
            buffer: Vec::with_capacity(2048),
            version: 1,
        })
    }

    /// Our ICE credentials.
    pub fn credentials(&self) -> &Credentials {
        self.agent.local()
    }

    /// The version of the next description.
    pub fn next_version(&mut self) -> u32 {
        self.version += 1;
        self.version
    }

    /// Keys are there.
    pub fn connected(&self) -> bool {
        self.outgoing.is_some()
    }

    /// Takes the other side's description, the first time and every time.
    pub fn set_remote(&mut self, remote: &Description, now: Instant) {
        self.fingerprint.clone_from(&remote.fingerprint);
        // An active other side makes us the server; an offer of actpass was answered active.
        self.active = remote.setup != "active";
        let credentials = remote.credentials.clone();
        self.agent.set_remote(credentials, &remote.candidates, now);
    }

    /// Takes a trickled candidate.
    pub fn add_candidate(&mut self, candidate: SocketAddr) {
        self.agent.add_candidate(candidate);
    }

    fn transmit(&mut self, target: Option<SocketAddr>, data: &[u8]) {
        let sent = match target {
            Some(target) if !self.pinned => self.socket.send_to(data, target),
            _ => self.socket.send(data),
        };
        if sent.is_err() {
            self.refused += 1;
        }
    }

    fn flush(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.transmit(self.agent.selected(), &buffer);
        self.buffer = buffer;
        self.buffer.clear();
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) -> io::Result<()> {
        let mut checks = Vec::new();
        self.agent.tick(now, &mut checks);
        for (target, check) in checks {
            self.transmit(Some(target), &check);
        }
        if let Some(selected) = self.agent.selected() {
            if !self.handshaking {
                self.handshaking = true;
                self.dtls.set_active(self.active);
                self.next_dtls = now;
            }
            if self.connected() && !self.pinned && self.agent.controlling() {
                // The pair is ours to keep: from here on the kernel need not look the route up.
                self.socket.connect(selected)?;
                self.pinned = true;
            }
        }
        if self.handshaking && now >= self.next_dtls {
            self.dtls.handle_timeout(now).map_err(failed)?;
            self.drain_dtls(now)?;
        }
        Ok(())
    }

    fn drain_dtls(&mut self, now: Instant) -> io::Result<()> {
        let mut buffer = vec![0; 4096];
        loop {
            let keys = match self.dtls.poll_output(&mut buffer) {
                DtlsOutput::Packet(packet) => {
                    let packet = packet.to_vec();
                    self.transmit(self.agent.selected(), &packet);
                    continue;
                }
                DtlsOutput::Timeout(at) => {
                    self.next_dtls = at.max(now + Duration::from_millis(1));
                    return Ok(());
                }
                DtlsOutput::PeerCert(der) => {
                    let seen = provider().sha256_provider.sha256(der);
                    if seen[..] != self.fingerprint[..] {
                        return Err(failed("another certificate than was described"));
                    }
                    continue;
                }
                DtlsOutput::KeyingMaterial(material, profile) => (material, profile),
                DtlsOutput::BufferTooSmall { needed } => {
                    buffer.resize(needed, 0);
                    continue;
                }
                DtlsOutput::CloseNotify => return Err(failed("DTLS is closed")),
                _ => continue,
            };
            let (material, profile) = keys;
            self.outgoing = Context::new(&material, profile, self.active, true);
            self.incoming = Context::new(&material, profile, !self.active, false);
            if self.outgoing.is_none() {
                return Err(failed("an SRTP profile that is not known"));
            }
        }
    }

    /// Reads up to `burst` datagrams. STUN and DTLS are dealt with; the rest goes to `each`.
    pub fn receive(
        &mut self,
        burst: usize,
        now: Instant,
        scratch: &mut [u8],
        each: &mut dyn FnMut(&mut Link, Datagram<'_>),
    ) -> io::Result<()> {
        for _ in 0..burst {
            let (length, source, stamped) = match self.read(scratch) {
                Ok(read) => read,
                Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(e) if e.kind() == ErrorKind::ConnectionRefused => continue,
                Err(e) => return Err(e),
            };
            let data = &scratch[..length];
            match data.first() {
                Some(128..=191) => each(self, Datagram { data, stamped }),
                Some(0..=3) => {
                    let source = source.or(self.agent.selected());
                    if let Some(source) = source {
                        let mut reply = Vec::new();
                        self.agent.receive(data, source, &mut reply);
                        if !reply.is_empty() {
                            self.transmit(Some(source), &reply);
                        }
                        self.tick(now)?;
                    }
                }
                Some(20..=63) => {
                    if !self.handshaking {
                        self.tick(now)?;
                    }
                    if self.handshaking {
                        // Alerts and repeated flights of a finished handshake do no harm.
                        let taken = self.dtls.handle_packet(data).map_err(failed);
                        if taken.is_err() && !self.connected() {
                            return taken;
                        }
                        self.drain_dtls(now)?;
                        self.tick(now)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn read(
        &self,
        scratch: &mut [u8],
    ) -> io::Result<(usize, Option<SocketAddr>, Option<Duration>)> {
        if self.stamping {
            return self.read_stamped(scratch);
        }
        if self.pinned {
            return self.socket.recv(scratch).map(|n| (n, None, None));
        }
        self.socket
            .recv_from(scratch)
            .map(|(n, source)| (n, Some(source), None))
    }

    fn read_stamped(
        &self,
        scratch: &mut [u8],
    ) -> io::Result<(usize, Option<SocketAddr>, Option<Duration>)> {
        let mut parts = [IoSliceMut::new(scratch)];
        let mut space = nix::cmsg_space!(nix::sys::time::TimeSpec);
        let message = recvmsg::<nix::sys::socket::SockaddrStorage>(
            self.socket.as_raw_fd(),
            &mut parts,
            Some(&mut space),
            MsgFlags::MSG_DONTWAIT,
        )?;
        let source = message.address.and_then(|address| {
            let four = address
                .as_sockaddr_in()
                .map(|a| SocketAddr::from((a.ip(), a.port())));
            four.or_else(|| {
                address
                    .as_sockaddr_in6()
                    .map(|a| SocketAddr::from((a.ip(), a.port())))
            })
        });
        let stamped = message.cmsgs().ok().and_then(|mut all| {
            all.find_map(|one| match one {
                ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
                _ => None,
            })
        });
        Ok((message.bytes, source, stamped))
    }

    /// Sends one packet of media with the next transport-wide number; `sequence` is extended.
    pub fn send(
        &mut self,
        mut header: Outgoing<'_>,
        sequence: u64,
        ids: Extensions,
        payload: &[u8],
    ) {
        let Some(outgoing) = &mut self.outgoing else {
            return;
        };
        self.transport = self.transport.wrapping_add(1);
        header.transport = Some(self.transport);
        header.sequence = sequence as u16;
        let mut head = Vec::with_capacity(48);
        header.write(ids, &mut head);
        outgoing.protect(&head, payload, sequence, &mut self.buffer);
        self.flush();
    }

    /// Sends a compound RTCP packet.
    pub fn send_rtcp(&mut self, packet: &[u8]) {
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.protect_rtcp(packet, &mut self.buffer);
            self.flush();
        }
    }

    /// Decrypts a packet of media.
    pub fn unprotect(&mut self, packet: &[u8], header: usize, sequence: u64) -> Option<Vec<u8>> {
        let mut payload = Vec::with_capacity(packet.len() + 32);
        self.incoming
            .as_mut()?
            .unprotect(packet, header, sequence, &mut payload)?;
        Some(payload)
    }

    /// Decrypts a compound RTCP packet.
    pub fn unprotect_rtcp(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let (_, plain) = self.incoming.as_mut()?.unprotect_rtcp(packet)?;
        Some(plain)
    }

    /// Says goodbye on DTLS.
    pub fn close(&mut self, now: Instant) {
        if self.handshaking {
            // The other side would find out by silence as well.
            let _ = self.dtls.close();
            let _ = self.drain_dtls(now);
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The wall clock, since the epoch; kernel stamps are of the same clock.
pub fn wall_clock() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
