//! `status --json`: a stable object. Fields are added, never renamed; a change of meaning raises `schema`.

use super::ctx::{StatusCtx, age_ms};
use crate::cli::json::object;
use crate::model::{Timestamp, printable};
use crate::store::{CalendarView, HostView, IncidentView, PauseView, Snapshot, TickView};
use crate::tick::ConfigSeen;
use crate::zone::ZoneData;
use serde::Serialize;

/// The fields, for the manual page.
pub const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now", "the time of the report; all times are RFC 3339 in UTC"),
    ("provider", "mock or twilio"),
    ("test_mode", "true: calls are recorded, not placed"),
    ("stopped", "true: nothing rings, since the STOP file exists or nobody can say whether it does (`stop_unknown`)"),
    ("stop_unknown", "null, or which STOP file cannot be looked at, and why: nothing rings until it can be"),
    (
        "broken_config",
        "null, or of a config that is broken: file, problems, since (null: no tick has seen it yet), until (until then \
         ticks go on with its last good copy)",
    ),
    (
        "pauses",
        "pauses in force: person (null: everybody), since, until (null: until `savehub resume`), reason; nothing is \
         sent for the meetings of these people",
    ),
    (
        "last_tick",
        "null before the first tick; otherwise started_at, ended_at (null while it runs), exit, skew_ms, age_s",
    ),
    (
        "hosts",
        "if more than one host ticked in the last day, of each: host, and started_at, ended_at, exit, skew_ms, age_s \
         of its last tick",
    ),
    ("stale", "true: the last tick is older than --max-age (without it, 2 minutes), or there was none"),
    (
        "next_meetings",
        "id, person, uid, recurrence, title, starts_at, ends_at, link, dial_in, marks (what the person marked it with in the \
         calendar: important, or a time such as 15m), source, state, generation, ended (why nothing rings for it any \
         more, such as joined after a check-in ahead of time; otherwise null)",
    ),
    (
        "incidents",
        "id, meeting, person, title, starts_at, generation, state, reason, note, opened_at, ended_at, acknowledged (null, \
         or how, by (masked), at), steps; each step has id, rung, kind, contact, channel, due_at, state, reason, detail, attempts; each attempt has id, state, provider, to \
         (masked), intent_at, call_id, call_status, duration_s, rang_s, answered_by, price, price_unit, error, error_code, \
         request_id, hang_up",
    ),
    (
        "calendars",
        "id, person, name, kind (file or web), good_at (when the copy was last confirmed; null without one), checked_at, \
         failing_since, failure, next_look_at, events, notices (how many), notice (the first), tells_addresses (its server \
         tells mail addresses of the person)",
    ),
    ("zone_data", "version of the time zone database in use, and from: system or bundled"),
    ("faults", "faults that last: fault, since"),
];

/// Makes the object; text from outside is cleaned.
pub fn report(snapshot: &Snapshot, zone_data: ZoneData, ctx: &StatusCtx<'_>) -> impl Serialize + use<> {
    let mut clean = snapshot.clone();
    clean.next_meetings.iter_mut().for_each(crate::cli::meeting::clean);
    clean.incidents.iter_mut().for_each(clean_incident);
    clean.calendars.iter_mut().for_each(clean_calendar);
    let now = ctx.now;
    let host = |host: &HostView| {
        object! { host: printable(&host.host), #[serde(flatten)] last_tick: tick(&host.last_tick, now) }
    };
    object! {
        schema: 1,
        now: now,
        provider: ctx.provider.as_str(),
        test_mode: ctx.test_mode,
        stopped: ctx.stop.holds(),
        stop_unknown: ctx.stop.words().filter(|_| ctx.stop.is_unknown()).map(|words| printable(&words)),
        broken_config: ctx.broken.map(|broken| ConfigSeen::of(broken, now)),
        pauses: clean_pauses(&clean.pauses),
        last_tick: clean.last_tick.as_ref().map(|last| tick(last, now)),
        hosts: clean.hosts.iter().map(host).collect::<Vec<_>>(),
        stale: ctx.is_stale(clean.last_tick.as_ref()),
        next_meetings: clean.next_meetings,
        incidents: clean.incidents,
        calendars: clean.calendars,
        zone_data: zone_data,
        faults: clean.faults,
    }
}

fn tick(tick: &TickView, now: Timestamp) -> impl Serialize + use<> {
    object! {
        started_at: tick.started_at,
        ended_at: tick.ended_at,
        exit: tick.exit,
        skew_ms: tick.skew_ms,
        age_s: age_ms(tick, now) / 1000,
    }
}

pub(in crate::cli) fn clean_incident(incident: &mut IncidentView) {
    incident.title = printable(&incident.title);
    clean_text(&mut incident.note);
    for step in &mut incident.steps {
        clean_text(&mut step.detail);
        clean_text(&mut step.contact);
        clean_text(&mut step.channel);
        for attempt in &mut step.attempts {
            clean_text(&mut attempt.error);
            clean_text(&mut attempt.answered_by);
        }
    }
}

pub(in crate::cli) fn clean_pauses(pauses: &[PauseView]) -> Vec<PauseView> {
    let clean = |pause: &PauseView| PauseView { reason: pause.reason.as_deref().map(printable), ..pause.clone() };
    pauses.iter().map(clean).collect()
}

fn clean_calendar(calendar: &mut CalendarView) {
    calendar.name = printable(&calendar.name);
    clean_text(&mut calendar.failure);
    clean_text(&mut calendar.notice);
}

fn clean_text(text: &mut Option<String>) {
    *text = text.as_deref().map(printable);
}
