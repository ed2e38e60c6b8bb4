//! Bytes as an RTP packet: lengths hold, and a header that is written is read as it was.
#![no_main]

use hubbub_fuzz::bytes::Bytes;
use hubbub_rtp::packet::{Extensions, Header, Outgoing, is_rtcp};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = is_rtcp(data);
    if let Some(header) = Header::parse(data) {
        assert!((12..=data.len()).contains(&header.length));
        for id in 0..16 {
            let _ = (header.transport(id), header.extension(id));
            assert!(header.level(id).is_none_or(|level| level < 128));
        }
    }

    let mut bytes = Bytes(data);
    let ids = Extensions {
        level: 1 + bytes.byte() % 14,
        transport: bytes.byte() % 15,
        mid: bytes.byte() % 15,
        rid: bytes.byte() % 15,
    };
    let outgoing = Outgoing {
        payload_type: bytes.byte() & 0x7f,
        marker: bytes.byte() & 1 == 0,
        sequence: bytes.short(),
        timestamp: bytes.word(),
        ssrc: bytes.word(),
        level: Some(bytes.byte() & 0x7f),
        transport: Some(bytes.short()),
        mid: std::str::from_utf8(bytes.take(4)).unwrap_or_default(),
        rid: "low",
        more: &[(bytes.byte() % 15, bytes.0)],
    };
    let mut packet = Vec::new();
    outgoing.write(ids, &mut packet);
    let header = Header::parse(&packet).expect("what was written is a header");
    assert_eq!(header.length, packet.len());
    assert_eq!(
        (
            header.payload_type,
            header.sequence,
            header.timestamp,
            header.ssrc
        ),
        (
            outgoing.payload_type,
            outgoing.sequence,
            outgoing.timestamp,
            outgoing.ssrc
        )
    );
    assert_eq!(header.marker, outgoing.marker);
    assert_eq!(header.level(ids.level), outgoing.level);
    if ids.transport != 0 && ids.transport != ids.level {
        assert_eq!(header.transport(ids.transport), outgoing.transport);
    }
});
