//! Reconciliation: what nobody has an answer for is looked up in the provider's list.
//!
//! One list serves all doubtful attempts to a number. It is asked for by a worker, for all numbers at once; a due step to
//! one of them waits for it (at most [`super::FOLLOW_FIRST`]), due calls to other numbers do not. When every list is in,
//! attempts that stopped to matter are given up.

use super::aim;
use super::faults::Service;
use super::looks::{About, Listed, Look, Question, Sight, Whom};
use super::{Run, World};
use crate::model::{Address, ListedCall, ProviderKind, RungKind, Target, tag};
use crate::rules::after;
use crate::rules::reconcile::{self, Found, Search};
use crate::rules::settle::{self, Asked, Moment};
use crate::store::{AfterFacts, Doubtful, Finding, Later, OpenAttempt, ReconcileRules, StoreError};
use std::collections::{BTreeMap, HashSet};

/// The same provider, account, target and senders: one list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ListKey {
    pub(super) provider: ProviderKind,
    pub(super) account: String,
    pub(super) to: Target,
    pub(super) from: Vec<Address>,
}

impl Run<'_> {
    /// Lets time pass over open attempts. With `give_up`, those whose list is in (or cannot be read) and that stopped to
    /// matter are given up.
    pub(super) fn settle(&mut self, give_up: bool) -> Result<(), StoreError> {
        let World { config, store, clock, me, .. } = self.world;
        let moment = Moment {
            now: clock.now(),
            boottime_ms: clock.boottime_ms(),
            settle: config.engine.settle,
            on_unknown: config.engine.on_unknown,
        };
        let due = if give_up { self.targets_due()? } else { HashSet::new() };
        let asked = |to: &Target| self.asked.get(to).copied().filter(|_| give_up).unwrap_or(Asked::NotYet);
        let rule = |a: &OpenAttempt| {
            // A rung of another person with the same phone counts too.
            let next_rung_due = if due.contains(&a.to) { Some(moment.now) } else { a.next_rung_due };
            let attempt = OpenAttempt { next_rung_due, ..a.clone() };
            settle::settle(&attempt, a.owner.same_boot(me), a.owner.is_alive(me), asked(&a.to), &moment)
        };
        for result in store.settle(moment.now, &rule)? {
            self.summary.add(result);
        }
        Ok(())
    }

    /// Targets with a step that is due.
    fn targets_due(&self) -> Result<HashSet<Target>, StoreError> {
        let due = self.world.store.due_steps(self.world.clock.now(), super::BATCH)?;
        Ok(due.iter().filter_map(|claim| aim::target(&self.world.config, claim)).collect())
    }

    /// Queues the lists that doubtful attempts are to be looked up in.
    pub(super) fn look_for_doubtful(&mut self, which: impl Fn(&Doubtful) -> bool) -> Result<(), StoreError> {
        let watched_since = self.world.clock.now().minus(reconcile::WATCHED);
        let mut lists: BTreeMap<ListKey, Vec<Doubtful>> = BTreeMap::new();
        for d in self.world.store.doubtful(watched_since)?.into_iter().filter(which) {
            let (account, to, from) = (d.account.clone(), d.to.clone(), vec![d.from.clone()]);
            lists.entry(ListKey { provider: d.provider, account, to, from }).or_default().push(d);
        }
        let mut nobody_to_ask = false;
        for (list, doubtful) in lists {
            let provider = self.world.providers.for_attempt(list.to.kind, list.provider, &list.account);
            let settles = may_settle(&doubtful);
            if !provider.is_some_and(|p| p.keeps_a_list()) || !self.ask_for(list.clone(), doubtful) {
                if settles {
                    self.asked.insert(list.to, Asked::Unreadable);
                }
                nobody_to_ask = true;
            }
        }
        if nobody_to_ask { self.give_up() } else { Ok(()) }
    }

    pub(super) fn ask_for(&mut self, list: ListKey, doubtful: Vec<Doubtful>) -> bool {
        let question = Question::List { to: list.to.clone(), from: list.from.clone() };
        let (kind, provider, account) = (list.to.kind, list.provider, list.account.clone());
        // What preflight waits for is its own matter.
        let first = !doubtful.is_empty();
        let look = Look { question, about: About::Target { list: list.clone(), doubtful }, first };
        let asked = self.ask(look, &Whom { kind, provider, account: &account });
        if asked && first {
            self.preflight.asked_anyway(list);
        }
        asked
    }

    /// Gives up what stopped to matter, and reads the due steps anew: a number may be free.
    fn give_up(&mut self) -> Result<(), StoreError> {
        self.settle(true)?;
        self.due.clear();
        Ok(())
    }

    /// A list is in, or could not be read.
    pub(super) fn listed(&mut self, key: ListKey, doubtful: &[Doubtful], sight: Sight) -> Result<(), StoreError> {
        let to = key.to.clone();
        let asked = match sight {
            Sight::List(listed) => {
                self.note_skew(listed.list.skew_ms);
                for attempt in doubtful {
                    self.look_up(attempt, &listed)?;
                }
                self.preflight.read(key, listed.list, self.elapsed());
                Asked::Read
            }
            Sight::Failed(error) => {
                self.preflight.unreadable(&key);
                log::warn!("[CALL] the provider's list of {}s to {to} cannot be read: {error}", to.kind);
                self.summary.call_errors += u32::from(!doubtful.is_empty());
                Asked::Unreadable
            }
            Sight::Report(_) => return Ok(()),
        };
        if doubtful.is_empty() {
            return Ok(());
        }
        if may_settle(doubtful) {
            self.asked.insert(to, asked);
        }
        self.give_up()
    }

    fn look_up(&mut self, d: &Doubtful, listed: &Listed) -> Result<(), StoreError> {
        let World { config, store, clock, me, .. } = self.world;
        let now = clock.now();
        let tag = (d.to.kind == RungKind::Sms).then(|| tag(&d.key));
        let search = Search {
            tag: tag.as_deref(),
            state: d.state,
            same_boot: d.owner.same_boot(me),
            server: d.server,
            intent: (d.intent_at, d.intent_boot_ms),
            deadline: (d.request_deadline_at, d.deadline_boot_ms),
            asked: listed.asked,
            answered_boot_ms: listed.answered_boot_ms,
            server_now: listed.list.server_now,
            settle: config.engine.settle,
            later: None,
        };
        let find = |unknown: &[ListedCall], later: Option<&Later>| {
            let later = later.map(|l| reconcile::Written {
                same_boot: l.owner.same_boot(me),
                intent: (l.intent_at, l.intent_boot_ms),
                server: l.server,
            });
            match reconcile::find(&Search { later, ..search }, unknown) {
                Found::Call(index) => Finding::Adopt(index),
                Found::Absent => Finding::Absent,
                Found::NotYet => Finding::Nothing,
            }
        };
        let rules = ReconcileRules {
            find: &find,
            adopted: &|facts: &AfterFacts| after::adopted(facts),
            absent: &|facts: &AfterFacts| after::absent(facts, now),
        };
        let recorded = match store.reconcile(d.attempt, &listed.list.calls, now, &rules) {
            // One attempt that cannot be reconciled must not stop the others.
            Err(error @ StoreError::Statement { .. }) => {
                log::error!("[CALL] attempt {} cannot be reconciled: {error}", d.attempt);
                return Ok(());
            }
            other => other?,
        };
        if recorded.state != d.state {
            log::info!("[CALL] attempt {} was {}, the provider's list says {}", d.attempt, d.state, recorded.state);
        }
        self.again_at.extend(recorded.again_at.map(|at| (Service::of(d.provider, d.to.kind), at)));
        self.tell_recorded(recorded);
        Ok(())
    }
}

/// Is one of them open? A target has one open attempt, from one of our numbers: what a list of another number says, or
/// that it cannot be read, does not settle that one.
fn may_settle(doubtful: &[Doubtful]) -> bool {
    doubtful.iter().any(|d| d.state.is_open())
}
