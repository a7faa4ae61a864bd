//! iCalendar: bytes in, the meetings of a stretch of time out. Pure: no clock, no file, no network.
//!
//! What stands here is the design; each file says its part.

#[allow(dead_code, reason = "the reader that uses it is being written")]
mod civil;
mod policy;
#[allow(dead_code, unused_imports, reason = "the reader that uses it is being written")]
mod rule;

pub use policy::{Hours, Pattern, Policy};

use crate::model::{Seen, Timestamp};
use crate::zone::Zone;

/// How a calendar is looked at.
#[derive(Debug, Clone)]
pub struct View<'a> {
    /// Start of the stretch of time; the occurrences with `from <= start < until` are found.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// The person's zone: for floating times, for zone names nobody knows, for days.
    pub zone: &'a Zone,
    /// Which meetings ring.
    pub policy: &'a Policy,
    /// How much work one calendar may cost.
    pub limits: Limits,
}

/// How much work one calendar may cost, whatever stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest content line after unfolding, in bytes; the rest of a longer one is left out and told.
    pub line: usize,
    /// Steps of the rule engine, for all series of the calendar together.
    pub steps: u64,
    /// Occurrences of one series in the looked-at time; a denser series is left out and told.
    pub per_series: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 1 << 20, steps: 2_000_000, per_series: 500 }
    }
}

/// What a look at a calendar gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Meetings, and what may be concluded from those that are not there.
    pub seen: Seen,
    /// False: it breaks off before its `END:VCALENDAR`.
    pub whole: bool,
    /// Events (`VEVENT`) in it, whenever they take place.
    pub events: usize,
    /// What was left out, or read with a guess. Few: repeated ones are counted in one.
    pub notices: Vec<Notice>,
}

/// Something in a calendar the person should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The event, where there is one.
    pub uid: Option<String>,
    /// Line in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// In plain words; texts from the calendar in it are cut and cleaned.
    pub text: String,
}

/// Why bytes are no calendar at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACalendar {
    /// Nothing but blank space.
    #[error("it is empty")]
    Empty,
    /// A web page, such as a sign-in form.
    #[error("it is a web page (HTML), not a calendar")]
    Html,
    /// Anything else without `BEGIN:VCALENDAR`.
    #[error("it does not start with BEGIN:VCALENDAR")]
    NoCalendar,
}
