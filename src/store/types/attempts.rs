//! Attempts.

use super::{Claim, LateEnds, LiveCall, StepResult};
use crate::model::{
    Address, AttemptId, AttemptState, Facts, IncidentId, Line, ListedCall, MeetingWords, ProviderKind, Reason,
    RungKind, Slot, StepId, Target, Timestamp,
};
use crate::owner::{Mark, Owner};
use std::time::Duration;

/// An attempt about to be written down.
pub struct AttemptDraft<'a> {
    /// Unique.
    pub token: String,
    /// Id of the person (or `call-test`).
    pub person: String,
    /// Where it goes.
    pub to: Target,
    /// What it may come from, in the provider's order; at least one.
    pub senders: Vec<Address>,
    /// Who places it.
    pub provider: ProviderKind,
    /// Under which account.
    pub account: String,
    /// This process.
    pub owner: Owner,
    /// Where this process says whether the request has begun; `None`: nowhere.
    pub armed: Option<Mark>,
    /// End of the lease, in milliseconds of `CLOCK_BOOTTIME` of the owner's boot.
    pub lease_until_boot_ms: i64,
    /// Now, in milliseconds of `CLOCK_BOOTTIME`.
    pub intent_boot_ms: i64,
    /// By this time the request has ended, whatever happened to it.
    pub request_deadline_at: Timestamp,
    /// The same, in milliseconds of `CLOCK_BOOTTIME`: no change of the wall clock moves it.
    pub deadline_boot_ms: i64,
    /// Calls after this count for the limit.
    pub calls_since: Timestamp,
    /// Calls after this count for the daily caps.
    pub day_since: Timestamp,
    /// What the provider's list shows to the target; those that an attempt knows are left out of the facts.
    pub listed: Vec<ListedCall>,
    /// Other call steps of this person that are due before this time may share the call.
    pub merge_until: Timestamp,
    /// Of an adopted call: no meeting shared it that started later than this after it.
    pub window: Duration,
    /// What is said about the meetings, earliest start first. Pure.
    pub say: &'a dyn Fn(&[MeetingWords]) -> String,
    /// Its place in the line of calls, and the sender it comes from. Pure.
    pub slot: &'a dyn Fn(&Line) -> Slot,
    /// What the guards saw when they let a step through, in one line: kept with the attempt. Pure.
    pub saw: &'a dyn Fn(&Facts) -> String,
}

/// A written attempt in the hand of its owner, spent by [`crate::store::Store::record`].
#[derive(Debug)]
#[must_use = "an attempt that is not recorded stays SENDING until its lease is over"]
#[expect(clippy::manual_non_exhaustive, reason = "the other modules of this crate must not make one either")]
pub struct Attempt {
    /// Row.
    pub id: AttemptId,
    /// Unique token.
    pub token: String,
    /// The token of the step's first attempt.
    pub key: String,
    /// The step claimed first; `None` for `call-test`.
    pub step: Option<StepId>,
    /// Its incident.
    pub incident: Option<IncidentId>,
    /// All steps it serves (more than one when meetings share a call).
    pub steps: Vec<StepId>,
    /// The meetings it names, earliest start first.
    pub words: Vec<MeetingWords>,
    /// Where it goes.
    pub to: Target,
    /// What it comes from.
    pub from: Address,
    /// Who is to place it.
    pub provider: ProviderKind,
    /// What is said.
    pub message: String,
    /// When it was written.
    pub intent_at: Timestamp,
    /// When the account's next call may start, whatever number it comes from; `None`: nobody keeps a pace.
    pub next_slot: Option<Timestamp>,
    /// How many other senders of its draft the step was not refused from.
    pub other_senders: usize,
    #[expect(dead_code, reason = "keeps the constructor inside the store")]
    pub(in crate::store) sealed: (),
}

/// What the claim transaction did.
#[derive(Debug)]
#[must_use]
pub enum Begun {
    /// The attempt is written; send it.
    Attempt(Attempt),
    /// The step stays pending.
    Waits(Reason),
    /// All guards agree, and the step stays pending until its turn comes.
    NoSlot {
        /// When to ask again.
        until: Timestamp,
        /// `true`: no other call can start before that either. `false`: only the number of this incident is not free.
        all: bool,
        /// The claim, which is not spent; `None` for a test call.
        claim: Option<Box<Claim>>,
    },
    /// The step ended.
    Refused(StepResult),
    /// Somebody else was faster: the step is no longer pending, or not ready yet.
    Gone,
}

impl Begun {
    /// With the claim, if its turn has not come.
    pub(in crate::store) fn not_spent(self, unspent: Claim) -> Self {
        match self {
            Self::NoSlot { until, all, .. } => Self::NoSlot { until, all, claim: Some(Box::new(unspent)) },
            other => other,
        }
    }
}

/// A due call step that waits for its turn: nothing is written down for it.
pub struct Queued<'a> {
    /// The step.
    pub step: StepId,
    /// The attempt it would have.
    pub draft: AttemptDraft<'a>,
}

/// What shedding did.
#[derive(Debug, Default)]
pub struct Shed {
    /// Steps that ended.
    pub results: Vec<StepResult>,
    /// Steps that may be claimed: they can start in time, or a guard has something to say about them.
    pub claimable: Vec<StepId>,
}

/// What recording did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Recorded {
    /// The attempt's state afterwards.
    pub state: AttemptState,
    /// What became of its steps.
    pub steps: Vec<StepResult>,
    /// The step went back to `PENDING` and may be tried again from this time on.
    pub again_at: Option<Timestamp>,
    /// The call is to be hung up at once: its incidents have ended meanwhile, or it is a ghost (its attempt had been
    /// given up, and was proved absent or followed by another one).
    pub hang_up: Option<LiveCall>,
    /// The call was taken, and had failed when that was learnt.
    pub late: LateEnds,
}

impl Recorded {
    /// The attempt is in this state, and nothing came of it.
    pub(in crate::store) fn nothing(state: AttemptState) -> Self {
        Self { state, steps: Vec::new(), again_at: None, hang_up: None, late: LateEnds::default() }
    }
}

/// A sender that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedFrom {
    /// Who refused it.
    pub provider: ProviderKind,
    /// For what.
    pub kind: RungKind,
    /// The sender.
    pub from: Address,
    /// Why, in the provider's codes.
    pub code: Option<u32>,
}
