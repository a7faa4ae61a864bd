//! The claim transaction: facts, guards, and the attempt or the refusal, in one breath.

use super::age::SERVER_NOW;
use super::candidates::{self, Candidate};
use super::pace::{self, Taken};
use super::tx::{Row, Sql, Tx, params};
use super::{Inner, record};
use crate::model::{
    Action, Address, AttemptId, MESSAGE_CUT, MeetingWords, Offset, Reason, RungKind, StepId, StepState, Timestamp, cut,
    printable,
};
use crate::store::{Attempt, AttemptDraft, Begun, Claim, GuardRule, Refusal, Seal, StepResult, Verdict};
use std::time::Duration;

pub(super) const STEP_COLUMNS: &str = "s.id, s.incident_id, i.meeting_id, i.person, s.rung, s.due_at, s.deadline_at, m.uid, m.title, \
                            s.starts_at, m.link, s.kind, s.before_ms, s.to_whom, s.channel, s.condition";

pub(super) fn claim_from_row(row: &Row) -> Sql<Claim> {
    Ok(Claim {
        step: row.get(0)?,
        incident: row.get(1)?,
        meeting: row.get(2)?,
        person: row.get(3)?,
        rung: row.get(4)?,
        due_at: row.get(5)?,
        deadline_at: row.get(6)?,
        action: action(row, 11)?,
        words: MeetingWords { uid: row.get(7)?, title: row.get(8)?, starts_at: row.get(9)?, link: row.get(10)? },
        seal: Seal,
    })
}

/// The columns `kind`, `before_ms`, `to_whom`, `channel` and `condition` of a step, from column `first` on.
pub(super) fn action(row: &Row, first: usize) -> Sql<Action> {
    Ok(Action {
        kind: row.get(first)?,
        at: Offset::from_ms(row.get::<_, i64>(first + 1)?.saturating_neg()),
        to: row.get(first + 2)?,
        channel: row.get(first + 3)?,
        when: row.get(first + 4)?,
    })
}

/// Of a call step: was somebody called for its meeting before?
const CALLED_BEFORE: &str = "s.kind = 'call' and exists(select 1 from call_tracker t join attempts a on a.id = t.attempt_id \
                             where t.person = i.person and t.meeting_id = i.meeting_id and a.kind = 'call')";

pub(super) fn due(tx: &Tx<'_>, now: Timestamp, limit: usize) -> Inner<Vec<Claim>> {
    let sql = format!(
        "select {STEP_COLUMNS} from steps s join incidents i on i.id = s.incident_id \
         join meetings m on m.id = i.meeting_id \
         where s.state = 'PENDING' and s.ready_at <= $1 \
         order by s.deadline_at <= $1, s.deadline_at, {CALLED_BEFORE}, s.due_at desc, s.id limit $2"
    );
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = tx.sql(&sql).query_map(params![now, limit], claim_from_row)?;
    super::readable(rows, "a due step")
}

/// What started so long ago shares no call.
const STALE: Duration = Duration::from_secs(24 * 3600);

