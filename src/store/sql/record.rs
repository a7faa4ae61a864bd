//! What came of an attempt, written down with its steps in one transaction.

use super::tx::{Tx, TxResult};
use super::value::params;
use super::{calls, late, pace, steps};
use crate::model::{
    Accepted, AttemptId, AttemptState, CallStatus, Doubt, HangUpState, Outcome, Reason, RejectionClass, Reply,
    RungKind, StepId, StepState, Timestamp,
};
use crate::store::{AfterFacts, AfterRule, Recorded, Refusal, StepNext, StoreError};

pub(super) fn record(
    tx: &dyn Tx,
    id: AttemptId,
    reply: &Reply,
    now: Timestamp,
    rule: AfterRule<'_>,
) -> TxResult<Recorded> {
    let (before, wish, kind): (AttemptState, HangUpState, RungKind) = tx
        .optional("select state, hang_up, kind from attempts where id = ?1", params![id], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })?
        .ok_or_else(|| StoreError::NotFound(format!("there is no attempt {id}")))?;
    let doubt = of_another(tx, id, &reply.outcome)?.map(|outcome| Reply { outcome, meta: reply.meta.clone() });
    let reply = doubt.as_ref().unwrap_or(reply);
    let after = next_state(before, &reply.outcome);
    let mut recorded = Recorded::nothing(after.unwrap_or(before));
    let Some(after) = after else { return Ok(recorded) };
    update(tx, id, after, reply, now)?;
    let rang_nobody = matches!(after, AttemptState::NotSent | AttemptState::Rejected);
    if rang_nobody {
        tx.run("delete from call_tracker where attempt_id = ?1", params![id])?;
    }
    let nothing_to_end = matches!(&reply.outcome, Outcome::Accepted(taken) if !can_end(kind, taken.status));
    if wish == HangUpState::Wanted && nothing_to_end {
        tx.run("update attempts set hang_up = 'MOOT' where id = ?1", params![id])?;
    } else if wish == HangUpState::Wanted && (rang_nobody || is_over(&reply.outcome)) {
        tx.run("update attempts set hang_up = 'MOOT', next_look_at = null where id = ?1", params![id])?;
    }
    if !after.is_open() && before.is_open() {
        move_steps(tx, id, now, rule, &mut recorded)?;
    }
    // Tried again from another sender, the target itself is not refused.
    if is_callee(&reply.outcome) && recorded.again_at.is_none() {
        give_up_target(tx, id, now, &mut recorded)?;
    }
    if after == AttemptState::Accepted {
        if !before.is_open() {
            hang_up_late_acceptance(tx, id, before, now)?;
        }
        if let Some(wait) = reply.meta.queued_for {
            pace::cancel_late(tx, id, now.plus(wait), now)?;
        }
        if matches!(&reply.outcome, Outcome::Accepted(taken) if taken.status.is_failure()) {
            recorded.late = late::ended(tx, id, None, now)?;
        }
        recorded.hang_up = calls::wanted(tx, id)?;
    }
    Ok(recorded)
}

/// The doubt about a call that another attempt holds already: nobody knows then what became of the request.
fn of_another(tx: &dyn Tx, id: AttemptId, outcome: &Outcome) -> TxResult<Option<Outcome>> {
    let Outcome::Accepted(Accepted { sid, .. }) = outcome else { return Ok(None) };
    let is_taken: bool =
        tx.value("select exists(select 1 from attempts where sid = ?1 and id <> ?2)", params![sid, id])?;
    let detail = || format!("the answer names {sid}, which is another attempt's call");
    Ok(is_taken.then(|| Outcome::Unknown(Doubt { detail: detail() })))
}

/// Can what the provider took still be ended? A call can, a message only while it is queued there, nothing else.
fn can_end(kind: RungKind, status: CallStatus) -> bool {
    match kind {
        RungKind::Call => true,
        RungKind::Sms => status == CallStatus::Queued,
        RungKind::Email | RungKind::Webhook | RungKind::Command => false,
    }
}

/// All changes of state. `None`: the outcome adds nothing to what is known.
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

fn update(tx: &dyn Tx, id: AttemptId, state: AttemptState, reply: &Reply, now: Timestamp) -> TxResult<()> {
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
    let changed = tx.run(
        "update attempts set state = ?2, sid = ?3, call_status = ?4, error = ?5, error_code = ?6, \
             http_status = coalesce(?7, http_status), request_id = coalesce(?8, request_id), finished_at = ?9, \
             next_look_at = case when ?10 is null and hang_up = 'WANTED' and ?3 is not null then ?9 else ?10 end, \
             error_class = ?11, taken_at = coalesce(taken_at, case when ?3 is not null then intent_at + ?12 end), \
             callback_refused = coalesce(?13, callback_refused) where id = ?1",
        params![
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
            class,
            provider_ms(reply),
            reply.meta.callback_refused
        ],
    )?;
    steps::one_row(changed, "record an attempt")
}

