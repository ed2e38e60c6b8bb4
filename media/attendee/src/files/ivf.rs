//! IVF: a header of 32 bytes, then frames behind headers of 12, little-endian.

use std::fs::File;
use std::io::{self, BufWriter, Error, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use str0m::format::{Codec, detect_av1_keyframe, detect_vp8_keyframe, detect_vp9_keyframe};

use crate::video;

const SIGNATURE: &[u8; 4] = b"DKIF";
const HEADER: usize = 32;
const FRAME_HEADER: usize = 12;

/// One frame of a movie.
#[derive(Clone, Debug)]
pub struct Frame {
    /// From the movie's start.
    pub at: Duration,
    /// Decodes without any frame before it.
    pub key: bool,
    /// As the encoder gave it.
    pub data: Arc<[u8]>,
}

/// A whole file.
#[derive(Clone, Debug)]
pub struct Movie {
    /// VP8, VP9 or AV1.
    pub codec: Codec,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
    /// In order of time; the first is a key frame.
    pub frames: Vec<Frame>,
    /// Until the first frame comes again.
    pub length: Duration,
}

/// The FourCC of a codec that IVF carries.
pub fn fourcc(codec: Codec) -> Option<&'static [u8; 4]> {
    match codec {
        Codec::Vp8 => Some(b"VP80"),
        Codec::Vp9 => Some(b"VP90"),
        Codec::Av1 => Some(b"AV01"),
        _ => None,
    }
}

/// Whether `frame` is a key frame.
pub fn is_key(codec: Codec, frame: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => video::vp8_is_key(frame),
        Codec::Vp9 => video::vp9_is_key(frame),
        Codec::Av1 => video::av1_is_key(frame),
        _ => false,
    }
}

/// Whether the RTP payload begins a key frame.
pub fn payload_is_key(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => detect_vp8_keyframe(payload),
        Codec::Vp9 => detect_vp9_keyframe(payload),
        Codec::Av1 => detect_av1_keyframe(payload),
        _ => false,
    }
}

fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::InvalidData, why.to_owned())
}

