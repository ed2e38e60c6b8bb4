//! What packets tell outside of what the transport tells of them: their transport-wide numbers, what
//! a client says of these (draft-holmer-rmcat-transport-wide-cc-extensions-01), what it says that it
//! misses of a stream, and audio levels.

use std::time::Duration;

/// Packets that one feedback tells of at most.
const PACKETS_MAX: usize = 4096;
/// Unit of the reference time.
const REFERENCE: Duration = Duration::from_millis(64);
/// Unit of the differences, in microseconds.
const TICK: i64 = 250;

/// What one feedback says.
#[derive(Debug, PartialEq, Eq)]
pub struct Feedback {
    /// Number of the first packet that it tells of.
    pub first: u16,
    /// When each packet from there on arrived, since an origin of the client's; None: it did not.
    pub arrivals: Vec<Option<Duration>>,
}

/// The packets of a plain compound RTCP packet: count or format, type, and the whole of it.
fn packets(mut rtcp: &[u8]) -> impl Iterator<Item = (u8, u8, &[u8])> {
    std::iter::from_fn(move || {
        let [first, kind, high, low, ..] = *rtcp else {
            return None;
        };
        let length = (usize::from(u16::from_be_bytes([high, low])) + 1) * 4;
        let (packet, rest) = rtcp.split_at_checked(length)?;
        rtcp = rest;
        Some((first & 0x1f, kind, packet))
    })
}

/// The feedbacks in a plain compound RTCP packet.
pub fn feedbacks(rtcp: &[u8]) -> Vec<Feedback> {
    packets(rtcp)
        .filter(|(format, kind, _)| (*format, *kind) == (15, 205))
        .filter_map(|(_, _, packet)| packet.get(12..).and_then(feedback))
        .collect()
}

/// The part of a stream of ours that got lost since the client's last report of it (RFC 3550 6.4),
/// where a plain compound RTCP packet reports of it.
pub fn loss_of(rtcp: &[u8], ssrc: u32) -> Option<f64> {
    let blocks = packets(rtcp).flat_map(|(count, kind, packet)| {
        let head = match kind {
            200 => 28,
            201 => 8,
            _ => packet.len(),
        };
        let blocks = packet.get(head..).unwrap_or_default();
        blocks.as_chunks::<24>().0.iter().take(usize::from(count))
    });
    let mut ours = blocks.filter(|block| block[..4] == ssrc.to_be_bytes());
    ours.next().map(|block| f64::from(block[4]) / 256.0)
}

