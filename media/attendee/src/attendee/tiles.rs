//! Which tiles there are and which are wanted, without I/O (chime-meetings B.7).

use std::time::Instant;

use str0m::media::Mid;

use crate::signal::frames::SdkStreamDescriptor;

/// A source of INDEX: one camera with all its encodings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Of the camera.
    pub group: u32,
    /// With `#content` for a share.
    pub attendee_id: String,
    /// The encoding to watch.
    pub stream: u32,
}

/// One section that receives.
#[derive(Clone, Debug)]
pub struct Tile {
    /// Its section; unknown before the offer.
    pub mid: Option<Mid>,
    /// What it shows.
    pub source: Source,
    /// When it was asked for.
    pub since: Instant,
}

/// What follows from a new INDEX.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Sections to stop.
    pub stop: Vec<Mid>,
    /// Sections to add.
    pub add: usize,
    /// Sections that show another encoding of the same source.
    pub retarget: Vec<Mid>,
}

/// All tiles.
#[derive(Debug, Default)]
pub struct Tiles {
    tiles: Vec<Tile>,
}

/// The sources in INDEX: per group the highest encoding up to `kbps`, else the lowest.
pub fn sources(index: &[SdkStreamDescriptor], kbps: u32) -> Vec<Source> {
    let mut best = Vec::<(Source, u32)>::new();
    for entry in index {
        let rate = entry.max_bitrate_kbps();
        let source = Source {
            group: entry.group_id(),
            attendee_id: entry.attendee_id().to_owned(),
            stream: entry.stream_id(),
        };
        match best.iter_mut().find(|(s, _)| s.group == source.group) {
            None => best.push((source, rate)),
            Some(had) => {
                let better = if had.1 > kbps {
                    rate < had.1
                } else {
                    rate > had.1 && rate <= kbps
                };
                if better {
                    *had = (source, rate);
                }
            }
        }
    }
    best.into_iter().map(|(source, _)| source).collect()
}

impl Tiles {
    /// Every tile.
    pub fn iter(&self) -> impl Iterator<Item = &Tile> {
        self.tiles.iter()
    }

    /// The tile of a section.
    pub fn get(&self, mid: Mid) -> Option<&Tile> {
        self.tiles.iter().find(|t| t.mid == Some(mid))
    }

    /// The tile of a section, by its name.
    pub fn named(&self, mid: &str) -> Option<&Tile> {
        self.tiles
            .iter()
            .find(|t| t.mid.is_some_and(|m| *m == *mid))
    }

    /// Gives new tiles their sections.
    pub fn place(&mut self, added: &[Mid]) {
        let waiting = self.tiles.iter_mut().filter(|t| t.mid.is_none());
        for (tile, mid) in waiting.zip(added) {
            tile.mid = Some(*mid);
        }
    }

    /// Goes from the tiles there are to those of `sources`, at most `limit`.
    pub fn update(&mut self, sources: &[Source], limit: usize, now: Instant) -> Changes {
        let mut changes = Changes::default();
        let wanted = &sources[..sources.len().min(limit)];
        self.tiles.retain(|tile| {
            let stays = wanted.iter().any(|s| s.group == tile.source.group);
            if !stays {
                changes.stop.extend(tile.mid);
            }
            stays
        });
        for source in wanted {
            match self
                .tiles
                .iter_mut()
                .find(|t| t.source.group == source.group)
            {
                Some(tile) => {
                    if tile.source.stream != source.stream {
                        tile.source = source.clone();
                        changes.retarget.extend(tile.mid);
                    }
                }
                None => self.tiles.push(Tile {
                    mid: None,
                    source: source.clone(),
                    since: now,
                }),
            }
        }
        changes.add = self.tiles.iter().filter(|t| t.mid.is_none()).count();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(stream: u32, group: u32, kbps: u32) -> SdkStreamDescriptor {
        SdkStreamDescriptor {
            stream_id: Some(stream),
            group_id: Some(group),
            max_bitrate_kbps: Some(kbps),
            attendee_id: Some(format!("a{group}")),
            ..Default::default()
        }
    }

    fn streams(sources: &[Source]) -> Vec<u32> {
        sources.iter().map(|s| s.stream).collect()
    }

    #[test]
    fn the_highest_layer_that_fits_is_watched() {
        let index = [
            entry(1, 9, 300),
            entry(2, 9, 600),
            entry(3, 9, 1200),
            entry(4, 8, 1500),
        ];
        assert_eq!(streams(&sources(&index, 10_000)), [3, 4]);
        assert_eq!(streams(&sources(&index, 700)), [2, 4]);
        assert_eq!(streams(&sources(&index, 100)), [1, 4]);
    }

    #[test]
    fn tiles_follow_the_index() {
        let now = Instant::now();
        let mut tiles = Tiles::default();
        let both = sources(&[entry(1, 1, 300), entry(2, 2, 300)], 10_000);
        assert_eq!(tiles.update(&both, 25, now).add, 2);
        let mids = [Mid::from("2"), Mid::from("3")];
        tiles.place(&mids);
        assert_eq!(tiles.update(&both, 25, now), Changes::default());
        // Another layer of one, a new source instead of the other.
        let next = sources(&[entry(5, 1, 900), entry(6, 4, 300)], 10_000);
        let changes = tiles.update(&next, 25, now);
        assert_eq!(changes.stop, [mids[1]]);
        assert_eq!(changes.retarget, [mids[0]]);
        assert_eq!(changes.add, 1);
        assert_eq!(tiles.named("2").unwrap().source.stream, 5);
    }

    #[test]
    fn the_limit_holds() {
        let mut tiles = Tiles::default();
        let many: Vec<_> = (1..=30).map(|n| entry(n, n, 300)).collect();
        let changes = tiles.update(&sources(&many, 1000), 25, Instant::now());
        assert_eq!(changes.add, 25);
    }
}
