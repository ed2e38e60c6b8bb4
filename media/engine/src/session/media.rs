//! Sections of a session: how they are declared, and what is written to them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hubbub_router::Wish;
use str0m::media::{KeyframeRequestKind, MediaKind, Mid, Rid};
use str0m::rtp::{ExtensionValues, RtpWrite, Vp8Patch};

use crate::command;
use crate::command::StreamId;
use crate::session::payloads::Format;
use crate::session::{Audio, Camera, Datagram, Encoding, Session, Tile, TileWish};

/// How long a packet of a tile can be asked for again (chime-meetings C.6).
const CACHE_AGE: Duration = Duration::from_millis(1500);
/// And how many packets are held for it at most.
const CACHE_PACKETS: usize = 600;
/// Retransmissions stop where they make up more than this part of a tile's bytes.
const CACHE_RATIO: Option<f32> = Some(0.4);

/// How old the sound of a frame is at least when it is sent: it waited to be mixed.
const AUDIO_AGE: Duration = Duration::from_millis(40);
/// The same in 1/48000 s.
const AUDIO_AGE_SAMPLES: u64 = AUDIO_AGE.as_millis() as u64 * 48;
/// A downlink that loses more than this part gets each frame of audio twice.
const RED_LOSS: f64 = 0.03;

/// A packet of video for a tile.
pub struct VideoPacket<'a> {
    /// Names the tile.
    pub tile: u32,
    /// What it holds.
    pub format: Format,
    /// Ours, of this tile, from 0 and growing.
    pub sequence: u64,
    /// Ours, of this tile.
    pub timestamp: u32,
    /// Last of its frame.
    pub marker: bool,
    /// Shared with the other receivers.
    pub payload: &'a Arc<[u8]>,
    /// What to change in the VP8 descriptor.
    pub patch: Option<Vp8Patch>,
    /// Header extensions of the source.
    pub extensions: ExtensionValues,
    /// When it came.
    pub arrived: Instant,
}

impl Session {
    pub(super) fn configure_audio(&mut self, wanted: Option<&command::Audio>) {
        let Some(wanted) = wanted else {
            return;
        };
        let Some(rtc) = self.rtc.as_mut() else { return };
        let mid: Mid = wanted.mid.as_str().into();
        let known = rtc.media(mid).is_some();
        let mut api = rtc.direct_api();
        if !known {
            api.declare_media(mid, MediaKind::Audio);
        } else if self.audio.as_ref().is_none_or(|audio| audio.mid != mid) {
            return; // A mid of some other section: the answer contradicts itself.
        }
        let before = self.audio.as_ref().and_then(|audio| audio.remote_ssrc);
        let remote_ssrc = wanted.remote_ssrc.filter(|ssrc| *ssrc != 0);
        if before != remote_ssrc {
            if let Some(ssrc) = before {
                api.remove_stream_rx(ssrc.into());
            }
            if let Some(ssrc) = remote_ssrc {
                api.expect_stream_rx(ssrc.into(), None, mid, None)
                    .suppress_nack(true);
            }
        }
        self.audio = Some(Audio {
            mid,
            remote_ssrc,
            ssrc: wanted.ssrc,
            opus_pt: wanted.opus_pt,
            red_pt: wanted.red_pt,
            stereo: wanted.stereo,
            max_bitrate: wanted.max_bitrate,
        });
    }

