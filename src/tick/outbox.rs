//! Outcomes of attempts: logged, and written down as soon as the store takes them.

use super::context::Context;
use super::faults::{self, Service};
use super::part::each;
use crate::model::{
    Address, AttemptId, FenceReason, NotSent, NotSentCause, Outcome, ProviderKind, Reason, RefusedSender, Rejection,
    RejectionClass, Reply, RungKind, StepId, Target, Timestamp,
};
use crate::provider;
use crate::rules::after;
use crate::store::{AfterFacts, Attempt, Recorded, StoreError};
use std::collections::HashSet;
use std::time::Duration;

/// The pause before an outcome that could not be written down is tried again …
const WRITE_AGAIN: Duration = Duration::from_millis(200);

/// … and how often it is tried.
const WRITES: u32 = 50;

/// What came of one request.
pub(super) struct Replied {
    pub(super) attempt: AttemptId,
    pub(super) by: Service,
    /// What it came from, unless the attempt was given up before.
    pub(super) from: Option<Address>,
    pub(super) reply: Reply,
    /// The attempt, unless it was given up before.
    pub(super) claimed: Option<Attempt>,
}

/// An outcome to be written down.
struct Unwritten {
    replied: Replied,
    /// The steps of its attempt.
    steps: Vec<StepId>,
    /// Its from number was refused, and there are others.
    goes_on: bool,
}

/// Outcomes that are not written down yet.
pub(super) struct Outbox {
    unwritten: Vec<Unwritten>,
    /// Why the last of them could not be written down.
    why: Option<StoreError>,
    /// How often that may still be tried.
    writes_left: u32,
    /// The faults that this tick knows to be over: the store is asked once.
    cleared: HashSet<String>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { unwritten: Vec::new(), why: None, writes_left: WRITES, cleared: HashSet::new() }
    }
}

impl Outbox {
    /// How long until outcomes that could not be written down are tried again.
    pub(super) fn wakes_in(&self) -> Option<Duration> {
        (!self.unwritten.is_empty() && self.writes_left > 0).then_some(WRITE_AGAIN)
    }

    /// Outcomes came, in time or late: logs them and writes them down, in one transaction.
    pub(super) fn record(&mut self, cx: &mut Context<'_>, replies: Vec<Replied>) -> Result<(), StoreError> {
        let mut came = Vec::with_capacity(replies.len());
        for mut replied in replies {
            let (claimed, meta) = (replied.claimed.take(), &replied.reply.meta);
            tell_outcome(&replied, claimed.as_ref().map(|a| &a.to));
            // A gateway's error page may carry any date.
            if matches!(meta.http_status, Some(200..=299 | 400..=499)) {
                cx.note_skew(meta.skew_ms);
            }
            let others = claimed.as_ref().is_some_and(|attempt| attempt.other_senders > 0);
            let goes_on = others && refused_sender(&replied.reply.outcome).is_some();
            came.push(Unwritten { replied, steps: claimed.map(|a| a.steps).unwrap_or_default(), goes_on });
        }
        let before = self.unwritten.len();
        let done = self.write(cx, came);
        for left in &self.unwritten[before..] {
            // The log has the id of an accepted call already; the database gets it as soon as the store works.
            let (attempt, why) = (left.replied.attempt, self.why.as_ref().map(ToString::to_string).unwrap_or_default());
            log::warn!("[CALL] attempt {attempt} is not written down yet: {why}");
        }
        done
    }

    /// Tries again to write down what the store could not take. What it has not taken when the tick ends is an error.
    pub(super) fn write_again(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        if self.unwritten.is_empty() {
            return Ok(());
        }
        self.writes_left = self.writes_left.saturating_sub(1);
        let left = std::mem::take(&mut self.unwritten);
        self.write(cx, left)?;
        let last = if cx.workers.given_up && !self.unwritten.is_empty() { self.why.take() } else { None };
        last.map_or(Ok(()), Err)
    }

