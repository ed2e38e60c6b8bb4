//! Datagrams before there are keys: STUN, DTLS and anything else, from clients and from strangers.
#![no_main]

use std::net::SocketAddr;
use std::time::Duration;

use hubbub_engine::net::Protocol;
use hubbub_fuzz::bytes::Bytes;
use hubbub_fuzz::room::{Room, STRANGER};

/// A DTLS record of any content.
fn record(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let mut record = vec![bytes.pick([20, 21, 22, 22, 22, 23, 25])];
    record.extend([0xfe, bytes.pick([0xfd, 0xff, 0xfc])]);
    record.extend([0, bytes.byte() & 1, 0, 0, 0, 0, 0, bytes.byte()]);
    let content = bytes.piece();
    record.extend((content.len() as u16).to_be_bytes());
    record.extend(content);
    record
}

/// A handshake message in a record of its own.
fn message(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let (kind, number, sequence) = (bytes.byte(), bytes.byte(), bytes.byte());
    let content = bytes.piece();
    let [high, low] = (content.len() as u16).to_be_bytes();
    let mut message = vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, sequence];
    message.extend((content.len() as u16 + 12).to_be_bytes());
    message.extend([kind, 0, high, low, 0, number, 0, 0, 0, 0, high, low]);
    message.extend(content);
    message
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let mut room = Room::new(1);
    let address = room.peers[0].address;
    let elsewhere = SocketAddr::from(([10, 9, 9, 9], 6000));
    while !bytes.is_empty() {
        let kind = bytes.byte();
        let protocol = if kind & 0x80 == 0 {
            Protocol::Udp
        } else {
            Protocol::Tcp
        };
        let source = if kind & 0x40 == 0 { address } else { elsewhere };
        match kind & 15 {
            0 => room.pass(Duration::from_millis(u64::from(bytes.short() % 4096))),
            1 | 2 => {
                let check = room.peers[0].check(bytes.piece());
                room.datagram(protocol, source, &check);
            }
            3 => {
                let (kind, attributes) = (bytes.short() & 0x3fff, bytes.piece());
                let message = room.peers[0].stun(kind, attributes);
                room.datagram(protocol, source, &message);
            }
            4 => {
                room.datagram(protocol, source, &record(&mut bytes));
            }
            5 => {
                room.datagram(protocol, source, &message(&mut bytes));
            }
            6..9 => room.handshake(0, |_| {}),
            9..12 => {
                let (at, by) = (usize::from(bytes.short()), bytes.byte());
                room.handshake(0, |datagram| {
                    let at = at % datagram.len();
                    datagram[at] ^= by;
                });
            }
            12 => {
                assert!(!room.datagram(protocol, STRANGER, bytes.piece()));
            }
            _ => {
                room.datagram(protocol, source, bytes.piece());
            }
        }
    }
    room.pass(Duration::from_secs(1));
});
