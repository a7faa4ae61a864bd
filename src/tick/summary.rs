//! What a tick did: for people, for `--json`, for the exit code.

use super::rehearsed_feeds::UnreadCalendar;
use crate::config::Broken;
use crate::exit::Exit;
use crate::model::{
    CallStatus, HeardEffect, HeardHow, IncidentId, MeetingId, Reason, StepState, Timestamp, path_text, printable,
};
use crate::store::{LateEnd, MeetingChange, MeetingNews, StepResult};
use serde::Serialize;

/// Everything one tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Version of this object's shape.
    pub schema: u32,
    /// When the tick started.
    pub now: Timestamp,
    /// Was it a rehearsal that changed nothing?
    pub dry_run: bool,
    /// Steps that ended, with what came of them.
    pub results: Vec<StepResult>,
    /// Steps whose call or message the provider had taken and could not bring to its target.
    pub late_ends: Vec<LateEnd>,
    /// Calls whose status is new.
    pub calls: Vec<CallSeen>,
    /// What people said, as far as it was not used before.
    pub heard: Vec<HeardSeen>,
    /// Incidents that were opened.
    pub opened: Vec<IncidentId>,
    /// Incidents that were ended or refused because of the config.
    pub refused: Vec<(IncidentId, Reason)>,
    /// Incidents of which a human has answered, not yet checked in.
    pub acknowledged: Vec<IncidentId>,
    /// Incidents that ended because their person was in the meeting already.
    pub present: Vec<PresentSeen>,
    /// Incidents nobody checked in for.
    pub missed: Vec<IncidentId>,
    /// Meetings that calendars changed.
    pub meetings: Vec<MeetingSeen>,
    /// People who left the config, are back, or have another id.
    pub people: Vec<PersonSeen>,
    /// Calls that could not be read or ended this time.
    pub call_errors: u32,
    /// Steps and calls whose rows could not be used.
    pub bad_steps: u32,
    /// Steps that wait for the next tick, since nobody can say whether there is a STOP file.
    pub stop_unknown: u32,
    /// Newest skew of the provider's clock against ours, milliseconds.
    pub skew_ms: Option<i64>,
    /// The config is broken, and the tick went on with its last good copy.
    pub broken_config: Option<ConfigSeen>,
    /// Why the secret of the provider of calls cannot be had: what needs none was done.
    pub locked: Option<String>,
    /// Of a rehearsal: the calendars that could not be read, so that their meetings are missing in it.
    pub unread_calendars: Vec<UnreadCalendar>,
}

/// A broken config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigSeen {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// Since when.
    pub since: Option<Timestamp>,
    /// Until when ticks go on.
    pub until: Timestamp,
}

impl ConfigSeen {
    /// What there is to say about it.
    pub fn of(broken: &Broken, now: Timestamp) -> Self {
        let problems = broken.error.titles().iter().map(|title| printable(title)).collect();
        let file = path_text(&broken.file);
        Self { file, problems, since: broken.since, until: broken.until(now) }
    }
}

/// A call at the provider whose status is new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallSeen {
    /// The provider's id.
    pub call_id: String,
    /// Masked number.
    pub to: String,
    /// Its status now.
    pub status: CallStatus,
    /// Seconds from answer to end.
    pub duration_s: Option<u32>,
    /// `human`, `machine_start`, ….
    pub answered_by: Option<String>,
    /// Did we ask to end it?
    pub hung_up: bool,
}

/// Something a person said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeardSeen {
    /// `message`, `call`, `key`.
    pub how: HeardHow,
    /// Masked number.
    pub from: String,
    /// What it meant.
    pub effect: HeardEffect,
    /// The incidents it changed.
    pub incidents: Vec<IncidentId>,
}

/// Somebody who was in their meeting already, as `presence_command` said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PresentSeen {
    /// The incident that ended.
    pub incident: IncidentId,
    /// Id of the person.
    pub person: String,
    /// Title as written.
    pub title: String,
}

/// Somebody of whom the config says something else than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonSeen {
    /// The id; of one that changed, the old one.
    pub person: String,
    /// What it says.
    pub change: PersonChange,
    /// The new id, if it changed.
    pub now: Option<String>,
    /// How many meetings to come ring no more, or again.
    pub meetings: u32,
    /// Incidents that are open again.
    pub incidents: Vec<IncidentId>,
}

/// What changed about somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonChange {
    /// The config names them no more.
    Left,
    /// It names them again.
    Back,
    /// It names them by another id; the number is the same.
    Renamed,
}

/// A meeting that its calendar planned, changed or called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeetingSeen {
    /// Row.
    pub meeting: MeetingId,
    /// Id of the person.
    pub person: String,
    /// Title as written.
    pub title: String,
    /// Start, as it is now.
    pub starts_at: Timestamp,
    /// `added`, `updated`, `moved`, `cancelled`, `revived`.
    pub change: &'static str,
    /// Why it was called off, if it was.
    pub reason: Option<Reason>,
    /// The incident that ended with it.
    pub incident: Option<IncidentId>,
}

impl From<MeetingChange> for MeetingSeen {
    fn from(change: MeetingChange) -> Self {
        let (how, reason) = match change.how {
            MeetingNews::Added => ("added", None),
            MeetingNews::Updated => ("updated", None),
            MeetingNews::Moved => ("moved", None),
            MeetingNews::Cancelled(reason) => ("cancelled", Some(reason)),
            MeetingNews::Revived => ("revived", None),
        };
        let meeting = change.meeting;
        Self {
            meeting: meeting.id,
            person: meeting.person,
            title: meeting.title,
            starts_at: meeting.starts_at,
            change: how,
            reason,
            incident: change.ended.map(|ended| ended.incident),
        }
    }
}

impl Summary {
    /// Steps whose call the provider took (or test mode stood in for).
    pub fn placed(&self) -> u32 {
        self.count(|r| r.state == StepState::Executed)
    }

    /// Steps that ended without a call.
    pub fn not_placed(&self) -> u32 {
        self.count(|r| r.state != StepState::Executed)
    }

    fn count(&self, which: impl Fn(&StepResult) -> bool) -> u32 {
        u32::try_from(self.results.iter().filter(|r| which(r)).count()).unwrap_or(u32::MAX)
    }

    /// 0, or 1 when something that was due could not be done; with a broken config or a locked secret 2.
    pub fn exit(&self) -> Exit {
        if self.broken_config.is_some() || self.locked.is_some() {
            return Exit::Usage;
        }
        let left_out = self.bad_steps + self.stop_unknown > 0 || !self.late_ends.is_empty();
        if left_out || self.results.iter().any(is_trouble) { Exit::NotDone } else { Exit::Done }
    }
}

/// Was it due and could not be done: failed, abandoned, or skipped for lateness, for capacity, or for a limit filled by
/// attempts that the provider did not take? Never for resolved, paused, merged, superseded, or a limit filled by what it
/// took.
pub fn is_trouble(result: &StepResult) -> bool {
    match result.state {
        StepState::Failed => true,
        StepState::Skipped => {
            let lost = [Reason::OutsideCriticalWindow, Reason::TooLate, Reason::NumberBusy, Reason::Capacity];
            result.in_doubt || lost.contains(&result.reason)
        }
        _ => false,
    }
}
