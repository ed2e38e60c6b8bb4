//! Joins pieces of different encodings into one stream of a tile.
//!
//! **Invariant: within one piece every field differs from its encoding's by a constant; at a joint the
//! numbers go on by one and the timestamp by the wall clock.**

use std::time::Instant;

use crate::PictureIds;

/// The newest that came of an encoding, by sequence number.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Place of the newest packet.
    pub place: u64,
    /// Its timestamp.
    pub timestamp: u32,
    /// When the first packet of this timestamp came.
    pub arrived: Instant,
    /// Newest ids.
    pub ids: PictureIds,
}

impl Head {
    /// The head when this one, which is newer, has come.
    pub fn followed_by(self, newer: Self) -> Self {
        let arrived = if newer.timestamp == self.timestamp {
            self.arrived
        } else {
            newer.arrived
        };
        let ids = PictureIds {
            picture_id: newer.ids.picture_id.or(self.ids.picture_id),
            wide: newer.ids.wide,
            tl0_picture_index: newer.ids.tl0_picture_index.or(self.ids.tl0_picture_index),
            key_index: newer.ids.key_index.or(self.ids.key_index),
        };
        Self {
            arrived,
            ids,
            ..newer
        }
    }
}

/// Where the stream of a tile stands.
#[derive(Debug, Clone, Copy)]
pub struct Tail {
    sequence: u64,
    timestamp: u32,
    /// When the first packet of the last frame came; `None` before the first frame.
    arrived: Option<Instant>,
    picture_id: u16,
    tl0_picture_index: u8,
    key_index: u8,
}

impl Tail {
    /// Before anything was sent. Sequence numbers begin low, for SRTP receivers to guess the
    /// roll-over counter right though first packets are lost (RFC 3711 section 3.3.1).
    pub fn new(entropy: u64) -> Self {
        Self {
            sequence: entropy & 0x3fff,
            timestamp: (entropy >> 32) as u32,
            arrived: None,
            picture_id: (entropy >> 16) as u16 & 0x7fff,
            tl0_picture_index: (entropy >> 24) as u8,
            key_index: (entropy >> 14) as u8 & 0x1f,
        }
    }

    /// When the last frame came.
    pub fn arrived(&self) -> Option<Instant> {
        self.arrived
    }

    /// Goes on with the key frame whose first packet this is.
    pub fn splice(&self, first: Head) -> Splice {
        let timestamp = match self.arrived {
            None => self.timestamp,
            Some(before) => {
                let ticks = first.arrived.saturating_duration_since(before).as_micros() * 9 / 100;
                self.timestamp.wrapping_add((ticks as u32).max(1))
            }
        };
        let id = first.ids.picture_id.unwrap_or(0);
        Splice {
            start: first.place,
            sequence: (self.sequence + 1).wrapping_sub(first.place),
            timestamp: timestamp.wrapping_sub(first.timestamp),
            picture_id: self.picture_id.wrapping_add(1).wrapping_sub(id),
            tl0_picture_index: self
                .tl0_picture_index
                .wrapping_add(1)
                .wrapping_sub(first.ids.tl0_picture_index.unwrap_or(0)),
            key_index: self
                .key_index
                .wrapping_add(1)
                .wrapping_sub(first.ids.key_index.unwrap_or(0)),
        }
    }
}

/// One piece: what to add to the fields of its encoding.
#[derive(Debug, Clone, Copy)]
pub struct Splice {
    /// Packets before this place are not part of the piece.
    pub start: u64,
    sequence: u64,
    timestamp: u32,
    picture_id: u16,
    tl0_picture_index: u8,
    key_index: u8,
}

impl Splice {
    #[inline]
    pub fn sequence(&self, place: u64) -> u64 {
        place.wrapping_add(self.sequence)
    }

    #[inline]
    pub fn timestamp(&self, timestamp: u32) -> u32 {
        timestamp.wrapping_add(self.timestamp)
    }

