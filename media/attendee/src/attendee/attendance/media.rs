//! What is played, and what comes.

use std::io;
use std::time::Instant;

use serde_json::json;
use str0m::media::{Frequency, MediaData};

use super::{Attendance, End, FRAME, SECOND};
use crate::attendee::peer::Happened;
use crate::microphone;

impl Attendance {
    pub(super) fn play(&mut self, now: Instant) -> Result<(), End> {
        // After a stop of the whole machine nothing is made up for.
        if now > self.next_frame + SECOND {
            self.next_frame = now;
        }
        while now >= self.next_frame {
            let frame = self.sources.microphone.next(self.muted);
            self.peer
                .speak(&frame, self.spoken, now)
                .map_err(|e| End::Lost(e.to_string()))?;
            self.spoken += u64::from(frame.samples);
            self.next_frame += FRAME * frame.samples / microphone::FRAME as u32;
        }
        if !self.camera_on {
            return Ok(());
        }
        let Some(camera) = &mut self.sources.camera else {
            return Ok(());
        };
        while let Some(shown) = camera.next(now) {
            let rid = self.sources.rids.get(shown.layer).map(String::as_str);
            let taken = self
                .peer
                .show(shown.codec, rid, &shown.data, now)
                .map_err(|e| End::Lost(e.to_string()))?;
            if !taken && !self.in_flight && !self.camera_refused {
                self.camera_refused = true;
                self.report.event(
                    "notification",
                    json!({"text": "the answer does not take the camera's codec"}),
                );
            }
        }
        Ok(())
    }

    pub(super) fn happened(&mut self, event: Happened, now: Instant) -> Result<(), End> {
        match event {
            Happened::Connected => {
                self.connected = true;
                self.next_frame = now;
                self.say("connected", json!({"ms": self.elapsed_ms()}));
                if !self.content {
                    for saying in self.options.say.clone() {
                        self.message(&saying.topic, &saying.text)?;
                    }
                }
            }
            Happened::Failed(why) => {
                return Err(match (self.leaving, self.connected) {
                    (Some(_), _) => End::Left,
                    (None, true) => End::Lost(why),
                    (None, false) => End::NoMedia(why),
                });
            }
            Happened::KeyframeWanted(rid) => {
                let name = rid.map(|r| r.to_string());
                self.say("key_frame_wanted", json!({"rid": name}));
                let layer = name.and_then(|n| self.sources.rids.iter().position(|r| *r == n));
                if let Some(camera) = &mut self.sources.camera {
                    camera.restart(layer.unwrap_or(0), now);
                }
            }
            Happened::Media(data) => self.media(&data, now).map_err(End::File)?,
        }
        Ok(())
    }

    pub(super) fn media(&mut self, data: &MediaData, now: Instant) -> io::Result<()> {
        if data.params.spec().codec.is_audio() {
            if !self.first_audio && !self.content {
                self.first_audio = true;
                self.say("first_audio", json!({"ms": self.elapsed_ms()}));
            }
            return match &mut self.sources.mix {
                Some(mix) => {
                    let time = data.time.rebase(Frequency::FORTY_EIGHT_KHZ);
                    mix.receive(time.numer(), &data.data)
                }
                None => Ok(()),
            };
        }
        let Some(watched) = self.watched.get_mut(&data.mid) else {
            return Ok(());
        };
        if let Some(tile) = self.tiles.get(data.mid) {
            watched.source = tile.source.clone();
        }
        let first = watched.frame(data, now)?;
        if first {
            let description = watched.describe_first(now);
            self.report.event("first_frame", description);
        }
        if watched.wants_keyframe(now) {
            self.peer.want_keyframe(data.mid);
        }
        Ok(())
    }

    pub(super) fn summary(&mut self) {
        if let Some(mix) = self.sources.mix.as_mut().filter(|_| self.first_audio) {
            let heard = mix.take();
            self.report.event(
                "audio",
                json!({"packets": heard.packets, "concealed_ms": heard.concealed / 48,
                       "level": -i32::from(heard.level), "peak": -i32::from(heard.peak)}),
            );
        }
        for watched in self.watched.values_mut() {
            self.report.event("video", watched.take());
        }
    }
}
