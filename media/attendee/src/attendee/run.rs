//! The event loop of `join`: one thread, `poll`, no busy waiting.

use std::io::{self, BufRead};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::json;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::attendance::{Attendance, End, Sources};
use super::camera::Camera;
use super::mix::Mix;
use super::options::{Adaptation, Join, Place};
use super::report::Report;
use crate::files::ivf::Movie;
use crate::microphone::Microphone;
use crate::signal::session::{Joining, Session};
use crate::tls::{self, Trust};
use crate::websocket::Socket;

/// Reconnecting altogether (chime-meetings B.10).
const PATIENCE: Duration = Duration::from_secs(120);
/// Commands are looked for so often.
const COMMANDS: Duration = Duration::from_millis(50);
/// A signal is noticed at the latest after this.
const SIGNALS: Duration = Duration::from_millis(250);
/// Subprotocol of the signalling WebSocket.
const PROTOCOL: &str = "_aws_wt_session";
const QUERY: &str = "X-Chime-Control-Protocol-Version=3&X-Amzn-Chime-Send-Close-On-Error=1";

fn code(end: &End) -> i32 {
    match end {
        End::Left => 0,
        End::NotAdmitted(_) => 3,
        End::Lost(_) => 4,
        End::Ended(_) => 5,
        End::NoMedia(_) => 6,
        End::File(_) => 7,
    }
}

/// Signals that ask to leave, while it lives.
struct Interrupts {
    asked: Arc<AtomicBool>,
    ids: Vec<signal_hook::SigId>,
}

impl Interrupts {
    fn new() -> io::Result<Interrupts> {
        let asked = Arc::new(AtomicBool::new(false));
        let ids = [SIGINT, SIGTERM]
            .into_iter()
            .map(|signal| signal_hook::flag::register(signal, asked.clone()))
            .collect::<io::Result<_>>()?;
        Ok(Interrupts { asked, ids })
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            signal_hook::low_level::unregister(id);
        }
    }
}

/// Joins, stays, leaves; gives the exit code.
pub fn join(options: &Join) -> i32 {
    let report = Report::new(Instant::now());
    let end = match attempt_all(options, &report) {
        Ok(end) => end,
        Err(e) => End::File(e),
    };
    let exit_code = code(&end);
    report.event(
        "done",
        json!({"reason": end.to_string(), "exit_code": exit_code}),
    );
    exit_code
}

fn attempt_all(options: &Join, report: &Report) -> io::Result<End> {
    let interrupts = Interrupts::new()?;
    let mut options = options.clone();
    let place = options.place()?;
    options.attendee_id.clone_from(&place.attendee_id);
    let commands = options.commands.then(commands);
    let audio_session_id = u64::from(fastrand::u32(..));
    let mut main = sources(&options)?;
    let mut content = content_sources(&options)?;
    let leave_at: &mut Option<Instant> = &mut None;
    let mut lost_since: Option<Instant> = None;
    loop {
        let mut joining = Attempt {
            options: &options,
            place: &place,
            report,
            interrupts: &interrupts,
            commands: commands.as_ref(),
            audio_session_id,
            leave_at,
        };
        let (end, connected, sources, shared) = joining.run(main, content)?;
        (main, content) = (sources, shared);
        if connected {
            lost_since = None;
        }
        let since = *lost_since.get_or_insert_with(Instant::now);
        let again = matches!(end, End::Lost(_) | End::NoMedia(_))
            && options.reconnect
            && since.elapsed() < PATIENCE
            && !interrupts.asked.load(Ordering::Relaxed);
        if !again {
            if let Some(mix) = main.mix.take() {
                mix.finish()?;
            }
            return Ok(end);
        }
        report.event("reconnecting", json!({"reason": end.to_string()}));
        // Waits 0 at first, then up to 5 s with full jitter.
        if !connected {
            std::thread::sleep(Duration::from_millis(fastrand::u64(0..5_000)));
        }
    }
}

/// What one attempt works with.
struct Attempt<'a> {
    options: &'a Join,
    place: &'a Place,
    report: &'a Report,
    interrupts: &'a Interrupts,
    commands: Option<&'a Receiver<String>>,
    audio_session_id: u64,
    leave_at: &'a mut Option<Instant>,
}

