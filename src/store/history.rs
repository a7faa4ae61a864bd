//! Everything a store knows about one meeting, for `explain`.

use super::{ActView, AttemptView, IncidentView, Meeting, StepView};
use crate::model::{CancelledBy, HangUp, HeardEffect, HeardHow, IncidentId, Marks, RejectionClass, StepId, Timestamp};

/// The next moments at which a tick has something to do, whatever happens outside.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ahead {
    /// When the next pending step may be tried; long ago for one that waits.
    pub step: Option<Timestamp>,
    /// Start of the next planned meeting that is not watched yet.
    pub meeting: Option<Timestamp>,
    /// When the next early notice of such a meeting is due.
    pub early: Option<Timestamp>,
    /// The earliest start of an open incident that starts at the asked time or later.
    pub incident: Option<Timestamp>,
    /// When the copies of all calendars had been expanded last; the beginning of time while a look at one may change
    /// meetings: something is missing in it, or its copy is to be expanded anew. `None`: no calendar was ever read.
    pub expanded: Option<Timestamp>,
}

/// What a plan shows of a step besides its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepOutline {
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// The start of the meeting that its incident watches.
    pub starts_at: Timestamp,
    /// The contact it is for; `None`: the person.
    pub contact: Option<String>,
    /// What the meeting is marked with.
    pub marks: Marks,
    /// What the guards saw of it when its last attempt was written.
    pub guards: Option<String>,
}

/// One meeting and everything that happened for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The meeting as it is now.
    pub meeting: Meeting,
    /// When savehub learned of it.
    pub added_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// A calendar has it; else it was added by hand or imported, or its calendar lost it.
    pub in_calendar: bool,
    /// Who called it off.
    pub cancelled_by: Option<CancelledBy>,
    /// Its incidents, oldest generation first.
    pub incidents: Vec<IncidentHistory>,
    /// What was done to it, oldest first.
    pub acts: Vec<ActView>,
}

/// One incident, with what `status` does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncidentHistory {
    /// As `status` shows it, steps and attempts included.
    pub view: IncidentView,
    /// Its steps again, in the same order, with more about each.
    pub steps: Vec<StepHistory>,
    /// What was heard for it, and what its people said in the meantime without being understood; oldest first.
    pub heard: Vec<HeardView>,
    /// The text that explained an answer for it.
    pub explained: Option<AttemptHistory>,
    /// Calls of no step that were found at the provider when it had ended.
    pub found: Vec<AttemptHistory>,
    /// When it was cancelled since its person had left the config, and when it was opened again since they were back.
    pub away: Option<(Timestamp, Timestamp)>,
}

/// More about a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepHistory {
    /// As `status` shows it, attempts included.
    pub view: StepView,
    /// It is not tried before this time.
    pub ready_at: Timestamp,
    /// When it was to be due by the ladder: the failure of an earlier rung makes it due before that.
    pub planned_at: Timestamp,
    /// When its state changed last.
    pub changed_at: Timestamp,
    /// Its attempts again, in the same order, with more about each.
    pub attempts: Vec<AttemptHistory>,
}

/// More about an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptHistory {
    /// As `status` shows it.
    pub view: AttemptView,
    /// What was said, cut.
    pub message: String,
    /// When its state changed last; `None` while the request is under way.
    pub finished_at: Option<Timestamp>,
    /// What the guards saw of this step; `None`: it was not asked (adopted), or not kept (an older savehub).
    pub guards: Option<String>,
    /// Whose fault a refusal is.
    pub class: Option<RejectionClass>,
    /// How it is to be ended, if that was ever wanted.
    pub hang_up_how: Option<HangUp>,
    /// The provider's code for the address of `webhook_url`, where it refused that and the call went out without it.
    pub callback_refused: Option<u32>,
    /// It was taken from the provider's list when its incident had ended: nobody wrote it down before it left.
    pub found_late: bool,
    /// The step it was written for; the others share it.
    pub first_step: Option<StepId>,
    /// The other steps it serves.
    pub shared: Vec<SharedStep>,
}

/// A step of another meeting that shares an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedStep {
    /// The step.
    pub step: StepId,
    /// Its incident.
    pub incident: IncidentId,
    /// Title of its meeting, as written.
    pub title: String,
}

/// Something that was heard from a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardView {
    /// How.
    pub how: HeardHow,
    /// From which number, masked.
    pub from: String,
    /// When it was said.
    pub at: Timestamp,
    /// When a tick heard it.
    pub heard_at: Timestamp,
    /// The words of a message or the key, cut; from outside.
    pub message: String,
    /// What it meant.
    pub effect: HeardEffect,
}

/// The line `s5: …` about this step, of what the guards saw.
pub(in crate::store) fn own_line(lines: &str, step: StepId) -> Option<String> {
    let start = format!("{step}: ");
    lines.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
}
