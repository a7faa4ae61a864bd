//! Calls that exist at the provider: looked at until they are final, ended when that is wanted.

use super::Run;
use super::summary::CallSeen;
use crate::model::{CallReport, CallStatus, HangUp, HangUpState, Timestamp};
use crate::provider::{Provider, ProviderError};
use crate::rules::pace;
use crate::store::{CallScope, LiveCall, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// A call the provider does not know (any more) is asked for again after this long.
const LOST_CALL: Duration = Duration::from_secs(3600);

/// One look at a call, to be run by a worker.
pub(super) struct Look {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) sid: String,
    pub(super) hang_up: Option<HangUp>,
    pub(super) now: Timestamp,
}

impl Look {
    pub(super) fn run(&self) -> Result<CallReport, ProviderError> {
        match self.hang_up {
            Some(how) => self.provider.hang_up(&self.sid, how, self.now),
            None => self.provider.fetch(&self.sid, self.now),
        }
    }
}

impl Run<'_> {
    /// Starts looking at calls. Those of people with a due step come first, and that step waits for them.
    pub(super) fn follow(&mut self, scope: CallScope) -> Result<(), StoreError> {
        for call in self.world.store.live_calls(scope, self.world.clock.now())? {
            // The rest is for the next tick: looks never stand before due calls.
            if !self.jobs.has_look_room() {
                break;
            }
            if self.is_first_look(&call) {
                self.looked_at_first.insert(call.to.clone());
            }
            self.look_at(call);
        }
        Ok(())
    }

    pub(super) fn look_at(&mut self, call: LiveCall) {
        // Without its credentials a call can be neither read nor ended; it stays as it was last seen.
        let Some(provider) = self.world.providers.for_call(call.provider, &call.account) else {
            self.looked_at_first.remove(&call.to);
            log::debug!("[CALL] no credentials for {} {}, call {}", call.provider, call.account, call.sid);
            return;
        };
        let look = Look { provider, sid: call.sid.clone(), hang_up: call.hang_up, now: self.world.clock.now() };
        self.jobs.look(call, look, self.world.config.engine.hard_timeout);
    }

    /// The provider answered, or could not.
    pub(super) fn seen(
        &mut self,
        call: &LiveCall,
        report: Result<CallReport, ProviderError>,
    ) -> Result<(), StoreError> {
        self.looked_at_first.remove(&call.to);
        match report {
            Ok(report) => self.reported(call, &report),
            Err(ProviderError::NotFound) => {
                let now = self.world.clock.now();
                self.world.store.record_hang_up(call.attempt, HangUpState::Moot)?;
                self.world.store.look_later(call.attempt, now.plus(LOST_CALL))?;
                log::warn!("[CALL] the provider does not know call {}", call.sid);
                Ok(())
            }
            Err(error) => {
                let verb = if call.hang_up.is_some() { "ended" } else { "read" };
                log::warn!("[CALL] call {} could not be {verb}, the next tick tries again: {error}", call.sid);
                self.summary.call_errors += 1;
                Ok(())
            }
        }
    }

    fn reported(&mut self, call: &LiveCall, report: &CallReport) -> Result<(), StoreError> {
        self.summary.note_skew(report.skew_ms);
        let now = self.world.clock.now();
        // "canceled" leaves an answered call alone: somebody may be listening. The wish is done with.
        if call.hang_up == Some(HangUp::Canceled) && report.status == CallStatus::InProgress {
            self.world.store.record_hang_up(call.attempt, HangUpState::Moot)?;
        }
        let next = pace::next_look(call.intent_at, now);
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

    /// Looking took too long: the next tick looks again.
    pub(super) fn not_seen(&mut self, call: &LiveCall) {
        self.looked_at_first.remove(&call.to);
        self.summary.call_errors += 1;
        log::warn!("[CALL] no answer about call {} in time, the next tick tries again", call.sid);
    }
}
