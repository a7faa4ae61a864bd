//! Calls that exist at the provider: looked at until they are final, ended when that is wanted.

use super::Run;
use super::looks::{About, Look, Question, Sight, Whom};
use super::summary::CallSeen;
use crate::model::{CallReport, CallStatus, HangUp, HangUpState, ProviderKind};
use crate::provider::ProviderError;
use crate::rules::pace;
use crate::store::{CallScope, LiveCall, NextLook, StoreError};
use std::time::Duration;

/// A call the provider does not know (any more) is asked for again after this long.
const LOST_CALL: Duration = Duration::from_secs(3600);

impl Run<'_> {
    /// Queues a look at every call that is due for one. A due step waits for the calls of its person, so that nobody who
    /// has answered is rung again.
    pub(super) fn follow(&mut self, scope: CallScope) -> Result<(), StoreError> {
        for call in self.world.store.live_calls(scope, self.world.clock.now())? {
            self.look_at(call);
        }
        Ok(())
    }

    pub(super) fn look_at(&mut self, call: LiveCall) {
        let sid = call.sid.clone();
        let question = match call.hang_up {
            Some(how) => Question::HangUp { sid, how },
            None => Question::Fetch { sid },
        };
        let (kind, provider, account) = (call.to.kind, call.provider, call.account.clone());
        let first = call.urgent;
        // Without its credentials a call can be neither read nor ended; it stays as it was last seen.
        self.ask(Look { question, about: About::Call(call), first }, &Whom { kind, provider, account: &account });
    }

    /// The provider answered about a call, or could not.
    pub(super) fn seen(&mut self, call: &LiveCall, sight: Sight) -> Result<(), StoreError> {
        match sight {
            Sight::Report(report) => self.reported(call, &report),
            Sight::Failed(ProviderError::NotFound) => self.not_known(call),
            Sight::Failed(error) => {
                let verb = if call.hang_up.is_some() { "ended" } else { "read" };
                log::warn!("[CALL] call {} could not be {verb}, the next tick tries again: {error}", call.sid);
                self.summary.call_errors += 1;
                Ok(())
            }
            Sight::List(_) => Ok(()),
        }
    }

    /// A provider may need a moment before it knows its own call. Only one that is old enough to be over is given up.
    fn not_known(&mut self, call: &LiveCall) -> Result<(), StoreError> {
        log::warn!("[CALL] the provider does not know call {}", call.sid);
        let (engine, now) = (&self.world.config.engine, self.world.clock.now());
        if call.intent_at.plus(engine.ring_timeout).plus(engine.settle) > now {
            self.summary.call_errors += 1;
            return Ok(());
        }
        self.world.store.record_hang_up(call.attempt, HangUpState::Moot)?;
        self.world.store.look_later(call.attempt, now.plus(LOST_CALL))
    }

    fn reported(&mut self, call: &LiveCall, report: &CallReport) -> Result<(), StoreError> {
        self.note_skew(report.skew_ms);
        let now = self.world.clock.now();
        // "canceled" leaves an answered call alone: somebody may be listening. The wish is done with.
        if call.hang_up == Some(HangUp::Canceled) && report.status == CallStatus::InProgress {
            self.world.store.record_hang_up(call.attempt, HangUpState::Moot)?;
        }
        // Only a real provider charges.
        let paid = call.provider == ProviderKind::Twilio;
        let price = pace::next_look_for_price(call.intent_at, now).filter(|_| paid);
        let next = NextLook { live: pace::next_look(call.intent_at, now), price };
        if self.world.store.record_report(call.attempt, report, next)? {
            log::debug!("[CALL] call {} is {}", call.sid, report.status);
            self.summary.calls.push(CallSeen {
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
}
