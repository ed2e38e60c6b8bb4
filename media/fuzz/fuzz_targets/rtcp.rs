//! Bytes as RTCP, and as arrivals of which feedback tells: as much is read as was written.
#![no_main]

use std::time::{Duration, Instant};

use hubbub_engine::session::feedback::Said;
use hubbub_fuzz::bytes::Bytes;
use hubbub_rtp::rtcp::{Arrivals, Heard, parse};

/// One packet of feedback tells of fewer numbers than this, whatever came.
const SPAN: usize = 2_000;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut heard = Vec::new();
    parse(data, &mut heard);
    assert!(heard.len() <= data.len() / 4);
    for said in heard {
        if let Heard::Missing(_, count) = said {
            assert!(count as usize <= data.len() / 4 * 17);
        }
    }
    let said = Said::read(data);
    for (_, numbers) in &said.missing {
        assert!(numbers.len() <= data.len() / 4 * 17);
    }
    assert!(
        said.losses
            .iter()
            .all(|(_, loss)| (0.0..1.0).contains(loss))
    );
    assert!(said.keyframes.len() <= data.len() / 4);

    let mut bytes = Bytes(data);
    let mut arrivals = Arrivals::default();
    let (mut sequence, mut now) = (bytes.short(), Instant::now());
    let mut count = 0;
    while !bytes.is_empty() {
        let step = bytes.byte();
        sequence = sequence.wrapping_add(match step {
            0..0x80 => 1,
            0x80..0xf0 => u16::from(step & 0x1f),
            _ => bytes.short(),
        });
        now += Duration::from_micros(u64::from(step) * 100);
        arrivals.came(sequence, now);
        count += 1;
        if step % 64 == 63 {
            tell(&mut arrivals, &mut count);
        }
    }
    tell(&mut arrivals, &mut count);
});

fn tell(arrivals: &mut Arrivals, count: &mut usize) {
    let mut packet = Vec::new();
    arrivals.report(1, 2, &mut packet);
    if packet.is_empty() {
        return;
    }
    let said = Said::read(&packet);
    let [feedback] = &said.feedbacks[..] else {
        panic!("what was written is not read");
    };
    assert!(feedback.arrivals.len() <= SPAN);
    assert!(matches!(feedback.arrivals.last(), Some(Some(_))));
    let told = feedback.arrivals.iter().flatten().count();
    assert!(told <= *count, "{told} of {count}");
    *count = 0;
}
