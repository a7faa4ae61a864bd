//! Reconciliation: attempts without an answer are looked up in the provider's list.
//!
//! One list serves all doubtful attempts to a number. Workers ask for the lists of all numbers at once. A due step to
//! one of these numbers waits for its list, for at most [`super::time::FOLLOW_FIRST`]; due steps to other numbers do
//! not. When every list has come, attempts that no longer matter are given up.

use super::context::Context;
use super::due::BATCH;
use super::faults::Service;
use super::lookups::{ListKey, ListLookup, ListState, Listed, LookupResult};
use super::part::{Part, each};
use super::recipient;
use super::world::World;
use crate::model::{ListedCall, RungKind, Target, tag};
use crate::rules::after;
use crate::rules::reconcile::{self, Search};
use crate::rules::settle::{self, LookupStatus, Moment, OwnerSeen};
use crate::store::{AfterFacts, Doubtful, Later, OpenAttempt, ReconcileRules, Result, StoreError};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The part that looks up attempts without an answer.
#[derive(Default)]
pub(super) struct Reconciliation {
    /// Whether the list of each target could be read.
    asked: HashMap<Target, LookupStatus>,
}

impl Part for Reconciliation {
    fn begin(&mut self, cx: &mut Context<'_>) -> Result<()> {
        self.look_for_doubtful(cx, |_| true)
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<()> {
        let lists = cx.lookups.lists(&mut cx.workers);
        each(lists, |(list, result)| self.listed(cx, list, result))
    }
}

impl Reconciliation {
    /// Queues the lists that doubtful attempts are to be looked up in.
    pub(super) fn look_for_doubtful(&mut self, cx: &mut Context<'_>, which: impl Fn(&Doubtful) -> bool) -> Result<()> {
        let watched_since = cx.time.now().minus(reconcile::WATCHED);
        let mut lists: BTreeMap<ListKey, Vec<Doubtful>> = BTreeMap::new();
        for d in cx.world.store.doubtful(watched_since)?.into_iter().filter(which) {
            let (account, to, from) = (d.account.clone(), d.to.clone(), vec![d.from.clone()]);
            lists.entry(ListKey { provider: d.provider, account, to, from }).or_default().push(d);
        }
        let mut nobody_to_ask = false;
        for (key, doubtful) in lists {
            let provider = cx.world.providers.for_attempt(key.to.kind, key.provider, &key.account);
            let (settles, to) = (may_settle(&doubtful), key.to.clone());
            let asks = provider.is_some_and(|p| p.keeps_a_list());
            if !asks || !cx.lookups.ask_for(cx.world, ListLookup { key, doubtful }) {
                if settles {
                    self.asked.insert(to, LookupStatus::Unreadable);
                }
                nobody_to_ask = true;
            }
        }
        if nobody_to_ask { self.give_up(cx) } else { Ok(()) }
    }

    /// Gives up attempts that no longer matter, and reads the due steps anew, since a number may be free now.
    fn give_up(&self, cx: &mut Context<'_>) -> Result<()> {
        let due = cx.world.store.due_steps(cx.time.now(), BATCH)?;
        let due = due.iter().filter_map(|claim| recipient::target(&cx.world.config, claim)).collect();
        settle(cx, &self.asked, &due)?;
        cx.due.changed();
        Ok(())
    }

    /// A list came, or could not be read.
    fn listed(&mut self, cx: &mut Context<'_>, lookup: ListLookup, result: LookupResult<Listed>) -> Result<()> {
        let ListLookup { key, doubtful } = lookup;
        let to = key.to.clone();
        let asked = match result {
            Ok(listed) => {
                cx.note_skew(listed.list.skew_ms);
                doubtful.iter().try_for_each(|attempt| look_up(cx, attempt, &listed))?;
                cx.lookups.known.insert(key, ListState::Read(listed.list));
                LookupStatus::Read
            }
            Err(error) => {
                cx.lookups.known.insert(key, ListState::Unreadable);
                log::warn!("[CALL] the provider's list of {}s to {to} cannot be read: {error}", to.kind);
                cx.summary.call_errors += u32::from(!doubtful.is_empty());
                LookupStatus::Unreadable
            }
        };
        if may_settle(&doubtful) {
            self.asked.insert(to, asked);
        }
        if doubtful.is_empty() { Ok(()) } else { self.give_up(cx) }
    }
}

/// Ends open attempts as time passes. Gives up those whose list was `asked` for and that no longer matter: their
/// meeting has started, or a step to their target is `due`.
pub(super) fn settle(cx: &mut Context<'_>, asked: &HashMap<Target, LookupStatus>, due: &HashSet<Target>) -> Result<()> {
    let World { config, store, clock, me, .. } = cx.world;
    let moment = Moment {
        now: clock.now(),
        boottime_ms: clock.boottime_ms(),
        settle: config.engine.settle,
        on_unknown: config.engine.on_unknown,
    };
    let files = store.armed_files();
    let rule = |a: &OpenAttempt| {
        // A rung of another person with the same phone counts too.
        let next_rung_due = if due.contains(&a.to) { Some(moment.now) } else { a.next_rung_due };
        let attempt = OpenAttempt { next_rung_due, ..a.clone() };
        let asked = asked.get(&a.to).copied().unwrap_or(LookupStatus::NotYet);
        let proof = a.armed.as_ref().zip(files.as_deref());
        let never_began = proof.is_some_and(|(mark, beside)| a.owner.never_began(mark, &a.token, beside, me));
        let owner = OwnerSeen { same_boot: a.owner.same_boot(me), alive: a.owner.is_alive(me), never_began };
        settle::settle(&attempt, owner, asked, &moment)
    };
    cx.summary.results.extend(store.settle(moment.now, &rule)?);
    Ok(())
}

/// Compares an attempt with a list.
fn look_up(cx: &mut Context<'_>, d: &Doubtful, listed: &Listed) -> Result<()> {
    let World { config, store, clock, me, .. } = cx.world;
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
        reconcile::find(&Search { later, ..search }, unknown)
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
    cx.due.try_again(&Service::to(d.provider, &d.to), recorded.again_at);
    cx.recorded(recorded);
    Ok(())
}

/// Is one of them open? A target has one open attempt, from one of our numbers. The list of another of our numbers
/// settles nothing for it.
fn may_settle(doubtful: &[Doubtful]) -> bool {
    doubtful.iter().any(|d| d.state.is_open())
}
