//! Steps: read for a claim, put under an attempt or given back, and ended with a result.

use super::tx::{Question, Row, Sql, SqlError, Tx, TxResult, of_place};
use super::value::{Value, params, set};
use crate::model::{
    Action, AttemptId, AttemptState, FENCED, FenceReason, IncidentId, MeetingWords, Offset, Reason, RejectionClass,
    RungKind, StepId, StepState, Timestamp, Unsent, printable,
};
use crate::store::{AttemptDraft, Claim, Refusal, StepResult};
use std::iter;

/// What [`claim_from_row`] reads, of steps `s`, incidents `i` and meetings `m`.
pub(crate) const COLUMNS: &str = "s.id, s.incident_id, i.meeting_id, i.person, s.rung, s.due_at, s.deadline_at, m.uid, m.title, \
                           s.starts_at, m.link, s.kind, s.before_ms, s.to_whom, s.channel, s.condition";

/// A step as it is claimed. An error names it.
pub(crate) fn claim_from_row(row: &dyn Row) -> Sql<Claim> {
    read_claim(row).map_err(|error| match (error, row.get::<StepId>(0)) {
        (SqlError::Column(why), Ok(step)) => SqlError::Column(format!("{step}: {why}")),
        (error, _) => error,
    })
}

fn read_claim(row: &dyn Row) -> Sql<Claim> {
    Ok(Claim {
        step: row.get(0)?,
        incident: row.get(1)?,
        meeting: row.get(2)?,
        person: row.get(3)?,
        rung: row.get(4)?,
        due_at: row.get(5)?,
        deadline_at: row.get(6)?,
        action: Action {
            kind: row.get(11)?,
            at: Offset::from_ms(row.get::<i64>(12)?.saturating_neg()),
            to: row.get(13)?,
            channel: row.get(14)?,
            when: row.get(15)?,
        },
        words: MeetingWords { uid: row.get(7)?, title: row.get(8)?, starts_at: row.get(9)?, link: row.get(10)? },
        sealed: (),
    })
}

/// Puts steps under their attempts: `PENDING` -> `RUNNING`, counted for the limit as of `made_at`, their incidents
/// escalating.
pub(crate) fn serve(tx: &dyn Tx, served: &[(AttemptId, &Claim)], made_at: Timestamp, now: Timestamp) -> TxResult<()> {
    if served.is_empty() {
        return Ok(());
    }
    let running: Vec<_> = served.iter().map(|(_, claim)| set![&claim.step, &now]).collect();
    let run = "update steps set state = 'RUNNING', updated_at = ?2 from {each} where id = ?1 and state = 'PENDING'";
    tx.run_later(run, &running, Some("claim a step"))?;
    let incidents: Vec<_> = served.iter().map(|(_, claim)| set![&claim.incident]).collect();
    let escalate = "update incidents set state = 'ESCALATING' from {each} where id = ?1 and state = 'OPEN'";
    tx.run_later(escalate, &incidents, None)?;
    let steps: Vec<_> = served.iter().map(|(attempt, claim)| set![attempt, &claim.step, &claim.incident]).collect();
    let serve = "insert into attempt_steps(attempt_id, step_id, incident_id) select ?1, ?2, ?3 from {each}";
    tx.run_later(serve, &steps, None)?;
    let counted: Vec<_> =
        served.iter().map(|(attempt, claim)| set![attempt, &claim.meeting, &claim.person, &made_at]).collect();
    let count = "insert into call_tracker(attempt_id, meeting_id, person, at) select ?1, ?2, ?3, ?4 from {each}";
    tx.run_later(count, &counted, None)
}

/// Ends a step nothing can be tried for.
pub(crate) fn refuse(tx: &dyn Tx, step: StepId, refusal: &Refusal, now: Timestamp) -> TxResult<Option<StepResult>> {
    let ended = end_pending(tx, step, refusal, now)?;
    Ok(if ended { Some(result(tx, step, refusal, None)?) } else { None })
}

/// `PENDING` -> the refusal's state.
pub(crate) fn end_pending(tx: &dyn Tx, step: StepId, refusal: &Refusal, now: Timestamp) -> TxResult<bool> {
    let ended = [(step, refusal)];
    Ok(tx.run_each(END, &ends(&ended, &StepState::Pending, &now))? == 1)
}

/// The same for steps that are locked and pending. What came of each.
pub(crate) fn end_all_pending(
    tx: &dyn Tx,
    refused: &[(StepId, &Refusal)],
    now: Timestamp,
) -> TxResult<Vec<StepResult>> {
    tx.run_later(END, &ends(refused, &StepState::Pending, &now), Some("refuse a step"))?;
    let ended: Vec<_> = refused.iter().map(|(step, refusal)| (*step, *refusal, None)).collect();
    results(tx, &ended, Vec::new())
}

