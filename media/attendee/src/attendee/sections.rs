//! The media sections of an offer, in its order.

/// One m-line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// `audio`, `video`.
    pub kind: String,
    /// Its identification tag.
    pub mid: String,
    /// Port 0.
    pub stopped: bool,
}

/// Reads the sections of an SDP text.
pub fn parse(sdp: &str) -> Vec<Section> {
    let mut sections = Vec::<Section>::new();
    for line in sdp.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            let mut words = media.split(' ');
            sections.push(Section {
                kind: words.next().unwrap_or_default().to_owned(),
                mid: String::new(),
                stopped: words.next() == Some("0"),
            });
        } else if let (Some(mid), Some(section)) =
            (line.strip_prefix("a=mid:"), sections.last_mut())
        {
            section.mid = mid.trim().to_owned();
        }
    }
    sections
}

/// Gives the stopped sections of an answer the payload types of the offer they answer.
///
/// Browsers and servers leave them out where the port is 0 (chime-meetings C.3); str0m reads no
/// section without them.
pub fn complete(answer: &str, offer: &str) -> String {
    let mut offered = split(offer).into_iter();
    split(answer)
        .into_iter()
        .map(|section| {
            let described = offered.next().unwrap_or_default();
            let stopped = section.starts_with("m=") && parse(section).iter().all(|s| s.stopped);
            if !stopped || section.contains("a=rtpmap:") {
                return section.to_owned();
            }
            let maps = described.lines().filter(|line| {
                ["a=rtpmap:", "a=fmtp:"]
                    .iter()
                    .any(|name| line.starts_with(name))
            });
            // The formats have to be those that are mapped.
            let formats = described.lines().next().unwrap_or_default();
            let rest = section.split_once("\r\n").map_or("", |(_, rest)| rest);
            let first = formats.replacen(" 9 ", " 0 ", 1);
            let maps: String = maps.map(|line| format!("{line}\r\n")).collect();
            format!("{first}\r\n{rest}{maps}")
        })
        .collect()
}

/// The session's part of a description, then its sections.
fn split(sdp: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = sdp.match_indices("\nm=").map(|(at, _)| at + 1).collect();
    starts.insert(0, 0);
    starts.push(sdp.len());
    starts
        .windows(2)
        .map(|pair| &sdp[pair[0]..pair[1]])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_keep_their_order() {
        let sdp = "v=0\r\na=group:BUNDLE 0 2\r\nm=audio 9 X 111\r\na=mid:0\r\n\
                   m=video 0 X 96\r\na=mid:1\r\nm=video 9 X 96\r\na=mid:2\r\n";
        let sections = parse(sdp);
        let shape: Vec<_> = sections
            .iter()
            .map(|s| (s.kind.as_str(), s.mid.as_str(), s.stopped))
            .collect();
        assert_eq!(
            shape,
            [
                ("audio", "0", false),
                ("video", "1", true),
                ("video", "2", false)
            ]
        );
    }

    #[test]
    fn stopped_sections_get_what_was_offered() {
        let offer = "v=0\r\nm=audio 9 X 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n\
                     m=video 0 X 96 97\r\na=mid:1\r\na=rtpmap:96 VP8/90000\r\n\
                     a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
        let answer = "v=0\r\nm=audio 9 X 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n\
                      m=video 0 X 96\r\na=mid:1\r\na=inactive\r\n";
        let complete = complete(answer, offer);
        assert!(complete.starts_with("v=0\r\nm=audio 9 X 111\r\na=mid:0\r\na=rtpmap:111"));
        assert!(complete.ends_with(
            "m=video 0 X 96 97\r\na=mid:1\r\na=inactive\r\na=rtpmap:96 VP8/90000\r\n\
             a=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n"
        ));
        assert_eq!(super::complete(offer, offer), offer);
    }
}
