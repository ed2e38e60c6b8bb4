//! One headless attendee: joins, speaks, shows, records, reports, leaves.

mod attendance;
mod camera;
mod mix;
mod narrate;
pub mod options;
pub mod peer;
mod report;
mod run;
mod sections;
pub mod tiles;
mod video;

pub use run::join;
