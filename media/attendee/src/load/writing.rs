//! Our own descriptions: offers like a browser's, answers to others' offers.

use std::fmt::Write;
use std::net::SocketAddr;

use hubbub_rtp::packet::Extensions;
use hubbub_rtp::uri::{LEVEL, MID, RID, TRANSPORT};

use super::description::{Description, Section};
use super::ice::Credentials;

/// Opus.
pub const OPUS: u8 = 111;
/// RED over Opus.
pub const RED: u8 = 63;
/// VP8.
pub const VP8: u8 = 96;
const RTX: u8 = 97;

/// The identifiers that our offers use.
pub const OFFERED: Extensions = Extensions {
    level: 1,
    transport: 3,
    mid: 4,
    rid: 10,
};

/// The identifiers of somebody else's section that mean something to us.
pub fn extensions(section: &Section) -> Extensions {
    Extensions {
        level: section.extension(LEVEL),
        transport: section.extension(TRANSPORT),
        mid: section.extension(MID),
        rid: section.extension(RID),
    }
}

/// Our end of the transport.
#[derive(Clone, Debug)]
pub struct Local<'a> {
    /// Of ICE.
    pub credentials: &'a Credentials,
    /// SHA-256 of the certificate.
    pub fingerprint: &'a [u8],
    /// The one host candidate.
    pub address: SocketAddr,
    /// Grows with every description.
    pub version: u32,
}

/// One encoding of the camera.
#[derive(Clone, Debug)]
pub struct Encoding {
    /// Empty if it is the only one.
    pub rid: &'static str,
    /// Of the media.
    pub ssrc: u32,
    /// Of retransmissions.
    pub rtx: u32,
}

/// What is offered.
#[derive(Clone, Debug, Default)]
pub struct Offered<'a> {
    /// The microphone's stream.
    pub audio: Option<u32>,
    /// RED beside Opus.
    pub red: bool,
    /// A section for the camera; with encodings it is on.
    pub camera: Option<&'a [Encoding]>,
    /// Sections that receive.
    pub tiles: usize,
    /// Media streams' and tracks' common name.
    pub name: &'a str,
}

fn session(local: &Local<'_>, bundle: &str, out: &mut String) {
    let version = local.version;
    let _ = write!(
        out,
        "v=0\r\no=- 4611731400430051336 {version} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
         a=group:BUNDLE{bundle}\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n"
    );
}

fn transport(local: &Local<'_>, mid: &str, setup: &str, out: &mut String) {
    let Credentials { ufrag, pwd } = local.credentials;
    let ip = local.address.ip();
    let port = local.address.port();
    let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
    let hex: Vec<String> = local
        .fingerprint
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    let _ = write!(
        out,
        "c=IN {family} {ip}\r\na=rtcp:9 IN IP4 0.0.0.0\r\n\
         a=candidate:1 1 udp 2130706431 {ip} {port} typ host generation 0\r\n\
         a=end-of-candidates\r\n\
         a=ice-ufrag:{ufrag}\r\na=ice-pwd:{pwd}\r\na=ice-options:trickle\r\n\
         a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\na=mid:{mid}\r\n",
        hex.join(":")
    );
}

fn audio_section(local: &Local<'_>, offered: &Offered<'_>, ssrc: u32, out: &mut String) {
    let port = local.address.port();
    let name = offered.name;
    let red = if offered.red { "63 " } else { "" };
    let _ = write!(out, "m=audio {port} UDP/TLS/RTP/SAVPF {red}{OPUS}\r\n");
    transport(local, "0", "actpass", out);
    let _ = write!(
        out,
        "a=extmap:1 {LEVEL}\r\na=extmap:3 {TRANSPORT}\r\na=extmap:4 {MID}\r\n\
         a=sendrecv\r\na=msid:{name} {name}a\r\na=rtcp-mux\r\na=rtcp-rsize\r\n"
    );
    if offered.red {
        let _ = write!(
            out,
            "a=rtpmap:{RED} red/48000/2\r\na=fmtp:{RED} {OPUS}/{OPUS}\r\n"
        );
    }
    let _ = write!(
        out,
        "a=rtpmap:{OPUS} opus/48000/2\r\na=rtcp-fb:{OPUS} transport-cc\r\n\
         a=fmtp:{OPUS} minptime=10;useinbandfec=1\r\n\
         a=ssrc:{ssrc} cname:{name}\r\na=ssrc:{ssrc} msid:{name} {name}a\r\n"
    );
}

