//! Claims due steps while there are free workers: as many at once as can leave. Guards and attempts are one transaction;
//! then the requests are sent.

use super::attempt::{Ready, arm, draft, situation};
use super::call_queue::{CallQueue, slot_of};
use super::calls::Calls;
use super::confirm;
use super::context::Context;
use super::due::BATCH;
use super::faults::Service;
use super::listed::listed;
use super::part::{OtherParts, Part, each};
use super::recipient::{self, Recipient, Words};
use super::time::WORTH_WAITING;
use super::world::World;
use crate::config::Person;
use crate::model::{
    Addressee, Line, MeetingWords, Reason, Refusal, Slot, StepId, StepState, Timestamp, Verdict, printable,
};
use crate::rules::guard::{self, Situation};
use crate::rules::skew::ALARM_MS;
use crate::store::{AttemptDraft, Begun, Claim, Facts, StepResult, StoreError};
use std::collections::VecDeque;
use std::time::Duration;

/// So many claims at most are one transaction: it holds the database for a few dozen milliseconds.
const SET: usize = 64;

/// The part that claims due steps.
#[derive(Default)]
pub(super) struct Claims {
    queue: CallQueue,
    calls: Calls,
    /// A set could not be written: the next claims are sets of one, so that the others get past the one to blame.
    one_by_one: bool,
}

impl Part for Claims {
    fn start(&mut self, cx: &mut Context<'_>, others: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        self.claim_due(cx, others)?;
        confirm::send(cx, &mut self.calls)
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let replies = self.calls.replies(cx);
        self.calls.record(cx, replies)
    }

    fn wakes_in(&self, cx: &Context<'_>) -> Option<Duration> {
        let now = cx.time.now();
        let retry = cx.due.next_retry(now.plus(WORTH_WAITING), |by| !cx.accounts.is_stopped(by));
        let turn = self.queue.next_turn(cx, now);
        let next = retry.into_iter().chain(turn).min().filter(|_| cx.failed.is_none());
        let wait = next.map(|at| Duration::from_millis(at.since(now).max(0).unsigned_abs()));
        wait.into_iter().chain(self.calls.outbox.wakes_in()).min()
    }

    /// What nothing reached is a fault while something waits for it.
    fn end(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let over: Vec<String> = cx.accounts.forgotten().collect();
        over.iter().try_for_each(|fault| cx.fault(fault, false, String::new))
    }
}

impl Claims {
    fn claim_due(&mut self, cx: &mut Context<'_>, others: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        let now = cx.time.now();
        let mut stale = cx.due.retry_comes(now) || self.queue.turn_comes(now);
        loop {
            if cx.due.steps.is_empty() || stale {
                let due = cx.world.store.due_steps(cx.time.now(), BATCH)?;
                cx.due.read(due);
                stale = self.queue.shed(cx)?;
                if stale {
                    continue;
                }
            }
            let whole_batch = cx.due.steps.len() == BATCH;
            let ended = cx.summary.results.len();
            // A call that is adopted may have failed, which makes other steps due.
            stale = self.claim_batch(cx, others)? || cx.due.is_stale();
            // A batch of late steps that all ended must not hide the steps behind it.
            let more = cx.due.steps.is_empty() && whole_batch && cx.summary.results.len() > ended;
            if !stale && !more {
                return Ok(());
            }
        }
    }

    /// Claims what can leave now, set by set. `true`: the due steps are to be read anew.
    fn claim_batch(&mut self, cx: &mut Context<'_>, others: &mut OtherParts<'_, '_>) -> Result<bool, StoreError> {
        let mut held = VecDeque::new();
        loop {
            let set = self.gather(cx, others, &mut held)?;
            let Some(step) = set.claims.first().map(|claim| claim.step) else { break };
            let alone = set.claims.len() == 1;
            match self.claim(set, cx) {
                Ok(waiting) => held.extend(waiting),
                // What is wrong with one row must not stop the others; what is wrong with the store stops the tick.
                Err(error @ StoreError::Statement { .. }) if alone => {
                    give_up(step, &error, cx);
                    self.one_by_one = false;
                }
                Err(error @ StoreError::Statement { .. }) => {
                    log::debug!("{error}; one step after the other");
                    self.one_by_one = true;
                    cx.due.changed();
                    return Ok(true);
                }
                Err(other) => return Err(other),
            }
        }
        // Held steps come first again. Steps that wait for a busy number are found again once the list is empty.
        held.append(&mut cx.due.steps);
        cx.due.wait_for_workers = !held.is_empty() && self.calls.room(cx) == 0;
        cx.due.steps = held;
        Ok(false)
    }

