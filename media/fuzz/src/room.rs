//! A core with one meeting, its clients, and time that passes when it is told to.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use hubbub_engine::command::{Command, Subscription};
use hubbub_engine::core::{Change, Core};
use hubbub_engine::event::Event;
use hubbub_engine::meeting::Settings;
use hubbub_engine::net::Protocol;
use hubbub_engine::session::setup::Identity;

use crate::peer::Peer;

const MEETING: u64 = 1;

/// A thread that has to be called so often for one moment would not come to rest.
const ROUNDS_MAX: usize = 200;

/// An address that is nobody's.
pub const STRANGER: SocketAddr = SocketAddr::new(
    std::net::IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9)),
    4000,
);

/// A meeting and all who are in it.
pub struct Room {
    core: Core,
    /// Its clients.
    pub peers: Vec<Peer>,
    now: Instant,
    learnt: HashSet<(Protocol, SocketAddr)>,
}

fn settings(now: Instant) -> Settings {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    Settings {
        identity: IDENTITY.get_or_init(Identity::generate).clone(),
        speakers: 3,
        clock: (now, 1_000_000),
    }
}

impl Room {
    /// With so many sessions, of which each watches the next one's camera. Nobody has sent anything.
    pub fn new(sessions: u32) -> Room {
        let now = Instant::now();
        let mut room = Room {
            core: Core::new(settings(now)),
            peers: (1..=sessions)
                .map(|number| Peer::new(number, now))
                .collect(),
            now,
            learnt: HashSet::new(),
        };
        room.command(Command::CreateMeeting {
            meeting: MEETING,
            video_limit: None,
            content_limit: None,
        });
        for index in 0..room.peers.len() {
            let peer = &room.peers[index];
            let (open, configure) = (peer.open(MEETING), peer.configure());
            room.command(Command::OpenSession(open));
            room.command(Command::Configure(configure));
        }
        for number in 1..=sessions {
            let group = number % sessions + 1;
            room.command(Command::Subscribe {
                session: number.into(),
                subscriptions: vec![Subscription {
                    mid: "2".into(),
                    stream: 0,
                    group,
                    priority: 1,
                    target_kbps: 0,
                    preference: 1,
                }],
            });
        }
        room
    }

    /// With so many sessions that are connected.
    pub fn connected(sessions: u32) -> Room {
        let mut room = Room::new(sessions);
        for index in 0..room.peers.len() {
            let (address, check) = (room.peers[index].address, room.peers[index].check(&[]));
            assert!(room.datagram(Protocol::Udp, address, &check));
            for _ in 0..4 {
                room.handshake(index, |_| {});
            }
            assert!(room.peers[index].connected());
        }
        room
    }

    /// Sends what the client's handshake has to send, after `change`; it gets the
    /// answers, and its next part is to be sent by another call.
    pub fn handshake(&mut self, index: usize, change: impl Fn(&mut Vec<u8>)) {
        let peer = &mut self.peers[index];
        let (address, flight) = (peer.address, peer.flight(self.now));
        for mut datagram in flight {
            change(&mut datagram);
            self.datagram(Protocol::Udp, address, &datagram);
        }
    }

    /// Does something with a client, and sends what it makes.
    pub fn say(&mut self, index: usize, make: impl FnOnce(&mut Peer, Instant) -> Vec<Vec<u8>>) {
        let peer = &mut self.peers[index];
        let (address, datagrams) = (peer.address, make(peer, self.now));
        for datagram in datagrams {
            self.datagram(Protocol::Udp, address, &datagram);
        }
    }

    /// A datagram comes from that address. Whether it belonged to somebody.
    pub fn datagram(&mut self, protocol: Protocol, source: SocketAddr, bytes: &[u8]) -> bool {
        let taken = self.core.datagram(protocol, source, bytes, self.now);
        self.settle();
        taken
    }

    /// Time passes, and the thread sleeps until its end.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        self.settle();
    }

    fn command(&mut self, command: Command) {
        self.core.command(command, self.now);
        self.settle();
    }

    /// Does all that is due, and looks at what comes of it.
    fn settle(&mut self) {
        self.core.flush(self.now);
        let mut rounds = 0;
        while self.core.deadline().is_some_and(|due| due <= self.now) {
            self.core.timeout(self.now);
            self.core.flush(self.now);
            rounds += 1;
            assert!(rounds < ROUNDS_MAX, "the thread does not come to rest");
        }
        let (output, changes) = self.core.output();
        for change in changes.drain(..) {
            if let Change::Learnt(protocol, source) = change {
                self.learnt.insert((protocol, source));
            }
        }
        for event in output.events.drain(..) {
            assert!(!matches!(event, Event::Failed { .. }), "{event:?}");
        }
        let mut answers = Vec::new();
        for datagram in output.datagrams.drain(..) {
            let to = (datagram.protocol, datagram.destination);
            assert!(self.learnt.contains(&to), "{to:?} was sent something");
            if datagram
                .contents
                .first()
                .is_some_and(|kind| (20..64).contains(kind))
            {
                answers.push((datagram.destination, datagram.contents));
            }
        }
        for (address, answer) in answers {
            let asked = self.peers.iter_mut().find(|peer| peer.address == address);
            if let Some(peer) = asked {
                peer.take(&answer);
            }
        }
        assert_eq!(self.core.totals().meetings, 1);
    }
}
