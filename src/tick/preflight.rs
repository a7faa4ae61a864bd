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
//! - it would soon be too late, by its deadline or because this tick soon claims nothing more: then it waits for half of
//!   what is left, at most [`HURRY_FOR`].
//!
//! A look that fails never stops a first call. A list lags: where this database remembers no tick of the last two
//! minutes, a list that shows nothing since the step was due is asked for once more.
//!
//! At most as many lists are asked for at once as there are workers for questions, in the order of the due steps.

use super::attempt::draft;
use super::call_queue::slot_of;
use super::context::Context;
use super::listed::{in_our_time, list_of, listed};
use super::lookups::{ListKey, ListLookup, ListState};
use super::part::Part;
use super::recipient::{self, Words};
use super::time::FOLLOW_FIRST;
use crate::model::{MeetingWords, Remembered, StepId, Target};
use crate::rules::reconcile;
use crate::store::{AttemptDraft, Claim, Facts, StoreError};
use std::collections::{HashMap, HashSet};
use std::time::Duration;

/// This long before its deadline a step waits no longer than [`HURRY_FOR`] for the list that it asked for.
const LAST_MOMENT: Duration = Duration::from_secs(15);

/// In its last moments a step waits this long at most.
const HURRY_FOR: Duration = Duration::from_secs(2);

/// A list that shows nothing is asked for once more after this long.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// A step that fell due less than this ago has not been tried by anybody.
const JUST_DUE: Duration = Duration::from_secs(1);

/// The next tick has begun by then: schedulers start one every minute at least.
const NEXT_TICK: Duration = Duration::from_secs(60);

/// Lists that due steps wait for.
#[derive(Default)]
pub(super) struct Preflight {
    /// The times of which this database knows every call of ours.
    remembered: Remembered,
    /// The lists that due steps asked for and that have not come yet.
    awaited: HashSet<ListKey>,
    /// How long the tick had run when a list last came, or when the first of several was asked for.
    came_at: Duration,
    /// No lists came: this tick waits for none any more.
    given_up: bool,
    /// Steps in their last moments.
    hurried: HashMap<StepId, Hurry>,
    /// Lists that showed nothing, and how long the tick has run when they are asked for again; `None`: they were.
    again: HashMap<ListKey, Option<Duration>>,
}

/// A step in its last moments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hurry {
    /// Has its list been asked for?
    asked: bool,
    /// How long the tick has run when it waits no longer.
    until: Duration,
}

impl Hurry {
    /// What follows from the hurry so far, when the tick has run for `elapsed` and so much is left to the step.
    fn of(before: Option<Self>, asked: bool, left: Duration, elapsed: Duration) -> Self {
        let until = elapsed.saturating_add(if asked { HURRY_FOR.min(left / 2) } else { left / 2 });
        match before {
            Some(before) if before.asked || !asked => before,
            Some(before) => Self { asked, until: until.min(before.until) },
            None => Self { asked, until },
        }
    }
}

impl Part for Preflight {
    /// Must the claim wait until the provider's list for its target has been read? Asks for it if need be.
    fn holds(&mut self, claim: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        let Some(key) = list_of(cx.world, target) else { return false };
        if self.given_up || self.hurries_on(claim, &key, cx) {
            return false;
        }
        match cx.lookups.known.get(&key) {
            None | Some(ListState::Asked { doubtful: false }) => self.ask(key, cx),
            // `Following` holds steps whose list doubtful attempts need, as for every question about a target. There may
            // be hundreds of those: due steps to other targets do not wait behind them.
            Some(ListState::Asked { doubtful: true } | ListState::Unreadable) => false,
            Some(ListState::Read(list)) => {
                // No call can have been made for a step that has just fallen due.
                let just_due = claim.due_at.plus(JUST_DUE) > cx.time.now();
                let nothing = !just_due && !in_our_time(list).iter().any(|call| call.created_at >= claim.due_at);
                nothing && self.asks_again(key, cx)
            }
        }
    }

    /// Adopts a call that was placed for the step before this database was restored.
    fn adopts(&mut self, claim: &Claim, cx: &mut Context<'_>) -> Result<bool, StoreError> {
        let world = cx.world;
        let Some(person) = world.config.person(&claim.person) else { return Ok(false) };
        let Some(recipient) = recipient::recipient(world, claim, person) else { return Ok(false) };
        let now = cx.time.now();
        let listed = listed(world, &cx.lookups, &recipient.to, now);
        if listed.is_empty() {
            return Ok(false);
        }
        let words = Words::of(&world.config, claim, person, now);
        let say = |meetings: &[MeetingWords]| words.say(meetings);
        // A call that exists takes no turn.
        let slot = slot_of(None, &person.id, now, &[]);
        let draft = AttemptDraft { listed, ..draft(world, &recipient, now, &say, &slot, &|_| String::new()) };
        let find = |facts: &Facts| reconcile::placed_before(facts, now, &self.remembered);
        let Some(adopted) = world.store.adopt(claim, &draft, now, &find)? else { return Ok(false) };
        if let Some(id) = adopted.steps.first().and_then(|r| r.call_id.as_deref()) {
            log::warn!("[CALL] call {id} was placed before this database was restored; it is not placed again");
        }
        cx.recorded(adopted);
        Ok(true)
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
        let elapsed = cx.time.elapsed();
        let hurried = self.hurried.values().map(|hurry| hurry.until).filter(|at| *at > elapsed);
        let answers = self.given_up_at().into_iter().chain(hurried).filter(|_| cx.lookups.under_way() > 0);
        // A step that has ended meanwhile, or waits no longer, does not ask again when the time is there.
        let again = self.again.values().copied().flatten().filter(|at| *at > elapsed);
        answers.chain(again).min().map(|at| at.saturating_sub(elapsed))
    }
}

