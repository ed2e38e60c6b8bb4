//! How a session's transport is built.

use std::sync::Arc;
use std::time::Instant;

use str0m::config::{CryptoProvider, DtlsCert, Fingerprint};
use str0m::net::TcpType;
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};

use crate::command::OpenSession;
use crate::session::{LOCAL, LOCAL_V6, tap};

/// The engine's certificate and its cryptography, shared by all sessions.
#[derive(Clone)]
pub struct Identity {
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    fingerprint: String,
}

impl Identity {
    /// Makes a new certificate.
    pub fn generate() -> Identity {
        let crypto = Arc::new(tap::provider());
        let certificate = crypto
            .dtls_provider
            .generate_certificate()
            .expect("this provider generates certificates");
        let digest = crypto.sha256_provider.sha256(&certificate.certificate);
        let hex: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        Identity {
            crypto,
            certificate,
            fingerprint: hex.join(":"),
        }
    }

    /// sha-256 of the certificate, "AB:CD:…".
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

fn parse_fingerprint(text: &str) -> Option<Fingerprint> {
    let fingerprint: Fingerprint = format!("sha-256 {text}").parse().ok()?;
    (fingerprint.bytes.len() == 32).then_some(fingerprint)
}

/// Builds the transport of a session: ice-lite and DTLS server. Media passes it by.
///
/// None: the fingerprint is no sha-256 fingerprint.
pub fn build(identity: &Identity, open: &OpenSession, now: Instant) -> Option<Rtc> {
    let config = RtcConfig::new()
        .set_crypto_provider(identity.crypto.clone())
        .set_dtls_cert(identity.certificate.clone())
        .set_local_ice_credentials(IceCreds {
            ufrag: open.local_ufrag.clone(),
            pass: open.local_pwd.clone(),
        })
        .set_ice_lite(true)
        .set_rtp_mode(true);
    let mut rtc = config.build(now);
    for local in [LOCAL, LOCAL_V6] {
        let udp = Candidate::builder().udp().host(local).build();
        let tcp = Candidate::builder()
            .tcp()
            .host(local)
            .tcptype(TcpType::Passive)
            .build();
        for candidate in [udp, tcp] {
            rtc.add_local_candidate(candidate.expect("the local address is a unicast one"));
        }
    }
    let mut api = rtc.direct_api();
    api.set_remote_ice_credentials(IceCreds {
        ufrag: open.remote_ufrag.clone(),
        pass: open.remote_pwd.clone(),
    });
    api.set_remote_fingerprint(parse_fingerprint(&open.fingerprint)?);
    api.set_ice_controlling(false);
    api.start_dtls(false).ok()?;
    Some(rtc)
}
