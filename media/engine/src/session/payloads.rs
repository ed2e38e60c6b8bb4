//! Payload types: what the client numbers how.

use str0m::format::{Codec, CodecConfig, CodecSpec, FormatParams, PayloadParams};
use str0m::media::Frequency;

use crate::command::Payload;

/// A video format: the codec with what of its fmtp makes it another format for a decoder.
///
/// H.264 differs by profile and packetization mode, VP9 and AV1 by profile (chime-meetings C.4.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Format {
    /// The codec.
    pub codec: VideoCodec,
    /// VP9 and AV1: the profile. H.264: profile_idc and the constraint bits that name a profile.
    pub profile: u16,
    /// H.264's packetization mode, 0 for others.
    pub mode: u8,
}

/// A video codec that is forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VideoCodec {
    Vp8,
    Vp9,
    H264,
    H265,
    Av1,
}

/// What a payload type carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carries {
    Opus,
    Red,
    Video(Format),
}

/// Highest payload type.
const PT_MAX: u8 = 127;

/// Payload types of one client, by number.
#[derive(Debug)]
pub struct Payloads {
    carries: [Option<Carries>; PT_MAX as usize + 1],
    /// The payload type of rtx of each.
    rtx: [Option<u8>; PT_MAX as usize + 1],
    /// The last answer of [`Payloads::number_of`]: a source keeps its format.
    last: Option<(Format, Option<u8>)>,
}

fn fmtp_value<'a>(fmtp: &'a str, name: &str) -> Option<&'a str> {
    fmtp.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

impl Format {
    /// The format of a payload, where it is video that can be forwarded.
    pub fn of(payload: &Payload) -> Option<Format> {
        let fmtp = payload.fmtp.as_str();
        let number = |name| fmtp_value(fmtp, name).and_then(|value| value.parse().ok());
        let (codec, profile, mode) = match payload.codec.to_ascii_lowercase().as_str() {
            "vp8" => (VideoCodec::Vp8, 0, 0),
            "vp9" => (VideoCodec::Vp9, number("profile-id").unwrap_or(0), 0),
            "av1" => (VideoCodec::Av1, number("profile").unwrap_or(0), 0),
            "h265" => (VideoCodec::H265, number("profile-id").unwrap_or(1), 0),
            "h264" => {
                let id = fmtp_value(fmtp, "profile-level-id").unwrap_or("42001f");
                let id = u32::from_str_radix(id, 16).unwrap_or(0x0042_001f);
                let mode = number("packetization-mode").unwrap_or(0);
                (VideoCodec::H264, h264_profile(id), mode.min(2) as u8)
            }
            _ => return None,
        };
        Some(Format {
            codec,
            profile,
            mode,
        })
    }
}

/// profile_idc and those constraint bits that tell profiles apart (RFC 6184 8.1): the level is
/// left out.
fn h264_profile(id: u32) -> u16 {
    let (idc, iop) = ((id >> 16) as u16 & 0xff, (id >> 8) as u16 & 0xff);
    match idc {
        // Baseline with constraint_set1 is constrained baseline, whatever else is set.
        0x42 => (idc << 8) | (iop & 0x40),
        0x4d if iop & 0x80 != 0 => 0x4240,
        0x64 => (idc << 8) | (iop & 0x0c),
        _ => idc << 8,
    }
}

impl Payloads {
    /// None.
    pub fn empty() -> Payloads {
        Payloads {
            carries: [None; PT_MAX as usize + 1],
            rtx: [None; PT_MAX as usize + 1],
            last: None,
        }
    }

    /// Takes the complete list of a `configure`.
    pub fn replace(&mut self, payloads: &[Payload]) {
        *self = Payloads::empty();
        for payload in payloads.iter().filter(|payload| payload.pt <= PT_MAX) {
            let carries = match payload.codec.to_ascii_lowercase().as_str() {
                "opus" => Some(Carries::Opus),
                "red" => Some(Carries::Red),
                _ => Format::of(payload).map(Carries::Video),
            };
            self.carries[usize::from(payload.pt)] = carries;
        }
        for (rtx, main) in rtx_pairs(payloads) {
            self.rtx[usize::from(main)] = Some(rtx);
        }
    }

    /// What a payload type carries.
    pub fn carries(&self, pt: u8) -> Option<Carries> {
        self.carries.get(usize::from(pt)).copied().flatten()
    }

    /// The payload type of a format; H.264 of another packetization mode will do where the very
    /// one is missing.
    pub fn number_of(&mut self, format: Format) -> Option<u8> {
        if let Some((known, number)) = self.last
            && known == format
        {
            return number;
        }
        let number = self.find(|f| f == format).or_else(|| {
            let same = |f: Format| (f.codec, f.profile) == (format.codec, format.profile);
            self.find(|f| same(f) && f.mode >= format.mode)
        });
        self.last = Some((format, number));
        number
    }

    fn find(&self, wanted: impl Fn(Format) -> bool) -> Option<u8> {
        let position = self
            .carries
            .iter()
            .position(|entry| matches!(entry, Some(Carries::Video(f)) if wanted(*f)))?;
        Some(position as u8)
    }

