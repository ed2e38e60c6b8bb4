//! What every target's signalling comes down to: descriptions of up to two links a client.

use std::io;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::time::Instant;

use super::role::Role;

/// What signalling wants of its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Make an offer for this link, with so many sections that receive.
    Offer {
        /// Number of the link.
        link: usize,
        /// With a section for the camera, be it off.
        camera: bool,
        /// Sections that receive.
        tiles: usize,
    },
    /// The answer to our offer.
    Answer {
        /// Number of the link.
        link: usize,
        /// SDP.
        text: String,
    },
    /// An offer of the other side; an answer is wanted.
    Offered {
        /// Number of the link.
        link: usize,
        /// SDP.
        text: String,
    },
    /// A trickled candidate.
    Candidate {
        /// Number of the link.
        link: usize,
        /// UDP.
        address: SocketAddr,
    },
}

/// One client's signalling; it never blocks once it is open.
pub trait Signalling: Send {
    /// Readable when something came.
    fn fd(&self) -> BorrowedFd<'_>;

    /// Takes what came.
    fn read(&mut self, now: Instant, said: &mut Vec<Said>) -> io::Result<()>;

    /// Called now and then: pings, and what could not be written.
    fn tick(&mut self, now: Instant, said: &mut Vec<Said>) -> io::Result<()>;

    /// A description that was wanted is there.
    fn described(&mut self, link: usize, text: String) -> io::Result<()>;

    /// Leaves, as far as it can without waiting.
    fn leave(&mut self);
}

/// A kind of server.
pub trait Target: Send + Sync {
    /// Connects a client of this name, blocking.
    fn open(&self, role: &Role, name: &str, now: Instant) -> io::Result<Box<dyn Signalling>>;

    /// Names of simulcast encodings, lowest first.
    fn rids(&self) -> [&'static str; 3] {
        ["low", "mid", "hi"]
    }

    /// Whether offers list the highest encoding first.
    fn highest_first(&self) -> bool {
        false
    }

    /// Whether those that do not speak send packets of silence.
    fn silence(&self) -> bool {
        true
    }

    /// Whether RED is offered.
    fn red(&self) -> bool {
        false
    }
}
