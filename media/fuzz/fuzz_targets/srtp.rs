//! Bytes as SRTP and SRTCP, in each of the profiles: what is not authentic is not taken.
#![no_main]

use hubbub_fuzz::bytes::Bytes;
use hubbub_rtp::packet::Header;
use hubbub_rtp::srtp::Context;
use str0m::crypto::dtls::{KeyingMaterial, SrtpProfile};

/// Each with the length of its keys and salts.
const PROFILES: [(SrtpProfile, usize); 3] = [
    (SrtpProfile::AES128_CM_SHA1_80, 60),
    (SrtpProfile::AEAD_AES_128_GCM, 56),
    (SrtpProfile::AEAD_AES_256_GCM, 88),
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let (profile, length) = bytes.pick(PROFILES);
    let material = KeyingMaterial::new(&[bytes.byte(); 88][..length]);
    let context = |encrypt| Context::new(&material, profile, true, encrypt).expect("a context");
    let (mut outgoing, mut incoming) = (context(true), context(false));
    let sequence = u64::from(bytes.word());
    let (at, by) = (usize::from(bytes.short()), bytes.byte());
    let packet = bytes.0;
    let header = Header::parse(packet).map_or(12, |header| header.length);

    // Nobody knows the keys, but for luck that no fuzzer has.
    let mut plain = Vec::new();
    for header in [header, 0, 12, packet.len()] {
        let taken = incoming.unprotect(packet, header, sequence, &mut plain);
        assert!(taken.is_none() && plain.is_empty());
    }
    assert_eq!(incoming.unprotect_rtcp(packet), None);

    let Some((header, payload)) = packet.split_at_checked(header) else {
        return;
    };
    let mut protected = Vec::new();
    outgoing.protect(header, payload, sequence, &mut protected);
    let taken = incoming.unprotect(&protected, header.len(), sequence, &mut plain);
    assert!(taken.is_some());
    assert_eq!(plain, payload);
    let place = at % protected.len();
    protected[place] ^= by;
    let taken = incoming.unprotect(&protected, header.len(), sequence, &mut plain);
    assert!(by == 0 || taken.is_none());

    let mut protected = Vec::new();
    outgoing.protect_rtcp(packet, &mut protected);
    let (index, plain) = incoming
        .unprotect_rtcp(&protected)
        .expect("it is authentic");
    assert_eq!((index, &plain[..]), (1, packet));
    let place = at % protected.len();
    protected[place] ^= by;
    assert!(by == 0 || incoming.unprotect_rtcp(&protected).is_none());
});
