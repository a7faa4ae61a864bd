//! Preflight: before a target is tried, the provider is asked which calls to it exist already.
//!
//! A database that was restored, or a standby that took over without the last transactions, does not know the calls that were
//! made since. Such a call is adopted instead of placed again.
//!
//! A due step waits for the list of its target, even when hundreds of others wait for theirs: after a failover, as many
//! phones may have rung that no database knows of. It stops waiting when
//!
//! - the list cannot be read,
//! - no list has come for [`FOLLOW_FIRST`] while some are being asked for,
//! - it would soon be too late, by its deadline or because this tick soon claims nothing more.
//!
//! A look that fails never stops a first call.
//!
//! At most as many lists are asked for at once as there are workers for questions, in the order of the due steps.

use super::attempt::draft;
use super::call_queue::slot_of;
use super::context::Context;
use super::lookups::{ListKey, ListLookup, ListState};
use super::part::Part;
use super::recipient::{self, Words};
use super::time::FOLLOW_FIRST;
use super::world::World;
use crate::model::{CallList, ListedCall, MeetingWords, Target, Timestamp};
use crate::rules::reconcile;
use crate::store::{Claim, Finding, StoreError};
use std::collections::HashSet;
use std::time::Duration;

/// This long before its deadline a step stops waiting for its list.
const LAST_MOMENT: Duration = Duration::from_secs(15);

/// The next tick has begun by then: schedulers start one every minute at least.
const NEXT_TICK: Duration = Duration::from_secs(60);

/// Lists that due steps wait for.
#[derive(Default)]
pub(super) struct Preflight {
    /// When the newest completed tick of this database ended.
    last_tick_at: Option<Timestamp>,
    /// The lists that due steps asked for and that have not come yet.
    awaited: HashSet<ListKey>,
    /// How long the tick had run when a list last came, or when the first of several was asked for.
    came_at: Duration,
    /// No lists came: this tick waits for none any more.
    given_up: bool,
}

impl Part for Preflight {
    /// Must the claim wait until the provider's list for its target has been read? Asks for it if need be.
    fn holds(&mut self, claim: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        let Some(key) = list_of(cx.world, target) else { return false };
        // `Following` holds steps whose list doubtful attempts need, as for every question about a target. There may be
        // hundreds of those: due steps to other targets do not wait behind them.
        let waits = matches!(cx.lookups.known.get(&key), None | Some(ListState::Asked { doubtful: false }));
        if !waits || self.given_up || is_last_moment(claim, cx) {
            return false;
        }
        // The other lists are asked for when these have come.
        if self.awaited.contains(&key) || self.awaited.len() >= cx.world.config.engine.parallel {
            return true;
        }
        let asked = cx.lookups.ask_for(cx.world, ListLookup { key: key.clone(), doubtful: Vec::new() });
        if asked {
            cx.lookups.start(cx.world, &cx.time, &mut cx.workers);
            if self.awaited.is_empty() {
                self.came_at = cx.time.elapsed();
            }
            self.awaited.insert(key);
        }
        asked
    }

    /// Adopts a call that was placed for the step before this database was restored.
    fn adopts(&mut self, claim: &Claim, cx: &mut Context<'_>) -> Result<bool, StoreError> {
        let world = cx.world;
        let Some(person) = world.config.person(&claim.person) else { return Ok(false) };
        let Some(recipient) = recipient::recipient(world, claim, person) else { return Ok(false) };
        let list = list_of(world, &recipient.to).and_then(|key| cx.lookups.known.get(&key));
        let Some(ListState::Read(list)) = list else { return Ok(false) };
        if list.calls.is_empty() {
            return Ok(false);
        }
        let now = cx.time.now();
        let words = Words::of(&world.config, claim, person, now);
        let say = |meetings: &[MeetingWords]| words.say(meetings);
        // A call that exists takes no turn.
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
        cx.summary.results.extend(results);
        Ok(spent)
    }

    /// Notes which lists came, and whether waiting for them is over.
    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let state = |key: &ListKey| cx.lookups.known.get(key);
        if self.awaited.iter().any(|key| matches!(state(key), Some(ListState::Read(_)))) {
            self.came_at = cx.time.elapsed();
        }
        self.awaited.retain(|key| matches!(state(key), Some(ListState::Asked { .. })));
        self.given_up |= self.given_up_at().is_some_and(|at| at <= cx.time.elapsed());
        Ok(())
    }

    fn wakes_in(&self, cx: &Context<'_>) -> Option<Duration> {
        let given_up_at = self.given_up_at().filter(|_| cx.lookups.under_way() > 0);
        given_up_at.map(|at| at.saturating_sub(cx.time.elapsed()))
    }
}

impl Preflight {
    pub(super) fn new(last_tick_at: Option<Timestamp>) -> Self {
        Self { last_tick_at, ..Self::default() }
    }

    /// The tick stops waiting for lists when it has run this long, unless one comes before.
    fn given_up_at(&self) -> Option<Duration> {
        let waits = !self.given_up && !self.awaited.is_empty();
        waits.then(|| self.came_at.saturating_add(FOLLOW_FIRST))
    }
}

/// Would the step be too late if it waited any longer: by its deadline, or because this tick soon claims nothing more and
/// the next one may come after it?
fn is_last_moment(claim: &Claim, cx: &Context<'_>) -> bool {
    let now = cx.time.now();
    let claims_for = cx.time.limit.saturating_sub(cx.time.needed);
    let claims_left = claims_for.saturating_sub(cx.time.elapsed());
    let margin = LAST_MOMENT.min(claims_for / 2);
    let by_deadline = now.plus(LAST_MOMENT) >= claim.deadline_at;
    let next_may_be_late = now.plus(claims_left).plus(NEXT_TICK).plus(LAST_MOMENT) >= claim.deadline_at;
    by_deadline || (next_may_be_late && claims_left <= margin)
}

/// The list to read before this target is tried; `None`: preflight is off, or there is no list.
fn list_of(world: &World, target: &Target) -> Option<ListKey> {
    let provider = world.providers.of(target.kind)?;
    let wanted = world.config.engine.preflight && provider.keeps_a_list();
    let (account, from) = (provider.account().to_owned(), provider.senders());
    wanted.then(|| ListKey { provider: provider.kind(), account, to: target.clone(), from })
}

/// The calls of a list, with their times by our clock.
fn in_our_time(list: &CallList) -> Vec<ListedCall> {
    let skew = list.skew_ms.unwrap_or(0);
    let ours = |call: &ListedCall| Timestamp::from_ms(call.created_at.ms().saturating_sub(skew));
    list.calls.iter().map(|call| ListedCall { created_at: ours(call), ..call.clone() }).collect()
}
