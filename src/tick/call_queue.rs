//! The queue of calls: a provider starts only so many in a second, so each waits for its turn.
//!
//! The claim transaction hands out turns (`rules::slot`) to all ticks that run. A tick without a turn waits for the
//! next one, as it waits for a retry, while a request could still end within the tick. Then the next tick goes on. When
//! more calls are due than can start before their meetings, the rest is shed at once (`rules::capacity`): their steps
//! end with the reason `capacity`, and the next rung of another kind becomes due. The others are called in their order.
//!
//! Only due call steps that the guards would let pass now are counted. A step is not counted when its number is busy,
//! or when it is answered, checked in, paused or superseded: nobody is shed for a call that will not be made. Steps
//! that fall due later are not counted, nor those beyond the first 5,000. A step that waits for an answer (preflight,
//! presence) is counted, and lets those behind it pass.

use super::attempt::{draft, situation};
use super::context::Context;
use super::listed::listed;
use super::recipient::{self, Recipient, Words};
use super::time::WORTH_WAITING;
use crate::model::{
    Facts, MeetingWords, Pace, Reason, Refusal, RungKind, Slot, StepId, StepState, Target, Timestamp, Verdict,
    printable,
};
use crate::provider::Provider;
use crate::rules::capacity::{self, Job, Turns, Waiter};
use crate::rules::{guard, slot};
use crate::store::{AttemptDraft, Claim, Line, Queued, Shed, StoreError};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// The due steps are read again after this long, however fast calls start …
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// … or after this many times what the last reading took: checking thousands of steps is work that must not delay calls
/// …
const MOST_OF_THE_TIME: u32 = 10;

/// … but after this at the latest.
const LOOK_AGAIN_AT_LAST: Duration = Duration::from_secs(10);

/// The queue as this tick knows it.
#[derive(Debug, Default)]
pub(super) struct CallQueue {
    /// No call starts before this time.
    next_at: Option<Timestamp>,
    /// When the due steps were last read.
    read_at: Option<Timestamp>,
    /// How long that reading is good.
    good_for: Duration,
    /// When not all can start in time: those that may be claimed.
    claimable: Option<HashSet<StepId>>,
}

impl CallQueue {
    /// `true`: a turn has come by `now`, and the due steps are to be read anew.
    pub(super) fn turn_comes(&mut self, now: Timestamp) -> bool {
        if self.next_at.is_none_or(|at| at > now) {
            return false;
        }
        self.next_at = None;
        // The order may have changed by then.
        let good_for = self.good_for.clamp(LOOK_AGAIN, LOOK_AGAIN_AT_LAST);
        let fresh = |at: Timestamp| at <= now && now < at.plus(good_for);
        !self.read_at.is_some_and(fresh)
    }

    /// When the next turn comes, if the tick waits for it.
    pub(super) fn next_turn(&self, cx: &Context<'_>, now: Timestamp) -> Option<Timestamp> {
        let at = self.next_at.filter(|at| *at <= now.plus(WORTH_WAITING) && cx.time.may_claim())?;
        let could_take_it = |claim: &Claim| {
            claim.action.kind == RungKind::Call && !cx.due.is_deferred(claim) && self.may_be_claimed(claim)
        };
        cx.due.steps.iter().any(could_take_it).then_some(at)
    }

    fn may_be_claimed(&self, claim: &Claim) -> bool {
        self.claimable.as_ref().is_none_or(|steps| steps.contains(&claim.step))
    }

    /// Must this step wait for its turn? One that is too late need not: it only gets its reason.
    pub(super) fn waits(&self, claim: &Claim, now: Timestamp) -> bool {
        let in_time = claim.action.kind == RungKind::Call && claim.deadline_at > now;
        in_time && (self.next_at.is_some_and(|at| at > now) || !self.may_be_claimed(claim))
    }

    /// No other call starts before this time.
    pub(super) fn starts_next_at(&mut self, next_at: Option<Timestamp>) {
        self.next_at = next_at.or(self.next_at);
    }

    /// Ends the due steps that cannot start in time. `true`: some ended, and other steps may be due because of that.
    pub(super) fn shed(&mut self, cx: &mut Context<'_>) -> Result<bool, StoreError> {
        let now = cx.time.now();
        let began = Instant::now();
        *self = Self { next_at: self.next_at, read_at: Some(now), ..Self::default() };
        let Some(provider) = cx.world.providers.of(RungKind::Call) else { return Ok(false) };
        let Some(pace) = provider.pace() else { return Ok(false) };
        let every = pace.every(provider.senders().len());
        let turns = Turns { now, first: self.next_at.unwrap_or(now), every };
        let queue = queued(cx, now);
        if all_fit(&turns, &queue) {
            return Ok(false);
        }
        let shed = ask_the_store(cx, provider.as_ref(), &pace, turns, &queue)?;
        self.good_for = began.elapsed().saturating_mul(MOST_OF_THE_TIME);
        let some = !shed.results.is_empty();
        for result in &shed.results {
            log::warn!("[CALL] Skipped - Reason={}: {}", result.reason, printable(&result.detail));
        }
        cx.summary.results.extend(shed.results);
        self.claimable = Some(shed.claimable.into_iter().collect());
        Ok(some)
    }
}

