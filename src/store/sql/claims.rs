//! The claim transaction: facts, guards, and the attempt or the refusal.

use super::candidates;
use super::pace::{self, Taken};
use super::steps::{self, claim_from_row};
use super::tx::{Candidate, Tx, TxResult};
use super::value::params;
use crate::model::{
    Address, AttemptId, IncidentId, MESSAGE_CUT, MeetingWords, Reason, RungKind, StepId, Timestamp, cut, printable,
};
use crate::owner::Mark;
use crate::store::{Attempt, AttemptDraft, Begun, Claim, GuardRule, Verdict};
use std::collections::HashSet;
use std::time::Duration;

/// Was somebody called before for the meeting of this call step?
const CALLED_BEFORE: &str = "s.kind = 'call' and exists(select 1 from call_tracker t join attempts a on a.id = t.attempt_id \
                             where t.person = i.person and t.meeting_id = i.meeting_id and a.kind = 'call')";

/// Pending steps that are due, earliest deadline first.
pub(super) fn due(tx: &dyn Tx, now: Timestamp, limit: usize) -> TxResult<Vec<Claim>> {
    let sql = format!(
        "select {} from steps s join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
         where s.state = 'PENDING' and s.ready_at <= ?1 \
         order by s.deadline_at <= ?1, s.deadline_at, {CALLED_BEFORE}, s.due_at desc, s.id limit ?2",
        steps::COLUMNS
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    Ok(tx.readable("a due step", &sql, params![now, limit], claim_from_row)?)
}

/// A meeting that started this long ago shares no call.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// Reads the facts, asks the guards, and writes the refusal or the attempt.
pub(super) fn begin(
    tx: &dyn Tx,
    claim: &Claim,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> TxResult<Begun> {
    let Some((_, first)) = candidates::pending(tx, &[(claim.step, draft)], now)?.pop() else { return Ok(Begun::Gone) };
    match rule(&first.facts) {
        Verdict::Wait(reason) => return Ok(Begun::Waits(reason)),
        Verdict::Refuse(refusal) => {
            steps::end_pending(tx, first.claim.step, &refusal, now)?;
            return Ok(Begun::Refused(steps::result(tx, first.claim.step, &refusal, None)?));
        }
        Verdict::Place if first.facts.number.open_attempt => return Ok(Begun::Waits(Reason::NumberBusy)),
        Verdict::Place => {}
    }
    let (from, next_slot, other_senders) = match pace::take(tx, (Some(claim.step), Some(claim.incident)), draft)? {
        Taken::Slot { from, next, others } => (from, next, others),
        Taken::Wait { until, all } => return Ok(Begun::NoSlot { until, all, claim: None }),
    };
    let mut served = vec![first];
    served.extend(companions(tx, &served[0].claim, draft, draft.merge_until, now, rule)?);
    served.sort_by_key(|c| c.claim.words.starts_at);
    let words: Vec<MeetingWords> = served.iter().map(|c| c.claim.words.clone()).collect();
    let new = NewAttempt {
        step: Some((claim.step, claim.incident)),
        steps: served.iter().map(|c| c.claim.step).collect(),
        message: (draft.say)(&words),
        words,
        from,
        guards: Some(guards(&served, draft)),
        next_slot,
        other_senders,
    };
    let attempt = insert(tx, new, draft, now)?;
    let claims: Vec<&Claim> = served.iter().map(|c| &c.claim).collect();
    steps::serve(tx, attempt.id, &claims, now)?;
    Ok(Begun::Attempt(attempt))
}

/// The same for a test call, which has no step.
pub(super) fn begin_test_call(
    tx: &dyn Tx,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> TxResult<Begun> {
    let facts = candidates::without_step(tx, draft)?;
    match rule(&facts) {
        Verdict::Wait(reason) => return Ok(Begun::Waits(reason)),
        Verdict::Refuse(refusal) => return Ok(Begun::Refused(steps::result_without_step(draft, &refusal))),
        Verdict::Place if facts.number.open_attempt => return Ok(Begun::Waits(Reason::NumberBusy)),
        Verdict::Place => {}
    }
    let (from, next_slot, other_senders) = match pace::take(tx, (None, None), draft)? {
        Taken::Slot { from, next, others } => (from, next, others),
        Taken::Wait { until, all } => return Ok(Begun::NoSlot { until, all, claim: None }),
    };
    let (message, guards) = ((draft.say)(&[]), Some((draft.saw)(&facts)));
    let new = NewAttempt { step: None, steps: vec![], words: vec![], message, from, guards, next_slot, other_senders };
    Ok(Begun::Attempt(insert(tx, new, draft, now)?))
}

/// Pending call steps of other incidents of the same person, to the same phone, that share this call: due before
/// `until`, and allowed by the rule. Of each incident the latest rung that is due; else the earliest to come, so that
/// those after it still ring.
pub(super) fn companions(
    tx: &dyn Tx,
    first: &Claim,
    draft: &AttemptDraft<'_>,
    until: Timestamp,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> TxResult<Vec<Candidate>> {
    if first.action.kind != RungKind::Call {
        return Ok(Vec::new());
    }
    // The joins begin with the person's meetings: at nine in a company thousands of steps are due.
    let sql = "select s.id from meetings m cross join incidents i cross join steps s \
         where i.meeting_id = m.id and i.ended_at is null and s.incident_id = i.id \
           and m.person = ?3 and m.starts_at > ?6 and s.state = 'PENDING' and s.ready_at < ?1 and s.kind = ?2 \
           and i.person = ?3 and s.incident_id <> ?4 and s.to_whom = ?5 \
         order by s.starts_at, s.incident_id, s.due_at > ?7, \
           case when s.due_at > ?7 then s.rung else -s.rung end, s.id";
    let stale = until.minus(STALE);
    let (action, person) = (&first.action, &first.person);
    let steps: Vec<StepId> =
        tx.values(sql, params![until, action.kind, person, first.incident, action.to, stale, now])?;
    let mut taken: Vec<Candidate> = Vec::new();
    let mut looked_at = HashSet::new();
    for candidate in candidates::of_person(tx, &steps, draft, now)? {
        let incident = candidate.claim.incident;
        let is_due = candidate.claim.due_at <= now;
        let is_first = looked_at.insert(incident);
        let served = taken.iter().any(|c| c.claim.incident == incident);
        if (is_due || is_first) && !served && rule(&candidate.facts) == Verdict::Place {
            taken.push(candidate);
        }
    }
    Ok(taken)
}

/// What the guards saw of each step that the attempt serves: a line each, `s5: …`.
fn guards(served: &[Candidate], draft: &AttemptDraft<'_>) -> String {
    let lines: Vec<String> = served.iter().map(|c| format!("{}: {}", c.claim.step, (draft.saw)(&c.facts))).collect();
    lines.join("\n")
}

/// What is written down of an attempt besides its draft.
pub(super) struct NewAttempt {
    /// The step it is written for and its incident; `None`: a test call.
    pub(super) step: Option<(StepId, IncidentId)>,
    /// All steps it serves.
    pub(super) steps: Vec<StepId>,
    /// The words about their meetings.
    pub(super) words: Vec<MeetingWords>,
    /// What is said.
    pub(super) message: String,
    /// Where it comes from.
    pub(super) from: Address,
    /// What the guards saw.
    pub(super) guards: Option<String>,
    /// When the next call of the account may start.
    pub(super) next_slot: Option<Timestamp>,
    /// How many other senders the step was not refused from.
    pub(super) other_senders: usize,
}

/// Writes an attempt down as `SENDING`.
pub(super) fn insert(tx: &dyn Tx, new: NewAttempt, draft: &AttemptDraft<'_>, now: Timestamp) -> TxResult<Attempt> {
    let (step, incident) = new.step.unzip();
    let words = tx.dialect();
    // The row is written after the owner read its clock, so by the server's clock everything ends a little later.
    let sql = format!(
        "insert into attempts(token, key, step_id, person, provider, account, kind, to_number, from_number, message, \
         state, owner, lease_until_boot_ms, intent_at, request_deadline_at, intent_boot_ms, deadline_boot_ms, guards, armed{}) \
         values (?1, coalesce((select key from attempts where step_id = ?2 order by id limit 1), ?1), ?2, ?3, ?4, ?5, \
           ?15, ?6, ?7, ?8, 'SENDING', ?9, ?10, ?11, ?12, ?13, ?14, ?16, ?17{}) returning id, key",
        words.clock_columns, words.clock_values
    );
    let message = cut(&printable(&new.message), MESSAGE_CUT);
    let armed = draft.armed.as_ref().map(Mark::to_string);
    let params = params![
        draft.token,
        step,
        draft.person,
        draft.provider,
        draft.account,
        draft.to.address,
        new.from,
        message,
        draft.owner,
        draft.lease_until_boot_ms,
        now,
        draft.request_deadline_at,
        draft.intent_boot_ms,
        draft.deadline_boot_ms,
        draft.to.kind,
        new.guards,
        armed
    ];
    let (id, key): (AttemptId, String) = tx.row(&sql, params, |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(Attempt {
        id,
        token: draft.token.clone(),
        key,
        step,
        incident,
        steps: new.steps,
        words: new.words,
        to: draft.to.clone(),
        from: new.from,
        provider: draft.provider,
        message: new.message,
        intent_at: now,
        next_slot: new.next_slot,
        other_senders: new.other_senders,
        sealed: (),
    })
}
