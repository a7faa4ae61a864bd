//! Outcomes of attempts: logged, and written down as soon as the store takes them.

use super::context::Context;
use super::faults::{self, Service};
use crate::model::{
    Address, AttemptId, NotSent, NotSentCause, Outcome, ProviderKind, Reason, RefusedSender, Rejection, RejectionClass,
    Reply, RungKind, StepId, Target, Timestamp,
};
use crate::provider;
use crate::rules::after;
use crate::store::{AfterFacts, Attempt, Recorded, StoreError};
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

/// Outcomes that are not written down yet.
pub(super) struct Outbox {
    /// Each with its steps, and why it could not be written down.
    unrecorded: Vec<(Replied, Vec<StepId>, StoreError)>,
    /// How often that may still be tried.
    writes_left: u32,
}

impl Default for Outbox {
    fn default() -> Self {
        Self { unrecorded: Vec::new(), writes_left: WRITES }
    }
}

impl Outbox {
    /// How long until outcomes that could not be written down are tried again.
    pub(super) fn wakes_in(&self) -> Option<Duration> {
        (!self.unrecorded.is_empty() && self.writes_left > 0).then_some(WRITE_AGAIN)
    }

    /// An outcome came, in time or late: logs it and writes it down.
    pub(super) fn record(&mut self, cx: &mut Context<'_>, mut replied: Replied) -> Result<(), StoreError> {
        let (claimed, meta) = (replied.claimed.take(), &replied.reply.meta);
        tell_outcome(&replied, claimed.as_ref().map(|a| &a.to));
        // A gateway's error page may carry any date.
        if matches!(meta.http_status, Some(200..=299 | 400..=499)) {
            cx.note_skew(meta.skew_ms);
        }
        let steps = claimed.as_ref().map(|a| a.steps.clone()).unwrap_or_default();
        match write(cx, &replied, claimed) {
            Ok(recorded) => written(cx, &replied, &steps, recorded),
            Err(error) => {
                // The log has the id of an accepted call already; the database gets it as soon as the store works.
                log::warn!("[CALL] attempt {} is not written down yet: {error}", replied.attempt);
                self.unrecorded.push((replied, steps, error));
                Ok(())
            }
        }
    }

    /// Tries again to write down what the store could not take. What it has not taken when the tick ends is an error.
    pub(super) fn write_again(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        for (left, steps, _) in std::mem::take(&mut self.unrecorded) {
            self.writes_left = self.writes_left.saturating_sub(1);
            let done = write(cx, &left, None).and_then(|recorded| written(cx, &left, &steps, recorded));
            self.unrecorded.extend(done.err().map(|error| (left, steps, error)));
        }
        let last = if cx.workers.given_up { self.unrecorded.pop() } else { None };
        last.map_or(Ok(()), |(.., error)| Err(error))
    }
}

fn write(cx: &Context<'_>, replied: &Replied, claimed: Option<Attempt>) -> Result<Recorded, StoreError> {
    let (store, now, reply) = (&cx.world.store, cx.time.now(), &replied.reply);
    let others = claimed.as_ref().is_some_and(|attempt| attempt.other_senders > 0);
    let goes_on = others && refused_sender(&reply.outcome).is_some();
    let witness_now = cx.time.witness_now();
    let rule = |facts: &AfterFacts| {
        if goes_on {
            after::from_another_sender(now)
        } else {
            after::late_by_both(after::of_reply(reply, facts, now), facts, now, witness_now)
        }
    };
    match claimed {
        Some(attempt) => store.record(attempt, reply, now, &rule),
        None => store.record_late(replied.attempt, reply, now, &rule),
    }
}

/// The store took it.
fn written(cx: &mut Context<'_>, replied: &Replied, steps: &[StepId], recorded: Recorded) -> Result<(), StoreError> {
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
        Outcome::Rejected(r) => refused(cx, replied, r),
        Outcome::Accepted(_) => taken(cx, replied),
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

fn taken(cx: &mut Context<'_>, replied: &Replied) -> Result<(), StoreError> {
    let by = &replied.by;
    cx.accounts.taken(by);
    if let Some(from) = replied.from.as_ref().filter(|from| cx.accounts.sender_taken(by, from)) {
        cx.fault(&by.sender_fault(from), false, String::new)?;
    }
    cx.fault(&by.fault(), false, String::new)
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
