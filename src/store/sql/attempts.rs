//! Open attempts: the fence reads them, and time ends them.

use super::dialect::Dialect;
use super::tx::{Question, Tx, TxResult};
use super::value::{each_id, params};
use super::{pauses, record};
use crate::model::{AttemptId, AttemptState, NotSentCause, PauseView, Reason, Reply, StepState, Timestamp};
use crate::owner::Mark;
use crate::store::{AfterFacts, FenceFacts, OpenAttempt, Recorded, Refusal, Settle, SettleRule, StepNext, StepResult};

/// The facts of these attempts, in their order; `None` for one that is not there.
pub(super) fn fences(tx: &dyn Tx, ids: &[AttemptId]) -> TxResult<Vec<Option<FenceFacts>>> {
    let (mut attempts, mut steps, mut pauses) = (Vec::new(), Vec::new(), Vec::new());
    let of_attempts = Question::by_place(
        "select {place}, state, owner, hang_up, kind from {each}, attempts where id = ?1",
        each_id(ids),
        &mut attempts,
        |r| Ok((r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?)),
    );
    let of_steps = Question::by_place(
        "select {place}, case when i.ended_at is null and i.generation = m.generation and m.state = 'SCHEDULED' \
               then 1 else 0 end, \
             case when i.state = 'ACKNOWLEDGED' and s.condition = 'unanswered' then 1 else 0 end, \
             s.due_at, s.deadline_at \
           from {each}, attempt_steps x join incidents i on i.id = x.incident_id join meetings m on m.id = i.meeting_id \
             join steps s on s.id = x.step_id where x.attempt_id = ?1",
        each_id(ids),
        &mut steps,
        |r| Ok(Served { is_open: r.get(1)?, acknowledged: r.get(2)?, due_at: r.get(3)?, deadline_at: r.get(4)? }),
    );
    tx.ask_all(vec![of_attempts, of_steps, pauses::of_attempts(ids, &mut pauses)])?;
    let facts = |((mut attempt, steps), pauses): ((Vec<_>, Vec<Served>), Vec<PauseView>)| {
        let (state, owner, hang_up, kind) = attempt.pop()?;
        Some(FenceFacts {
            state,
            owner,
            hang_up,
            incidents_open: (!steps.is_empty()).then(|| steps.iter().all(|s| s.is_open)),
            acknowledged: steps.iter().any(|s| s.acknowledged),
            pause: pauses.into_iter().next(),
            kind,
            due: steps.iter().map(|s| s.due_at).max().zip(steps.iter().map(|s| s.deadline_at).min()),
        })
    };
    Ok(attempts.into_iter().zip(steps).zip(pauses).map(facts).collect())
}

/// What the fence asks of a step that the attempt serves.
struct Served {
    is_open: bool,
    acknowledged: bool,
    due_at: Timestamp,
    deadline_at: Timestamp,
}

/// Calls that are still queued when their meetings have started. The index of calls to look at finds them without
/// reading every call there ever was.
fn late_queue(words: &Dialect) -> String {
    format!(
        "{}kind = 'call' and state = 'ACCEPTED' and call_status = 'queued' and hang_up = 'NONE' \
         and next_look_at is not null and exists (select 1 from attempt_steps x where x.attempt_id = attempts.id) \
         and not exists (select 1 from attempt_steps x join steps s on s.id = x.step_id \
           where x.attempt_id = attempts.id and s.starts_at > ?1)",
        words.no_index
    )
}

pub(crate) fn to_settle_sql(words: &Dialect) -> String {
    format!(
        "select exists(select 1 from attempts where state in ('SENDING','UNKNOWN')) \
         or exists(select 1 from attempts where {})",
        late_queue(words)
    )
}

pub(crate) fn too_late_sql(words: &Dialect) -> String {
    let late = late_queue(words);
    format!("update attempts set hang_up = 'WANTED', hang_up_how = 'canceled', next_look_at = ?1 where {late}")
}

pub(super) fn anything_to_settle(tx: &dyn Tx, now: Timestamp) -> TxResult<bool> {
    Ok(tx.value(&to_settle_sql(tx.dialect()), params![now])?)
}

pub(super) fn settle(tx: &dyn Tx, now: Timestamp, rule: SettleRule<'_>) -> TxResult<Vec<StepResult>> {
    let mut results = Vec::new();
    for attempt in open(tx)? {
        match rule(&attempt) {
            Settle::Keep => {}
            Settle::Unknown => doubt(tx, attempt.id, now)?,
            Settle::NeverBegan => results.extend(never_began(tx, attempt.id, now)?),
            Settle::Abandon => results.extend(abandon(tx, attempt.id, false, now)?),
            Settle::AbandonAndCall => results.extend(abandon(tx, attempt.id, true, now)?),
        }
    }
    // A call that is still queued when its meetings have started would ring too late.
    tx.run(&too_late_sql(tx.dialect()), params![now])?;
    Ok(results)
}

