//! What signalling brings and what is asked of it.

use std::time::Instant;

use serde_json::json;

use super::{Attendance, End, describe};
use crate::attendee::narrate;
use crate::attendee::options::Adaptation;
use crate::attendee::video::Watched;
use crate::attendee::{sections, tiles};
use crate::signal::frames::{SdkSubscribeAckFrame, SdkVideoSubscriptionConfiguration};
use crate::signal::session::{Event, Subscription};

impl Attendance {
    pub(super) fn message_came(&mut self, message: &[u8], now: Instant) -> Result<(), End> {
        let mut replies = Vec::new();
        let events = self
            .session
            .receive(message, &mut replies)
            .map_err(|e| self.cut(e.to_string()))?;
        for reply in &replies {
            self.send(reply)?;
        }
        for event in events {
            self.event(event, now)?;
        }
        Ok(())
    }

    pub(super) fn event(&mut self, event: Event, now: Instant) -> Result<(), End> {
        match event {
            Event::Joined(ack) => {
                let limit = ack.video_subscription_limit.unwrap_or(25) as usize;
                self.options.tiles = self.options.tiles.min(limit);
                self.say(
                    "joined",
                    json!({"video_subscription_limit": limit,
                           "compressed": ack.wants_compressed_sdp()}),
                );
            }
            Event::Index(index) => {
                if !self.content {
                    self.say("index", describe(&index));
                }
                self.index = Some(index);
                self.dirty = true;
                self.joined = true;
            }
            Event::Subscribed(answer, ack) => self.subscribed(&answer, &ack, now)?,
            Event::Status(status) => {
                self.say("status", json!({"status": status}));
                let why = format!("status {status}");
                match status {
                    200..=299 | 302 => {}
                    500 | 503 => return Err(End::Lost(why)),
                    _ if self.joined => return Err(End::Ended(why)),
                    _ => return Err(End::NotAdmitted(why)),
                }
            }
            Event::Error(status, text) => {
                self.say("error", json!({"status": status, "text": text}));
                let why = format!("error {status} {text}");
                match status {
                    206 => {
                        self.camera_on = false;
                        self.camera_refused = true;
                        self.dirty = true;
                    }
                    0 | 200..=299 => {}
                    500..=508 | 510..=599 => return Err(End::Lost(why)),
                    _ if self.joined => return Err(End::Ended(why)),
                    _ => return Err(End::NotAdmitted(why)),
                }
            }
            Event::Left => {
                self.socket.close();
                return Err(End::Left);
            }
            // The main session is told the same.
            _ if self.content => {}
            other => narrate::narrate(&self.report, &self.session.roster, other),
        }
        if self.dirty && !self.in_flight && self.leaving.is_none() {
            self.subscribe(now)?;
        }
        Ok(())
    }

    /// Sends SUBSCRIBE or REMOTE_VIDEO_UPDATE where something changed.
    pub(super) fn subscribe(&mut self, now: Instant) -> Result<(), End> {
        self.dirty = false;
        let Some(index) = &self.index else {
            return Ok(());
        };
        let limit = if self.content { 0 } else { self.options.tiles };
        let own = format!("{}#content", self.options.attendee_id);
        let mut sources = tiles::sources(&index.sources, self.options.tile_kbps);
        sources.retain(|s| s.attendee_id != own && s.attendee_id != self.options.attendee_id);
        let changes = self.tiles.update(&sources, limit, now);
        for mid in &changes.stop {
            if let Some(watched) = self.watched.remove(mid) {
                self.report.event("tile_gone", watched.describe());
                watched.finish().map_err(End::File)?;
            }
        }
        let camera = self.camera_on && self.sources.camera.is_some();
        let offer = self.peer.offer(camera, &changes.stop, changes.add);
        let Some((offer, added)) = offer else {
            if !changes.retarget.is_empty() {
                let wishes = self.wishes();
                let frame = self.session.retarget(wishes);
                self.send(&frame)?;
            }
            return Ok(());
        };
        self.tiles.place(&added);
        for tile in self
            .tiles
            .iter()
            .filter(|t| t.mid.is_some_and(|m| added.contains(&m)))
        {
            self.report.event(
                "tile",
                json!({"attendee": tile.source.attendee_id, "stream": tile.source.stream,
                       "group": tile.source.group, "mid": tile.mid.map(|m| m.to_string())}),
            );
        }
        let receive = sections::parse(&offer)
            .iter()
            .filter(|s| s.kind == "video")
            .map(|s| match self.tiles.named(&s.mid) {
                Some(tile) if !s.stopped => tile.source.stream,
                _ => 0,
            })
            .collect();
        let server = self.options.adaptation == Adaptation::Server;
        let wanted = Subscription {
            offer,
            encodings: if camera {
                self.sources.encodings.clone()
            } else {
                Vec::new()
            },
            receive,
            wishes: if server { self.wishes() } else { Vec::new() },
            muted: self.muted,
            audio_host: self.audio_host.clone(),
        };
        self.in_flight = true;
        let frame = self.session.subscribe(&wanted);
        self.send(&frame)
    }

    pub(super) fn wishes(&self) -> Vec<SdkVideoSubscriptionConfiguration> {
        let server = self.options.adaptation == Adaptation::Server;
        self.tiles
            .iter()
            .filter_map(|tile| {
                Some(SdkVideoSubscriptionConfiguration {
                    mid: tile.mid?.to_string(),
                    attendee_id: Some(tile.source.attendee_id.clone()),
                    stream_id: (!server).then_some(tile.source.stream),
                    group_id: Some(tile.source.group),
                    priority: Some(u32::MAX - 1),
                    target_bitrate_kbps: Some(self.options.tile_kbps),
                    quality_adaptation_preference: Some(1),
                })
            })
            .collect()
    }

    pub(super) fn subscribed(
        &mut self,
        answer: &str,
        ack: &SdkSubscribeAckFrame,
        now: Instant,
    ) -> Result<(), End> {
        self.in_flight = false;
        self.peer
            .answer(answer)
            .map_err(|e| End::NoMedia(format!("answer: {e}")))?;
        let allocations: Vec<_> = ack
            .allocations
            .iter()
            .map(|a| json!({"stream": a.stream_id(), "group": a.group_id()}))
            .collect();
        self.say(
            "subscribed",
            json!({"sections": sections::parse(answer).len(), "bytes": answer.len(),
                   "allocations": allocations, "tracks": ack.tracks.len()}),
        );
        self.poll_at = now;
        for tile in self.tiles.iter() {
            if let Some(mid) = tile.mid {
                self.watched.entry(mid).or_insert_with(|| {
                    Watched::new(
                        &tile.source,
                        tile.since,
                        self.options.record_tiles.as_deref(),
                    )
                });
            }
        }
        Ok(())
    }
}
