//! What a meeting costs: `cargo run --release -p hubbub-mixer --example crowd [members] [speakers] [seconds]
//! [complexity]`.
//!
//! Members send a packet of 20 ms each, as their browsers do; `speakers` of them speak, all listen. Printed is the time in
//! the mixer for each 20 ms by the clock, what it took of the processor, and how many such meetings a core could mix.

use std::time::{Duration, Instant};

use hubbub_mixer::{Config, Frame, Member, Mixer, Packet, Sink};

struct Count {
    frames: u64,
    bytes: u64,
}

impl Sink for Count {
    fn frame(&mut self, receivers: &[u64], frame: &Frame) {
        self.frames += receivers.len() as u64;
        self.bytes += (receivers.len() * frame.payload.len()) as u64;
    }
}

/// Something like a voice: pulses through a formant, with syllables.
fn speech(seconds: usize, pitch: f32) -> Vec<f32> {
    let (mut phase, mut near, mut far, mut seed) = (0.0f32, 0.0f32, 0.0f32, 1u32);
    (0..seconds * 48_000)
        .map(|n| {
            let time = n as f32 / 48_000.0;
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            phase += pitch * (1.0 + 0.2 * (time * 3.0).sin()) / 48_000.0;
            let mut pulse = ((seed >> 8) as f32 / 8_388_608.0 - 1.0) * 0.02;
            if phase >= 1.0 {
                phase -= 1.0;
                pulse += 1.0;
            }
            let formant = std::f32::consts::TAU * (500.0 + 400.0 * (time * 7.0).sin()) / 48_000.0;
            let sample = pulse + 1.97 * formant.cos() * near - 0.9702 * far;
            (far, near) = (near, sample);
            (0.05 * sample * (0.55 + 0.45 * (time * 12.0).sin())).clamp(-0.9, 0.9)
        })
        .collect()
}

fn packets(seconds: usize, pitch: f32) -> Vec<Vec<u8>> {
    let mut encoder =
        opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).expect("encoder");
    encoder
        .set_bitrate(opus::Bitrate::Bits(32_000))
        .expect("bitrate");
    encoder.set_inband_fec(true).expect("FEC");
    let red = |opus: Vec<u8>| [&[111][..], &opus].concat();
    speech(seconds, pitch)
        .chunks_exact(960)
        .map(|frame| red(encoder.encode_vec_float(frame, 1_200).expect("encoding")))
        .collect()
}

/// Time that this thread had a processor.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}

fn main() {
    let argument = |n: usize, default: usize| {
        std::env::args()
            .nth(n)
            .map_or(default, |text| text.parse().expect("number"))
    };
    let complexity = argument(4, usize::from(Config::default().complexity)) as u8;
    let (members, speakers, seconds) = (argument(1, 250), argument(2, 3), argument(3, 20));
    let voices: Vec<Vec<Vec<u8>>> = (0..speakers)
        .map(|n| packets(seconds, 100.0 + 40.0 * n as f32))
        .collect();
    let silence = [111, 0xf8, 0xff, 0xfe];
    let start = Instant::now();
    let mut mixer = Mixer::new(
        Config {
            complexity,
            ..Config::default()
        },
        start,
    );
    for id in 0..members as u64 {
        mixer.add(
            id,
            Member {
                attendee: id,
                content: false,
                listens: true,
                stereo: false,
                max_bitrate: 0,
            },
        );
        mixer.set_gates(id, true, true);
    }
    let mut count = Count {
        frames: 0,
        bytes: 0,
    };
    let (mut receiving, mut ticking, mut worst) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let ticks = seconds * 50;
    let before = processor_time();
    for tick in 0..ticks as u64 {
        let now = start + Duration::from_millis(tick * 20);
        let begin = Instant::now();
        for id in 0..members {
            let (payload, level) = match voices.get(id) {
                Some(voice) => (&voice[tick as usize][..], 25),
                None => (&silence[..], 127),
            };
            let arrived = now + Duration::from_micros((id * 7_919 % 15_000) as u64);
            let (sequence, timestamp) = (tick, tick * 960 + 12_345);
            mixer.receive(
                id as u64,
                Packet {
                    sequence,
                    timestamp,
                    payload,
                    red: true,
                    level: Some(level),
                    arrived,
                },
            );
        }
        let middle = Instant::now();
        mixer.tick(now + Duration::from_millis(20), &mut count);
        let took = middle.elapsed();
        receiving += middle - begin;
        ticking += took;
        worst = worst.max(took);
    }
    let processor = processor_time() - before;
    let each = |time: Duration| time.as_secs_f64() * 1e6 / ticks as f64;
    let (receive, tick) = (each(receiving), each(ticking));
    let share = each(processor) / 20_000.0;
    println!("{members} members, {speakers} speaking, {seconds} s");
    println!(
        "receive {receive:.1} us a tick ({:.0} ns a packet), tick {tick:.1} us (worst {:.0} us)",
        receive * 1e3 / members as f64,
        worst.as_secs_f64() * 1e6
    );
    println!(
        "{:.0} us of a processor a tick, {:.2} % of a core: {:.0} meetings a core",
        each(processor),
        share * 100.0,
        1.0 / share
    );
    println!(
        "{} frames out, {:.1} kbit/s each; {:?}",
        count.frames,
        count.bytes as f64 * 8.0 / count.frames as f64 * 0.05,
        mixer.stats()
    );
}
