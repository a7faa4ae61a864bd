//! The due steps, as the store named them last, and those that may be tried again.

use super::faults::Service;
use crate::model::{StepId, Timestamp};
use crate::store::Claim;
use std::collections::{HashSet, VecDeque};

/// Due steps read at once.
pub(super) const BATCH: usize = 5000;

/// What is due.
#[derive(Debug, Default)]
pub(super) struct DueSteps {
    /// Read and not yet claimed, earliest deadline first. When none is left, they are read anew.
    pub(super) steps: VecDeque<Claim>,
    /// There are some, and no worker is free.
    pub(super) wait_for_workers: bool,
    /// They are to be read anew, whatever is still named here.
    stale: bool,
    /// Steps that had their tries of this tick.
    deferred: HashSet<StepId>,
    /// Steps of which an attempt did not leave in this tick: one more is made.
    unsent: HashSet<StepId>,
    /// When steps that went back to `PENDING` may be tried again, and by whom.
    again_at: Vec<(Service, Timestamp)>,
}

impl DueSteps {
    /// The due steps may have changed: they are to be read anew.
    pub(super) fn changed(&mut self) {
        self.steps.clear();
        self.stale = true;
    }

    /// As the store names them now.
    pub(super) fn read(&mut self, steps: Vec<Claim>) {
        (self.steps, self.stale) = (steps.into(), false);
    }

    /// Did they change since they were read?
    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    /// These are left to the next tick.
    pub(super) fn defer(&mut self, steps: &[StepId]) {
        self.deferred.extend(steps);
    }

    /// Nothing of an attempt for these left: once more in this tick, then they are left to the next.
    pub(super) fn not_sent(&mut self, steps: &[StepId], by: &Service, again_at: Option<Timestamp>) {
        if steps.iter().any(|step| self.unsent.contains(step)) {
            self.defer(steps);
        } else {
            self.unsent.extend(steps);
            self.try_again(by, again_at);
        }
    }

    /// Was it left to the next tick?
    pub(super) fn is_deferred(&self, claim: &Claim) -> bool {
        self.deferred.contains(&claim.step)
    }

    /// A step may be tried again from then on.
    pub(super) fn try_again(&mut self, by: &Service, at: Option<Timestamp>) {
        self.again_at.extend(at.map(|at| (by.clone(), at)));
    }

    /// `true`: a step may be tried again by `now`, and takes its place by deadline.
    pub(super) fn retry_comes(&mut self, now: Timestamp) -> bool {
        let waiting = self.again_at.len();
        self.again_at.retain(|(_, at)| *at > now);
        self.again_at.len() < waiting
    }

    /// When the next step may be tried again by a `usable` service, if that is before `until`.
    pub(super) fn next_retry(&self, until: Timestamp, usable: impl Fn(&Service) -> bool) -> Option<Timestamp> {
        self.again_at.iter().filter(|(by, at)| *at <= until && usable(by)).map(|(_, at)| *at).min()
    }
}
