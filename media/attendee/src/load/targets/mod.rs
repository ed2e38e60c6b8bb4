//! The servers that load can be put on.

mod hubbub;
mod janus;
mod livekit;
#[cfg(test)]
mod scripted;

use std::io::{self, Error, ErrorKind};
use std::sync::Arc;

use hubbub::Hubbub;
use janus::Janus;
use livekit::LiveKit;

use super::options::{Kind, Load};
use super::signalling::Target;
use crate::tls::{self, Trust};

/// The target that the options name.
pub fn open(options: &Load) -> io::Result<Arc<dyn Target>> {
    let trust = match (&options.ca, options.insecure_tls) {
        (_, true) => Trust::Anybody,
        (Some(path), _) => Trust::File(path),
        (None, _) => Trust::System,
    };
    let missing = |name: &str| Error::new(ErrorKind::InvalidInput, format!("{name} is needed"));
    match options.target {
        Kind::Hubbub => {
            let path = options.tickets.as_deref();
            let path = path.ok_or_else(|| missing("--tickets"))?;
            Ok(Arc::new(Hubbub::open(path, trust)?))
        }
        Kind::Janus => {
            let url = options.url.as_deref().ok_or_else(|| missing("--url"))?;
            Ok(Arc::new(Janus::open(
                url,
                options,
                tls::for_url(url, trust)?,
            )?))
        }
        Kind::Livekit => {
            let url = options.url.as_deref().ok_or_else(|| missing("--url"))?;
            Ok(Arc::new(LiveKit::open(
                url,
                options,
                tls::for_url(url, trust)?,
            )))
        }
    }
}
