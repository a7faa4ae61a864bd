//! Where calendars come from: files, and subscription addresses over HTTP.

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
}

/// One calendar's source.
pub trait Feed: Send + Sync {
    /// Asks once. `last` is what was told about the copy that is there; with `whole` the copy is asked for even if it is
    /// as it was (some servers answer 304 for ever).
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched;
}

/// Makes the sources of a config.
pub trait Feeds: Send + Sync {
    /// The source with this key; `None` when the config has none.
    fn feed(&self, key: &str) -> Option<Arc<dyn Feed>>;
}
