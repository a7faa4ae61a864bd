//! How a calendar is looked at, and how much that may cost.

use super::Policy;
use crate::model::Timestamp;
use crate::zone::Zone;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

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
    /// The calendar is the person's own: marks count also in events that nobody organises.
    pub own: bool,
    /// How much work one calendar may cost.
    pub limits: Limits,
}

impl View<'_> {
    /// A text of everything but the time that decides about the meetings of a given calendar: the policy, the zone, the
    /// zone data, savehub itself. When one of them changes, so does the text. (A newer compiler may give another text,
    /// which costs one more look.)
    pub fn decided_by(&self) -> String {
        let zones = crate::zone::data_version();
        let says = format!("{:?} {:?} {} {:?} {}", self.zone, self.policy, self.own, self.limits, zones.version);
        let mut hasher = DefaultHasher::new();
        (says, env!("CARGO_PKG_VERSION")).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// How much work one calendar may cost, whatever stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest content line after unfolding, in bytes; the rest of a longer one is left out and told.
    pub line: usize,
    /// Steps of the rule engine, for all series of the calendar together; the events of one UID get at most an eighth
    /// of what is left.
    pub steps: u64,
    /// Occurrences of one series in the looked-at time; a denser series is left out and told.
    pub per_series: usize,
    /// Meetings in the looked-at time that ring, and as many that do not; those that begin later are left out and told.
    pub meetings: usize,
}

/// More meetings than a day of anybody's holds, and few enough that writing them down holds up nobody else's calendar.
const MOST_MEETINGS: usize = 1000;

impl Default for Limits {
    fn default() -> Self {
        Self { line: 1 << 20, steps: 2_000_000, per_series: 500, meetings: MOST_MEETINGS }
    }
}
