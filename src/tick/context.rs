//! What the parts of a tick share.

use super::accounts::Accounts;
use super::due::DueSteps;
use super::faults;
use super::jobs::Workers;
use super::lookups::Lookups;
use super::summary::Summary;
use super::text::Text;
use super::time::Time;
use super::world::World;
use crate::model::{StepId, Stop, Timestamp, printable};
use crate::owner::Armory;
use crate::provider;
use crate::store::{CallScope, LateEnds, Recorded, StoreError};
use std::sync::atomic::Ordering;

/// What the parts of a tick share. It knows none of the parts.
pub(super) struct Context<'w> {
    pub(super) world: &'w World,
    pub(super) time: Time,
    pub(super) summary: Summary,
    pub(super) workers: Workers,
    pub(super) lookups: Lookups,
    pub(super) due: DueSteps,
    pub(super) accounts: Accounts,
    /// Texts that are still to be sent to who answered.
    pub(super) texts: Vec<Text>,
    /// Which requests of this tick have begun, for those who find them when it is gone.
    pub(super) armory: Armory,
    /// Until when, as far as is known, nobody could say whether there was a STOP file.
    pub(super) stop_unknown_at: Option<Timestamp>,
    /// Faults that lasted when the tick began.
    pub(super) faults: Vec<String>,
    /// The store failed: nothing new is started, but requests under way are waited for.
    pub(super) failed: Option<StoreError>,
}

impl<'w> Context<'w> {
    pub(super) fn new(world: &'w World, time: Time) -> Self {
        Self {
            world,
            summary: Summary { schema: 1, now: time.now(), ..Summary::default() },
            time,
            workers: Workers::new(),
            lookups: Lookups::default(),
            due: DueSteps::default(),
            accounts: Accounts::default(),
            texts: Vec::new(),
            armory: Armory::new(world.store.armed_files()),
            stop_unknown_at: None,
            faults: Vec::new(),
            failed: None,
        }
    }

    /// Notes whether the fault `key` is there. `words` say what it means and what to do.
    pub(super) fn fault(&self, key: &str, there: bool, words: impl Fn() -> String) -> Result<(), StoreError> {
        faults::fault(self.world.store.as_ref(), self.time.now(), key, there, words)
    }

    /// A step waits, since nobody can say whether there is a STOP file: it is left to the next tick.
    pub(super) fn wait_for_stop(&mut self, step: StepId, stop: &Stop) -> Result<(), StoreError> {
        self.due.defer(&[step]);
        self.summary.stop_unknown += 1;
        self.tell_unknown_stop(stop)
    }

    /// Notes whether nobody can say if there is a STOP file. Each host has its own.
    pub(super) fn tell_unknown_stop(&self, stop: &Stop) -> Result<(), StoreError> {
        let words = || {
            let words = stop.words().unwrap_or_default();
            format!("{}; nothing goes out until it can be, and each tick tries again", printable(&words))
        };
        self.fault(&faults::stop_unknown_fault(), stop.is_unknown(), words)
    }

    /// Queues a look at every call of `scope` that is due for one.
    pub(super) fn follow(&mut self, scope: CallScope) -> Result<(), StoreError> {
        for call in self.world.store.live_calls(scope, self.time.now())? {
            self.lookups.look_at(self.world, call);
        }
        Ok(())
    }

    /// Notes how far the machine's clock is off, as the provider sees it.
    pub(super) fn note_skew(&mut self, skew_ms: Option<i64>) {
        let Some(skew_ms) = skew_ms else { return };
        self.time.skew_ms.store(skew_ms, Ordering::Relaxed);
        self.summary.skew_ms = Some(skew_ms.saturating_add(self.time.correction_ms));
    }

    /// Removes the files that say which requests have begun, as far as no attempt without an answer names them: those of
    /// processes that are gone, and this one's.
    pub(super) fn clear_armed_files(&mut self, leftovers: &[String]) -> Result<(), StoreError> {
        if !leftovers.is_empty() || self.armory.is_used() {
            self.armory.clear(leftovers, &self.world.store.armed()?);
        }
        Ok(())
    }

    /// Takes over what the store recorded of an attempt.
    pub(super) fn recorded(&mut self, recorded: Recorded) {
        self.summary.results.extend(recorded.steps);
        self.late(recorded.late);
        // The incident ended while the request was under way, or a call turned up for an attempt that was given up.
        if let Some(call) = recorded.hang_up {
            self.lookups.look_at(self.world, call);
        }
    }

    /// Tells what the provider had taken and could not bring to its target.
    pub(super) fn late(&mut self, late: LateEnds) {
        for end in &late.ends {
            let why = end.error_code.map_or_else(String::new, |code| match provider::meaning(code) {
                Some(words) => format!(": {code} {words}"),
                None => format!(": {code}"),
            });
            log::warn!("[CALL] Call failed - Reason={}{why}, {} To={}", end.call_status, end.call_id, end.to);
        }
        if !late.ends.is_empty() {
            self.due.changed();
        }
        self.summary.results.extend(late.left_out);
        self.summary.late_ends.extend(late.ends);
    }

    /// Keeps the first failure of the store: the tick ends with it.
    pub(super) fn note(&mut self, done: Result<(), StoreError>) {
        self.failed = self.failed.take().or(done.err());
    }
}
