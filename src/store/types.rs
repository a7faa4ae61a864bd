//! What goes into a store and what comes out: values without behaviour.

use crate::model::{
    Address, AttemptId, AttemptState, CallStatus, HangUp, IncidentId, IncidentState, ListedCall, MeetingId,
    MeetingState, MeetingWords, ProviderKind, Reason, RungKind, StepId, StepState, Target, TickId, Timestamp,
};
pub use crate::model::{
    AfterFacts, Facts, FenceFacts, NumberFacts, OpenAttempt, Refusal, Settle, StepFacts, StepNext, Verdict,
};
use crate::owner::Owner;
use serde::Serialize;
use std::time::Duration;

/// Can be made in this module's tree only, so that nobody else makes a [`Claim`] or an [`Attempt`].
#[derive(Debug)]
pub(in crate::store) struct Seal;

// --- meetings ---

/// A meeting to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMeeting {
    /// Id of the person.
    pub person: String,
    /// Calendar UID; for a manual meeting a fresh one.
    pub uid: String,
    /// Recurrence id; empty for a single meeting.
    pub recurrence: String,
    /// Title as written.
    pub title: String,
    /// Start.
    pub starts_at: Timestamp,
    /// End, if known.
    pub ends_at: Option<Timestamp>,
    /// Where to join, if known.
    pub link: Option<String>,
    /// Where it comes from: `manual` or the name of a calendar.
    pub source: String,
}

/// One occurrence of an event, for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Meeting {
    /// Row.
    pub id: MeetingId,
    /// Id of the person.
    pub person: String,
    /// Calendar UID.
    pub uid: String,
    /// Recurrence id; empty for a single meeting.
    pub recurrence: String,
    /// Title as written.
    pub title: String,
    /// Start.
    pub starts_at: Timestamp,
    /// End, if known.
    pub ends_at: Option<Timestamp>,
    /// Where to join, if known.
    pub link: Option<String>,
    /// Where to join by telephone, if known.
    pub dial_in: Option<String>,
    /// Where it comes from: `manual`, the name of its calendar, or of the file it was imported from.
    pub source: String,
    /// Planned or called off.
    pub state: MeetingState,
    /// 1, and one more for each accepted change of the start.
    pub generation: u32,
}

impl Meeting {
    /// What a message may say about it.
    pub fn words(&self) -> MeetingWords {
        MeetingWords {
            uid: self.uid.clone(),
            title: self.title.clone(),
            starts_at: self.starts_at,
            link: self.link.clone(),
        }
    }
}

/// What moving or cancelling a meeting did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The meeting afterwards.
    pub meeting: Meeting,
    /// The incident that ended, if one was open.
    pub ended: Option<Ended>,
}

// --- incidents and steps ---

/// How a person checks in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckIn {
    /// In the meeting: the incident is `RESOLVED`.
    Joined,
    /// Will not be there: the incident is `MISSED`.
    Missed,
}

/// An incident that was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// The incident.
    pub incident: IncidentId,
    /// Its state now.
    pub state: IncidentState,
    /// `false` when it had ended before; then nothing was changed.
    pub changed: bool,
    /// Steps that were cancelled.
    pub cancelled_steps: u32,
    /// Calls and open attempts now marked to be hung up.
    pub hang_ups: u32,
}

/// Incidents opened, and those refused or ended with a reason.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Opened {
    /// Newly watched.
    pub opened: Vec<IncidentId>,
    /// Ended because the plan refuses them.
    pub refused: Vec<(IncidentId, Reason)>,
}

/// A due step in the hand of one tick: an in-memory choice, spent by [`super::Store::begin_attempt`].
#[derive(Debug)]
#[must_use = "a claim that is not spent leaves its step pending"]
pub struct Claim {
    /// The step.
    pub step: StepId,
    /// Its incident.
    pub incident: IncidentId,
    /// Its meeting.
    pub meeting: MeetingId,
    /// Id of the person.
    pub person: String,
    /// What the rung does.
    pub kind: RungKind,
    /// Position in the ladder.
    pub rung: u32,
    /// When it was due.
    pub due_at: Timestamp,
    /// What the message says.
    pub words: MeetingWords,
    #[expect(dead_code, reason = "keeps the constructor inside the store")]
    pub(in crate::store) seal: Seal,
}

// --- attempts ---

/// An attempt about to be written down.
pub struct AttemptDraft<'a> {
    /// Unique.
    pub token: String,
    /// Id of the person (or `call-test`).
    pub person: String,
    /// Where it goes.
    pub to: Target,
    /// What it comes from.
    pub from: Address,
    /// Who places it.
    pub provider: ProviderKind,
    /// Under which account.
    pub account: String,
    /// This process.
    pub owner: Owner,
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
    /// Other call steps of this person that are due before this time may share the call.
    pub merge_until: Timestamp,
    /// What is said about the meetings, earliest start first. Pure.
    pub say: &'a dyn Fn(&[MeetingWords]) -> String,
}

