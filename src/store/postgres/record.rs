//! What came of an attempt, written down with its steps in one transaction.

use super::tx::{Optional, Sql, Tx, params};
use super::values::target;
use super::{Inner, calls, pace};
use crate::model::{
    Accepted, AttemptId, AttemptState, CallStatus, HangUpState, IncidentId, Outcome, Reason, RejectionClass, Reply,
    RungKind, StepId, StepState, Timestamp, printable,
};
use crate::store::{AfterFacts, AfterRule, AttemptDraft, Recorded, Refusal, StepNext, StepResult, StoreError};

/// A compare-and-set that must change exactly one row.
pub(super) fn one_row(changed: usize, what: &'static str) -> Inner<()> {
    if changed == 1 {
        return Ok(());
    }
    Err(StoreError::Statement { what, detail: format!("{changed} rows changed instead of one") }.into())
}

pub(super) fn record(
    tx: &Tx<'_>,
    id: AttemptId,
    reply: &Reply,
    now: Timestamp,
    rule: AfterRule<'_>,
) -> Inner<Recorded> {
    let (before, wish, kind): (AttemptState, HangUpState, RungKind) = tx
        .sql("select state, hang_up, kind from attempts where id = $1")
        .query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
        .optional()?
        .ok_or_else(|| StoreError::NotFound(format!("there is no attempt {id}")))?;
    let after = next_state(before, &reply.outcome);
    let mut recorded = Recorded { state: after.unwrap_or(before), steps: Vec::new(), again_at: None, hang_up: None };
    let Some(after) = after else { return Ok(recorded) };
    update(tx, id, after, reply, now)?;
    let rang_nobody = matches!(after, AttemptState::NotSent | AttemptState::Rejected);
    if rang_nobody {
        tx.execute("delete from call_tracker where attempt_id = $1", [id])?;
    }
    let nothing_to_end = matches!(&reply.outcome, Outcome::Accepted(taken) if !can_end(kind, taken.status));
    if wish == HangUpState::Wanted && nothing_to_end {
        tx.execute("update attempts set hang_up = 'MOOT' where id = $1", [id])?;
    } else if wish == HangUpState::Wanted && (rang_nobody || is_over(&reply.outcome)) {
        tx.execute("update attempts set hang_up = 'MOOT', next_look_at = null where id = $1", [id])?;
    }
    if !after.is_open() && before.is_open() {
        move_steps(tx, id, now, rule, &mut recorded)?;
    }
    if is_callee(&reply.outcome) {
        give_up_target(tx, id, now, &mut recorded)?;
    }
    if after == AttemptState::Accepted {
        if !before.is_open() {
            haunt(tx, id, before, now)?;
        }
        if let Some(wait) = reply.meta.queued_for {
            pace::cancel_late(tx, id, now.plus(wait), now)?;
        }
        recorded.hang_up = calls::wanted(tx, id)?;
    }
    Ok(recorded)
}

/// Can what was taken still be ended? A message only while it waits at the provider; nothing else can be taken back.
fn can_end(kind: RungKind, status: CallStatus) -> bool {
    match kind {
        RungKind::Call => true,
        RungKind::Sms => status == CallStatus::Queued,
        RungKind::Email | RungKind::Webhook | RungKind::Command => false,
    }
}

/// The closed table of moves. `None`: the answer adds nothing to what is known.
const fn next_state(before: AttemptState, outcome: &Outcome) -> Option<AttemptState> {
    use AttemptState as S;
    match (before, outcome) {
        // A call that exists is a fact: it beats every belief.
        (S::Sending | S::Unknown | S::Absent | S::Abandoned, Outcome::Accepted(_)) => Some(S::Accepted),
        (S::Sending | S::Unknown, Outcome::Rejected(_)) => Some(S::Rejected),
        (S::Sending | S::Unknown, Outcome::NotSent(_)) => Some(S::NotSent),
        (S::Sending, Outcome::Unknown(_)) => Some(S::Unknown),
        _ => None,
    }
}

fn update(tx: &Tx<'_>, id: AttemptId, state: AttemptState, reply: &Reply, now: Timestamp) -> Inner<()> {
    let (sid, status): (Option<&str>, Option<CallStatus>) = match &reply.outcome {
        Outcome::Accepted(Accepted { sid, status }) => (Some(sid), Some(*status)),
        _ => (None, None),
    };
    let (error, code, class) = match &reply.outcome {
        Outcome::Accepted(_) => (None, None, None),
        Outcome::Rejected(r) => (Some(r.message.as_str()), r.code, Some(r.class)),
        Outcome::NotSent(n) => (Some(n.detail.as_str()), None, None),
        Outcome::Unknown(d) => (Some(d.detail.as_str()), None, None),
    };
    let look = status.is_some_and(|s| !s.is_final()).then_some(now);
    let changed = tx
        .sql(
            "update attempts set state = $2, sid = $3, call_status = $4, error = $5, error_code = $6, \
             http_status = coalesce($7, http_status), request_id = coalesce($8, request_id), finished_at = $9, \
             next_look_at = case when $10 is null and hang_up = 'WANTED' and $3 is not null then $9 else $10 end, \
             error_class = $11 \
             where id = $1",
        )
        .execute(params![
            id,
            state,
            sid,
            status,
            error,
            code,
            reply.meta.http_status,
            reply.meta.request_id,
            now,
            look,
            class
        ])?;
    one_row(changed, "record an attempt")
}

