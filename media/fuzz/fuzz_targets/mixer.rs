//! Bytes as calls of a mixer; `cargo test -p hubbub-mixer --test garbage` is the bounded form.
#![no_main]

#[path = "../../mixer/tests/drive/mod.rs"]
mod drive;

libfuzzer_sys::fuzz_target!(|data: &[u8]| drive::drive(data));
