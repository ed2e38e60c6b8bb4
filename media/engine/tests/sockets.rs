//! The engine on real sockets: threads, packets that another thread's socket got, and TCP.

#[path = "support/client.rs"]
#[allow(dead_code)]
mod client;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use client::Client;
use hubbub_engine::command::Command;
use hubbub_engine::net::{Config, Engine, Frames, StartError};
use str0m::net::Protocol;

fn engine(threads: usize) -> Engine {
    let host = "127.0.0.1".to_owned();
    Engine::start(&Config {
        host,
        port: 0,
        threads,
        tcp: true,
        speakers: 3,
    })
    .unwrap()
}

fn tell(engine: &Engine, commands: &[Command]) {
    engine
        .command(&rmp_serde::to_vec_named(commands).unwrap())
        .unwrap();
}

fn create(engine: &Engine, meetings: std::ops::RangeInclusive<u64>) {
    for meeting in meetings {
        let (video_limit, content_limit) = (None, None);
        tell(
            engine,
            &[Command::CreateMeeting {
                meeting,
                video_limit,
                content_limit,
            }],
        );
    }
}

fn join(engine: &Engine, client: &Client) {
    let open = Command::OpenSession(client.open.clone());
    tell(
        engine,
        &[open, Command::Configure(client.configure.clone())],
    );
}

/// Drives a client over UDP until `done` or 10 s have passed.
fn talk(
    client: &mut Client,
    socket: &UdpSocket,
    server: SocketAddr,
    done: impl Fn(&Client) -> bool,
) -> bool {
    socket
        .set_read_timeout(Some(Duration::from_millis(2)))
        .unwrap();
    let started = Instant::now();
    let mut buffer = [0; 2000];
    while !done(client) && started.elapsed() < Duration::from_secs(10) {
        if let Ok((length, _)) = socket.recv_from(&mut buffer) {
            client.receive(&buffer[..length], Instant::now());
        }
        if client.deadline <= Instant::now() {
            client.drive(Instant::now());
        }
        while let Some(bytes) = client.outbox.pop_front() {
            socket.send_to(&bytes, server).unwrap();
        }
    }
    done(client)
}

fn hears(client: &Client) -> bool {
    client.seen.connected && client.seen.packets.len() > 10
}

#[test]
fn clients_of_meetings_on_all_threads_connect_by_one_port() {
    let engine = engine(3);
    let server = SocketAddr::from(([127, 0, 0, 1], engine.port()));
    create(&engine, 1..=3);
    // Three sockets for each meeting: the kernel spreads them over the threads as it likes.
    std::thread::scope(|scope| {
        for session in 1..=9 {
            let engine = &engine;
            scope.spawn(move || {
                let now = Instant::now();
                let mut client = Client::new(
                    session % 3 + 1,
                    session,
                    session,
                    engine.fingerprint(),
                    0,
                    now,
                );
                join(engine, &client);
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                assert!(
                    talk(&mut client, &socket, server, hears),
                    "session {session}"
                );
            });
        }
    });
    let events = engine.events();
    let connected = events
        .windows(9)
        .filter(|bytes| bytes == b"connected")
        .count();
    assert_eq!(connected, 9);
    engine.close();
    engine.close();
}

#[test]
fn a_client_without_udp_connects_by_tcp() {
    for threads in [1, 2] {
        let engine = engine(threads);
        create(&engine, 1..=2);
        for session in 1..=4 {
            let (meeting, ids) = (session % 2 + 1, (session, session));
            let mut client = Client::over(
                Protocol::Tcp,
                meeting,
                ids,
                engine.fingerprint(),
                0,
                Instant::now(),
            );
            join(&engine, &client);
            let mut stream = TcpStream::connect(("127.0.0.1", engine.port())).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_millis(2)))
                .unwrap();
            let (mut frames, mut buffer) = (Frames::default(), [0; 4096]);
            let started = Instant::now();
            while !hears(&client) && started.elapsed() < Duration::from_secs(10) {
                if let Ok(length) = stream.read(&mut buffer) {
                    assert_ne!(length, 0, "it hung up");
                    frames.push(&buffer[..length]);
                    while let Ok(Some(frame)) = frames.take() {
                        client.receive(frame, Instant::now());
                    }
                }
                client.drive(Instant::now());
                while let Some(bytes) = client.outbox.pop_front() {
                    stream
                        .write_all(&(bytes.len() as u16).to_be_bytes())
                        .unwrap();
                    stream.write_all(&bytes).unwrap();
                }
            }
            assert!(hears(&client), "{threads} threads, session {session}");
        }
    }
}

#[test]
fn a_connection_that_shows_no_known_ufrag_is_hung_up() {
    let engine = engine(1);
    let mut stream = TcpStream::connect(("127.0.0.1", engine.port())).unwrap();
    stream.write_all(b"\x00\x10GET / HTTP/1.1\r\n").unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(5)))
        .unwrap();
    assert!(matches!(stream.read(&mut [0; 16]), Ok(0) | Err(_)));
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let first = engine(1);
    let again = |threads| {
        let (host, port) = ("127.0.0.1".to_owned(), first.port());
        Engine::start(&Config {
            host,
            port,
            threads,
            tcp: true,
            speakers: 3,
        })
    };
    assert!(matches!(again(1), Err(StartError::Io(_))));
    assert!(matches!(again(2), Err(StartError::Io(_))));
}

#[test]
fn malformed_commands_are_refused_whole() {
    let engine = engine(1);
    for bytes in [
        &b""[..],
        b"\x90garbage",
        b"\x91\x80",
        b"\xc1",
        b"\x91\x81\xa4type\xa3nop",
    ] {
        assert!(engine.command(bytes).is_err(), "{bytes:?}");
    }
    assert!(engine.command(b"\x90").is_ok());
}