    /// The next due steps that can leave now, as far as there are workers. Nothing is claimed that would then wait: of
    /// what keeps a pace, or is limited to one at a time, a set has one.
    fn gather<'w>(
        &mut self,
        cx: &mut Context<'w>,
        others: &mut OtherParts<'_, '_>,
        held: &mut VecDeque<Claim>,
    ) -> Result<ClaimSet<'w>, StoreError> {
        let most = if self.one_by_one { 1 } else { SET };
        let now = cx.time.now();
        let mut set = ClaimSet { now, claims: Vec::new(), outlooks: Vec::new(), has_single: false };
        while cx.time.may_claim() && set.claims.len() < most.min(self.calls.room(cx)) {
            let Some(claim) = cx.due.steps.pop_front() else { break };
            if cx.due.is_deferred(&claim) {
                continue;
            }
            let target = || recipient::target(&cx.world.config, &claim);
            if self.must_wait(&claim, cx) || target().is_some_and(|target| others.hold(&claim, &target, cx)) {
                held.push_back(claim);
                continue;
            }
            match others.adopt(&claim, cx) {
                Ok(false) => {}
                Ok(true) => continue,
                Err(error @ StoreError::Statement { .. }) => {
                    give_up(claim.step, &error, cx);
                    continue;
                }
                Err(other) => return Err(other),
            }
            // A person who left the config has no open incident any more after `open`.
            let Some(person) = cx.world.config.person(&claim.person) else { continue };
            let Some(recipient) = recipient::recipient(cx.world, &claim, person) else {
                no_target(claim, cx)?;
                continue;
            };
            let outlook = Outlook::of(cx, &claim, person, recipient, now);
            if outlook.single && set.has_single {
                cx.due.steps.push_front(claim);
                break;
            }
            set.has_single |= outlook.single;
            set.claims.push(claim);
            set.outlooks.push(outlook);
        }
        Ok(set)
    }

    /// Must it wait for its turn, or because the provider refuses our account, or since nothing reaches it? One that is
    /// too late need not: it only gets its reason.
    fn must_wait(&self, claim: &Claim, cx: &Context<'_>) -> bool {
        let now = cx.time.now();
        if claim.deadline_at <= now {
            return false;
        }
        // Asked first: at nine in a company, thousands wait for their turn each time that one comes.
        if self.queue.waits(claim, now) {
            return true;
        }
        let provider = cx.world.providers.of(claim.action.kind);
        let by = provider.map(|provider| {
            let (kind, channel) = (claim.action.kind, claim.action.channel.as_deref());
            Service::of(provider.kind(), kind, channel)
        });
        by.is_some_and(|by| cx.accounts.must_wait(&by, now, |which| self.calls.is_placing(which)))
    }

    /// Asks the guards and writes the attempts in one transaction; then sends the requests, and logs the refusals. Gives
    /// the claims back that wait since no call at all may start before the next turn.
    fn claim(&mut self, set: ClaimSet<'_>, cx: &mut Context<'_>) -> Result<Vec<Claim>, StoreError> {
        let (world, ClaimSet { now, claims, outlooks, .. }) = (cx.world, set);
        let asked: Vec<Asked<'_>> = outlooks.iter().map(|outlook| outlook.ask(world, now)).collect();
        let (mut drafts, mut ready) = (Vec::new(), Vec::new());
        for (outlook, asked) in outlooks.iter().zip(&asked) {
            let listed = listed(world, &cx.lookups, &outlook.recipient.to, now);
            let draft = draft(world, &outlook.recipient, now, &asked.say, &asked.slot, &asked.saw);
            let mut draft = AttemptDraft { listed, ..draft };
            ready.push(arm(&mut cx.armory, world, &mut draft));
            drafts.push(draft);
        }
        let witness_now = cx.time.witness_now();
        let rule = |place: usize, facts: &Facts| {
            late_by_both(guard::decide(facts, &asked[place].situation), facts, now, witness_now)
        };
        let begun = world.store.begin_attempts(claims, &drafts, now, &rule)?;
        let mut waiting = Vec::new();
        let decided = begun.into_iter().zip(ready).zip(outlooks.iter().zip(&asked));
        // What is written is sent, whatever else fails.
        each(decided, |((begun, ready), (outlook, asked))| {
            if let Begun::Waits(Reason::StopUnknown) = begun {
                cx.wait_for_stop(outlook.step, &asked.situation.stop)?;
            }
            waiting.extend(self.go_on(begun, ready, outlook, now, cx));
            Ok(())
        })?;
        Ok(waiting)
    }

    /// Does what the claim transaction decided. A claim that is to wait comes back.
    fn go_on(
        &mut self,
        begun: Begun,
        ready: Ready,
        outlook: &Outlook<'_>,
        now: Timestamp,
        cx: &mut Context<'_>,
    ) -> Option<Claim> {
        if !matches!(begun, Begun::Attempt(_)) {
            ready.give_back(&mut cx.armory);
        }
        match begun {
            Begun::Attempt(attempt) => {
                let subject = outlook.words.subject(&attempt.words);
                self.queue.starts_next_at(attempt.next_slot);
                self.calls.send(cx, attempt, &outlook.recipient, subject, ready);
            }
            Begun::Refused(result) => refused(cx, result, &outlook.first, now),
            Begun::Waits(reason) => log::debug!("[CALL] {} waits: {reason}", printable(&outlook.first.uid)),
            Begun::NoSlot { until, all: true, claim } => {
                self.queue.starts_next_at(Some(until));
                return claim.map(|claim| *claim);
            }
            Begun::NoSlot { until, all: false, .. } => {
                cx.due.try_again(&outlook.by, Some(until));
            }
            Begun::Gone => {}
        }
        None
    }
}

