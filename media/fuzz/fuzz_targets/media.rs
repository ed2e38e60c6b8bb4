//! What clients with keys send: RTP and RTCP of any content, which is encrypted as it should be.
#![no_main]

use std::time::Duration;

use hubbub_engine::net::Protocol;
use hubbub_fuzz::bytes::Bytes;
use hubbub_fuzz::peer::{PAYLOADS, RIDS};
use hubbub_fuzz::room::{Room, STRANGER};
use hubbub_rtp::packet::{Extensions, Header, Outgoing};

const SESSIONS: usize = 2;

const IDS: Extensions = Extensions {
    level: 1,
    transport: 3,
    mid: 4,
    rid: 10,
};

/// Streams that go on from packet to packet.
#[derive(Default)]
struct Streams {
    sequence: [u16; 8],
    timestamp: [u32; 8],
    transport: u16,
}

/// A packet of one of the streams that the session sends.
fn packet(bytes: &mut Bytes<'_>, streams: &mut Streams, ssrcs: [u32; 8], header: &mut Vec<u8>) {
    let (stream, flags) = (usize::from(bytes.byte() & 7), bytes.byte());
    let (payload_type, _) = bytes.pick(PAYLOADS);
    let (step, value) = (u16::from(flags & 3), [bytes.byte()]);
    streams.sequence[stream] = streams.sequence[stream].wrapping_add(step);
    streams.timestamp[stream] = streams.timestamp[stream].wrapping_add(960 * u32::from(step));
    streams.transport = streams.transport.wrapping_add(1);
    let by_name = flags & 4 == 0;
    let outgoing = Outgoing {
        // The next number is that of its retransmissions.
        payload_type: payload_type + u8::from(flags & 0x40 != 0),
        marker: flags & 8 == 0,
        sequence: streams.sequence[stream],
        timestamp: streams.timestamp[stream],
        ssrc: ssrcs[stream],
        level: Some(bytes.byte() & 0x7f),
        transport: (flags & 16 == 0).then_some(streams.transport),
        mid: if stream == 0 { "0" } else { "1" },
        rid: if by_name && stream > 0 {
            RIDS[stream / 3 % 2]
        } else {
            ""
        },
        more: &[(13, &value)],
    };
    outgoing.write(IDS, header);
}

/// RTCP packets, each with its right length.
fn reports(bytes: &mut Bytes<'_>, ssrcs: [u32; 8]) -> Vec<u8> {
    let mut compound = Vec::new();
    for _ in 0..=bytes.byte() % 3 {
        let (count, kind) = (bytes.byte() & 0x3f, bytes.byte());
        // Types that are known, or any.
        let kind = if kind < 128 { 200 + kind % 8 } else { kind };
        let mut content = ssrcs[0].to_be_bytes().to_vec();
        if bytes.byte() & 1 == 0 {
            content.extend(bytes.pick(ssrcs).to_be_bytes());
        }
        content.extend(bytes.piece());
        content.truncate(1400 - compound.len().min(1400));
        content.resize(content.len().next_multiple_of(4), 0);
        compound.extend([0x80 | count, kind]);
        compound.extend((content.len() as u16 / 4).to_be_bytes());
        compound.extend(content);
    }
    compound
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let mut room = Room::connected(SESSIONS as u32);
    let mut streams: [Streams; SESSIONS] = Default::default();
    while !bytes.is_empty() {
        let kind = bytes.byte();
        let who = usize::from(kind >> 7);
        let ssrcs = room.peers[who].ssrcs();
        match kind & 15 {
            0 => room.pass(Duration::from_millis(u64::from(bytes.short() % 1024))),
            1 => room.pass(Duration::from_millis(20)),
            2..7 => {
                let mut header = Vec::new();
                packet(&mut bytes, &mut streams[who], ssrcs, &mut header);
                let payload = bytes.piece();
                room.say(who, |peer, _| vec![peer.rtp(&header, payload)]);
            }
            7 => {
                let packet = bytes.piece();
                let length = Header::parse(packet).map_or(12, |header| header.length);
                let (header, payload) = packet.split_at(length.min(packet.len()));
                room.say(who, |peer, _| vec![peer.rtp(header, payload)]);
            }
            8..11 => {
                let compound = reports(&mut bytes, ssrcs);
                room.say(who, |peer, _| vec![peer.rtcp(&compound)]);
            }
            11 => {
                let compound = bytes.piece();
                room.say(who, |peer, _| vec![peer.rtcp(compound)]);
            }
            12 => {
                let data = bytes.piece();
                room.say(who, |peer, now| peer.application_data(data, now));
            }
            13 => {
                let check = room.peers[who].check(bytes.piece());
                room.say(who, |_, _| vec![check]);
            }
            14 => {
                assert!(!room.datagram(Protocol::Udp, STRANGER, bytes.piece()));
            }
            _ => {
                let datagram = bytes.piece().to_vec();
                room.say(who, |_, _| vec![datagram]);
            }
        }
    }
    room.pass(Duration::from_secs(1));
});