/// `RUNNING` -> the refusal's state.
pub(crate) fn end_running(tx: &dyn Tx, ended: &[(StepId, &Refusal)], now: Timestamp) -> TxResult<()> {
    tx.run_later(END, &ends(ended, &StepState::Running, &now), Some("end a step"))
}

const END: &str = "update steps set state = ?2, reason = ?3, detail = ?4, updated_at = ?5 from {each} \
                   where id = ?1 and state = ?6";

fn ends<'e>(ended: &'e [(StepId, &Refusal)], from: &'e StepState, now: &'e Timestamp) -> Vec<Vec<Value<'e>>> {
    debug_assert!(ended.iter().all(|(_, r)| !matches!(r.state, StepState::Pending | StepState::Running)));
    ended
        .iter()
        .map(|(step, refusal)| set![step, &refusal.state, &refusal.reason, &refusal.detail, now, from])
        .collect()
}

/// A step to be tried again.
pub(crate) struct Again {
    pub(crate) step: StepId,
    pub(crate) not_before: Timestamp,
    pub(crate) spends_try: bool,
}

/// `RUNNING` -> `PENDING`, to be tried again.
pub(crate) fn all_again(tx: &dyn Tx, again: &[Again], now: Timestamp) -> TxResult<()> {
    let sql = format!(
        "update steps set state = 'PENDING', ready_at = {}(?2, due_at), tries = tries + ?3, updated_at = ?4 \
         from {{each}} where id = ?1 and state = 'RUNNING'",
        tx.dialect().greatest
    );
    let tries: Vec<i64> = again.iter().map(|again| i64::from(again.spends_try)).collect();
    let sets: Vec<_> =
        again.iter().zip(&tries).map(|(again, tries)| set![&again.step, &again.not_before, tries, &now]).collect();
    tx.run_later(&sql, &sets, Some("put a step back"))
}

/// Attempts `b` that did not leave this machine, and that no rule had held back.
pub(crate) fn unsent_sql() -> String {
    let no_rules = FenceReason::NO_RULES.map(|reason| format!(" or b.error like '%: {reason}'")).concat();
    format!("b.state = 'NOT_SENT' and (coalesce(b.error, '') not like '{FENCED}%'{no_rules})")
}

/// The last attempt of this step, as [`last_attempt_from_row`] reads it.
pub(crate) fn last_attempt_sql(step: &str) -> String {
    format!(
        "select a.state, a.error_class, a.error, case when a.state = 'NOT_SENT' then \
           (select count(*) from attempt_steps y join attempts b on b.id = y.attempt_id \
              where y.step_id = {step} and {}) else 0 end as unsent \
         from attempt_steps x join attempts a on a.id = x.attempt_id where x.step_id = {step} \
         order by a.id desc limit 1",
        unsent_sql()
    )
}

/// What keeps a step back since its last attempt: was that refused for the provider's capacity, or did nothing leave?
#[derive(Debug, Default)]
pub(crate) struct LastAttempt {
    pub(crate) refused_for_capacity: bool,
    pub(crate) unsent: Option<Unsent>,
}

/// From this column on; all are null where there was no attempt.
pub(crate) fn last_attempt_from_row(row: &dyn Row, first: usize) -> Sql<LastAttempt> {
    let state: Option<AttemptState> = row.get(first)?;
    let (class, error): (Option<String>, Option<String>) = (row.get(first + 1)?, row.get(first + 2)?);
    let capacity = class.as_deref() == Some(RejectionClass::Capacity.as_str());
    let error = error.unwrap_or_default();
    let no_rule = FenceReason::of_error(&error).is_none_or(|reason| !reason.is_a_rule());
    let unsent = match state {
        Some(AttemptState::NotSent) if no_rule => Some(Unsent::new(row.get(first + 3)?, &error)),
        _ => None,
    };
    Ok(LastAttempt { refused_for_capacity: state == Some(AttemptState::Rejected) && capacity, unsent })
}

/// The next rung before the start that is no call (a call has its own time) of each incident of this attempt is due now.
pub(crate) fn next_rungs_now(tx: &dyn Tx, id: AttemptId, now: Timestamp) -> TxResult<()> {
    served(tx, id)?.into_iter().try_for_each(|incident| next_rung_now(tx, incident, now))
}

/// The incidents of this attempt.
pub(crate) fn served(tx: &dyn Tx, id: AttemptId) -> TxResult<Vec<IncidentId>> {
    let sql = "select distinct incident_id from attempt_steps where attempt_id = ?1 order by incident_id";
    Ok(tx.values(sql, params![id])?)
}

