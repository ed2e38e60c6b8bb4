//! Stream descriptors as real clients send them in SUBSCRIBE (chime-meetings B.5).

use super::frames::{SdkStreamDescriptor, SdkStreamMediaType};

/// The descriptor that real clients send for the microphone; its numbers mean nothing.
pub fn audio() -> SdkStreamDescriptor {
    SdkStreamDescriptor {
        stream_id: Some(1),
        group_id: Some(1),
        framerate: Some(15),
        max_bitrate_kbps: Some(600),
        avg_bitrate_bps: Some(400_000),
        track_label: Some("AmazonChimeExpressAudio".to_owned()),
        media_type: Some(SdkStreamMediaType::Audio as i32),
        ..Default::default()
    }
}

/// The descriptor of one of so many encodings of the camera.
pub fn video(at: usize, label: &str, kbps: u32, of: usize) -> SdkStreamDescriptor {
    SdkStreamDescriptor {
        // One encoding is stream 2 of group 2; simulcast layers have no ids at first.
        stream_id: (of == 1).then_some(2 + at as u32),
        group_id: (of == 1).then_some(2),
        framerate: Some(15),
        max_bitrate_kbps: Some(kbps),
        track_label: Some(label.to_owned()),
        media_type: Some(SdkStreamMediaType::Video as i32),
        ..Default::default()
    }
}