    /// Writes them down together. Where one of them is to blame, the others are written down all the same.
    fn write(&mut self, cx: &mut Context<'_>, outcomes: Vec<Unwritten>) -> Result<(), StoreError> {
        if outcomes.is_empty() {
            return Ok(());
        }
        match record_all(cx, &outcomes) {
            Ok(recorded) => {
                let each_of = outcomes.iter().zip(recorded);
                each(each_of, |(outcome, recorded)| written(cx, outcome, recorded, &mut self.cleared))
            }
            Err(StoreError::Statement { .. } | StoreError::NotFound(_) | StoreError::Conflict(_))
                if outcomes.len() > 1 =>
            {
                each(outcomes, |outcome| self.write(cx, vec![outcome]))
            }
            Err(error) => {
                self.why = Some(error);
                self.unwritten.extend(outcomes);
                Ok(())
            }
        }
    }
}

fn record_all(cx: &Context<'_>, outcomes: &[Unwritten]) -> Result<Vec<Recorded>, StoreError> {
    let (now, witness_now) = (cx.time.now(), cx.time.witness_now());
    let rule = |place: usize, facts: &AfterFacts| {
        let Unwritten { replied, goes_on, .. } = &outcomes[place];
        if *goes_on {
            after::from_another_sender(now)
        } else {
            after::late_by_both(after::of_reply(&replied.reply, facts, now), facts, now, witness_now)
        }
    };
    let replies: Vec<_> = outcomes.iter().map(|outcome| (outcome.replied.attempt, &outcome.replied.reply)).collect();
    cx.world.store.record_all(&replies, now, &rule)
}

/// The store took it. `cleared`: the faults that this tick knows to be over.
fn written(
    cx: &mut Context<'_>,
    outcome: &Unwritten,
    recorded: Recorded,
    cleared: &mut HashSet<String>,
) -> Result<(), StoreError> {
    let Unwritten { replied, steps, .. } = outcome;
    let Replied { by, reply, .. } = replied;
    let again_at = recorded.again_at;
    cx.recorded(recorded);
    match &reply.outcome {
        // The provider was at its limit: once in a tick is enough.
        Outcome::Rejected(r) if r.class == RejectionClass::Capacity => cx.due.defer(steps),
        Outcome::NotSent(not_sent) => return unsent(cx, by, not_sent, steps, again_at),
        _ => cx.due.try_again(by, again_at),
    }
    left(cx, by)?;
    match &reply.outcome {
        Outcome::Rejected(r) => {
            cleared.remove(&by.fault());
            refused(cx, replied, r)
        }
        Outcome::Accepted(_) => taken(cx, replied, cleared),
        _ => Ok(()),
    }
}

/// Keeps the faults "this account is refused" and "this number is" up to date, and stops sending through what is.
fn refused(cx: &mut Context<'_>, replied: &Replied, rejection: &Rejection) -> Result<(), StoreError> {
    let Replied { by, reply, from, .. } = replied;
    if let (Some(sender), Some(from)) = (refused_sender(&reply.outcome), from) {
        if sender == RefusedSender::ForThisTarget {
            cx.accounts.tried(by, from);
            return Ok(());
        }
        let senders = senders(cx, by);
        let others_left = cx.accounts.sender_refused(by, from, &senders);
        if senders.len() > 1 {
            cx.fault(&by.sender_fault(from), true, || {
                let why = &rejection.message;
                format!("[CALL] the provider refuses the from number {from}: {why}; it rests, and the others are used")
            })?;
        }
        if others_left {
            return Ok(());
        }
    } else if rejection.class != RejectionClass::Ours {
        return Ok(());
    }
    cx.accounts.refused(by);
    let what = if by.messages { "messages of this account" } else { "this account" };
    cx.fault(&by.fault(), true, || format!("[CALL] the provider refuses {what}: {}", rejection.message))
}

