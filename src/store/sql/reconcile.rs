//! Reconciliation: what the provider's list says about attempts without an answer.

use super::claims::{self, NewAttempt};
use super::dialect::Dialect;
use super::tx::{Candidate, Tx, TxResult, one_row};
use super::value::params;
use super::{calls, candidates, record, steps};
use crate::model::{
    Accepted, AttemptId, AttemptState, HangUp, ListedCall, Outcome, Placed, Reason, Reply, ReplyMeta, StepId,
    StepState, Timestamp,
};
use crate::store::{
    AfterFacts, AttemptDraft, Claim, Doubtful, EndedIncident, Facts, Finding, Later, LiveCall, PlacedRule,
    ReconcileRules, Recorded, Refusal, StepNext, StoreError, Verdict,
};
use std::time::Duration;

/// Providers cut the time at which a call was made to whole seconds.
const CUT: Duration = Duration::from_secs(1);

/// The state is tested twice: only so does SQLite see that the index of open attempts holds all `UNKNOWN` ones.
pub(crate) fn doubtful_sql(words: &Dialect) -> String {
    format!(
        "select id, state, provider, account, kind, to_number, from_number, owner, intent_at, intent_boot_ms, \
           request_deadline_at, deadline_boot_ms, hang_up = 'WANTED', key, {} \
         from attempts where (state = 'UNKNOWN' and state in ('SENDING','UNKNOWN')) \
           or (intent_at > ?1 and state in ('ABSENT','ABANDONED')) \
         order by state = 'UNKNOWN' desc, id",
        words.ages
    )
}

pub(super) fn doubtful(tx: &dyn Tx, watched_since: Timestamp) -> TxResult<Vec<Doubtful>> {
    Ok(tx.readable("a doubtful attempt", &doubtful_sql(tx.dialect()), params![watched_since], |r| {
        Ok(Doubtful {
            attempt: r.get(0)?,
            state: r.get(1)?,
            provider: r.get(2)?,
            account: r.get(3)?,
            to: r.target(4)?,
            from: r.get(6)?,
            owner: r.get(7)?,
            intent_at: r.get(8)?,
            intent_boot_ms: r.get(9)?,
            request_deadline_at: r.get(10)?,
            deadline_boot_ms: r.get(11)?,
            hang_up: r.get(12)?,
            key: r.get(13)?,
            server: r.age(14)?,
        })
    })?)
}

pub(super) fn reconcile(
    tx: &dyn Tx,
    id: AttemptId,
    list: &[ListedCall],
    now: Timestamp,
    rules: &ReconcileRules<'_>,
) -> TxResult<Recorded> {
    let state: AttemptState = tx
        .optional("select state from attempts where id = ?1", params![id], |r| r.get(0))?
        .ok_or_else(|| StoreError::NotFound(format!("there is no attempt {id}")))?;
    let nothing = Recorded::nothing(state);
    let open_elsewhere = match state {
        AttemptState::Unknown => false,
        // It was given up, but another attempt from the same number to the same number is open: an unknown call in the
        // list may be that one's.
        AttemptState::Absent | AttemptState::Abandoned => number_is_open(tx, id)?,
        _ => true,
    };
    if open_elsewhere {
        return Ok(nothing);
    }
    let unknown = candidates::unknown_calls(tx, list)?;
    match (rules.find)(&unknown, later(tx, id)?.as_ref()) {
        Finding::Absent if state == AttemptState::Unknown => absent(tx, id, now, rules),
        Finding::Nothing | Finding::Absent => Ok(nothing),
        Finding::Adopt(index) => {
            let Some(call) = unknown.get(index) else { return Ok(nothing) };
            tx.run("update attempts set taken_at = ?2 where id = ?1", params![id, call.created_at])?;
            let found = Accepted { sid: call.sid.clone(), status: call.status };
            let reply = Reply { outcome: Outcome::Accepted(found), meta: ReplyMeta::default() };
            record::record(tx, id, &reply, now, rules.adopted)
        }
    }
}

/// The next attempt without an answer, to the same target and from the same number. A call made since its intent is
/// more likely its own.
fn later(tx: &dyn Tx, id: AttemptId) -> TxResult<Option<Later>> {
    let sql = format!(
        "select owner, intent_at, intent_boot_ms, {} from attempts \
         where id > ?1 and state in ('SENDING','UNKNOWN','ABANDONED') \
           and (kind, to_number, from_number) = (select kind, to_number, from_number from attempts where id = ?1) \
         order by id limit 1",
        tx.dialect().ages
    );
    Ok(tx.optional(&sql, params![id], |r| {
        Ok(Later { owner: r.get(0)?, intent_at: r.get(1)?, intent_boot_ms: r.get(2)?, server: r.age(3)? })
    })?)
}

