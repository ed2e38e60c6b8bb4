//! Sections of a session: what they are, and what is sent in them.

use std::time::Instant;

use hubbub_router::Wish;
use hubbub_rtp::rtcp::picture_loss;

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
        if self.camera.as_ref().is_some_and(|it| it.mid == wanted.mid) {
            return; // The answer contradicts itself.
        }
        let stream = match self.audio.take() {
            Some(audio) if audio.stream.ssrc() == wanted.ssrc => audio.stream,
            _ => AudioStream::new(wanted.ssrc, &wanted.mid),
        };
        self.audio = Some(Audio {
            mid: wanted.mid.clone(),
            remote_ssrc: wanted.remote_ssrc.filter(|ssrc| *ssrc != 0),
            stream,
            opus_pt: wanted.opus_pt,
            red_pt: wanted.red_pt,
            stereo: wanted.stereo,
            max_bitrate: wanted.max_bitrate,
        });
    }

    pub(super) fn configure_camera(&mut self, wanted: Option<&command::Camera>) {
        self.group = wanted.map_or(0, |camera| camera.group);
        let Some(wanted) = wanted else {
            self.camera = None;
            return;
        };
        if self.audio.as_ref().is_some_and(|it| it.mid == wanted.mid) {
            return; // The answer contradicts itself.
        }
        let given = |ssrc: Option<u32>| ssrc.filter(|ssrc| *ssrc != 0);
        let encodings = wanted.encodings.iter().map(|encoding| Encoding {
            stream: encoding.stream,
            rid: encoding.rid.clone(),
            ssrc: given(encoding.ssrc),
            rtx_ssrc: given(encoding.rtx_ssrc),
        });
        self.camera = Some(Camera {
            mid: wanted.mid.clone(),
            encodings: encodings.collect(),
        });
    }

    pub(super) fn configure_tiles(&mut self, wanted: &[command::Tile]) {
        let others = [
            self.audio.as_ref().map(|audio| audio.mid.as_str()),
            self.camera.as_ref().map(|camera| camera.mid.as_str()),
        ];
        let mut tiles: Vec<TileStream> = Vec::with_capacity(wanted.len());
        for tile in wanted.iter().filter(|tile| tile.ssrc != 0) {
            let named = |known: &TileStream| {
                known.ssrcs() == (tile.ssrc, tile.rtx_ssrc) && known.mid() == tile.mid
            };
            let clashes =
                |known: &TileStream| known.ssrcs().0 == tile.ssrc || known.mid() == tile.mid;
            if tiles.iter().any(clashes) || others.contains(&Some(tile.mid.as_str())) {
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
        let Some((egress, audio)) = self.egress.as_mut().zip(self.audio.as_mut()) else {
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
        let downlink = &mut self.downlink;
        out.push(audio.stream.packet(frame, numbered, egress, downlink, now));
    }

    /// Sends a packet of video. False: the client has no payload type for it, or no such tile.
    pub fn write_video(
        &mut self,
        packet: &VideoPacket<'_>,
        now: Instant,
        out: &mut Vec<Datagram>,
    ) -> bool {
        let Some(egress) = &mut self.egress else {
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
        out.extend(tile.packet(packet, pts, egress, &mut self.downlink, now));
        true
    }

    /// Sends again what the client says that it misses of the tile with this ssrc.
    pub(super) fn repair(&mut self, ssrc: u32, missing: &[u16], out: &mut Vec<Datagram>) {
        let now = self.clock;
        let Some(egress) = &mut self.egress else {
            return;
        };
        let Some(tile) = self.tiles.iter_mut().find(|tile| tile.ssrcs().0 == ssrc) else {
            return;
        };
        for number in missing {
            out.extend(tile.again(*number, egress, &mut self.downlink, now));
        }
    }

    /// Sends the reports of all streams, its own and the client's; `now` is `ntp` by the wall clock.
    pub fn report(&mut self, now: Instant, ntp: u64, out: &mut Vec<Datagram>) {
        let ssrc = self.own_ssrc();
        let Some((egress, ingress)) = self.egress.as_mut().zip(self.ingress.as_mut()) else {
            return;
        };
        let audio = self
            .audio
            .as_ref()
            .and_then(|audio| audio.stream.report(now, ntp));
        let tiles = self.tiles.iter().filter_map(|tile| tile.report(now, ntp));
        let senders: Vec<_> = audio.into_iter().chain(tiles).collect();
        let mut received = Vec::new();
        ingress.receiver_report(ssrc, now, &mut received);
        egress.reports(&senders, received, out);
    }

    /// The ssrc by which the client knows us.
    pub(super) fn own_ssrc(&self) -> u32 {
        self.audio.as_ref().map_or(1, |audio| audio.stream.ssrc())
    }

    /// Forgets what was sent to the tiles, so that nothing of it is sent again.
    pub fn forget_video(&mut self) {
        self.tiles.iter_mut().for_each(TileStream::forget);
    }

    /// Asks the client for a key frame. False: it does not send this stream, or has not yet.
    pub fn request_keyframe(&mut self, stream: StreamId, out: &mut Vec<Datagram>) -> bool {
        let own = self.own_ssrc();
        let Some((ingress, egress)) = self.ingress.as_ref().zip(self.egress.as_mut()) else {
            return false;
        };
        let told = self.camera.as_ref().and_then(|camera| {
            let of = |encoding: &&Encoding| encoding.stream == stream;
            camera.encodings.iter().find(of)?.ssrc
        });
        let Some(ssrc) = told.or_else(|| ingress.ssrc_of(stream)) else {
            return false;
        };
        let mut plain = Vec::new();
        picture_loss(own, ssrc, &mut plain);
        out.push(egress.control(&plain));
        true
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