    pub(super) fn configure_camera(&mut self, wanted: Option<&command::Camera>) {
        let Some(rtc) = self.rtc.as_mut() else { return };
        self.group = wanted.map_or(0, |camera| camera.group);
        let Some(wanted) = wanted else {
            // The section stays known: its packets may come for a while yet, to nobody.
            if let Some(camera) = &mut self.camera {
                camera.encodings.clear();
            }
            return;
        };
        let mid: Mid = wanted.mid.as_str().into();
        let encodings: Vec<Encoding> = wanted
            .encodings
            .iter()
            .map(|encoding| Encoding {
                stream: encoding.stream,
                rid: encoding.rid.clone(),
                ssrc: encoding.ssrc.filter(|ssrc| *ssrc != 0),
            })
            .collect();
        let ours = self.camera.as_ref().is_some_and(|camera| camera.mid == mid);
        if rtc.media(mid).is_some() && !ours {
            return; // A mid of some other section: the answer contradicts itself.
        }
        let known = rtc.media(mid).is_some();
        let mut api = rtc.direct_api();
        if !known {
            // Only these rids, then. A section that begins without rids takes any that come later.
            let media = api.declare_media(mid, MediaKind::Video);
            for rid in encodings
                .iter()
                .filter_map(|encoding| encoding.rid.as_deref())
            {
                media.expect_rid_rx(rid.into());
            }
        }
        let old = self
            .camera
            .take()
            .map_or_else(Vec::new, |camera| camera.encodings);
        for gone in old.iter().filter_map(|encoding| encoding.ssrc) {
            if !encodings.iter().any(|encoding| encoding.ssrc == Some(gone)) {
                api.remove_stream_rx(gone.into());
            }
        }
        for (encoding, wanted) in encodings.iter().zip(&wanted.encodings) {
            if let Some(ssrc) = encoding.ssrc {
                let rtx = wanted.rtx_ssrc.filter(|rtx| *rtx != 0 && *rtx != ssrc);
                let rid = encoding.rid.as_deref().map(Rid::from);
                api.expect_stream_rx(ssrc.into(), rtx.map(Into::into), mid, rid);
            }
        }
        self.camera = Some(Camera { mid, encodings });
    }

    pub(super) fn configure_tiles(&mut self, wanted: &[command::Tile]) {
        let Some(rtc) = self.rtc.as_mut() else { return };
        let mut tiles: Vec<Tile> = Vec::with_capacity(wanted.len());
        for tile in wanted.iter().filter(|tile| tile.ssrc != 0) {
            let tile = Tile {
                mid: tile.mid.as_str().into(),
                ssrc: tile.ssrc,
                rtx_ssrc: tile.rtx_ssrc,
            };
            if !tiles
                .iter()
                .any(|t| t.ssrc == tile.ssrc || t.mid == tile.mid)
            {
                tiles.push(tile);
            }
        }
        for gone in self.tiles.iter().filter(|tile| !tiles.contains(tile)) {
            rtc.direct_api().remove_media(gone.mid);
        }
        self.tiles.retain(|tile| tiles.contains(tile));
        for tile in tiles {
            if self.tiles.contains(&tile) || rtc.media(tile.mid).is_some() {
                continue;
            }
            let mut api = rtc.direct_api();
            if api.stream_tx(&tile.ssrc.into()).is_some() {
                continue;
            }
            api.declare_media(tile.mid, MediaKind::Video);
            let rtx = (tile.rtx_ssrc != 0).then(|| tile.rtx_ssrc.into());
            let stream = api.declare_stream_tx(tile.ssrc.into(), rtx, tile.mid, None);
            stream.set_rtx_cache(CACHE_PACKETS, CACHE_AGE, CACHE_RATIO);
            self.tiles.push(tile);
        }
    }

    /// The tiles that can show something.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The tile of a section.
    pub fn tile_of(&self, mid: &str) -> Option<u32> {
        let mid: Mid = mid.into();
        self.tiles
            .iter()
            .find(|tile| tile.mid == mid)
            .map(|tile| tile.ssrc)
    }

    /// Whether the client has audio, and how it wants the mix: stereo, bit/s at most.
    pub fn audio(&self) -> Option<(bool, u32)> {
        let audio = self.audio.as_ref()?;
        Some((audio.stereo, audio.max_bitrate))
    }

    /// Whether it gets the mix: a share's session plays nothing (chime-meetings C.5).
    pub fn hears(&self) -> bool {
        self.connected && self.audio.is_some() && !self.content
    }

    /// Where RED would help: its payload type of Opus.
    pub fn wants_red(&self) -> Option<u8> {
        let audio = self.audio.as_ref()?;
        audio.red_pt?;
        let loss = self.downlink.loss().unwrap_or(0.0).max(self.mix_loss);
        (loss > RED_LOSS).then_some(audio.opus_pt)
    }

