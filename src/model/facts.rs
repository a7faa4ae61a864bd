//! Facts and verdicts: what a store reads inside a transaction, and what a pure rule answers.

use super::{
    AttemptId, AttemptState, HangUpState, IncidentState, PauseView, Reason, RungKind, StepState, Target, Timestamp,
    When,
};
use crate::owner::Owner;

/// What the guards may know about a step about to be tried; read inside the claim transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The step; `None` for `call-test`.
    pub step: Option<StepFacts>,
    /// The target.
    pub number: NumberFacts,
    /// Of the pauses of this person and of everybody the one that lasts longest; it may be over.
    pub pause: Option<PauseView>,
    /// Counted attempts of this person since the start of the last 24 hours.
    pub calls_of_person_today: u32,
    /// Counted attempts of all people since the start of the last 24 hours.
    pub calls_today: u32,
}

/// Facts about a step, its incident and its meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFacts {
    /// State of the incident.
    pub incident_state: IncidentState,
    /// Is the incident's generation the meeting's, and is the meeting still planned?
    pub current: bool,
    /// Start of the meeting.
    pub starts_at: Timestamp,
    /// When the step was due.
    pub due_at: Timestamp,
    /// From then on it is too late.
    pub deadline_at: Timestamp,
    /// On which condition it runs.
    pub when: When,
    /// Calls of this (person, meeting) since the start of the limit's span (10 min); of an SMS step, messages.
    pub recent_calls: u32,
    /// A later call rung of the same incident to the same phone is due too, or has been claimed before this one.
    pub later_rung_due: bool,
    /// The step's last attempt was refused for the provider's capacity.
    pub refused_for_capacity: bool,
}

/// Facts about a target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NumberFacts {
    /// It has an attempt in `SENDING` or `UNKNOWN`.
    pub open_attempt: bool,
    /// Intent time of the newest accepted call that is not final.
    pub live_since: Option<Timestamp>,
    /// Intent time of the newest attempt that rang or may have rung.
    pub last_rang_at: Option<Timestamp>,
}

/// What a guard says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// All guards agree.
    Place,
    /// Not now: the step stays `PENDING`.
    Wait(Reason),
    /// No: the step ends.
    Refuse(Refusal),
}

/// A refusal with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `SKIPPED`, `FAILED` or `CANCELLED`.
    pub state: StepState,
    /// The reason word.
    pub reason: Reason,
    /// The numbers behind it, in plain words.
    pub detail: String,
}

/// What the fence reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FenceFacts {
    /// State of the attempt.
    pub state: AttemptState,
    /// Does its owner in the database match the process that asks?
    pub owner: Owner,
    /// Wish to end the call, set by check-in and resolve.
    pub hang_up: HangUpState,
    /// `true` for every incident it serves: not ended, and of the meeting's generation. `None` for `call-test`.
    pub incidents_open: Option<bool>,
    /// Of an incident it serves a human has answered, and the step runs only while nobody has.
    pub acknowledged: bool,
    /// Of the pauses of its person and of everybody the one that lasts longest; it may be over.
    pub pause: Option<PauseView>,
    /// What it does.
    pub kind: RungKind,
    /// When the latest of its steps was due, and the earliest moment at which one is too late; `None` for `call-test`.
    pub due: Option<(Timestamp, Timestamp)>,
}

/// What is known when a step's attempt has its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AfterFacts {
    /// What the step does.
    pub kind: RungKind,
    /// Has the incident not ended, in the same generation?
    pub incident_open: bool,
    /// From then on the step is too late.
    pub deadline_at: Timestamp,
    /// Retries spent so far.
    pub tries: u32,
    /// Was this step not the one that was claimed, but a companion that shares its call?
    pub merged: bool,
}

/// What becomes of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepNext {
    /// Done.
    End(Refusal),
    /// Back to `PENDING`; nothing rang, for certain.
    Again {
        /// Not before this time.
        not_before: Timestamp,
        /// Does it use up the one retry?
        spends_try: bool,
    },
    /// Stays `RUNNING`: the outcome is unknown.
    Stay,
}

/// An open attempt as time passes over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAttempt {
    /// Row.
    pub id: AttemptId,
    /// `SENDING` or `UNKNOWN`.
    pub state: AttemptState,
    /// Who wrote it.
    pub owner: Owner,
    /// End of its lease, in milliseconds of `CLOCK_BOOTTIME` of the owner's boot.
    pub lease_until_boot_ms: i64,
    /// By this time the request has ended.
    pub request_deadline_at: Timestamp,
    /// The same in milliseconds of `CLOCK_BOOTTIME` of the owner's boot.
    pub deadline_boot_ms: i64,
    /// Retries its steps have spent.
    pub tries: u32,
    /// Where it was to go.
    pub to: Target,
    /// From then on its steps are too late; `None` for `call-test`.
    pub deadline_at: Option<Timestamp>,
    /// Due time of the next pending rung of the same kind, to the same person or contact.
    pub next_rung_due: Option<Timestamp>,
}

/// What becomes of an open attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// Nothing yet.
    Keep,
    /// `SENDING` -> `UNKNOWN`.
    Unknown,
    /// `UNKNOWN` -> `ABANDONED`; its step is `FAILED(unknown)`.
    Abandon,
    /// `UNKNOWN` -> `ABANDONED`; its step may be tried once more (`on_unknown = "call"`, or what may arrive twice).
    AbandonAndCall,
}
