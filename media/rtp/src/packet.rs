//! RTP headers (RFC 3550 5.1, RFC 8285).

/// Extension identifiers, as offered or taken from the other side's offer; 0: not in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// ssrc-audio-level.
    pub level: u8,
    /// Transport-wide sequence numbers.
    pub transport: u8,
    /// The media section.
    pub mid: u8,
    /// The simulcast encoding.
    pub rid: u8,
}

/// What a packet's header says.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// What it carries.
    pub payload_type: u8,
    /// Last packet of a frame, first of a talkspurt.
    pub marker: bool,
    /// Whether the payload ends with padding.
    pub padding: bool,
    /// Lowest 16 bits.
    pub sequence: u16,
    /// Of the first sample.
    pub timestamp: u32,
    /// Which stream.
    pub ssrc: u32,
    /// Length of the header with all extensions.
    pub length: usize,
    extensions: &'a [u8],
    form: Form,
}

/// How extensions are written.
#[derive(Clone, Copy, Debug)]
enum Form {
    OneByte,
    TwoByte,
    /// In no way of RFC 8285.
    Other,
}

impl Form {
    fn of(profile: [u8; 2]) -> Form {
        match profile {
            [0xbe, 0xde] => Form::OneByte,
            [0x10, low] if low < 0x10 => Form::TwoByte,
            _ => Form::Other,
        }
    }
}

impl<'a> Header<'a> {
    /// Reads a header; `None` if it is none or is cut.
    pub fn parse(packet: &'a [u8]) -> Option<Header<'a>> {
        if packet.len() < 12 || packet[0] >> 6 != 2 {
            return None;
        }
        let mut length = 12 + 4 * usize::from(packet[0] & 0x0f);
        let mut extensions = &packet[..0];
        let mut form = Form::Other;
        if packet[0] & 0x10 != 0 {
            let head = packet.get(length..length + 4)?;
            let size = 4 * usize::from(u16::from_be_bytes([head[2], head[3]]));
            extensions = packet.get(length + 4..length + 4 + size)?;
            form = Form::of([head[0], head[1]]);
            length += 4 + size;
        }
        (length <= packet.len()).then_some(Header {
            payload_type: packet[1] & 0x7f,
            marker: packet[1] & 0x80 != 0,
            padding: packet[0] & 0x20 != 0,
            sequence: u16::from_be_bytes([packet[2], packet[3]]),
            timestamp: u32::from_be_bytes([packet[4], packet[5], packet[6], packet[7]]),
            ssrc: u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]),
            length,
            extensions,
            form,
        })
    }

    /// The value of the extension with this identifier; 0 is none.
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        if id == 0 {
            return None;
        }
        let mut data = self.extensions;
        while let Some((&first, rest)) = data.split_first() {
            if first == 0 {
                data = rest; // Padding between elements.
                continue;
            }
            let (element, length, rest) = match self.form {
                Form::OneByte => (first >> 4, usize::from(first & 0x0f) + 1, rest),
                Form::TwoByte => {
                    let (length, rest) = rest.split_first()?;
                    (first, usize::from(*length), rest)
                }
                Form::Other => return None,
            };
            let (value, rest) = rest.split_at_checked(length)?;
            if element == id {
                return Some(value);
            }
            data = rest;
        }
        None
    }

    /// The audio level under this identifier, -dBov (RFC 6464).
    pub fn level(&self, id: u8) -> Option<u8> {
        Some(self.extension(id)?.first()? & 0x7f)
    }

    /// The transport-wide sequence number under this identifier.
    pub fn transport(&self, id: u8) -> Option<u16> {
        let number = self.extension(id)?.first_chunk()?;
        Some(u16::from_be_bytes(*number))
    }
}

/// Whether a datagram is RTCP (RFC 5761), of those that are RTP or RTCP.
pub fn is_rtcp(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|kind| (192..=223).contains(kind))
}

/// One packet's header in the making.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outgoing<'a> {
    /// Payload type.
    pub payload_type: u8,
    /// Last packet of a frame, first of a talkspurt.
    pub marker: bool,
    /// Lowest 16 bits.
    pub sequence: u16,
    /// Of the first sample.
    pub timestamp: u32,
    /// Which stream.
    pub ssrc: u32,
    /// -dBov.
    pub level: Option<u8>,
    /// Transport-wide sequence number.
    pub transport: Option<u16>,
    /// The media section.
    pub mid: &'a str,
    /// The simulcast encoding; empty: none.
    pub rid: &'a str,
    /// Other extensions: identifiers, 0 for none, and values of 1 to 16 bytes.
    pub more: &'a [(u8, &'a [u8])],
}