/// Claims that go through one transaction, with what an attempt for each would need.
struct ClaimSet<'w> {
    now: Timestamp,
    claims: Vec<Claim>,
    outlooks: Vec<Outlook<'w>>,
    /// Is one among them of which a set has one at most?
    has_single: bool,
}

/// What an attempt for a due step would need.
struct Outlook<'w> {
    step: StepId,
    first: MeetingWords,
    recipient: Recipient<'w>,
    words: Words<'w>,
    by: Service,
    resting: Vec<usize>,
    unreachable_at: Option<Timestamp>,
    stop_unknown_at: Option<Timestamp>,
    /// It keeps a pace, or is limited to one at a time.
    single: bool,
}

type Say<'a> = Box<dyn Fn(&[MeetingWords]) -> String + 'a>;

/// What is asked about it within the transaction.
struct Asked<'a> {
    situation: Situation<'a>,
    say: Say<'a>,
    slot: Box<dyn Fn(&Line) -> Slot + 'a>,
    saw: Box<dyn Fn(&Facts) -> String + 'a>,
}

impl<'w> Outlook<'w> {
    fn of(cx: &Context<'w>, claim: &Claim, person: &'w Person, recipient: Recipient<'w>, now: Timestamp) -> Self {
        let by = Service::to(recipient.provider.kind(), &recipient.to);
        Self {
            step: claim.step,
            first: claim.words.clone(),
            words: Words::of(&cx.world.config, claim, person, now),
            resting: cx.accounts.resting(&by, &recipient.provider.senders()),
            unreachable_at: cx.accounts.unreachable_at(&by, now),
            stop_unknown_at: cx.stop_unknown_at,
            single: recipient.pace().is_some() || !cx.accounts.is_sound(&by),
            by,
            recipient,
        }
    }

