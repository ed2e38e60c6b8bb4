//! The engine: its threads, and which of them has which meeting.

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use nix::sys::socket::{Backlog, SockType, listen};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::command::{self, Address, Command, CommandError, MeetingId, SessionId};
use crate::core::Core;
use crate::event::{self, Event};
use crate::meeting::Settings;
use crate::net::shared::{Message, Shared};
use crate::net::udp::{Bound, bound};
use crate::net::worker::Worker;
use crate::session::setup::Identity;

/// A thread more than this helps nobody.
const THREADS_MAX: usize = 64;
/// Ports that are tried where any will do: TCP and UDP take the same number.
const PORTS_TRIED: usize = 20;

/// How an engine is set up.
#[derive(Debug, Clone, Deserialize)]
pub struct Config {
    /// Where to listen: an address or a name.
    pub host: String,
    /// 0: any that is free.
    pub port: u16,
    /// Threads, each with its own meetings.
    pub threads: usize,
    /// Whether clients may come by TCP.
    pub tcp: bool,
    /// Voices heard at a time.
    #[serde(default = "three")]
    pub speakers: usize,
}

fn three() -> usize {
    3
}

/// The engine cannot start.
#[derive(Debug)]
pub enum StartError {
    /// Its configuration makes no sense.
    Config(String),
    /// It cannot listen.
    Io(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Config(reason) => write!(f, "media engine: {reason}"),
            StartError::Io(error) => write!(f, "media engine: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> StartError {
        StartError::Io(error)
    }
}

impl From<nix::Error> for StartError {
    fn from(error: nix::Error) -> StartError {
        StartError::Io(error.into())
    }
}

/// Which thread has what.
#[derive(Default)]
struct Routes {
    meetings: FxHashMap<MeetingId, usize>,
    sessions: FxHashMap<SessionId, Route>,
    load: Vec<usize>,
}

struct Route {
    meeting: MeetingId,
    thread: usize,
    ufrag: String,
}

/// Counters, for metrics.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub struct Stats {
    pub threads: u64,
    pub meetings: u64,
    pub sessions: u64,
    pub packets_received: u64,
    pub packets_refused: u64,
    pub audio_packets_sent: u64,
    pub video_packets_sent: u64,
    pub keyframe_requests: u64,
    pub audio_decodes: u64,
    pub audio_encodes: u64,
    pub audio_concealed: u64,
    pub speakers: u64,
}

/// Threads at work.
pub struct Engine {
    shared: Arc<Shared>,
    routes: Mutex<Routes>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    fingerprint: String,
    port: u16,
}

fn resolve(host: &str, port: u16) -> Result<SocketAddr, StartError> {
    (host, port)
        .to_socket_addrs()?
        .next()
        .ok_or_else(|| StartError::Config(format!("{host} has no address")))
}

fn listener(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let fd = bound(SockType::Stream, address, shared)?;
    listen(&fd, Backlog::new(128)?)?;
    Ok(TcpListener::from(fd))
}

type Sockets = Vec<(Bound, Option<TcpListener>)>;

fn sockets(config: &Config) -> Result<(Sockets, u16), StartError> {
    let wanted = resolve(&config.host, config.port)?;
    let shared = config.threads > 1;
    if shared && config.port != 0 {
        // Sockets that share a port would also share it with another server.
        drop(Bound::bind(wanted, false)?);
    }
    let mut tried = 0;
    loop {
        tried += 1;
        let first = Bound::bind(wanted, shared)?;
        let address = SocketAddr::new(wanted.ip(), first.local()?.port());
        let rest = (1..config.threads).map(|_| Bound::bind(address, shared));
        let all: Vec<Bound> = std::iter::once(Ok(first))
            .chain(rest)
            .collect::<Result<_, _>>()?;
        if !config.tcp {
            let sockets = all.into_iter().map(|udp| (udp, None)).collect();
            return Ok((sockets, address.port()));
        }
        match all
            .iter()
            .map(|_| listener(address, shared))
            .collect::<Result<Vec<_>, _>>()
        {
            Ok(listeners) => {
                let listeners = listeners.into_iter().map(Some);
                return Ok((all.into_iter().zip(listeners).collect(), address.port()));
            }
            Err(_) if config.port == 0 && tried < PORTS_TRIED => {}
            Err(error) => return Err(error.into()),
        }
    }
}

