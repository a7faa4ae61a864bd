//! `explain --json`: a stable object. Fields are added, never renamed; a change of meaning raises `schema`.

use super::story::Story;
use crate::cli::json::object;
use crate::cli::{meeting, status};
use crate::model::Timestamp;
use crate::store::IncidentHistory;
use serde::Serialize;

/// The fields, for the manual page.
pub(in crate::cli) const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now", "the time of the answer; all times are RFC 3339 in UTC"),
    ("answer", "why it rang, or why it did not, in a sentence"),
    ("more", "further sentences: what else was sent, how it ended, what to do"),
    ("meeting", "as in savehub status --json; null for a meeting that is in a calendar and does not ring"),
    ("incident", "as in savehub status --json; null if the meeting has none for its present time"),
    (
        "timeline",
        "what happened, in order: at (null if nobody wrote the time down; it follows the entry before), what (added, \
         opened, planned, due, allowed, attempt, outcome, status, hang_up, step, heard, acknowledged, ended, undone), step, \
         attempt, text",
    ),
    ("others", "other incidents of the meeting, newest first: incident, generation, starts_at, state, reason, answer"),
];

/// Makes the object; text from outside is cleaned.
pub(super) fn report(story: &Story<'_>, now: Timestamp) -> impl Serialize {
    let mut meeting = story.history.meeting.clone();
    meeting::clean(&mut meeting);
    let mut incident = story.incident.map(|incident| incident.view.clone());
    incident.iter_mut().for_each(status::clean_incident);
    let other = |(other, answer): &'_ (&IncidentHistory, String)| {
        object! {
            incident: other.view.id,
            generation: other.view.generation,
            starts_at: other.view.starts_at,
            state: other.view.state,
            reason: other.view.reason,
            answer: answer.clone(),
        }
    };
    object! {
        schema: 1,
        now: now,
        answer: &story.answer.line,
        more: &story.answer.more,
        meeting: Some(meeting),
        incident: incident,
        timeline: &story.events,
        others: story.others.iter().map(other).collect::<Vec<_>>(),
    }
}

/// The same for meetings that savehub does not watch.
pub(super) fn without_meeting(lines: &[String], now: Timestamp) -> impl Serialize {
    let (answer, more) = lines.split_first().map_or(("", lines), |(first, rest)| (first.as_str(), rest));
    let nothing = [(); 0];
    object! {
        schema: 1,
        now: now,
        answer: answer,
        more: more,
        meeting: None::<()>,
        incident: None::<()>,
        timeline: nothing,
        others: nothing,
    }
}
