//! Facts and verdicts: what a store reads inside a transaction, and what a pure rule answers.

use super::{
    AttemptId, AttemptState, FenceReason, HangUpState, IncidentState, ListedCall, PauseView, Reason, RungKind,
    StepState, Target, Timestamp, When,
};
use crate::owner::{Mark, Owner};

/// What the guards may know about a step about to be tried; read inside the claim transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The step; `None` for `call-test`.
    pub step: Option<StepFacts>,
    /// The target.
    pub number: NumberFacts,
    /// The longest pause that applies to this person; it may be over.
    pub pause: Option<PauseView>,
    /// Counted attempts of this person since the start of the last 24 hours.
    pub calls_of_person_today: u32,
    /// Counted attempts of all people since the start of the last 24 hours.
    pub calls_today: u32,
    /// Of the person's, those that the provider is not known to have taken.
    pub untaken_of_person_today: u32,
    /// The same of all people's.
    pub untaken_today: u32,
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
    /// When the incident's first rung of this kind was due.
    pub first_due_at: Timestamp,
    /// From then on it is too late.
    pub deadline_at: Timestamp,
    /// On which condition it runs.
    pub when: When,
    /// Calls of this (person, meeting) since the start of the limit's span (10 min); of an SMS step, messages.
    pub recent_calls: u32,
    /// Of these, those that the provider is not known to have taken.
    pub recent_untaken: u32,
    /// The later rungs of the same incident and kind, to the same target.
    pub later: LaterRungs,
    /// The step's last attempt was refused for the provider's capacity.
    pub refused_for_capacity: bool,
    /// The step's last attempt did not leave this machine, and no rule had held it back.
    pub unsent: Option<Unsent>,
}

/// Tries of a step that certainly did not leave this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// How many.
    pub times: u32,
    /// What stood in the way of the last one, without secrets.
    pub why: String,
}

impl Unsent {
    /// By the error that the last one left.
    pub fn new(times: u32, error: &str) -> Self {
        let why = match FenceReason::of_error(error) {
            Some(FenceReason::TooLate) => "this machine was too slow or slept",
            Some(FenceReason::StoreFailed) => "the database could not be read",
            Some(FenceReason::StopUnknown) => "nobody could say whether there was a STOP file",
            _ => error,
        };
        Self { times, why: why.to_owned() }
    }

    /// How often and why: `tried 4 times and nothing left this machine: connection refused`.
    pub fn words(&self) -> String {
        let times = if self.times == 1 { "once".to_owned() } else { format!("{} times", self.times) };
        format!("tried {times} and nothing left this machine: {}", self.why)
    }
}

/// What the later rungs of a step's incident do, those of its kind and to its target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaterRungs {
    /// One has an attempt that counts: it rang, may have rung, or may still ring.
    pub called: bool,
    /// Some are due and still to be tried; the weakest of their conditions.
    pub due: Option<When>,
    /// One of these may be tried now; else they wait for a retry.
    pub ready: bool,
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
    /// Calls in the provider's list that no attempt knows, with their times by our clock.
    pub listed: Vec<ListedCall>,
}

/// When a tick ran that completed its row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TickSpan {
    /// Its start.
    pub started_at: Timestamp,
    /// Its end.
    pub ended_at: Timestamp,
}

/// The times of which a database knows every call of ours: an unknown call of such a time is somebody else's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// The last completed ticks.
    pub ticks: Vec<TickSpan>,
    /// Since then the database went on and lost nothing; `None`: nobody can say whether it did.
    pub on_since: Option<Timestamp>,
}

/// What preflight chose from the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its place among [`NumberFacts::listed`].
    pub index: usize,
    /// When it was created, as far as that can be believed.
    pub created_at: Timestamp,
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

/// From when calls may start by the account's pace; read inside the claim transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// From when the account's next call may start; `None`: it never made one.
    pub account: Option<Timestamp>,
    /// The same for each sender of the draft, in its order.
    pub senders: Vec<Option<Timestamp>>,
    /// The sender of the incident's newest attempt, if it is still one of them.
    pub kept: Option<usize>,
    /// The senders that the step was refused from: it goes out from others.
    pub refused: Vec<usize>,
}