fn taken(cx: &mut Context<'_>, replied: &Replied, cleared: &mut HashSet<String>) -> Result<(), StoreError> {
    let by = &replied.by;
    cx.accounts.taken(by);
    if let Some(from) = replied.from.as_ref().filter(|from| cx.accounts.sender_taken(by, from)) {
        cx.fault(&by.sender_fault(from), false, String::new)?;
    }
    if cleared.insert(by.fault()) { cx.fault(&by.fault(), false, String::new) } else { Ok(()) }
}

/// Does the refusal hold for its from number alone?
fn refused_sender(outcome: &Outcome) -> Option<RefusedSender> {
    if let Outcome::Rejected(rejection) = outcome { provider::refused_sender(rejection.code) } else { None }
}

/// What its requests may come from today.
fn senders(cx: &Context<'_>, by: &Service) -> Vec<Address> {
    let kind = if by.messages { RungKind::Sms } else { RungKind::Call };
    let provider = cx.world.providers.of(kind).filter(|provider| provider.kind() == by.provider);
    provider.map(|provider| provider.senders()).unwrap_or_default()
}

/// Not a byte left. Was the network or a locked secret in the way, others will not get through either.
fn unsent(
    cx: &mut Context<'_>,
    by: &Service,
    not_sent: &NotSent,
    steps: &[StepId],
    again_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    let now = cx.time.now();
    match not_sent.cause {
        // It is ready from its due time on. This tick knows no more about the clock.
        NotSentCause::Fenced(FenceReason::ClockDoubt) => {
            cx.due.defer(steps);
            cx.accounts.held_back(by, now);
            return Ok(());
        }
        NotSentCause::Fenced(reason) if reason.is_a_rule() => {
            cx.due.try_again(by, again_at);
            cx.accounts.held_back(by, now);
            return Ok(());
        }
        NotSentCause::Fenced(_) | NotSentCause::Other => {
            cx.due.not_sent(steps, by, again_at);
            cx.accounts.held_back(by, now);
            return Ok(());
        }
        // What is locked stays so for the others as well, and each of them would ask for the secret again.
        NotSentCause::Dns | NotSentCause::Connect | NotSentCause::Tls | NotSentCause::Locked => {}
    }
    cx.due.not_sent(steps, by, again_at);
    let next = cx.accounts.not_sent(by, now, again_at);
    cx.due.try_again(by, next);
    if !cx.accounts.is_dead(by) {
        return Ok(());
    }
    let (key, why) = (faults::dead_way_fault(&by.way()), &not_sent.detail);
    cx.fault(&key, true, || {
        let whom = key.trim_end_matches(" network");
        format!("[CALL] nothing reaches {whom} ({why}): what is due waits, and every tick tries one request at a time")
    })
}

/// A request left this machine.
fn left(cx: &mut Context<'_>, by: &Service) -> Result<(), StoreError> {
    if cx.accounts.is_dead(by) {
        cx.fault(&faults::dead_way_fault(&by.way()), false, String::new)?;
    }
    cx.accounts.left(by);
    Ok(())
}

fn tell_outcome(replied: &Replied, to: Option<&Target>) {
    let (kind, reply) = (replied.by.provider, &replied.reply);
    match &reply.outcome {
        Outcome::Accepted(call) => {
            let status = if kind == ProviderKind::Test { Reason::TestMode } else { Reason::Initiated };
            log::info!("[CALL] Call SID={}", call.sid);
            if let Some(to) = to {
                log::info!("[CALL] To={to}");
            }
            log::info!("[CALL] Status={status}");
            log::info!("[CALL] Call completed - Status={status}, Provider={kind}");
        }
        Outcome::Rejected(r) => log::warn!("[CALL] Call failed - Reason={}", r.message),
        Outcome::NotSent(n) => log::warn!("[CALL] Call failed - Reason={}", n.detail),
        Outcome::Unknown(d) => {
            log::warn!("[CALL] Call failed - Reason=unknown: {}, Elapsed={}ms", d.detail, reply.meta.elapsed_ms);
        }
    }
}
