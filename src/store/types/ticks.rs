//! The tick's own record.

use crate::model::{
    IncidentId, PauseView, ProviderKind, Reason, Remembered, RungKind, StepId, StepState, TickId, Timestamp,
};
use crate::owner::Owner;
use serde::Serialize;
use std::time::Duration;

/// Start of a tick.
#[derive(Debug, Clone)]
pub struct TickStart {
    /// Wall time.
    pub now: Timestamp,
    /// `CLOCK_BOOTTIME`, milliseconds.
    pub boottime_ms: i64,
    /// This process.
    pub owner: Owner,
    /// Name of the machine, printable.
    pub host: String,
    /// The clock is that of a rehearsal.
    pub turned: bool,
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
    /// Wall and boot time when the last ticks of this boot began, newest first.
    pub clocks: Vec<(Timestamp, i64)>,
    /// Keys of the faults that last.
    pub faults: Vec<String>,
    /// The times of which this database knows every call of ours.
    pub remembered: Remembered,
    /// Pauses that hold, everybody's first.
    pub pauses: Vec<PauseView>,
}

/// A tick as it stands in its row, for checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickSeen {
    /// Row.
    pub id: TickId,
    /// Name of the machine; `None`: written before schema 5.
    pub host: Option<String>,
    /// The process: boot, pid and start time.
    pub owner: Owner,
    /// `CLOCK_BOOTTIME` at its start, milliseconds.
    pub boottime_ms: i64,
    /// Wall time at its start.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs, or when it was killed.
    pub ended_at: Option<Timestamp>,
    /// Its exit code.
    pub exit: Option<u8>,
    /// Skew of the provider's clock it saw, milliseconds.
    pub skew_ms: Option<i64>,
    /// Steps whose call or message was taken.
    pub placed: Option<u32>,
    /// Steps that ended without one.
    pub not_placed: Option<u32>,
    /// Was its clock turned for a rehearsal?
    pub turned: bool,
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
    /// Incidents whose meeting started this long ago, and whose ladder is over, are missed.
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
    /// It lasts, and was last logged an hour ago or more.
    Lasts,
    /// It lasts, and was logged within the hour.
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
    /// What the step does.
    pub kind: RungKind,
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
    /// A limit said no that was filled by attempts which the provider is not known to have taken.
    pub in_doubt: bool,
}