fn video_section(local: &Local<'_>, mid: &str, direction: &str, out: &mut String) {
    let _ = write!(out, "m=video 9 UDP/TLS/RTP/SAVPF {VP8} {RTX}\r\n");
    transport(local, mid, "actpass", out);
    let _ = write!(
        out,
        "a=extmap:3 {TRANSPORT}\r\na=extmap:4 {MID}\r\na=extmap:10 {RID}\r\n\
         a={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:{VP8} VP8/90000\r\n\
         a=rtcp-fb:{VP8} transport-cc\r\na=rtcp-fb:{VP8} ccm fir\r\na=rtcp-fb:{VP8} nack\r\n\
         a=rtcp-fb:{VP8} nack pli\r\na=rtpmap:{RTX} rtx/90000\r\na=fmtp:{RTX} apt={VP8}\r\n"
    );
}

fn encodings(offered: &Offered<'_>, encodings: &[Encoding], out: &mut String) {
    let name = offered.name;
    let _ = write!(out, "a=msid:{name} {name}v\r\n");
    if let [Encoding { ssrc, rtx, .. }] = encodings {
        let _ = write!(out, "a=ssrc-group:FID {ssrc} {rtx}\r\n");
        for ssrc in [ssrc, rtx] {
            let _ = write!(
                out,
                "a=ssrc:{ssrc} cname:{name}\r\na=ssrc:{ssrc} msid:{name} {name}v\r\n"
            );
        }
        return;
    }
    for encoding in encodings {
        let _ = write!(out, "a=rid:{} send\r\n", encoding.rid);
    }
    let rids: Vec<&str> = encodings.iter().map(|e| e.rid).collect();
    let _ = write!(out, "a=simulcast:send {}\r\n", rids.join(";"));
}

/// An offer. Sections are numbered from 0: audio, camera, tiles.
pub fn offer(local: &Local<'_>, offered: &Offered<'_>) -> String {
    let first = usize::from(offered.audio.is_some());
    let tiles = first + usize::from(offered.camera.is_some());
    let total = tiles + offered.tiles;
    let bundle: String = (0..total).map(|n| format!(" {n}")).collect();
    let mut out = String::with_capacity(1024 * (1 + total));
    session(local, &bundle, &mut out);
    if let Some(ssrc) = offered.audio {
        audio_section(local, offered, ssrc, &mut out);
    }
    if let Some(camera) = offered.camera {
        let direction = if camera.is_empty() {
            "inactive"
        } else {
            "sendrecv"
        };
        video_section(local, &first.to_string(), direction, &mut out);
        if !camera.is_empty() {
            encodings(offered, camera, &mut out);
        }
    }
    for mid in tiles..total {
        video_section(local, &mid.to_string(), "recvonly", &mut out);
    }
    out
}

