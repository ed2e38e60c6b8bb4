//! Bytes as a RED payload.
#![no_main]

use hubbub_mixer::unpack_red;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut redundant = Vec::new();
    if let Ok(primary) = unpack_red(data, &mut redundant) {
        let inside: usize = redundant.iter().map(|block| block.payload.len()).sum();
        assert!(inside + primary.payload.len() < data.len());
    }
});
