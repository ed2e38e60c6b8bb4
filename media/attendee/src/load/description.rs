//! Session descriptions: those of other sides, as far as load needs them.

use std::net::SocketAddr;

use super::ice::Credentials;

/// One payload type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// Its number.
    pub number: u8,
    /// Lower case: `opus`, `red`, `vp8`, `rtx`.
    pub codec: String,
    /// What comes after the codec's name: clock and channels.
    pub clock: String,
    /// Format parameters.
    pub parameters: String,
}

/// One m-line with its attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// `audio`, `video`, `application`.
    pub kind: String,
    /// Transport protocol and formats, as in the m-line.
    pub protocol: String,
    /// Port 0 refuses.
    pub refused: bool,
    /// Identification.
    pub mid: String,
    /// `sendrecv` and so on.
    pub direction: String,
    /// In order of preference.
    pub payloads: Vec<Payload>,
    /// Identifiers and URIs of header extensions.
    pub extensions: Vec<(u8, String)>,
    /// Streams that are announced.
    pub ssrcs: Vec<u32>,
    /// Media and retransmission streams that belong together.
    pub groups: Vec<(u32, u32)>,
}

/// A whole description.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// Of ICE.
    pub credentials: Credentials,
    /// SHA-256 of the DTLS certificate.
    pub fingerprint: Vec<u8>,
    /// `actpass`, `active`, `passive`.
    pub setup: String,
    /// UDP, host or not.
    pub candidates: Vec<SocketAddr>,
    /// In order.
    pub sections: Vec<Section>,
}

/// Reads a candidate attribute's value (without `candidate:`), if it is UDP with an address.
pub fn candidate(value: &str) -> Option<SocketAddr> {
    let words: Vec<&str> = value.split(' ').collect();
    let udp = words.get(2)?.eq_ignore_ascii_case("udp") && words.get(1) == Some(&"1");
    let ip = words.get(4)?.parse().ok()?;
    let port = words.get(5)?.parse().ok()?;
    udp.then_some(SocketAddr::new(ip, port))
}

fn hexadecimal(text: &str) -> Vec<u8> {
    text.split(':')
        .filter_map(|byte| u8::from_str_radix(byte, 16).ok())
        .collect()
}

impl Section {
    /// The payload type of a codec.
    pub fn payload(&self, codec: &str) -> Option<u8> {
        self.payloads
            .iter()
            .find(|p| p.codec == codec)
            .map(|p| p.number)
    }

    /// The identifier of an extension whose URI ends so.
    pub fn extension(&self, suffix: &str) -> u8 {
        self.extensions
            .iter()
            .find(|(_, uri)| uri.ends_with(suffix))
            .map_or(0, |(id, _)| *id)
    }

    fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "mid" => self.mid = value.to_owned(),
            "sendrecv" | "sendonly" | "recvonly" | "inactive" => self.direction = name.to_owned(),
            "rtpmap" => {
                if let Some((number, rest)) = value.split_once(' ')
                    && let (Ok(number), Some((codec, clock))) =
                        (number.parse(), rest.split_once('/'))
                {
                    self.payloads.push(Payload {
                        number,
                        codec: codec.to_ascii_lowercase(),
                        clock: clock.to_owned(),
                        parameters: String::new(),
                    });
                }
            }
            "fmtp" => {
                if let Some((number, parameters)) = value.split_once(' ')
                    && let Ok(number) = number.parse::<u8>()
                    && let Some(payload) = self.payloads.iter_mut().find(|p| p.number == number)
                {
                    payload.parameters = parameters.to_owned();
                }
            }
            "extmap" => {
                let mut words = value.split(' ');
                let id = words.next().and_then(|w| w.split('/').next()?.parse().ok());
                if let (Some(id), Some(uri)) = (id, words.next()) {
                    self.extensions.push((id, uri.to_owned()));
                }
            }
            "ssrc" => {
                if let Some(ssrc) = value.split(' ').next().and_then(|w| w.parse().ok())
                    && !self.ssrcs.contains(&ssrc)
                {
                    self.ssrcs.push(ssrc);
                }
            }
            "ssrc-group" => {
                let words: Vec<&str> = value.split(' ').collect();
                if let ["FID", media, rtx] = words[..]
                    && let (Ok(media), Ok(rtx)) = (media.parse(), rtx.parse())
                {
                    self.groups.push((media, rtx));
                }
            }
            _ => {}
        }
    }
}

