//! What came of an attempt, written down with its steps in one transaction.

use super::steps::Again;
use super::tx::{Question, SqlError, Tx, TxResult};
use super::value::{params, set};
use super::{calls, late, pace, steps};
use crate::model::{
    AttemptId, AttemptState, CallStatus, Doubt, HangUpState, Outcome, Reason, RejectionClass, Reply, ReplyMeta,
    RungKind, StepId, StepState, Timestamp,
};
use crate::store::{AfterFacts, AfterRule, Recorded, Refusal, ReplyRule, StepNext, StoreError};
use std::borrow::Cow;
use std::collections::HashSet;

/// Writes one reply down.
pub(super) fn record(
    tx: &dyn Tx,
    id: AttemptId,
    reply: &Reply,
    now: Timestamp,
    rule: AfterRule<'_>,
) -> TxResult<Recorded> {
    let recorded = record_all(tx, &[(id, reply)], now, &|_, facts| rule(facts))?.pop();
    recorded.ok_or_else(|| SqlError::NoRow.into())
}

/// Writes replies down, in this order.
pub(super) fn record_all(
    tx: &dyn Tx,
    replies: &[(AttemptId, &Reply)],
    now: Timestamp,
    rule: ReplyRule<'_>,
) -> TxResult<Vec<Recorded>> {
    let mut recorded = Vec::with_capacity(replies.len());
    while recorded.len() < replies.len() {
        let first = recorded.len();
        // A late reply may stand beside another one to the same attempt.
        let mut seen = HashSet::new();
        let count = replies[first..].iter().take_while(|(id, _)| seen.insert(*id)).count();
        recorded.extend(round(tx, &replies[first..first + count], now, &|place, facts| rule(first + place, facts))?);
    }
    Ok(recorded)
}

/// A reply that adds something to what is known of its attempt.
struct News<'r> {
    place: usize,
    id: AttemptId,
    before: AttemptState,
    after: AttemptState,
    wish: HangUpState,
    kind: RungKind,
    outcome: Cow<'r, Outcome>,
    meta: &'r ReplyMeta,
}

/// The same for replies to different attempts.
fn round(tx: &dyn Tx, replies: &[(AttemptId, &Reply)], now: Timestamp, rule: ReplyRule<'_>) -> TxResult<Vec<Recorded>> {
    let mut recorded = Vec::with_capacity(replies.len());
    let mut all_news = Vec::new();
    for (place, ((id, reply), known)) in replies.iter().zip(known(tx, replies)?).enumerate() {
        let Known { state: before, wish, kind, outcome } = known;
        let after = next_state(before, &outcome);
        recorded.push(Recorded::nothing(after.unwrap_or(before)));
        let news = |after| News { place, id: *id, before, after, wish, kind, outcome, meta: &reply.meta };
        all_news.extend(after.map(news));
    }
    update(tx, &all_news, now)?;
    let not_counted: Vec<_> = all_news.iter().filter(|news| news.rang_nobody()).map(|news| set![&news.id]).collect();
    tx.run_later("delete from call_tracker where attempt_id in (select ?1 from {each})", &not_counted, None)?;
    for news in all_news.iter().filter(|news| news.wish == HangUpState::Wanted) {
        nothing_to_hang_up(tx, news)?;
    }
    let ended = |news: &&News<'_>| !news.after.is_open() && news.before.is_open();
    let ended: Vec<_> = all_news.iter().filter(ended).map(|news| (news.place, news.id)).collect();
    let queued: Vec<_> = all_news.iter().filter_map(|news| news.dialled_at(now)).collect();
    let taken = all_news.iter().filter(|news| news.after == AttemptState::Accepted);
    let (places, ids): (Vec<usize>, Vec<AttemptId>) = taken.map(|news| (news.place, news.id)).unzip();
    let (mut cancelled, mut wanted) = (Vec::new(), Vec::new());
    let beside = vec![pace::cancel_late(&queued, &now, &mut cancelled), calls::ask_wanted(&ids, &mut wanted)];
    move_all(tx, &ended, now, rule, &mut recorded, beside)?;
    for (place, mut wanted) in places.into_iter().zip(wanted) {
        recorded[place].hang_up = wanted.pop();
    }
    cancelled.into_iter().try_for_each(|id| steps::next_rungs_now(tx, id, now))?;
    for news in &all_news {
        go_on(tx, news, now, &mut recorded[news.place])?;
    }
    Ok(recorded)
}

/// What was known of an attempt, and the outcome as it is to be taken.
struct Known<'r> {
    state: AttemptState,
    wish: HangUpState,
    kind: RungKind,
    outcome: Cow<'r, Outcome>,
}

