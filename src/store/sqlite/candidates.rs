//! The facts of a claim, by one statement each: SQLite answers small statements faster than it plans a large one.

use crate::model::{LaterRungs, Timestamp};
use crate::store::sql::candidates::{COUNTED, UNTAKEN, calls_sql, same_kind};
use crate::store::sql::{Candidate, LockMode, Sql, SqlError, StepDraft, Tx, params, pauses, steps};
use crate::store::{AttemptDraft, Claim, Facts, NumberFacts, StepFacts};

/// What the mock phone or test mode did keeps no real phone busy, and no rehearsal is kept back by what was real. Of attempts older than a day only open ones count.
/// The plus signs make SQLite find them by the index of open attempts, instead of reading every attempt to this target.
pub(super) fn number_facts() -> String {
    format!(
        "with a as (select *, {same} as rings \
         from attempts where kind = ?4 and to_number = ?1 and intent_at > ?2 \
       union all select *, {same} as rings \
         from attempts where +kind = ?4 and +to_number = ?1 and +intent_at <= ?2 and state in ('SENDING','UNKNOWN')) \
     select count(*) filter (where state in ('SENDING','UNKNOWN') and kind in ('call','sms')) > 0, \
            max(intent_at) filter (where rings and state = 'ACCEPTED' \
              and call_status in ('queued','ringing','in-progress')), \
            max(intent_at) filter (where rings and state in ('SENDING','UNKNOWN','ACCEPTED','ABANDONED')) \
     from a",
        same = same_kind("provider", "?3")
    )
}

/// The calls of a person in a day.
pub(super) fn calls_of_person() -> String {
    calls_sql("attempts indexed by attempts_of_person", "person = ?1 and intent_at > ?2", "?3")
}

/// No step is locked by others: a writing transaction is alone.
pub(super) fn some(
    tx: &dyn Tx,
    asked: &[StepDraft<'_>],
    now: Timestamp,
    mode: LockMode,
) -> Sql<Vec<Sql<(usize, Candidate)>>> {
    let sql = format!(
        "select {} from steps s join incidents i on i.id = s.incident_id join meetings m on m.id = i.meeting_id \
         where s.id = ?1 and s.state = 'PENDING' and s.ready_at <= ?2",
        steps::COLUMNS
    );
    let ready_at = if mode == LockMode::None { Timestamp::from_ms(i64::MAX) } else { now };
    let one = |(step, draft): &StepDraft<'_>| {
        let claim = tx.optional(&sql, params![step, ready_at], steps::claim_from_row)?;
        let Some(claim) = claim else { return Ok(None) };
        let step = step_facts(tx, &claim, draft, now)?;
        Ok(Some(Candidate { facts: of_target(tx, draft, Some(step))?, claim }))
    };
    let mut found = Vec::new();
    for (place, asked) in asked.iter().enumerate() {
        match one(asked) {
            Ok(candidate) => found.extend(candidate.map(|candidate| Ok((place, candidate)))),
            Err(error @ SqlError::Column(_)) => found.push(Err(error)),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// The facts about the target and the person; the calls of everybody are still to be counted.
pub(super) fn of_target(tx: &dyn Tx, draft: &AttemptDraft<'_>, step: Option<StepFacts>) -> Sql<Facts> {
    let params = params![draft.to.address, draft.day_since, draft.provider, draft.to.kind];
    let number = tx.row(&number_facts(), params, |r| {
        Ok(NumberFacts { open_attempt: r.get(0)?, live_since: r.get(1)?, last_rang_at: r.get(2)?, listed: Vec::new() })
    })?;
    let pause = pauses::longest(tx, &draft.person)?;
    let day = params![draft.person, draft.day_since, draft.provider];
    let (calls, untaken) = tx.row(&calls_of_person(), day, |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(Facts {
        step,
        number,
        pause,
        calls_of_person_today: calls,
        calls_today: 0,
        untaken_of_person_today: untaken,
        untaken_today: 0,
    })
}

fn step_facts(tx: &dyn Tx, claim: &Claim, draft: &AttemptDraft<'_>, now: Timestamp) -> Sql<StepFacts> {
    let (incident_state, current) = tx.row(
        "select i.state, i.generation = m.generation and m.state = 'SCHEDULED' \
         from incidents i join meetings m on m.id = i.meeting_id where i.id = ?1",
        params![claim.incident],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    let (recent_calls, recent_untaken) = tx.row(
        &format!(
            "select count(*), count(*) filter (where a.state in {UNTAKEN}) from call_tracker t join attempts a on a.id = t.attempt_id \
             where t.person = ?1 and t.meeting_id = ?2 and t.at > ?3 and a.kind = ?4 and {}",
            same_kind("a.provider", "?5")
        ),
        params![claim.person, claim.meeting, draft.calls_since, claim.action.kind, draft.provider],
        |r| Ok((r.get(0)?, r.get(1)?)),
    )?;
    let later = tx.row(
        &format!(
            "select count(*) filter (where exists(select 1 from attempt_steps x join attempts a on a.id = x.attempt_id \
                 where x.step_id = l.id and a.state in {COUNTED} and {})) > 0, \
               min(l.condition) filter (where l.state = 'PENDING' and l.due_at <= ?4), \
               count(*) filter (where l.state = 'PENDING' and l.due_at <= ?4 and l.ready_at <= ?4) > 0 \
             from steps l where l.incident_id = ?1 and l.kind = ?2 and l.rung > ?3 and l.to_whom = ?5",
            same_kind("a.provider", "?6")
        ),
        params![claim.incident, claim.action.kind, claim.rung, now, claim.action.to, draft.provider],
        |r| Ok(LaterRungs { called: r.get(0)?, due: r.get(1)?, ready: r.get(2)? }),
    )?;
    let first_due_at = tx.value(
        "select coalesce(min(due_at), ?3) from steps where incident_id = ?1 and kind = ?2",
        params![claim.incident, claim.action.kind, claim.due_at],
    )?;
    let last = steps::last_attempt_sql("?1");
    let last = tx.optional(&last, params![claim.step], |r| steps::last_attempt_from_row(r, 0))?.unwrap_or_default();
    Ok(StepFacts {
        incident_state,
        current,
        starts_at: claim.words.starts_at,
        due_at: claim.due_at,
        first_due_at,
        deadline_at: claim.deadline_at,
        when: claim.action.when,
        recent_calls,
        recent_untaken,
        later,
        refused_for_capacity: last.refused_for_capacity,
        unsent: last.unsent,
    })
}
