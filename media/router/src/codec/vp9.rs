//! VP9 (RFC 9628; uncompressed header: VP9 bitstream specification 6.2).

use super::{Inspection, bits::Bits};

pub fn inspect(payload: &[u8]) -> Option<Inspection> {
    let flags = *payload.first()?;
    let flag = |bit: u8| flags & bit != 0;
    let (has_id, predicted, has_layer, flexible, begins, has_structure) = (
        flag(0x80),
        flag(0x40),
        flag(0x20),
        flag(0x10),
        flag(0x08),
        flag(0x02),
    );
    let mut at = 1;
    if has_id {
        at += if *payload.get(at)? & 0x80 != 0 { 2 } else { 1 };
    }
    let mut spatial = 0;
    if has_layer {
        spatial = *payload.get(at)? >> 1 & 0x07;
        at += if flexible { 1 } else { 2 };
    }
    if flexible && predicted {
        // At most three references, each saying whether another follows.
        for _ in 0..3 {
            let more = *payload.get(at)? & 1 != 0;
            at += 1;
            if !more {
                break;
            }
        }
    }
    let mut size = None;
    if has_structure {
        (size, at) = structure(payload, at)?;
    }
    if at >= payload.len() {
        return None;
    }
    let keyframe = begins && !predicted && spatial == 0;
    if keyframe && size.is_none() {
        size = header(&payload[at..]);
    }
    Some(Inspection::of_frame(
        keyframe,
        if predicted { None } else { size },
    ))
}

/// The scalability structure: the size of the largest spatial layer, and where it ends.
fn structure(payload: &[u8], mut at: usize) -> Option<(Option<(u32, u32)>, usize)> {
    let flags = *payload.get(at)?;
    at += 1;
    let mut size = None;
    if flags & 0x10 != 0 {
        for _ in 0..=flags >> 5 {
            let sides: &[u8; 4] = payload.get(at..)?.first_chunk()?;
            let width = u32::from(u16::from_be_bytes([sides[0], sides[1]]));
            let height = u32::from(u16::from_be_bytes([sides[2], sides[3]]));
            size = size.max(Some((width, height)));
            at += 4;
        }
    }
    if flags & 0x08 != 0 {
        let pictures = *payload.get(at)?;
        at += 1;
        for _ in 0..pictures {
            let references = usize::from(*payload.get(at)? >> 2 & 0x03);
            at += 1 + references;
        }
    }
    Some((size, at))
}

/// The size a key frame's uncompressed header tells.
fn header(frame: &[u8]) -> Option<(u32, u32)> {
    let mut bits = Bits::new(frame);
    if bits.bits(2)? != 2 {
        return None;
    }
    let profile = bits.bits(1)? | bits.bits(1)? << 1;
    if profile == 3 && bits.bit()? {
        return None;
    }
    let shows_existing = bits.bit()?;
    let predicted = bits.bit()?;
    if shows_existing || predicted {
        return None;
    }
    bits.skip(2)?; // show_frame, error_resilient_mode
    if bits.bits(24)? != 0x49_83_42 {
        return None;
    }
    if profile >= 2 {
        bits.skip(1)?; // ten_or_twelve_bit
    }
    const RGB: u32 = 7;
    if bits.bits(3)? != RGB {
        bits.skip(1)?; // color_range
        if profile % 2 == 1 {
            bits.skip(3)?; // subsampling_x, subsampling_y, reserved_zero
        }
    } else if profile % 2 == 1 {
        bits.skip(1)?; // reserved_zero
    } else {
        return None;
    }
    Some((bits.bits(16)? + 1, bits.bits(16)? + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_frame_without_structure_tells_its_size_in_the_header() {
        // Profile 0, key frame, shown; sync code; color_space 1, range 0; 639 and 359.
        let tail: u64 = (0b0010 << 32) | (639 << 16) | 359;
        // I, B; 15 bit picture id.
        let mut payload = vec![0x88, 0x81, 0x02];
        payload.extend_from_slice(&[0x82, 0x49, 0x83, 0x42]);
        payload.extend_from_slice(&(tail << 28).to_be_bytes()[..5]);
        let found = inspect(&payload).unwrap();
        assert!(found.keyframe);
        assert_eq!(found.size, Some((640, 360)));
    }

    #[test]
    fn the_structure_tells_the_largest_layer() {
        // I, L, B, V; picture id; layer 0, TL0PICIDX; 3 layers with sizes and one picture.
        let mut payload = vec![0xaa, 0x05, 0x00, 0x00, 0x58];
        for (width, height) in [(320_u16, 180_u16), (640, 360), (1280, 720)] {
            payload.extend_from_slice(&width.to_be_bytes());
            payload.extend_from_slice(&height.to_be_bytes());
        }
        payload.extend_from_slice(&[1, 0b0000_1000, 1, 2, 0x82]);
        let found = inspect(&payload).unwrap();
        assert!(found.keyframe);
        assert_eq!(found.size, Some((1280, 720)));
        payload.truncate(15);
        assert_eq!(inspect(&payload), None);
    }

    #[test]
    fn only_the_beginning_of_the_lowest_layer_begins_a_key_frame() {
        assert!(inspect(&[0x08, 0x00]).unwrap().keyframe);
        assert!(!inspect(&[0x48, 0x00]).unwrap().keyframe, "P = 1");
        assert!(!inspect(&[0x00, 0x00]).unwrap().keyframe, "B = 0");
        assert!(
            !inspect(&[0x28, 0x02, 0x00, 0x00]).unwrap().keyframe,
            "SID = 1"
        );
        assert!(
            inspect(&[0x28, 0x01, 0x00, 0x00]).unwrap().keyframe,
            "SID = 0, D = 1"
        );
    }

    #[test]
    fn references_are_skipped_in_flexible_mode() {
        assert_eq!(
            inspect(&[0x58, 0x03, 0x05, 0x02, 0x11]),
            Some(Inspection::default())
        );
        assert_eq!(inspect(&[0x58, 0x03, 0x05, 0x02]), None);
    }
}
