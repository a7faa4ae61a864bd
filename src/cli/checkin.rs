//! `savehub checkin`: the person says that they are there, or that they will not be.

use super::args::CheckinArgs;
use super::ctx::Ctx;
use super::meeting;
use super::pick::{self, MeetingSearch};
use super::words::effects;
use crate::exit::{Exit, UsageError};
use crate::model::printable;
use crate::model::{AttemptId, AttemptState, IncidentId, IncidentState, MeetingId, MeetingState, RungKind, Timestamp};
use crate::rules::near::NEAR;
use crate::store::{CheckIn, Ended, Meeting};
use crate::when;
use std::time::Duration;

/// Meetings without an end that began longer ago are not near.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// A check-in that may mean several meetings means those that the last call named, if that was no longer ago.
const JUST_CALLED: Duration = Duration::from_secs(5 * 60);

/// Runs the command.
pub fn run(args: &CheckinArgs, ctx: &mut Ctx<'_>) -> anyhow::Result<Exit> {
    let meetings = match &args.meeting {
        Some(typed) => vec![named(typed, args.person.as_deref(), ctx)?],
        None => bare(args.person.as_deref(), args.all, ctx)?,
    };
    if let Some(off) = meetings.iter().find(|m| m.state == MeetingState::Cancelled) {
        return Err(UsageError(format!("{} {} was called off; nothing rings for it", off.id, pick::title(off))).into());
    }
    let how = if args.missed { CheckIn::Missed } else { CheckIn::Joined };
    let ids: Vec<MeetingId> = meetings.iter().map(|m| m.id).collect();
    let ended = ctx.store.check_in_all(&ids, how, ctx.now)?;
    let lines: Vec<String> =
        meetings.iter().zip(&ended).map(|(m, ended)| line(&what(m, ended, ctx), how, ended)).collect();
    ctx.show_and_hang_up(&format!("{}\n", lines.join("\n")), &ended)
}

/// The meeting that was typed. A title means a meeting that is near rather than one of another day.
fn named(typed: &str, person: Option<&str>, ctx: &Ctx<'_>) -> anyhow::Result<Meeting> {
    if MeetingId::parse(typed).is_none() && IncidentId::parse(typed).is_none() {
        if person.is_some() {
            pick::person(person, &ctx.config.people)?;
        }
        let (meetings, open) = around(ctx)?;
        let search = MeetingSearch { now: ctx.now, people: &ctx.config.people, meetings: &meetings };
        if let Some(found) = search.titled_in(&search.near(person, &open), typed)? {
            return Ok(found.clone());
        }
    }
    meeting::choose(typed, person, ctx)
}

/// The meetings that are meant when none was typed.
fn bare(person: Option<&str>, all: bool, ctx: &Ctx<'_>) -> anyhow::Result<Vec<Meeting>> {
    let person = pick::person(person, &ctx.config.people)?;
    let (mut meetings, open) = around(ctx)?;
    let near = |meetings: &[Meeting]| -> Vec<Meeting> {
        let search = MeetingSearch { now: ctx.now, people: &ctx.config.people, meetings };
        search.near(Some(&person.id), &open).into_iter().cloned().collect()
    };
    let found = near(&meetings);
    if found.len() == 1 || (all && !found.is_empty()) {
        return Ok(found);
    }
    if found.is_empty() {
        meetings = ctx.store.meetings(ctx.now, Timestamp::from_ms(i64::MAX))?;
        let search = MeetingSearch { now: ctx.now, people: &ctx.config.people, meetings: &meetings };
        return Err(search.none_near(&person.id).into());
    }
    let called = just_called(&found, ctx)?;
    if !called.is_empty() {
        return Ok(called);
    }
    let search = MeetingSearch { now: ctx.now, people: &ctx.config.people, meetings: &found };
    Err(search.which(&found.iter().collect::<Vec<_>>()).into())
}

/// Everybody's meetings around now, and those that have an open incident.
fn around(ctx: &Ctx<'_>) -> anyhow::Result<(Vec<Meeting>, Vec<MeetingId>)> {
    let until = ctx.now.plus(NEAR).plus(Duration::from_millis(1));
    let mut meetings = ctx.store.meetings(ctx.now.minus(LONGEST), until)?;
    let incidents = ctx.store.snapshot(ctx.now, ctx.now, ctx.now)?.incidents;
    let open: Vec<MeetingId> = incidents.iter().filter(|i| !i.state.is_final()).map(|i| i.meeting).collect();
    for id in &open {
        if !meetings.iter().any(|m| m.id == *id) {
            meetings.extend(ctx.store.meeting(*id)?);
        }
    }
    Ok((meetings, open))
}

