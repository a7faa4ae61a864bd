//! Incidents: opened once per generation, ended once for all.

use super::meetings;
use super::{Fail, Inner};
use crate::model::{
    AckHow, Address, AttemptId, HangUp, IncidentId, IncidentState, MeetingId, PlannedStep, Reason, StepState, Timestamp,
};
use crate::store::{Acknowledgement, CheckIn, Ended, Meeting, Opened, Plan, PlanRule, StoreError};
use rusqlite::{OptionalExtension, Transaction, params};

/// How an incident ends.
pub(super) struct End<'a> {
    pub(super) state: IncidentState,
    pub(super) reason: Reason,
    pub(super) note: Option<&'a str>,
    pub(super) how: HangUp,
}

pub(super) fn anything_to_open(tx: &Transaction<'_>, until: Timestamp, rule: PlanRule<'_>) -> Inner<bool> {
    let unwatched: bool = tx
        .prepare_cached(
            "select exists(select 1 from meetings where state = 'SCHEDULED' and watched = 0 and starts_at < ?1)",
        )?
        .query_row([until], |r| r.get(0))?;
    Ok(unwatched || !refused(tx, rule)?.is_empty())
}

pub(super) fn open(tx: &Transaction<'_>, now: Timestamp, until: Timestamp, rule: PlanRule<'_>) -> Inner<Opened> {
    let mut opened = Opened::default();
    for (incident, reason) in refused(tx, rule)? {
        let end = End { state: IncidentState::Cancelled, reason, note: None, how: HangUp::Completed };
        if self::end(tx, incident, &end, now)?.changed {
            opened.refused.push((incident, reason));
        }
    }
    for meeting in unwatched(tx, until)? {
        let plan = rule(&meeting);
        tx.execute("update meetings set watched = 1 where id = ?1", [meeting.id])?;
        match plan {
            Plan::Watch(steps) => {
                let id = insert(tx, &meeting, IncidentState::Open, None, now)?;
                insert_steps(tx, id, &meeting, &steps, now)?;
                opened.opened.push(id);
            }
            Plan::Refuse(reason) => {
                let id = insert(tx, &meeting, IncidentState::Cancelled, Some(reason), now)?;
                opened.refused.push((id, reason));
            }
        }
    }
    Ok(opened)
}

