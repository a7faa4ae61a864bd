//! Calls at the provider: read until they are final, and hung up when that is wanted.

use super::context::Context;
use super::lookups::LookupResult;
use super::part::{OtherParts, Part, each};
use super::summary::CallSeen;
use crate::model::{CallReport, CallStatus, HangUp, HangUpState, ProviderKind, RungKind, Target};
use crate::provider::ProviderError;
use crate::rules::{answered, pace};
use crate::store::{CallScope, Claim, LiveCall, NextLook, StoreError};
use std::time::Duration;

/// A call the provider does not know (any more) is asked for again after this long.
const LOST_CALL: Duration = Duration::from_secs(3600);

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
        let seen = cx.lookups.calls(&mut cx.workers);
        each(seen, |(call, result)| seen_call(cx, &call, result))
    }

    fn wakes_in(&self, cx: &Context<'_>) -> Option<Duration> {
        cx.time.follow_first_left().filter(|_| cx.lookups.under_way() > 0)
    }
}

/// The provider answered about a call, or could not.
fn seen_call(cx: &mut Context<'_>, call: &LiveCall, result: LookupResult<CallReport>) -> Result<(), StoreError> {
    match result {
        Ok(report) => reported(cx, call, &report),
        Err(ProviderError::NotFound) => not_known(cx, call),
        Err(error) => {
            let verb = if call.hang_up.is_some() { "ended" } else { "read" };
            log::warn!("[CALL] call {} could not be {verb}, the next tick tries again: {error}", call.sid);
            cx.summary.call_errors += 1;
            Ok(())
        }
    }
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

fn reported(cx: &mut Context<'_>, call: &LiveCall, report: &CallReport) -> Result<(), StoreError> {
    cx.note_skew(report.skew_ms);
    let now = cx.time.now();
    // "canceled" does not end an answered call, since somebody may be listening. The wish is over then, as it is for a
    // message that has left.
    let answered = call.hang_up == Some(HangUp::Canceled) && report.status == CallStatus::InProgress;
    let left = call.hang_up.is_some() && matches!(report.status, CallStatus::Sending | CallStatus::Sent);
    if answered || left {
        cx.world.store.record_hang_up(call.attempt, HangUpState::Moot)?;
    }
    // Only a real provider charges.
    let paid = call.provider == ProviderKind::Twilio;
    let price = pace::next_look_for_price(call.intent_at, now).filter(|_| paid);
    let live = match call.to.kind {
        RungKind::Call => Some(pace::next_look(call.intent_at, now)),
        _ => pace::next_look_at_message(call.intent_at, now),
    };
    let answered = answered::by_a_human(report, cx.world.config.machine_detection);
    let next = NextLook { now, live, price };
    let reported = cx.world.store.record_report(call.attempt, report, next, answered.then_some(now))?;
    for incident in reported.acknowledged {
        log::info!("[CALL] incident {incident}: a human answered");
        cx.summary.acknowledged.push(incident);
    }
    cx.late(reported.late);
    if reported.news {
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
    Ok(())
}