    fn ask<'a>(&'a self, world: &'a World, now: Timestamp) -> Asked<'a> {
        let say = |meetings: &[MeetingWords]| self.words.say(meetings);
        let has_message = !say(std::slice::from_ref(&self.first)).trim().is_empty();
        let of_now = situation(world, &self.recipient, now, &self.first.uid, has_message);
        let (unreachable_at, stop_unknown_at) = (self.unreachable_at, self.stop_unknown_at);
        let situation = Situation { unreachable_at, stop_unknown_at, ..of_now };
        let saw = {
            let situation = situation.clone();
            move |facts: &Facts| guard::account(facts, &situation)
        };
        let slot = slot_of(self.recipient.pace(), self.recipient.person, now, &self.resting);
        Asked { situation, say: Box::new(say), slot: Box::new(slot), saw: Box::new(saw) }
    }
}

/// A step whose row cannot be used is left to the next tick.
fn give_up(step: StepId, error: &StoreError, cx: &mut Context<'_>) {
    log::error!("[CALL] step {step} cannot be tried: {error}");
    cx.due.defer(&[step]);
    cx.summary.bad_steps += 1;
}

/// A step is too late, or taken over by a later one, only when both clocks say so: the corrected one and the witness,
/// `None` while there is none.
fn late_by_both(verdict: Verdict, facts: &Facts, now: Timestamp, witness_now: Option<Timestamp>) -> Verdict {
    let late = |at: Timestamp| facts.step.as_ref().is_some_and(|step| step.deadline_at <= at);
    let agrees = |at: Timestamp| at.since(now).abs() <= ALARM_MS;
    let taken_over = |reason| matches!(reason, Reason::Superseded | Reason::NotSent | Reason::StopUnknown);
    match verdict {
        Verdict::Refuse(refusal) if late(now) && !witness_now.is_some_and(late) => Verdict::Wait(refusal.reason),
        Verdict::Refuse(refusal) if taken_over(refusal.reason) && !witness_now.is_some_and(agrees) && !late(now) => {
            Verdict::Wait(Reason::NotDue)
        }
        other => other,
    }
}

/// A guard said no.
fn refused(cx: &mut Context<'_>, result: StepResult, words: &MeetingWords, now: Timestamp) {
    match result.reason {
        Reason::OutsideCriticalWindow => {
            let before_s = words.starts_at.since(now).div_euclid(1000);
            log::warn!("[CALL] HARD STOP - Outside critical window ({before_s}s before)");
        }
        Reason::MaxCallsExceeded => {
            // Operators search the log for this line, so it ends with the event. The limit stands in the result.
            let detail = result.detail.rsplit_once(", at most ").map_or(result.detail.as_str(), |(calls, _)| calls);
            log::warn!("[CALL] RATE LIMITED - {}", printable(detail));
        }
        _ if result.state == StepState::Failed => {
            log::warn!("[CALL] Call failed - Reason={}: {}", result.reason, printable(&result.detail));
        }
        _ => log::info!("[CALL] Skipped - Reason={}: {}", result.reason, printable(&result.detail)),
    }
    cx.summary.results.push(result);
}

/// Ends a step that has no recipient in the config.
fn no_target(claim: Claim, cx: &mut Context<'_>) -> Result<(), StoreError> {
    let action = &claim.action;
    let what = match (&action.to, &action.channel) {
        (_, Some(name)) => format!("no {} `{name}`", action.kind),
        (Addressee::Contact(name), None) => format!("no {} for the contact `{name}`", action.kind),
        (Addressee::Person, None) => format!("no {} for `{}`", action.kind, claim.person),
    };
    let detail = format!("the config has {what}");
    log::error!("[CALL] step {} cannot be tried: {}", claim.step, printable(&detail));
    let refusal = Refusal::new(StepState::Failed, Reason::NoTarget, detail);
    cx.summary.results.extend(cx.world.store.refuse(claim, &refusal, cx.time.now())?);
    Ok(())
}