fn unwatched(tx: &Transaction<'_>, until: Timestamp) -> Inner<Vec<Meeting>> {
    let sql = format!(
        "select {} from meetings m where m.state = 'SCHEDULED' and m.watched = 0 and m.starts_at < ?1 \
         order by m.starts_at, m.id",
        meetings::COLUMNS
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([until], meetings::from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Open incidents that the plan no longer wants, with its reason.
fn refused(tx: &Transaction<'_>, rule: PlanRule<'_>) -> Inner<Vec<(IncidentId, Reason)>> {
    let anything = "select exists(select 1 from incidents where ended_at is null)";
    if !tx.prepare_cached(anything)?.query_row([], |r| r.get::<_, bool>(0))? {
        return Ok(Vec::new());
    }
    let sql = format!(
        "select {}, i.id as incident from incidents i join meetings m on m.id = i.meeting_id where i.ended_at is null \
         order by i.starts_at, i.id",
        meetings::COLUMNS
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| Ok((meetings::from_row(row)?, row.get("incident")?)))?;
    let mut refused = Vec::new();
    for row in rows {
        let (meeting, incident) = row?;
        if let Plan::Refuse(reason) = rule(&meeting) {
            refused.push((incident, reason));
        }
    }
    Ok(refused)
}

fn insert(
    tx: &Transaction<'_>,
    meeting: &Meeting,
    state: IncidentState,
    reason: Option<Reason>,
    now: Timestamp,
) -> Inner<IncidentId> {
    tx.execute(
        "insert into incidents(meeting_id, person, generation, starts_at, state, reason, opened_at, ended_at) \
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            meeting.id,
            meeting.person,
            meeting.generation,
            meeting.starts_at,
            state,
            reason,
            now,
            state.is_final().then_some(now)
        ],
    )?;
    Ok(IncidentId(tx.last_insert_rowid()))
}

fn insert_steps(
    tx: &Transaction<'_>,
    incident: IncidentId,
    meeting: &Meeting,
    steps: &[PlannedStep],
    now: Timestamp,
) -> Inner<()> {
    let mut statement = tx.prepare_cached(
        "insert into steps(incident_id, rung, kind, before_ms, due_at, ready_at, starts_at, state, updated_at, to_whom, \
         channel, condition, deadline_at) values (?1, ?2, ?3, ?4, ?5, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for PlannedStep { rung, action, due_at, deadline_at } in steps {
        statement.execute(params![
            incident,
            rung,
            action.kind,
            action.at.ms().saturating_neg(),
            due_at,
            meeting.starts_at,
            StepState::Pending,
            now,
            action.to,
            action.channel,
            action.when,
            deadline_at
        ])?;
    }
    Ok(())
}

/// The incident of a meeting's present generation.
pub(super) fn of_generation(tx: &Transaction<'_>, meeting: &Meeting) -> Inner<Option<IncidentId>> {
    Ok(tx
        .query_row(
            "select id from incidents where meeting_id = ?1 and generation = ?2",
            params![meeting.id, meeting.generation],
            |r| r.get(0),
        )
        .optional()?)
}

/// The state of that incident, if there is one.
pub(super) fn state(tx: &Transaction<'_>, meeting: &Meeting) -> Inner<Option<IncidentState>> {
    of_generation(tx, meeting)?.map(|id| state_of(tx, id)).transpose()
}

/// Ends an incident: its pending steps are cancelled and every call that serves no other open incident is to be hung
/// up, also those whose request is under way. An incident that has ended stays as it is.
pub(super) fn end(tx: &Transaction<'_>, id: IncidentId, end: &End<'_>, now: Timestamp) -> Inner<Ended> {
    let changed = tx.execute(
        "update incidents set state = ?2, reason = ?3, note = ?4, ended_at = ?5 where id = ?1 and ended_at is null",
        params![id, end.state, end.reason, end.note, now],
    )? == 1;
    if !changed {
        let state = state_of(tx, id)?;
        return Ok(Ended { incident: id, state, changed, cancelled_steps: 0, hang_ups: 0 });
    }
    let cancelled_steps = tx.execute(
        "update steps set state = 'CANCELLED', reason = ?2, updated_at = ?3 where incident_id = ?1 and state = 'PENDING'",
        params![id, end.reason, now],
    )?;
    let hang_ups = tx.execute(
        "update attempts set hang_up = 'WANTED', hang_up_how = ?2, \
           next_look_at = case state when 'ACCEPTED' then ?3 else next_look_at end \
         where id in (select attempt_id from attempt_steps where incident_id = ?1) \
           and (hang_up = 'NONE' \
             or (hang_up in ('WANTED','MOOT') and hang_up_how = 'canceled' and ?2 = 'completed')) \
           and (+state in ('SENDING','UNKNOWN') \
             or (+state = 'ACCEPTED' and +kind = 'call' and call_status in ('queued','ringing','in-progress')) \
             or (+state = 'ACCEPTED' and +kind = 'sms' and call_status = 'queued')) \
           and not exists (select 1 from attempt_steps x join incidents i on i.id = x.incident_id \
             where x.attempt_id = attempts.id and i.ended_at is null)",
        params![id, end.how, now],
    )?;
    Ok(Ended {
        incident: id,
        state: end.state,
        changed,
        cancelled_steps: u32::try_from(cancelled_steps).unwrap_or(u32::MAX),
        hang_ups: u32::try_from(hang_ups).unwrap_or(u32::MAX),
    })
}

fn state_of(tx: &Transaction<'_>, id: IncidentId) -> Inner<IncidentState> {
    tx.query_row("select state from incidents where id = ?1", [id], |r| r.get(0))
        .optional()?
        .ok_or_else(|| Fail::Answer(StoreError::NotFound(format!("there is no incident {id}"))))
}

pub(super) fn check_in(tx: &Transaction<'_>, meeting: MeetingId, how: CheckIn, now: Timestamp) -> Inner<Ended> {
    let meeting = meetings::scheduled(tx, meeting)?;
    if let Some(incident) = of_generation(tx, &meeting)? {
        return check_in_to(tx, incident, how, now);
    }
    let (state, reason) = checked_in(how);
    let incident = insert(tx, &meeting, state, Some(reason), now)?;
    tx.execute("update meetings set watched = 1 where id = ?1", [meeting.id])?;
    Ok(Ended { incident, state, changed: true, cancelled_steps: 0, hang_ups: 0 })
}

/// The same for an incident: of any generation, and only as long as it is open.
pub(super) fn check_in_to(tx: &Transaction<'_>, id: IncidentId, how: CheckIn, now: Timestamp) -> Inner<Ended> {
    let (state, reason) = checked_in(how);
    // Somebody may be listening to the answered call: only queued and ringing ones end.
    end(tx, id, &End { state, reason, note: None, how: HangUp::Canceled }, now)
}

const fn checked_in(how: CheckIn) -> (IncidentState, Reason) {
    match how {
        CheckIn::Joined => (IncidentState::Resolved, Reason::Joined),
        CheckIn::Missed => (IncidentState::Missed, Reason::SaidMissed),
    }
}

/// The person is in the meeting, as a program says.
pub(super) fn present(tx: &Transaction<'_>, id: IncidentId, now: Timestamp) -> Inner<Ended> {
    let (state, reason) = (IncidentState::Resolved, Reason::Presence);
    end(tx, id, &End { state, reason, note: None, how: HangUp::Canceled }, now)
}

pub(super) fn acknowledge(tx: &Transaction<'_>, id: IncidentId, ack: &Acknowledgement, now: Timestamp) -> Inner<bool> {
    let changed = tx
        .prepare_cached(
            "update incidents set state = 'ACKNOWLEDGED', acknowledged_at = ?2, acknowledged_how = ?3, acknowledged_by = ?4 \
             where id = ?1 and state in ('OPEN','ESCALATING')",
        )?
        .execute(params![id, now, ack.how, ack.by.masked()])?;
    Ok(changed == 1)
}

/// A human has answered this call: of the meetings whose person it rang, not of those a contact was called about.
pub(super) fn answered(tx: &Transaction<'_>, attempt: AttemptId, now: Timestamp) -> Inner<Vec<IncidentId>> {
    let served = tx
        .prepare_cached(
            "select i.id, a.to_number from attempt_steps x join attempts a on a.id = x.attempt_id \
               join steps s on s.id = x.step_id join incidents i on i.id = x.incident_id \
             where a.id = ?1 and a.kind = 'call' and s.to_whom = '' and i.state in ('OPEN','ESCALATING') order by i.id",
        )?
        .query_map([attempt], |r| Ok((r.get(0)?, r.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(IncidentId, Address)>>>()?;
    let mut acknowledged = Vec::new();
    for (incident, by) in served {
        if acknowledge(tx, incident, &Acknowledgement { how: AckHow::Answered, by }, now)? {
            acknowledged.push(incident);
        }
    }
    Ok(acknowledged)
}

pub(super) fn resolve(tx: &Transaction<'_>, id: IncidentId, note: Option<&str>, now: Timestamp) -> Inner<Ended> {
    let how = End { state: IncidentState::Resolved, reason: Reason::Operator, note, how: HangUp::Completed };
    end(tx, id, &how, now)
}
