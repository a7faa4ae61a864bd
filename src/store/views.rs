//! What a store shows to `status` and to tests: numbers masked, nothing to act on.

use super::{CalendarView, Meeting};
use crate::model::{
    AckHow, AttemptId, AttemptState, CallStatus, HangUpState, IncidentId, IncidentState, MeetingId, PauseView,
    ProviderKind, Reason, RungKind, StepId, StepState, Timestamp,
};
use serde::Serialize;
use std::time::Duration;

/// Everything `status` shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Planned meetings that have not started, earliest first.
    pub next_meetings: Vec<Meeting>,
    /// Incidents that are not final, and those that ended since the asked time; latest start first.
    pub incidents: Vec<IncidentView>,
    /// The calendars, by person and name.
    pub calendars: Vec<CalendarView>,
    /// The newest tick that ended (one that was killed must not look like a healthy one), else the newest.
    pub last_tick: Option<TickView>,
    /// Hosts that ticked in the last day, by name, when there is more than one of them.
    pub hosts: Vec<HostView>,
    /// Faults that last: key and since when.
    pub faults: Vec<FaultView>,
    /// Pauses that hold, everybody's first.
    pub pauses: Vec<PauseView>,
    /// When the oldest row was written, and so the database made; `None`: it is empty.
    pub made_at: Option<Timestamp>,
}

/// A database that was made less than this ago knows nothing of yesterday; people are told.
pub const NEW_FOR: Duration = Duration::from_secs(24 * 3600);

/// How old such a database is; `None`: older, or nobody knows.
pub fn new_database(made_at: Option<Timestamp>, now: Timestamp) -> Option<Duration> {
    let age_ms = u64::try_from(now.since(made_at?)).ok()?;
    Some(Duration::from_millis(age_ms)).filter(|age| *age < NEW_FOR)
}

/// One incident with its steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IncidentView {
    /// Row.
    pub id: IncidentId,
    /// Its meeting.
    pub meeting: MeetingId,
    /// Id of the person.
    pub person: String,
    /// Title of the meeting, as written.
    pub title: String,
    /// Start it watches.
    pub starts_at: Timestamp,
    /// Generation it watches.
    pub generation: u32,
    /// State.
    pub state: IncidentState,
    /// Why it ended.
    pub reason: Option<Reason>,
    /// An operator's note.
    pub note: Option<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// A human has answered, replied or called back.
    pub acknowledged: Option<AcknowledgedView>,
    /// Its steps in the order of the ladder.
    pub steps: Vec<StepView>,
}

/// How a human showed that they know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AcknowledgedView {
    /// How.
    pub how: AckHow,
    /// From where, masked.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One step with its attempts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// Row.
    pub id: StepId,
    /// Position in the ladder.
    pub rung: u32,
    /// What it does.
    pub kind: RungKind,
    /// The contact it is for; `null`: the person.
    pub contact: Option<String>,
    /// The webhook or command it uses.
    pub channel: Option<String>,
    /// When it is due.
    pub due_at: Timestamp,
    /// State.
    pub state: StepState,
    /// Why.
    pub reason: Option<Reason>,
    /// The numbers behind it.
    pub detail: Option<String>,
    /// Every try, oldest first.
    pub attempts: Vec<AttemptView>,
}

/// One attempt as it is shown: the number masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttemptView {
    /// Row.
    pub id: AttemptId,
    /// State.
    pub state: AttemptState,
    /// Who placed it.
    pub provider: ProviderKind,
    /// Masked number.
    pub to: String,
    /// When it was written.
    pub intent_at: Timestamp,
    /// The provider's id of the call.
    pub call_id: Option<String>,
    /// Last known status of the call.
    pub call_status: Option<CallStatus>,
    /// Seconds from answer to end.
    pub duration_s: Option<u32>,
    /// Seconds an unanswered call rang; 0: it never left the provider's queue.
    pub rang_s: Option<u32>,
    /// `human`, `machine_start`, ….
    pub answered_by: Option<String>,
    /// Price as the provider writes it.
    pub price: Option<String>,
    /// Currency.
    pub price_unit: Option<String>,
    /// Why it was refused, not sent or is unknown.
    pub error: Option<String>,
    /// The provider's error code.
    pub error_code: Option<u32>,
    /// `Twilio-Request-Id`.
    pub request_id: Option<String>,
    /// Wish to end it.
    pub hang_up: HangUpState,
}

/// One tick as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TickView {
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended; `null` while it runs, or when it was killed.
    pub ended_at: Option<Timestamp>,
    /// Its exit code.
    pub exit: Option<u8>,
    /// Skew of the provider's clock, milliseconds.
    pub skew_ms: Option<i64>,
}

/// A host, and its newest tick that ended, else its newest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HostView {
    /// Its name; from outside.
    pub host: String,
    /// The tick.
    pub last_tick: TickView,
}

/// A fault that lasts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultView {
    /// What it is.
    pub fault: String,
    /// Since when.
    pub since: Timestamp,
}
