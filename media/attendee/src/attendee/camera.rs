//! Plays movies as a camera, without I/O: which layer's frame is due when.

use std::sync::Arc;
use std::time::{Duration, Instant};

use str0m::format::Codec;

use crate::files::ivf::Movie;

/// Requests for key frames that come faster are one.
const THROTTLE: Duration = Duration::from_millis(300);

/// One encoding.
#[derive(Debug)]
struct Layer {
    movie: Movie,
    next: usize,
    /// When the movie's first frame was or would have been shown.
    base: Option<Instant>,
    restarted: Option<Instant>,
}

/// A frame that is due.
#[derive(Debug)]
pub struct Shown {
    /// Number of its layer, 0 the lowest.
    pub layer: usize,
    /// Of this movie.
    pub codec: Codec,
    /// One whole frame.
    pub data: Arc<[u8]>,
}

/// All encodings of one source.
#[derive(Debug)]
pub struct Camera {
    layers: Vec<Layer>,
}

impl Camera {
    /// Plays `movies`, lowest layer first, over and over.
    pub fn new(movies: Vec<Movie>) -> Camera {
        let layers = movies
            .into_iter()
            .map(|movie| Layer {
                movie,
                next: 0,
                base: None,
                restarted: None,
            })
            .collect();
        Camera { layers }
    }

    /// Begins at the first key frame when next asked.
    pub fn rewind(&mut self) {
        for layer in &mut self.layers {
            layer.next = 0;
            layer.base = None;
        }
    }

    /// Goes back to the key frame at or before the one shown last.
    pub fn restart(&mut self, layer: usize, now: Instant) {
        let Some(layer) = self.layers.get_mut(layer) else {
            return;
        };
        if layer.restarted.is_some_and(|at| now - at < THROTTLE) || layer.base.is_none() {
            return;
        }
        let frames = &layer.movie.frames;
        let mut at = layer.next.saturating_sub(1).min(frames.len() - 1);
        while at > 0 && !frames[at].key {
            at -= 1;
        }
        layer.next = at;
        // A machine that is up for less than the movie has no earlier instant.
        layer.base = Some(now.checked_sub(frames[at].at).unwrap_or(now));
        layer.restarted = Some(now);
    }

    /// The next frame that is due.
    pub fn next(&mut self, now: Instant) -> Option<Shown> {
        for (number, layer) in self.layers.iter_mut().enumerate() {
            let base = *layer.base.get_or_insert(now);
            if now < base + layer.movie.frames[layer.next].at {
                continue;
            }
            let data = layer.movie.frames[layer.next].data.clone();
            layer.next += 1;
            if layer.next == layer.movie.frames.len() {
                layer.next = 0;
                layer.base = Some(base + layer.movie.length);
            }
            return Some(Shown {
                layer: number,
                codec: layer.movie.codec,
                data,
            });
        }
        None
    }

    /// When a frame is due next.
    pub fn due(&self, now: Instant) -> Instant {
        self.layers
            .iter()
            .map(|layer| match layer.base {
                Some(base) => base + layer.movie.frames[layer.next].at,
                None => now,
            })
            .min()
            .unwrap_or(now + Duration::from_secs(3600))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::ivf::Frame;

    fn movie(keys: &[bool]) -> Movie {
        let frames = keys.iter().enumerate().map(|(n, key)| Frame {
            at: Duration::from_millis(40 * n as u64),
            key: *key,
            data: vec![n as u8].into(),
        });
        Movie {
            codec: Codec::Vp8,
            width: 16,
            height: 16,
            frames: frames.collect(),
            length: Duration::from_millis(40 * keys.len() as u64),
        }
    }

    fn play(camera: &mut Camera, from: Instant, ms: u64) -> Vec<u8> {
        let mut shown = Vec::new();
        for ms in 0..ms {
            while let Some(frame) = camera.next(from + Duration::from_millis(ms)) {
                shown.push(frame.data[0]);
            }
        }
        shown
    }

    #[test]
    fn it_plays_over_and_over_at_its_own_speed() {
        let mut camera = Camera::new(vec![movie(&[true, false, false])]);
        assert_eq!(play(&mut camera, Instant::now(), 200), [0, 1, 2, 0, 1]);
    }

    #[test]
    fn a_wanted_key_frame_is_the_one_before() {
        let mut camera = Camera::new(vec![movie(&[true, false, true, false, false, false])]);
        let start = Instant::now();
        assert_eq!(play(&mut camera, start, 200), [0, 1, 2, 3, 4]);
        let later = start + Duration::from_millis(210);
        camera.restart(0, later);
        assert_eq!(camera.next(later).unwrap().data[0], 2);
        // At once again: the same request.
        camera.restart(0, later + Duration::from_millis(50));
        assert_eq!(
            camera.next(later + Duration::from_millis(50)).unwrap().data[0],
            3
        );
    }
}
