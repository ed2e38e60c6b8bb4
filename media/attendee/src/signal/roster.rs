//! Who is present: what AUDIO_STREAM_ID_INFO frames add up to (chime-meetings B.8).

use std::collections::BTreeMap;

use super::frames::SdkAudioStreamIdInfo;

/// One audio connection of the meeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// With `#content` for a content share.
    pub attendee_id: String,
    /// As given to CreateAttendee.
    pub external_user_id: String,
    /// Has muted itself.
    pub muted: bool,
}

/// A difference between two rosters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Came, or is known now.
    Joined(u32, Present),
    /// Muted or unmuted.
    Muted(u32, Present),
    /// Went; the flag says that it was dropped.
    Left(u32, Present, bool),
}

/// Audio stream ids and who has them.
#[derive(Debug, Default)]
pub struct Roster {
    present: BTreeMap<u32, Present>,
}

impl Roster {
    /// Forgets everybody; the next frame is complete.
    pub fn clear(&mut self) {
        self.present.clear();
    }

    /// Who has `audio_stream_id`.
    pub fn get(&self, audio_stream_id: u32) -> Option<&Present> {
        self.present.get(&audio_stream_id)
    }

    /// Everybody, by audio stream id.
    pub fn iter(&self) -> impl Iterator<Item = (&u32, &Present)> {
        self.present.iter()
    }

    /// Takes one frame and says what it changed.
    pub fn update(&mut self, streams: &[SdkAudioStreamIdInfo]) -> Vec<Change> {
        let mut changes = Vec::new();
        for info in streams {
            let Some(id) = info.audio_stream_id.filter(|id| *id != 0) else {
                continue;
            };
            match (&info.attendee_id, info.muted) {
                (Some(attendee_id), muted) => {
                    let present = Present {
                        attendee_id: attendee_id.clone(),
                        external_user_id: info.external_user_id().to_owned(),
                        muted: muted.unwrap_or(false),
                    };
                    self.present.insert(id, present.clone());
                    changes.push(Change::Joined(id, present));
                }
                (None, Some(muted)) => {
                    if let Some(present) = self.present.get_mut(&id) {
                        present.muted = muted;
                        changes.push(Change::Muted(id, present.clone()));
                    }
                }
                (None, None) => {
                    if let Some(present) = self.present.remove(&id) {
                        changes.push(Change::Left(id, present, info.dropped()));
                    }
                }
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(id: u32, attendee: Option<&str>, muted: Option<bool>) -> SdkAudioStreamIdInfo {
        SdkAudioStreamIdInfo {
            audio_stream_id: Some(id),
            attendee_id: attendee.map(str::to_owned),
            muted,
            ..Default::default()
        }
    }

    #[test]
    fn joins_mutes_and_leaves_add_up() {
        let mut roster = Roster::default();
        let changes = roster.update(&[info(1, Some("a"), Some(false)), info(2, Some("b"), None)]);
        assert_eq!(changes.len(), 2);
        assert!(matches!(
            &roster.update(&[info(2, None, Some(true))])[..],
            [Change::Muted(2, present)] if present.muted && present.attendee_id == "b"
        ));
        let mut leave = info(1, None, None);
        leave.dropped = Some(true);
        assert!(matches!(
            &roster.update(&[leave])[..],
            [Change::Left(1, present, true)] if present.attendee_id == "a"
        ));
        assert_eq!(roster.iter().count(), 1);
        assert!(
            roster
                .update(&[info(0, Some("x"), None), info(9, None, None)])
                .is_empty()
        );
    }
}
