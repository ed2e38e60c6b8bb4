//! What frame headers say: key frames and sizes. Frames of our own making for load.

use str0m::format::Codec;

/// VP8 (RFC 6386 9.1): bit 0 of the frame tag is 0 in key frames.
pub fn vp8_is_key(frame: &[u8]) -> bool {
    frame.len() >= 10 && frame[0] & 1 == 0 && frame[3..6] == [0x9d, 0x01, 0x2a]
}

/// VP9: frame marker, profile, show_existing_frame 0, frame_type 0.
pub fn vp9_is_key(frame: &[u8]) -> bool {
    let Some(&first) = frame.first() else {
        return false;
    };
    // Profile 3 has one reserved bit more.
    let shift = if first & 0b0011_0000 == 0b0011_0000 {
        1
    } else {
        0
    };
    first & 0b1100_0000 == 0b1000_0000
        && first << shift & 0b0000_1000 == 0
        && first << shift & 0b0000_0100 == 0
}

/// AV1: a temporal unit that holds a sequence header.
pub fn av1_is_key(frame: &[u8]) -> bool {
    obus(frame).any(|(kind, _)| kind == 1)
}

/// Types and payloads of a temporal unit's OBUs that carry their sizes.
fn obus(mut data: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    std::iter::from_fn(move || {
        let (&header, rest) = data.split_first()?;
        let rest = if header & 0b100 != 0 {
            rest.get(1..)?
        } else {
            rest
        };
        let kind = header >> 3 & 0b1111;
        if header & 0b10 == 0 {
            data = &[];
            return Some((kind, rest));
        }
        let (mut size, mut at) = (0usize, 0);
        loop {
            let byte = *rest.get(at)?;
            size |= usize::from(byte & 0x7f) << (7 * at);
            at += 1;
            if byte & 0x80 == 0 || at == 8 {
                break;
            }
        }
        let payload = rest.get(at..at.checked_add(size)?)?;
        data = &rest[at + size..];
        Some((kind, payload))
    })
}

/// Width and height, where `frame` is a key frame that says them.
pub fn dimensions(codec: Codec, frame: &[u8]) -> Option<(u16, u16)> {
    match codec {
        Codec::Vp8 if vp8_is_key(frame) => {
            let side = |at: usize| u16::from_le_bytes([frame[at], frame[at + 1]]) & 0x3fff;
            Some((side(6), side(8)))
        }
        Codec::Vp9 if vp9_is_key(frame) => vp9_dimensions(frame),
        Codec::Av1 => obus(frame)
            .find(|(kind, _)| *kind == 1)
            .and_then(|(_, header)| av1_dimensions(header)),
        _ => None,
    }
}

struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = *self.data.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }
}

fn vp9_dimensions(frame: &[u8]) -> Option<(u16, u16)> {
    let mut bits = Bits { data: frame, at: 2 };
    let profile = bits.take(1)? | bits.take(1)? << 1;
    if profile == 3 {
        bits.take(1)?;
    }
    bits.take(4)?; // show_existing_frame, frame_type, show_frame, error_resilient_mode
    if bits.take(24)? != 0x49_83_42 {
        return None;
    }
    if profile >= 2 {
        bits.take(1)?;
    }
    let color_space = bits.take(3)?;
    if color_space == 7 {
        bits.take(if profile == 1 || profile == 3 { 1 } else { 0 })?;
    } else {
        bits.take(if profile == 1 || profile == 3 { 4 } else { 1 })?;
    }
    Some((bits.take(16)? as u16 + 1, bits.take(16)? as u16 + 1))
}

/// AV1 5.5.1, for sequences without timing information in front of their size.
fn av1_dimensions(header: &[u8]) -> Option<(u16, u16)> {
    let mut bits = Bits {
        data: header,
        at: 0,
    };
    bits.take(4)?; // seq_profile, still_picture
    if bits.take(1)? == 1 {
        bits.take(5)?;
    } else {
        if bits.take(1)? == 1 {
            return None;
        }
        let display_delay = bits.take(1)?;
        for _ in 0..=bits.take(5)? {
            bits.take(12)?;
            if bits.take(5)? > 7 {
                bits.take(1)?;
            }
            if display_delay == 1 && bits.take(1)? == 1 {
                bits.take(4)?;
            }
        }
    }
    let (width, height) = (bits.take(4)? as usize + 1, bits.take(4)? as usize + 1);
    Some((bits.take(width)? as u16 + 1, bits.take(height)? as u16 + 1))
}

/// Bytes that look like a VP8 frame of this kind and size to everything but a decoder.
pub fn vp8_frame(key: bool, width: u16, height: u16, size: usize) -> Vec<u8> {
    let mut frame = vec![0x5a; size.max(10)];
    let partition = (size.saturating_sub(10) as u32).min(0x7ffff);
    // Frame tag: not key, version 0, show_frame, first partition size.
    let tag = u32::from(!key) | 1 << 4 | partition << 5;
    frame[..3].copy_from_slice(&tag.to_le_bytes()[..3]);
    if key {
        frame[3..6].copy_from_slice(&[0x9d, 0x01, 0x2a]);
        frame[6..8].copy_from_slice(&width.to_le_bytes());
        frame[8..10].copy_from_slice(&height.to_le_bytes());
    }
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vp8_headers() {
        let key = vp8_frame(true, 1280, 720, 900);
        assert!(vp8_is_key(&key));
        assert_eq!(dimensions(Codec::Vp8, &key), Some((1280, 720)));
        assert!(!vp8_is_key(&vp8_frame(false, 1280, 720, 900)));
        assert!(!vp8_is_key(&[]));
    }

    #[test]
    fn vp9_headers() {
        // Profile 0, key frame, shown; sync code; BT.601, studio range; 640x360.
        let bits = [
            (2, 2),
            (0, 2),
            (0, 1),
            (0, 1),
            (1, 1),
            (0, 1),
            (0x49_83_42, 24),
            (1, 3),
            (0, 1),
        ];
        let sides = [(639, 16), (359, 16), (0, 4)];
        let all = bits
            .iter()
            .chain(&sides)
            .fold(0u128, |all, (value, width)| all << width | value);
        let key = &all.to_be_bytes()[16 - 9..];
        assert!(vp9_is_key(key));
        assert_eq!(dimensions(Codec::Vp9, key), Some((640, 360)));
        assert!(!vp9_is_key(&[0x86]));
        assert!(!vp9_is_key(&[]));
    }

    #[test]
    fn av1_units_without_a_sequence_header_are_no_key_frames() {
        assert!(av1_is_key(&[0x12, 0x00, 0x0a, 0x01, 0x00]));
        assert!(!av1_is_key(&[0x12, 0x00, 0x32, 0x01, 0x00]));
        assert!(!av1_is_key(&[0x0a, 0xff]));
    }
}
