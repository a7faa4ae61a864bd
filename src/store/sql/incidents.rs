//! Incidents: opened once per generation, ended once for all.

use super::acts::Act;
use super::tx::{SqlError, Tx, TxResult};
use super::value::{params, set};
use crate::model::{
    AckHow, ActHow, ActKind, Address, AttemptId, HangUp, IncidentId, IncidentState, MeetingId, Reason, Timestamp,
};
use crate::store::{Acknowledgement, CheckIn, Ended, Meeting, StoreError};
use std::collections::{HashMap, HashSet};

/// How an incident ends.
pub(super) struct End<'a> {
    pub(super) state: IncidentState,
    pub(super) reason: Reason,
    pub(super) note: Option<&'a str>,
    pub(super) how: HangUp,
}

/// Writes an incident down.
pub(super) fn insert(
    tx: &dyn Tx,
    meeting: &Meeting,
    state: IncidentState,
    reason: Option<Reason>,
    now: Timestamp,
) -> TxResult<IncidentId> {
    insert_all(tx, &[(meeting, state, reason)], now)?.pop().ok_or_else(|| SqlError::NoRow.into())
}

/// The same for many, each of another meeting.
pub(super) fn insert_all(
    tx: &dyn Tx,
    new: &[(&Meeting, IncidentState, Option<Reason>)],
    now: Timestamp,
) -> TxResult<Vec<IncidentId>> {
    let ended: Vec<_> = new.iter().map(|(_, state, _)| state.is_final().then_some(now)).collect();
    let sets: Vec<_> = new
        .iter()
        .zip(&ended)
        .map(|((meeting, state, reason), ended)| {
            let Meeting { id, person, generation, starts_at, .. } = meeting;
            set![id, person, generation, starts_at, state, reason, &now, ended]
        })
        .collect();
    // The answer may come in another order.
    let mut written: HashMap<MeetingId, IncidentId> = HashMap::new();
    tx.rows_of_each(
        "insert into incidents(meeting_id, person, generation, starts_at, state, reason, opened_at, ended_at) \
         select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 from {each} returning meeting_id, id",
        &sets,
        &mut |r| {
            written.insert(r.get(0)?, r.get(1)?);
            Ok(())
        },
    )?;
    let id = |(meeting, ..): &(&Meeting, IncidentState, Option<Reason>)| written.get(&meeting.id).copied();
    new.iter().map(|new| id(new).ok_or_else(|| SqlError::NoRow.into())).collect()
}

/// The incident of a meeting's present generation.
pub(super) fn of_generation(tx: &dyn Tx, meeting: &Meeting) -> TxResult<Option<IncidentId>> {
    Ok(tx.optional(
        "select id from incidents where meeting_id = ?1 and generation = ?2",
        params![meeting.id, meeting.generation],
        |r| r.get(0),
    )?)
}

/// The state of that incident, if there is one.
pub(super) fn state(tx: &dyn Tx, meeting: &Meeting) -> TxResult<Option<IncidentState>> {
    of_generation(tx, meeting)?.map(|id| state_of(tx, id)).transpose()
}

