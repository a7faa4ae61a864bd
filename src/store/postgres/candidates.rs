//! The facts of a claim, in one round trip.
//!
//! One statement reads everything about any number of steps: one for a claim, thousands for a queue of due calls. Each
//! further round trip to the server would take time while the rows are locked.

use super::values::without_nul;
use crate::model::{LaterRungs, PauseView, StepId, Timestamp};
use crate::store::sql::candidates::{COUNTED, UNTAKEN, calls_sql, same_kind};
use crate::store::sql::value::set;
use crate::store::sql::{Candidate, LockMode, Question, Row, Sql, SqlError, StepDraft, Tx, steps};
use crate::store::{AttemptDraft, Facts, NumberFacts, StepFacts};
use serde_json::json;
use std::iter;

/// The input: places in a list, steps (0: none), and what their drafts say.
const ASKED: &str = "json_to_recordset(?1::json) as q(place bigint, step bigint, person text, kind text, to_number text, \
                     provider text, calls_since bigint, day_since bigint)";

/// About the step, from column 16 on.
const OF_STEP: &str = "i.state, i.generation = m.generation and m.state = 'SCHEDULED', \
                       recent.calls, l.called, l.due, l.ready, last.state, last.error_class, last.error, last.unsent, \
                       (select min(f.due_at) from steps f where f.incident_id = s.incident_id and f.kind = s.kind), \
                       recent.untaken";

/// About the calls of the meeting that count for its limit.
fn of_recent() -> String {
    format!(
        "left join lateral (select count(*) as calls, count(*) filter (where a.state in {UNTAKEN}) as untaken \
         from call_tracker t join attempts a on a.id = t.attempt_id \
         where t.person = i.person and t.meeting_id = i.meeting_id and t.at > q.calls_since and a.kind = s.kind \
           and {}) recent on true",
        same_kind("a.provider", "q.provider")
    )
}

/// About the later rungs.
fn of_later() -> String {
    format!(
        "left join lateral (select count(*) filter (where exists(select 1 from attempt_steps x \
             join attempts a on a.id = x.attempt_id where x.step_id = l.id and a.state in {COUNTED} and {})) > 0 as called, \
           min(l.condition) filter (where l.state = 'PENDING' and l.due_at <= ?2) as due, \
           count(*) filter (where l.state = 'PENDING' and l.due_at <= ?2 and l.ready_at <= ?2) > 0 as ready \
         from steps l where l.incident_id = s.incident_id and l.kind = s.kind and l.rung > s.rung \
           and l.to_whom = s.to_whom) l on true",
        same_kind("a.provider", "q.provider")
    )
}

/// About the target and the person.
const TARGET: &str =
    "q.place, n.open, n.live_since, n.last_rang_at, p.person, p.since, p.until, p.reason, d.calls, d.untaken";

/// What the mock phone or test mode did keeps no real phone busy, and the reverse. The longest pause that applies to
/// the person counts, even one that is over by some clock: when it is over, all are.
fn of_target_and_person() -> String {
    format!(
        "left join lateral (\
      select count(*) filter (where a.state in ('SENDING','UNKNOWN') and a.kind in ('call','sms')) > 0 as open, \
        max(a.intent_at) filter (where a.rings and a.state = 'ACCEPTED' \
          and a.call_status in ('queued','ringing','in-progress')) as live_since, \
        max(a.intent_at) filter (where a.rings and a.state in ('SENDING','UNKNOWN','ACCEPTED','ABANDONED')) as last_rang_at \
      from (select *, {} as rings from attempts \
        where kind = q.kind and to_number = q.to_number and (intent_at > q.day_since or state in ('SENDING','UNKNOWN'))) a\
    ) n on true \
    left join lateral (select person, since, until, reason from pauses \
      where ended_at is null and coalesce(person, '') in ('', q.person) \
      order by until is not null, until desc, person is not null limit 1) p on true \
    left join lateral ({}) d on true",
        same_kind("provider", "q.provider"),
        calls_sql("attempts", "person = q.person and intent_at > q.day_since", "q.provider")
    )
}