fn number(data: &[u8], at: usize, bytes: usize) -> u64 {
    data[at..at + bytes]
        .iter()
        .rev()
        .fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

impl Movie {
    /// Reads a file whole.
    pub fn open(path: &Path) -> io::Result<Movie> {
        Movie::parse(&std::fs::read(path)?)
    }

    /// Takes a file apart.
    pub fn parse(data: &[u8]) -> io::Result<Movie> {
        if data.len() < HEADER || &data[..4] != SIGNATURE {
            return Err(invalid("no IVF file"));
        }
        let codec = match &data[8..12] {
            b"VP80" => Codec::Vp8,
            b"VP90" => Codec::Vp9,
            b"AV01" => Codec::Av1,
            _ => {
                return Err(invalid(
                    "an IVF file of another codec than VP8, VP9 and AV1",
                ));
            }
        };
        let (rate, scale) = (number(data, 16, 4).max(1), number(data, 20, 4).max(1));
        let tick = |pts: u64| {
            Duration::from_nanos(
                (u128::from(pts) * u128::from(scale) * 1_000_000_000 / u128::from(rate)) as u64,
            )
        };
        let mut frames = Vec::<Frame>::new();
        let mut at = usize::max(number(data, 6, 2) as usize, HEADER);
        let mut first = 0;
        while at + FRAME_HEADER <= data.len() {
            let size = number(data, at, 4) as usize;
            let pts = number(data, at + 4, 8);
            at += FRAME_HEADER;
            let frame = data
                .get(at..at + size)
                .ok_or_else(|| invalid("the last frame is cut"))?;
            at += size;
            let key = is_key(codec, frame);
            if frames.is_empty() {
                if !key {
                    continue;
                }
                first = pts;
            }
            frames.push(Frame {
                at: tick(pts.saturating_sub(first)),
                key,
                data: frame.into(),
            });
        }
        let last = frames.last().ok_or_else(|| invalid("no key frame"))?.at;
        let step = frames
            .get(frames.len().saturating_sub(2))
            .map_or(Duration::ZERO, |f| last - f.at);
        let step = if step.is_zero() {
            Duration::from_millis(33)
        } else {
            step
        };
        Ok(Movie {
            codec,
            width: number(data, 12, 2) as u16,
            height: number(data, 14, 2) as u16,
            frames,
            length: last + step,
        })
    }
}

/// Writes frames to a file; times are in milliseconds.
#[derive(Debug)]
pub struct Recorder {
    file: BufWriter<File>,
    codec: Codec,
    size: (u16, u16),
    frames: u32,
}

impl Recorder {
    /// Creates the file.
    pub fn create(path: &Path, codec: Codec) -> io::Result<Recorder> {
        let mut file = BufWriter::new(File::create(path)?);
        let fourcc = fourcc(codec).ok_or_else(|| invalid("IVF does not carry this codec"))?;
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(SIGNATURE);
        header.extend_from_slice(&[0, 0, HEADER as u8, 0]);
        header.extend_from_slice(fourcc);
        header.extend_from_slice(&[0; 4]);
        header.extend_from_slice(&1000u32.to_le_bytes());
        header.extend_from_slice(&1u32.to_le_bytes());
        header.extend_from_slice(&[0; 8]);
        file.write_all(&header)?;
        Ok(Recorder {
            file,
            codec,
            size: (0, 0),
            frames: 0,
        })
    }

    /// Appends a frame.
    pub fn write(&mut self, at: Duration, frame: &[u8]) -> io::Result<()> {
        if let Some(size) = video::dimensions(self.codec, frame) {
            self.size = size;
        }
        // AV1 in RTP has no temporal delimiters, in IVF every frame begins with one.
        let delimiter: &[u8] = match (self.codec, frame) {
            (Codec::Av1, [0x12, 0x00, ..]) => &[],
            (Codec::Av1, _) => &[0x12, 0x00],
            _ => &[],
        };
        self.file
            .write_all(&((delimiter.len() + frame.len()) as u32).to_le_bytes())?;
        self.file
            .write_all(&(at.as_millis() as u64).to_le_bytes())?;
        self.file.write_all(delimiter)?;
        self.file.write_all(frame)?;
        self.frames += 1;
        Ok(())
    }

    /// Completes the header.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(12))?;
        self.file.write_all(&self.size.0.to_le_bytes())?;
        self.file.write_all(&self.size.1.to_le_bytes())?;
        self.file.seek(SeekFrom::Start(24))?;
        self.file.write_all(&self.frames.to_le_bytes())?;
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_can_be_played() {
        let directory = std::env::temp_dir().join(format!("ivf-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("tile.ivf");
        let mut recorder = Recorder::create(&path, Codec::Vp8).unwrap();
        let key = video::vp8_frame(true, 640, 360, 500);
        let delta = video::vp8_frame(false, 640, 360, 50);
        // A movie begins with its first key frame.
        recorder.write(Duration::from_millis(0), &delta).unwrap();
        recorder.write(Duration::from_millis(40), &key).unwrap();
        recorder.write(Duration::from_millis(80), &delta).unwrap();
        recorder.finish().unwrap();
        let movie = Movie::open(&path).unwrap();
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(
            (movie.codec, movie.width, movie.height),
            (Codec::Vp8, 640, 360)
        );
        assert_eq!(movie.frames.len(), 2);
        assert_eq!(movie.frames[1].at, Duration::from_millis(40));
        assert_eq!(movie.length, Duration::from_millis(80));
        assert_eq!(&movie.frames[0].data[..], &key[..]);
    }

    #[test]
    fn files_that_are_cut_or_no_movie_are_refused() {
        assert!(Movie::parse(b"RIFF").is_err());
        let mut data = vec![0; HEADER];
        data[..4].copy_from_slice(SIGNATURE);
        data[8..12].copy_from_slice(b"VP80");
        assert!(Movie::parse(&data).is_err());
        data.extend_from_slice(&[100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert!(Movie::parse(&data).is_err());
    }
}
