//! Where an ssrc belongs (RFC 8843 9.2): by what the offer says of it, by what its packets say, or
//! because it can only be there.

use hubbub_rtp::packet::Header;

use super::{Inlet, Names};
use crate::session::payloads::{Carries, Payloads};
use crate::session::{Audio, Camera};

/// What an offer and its answer have agreed on.
#[derive(Clone, Copy)]
pub struct Sections<'a> {
    pub(in crate::session) audio: Option<&'a Audio>,
    pub(in crate::session) camera: Option<&'a Camera>,
    pub(in crate::session) payloads: &'a Payloads,
}

impl Sections<'_> {
    /// Where the packets of an ssrc belong that has said these names.
    pub fn place(&self, header: &Header<'_>, names: &Names) -> Inlet {
        self.by_ssrc(header.ssrc)
            .or_else(|| self.by_name(header, names))
            .unwrap_or(Inlet::Nowhere)
    }

    fn by_ssrc(&self, ssrc: u32) -> Option<Inlet> {
        if self.audio.is_some_and(|it| it.remote_ssrc == Some(ssrc)) {
            return Some(Inlet::Audio);
        }
        self.camera?.encodings.iter().find_map(|encoding| {
            if encoding.ssrc == Some(ssrc) {
                Some(Inlet::Video(encoding.stream))
            } else if encoding.rtx_ssrc == Some(ssrc) {
                Some(Inlet::Repair(encoding.stream))
            } else {
                None
            }
        })
    }

    fn by_name(&self, header: &Header<'_>, names: &Names) -> Option<Inlet> {
        let named = |mid: &str| names.mid.as_deref().is_none_or(|name| name == mid);
        let repairs = self.payloads.repaired_by(header.payload_type).is_some();
        match self.payloads.carries(header.payload_type) {
            Some(Carries::Opus | Carries::Red) => {
                let audio = self.audio?;
                // Who told its ssrc and sends with another says where that belongs.
                let told = audio.remote_ssrc.is_none() || names.mid.is_some();
                return (told && named(&audio.mid)).then_some(Inlet::Audio);
            }
            Some(Carries::Video(_)) => {}
            None if repairs => {}
            None => return None,
        }
        let camera = self.camera.filter(|camera| named(&camera.mid))?;
        let rid = if repairs { &names.repaired } else { &names.rid };
        let encoding = match (rid, camera.encodings.as_slice()) {
            (None, [only]) if only.rid.is_none() => only,
            (None, _) => return None,
            (rid, encodings) => encodings.iter().find(|encoding| encoding.rid == *rid)?,
        };
        let stream = encoding.stream;
        Some(if repairs {
            Inlet::Repair(stream)
        } else {
            Inlet::Video(stream)
        })
    }
}
