//! Reconciliation.

use crate::model::{
    Address, AfterFacts, AttemptId, AttemptState, Finding, HangUp, IncidentId, ListedCall, ProviderKind, ServerAge,
    StepNext, Target, Timestamp,
};
use crate::owner::Owner;

/// An attempt to be looked for in the provider's list: unknown, or given up not long ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubtful {
    /// Row.
    pub attempt: AttemptId,
    /// `UNKNOWN`, `ABSENT` or `ABANDONED`.
    pub state: AttemptState,
    /// Who was to place it.
    pub provider: ProviderKind,
    /// Under which account.
    pub account: String,
    /// Where it was to go.
    pub to: Target,
    /// From where.
    pub from: Address,
    /// Who wrote it; its boot tells whether the boot times below are of this boot.
    pub owner: Owner,
    /// When it was written.
    pub intent_at: Timestamp,
    /// The same in milliseconds of `CLOCK_BOOTTIME`.
    pub intent_boot_ms: i64,
    /// By this time its request had ended.
    pub request_deadline_at: Timestamp,
    /// The same in milliseconds of `CLOCK_BOOTTIME`.
    pub deadline_boot_ms: i64,
    /// Should its call be found, it is to be hung up: the incident has ended.
    pub hang_up: bool,
    /// The idempotency key of its step: the tag of its message is made of it.
    pub key: String,
    /// Its age by the server's clock, in a store that several hosts share.
    pub server: Option<ServerAge>,
}

/// An incident that has ended, and whose calls may still ring where the database that placed them was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedIncident {
    /// Row.
    pub id: IncidentId,
    /// Id of the person.
    pub person: String,
    /// Start it watched.
    pub starts_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How its calls are ended.
    pub how: HangUp,
}

/// A later attempt to the same number whose call may be in the list as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Later {
    /// Who wrote it.
    pub owner: Owner,
    /// When it was written.
    pub intent_at: Timestamp,
    /// The same in milliseconds of `CLOCK_BOOTTIME`.
    pub intent_boot_ms: i64,
    /// Its age by the server's clock, in a store that several hosts share.
    pub server: Option<ServerAge>,
}

/// The rules of a reconciliation.
pub struct ReconcileRules<'a> {
    /// Asked with the calls of the list that no attempt knows, and the next attempt to the number that has no answer.
    pub find: &'a dyn Fn(&[ListedCall], Option<&Later>) -> Finding,
    /// What becomes of the steps of an attempt whose call was found.
    pub adopted: &'a dyn Fn(&AfterFacts) -> StepNext,
    /// What becomes of the steps of an attempt that is proved absent.
    pub absent: &'a dyn Fn(&AfterFacts) -> StepNext,
}
