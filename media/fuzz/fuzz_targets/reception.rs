//! Bytes as the numbers of a stream's packets: each is taken once, and what is told of them adds up.
#![no_main]

use std::collections::HashSet;
use std::time::{Duration, Instant};

use hubbub_fuzz::bytes::Bytes;
use hubbub_rtp::extend;
use hubbub_rtp::reception::Reception;
use hubbub_rtp::window::Window;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let (mut window, mut reception) = (Window::default(), Reception::default());
    let (mut number, mut now) = (bytes.short(), Instant::now());
    let (mut taken, mut highest) = (HashSet::new(), None);
    while !bytes.is_empty() {
        let step = bytes.byte();
        number = match step {
            0..0x80 => number.wrapping_add(1),
            0x80..0xc0 => number.wrapping_add(u16::from(step & 0x1f)),
            0xc0..0xf0 => number.wrapping_sub(u16::from(step & 0x3f)),
            _ => bytes.short(),
        };
        now += Duration::from_millis(u64::from(step));
        let extended = extend(window.highest(), number);
        let new = window.is_new(extended);
        assert_eq!(window.take(extended), new);
        assert!(!window.is_new(extended));
        if new {
            assert!(taken.insert(extended), "{extended} was taken before");
            highest = highest.max(Some(extended));
            reception.came(extended);
            reception.spaced(bytes.word(), now, if step & 1 == 0 { 48 } else { 90 });
        }
        if step % 16 == 15 {
            reception.sender_reported(bytes.word(), now);
        }
        if step % 8 == 7 && reception.block(1, now).is_none() {
            assert_eq!(reception.received(), 0);
        }
        assert_eq!(reception.received(), taken.len() as u64);
        assert_eq!(reception.highest(), highest);
    }
});
