//! Calendars written in a test, and what a look at them gives.

use savehub::calendar::{Limits, Look, Policy, View, look};
use savehub::model::{SeenMeeting, SkipWhy, Timestamp};
use savehub::zone::Zone;

/// Monday, 12 January 2026, 0:00 UTC: the beginning of the looked-at time.
pub(crate) const MONDAY: i64 = 1_768_176_000_000;

/// A calendar around these lines, with `;;` between them.
pub(crate) fn calendar(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{}\r\nEND:VCALENDAR\r\n", lines.replace(";;", "\r\n"))
}

/// An event of these lines.
pub(crate) fn event(lines: &str) -> String {
    format!("BEGIN:VEVENT\r\n{}\r\nEND:VEVENT", lines.replace(";;", "\r\n"))
}

/// Looks at a week from [`MONDAY`] on, as somebody in Berlin with these wishes.
pub(crate) fn look_with(calendar: &[u8], policy: &Policy, limits: Limits) -> Look {
    look_in(calendar, policy, false, limits)
}

/// The same, in a calendar that is their own or is not.
pub(crate) fn look_in(calendar: &[u8], policy: &Policy, own: bool, limits: Limits) -> Look {
    let zone = Zone::named("Europe/Berlin").unwrap();
    let (from, until) = (Timestamp::from_ms(MONDAY), Timestamp::from_ms(MONDAY + 7 * 86_400_000));
    look(calendar, &View { from, until, zone: &zone, policy, own, limits }).unwrap()
}

/// Looks at a calendar of these events.
pub(crate) fn look_at(events: &[String]) -> Look {
    look_with(calendar(&events.join("\r\n")).as_bytes(), &Policy::default(), Limits::default())
}

/// `uid recurrence start`, of each meeting that rings.
pub(crate) fn ringing(look: &Look) -> Vec<String> {
    look.seen.meetings.iter().map(line).collect()
}

/// The same of those that do not, with the reason.
pub(crate) fn skipped(look: &Look) -> Vec<(String, SkipWhy)> {
    look.seen.skipped.iter().map(|(meeting, why)| (line(meeting), *why)).collect()
}

fn line(meeting: &SeenMeeting) -> String {
    let start = meeting.starts_at.to_rfc3339();
    format!("{} {} {}", meeting.uid, meeting.recurrence, &start[5..16])
}

/// The notices, as `line uid: text`.
pub(crate) fn notices(look: &Look) -> Vec<String> {
    let shown = |n: &savehub::calendar::Notice| {
        let line = n.line.map_or("-".to_owned(), |line| line.to_string());
        format!("{line} {}: {}", n.uid.as_deref().unwrap_or("-"), n.text)
    };
    look.notices.iter().map(shown).collect()
}