/// Asks the rule about each running step of the attempt and moves it.
pub(super) fn move_steps(
    tx: &Tx<'_>,
    id: AttemptId,
    now: Timestamp,
    rule: AfterRule<'_>,
    recorded: &mut Recorded,
) -> Inner<()> {
    for (step, facts, ended) in running(tx, id)? {
        let next = match rule(&facts) {
            // A closed attempt cannot leave its step running: what the rule forgot is unknown.
            StepNext::Stay => StepNext::End(Refusal {
                state: StepState::Failed,
                reason: Reason::Unknown,
                detail: "the attempt ended without a rule for its step".into(),
            }),
            StepNext::Again { .. } if !facts.incident_open => {
                let reason = ended.unwrap_or(Reason::IncidentResolved);
                let detail = "the incident ended before the call could be tried again".into();
                StepNext::End(Refusal { state: StepState::Cancelled, reason, detail })
            }
            next => next,
        };
        match next {
            StepNext::End(refusal) => {
                end_running(tx, step, &refusal, now)?;
                recorded.steps.push(step_result(tx, step, &refusal, Some(id))?);
            }
            StepNext::Again { not_before, spends_try } => {
                again(tx, step, not_before, spends_try, now)?;
                recorded.again_at = Some(recorded.again_at.map_or(not_before, |at| at.min(not_before)));
            }
            StepNext::Stay => {}
        }
    }
    Ok(())
}

type RunningStep = (StepId, AfterFacts, Option<Reason>);

fn running(tx: &Tx<'_>, id: AttemptId) -> Inner<Vec<RunningStep>> {
    let statement = tx.sql(
        "select s.id, s.kind, i.ended_at is null and i.generation = m.generation and m.state = 'SCHEDULED', s.deadline_at, \
                s.tries, a.step_id <> s.id, i.reason \
         from attempt_steps x join attempts a on a.id = x.attempt_id join steps s on s.id = x.step_id \
         join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
         where x.attempt_id = $1 and s.state = 'RUNNING' order by s.id",
    );
    let rows = statement.query_map([id], |r| {
        let facts = AfterFacts {
            kind: r.get(1)?,
            incident_open: r.get(2)?,
            deadline_at: r.get(3)?,
            tries: r.get(4)?,
            merged: r.get(5)?,
        };
        Ok((r.get(0)?, facts, r.get(6)?))
    })?;
    Ok(rows.collect::<Sql<_>>()?)
}

pub(super) fn end_running(tx: &Tx<'_>, step: StepId, refusal: &Refusal, now: Timestamp) -> Inner<()> {
    let changed = tx
        .sql(
            "update steps set state = $2, reason = $3, detail = $4, updated_at = $5 \
             where id = $1 and state = 'RUNNING'",
        )
        .execute(params![step, refusal.state, refusal.reason, refusal.detail, now])?;
    one_row(changed, "end a step")
}

fn again(tx: &Tx<'_>, step: StepId, not_before: Timestamp, spends_try: bool, now: Timestamp) -> Inner<()> {
    let changed = tx
        .sql(
            "update steps set state = 'PENDING', ready_at = greatest($2, due_at), tries = tries + $3, updated_at = $4 \
             where id = $1 and state = 'RUNNING'",
        )
        .execute(params![step, not_before, i64::from(spends_try), now])?;
    one_row(changed, "put a step back")
}

/// The call had ended when the provider answered: nothing is left to hang up.
fn is_over(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted(call) if call.status.is_final())
}

fn is_callee(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected(r) if r.class == RejectionClass::Callee)
}