/// When the provider answered by its own clock, in milliseconds after the intent; `None`: it named no time.
fn provider_ms(reply: &Reply) -> Option<i64> {
    Some(i64::try_from(reply.meta.elapsed_ms).ok()?.saturating_add(reply.meta.skew_ms?))
}

/// Asks the rule about each running step of the attempt and moves it.
pub(super) fn move_steps(
    tx: &dyn Tx,
    id: AttemptId,
    now: Timestamp,
    rule: AfterRule<'_>,
    recorded: &mut Recorded,
) -> TxResult<()> {
    for (step, facts, ended) in running(tx, id)? {
        let next = match rule(&facts) {
            // An attempt that has ended cannot leave its step running: without a rule the step fails as unknown.
            StepNext::Stay => StepNext::End(Refusal::new(
                StepState::Failed,
                Reason::Unknown,
                "the attempt ended without a rule for its step",
            )),
            StepNext::Again { .. } if !facts.incident_open => {
                let reason = ended.unwrap_or(Reason::IncidentResolved);
                let detail = "the incident ended before the call could be tried again";
                StepNext::End(Refusal::new(StepState::Cancelled, reason, detail))
            }
            next => next,
        };
        match next {
            StepNext::End(refusal) => {
                steps::end_running(tx, &[(step, &refusal)], now)?;
                recorded.steps.push(steps::result(tx, step, &refusal, Some(id))?);
            }
            StepNext::Again { not_before, spends_try } => {
                steps::again(tx, step, not_before, spends_try, now)?;
                recorded.again_at = Some(recorded.again_at.map_or(not_before, |at| at.min(not_before)));
            }
            StepNext::Stay => {}
        }
    }
    Ok(())
}

type RunningStep = (StepId, AfterFacts, Option<Reason>);

fn running(tx: &dyn Tx, id: AttemptId) -> TxResult<Vec<RunningStep>> {
    let sql = format!(
        "select s.id, s.kind, i.ended_at is null and i.generation = m.generation and m.state = 'SCHEDULED', \
                 s.deadline_at, s.tries, a.step_id <> s.id, i.reason, \
                 (select count(*) from attempt_steps y join attempts b on b.id = y.attempt_id where y.step_id = s.id and {}) \
               from attempt_steps x join attempts a on a.id = x.attempt_id join steps s on s.id = x.step_id \
               join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
               where x.attempt_id = ?1 and s.state = 'RUNNING' order by s.id",
        steps::unsent_sql()
    );
    Ok(tx.rows(&sql, params![id], |r| {
        let facts = AfterFacts {
            kind: r.get(1)?,
            incident_open: r.get(2)?,
            deadline_at: r.get(3)?,
            tries: r.get(4)?,
            unsent: r.get(7)?,
            merged: r.get(5)?,
        };
        // A reason of a newer savehub is as good as none.
        Ok((r.get(0)?, facts, r.get(6).unwrap_or_default()))
    })?)
}

/// The call had ended when the provider answered: nothing is left to hang up.
fn is_over(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted(call) if call.status.is_final())
}

fn is_callee(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rejected(r) if r.class == RejectionClass::Callee)
}

/// The provider refused the target itself. Other rungs of its kind to the same recipient would fail too, so they end.
/// The next rung before the start that is no call (a call has its own time) becomes due now.
fn give_up_target(tx: &dyn Tx, id: AttemptId, now: Timestamp, recorded: &mut Recorded) -> TxResult<()> {
    for incident in steps::served(tx, id)? {
        recorded.steps.extend(steps::leave_out_target(tx, id, incident, now)?);
    }
    steps::next_rungs_now(tx, id, now)
}

/// A call turned up for an attempt that had been given up. If the attempt was proved absent, the call must not ring on,
/// since the step was given back. If it was abandoned, the call must not ring on when its incident has ended or another
/// attempt was made since.
fn hang_up_late_acceptance(tx: &dyn Tx, id: AttemptId, before: AttemptState, now: Timestamp) -> TxResult<()> {
    tx.run("update attempts set hang_up = 'WANTED', hang_up_how = 'completed', next_look_at = ?2 \
         where id = ?1 and hang_up = 'NONE' \
         and (kind = 'call' and call_status in ('queued','ringing','in-progress') or kind = 'sms' and call_status = 'queued') \
         and (?3 = 'ABSENT' \
           or not exists (select 1 from attempt_steps x join incidents i on i.id = x.incident_id \
             where x.attempt_id = ?1 and i.ended_at is null) \
           or exists (select 1 from attempt_steps x join attempt_steps y on y.incident_id = x.incident_id \
             join attempts b on b.id = y.attempt_id where x.attempt_id = ?1 and b.id > ?1 \
               and b.state in ('SENDING','UNKNOWN','ACCEPTED','ABANDONED')))", params![id, now, before])?;
    Ok(())
}
