//! `status --json`: a stable object. Fields are added, never renamed; a change of meaning raises `schema`.

use super::{StatusCtx, age_ms, is_stale};
use crate::config::ProviderChoice;
use crate::model::{Timestamp, printable};
use crate::store::{CalendarView, FaultView, HostView, IncidentView, Meeting, PauseView, Snapshot, TickView};
use crate::zone::ZoneData;
use serde::Serialize;

/// The fields, for the manual page.
pub const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now", "the time of the report; all times are RFC 3339 in UTC"),
    ("provider", "mock or twilio"),
    ("test_mode", "true: calls are recorded, not placed"),
    ("stopped", "true: the STOP file exists, nothing rings"),
    (
        "pauses",
        "what holds: person (null: everybody), since, until (null: until `savehub resume`), reason; nothing is sent for \
         these people's meetings",
    ),
    ("last_tick", "null before the first one; else started_at, ended_at (null while it runs), exit, skew_ms, age_s"),
    (
        "hosts",
        "when more than one ticked in the last day: host, started_at, ended_at, exit, skew_ms, age_s of its last tick",
    ),
    ("stale", "true: the last tick is older than --max-age (without it, 2 minutes), or there was none"),
    (
        "next_meetings",
        "id, person, uid, recurrence, title, starts_at, ends_at, link, dial_in, source, state, generation",
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
         failing_since, failure, next_look_at, events, notices (how many), notice (the first)",
    ),
    ("zone_data", "version of the time zone database in use, and from: system or bundled"),
    ("faults", "what lasts: fault, since"),
];

/// The object.
#[derive(Debug, Serialize)]
pub struct Report {
    schema: u32,
    now: Timestamp,
    provider: &'static str,
    test_mode: bool,
    stopped: bool,
    pauses: Vec<PauseView>,
    last_tick: Option<TickReport>,
    hosts: Vec<HostReport>,
    stale: bool,
    next_meetings: Vec<Meeting>,
    incidents: Vec<IncidentView>,
    calendars: Vec<CalendarView>,
    zone_data: ZoneData,
    faults: Vec<FaultView>,
}

#[derive(Debug, Serialize)]
struct TickReport {
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    exit: Option<u8>,
    skew_ms: Option<i64>,
    age_s: u64,
}

#[derive(Debug, Serialize)]
struct HostReport {
    host: String,
    #[serde(flatten)]
    last_tick: TickReport,
}

/// Makes the object; text from outside is cleaned.
pub fn report(snapshot: &Snapshot, zone_data: ZoneData, ctx: &StatusCtx<'_>) -> Report {
    let mut clean = snapshot.clone();
    clean.next_meetings.iter_mut().for_each(crate::cli::meeting::clean);
    clean.incidents.iter_mut().for_each(clean_incident);
    clean.calendars.iter_mut().for_each(clean_calendar);
    Report {
        schema: 1,
        now: ctx.now,
        provider: match ctx.provider {
            ProviderChoice::Mock => "mock",
            ProviderChoice::Twilio => "twilio",
        },
        test_mode: ctx.test_mode,
        stopped: ctx.stopped_by.is_some(),
        pauses: clean_pauses(&clean.pauses),
        last_tick: clean.last_tick.as_ref().map(|tick| tick_report(tick, ctx.now)),
        hosts: clean.hosts.iter().map(|host| host_report(host, ctx.now)).collect(),
        stale: is_stale(clean.last_tick.as_ref(), ctx),
        next_meetings: clean.next_meetings,
        incidents: clean.incidents,
        calendars: clean.calendars,
        zone_data,
        faults: clean.faults,
    }
}

fn host_report(host: &HostView, now: Timestamp) -> HostReport {
    HostReport { host: printable(&host.host), last_tick: tick_report(&host.last_tick, now) }
}

fn tick_report(tick: &TickView, now: Timestamp) -> TickReport {
    TickReport {
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
