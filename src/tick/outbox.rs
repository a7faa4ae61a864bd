//! Outcomes of attempts: logged, and written down as soon as the store takes them.

use super::context::Context;
use super::faults::Service;
use crate::model::{AttemptId, Outcome, ProviderKind, Reason, RejectionClass, Reply, StepId, Target};
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
    let rule = |facts: &AfterFacts| after::of_reply(reply, facts, now);
    match claimed {
        Some(attempt) => store.record(attempt, reply, now, &rule),
        None => store.record_late(replied.attempt, reply, now, &rule),
    }
}

/// The store took it.
fn written(cx: &mut Context<'_>, replied: &Replied, steps: &[StepId], recorded: Recorded) -> Result<(), StoreError> {
    let Replied { by, reply, .. } = replied;
    match &reply.outcome {
        // The provider was at its limit: once in a tick is enough.
        Outcome::Rejected(r) if r.class == RejectionClass::Capacity => cx.due.defer(steps),
        _ => cx.due.try_again(*by, recorded.again_at),
    }
    cx.recorded(recorded);
    // Keeps the fault "this account is refused" up to date, and stops sending while it begins.
    match &reply.outcome {
        Outcome::Rejected(r) if r.class == RejectionClass::Ours => {
            cx.accounts.refused(*by);
            let what = if by.messages { "messages of this account" } else { "this account" };
            cx.fault(&by.fault(), true, || format!("[CALL] the provider refuses {what}: {}", r.message))
        }
        Outcome::Accepted(_) => {
            cx.accounts.taken(*by);
            cx.fault(&by.fault(), false, String::new)
        }
        _ => Ok(()),
    }
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
