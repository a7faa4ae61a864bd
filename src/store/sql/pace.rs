//! The pace of calls: when the next one may start, for the account and for each of its numbers.

use super::tx::{Tx, TxResult};
use super::value::{params, set};
use super::{candidates, steps};
use crate::model::{
    Address, AttemptId, IncidentId, Line, NextSlot, ProviderKind, RungKind, Slot, StepId, Timestamp, Verdict,
};
use crate::store::{AttemptDraft, CapacityRule, QueueRule, Queued, Refusal, RefusedFrom, Shed, StoreError};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// What came of asking for a slot.
pub(super) enum Taken {
    /// The attempt may start.
    Slot {
        /// Where it comes from.
        from: Address,
        /// When the next one of the account may start.
        next: Option<Timestamp>,
        /// How many other senders the step was not refused from.
        others: usize,
    },
    /// It may not yet.
    Wait {
        /// Until then.
        until: Timestamp,
        /// Must all other calls wait until then, too?
        all: bool,
    },
}

/// The pace of accounts and their numbers, read once in a transaction, and written as slots are taken.
#[derive(Default)]
pub(super) struct Lines {
    free: HashMap<(ProviderKind, String, String), Option<Timestamp>>,
}

/// What steps and their incidents had before. Where there is one sender, it is not asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Before {
    /// The sender the incident has: that of its newest call or message, if it is still one of the senders.
    kept: Option<usize>,
    /// The senders that the step was refused from. A step goes on after a refusal only where that held for its sender.
    refused: Vec<usize>,
}

impl Lines {
    /// Takes a slot for an attempt that passed all guards, and says which number it comes from.
    pub(super) fn take(&mut self, tx: &dyn Tx, before: Before, draft: &AttemptDraft<'_>) -> TxResult<Taken> {
        let line = self.line(tx, before, draft)?;
        let (sender, next) = match (draft.slot)(&line) {
            Slot::Wait { until, all } => return Ok(Taken::Wait { until, all }),
            Slot::Take { sender, next } => (sender, next),
        };
        let Some(from) = draft.senders.get(sender).cloned() else {
            let detail = format!("sender {sender} of {}", draft.senders.len());
            return Err(StoreError::Statement { what: "choose a number", detail }.into());
        };
        if let Some(NextSlot { account, number, .. }) = next {
            self.keep(tx, draft, "", account)?;
            if let Some(number) = number {
                self.keep(tx, draft, from.expose(), number)?;
            }
        }
        let others = (0..draft.senders.len()).filter(|other| *other != sender && !line.refused.contains(other)).count();
        Ok(Taken::Slot { from, next: next.map(|next| next.any), others })
    }

    /// The pace as this draft meets it. Messages have none.
    fn line(&mut self, tx: &dyn Tx, before: Before, draft: &AttemptDraft<'_>) -> TxResult<Line> {
        let Before { kept, refused } = before;
        if draft.to.kind != RungKind::Call {
            return Ok(Line { account: None, senders: vec![None; draft.senders.len()], kept, refused });
        }
        let account = self.free_at(tx, draft, "")?;
        let senders = draft.senders.iter().map(|sender| self.free_at(tx, draft, sender.expose()));
        Ok(Line { account, senders: senders.collect::<TxResult<_>>()?, kept, refused })
    }

    fn free_at(&mut self, tx: &dyn Tx, draft: &AttemptDraft<'_>, number: &str) -> TxResult<Option<Timestamp>> {
        Ok(match self.free.entry(key(draft, number)) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                let sql = "select free_at from pace where provider = ?1 and account = ?2 and from_number = ?3";
                *unknown.insert(tx.optional(sql, params![draft.provider, draft.account, number], |r| r.get(0))?)
            }
        })
    }

    fn keep(&mut self, tx: &dyn Tx, draft: &AttemptDraft<'_>, number: &str, free_at: Timestamp) -> TxResult<()> {
        tx.run(
            "insert into pace(provider, account, from_number, free_at) values (?1, ?2, ?3, ?4) \
             on conflict(provider, account, from_number) do update set free_at = excluded.free_at",
            params![draft.provider, draft.account, number, free_at],
        )?;
        self.free.insert(key(draft, number), Some(free_at));
        Ok(())
    }
}

fn key(draft: &AttemptDraft<'_>, number: &str) -> (ProviderKind, String, String) {
    (draft.provider, draft.account.clone(), number.to_owned())
}

/// What an attempt is for; a test call is for nothing, and a text that explains an answer for an incident alone.
pub(super) type For = (Option<StepId>, Option<IncidentId>);

/// Takes a slot for a single attempt.
pub(super) fn take(tx: &dyn Tx, what: For, draft: &AttemptDraft<'_>) -> TxResult<Taken> {
    let before = before(tx, &[(what, draft)])?.pop().unwrap_or_default();
    Lines::default().take(tx, before, draft)
}

