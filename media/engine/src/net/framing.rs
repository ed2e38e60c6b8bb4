//! Framing of datagrams on TCP: a length of two bytes before each (RFC 4571).

use crate::core::DATAGRAM_MAX;

/// The longest frame that is taken; a longer one ends the connection.
pub const FRAME_MAX: usize = DATAGRAM_MAX;

/// A frame is longer than [`FRAME_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

/// Takes bytes as they come and hands out the datagrams in them.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
    start: usize,
}

impl Frames {
    /// Begins with bytes that came already.
    pub fn with(bytes: Vec<u8>) -> Frames {
        Frames {
            buffer: bytes,
            start: 0,
        }
    }

    /// More bytes came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole frame. Never holds more than one incomplete frame after it has said `None`.
    pub fn take(&mut self) -> Result<Option<&[u8]>, TooLong> {
        let rest = &self.buffer[self.start..];
        let Some((length, rest)) = rest.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let length = usize::from(u16::from_be_bytes(*length));
        if length > FRAME_MAX {
            return Err(TooLong);
        }
        if rest.len() < length {
            return Ok(None);
        }
        let at = self.start + 2;
        self.start = at + length;
        Ok(Some(&self.buffer[at..at + length]))
    }

    /// What has not been handed out.
    pub fn rest(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

/// Appends a datagram with its length.
pub fn write_frame(datagram: &[u8], out: &mut Vec<u8>) {
    let Ok(length) = u16::try_from(datagram.len()) else {
        return;
    };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(datagram);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(frames: &mut Frames) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        while let Ok(Some(frame)) = frames.take() {
            found.push(frame.to_vec());
        }
        found
    }

    #[test]
    fn frames_come_out_whole_however_the_bytes_come_in() {
        let datagrams = [vec![1; 3], vec![], vec![2; FRAME_MAX], vec![3]];
        let mut wire = Vec::new();
        datagrams
            .iter()
            .for_each(|datagram| write_frame(datagram, &mut wire));
        for size in [1, 2, 3, 7, 1000, wire.len()] {
            let mut frames = Frames::default();
            let mut found = Vec::new();
            for piece in wire.chunks(size) {
                frames.push(piece);
                found.extend(all(&mut frames));
            }
            assert_eq!(found, datagrams);
            assert!(frames.rest().is_empty());
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_not_waited_for() {
        let mut frames = Frames::default();
        frames.push(&(FRAME_MAX as u16 + 1).to_be_bytes());
        assert_eq!(frames.take(), Err(TooLong));
    }
}
