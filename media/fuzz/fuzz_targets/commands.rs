//! Commands of any content: refused, or done without harm.
#![no_main]

use std::sync::OnceLock;
use std::time::Instant;

use hubbub_engine::command::{Command, decode};
use hubbub_engine::core::Core;
use hubbub_engine::event::Event;
use hubbub_engine::meeting::Settings;
use hubbub_engine::session::setup::Identity;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(commands) = decode(data) else { return };
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    let identity = IDENTITY.get_or_init(Identity::generate).clone();
    let now = Instant::now();
    let settings = Settings {
        identity,
        speakers: 3,
        clock: (now, 0),
    };
    let mut core = Core::new(settings);
    let (video_limit, content_limit) = (None, None);
    core.command(
        Command::CreateMeeting {
            meeting: 0,
            video_limit,
            content_limit,
        },
        now,
    );
    for command in commands {
        core.command(command, now);
        core.flush(now);
    }
    let (output, _) = core.output();
    assert!(
        !output
            .events
            .iter()
            .any(|event| matches!(event, Event::Failed { .. }))
    );
});
