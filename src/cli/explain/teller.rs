//! What every part of the story needs: the incident, its person, and how times are written.

use super::sentences::Outcome;
use crate::model::{AttemptState, CallStatus, FenceReason, ProviderKind, Reason, RungKind, StepState, Timestamp};
use crate::model::{cut, printable};
use crate::store::{AttemptHistory, History, IncidentHistory, StepHistory, StepView};
use crate::when;
use crate::zone::Zone;

/// Titles are cut to so many characters.
pub(super) const TITLE_CUT: usize = 80;

/// The detail that preflight leaves on a step (`store`): its call was not asked for by this database.
const ADOPTED: &str = "found at the provider: placed before";

/// The detail that reconciliation leaves on a step (`rules::after`).
const FOUND: &str = "the answer was lost; the call was found";

/// One incident of a meeting, about to be told.
pub(super) struct Teller<'a> {
    /// The meeting and all its incidents.
    pub history: &'a History,
    /// The incident.
    pub incident: &'a IncidentHistory,
    /// Wall time.
    pub now: Timestamp,
    /// The person's zone.
    pub zone: &'a Zone,
}

impl Teller<'_> {
    /// Id of the person, fit for a terminal.
    pub(super) fn person(&self) -> String {
        printable(&self.incident.view.person)
    }

    /// `08:57`, with the date when it is not today's.
    pub(super) fn clock(&self, at: Timestamp) -> String {
        when::short(at, self.now, self.zone)
    }

    /// Steps that phone somebody.
    pub(super) fn calls(&self) -> impl Iterator<Item = &StepHistory> {
        self.incident.steps.iter().filter(|step| step.view.kind == RungKind::Call)
    }
}

/// `08:57:03`, with the date when it is not today's.
pub(super) fn exact(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    format!("{}:{:02}", when::short(at, now, zone), zone.civil(at).time.2)
}

/// `s2 call`, `s3 sms to Bea`, `s4 webhook ntfy`.
pub(super) fn step_name(step: &StepView) -> String {
    let to = step.contact.as_ref().map(|name| format!(" to {}", printable(name)));
    let by = step.channel.as_ref().map(|name| format!(" {}", printable(name)));
    format!("{} {}{}", step.id, step.kind, to.or(by).unwrap_or_default())
}

/// The title, fit for a terminal.
pub(super) fn title(text: &str) -> String {
    cut(&printable(text), TITLE_CUT)
}

/// `once`, `twice`, `3 times`.
pub(super) fn times(n: usize) -> String {
    match n {
        1 => "once".into(),
        2 => "twice".into(),
        n => format!("{n} times"),
    }
}

/// What came of this attempt, seen from this step.
pub(super) fn outcome(step: &StepHistory, attempt: &AttemptHistory) -> Outcome {
    let view = &attempt.view;
    let error = view.error.as_deref().unwrap_or_default();
    match view.state {
        AttemptState::Sending => Outcome::UnderWay,
        AttemptState::Accepted => accepted(step, attempt),
        AttemptState::Rejected => Outcome::Refused(attempt.class),
        AttemptState::NotSent => FenceReason::of_error(error).map_or(Outcome::NotSent, Outcome::Fenced),
        AttemptState::Unknown => Outcome::Unknown,
        AttemptState::Absent => Outcome::Absent,
        AttemptState::Abandoned => Outcome::Abandoned,
    }
}

/// A call that exists ends its step, unless the step had gone on without it.
fn accepted(step: &StepHistory, attempt: &AttemptHistory) -> Outcome {
    let last = step.attempts.last().is_some_and(|last| last.view.id == attempt.view.id);
    let detail = step.view.detail.as_deref().unwrap_or_default();
    if !(last && step.view.state == StepState::Executed) {
        Outcome::Ghost
    } else if detail.starts_with(ADOPTED) {
        Outcome::Adopted
    } else if detail.starts_with(FOUND) {
        Outcome::Found
    } else if is_test(attempt) {
        Outcome::Recorded
    } else {
        Outcome::Taken
    }
}

fn is_test(attempt: &AttemptHistory) -> bool {
    attempt.view.provider == ProviderKind::Test || attempt.view.call_status == Some(CallStatus::Simulated)
}

/// What is known about the ringing of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ring {
    /// It rang, or rings.
    Rang,
    /// It may have rung.
    Doubt,
    /// It may ring any moment.
    Coming,
    /// The line was busy.
    Busy,
    /// Test mode.
    Test,
    /// It did not ring.
    Not,
}

/// Did this call ring?
pub(super) fn ring(attempt: &AttemptHistory) -> Ring {
    match attempt.view.state {
        AttemptState::Sending => Ring::Coming,
        AttemptState::Unknown | AttemptState::Abandoned => Ring::Doubt,
        AttemptState::Rejected | AttemptState::NotSent | AttemptState::Absent => Ring::Not,
        AttemptState::Accepted if is_test(attempt) => Ring::Test,
        AttemptState::Accepted => match (attempt.view.call_status, attempt.view.rang_s) {
            (Some(CallStatus::Queued) | None, _) => Ring::Coming,
            (Some(CallStatus::Ringing | CallStatus::InProgress | CallStatus::Completed | CallStatus::NoAnswer), _)
            | (Some(CallStatus::Canceled), Some(1..)) => Ring::Rang,
            (Some(CallStatus::Canceled), None) => Ring::Doubt,
            (Some(CallStatus::Busy), _) => Ring::Busy,
            (Some(CallStatus::Simulated), _) => Ring::Test,
            (
                Some(
                    CallStatus::Canceled
                    | CallStatus::Failed
                    | CallStatus::Sending
                    | CallStatus::Sent
                    | CallStatus::Delivered
                    | CallStatus::Undelivered
                    | CallStatus::Done,
                ),
                _,
            ) => Ring::Not,
        },
    }
}

/// Did a step end by itself, and not with its incident?
pub(super) fn ended_by_itself(step: &StepView) -> Option<Reason> {
    match step.state {
        StepState::Executed | StepState::Failed | StepState::Skipped => step.reason,
        StepState::Pending | StepState::Running | StepState::Cancelled => None,
    }
}
