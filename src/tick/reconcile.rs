//! Reconciliation: what nobody has an answer for is looked up in the provider's list.
//!
//! One list serves all doubtful attempts to a number. It is asked for by a worker, for all numbers at once; a due step to
//! one of them waits for it (at most [`super::FOLLOW_FIRST`]), due calls to other numbers do not. When every list is in,
//! attempts that stopped to matter are given up.

use super::calls::{Target, draft};
use super::looks::{About, Listed, Look, Question, Sight, Whom};
use super::{Run, World};
use crate::model::{MeetingWords, Phone, ProviderKind, RungKind};
use crate::rules::after;
use crate::rules::reconcile::{self, Found, Search};
use crate::rules::settle::{self, Moment};
use crate::store::{AfterFacts, Claim, Doubtful, Finding, OpenAttempt, ReconcileRules, StoreError};
use std::collections::{BTreeMap, HashSet};

/// The same provider, account, number and from number: one list.
type ListKey = (ProviderKind, String, Phone, Phone);

impl Run<'_> {
    /// Lets time pass over open attempts. Only when the provider was `asked` may one be given up.
    pub(super) fn settle(&mut self, asked: bool) -> Result<(), StoreError> {
        let World { config, store, clock, me, .. } = self.world;
        let moment = Moment {
            now: clock.now(),
            boottime_ms: clock.boottime_ms(),
            settle: config.engine.settle,
            asked,
            on_unknown: config.engine.on_unknown,
        };
        let due = self.numbers_due(asked)?;
        let rule = |a: &OpenAttempt| {
            // A rung of another person with the same phone counts too.
            let next_rung_due = if due.contains(&a.to) { Some(moment.now) } else { a.next_rung_due };
            let attempt = OpenAttempt { next_rung_due, ..a.clone() };
            settle::settle(&attempt, a.owner.same_boot(me), a.owner.is_alive(me), &moment)
        };
        for result in store.settle(moment.now, &rule)? {
            self.summary.add(result);
        }
        Ok(())
    }

    /// Numbers with a call step that is due; read only when an attempt may be given up for one.
    fn numbers_due(&self, asked: bool) -> Result<HashSet<Phone>, StoreError> {
        if !asked || !self.has_doubtful {
            return Ok(HashSet::new());
        }
        let due = self.world.store.due_steps(self.world.clock.now(), super::BATCH)?;
        let calls = due.iter().filter(|claim| claim.kind == RungKind::Call);
        let phones = calls.filter_map(|claim| self.world.config.person(&claim.person).map(|p| p.phone.clone()));
        Ok(phones.collect())
    }

    /// Queues the lists that doubtful attempts are to be looked up in.
    pub(super) fn look_for_doubtful(&mut self, which: impl Fn(&Doubtful) -> bool) -> Result<(), StoreError> {
        let watched_since = self.world.clock.now().minus(reconcile::WATCHED);
        let mut lists: BTreeMap<ListKey, Vec<Doubtful>> = BTreeMap::new();
        for d in self.world.store.doubtful(watched_since)?.into_iter().filter(which) {
            self.has_doubtful = true;
            let key = (d.provider, d.account.clone(), d.to.clone(), d.from.clone());
            lists.entry(key).or_default().push(d);
        }
        for ((kind, account, to, from), doubtful) in lists {
            let provider = self.world.providers.for_call(kind, &account);
            if !provider.is_some_and(|p| p.keeps_a_list()) {
                continue;
            }
            let look = Look {
                question: Question::List { to: to.clone(), from },
                about: About::Number { to, doubtful },
                first: true,
            };
            if self.ask(look, &Whom { kind, account: &account }) {
                self.lists_awaited += 1;
            }
        }
        Ok(())
    }

    /// Once every list is in (or its time over), attempts that stopped to matter are given up.
    pub(super) fn give_up_once_asked(&mut self) -> Result<(), StoreError> {
        if self.gave_up || self.lists_awaited > 0 {
            return Ok(());
        }
        self.gave_up = true;
        self.settle(true)?;
        self.due.clear();
        Ok(())
    }

    /// A list is in, or could not be read.
    pub(super) fn listed(&mut self, to: &Phone, doubtful: &[Doubtful], sight: Sight) -> Result<(), StoreError> {
        if !doubtful.is_empty() {
            self.lists_awaited = self.lists_awaited.saturating_sub(1);
        }
        match sight {
            Sight::List(listed) => {
                self.note_skew(listed.list.skew_ms);
                for attempt in doubtful {
                    self.look_up(attempt, &listed)?;
                }
                self.lists.insert(to.clone(), listed.list);
            }
            Sight::Failed(error) => {
                log::warn!("[CALL] the provider's list of calls to {to} cannot be read: {error}");
                self.summary.call_errors += u32::from(!doubtful.is_empty());
            }
            Sight::Report(_) => {}
        }
        Ok(())
    }

    fn look_up(&mut self, d: &Doubtful, listed: &Listed) -> Result<(), StoreError> {
        let World { config, store, clock, me, .. } = self.world;
        let now = clock.now();
        let search = Search {
            state: d.state,
            same_boot: d.owner.same_boot(me),
            intent: (d.intent_at, d.intent_boot_ms),
            deadline: (d.request_deadline_at, d.deadline_boot_ms),
            asked: listed.asked,
            answered_boot_ms: listed.answered_boot_ms,
            server_now: listed.list.server_now,
            settle: config.engine.settle,
        };
        let rules = ReconcileRules {
            find: &|unknown| match reconcile::find(&search, unknown) {
                Found::Call(index) => Finding::Adopt(index),
                Found::Absent => Finding::Absent,
                Found::NotYet => Finding::Nothing,
            },
            adopted: &|facts: &AfterFacts| after::adopted(facts),
            absent: &|facts: &AfterFacts| after::absent(facts, now),
        };
        let recorded = store.reconcile(d.attempt, &listed.list.calls, now, &rules)?;
        if recorded.state != d.state {
            log::info!("[CALL] attempt {} was {}, the provider's list says {}", d.attempt, d.state, recorded.state);
        }
        self.again_at.extend(recorded.again_at);
        self.tell_recorded(recorded);
        Ok(())
    }

    /// Queues a look at the provider's list before the first call to a number. `true`: the claim is to wait for it.
    pub(super) fn preflight(&mut self, number: &Phone) -> bool {
        let provider = self.world.providers.current();
        let wanted = self.world.config.engine.preflight && provider.keeps_a_list();
        if !wanted || !self.preflighted.insert(number.clone()) || self.follow_first_is_over() {
            return false;
        }
        if self.looked_at_first.contains_key(number) {
            return true;
        }
        let question = Question::List { to: number.clone(), from: provider.calls_from().clone() };
        let look = Look { question, about: About::Number { to: number.clone(), doubtful: Vec::new() }, first: true };
        self.ask(look, &Whom { kind: provider.kind(), account: provider.account() })
    }

    /// Adopts a call that another life of this database placed for the step. `true`: the claim is spent.
    pub(super) fn adopt(&mut self, claim: &Claim) -> Result<bool, StoreError> {
        let world = self.world;
        let Some(person) = world.config.person(&claim.person) else { return Ok(false) };
        let Some(list) = self.lists.get(&person.phone).filter(|list| !list.calls.is_empty()) else { return Ok(false) };
        let now = world.clock.now();
        let say = |meetings: &[MeetingWords]| person.message.render(&person.name, &person.zone, meetings, now);
        let draft = draft(world, &Target::of(person), now, &say);
        let find = |unknown: &[crate::model::ListedCall]| {
            reconcile::placed_before(unknown, claim.due_at, self.last_tick_at, list.skew_ms)
                .map_or(Finding::Nothing, Finding::Adopt)
        };
        let Some(result) = world.store.adopt(claim, &draft, &list.calls, now, &find)? else { return Ok(false) };
        let id = result.call_id.as_deref().unwrap_or_default();
        log::warn!("[CALL] call {id} was placed before this database was restored; it is not placed again");
        self.summary.add(result);
        Ok(true)
    }
}
