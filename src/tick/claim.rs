//! Claims due steps while there are free workers. Guards and attempt are one transaction; then the request is sent.

use super::attempt::{arm, draft, situation};
use super::call_queue::{CallQueue, slot_of};
use super::calls::Calls;
use super::confirm;
use super::context::Context;
use super::due::BATCH;
use super::faults::Service;
use super::listed::listed;
use super::part::{OtherParts, Part};
use super::recipient::{self, Words};
use super::time::WORTH_WAITING;
use crate::model::{Addressee, MeetingWords, Reason, Refusal, StepState, Timestamp, Verdict, printable};
use crate::rules::guard::{self, Situation};
use crate::store::{AttemptDraft, Begun, Claim, Facts, StepResult, StoreError};
use std::collections::VecDeque;
use std::time::Duration;

/// The part that claims due steps.
#[derive(Default)]
pub(super) struct Claims {
    queue: CallQueue,
    calls: Calls,
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
                cx.due.steps = cx.world.store.due_steps(cx.time.now(), BATCH)?.into();
                stale = self.queue.shed(cx)?;
                if stale {
                    continue;
                }
            }
            let whole_batch = cx.due.steps.len() == BATCH;
            let ended = cx.summary.results.len();
            self.claim_batch(cx, others)?;
            // A batch of late steps that all ended must not hide the steps behind it.
            if !(cx.due.steps.is_empty() && whole_batch && cx.summary.results.len() > ended) {
                return Ok(());
            }
        }
    }

    fn claim_batch(&mut self, cx: &mut Context<'_>, others: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        let mut held = VecDeque::new();
        while cx.time.may_claim() && self.calls.has_room(cx) {
            let Some(claim) = cx.due.steps.pop_front() else { break };
            if cx.due.is_deferred(&claim) {
                continue;
            }
            let target = || recipient::target(&cx.world.config, &claim);
            if self.must_wait(&claim, cx) || target().is_some_and(|target| others.hold(&claim, &target, cx)) {
                held.push_back(claim);
                continue;
            }
            let step = claim.step;
            let adopted = others.adopt(&claim, cx);
            match adopted.and_then(|adopted| if adopted { Ok(None) } else { self.claim(claim, cx) }) {
                // What is wrong with one row must not stop the others; what is wrong with the store stops the tick.
                Err(error @ StoreError::Statement { .. }) => {
                    log::error!("[CALL] step {step} cannot be tried: {error}");
                    cx.due.defer(&[step]);
                    cx.summary.bad_steps += 1;
                }
                waits => held.extend(waits?),
            }
        }
        // Held steps come first again. Steps that wait for a busy number are found again once the list is empty.
        held.append(&mut cx.due.steps);
        cx.due.wait_for_workers = !held.is_empty() && !self.calls.has_room(cx);
        cx.due.steps = held;
        Ok(())
    }

    /// Must it wait for its turn, or because the provider refuses our account, or since nothing reaches it? One that is
    /// too late need not: it only gets its reason.
    fn must_wait(&self, claim: &Claim, cx: &Context<'_>) -> bool {
        let now = cx.time.now();
        if claim.deadline_at <= now {
            return false;
        }
        let provider = cx.world.providers.of(claim.action.kind);
        let by = provider.map(|provider| {
            let (kind, channel) = (claim.action.kind, claim.action.channel.as_deref());
            Service::of(provider.kind(), kind, channel)
        });
        by.is_some_and(|by| cx.accounts.must_wait(&by, now, |which| self.calls.is_placing(which)))
            || self.queue.waits(claim, now)
    }

    /// Asks the guards and writes the attempt in one transaction; then sends the request, or logs the refusal. Gives
    /// the claim back when no call at all may start before the next turn.
    fn claim(&mut self, claim: Claim, cx: &mut Context<'_>) -> Result<Option<Claim>, StoreError> {
        let world = cx.world;
        // A person who left the config has no open incident any more after `open`.
        let Some(person) = world.config.person(&claim.person) else { return Ok(None) };
        let Some(recipient) = recipient::recipient(world, &claim, person) else {
            return no_target(claim, cx).map(|()| None);
        };
        let (now, step) = (cx.time.now(), claim.step);
        let (first, words) = (claim.words.clone(), Words::of(&world.config, &claim, person, now));
        let say = |meetings: &[MeetingWords]| words.say(meetings);
        let by = Service::to(recipient.provider.kind(), &recipient.to);
        let resting = cx.accounts.resting(&by, &recipient.provider.senders());
        let slot = slot_of(recipient.provider.pace(), &person.id, now, &resting);
        let has_message = !say(std::slice::from_ref(&first)).trim().is_empty();
        let unreachable_at = cx.accounts.unreachable_at(&by, now);
        let stop_unknown_at = cx.stop_unknown_at;
        let asked = situation(world, &recipient, now, &first.uid, has_message);
        let situation = Situation { unreachable_at, stop_unknown_at, ..asked };
        let saw = |facts: &Facts| guard::account(facts, &situation);
        let listed = listed(world, &cx.lookups, &recipient.to, now);
        let mut draft = AttemptDraft { listed, ..draft(world, &recipient, now, &say, &slot, &saw) };
        let ready = arm(&mut cx.armory, world, &mut draft);
        let witness_now = cx.time.witness_now();
        let rule = |facts: &Facts| late_by_both(guard::decide(facts, &situation), facts, now, witness_now);
        match world.store.begin_attempt(claim, &draft, now, &rule)? {
            Begun::Attempt(attempt) => {
                let subject = words.subject(&attempt.words);
                self.queue.starts_next_at(attempt.next_slot);
                cx.armory.spend();
                self.calls.send(cx, attempt, &recipient, subject, ready);
            }
            Begun::Refused(result) => refused(cx, result, &first, now),
            Begun::Waits(Reason::StopUnknown) => cx.wait_for_stop(step, &situation.stop)?,
            Begun::Waits(reason) => log::debug!("[CALL] {} waits: {reason}", printable(&first.uid)),
            Begun::NoSlot { until, all: true, claim } => {
                self.queue.starts_next_at(Some(until));
                return Ok(claim.map(|claim| *claim));
            }
            Begun::NoSlot { until, all: false, .. } => {
                cx.due.try_again(&by, Some(until));
            }
            Begun::Gone => {}
        }
        Ok(None)
    }
}

/// A step is too late only when both clocks say so: the corrected one and the witness, `None` while there is none.
fn late_by_both(verdict: Verdict, facts: &Facts, now: Timestamp, witness_now: Option<Timestamp>) -> Verdict {
    let late = |at: Timestamp| facts.step.as_ref().is_some_and(|step| step.deadline_at <= at);
    match verdict {
        Verdict::Refuse(refusal) if late(now) && !witness_now.is_some_and(late) => Verdict::Wait(refusal.reason),
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
