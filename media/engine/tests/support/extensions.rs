//! Header extensions as a browser numbers them.

/// What its offer says.
pub fn offered() -> Vec<(u8, String)> {
    [
        (1, "urn:ietf:params:rtp-hdrext:ssrc-audio-level"),
        (
            2,
            "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        ),
        (
            3,
            "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        ),
        (4, "urn:ietf:params:rtp-hdrext:sdes:mid"),
        (10, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"),
        (11, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"),
        (13, "urn:3gpp:video-orientation"),
    ]
    .into_iter()
    .map(|(id, uri)| (id, uri.to_owned()))
    .collect()
}
