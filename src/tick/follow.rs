//! Calls at the provider: read until they are final, and hung up when that is wanted.

use super::context::Context;
use super::part::{OtherParts, Part, each};
use super::summary::CallSeen;
use crate::model::{CallReport, CallStatus, HangUp, HangUpState, ProviderKind, RungKind, Target, Timestamp, printable};
use crate::provider::ProviderError;
use crate::rules::{answered, pace};
use crate::store::{CallReported, CallScope, Claim, LiveCall, NextLook, Reported, StoreError};
use std::time::Duration;

/// A call the provider does not know (any more) is asked for again after this long.
const LOST_CALL: Duration = Duration::from_secs(3600);

/// So many reports at most are one transaction: it holds the database for a few dozen milliseconds.
const SET: usize = 64;

/// The part that follows calls. It starts the questions of the tick's lookups.
pub(super) struct Following;

impl Part for Following {
    fn begin(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        cx.follow(CallScope::All)
    }

    fn start(&mut self, cx: &mut Context<'_>, _: &mut OtherParts<'_, '_>) -> Result<(), StoreError> {
        cx.lookups.start(cx.world, &cx.time, &mut cx.workers);
        Ok(())
    }

    /// A step waits for answers about its target, for a while.
    fn holds(&mut self, _: &Claim, target: &Target, cx: &mut Context<'_>) -> bool {
        cx.lookups.is_awaited(target) && cx.time.follow_first_left().is_some()
    }

    fn take(&mut self, cx: &mut Context<'_>) -> Result<(), StoreError> {
        let (mut reports, mut others) = (Vec::new(), Vec::new());
        for (call, result) in cx.lookups.calls(&mut cx.workers) {
            match result {
                Ok(report) => {
                    cx.note_skew(report.skew_ms);
                    reports.push((call, report));
                }
                Err(error) => others.push((call, error)),
            }
        }
        let unread = each(others, |(call, error)| no_report(cx, &call, &error));
        unread.and(each(reports.chunks(SET), |set| reported(cx, set)))
    }

    fn wakes_in(&self, cx: &Context<'_>) -> Option<Duration> {
        cx.time.follow_first_left().filter(|_| cx.lookups.under_way() > 0)
    }
}

/// The provider could not answer about a call.
fn no_report(cx: &mut Context<'_>, call: &LiveCall, error: &ProviderError) -> Result<(), StoreError> {
    if let ProviderError::NotFound = error {
        return not_known(cx, call);
    }
    let verb = if call.hang_up.is_some() { "ended" } else { "read" };
    log::warn!("[CALL] call {} could not be {verb}, the next tick tries again: {error}", call.sid);
    cx.summary.call_errors += 1;
    Ok(())
}

/// A provider may need a moment before it knows its own call. Only one that is old enough to be over is given up.
fn not_known(cx: &mut Context<'_>, call: &LiveCall) -> Result<(), StoreError> {
    log::warn!("[CALL] the provider does not know call {}", call.sid);
    let (engine, now) = (&cx.world.config.engine, cx.time.now());
    if call.intent_at.plus(engine.ring_timeout).plus(engine.settle) > now {
        cx.summary.call_errors += 1;
        return Ok(());
    }
    cx.world.store.record_hang_up(call.attempt, HangUpState::Moot)?;
    cx.world.store.look_later(call.attempt, now.plus(LOST_CALL))
}

/// Writes down together what the provider said; one call after the other when that cannot be done.
fn reported(cx: &mut Context<'_>, set: &[(LiveCall, CallReport)]) -> Result<(), StoreError> {
    let now = cx.time.now();
    let detection = cx.world.config.machine_detection;
    let reports: Vec<_> = set.iter().map(|(call, report)| to_record(call, report, now, detection)).collect();
    match cx.world.store.record_reports(&reports) {
        Ok(recorded) => {
            set.iter().zip(recorded).for_each(|((call, report), recorded)| tell(cx, call, report, recorded));
        }
        Err(error @ StoreError::Statement { .. }) if set.len() > 1 => {
            log::debug!("{error}; one call after the other");
            return each(set.chunks(1), |one| reported(cx, one));
        }
        // One call that cannot be written down stops no other one.
        Err(error @ StoreError::Statement { .. }) => {
            let call = &set[0].0;
            log::error!("[CALL] the status of call {} cannot be written down: {error}", printable(&call.sid));
            cx.summary.bad_steps += 1;
        }
        Err(other) => return Err(other),
    }
    Ok(())
}

fn to_record<'r>(call: &LiveCall, report: &'r CallReport, now: Timestamp, detection: bool) -> CallReported<'r> {
    // "canceled" does not end an answered call, since somebody may be listening. The wish is over then, as it is for a
    // message that has left.
    let answered = call.hang_up == Some(HangUp::Canceled) && report.status == CallStatus::InProgress;
    let left = call.hang_up.is_some() && matches!(report.status, CallStatus::Sending | CallStatus::Sent);
    // Only a real provider charges.
    let paid = call.provider == ProviderKind::Twilio;
    let price = pace::next_look_for_price(call.intent_at, now).filter(|_| paid);
    let live = match call.to.kind {
        RungKind::Call => Some(pace::next_look(call.intent_at, now)),
        _ => pace::next_look_at_message(call.intent_at, now),
    };
    let answered_at = answered::by_a_human(report, detection).then_some(now);
    let next = NextLook { now, live, price };
    CallReported { attempt: call.attempt, report, next, answered_at, wish_over: answered || left }
}

fn tell(cx: &mut Context<'_>, call: &LiveCall, report: &CallReport, recorded: Reported) {
    for incident in recorded.acknowledged {
        log::info!("[CALL] incident {incident}: a human answered");
        cx.summary.acknowledged.push(incident);
    }
    cx.late(recorded.late);
    if recorded.news {
        log::debug!("[CALL] call {} is {}", call.sid, report.status);
        cx.summary.calls.push(CallSeen {
            call_id: call.sid.clone(),
            to: call.to.masked(),
            status: report.status,
            duration_s: report.duration_s,
            answered_by: report.answered_by.clone(),
            hung_up: call.hang_up.is_some(),
        });
    }
}
