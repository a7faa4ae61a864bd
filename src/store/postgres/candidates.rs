//! What the guards are asked with: the facts about steps, their targets and their people.
//!
//! One statement brings everything about any number of steps. A claim asks about one of them, and a line of thousands of
//! due calls about all: a server elsewhere is a round trip away, and the rows are locked meanwhile.

use super::claims::{STEP_COLUMNS, claim_from_row};
use super::tx::{Row, Sql, Tx, params};
use super::values::{ToValue as _, Value};
use super::{Inner, readable};
use crate::model::{PauseView, StepId, Timestamp};
use crate::store::{AttemptDraft, Claim, Facts, NumberFacts, StepFacts};
use serde_json::json;
use std::collections::HashMap;

/// Attempts in these states count for the limits: what rang, may have rung, or may still ring.
const COUNTED: &str = "('SENDING','UNKNOWN','ACCEPTED','ABSENT','ABANDONED')";

/// Who is asked about: the places in a list, the steps (0: none), and what their drafts say.
const ASKED: &str = "json_to_recordset($1::json) as q(place bigint, step bigint, person text, kind text, to_number text, \
                     provider text, calls_since bigint, day_since bigint)";

/// About the step, from column 16 on.
const STEP: &str = "i.state, i.generation = m.generation and m.state = 'SCHEDULED', \
    (select count(*) from call_tracker t join attempts a on a.id = t.attempt_id \
       where t.person = i.person and t.meeting_id = i.meeting_id and t.at > q.calls_since and a.kind = s.kind), \
    exists(select 1 from steps l where l.incident_id = s.incident_id and l.kind = s.kind and l.rung > s.rung \
       and l.to_whom = s.to_whom and (l.state in ('RUNNING','EXECUTED') or (l.state = 'PENDING' and l.due_at <= $2))), \
    coalesce((select a.state = 'REJECTED' and a.error_class = 'capacity' from attempt_steps x \
       join attempts a on a.id = x.attempt_id where x.step_id = s.id order by a.id desc limit 1), false)";

/// About the target and the person.
const TARGET: &str = "q.place, n.open, n.live_since, n.last_rang_at, p.person, p.since, p.until, p.reason";

/// What the mock phone or test mode did keeps no real phone busy. Of the pauses that hold for the person the one counts that
/// lasts longest, whether it is over by some clock or not: when it is over, all are.
const OF_TARGET: &str = "left join lateral (\
      select count(*) filter (where a.state in ('SENDING','UNKNOWN') and a.kind in ('call','sms')) > 0 as open, \
        max(a.intent_at) filter (where a.rings and a.state = 'ACCEPTED' \
          and a.call_status in ('queued','ringing','in-progress')) as live_since, \
        max(a.intent_at) filter (where a.rings and a.state in ('SENDING','UNKNOWN','ACCEPTED','ABANDONED')) as last_rang_at \
      from (select *, provider = q.provider or provider not in ('mock','test') as rings from attempts \
        where kind = q.kind and to_number = q.to_number and (intent_at > q.day_since or state in ('SENDING','UNKNOWN'))) a\
    ) n on true \
    left join lateral (select person, since, until, reason from pauses \
      where ended_at is null and coalesce(person, '') in ('', q.person) \
      order by until is not null, until desc, person is not null limit 1) p on true";

/// A step that a call may serve, with what is needed to write it down.
pub(super) struct Candidate {
    pub(super) claim: Claim,
    pub(super) facts: Facts,
}

/// What happens to steps that another host is at.
#[derive(Clone, Copy)]
enum Others {
    /// They are left out.
    Skip,
    /// They are waited for.
    Wait,
    /// Nothing is locked.
    Look,
}

/// The step as it is now, if it is still pending and ready.
pub(super) fn pending(tx: &Tx<'_>, step: StepId, draft: &AttemptDraft<'_>, now: Timestamp) -> Inner<Option<Candidate>> {
    one(tx, step, draft, now, Others::Skip)
}

/// The same, but waits for another host that is at it: what adopts a call may not take "somebody is at it" for "there is
/// nothing to adopt", since that one may have to run its transaction again, and the step would be free in between.
pub(super) fn pending_when_free(
    tx: &Tx<'_>,
    step: StepId,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
) -> Inner<Option<Candidate>> {
    one(tx, step, draft, now, Others::Wait)
}

fn one(
    tx: &Tx<'_>,
    step: StepId,
    draft: &AttemptDraft<'_>,
    now: Timestamp,
    others: Others,
) -> Inner<Option<Candidate>> {
    let found = some(tx, &[(step, draft)], now, others)?.next().transpose()?;
    let Some((_, mut candidate)) = found else { return Ok(None) };
    count(&mut candidate.facts, calls_today(tx, draft)?);
    Ok(Some(candidate))
}