impl Description {
    /// Reads a description; what it does not say stays empty.
    pub fn parse(text: &str) -> Description {
        let mut all = Description::default();
        for line in text.lines() {
            if let Some(media) = line.strip_prefix("m=") {
                let mut words = media.splitn(3, ' ');
                all.sections.push(Section {
                    kind: words.next().unwrap_or_default().to_owned(),
                    refused: words.next() == Some("0"),
                    protocol: words.next().unwrap_or_default().to_owned(),
                    direction: "sendrecv".to_owned(),
                    ..Default::default()
                });
                continue;
            }
            let Some(attribute) = line.strip_prefix("a=") else {
                continue;
            };
            let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
            match name {
                "ice-ufrag" => all.credentials.ufrag = value.to_owned(),
                "ice-pwd" => all.credentials.pwd = value.to_owned(),
                "setup" => all.setup = value.to_owned(),
                "fingerprint" => {
                    if let Some((hash, hex)) = value.split_once(' ')
                        && hash.eq_ignore_ascii_case("sha-256")
                    {
                        all.fingerprint = hexadecimal(hex);
                    }
                }
                "candidate" => {
                    if let Some(address) = candidate(value)
                        && !all.candidates.contains(&address)
                    {
                        all.candidates.push(address);
                    }
                }
                _ => {
                    if let Some(section) = all.sections.last_mut() {
                        section.attribute(name, value);
                    }
                }
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n\
        a=group:BUNDLE 0 1\r\nm=audio 4478 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:0\r\n\
        a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
        a=fingerprint:sha-256 AB:CD:01\r\na=setup:passive\r\n\
        a=candidate:1 1 udp 2130706431 10.0.0.1 4478 typ host generation 0\r\n\
        a=candidate:2 1 tcp 1 10.0.0.1 4478 typ host tcptype passive\r\n\
        a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:111 opus/48000/2\r\n\
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
        a=sendrecv\r\na=ssrc:77 cname:x\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:1\r\na=inactive\r\na=rtpmap:96 VP8/90000\r\n\
        a=ssrc-group:FID 5 6\r\na=ssrc:5 cname:x\r\na=ssrc:6 cname:x\r\n\
        m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=inactive\r\n";

    #[test]
    fn an_answer_is_taken_apart() {
        let answer = Description::parse(ANSWER);
        assert_eq!(answer.credentials.ufrag, "abcd");
        assert_eq!(answer.fingerprint, [0xab, 0xcd, 1]);
        assert_eq!(answer.setup, "passive");
        assert_eq!(answer.candidates, ["10.0.0.1:4478".parse().unwrap()]);
        let [audio, camera, stopped] = &answer.sections[..] else {
            panic!("{:?}", answer.sections);
        };
        assert_eq!(
            (audio.payload("red"), audio.payload("opus")),
            (Some(63), Some(111))
        );
        assert_eq!(audio.extension("transport-wide-cc-extensions-01"), 3);
        assert_eq!(audio.extension("sdes:mid"), 0);
        assert_eq!(
            (audio.ssrcs.as_slice(), audio.direction.as_str()),
            (&[77][..], "sendrecv")
        );
        assert_eq!(
            (camera.groups.as_slice(), camera.payload("vp8")),
            (&[(5, 6)][..], Some(96))
        );
        assert!(stopped.refused);
    }
}
