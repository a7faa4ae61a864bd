//! What is watched: meetings that come into reach get an incident with its steps, or somebody checks in before.

use super::acts::Act;
use super::incidents::{self, End, check_in_to, checked_in, insert, insert_all, of_generation};
use super::meetings;
use super::tx::{Tx, TxResult};
use super::value::{params, set};
use crate::model::{
    ActHow, ActKind, HangUp, IncidentId, IncidentState, MeetingId, OPEN_AHEAD, PlannedStep, Reason, StepState,
    Timestamp,
};
use crate::store::{CheckIn, Ended, Meeting, Opened, Plan, PlanRule};

/// Incidents of meetings to come that a tick closed by a clock that was ahead: they end in the future.
const CLOSED_AHEAD: &str = "select i.id from incidents i join meetings m on m.id = i.meeting_id \
      and m.generation = i.generation where i.ended_at > ?1 and i.state = 'MISSED' and i.reason = ?2 \
      and m.starts_at > ?1 and m.state = 'SCHEDULED'";

pub(super) fn anything_to_open(tx: &dyn Tx, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> TxResult<bool> {
    let closed: Vec<IncidentId> = tx.values(CLOSED_AHEAD, params![now, Reason::NoCheckIn])?;
    if !closed.is_empty() {
        return Ok(true);
    }
    let sql = format!("select {UNWATCHED}, exists(select 1 from incidents where ended_at is null)");
    let (unwatched, open): (bool, bool) = tx.row(&sql, params![until, early(now)], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(unwatched || open && !refused(tx, rule)?.is_empty())
}

/// Has a meeting come into reach: does one start before `?1`, or is the early notice of one due before `?2`?
pub(in crate::store) const UNWATCHED: &str = "(exists(select 1 from meetings where state = 'SCHEDULED' and watched = 0 and starts_at < ?1) \
       or exists(select 1 from meetings where state = 'SCHEDULED' and watched = 0 and early_ms is not null \
         and starts_at - early_ms < ?2))";

/// Early notices that are due before this time are in reach.
fn early(now: Timestamp) -> Timestamp {
    now.plus(OPEN_AHEAD)
}

pub(super) fn is_any_unwatched(tx: &dyn Tx, now: Timestamp, until: Timestamp) -> TxResult<bool> {
    Ok(tx.value(&format!("select {UNWATCHED}"), params![until, early(now)])?)
}

pub(super) fn open(tx: &dyn Tx, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> TxResult<Opened> {
    let mut opened = Opened::default();
    for (incident, reason) in refused(tx, rule)? {
        let end = End { state: IncidentState::Cancelled, reason, note: None, how: HangUp::Completed };
        if incidents::end(tx, incident, &end, now)?.changed {
            opened.refused.push((incident, reason));
        }
    }
    let mut closed: Vec<IncidentId> = tx.values(CLOSED_AHEAD, params![now, Reason::NoCheckIn])?;
    closed.sort_unstable();
    for incident in closed {
        incidents::reopen_missed(tx, incident, now)?;
        opened.opened.push(incident);
    }
    let new = open_new(tx, now, until, rule)?;
    opened.opened.extend(new.opened);
    opened.refused.extend(new.refused);
    Ok(opened)
}

/// Opens an incident for each meeting in reach that has none for its generation.
pub(super) fn open_new(tx: &dyn Tx, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> TxResult<Opened> {
    let meetings = unwatched(tx, now, until)?;
    let plans: Vec<Plan> = meetings.iter().map(rule).collect();
    let watched: Vec<_> = meetings.iter().map(|meeting| set![&meeting.id]).collect();
    tx.run_each("update meetings set watched = 1 from {each} where id = ?1", &watched)?;
    let new: Vec<_> = meetings
        .iter()
        .zip(&plans)
        .map(|(meeting, plan)| match plan {
            Plan::Watch(_) => (meeting, IncidentState::Open, None),
            Plan::Refuse(reason) => (meeting, IncidentState::Cancelled, Some(*reason)),
        })
        .collect();
    let (mut opened, mut planned) = (Opened::default(), Vec::new());
    for ((meeting, plan), incident) in meetings.iter().zip(&plans).zip(insert_all(tx, &new, now)?) {
        match plan {
            Plan::Watch(steps) => {
                planned.extend(steps.iter().map(|step| (incident, meeting, step)));
                opened.opened.push(incident);
            }
            Plan::Refuse(reason) => opened.refused.push((incident, *reason)),
        }
    }
    insert_steps(tx, &planned, now)?;
    Ok(opened)
}

fn unwatched(tx: &dyn Tx, now: Timestamp, until: Timestamp) -> TxResult<Vec<Meeting>> {
    Ok(tx.readable("a meeting", &unwatched_sql(), params![until, early(now)], meetings::from_row)?)
}

/// The meetings of [`UNWATCHED`].
pub(in crate::store) fn unwatched_sql() -> String {
    format!(
        "select {} from meetings m where m.id in ( \
           select id from meetings where state = 'SCHEDULED' and watched = 0 and starts_at < ?1 \
           union all select id from meetings where state = 'SCHEDULED' and watched = 0 and early_ms is not null \
             and starts_at - early_ms < ?2) \
         order by m.starts_at, m.id",
        meetings::COLUMNS
    )
}

/// Open incidents that the plan no longer wants, with its reason.
fn refused(tx: &dyn Tx, rule: PlanRule<'_>) -> TxResult<Vec<(IncidentId, Reason)>> {
    let sql = format!(
        "select {}, i.id from incidents i join meetings m on m.id = i.meeting_id where i.ended_at is null \
         order by i.starts_at, i.id",
        meetings::COLUMNS
    );
    let mut refused = Vec::new();
    for (meeting, incident) in
        tx.readable("a meeting", &sql, &[], |r| Ok((meetings::from_row(r)?, r.get(meetings::WIDTH)?)))?
    {
        if let Plan::Refuse(reason) = rule(&meeting) {
            refused.push((incident, reason));
        }
    }
    Ok(refused)
}

/// Writes down steps of new incidents, each with its meeting.
pub(super) fn insert_steps(
    tx: &dyn Tx,
    planned: &[(IncidentId, &Meeting, &PlannedStep)],
    now: Timestamp,
) -> TxResult<()> {
    let before: Vec<i64> = planned.iter().map(|(.., step)| step.action.at.ms().saturating_neg()).collect();
    let sets: Vec<_> = planned
        .iter()
        .zip(&before)
        .map(|((incident, meeting, PlannedStep { rung, action, due_at, deadline_at }), before_ms)| {
            set![
                incident,
                rung,
                &action.kind,
                before_ms,
                due_at,
                &meeting.starts_at,
                &StepState::Pending,
                &now,
                &action.to,
                &action.channel,
                &action.when,
                deadline_at
            ]
        })
        .collect();
    tx.run_each(
        "insert into steps(incident_id, rung, kind, before_ms, due_at, ready_at, starts_at, state, updated_at, to_whom, \
         channel, condition, deadline_at) select ?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 from {each}",
        &sets,
    )?;
    Ok(())
}

pub(super) fn check_in(tx: &dyn Tx, meetings: &[MeetingId], how: CheckIn, now: Timestamp) -> TxResult<Vec<Ended>> {
    let what = match how {
        CheckIn::Joined => ActKind::Joined,
        CheckIn::Missed => ActKind::Missed,
    };
    let mut act = Act::new(what, ActHow::Command, now);
    let mut all = Vec::new();
    for id in meetings {
        let meeting = meetings::scheduled(tx, *id)?;
        let ended = check_in_one(tx, &meeting, how, now)?;
        if ended.changed {
            act.note(tx, &meeting, Some(ended.incident), None)?;
        }
        all.push(ended);
    }
    Ok(all)
}

fn check_in_one(tx: &dyn Tx, meeting: &Meeting, how: CheckIn, now: Timestamp) -> TxResult<Ended> {
    if let Some(incident) = of_generation(tx, meeting)? {
        return check_in_to(tx, incident, how, now);
    }
    let (state, reason) = checked_in(how);
    let incident = insert(tx, meeting, state, Some(reason), now)?;
    tx.run("update meetings set watched = 1 where id = ?1", params![meeting.id])?;
    Ok(Ended { incident, state, changed: true, cancelled_steps: 0, hang_ups: 0 })
}