impl Outgoing<'_> {
    /// Appends the header.
    pub fn write(&self, ids: Extensions, out: &mut Vec<u8>) {
        out.push(0x90);
        out.push(self.payload_type | u8::from(self.marker) << 7);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.ssrc.to_be_bytes());
        out.extend_from_slice(&[0xbe, 0xde, 0, 0]);
        let start = out.len();
        if let (Some(level), true) = (self.level, ids.level != 0) {
            // The highest bit says voice.
            out.extend_from_slice(&[ids.level << 4, level | u8::from(level < 127) << 7]);
        }
        if let (Some(sequence), true) = (self.transport, ids.transport != 0) {
            let [high, low] = sequence.to_be_bytes();
            out.extend_from_slice(&[ids.transport << 4 | 1, high, low]);
        }
        let texts = [
            (ids.mid, self.mid.as_bytes()),
            (ids.rid, self.rid.as_bytes()),
        ];
        for (id, value) in texts.iter().chain(self.more) {
            if *id != 0 && (1..=16).contains(&value.len()) {
                out.push(id << 4 | (value.len() as u8 - 1));
                out.extend_from_slice(value);
            }
        }
        if out.len() == start {
            out.truncate(start - 4);
            let first = out.len() - 12;
            out[first] = 0x80;
            return;
        }
        while !(out.len() - start).is_multiple_of(4) {
            out.push(0);
        }
        let words = ((out.len() - start) / 4) as u16;
        out[start - 2..start].copy_from_slice(&words.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let ids = Extensions {
            level: 1,
            transport: 3,
            mid: 4,
            rid: 10,
        };
        let outgoing = Outgoing {
            payload_type: 96,
            marker: true,
            sequence: 65_535,
            timestamp: 90_000,
            ssrc: 0xdead_beef,
            level: Some(40),
            transport: Some(513),
            mid: "1",
            rid: "low",
            more: &[(13, &[1]), (0, &[2]), (12, &[])],
        };
        let mut packet = Vec::new();
        outgoing.write(ids, &mut packet);
        packet.extend_from_slice(b"payload");
        let header = Header::parse(&packet).unwrap();
        assert_eq!((header.payload_type, header.sequence), (96, 65_535));
        assert!(header.marker && !header.padding);
        assert_eq!((header.ssrc, header.timestamp), (0xdead_beef, 90_000));
        assert_eq!(header.transport(3), Some(513));
        assert_eq!(header.transport(5), None);
        assert_eq!(header.level(1), Some(40));
        assert_eq!(header.extension(10), Some(&b"low"[..]));
        assert_eq!(header.extension(13), Some(&[1][..]));
        assert_eq!(header.extension(0), None);
        assert_eq!(packet[27..32], [13 << 4, 1, 0, 0, 0]);
        assert_eq!(&packet[header.length..], b"payload");
        for cut in 0..header.length {
            assert!(Header::parse(&packet[..cut]).is_none());
        }
    }

    #[test]
    fn extensions_are_found_in_both_forms() {
        let fixed = [0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
        let with = |extensions: &[u8]| [&fixed[..], extensions].concat();
        let one = with(&[
            0xbe, 0xde, 0, 3, 0x10, 0x85, 0x22, 1, 2, 3, 0x31, 0xab, 0xcd, 0, 0, 0,
        ]);
        let header = Header::parse(&one).unwrap();
        assert_eq!((header.level(1), header.level(3)), (Some(5), Some(0x2b)));
        assert_eq!(header.level(5), None);
        let two = with(&[0x10, 0x00, 0, 2, 3, 2, 0xab, 0xcd, 0, 0, 0, 0]);
        assert_eq!(Header::parse(&two).unwrap().level(3), Some(0x2b));
        let other = with(&[0x20, 0x00, 0, 1, 0x31, 0xab, 0xcd, 0]);
        assert_eq!(Header::parse(&other).unwrap().level(3), None);
    }
}
