//! Datagrams of any content, each with its length before it: nothing of a meeting breaks.
#![no_main]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hubbub_engine::command::Command;
use hubbub_engine::core::Core;
use hubbub_engine::event::Event;
use hubbub_engine::meeting::Settings;
use hubbub_engine::net::{Frames, Protocol};
use hubbub_engine::session::setup::Identity;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut now = Instant::now();
    let settings = Settings { identity: Identity::generate(), speakers: 3, clock: (now, 0) };
    let mut core = Core::new(settings);
    let (video_limit, content_limit) = (None, None);
    core.command(Command::CreateMeeting { meeting: 0, video_limit, content_limit }, now);
    let source = SocketAddr::from(([192, 0, 2, 7], 5000));
    let mut frames = Frames::default();
    frames.push(data);
    while let Ok(Some(datagram)) = frames.take() {
        core.datagram(Protocol::Udp, source, datagram, now);
        now += Duration::from_millis(7);
        core.timeout(now);
        core.flush(now);
    }
    let (output, _) = core.output();
    assert!(!output.events.iter().any(|event| matches!(event, Event::Failed { .. })));
});