/// A written attempt in the hand of its owner, spent by [`super::Store::record`].
#[derive(Debug)]
#[must_use = "an attempt that is not recorded stays SENDING until its lease is over"]
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
    /// Who is to place it.
    pub provider: ProviderKind,
    /// What is said.
    pub message: String,
    /// When it was written.
    pub intent_at: Timestamp,
    #[expect(dead_code, reason = "keeps the constructor inside the store")]
    pub(in crate::store) seal: Seal,
}

/// What the claim transaction did.
#[derive(Debug)]
#[must_use]
pub enum Begun {
    /// The attempt is written; send it.
    Attempt(Attempt),
    /// The step stays pending.
    Waits(Reason),
    /// The step ended.
    Refused(StepResult),
    /// Somebody else was faster: the step is no longer pending, or not ready yet.
    Gone,
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
    /// The call is to be hung up at once: its incidents ended meanwhile; or its attempt had been given up, and was proved
    /// absent or followed by another one (a ghost).
    pub hang_up: Option<LiveCall>,
}

// --- reconciliation ---

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
}

/// What a list says about an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The call at this place of the list is its call.
    Adopt(usize),
    /// The provider has no such call, and cannot get one any more.
    Absent,
    /// Nothing yet.
    Nothing,
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

// --- calls at the provider ---

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
    /// While it is not final.
    pub live: Timestamp,
    /// When it was answered, is over, and has no price yet; `None` does not look for one.
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

// --- the tick's own record ---

/// Start of a tick.
#[derive(Debug, Clone)]
pub struct TickStart {
    /// Wall time.
    pub now: Timestamp,
    /// `CLOCK_BOOTTIME`, milliseconds.
    pub boottime_ms: i64,
    /// This process.
    pub owner: Owner,
}

/// A skew, and the tick that saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkewSeen {
    /// The provider's clock minus ours, milliseconds.
    pub skew_ms: i64,
    /// Wall time at the start of that tick.
    pub started_at: Timestamp,
    /// `CLOCK_BOOTTIME` at the start of that tick, milliseconds.
    pub boottime_ms: i64,
    /// Whose tick it was.
    pub owner: Owner,
}

/// What a tick learns when it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickBegun {
    /// Row.
    pub id: TickId,
    /// The last two known skews of the provider's clock against ours, newest first.
    pub skews: Vec<SkewSeen>,
    /// Keys of the faults that last.
    pub faults: Vec<String>,
    /// When the newest tick that ended did so.
    pub last_tick_at: Option<Timestamp>,
}

/// End of a tick.
#[derive(Debug, Clone)]
pub struct TickEnd {
    /// Wall time.
    pub now: Timestamp,
    /// Exit code.
    pub exit: u8,
    /// Newest skew seen in this tick, milliseconds.
    pub skew_ms: Option<i64>,
    /// Calls accepted, refusals and failures.
    pub placed: u32,
    /// Steps that ended without a call.
    pub not_placed: u32,
}

/// What closing does.
#[derive(Debug, Clone)]
pub struct CloseRule {
    /// Incidents whose meeting started this long ago are missed.
    pub grace: Duration,
    /// Call tracker rows older than this go when their incident has ended.
    pub calls_per: Duration,
    /// Ended incidents older than this are deleted, a few at a time.
    pub retention: Option<Duration>,
}

/// What closing did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closed {
    /// Now `MISSED`.
    pub missed: Vec<IncidentId>,
    /// Steps still pending in them, ended with their reason.
    pub steps: Vec<StepResult>,
    /// Incidents deleted by retention.
    pub deleted: u32,
}

/// Is a fault worth a line? (PRODUCT, "The log".)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultNews {
    /// It begins.
    Began,
    /// It lasts, and was last told an hour ago or more.
    Lasts,
    /// It lasts, and was told within the hour.
    Quiet,
}

/// The result of a step, the same shape for every provider: what tick prints, `--json` shows and tests read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepResult {
    /// `initiated`, `test_mode`, `skipped`, `rate_limited`, `failed`.
    pub status: &'static str,
    /// Reason word.
    pub reason: Reason,
    /// The numbers behind the reason, in plain words.
    pub detail: String,
    /// State of the step.
    pub state: StepState,
    /// The step; `null` for `call-test`.
    pub step: Option<StepId>,
    /// Its incident.
    pub incident: Option<IncidentId>,
    /// Calendar UID of the meeting.
    pub event: String,
    /// Id of the person.
    pub person: String,
    /// Title of the meeting, cleaned.
    pub title: String,
    /// Who placed it, when an attempt was made.
    pub provider: Option<ProviderKind>,
    /// The provider's id of the call.
    pub call_id: Option<String>,
    /// Masked address.
    pub to: Option<String>,
    /// The message, cut.
    pub message: Option<String>,
    /// When the step was due.
    pub due_at: Option<Timestamp>,
    /// When the attempt was written.
    pub attempted_at: Option<Timestamp>,
}