pub(super) fn begin(
    tx: &Tx<'_>,
    claim: &Claim,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> Inner<Begun> {
    let Some(first) = candidates::pending(tx, claim.step, draft, now)? else { return Ok(Begun::Gone) };
    match rule(&first.facts) {
        Verdict::Wait(reason) => return Ok(Begun::Waits(reason)),
        Verdict::Refuse(refusal) => {
            end_pending(tx, first.claim.step, &refusal, now)?;
            return Ok(Begun::Refused(record::step_result(tx, first.claim.step, &refusal, None)?));
        }
        Verdict::Place => {}
    }
    if first.facts.number.open_attempt {
        return Ok(Begun::Waits(Reason::NumberBusy));
    }
    let (from, next_slot) = match pace::take(tx, Some(claim.incident), draft)? {
        Taken::Slot { from, next } => (from, next),
        Taken::Wait { until, all } => return Ok(Begun::NoSlot { until, all, claim: None }),
    };
    let mut shared = vec![first];
    shared.extend(companions(tx, &shared[0].claim, draft, draft.merge_until, now, rule)?);
    shared.sort_by_key(|c| c.claim.words.starts_at);
    let words: Vec<MeetingWords> = shared.iter().map(|c| c.claim.words.clone()).collect();
    let message = (draft.say)(&words);
    let id = insert(tx, Some(claim.step), draft, &from, &message, Some(&guards(&shared, draft)), now)?;
    for served in &shared {
        serve(tx, id, &served.claim, now)?;
    }
    Ok(Begun::Attempt(Attempt {
        id,
        token: draft.token.clone(),
        key: key(tx, id)?,
        step: Some(claim.step),
        incident: Some(claim.incident),
        steps: shared.iter().map(|c| c.claim.step).collect(),
        words,
        to: draft.to.clone(),
        from,
        provider: draft.provider,
        message,
        intent_at: now,
        next_slot,
        seal: Seal,
    }))
}

pub(super) fn begin_test_call(
    tx: &Tx<'_>,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> Inner<Begun> {
    let facts = candidates::without_step(tx, draft)?;
    match rule(&facts) {
        Verdict::Wait(reason) => return Ok(Begun::Waits(reason)),
        Verdict::Refuse(refusal) => return Ok(Begun::Refused(record::call_test_result(draft, &refusal))),
        Verdict::Place if facts.number.open_attempt => return Ok(Begun::Waits(Reason::NumberBusy)),
        Verdict::Place => {}
    }
    let (from, next_slot) = match pace::take(tx, None, draft)? {
        Taken::Slot { from, next } => (from, next),
        Taken::Wait { until, all } => return Ok(Begun::NoSlot { until, all, claim: None }),
    };
    let message = (draft.say)(&[]);
    let id = insert(tx, None, draft, &from, &message, Some(&(draft.saw)(&facts)), now)?;
    Ok(Begun::Attempt(Attempt {
        id,
        token: draft.token.clone(),
        key: draft.token.clone(),
        step: None,
        incident: None,
        steps: Vec::new(),
        words: Vec::new(),
        to: draft.to.clone(),
        from,
        provider: draft.provider,
        message,
        intent_at: now,
        next_slot,
        seal: Seal,
    }))
}

/// Other pending call steps of the same person, to the same phone, that may share this call: due before `until`, and allowed by the rule.
pub(super) fn companions(
    tx: &Tx<'_>,
    first: &Claim,
    draft: &AttemptDraft<'_>,
    until: Timestamp,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> Inner<Vec<Candidate>> {
    if first.action.kind != RungKind::Call {
        return Ok(Vec::new());
    }
    // By the meetings of the person: at nine in a company thousands of steps are due.
    let sql = "select s.id from meetings m join incidents i on i.meeting_id = m.id and i.ended_at is null \
               join steps s on s.incident_id = i.id \
               where m.person = $3 and m.starts_at > $6 and s.state = 'PENDING' and s.ready_at < $1 and s.kind = $2 \
                 and i.person = $3 and s.incident_id <> $4 and s.to_whom = $5 \
               order by s.starts_at, s.rung desc, s.id";
    let statement = tx.sql(sql);
    let steps = statement
        .query_map(
            params![until, first.action.kind, first.person, first.incident, first.action.to, until.minus(STALE)],
            |r| r.get(0),
        )?
        .collect::<Sql<Vec<StepId>>>()?;
    let mut taken: Vec<Candidate> = Vec::new();
    for candidate in candidates::of_person(tx, &steps, draft, now)? {
        let served = taken.iter().any(|c| c.claim.incident == candidate.claim.incident);
        if !served && rule(&candidate.facts) == Verdict::Place {
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

pub(super) fn insert(
    tx: &Tx<'_>,
    step: Option<StepId>,
    draft: &AttemptDraft<'_>,
    from: &Address,
    message: &str,
    guards: Option<&str>,
    now: Timestamp,
) -> Inner<AttemptId> {
    // The row is written after the owner began to count: by the server's clock everything ends later than by its own.
    let sql = format!(
        "insert into attempts(token, key, step_id, person, provider, account, kind, to_number, from_number, message, \
         state, owner, lease_until_boot_ms, intent_at, request_deadline_at, intent_boot_ms, deadline_boot_ms, \
         intent_server_ms, deadline_server_ms, lease_until_server_ms, guards) \
         values ($1, coalesce((select key from attempts where step_id = $2 order by id limit 1), $1), $2, $3, $4, $5, \
           $15, $6, $7, $8, 'SENDING', $9, $10, $11, $12, $13, $14, \
           {SERVER_NOW}, {SERVER_NOW} + $14 - $13, {SERVER_NOW} + $10 - $13, $16) returning id"
    );
    let id = tx.sql(&sql).query_row(
        params![
            draft.token,
            step,
            draft.person,
            draft.provider,
            draft.account,
            draft.to.address,
            from,
            cut(&printable(message), MESSAGE_CUT),
            draft.owner,
            draft.lease_until_boot_ms,
            now,
            draft.request_deadline_at,
            draft.intent_boot_ms,
            draft.deadline_boot_ms,
            draft.to.kind,
            guards
        ],
        |r| r.get(0),
    )?;
    Ok(id)
}

fn key(tx: &Tx<'_>, id: AttemptId) -> Inner<String> {
    Ok(tx.sql("select key from attempts where id = $1").query_row([id], |r| r.get(0))?)
}

/// Ends a step nothing can be tried for.
pub(super) fn refuse(tx: &Tx<'_>, step: StepId, refusal: &Refusal, now: Timestamp) -> Inner<Option<StepResult>> {
    let ended = end_pending(tx, step, refusal, now)?;
    Ok(if ended { Some(record::step_result(tx, step, refusal, None)?) } else { None })
}

/// Puts a step under an attempt: `PENDING` -> `RUNNING`, counted, its incident escalating.
pub(super) fn serve(tx: &Tx<'_>, attempt: AttemptId, claim: &Claim, now: Timestamp) -> Inner<()> {
    record::one_row(
        tx.sql("update steps set state = 'RUNNING', updated_at = $2 where id = $1 and state = 'PENDING'")
            .execute(params![claim.step, now])?,
        "claim a step",
    )?;
    tx.sql("update incidents set state = 'ESCALATING' where id = $1 and state = 'OPEN'").execute([claim.incident])?;
    tx.sql("insert into attempt_steps(attempt_id, step_id, incident_id) values ($1, $2, $3)").execute(params![
        attempt,
        claim.step,
        claim.incident
    ])?;
    tx.sql("insert into call_tracker(attempt_id, meeting_id, person, at) values ($1, $2, $3, $4)").execute(params![
        attempt,
        claim.meeting,
        claim.person,
        now
    ])?;
    Ok(())
}

/// `PENDING` -> the refusal's state.
pub(super) fn end_pending(tx: &Tx<'_>, step: StepId, refusal: &Refusal, now: Timestamp) -> Inner<bool> {
    debug_assert!(!matches!(refusal.state, StepState::Pending | StepState::Running));
    let changed = tx
        .sql(
            "update steps set state = $2, reason = $3, detail = $4, updated_at = $5 \
             where id = $1 and state = 'PENDING'",
        )
        .execute(params![step, refusal.state, refusal.reason, refusal.detail, now])?;
    Ok(changed == 1)
}