    /// The payload type in which packets of this one are sent again, if they can be.
    pub fn rtx_of(&self, pt: u8) -> Option<u8> {
        self.rtx[usize::from(pt & PT_MAX)]
    }
}

fn rtx_pairs(payloads: &[Payload]) -> impl Iterator<Item = (u8, u8)> + '_ {
    payloads
        .iter()
        .filter(|payload| payload.codec.eq_ignore_ascii_case("rtx"))
        .filter_map(|payload| Some((payload.pt, payload.apt?)))
        .filter(|(rtx, main)| *rtx <= PT_MAX && *main <= PT_MAX)
}

fn spec(codec: Codec, clock_rate: Frequency, channels: Option<u8>) -> CodecSpec {
    CodecSpec {
        codec,
        clock_rate,
        channels,
        format: FormatParams::default(),
    }
}

/// What the transport is told of payload types, once and for all.
///
/// It cannot learn of new ones later, and later offers may name new ones. So every dynamic number
/// that the first offer leaves unused is known as some video, with its successor as rtx, which is
/// how clients number them.
pub fn transport_codecs(payloads: &[Payload]) -> CodecConfig {
    let mut known: Vec<PayloadParams> = Vec::new();
    let mut used = [false; PT_MAX as usize + 1];
    for payload in payloads.iter().filter(|payload| payload.pt <= PT_MAX) {
        used[usize::from(payload.pt)] = true;
    }
    let resend = |main: u8| {
        rtx_pairs(payloads)
            .find(|(_, apt)| *apt == main)
            .map(|(rtx, _)| rtx.into())
    };
    for payload in payloads.iter().filter(|payload| payload.pt <= PT_MAX) {
        let codec = match payload.codec.to_ascii_lowercase().as_str() {
            // RED is unpacked by the mixer: to the transport it is one more Opus.
            "opus" | "red" => spec(Codec::Opus, Frequency::FORTY_EIGHT_KHZ, Some(2)),
            "vp8" => spec(Codec::Vp8, Frequency::NINETY_KHZ, None),
            "vp9" => spec(Codec::Vp9, Frequency::NINETY_KHZ, None),
            "h264" => spec(Codec::H264, Frequency::NINETY_KHZ, None),
            "h265" => spec(Codec::H265, Frequency::NINETY_KHZ, None),
            "av1" => spec(Codec::Av1, Frequency::NINETY_KHZ, None),
            _ => continue,
        };
        if known.iter().any(|params| *params.pt() == payload.pt) {
            continue;
        }
        known.push(PayloadParams::new(
            payload.pt.into(),
            resend(payload.pt),
            codec,
        ));
    }
    let mut pt = 35;
    while pt <= PT_MAX {
        let is_dynamic = !(64..96).contains(&pt);
        if is_dynamic && !used[usize::from(pt)] {
            let follows = pt < PT_MAX && pt != 63 && !used[usize::from(pt) + 1];
            let guess = follows.then(|| (pt + 1).into());
            let vp8 = spec(Codec::Vp8, Frequency::NINETY_KHZ, None);
            known.push(PayloadParams::new(pt.into(), guess, vp8));
        }
        pt += 1;
    }
    CodecConfig::new_from_payload_params(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(pt: u8, codec: &str, apt: Option<u8>, fmtp: &str) -> Payload {
        Payload {
            pt,
            codec: codec.into(),
            clock: 90_000,
            channels: 0,
            apt,
            fmtp: fmtp.into(),
        }
    }

    #[test]
    fn a_format_keeps_its_name_between_clients_that_number_it_differently() {
        let theirs = payload(
            98,
            "H264",
            None,
            "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
        );
        let ours = [
            payload(
                102,
                "h264",
                None,
                "packetization-mode=1;profile-level-id=42001f",
            ),
            payload(
                108,
                "h264",
                None,
                "profile-level-id=42E034;packetization-mode=1",
            ),
            payload(109, "rtx", Some(108), "apt=108"),
        ];
        let mut table = Payloads::empty();
        table.replace(&ours);
        let format = Format::of(&theirs).unwrap();
        assert_eq!(table.number_of(format), Some(108));
        assert_eq!(table.rtx_of(108), Some(109));
        assert_eq!(table.rtx_of(102), None);
        assert_eq!(
            table.carries(102),
            Some(Carries::Video(Format {
                codec: VideoCodec::H264,
                profile: 0x4200,
                mode: 1
            }))
        );
    }

    #[test]
    fn payload_types_of_later_offers_are_known_to_the_transport_already() {
        let first = [
            payload(111, "opus", None, ""),
            payload(96, "vp8", None, ""),
            payload(97, "rtx", Some(96), ""),
        ];
        let transport = transport_codecs(&first);
        let known = |pt: u8| transport.params().iter().find(|params| *params.pt() == pt);
        let rtx = |pt| known(pt).and_then(|params| params.resend()).map(|rtx| *rtx);
        assert_eq!(rtx(96), Some(97));
        assert_eq!(rtx(100), Some(101), "clients number so");
        assert!(known(102).is_some());
    }
}