fn known<'r>(tx: &dyn Tx, replies: &[(AttemptId, &'r Reply)]) -> TxResult<Vec<Known<'r>>> {
    let sids: Vec<_> = replies.iter().map(|(_, reply)| sid(&reply.outcome)).collect();
    let sets: Vec<_> = replies.iter().zip(&sids).map(|((id, _), sid)| set![id, sid]).collect();
    let rows = tx.by_place(
        "select {place}, a.state, a.hang_up, a.kind, exists(select 1 from attempts b where b.sid = ?2 and b.id <> ?1) \
         from {each}, attempts a where a.id = ?1",
        &sets,
        |r| Ok((r.get(1)?, r.get(2)?, r.get(3)?, r.get::<bool>(4)?)),
    )?;
    let mut named = HashSet::new();
    let known = |((mut rows, (id, reply)), sid): ((Vec<_>, &(AttemptId, &'r Reply)), Option<&'r str>)| {
        let Some((state, wish, kind, of_another)) = rows.pop() else {
            return Err(StoreError::NotFound(format!("there is no attempt {id}")).into());
        };
        let of_another = sid.filter(|sid| of_another | !named.insert(*sid));
        let outcome = of_another.map_or(Cow::Borrowed(&reply.outcome), |sid| Cow::Owned(doubtful(sid)));
        Ok(Known { state, wish, kind, outcome })
    };
    rows.into_iter().zip(replies).zip(sids.iter().copied()).map(known).collect()
}

fn sid(outcome: &Outcome) -> Option<&str> {
    if let Outcome::Accepted(taken) = outcome { Some(&taken.sid) } else { None }
}

/// A call that another attempt holds already is none: nobody knows then what became of the request.
fn doubtful(sid: &str) -> Outcome {
    Outcome::Unknown(Doubt { detail: format!("the answer names {sid}, which is another attempt's call") })
}

impl News<'_> {
    const fn rang_nobody(&self) -> bool {
        matches!(self.after, AttemptState::NotSent | AttemptState::Rejected)
    }

    /// When the provider will dial what it took, if it said so.
    fn dialled_at(&self, now: Timestamp) -> Option<(AttemptId, Timestamp)> {
        let taken = matches!(&*self.outcome, Outcome::Accepted(_));
        self.meta.queued_for.filter(|_| taken).map(|wait| (self.id, now.plus(wait)))
    }
}

/// Ends a wish to hang up for which there is nothing to end.
fn nothing_to_hang_up(tx: &dyn Tx, news: &News<'_>) -> TxResult<()> {
    let nothing_to_end = matches!(&*news.outcome, Outcome::Accepted(taken) if !can_end(news.kind, taken.status));
    if nothing_to_end {
        tx.run_later("update attempts set hang_up = 'MOOT' from {each} where id = ?1", &[set![&news.id]], None)?;
    } else if news.rang_nobody() || is_over(&news.outcome) {
        let sql = "update attempts set hang_up = 'MOOT', next_look_at = null from {each} where id = ?1";
        tx.run_later(sql, &[set![&news.id]], None)?;
    }
    Ok(())
}

