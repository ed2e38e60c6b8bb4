//! RTCP (RFC 3550, RFC 4585, transport-wide feedback): what a client says and must understand.

use std::time::{Duration, Instant};

/// What a receiver reports of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block {
    /// Which stream.
    pub ssrc: u32,
    /// Of 256, since the last report.
    pub fraction_lost: u8,
    /// Since the start.
    pub lost: u32,
    /// Extended.
    pub highest: u32,
    /// In timestamp units.
    pub jitter: u32,
    /// Middle bits of the last sender report's NTP time.
    pub last_report: u32,
    /// Since then, in 1/65536 s.
    pub delay: u32,
}

/// What a sender reports of its stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sender {
    /// Which stream.
    pub ssrc: u32,
    /// NTP time.
    pub ntp: u64,
    /// RTP time of the same moment.
    pub timestamp: u32,
    /// Since the start.
    pub packets: u32,
    /// Payload octets since the start.
    pub octets: u32,
}

/// What the other side said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Sender report: ssrc and the middle bits of its NTP time.
    Report(u32, u32),
    /// PLI or FIR for this stream of ours.
    KeyFrame(u32),
    /// NACK: so many packets of this stream of ours.
    Missing(u32, u32),
    /// BYE.
    Bye,
}

const SEND: u8 = 200;
const RECEIVE: u8 = 201;
const DESCRIPTION: u8 = 202;
const BYE: u8 = 203;
const TRANSPORT: u8 = 205;
const PAYLOAD: u8 = 206;

fn head(count: u8, kind: u8, words: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0x80 | count, kind]);
    out.extend_from_slice(&(words as u16).to_be_bytes());
}

fn blocks(blocks: &[Block], out: &mut Vec<u8>) {
    for block in blocks {
        out.extend_from_slice(&block.ssrc.to_be_bytes());
        let lost = block.lost.min(0x7f_ffff) | u32::from(block.fraction_lost) << 24;
        out.extend_from_slice(&lost.to_be_bytes());
        out.extend_from_slice(&block.highest.to_be_bytes());
        out.extend_from_slice(&block.jitter.to_be_bytes());
        out.extend_from_slice(&block.last_report.to_be_bytes());
        out.extend_from_slice(&block.delay.to_be_bytes());
    }
}

/// Receiver report; at most 31 blocks.
pub fn receiver_report(ssrc: u32, reported: &[Block], out: &mut Vec<u8>) {
    let reported = &reported[..reported.len().min(31)];
    head(reported.len() as u8, RECEIVE, 1 + 6 * reported.len(), out);
    out.extend_from_slice(&ssrc.to_be_bytes());
    blocks(reported, out);
}

/// Sender report without blocks, and who it is.
pub fn sender_report(sender: &Sender, name: &str, out: &mut Vec<u8>) {
    head(0, SEND, 6, out);
    out.extend_from_slice(&sender.ssrc.to_be_bytes());
    out.extend_from_slice(&sender.ntp.to_be_bytes());
    out.extend_from_slice(&sender.timestamp.to_be_bytes());
    out.extend_from_slice(&sender.packets.to_be_bytes());
    out.extend_from_slice(&sender.octets.to_be_bytes());
    let name = &name.as_bytes()[..name.len().min(255)];
    // The item ends with at least one zero and on a word.
    let words = 1 + (2 + name.len()) / 4 + 1;
    head(1, DESCRIPTION, words, out);
    let end = out.len() + 4 * words;
    out.extend_from_slice(&sender.ssrc.to_be_bytes());
    out.extend_from_slice(&[1, name.len() as u8]);
    out.extend_from_slice(name);
    out.resize(end, 0);
}

