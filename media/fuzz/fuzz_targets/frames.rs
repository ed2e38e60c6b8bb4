//! Bytes as a TCP connection: the same frames come out however the bytes come in.
#![no_main]

use hubbub_engine::net::{FRAME_MAX, Frames};
use hubbub_fuzz::bytes::Bytes;

/// All frames, and whether one was too long.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
    let (mut frames, mut found) = (Frames::default(), Vec::new());
    for piece in pieces {
        frames.push(piece);
        loop {
            match frames.take() {
                Ok(Some(frame)) => {
                    assert!(frame.len() <= FRAME_MAX);
                    found.push(frame.to_vec());
                }
                Ok(None) => break,
                Err(_) => return (found, true),
            }
        }
        assert!(frames.rest().len() < 2 + FRAME_MAX);
    }
    (found, false)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let size = 1 + usize::from(bytes.short() % 2048);
    let whole = read(std::iter::once(bytes.0));
    assert_eq!(read(bytes.0.chunks(size)), whole);
    let taken: usize = whole.0.iter().map(|frame| 2 + frame.len()).sum();
    assert!(taken <= bytes.0.len());
});
