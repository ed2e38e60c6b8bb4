//! AV1 (RTP payload format for AV1, section 4; sequence header: AV1 bitstream specification 5.5).

use super::{Inspection, bits::Bits};

const SEQUENCE_HEADER: u8 = 1;

pub fn inspect(payload: &[u8]) -> Option<Inspection> {
    let (&aggregation, mut rest) = payload.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let continues = aggregation & 0x80 != 0;
    let begins = aggregation & 0x08 != 0;
    if !begins {
        return Some(Inspection::default());
    }
    // A new coded video sequence begins with no rest of an earlier unit.
    if continues {
        return None;
    }
    // W: number of elements, the last one without a length; 0: all have one.
    let count = usize::from(aggregation >> 4 & 3);
    let mut size = None;
    let mut element = 0;
    while !rest.is_empty() && size.is_none() {
        element += 1;
        let unit;
        if element == count {
            (unit, rest) = (rest, &[][..]);
        } else {
            let length;
            (length, rest) = leb128(rest)?;
            (unit, rest) = rest.split_at_checked(length)?;
        }
        size = sequence_header(unit);
    }
    Some(Inspection::of_frame(true, size))
}

fn leb128(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

/// `max_frame_width` and `max_frame_height` if the unit is a sequence header.
fn sequence_header(unit: &[u8]) -> Option<(u32, u32)> {
    let (&header, mut rest) = unit.split_first()?;
    if header >> 3 & 0x0f != SEQUENCE_HEADER {
        return None;
    }
    if header & 0x04 != 0 {
        rest = rest.get(1..)?; // extension
    }
    if header & 0x02 != 0 {
        rest = leb128(rest)?.1; // size field
    }
    let mut bits = Bits::new(rest);
    bits.skip(4)?; // seq_profile, still_picture
    if bits.bit()? {
        bits.skip(5)?; // reduced_still_picture_header: seq_level_idx
    } else {
        let mut delay_length = None;
        if bits.bit()? {
            bits.skip(64)?; // num_units_in_display_tick, time_scale
            if bits.bit()? {
                bits.unsigned()?; // num_ticks_per_picture_minus_1
            }
            if bits.bit()? {
                delay_length = Some(bits.bits(5)? + 1);
                bits.skip(42)?; // num_units_in_decoding_tick and two lengths
            }
        }
        let has_display_delay = bits.bit()?;
        for _ in 0..=bits.bits(5)? {
            bits.skip(12)?; // operating_point_idc
            if bits.bits(5)? > 7 {
                bits.skip(1)?; // seq_tier
            }
            if let Some(length) = delay_length
                && bits.bit()?
            {
                bits.skip(2 * length as usize + 1)?;
            }
            if has_display_delay && bits.bit()? {
                bits.skip(4)?;
            }
        }
    }
    let width_bits = bits.bits(4)? + 1;
    let height_bits = bits.bits(4)? + 1;
    Some((bits.bits(width_bits)? + 1, bits.bits(height_bits)? + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Profile 0, one operating point of level 8 (with a tier bit), 1280x720 in 11 and 10 bits.
    fn header() -> Vec<u8> {
        let mut bits = String::from("000 0 0 0 0 00000 000000000000 01000 0 1010 1001");
        bits += &format!("{:011b}{:010b}", 1279, 719);
        let bits: Vec<u8> = bits
            .bytes()
            .filter(|&bit| bit != b' ')
            .map(|bit| bit - b'0')
            .collect();
        let mut bytes = vec![0x08];
        bytes.extend(bits.chunks(8).map(|chunk| {
            chunk
                .iter()
                .enumerate()
                .fold(0, |byte, (index, bit)| byte | bit << (7 - index))
        }));
        bytes
    }

    #[test]
    fn a_new_sequence_tells_its_size() {
        let header = header();
        // N, W = 2: a length before the first element, none before the last.
        let mut payload = vec![0x28, header.len() as u8];
        payload.extend_from_slice(&header);
        payload.extend_from_slice(&[0x30, 0x00, 0x11]);
        let found = inspect(&payload).unwrap();
        assert!(found.keyframe);
        assert_eq!(found.size, Some((1280, 720)));
        let mut counted = vec![0x08, header.len() as u8];
        counted.extend_from_slice(&header);
        assert_eq!(inspect(&counted).unwrap().size, Some((1280, 720)));
    }

    #[test]
    fn other_packets_begin_nothing() {
        assert_eq!(inspect(&[0x10, 0x30, 0x00]), Some(Inspection::default()));
        assert_eq!(inspect(&[0x90, 0x30, 0x00]), Some(Inspection::default()));
    }

    #[test]
    fn lengths_beyond_the_end_are_malformed() {
        assert_eq!(inspect(&[0x08, 0x7f, 0x08]), None);
        assert_eq!(inspect(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(inspect(&[0x98, 0x08]), None, "Z and N");
    }
}