fn feedback(body: &[u8]) -> Option<Feedback> {
    let (head, mut rest) = body.split_first_chunk::<8>()?;
    let first = u16::from_be_bytes([head[0], head[1]]);
    let count = usize::from(u16::from_be_bytes([head[2], head[3]])).min(PACKETS_MAX);
    let reference = u32::from_be_bytes([0, head[4], head[5], head[6]]);
    let mut statuses: Vec<u8> = Vec::with_capacity(count);
    while statuses.len() < count {
        let (chunk, after) = rest.split_first_chunk::<2>()?;
        rest = after;
        let chunk = u16::from_be_bytes(*chunk);
        let left = count - statuses.len();
        match chunk >> 14 {
            0b10 => statuses.extend((0..14.min(left)).map(|i| (chunk >> (13 - i)) as u8 & 1)),
            0b11 => statuses.extend((0..7.min(left)).map(|i| (chunk >> (12 - 2 * i)) as u8 & 3)),
            _ => {
                let run = usize::from(chunk & 0x1fff).min(left);
                if run == 0 {
                    return None; // It would never end.
                }
                statuses.extend(std::iter::repeat_n((chunk >> 13) as u8 & 3, run));
            }
        }
    }
    let mut micros = i64::try_from((REFERENCE * reference).as_micros()).ok()?;
    let mut arrivals = Vec::with_capacity(count);
    for status in statuses {
        let ticks = match status {
            1 => {
                let (delta, after) = rest.split_first()?;
                rest = after;
                i64::from(*delta)
            }
            2 => {
                let (delta, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                i64::from(i16::from_be_bytes(*delta))
            }
            _ => {
                arrivals.push(None);
                continue;
            }
        };
        micros += ticks * TICK;
        arrivals.push(Some(Duration::from_micros(
            u64::try_from(micros).unwrap_or(0),
        )));
    }
    Some(Feedback { first, arrivals })
}

/// The transport-wide number of an RTP packet, where the extension has this id.
pub fn number_of(packet: &[u8], id: u8) -> Option<u16> {
    let value = extension_of(packet, id)?;
    Some(u16::from_be_bytes(*value.first_chunk::<2>()?))
}

/// The audio level of an RTP packet, -dBov (RFC 6464), where the extension has this id.
pub fn level_of(packet: &[u8], id: u8) -> Option<u8> {
    Some(extension_of(packet, id)?.first()? & 0x7f)
}

/// The value of an RTP packet's header extension (RFC 8285). It can be read without a key.
fn extension_of(packet: &[u8], id: u8) -> Option<&[u8]> {
    let [first, kind, ..] = *packet else {
        return None;
    };
    let is_rtcp = (192..=223).contains(&kind);
    if first & 0xd0 != 0x90 || is_rtcp {
        return None; // Version 2, with an extension.
    }
    let at = 12 + 4 * usize::from(first & 0x0f);
    let (head, rest) = packet.get(at..)?.split_first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]])) * 4;
    let mut elements = rest.get(..length)?;
    let one_byte = head[..2] == [0xbe, 0xde];
    while let Some((first, rest)) = elements.split_first() {
        if *first == 0 {
            elements = rest; // Padding between elements.
            continue;
        }
        let (element, length, rest) = if one_byte {
            (first >> 4, usize::from(first & 0x0f) + 1, rest)
        } else {
            let (length, rest) = rest.split_first()?;
            (*first, usize::from(*length), rest)
        };
        let (value, rest) = rest.split_at_checked(length)?;
        if element == id {
            return Some(value);
        }
        elements = rest;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feedback_tells_what_arrived_and_when() {
        // RR without blocks, then a feedback of 5 packets from 10 on: a run of one "small", then
        // a vector of small, lost, large, lost.
        let rtcp = [
            0x80,
            201,
            0,
            1,
            0,
            0,
            0,
            1, // RR
            0x8f,
            205,
            0,
            6,
            0,
            0,
            0,
            1,
            0,
            0,
            0,
            2, // header, ssrcs
            0,
            10,
            0,
            5,
            0,
            0,
            2,
            7, // first, count, reference 2 = 128 ms, counter
            0x20,
            0x01,
            0b1101_0010,
            0b0000_0000, // run of 1 small; small, lost, large, lost
            4,
            8,
            0xff,
            0xf8, // 1 ms, 2 ms, -2 ms
        ];
        let ms = |ms| Some(Duration::from_millis(ms));
        let arrivals = vec![ms(129), ms(131), None, ms(129), None];
        assert_eq!(
            feedbacks(&rtcp),
            [Feedback {
                first: 10,
                arrivals
            }]
        );
        for cut in 0..rtcp.len() {
            assert!(feedbacks(&rtcp[..cut]).is_empty());
        }
    }

    #[test]
    fn a_report_tells_what_is_missed_of_a_stream() {
        let block = |ssrc: u8, lost: u8| {
            let mut block = [0; 24];
            (block[3], block[4]) = (ssrc, lost);
            block
        };
        let mut rtcp = vec![0x82, 201, 0, 13, 0, 0, 0, 1];
        rtcp.extend([block(5, 64), block(6, 128)].concat());
        assert_eq!(loss_of(&rtcp, 6), Some(0.5));
        assert_eq!(loss_of(&rtcp, 5), Some(0.25));
        assert_eq!(loss_of(&rtcp, 7), None);
        rtcp[0] = 0x81; // What is beyond the count is no block.
        assert_eq!(loss_of(&rtcp, 6), None);
        for cut in 0..rtcp.len() {
            assert_eq!(loss_of(&rtcp[..cut], 5), None);
        }
        let mut sender = vec![0x81, 200, 0, 12];
        sender.resize(28, 0);
        sender.extend(block(5, 32));
        assert_eq!(loss_of(&sender, 5), Some(0.125));
    }

    #[test]
    fn the_number_is_found_among_other_extensions() {
        let mut packet = vec![0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
        packet.extend([
            0xbe, 0xde, 0, 3, 0x10, 0x85, 0x22, 1, 2, 3, 0x31, 0xab, 0xcd, 0, 0, 0,
        ]);
        packet.extend([1, 2, 3]);
        assert_eq!(number_of(&packet, 3), Some(0xabcd));
        assert_eq!(level_of(&packet, 1), Some(5));
        assert_eq!(number_of(&packet, 5), None);
        packet[1] = 200;
        assert_eq!(number_of(&packet, 3), None);
        let mut two = vec![0x90, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];
        two.extend([0x10, 0x00, 0, 2, 3, 2, 0xab, 0xcd, 0, 0, 0, 0]);
        assert_eq!(number_of(&two, 3), Some(0xabcd));
    }
}
