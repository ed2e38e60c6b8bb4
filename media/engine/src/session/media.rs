//! Sections of a session: what they are, and what is sent in them.

use std::time::Instant;

use hubbub_router::Wish;
use str0m::media::{KeyframeRequestKind, MediaKind, Mid, Rid};

use crate::command;
use crate::command::StreamId;
use crate::session::egress::{AudioStream, TileStream, VideoPacket};
use crate::session::{Audio, Camera, Datagram, Encoding, Session, TileWish};

/// A downlink that loses more than this part gets each frame of audio twice.
const RED_LOSS: f64 = 0.03;

/// Inactive sections whose numbers are remembered; more than any client has.
const IDLE_MAX: usize = 256;

fn take<T>(all: &mut Vec<T>, wanted: impl Fn(&T) -> bool) -> Option<T> {
    let at = all.iter().position(wanted)?;
    Some(all.remove(at))
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
        let stream = match self.audio.take() {
            Some(audio) if audio.stream.ssrc() == wanted.ssrc => audio.stream,
            _ => AudioStream::new(wanted.ssrc, &wanted.mid),
        };
        self.audio = Some(Audio {
            mid,
            remote_ssrc,
            stream,
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
        let others = [
            self.audio.as_ref().map(|audio| audio.mid),
            self.camera.as_ref().map(|camera| camera.mid),
        ];
        let mut tiles: Vec<TileStream> = Vec::with_capacity(wanted.len());
        for tile in wanted.iter().filter(|tile| tile.ssrc != 0) {
            let named = |known: &TileStream| {
                known.ssrcs() == (tile.ssrc, tile.rtx_ssrc) && known.mid() == tile.mid
            };
            let clashes =
                |known: &TileStream| known.ssrcs().0 == tile.ssrc || known.mid() == tile.mid;
            if tiles.iter().any(clashes) || others.contains(&Some(tile.mid.as_str().into())) {
                continue; // The answer contradicts itself.
            }
            let taken = take(&mut self.tiles, named).or_else(|| take(&mut self.idle, named));
            let new = || TileStream::new(tile.ssrc, tile.rtx_ssrc, &tile.mid);
            tiles.push(taken.unwrap_or_else(new));
        }
        // A section that is inactive for a while goes on with its ssrc, and so with its numbers.
        self.forget_video();
        self.idle.append(&mut self.tiles);
        let surplus = self.idle.len().saturating_sub(IDLE_MAX);
        self.idle.drain(..surplus);
        self.tiles = tiles;
    }

    /// Ssrcs of the tiles and of sections that may become tiles again.
    pub fn sections(&self) -> Vec<u32> {
        let all = self.tiles.iter().chain(&self.idle);
        all.map(|tile| tile.ssrcs().0).collect()
    }

    /// Ssrcs of the tiles that can show something.
    pub fn tiles(&self) -> impl Iterator<Item = u32> + '_ {
        self.tiles.iter().map(|tile| tile.ssrcs().0)
    }

    /// Whether it has any.
    pub fn has_tiles(&self) -> bool {
        !self.tiles.is_empty()
    }

    /// The tile of a section.
    pub fn tile_of(&self, mid: &str) -> Option<u32> {
        let tile = self.tiles.iter().find(|tile| tile.mid() == mid)?;
        Some(tile.ssrcs().0)
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

    /// Sends 20 ms of the mix; `time` is the mixer's, at 48 kHz.
    pub fn write_audio(
        &mut self,
        payload: &[u8],
        red: bool,
        time: u64,
        now: Instant,
        out: &mut Vec<Datagram>,
    ) {
        let Some(((egress, path), audio)) =
            self.egress.as_mut().zip(self.path).zip(self.audio.as_mut())
        else {
            return;
        };
        if !self.connected {
            return;
        }
        let pt = match audio.red_pt {
            Some(pt) if red => pt,
            _ => audio.opus_pt,
        };
        let frame = (pt, time as u32, payload);
        // Without video there is nothing to choose by an estimate, and feedback of 50 packets a
        // second costs as much as they do. What gets lost is then in the client's reports.
        let numbered = !self.tiles.is_empty();
        let contents = audio
            .stream
            .packet(frame, numbered, egress, &mut self.downlink, now);
        out.push(path.carry(contents));
    }

    /// Sends a packet of video. False: the client has no payload type for it, or no such tile.
    pub fn write_video(
        &mut self,
        packet: &VideoPacket<'_>,
        now: Instant,
        out: &mut Vec<Datagram>,
    ) -> bool {
        let Some((egress, path)) = self.egress.as_mut().zip(self.path) else {
            return false;
        };
        if !self.connected {
            return false;
        }
        let Some(pt) = self.payloads.number_of(packet.format) else {
            return false;
        };
        let Some(tile) = self.tiles.iter_mut().find(|t| t.ssrcs().0 == packet.tile) else {
            return false;
        };
        let pts = (pt, self.payloads.rtx_of(pt));
        let contents = tile.packet(packet, pts, egress, &mut self.downlink, now);
        out.extend(contents.map(|contents| path.carry(contents)));
        true
    }

    /// Sends again what the client says that it misses of the tile with this ssrc.
    pub(super) fn repair(&mut self, ssrc: u32, missing: &[u16], out: &mut Vec<Datagram>) {
        let now = self.clock;
        let Some((egress, path)) = self.egress.as_mut().zip(self.path) else {
            return;
        };
        let Some(tile) = self.tiles.iter_mut().find(|tile| tile.ssrcs().0 == ssrc) else {
            return;
        };
        for number in missing {
            let contents = tile.again(*number, egress, &mut self.downlink, now);
            out.extend(contents.map(|contents| path.carry(contents)));
        }
    }

    /// Sends the reports of all streams; `now` is `ntp` by the wall clock.
    pub fn report(&mut self, now: Instant, ntp: u64, out: &mut Vec<Datagram>) {
        let Some((egress, path)) = self.egress.as_mut().zip(self.path) else {
            return;
        };
        let audio = self
            .audio
            .as_ref()
            .and_then(|audio| audio.stream.report(now, ntp));
        let tiles = self.tiles.iter().filter_map(|tile| tile.report(now, ntp));
        let senders: Vec<_> = audio.into_iter().chain(tiles).collect();
        out.extend(
            egress
                .reports(&senders)
                .map(|contents| path.carry(contents)),
        );
    }

    /// Forgets what was sent to the tiles, so that nothing of it is sent again.
    pub fn forget_video(&mut self) {
        self.tiles.iter_mut().for_each(TileStream::forget);
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
