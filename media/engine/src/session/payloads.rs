//! Payload types: what the client numbers how.

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

    /// The payload type whose packets are sent again in this one.
    pub fn repaired_by(&self, rtx: u8) -> Option<u8> {
        let position = self.rtx.iter().position(|known| *known == Some(rtx))?;
        Some(position as u8)
    }
}

fn rtx_pairs(payloads: &[Payload]) -> impl Iterator<Item = (u8, u8)> + '_ {
    payloads
        .iter()
        .filter(|payload| payload.codec.eq_ignore_ascii_case("rtx"))
        .filter_map(|payload| Some((payload.pt, payload.apt?)))
        .filter(|(rtx, main)| *rtx <= PT_MAX && *main <= PT_MAX)
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
        assert_eq!(table.repaired_by(109), Some(108));
        assert_eq!(table.repaired_by(108), None);
        assert_eq!(
            table.carries(102),
            Some(Carries::Video(Format {
                codec: VideoCodec::H264,
                profile: 0x4200,
                mode: 1
            }))
        );
    }
}