    /// Sends 20 ms of the mix; `time` is the mixer's, at 48 kHz, and `ntp` what `now` is by the
    /// wall clock.
    pub fn write_audio(
        &mut self,
        payload: &[u8],
        red: bool,
        time: u64,
        (now, ntp): (Instant, u64),
        out: &mut Vec<Datagram>,
    ) {
        let (Some(mix), Some(audio)) = (self.mix.as_mut(), self.audio.as_ref()) else {
            return;
        };
        let Some((protocol, destination)) = self.path.filter(|_| self.connected) else {
            return;
        };
        let pt = match audio.red_pt {
            Some(pt) if red => pt,
            _ => audio.opus_pt,
        };
        let mut send = |contents| {
            out.push(Datagram {
                protocol,
                destination,
                contents,
            });
        };
        send(mix.packet(audio.ssrc, pt, time as u32, payload));
        if let Some(report) = mix.report(now, ntp, (time + AUDIO_AGE_SAMPLES) as u32) {
            send(report);
        }
    }

    /// Writes a packet of video. False: the client has no payload type for it, or no such tile.
    pub fn write_video(&mut self, packet: VideoPacket<'_>) -> bool {
        let Some(rtc) = self.rtc.as_mut() else {
            return false;
        };
        if !self.connected {
            return false;
        }
        let Some(pt) = self.payloads.number_of(packet.format) else {
            return false;
        };
        let mut api = rtc.direct_api();
        let Some(stream) = api.stream_tx(&packet.tile.into()) else {
            return false;
        };
        let mut write = RtpWrite::new(
            pt.into(),
            packet.sequence.into(),
            packet.timestamp,
            packet.arrived,
            Arc::clone(packet.payload),
        )
        .marker(packet.marker)
        .nackable(self.payloads.retransmits(pt))
        .ext_vals(packet.extensions);
        if let Some(patch) = packet.patch {
            write = write.vp8_patch(patch);
        }
        stream.write_rtp(write);
        self.dirty = true;
        true
    }

    /// Forgets what was sent to the tiles, so that nothing of it is sent again.
    pub fn forget_video(&mut self) {
        let Some(rtc) = self.rtc.as_mut() else { return };
        let mut api = rtc.direct_api();
        for tile in &self.tiles {
            if let Some(stream) = api.stream_tx(&tile.ssrc.into()) {
                stream.set_rtx_cache(CACHE_PACKETS, CACHE_AGE, CACHE_RATIO);
            }
        }
        self.dirty = true;
    }

    /// Asks the client for a key frame. False: it does not send this stream, or has not yet.
    pub fn request_keyframe(&mut self, stream: StreamId) -> bool {
        let (Some(rtc), Some(camera)) = (self.rtc.as_mut(), self.camera.as_ref()) else {
            return false;
        };
        let Some(encoding) = camera.encodings.iter().find(|e| e.stream == stream) else {
            return false;
        };
        let mut api = rtc.direct_api();
        let stream = match (encoding.rid.as_deref(), encoding.ssrc) {
            (None, Some(ssrc)) => api.stream_rx(&ssrc.into()),
            (rid, _) => api.stream_rx_by_mid(camera.mid, rid.map(Rid::from)),
        };
        if let Some(stream) = stream {
            stream.request_keyframe(KeyframeRequestKind::Pli);
            self.dirty = true;
            return true;
        }
        false
    }

    /// What its tiles shall show by the `configure` itself. A tile whose source is still the one
    /// before keeps what a `subscribe` has said of it since.
    pub fn take_wishes(&mut self, command: &command::Configure) {
        let mut wishes = Vec::with_capacity(command.tiles.len());
        for tile in &command.tiles {
            let named = (tile.stream, tile.group);
            let kept = self
                .wishes
                .iter()
                .find(|w| w.mid == tile.mid && w.named == named);
            let wish = match kept {
                Some(kept) => kept.wish,
                None => (named != (0, 0)).then(|| Wish {
                    stream: tile.stream,
                    group: tile.group,
                    ..Wish::default()
                }),
            };
            wishes.push(TileWish {
                mid: tile.mid.clone(),
                named,
                wish,
            });
        }
        self.wishes = wishes;
    }

    /// What a tile shall show from now on.
    pub fn set_wish(&mut self, mid: &str, wish: Option<Wish>) {
        if let Some(known) = self.wishes.iter_mut().find(|known| known.mid == mid) {
            known.wish = wish;
        }
    }

    /// What each tile shall show.
    pub fn wishes(&self) -> Vec<(u32, Option<Wish>)> {
        let tile = |wish: &TileWish| Some((self.tile_of(&wish.mid)?, wish.wish));
        self.wishes.iter().filter_map(tile).collect()
    }
}
