//! The watcher of the watcher: after each tick, monitoring systems learn that savehub runs and how it goes.
//!
//! | file | answers |
//! |---|---|
//! | `heartbeat` | how does a monitoring service learn that a tick was good, or bad, or never came? |
//! | `metrics` | what does Prometheus read? |
//!
//! Both come after everything of the tick was written down, and neither changes its exit code.

mod heartbeat;
mod metrics;

pub use heartbeat::{LIMIT, ping};
pub use metrics::{Source, text, write};

use crate::exit::Exit;
use crate::model::{Reason, StepState, Timestamp};
use std::time::Duration;

/// A tick that is over, as those who watch see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// When it started.
    pub started_at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// Its exit code.
    pub exit: Exit,
    /// The steps that were due and could not be done.
    pub trouble: Vec<(StepState, Reason)>,
    /// The config is broken: what ticks do about it.
    pub broken_config: Option<String>,
}