/// Asks for packets that are missing of a stream (RFC 4585 6.2.1), in the order of their numbers.
pub fn nack(ssrc: u32, media: u32, missing: &[u16], out: &mut Vec<u8>) {
    let mut entries: Vec<(u16, u16)> = Vec::new();
    for number in missing {
        let ahead = entries
            .last()
            .map(|(first, _)| number.wrapping_sub(*first).wrapping_sub(1));
        match (ahead, entries.last_mut()) {
            (Some(ahead @ ..16), Some((_, following))) => *following |= 1 << ahead,
            _ => entries.push((*number, 0)),
        }
    }
    head(1, TRANSPORT, 2 + entries.len(), out);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
    for (first, following) in entries {
        out.extend_from_slice(&first.to_be_bytes());
        out.extend_from_slice(&following.to_be_bytes());
    }
}

/// Asks for a key frame of a stream (PLI, RFC 4585 6.3.1).
pub fn picture_loss(ssrc: u32, media: u32, out: &mut Vec<u8>) {
    head(1, PAYLOAD, 2, out);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
}

/// Reads a compound packet.
pub fn parse(mut data: &[u8], heard: &mut Vec<Heard>) {
    let word = |data: &[u8], at: usize| {
        data.get(at..at + 4)
            .map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]))
    };
    while data.len() >= 4 {
        let length = 4 + 4 * usize::from(u16::from_be_bytes([data[2], data[3]]));
        let Some(packet) = data.get(..length) else {
            return;
        };
        let count = packet[0] & 0x1f;
        match (packet[1], count) {
            (SEND, _) => {
                if let (Some(ssrc), Some(high), Some(low)) =
                    (word(packet, 4), word(packet, 8), word(packet, 12))
                {
                    heard.push(Heard::Report(ssrc, high << 16 | low >> 16));
                }
            }
            (BYE, _) => heard.push(Heard::Bye),
            (PAYLOAD, 1) => heard.extend(word(packet, 8).map(Heard::KeyFrame)),
            (PAYLOAD, 4) => heard.extend(word(packet, 12).map(Heard::KeyFrame)),
            (TRANSPORT, 1) => {
                if let Some(ssrc) = word(packet, 8) {
                    let missing = packet[12..]
                        .chunks_exact(4)
                        .map(|entry| 1 + u16::from_be_bytes([entry[2], entry[3]]).count_ones())
                        .sum();
                    heard.push(Heard::Missing(ssrc, missing));
                }
            }
            _ => {}
        }
        data = &data[length..];
    }
}

/// Arrivals between two pieces of transport-wide feedback.
#[derive(Debug, Default)]
pub struct Arrivals {
    arrivals: Vec<(u64, Instant)>,
    highest: Option<u64>,
    base: Option<u64>,
    count: u8,
    epoch: Option<Instant>,
}

/// Feedback reports this many packets at most.
const REPORTED: usize = 1_000;
/// It tells of fewer numbers than this, those of packets that did not come among them.
const SPAN: u64 = 2 * REPORTED as u64;
const TICK: Duration = Duration::from_micros(250);
/// Reference times count in 64 ms.
const REFERENCE: u32 = 256;

impl Arrivals {
    /// A packet with this transport-wide number came.
    pub fn came(&mut self, sequence: u16, at: Instant) {
        let extended = super::extend(self.highest, sequence);
        self.highest = Some(self.highest.map_or(extended, |h| h.max(extended)));
        if self.arrivals.len() < REPORTED {
            self.arrivals.push((extended, at));
        }
    }

