//! What people and operators did, and what taking it back did.

use super::{Ended, Meeting};
use crate::model::{ActHow, ActKind, IncidentId, PlannedStep, Timestamp};

/// What a rule sees of a meeting for which an act is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoFacts<'a> {
    /// The meeting, as it will be.
    pub meeting: &'a Meeting,
    /// The steps that the act cancelled, in time for its present start. `None`: it was not watched then.
    pub cancelled: Option<&'a [PlannedStep]>,
}

/// Whose last act is taken back, and the times that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoScope<'a> {
    /// Id of the person.
    pub person: &'a str,
    /// Nothing that was done before this time.
    pub since: Timestamp,
    /// A meeting that starts before this time is in reach of the ladder.
    pub until: Timestamp,
    /// The time.
    pub now: Timestamp,
}

/// An act that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// What was done.
    pub what: ActKind,
    /// By which way.
    pub how: ActHow,
    /// When.
    pub at: Timestamp,
    /// The meetings it had changed.
    pub meetings: Vec<UndoneMeeting>,
}

/// A meeting for which an act was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoneMeeting {
    /// As it is now.
    pub meeting: Meeting,
    /// The steps that come again.
    pub again: Vec<PlannedStep>,
    /// Why nothing was planned anew.
    pub left: Option<UndoneLeft>,
    /// The incident that ended since the meeting went back to its time.
    pub ended: Option<Ended>,
}

/// Why nothing was planned anew for a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UndoneLeft {
    /// It was called off.
    CalledOff,
    /// It is watched for its present start all the time, for which nothing had been done.
    AsPlanned,
    /// Somebody has checked in for it, or it was ended otherwise.
    Over,
}

/// An act, for the story of its meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActView {
    /// What was done.
    pub what: ActKind,
    /// By which way.
    pub how: ActHow,
    /// When.
    pub at: Timestamp,
    /// The incident that it ended or changed.
    pub incident: Option<IncidentId>,
    /// When it was taken back; `None`: it stands.
    pub undone_at: Option<Timestamp>,
}