/// An answer that receives whatever is offered in codecs we count, as the DTLS client.
pub fn answer(local: &Local<'_>, offer: &Description) -> String {
    let mut out = String::with_capacity(1024 * (1 + offer.sections.len()));
    let bundle: String = offer
        .sections
        .iter()
        .filter(|s| !s.refused)
        .map(|s| format!(" {}", s.mid))
        .collect();
    session(local, &bundle, &mut out);
    for section in &offer.sections {
        let Section { kind, protocol, .. } = section;
        let port = if section.refused { 0 } else { 9 };
        if kind == "application" {
            let _ = write!(out, "m=application {port} {protocol}\r\n");
            transport(local, &section.mid, "active", &mut out);
            out.push_str("a=sctp-port:5000\r\na=max-message-size:262144\r\n");
            continue;
        }
        let taken: Vec<_> = section
            .payloads
            .iter()
            .filter(|p| ["opus", "red", "vp8", "rtx"].contains(&p.codec.as_str()))
            .collect();
        let numbers: String = taken.iter().map(|p| format!(" {}", p.number)).collect();
        let profile = protocol.split(' ').next().unwrap_or_default();
        let _ = write!(out, "m={kind} {port} {profile}{numbers}\r\n");
        transport(local, &section.mid, "active", &mut out);
        for (id, uri) in &section.extensions {
            if [TRANSPORT, MID].contains(&uri.as_str()) {
                let _ = write!(out, "a=extmap:{id} {uri}\r\n");
            }
        }
        let direction = match section.direction.as_str() {
            "inactive" | "recvonly" => "inactive",
            _ => "recvonly",
        };
        let _ = write!(out, "a={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n");
        for payload in taken {
            let number = payload.number;
            let _ = write!(
                out,
                "a=rtpmap:{number} {}/{}\r\n",
                payload.codec, payload.clock
            );
            if !payload.parameters.is_empty() {
                let _ = write!(out, "a=fmtp:{number} {}\r\n", payload.parameters);
            }
            let feedback: &[&str] = match payload.codec.as_str() {
                "vp8" => &["transport-cc", "ccm fir", "nack", "nack pli"],
                "opus" => &["transport-cc"],
                _ => &[],
            };
            for kind in feedback {
                let _ = write!(out, "a=rtcp-fb:{number} {kind}\r\n");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(credentials: &Credentials) -> Local<'_> {
        Local {
            credentials,
            fingerprint: &[1, 0xff],
            address: "127.0.0.1:4000".parse().unwrap(),
            version: 2,
        }
    }

    #[test]
    fn an_offer_reads_as_it_was_meant() {
        let credentials = Credentials::random();
        let camera = ["low", "hi"].map(|rid| Encoding {
            rid,
            ssrc: 1,
            rtx: 2,
        });
        let offered = Offered {
            audio: Some(9),
            red: true,
            camera: Some(&camera),
            tiles: 2,
            name: "x",
        };
        let text = offer(&local(&credentials), &offered);
        assert!(text.contains("a=group:BUNDLE 0 1 2 3\r\n"));
        assert!(text.contains("a=simulcast:send low;hi\r\n"));
        let read = Description::parse(&text);
        assert_eq!(read.credentials, credentials);
        assert_eq!(read.fingerprint, [1, 0xff]);
        let shape: Vec<_> = read
            .sections
            .iter()
            .map(|s| (s.kind.as_str(), s.mid.as_str(), s.direction.as_str()))
            .collect();
        assert_eq!(
            shape,
            [
                ("audio", "0", "sendrecv"),
                ("video", "1", "sendrecv"),
                ("video", "2", "recvonly"),
                ("video", "3", "recvonly")
            ]
        );
        assert_eq!(extensions(&read.sections[1]).rid, OFFERED.rid);
    }

    #[test]
    fn an_answer_mirrors_the_offer() {
        let credentials = Credentials::random();
        let remote = Description::parse(
            "v=0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n\
             m=video 9 UDP/TLS/RTP/SAVPF 100 101 102\r\na=mid:v\r\na=sendonly\r\n\
             a=rtpmap:100 VP8/90000\r\na=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=100\r\n\
             a=rtpmap:102 H264/90000\r\n",
        );
        let read = Description::parse(&answer(&local(&credentials), &remote));
        assert_eq!(read.setup, "active");
        assert_eq!(read.sections[0].kind, "application");
        let video = &read.sections[1];
        assert_eq!(
            (video.mid.as_str(), video.direction.as_str()),
            ("v", "recvonly")
        );
        let numbers: Vec<u8> = video.payloads.iter().map(|p| p.number).collect();
        assert_eq!(numbers, [100, 101]);
    }
}
