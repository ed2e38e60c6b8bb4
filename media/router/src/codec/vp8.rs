//! VP8 (RFC 7741; frame header RFC 6386 section 9.1).

use super::Inspection;

/// Ids of a VP8 payload descriptor (RFC 7741 section 4.2); absent fields are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PictureIds {
    /// PictureID; its width is that of the payload, see [`PictureIds::wide`].
    pub picture_id: Option<u16>,
    /// The PictureID has 15 bits, not 7.
    pub wide: bool,
    /// TL0PICIDX.
    pub tl0_picture_index: Option<u8>,
    /// KEYIDX, 5 bits.
    pub key_index: Option<u8>,
}

struct Descriptor {
    ids: PictureIds,
    /// S = 1 and PID = 0: the frame begins here.
    first: bool,
    /// Where the ids are, and where the frame goes on.
    picture_id: usize,
    tl0_picture_index: usize,
    key_index: usize,
    frame: usize,
}

fn descriptor(payload: &[u8]) -> Option<Descriptor> {
    let required = *payload.first()?;
    let mut found = Descriptor {
        ids: PictureIds::default(),
        first: required & 0x17 == 0x10,
        picture_id: 0,
        tl0_picture_index: 0,
        key_index: 0,
        frame: 1,
    };
    if required & 0x80 != 0 {
        let extension = *payload.get(1)?;
        let mut at = 2;
        if extension & 0x80 != 0 {
            let byte = *payload.get(at)?;
            found.picture_id = at;
            found.ids.wide = byte & 0x80 != 0;
            let high = u16::from(byte & 0x7f);
            found.ids.picture_id = Some(if found.ids.wide {
                at += 1;
                high << 8 | u16::from(*payload.get(at)?)
            } else {
                high
            });
            at += 1;
        }
        if extension & 0x40 != 0 {
            // TL0PICIDX without a temporal layer to belong to is forbidden.
            if extension & 0x20 == 0 {
                return None;
            }
            found.tl0_picture_index = at;
            found.ids.tl0_picture_index = Some(*payload.get(at)?);
            at += 1;
        }
        if extension & 0x30 != 0 {
            let byte = *payload.get(at)?;
            if extension & 0x10 != 0 {
                found.key_index = at;
                found.ids.key_index = Some(byte & 0x1f);
            }
            at += 1;
        }
        found.frame = at;
    }
    (found.frame < payload.len()).then_some(found)
}

impl PictureIds {
    /// Writes these ids into a payload in place of those it has. `false` if the payload has no such
    /// fields; it then stays as it is.
    pub fn write(&self, payload: &mut [u8]) -> bool {
        let Some(found) = descriptor(payload) else {
            return false;
        };
        let lacks = self.picture_id.is_some()
            && (found.ids.picture_id.is_none() || found.ids.wide != self.wide)
            || self.tl0_picture_index.is_some() && found.ids.tl0_picture_index.is_none()
            || self.key_index.is_some() && found.ids.key_index.is_none();
        if lacks {
            return false;
        }
        if let Some(id) = self.picture_id {
            let [high, low] = id.to_be_bytes();
            if self.wide {
                payload[found.picture_id] = 0x80 | high;
                payload[found.picture_id + 1] = low;
            } else {
                payload[found.picture_id] = low & 0x7f;
            }
        }
        if let Some(index) = self.tl0_picture_index {
            payload[found.tl0_picture_index] = index;
        }
        if let Some(index) = self.key_index {
            let byte = &mut payload[found.key_index];
            *byte = *byte & 0xe0 | index & 0x1f;
        }
        true
    }
}

pub fn inspect(payload: &[u8]) -> Option<Inspection> {
    let found = descriptor(payload)?;
    let frame = &payload[found.frame..];
    let keyframe = found.first && frame[0] & 1 == 0;
    Some(Inspection {
        keyframe,
        size: if keyframe { size(frame) } else { None },
        vp8: Some(found.ids),
        malformed: false,
    })
}

fn size(frame: &[u8]) -> Option<(u32, u32)> {
    let header: &[u8; 10] = frame.first_chunk()?;
    if header[3..6] != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3fff);
    Some((side(header[6], header[7]), side(header[8], header[9])))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYFRAME: [u8; 16] = [
        0x90, 0xf0, 0x92, 0x34, 0x56, 0x47, 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68,
        0x41,
    ];

    #[test]
    fn a_key_frame_tells_its_size_and_ids() {
        let found = inspect(&KEYFRAME).unwrap();
        assert!(found.keyframe);
        assert_eq!(found.size, Some((640, 360)));
        let ids = PictureIds {
            picture_id: Some(0x1234),
            wide: true,
            tl0_picture_index: Some(0x56),
            key_index: Some(7),
        };
        assert_eq!(found.vp8, Some(ids));
    }

    #[test]
    fn key_frames_begin_with_their_first_packet() {
        assert!(inspect(&[0x10, 0x00]).unwrap().keyframe);
        assert!(!inspect(&[0x10, 0x01]).unwrap().keyframe, "P = 1");
        assert!(!inspect(&[0x00, 0x00]).unwrap().keyframe, "S = 0");
        assert!(!inspect(&[0x11, 0x00]).unwrap().keyframe, "PID = 1");
    }

    #[test]
    fn written_ids_are_read_back_and_nothing_else_changes() {
        let mut payload = KEYFRAME;
        let ids = PictureIds {
            picture_id: Some(0x7fff),
            wide: true,
            tl0_picture_index: Some(1),
            key_index: Some(31),
        };
        assert!(ids.write(&mut payload));
        assert_eq!(inspect(&payload).unwrap().vp8, Some(ids));
        assert_eq!(payload[5], 0x40 | 31, "TID and Y stay");
        assert_eq!(payload[6..], KEYFRAME[6..]);
    }

    #[test]
    fn ids_that_the_payload_lacks_are_not_written() {
        let mut payload = [0x90, 0x80, 0x05, 0x00];
        let ids = PictureIds {
            picture_id: Some(9),
            tl0_picture_index: Some(1),
            ..PictureIds::default()
        };
        assert!(!ids.write(&mut payload));
        let wide = PictureIds {
            picture_id: Some(9),
            wide: true,
            ..PictureIds::default()
        };
        assert!(!wide.write(&mut payload));
        assert_eq!(payload, [0x90, 0x80, 0x05, 0x00]);
    }

    #[test]
    fn descriptors_cut_short_are_malformed() {
        for end in 0..7 {
            let cut = inspect(&KEYFRAME[..end]);
            assert!(cut.is_none_or(|found| found.size.is_none()), "{end}");
        }
        assert!(inspect(&[0x90, 0x40, 0x00, 0x00]).is_none(), "L without T");
    }
}
