//! One ssrc that the client sends with.

use std::time::Instant;

use hubbub_rtp::packet::Header;
use hubbub_rtp::reception::Reception;
use hubbub_rtp::window::Window;

use super::missing::Missing;
use super::{Inlet, Sections};
use crate::session::extensions::Ids;

/// What the packets of an ssrc say of where they belong. Clients say so only at first.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The section.
    pub mid: Option<String>,
    /// The simulcast encoding.
    pub rid: Option<String>,
    /// The simulcast encoding that is sent again.
    pub repaired: Option<String>,
}

impl Names {
    /// Takes what a packet says.
    fn learn(&mut self, header: &Header<'_>, ids: Ids) {
        for (name, id) in [
            (&mut self.mid, ids.common.mid),
            (&mut self.rid, ids.common.rid),
            (&mut self.repaired, ids.repaired),
        ] {
            let said = header
                .extension(id)
                .and_then(|value| std::str::from_utf8(value).ok());
            if let Some(said) = said
                && name.as_deref() != Some(said)
            {
                *name = Some(said.to_owned());
            }
        }
    }
}

/// What is known of it.
#[derive(Debug)]
pub struct Remote {
    pub ssrc: u32,
    /// When its last packet came.
    pub heard: Instant,
    pub window: Window,
    pub reception: Reception,
    pub missing: Missing,
    /// Extended, of the newest packet.
    timestamp: Option<u64>,
    names: Names,
    /// None: it is to be found out.
    inlet: Option<Inlet>,
}

impl Remote {
    pub fn new(ssrc: u32, now: Instant) -> Remote {
        Remote {
            ssrc,
            heard: now,
            window: Window::default(),
            reception: Reception::default(),
            missing: Missing::default(),
            timestamp: None,
            names: Names::default(),
            inlet: None,
        }
    }

    /// Where a packet belongs; found out once.
    pub fn inlet(&mut self, header: &Header<'_>, ids: Ids, sections: Sections<'_>) -> Inlet {
        if let Some(inlet) = self.inlet {
            return inlet;
        }
        self.names.learn(header, ids);
        let inlet = sections.place(header, &self.names);
        self.inlet = (inlet != Inlet::Nowhere).then_some(inlet);
        inlet
    }

    /// Where its packets belong, as far as is known.
    pub fn known_inlet(&self) -> Option<Inlet> {
        self.inlet
    }

    /// What was found out may no longer be so.
    pub fn forget_inlet(&mut self) {
        self.inlet = None;
    }

    /// Follows a timestamp over its wraps.
    pub fn extend(&mut self, timestamp: u32) -> u64 {
        let last = *self.timestamp.get_or_insert(u64::from(timestamp));
        let difference = i64::from(timestamp.wrapping_sub(last as u32) as i32);
        let extended = last
            .checked_add_signed(difference)
            .unwrap_or(u64::from(timestamp));
        self.timestamp = Some(last.max(extended));
        extended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_go_over_their_wraps() {
        let mut remote = Remote::new(1, Instant::now());
        let top = u64::from(u32::MAX);
        assert_eq!(remote.extend(u32::MAX - 959), top - 959);
        assert_eq!(remote.extend(960), top + 961);
        assert_eq!(remote.extend(0), top + 1);
        assert_eq!(remote.extend(1920), top + 1921);
    }
}
