//! Where calendars come from: files, and subscription addresses over HTTP.
//!
//! A fetch asks once and decides one thing: is there another whole calendar than the copy that is there? It never
//! retries, reads a clock only for its own time limit, and does not read what stands in a calendar. When to ask is
//! [`rules::refresh`](crate::rules::refresh)'s; what a missing meeting means is the tick's.
//!
//! Whatever is not a whole calendar is a failure, in words that can be shown, and the last good copy stays in force: an
//! answer that breaks off, a sign-in form with status 200, a file that is just being written.
//!
//! | file | is about |
//! |---|---|
//! | `web` | subscription addresses: redirects, conditions, statuses |
//! | `file` | files: when is one read again? |
//! | `copy` | is it a whole calendar, and another one? |
//! | `sources` | the calendars of a config |

mod copy;
mod file;
mod sources;
mod web;

pub use sources::{Sources, at};

use crate::model::Validators;
use std::sync::Arc;
use std::time::Duration;

/// What came of asking for a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// It is as it was. The validators may be newer.
    Unchanged(Validators),
    /// A body that looks like a whole calendar.
    New {
        /// Decompressed, at most as long as the config allows.
        body: Vec<u8>,
        /// What to ask with next time.
        validators: Validators,
    },
    /// The last good copy stays in force.
    Failed(FetchFailure),
}

/// Why there is no new copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchFailure {
    /// In plain words, without the address or any part of it.
    pub why: String,
    /// The server asked to be left alone for this long (`Retry-After`).
    pub retry_after: Option<Duration>,
    /// No server was reached.
    pub unreached: bool,
}

impl From<String> for FetchFailure {
    fn from(why: String) -> Self {
        Self { why, retry_after: None, unreached: false }
    }
}

/// One calendar's source.
pub trait Feed: Send + Sync {
    /// Asks once, and ends within the config's `timeout` unless a file system hangs. `last` holds the validators of the
    /// stored copy, all empty when there is none; with `whole` the copy is asked for and read even if it seems to be as
    /// it was (some servers answer 304 for ever). If it is, that is [`Fetched::Unchanged`] still.
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched;
}

/// No calendars at all: for what fetches none, such as a dry run.
pub struct NoFeeds;

impl Feeds for NoFeeds {
    fn feed(&self, _: &str) -> Option<Arc<dyn Feed>> {
        None
    }
}

/// Makes the sources of a config.
pub trait Feeds: Send + Sync {
    /// The source with this key; `None` when the config has none.
    fn feed(&self, key: &str) -> Option<Arc<dyn Feed>>;

    /// `true`: a look at any calendar now would change nothing, so a tick makes none. Only a rehearsal can know that.
    fn rest(&self) -> bool {
        false
    }
}
