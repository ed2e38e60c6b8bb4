//! One candidate pair's worth of ICE (RFC 8445): one local address, a few remote ones, no I/O.
//!
//! As the controlling side it nominates every pair it checks, as the controlled one it follows.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hubbub_rtp::provider;
use str0m::ice::{StunMessage, TransId};

/// Checks of a pair that has not answered are so far apart.
const CHECK: Duration = Duration::from_millis(100);
/// Consent (RFC 7675).
const CONSENT: Duration = Duration::from_secs(4);
/// Type preference host, local preference highest, component 1.
const PRIORITY: u32 = (126 << 24) | (65_535 << 8) | 255;

fn sha1_hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    provider().sha1_hmac_provider.sha1_hmac(key, parts)
}

/// Ufrag and password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Credentials {
    /// At least four characters.
    pub ufrag: String,
    /// At least 22 characters.
    pub pwd: String,
}

impl Credentials {
    /// Fresh ones.
    pub fn random() -> Credentials {
        let text = |length| {
            std::iter::repeat_with(fastrand::alphanumeric)
                .take(length)
                .collect()
        };
        Credentials {
            ufrag: text(8),
            pwd: text(24),
        }
    }
}

/// The agent of one connection.
#[derive(Debug)]
pub struct Agent {
    local: Credentials,
    remote: Option<Credentials>,
    controlling: bool,
    tie_breaker: u64,
    candidates: Vec<SocketAddr>,
    selected: Option<SocketAddr>,
    next_check: Option<Instant>,
}

impl Agent {
    /// Before anything is known of the other side.
    pub fn new(controlling: bool) -> Agent {
        Agent {
            local: Credentials::random(),
            remote: None,
            controlling,
            tie_breaker: fastrand::u64(..),
            candidates: Vec::new(),
            selected: None,
            next_check: None,
        }
    }

    /// What belongs in our description.
    pub fn local(&self) -> &Credentials {
        &self.local
    }

    /// Takes the other side's description; checks begin at once.
    pub fn set_remote(&mut self, remote: Credentials, candidates: &[SocketAddr], now: Instant) {
        self.remote = Some(remote);
        for candidate in candidates {
            self.add_candidate(*candidate);
        }
        if self.selected.is_none() {
            self.next_check = Some(now);
        }
    }

    /// Takes a trickled candidate.
    pub fn add_candidate(&mut self, candidate: SocketAddr) {
        if !self.candidates.contains(&candidate) {
            self.candidates.push(candidate);
        }
    }

    /// Whether we nominate.
    pub fn controlling(&self) -> bool {
        self.controlling
    }

    /// The pair that carries media.
    pub fn selected(&self) -> Option<SocketAddr> {
        self.selected
    }

    /// Takes a STUN message; `reply` gets one to send back to its source.
    pub fn receive(&mut self, data: &[u8], source: SocketAddr, reply: &mut Vec<u8>) {
        let Ok(message) = StunMessage::parse(data) else {
            return;
        };
        if message.is_binding_request() {
            if !message.verify(self.local.pwd.as_bytes(), sha1_hmac) {
                return;
            }
            let answer = StunMessage::binding_reply(message.trans_id(), source);
            write(answer, &self.local.pwd, reply);
            if !self.candidates.contains(&source) {
                self.candidates.push(source);
            }
            if !self.controlling && (message.use_candidate() || self.selected.is_none()) {
                self.selected = Some(source);
            }
        } else if message.is_successful_binding_response()
            && let Some(remote) = &self.remote
            && message.verify(remote.pwd.as_bytes(), sha1_hmac)
            && self.selected.is_none()
        {
            self.selected = Some(source);
        }
    }

    /// Pushes the checks that are due.
    pub fn tick(&mut self, now: Instant, out: &mut Vec<(SocketAddr, Vec<u8>)>) {
        let (Some(remote), Some(due)) = (&self.remote, self.next_check) else {
            return;
        };
        if now < due {
            return;
        }
        let targets = match &self.selected {
            Some(selected) => std::slice::from_ref(selected),
            None => &self.candidates[..],
        };
        let username = format!("{}:{}", remote.ufrag, self.local.ufrag);
        for target in targets {
            let request = StunMessage::binding_request(
                &username,
                TransId::new(),
                self.controlling,
                self.tie_breaker,
                PRIORITY,
                self.controlling,
            );
            let mut message = Vec::new();
            write(request, &remote.pwd, &mut message);
            out.push((*target, message));
        }
        self.next_check = Some(
            now + if self.selected.is_some() {
                CONSENT
            } else {
                CHECK
            },
        );
    }
}

fn write(message: StunMessage<'_>, password: &str, out: &mut Vec<u8>) {
    out.resize(512, 0);
    let length = message
        .to_bytes(Some(password.as_bytes()), out, sha1_hmac)
        .expect("512 bytes hold any of our messages");
    out.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_agents_find_each_other() {
        let now = Instant::now();
        let (a_at, b_at): (SocketAddr, SocketAddr) = (
            "127.0.0.1:1".parse().unwrap(),
            "127.0.0.1:2".parse().unwrap(),
        );
        let (mut a, mut b) = (Agent::new(true), Agent::new(false));
        a.set_remote(b.local().clone(), &[b_at], now);
        b.set_remote(a.local().clone(), &[], now);
        let mut checks = Vec::new();
        a.tick(now, &mut checks);
        let (target, check) = checks.pop().unwrap();
        assert_eq!(target, b_at);
        let mut reply = Vec::new();
        b.receive(&check, a_at, &mut reply);
        assert_eq!(b.selected(), Some(a_at));
        a.receive(&reply, b_at, &mut Vec::new());
        assert_eq!(a.selected(), Some(b_at));
        // Without the password nothing is answered.
        let mut stranger = Agent::new(true);
        let other = Credentials {
            ufrag: b.local().ufrag.clone(),
            pwd: "x".repeat(24),
        };
        stranger.set_remote(other, &[b_at], now);
        stranger.tick(now, &mut checks);
        reply.clear();
        b.receive(&checks.pop().unwrap().1, a_at, &mut reply);
        assert!(reply.is_empty());
    }
}