/// The provider refused the target itself: the other rungs of its kind to the same recipient cannot do better, and the next
/// rung before the start that is no call (a call has its own time) becomes due now.
fn give_up_target(tx: &Tx<'_>, id: AttemptId, now: Timestamp, recorded: &mut Recorded) -> Inner<()> {
    let steps: Vec<StepId> = tx
        .sql(
            "select s.id from steps s join attempts a on a.id = $1 join steps b on b.id = a.step_id \
             where s.state = 'PENDING' and s.kind = b.kind and s.to_whom = b.to_whom and s.channel is not distinct from b.channel \
               and s.incident_id in (select incident_id from attempt_steps where attempt_id = $1) order by s.id",
        )
        .query_map([id], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    let refusal = Refusal {
        state: StepState::Skipped,
        reason: Reason::InvalidNumber,
        detail: "the provider refused it for an earlier rung".into(),
    };
    for step in steps {
        super::claims::end_pending(tx, step, &refusal, now)?;
        recorded.steps.push(step_result(tx, step, &refusal, None)?);
    }
    next_rungs_now(tx, id, now)
}

/// The next rung before the start that is no call (a call has its own time) of each incident of this attempt is due now.
pub(super) fn next_rungs_now(tx: &Tx<'_>, id: AttemptId, now: Timestamp) -> Inner<()> {
    let incidents: Vec<IncidentId> = tx
        .sql("select distinct incident_id from attempt_steps where attempt_id = $1")
        .query_map([id], |r| r.get(0))?
        .collect::<Sql<_>>()?;
    incidents.into_iter().try_for_each(|incident| next_rung_now(tx, incident, now))
}

/// The same for one incident.
pub(super) fn next_rung_now(tx: &Tx<'_>, incident: IncidentId, now: Timestamp) -> Inner<()> {
    tx.execute(
        "update steps set ready_at = least(ready_at, $2), due_at = least(due_at, $2) where id = (select min(id) from steps \
         where state = 'PENDING' and kind <> 'call' and before_ms > 0 and incident_id = $1)",
        params![incident, now],
    )?;
    Ok(())
}

/// A call turned up for an attempt that had been given up. One that was proved absent must not ring on: its step was
/// given back. One that was abandoned must not if its incident ended, or if another attempt was made since.
fn haunt(tx: &Tx<'_>, id: AttemptId, before: AttemptState, now: Timestamp) -> Inner<()> {
    tx.execute(
        "update attempts set hang_up = 'WANTED', hang_up_how = 'completed', next_look_at = $2 \
         where id = $1 and hang_up = 'NONE' \
         and (kind = 'call' and call_status in ('queued','ringing','in-progress') or kind = 'sms' and call_status = 'queued') \
         and ($3 = 'ABSENT' \
           or not exists (select 1 from attempt_steps x join incidents i on i.id = x.incident_id \
             where x.attempt_id = $1 and i.ended_at is null) \
           or exists (select 1 from attempt_steps x join attempt_steps y on y.incident_id = x.incident_id \
             join attempts b on b.id = y.attempt_id where x.attempt_id = $1 and b.id > $1 \
               and b.state in ('SENDING','UNKNOWN','ACCEPTED','ABANDONED')))",
        params![id, now, before],
    )?;
    Ok(())
}

/// The result of a step that has just ended.
pub(super) fn step_result(
    tx: &Tx<'_>,
    step: StepId,
    refusal: &Refusal,
    attempt: Option<AttemptId>,
) -> Inner<StepResult> {
    let mut result = tx
        .sql(
            "select s.incident_id, m.uid, i.person, m.title, s.due_at, s.kind \
             from steps s join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id where s.id = $1",
        )
        .query_row([step], |r| {
            Ok(StepResult {
                status: refusal.status(),
                reason: refusal.reason,
                detail: refusal.detail.clone(),
                state: refusal.state,
                step: Some(step),
                incident: Some(r.get(0)?),
                kind: r.get(5)?,
                event: printable(&r.get::<_, String>(1)?),
                person: r.get(2)?,
                title: printable(&r.get::<_, String>(3)?),
                provider: None,
                call_id: None,
                to: None,
                message: None,
                due_at: Some(r.get(4)?),
                attempted_at: None,
            })
        })?;
    if let Some(attempt) = attempt {
        tx.sql("select provider, sid, kind, to_number, message, intent_at from attempts where id = $1").query_row(
            [attempt],
            |r| {
                result.provider = Some(r.get(0)?);
                result.call_id = r.get(1)?;
                result.to = Some(target(r, 2)?.masked());
                result.message = Some(r.get(4)?);
                result.attempted_at = Some(r.get(5)?);
                Ok(())
            },
        )?;
    }
    Ok(result)
}

/// The result of a test call that a guard refused: there is no step and no attempt.
pub(super) fn call_test_result(draft: &AttemptDraft<'_>, refusal: &Refusal) -> StepResult {
    StepResult {
        status: refusal.status(),
        reason: refusal.reason,
        detail: refusal.detail.clone(),
        state: refusal.state,
        step: None,
        incident: None,
        kind: draft.to.kind,
        event: "call-test".into(),
        person: draft.person.clone(),
        title: String::new(),
        provider: Some(draft.provider),
        call_id: None,
        to: Some(draft.to.masked()),
        message: None,
        due_at: None,
        attempted_at: None,
    }
}
