//! Bytes as payloads of the video codecs.
#![no_main]

#[path = "../../router/tests/drive/mod.rs"]
#[allow(dead_code)]
mod drive;

libfuzzer_sys::fuzz_target!(|data: &[u8]| drive::read(data));
