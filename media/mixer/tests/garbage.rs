//! Whatever is sent, nothing panics and nothing grows: a bounded run of what `media/fuzz` does without end.

mod drive;

use hubbub_mixer::{Frame, pack_red, unpack_red};
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_drive_a_mixer(data in vec(any::<u8>(), 0..4_000)) {
        drive::drive(&data);
    }

    #[test]
    fn streams_of_two_who_talk(pieces in vec((12u8..16, 0u8..80, 112u8.., any::<u8>(), 0u8..4), 0..600)) {
        let mut data = vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x55];
        for (kind, level, valid, which, steps) in pieces {
            data.extend([kind | (which & 1) << 4, level, valid, which]);
            data.extend(std::iter::repeat_n(0x3a, usize::from(steps)));
        }
        drive::drive(&data);
    }

    #[test]
    fn red_adds_up(payload in vec(any::<u8>(), 0..300)) {
        let mut redundant = Vec::new();
        if let Ok(primary) = unpack_red(&payload, &mut redundant) {
            let inside = redundant.iter().map(|block| block.payload.len()).sum::<usize>() + primary.payload.len();
            prop_assert!(inside + 4 * redundant.len() < payload.len());
            prop_assert!(redundant.iter().all(|block| block.payload_type == primary.payload_type));
        }
    }

    #[test]
    fn what_is_packed_is_unpacked(payload in vec(any::<u8>(), 1..1_300), before in vec(any::<u8>(), 1..1_300), pt: u8) {
        let frame = Frame { timestamp: 0, payload: payload.clone().into(), redundant: Some(before.clone().into()) };
        let mut packed = Vec::new();
        pack_red(pt, &frame, &mut packed);
        let mut redundant = Vec::new();
        let primary = unpack_red(&packed, &mut redundant).expect("well-formed");
        prop_assert_eq!(primary.payload, &payload[..]);
        let expected = usize::from(before.len() < 1_024);
        prop_assert_eq!(redundant.len(), expected);
        prop_assert!(redundant.iter().all(|block| block.payload == before && block.offset == 960));
    }
}