/// What else comes of a reply, when its steps have moved.
fn go_on(tx: &dyn Tx, news: &News<'_>, now: Timestamp, recorded: &mut Recorded) -> TxResult<()> {
    let id = news.id;
    // Tried again from another sender, the target itself is not refused.
    if is_callee(&news.outcome) && recorded.again_at.is_none() {
        give_up_target(tx, id, now, recorded)?;
    }
    let Outcome::Accepted(taken) = &*news.outcome else { return Ok(()) };
    if !news.before.is_open() {
        hang_up_late_acceptance(tx, id, news.before, now)?;
        recorded.hang_up = calls::wanted(tx, id)?;
    }
    if taken.status.is_failure() {
        recorded.late = late::ended(tx, id, None, now)?;
    }
    Ok(())
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

fn update(tx: &dyn Tx, all_news: &[News<'_>], now: Timestamp) -> TxResult<()> {
    let columns: Vec<_> = all_news
        .iter()
        .map(|news| {
            let status = if let Outcome::Accepted(taken) = &*news.outcome { Some(taken.status) } else { None };
            let (error, code, class) = match &*news.outcome {
                Outcome::Accepted(_) => (None, None, None),
                Outcome::Rejected(r) => (Some(r.message.as_str()), r.code, Some(r.class)),
                Outcome::NotSent(n) => (Some(n.detail.as_str()), None, None),
                Outcome::Unknown(d) => (Some(d.detail.as_str()), None, None),
            };
            let look = status.is_some_and(|s| !s.is_final()).then_some(now);
            (sid(&news.outcome), status, error, code, class, look, provider_ms(news.meta))
        })
        .collect();
    let sets: Vec<_> = all_news
        .iter()
        .zip(&columns)
        .map(|(news, (sid, status, error, code, class, look, provider_ms))| {
            let News { id, after, meta, .. } = news;
            set![
                id,
                after,
                sid,
                status,
                error,
                code,
                &meta.http_status,
                &meta.request_id,
                &now,
                look,
                class,
                provider_ms,
                &meta.callback_refused
            ]
        })
        .collect();
    tx.run_later(
        "update attempts set state = ?2, sid = ?3, call_status = ?4, error = ?5, error_code = ?6, \
             http_status = coalesce(?7, http_status), request_id = coalesce(?8, request_id), finished_at = ?9, \
             next_look_at = case when ?10 is null and hang_up = 'WANTED' and ?3 is not null then ?9 else ?10 end, \
             error_class = ?11, taken_at = coalesce(taken_at, case when ?3 is not null then intent_at + ?12 end), \
             callback_refused = coalesce(?13, callback_refused) from {each} where id = ?1",
        &sets,
        Some("record an attempt"),
    )
}

/// When the provider answered by its own clock, in milliseconds after the intent; `None`: it named no time.
fn provider_ms(meta: &ReplyMeta) -> Option<i64> {
    Some(i64::try_from(meta.elapsed_ms).ok()?.saturating_add(meta.skew_ms?))
}

/// Asks the rule about each running step of the attempt and moves it.
pub(super) fn move_steps(
    tx: &dyn Tx,
    id: AttemptId,
    now: Timestamp,
    rule: AfterRule<'_>,
    recorded: &mut Recorded,
) -> TxResult<()> {
    move_all(tx, &[(0, id)], now, &|_, facts| rule(facts), std::slice::from_mut(recorded), Vec::new())
}

/// The same for many attempts, each with its place in `recorded`. `beside`: what else is asked then.
fn move_all(
    tx: &dyn Tx,
    attempts: &[(usize, AttemptId)],
    now: Timestamp,
    rule: ReplyRule<'_>,
    recorded: &mut [Recorded],
    beside: Vec<Question<'_>>,
) -> TxResult<()> {
    let (mut ends, mut all_again) = (Vec::new(), Vec::new());
    for ((place, id), running) in attempts.iter().zip(running(tx, attempts)?) {
        for (step, facts, ended) in running {
            match next(&facts, ended, &|facts| rule(*place, facts)) {
                StepNext::End(refusal) => ends.push((*place, *id, step, refusal)),
                StepNext::Again { not_before, spends_try } => {
                    all_again.push(Again { step, not_before, spends_try });
                    let again_at = &mut recorded[*place].again_at;
                    *again_at = Some(again_at.map_or(not_before, |at| at.min(not_before)));
                }
                StepNext::Stay => {}
            }
        }
    }
    steps::all_again(tx, &all_again, now)?;
    steps::end_running(tx, &ends.iter().map(|(.., step, refusal)| (*step, refusal)).collect::<Vec<_>>(), now)?;
    let ended: Vec<_> = ends.iter().map(|(_, id, step, refusal)| (*step, refusal, Some(*id))).collect();
    for ((place, ..), result) in ends.iter().zip(steps::results(tx, &ended, beside)?) {
        recorded[*place].steps.push(result);
    }
    Ok(())
}

/// What becomes of a step whose attempt has ended. `ended`: why its incident has.
fn next(facts: &AfterFacts, ended: Option<Reason>, rule: AfterRule<'_>) -> StepNext {
    match rule(facts) {
        // An attempt that has ended cannot leave its step running: without a rule the step fails as unknown.
        StepNext::Stay => StepNext::End(Refusal::new(
            StepState::Failed,
            Reason::Unknown,
            "the attempt ended without a rule for its step",
        )),
        StepNext::Again { .. } if !facts.incident_open => StepNext::End(Refusal::new(
            StepState::Cancelled,
            ended.unwrap_or(Reason::IncidentResolved),
            "the incident ended before the call could be tried again",
        )),
        next => next,
    }
}

type RunningStep = (StepId, AfterFacts, Option<Reason>);

/// The running steps of each attempt.
fn running(tx: &dyn Tx, attempts: &[(usize, AttemptId)]) -> TxResult<Vec<Vec<RunningStep>>> {
    let sql = format!(
        "select {{place}}, s.id, s.kind, i.ended_at is null and i.generation = m.generation and m.state = 'SCHEDULED', \
                 s.deadline_at, s.tries, a.step_id <> s.id, i.reason, \
                 (select count(*) from attempt_steps y join attempts b on b.id = y.attempt_id where y.step_id = s.id and {}) \
               from {{each}}, attempt_steps x join attempts a on a.id = x.attempt_id join steps s on s.id = x.step_id \
               join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
               where x.attempt_id = ?1 and s.state = 'RUNNING' order by s.id",
        steps::unsent_sql()
    );
    let sets: Vec<_> = attempts.iter().map(|(_, id)| set![id]).collect();
    Ok(tx.by_place(&sql, &sets, |r| {
        let facts = AfterFacts {
            kind: r.get(2)?,
            incident_open: r.get(3)?,
            deadline_at: r.get(4)?,
            tries: r.get(5)?,
            unsent: r.get(8)?,
            merged: r.get(6)?,
        };
        // A reason of a newer savehub is as good as none.
        Ok((r.get(1)?, facts, r.get(7).unwrap_or_default()))
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
