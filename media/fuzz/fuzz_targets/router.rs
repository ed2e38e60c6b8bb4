//! Bytes as calls of a router; `cargo test -p hubbub-router --test garbage` is the bounded form.
#![no_main]

#[path = "../../router/tests/drive/mod.rs"]
#[allow(dead_code)]
mod drive;

libfuzzer_sys::fuzz_target!(|data: &[u8]| drive::drive(data));
