//! The facts that the guards get: about steps, their targets and their people.

use super::tx::{Candidate, LockMode, Question, Sql, StepDraft, Tx, TxResult, if_readable};
use super::value::set;
use crate::model::{ListedCall, ProviderKind, Timestamp};
use crate::store::{AttemptDraft, Facts};
use std::collections::HashSet;
use std::iter;

/// Attempts in these states count for the limits: what rang, may have rung, or may still ring.
pub(crate) const COUNTED: &str = "('SENDING','UNKNOWN','ACCEPTED','ABSENT','ABANDONED')";

/// Of these, those that the provider is not known to have taken, though their time is over.
pub(crate) const UNTAKEN: &str = "('UNKNOWN','ABSENT','ABANDONED')";

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

/// The steps that are still pending and ready and that no other host has locked, with their places. `beside`: what else is
/// asked meanwhile.
pub(crate) fn pending(
    tx: &dyn Tx,
    asked: &[StepDraft<'_>],
    now: Timestamp,
    beside: Vec<Question<'_>>,
) -> TxResult<Vec<(usize, Candidate)>> {
    some(tx, asked, now, LockMode::SkipLocked, beside)
}

/// The same, but waits for a host that has locked one. Adopting must not take "locked" for "nothing to adopt": the
/// other host may have to run its transaction again, and the step would be free in between.
pub(crate) fn pending_when_free(
    tx: &dyn Tx,
    asked: &[StepDraft<'_>],
    now: Timestamp,
) -> TxResult<Vec<(usize, Candidate)>> {
    some(tx, asked, now, LockMode::Wait, Vec::new())
}

/// The same; nothing is locked, and a step need not be ready: whatever changes it checks that it is pending. The calls of
/// everybody are not counted.
pub(crate) fn unlocked(tx: &dyn Tx, asked: &[StepDraft<'_>], now: Timestamp) -> TxResult<Vec<(usize, Candidate)>> {
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    Ok(readable(tx, asked, now, LockMode::None, Vec::new())?)
}

fn some(
    tx: &dyn Tx,
    asked: &[StepDraft<'_>],
    now: Timestamp,
    mode: LockMode,
    beside: Vec<Question<'_>>,
) -> TxResult<Vec<(usize, Candidate)>> {
    let mut today = Today::default();
    let drafts = asked.iter().map(|(_, draft)| *draft);
    let beside = beside.into_iter().chain(today.ask(tx, drafts)).collect();
    let mut found = readable(tx, asked, now, mode, beside)?;
    for (place, candidate) in &mut found {
        today.count(&mut candidate.facts, asked[*place].1);
    }
    Ok(found)
}

/// One that cannot be read must not stop the others.
fn readable(
    tx: &dyn Tx,
    asked: &[StepDraft<'_>],
    now: Timestamp,
    mode: LockMode,
    beside: Vec<Question<'_>>,
) -> Sql<Vec<(usize, Candidate)>> {
    let lists: Vec<&[ListedCall]> = asked.iter().map(|(_, draft)| draft.listed.as_slice()).collect();
    let mut known = HashSet::new();
    let beside = beside.into_iter().chain([ask_known(&lists, &mut known)]).collect();
    let mut found = Vec::new();
    for row in tx.candidates(asked, now, mode, beside)? {
        let Some((place, mut candidate)) = if_readable(row, "a due step")? else { continue };
        candidate.facts.number.listed = unknown(lists[place], &known);
        found.push((place, candidate));
    }
    Ok(found)
}

/// Asks which of these calls belong to attempts.
fn ask_known<'q>(lists: &[&'q [ListedCall]], known: &'q mut HashSet<String>) -> Question<'q> {
    let sets = lists.iter().copied().flatten().map(|call| set![&call.sid]).collect();
    Question::each("select sid from {each}, attempts where sid = ?1", sets, |r| {
        known.insert(r.get(0)?);
        Ok(())
    })
}

fn unknown(list: &[ListedCall], known: &HashSet<String>) -> Vec<ListedCall> {
    list.iter().filter(|call| !known.contains(&call.sid)).cloned().collect()
}

/// The calls of a list that belong to no attempt yet.
pub(crate) fn unknown_calls(tx: &dyn Tx, list: &[ListedCall]) -> Sql<Vec<ListedCall>> {
    let mut known = HashSet::new();
    tx.ask_all(vec![ask_known(&[list], &mut known)])?;
    Ok(unknown(list, &known))
}

/// The facts for a call without a step.
pub(crate) fn without_step(tx: &dyn Tx, draft: &AttemptDraft<'_>) -> TxResult<Facts> {
    let mut today = Today::default();
    let mut facts = tx.target_facts(draft, today.ask(tx, iter::once(draft)).collect())?;
    today.count(&mut facts, draft);
    Ok(facts)
}

/// How many calls count for a cap of the day, of those that `which` says, and rehearsed or real as `asking` is.
pub(crate) fn calls_sql(attempts: &str, which: &str, asking: &str) -> String {
    format!(
        "select count(*) as calls, count(*) filter (where state in {UNTAKEN}) as untaken from {attempts} \
         where kind = 'call' and {which} and state in {COUNTED} and {}",
        same_kind("provider", asking)
    )
}

/// The calls of everybody. Runs with every claim, so it reads nothing but the calls of the day, from the index
/// `attempts_of_day`.
pub(crate) fn calls_of_day_sql() -> String {
    calls_sql("attempts", "intent_at > ?1", "?2")
}

/// How long a bucket of [`bucketed_calls_of_day_sql`] is.
pub(crate) const BUCKET_MS: i64 = 300_000;

/// The same where the calls are counted as they come, in buckets: of the one in which the day begins, the calls themselves
/// are counted.
pub(crate) fn bucketed_calls_of_day_sql() -> String {
    let first = format!("intent_at > ?1 and intent_at < (?1 / {BUCKET_MS} + 1) * {BUCKET_MS}");
    format!(
        "select f.calls + b.n, f.untaken + b.untaken from ({}) f, \
           (select cast(coalesce(sum(n), 0) as bigint) as n, cast(coalesce(sum(untaken), 0) as bigint) as untaken \
            from calls_of_day where rehearsed = (?2 in {REHEARSED}) and bucket > ?1 / {BUCKET_MS}) b",
        calls_sql("attempts", &first, "?2")
    )
}

/// The calls of everybody in the last 24 hours: rehearsed and real ones apart.
#[derive(Default)]
struct Today([Calls; 2]);

/// Counted calls, and those of them that the provider is not known to have taken.
#[derive(Default)]
struct Calls {
    all: u32,
    untaken: u32,
}

impl Today {
    fn ask<'q>(
        &'q mut self,
        tx: &dyn Tx,
        drafts: impl Iterator<Item = &'q AttemptDraft<'q>>,
    ) -> impl Iterator<Item = Question<'q>> {
        let mut asking = [None, None];
        for draft in drafts {
            asking[usize::from(rehearses(draft.provider))] = Some(draft);
        }
        let sql = if tx.counts_calls() { bucketed_calls_of_day_sql() } else { calls_of_day_sql() };
        self.0.iter_mut().zip(asking).filter_map(move |(calls, draft)| {
            let draft = draft?;
            Some(Question::once(sql.as_str(), set![&draft.day_since, &draft.provider], move |r| {
                *calls = Calls { all: r.get(0)?, untaken: r.get(1)? };
                Ok(())
            }))
        })
    }

    fn count(&self, facts: &mut Facts, draft: &AttemptDraft<'_>) {
        let calls = &self.0[usize::from(rehearses(draft.provider))];
        (facts.calls_today, facts.untaken_today) = (calls.all, calls.untaken);
    }
}