impl Preflight {
    pub(super) fn new(remembered: Remembered) -> Self {
        Self { remembered, ..Self::default() }
    }

    /// Asks for a list, if it is not being asked for. `true`: it will come.
    fn ask(&mut self, key: ListKey, cx: &mut Context<'_>) -> bool {
        // The other lists are asked for when these have come.
        if self.awaited.contains(&key) || self.is_full(cx) {
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

    /// The list shows nothing: where no tick not long ago would know better, it is asked for once more. `true`: it is
    /// still to come.
    fn asks_again(&mut self, key: ListKey, cx: &mut Context<'_>) -> bool {
        if reconcile::ticks_go_on(&self.remembered.ticks, cx.time.now()) {
            return false;
        }
        let elapsed = cx.time.elapsed();
        let at = self.again.entry(key.clone()).or_insert_with(|| Some(elapsed.saturating_add(ASK_AGAIN)));
        match *at {
            None => false,
            Some(at) if at > elapsed => true,
            Some(_) => {
                *at = None;
                cx.lookups.known.remove(&key);
                self.ask(key, cx)
            }
        }
    }

    /// As many lists are awaited as may be at once.
    fn is_full(&self, cx: &Context<'_>) -> bool {
        self.awaited.len() >= cx.world.config.engine.parallel
    }

    /// Is it so late that the step waits for no list any longer? While others' lists keep its own from being asked for,
    /// it waits for half of what is left; then for [`HURRY_FOR`] at most.
    fn hurries_on(&mut self, claim: &Claim, key: &ListKey, cx: &Context<'_>) -> bool {
        let Some(left) = last_moment(claim, cx) else { return false };
        let elapsed = cx.time.elapsed();
        let asked = cx.lookups.known.contains_key(key) || !self.is_full(cx);
        let hurry = Hurry::of(self.hurried.get(&claim.step).copied(), asked, left, elapsed);
        self.hurried.insert(claim.step, hurry);
        hurry.until <= elapsed
    }

    /// The tick stops waiting for lists when it has run this long, unless one comes before.
    fn given_up_at(&self) -> Option<Duration> {
        let waits = !self.given_up && !self.awaited.is_empty();
        waits.then(|| self.came_at.saturating_add(FOLLOW_FIRST))
    }
}

/// What is left when the step would soon be too late: until its deadline, or until this tick claims nothing more and the
/// next one may come after it. `None`: there is time.
fn last_moment(claim: &Claim, cx: &Context<'_>) -> Option<Duration> {
    let now = cx.time.now();
    let claims_for = cx.time.limit.saturating_sub(cx.time.needed);
    let claims_left = claims_for.saturating_sub(cx.time.elapsed());
    let margin = LAST_MOMENT.min(claims_for / 2);
    let to_deadline = Duration::from_millis(claim.deadline_at.since(now).max(0).unsigned_abs());
    let next_may_be_late = now.plus(claims_left).plus(NEXT_TICK).plus(LAST_MOMENT) >= claim.deadline_at;
    if next_may_be_late && claims_left <= margin {
        return Some(claims_left.min(to_deadline));
    }
    (to_deadline <= LAST_MOMENT).then_some(to_deadline)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn in_its_last_moments_a_step_waits_two_seconds_for_the_list_that_it_asked_for() {
        let first = Hurry::of(None, true, s(10), s(3));
        assert_eq!(first, Hurry { asked: true, until: s(5) });
        assert_eq!(Hurry::of(Some(first), true, s(9), s(4)), first, "they pass");
        assert_eq!(Hurry::of(None, true, s(2), s(3)).until, s(4), "half of what is left");
    }

    #[test]
    fn while_its_list_is_not_asked_for_it_waits_for_half_of_what_is_left_and_then_as_any_other() {
        let queued = Hurry::of(None, false, s(14), s(3));
        assert_eq!(queued, Hurry { asked: false, until: s(10) });
        assert_eq!(Hurry::of(Some(queued), true, s(13), s(4)), Hurry { asked: true, until: s(6) });
        assert_eq!(
            Hurry::of(Some(queued), true, s(8), s(9)),
            Hurry { asked: true, until: s(10) },
            "no longer than that"
        );
    }
}
