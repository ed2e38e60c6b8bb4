//! Redundant audio data, RFC 2198 (chime-meetings C.5).
//!
//! **Invariant: every length is checked before it is used; what does not add up to the last byte is malformed as a whole.**

use std::fmt;

use crate::Frame;

/// Redundant blocks looked at in a packet; libwebrtc sends two at most.
const MOST_BLOCKS: usize = 8;
/// RTP ticks of the frame before, at 48 kHz.
const FRAME_SAMPLES: u32 = 960;
/// Longest block that the 10 bits of a redundant block's header can describe.
const LONGEST_REDUNDANT: usize = 1023;

/// One block of a RED packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// Payload type of the codec inside.
    pub payload_type: u8,
    /// Ticks of 48 kHz by which it is older than the packet; 0 for the primary block.
    pub offset: u16,
    /// The codec's payload.
    pub payload: &'a [u8],
}

/// The payload is no RED.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("malformed RED payload")
    }
}

impl std::error::Error for Malformed {}

/// Takes a RED payload apart: redundant blocks to `redundant`, in the order of the packet; returns the primary block.
///
/// Redundant blocks that are empty or of another codec than the primary one are left out.
pub fn unpack_red<'a>(
    payload: &'a [u8],
    redundant: &mut Vec<Block<'a>>,
) -> Result<Block<'a>, Malformed> {
    redundant.clear();
    let mut headers = [(0u8, 0u16, 0usize); MOST_BLOCKS];
    let mut count = 0;
    let mut rest = payload;
    let payload_type = loop {
        match rest {
            [first, after @ ..] if first & 0x80 == 0 => {
                rest = after;
                break first & 0x7f;
            }
            [first, a, b, c, after @ ..] if count < MOST_BLOCKS => {
                let offset = u16::from(*a) << 6 | u16::from(*b) >> 2;
                let length = usize::from(*b & 3) << 8 | usize::from(*c);
                headers[count] = (first & 0x7f, offset, length);
                count += 1;
                rest = after;
            }
            _ => return Err(Malformed),
        }
    };
    for &(block_type, offset, length) in &headers[..count] {
        let (block, after) = rest.split_at_checked(length).ok_or(Malformed)?;
        rest = after;
        if block_type == payload_type && !block.is_empty() && offset > 0 {
            redundant.push(Block {
                payload_type,
                offset,
                payload: block,
            });
        }
    }
    if rest.is_empty() {
        return Err(Malformed);
    }
    Ok(Block {
        payload_type,
        offset: 0,
        payload: rest,
    })
}

/// Writes `frame` as a RED payload to `out`, with the frame before as redundant block where there is one.
pub fn pack_red(opus_payload_type: u8, frame: &Frame, out: &mut Vec<u8>) {
    out.clear();
    let payload_type = opus_payload_type & 0x7f;
    let redundant = frame
        .redundant
        .as_deref()
        .filter(|payload| payload.len() <= LONGEST_REDUNDANT);
    if let Some(payload) = redundant {
        let header = 0x8000_0000
            | u32::from(payload_type) << 24
            | FRAME_SAMPLES << 10
            | u32::try_from(payload.len()).unwrap_or(0);
        out.extend_from_slice(&header.to_be_bytes());
    }
    out.push(payload_type);
    out.extend_from_slice(redundant.unwrap_or_default());
    out.extend_from_slice(&frame.payload);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_header_of_one_byte_is_the_usual_packet() {
        let mut redundant = Vec::new();
        let primary = unpack_red(&[111, 1, 2, 3], &mut redundant);
        assert_eq!(
            primary,
            Ok(Block {
                payload_type: 111,
                offset: 0,
                payload: &[1, 2, 3]
            })
        );
        assert!(redundant.is_empty());
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let frame = Frame {
            timestamp: 0,
            payload: Arc::new([5, 6, 7]),
            redundant: Some(Arc::new([1; 300])),
        };
        let mut payload = Vec::new();
        pack_red(111, &frame, &mut payload);
        let mut redundant = Vec::new();
        let primary = unpack_red(&payload, &mut redundant);
        assert_eq!(
            primary,
            Ok(Block {
                payload_type: 111,
                offset: 0,
                payload: &[5, 6, 7]
            })
        );
        assert_eq!(
            redundant,
            [Block {
                payload_type: 111,
                offset: 960,
                payload: &[1; 300]
            }]
        );
    }

    #[test]
    fn two_blocks_of_distance_two_frames() {
        let payload = [0xef, 0x0f << 4, 0, 2, 0xef, 0x1e, 0, 1, 111, 9, 9, 8, 7];
        let mut redundant = Vec::new();
        let primary = unpack_red(&payload, &mut redundant).map(|block| block.payload);
        assert_eq!(primary, Ok(&[7u8][..]));
        let seen: Vec<_> = redundant
            .iter()
            .map(|block| (block.offset, block.payload))
            .collect();
        assert_eq!(seen, [(0xf0 << 6, &[9u8, 9][..]), (1920, &[8][..])]);
    }

    #[test]
    fn empty_and_foreign_redundant_blocks_are_left_out() {
        let payload = [0x80 | 111, 0x1e, 0, 0, 0x80 | 8, 0x0f, 0, 1, 111, 9, 7];
        let mut redundant = Vec::new();
        assert_eq!(
            unpack_red(&payload, &mut redundant).map(|block| block.payload),
            Ok(&[7u8][..])
        );
        assert!(redundant.is_empty());
    }

    #[test]
    fn malformed() {
        let cases: [&[u8]; 7] = [
            &[],
            &[111],
            &[0xef],
            &[0xef, 0, 4],
            &[0xef, 0, 0, 9, 111, 1],
            &[0xef, 0, 0, 1, 111, 1],
            &[0xff; 64],
        ];
        for case in cases {
            assert_eq!(
                unpack_red(case, &mut Vec::new()),
                Err(Malformed),
                "{case:?}"
            );
        }
    }
}
