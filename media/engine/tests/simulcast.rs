//! Encodings named by rid: they are told apart, and a receiver gets the one it asks for.

mod support;

use std::time::Duration;

use hubbub_engine::command::{Camera, Command, Encoding, Subscription};
use support::World;
use support::media::vp8;

const RIDS: [(&str, u32, u32); 2] = [("low", 10, 300), ("hi", 11, 1200)];
const GROUP: u32 = 7;

fn simulcast() -> World {
    let mut world = World::new();
    world.connect(1, &[1, 2]);
    let mut encodings = Vec::new();
    for (index, (rid, stream, max_kbps)) in RIDS.into_iter().enumerate() {
        let ssrc = 7000 + 2 * index as u32;
        let mut api = world.clients[0].rtc.direct_api();
        api.declare_stream_tx(
            ssrc.into(),
            Some((ssrc + 1).into()),
            "1".into(),
            Some(rid.into()),
        );
        let rid = Some(rid.to_owned());
        let (ssrc, rtx_ssrc, active) = (None, None, true);
        encodings.push(Encoding {
            stream,
            rid,
            ssrc,
            rtx_ssrc,
            max_kbps,
            active,
        });
    }
    let (mid, content) = ("1".to_owned(), false);
    world.clients[0].configure.camera = Some(Camera {
        mid,
        group: GROUP,
        encodings,
        content,
    });
    world.configure(0);
    world
}

fn wish(world: &mut World, stream: u32, target_kbps: u32) {
    let subscription = Subscription {
        mid: "2".into(),
        stream,
        group: GROUP,
        priority: 1,
        target_kbps,
        preference: 1,
    };
    let subscriptions = vec![subscription];
    world.command(Command::Subscribe {
        session: 2,
        subscriptions,
    });
}

/// Both encodings run, in packets of their own size; the sizes that came.
fn sizes(world: &mut World, time: Duration) -> Vec<usize> {
    world.clients[1].seen.packets.clear();
    world.run_with(time, |world, ms| {
        if ms.is_multiple_of(40) {
            for (index, length) in [200, 900].into_iter().enumerate() {
                let ssrc = 7000 + 2 * index as u32;
                let client = &mut world.clients[0];
                client.camera = Some((ssrc, ssrc + 1));
                let keyframe = ms.is_multiple_of(400);
                let frame = (client.video_sequence / 2) as u32;
                let payload = vp8(frame as u16 & 0x7fff, keyframe, length);
                client.send_video_as(u64::from(frame), &payload, frame * 3600, true);
                client.video_sequence += 1;
            }
        }
    });
    world
        .take_packets(1, 2600)
        .iter()
        .map(|packet| packet.payload.len())
        .collect()
}

#[test]
fn the_layer_asked_for_is_sent_and_another_after_a_switch() {
    let mut world = simulcast();
    wish(&mut world, 11, 0);
    sizes(&mut world, Duration::from_secs(2));
    let high = sizes(&mut world, Duration::from_secs(1));
    assert!(
        high.len() >= 24 && high.iter().all(|size| *size == 900),
        "{high:?}"
    );
    wish(&mut world, 10, 0);
    sizes(&mut world, Duration::from_secs(1));
    let low = sizes(&mut world, Duration::from_secs(1));
    assert!(
        low.len() >= 24 && low.iter().all(|size| *size == 200),
        "{low:?}"
    );
}

#[test]
fn the_highest_layer_within_the_target_is_chosen() {
    let mut world = simulcast();
    wish(&mut world, 0, 600);
    sizes(&mut world, Duration::from_secs(2));
    let low = sizes(&mut world, Duration::from_secs(1));
    assert!(
        low.len() >= 24 && low.iter().all(|size| *size == 200),
        "{low:?}"
    );
    wish(&mut world, 0, 10_000);
    sizes(&mut world, Duration::from_secs(3));
    let high = sizes(&mut world, Duration::from_secs(1));
    assert!(
        high.len() >= 24 && high.iter().all(|size| *size == 900),
        "{high:?}"
    );
}
