//! The claim transaction: facts, guards, and the attempt or the refusal, in one breath.

use super::pace::{self, Taken};
use super::{Inner, pauses, record};
use crate::model::{
    Action, Address, AttemptId, MESSAGE_CUT, MeetingWords, Offset, Reason, RungKind, StepId, StepState, Timestamp, cut,
    printable,
};
use crate::store::{
    Attempt, AttemptDraft, Begun, Claim, Facts, GuardRule, NumberFacts, Refusal, Seal, StepFacts, StepResult, Verdict,
};
use rusqlite::{Transaction, params};
use std::collections::HashMap;
use std::time::Duration;

/// Attempts in these states count for the limits: what rang, may have rung, or may still ring.
const COUNTED: &str = "('SENDING','UNKNOWN','ACCEPTED','ABSENT','ABANDONED')";

const STEP_COLUMNS: &str = "s.id, s.incident_id, i.meeting_id, i.person, s.rung, s.due_at, s.deadline_at, m.uid, m.title, \
                            s.starts_at, m.link, s.kind, s.before_ms, s.to_whom, s.channel, s.condition";

fn claim_from_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Claim> {
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
pub(super) fn action(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Action> {
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

pub(super) fn due(tx: &Transaction<'_>, now: Timestamp, limit: usize) -> Inner<Vec<Claim>> {
    let sql = format!(
        "select {STEP_COLUMNS} from steps s join incidents i on i.id = s.incident_id \
         join meetings m on m.id = i.meeting_id \
         where s.state = 'PENDING' and s.ready_at <= ?1 \
         order by s.deadline_at <= ?1, s.deadline_at, {CALLED_BEFORE}, s.due_at desc, s.id limit ?2"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![now, limit])?;
    let mut claims = Vec::new();
    while let Some(row) = rows.next()? {
        match claim_from_row(row) {
            Ok(claim) => claims.push(claim),
            // A row of a newer savehub, or one changed by hand: it must not stop the others.
            Err(error) => log::error!("step {} cannot be read and is left alone: {error}", row.get::<_, StepId>(0)?),
        }
    }
    Ok(claims)
}

/// What started so long ago shares no call.
const STALE: Duration = Duration::from_secs(24 * 3600);

/// A step that a call may serve, with what is needed to write it down.
pub(super) struct Candidate {
    pub(super) claim: Claim,
    pub(super) facts: Facts,
}

pub(super) fn begin(
    tx: &Transaction<'_>,
    claim: &Claim,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> Inner<Begun> {
    let Some(first) = pending(tx, claim.step, draft, now)? else { return Ok(Begun::Gone) };
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
    tx: &Transaction<'_>,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> Inner<Begun> {
    let facts = facts_on(tx, None, draft, calls_today(tx, draft)?)?;
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

/// The step as it is now, if it is still pending and ready.
pub(super) fn pending(
    tx: &Transaction<'_>,
    step: StepId,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
) -> Inner<Option<Candidate>> {
    candidate(tx, step, draft, now, None)
}

/// The same, with the calls of the day where they have been counted already.
pub(super) fn candidate(
    tx: &Transaction<'_>,
    step: StepId,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    today: Option<&Today>,
) -> Inner<Option<Candidate>> {
    let sql = format!(
        "select {STEP_COLUMNS} from steps s join incidents i on i.id = s.incident_id \
         join meetings m on m.id = i.meeting_id where s.id = ?1 and s.state = 'PENDING' and s.ready_at <= ?2"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let found = super::readable(statement.query_map(params![step, now], claim_from_row)?, "a due step")?;
    let Some(claim) = found.into_iter().next() else { return Ok(None) };
    let step = step_facts(tx, &claim, draft, now)?;
    let facts = match today {
        Some(today) => facts_on(tx, Some(step), draft, today.of(&draft.person))?,
        None => facts_on(tx, Some(step), draft, calls_today(tx, draft)?)?,
    };
    Ok(Some(Candidate { claim, facts }))
}

/// Other pending call steps of the same person, to the same phone, that may share this call: due before `until`, and allowed by the rule.
pub(super) fn companions(
    tx: &Transaction<'_>,
    first: &Claim,
    draft: &AttemptDraft<'_>,
    until: Timestamp,
    now: Timestamp,
    rule: GuardRule<'_>,
) -> Inner<Vec<Candidate>> {
    if first.action.kind != RungKind::Call {
        return Ok(Vec::new());
    }
    // By the meetings of the person, in this order: at nine in a company thousands of steps are due.
    let sql = format!(
        "select {STEP_COLUMNS} from meetings m cross join incidents i on i.meeting_id = m.id and i.ended_at is null \
         cross join steps s on s.incident_id = i.id \
         where m.person = ?3 and m.starts_at > ?6 and s.state = 'PENDING' and s.ready_at < ?1 and s.kind = ?2 \
           and i.person = ?3 and s.incident_id <> ?4 and s.to_whom = ?5 \
         order by s.starts_at, s.rung desc, s.id"
    );
    let mut statement = tx.prepare_cached(&sql)?;
    let rows = statement.query_map(
        params![until, first.action.kind, first.person, first.incident, first.action.to, until.minus(STALE)],
        claim_from_row,
    )?;
    let (mut taken, mut today): (Vec<Candidate>, Option<CallsToday>) = (Vec::new(), None);
    for claim in super::readable(rows, "a due step")? {
        if taken.iter().any(|c| c.claim.incident == claim.incident) {
            continue;
        }
        let step = step_facts(tx, &claim, draft, now)?;
        // All are of one person: their calls are counted once.
        let counted = match today {
            Some(counted) => counted,
            None => *today.insert(calls_today(tx, draft)?),
        };
        let facts = facts_on(tx, Some(step), draft, counted)?;
        if rule(&facts) == Verdict::Place {
            taken.push(Candidate { claim, facts });
        }
    }
    Ok(taken)
}

/// What the guards saw of each step that the attempt serves: a line each, `s5: …`.
fn guards(served: &[Candidate], draft: &AttemptDraft<'_>) -> String {
    let lines: Vec<String> = served.iter().map(|c| format!("{}: {}", c.claim.step, (draft.saw)(&c.facts))).collect();
    lines.join("\n")
}

/// Counted calls of the last 24 hours: of the person, and of all people.
type CallsToday = (u32, u32);

fn facts_on(
    tx: &Transaction<'_>,
    step: Option<StepFacts>,
    draft: &AttemptDraft<'_>,
    (calls_of_person_today, calls_today): CallsToday,
) -> Inner<Facts> {
    let (number, pause) = (number_facts(tx, draft)?, pauses::longest(tx, &draft.person)?);
    Ok(Facts { step, number, pause, calls_of_person_today, calls_today })
}

/// The calls of the day by person, for many steps at once.
pub(super) fn today_by_person_sql() -> String {
    format!(
        "select person, count(*) from attempts where kind = 'call' and intent_at > ?1 and state in {COUNTED} \
         group by person"
    )
}

fn calls_today(tx: &Transaction<'_>, draft: &AttemptDraft<'_>) -> Inner<CallsToday> {
    let counted = tx
        .prepare_cached(&calls_today_sql())?
        .query_row(params![draft.day_since, draft.person], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(counted)
}

/// Asked with every claim: it reads the calls of the day, from the index `attempts_of_day` alone, and none that are older.
pub(super) fn calls_today_sql() -> String {
    format!(
        "select count(*) filter (where person = ?2), count(*) from attempts \
         where kind = 'call' and intent_at > ?1 and state in {COUNTED}"
    )
}

/// The calls of the day, counted once for many steps.
pub(super) struct Today {
    all: u32,
    by_person: HashMap<String, u32>,
}

impl Today {
    pub(super) fn count(tx: &Transaction<'_>, since: Timestamp) -> Inner<Self> {
        let mut statement = tx.prepare_cached(&today_by_person_sql())?;
        let rows = statement.query_map([since], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let by_person: HashMap<String, u32> = rows.collect::<rusqlite::Result<_>>()?;
        Ok(Self { all: by_person.values().sum(), by_person })
    }

    fn of(&self, person: &str) -> CallsToday {
        (self.by_person.get(person).copied().unwrap_or(0), self.all)
    }
}

fn step_facts(tx: &Transaction<'_>, claim: &Claim, draft: &AttemptDraft<'_>, now: Timestamp) -> Inner<StepFacts> {
    let (incident_state, current) = tx
        .prepare_cached(
            "select i.state, i.generation = m.generation and m.state = 'SCHEDULED' \
             from incidents i join meetings m on m.id = i.meeting_id where i.id = ?1",
        )?
        .query_row([claim.incident], |r| Ok((r.get(0)?, r.get(1)?)))?;
    let recent_calls = tx
        .prepare_cached(
            "select count(*) from call_tracker t join attempts a on a.id = t.attempt_id \
             where t.person = ?1 and t.meeting_id = ?2 and t.at > ?3 and a.kind = ?4",
        )?
        .query_row(params![claim.person, claim.meeting, draft.calls_since, claim.action.kind], |r| r.get(0))?;
    let later_rung_due = tx
        .prepare_cached(
            "select exists(select 1 from steps where incident_id = ?1 and kind = ?2 and rung > ?3 and to_whom = ?5 \
             and (state in ('RUNNING','EXECUTED') or (state = 'PENDING' and due_at <= ?4)))",
        )?
        .query_row(params![claim.incident, claim.action.kind, claim.rung, now, claim.action.to], |r| r.get(0))?;
    let refused_for_capacity = tx
        .prepare_cached(
            "select coalesce((select a.state = 'REJECTED' and a.error_class = 'capacity' from attempt_steps x \
               join attempts a on a.id = x.attempt_id where x.step_id = ?1 order by a.id desc limit 1), 0)",
        )?
        .query_row([claim.step], |r| r.get(0))?;
    Ok(StepFacts {
        incident_state,
        current,
        starts_at: claim.words.starts_at,
        due_at: claim.due_at,
        deadline_at: claim.deadline_at,
        when: claim.action.when,
        recent_calls,
        later_rung_due,
        refused_for_capacity,
    })
}

/// What the mock phone or test mode did keeps no real phone busy. Of what is older than a day only open attempts count; the
/// plus signs have them found by the index of those, and not along all attempts there ever were to this target.
pub(super) const NUMBER_FACTS: &str = "with a as (select *, provider = ?3 or provider not in ('mock','test') as real \
         from attempts where kind = ?4 and to_number = ?1 and intent_at > ?2 \
       union all select *, provider = ?3 or provider not in ('mock','test') as real \
         from attempts where +kind = ?4 and +to_number = ?1 and +intent_at <= ?2 and state in ('SENDING','UNKNOWN')) \
     select count(*) filter (where state in ('SENDING','UNKNOWN') and kind in ('call','sms')) > 0, \
            max(intent_at) filter (where real and state = 'ACCEPTED' \
              and call_status in ('queued','ringing','in-progress')), \
            max(intent_at) filter (where real and state in ('SENDING','UNKNOWN','ACCEPTED','ABANDONED')) \
     from a";

fn number_facts(tx: &Transaction<'_>, draft: &AttemptDraft<'_>) -> Inner<NumberFacts> {
    let facts = tx
        .prepare_cached(NUMBER_FACTS)?
        .query_row(params![draft.to.address, draft.day_since, draft.provider, draft.to.kind], |r| {
            Ok(NumberFacts { open_attempt: r.get(0)?, live_since: r.get(1)?, last_rang_at: r.get(2)? })
        })?;
    Ok(facts)
}

pub(super) fn insert(
    tx: &Transaction<'_>,
    step: Option<StepId>,
    draft: &AttemptDraft<'_>,
    from: &Address,
    message: &str,
    guards: Option<&str>,
    now: Timestamp,
) -> Inner<AttemptId> {
    tx.prepare_cached(
        "insert into attempts(token, key, step_id, person, provider, account, kind, to_number, from_number, message, \
         state, owner, lease_until_boot_ms, intent_at, request_deadline_at, intent_boot_ms, deadline_boot_ms, guards) \
         values (?1, coalesce((select key from attempts where step_id = ?2 order by id limit 1), ?1), ?2, ?3, ?4, ?5, \
           ?15, ?6, ?7, ?8, 'SENDING', ?9, ?10, ?11, ?12, ?13, ?14, ?16)",
    )?
    .execute(params![
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
    ])?;
    Ok(AttemptId(tx.last_insert_rowid()))
}

fn key(tx: &Transaction<'_>, id: AttemptId) -> Inner<String> {
    Ok(tx.prepare_cached("select key from attempts where id = ?1")?.query_row([id], |r| r.get(0))?)
}

/// Ends a step nothing can be tried for.
pub(super) fn refuse(
    tx: &Transaction<'_>,
    step: StepId,
    refusal: &Refusal,
    now: Timestamp,
) -> Inner<Option<StepResult>> {
    let ended = end_pending(tx, step, refusal, now)?;
    Ok(if ended { Some(record::step_result(tx, step, refusal, None)?) } else { None })
}

/// Puts a step under an attempt: `PENDING` -> `RUNNING`, counted, its incident escalating.
pub(super) fn serve(tx: &Transaction<'_>, attempt: AttemptId, claim: &Claim, now: Timestamp) -> Inner<()> {
    record::one_row(
        tx.prepare_cached("update steps set state = 'RUNNING', updated_at = ?2 where id = ?1 and state = 'PENDING'")?
            .execute(params![claim.step, now])?,
        "claim a step",
    )?;
    tx.prepare_cached("update incidents set state = 'ESCALATING' where id = ?1 and state = 'OPEN'")?
        .execute([claim.incident])?;
    tx.prepare_cached("insert into attempt_steps(attempt_id, step_id, incident_id) values (?1, ?2, ?3)")?
        .execute(params![attempt, claim.step, claim.incident])?;
    tx.prepare_cached("insert into call_tracker(attempt_id, meeting_id, person, at) values (?1, ?2, ?3, ?4)")?
        .execute(params![attempt, claim.meeting, claim.person, now])?;
    Ok(())
}

/// `PENDING` -> the refusal's state.
pub(super) fn end_pending(tx: &Transaction<'_>, step: StepId, refusal: &Refusal, now: Timestamp) -> Inner<bool> {
    debug_assert!(!matches!(refusal.state, StepState::Pending | StepState::Running));
    let changed = tx
        .prepare_cached(
            "update steps set state = ?2, reason = ?3, detail = ?4, updated_at = ?5 \
             where id = ?1 and state = 'PENDING'",
        )?
        .execute(params![step, refusal.state, refusal.reason, refusal.detail, now])?;
    Ok(changed == 1)
}

#[cfg(test)]
mod tests {
    use super::super::migrations;
    use super::*;

    #[test]
    fn a_claim_reads_the_calls_of_the_day_and_no_older_ones() {
        let mut connection = rusqlite::Connection::open_in_memory().unwrap();
        migrations::migrate(&mut connection, None, "test").unwrap();
        let explain = format!("explain query plan {}", calls_today_sql());
        let plan: String = connection.query_row(&explain, params![0, "ana"], |r| r.get(3)).unwrap();
        assert_eq!(plan, "SEARCH attempts USING COVERING INDEX attempts_of_day (kind=? AND intent_at>?)");
    }
}