/// The same for one incident.
pub(crate) fn next_rung_now(tx: &dyn Tx, incident: IncidentId, now: Timestamp) -> TxResult<()> {
    let next: Option<StepId> = tx.value(
        "select min(id) from steps where state = 'PENDING' and kind <> 'call' and before_ms > 0 and incident_id = ?1",
        params![incident],
    )?;
    next.map_or(Ok(()), |step| due_now(tx, step, now))
}

/// A pending step is due now, if it was not before.
pub(crate) fn due_now(tx: &dyn Tx, step: StepId, now: Timestamp) -> TxResult<()> {
    let least = tx.dialect().least;
    let sql = format!(
        "update steps set ready_at = {least}(ready_at, ?2), due_at = {least}(due_at, ?2) \
         where id = ?1 and state = 'PENDING'"
    );
    tx.run(&sql, params![step, now])?;
    Ok(())
}

/// The provider refused the target of this attempt: the pending rungs of the incident that are of its kind, to the same
/// recipient and by the same channel, end.
pub(crate) fn leave_out_target(
    tx: &dyn Tx,
    id: AttemptId,
    incident: IncidentId,
    now: Timestamp,
) -> TxResult<Vec<StepResult>> {
    let pending: Vec<StepId> = tx.values(
        "select s.id from steps s join attempts a on a.id = ?1 join steps b on b.id = a.step_id \
         where s.state = 'PENDING' and s.kind = b.kind and s.to_whom = b.to_whom \
           and s.channel is not distinct from b.channel and s.incident_id = ?2 order by s.id",
        params![id, incident],
    )?;
    let detail = "the provider refused it for an earlier rung";
    let refusal = Refusal::new(StepState::Skipped, Reason::InvalidNumber, detail);
    let mut ended = Vec::new();
    for step in pending {
        end_pending(tx, step, &refusal, now)?;
        ended.push(result(tx, step, &refusal, None)?);
    }
    Ok(ended)
}

/// The result of a step that has just ended.
pub(crate) fn result(tx: &dyn Tx, step: StepId, refusal: &Refusal, attempt: Option<AttemptId>) -> TxResult<StepResult> {
    results(tx, &[(step, refusal, attempt)], Vec::new())?.pop().ok_or_else(|| SqlError::NoRow.into())
}

/// The results of steps that have just ended, by their attempts or without. `beside`: what else is asked then.
pub(crate) fn results(
    tx: &dyn Tx,
    ended: &[(StepId, &Refusal, Option<AttemptId>)],
    beside: Vec<Question<'_>>,
) -> TxResult<Vec<StepResult>> {
    let mut results: Vec<StepResult> =
        ended.iter().map(|(_, refusal, _)| without_step(RungKind::Call, refusal)).collect();
    let sql = "select {place}, s.id, s.incident_id, m.uid, i.person, m.title, s.due_at, s.kind, a.provider, a.sid, a.kind, \
           a.to_number, a.message, a.intent_at \
         from {each} cross join steps s join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
           left join attempts a on a.id = ?2 where s.id = ?1";
    let mut filled = 0;
    let sets = ended.iter().map(|(step, _, attempt)| set![step, attempt]).collect();
    let question = Question::each(sql, sets, |r| {
        filled += 1;
        let result = of_place(&mut results, r)?;
        result.step = Some(r.get(1)?);
        result.incident = Some(r.get(2)?);
        result.event = printable(&r.get::<String>(3)?);
        result.person = r.get(4)?;
        result.title = printable(&r.get::<String>(5)?);
        result.due_at = Some(r.get(6)?);
        result.kind = r.get(7)?;
        result.provider = r.get(8)?;
        if result.provider.is_some() {
            result.call_id = r.get(9)?;
            result.to = Some(r.target(10)?.masked());
            result.message = Some(r.get(12)?);
            result.attempted_at = Some(r.get(13)?);
        }
        Ok(())
    });
    tx.ask_all(iter::once(question).chain(beside).collect())?;
    if filled == ended.len() { Ok(results) } else { Err(SqlError::NoRow.into()) }
}

/// The result of a test call, or of a text that explains an answer, that a guard refused: there is no step and no attempt.
pub(crate) fn result_without_step(draft: &AttemptDraft<'_>, refusal: &Refusal) -> StepResult {
    StepResult {
        event: "call-test".into(),
        person: draft.person.clone(),
        provider: Some(draft.provider),
        to: Some(draft.to.masked()),
        ..without_step(draft.to.kind, refusal)
    }
}

fn without_step(kind: RungKind, refusal: &Refusal) -> StepResult {
    StepResult {
        status: refusal.status(),
        reason: refusal.reason,
        detail: refusal.detail.clone(),
        state: refusal.state,
        step: None,
        incident: None,
        kind,
        event: String::new(),
        person: String::new(),
        title: String::new(),
        provider: None,
        call_id: None,
        to: None,
        message: None,
        due_at: None,
        attempted_at: None,
        in_doubt: refusal.in_doubt,
    }
}
