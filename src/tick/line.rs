//! The line of calls: a provider starts only so many in a second, so each waits for its turn.
//!
//! Turns are handed out in the claim transaction (`rules::slot`), to all ticks that run. A tick that gets none stays for the
//! next one as it does for a retry, as long as a request could still end within the tick; then the next tick goes on.
//! While more calls are due than can start before their meetings, those that cannot are ended at once, with the reason
//! `capacity`, and their next rung of another kind is due (`rules::capacity`); the others are called in their order.
//!
//! What is counted: due call steps that the guards would let go now. A step whose number is busy is not, nor one that was
//! answered, checked in, paused or superseded: nobody is turned away because of somebody who is not going to be called.
//! What falls due later is not known yet, and beyond the first 5,000 due steps nothing is. A step that is held (its list of
//! calls is being asked for, or whether its person is there) keeps its place in the count and lets those behind pass.

use super::aim::{self, Recipient, Words};
use super::calls::{draft, situation};
use super::faults::Service;
use super::{Run, WORTH_WAITING};
use crate::model::{Facts, Pace, Reason, Refusal, RungKind, StepId, StepState, Target, Timestamp, Verdict, printable};
use crate::provider::Provider;
use crate::rules::capacity::{self, Job, Turns, Waiter};
use crate::rules::{guard, slot};
use crate::store::{Claim, Line, Queued, StoreError};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is due is looked at again after so long, however fast calls start …
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// … or after so many times what the last look took: to hold thousands of steps against the facts is work, which must not
/// keep the calls from starting …
const MOST_OF_THE_TIME: u32 = 10;

/// … but after this in any case.
const LOOK_AGAIN_AT_LAST: Duration = Duration::from_secs(10);

/// The line as this tick knows it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// No call starts before this time.
    next_at: Option<Timestamp>,
    /// When the due steps were last read.
    read_at: Option<Timestamp>,
    /// How long what was read then is good.
    good_for: Duration,
    /// While not all can start in time: those that may be claimed.
    claimable: Option<HashSet<StepId>>,
}

