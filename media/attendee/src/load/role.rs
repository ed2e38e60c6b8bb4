//! Who does what: the attendees of a load, from the options.

use super::options::Load;
use super::picture::Layer;

/// What a client's microphone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speech {
    /// There is no audio at all.
    None,
    /// It hears, and sends nothing.
    Mute,
    /// It sends packets of silence, as real clients do.
    Silence,
    /// It speaks, with this voice.
    Voice(usize),
    /// It speaks the probe of latency.
    Probe,
}

/// One client.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// Number of its meeting.
    pub meeting: usize,
    /// Number in the meeting.
    pub seat: usize,
    /// Its microphone.
    pub speech: Speech,
    /// Encodings of its camera, lowest first; empty: no camera.
    pub layers: Vec<Layer>,
    /// Most tiles it watches.
    pub tiles: usize,
    /// Its streams are decrypted and looked at closely.
    pub sampled: bool,
}

/// All clients, those that send first in every meeting.
pub fn cast(options: &Load) -> Vec<Role> {
    let mut roles = Vec::new();
    for seat in 0..options.attendees {
        for meeting in 0..options.meetings {
            let first_only = options.one_sender && meeting > 0;
            let speaking = seat < options.speaking && !first_only;
            let speech = match (options.no_audio, speaking, options.quiet) {
                (true, _, _) => Speech::None,
                (false, true, _) if seat == 0 && options.probe => Speech::Probe,
                (false, true, _) => Speech::Voice(seat),
                (false, false, true) => Speech::Mute,
                (false, false, false) => Speech::Silence,
            };
            let shows = seat < options.cameras && !first_only;
            roles.push(Role {
                meeting,
                seat,
                speech,
                layers: if shows {
                    options.layers.clone()
                } else {
                    Vec::new()
                },
                tiles: options.tiles,
                sampled: false,
            });
        }
    }
    sample(&mut roles, options);
    roles
}

/// Spreads the sampled clients over those that only receive, else over all but the first.
fn sample(roles: &mut [Role], options: &Load) {
    let senders = options.speaking.max(options.cameras);
    let from = if senders < options.attendees {
        senders
    } else {
        1
    };
    let eligible: Vec<usize> = (0..roles.len())
        .filter(|n| roles[*n].seat >= from)
        .collect();
    let count = options.sample.min(eligible.len());
    for n in 0..count {
        roles[eligible[n * eligible.len() / count]].sampled = true;
    }
}
