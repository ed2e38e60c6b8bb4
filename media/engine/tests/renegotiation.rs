//! Answers after the first: tiles come and go, cameras too, and key frames are asked for when
//! somebody needs one.

mod support;

use std::time::Duration;

use hubbub_engine::command::{Command, Payload, Tile};
use str0m::media::MediaKind;
use support::World;
use support::client::VP8;

/// Session 1 with a camera (stream 10) and session 2.
fn world(tiles: u32) -> World {
    let mut world = World::new();
    world.connect(tiles, &[1, 2]);
    world.start_camera(0, 10);
    world
}

/// The camera runs; packets that session 2 gets for an ssrc.
fn show(world: &mut World, ssrc: u32, time: Duration) -> usize {
    world.take_packets(1, ssrc);
    world.run_with(time, |world, ms| {
        if ms.is_multiple_of(40) {
            world.show_frame(0);
        }
    });
    world.take_packets(1, ssrc).len()
}

/// Adds a section to session 2's client, that shows stream 10.
fn add_tile(world: &mut World, mid: &str, ssrc: u32) {
    let client = &mut world.clients[1];
    let mut api = client.rtc.direct_api();
    api.declare_media(mid.into(), MediaKind::Video);
    api.expect_stream_rx(ssrc.into(), Some((ssrc + 1).into()), mid.into(), None);
    let (mid, rtx_ssrc) = (mid.to_owned(), ssrc + 1);
    client.configure.tiles.push(Tile {
        mid,
        ssrc,
        rtx_ssrc,
        stream: 10,
        group: 11,
    });
    world.configure(1);
}

#[test]
fn a_tile_added_later_shows_what_its_answer_names() {
    let mut world = world(0);
    show(&mut world, 0, Duration::from_millis(500));
    let asked = world.clients[0].seen.keyframe_requests;
    add_tile(&mut world, "2", 2600);
    assert!(show(&mut world, 2600, Duration::from_secs(1)) >= 20);
    assert!(
        world.clients[0].seen.keyframe_requests > asked,
        "it begins with a key frame"
    );
}

#[test]
fn a_section_recycled_under_a_new_mid_is_another_tile() {
    let mut world = world(1);
    world.watch(1, 0, 10);
    assert!(show(&mut world, 2600, Duration::from_secs(1)) >= 20);
    world.clients[1].configure.tiles.clear();
    world.configure(1);
    show(&mut world, 2600, Duration::from_millis(50));
    assert_eq!(show(&mut world, 2600, Duration::from_millis(500)), 0);
    add_tile(&mut world, "7", 2700);
    assert!(show(&mut world, 2700, Duration::from_secs(1)) >= 20);
}

#[test]
fn a_section_that_was_inactive_goes_on_with_its_numbers() {
    let mut world = world(1);
    world.watch(1, 0, 10);
    assert!(show(&mut world, 2600, Duration::from_secs(5)) >= 100);
    let tiles = std::mem::take(&mut world.clients[1].configure.tiles);
    world.configure(1);
    show(&mut world, 2600, Duration::from_millis(50));
    assert_eq!(show(&mut world, 2600, Duration::from_millis(500)), 0);
    world.clients[1].configure.tiles = tiles;
    world.configure(1);
    world.watch(1, 0, 10);
    assert!(show(&mut world, 2600, Duration::from_secs(1)) >= 20);
}

#[test]
fn a_camera_turned_off_and_on_has_another_stream() {
    let mut world = world(1);
    world.watch(1, 0, 10);
    assert!(show(&mut world, 2600, Duration::from_secs(1)) >= 20);
    world.clients[0].configure.camera = None;
    world.configure(0);
    show(&mut world, 2600, Duration::from_millis(50));
    assert_eq!(show(&mut world, 2600, Duration::from_millis(500)), 0);
    world.start_camera(0, 20);
    world.watch(1, 0, 20);
    assert!(show(&mut world, 2600, Duration::from_secs(1)) >= 20);
}

#[test]
fn a_paused_tile_costs_nothing_until_it_is_resumed() {
    let mut world = world(1);
    world.watch(1, 0, 10);
    show(&mut world, 2600, Duration::from_secs(1));
    world.command(Command::Pause {
        session: 2,
        streams: vec![10],
    });
    show(&mut world, 2600, Duration::from_millis(50));
    assert_eq!(show(&mut world, 2600, Duration::from_millis(500)), 0);
    world.command(Command::Resume {
        session: 2,
        streams: vec![10],
    });
    assert!(show(&mut world, 2600, Duration::from_secs(1)) >= 20);
}

#[test]
fn key_frames_that_a_receiver_asks_for_are_asked_of_the_sender_now_and_then() {
    let mut world = world(1);
    world.watch(1, 0, 10);
    show(&mut world, 2600, Duration::from_secs(1));
    let before = world.clients[0].seen.keyframe_requests;
    world.run_with(Duration::from_secs(2), |world, ms| {
        if ms.is_multiple_of(20) {
            world.clients[1].request_keyframe(2600);
        }
        if ms.is_multiple_of(40) {
            world.show_frame(0);
        }
    });
    let asked = world.clients[0].seen.keyframe_requests - before;
    assert!((2..=6).contains(&asked), "{asked} of 100");
}

#[test]
fn a_source_in_a_format_that_the_receiver_lacks_is_not_sent_to_it() {
    let mut world = world(1);
    let other = |payload: &mut Payload| payload.codec = "vp9".into();
    world.clients[1]
        .configure
        .payloads
        .iter_mut()
        .filter(|p| p.pt == VP8)
        .for_each(other);
    world.configure(1);
    world.watch(1, 0, 10);
    assert_eq!(show(&mut world, 2600, Duration::from_secs(1)), 0);
}

#[test]
fn a_meeting_that_ends_is_silent_at_once() {
    let mut world = world(1);
    world.watch(1, 0, 10);
    show(&mut world, 2600, Duration::from_secs(1));
    world.command(Command::EndMeeting {
        meeting: support::MEETING,
    });
    world.run(Duration::from_millis(20));
    world.events.clear();
    assert_eq!(show(&mut world, 2600, Duration::from_secs(1)), 0);
    assert!(world.events.is_empty());
    assert_eq!(world.core.totals().sessions, 0);
}
