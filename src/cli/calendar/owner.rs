//! Whose calendar is looked at, and how far ahead.

use crate::calendar::{Limits, Policy, View};
use crate::config::{CalendarPlace, Person};
use crate::exit::UsageError;
use crate::model::Timestamp;
use crate::zone::Zone;
use std::time::Duration;

/// The longest stretch of time that is looked at.
const FARTHEST: Duration = Duration::from_secs(366 * 86_400);

/// The end of the stretch of time that is looked at.
pub(in crate::cli) fn horizon(now: Timestamp, length: Duration) -> Result<Timestamp, UsageError> {
    if length.is_zero() || length > FARTHEST {
        return Err(UsageError("--until: savehub looks ahead for some time up to 366d, such as 7d".into()));
    }
    Ok(now.plus(length))
}

/// How a calendar is read, and what cannot be seen by that.
pub(in crate::cli) const fn how(place: &CalendarPlace) -> &'static str {
    match place {
        CalendarPlace::File(_) => "read from a file, with every tick",
        CalendarPlace::Web(_) => "read from a subscription address: what its service has not published yet is not seen",
        CalendarPlace::CalDav(_) => {
            "read over CalDAV, 8 days back and 14 ahead: a series that the server does not find for them is not seen"
        }
    }
}

/// Whose calendar it is: decides the zone, and which meetings ring. Nobody's, where the config has no people.
pub(in crate::cli) struct CalendarOwner {
    /// Id of the person.
    pub(in crate::cli) person: Option<String>,
    /// Their zone, or the system's.
    pub(in crate::cli) zone: Zone,
    policy: Policy,
    /// It is their own.
    own: bool,
}

impl CalendarOwner {
    pub(in crate::cli) fn of(person: Option<&Person>, own: bool) -> Self {
        Self {
            person: person.map(|person| person.id.clone()),
            zone: person.map_or_else(Zone::system, |person| person.zone.clone()),
            policy: person.map_or_else(Policy::default, |person| person.policy.clone()),
            own,
        }
    }

    /// The same, who has these addresses too.
    pub(in crate::cli) fn knowing(self, addresses: &[String]) -> Self {
        let policy = self.policy.with_addresses(addresses).into_owned();
        Self { policy, ..self }
    }

    /// A look at a calendar of theirs.
    pub(in crate::cli) fn view(&self, from: Timestamp, until: Timestamp) -> View<'_> {
        let usual = Limits::default();
        // As dense as for the day a tick looks at.
        let days = usize::try_from(until.since(from) / 86_400_000).unwrap_or(usize::MAX);
        let (per_series, meetings) =
            (usual.per_series.max(days.saturating_mul(24)), days.saturating_mul(usual.meetings));
        let limits = Limits { per_series, meetings: usual.meetings.max(meetings), ..usual };
        View { from, until, zone: &self.zone, policy: &self.policy, own: self.own, limits }
    }
}