/// The due calls that may still ring, each with its phone.
fn queued<'c>(cx: &'c Context<'_>, now: Timestamp) -> Vec<(&'c Claim, Target)> {
    let waits =
        |claim: &&Claim| claim.action.kind == RungKind::Call && claim.deadline_at > now && !cx.due.is_deferred(claim);
    let with_target = |claim| Some((claim, recipient::target(&cx.world.config, claim)?));
    cx.due.steps.iter().filter(waits).filter_map(with_target).collect()
}

/// Would all of them start in time? Nearly always; then the store is not asked.
fn all_fit(turns: &Turns, queue: &[(&Claim, Target)]) -> bool {
    // Of several rungs of one incident to one phone, only the latest runs.
    let mut latest: HashMap<_, &Claim> = HashMap::new();
    for (claim, phone) in queue {
        let last = latest.entry((claim.incident, phone)).or_insert(claim);
        if claim.rung > last.rung {
            *last = claim;
        }
    }
    let job = |claim: &Claim| Job { deadline_at: claim.deadline_at, called: false };
    let waiters: Vec<_> = latest.iter().map(|((_, phone), claim)| Waiter { job: job(claim), phone: *phone }).collect();
    capacity::unschedulable(turns, &waiters).is_empty()
}

/// Checks the queue against the facts, in one transaction.
fn ask_the_store(
    cx: &Context<'_>,
    provider: &dyn Provider,
    pace: &Pace,
    turns: Turns,
    queue: &[(&Claim, Target)],
) -> Result<Shed, StoreError> {
    let (world, now) = (cx.world, turns.now);
    let people: Vec<(&Claim, Recipient<'_>, bool)> = queue
        .iter()
        .filter_map(|(claim, _)| {
            let person = world.config.person(&claim.person)?;
            let words = Words::of(&world.config, claim, person, now);
            let has_message = !words.say(std::slice::from_ref(&claim.words)).trim().is_empty();
            Some((*claim, recipient::recipient(world, claim, person)?, has_message))
        })
        .collect();
    let (silent, anywhere) = (|_: &[MeetingWords]| String::new(), slot_of(None, "", now, &[]));
    let drafts: Vec<Queued<'_>> = people
        .iter()
        .map(|(claim, recipient, _)| Queued {
            step: claim.step,
            draft: AttemptDraft {
                listed: listed(world, &cx.lookups, &recipient.to, now),
                ..draft(world, recipient, now, &silent, &anywhere, &|_| String::new())
            },
        })
        .collect();
    let guards = |place: usize, facts: &Facts| match people.get(place) {
        Some((claim, recipient, has_message)) => {
            guard::decide(facts, &situation(world, recipient, now, &claim.words.uid, *has_message))
        }
        None => Verdict::Wait(Reason::NotDue),
    };
    let unschedulable = |line: &Line, waiting: &[(usize, Facts)]| {
        let turns = Turns { first: slot::next(line, pace, now), ..turns };
        let waiters: Vec<Waiter<&Target>> = waiting
            .iter()
            .map(|(place, facts)| {
                let (claim, recipient, _) = &people[*place];
                let called = facts.step.as_ref().is_some_and(|step| step.recent_calls > 0);
                Waiter { job: Job { deadline_at: claim.deadline_at, called }, phone: &recipient.to }
            })
            .collect();
        let gone = capacity::unschedulable(&turns, &waiters);
        let refusal = too_many(&turns, waiters.len(), provider.senders().len());
        gone.into_iter().map(|waiter| (waiting[waiter].0, refusal.clone())).collect()
    };
    world.store.shed(&drafts, now, &guards, &unschedulable)
}

/// The turn that an attempt for this person would take.
pub(super) fn slot_of<'a>(
    pace: Option<Pace>,
    person: &'a str,
    now: Timestamp,
    resting: &'a [usize],
) -> impl Fn(&Line) -> Slot + 'a {
    move |line| slot::take(line, &slot::SlotRequest { now, pace, person, resting })
}

fn too_many(turns: &Turns, waiting: usize, numbers: usize) -> Refusal {
    let from = if numbers > 1 { format!(" from {numbers} numbers") } else { String::new() };
    let every = (turns.every.as_secs_f64() * 1000.0).round() / 1000.0;
    let detail =
        format!("{waiting} calls wait, one starts every {every} s{from}: this one could not ring before the start");
    Refusal::new(StepState::Skipped, Reason::Capacity, detail)
}
