//! How a session's transport is built.

use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::config::{CryptoProvider, DtlsCert, Fingerprint};
use str0m::net::TcpType;
use str0m::rtp::{Extension, ExtensionMap};
use str0m::{Candidate, IceCreds, Rtc, RtcConfig};

use crate::command::{Configure, OpenSession};
use crate::session::payloads::transport_codecs;
use crate::session::{LOCAL, LOCAL_V6, tap};

/// RTCP reports come this often, for round trips and lip sync (chime-meetings C.5).
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Ids of extensions that fit the one-byte form, which all clients send.
const IDS: std::ops::RangeInclusive<u8> = 1..=14;

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

/// An extension that is understood or passed on (chime-meetings C.4.9).
fn extension(uri: &str) -> Option<Extension> {
    Some(match uri {
        MID => Extension::RtpMid,
        "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id" => Extension::RtpStreamId,
        "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id" => Extension::RepairedRtpStreamId,
        LEVELS => Extension::AudioLevel,
        ORIENTATION => Extension::VideoOrientation,
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time" => Extension::AbsoluteSendTime,
        DELAY => Extension::PlayoutDelay,
        CONTENT_TYPE => Extension::VideoContentType,
        "http://www.webrtc.org/experiments/rtp-hdrext/video-timing" => Extension::VideoTiming,
        NUMBERS => Extension::TransportSequenceNumber,
        _ => return None,
    })
}

/// Transport-wide numbers.
pub const NUMBERS: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// Names of sections.
pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// How a picture is turned.
pub const ORIENTATION: &str = "urn:3gpp:video-orientation";
/// Camera or screen.
pub const CONTENT_TYPE: &str = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type";
/// How long a picture may wait to be shown.
pub const DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
/// Audio levels.
pub const LEVELS: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";

/// The id of an extension that the transport was told of.
pub fn extension_id(extensions: &[(u8, String)], wanted: &str) -> Option<u8> {
    extensions
        .iter()
        .find(|(id, uri)| uri == wanted && IDS.contains(id))
        .map(|(id, _)| *id)
}

fn extension_map(extensions: &[(u8, String)]) -> ExtensionMap {
    let mut map = ExtensionMap::empty();
    for (id, uri) in extensions {
        if let Some(extension) = extension(uri)
            && IDS.contains(id)
        {
            map.set(*id, extension);
        }
    }
    map
}

fn parse_fingerprint(text: &str) -> Option<Fingerprint> {
    let fingerprint: Fingerprint = format!("sha-256 {text}").parse().ok()?;
    (fingerprint.bytes.len() == 32).then_some(fingerprint)
}

/// Builds the transport of a session: ice-lite, DTLS server, raw RTP in and out.
///
/// None: the fingerprint is no sha-256 fingerprint.
pub fn build(
    identity: &Identity,
    open: &OpenSession,
    first: &Configure,
    now: Instant,
) -> Option<Rtc> {
    let mut config = RtcConfig::new()
        .set_crypto_provider(identity.crypto.clone())
        .set_dtls_cert(identity.certificate.clone())
        .set_local_ice_credentials(IceCreds {
            ufrag: open.local_ufrag.clone(),
            pass: open.local_pwd.clone(),
        })
        .set_ice_lite(true)
        .set_rtp_mode(true)
        .set_extension_map(extension_map(&first.extensions))
        .set_rtcp_report_interval_audio(REPORT_INTERVAL)
        .set_rtcp_report_interval_video(REPORT_INTERVAL);
    *config.codec_config() = transport_codecs(&first.payloads);
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
    api.enable_twcc_feedback();
    Some(rtc)
}