    /// Appends feedback on what came since the last.
    pub fn report(&mut self, ssrc: u32, media: u32, out: &mut Vec<u8>) {
        if self.arrivals.is_empty() {
            return;
        }
        self.arrivals
            .sort_unstable_by_key(|(sequence, _)| *sequence);
        self.arrivals.dedup_by_key(|(sequence, _)| *sequence);
        let last = self.arrivals[self.arrivals.len() - 1].0;
        // After a long gap only what came since then is told.
        let is_long_ago = |(sequence, _): &(u64, Instant)| last - sequence >= SPAN;
        let long_ago = self.arrivals.partition_point(is_long_ago);
        self.arrivals.drain(..long_ago);
        let lowest = self.arrivals[0].0;
        let base = self.base.map_or(lowest, |next| next.min(lowest));
        let base = if last - base >= SPAN { lowest } else { base };
        let epoch = *self.epoch.get_or_insert(self.arrivals[0].1);
        let ticks =
            |at: Instant| at.saturating_duration_since(epoch).as_micros() / TICK.as_micros();
        let reference = (ticks(self.arrivals[0].1) / u128::from(REFERENCE)) as u32;
        let mut before = i64::from(reference) * i64::from(REFERENCE);
        let mut symbols = Vec::with_capacity((last - base + 1) as usize);
        let mut deltas = Vec::with_capacity(self.arrivals.len() * 2);
        let mut next = base;
        for (sequence, at) in self.arrivals.drain(..) {
            symbols.resize((sequence - base) as usize, 0u8);
            let at = ticks(at) as i64;
            match at - before {
                delta @ 0..=255 => {
                    symbols.push(1);
                    deltas.push(delta as u8);
                }
                delta => {
                    symbols.push(2);
                    deltas.extend_from_slice(&(delta.clamp(-32_768, 32_767) as i16).to_be_bytes());
                }
            }
            before = at;
            next = sequence + 1;
        }
        self.base = Some(next);
        write_feedback(
            ssrc,
            media,
            base as u16,
            self.count,
            reference,
            &symbols,
            &deltas,
            out,
        );
        self.count = self.count.wrapping_add(1);
    }
}