type Ran = (End, bool, Sources, Option<Sources>);

impl Attempt<'_> {
    fn open(
        &self,
        sources: Sources,
        content: bool,
    ) -> Result<Attendance, Box<(io::Error, Sources)>> {
        let suffix = if content { "#content" } else { "" };
        let token = format!("{}{suffix}", self.place.join_token);
        let url = format!(
            "{}?{QUERY}&X-Amzn-Version={}&X-Amzn-User-Agent=hubbub-attendee",
            self.place.signaling_url,
            env!("CARGO_PKG_VERSION")
        );
        let trust = match (&self.options.ca, self.options.insecure_tls) {
            (_, true) => Trust::Anybody,
            (Some(path), _) => Trust::File(path),
            (None, _) => Trust::System,
        };
        let session = Session::new(Joining {
            audio_session_id: self.audio_session_id,
            server_adapts: self.options.adaptation == Adaptation::Server,
            compressed: !self.options.plain_sdp,
        });
        let socket = tls::for_url(&url, trust)
            .and_then(|tls| Socket::connect(&url, &[PROTOCOL, &token], &[], &tls));
        let socket = match socket {
            Ok(socket) => socket,
            Err(e) => return Err(Box::new((e, sources))),
        };
        Attendance::open(
            socket,
            session,
            self.options,
            &self.place.audio_host,
            content,
            sources,
            self.report,
            Instant::now(),
        )
    }

    fn run(&mut self, main: Sources, content: Option<Sources>) -> io::Result<Ran> {
        let main = match self.open(main, false) {
            Ok(attendance) => attendance,
            Err(refused) => {
                let (e, sources) = *refused;
                return Ok((End::Lost(e.to_string()), false, sources, content));
            }
        };
        let mut sessions = vec![main];
        let mut content = content;
        let end = self.stay(&mut sessions, &mut content);
        let shared = match sessions.len() {
            2 => sessions.pop().map(|s| s.finish(true)).transpose()?,
            _ => content,
        };
        let main = sessions.pop().expect("the main session is the first");
        let connected = main.connected();
        Ok((end, connected, main.finish(true)?, shared))
    }

    fn stay(&mut self, sessions: &mut Vec<Attendance>, content: &mut Option<Sources>) -> End {
        loop {
            let now = Instant::now();
            let mut due = now + SIGNALS;
            for at in 0..sessions.len() {
                match sessions[at].work(now) {
                    Ok(next) => due = due.min(next),
                    // The share may end alone, the attendee then stays.
                    Err(End::Ended(why)) if at > 0 => {
                        self.report.event("content_ended", json!({"reason": why}));
                        sessions.remove(at);
                        break;
                    }
                    Err(End::Left) if sessions.len() > 1 => {
                        sessions.remove(at);
                        break;
                    }
                    Err(end) => return end,
                }
            }
            if sessions[0].connected() {
                if let Some(sources) = content.take() {
                    match self.open(sources, true) {
                        Ok(attendance) => sessions.push(attendance),
                        Err(refused) => return End::Lost(refused.0.to_string()),
                    }
                }
                if let (None, Some(seconds)) = (&self.leave_at, self.options.duration) {
                    *self.leave_at = Some(now + Duration::from_secs_f64(seconds.max(0.0)));
                }
            }
            let late = self.leave_at.is_some_and(|at| now >= at);
            if late || self.interrupts.asked.load(Ordering::Relaxed) {
                for session in sessions.iter_mut().rev() {
                    session.leave(now);
                }
            }
            if let Some(at) = *self.leave_at {
                due = due.min(at.max(now + Duration::from_millis(1)));
            }
            if self.commands.is_some() {
                due = due.min(now + COMMANDS);
            }
            if let Err(end) = self.obey(&mut sessions[0]) {
                return end;
            }
            if let Err(e) = wait(sessions, due) {
                return End::Lost(e.to_string());
            }
            let now = Instant::now();
            for session in sessions.iter_mut() {
                if let Err(end) = session.read(now) {
                    if matches!(end, End::Left) && session.is_content() {
                        continue;
                    }
                    return end;
                }
            }
        }
    }

    fn obey(&self, session: &mut Attendance) -> Result<(), End> {
        let Some(commands) = self.commands else {
            return Ok(());
        };
        while let Ok(line) = commands.try_recv() {
            let mut words = line.trim().splitn(3, ' ');
            match (words.next(), words.next(), words.next()) {
                (Some("mute"), None, None) => session.mute(true)?,
                (Some("unmute"), None, None) => session.mute(false)?,
                (Some("camera"), Some("on"), None) => session.camera(true),
                (Some("camera"), Some("off"), None) => session.camera(false),
                (Some("say"), Some(topic), Some(text)) => session.message(topic, text)?,
                (Some("leave"), None, None) => session.leave(Instant::now()),
                (Some(verb @ ("pause" | "resume")), Some(stream), None) => {
                    if let Ok(stream) = stream.parse() {
                        session.pause(stream, verb == "pause")?;
                    }
                }
                _ => self.report.event(
                    "notification",
                    json!({"text": format!("not understood: {line}")}),
                ),
            }
        }
        Ok(())
    }
}