/// A place in the line of calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The attempt may start now.
    Take {
        /// From this sender of the draft.
        sender: usize,
        /// The next free times, to be written down; `None`: there is no pace.
        next: Option<NextSlot>,
    },
    /// Not before this time.
    Wait {
        /// When to ask again.
        until: Timestamp,
        /// True: no other attempt can start before that either. False: it waits for its own number alone.
        all: bool,
    },
}

/// From when the next calls may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextSlot {
    /// Of the account.
    pub account: Timestamp,
    /// Of the number that was taken, where numbers have a pace of their own.
    pub number: Option<Timestamp>,
    /// The earliest of any call, whatever number it comes from.
    pub any: Timestamp,
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
    /// A limit said no that was filled by attempts which the provider is not known to have taken.
    pub in_doubt: bool,
}

impl Refusal {
    /// Nothing is in doubt.
    pub fn new(state: StepState, reason: Reason, detail: impl Into<String>) -> Self {
        Self { state, reason, detail: detail.into(), in_doubt: false }
    }

    /// The result word of the reason. But a step that was skipped because too many waited has not failed.
    pub fn status(&self) -> &'static str {
        if self.state == StepState::Skipped && self.reason == Reason::Capacity {
            return "skipped";
        }
        self.reason.status()
    }
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
    /// A human has answered for an incident it serves, and the step runs only while nobody has.
    pub acknowledged: bool,
    /// The longest pause that applies to its person; it may be over.
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
    /// Is the incident still open, in the same generation?
    pub incident_open: bool,
    /// From then on the step is too late.
    pub deadline_at: Timestamp,
    /// Retries spent so far.
    pub tries: u32,
    /// How many of its attempts did not leave this machine, though no rule held them back; with this one.
    pub unsent: u32,
    /// Is this step a companion that shares the call of the claimed step?
    pub merged: bool,
}

/// What becomes of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepNext {
    /// Done.
    End(Refusal),
    /// Back to `PENDING`: it is certain that nothing rang.
    Again {
        /// Not before this time.
        not_before: Timestamp,
        /// Does it use up the one retry?
        spends_try: bool,
    },
    /// Stays `RUNNING`: the outcome is unknown.
    Stay,
}

/// How old an attempt is by the clock of a database server that several hosts share. One host's clocks say nothing
/// about an attempt of another host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerAge {
    /// Milliseconds since it was written. Its owner began to count a little earlier.
    pub since_intent_ms: i64,
    /// Since its request ended, or a little less; negative before.
    pub since_deadline_ms: i64,
    /// Since its lease ended; negative before.
    pub since_lease_ms: i64,
}

/// An open attempt, with what decides when it is given up.
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
    /// How many attempts of its step nobody knows the outcome of, this one included.
    pub in_doubt: u32,
    /// Its target.
    pub to: Target,
    /// From then on its steps are too late; `None` for `call-test`.
    pub deadline_at: Option<Timestamp>,
    /// Due time of the next pending rung of the same kind, to the same person or contact.
    pub next_rung_due: Option<Timestamp>,
    /// Its age by the server's clock, in a store that several hosts share.
    pub server: Option<ServerAge>,
    /// Its token, and the file in which its owner says whether the request has begun.
    pub token: String,
    /// `None`: there is none, or it cannot be read.
    pub armed: Option<Mark>,
}

/// What becomes of an open attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    /// Nothing yet.
    Keep,
    /// `SENDING` -> `UNKNOWN`.
    Unknown,
    /// `SENDING` or `UNKNOWN` -> `NOT_SENT`: its process ended before the request began. Its steps are tried again.
    NeverBegan,
    /// `UNKNOWN` -> `ABANDONED`; its step is `FAILED(unknown)`.
    Abandon,
    /// `UNKNOWN` -> `ABANDONED`; its step may be tried once more (`on_unknown = "call"`, or what may arrive twice).
    AbandonAndCall,
}

/// What the provider's list says about an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The call at this place of the list is the attempt's: the oldest one that can be.
    Adopt(usize),
    /// The list has no such call, and none can come any more.
    Absent,
    /// No such call yet.
    Nothing,
}