#[allow(clippy::too_many_arguments)]
fn write_feedback(
    ssrc: u32,
    media: u32,
    base: u16,
    count: u8,
    reference: u32,
    symbols: &[u8],
    deltas: &[u8],
    out: &mut Vec<u8>,
) {
    let start = out.len();
    head(15, TRANSPORT, 0, out);
    out.extend_from_slice(&ssrc.to_be_bytes());
    out.extend_from_slice(&media.to_be_bytes());
    out.extend_from_slice(&base.to_be_bytes());
    out.extend_from_slice(&(symbols.len() as u16).to_be_bytes());
    out.extend_from_slice(&(reference << 8 | u32::from(count)).to_be_bytes());
    let mut rest = symbols;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take_while(|s| **s == first).count().min(0x1fff);
        if run >= 7 || run == rest.len() {
            let chunk = u16::from(first) << 13 | run as u16;
            out.extend_from_slice(&chunk.to_be_bytes());
            rest = &rest[run..];
        } else {
            // Seven symbols of two bits.
            let taken = rest.len().min(7);
            let vector = rest[..taken]
                .iter()
                .enumerate()
                .fold(0b11 << 14, |v, (at, s)| v | u16::from(*s) << (12 - 2 * at));
            out.extend_from_slice(&vector.to_be_bytes());
            rest = &rest[taken..];
        }
    }
    out.extend_from_slice(deltas);
    let padding = (4 - (out.len() - start) % 4) % 4;
    if padding > 0 {
        out[start] |= 0x20;
        out.resize(out.len() + padding - 1, 0);
        out.push(padding as u8);
    }
    let words = ((out.len() - start) / 4 - 1) as u16;
    out[start + 2..start + 4].copy_from_slice(&words.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_whole_words_and_read_again() {
        let mut data = Vec::new();
        let sender = Sender {
            ssrc: 7,
            ntp: 0x0001_0002_0003_0004,
            ..Default::default()
        };
        for name in ["", "a", "ab", "abc", "abcdefgh"] {
            sender_report(&sender, name, &mut data);
        }
        receiver_report(
            7,
            &[Block {
                ssrc: 9,
                ..Default::default()
            }; 40],
            &mut data,
        );
        data.extend_from_slice(&[0x81, 206, 0, 2, 0, 0, 0, 7, 0, 0, 0, 9]);
        assert_eq!(data.len() % 4, 0);
        let mut heard = Vec::new();
        parse(&data, &mut heard);
        let reports = heard
            .iter()
            .filter(|h| **h == Heard::Report(7, 0x0002_0003))
            .count();
        assert_eq!(reports, 5);
        assert_eq!(heard.last(), Some(&Heard::KeyFrame(9)));
    }

    #[test]
    fn nacks_are_counted() {
        let data = [0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 0b101];
        let mut heard = Vec::new();
        parse(&data, &mut heard);
        assert_eq!(heard, [Heard::Missing(2, 3)]);
        parse(&data[..10], &mut heard);
        assert_eq!(heard.len(), 1);
    }

    #[test]
    fn what_is_asked_for_is_read_again() {
        let mut data = Vec::new();
        nack(1, 2, &[65_535, 0, 15, 16, 40], &mut data);
        assert_eq!(data[12..], [255, 255, 0x80, 1, 0, 16, 0, 0, 0, 40, 0, 0]);
        picture_loss(1, 3, &mut data);
        let mut heard = Vec::new();
        parse(&data, &mut heard);
        assert_eq!(heard, [Heard::Missing(2, 5), Heard::KeyFrame(3)]);
    }

    /// Takes feedback apart again: which numbers, and when after the first.
    fn read(data: &[u8]) -> Vec<(u16, Option<i64>)> {
        let number = |at: usize| u16::from_be_bytes([data[at], data[at + 1]]);
        let (base, count) = (number(12), usize::from(number(14)));
        let mut symbols = Vec::new();
        let mut at = 20;
        while symbols.len() < count {
            let chunk = number(at);
            at += 2;
            if chunk >> 15 == 0 {
                symbols.extend(vec![chunk >> 13; usize::from(chunk & 0x1fff)]);
            } else {
                symbols.extend((0..7).map(|n| chunk >> (12 - 2 * n) & 3));
            }
        }
        let mut time = 0;
        symbols[..count]
            .iter()
            .enumerate()
            .map(|(n, symbol)| {
                let delta = match symbol {
                    0 => None,
                    1 => Some(i64::from(data[at])),
                    _ => Some(i64::from(number(at) as i16)),
                };
                at += usize::from(*symbol);
                time += delta.unwrap_or(0);
                (base.wrapping_add(n as u16), delta.map(|_| time))
            })
            .collect()
    }

    #[test]
    fn feedback_is_short_however_far_apart_numbers_are() {
        let now = Instant::now();
        // A packet that was overtaken by the first of all, and numbers that no client would give.
        for numbers in [&[0, 65_535][..], &[0, 32_767, 65_534, 32_765, 65_532]] {
            let mut arrivals = Arrivals::default();
            for number in numbers {
                arrivals.came(*number, now);
            }
            let mut data = Vec::new();
            arrivals.report(1, 2, &mut data);
            let last = *numbers.last().unwrap();
            assert_eq!(read(&data), [(last, Some(0))]);
        }
    }

    #[test]
    fn feedback_tells_what_came_and_what_did_not() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut arrivals = Arrivals::default();
        for (sequence, ms) in [(65_534, 0), (65_535, 5), (1, 6), (2, 200), (3, 199)] {
            arrivals.came(sequence, at(ms));
        }
        let mut data = Vec::new();
        arrivals.report(1, 2, &mut data);
        assert_eq!(data.len() % 4, 0);
        assert_eq!(
            read(&data),
            [
                (65_534, Some(0)),
                (65_535, Some(20)),
                (0, None),
                (1, Some(24)),
                (2, Some(800)),
                (3, Some(796))
            ]
        );
        // What was lost between two reports is in the second.
        for n in 5..30 {
            arrivals.came(n, at(210 + u64::from(n)));
        }
        data.clear();
        arrivals.report(1, 2, &mut data);
        let told = read(&data);
        assert_eq!((told[0], told.len()), ((4, None), 26));
        data.clear();
        arrivals.report(1, 2, &mut data);
        assert!(data.is_empty());
    }
}
