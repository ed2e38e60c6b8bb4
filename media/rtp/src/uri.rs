//! Names by which offers and answers agree on header extensions (RFC 8285 5).

/// How loud a packet is (RFC 6464).
pub const LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/// Transport-wide sequence numbers.
pub const TRANSPORT: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
/// The media section (RFC 8843).
pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
/// The simulcast encoding (RFC 8852).
pub const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/// The simulcast encoding that is sent again (RFC 8852).
pub const REPAIRED: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/// How a picture is turned.
pub const ORIENTATION: &str = "urn:3gpp:video-orientation";
/// Camera or screen.
pub const CONTENT_TYPE: &str = "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type";
/// How long a picture may wait to be shown.
pub const DELAY: &str = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay";
