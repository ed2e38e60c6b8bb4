//! What the router tells about sources: live, stalled, starved, watched, how fast.

use hubbub_router::SourceState::{Live, Stalled};

use crate::meeting::{LADDER, Meeting, Said, any, ms, only};
use crate::network::Conditions;

#[test]
fn a_source_is_live_with_its_first_packet_and_stalled_without() {
    let mut meeting = Meeting::new();
    meeting.open([1]);
    meeting.camera(1, 5, &LADDER[..1]);
    let since = meeting.now;
    meeting.run(ms(5000));
    let states = |meeting: &Meeting| -> Vec<Said> {
        meeting
            .said(since)
            .filter(|said| matches!(said, Said::Source(..)))
            .collect()
    };
    let live = [
        Said::Source(50, Live, 0, 0),
        Said::Source(50, Live, 320, 180),
    ];
    assert_eq!(states(&meeting), live);
    meeting.cameras.get_mut(&50).unwrap().sends = false;
    meeting.run(ms(1400));
    assert_eq!(states(&meeting), live);
    meeting.run(ms(400));
    assert_eq!(states(&meeting)[2..], [Said::Source(50, Stalled, 320, 180)]);
    meeting.cameras.get_mut(&50).unwrap().sends = true;
    meeting.run(ms(100));
    assert_eq!(states(&meeting)[3..], [Said::Source(50, Live, 320, 180)]);
}

#[test]
fn a_sender_is_starved_when_none_of_its_layers_sends() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER[..2]);
    meeting.camera(2, 6, &LADDER[..1]);
    meeting.run(ms(1000));
    meeting.cameras.get_mut(&51).unwrap().sends = false;
    meeting.run(ms(5000));
    assert!(meeting.out.starved.is_empty(), "one layer still sends");
    meeting.cameras.get_mut(&50).unwrap().sends = false;
    meeting.run(ms(4000));
    assert_eq!(meeting.out.starved, [vec![50, 51]]);
    meeting.cameras.get_mut(&50).unwrap().sends = true;
    meeting.run(ms(1000));
    assert_eq!(meeting.out.starved[1..], [vec![]]);
}

#[test]
fn sources_are_watched_while_somebody_takes_or_awaits_them() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2, 3]);
    meeting.camera(1, 5, &LADDER);
    let since = meeting.now;
    meeting.run(ms(500));
    assert!(
        !meeting
            .said(since)
            .any(|said| matches!(said, Said::Watched(..) | Said::Keyframe(_)))
    );
    meeting.watch(2, 1, only(50));
    meeting.watch(3, 1, only(50));
    meeting.run(ms(500));
    meeting.router.subscribe(2, 1, None);
    meeting.run(ms(500));
    meeting.watch(3, 1, only(52));
    meeting.run(ms(500));
    meeting.router.remove_session(3);
    meeting.run(ms(500));
    let watched: Vec<_> = meeting
        .said(since)
        .filter(|said| matches!(said, Said::Watched(..)))
        .collect();
    let mut expected = vec![(50, true), (52, true), (50, false), (52, false)];
    assert_eq!(watched.len(), 4);
    for said in watched {
        expected.retain(|&(stream, on)| said != Said::Watched(stream, on));
    }
    assert!(expected.is_empty(), "{expected:?}");
}

#[test]
fn bitrates_are_those_that_arrive() {
    let mut meeting = Meeting::new();
    meeting.open([1]);
    meeting.camera(1, 5, &LADDER);
    meeting.cameras.get_mut(&51).unwrap().sends = false;
    meeting.run(ms(8000));
    let rates: Vec<(u32, u64)> = meeting.router.bitrates().collect();
    for (stream, bps) in rates {
        let expected = match stream {
            50 => 190_000..230_000,
            51 => 0..1,
            _ => 1_150_000..1_300_000,
        };
        assert!(expected.contains(&bps), "{stream}: {bps}");
    }
    meeting.uplinks.get_mut(&52).unwrap().conditions = Conditions {
        loss: 0.5,
        ..Conditions::GOOD
    };
    meeting.run(ms(4000));
    let (_, bps) = meeting
        .router
        .bitrates()
        .find(|&(stream, _)| stream == 52)
        .unwrap();
    assert!((450_000..800_000).contains(&bps), "{bps}");
}

#[test]
fn demand_tells_what_is_sent_and_what_is_asked_for() {
    let mut meeting = Meeting::new();
    meeting.open([1, 2]);
    meeting.camera(1, 5, &LADDER);
    meeting.watch(2, 1, any(5));
    meeting.router.set_estimate(2, 800_000, meeting.now);
    meeting.run(ms(8000));
    let demand = meeting.router.demand(2);
    assert!((550_000..700_000).contains(&demand.current), "{demand:?}");
    assert!(
        (1_200_000..1_500_000).contains(&demand.desired),
        "{demand:?}"
    );
    assert_eq!(meeting.router.demand(77), hubbub_router::Demand::default());
}
