//! Compressed SDP (chime-meetings B.6): raw DEFLATE; an answer's dictionary is the one before it.

use std::io::{Error, ErrorKind, Result};

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// Characters of an answer that serve as the next one's dictionary.
const DICTIONARY: usize = 31_744;
/// An answer larger than this is refused.
const LARGEST: usize = 1 << 20;

/// An offer, compressed on its own.
pub fn compress(text: &str) -> Vec<u8> {
    let mut deflate = Compress::new(Compression::default(), false);
    let mut out = Vec::with_capacity(text.len() / 4 + 256);
    loop {
        let read = deflate.total_in() as usize;
        let status = deflate
            .compress_vec(&text.as_bytes()[read..], &mut out, FlushCompress::Finish)
            .expect("compressing has no failures");
        if status == Status::StreamEnd {
            return out;
        }
        out.reserve(out.capacity().max(1024));
    }
}

/// What an answer is read against: the answer before it on the same connection.
#[derive(Default)]
pub struct Answers {
    dictionary: Vec<u8>,
}

impl Answers {
    /// Remembers an answer that came as plain text.
    pub fn plain(&mut self, text: &str) {
        let end = text
            .char_indices()
            .nth(DICTIONARY)
            .map_or(text.len(), |(at, _)| at);
        self.dictionary = text.as_bytes()[..end].to_vec();
    }

    /// The text of a compressed answer.
    pub fn decompress(&mut self, data: &[u8]) -> Result<String> {
        let mut inflate = Decompress::new(false);
        if !self.dictionary.is_empty() {
            inflate
                .set_dictionary(&self.dictionary)
                .map_err(|e| Error::new(ErrorKind::InvalidData, e.to_string()))?;
        }
        let mut out = Vec::with_capacity(16 * 1024);
        loop {
            let read = inflate.total_in() as usize;
            let written = out.len();
            let status = inflate
                .decompress_vec(&data[read..], &mut out, FlushDecompress::Sync)
                .map_err(|e| Error::new(ErrorKind::InvalidData, e.to_string()))?;
            let room = out.capacity() > out.len();
            // AWS ends with a sync flush: all is read and there was room for more.
            let exhausted = inflate.total_in() as usize == data.len() && room;
            if status == Status::StreamEnd || exhausted {
                break;
            }
            if room && out.len() == written && inflate.total_in() as usize == read {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the answer is cut"));
            }
            if out.len() > LARGEST {
                return Err(Error::new(
                    ErrorKind::InvalidData,
                    "the answer is too large",
                ));
            }
            out.reserve(out.capacity().max(1024));
        }
        let text = String::from_utf8(out)
            .map_err(|e| Error::new(ErrorKind::InvalidData, e.to_string()))?;
        self.plain(&text);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_dictionary(text: &str, dictionary: &str, flush: FlushCompress) -> Vec<u8> {
        let mut deflate = Compress::new(Compression::default(), false);
        if !dictionary.is_empty() {
            deflate.set_dictionary(dictionary.as_bytes()).unwrap();
        }
        let mut out = Vec::with_capacity(text.len() + 1024);
        deflate
            .compress_vec(text.as_bytes(), &mut out, flush)
            .unwrap();
        out
    }

    fn answer(version: u32) -> String {
        let mut text = format!("v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\n");
        for line in 0..900 {
            text.push_str(&format!("a=rtpmap:{line} VP8/{version}\r\n"));
        }
        text
    }

    #[test]
    fn an_offer_is_raw_deflate() {
        let text = answer(1);
        let data = compress(&text);
        assert!(data.len() * 4 < text.len());
        assert_eq!(Answers::default().decompress(&data).unwrap(), text);
    }

    #[test]
    fn each_answer_is_read_against_the_one_before() {
        let mut answers = Answers::default();
        let (first, second, third) = (answer(1), answer(2), answer(3));
        for flush in [FlushCompress::Finish, FlushCompress::Sync] {
            answers.plain(&first);
            let data = with_dictionary(&second, &first, flush);
            assert_eq!(answers.decompress(&data).unwrap(), second);
            let data = with_dictionary(&third, &second, flush);
            assert_eq!(answers.decompress(&data).unwrap(), third);
        }
    }

    #[test]
    fn damage_is_an_error() {
        let mut answers = Answers::default();
        assert!(answers.decompress(&[0xff; 32]).is_err());
    }
}