/// What these steps and their incidents had before, by their places.
pub(super) fn before(tx: &dyn Tx, asked: &[(For, &AttemptDraft<'_>)]) -> TxResult<Vec<Before>> {
    let mut found = vec![Before::default(); asked.len()];
    let pooled: Vec<usize> = (0..asked.len()).filter(|place| asked[*place].1.senders.len() > 1).collect();
    if pooled.is_empty() {
        return Ok(found);
    }
    let set = |place: &usize| {
        let ((step, incident), draft) = &asked[*place];
        set![step, incident, &draft.provider, &draft.account]
    };
    let sets: Vec<_> = pooled.iter().map(set).collect();
    let refused = tx.by_place(
        "select {place}, a.from_number from {each}, attempt_steps x join attempts a on a.id = x.attempt_id \
         where x.step_id = ?1 and a.state = 'REJECTED' and a.error_class in ('ours','callee') and a.provider = ?3 \
           and a.account = ?4",
        &sets,
        |r| r.get::<Address>(1),
    )?;
    let newest = tx.by_place(
        "select {place}, (select a.from_number from attempt_steps x join attempts a on a.id = x.attempt_id \
           where x.incident_id = ?2 and a.kind in ('call','sms') and a.provider = ?3 and a.account = ?4 \
           order by a.id desc limit 1) from {each}",
        &sets,
        |r| r.get::<Option<Address>>(1),
    )?;
    for ((place, refused), newest) in pooled.into_iter().zip(refused).zip(newest) {
        let place_of = |from: &Address| asked[place].1.senders.iter().position(|sender| sender == from);
        found[place].refused = refused.iter().filter_map(place_of).collect();
        found[place].kept = newest.into_iter().flatten().next().as_ref().and_then(place_of);
    }
    Ok(found)
}

/// The senders of calls and messages that were refused since then.
pub(super) fn refused_senders(tx: &dyn Tx, since: Timestamp) -> TxResult<Vec<RefusedFrom>> {
    let sql = "select distinct provider, kind, from_number, error_code from attempts where intent_at > ?1 \
                 and kind in ('call','sms') and state = 'REJECTED' and error_class in ('ours','callee')";
    Ok(tx.readable("a refused attempt", sql, params![since], |r| {
        Ok(RefusedFrom { provider: r.get(0)?, kind: r.get(1)?, from: r.get(2)?, code: r.get(3)? })
    })?)
}

/// Ends the steps of the queue that cannot start in time.
pub(super) fn shed(
    tx: &dyn Tx,
    queue: &[Queued<'_>],
    now: Timestamp,
    guards: QueueRule<'_>,
    unschedulable: CapacityRule<'_>,
) -> TxResult<Shed> {
    let mut shed = Shed::default();
    let Some(first) = queue.first() else { return Ok(shed) };
    let asked: Vec<_> = queue.iter().map(|queued| (queued.step, &queued.draft)).collect();
    let mut waiting = Vec::new();
    let mut incidents = Vec::new();
    for (place, candidate) in candidates::pending(tx, &asked, now)? {
        match guards(place, &candidate.facts) {
            Verdict::Place if !candidate.facts.number.open_attempt => {
                incidents.push((place, candidate.claim.incident));
                waiting.push((place, candidate.facts));
            }
            // It could not use a turn now, so it takes none from the others.
            Verdict::Place | Verdict::Wait(_) => {}
            Verdict::Refuse(_) => shed.claimable.push(candidate.claim.step),
        }
    }
    let ended: HashMap<usize, Refusal> =
        unschedulable(&Lines::default().line(tx, Before::default(), &first.draft)?, &waiting).into_iter().collect();
    for (place, incident) in incidents {
        let step = queue[place].step;
        let Some(refusal) = ended.get(&place) else {
            shed.claimable.push(step);
            continue;
        };
        if steps::end_pending(tx, step, refusal, now)? {
            shed.results.push(steps::result(tx, step, refusal, None)?);
            steps::next_rung_now(tx, incident, now)?;
        }
    }
    Ok(shed)
}

/// Cancels a call that the provider took but would dial only when all its meetings have started. The next rung of
/// another kind becomes due.
pub(super) fn cancel_late(tx: &dyn Tx, id: AttemptId, dialled_at: Timestamp, now: Timestamp) -> TxResult<()> {
    let changed = tx.run(
        "update attempts set hang_up = 'WANTED', hang_up_how = 'canceled', next_look_at = ?3 \
             where id = ?1 and hang_up = 'NONE' and kind = 'call' and call_status = 'queued' \
               and exists (select 1 from attempt_steps x where x.attempt_id = ?1) \
               and not exists (select 1 from attempt_steps x join steps s on s.id = x.step_id \
                 where x.attempt_id = ?1 and s.deadline_at > ?2)",
        params![id, dialled_at, now],
    )?;
    if changed == 1 { steps::next_rungs_now(tx, id, now) } else { Ok(()) }
}