/// The steps asked about, each readable or not.
pub(super) fn some(
    tx: &dyn Tx,
    asked: &[StepDraft<'_>],
    now: Timestamp,
    mode: LockMode,
    beside: Vec<Question<'_>>,
) -> Sql<Vec<Sql<(usize, Candidate)>>> {
    let (ready, lock) = match mode {
        LockMode::SkipLocked => ("and s.ready_at <= ?2", "for update of s skip locked"),
        LockMode::Wait => ("and s.ready_at <= ?2", "for update of s"),
        LockMode::None => ("", ""),
    };
    let sql = format!(
        "select {}, {OF_STEP}, {TARGET} from {ASKED} join steps s on s.id = q.step \
         join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id {} {} {} \
         left join lateral ({}) last on true \
         where s.state = 'PENDING' {ready} order by q.place {lock}",
        steps::COLUMNS,
        of_recent(),
        of_later(),
        of_target_and_person(),
        steps::last_attempt_sql("s.id")
    );
    let (asked, mut found) = (asked_json(asked), Vec::new());
    let question = Question::once(sql, set![&asked, &now], |row| {
        found.push(candidate_from_row(row));
        Ok(())
    });
    tx.ask_all(iter::once(question).chain(beside).collect())?;
    Ok(found)
}

/// The facts for a call without a step.
pub(super) fn of_target(tx: &dyn Tx, draft: &AttemptDraft<'_>, beside: Vec<Question<'_>>) -> Sql<Facts> {
    let sql = format!("select {TARGET} from {ASKED} {}", of_target_and_person());
    let (asked, mut facts) = (asked_json(&[(StepId(0), draft)]), None);
    let question = Question::once(sql, set![&asked], |row| {
        facts = Some(about_target(row, 0, None)?);
        Ok(())
    });
    tx.ask_all(iter::once(question).chain(beside).collect())?;
    facts.ok_or(SqlError::NoRow)
}

fn asked_json(asked: &[StepDraft<'_>]) -> String {
    let one = |(place, (step, draft)): (usize, &StepDraft<'_>)| {
        json!({
            "place": place,
            "step": step.0,
            "person": without_nul(&draft.person),
            "kind": draft.to.kind.as_str(),
            "to_number": without_nul(draft.to.address.expose()),
            "provider": draft.provider.as_str(),
            "calls_since": draft.calls_since.ms(),
            "day_since": draft.day_since.ms(),
        })
    };
    serde_json::Value::Array(asked.iter().enumerate().map(one).collect()).to_string()
}

fn candidate_from_row(row: &dyn Row) -> Sql<(usize, Candidate)> {
    let claim = steps::claim_from_row(row)?;
    let last = steps::last_attempt_from_row(row, 22)?;
    let step = StepFacts {
        incident_state: row.get(16)?,
        current: row.get(17)?,
        starts_at: claim.words.starts_at,
        due_at: claim.due_at,
        first_due_at: row.get(26)?,
        deadline_at: claim.deadline_at,
        when: claim.action.when,
        recent_calls: row.get(18)?,
        recent_untaken: row.get(27)?,
        later: LaterRungs { called: row.get(19)?, due: row.get(20)?, ready: row.get(21)? },
        refused_for_capacity: last.refused_for_capacity,
        unsent: last.unsent,
    };
    let place: i64 = row.get(28)?;
    let facts = about_target(row, 28, Some(step))?;
    Ok((usize::try_from(place).unwrap_or(usize::MAX), Candidate { claim, facts }))
}

/// From the columns of [`TARGET`]; the calls of everybody are still to be counted.
fn about_target(row: &dyn Row, first: usize, step: Option<StepFacts>) -> Sql<Facts> {
    let number = NumberFacts {
        open_attempt: row.get(first + 1)?,
        live_since: row.get(first + 2)?,
        last_rang_at: row.get(first + 3)?,
        listed: Vec::new(),
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
    Ok(Facts {
        step,
        number,
        pause,
        calls_of_person_today: row.get(first + 8)?,
        calls_today: 0,
        untaken_of_person_today: row.get(first + 9)?,
        untaken_today: 0,
    })
}