fn number_is_open(tx: &dyn Tx, id: AttemptId) -> TxResult<bool> {
    let open = tx.value(
        "select exists(select 1 from attempts where state in ('SENDING','UNKNOWN') \
         and (kind, to_number, from_number) = (select kind, to_number, from_number from attempts where id = ?1))",
        params![id],
    )?;
    Ok(open)
}

/// `UNKNOWN` -> `ABSENT`. It stays counted, so that the limit holds even if its call appears after all.
fn absent(tx: &dyn Tx, id: AttemptId, now: Timestamp, rules: &ReconcileRules<'_>) -> TxResult<Recorded> {
    let changed = tx.run(
        // A wish to hang up stays: should the call appear after all, it must not ring on.
        "update attempts set state = 'ABSENT', finished_at = ?2 where id = ?1 and state = 'UNKNOWN'",
        params![id, now],
    )?;
    one_row(changed, "declare an attempt absent")?;
    let mut recorded = Recorded::nothing(AttemptState::Absent);
    record::move_steps(tx, id, now, rules.absent, &mut recorded)?;
    Ok(recorded)
}

/// Preflight: a call in the list that this database does not know was placed for this step before the database was
/// restored, or before its server failed over.
pub(super) fn adopt(
    tx: &dyn Tx,
    claim: &Claim,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    find: PlacedRule<'_>,
) -> TxResult<Option<Recorded>> {
    let found = candidates::pending_when_free(tx, &[(claim.step, draft)], now)?.pop();
    let Some((_, step)) = found else { return Ok(None) };
    let usable = step.facts.step.as_ref().is_some_and(|s| !s.incident_state.is_final() && s.current);
    // With an open attempt to this number an unknown call is most likely that attempt's.
    if step.facts.number.open_attempt || !usable {
        return Ok(None);
    }
    let placed =
        find(&step.facts).map_or_else(|| shared_early(tx, &step, draft, now, find), |placed| Ok(Some(placed)))?;
    let Some(Placed { index, created_at }) = placed else { return Ok(None) };
    let Some(call) = step.facts.number.listed.get(index) else { return Ok(None) };
    let words = vec![step.claim.words.clone()];
    let new = NewAttempt {
        step: Some((claim.step, claim.incident)),
        steps: vec![claim.step],
        message: (draft.say)(&words),
        words,
        from: call.from.clone(),
        guards: None,
        next_slot: None,
        other_senders: 0,
    };
    // The phone is free again a while after the call, not after its discovery, and the limit counts from the call.
    let made_at = created_at.min(now);
    let id = claims::insert_one(tx, new, draft, made_at)?.id;
    steps::serve(tx, &[(id, &step.claim)], made_at, now)?;
    // The call named what was due then, and what shared it a little early, as far as its window was open.
    let made_by = created_at.plus(CUT);
    let last_start = made_by.plus(draft.window);
    let watched = |facts: &Facts| match &facts.step {
        Some(step) if step.starts_at > last_start => Verdict::Wait(Reason::NotDue),
        Some(step) if !step.incident_state.is_final() && step.current => Verdict::Place,
        _ => Verdict::Wait(Reason::IncidentResolved),
    };
    let until = made_by.plus(shares_for(draft, now));
    let shared = claims::companions(tx, &step.claim, draft, until, created_at, &watched)?;
    steps::serve(tx, &shared.iter().map(|c| (id, &c.claim)).collect::<Vec<_>>(), made_at, now)?;
    let found = Accepted { sid: call.sid.clone(), status: call.status };
    let reply = Reply { outcome: Outcome::Accepted(found), meta: ReplyMeta::default() };
    let detail = "found at the provider: placed before this database was restored";
    let rule = |facts: &AfterFacts| {
        let reason = if facts.merged { Reason::Merged } else { Reason::Initiated };
        StepNext::End(Refusal::new(StepState::Executed, reason, detail))
    };
    record::record(tx, id, &reply, now, &rule).map(Some)
}

