//! Calls at the provider.

use crate::model::{AckHow, Address, AttemptId, CallStatus, HangUp, IncidentId, ProviderKind, Target, Timestamp};

/// Which calls to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallScope {
    /// All that are due for a look.
    All,
    /// Those of one incident that are to be hung up.
    HangUpsOf(IncidentId),
}

/// When to look at a call again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextLook {
    /// If it is not final; `None`: never.
    pub live: Option<Timestamp>,
    /// If it was answered, is over and has no price yet; `None`: never.
    pub price: Option<Timestamp>,
}

/// A call at the provider that is not final, or is to be hung up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCall {
    /// The attempt that made it.
    pub attempt: AttemptId,
    /// Who placed it.
    pub provider: ProviderKind,
    /// Under which account.
    pub account: String,
    /// The provider's id.
    pub sid: String,
    /// Where it went.
    pub to: Target,
    /// Last known status.
    pub status: CallStatus,
    /// How to end it, when that is wanted.
    pub hang_up: Option<HangUp>,
    /// When the attempt was written.
    pub intent_at: Timestamp,
    /// A step of the same person is due now: look at this one first.
    pub urgent: bool,
}

/// What a report about a call changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// Was anything in it new?
    pub news: bool,
    /// Incidents that are `ACKNOWLEDGED` because of it.
    pub acknowledged: Vec<IncidentId>,
}

/// A human showed that they know of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// How.
    pub how: AckHow,
    /// From which number or mailbox; kept masked.
    pub by: Address,
}
