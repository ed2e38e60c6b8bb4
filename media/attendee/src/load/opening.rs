//! Opens clients' signalling on threads beside, so that media never waits for a handshake.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::role::Role;
use super::signalling::{Signalling, Target};

/// Sockets that are opened at a time.
const THREADS: usize = 4;

/// A client whose signalling is open, or why it is not.
pub struct Opened {
    /// Number of the client.
    pub number: usize,
    /// What it does.
    pub role: Role,
    /// What it is called.
    pub name: String,
    /// Open.
    pub signalling: io::Result<Box<dyn Signalling>>,
}

/// The threads and the way to and from them; they end when it is dropped.
pub struct Opening {
    wanted: Sender<(usize, Role)>,
    opened: Receiver<Opened>,
}

impl Opening {
    /// Threads for one target.
    pub fn new(target: Arc<dyn Target>) -> Opening {
        let (wanted, requests) = channel::<(usize, Role)>();
        let (results, opened) = channel();
        let requests = Arc::new(Mutex::new(requests));
        for _ in 0..THREADS {
            let (target, requests, results) = (target.clone(), requests.clone(), results.clone());
            std::thread::spawn(move || {
                loop {
                    let request = match requests.lock() {
                        Ok(requests) => requests.recv(),
                        Err(_) => return,
                    };
                    let Ok((number, role)) = request else {
                        return;
                    };
                    let name = format!("load{number}");
                    let signalling = target.open(&role, &name, Instant::now());
                    let opened = Opened {
                        number,
                        role,
                        name,
                        signalling,
                    };
                    if results.send(opened).is_err() {
                        return;
                    }
                }
            });
        }
        Opening { wanted, opened }
    }

    /// Asks for a client's signalling.
    pub fn ask(&self, number: usize, role: Role) {
        self.wanted
            .send((number, role))
            .expect("the threads live as long as this");
    }

    /// The next that is open, if one is.
    pub fn next(&self) -> Option<Opened> {
        self.opened.try_recv().ok()
    }
}
