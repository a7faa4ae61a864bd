//! Where calendars come from: files, subscription addresses over HTTP, and CalDAV servers.
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
//! | `caldav` | servers: what has changed, and which events there are |
//! | `file` | files: when is one read again? |
//! | `copy` | is it a whole calendar, and another one? |
//! | `sources` | the calendars of a config |

mod caldav;
mod copy;
mod file;
mod sources;
mod web;

pub use caldav::{FoundCalendar, FoundCalendars, find};
pub use sources::{Sources, at};

use crate::model::{Timestamp, Validators};
use std::ops::Range;
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
        /// Events of it that could not be had: nothing may be concluded from what is not there.
        missing: usize,
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

/// The person's own mail addresses, as the calendar's server told them with this copy.
pub fn own_addresses(copy: &Validators) -> Vec<String> {
    caldav::addresses(copy)
}

/// What to tell about events that could not be had, so many of them.
pub fn lacking(missing: usize) -> Option<String> {
    (missing > 0)
        .then(|| format!("{missing} of its events could not be had from the server; none is taken for deleted"))
}

/// No calendars at all: for what fetches none, such as a dry run.
pub struct NoFeeds;

impl Feeds for NoFeeds {
    fn feed(&self, _: &str, _: &Wanted) -> Option<Arc<dyn Feed>> {
        None
    }
}

/// The time in which the meetings begin that are looked for.
pub type Wanted = Range<Timestamp>;

/// Makes the sources of a config.
pub trait Feeds: Send + Sync {
    /// The source with this key; `None` when the config has none. Meetings that begin in `wanted` are looked for: a server
    /// that can be asked for a time is asked for no more than that and some days around it.
    fn feed(&self, key: &str, wanted: &Wanted) -> Option<Arc<dyn Feed>>;

    /// `true`: a look at any calendar now would change nothing, so a tick makes none. Only a rehearsal can know that.
    fn rest(&self) -> bool {
        false
    }
}
