//! What a client says of the streams that it gets, and of its own. Transport-wide feedback is that
//! of draft-holmer-rmcat-transport-wide-cc-extensions-01.

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

/// What a client says in a report.
#[derive(Debug, Default, PartialEq)]
pub struct Said {
    /// Of all packets, by their transport-wide numbers.
    pub feedbacks: Vec<Feedback>,
    /// Packets that it misses of an ssrc (RFC 4585 6.2.1).
    pub missing: Vec<(u32, Vec<u16>)>,
    /// Ssrcs of which it wants a key frame (RFC 4585 6.3.1, RFC 5104 4.3.1).
    pub keyframes: Vec<u32>,
    /// The part of an ssrc's packets that got lost since its last report (RFC 3550 6.4).
    pub losses: Vec<(u32, f64)>,
    /// Ssrcs that it sends with, and the middle bits of the NTP time at which it says so.
    pub senders: Vec<(u32, u32)>,
}

impl Said {
    /// Reads a plain compound RTCP packet.
    pub fn read(rtcp: &[u8]) -> Said {
        let mut said = Said::default();
        for (format, kind, packet) in packets(rtcp) {
            let body = |from: usize| packet.get(from..).unwrap_or_default();
            match (kind, format) {
                (200, count) => {
                    let middle = word(body(10));
                    said.senders.extend(word(body(4)).zip(middle));
                    said.losses.extend(losses(body(28), count));
                }
                (201, count) => said.losses.extend(losses(body(8), count)),
                (205, 1) => said.missing.extend(missing(body(8))),
                (205, 15) => said.feedbacks.extend(feedback(body(12))),
                (206, 1) => said.keyframes.extend(word(body(8))),
                (206, 4) => said
                    .keyframes
                    .extend(body(12).chunks_exact(8).filter_map(word)),
                _ => {}
            }
        }
        said
    }
}

fn word(bytes: &[u8]) -> Option<u32> {
    bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

fn losses(blocks: &[u8], count: u8) -> impl Iterator<Item = (u32, f64)> {
    let blocks = blocks.as_chunks::<24>().0.iter().take(usize::from(count));
    blocks.filter_map(|block| Some((word(block)?, f64::from(block[4]) / 256.0)))
}

/// The ssrc and the numbers of a NACK.
fn missing(body: &[u8]) -> Option<(u32, Vec<u16>)> {
    let mut numbers = Vec::new();
    for [a, b, c, d] in body.get(4..)?.as_chunks::<4>().0 {
        let (first, others) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
        numbers.push(first);
        let follow = (0..16).filter(|bit| others >> bit & 1 == 1);
        numbers.extend(follow.map(|bit| first.wrapping_add(bit + 1)));
    }
    Some((word(body)?, numbers))
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
            Said::read(&rtcp).feedbacks,
            [Feedback {
                first: 10,
                arrivals
            }]
        );
        for cut in 0..rtcp.len() {
            assert!(Said::read(&rtcp[..cut]).feedbacks.is_empty());
        }
    }

    #[test]
    fn a_report_tells_what_got_lost() {
        let block = |ssrc: u8, lost: u8| {
            let mut block = [0; 24];
            (block[3], block[4]) = (ssrc, lost);
            block
        };
        let mut rtcp = vec![0x82, 201, 0, 13, 0, 0, 0, 1];
        rtcp.extend([block(5, 64), block(6, 128)].concat());
        assert_eq!(Said::read(&rtcp).losses, [(5, 0.25), (6, 0.5)]);
        rtcp[0] = 0x81; // What is beyond the count is no block.
        assert_eq!(Said::read(&rtcp).losses, [(5, 0.25)]);
        for cut in 0..rtcp.len() {
            assert_eq!(Said::read(&rtcp[..cut]), Said::default());
        }
        let mut sender = vec![0x81, 200, 0, 12];
        sender.resize(28, 0);
        sender.extend(block(5, 32));
        sender[7..14].copy_from_slice(&[6, 0, 0, 1, 2, 3, 4]);
        let said = Said::read(&sender);
        assert_eq!(said.losses, [(5, 0.125)]);
        assert_eq!(said.senders, [(6, 0x0102_0304)]);
    }

    #[test]
    fn missing_packets_and_key_frames_are_asked_for() {
        let mut rtcp = vec![0x81, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 7];
        rtcp.extend([0xff, 0xff, 0x80, 0b101, 0, 9, 0, 0]);
        rtcp.extend([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 8]); // PLI
        rtcp.extend([0x84, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0]); // FIR
        rtcp.extend([0, 0, 0, 9, 1, 0, 0, 0]);
        let said = Said::read(&rtcp);
        assert_eq!(said.missing, [(7, vec![0xffff, 0, 2, 15, 9])]);
        assert_eq!(said.keyframes, [8, 9]);
        assert_eq!(Said::read(&[0x81, 205, 0, 1, 0, 0, 0, 1]), Said::default());
    }
}
