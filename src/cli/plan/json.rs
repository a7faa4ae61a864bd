//! `plan --json`: a stable object. Fields are added, never renamed; a change of meaning raises `schema`.

use super::crowd::Plan;
use crate::cli::json::object;
use crate::cli::status::clean_pauses;
use crate::model::printable;
use crate::store::CalendarView;
use crate::tick::{Foreseen, UnreadCalendar};
use serde::Serialize;

/// The fields, for the manual page.
pub(in crate::cli) const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now, until", "the planned period; all times are RFC 3339 in UTC"),
    ("provider, test_mode, stopped", "as in savehub status --json"),
    ("pauses", "as in savehub status --json"),
    ("calls_per_second", "how many calls the provider starts in a second, by the config; null: no limit"),
    (
        "steps",
        "what would become of each step, in order: at (when it is decided), due_at, person, event, title, starts_at, \
         kind, contact, marks (those of the meeting), to (masked), state, reason, detail, guards (what they saw, if they allowed the step)",
    ),
    (
        "crowded",
        "minutes in which calls of any person are shed, because they could not start before their meetings: at, \
         calls (how many wait then), too_late (how many of them are shed)",
    ),
    ("calendars", "what was known of each: name, person, good_at (null: never read), failing_since"),
    (
        "unread_calendars",
        "those that could not be read, so that their meetings are missing here: name, person, why (null: nobody came to it)",
    ),
];

/// Makes the object; text from outside is cleaned.
pub fn report(plan: &Plan<'_>) -> impl Serialize + use<> {
    let step = |step: &Foreseen| {
        object! {
            at: step.at,
            due_at: step.result.due_at,
            person: step.result.person.clone(),
            event: step.result.event.clone(),
            title: printable(&step.result.title),
            starts_at: step.starts_at,
            kind: step.result.kind,
            contact: step.contact.as_deref().map(printable),
            marks: step.marks,
            to: step.result.to.clone(),
            state: step.result.state,
            reason: step.result.reason,
            detail: printable(&step.result.detail),
            guards: step.guards.as_deref().map(printable),
        }
    };
    let calendar = |calendar: &CalendarView| {
        object! {
            name: printable(&calendar.name),
            person: calendar.person.clone(),
            good_at: calendar.good_at,
            failing_since: calendar.failing_since,
        }
    };
    object! {
        schema: 1,
        now: plan.now,
        until: plan.until,
        provider: plan.config.provider.chosen.as_str(),
        test_mode: plan.config.test_mode,
        stopped: plan.config.stop().holds(),
        pauses: clean_pauses(plan.pauses),
        calls_per_second: plan.rate(),
        steps: plan.steps().map(step).collect::<Vec<_>>(),
        crowded: plan.crowds(),
        calendars: plan.outlook.calendars.iter().map(calendar).collect::<Vec<_>>(),
        unread_calendars: UnreadCalendar::among(&plan.outlook.calendars),
    }
}