/// Those of many steps that are still pending and ready and that no other host is at, with their places in the list.
pub(super) fn queue(
    tx: &Tx<'_>,
    asked: &[(StepId, &AttemptDraft<'_>)],
    now: Timestamp,
) -> Inner<Vec<(usize, Candidate)>> {
    let Some((_, first)) = asked.first() else { return Ok(Vec::new()) };
    let today = Today::count(tx, first.day_since)?;
    // One row of thousands that cannot be read must not stop the others.
    let mut found = readable(some(tx, asked, now, Others::Skip)?, "a due step")?;
    for (place, candidate) in &mut found {
        let person = asked.get(*place).map_or("", |(_, draft)| draft.person.as_str());
        count(&mut candidate.facts, today.of(person));
    }
    Ok(found)
}

/// Steps of the draft's person, in this order. Nothing is locked: what is done with them asks whether they are pending.
pub(super) fn of_person(
    tx: &Tx<'_>,
    steps: &[StepId],
    draft: &AttemptDraft<'_>,
    now: Timestamp,
) -> Inner<Vec<Candidate>> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Vec<_> = steps.iter().map(|step| (*step, draft)).collect();
    let counted = calls_today(tx, draft)?;
    let mut found = readable(some(tx, &asked, now, Others::Look)?, "a due step")?;
    for (_, candidate) in &mut found {
        count(&mut candidate.facts, counted);
    }
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

/// The facts for a call without a step.
pub(super) fn without_step(tx: &Tx<'_>, draft: &AttemptDraft<'_>) -> Inner<Facts> {
    let sql = format!("select {TARGET} from {ASKED} {OF_TARGET}");
    let mut facts = tx.sql(&sql).query_row([asked_json(&[(StepId(0), draft)])], |row| about_target(row, 0, None))?;
    count(&mut facts, calls_today(tx, draft)?);
    Ok(facts)
}

fn some(tx: &Tx<'_>, asked: &[(StepId, &AttemptDraft<'_>)], now: Timestamp, others: Others) -> Inner<Rows> {
    let (ready, lock) = match others {
        Others::Skip => ("and s.ready_at <= $2", "for update of s skip locked"),
        Others::Wait => ("and s.ready_at <= $2", "for update of s"),
        Others::Look => ("", ""),
    };
    let sql = format!(
        "select {STEP_COLUMNS}, {STEP}, {TARGET} from {ASKED} join steps s on s.id = q.step \
         join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id {OF_TARGET} \
         where s.state = 'PENDING' {ready} order by q.place {lock}"
    );
    Ok(tx.sql(&sql).query_map(params![asked_json(asked), now], candidate_from_row)?)
}

/// Found rows, each readable or not.
type Rows = std::vec::IntoIter<Sql<(usize, Candidate)>>;

fn asked_json(asked: &[(StepId, &AttemptDraft<'_>)]) -> String {
    let text = |value: Value| match value {
        Value::Text(text) => text,
        // Whoever a call goes to, how and through whom are texts.
        _ => String::new(),
    };
    let one = |(place, (step, draft)): (usize, &(StepId, &AttemptDraft<'_>))| {
        json!({
            "place": place,
            "step": step.0,
            "person": text(draft.person.value()),
            "kind": text(draft.to.kind.value()),
            "to_number": text(draft.to.address.value()),
            "provider": text(draft.provider.value()),
            "calls_since": draft.calls_since.ms(),
            "day_since": draft.day_since.ms(),
        })
    };
    serde_json::Value::Array(asked.iter().enumerate().map(one).collect()).to_string()
}

fn candidate_from_row(row: &Row) -> Sql<(usize, Candidate)> {
    let claim = claim_from_row(row)?;
    let step = StepFacts {
        incident_state: row.get(16)?,
        current: row.get(17)?,
        starts_at: claim.words.starts_at,
        due_at: claim.due_at,
        deadline_at: claim.deadline_at,
        when: claim.action.when,
        recent_calls: row.get(18)?,
        later_rung_due: row.get(19)?,
        refused_for_capacity: row.get(20)?,
    };
    let place: i64 = row.get(21)?;
    let facts = about_target(row, 21, Some(step))?;
    Ok((usize::try_from(place).unwrap_or(usize::MAX), Candidate { claim, facts }))
}

/// From the columns of [`TARGET`]; the calls of the day are still to be counted.
fn about_target(row: &Row, first: usize, step: Option<StepFacts>) -> Sql<Facts> {
    let number = NumberFacts {
        open_attempt: row.get(first + 1)?,
        live_since: row.get(first + 2)?,
        last_rang_at: row.get(first + 3)?,
    };
    let since: Option<Timestamp> = row.get(first + 5)?;
    let pause = match since {
        None => None,
        Some(since) => Some(PauseView {
            person: row.get(first + 4)?,
            since,
            until: row.get(first + 6)?,
            reason: row.get(first + 7)?,
        }),
    };
    Ok(Facts { step, number, pause, calls_of_person_today: 0, calls_today: 0 })
}

/// Counted calls of the last 24 hours: of the person, and of all people.
type CallsToday = (u32, u32);

fn count(facts: &mut Facts, (of_person, of_all): CallsToday) {
    (facts.calls_of_person_today, facts.calls_today) = (of_person, of_all);
}

/// Asked with every claim: `attempts_of_day` leads to the calls of the day, past those that are older.
fn calls_today(tx: &Tx<'_>, draft: &AttemptDraft<'_>) -> Inner<CallsToday> {
    let sql = format!(
        "select count(*) filter (where person = $2), count(*) from attempts \
         where kind = 'call' and intent_at > $1 and state in {COUNTED}"
    );
    let counted = tx.query_row(&sql, params![draft.day_since, draft.person], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(counted)
}

/// The calls of the day, counted once for many steps.
struct Today {
    all: u32,
    by_person: HashMap<String, u32>,
}

impl Today {
    fn count(tx: &Tx<'_>, since: Timestamp) -> Inner<Self> {
        let sql = format!(
            "select person, count(*) from attempts where intent_at > $1 and kind = 'call' and state in {COUNTED} \
             group by person"
        );
        let statement = tx.sql(&sql);
        let rows = statement.query_map([since], |r| Ok((r.get(0)?, r.get(1)?)))?;
        let by_person: HashMap<String, u32> = rows.collect::<Sql<_>>()?;
        Ok(Self { all: by_person.values().sum(), by_person })
    }

    fn of(&self, person: &str) -> CallsToday {
        (self.by_person.get(person).copied().unwrap_or(0), self.all)
    }
}