fn open(tx: &dyn Tx) -> TxResult<Vec<OpenAttempt>> {
    let sql = format!(
        "select a.id, a.state, a.owner, a.lease_until_boot_ms, a.request_deadline_at, a.deadline_boot_ms, \
           (select max(s.tries) from attempt_steps x join steps s on s.id = x.step_id where x.attempt_id = a.id), \
           coalesce((select max(s.deadline_at) from attempt_steps x join steps s on s.id = x.step_id \
               join incidents i on i.id = s.incident_id \
               where x.attempt_id = a.id and s.state = 'RUNNING' and i.ended_at is null), \
             (select max(s.deadline_at) from attempt_steps x join steps s on s.id = x.step_id where x.attempt_id = a.id)), \
           (select min(s.ready_at) from steps s join incidents i on i.id = s.incident_id \
            where s.state = 'PENDING' and s.kind = a.kind and i.person = a.person \
              and s.to_whom = coalesce((select b.to_whom from steps b where b.id = a.step_id), '')), a.kind, a.to_number, \
           1 + (select count(*) from attempts b where b.step_id = a.step_id and b.id < a.id and b.state in ('ABSENT','ABANDONED')), \
           a.token, a.armed, {} \
         from attempts a where a.state in ('SENDING','UNKNOWN') order by a.id",
        tx.dialect().ages
    );
    Ok(tx.readable("an open attempt", &sql, &[], |r| {
        Ok(OpenAttempt {
            id: r.get(0)?,
            state: r.get(1)?,
            owner: r.get(2)?,
            lease_until_boot_ms: r.get(3)?,
            request_deadline_at: r.get(4)?,
            deadline_boot_ms: r.get(5)?,
            tries: r.get::<Option<u32>>(6)?.unwrap_or(0),
            deadline_at: r.get(7)?,
            next_rung_due: r.get(8)?,
            to: r.target(9)?,
            in_doubt: r.get(11)?,
            token: r.get(12)?,
            // A mark that cannot be read proves nothing.
            armed: r.get::<Option<String>>(13)?.and_then(|mark| mark.parse().ok()),
            server: r.age(14)?,
        })
    })?)
}

fn doubt(tx: &dyn Tx, id: AttemptId, now: Timestamp) -> TxResult<()> {
    tx.run(
        "update attempts set state = 'UNKNOWN', finished_at = ?2, \
         error = coalesce(error, 'the process that placed it is gone, or its lease is over') \
         where id = ?1 and state = 'SENDING'",
        params![id, now],
    )?;
    Ok(())
}

/// The files that attempts without an answer name.
pub(super) fn armed(tx: &dyn Tx) -> TxResult<Vec<Mark>> {
    let open = "select armed from attempts where state in ('SENDING','UNKNOWN') and armed is not null";
    let marks: Vec<String> = tx.values(open, &[])?;
    Ok(marks.iter().filter_map(|mark| mark.parse().ok()).collect())
}

/// `SENDING` or `UNKNOWN` -> `NOT_SENT`; its steps are tried again and have lost nothing.
fn never_began(tx: &dyn Tx, id: AttemptId, now: Timestamp) -> TxResult<Vec<StepResult>> {
    let reply = Reply::not_sent(NotSentCause::Other, "the process that was to send it ended before the request began");
    let again = |_: &AfterFacts| StepNext::Again { not_before: now, spends_try: false };
    Ok(record::record(tx, id, &reply, now, &again)?.steps)
}

/// `UNKNOWN` -> `ABANDONED`: stays counted and watched, its steps are `FAILED(unknown)`, or tried once more where the
/// config chose to rather ring twice than not at all.
fn abandon(tx: &dyn Tx, id: AttemptId, call_again: bool, now: Timestamp) -> TxResult<Vec<StepResult>> {
    let changed = tx.run(
        "update attempts set state = 'ABANDONED', finished_at = ?2 where id = ?1 and state = 'UNKNOWN'",
        params![id, now],
    )?;
    if changed != 1 {
        return Ok(Vec::new());
    }
    let error: Option<String> = tx.value("select error from attempts where id = ?1", params![id])?;
    let detail = error.map_or_else(|| "the provider gave no answer".to_owned(), |e| format!("no answer: {e}"));
    let mut recorded = Recorded::nothing(AttemptState::Abandoned);
    let rule = |facts: &AfterFacts| {
        // Of an incident that has ended, the store makes it `CANCELLED`: nothing was due any more.
        if call_again || !facts.incident_open {
            return StepNext::Again { not_before: now, spends_try: true };
        }
        StepNext::End(Refusal::new(StepState::Failed, Reason::Unknown, detail.clone()))
    };
    record::move_steps(tx, id, now, &rule, &mut recorded)?;
    Ok(recorded.steps)
}
