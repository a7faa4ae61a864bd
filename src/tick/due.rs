//! Which due steps are claimed now, and which must wait.

use super::faults::Service;
use super::{BATCH, Run, Sending, WORTH_WAITING, aim};
use crate::model::{RungKind, StepId, Timestamp};
use crate::store::{Claim, StoreError};
use std::collections::VecDeque;

impl Run<'_> {
    /// Claims due steps as long as there are free workers.
    pub(super) fn claim_due(&mut self) -> Result<(), StoreError> {
        let waiting = self.again_at.len();
        let now = self.world.clock.now();
        self.again_at.retain(|(_, at)| *at > now);
        // A step that may be tried again takes its place by deadline, so the list is read anew.
        let mut stale = self.again_at.len() < waiting || self.its_turn_comes(now);
        loop {
            if self.due.is_empty() || stale {
                self.due = self.world.store.due_steps(self.world.clock.now(), BATCH)?.into();
                stale = self.turn_away()?;
                if stale {
                    continue;
                }
            }
            let whole_batch = self.due.len() == BATCH;
            let ended = self.summary.results.len();
            self.claim_batch()?;
            // A batch of late steps that all ended must not hide the steps behind it.
            if !(self.due.is_empty() && whole_batch && self.summary.results.len() > ended) {
                return Ok(());
            }
        }
    }

    fn claim_batch(&mut self) -> Result<(), StoreError> {
        let mut held = VecDeque::new();
        while self.may_start() && self.jobs.has_room() {
            let Some(claim) = self.due.pop_front() else { break };
            if self.had_their_try.contains(&claim.step) {
                continue;
            }
            if self.must_wait(claim.action.kind) || self.waits_in_line(&claim) || self.is_held(&claim) {
                held.push_back(claim);
                continue;
            }
            let (step, done) = (claim.step, self.adopt_or_claim(claim));
            held.extend(self.unless_of_one_row(step, done)?);
        }
        // What is held comes first again. Steps that wait for a busy number are found again once the list is empty.
        held.append(&mut self.due);
        self.due = held;
        Ok(())
    }

    /// A claim that must wait comes back.
    fn adopt_or_claim(&mut self, claim: Claim) -> Result<Option<Claim>, StoreError> {
        if self.adopt(&claim)? { Ok(None) } else { self.claim(claim) }
    }

    /// What is wrong with one row must not stop the others; what is wrong with the store stops the tick.
    fn unless_of_one_row<T: Default>(&mut self, step: StepId, done: Result<T, StoreError>) -> Result<T, StoreError> {
        match done {
            Err(error @ StoreError::Statement { .. }) => {
                log::error!("[CALL] step {step} cannot be tried: {error}");
                self.had_their_try.insert(step);
                self.summary.bad_steps += 1;
                Ok(T::default())
            }
            other => other,
        }
    }

    /// A request that could not end within the tick is left to the next one.
    pub(super) fn may_start(&self) -> bool {
        let needed = self.world.config.engine.needed();
        self.limit().saturating_sub(self.elapsed()) >= needed
    }

    /// Who does this refused *us*: in this tick, or in an earlier one, and its one request is under way.
    fn must_wait(&self, kind: RungKind) -> bool {
        let Some(provider) = self.world.providers.of(kind) else { return false };
        let by = Service::of(provider.kind(), kind);
        match self.sending.get(&by) {
            Some(Sending::Stopped) => true,
            Some(Sending::OneAtATime) => self.jobs.is_placing(by),
            None => false,
        }
    }

    /// When the tick has something to try again, as far as it stays for that.
    pub(super) fn next_try(&self) -> Option<Timestamp> {
        let near = self.again_at.iter().filter(|(by, at)| self.is_worth_waiting(*by, *at)).map(|(_, at)| *at);
        near.chain(self.next_turn()).min()
    }

    /// Is a retry so near that the tick stays for it? Later ones are for the next tick.
    fn is_worth_waiting(&self, by: Service, at: Timestamp) -> bool {
        self.sending.get(&by) != Some(&Sending::Stopped) && at <= self.world.clock.now().plus(WORTH_WAITING)
    }

    /// Must the claim wait for what is being asked about its target or its person?
    fn is_held(&mut self, claim: &Claim) -> bool {
        let Some(target) = aim::target(&self.world.config, claim) else { return false };
        let (list, presence) = (self.preflight(&target, claim), self.presence_is_awaited(claim));
        let looked_at = self.looked_at_first.contains_key(&target) && !self.follow_first_is_over();
        list || presence || looked_at
    }
}
