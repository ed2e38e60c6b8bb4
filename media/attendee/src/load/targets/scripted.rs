//! For tests: a WebSocket server that answers as a function says, and a client's side to wait at.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use tungstenite::Message;
use tungstenite::handshake::server::{Request, Response};

use crate::load::role::{Role, Speech};
use crate::load::signalling::{Said, Signalling};

/// Serves every connection with answers of its own; gives the URL.
pub fn serve<A, F>(answers: A) -> String
where
    A: Fn() -> F + Send + 'static,
    F: FnMut(&Message) -> Vec<Message> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut answer = answers();
            std::thread::spawn(move || {
                // The type of a refusal is tungstenite's.
                #[allow(clippy::result_large_err)]
                let select = |request: &Request, mut response: Response| {
                    if let Some(protocol) = request.headers().get("Sec-WebSocket-Protocol") {
                        let headers = response.headers_mut();
                        headers.insert("Sec-WebSocket-Protocol", protocol.clone());
                    }
                    Ok(response)
                };
                let mut socket = tungstenite::accept_hdr(stream.unwrap(), select).unwrap();
                // What a server says first.
                for message in answer(&Message::Ping(Vec::new().into())) {
                    socket.send(message).unwrap();
                }
                while let Ok(message) = socket.read() {
                    for message in answer(&message) {
                        socket.send(message).unwrap();
                    }
                }
            });
        }
    });
    url
}

/// What signalling says next.
pub fn next(signalling: &mut dyn Signalling) -> Said {
    let end = Instant::now() + Duration::from_secs(10);
    let mut said = Vec::new();
    while Instant::now() < end {
        signalling.read(Instant::now(), &mut said).unwrap();
        if !said.is_empty() {
            assert_eq!(said.len(), 1, "{said:?}");
            return said.remove(0);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("nothing was said");
}

/// Somebody in the first meeting.
pub fn role(speech: Speech, cameras: usize, tiles: usize) -> Role {
    Role {
        meeting: 0,
        seat: 0,
        speech,
        layers: vec!["300@320x180".parse().unwrap(); cameras],
        tiles,
        sampled: false,
    }
}
