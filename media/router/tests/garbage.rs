//! Whatever is sent, nothing panics: a bounded run of what `media/fuzz` does without end.

mod drive;

use proptest::collection::vec;
use proptest::prelude::*;

/// Beginnings that lead far into the parsers.
const PREFIXES: [&[u8]; 8] = [
    &[
        0x90, 0xf0, 0x92, 0x34, 0x56, 0x47, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a,
    ],
    &[0x8a, 0x81, 0x02],
    &[0xaa, 0x05, 0x00, 0x00, 0x58],
    &[0x88, 0x81, 0x02, 0x82, 0x49, 0x83, 0x42],
    &[0x67, 0x42, 0xc0, 0x1f],
    &[0x67, 0x64, 0x00, 0x28],
    &[0x78, 0x00, 0x10, 0x67, 0x42],
    &[0x28, 0x0c, 0x08],
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_drive_a_router(data in vec(any::<u8>(), 0..3_000)) {
        drive::drive(&data);
    }

    #[test]
    fn any_bytes_are_read_as_any_codec(
        prefix in prop::sample::select(&PREFIXES[..]),
        tail in vec(any::<u8>(), 0..200),
        noise in vec(any::<u8>(), 0..40),
    ) {
        drive::read(&[prefix, &tail].concat());
        drive::read(&noise);
    }
}

#[test]
fn every_short_payload_is_read() {
    for first in 0..=255 {
        drive::read(&[first]);
        for second in 0..=255 {
            drive::read(&[first, second]);
            drive::read(&[first, second, 0x80]);
            drive::read(&[first, second, 0xff, 0x00]);
        }
    }
    drive::read(&[]);
}