/// Ends an incident: its pending steps are cancelled and every call that serves no other open incident is to be hung
/// up, also those whose request is under way. An incident that has ended stays as it is.
pub(super) fn end(tx: &dyn Tx, id: IncidentId, end: &End<'_>, now: Timestamp) -> TxResult<Ended> {
    let changed = tx.run(
        "update incidents set state = ?2, reason = ?3, note = ?4, ended_at = ?5 where id = ?1 and ended_at is null",
        params![id, end.state, end.reason, end.note, now],
    )? == 1;
    if !changed {
        let state = state_of(tx, id)?;
        return Ok(Ended { incident: id, state, changed, cancelled_steps: 0, hang_ups: 0 });
    }
    let cancelled_steps = tx.run("update steps set state = 'CANCELLED', reason = ?2, updated_at = ?3 where incident_id = ?1 and state = 'PENDING'", params![id, end.reason, now])?;
    let sql = format!(
        "update attempts set hang_up = 'WANTED', hang_up_how = ?2, \
           next_look_at = case state when 'ACCEPTED' then ?3 else next_look_at end \
         where id in (select attempt_id from attempt_steps where incident_id = ?1) \
           and (hang_up = 'NONE' \
             or (hang_up in ('WANTED','MOOT') and hang_up_how = 'canceled' and ?2 = 'completed')) \
           and ({no_index}state in ('SENDING','UNKNOWN') \
             or ({no_index}state = 'ACCEPTED' \
               and ({no_index}kind = 'call' and call_status in ('queued','ringing','in-progress') \
                 or {no_index}kind = 'sms' and call_status = 'queued'))) \
           and not exists (select 1 from attempt_steps x join incidents i on i.id = x.incident_id \
             where x.attempt_id = attempts.id and i.ended_at is null)",
        no_index = tx.dialect().no_index
    );
    let hang_ups = tx.run(&sql, params![id, end.how, now])?;
    Ok(Ended {
        incident: id,
        state: end.state,
        changed,
        cancelled_steps: u32::try_from(cancelled_steps).unwrap_or(u32::MAX),
        hang_ups: u32::try_from(hang_ups).unwrap_or(u32::MAX),
    })
}

/// Opens an incident again that ended since its person had left the config. Steps that had not run then are pending again;
/// those that had run or ended otherwise stay as they are, and so do wishes to hang up.
pub(super) fn reopen(tx: &dyn Tx, id: IncidentId, now: Timestamp) -> TxResult<()> {
    let removed = Reason::PersonRemoved;
    tx.run(
        "update steps set state = 'PENDING', reason = null, updated_at = ?3 \
         where incident_id = ?1 and state = 'CANCELLED' and reason = ?2",
        params![id, removed, now],
    )?;
    let back = "reason = null, away_at = ended_at, back_at = ?3, ended_at = null";
    tx.run(
        &format!("update incidents set {back}, {AS_IT_WAS} where id = ?1 and state = 'CANCELLED' and reason = ?2"),
        params![id, removed, now],
    )?;
    Ok(())
}

/// The state of an incident that is open again.
const AS_IT_WAS: &str = "state = case when acknowledged_at is not null then 'ACKNOWLEDGED' \
    when exists(select 1 from attempt_steps where incident_id = ?1) then 'ESCALATING' else 'OPEN' end";

/// Opens an incident again that a tick closed by a clock that was ahead. Steps that only the time had ended are pending
/// again, but for those whose time is over now as well, and those that have an attempt that rang or may have rung.
pub(super) fn reopen_missed(tx: &dyn Tx, id: IncidentId, now: Timestamp) -> TxResult<()> {
    tx.run(
        "update steps set state = 'PENDING', reason = null, detail = null, ready_at = due_at, updated_at = ?2 \
         where incident_id = ?1 and state in ('SKIPPED','FAILED','CANCELLED') and reason in (?3, ?4, ?5, ?6, ?7) \
           and deadline_at > ?2 \
           and not exists(select 1 from attempt_steps x join attempts a on a.id = x.attempt_id \
             where x.step_id = steps.id and a.state not in ('NOT_SENT','REJECTED'))",
        params![
            id,
            now,
            Reason::NoCheckIn,
            Reason::OutsideCriticalWindow,
            Reason::TooLate,
            Reason::NotSent,
            Reason::NumberBusy
        ],
    )?;
    tx.run(
        &format!(
            "update incidents set reason = null, ended_at = null, {AS_IT_WAS} \
             where id = ?1 and state = 'MISSED' and reason = ?2"
        ),
        params![id, Reason::NoCheckIn],
    )?;
    Ok(())
}

fn state_of(tx: &dyn Tx, id: IncidentId) -> TxResult<IncidentState> {
    tx.optional("select state from incidents where id = ?1", params![id], |r| r.get(0))?
        .ok_or_else(|| StoreError::NotFound(format!("there is no incident {id}")).into())
}