impl Engine {
    /// Binds the sockets and starts the threads.
    pub fn start(config: &Config) -> Result<Engine, StartError> {
        if !(1..=THREADS_MAX).contains(&config.threads) {
            return Err(StartError::Config(format!("{} threads", config.threads)));
        }
        if config.speakers == 0 {
            return Err(StartError::Config("no speakers".into()));
        }
        let identity = Identity::generate();
        let fingerprint = identity.fingerprint().to_owned();
        let epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let clock = (Instant::now(), epoch.as_millis() as u64);
        let settings = Settings {
            identity,
            speakers: config.speakers,
            clock,
        };
        let (sockets, port) = sockets(config)?;
        let shared = Arc::new(Shared::new(config.threads)?);
        let mut threads = Vec::with_capacity(config.threads);
        let (ready, started) = mpsc::channel();
        for (index, (udp, listener)) in sockets.into_iter().enumerate() {
            let core = Core::new(settings.clone());
            let (of_thread, ready) = (Arc::clone(&shared), ready.clone());
            let work = move || match Worker::new(index, core, udp, listener, of_thread) {
                Ok(worker) => {
                    let _ = ready.send(Ok(()));
                    worker.run();
                }
                Err(error) => drop(ready.send(Err(error))),
            };
            threads.push(
                std::thread::Builder::new()
                    .name(format!("media-{index}"))
                    .spawn(work)?,
            );
        }
        drop(ready);
        let load = vec![0; config.threads];
        let engine = Engine {
            shared,
            routes: Mutex::new(Routes {
                load,
                ..Routes::default()
            }),
            threads: Mutex::new(threads),
            fingerprint,
            port,
        };
        started
            .iter()
            .take(config.threads)
            .collect::<nix::Result<()>>()?;
        Ok(engine)
    }

    /// sha-256 of the certificate of all sessions, "AB:CD:…".
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The port of both UDP and TCP.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Readable while events wait.
    pub fn event_fd(&self) -> RawFd {
        self.shared.events.bell().as_fd().as_raw_fd()
    }

    /// Hands a msgpack list of commands to the threads, in order.
    pub fn command(&self, data: &[u8]) -> Result<(), CommandError> {
        let commands = command::decode(data)?;
        let mut mail: Vec<Vec<Message>> = self.shared.mailboxes.iter().map(|_| vec![]).collect();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        for command in commands {
            if let Some(thread) = routes.route(&command, &self.shared) {
                mail[thread].push(Message::Command(command));
            }
        }
        for (mailbox, messages) in self.shared.mailboxes.iter().zip(mail) {
            mailbox.put(messages);
        }
        Ok(())
    }

    /// The events since the last call, as a msgpack list.
    pub fn events(&self) -> Vec<u8> {
        let events = self.shared.events.take();
        let mut routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        for event in &events {
            match event {
                Event::Closed { session, .. } => routes.forget_session(*session, &self.shared),
                Event::Failed { meeting, .. } => routes.forget_meeting(*meeting, &self.shared),
                _ => {}
            }
        }
        event::encode(&events)
    }

    /// Counters.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats {
            threads: self.shared.totals.len() as u64,
            ..Stats::default()
        };
        for thread in 0..self.shared.totals.len() {
            let totals = self.shared.totals_of(thread);
            stats.meetings += totals.meetings;
            stats.sessions += totals.sessions;
            stats.packets_received += totals.counters.received;
            stats.packets_refused += totals.refused;
            stats.audio_packets_sent += totals.counters.audio_sent;
            stats.video_packets_sent += totals.counters.video_sent;
            stats.keyframe_requests += totals.counters.keyframe_requests;
            stats.audio_decodes += totals.mixer.members.decodes;
            stats.audio_encodes += totals.mixer.encodes;
            stats.audio_concealed += totals.mixer.members.concealed;
            stats.speakers += totals.mixer.heard as u64;
        }
        stats
    }

    /// Stops the threads and waits for them.
    pub fn close(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared
            .mailboxes
            .iter()
            .for_each(|mailbox| mailbox.ring());
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

impl Routes {
    fn route(&mut self, command: &Command, shared: &Shared) -> Option<usize> {
        if let Command::CreateMeeting { meeting, .. } = command {
            let thread = (0..self.load.len()).min_by_key(|thread| self.load[*thread])?;
            self.load[thread] += 1;
            self.meetings.insert(*meeting, thread);
        }
        let thread = match command.address() {
            Address::Meeting(meeting) => *self.meetings.get(&meeting)?,
            Address::Session(session) => self.sessions.get(&session)?.thread,
        };
        match command {
            Command::OpenSession(open) => {
                let (meeting, ufrag) = (open.meeting, open.local_ufrag.clone());
                shared.set_ufrag(&ufrag, Some(thread));
                self.sessions.insert(
                    open.session,
                    Route {
                        meeting,
                        thread,
                        ufrag,
                    },
                );
                self.load[thread] += 1;
            }
            Command::CloseSession { session } => self.forget_session(*session, shared),
            Command::EndMeeting { meeting } => self.forget_meeting(*meeting, shared),
            _ => {}
        }
        Some(thread)
    }

    fn forget_session(&mut self, session: SessionId, shared: &Shared) {
        if let Some(route) = self.sessions.remove(&session) {
            shared.set_ufrag(&route.ufrag, None);
            self.load[route.thread] -= 1;
        }
    }

    fn forget_meeting(&mut self, meeting: MeetingId, shared: &Shared) {
        if let Some(thread) = self.meetings.remove(&meeting) {
            self.load[thread] -= 1;
        }
        let sessions: Vec<SessionId> = self
            .sessions
            .iter()
            .filter_map(|(session, route)| (route.meeting == meeting).then_some(*session))
            .collect();
        for session in sessions {
            self.forget_session(session, shared);
        }
    }
}
