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
}