    #[inline]
    pub fn ids(&self, ids: PictureIds) -> PictureIds {
        let mask = if ids.wide { 0x7fff } else { 0x7f };
        PictureIds {
            picture_id: ids
                .picture_id
                .map(|id| id.wrapping_add(self.picture_id) & mask),
            wide: ids.wide,
            tl0_picture_index: ids
                .tl0_picture_index
                .map(|index| index.wrapping_add(self.tl0_picture_index)),
            key_index: ids
                .key_index
                .map(|index| index.wrapping_add(self.key_index) & 0x1f),
        }
    }

    /// Where the stream stands after this piece, all of which up to `head` was forwarded. `before` is
    /// where it stood when the piece began: ids the encoding has not stay as they were.
    pub fn tail(&self, head: &Head, before: &Tail) -> Tail {
        let ids = self.ids(head.ids);
        Tail {
            sequence: self.sequence(head.place),
            timestamp: self.timestamp(head.timestamp),
            arrived: Some(head.arrived),
            picture_id: ids.picture_id.unwrap_or(before.picture_id),
            tl0_picture_index: ids.tl0_picture_index.unwrap_or(before.tl0_picture_index),
            key_index: ids.key_index.unwrap_or(before.key_index),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn head(place: u64, timestamp: u32, arrived: Instant, id: u16) -> Head {
        let ids = PictureIds {
            picture_id: Some(id),
            wide: true,
            tl0_picture_index: Some(id as u8),
            key_index: None,
        };
        Head {
            place,
            timestamp,
            arrived,
            ids,
        }
    }

    #[test]
    fn a_stream_begins_below_the_first_roll_over() {
        let now = Instant::now();
        for entropy in [0, u64::MAX, 0x1234_5678_9abc_def0] {
            assert!(
                Tail::new(entropy)
                    .splice(head(1 << 40, 5, now, 0))
                    .sequence(1 << 40)
                    < 65536
            );
        }
    }

    #[test]
    fn a_joint_goes_on_by_one_and_by_the_clock() {
        let now = Instant::now();
        let start = Tail::new(7);
        let first = start.splice(head(500, 9_000, now, 32_766));
        let tail = first.tail(
            &head(520, 18_000, now + Duration::from_millis(100), 1),
            &start,
        );
        let second = tail.splice(head(
            70_000,
            4_000_000_000,
            now + Duration::from_millis(150),
            77,
        ));
        assert_eq!(second.sequence(70_000), first.sequence(520) + 1);
        assert_eq!(
            second.timestamp(4_000_000_000),
            first.timestamp(18_000).wrapping_add(4_500)
        );
        let (before, after) = (
            first.ids(head(0, 0, now, 1).ids),
            second.ids(head(0, 0, now, 77).ids),
        );
        assert_eq!(
            after.picture_id.unwrap(),
            (before.picture_id.unwrap() + 1) & 0x7fff
        );
        assert_eq!(
            after.tl0_picture_index.unwrap(),
            before.tl0_picture_index.unwrap().wrapping_add(1)
        );
    }

    #[test]
    fn a_joint_never_goes_back_in_time() {
        let now = Instant::now();
        let start = Tail::new(7);
        let first = start.splice(head(1, 0, now, 0));
        let tail = first.tail(&head(1, 0, now, 0), &start);
        let second = tail.splice(head(1, 0, now, 0));
        assert_eq!(second.timestamp(0), first.timestamp(0).wrapping_add(1));
    }

    #[test]
    fn short_picture_ids_stay_short() {
        let start = Tail::new(u64::MAX);
        let mut first = head(1, 0, Instant::now(), 127);
        first.ids.wide = false;
        let splice = start.splice(first);
        let id = |id| {
            splice
                .ids(PictureIds {
                    picture_id: Some(id),
                    ..first.ids
                })
                .picture_id
                .unwrap()
        };
        assert!(id(127) < 128);
        assert_eq!(id(0), (id(127) + 1) & 0x7f);
    }
}
