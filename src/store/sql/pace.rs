//! The pace of calls: when the next one may start, for the account and for each of its numbers.

use super::tx::{Question, Tx, TxResult};
use super::value::{params, set};
use super::{candidates, steps};
use crate::model::{
    Address, AttemptId, IncidentId, Line, NextSlot, ProviderKind, RungKind, Slot, StepId, Timestamp, Verdict,
};
use crate::store::{AttemptDraft, CapacityRule, QueueRule, Queued, Refusal, RefusedFrom, Shed, StoreError};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::iter;

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
    accounts: HashMap<Account, HashMap<String, Timestamp>>,
}

/// An account of a provider.
type Account = (ProviderKind, String);

/// What steps and their incidents had before. Where there is one sender, it is not asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Before {
    /// The sender the incident has: that of its newest call or message, if it is still one of the senders.
    kept: Option<usize>,
    /// The senders that the step was refused from. A step goes on after a refusal only where that held for its sender.
    refused: Vec<usize>,
}

impl Lines {
    /// Asks when calls of the accounts of these drafts may start, as far as that is not known: by number, and for the
    /// whole account under the empty one.
    pub(super) fn ask<'q>(&'q mut self, drafts: impl Iterator<Item = &'q AttemptDraft<'q>>) -> Question<'q> {
        let accounts = &mut self.accounts;
        let mut sets = Vec::new();
        // Messages have no pace.
        for draft in drafts.filter(|draft| draft.to.kind == RungKind::Call) {
            if let Entry::Vacant(new) = accounts.entry(account(draft)) {
                new.insert(HashMap::new());
                sets.push(set![&draft.provider, &draft.account]);
            }
        }
        let sql =
            "select provider, account, from_number, free_at from {each}, pace where provider = ?1 and account = ?2";
        Question::each(sql, sets, move |r| {
            accounts.entry((r.get(0)?, r.get(1)?)).or_default().insert(r.get(2)?, r.get(3)?);
            Ok(())
        })
    }

    /// Takes a slot for an attempt that passed all guards, and says which number it comes from.
    pub(super) fn take(&mut self, tx: &dyn Tx, before: Before, draft: &AttemptDraft<'_>) -> TxResult<Taken> {
        let line = self.line(before, draft);
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

    /// The pace as this draft meets it.
    fn line(&self, Before { kept, refused }: Before, draft: &AttemptDraft<'_>) -> Line {
        let known = self.accounts.get(&account(draft)).filter(|_| draft.to.kind == RungKind::Call);
        let free_at = |number: &str| known.and_then(|free_at| free_at.get(number).copied());
        let senders = draft.senders.iter().map(|sender| free_at(sender.expose())).collect();
        Line { account: free_at(""), senders, kept, refused }
    }

    fn keep(&mut self, tx: &dyn Tx, draft: &AttemptDraft<'_>, number: &str, free_at: Timestamp) -> TxResult<()> {
        let sql = "insert into pace(provider, account, from_number, free_at) select ?1, ?2, ?3, ?4 from {each} \
             where true on conflict(provider, account, from_number) do update set free_at = excluded.free_at";
        tx.run_later(sql, &[set![&draft.provider, &draft.account, number, &free_at]], None)?;
        self.accounts.entry(account(draft)).or_default().insert(number.to_owned(), free_at);
        Ok(())
    }
}

fn account(draft: &AttemptDraft<'_>) -> Account {
    (draft.provider, draft.account.clone())
}

/// What an attempt is for; a test call is for nothing, and a text that explains an answer for an incident alone.
pub(super) type For = (Option<StepId>, Option<IncidentId>);

/// Takes a slot for a single attempt.
pub(super) fn take(tx: &dyn Tx, what: For, draft: &AttemptDraft<'_>) -> TxResult<Taken> {
    let (mut lines, mut before) = (Lines::default(), [Before::default()]);
    tx.ask_all(vec![lines.ask(iter::once(draft)), ask_before(&[(what, draft)], &mut before)])?;
    let [before] = before;
    lines.take(tx, before, draft)
}

/// Asks what these steps and their incidents had before.
pub(super) fn ask_before<'q>(asked: &'q [(For, &'q AttemptDraft<'q>)], before: &'q mut [Before]) -> Question<'q> {
    let pooled: Vec<usize> = (0..asked.len()).filter(|place| asked[*place].1.senders.len() > 1).collect();
    let set = |place: &usize| {
        let ((step, incident), draft) = &asked[*place];
        set![step, incident, &draft.provider, &draft.account]
    };
    let sets = pooled.iter().map(set).collect();
    let sql = "select {place}, a.from_number, 1 from {each}, attempt_steps x join attempts a on a.id = x.attempt_id \
         where x.step_id = ?1 and a.state = 'REJECTED' and a.error_class in ('ours','callee') and a.provider = ?3 \
           and a.account = ?4 \
       union all select {place}, (select a.from_number from attempt_steps x join attempts a on a.id = x.attempt_id \
           where x.incident_id = ?2 and a.kind in ('call','sms') and a.provider = ?3 and a.account = ?4 \
           order by a.id desc limit 1), 0 from {each}";
    Question::each(sql, sets, move |r| {
        let place = usize::try_from(r.get::<i64>(0)?).ok().and_then(|place| pooled.get(place).copied());
        let (Some(place), Some(from)) = (place, r.get::<Option<Address>>(1)?) else { return Ok(()) };
        let sender = asked[place].1.senders.iter().position(|sender| *sender == from);
        if r.get(2)? {
            before[place].refused.extend(sender);
        } else {
            before[place].kept = sender;
        }
        Ok(())
    })
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
    let mut lines = Lines::default();
    let pace = lines.ask(iter::once(&first.draft));
    for (place, candidate) in candidates::pending(tx, &asked, now, vec![pace])? {
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
        unschedulable(&lines.line(Before::default(), &first.draft), &waiting).into_iter().collect();
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

/// Cancels those of these calls that the provider took but would dial only when all their meetings have started: they are
/// put into `cancelled`.
pub(super) fn cancel_late<'q>(
    dialled_at: &'q [(AttemptId, Timestamp)],
    now: &'q Timestamp,
    cancelled: &'q mut Vec<AttemptId>,
) -> Question<'q> {
    let sql = "update attempts set hang_up = 'WANTED', hang_up_how = 'canceled', next_look_at = ?3 from {each} \
             where id = ?1 and hang_up = 'NONE' and kind = 'call' and call_status = 'queued' \
               and exists (select 1 from attempt_steps x where x.attempt_id = ?1) \
               and not exists (select 1 from attempt_steps x join steps s on s.id = x.step_id \
                 where x.attempt_id = ?1 and s.deadline_at > ?2) returning id";
    let sets = dialled_at.iter().map(|(id, dialled_at)| set![id, dialled_at, now]).collect();
    Question::each(sql, sets, |r| {
        cancelled.push(r.get(0)?);
        Ok(())
    })
}
