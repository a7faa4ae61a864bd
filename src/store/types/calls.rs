//! Calls at the provider.

use super::StepResult;
use crate::model::{
    AckHow, Address, AttemptId, CallReport, CallStatus, HangUp, IncidentId, ProviderKind, RungKind, StepId, Target,
    Timestamp,
};
use serde::Serialize;

/// Which calls to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallScope {
    /// All that are due for a look.
    All,
    /// Those of one incident that are to be hung up.
    HangUpsOf(IncidentId),
}

/// When a call was looked at, and when to look at it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextLook {
    /// This look.
    pub now: Timestamp,
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

/// What the provider said about a call, to be written down.
#[derive(Debug, Clone, Copy)]
pub struct CallReported<'a> {
    /// The attempt that made it.
    pub attempt: AttemptId,
    /// What it said.
    pub report: &'a CallReport,
    /// When to look again.
    pub next: NextLook,
    /// When a human answered, as the report says.
    pub answered_at: Option<Timestamp>,
    /// The call cannot be ended any more: the wish becomes `MOOT`.
    pub wish_over: bool,
}

/// What a report about a call changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reported {
    /// Was anything in it new?
    pub news: bool,
    /// Incidents that are `ACKNOWLEDGED` because of it.
    pub acknowledged: Vec<IncidentId>,
    /// It has failed, and that was not known.
    pub late: LateEnds,
}

/// What came of it that the provider could not bring to its target what it had taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LateEnds {
    /// The steps that it was for, as far as somebody misses it.
    pub ends: Vec<LateEnd>,
    /// Later steps that would fail for the same reason.
    pub left_out: Vec<StepResult>,
}

/// A step whose call or message the provider had taken and could not bring to its target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LateEnd {
    /// The step; it stays `EXECUTED`.
    pub step: StepId,
    /// Its incident.
    pub incident: IncidentId,
    /// What the step does.
    pub kind: RungKind,
    /// Calendar UID of the meeting.
    pub event: String,
    /// Id of the person.
    pub person: String,
    /// Title of the meeting, cleaned.
    pub title: String,
    /// The provider's id.
    pub call_id: String,
    /// Masked address.
    pub to: String,
    /// `failed`, `undelivered`.
    pub call_status: CallStatus,
    /// Why, in the provider's codes.
    pub error_code: Option<u32>,
    /// What the next rung does that is due now because of it; `null`: there is none.
    pub next: Option<RungKind>,
}

/// A human showed that they know of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// How.
    pub how: AckHow,
    /// From which number or mailbox; kept masked.
    pub by: Address,
}
