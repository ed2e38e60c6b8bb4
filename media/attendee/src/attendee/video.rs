//! What is seen of one tile: counted, and recorded where asked.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use str0m::format::Codec;
use str0m::media::MediaData;

use super::tiles::Source;
use crate::files::ivf;
use crate::video;

/// Requests for key frames of one tile are so far apart.
const THROTTLE: Duration = Duration::from_millis(500);

/// One tile's frames.
#[derive(Debug)]
pub struct Watched {
    /// What it shows now.
    pub source: Source,
    since: Instant,
    record: Option<PathBuf>,
    recorder: Option<ivf::Recorder>,
    codec: Option<Codec>,
    size: (u16, u16),
    began: Option<Instant>,
    frames: u64,
    key_frames: u64,
    lost: u64,
    bytes: u64,
    waiting: bool,
    asked: Option<Instant>,
}

impl Watched {
    /// A tile that was asked for at `since`.
    pub fn new(source: &Source, since: Instant, directory: Option<&Path>) -> Watched {
        let name = format!("{}-{}.ivf", source.attendee_id, source.stream);
        Watched {
            source: source.clone(),
            since,
            record: directory.map(|d| d.join(name.replace(['/', '#'], "_"))),
            recorder: None,
            codec: None,
            size: (0, 0),
            began: None,
            frames: 0,
            key_frames: 0,
            lost: 0,
            bytes: 0,
            waiting: true,
            asked: None,
        }
    }

    /// Takes a frame; true if it is the first that can be shown.
    pub fn frame(&mut self, data: &MediaData, now: Instant) -> io::Result<bool> {
        let codec = data.params.spec().codec;
        let key = ivf::is_key(codec, &data.data) || codec == Codec::H264 && h264_is_key(&data.data);
        if !data.contiguous && self.began.is_some() {
            self.lost += 1;
            self.waiting = true;
        }
        if self.codec.is_some_and(|had| had != codec) {
            self.waiting = true;
        }
        if key {
            self.key_frames += 1;
            self.waiting = false;
            self.codec = Some(codec);
            if let Some(size) = video::dimensions(codec, &data.data) {
                self.size = size;
            }
        }
        if self.waiting {
            return Ok(false);
        }
        self.frames += 1;
        self.bytes += data.data.len() as u64;
        let first = self.began.is_none();
        let began = *self.began.get_or_insert(now);
        if self.recorder.is_none()
            && ivf::fourcc(codec).is_some()
            && let Some(path) = self.record.take()
        {
            self.recorder = Some(ivf::Recorder::create(&path, codec)?);
        }
        if let Some(recorder) = &mut self.recorder {
            recorder.write(now - began, &data.data)?;
        }
        Ok(first)
    }

    /// Whether to ask for a key frame now.
    pub fn wants_keyframe(&mut self, now: Instant) -> bool {
        let wants = self.waiting && self.asked.is_none_or(|at| now - at >= THROTTLE);
        if wants {
            self.asked = Some(now);
        }
        wants
    }

    /// The members of its first frame's event.
    pub fn describe_first(&self, now: Instant) -> Value {
        json!({"attendee": self.source.attendee_id, "stream": self.source.stream,
               "codec": self.codec.map(|c| c.to_string()), "width": self.size.0,
               "height": self.size.1, "ms": (now - self.since).as_millis()})
    }

    /// Which tile it is.
    pub fn describe(&self) -> Value {
        json!({"attendee": self.source.attendee_id, "stream": self.source.stream,
               "group": self.source.group})
    }

    /// What came since the last call.
    pub fn take(&mut self) -> Value {
        let value = json!({"attendee": self.source.attendee_id, "stream": self.source.stream,
            "frames": self.frames, "key_frames": self.key_frames, "lost": self.lost,
            "kbps": self.bytes * 8 / 1000, "width": self.size.0, "height": self.size.1});
        (self.frames, self.key_frames, self.lost, self.bytes) = (0, 0, 0, 0);
        value
    }

    /// Completes the recording.
    pub fn finish(self) -> io::Result<()> {
        self.recorder.map_or(Ok(()), ivf::Recorder::finish)
    }
}

/// An access unit in Annex B form that holds a sequence parameter set or an IDR slice.
fn h264_is_key(unit: &[u8]) -> bool {
    unit.windows(4)
        .any(|w| w[..3] == [0, 0, 1] && matches!(w[3] & 0x1f, 5 | 7))
}
