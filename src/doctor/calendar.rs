//! Can a calendar be read, and is its copy young?

use super::Check;
use crate::model::{CalendarKind, Timestamp, printable};
use crate::store::CalendarView;
use crate::when;
use std::time::Duration;

/// A copy is old when it was not confirmed for this many times its refresh, ...
const REFRESHES: u32 = 4;

/// ... and at least so long.
const OLD: Duration = Duration::from_secs(3600);

/// A calendar that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarRead {
    /// How many events are in it.
    pub events: usize,
    /// How it is read, and what cannot be seen by that.
    pub how: &'static str,
    /// When it was changed last, where that is told.
    pub changed_at: Option<Timestamp>,
    /// By what its time zones were found.
    pub zones: String,
    /// Nobody says which answers are the person's.
    pub declined_ring: bool,
}

/// `read`: what is in it, or why it cannot be used. `view`: what the store says of its copy.
pub fn judge(
    who: &str,
    read: Result<CalendarRead, String>,
    view: Option<&CalendarView>,
    refresh: Duration,
    now: Timestamp,
) -> Check {
    let name = "calendar";
    let good_at = view.and_then(|view| view.good_at);
    let ago = |at: Timestamp| when::span(now.since(at).max(0).unsigned_abs());
    let CalendarRead { events, how, changed_at, zones, declined_ring } = match read {
        Ok(read) => read,
        Err(why) => {
            let copy = good_at.map_or_else(String::new, |at| format!("; the copy of {} ago stays in force", ago(at)));
            let detail = format!("{who} cannot be read: {}{copy}", printable(&why));
            return Check::problem(name, detail, "Correct its address or file under `calendars` of the person");
        }
    };
    let limit = (refresh * REFRESHES).max(OLD);
    // Files are looked at by every tick, and nothing is written while they stay as they are.
    let good_at = good_at.filter(|_| view.is_some_and(|view| view.kind == CalendarKind::Web));
    if let Some(at) = good_at.filter(|at| at.plus(limit) < now) {
        let detail = format!("{who} can be read, but ticks last did so {} ago", ago(at));
        return Check::warning(name, detail, "`savehub status` says why; do ticks run, and with this config?");
    }
    let count = if events == 1 { "1 event".to_owned() } else { format!("{events} events") };
    let changed = changed_at.map_or_else(String::new, |at| format!(", changed {} ago", ago(at)));
    let age = good_at.map_or_else(String::new, |at| format!(", confirmed {} ago", ago(at)));
    let declined =
        if declined_ring { "; declined meetings ring, too, until `addresses` names the person's" } else { "" };
    Check::ok(name, format!("{who}, {count}{changed}{age}; {how}{declined}; zones: {zones}"))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::model::CalendarId;

    const NOW: Timestamp = Timestamp::from_ms(1_795_334_400_000);

    fn minutes(from_now: i64) -> Timestamp {
        Timestamp::from_ms(NOW.ms() + from_now * 60_000)
    }

    fn view(good_minutes_ago: i64, kind: CalendarKind) -> CalendarView {
        CalendarView {
            id: CalendarId(1),
            person: "ana".into(),
            name: "work".into(),
            kind,
            good_at: Some(minutes(-good_minutes_ago)),
            checked_at: None,
            failing_since: None,
            failure: None,
            next_look_at: NOW,
            events: None,
            notices: 0,
            notice: None,
            tells_addresses: false,
        }
    }

    #[test]
    fn a_calendar_is_readable_and_its_copy_is_young() {
        let of = |read: Result<usize, &str>, view: Option<CalendarView>| {
            let refresh = Duration::from_secs(300);
            let read = read.map(|events| CalendarRead {
                events,
                how: "read so",
                changed_at: (events == 3).then(|| minutes(-90)),
                zones: "UTC alone".into(),
                declined_ring: events == 2,
            });
            let check = judge("ana/work", read.map_err(str::to_owned), view.as_ref(), refresh, NOW);
            (check.status, check.detail)
        };
        let (web, file) = (|ago| Some(view(ago, CalendarKind::Web)), |ago| Some(view(ago, CalendarKind::File)));
        assert_eq!(of(Ok(1), None), (Status::Ok, "ana/work, 1 event; read so; zones: UTC alone".into()));
        let young = "ana/work, 12 events, confirmed 59 min ago; read so; zones: UTC alone";
        assert_eq!(of(Ok(12), web(59)), (Status::Ok, young.into()));
        let declined = "ana/work, 2 events; read so; declined meetings ring, too, until `addresses` names the person's; \
                        zones: UTC alone";
        assert_eq!(of(Ok(2), None), (Status::Ok, declined.into()));
        let changed = "ana/work, 3 events, changed 1 h 30 min ago; read so; zones: UTC alone";
        assert_eq!(of(Ok(3), file(900)), (Status::Ok, changed.into()));
        assert_eq!(of(Ok(12), file(900)).0, Status::Ok);
        let stale = "ana/work can be read, but ticks last did so 5 h ago";
        assert_eq!(of(Ok(12), web(300)), (Status::Warning, stale.into()));
        let broken = "ana/work cannot be read: gone; the copy of 5 h ago stays in force";
        assert_eq!(of(Err("gone"), web(300)), (Status::Problem, broken.into()));
        assert_eq!(of(Err("gone"), None).1, "ana/work cannot be read: gone");
    }
}
