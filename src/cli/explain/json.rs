//! `explain --json`: a stable object. Fields are added, never renamed; a change of meaning raises `schema`.

use super::Story;
use super::timeline::Event;
use crate::cli::{meeting, status};
use crate::model::{IncidentId, IncidentState, Reason, Timestamp};
use crate::store::{IncidentView, Meeting};
use serde::Serialize;

/// The fields, for the manual page.
pub(in crate::cli) const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now", "the time of the answer; all times are RFC 3339 in UTC"),
    ("answer", "why it rang, or why it did not, in a sentence"),
    ("more", "further sentences: what else was sent, how it ended, what to do"),
    ("meeting", "as in savehub status --json; null for one that stands in a calendar and does not ring"),
    ("incident", "as in savehub status --json; null where there is none for the meeting as it is"),
    (
        "timeline",
        "what happened, in order: at (null where nobody wrote it down: after the entry before), what (added, opened, \
         planned, due, allowed, attempt, outcome, status, hang_up, step, heard, acknowledged, ended), step, attempt, text",
    ),
    ("others", "other incidents of the meeting, newest first: incident, generation, starts_at, state, reason, answer"),
];

/// The object.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    schema: u32,
    now: Timestamp,
    answer: &'a str,
    more: &'a [String],
    meeting: Option<Meeting>,
    incident: Option<IncidentView>,
    timeline: &'a [Event],
    others: Vec<Other<'a>>,
}

#[derive(Serialize)]
struct Other<'a> {
    incident: IncidentId,
    generation: u32,
    starts_at: Timestamp,
    state: IncidentState,
    reason: Option<Reason>,
    answer: &'a str,
}

/// Makes the object; text from outside is cleaned.
pub(super) fn report<'a>(story: &'a Story<'_>, now: Timestamp) -> Report<'a> {
    let mut meeting = story.history.meeting.clone();
    meeting::clean(&mut meeting);
    let mut incident = story.incident.map(|incident| incident.view.clone());
    incident.iter_mut().for_each(status::clean_incident);
    let others = story.others.iter().map(|(other, answer)| Other {
        incident: other.view.id,
        generation: other.view.generation,
        starts_at: other.view.starts_at,
        state: other.view.state,
        reason: other.view.reason,
        answer,
    });
    Report {
        schema: 1,
        now,
        answer: &story.answer.line,
        more: &story.answer.more,
        meeting: Some(meeting),
        incident,
        timeline: &story.events,
        others: others.collect(),
    }
}

/// The same for meetings that savehub does not watch.
pub(super) fn without_meeting(lines: &[String], now: Timestamp) -> Report<'_> {
    let (answer, more) = lines.split_first().map_or(("", lines), |(first, rest)| (first.as_str(), rest));
    Report { schema: 1, now, answer, more, meeting: None, incident: None, timeline: &[], others: Vec::new() }
}