fn wait(sessions: &[Attendance], due: Instant) -> io::Result<()> {
    let mut fds = Vec::with_capacity(sessions.len() * 2);
    for session in sessions {
        let mut flags = PollFlags::POLLIN;
        flags.set(PollFlags::POLLOUT, session.socket.behind);
        fds.push(PollFd::new(session.socket.as_fd(), flags));
        fds.push(PollFd::new(session.peer.as_fd(), PollFlags::POLLIN));
    }
    let left = due.saturating_duration_since(Instant::now());
    // Rounded up: waking too early would only mean to wait again.
    let millis = left.as_micros().div_ceil(1000).min(60_000) as u16;
    match poll(&mut fds, PollTimeout::from(millis)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(e) => Err(e.into()),
    }
}

fn commands() -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn sources(options: &Join) -> io::Result<Sources> {
    let microphone = match (&options.microphone, options.tone) {
        (Some(path), _) => Microphone::file(path)?,
        (None, Some(hertz)) => Microphone::tone(hertz)?,
        (None, None) => Microphone::silence(),
    };
    let movies = options
        .camera
        .iter()
        .map(|path| Movie::open(path))
        .collect::<io::Result<Vec<_>>>()?;
    let encodings = encodings(&movies, &options.camera_kbps);
    let rids = match movies.len() {
        0 | 1 => Vec::new(),
        2 => vec!["low".to_owned(), "hi".to_owned()],
        _ => vec!["low".to_owned(), "mid".to_owned(), "hi".to_owned()],
    };
    if movies.len() > 3 {
        return Err(io::Error::other("more than three layers of a camera"));
    }
    Ok(Sources {
        microphone,
        camera: (!movies.is_empty()).then(|| Camera::new(movies)),
        encodings,
        rids,
        mix: Some(Mix::new(options.stereo, options.record.as_deref())?),
    })
}

fn content_sources(options: &Join) -> io::Result<Option<Sources>> {
    let Some(path) = &options.content else {
        return Ok(None);
    };
    let movies = vec![Movie::open(path)?];
    Ok(Some(Sources {
        microphone: match &options.content_audio {
            Some(path) => Microphone::file(path)?,
            None => Microphone::silence(),
        },
        encodings: encodings(&movies, &[]),
        camera: Some(Camera::new(movies)),
        rids: Vec::new(),
        mix: None,
    }))
}

/// Declared bit rates: as asked, else half as much again as the files have.
fn encodings(movies: &[Movie], kbps: &[u32]) -> Vec<(String, u32)> {
    movies
        .iter()
        .enumerate()
        .map(|(at, movie)| {
            let bytes: usize = movie.frames.iter().map(|f| f.data.len()).sum();
            let measured = bytes as u128 * 8 / movie.length.as_millis().max(1);
            let rate = kbps
                .get(at)
                .copied()
                .unwrap_or((measured as u32 * 3 / 2).max(100));
            ("AmazonChimeExpressVideo".to_owned(), rate)
        })
        .collect()
}
