//! The whole story of a meeting: its incident, and what else may keep that from ringing.

use super::answer::{Answer, answer};
use super::context::IncidentContext;
use super::timeline::{Event, events};
use super::unwatched::{LeftOut, Unwatched, left_out};
use crate::cli::ctx::Ctx;
use crate::cli::waits::Conditions;
use crate::model::{IncidentId, MeetingState};
use crate::store::{History, IncidentHistory};
use crate::zone::Zone;

/// A whole story.
pub(super) struct Story<'a> {
    pub(super) history: &'a History,
    /// The incident it is about; `None`: there is none for the meeting as it is.
    pub(super) incident: Option<&'a IncidentHistory>,
    pub(super) answer: Answer,
    pub(super) events: Vec<Event>,
    /// The other incidents of the meeting, each with its answer.
    pub(super) others: Vec<(&'a IncidentHistory, String)>,
}

/// Puts the story together. `wanted`: the incident that was asked for.
pub(super) fn story<'a>(
    history: &'a History,
    wanted: Option<IncidentId>,
    zone: &Zone,
    ctx: &Ctx<'_>,
) -> anyhow::Result<Story<'a>> {
    let meeting = &history.meeting;
    let current = |i: &&IncidentHistory| match wanted {
        Some(id) => i.view.id == id,
        None => i.view.generation == meeting.generation || meeting.state == MeetingState::Cancelled,
    };
    let incident = history.incidents.iter().rev().find(current);
    let snapshot = ctx.store.snapshot(ctx.now, ctx.now, ctx.now)?;
    let conditions = Conditions::of(&snapshot, &meeting.person, ctx.config, ctx.now);
    let of = |incident: &'a IncidentHistory| IncidentContext {
        history,
        incident,
        now: ctx.now,
        zone,
        conditions: &conditions,
    };
    let others = history.incidents.iter().rev().filter(|i| incident.is_none_or(|told| told.view.id != i.view.id));
    let others = others.map(|other| (other, answer(&of(other)).line)).collect();
    if let Some(incident) = incident {
        let context = of(incident);
        return Ok(Story {
            history,
            incident: Some(incident),
            answer: answer(&context),
            events: events(&context),
            others,
        });
    }
    let person = |id: &str| ctx.config.person(id).filter(|_| id == meeting.person);
    let left_out = match meeting.state {
        MeetingState::Cancelled => left_out(ctx.store, &snapshot.calendars, person, meeting.starts_at)?,
        MeetingState::Scheduled => Vec::new(),
    };
    let same = |one: &LeftOut| one.meeting.uid == meeting.uid && one.meeting.recurrence == meeting.recurrence;
    let left_out = left_out.into_iter().find(same).map(|one| (one.calendar, one.why));
    let unwatched = Unwatched {
        history,
        config: ctx.config,
        last_tick: snapshot.last_tick.as_ref(),
        left_out: left_out.as_ref(),
        now: ctx.now,
        zone,
    };
    Ok(Story { history, incident: None, answer: unwatched.answer(), events: unwatched.events(), others })
}