/// A call made for another meeting of the person a little before this step was due, which it shared then: the other step
/// was open when it fell due, if only until its meeting began. A shared call takes a rung that is due before one to come:
/// while an earlier rung of this meeting is pending, it took that one, or none. And it took none of a meeting whose window
/// was not open yet.
fn shared_early(
    tx: &dyn Tx,
    step: &Candidate,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    find: PlacedRule<'_>,
) -> TxResult<Option<Placed>> {
    if step.facts.number.listed.is_empty() {
        return Ok(None);
    }
    let Claim { person, incident, action, due_at, .. } = &step.claim;
    let others: Option<Timestamp> = tx.value(
        "select min(s.due_at) from meetings m cross join incidents i cross join steps s \
         where i.meeting_id = m.id and s.incident_id = i.id and m.person = ?1 and m.starts_at > ?2 and i.person = ?1 \
           and i.id <> ?3 and s.kind = ?4 and s.to_whom = ?5 and s.due_at > ?2 and s.due_at < ?6 \
           and (s.state = 'PENDING' or s.state <> 'EXECUTED' and s.updated_at > s.due_at) \
           and not exists (select 1 from steps e where e.incident_id = ?3 and e.kind = ?4 and e.to_whom = ?5 \
             and e.state = 'PENDING' and e.due_at < ?6)",
        params![person, due_at.minus(draft.window), incident, action.kind, action.to, due_at],
    )?;
    let Some(others) = others else { return Ok(None) };
    let mut facts = step.facts.clone();
    let Some(own) = &mut facts.step else { return Ok(None) };
    let opened = own.starts_at.minus(draft.window).minus(CUT);
    own.due_at = others.max(due_at.minus(shares_for(draft, now))).max(opened);
    Ok(find(&facts))
}

/// So long before it is due a step may share a call.
fn shares_for(draft: &AttemptDraft<'_>, now: Timestamp) -> Duration {
    Duration::from_millis(draft.merge_until.since(now).max(0).unsigned_abs())
}

/// Incidents that ended since then, of meetings that had not started long before.
pub(super) fn ended_since(tx: &dyn Tx, since: Timestamp) -> TxResult<Vec<EndedIncident>> {
    let sql = "select id, person, starts_at, ended_at, reason = 'operator' from incidents \
               where ended_at > ?1 and ended_at < starts_at and reason is not null order by ended_at, id";
    Ok(tx.readable("an incident", sql, params![since], |r| {
        let how = if r.get(4)? { HangUp::Completed } else { HangUp::Canceled };
        Ok(EndedIncident { id: r.get(0)?, person: r.get(1)?, starts_at: r.get(2)?, ended_at: r.get(3)?, how })
    })?)
}

/// Calls in the list that were placed for an incident that has ended, before this database was made or restored: they are
/// written down, to be hung up.
pub(super) fn adopt_ended(
    tx: &dyn Tx,
    incident: &EndedIncident,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    choose: &dyn Fn(&[ListedCall]) -> Vec<Placed>,
) -> TxResult<Vec<LiveCall>> {
    let open =
        "select exists(select 1 from attempts where state in ('SENDING','UNKNOWN') and kind = ?1 and to_number = ?2)";
    if tx.value(open, params![draft.to.kind, draft.to.address])? {
        return Ok(Vec::new());
    }
    let unknown = candidates::unknown_calls(tx, &draft.listed)?;
    let mut live = Vec::new();
    for Placed { index, created_at } in choose(&unknown) {
        let Some(call) = unknown.get(index) else { continue };
        let step: Option<StepId> = tx.optional(
            "select id from steps where incident_id = ?1 and kind = ?2 order by due_at > ?3, due_at desc limit 1",
            params![incident.id, draft.to.kind, created_at],
            |r| r.get(0),
        )?;
        let new = NewAttempt {
            step: step.map(|step| (step, incident.id)),
            steps: step.into_iter().collect(),
            message: (draft.say)(&[]),
            words: Vec::new(),
            from: call.from.clone(),
            guards: None,
            next_slot: None,
            other_senders: 0,
        };
        let made_at = created_at.min(now);
        let id = claims::insert_one(tx, new, draft, made_at)?.id;
        // Its meeting may be watched again.
        tx.run(
            "insert into call_tracker(attempt_id, meeting_id, person, at) \
             select ?2, meeting_id, person, ?3 from incidents where id = ?1",
            params![incident.id, id, made_at],
        )?;
        if let Some(step) = step {
            let serves = "insert into attempt_steps(attempt_id, step_id, incident_id) values (?1, ?2, ?3)";
            tx.run(serves, params![id, step, incident.id])?;
        }
        let found = Accepted { sid: call.sid.clone(), status: call.status };
        let reply = Reply { outcome: Outcome::Accepted(found), meta: ReplyMeta::default() };
        // No step of it runs.
        let _ = record::record(tx, id, &reply, now, &|_| StepNext::Stay)?;
        tx.run(
            "update attempts set hang_up = 'WANTED', hang_up_how = ?2, next_look_at = ?3, found_for = ?4 where id = ?1",
            params![id, incident.how, now, incident.id],
        )?;
        live.extend(calls::wanted(tx, id)?);
    }
    Ok(live)
}
