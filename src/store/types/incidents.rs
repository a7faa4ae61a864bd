//! Incidents and steps.

use crate::model::{Action, IncidentId, IncidentState, MeetingId, MeetingWords, Reason, StepId, Timestamp};
use serde::Serialize;

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

/// A due step in the hand of one tick: an in-memory choice, spent by [`crate::store::Store::begin_attempt`].
#[derive(Debug)]
#[must_use = "a claim that is not spent leaves its step pending"]
#[expect(clippy::manual_non_exhaustive, reason = "the other modules of this crate must not make one either")]
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
    pub action: Action,
    /// Position in the ladder.
    pub rung: u32,
    /// When it was due.
    pub due_at: Timestamp,
    /// From then on it is too late.
    pub deadline_at: Timestamp,
    /// What the message says.
    pub words: MeetingWords,
    #[expect(dead_code, reason = "keeps the constructor inside the store")]
    pub(in crate::store) sealed: (),
}
