//! What WebRTC's media travels in, for those who write and read it themselves: RTP headers
//! ([`packet`]) and names of their extensions ([`uri`]), what is known of a stream that comes in ([`reception`]) and which of its numbers
//! came ([`window`]), RTCP ([`rtcp`]), SRTP ([`srtp`]) and DTLS ([`dtls`]), without I/O. Ciphers are
//! those that str0m is built with.

#![forbid(unsafe_code)]

pub mod dtls;
pub mod packet;
pub mod reception;
pub mod rtcp;
pub mod srtp;
pub mod uri;
pub mod window;

use std::sync::OnceLock;

use str0m::crypto::CryptoProvider;

/// The cryptography of the process.
pub fn provider() -> &'static CryptoProvider {
    static PROVIDER: OnceLock<CryptoProvider> = OnceLock::new();
    PROVIDER.get_or_init(|| CryptoProvider {
        dtls_provider: &dtls::Provider { told: |_, _, _| {} },
        ..str0m::crypto::from_feature_flags()
    })
}

/// Follows 16-bit sequence numbers over their wraps: the extended number, where `last` was the
/// extended number before.
pub fn extend(last: Option<u64>, sequence: u16) -> u64 {
    let Some(last) = last else {
        return u64::from(sequence);
    };
    let difference = i64::from(sequence.wrapping_sub(last as u16) as i16);
    // Before the very first packet there is nothing.
    last.checked_add_signed(difference)
        .unwrap_or(u64::from(sequence))
}

/// NTP time (RFC 3550 4) of a time since the Unix epoch.
pub fn ntp(since_epoch: std::time::Duration) -> u64 {
    const BETWEEN_EPOCHS: u64 = 2_208_988_800;
    let fraction = (u64::from(since_epoch.subsec_nanos()) << 32) / 1_000_000_000;
    (since_epoch.as_secs() + BETWEEN_EPOCHS) << 32 | fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_go_over_their_wraps() {
        let mut last = None;
        for (sequence, extended) in [
            (65_534u16, 65_534),
            (65_535, 65_535),
            (1, 65_537),
            (0, 65_536),
        ] {
            let got = extend(last, sequence);
            assert_eq!(got, extended);
            last = Some(last.map_or(got, |l: u64| l.max(got)));
        }
    }

    #[test]
    fn ntp_counts_seconds_and_parts_of_them() {
        let half = std::time::Duration::from_millis(1_500);
        assert_eq!(ntp(half), (2_208_988_801 << 32) + (1 << 31));
    }
}
