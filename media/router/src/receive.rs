//! The forward path.
//!
//! **Invariant: a packet reaches exactly the takers of its encoding that started at or before it, once
//! each; nothing is allocated for a taker and nothing of it is written.**

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::codec::inspect;
use crate::encoding::Taker;
use crate::recent::Kept;
use crate::splice::Head;
use crate::{Forward, Inspection, Output, Packet, PictureIds, Router, SourceState};

/// Counted in bitrates.
const RTP_HEADER: usize = 12;
/// Packets of an SSRC that was replaced are taken for late ones this long.
const FORMER: Duration = Duration::from_secs(1);

impl<E: Clone> Router<E> {
    /// A packet of a source. Unknown streams are ignored.
    pub fn receive<O: Output<E> + ?Sized>(
        &mut self,
        stream: u32,
        packet: Packet<'_, E>,
        out: &mut O,
    ) {
        let Some(&index) = self.streams.get(&stream) else {
            return;
        };
        if !self.belongs(index, &packet) {
            return;
        }
        let padding = packet.padding_only || packet.payload.is_empty();
        let seen = if padding {
            Inspection::default()
        } else {
            inspect(packet.codec, packet.payload)
        };
        let filler = padding || seen.malformed;
        let encoding = &mut self.encodings[index];
        let Some(place) = encoding.sequence.place(packet.sequence, filler) else {
            return;
        };
        if filler {
            // Its gap was shown already: nothing but the gap is filled.
            if let Some(head) = &mut encoding.head {
                head.place = head.place.max(place);
            }
            let kept = Kept {
                payload: Arc::clone(&self.nothing),
                ..keep(&packet, place, None)
            };
            pass(&encoding.takers, &kept, out);
            return;
        }
        encoding.rate.add(packet.payload.len() + RTP_HEADER);
        encoding.last_packet = encoding.last_packet.max(Some(packet.arrived));
        let appeared = !encoding.arrives;
        if appeared {
            self.appear(index, packet.arrived, out);
        }
        if let Some(size) = seen.size {
            self.resize(index, size, packet.arrived, out);
        }
        self.hand_out(index, &packet, place, seen, out);
        if appeared {
            self.ask(index, packet.arrived, out);
        }
    }

    fn hand_out<O: Output<E> + ?Sized>(
        &mut self,
        index: usize,
        packet: &Packet<'_, E>,
        place: u64,
        seen: Inspection,
        out: &mut O,
    ) {
        let encoding = &mut self.encodings[index];
        let first = Head {
            place,
            timestamp: packet.timestamp,
            arrived: packet.arrived,
            ids: seen.vp8.unwrap_or_default(),
        };
        let head = match encoding.head {
            Some(head) if place < head.place => head,
            Some(head) => head.followed_by(first),
            None => first,
        };
        encoding.head = Some(head);
        let keyframe = seen.keyframe && begins(encoding.keyframe, &first);
        if keyframe {
            encoding.keyframe = Some((first.timestamp, place));
            encoding.requests.answered();
        }
        if encoding.takers.is_empty() && encoding.waiting.is_empty() {
            return;
        }
        let veterans = encoding.takers.len();
        if keyframe {
            for tile in std::mem::take(&mut encoding.waiting) {
                self.tiles[tile].waiting = None;
                self.start(tile, index, first);
            }
        }
        let encoding = &mut self.encodings[index];
        let kept = Kept {
            keyframe,
            ..keep(packet, place, seen.vp8)
        };
        pass(&encoding.takers, &kept, out);
        if veterans < encoding.takers.len() && place < head.place {
            // The frame's first packet came behind others of it.
            for kept in encoding.recent.from(place) {
                pass(&encoding.takers[veterans..], kept, out);
            }
        }
        encoding.recent.push(kept);
    }

    /// Whether the packet goes on with what came before; a new SSRC or codec begins anew.
    fn belongs(&mut self, index: usize, packet: &Packet<'_, E>) -> bool {
        let encoding = &mut self.encodings[index];
        let Some((ssrc, codec)) = encoding.origin else {
            encoding.origin = Some((packet.ssrc, packet.codec));
            return true;
        };
        if packet.ssrc == ssrc && (packet.codec == codec || packet.padding_only) {
            return true;
        }
        if packet.ssrc == ssrc {
            if encoding
                .sequence
                .highest()
                .is_some_and(|highest| packet.sequence <= highest)
            {
                return false;
            }
        } else {
            let late = |(former, since): (u32, Instant)| {
                former == packet.ssrc && packet.arrived.saturating_duration_since(since) < FORMER
            };
            if encoding.former.is_some_and(late) {
                return false;
            }
            encoding.former = Some((ssrc, packet.arrived));
        }
        encoding.origin = Some((packet.ssrc, packet.codec));
        while let Some(&Taker { tile, .. }) = self.encodings[index].takers.last() {
            self.stop(tile);
            if self.tiles[tile].waiting.is_none() {
                self.wait(tile, index);
            }
        }
        self.encodings[index].restart();
        self.dirty = true;
        true
    }

