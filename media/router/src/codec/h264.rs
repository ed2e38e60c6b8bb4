//! H.264 (RFC 6184; sequence parameter set: ITU-T H.264 section 7.3.2.1.1).

use super::{Inspection, bits::Bits};

const IDR: u8 = 5;
const SPS: u8 = 7;
const STAP_A: u8 = 24;
const FU_A: u8 = 28;

/// Longest parameter set read. Those of WebRTC senders have about 30 bytes.
const LONGEST: usize = 512;

pub fn inspect(payload: &[u8]) -> Option<Inspection> {
    let first = *payload.first()?;
    let kind = first & 0x1f;
    let begins = |kind| kind == IDR || kind == SPS;
    match kind {
        1..=23 => {
            let size = if kind == SPS {
                parameters(&payload[1..])
            } else {
                None
            };
            Some(Inspection::of_frame(begins(kind), size))
        }
        STAP_A => {
            let (mut keyframe, mut size) = (false, None);
            let mut rest = &payload[1..];
            while let Some((length, tail)) = rest.split_first_chunk::<2>() {
                let length = usize::from(u16::from_be_bytes(*length));
                let (unit, after) = tail.split_at_checked(length)?;
                let kind = unit.first()? & 0x1f;
                keyframe |= begins(kind);
                if kind == SPS && size.is_none() {
                    size = parameters(&unit[1..]);
                }
                rest = after;
            }
            Some(Inspection::of_frame(keyframe, size))
        }
        FU_A => {
            let header = *payload.get(1)?;
            Some(Inspection::of_frame(
                header & 0x80 != 0 && begins(header & 0x1f),
                None,
            ))
        }
        _ => Some(Inspection::default()),
    }
}

/// The picture size a sequence parameter set tells; `unit` is behind the NAL unit header.
fn parameters(unit: &[u8]) -> Option<(u32, u32)> {
    let mut buffer = [0; LONGEST];
    let mut length = 0;
    let mut zeros = 0;
    for &byte in unit {
        if zeros >= 2 && byte == 3 {
            zeros = 0; // emulation prevention
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        *buffer.get_mut(length)? = byte;
        length += 1;
    }
    let mut bits = Bits::new(&buffer[..length]);
    let profile = bits.bits(8)?;
    bits.skip(16)?; // constraints, level
    bits.unsigned()?; // seq_parameter_set_id
    let mut chroma = 1;
    if matches!(
        profile,
        100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135
    ) {
        chroma = bits.unsigned()?;
        if chroma == 3 && bits.bit()? {
            chroma = 0; // separate_colour_plane_flag
        }
        bits.unsigned()?; // bit depths
        bits.unsigned()?;
        bits.skip(1)?; // qpprime_y_zero_transform_bypass_flag
        if bits.bit()? {
            let lists = if chroma == 3 { 12 } else { 8 };
            for list in 0..lists {
                if bits.bit()? {
                    skip_scaling(&mut bits, if list < 6 { 16 } else { 64 })?;
                }
            }
        }
    }
    bits.unsigned()?; // log2_max_frame_num_minus4
    match bits.unsigned()? {
        0 => {
            bits.unsigned()?; // log2_max_pic_order_cnt_lsb_minus4
        }
        1 => {
            bits.skip(1)?;
            bits.signed()?;
            bits.signed()?;
            for _ in 0..bits.unsigned()?.min(255) {
                bits.signed()?;
            }
        }
        _ => {}
    }
    bits.unsigned()?; // max_num_ref_frames
    bits.skip(1)?; // gaps_in_frame_num_value_allowed_flag
    let across = bits.unsigned()?.checked_add(1)?;
    let down = bits.unsigned()?.checked_add(1)?;
    let frames_only = bits.bit()?;
    let fields = if frames_only { 1 } else { 2 };
    if !frames_only {
        bits.skip(1)?; // mb_adaptive_frame_field_flag
    }
    bits.skip(1)?; // direct_8x8_inference_flag
    let width = across.checked_mul(16)?;
    let height = down.checked_mul(16)?.checked_mul(fields)?;
    let (mut crop_across, mut crop_down) = (0_u32, 0_u32);
    if bits.bit()? {
        let (unit_across, unit_down) = match chroma {
            1 => (2, 2),
            2 => (2, 1),
            _ => (1, 1),
        };
        crop_across = bits
            .unsigned()?
            .checked_add(bits.unsigned()?)?
            .checked_mul(unit_across)?;
        crop_down = bits
            .unsigned()?
            .checked_add(bits.unsigned()?)?
            .checked_mul(unit_down * fields)?;
    }
    Some((
        width.checked_sub(crop_across)?,
        height.checked_sub(crop_down)?,
    ))
}

fn skip_scaling(bits: &mut Bits<'_>, count: u32) -> Option<()> {
    let (mut last, mut next) = (8_i32, 8_i32);
    for _ in 0..count {
        if next != 0 {
            next = last.wrapping_add(bits.signed()?) & 0xff;
        }
        if next != 0 {
            last = next;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Constrained baseline, level 3.1, 1280x720, as Chromium's encoder writes it.
    const HD: [u8; 16] = [
        0x67, 0x42, 0xc0, 0x1f, 0x8c, 0x8d, 0x40, 0x28, 0x02, 0xdd, 0x80, 0x88, 0x45, 0x38, 0x00,
        0x00,
    ];

    #[test]
    fn a_parameter_set_tells_the_size() {
        let found = inspect(&HD).unwrap();
        assert!(found.keyframe);
        assert_eq!(found.size, Some((1280, 720)));
    }

    #[test]
    fn cropping_and_high_profile() {
        // x264, High, 1920x1080: 1088 lines less 8.
        let full = [
            0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00,
            0x00, 0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58,
        ];
        assert_eq!(inspect(&full).unwrap().size, Some((1920, 1080)));
    }

    #[test]
    fn parameter_sets_are_found_in_aggregates() {
        let mut payload = vec![0x78, 0, 2, 0x09, 0x10, 0, 16];
        payload.extend_from_slice(&HD);
        payload.extend_from_slice(&[0, 4, 0x68, 0xce, 0x3c, 0x80]);
        let found = inspect(&payload).unwrap();
        assert!(found.keyframe);
        assert_eq!(found.size, Some((1280, 720)));
        payload.truncate(20);
        assert_eq!(inspect(&payload), None);
    }

    #[test]
    fn fragments_begin_a_key_frame_once() {
        assert!(inspect(&[0x7c, 0x85, 0x88]).unwrap().keyframe);
        assert!(!inspect(&[0x7c, 0x05, 0x88]).unwrap().keyframe, "middle");
        assert!(!inspect(&[0x7c, 0x81, 0x88]).unwrap().keyframe, "not IDR");
        assert!(inspect(&[0x65, 0x88]).unwrap().keyframe);
        assert!(!inspect(&[0x41, 0x9a]).unwrap().keyframe);
    }
}
