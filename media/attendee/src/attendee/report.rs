//! Events as JSON lines on standard output.

use std::io::Write;
use std::time::Instant;

use serde_json::{Map, Value, json};

/// Prints events with their time.
#[derive(Clone, Debug)]
pub struct Report {
    started: Instant,
}

impl Report {
    /// Times count from now.
    pub fn new(started: Instant) -> Report {
        Report { started }
    }

    /// Prints one event; `members` is an object.
    pub fn event(&self, event: &str, members: Value) {
        let mut line = Map::new();
        line.insert("event".to_owned(), json!(event));
        let at = (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0;
        line.insert("at".to_owned(), json!(at));
        if let Value::Object(members) = members {
            line.extend(members);
        }
        let mut out = std::io::stdout().lock();
        // Nobody reads any more: go on, the exit code still tells.
        let _ = writeln!(out, "{}", Value::Object(line));
        let _ = out.flush();
    }
}
