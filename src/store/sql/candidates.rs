//! The facts that the guards get: about steps, their targets and their people.

use super::tx::{Candidate, LockMode, Row, Sql, StepDraft, Tx, TxResult, if_readable};
use super::value::params;
use crate::model::{ListedCall, ProviderKind, StepId, Timestamp};
use crate::store::{AttemptDraft, Facts};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Attempts in these states count for the limits: what rang, may have rung, or may still ring.
pub(crate) const COUNTED: &str = "('SENDING','UNKNOWN','ACCEPTED','ABSENT','ABANDONED')";

/// Of these, those that the provider is not known to have taken, though their time is over.
pub(crate) const UNTAKEN: &str = "('UNKNOWN','ABSENT','ABANDONED')";

/// For no more steps than this the calls of the day are counted one by one where that is quick.
const FEW: usize = 64;

/// Providers that reach nobody. What they did counts for rehearsals alone, and what others did for real calls alone.
pub(crate) const REHEARSED: &str = "('mock','test')";

/// The same, of a provider that is known here.
pub(crate) const fn rehearses(provider: ProviderKind) -> bool {
    matches!(provider, ProviderKind::Mock | ProviderKind::Test)
}

/// Is it a rehearsal that `asking` asks for, and was it one that `asked` did?
pub(crate) fn same_kind(asked: &str, asking: &str) -> String {
    format!("({asked} in {REHEARSED}) = ({asking} in {REHEARSED})")
}

