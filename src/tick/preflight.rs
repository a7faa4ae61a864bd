//! Preflight: before a target is tried, the provider is asked what it has for it already.
//!
//! A database that was restored, or a standby that took over without the last transactions, does not know the calls that were
//! made since. Such a call is adopted instead of placed again.
//!
//! A due step waits for the list of its target, however many others wait for theirs: after a failover hundreds of phones may
//! have rung that nobody remembers. It does not wait for a provider whose lists do not come: once none has been read for
//! [`FOLLOW_FIRST`] although some are being asked for, calls go out without; nor for one that cannot be read, nor in the last
//! seconds before the step is too late, or before this tick claims nothing more if the next may be too late for it. A look that
//! fails never stops a first call.
//!
//! Only so many lists are asked for at once as there are workers for questions, in the order of the due steps.

use super::aim::{self, Words};
use super::calls::draft;
use super::line::slot_of;
use super::reconcile::ListKey;
use super::{FOLLOW_FIRST, Run};
use crate::model::{CallList, ListedCall, MeetingWords, Target, Timestamp};
use crate::rules::reconcile;
use crate::store::{Claim, Finding, StoreError};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// So long before its deadline a step waits for no list any more.
const LAST_MOMENT: Duration = Duration::from_secs(15);

/// The next tick has begun by then: schedulers start one every minute at least.
const NEXT_TICK: Duration = Duration::from_secs(60);

/// The lists of this tick.
#[derive(Debug, Default)]
pub(super) struct Preflight {
    lists: HashMap<ListKey, CallList>,
    unreadable: HashSet<ListKey>,
    /// Asked for by due steps, and not there yet.
    awaited: HashSet<ListKey>,
    /// Asked for anyway, because of attempts that nobody has an answer for. There may be hundreds of them: due steps to other
    /// targets do not wait behind these.
    doubtful: HashSet<ListKey>,
    /// When the tick last saw that lists come: one did, or the first of several was asked for. How long the tick had run.
    came_at: Duration,
    /// They did not come, and this tick waits for none any more.
    given_up: bool,
}

impl Preflight {
    /// A list is being asked for because of doubtful attempts.
    pub(super) fn asked_anyway(&mut self, list: ListKey) {
        self.doubtful.insert(list);
    }

    /// A list is being asked for, for a due step.
    fn asked(&mut self, list: ListKey, at: Duration) {
        if self.awaited.is_empty() {
            self.came_at = at;
        }
        self.awaited.insert(list);
    }

    /// It is there.
    pub(super) fn read(&mut self, key: ListKey, list: CallList, at: Duration) {
        if self.awaited.remove(&key) {
            self.came_at = at;
        }
        self.lists.insert(key, list);
    }

    /// It will not come.
    pub(super) fn unreadable(&mut self, key: &ListKey) {
        self.awaited.remove(key);
        self.unreadable.insert(key.clone());
    }

    fn is_settled(&self, key: &ListKey) -> bool {
        self.lists.contains_key(key) || self.unreadable.contains(key)
    }

    /// How long the tick will have run when lists are waited for no longer, unless one comes.
    pub(super) fn given_up_at(&self) -> Option<Duration> {
        let waits = !self.given_up && !self.awaited.is_empty();
        waits.then(|| self.came_at.saturating_add(FOLLOW_FIRST))
    }

    /// Takes notice of the time, when everything has been heard that came until then.
    pub(super) fn take_notice(&mut self, at: Duration) {
        self.given_up |= self.given_up_at().is_some_and(|over| over <= at);
    }
}

impl Run<'_> {
    /// Must the claim wait until the provider's list for its target has been read? Asks for it if need be.
    pub(super) fn preflight(&mut self, target: &Target, claim: &Claim) -> bool {
        let Some(list) = self.preflight_list(target).filter(|list| !self.preflight.is_settled(list)) else {
            return false;
        };
        // One that is asked for anyway is waited for as every question about the target is, for a while.
        if self.preflight.given_up || self.preflight.doubtful.contains(&list) || self.is_last_moment(claim) {
            return false;
        }
        if self.preflight.awaited.contains(&list) {
            return true;
        }
        // The others have their turn when these are in.
        if self.preflight.awaited.len() >= self.world.config.engine.parallel {
            return true;
        }
        let asked = self.ask_for(list.clone(), Vec::new());
        if asked {
            self.preflight.asked(list, self.elapsed());
        }
        asked
    }

    /// Would the step be too late if it waited any longer: by its deadline, or because this tick soon claims nothing more and
    /// the next one may come after it?
    fn is_last_moment(&self, claim: &Claim) -> bool {
        let (now, needed) = (self.world.clock.now(), self.world.config.engine.needed());
        let claims_for = self.limit().saturating_sub(needed);
        let claims_left = claims_for.saturating_sub(self.elapsed());
        let margin = LAST_MOMENT.min(claims_for / 2);
        let by_deadline = now.plus(LAST_MOMENT) >= claim.deadline_at;
        let next_may_be_late = now.plus(claims_left).plus(NEXT_TICK).plus(LAST_MOMENT) >= claim.deadline_at;
        by_deadline || (next_may_be_late && claims_left <= margin)
    }

    /// The list that is looked at before this target is tried; `None` when that is not wanted or there is none.
    fn preflight_list(&self, target: &Target) -> Option<ListKey> {
        let provider = self.world.providers.of(target.kind)?;
        let wanted = self.world.config.engine.preflight && provider.keeps_a_list();
        let (account, from) = (provider.account().to_owned(), provider.senders());
        wanted.then(|| ListKey { provider: provider.kind(), account, to: target.clone(), from })
    }

    /// Adopts a call that another life of this database placed for the step. `true`: the claim is spent.
    pub(super) fn adopt(&mut self, claim: &Claim) -> Result<bool, StoreError> {
        let world = self.world;
        let Some(person) = world.config.person(&claim.person) else { return Ok(false) };
        let Some(recipient) = aim::recipient(world, claim, person) else { return Ok(false) };
        let list = self.preflight_list(&recipient.to).and_then(|key| self.preflight.lists.get(&key));
        let Some(list) = list.filter(|list| !list.calls.is_empty()) else { return Ok(false) };
        let now = world.clock.now();
        let words = Words::of(&world.config, claim, person, now);
        let say = |meetings: &[MeetingWords]| words.say(meetings);
        // What is there already takes no turn.
        let slot = slot_of(None, &person.id, now);
        let draft = draft(world, &recipient, now, &say, &slot, &|_| String::new());
        let find = |unknown: &[ListedCall]| {
            reconcile::placed_before(unknown, claim.due_at, self.last_tick_at).map_or(Finding::Nothing, Finding::Adopt)
        };
        let results = world.store.adopt(claim, &draft, &in_our_time(list), now, &find)?;
        if let Some(id) = results.first().and_then(|r| r.call_id.as_deref()) {
            log::warn!("[CALL] call {id} was placed before this database was restored; it is not placed again");
        }
        let spent = !results.is_empty();
        for result in results {
            self.summary.add(result);
        }
        Ok(spent)
    }
}

/// The calls of a list, their times brought to our clock.
fn in_our_time(list: &CallList) -> Vec<ListedCall> {
    let skew = list.skew_ms.unwrap_or(0);
    let ours = |call: &ListedCall| Timestamp::from_ms(call.created_at.ms().saturating_sub(skew));
    list.calls.iter().map(|call| ListedCall { created_at: ours(call), ..call.clone() }).collect()
}