impl Run<'_> {
    /// Takes notice of the time. `true`: a turn has come, and what is due is to be read anew.
    pub(super) fn its_turn_comes(&mut self, now: Timestamp) -> bool {
        if self.line.next_at.is_none_or(|at| at > now) {
            return false;
        }
        self.line.next_at = None;
        // By then the order may be another.
        let good_for = self.line.good_for.clamp(LOOK_AGAIN, LOOK_AGAIN_AT_LAST);
        let fresh = |at: Timestamp| at <= now && now < at.plus(good_for);
        !self.line.read_at.is_some_and(fresh)
    }

    /// When the next turn comes, as far as the tick stays for it.
    pub(super) fn next_turn(&self) -> Option<Timestamp> {
        let at = self.line.next_at?;
        let near = at <= self.world.clock.now().plus(WORTH_WAITING);
        let somebody = self.due.iter().any(|claim| self.could_take_it(claim));
        (near && somebody && self.may_start()).then_some(at)
    }

    fn could_take_it(&self, claim: &Claim) -> bool {
        claim.action.kind == RungKind::Call && !self.had_their_try.contains(&claim.step) && self.may_be_claimed(claim)
    }

    fn may_be_claimed(&self, claim: &Claim) -> bool {
        self.line.claimable.as_ref().is_none_or(|steps| steps.contains(&claim.step))
    }

    /// Must this call step wait for its turn? One that is too late only gets its reason.
    pub(super) fn waits_in_line(&self, claim: &Claim) -> bool {
        let now = self.world.clock.now();
        let in_time = claim.action.kind == RungKind::Call && claim.deadline_at > now;
        in_time && (self.line.next_at.is_some_and(|at| at > now) || !self.may_be_claimed(claim))
    }

    /// A call took its turn.
    pub(super) fn turn_taken(&mut self, next_at: Option<Timestamp>) {
        if next_at.is_some() {
            self.line.next_at = next_at;
        }
    }

    /// A step has to wait: for everybody's next turn, or for its own number.
    pub(super) fn turn_refused(&mut self, by: Service, until: Timestamp, all: bool) {
        if all {
            self.line.next_at = Some(until);
        } else {
            self.again_at.push((by, until));
        }
    }

    /// The due steps have been read: ends those of them that cannot start in time. `true`: some did, and others may be due
    /// because of it.
    pub(super) fn turn_away(&mut self) -> Result<bool, StoreError> {
        let now = self.world.clock.now();
        let began = Instant::now();
        self.line = Queue { next_at: self.line.next_at, read_at: Some(now), ..Queue::default() };
        let Some(provider) = self.world.providers.of(RungKind::Call) else { return Ok(false) };
        let Some(pace) = provider.pace() else { return Ok(false) };
        let every = pace.every(provider.senders().len());
        let turns = Turns { now, first: self.line.next_at.unwrap_or(now), every };
        let queue = self.in_line(now);
        if self.all_fit(&turns, &queue) {
            return Ok(false);
        }
        let turned = self.ask_the_store(&provider, &pace, turns, &queue)?;
        self.line.good_for = began.elapsed().saturating_mul(MOST_OF_THE_TIME);
        let some = !turned.results.is_empty();
        for result in turned.results {
            log::warn!("[CALL] Skipped - Reason={}: {}", result.reason, printable(&result.detail));
            self.summary.add(result);
        }
        self.line.claimable = Some(turned.claimable.into_iter().collect());
        Ok(some)
    }

    /// The due calls that may still ring, by their places in the list of due steps.
    fn in_line(&self, now: Timestamp) -> Vec<(usize, Target)> {
        let waits = |claim: &&Claim| {
            claim.action.kind == RungKind::Call && claim.deadline_at > now && !self.had_their_try.contains(&claim.step)
        };
        let target = |(place, claim)| Some((place, aim::target(&self.world.config, claim)?));
        self.due.iter().enumerate().filter(|(_, claim)| waits(claim)).filter_map(target).collect()
    }

    /// Would all of them start in time, if every one is called? Nearly always, and then nothing more is asked.
    fn all_fit(&self, turns: &Turns, queue: &[(usize, Target)]) -> bool {
        // Of several rungs of one incident to one phone the latest runs.
        let mut latest: HashMap<_, &Claim> = HashMap::new();
        for (claim, phone) in queue.iter().map(|(place, phone)| (&self.due[*place], phone)) {
            let last = latest.entry((claim.incident, phone)).or_insert(claim);
            if claim.rung > last.rung {
                *last = claim;
            }
        }
        let job = |claim: &Claim| Job { deadline_at: claim.deadline_at, called: false };
        let waiters: Vec<_> =
            latest.iter().map(|((_, phone), claim)| Waiter { job: job(claim), phone: *phone }).collect();
        capacity::hopeless(turns, &waiters).is_empty()
    }

    /// Holds the line against the facts, in one transaction.
    fn ask_the_store(
        &self,
        provider: &Arc<dyn Provider>,
        pace: &Pace,
        turns: Turns,
        queue: &[(usize, Target)],
    ) -> Result<crate::store::TurnedAway, StoreError> {
        let (world, now) = (self.world, turns.now);
        let people: Vec<(&Claim, Recipient<'_>, bool)> = queue
            .iter()
            .filter_map(|(place, _)| {
                let claim = &self.due[*place];
                let person = world.config.person(&claim.person)?;
                let words = Words::of(&world.config, claim, person, now);
                let has_message = !words.say(std::slice::from_ref(&claim.words)).trim().is_empty();
                Some((claim, aim::recipient(world, claim, person)?, has_message))
            })
            .collect();
        let (silent, anywhere) = (|_: &[crate::model::MeetingWords]| String::new(), slot_of(None, "", now));
        let drafts: Vec<Queued<'_>> = people
            .iter()
            .map(|(claim, recipient, _)| Queued {
                step: claim.step,
                draft: draft(world, recipient, now, &silent, &anywhere, &|_| String::new()),
            })
            .collect();
        let guards = |place: usize, facts: &Facts| match people.get(place) {
            Some((claim, recipient, has_message)) => {
                guard::decide(facts, &situation(world, recipient, now, &claim.words.uid, *has_message))
            }
            None => Verdict::Wait(Reason::NotDue),
        };
        let hopeless = |line: &Line, waiting: &[(usize, Facts)]| {
            let turns = Turns { first: slot::next(line, pace, now), ..turns };
            let waiters: Vec<Waiter<&Target>> = waiting
                .iter()
                .map(|(place, facts)| {
                    let (claim, recipient, _) = &people[*place];
                    let called = facts.step.as_ref().is_some_and(|step| step.recent_calls > 0);
                    Waiter { job: Job { deadline_at: claim.deadline_at, called }, phone: &recipient.to }
                })
                .collect();
            let gone = capacity::hopeless(&turns, &waiters);
            let refusal = too_many(&turns, waiters.len(), provider.senders().len());
            gone.into_iter().map(|waiter| (waiting[waiter].0, refusal.clone())).collect()
        };
        world.store.turn_away(&drafts, now, &guards, &hopeless)
    }
}

/// The place in the line that an attempt for this person would take.
pub(super) fn slot_of(pace: Option<Pace>, person: &str, now: Timestamp) -> impl Fn(&Line) -> crate::model::Slot {
    move |line| slot::take(line, &slot::Asking { now, pace, person })
}

fn too_many(turns: &Turns, waiting: usize, numbers: usize) -> Refusal {
    let from = if numbers > 1 { format!(" from {numbers} numbers") } else { String::new() };
    let every = turns.every.as_secs_f64();
    let detail =
        format!("{waiting} calls wait, one starts every {every} s{from}: this one could not ring before the start");
    Refusal { state: StepState::Skipped, reason: Reason::Capacity, detail }
}