    /// Packets begin to arrive.
    fn appear<O: Output<E> + ?Sized>(&mut self, index: usize, now: Instant, out: &mut O) {
        let encoding = &mut self.encodings[index];
        encoding.arrives = true;
        let (width, height) = encoding.size.unwrap_or_default();
        out.source(encoding.stream, SourceState::Live, width, height);
        if encoding.head.is_none() {
            // A sender begins with a key frame: whoever is to start on it must wait for it now.
            self.settle_watchers(index, now, out);
        } else {
            encoding.revived = Some(now);
            encoding.rate.reset();
            self.unsettle_watchers(index);
        }
    }

    fn resize<O: Output<E> + ?Sized>(
        &mut self,
        index: usize,
        size: (u32, u32),
        now: Instant,
        out: &mut O,
    ) {
        let encoding = &mut self.encodings[index];
        if encoding.size == Some(size) {
            return;
        }
        encoding.size = Some(size);
        let before = encoding.too_large;
        self.measure(index);
        let encoding = &self.encodings[index];
        if encoding.too_large == before && !before {
            out.source(encoding.stream, SourceState::Live, size.0, size.1);
        }
        self.tell_size(index, out);
        if before && !self.encodings[index].too_large {
            self.settle_watchers(index, now, out);
        }
    }

    /// Holds the size against the limit; what is too large stops at once.
    pub(crate) fn measure(&mut self, index: usize) {
        let encoding = &mut self.encodings[index];
        let limit = if encoding.declared.content {
            self.content_limit
        } else {
            self.video_limit
        };
        encoding.too_large = match (limit, encoding.size) {
            (Some(limit), Some(size)) => {
                size.0.max(size.1) > limit.0.max(limit.1)
                    || size.0.min(size.1) > limit.0.min(limit.1)
            }
            _ => false,
        };
        if encoding.too_large {
            self.cut_all(index);
            self.unsettle_watchers(index);
        }
    }

    pub(crate) fn tell_size<O: Output<E> + ?Sized>(&mut self, index: usize, out: &mut O) {
        let encoding = &mut self.encodings[index];
        if encoding.too_large != encoding.told_too_large {
            encoding.told_too_large = encoding.too_large;
            let state = if encoding.too_large {
                SourceState::TooLarge
            } else {
                SourceState::Fits
            };
            let (width, height) = encoding.size.unwrap_or_default();
            out.source(encoding.stream, state, width, height);
        }
    }
}

/// Whether a packet that looks like the beginning of a key frame is the first such packet of it.
fn begins(newest: Option<(u32, u64)>, packet: &Head) -> bool {
    newest
        .is_none_or(|(timestamp, place)| (packet.timestamp == timestamp) == (packet.place < place))
}

fn keep<E: Clone>(packet: &Packet<'_, E>, place: u64, ids: Option<PictureIds>) -> Kept<E> {
    Kept {
        place,
        timestamp: packet.timestamp,
        marker: packet.marker,
        codec: packet.codec,
        keyframe: false,
        payload: Arc::clone(packet.payload),
        ids,
        arrived: packet.arrived,
        extensions: packet.extensions.clone(),
    }
}

#[inline]
pub(crate) fn pass<E, O: Output<E> + ?Sized>(takers: &[Taker], kept: &Kept<E>, out: &mut O) {
    for taker in takers
        .iter()
        .filter(|taker| taker.splice.start <= kept.place)
    {
        let forward = Forward {
            sequence: taker.splice.sequence(kept.place),
            timestamp: taker.splice.timestamp(kept.timestamp),
            marker: kept.marker,
            codec: kept.codec,
            payload: &kept.payload,
            vp8: kept.ids.map(|ids| taker.splice.ids(ids)),
            keyframe: kept.keyframe,
            arrived: kept.arrived,
            extensions: &kept.extensions,
        };
        out.forward(taker.to, forward);
    }
}
