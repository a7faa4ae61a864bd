//! The calendars, for people: how old each copy is, and what is wrong with it.

use super::ctx::StatusCtx;
use crate::cli::print;
use crate::cli::words::counted;
use crate::model::{CalendarKind, Timestamp, printable};
use crate::store::{CalendarView, Snapshot};
use crate::when;

/// The calendars, and whose declined meetings ring.
pub(super) fn lines(snapshot: &Snapshot, ctx: &StatusCtx<'_>) -> Vec<String> {
    let rows = snapshot
        .calendars
        .iter()
        .map(|calendar| vec![printable(&calendar.name), printable(&calendar.person), state(calendar, ctx.now)]);
    let mut lines =
        if snapshot.calendars.is_empty() { Vec::new() } else { print::indented_table(rows.collect(), ctx.screen) };
    let untold = |id: &str| snapshot.calendars.iter().any(|c| c.person == id && !c.tells_addresses);
    let ring = ctx.people.iter().filter(|person| person.declined_ring());
    lines.extend(ring.filter(|person| snapshot.calendars.is_empty() || untold(&person.id)).map(|person| {
        let id = printable(&person.id);
        ctx.screen.paint.notice(&format!("  declined meetings of {id} ring, too: `addresses` in the config is empty"))
    }));
    lines
}

/// `42 events, confirmed 2 min ago; 3 notices, such as: …`.
fn state(calendar: &CalendarView, now: Timestamp) -> String {
    let copy = match (calendar.good_at, calendar.kind) {
        (None, _) => "not read yet".to_owned(),
        (Some(at), CalendarKind::Web) => format!("{}confirmed {}", events(calendar), when::relative(at, now)),
        (Some(at), CalendarKind::File) => format!("{}read {}", events(calendar), when::relative(at, now)),
    };
    let failing = calendar.failing_since.map(|since| {
        let why = calendar.failure.as_deref().map_or_else(String::new, |why| format!(": {}", printable(why)));
        format!("FAILING for {}{why}; ", when::span(now.since(since).max(0).unsigned_abs()))
    });
    format!("{}{copy}{}", failing.unwrap_or_default(), notices(calendar))
}

fn events(calendar: &CalendarView) -> String {
    calendar.events.map_or_else(String::new, |n| format!("{}, ", counted(n, "event")))
}

fn notices(calendar: &CalendarView) -> String {
    let first = calendar.notice.as_deref().map(printable).unwrap_or_default();
    match calendar.notices {
        0 => String::new(),
        1 => format!("; note: {first}"),
        n => format!("; {n} notes, such as: {first}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::render;
    use super::super::tests::{calendar, ctx, nothing};
    use super::*;
    use crate::cli::testing::person;

    #[test]
    fn a_person_without_addresses_is_told_that_declined_meetings_ring() {
        let mut ana = person("ana");
        let place = crate::config::CalendarPlace::File("/home/ana/work.ics".into());
        let (key, name) = ("1".into(), "work.ics".into());
        ana.calendars =
            vec![crate::config::CalendarSource { key, name, place, refresh: None, own: false, route: None }];
        let text = render(&nothing(), &ctx(std::slice::from_ref(&ana)));
        let told = "\nCalendars\n  declined meetings of ana ring, too: `addresses` in the config is empty\n";
        assert!(text.ends_with(told), "{text}");
        let of_server = CalendarView { tells_addresses: true, ..calendar(1, "work", CalendarKind::Web) };
        let known = Snapshot { calendars: vec![of_server], ..nothing() };
        assert!(!render(&known, &ctx(std::slice::from_ref(&ana))).contains("declined"));
        ana.policy.addresses = vec!["ana@example.com".into()];
        assert!(!render(&nothing(), &ctx(&[ana])).contains("declined"));
    }
}