/// The steps that are still pending and ready and that no other host has locked, with their places.
pub(crate) fn pending(tx: &dyn Tx, asked: &[StepDraft<'_>], now: Timestamp) -> TxResult<Vec<(usize, Candidate)>> {
    some(tx, asked, now, LockMode::SkipLocked)
}

/// The same, but waits for a host that has locked one. Adopting must not take "locked" for "nothing to adopt": the
/// other host may have to run its transaction again, and the step would be free in between.
pub(crate) fn pending_when_free(
    tx: &dyn Tx,
    asked: &[StepDraft<'_>],
    now: Timestamp,
) -> TxResult<Vec<(usize, Candidate)>> {
    some(tx, asked, now, LockMode::Wait)
}

fn some(tx: &dyn Tx, asked: &[StepDraft<'_>], now: Timestamp, mode: LockMode) -> TxResult<Vec<(usize, Candidate)>> {
    let mut found = readable(tx, asked, now, mode)?;
    let mut today = Today::default();
    let few = asked.len() == 1 || asked.len() <= FEW && tx.calls_today_sql().is_some();
    for (place, candidate) in &mut found {
        let draft = asked[*place].1;
        let counted = if few { calls_today(tx, draft)? } else { today.of(tx, draft)? };
        count(&mut candidate.facts, counted);
    }
    Ok(found)
}

/// Steps of the draft's person, in this order. Nothing is locked: whatever changes them checks that they are pending.
pub(crate) fn of_person(
    tx: &dyn Tx,
    steps: &[StepId],
    draft: &AttemptDraft<'_>,
    now: Timestamp,
) -> TxResult<Vec<Candidate>> {
    if steps.is_empty() {
        return Ok(Vec::new());
    }
    let asked: Vec<StepDraft<'_>> = steps.iter().map(|step| (*step, draft)).collect();
    let counted = calls_today(tx, draft)?;
    let mut found = readable(tx, &asked, now, LockMode::None)?;
    for (_, candidate) in &mut found {
        count(&mut candidate.facts, counted);
    }
    Ok(found.into_iter().map(|(_, candidate)| candidate).collect())
}

/// One that cannot be read must not stop the others.
fn readable(tx: &dyn Tx, asked: &[StepDraft<'_>], now: Timestamp, mode: LockMode) -> Sql<Vec<(usize, Candidate)>> {
    let rows = tx.candidates(asked, now, mode)?;
    let mut found = Vec::new();
    for row in rows {
        let Some((place, mut candidate)) = if_readable(row, "a due step")? else { continue };
        candidate.facts.number.listed = unknown_calls(tx, &asked[place].1.listed)?;
        found.push((place, candidate));
    }
    Ok(found)
}

/// The calls of a list that belong to no attempt yet.
pub(crate) fn unknown_calls(tx: &dyn Tx, list: &[ListedCall]) -> Sql<Vec<ListedCall>> {
    let mut unknown = Vec::new();
    for call in list {
        if !tx.value::<bool>("select exists(select 1 from attempts where sid = ?1)", params![call.sid])? {
            unknown.push(call.clone());
        }
    }
    Ok(unknown)
}

/// The facts for a call without a step.
pub(crate) fn without_step(tx: &dyn Tx, draft: &AttemptDraft<'_>) -> TxResult<Facts> {
    let mut facts = tx.target_facts(draft)?;
    count(&mut facts, calls_today(tx, draft)?);
    Ok(facts)
}

/// Counted calls, and those of them that the provider is not known to have taken.
#[derive(Debug, Clone, Copy, Default)]
struct Calls {
    all: u32,
    untaken: u32,
}

/// Calls of the last 24 hours: of the person, and of all people.
type CallsToday = (Calls, Calls);

fn count(facts: &mut Facts, (of_person, of_all): CallsToday) {
    (facts.calls_of_person_today, facts.calls_today) = (of_person.all, of_all.all);
    (facts.untaken_of_person_today, facts.untaken_today) = (of_person.untaken, of_all.untaken);
}

fn calls_today(tx: &dyn Tx, draft: &AttemptDraft<'_>) -> TxResult<CallsToday> {
    let sql = tx.calls_today_sql().unwrap_or_else(calls_today_sql);
    let counted = tx.row(&sql, params![draft.day_since, draft.person, draft.provider], |r| {
        Ok((Calls { all: r.get(0)?, untaken: r.get(2)? }, Calls { all: r.get(1)?, untaken: r.get(3)? }))
    })?;
    Ok(counted)
}

/// Runs with every claim, so it reads nothing but the calls of the day, from the index `attempts_of_day`.
pub(crate) fn calls_today_sql() -> String {
    format!(
        "select count(*) filter (where person = ?2), count(*), \
           count(*) filter (where person = ?2 and state in {UNTAKEN}), count(*) filter (where state in {UNTAKEN}) \
         from attempts \
         where kind = 'call' and intent_at > ?1 and state in {COUNTED} and {}",
        same_kind("provider", "?3")
    )
}

/// The calls of the day by person, for many steps at once.
pub(crate) fn today_by_person_sql() -> String {
    format!(
        "select person, count(*), count(*) filter (where state in {UNTAKEN}) from attempts \
         where kind = 'call' and intent_at > ?1 and state in {COUNTED} and {} group by person",
        same_kind("provider", "?2")
    )
}

/// The calls of the day, counted once for many steps: rehearsals and real ones apart.
#[derive(Default)]
struct Today {
    counts: HashMap<bool, (Calls, HashMap<String, Calls>)>,
}

impl Today {
    fn of(&mut self, tx: &dyn Tx, draft: &AttemptDraft<'_>) -> TxResult<CallsToday> {
        let (all, by_person) = match self.counts.entry(rehearses(draft.provider)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let params = params![draft.day_since, draft.provider];
                let read = |r: &dyn Row| Ok((r.get(0)?, Calls { all: r.get(1)?, untaken: r.get(2)? }));
                let by_person: HashMap<String, Calls> =
                    tx.rows(&today_by_person_sql(), params, read)?.into_iter().collect();
                let sum = |of: fn(&Calls) -> u32| by_person.values().map(of).sum();
                unknown.insert((Calls { all: sum(|c| c.all), untaken: sum(|c| c.untaken) }, by_person))
            }
        };
        Ok((by_person.get(&draft.person).copied().unwrap_or_default(), *all))
    }
}
