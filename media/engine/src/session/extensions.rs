//! Header extensions of RTP: a client's numbers of those that are understood or passed on
//! (chime-meetings C.4.9).

use hubbub_rtp::packet::{Extensions, Header};
use hubbub_rtp::uri;

/// Ids that fit the one-byte form, which all clients send.
const IDS: std::ops::RangeInclusive<u8> = 1..=14;

/// A client's numbers of the extensions; 0: it has not agreed to one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ids {
    /// Of those that tell streams and packets apart.
    pub common: Extensions,
    /// The simulcast encoding that a packet sends again.
    pub repaired: u8,
    /// How a picture is turned.
    pub orientation: u8,
    /// Camera or screen.
    pub content_type: u8,
    /// How long a picture may wait to be shown.
    pub delay: u8,
}

impl Ids {
    /// As the client has agreed on.
    pub fn of(extensions: &[(u8, String)]) -> Ids {
        let id = |wanted| {
            let agreed = extensions
                .iter()
                .find(|(id, name)| name == wanted && IDS.contains(id));
            agreed.map_or(0, |(id, _)| *id)
        };
        Ids {
            common: Extensions {
                level: id(uri::LEVEL),
                transport: id(uri::TRANSPORT),
                mid: id(uri::MID),
                rid: id(uri::RID),
            },
            repaired: id(uri::REPAIRED),
            orientation: id(uri::ORIENTATION),
            content_type: id(uri::CONTENT_TYPE),
            delay: id(uri::DELAY),
        }
    }
}

/// Extensions of a source that its packets keep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// urn:3gpp:video-orientation.
    pub orientation: Option<u8>,
    /// video-content-type.
    pub content_type: Option<u8>,
    /// playout-delay.
    pub delay: Option<[u8; 3]>,
}

impl Kept {
    /// Those that a packet has.
    pub fn of(header: &Header<'_>, ids: Ids) -> Kept {
        let byte = |id| header.extension(id)?.first().copied();
        Kept {
            orientation: byte(ids.orientation),
            content_type: byte(ids.content_type),
            delay: header
                .extension(ids.delay)
                .and_then(|value| value.first_chunk().copied()),
        }
    }
}
