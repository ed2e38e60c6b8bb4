//! Ogg Opus (RFC 7845): the packets of one stream.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Error, ErrorKind};
use std::path::Path;

use ogg::writing::PacketWriteEndInfo;
use ogg::{PacketReader, PacketWriter};

const SERIAL: u32 = 0x6875_6262;
/// Packets on one page: one second.
const PAGE: u64 = 50;

/// A whole file.
#[derive(Clone, Debug)]
pub struct Recording {
    /// 1 or 2.
    pub channels: u8,
    /// In order; each says its own length.
    pub packets: Vec<Vec<u8>>,
}

fn invalid(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidData, why.to_string())
}

impl Recording {
    /// Reads a file whole.
    pub fn open(path: &Path) -> io::Result<Recording> {
        let mut reader = PacketReader::new(BufReader::new(File::open(path)?));
        let head = reader
            .read_packet()
            .map_err(invalid)?
            .filter(|p| p.data.starts_with(b"OpusHead") && p.data.len() >= 19)
            .ok_or_else(|| invalid("no Ogg Opus file"))?;
        let channels = head.data[9];
        if !(1..=2).contains(&channels) {
            return Err(invalid("neither mono nor stereo"));
        }
        let mut packets = Vec::new();
        while let Some(packet) = reader.read_packet().map_err(invalid)? {
            if !packet.data.starts_with(b"OpusTags") && !packet.data.is_empty() {
                packets.push(packet.data);
            }
        }
        if packets.is_empty() {
            return Err(invalid("no sound in the file"));
        }
        Ok(Recording { channels, packets })
    }
}

/// Writes packets to a file.
pub struct Recorder {
    writer: PacketWriter<'static, BufWriter<File>>,
    pending: Option<Vec<u8>>,
    granule: u64,
    count: u64,
}

impl Recorder {
    /// Creates the file.
    pub fn create(path: &Path, channels: u8) -> io::Result<Recorder> {
        let mut writer = PacketWriter::new(BufWriter::new(File::create(path)?));
        let mut head = b"OpusHead\x01".to_vec();
        head.push(channels);
        head.extend_from_slice(&0u16.to_le_bytes());
        head.extend_from_slice(&48_000u32.to_le_bytes());
        head.extend_from_slice(&[0, 0, 0]);
        writer.write_packet(head, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        let vendor = b"hubbub";
        let mut tags = b"OpusTags".to_vec();
        tags.extend_from_slice(&(vendor.len() as u32).to_le_bytes());
        tags.extend_from_slice(vendor);
        tags.extend_from_slice(&0u32.to_le_bytes());
        writer.write_packet(tags, SERIAL, PacketWriteEndInfo::EndPage, 0)?;
        Ok(Recorder {
            writer,
            pending: None,
            granule: 0,
            count: 0,
        })
    }

    /// Appends a packet of so many samples (48 kHz).
    pub fn write(&mut self, packet: &[u8], samples: u64) -> io::Result<()> {
        self.write_pending(false)?;
        self.granule += samples;
        self.pending = Some(packet.to_vec());
        Ok(())
    }

    // The last packet has to be marked as such, so each waits for the next.
    fn write_pending(&mut self, last: bool) -> io::Result<()> {
        let Some(packet) = self.pending.take() else {
            return Ok(());
        };
        self.count += 1;
        let end = if last {
            PacketWriteEndInfo::EndStream
        } else if self.count.is_multiple_of(PAGE) {
            PacketWriteEndInfo::EndPage
        } else {
            PacketWriteEndInfo::NormalPacket
        };
        self.writer.write_packet(packet, SERIAL, end, self.granule)
    }

    /// Ends the stream.
    pub fn finish(mut self) -> io::Result<()> {
        self.write_pending(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_recorded_can_be_played() {
        let path = std::env::temp_dir().join(format!("mix-{}.opus", std::process::id()));
        let mut recorder = Recorder::create(&path, 2).unwrap();
        let packets: Vec<Vec<u8>> = (0..120u8).map(|i| vec![0xfc, i, 3]).collect();
        for packet in &packets {
            recorder.write(packet, 960).unwrap();
        }
        recorder.finish().unwrap();
        let recording = Recording::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(recording.channels, 2);
        assert_eq!(recording.packets, packets);
    }
}