/// The person checked in to an incident of any generation; it counts only as long as it is open.
pub(super) fn check_in_to(tx: &dyn Tx, id: IncidentId, how: CheckIn, now: Timestamp) -> TxResult<Ended> {
    let (state, reason) = checked_in(how);
    // Somebody may be listening to the answered call: only queued and ringing ones end.
    end(tx, id, &End { state, reason, note: None, how: HangUp::Canceled }, now)
}

/// How a check-in ends an incident.
pub(super) const fn checked_in(how: CheckIn) -> (IncidentState, Reason) {
    match how {
        CheckIn::Joined => (IncidentState::Resolved, Reason::Joined),
        CheckIn::Missed => (IncidentState::Missed, Reason::SaidMissed),
    }
}

/// The person is in the meeting, as a program says.
pub(super) fn present(tx: &dyn Tx, id: IncidentId, now: Timestamp) -> TxResult<Ended> {
    let (state, reason) = (IncidentState::Resolved, Reason::Presence);
    end(tx, id, &End { state, reason, note: None, how: HangUp::Canceled }, now)
}

const ACKNOWLEDGE: &str =
    "update incidents set state = 'ACKNOWLEDGED', acknowledged_at = ?2, acknowledged_how = ?3, acknowledged_by = ?4";

/// Only then it can be acknowledged.
const NOT_KNOWN_YET: &str = "id = ?1 and state in ('OPEN','ESCALATING')";

pub(super) fn acknowledge(tx: &dyn Tx, id: IncidentId, ack: &Acknowledgement, now: Timestamp) -> TxResult<bool> {
    let sql = format!("{ACKNOWLEDGE} where {NOT_KNOWN_YET}");
    Ok(tx.run(&sql, params![id, now, ack.how, ack.by.masked()])? == 1)
}

/// Humans have answered these calls at these times: acknowledges the incidents whose own person was called, not those
/// where a contact was. Which of them each call acknowledged.
pub(super) fn answered(tx: &dyn Tx, calls: &[(AttemptId, Timestamp)]) -> TxResult<Vec<Vec<IncidentId>>> {
    let attempts: Vec<_> = calls.iter().map(|(attempt, _)| set![attempt]).collect();
    let served: Vec<Vec<(IncidentId, Address)>> = tx.by_place(
        "select {place}, i.id, a.to_number from {each}, attempt_steps x join attempts a on a.id = x.attempt_id \
           join steps s on s.id = x.step_id join incidents i on i.id = s.incident_id \
         where x.attempt_id = ?1 and a.kind = 'call' and s.to_whom = '' and i.state in ('OPEN','ESCALATING') order by i.id",
        &attempts,
        |r| Ok((r.get(1)?, r.get(2)?)),
    )?;
    let mut first = HashSet::new();
    let mut acknowledged = Vec::with_capacity(calls.len());
    for ((_, at), served) in calls.iter().zip(served) {
        let mut of_call = Vec::new();
        for (incident, by) in served {
            // Two calls of a set may serve one incident.
            if first.insert(incident) {
                of_call.push((incident, by.masked(), *at));
            }
        }
        acknowledged.push(of_call);
    }
    let sets: Vec<_> = acknowledged.iter().flatten().map(|(id, by, at)| set![id, at, &AckHow::Answered, by]).collect();
    let acknowledge = format!("{ACKNOWLEDGE} from {{each}} where {NOT_KNOWN_YET}");
    tx.run_later(&acknowledge, &sets, Some("acknowledge an incident"))?;
    Ok(acknowledged.into_iter().map(|of_call| of_call.into_iter().map(|(id, ..)| id).collect()).collect())
}

pub(super) fn resolve(tx: &dyn Tx, id: IncidentId, note: Option<&str>, now: Timestamp) -> TxResult<Ended> {
    let how = End { state: IncidentState::Resolved, reason: Reason::Operator, note, how: HangUp::Completed };
    let ended = end(tx, id, &how, now)?;
    if ended.changed {
        Act::new(ActKind::Resolved, ActHow::Command, now).note_incident(tx, id)?;
    }
    Ok(ended)
}