/// Those of these meetings that the last call to their person named, if it was just now.
fn just_called(meetings: &[Meeting], ctx: &Ctx<'_>) -> anyhow::Result<Vec<Meeting>> {
    let mut calls: Vec<((Timestamp, AttemptId), &Meeting)> = Vec::new();
    for meeting in meetings {
        let incidents = ctx.store.history(meeting.id)?.map_or_else(Vec::new, |history| history.incidents);
        let steps = incidents.iter().flat_map(|i| &i.view.steps);
        let own = steps.filter(|step| step.kind == RungKind::Call && step.contact.is_none());
        let made = own.flat_map(|step| &step.attempts).filter(|a| {
            let reached_nobody =
                matches!(a.state, AttemptState::NotSent | AttemptState::Rejected | AttemptState::Absent);
            !reached_nobody && a.intent_at > ctx.now.minus(JUST_CALLED)
        });
        calls.extend(made.map(|attempt| ((attempt.intent_at, attempt.id), meeting)));
    }
    let last = calls.iter().map(|(call, _)| *call).max();
    Ok(calls.into_iter().filter(|(call, _)| Some(*call) == last).map(|(_, meeting)| meeting.clone()).collect())
}

/// `Board sync (i4), 09:00 (3 min ago), ana`.
fn what(meeting: &Meeting, ended: &Ended, ctx: &Ctx<'_>) -> String {
    let at = when::describe(meeting.starts_at, ctx.now, &pick::zone_of(&meeting.person, &ctx.config.people));
    format!("{} ({}), {at}, {}", pick::title(meeting), ended.incident, printable(&meeting.person))
}

/// What happened, in one line.
fn line(what: &str, how: CheckIn, ended: &Ended) -> String {
    match (how, ended.changed, ended.state) {
        (CheckIn::Joined, true, _) => format!("checked in: {what}{}", effects(ended)),
        (CheckIn::Missed, true, _) => format!("will be missed: {what}{}", effects(ended)),
        (CheckIn::Joined, false, IncidentState::Resolved) => format!("already checked in: {what}; nothing changed"),
        (_, false, state) => format!("already over: {what}, {state}; nothing changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::IncidentId;

    fn ended(state: IncidentState, changed: bool, cancelled_steps: u32, hang_ups: u32) -> Ended {
        Ended { incident: IncidentId(4), state, changed, cancelled_steps, hang_ups }
    }

    #[test]
    fn a_check_in_says_what_it_cancelled_and_what_is_hung_up() {
        assert_eq!(
            line(
                "Board sync (i4), 09:00 (3 min ago), ana",
                CheckIn::Joined,
                &ended(IncidentState::Resolved, true, 2, 1)
            ),
            "checked in: Board sync (i4), 09:00 (3 min ago), ana, 2 pending steps cancelled, 1 call to hang up"
        );
        assert_eq!(
            line("Board sync (i4), 09:00 (3 min ago), ana", CheckIn::Missed, &ended(IncidentState::Missed, true, 1, 0)),
            "will be missed: Board sync (i4), 09:00 (3 min ago), ana, 1 pending step cancelled"
        );
        assert_eq!(
            line(
                "Board sync (i4), 09:00 (3 min ago), ana",
                CheckIn::Joined,
                &ended(IncidentState::Resolved, true, 0, 0)
            ),
            "checked in: Board sync (i4), 09:00 (3 min ago), ana"
        );
    }

    #[test]
    fn a_second_check_in_says_that_nothing_changed() {
        assert_eq!(
            line(
                "Board sync (i4), 09:00 (3 min ago), ana",
                CheckIn::Joined,
                &ended(IncidentState::Resolved, false, 0, 0)
            ),
            "already checked in: Board sync (i4), 09:00 (3 min ago), ana; nothing changed"
        );
        assert_eq!(
            line(
                "Board sync (i4), 09:00 (3 min ago), ana",
                CheckIn::Joined,
                &ended(IncidentState::Missed, false, 0, 0)
            ),
            "already over: Board sync (i4), 09:00 (3 min ago), ana, MISSED; nothing changed"
        );
    }
}
