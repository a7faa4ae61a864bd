//! What every part of the story needs: the incident, its person, and how times are written.

use crate::cli::waits::{Brake, Conditions, WaitsFor, waits_for};
use crate::cli::words::Outcome;
use crate::model::{AttemptState, CallStatus, FenceReason, ProviderKind, RungKind, StepState, Timestamp, printable};
use crate::store::{AttemptHistory, History, IncidentHistory, StepHistory};
use crate::when;
use crate::zone::Zone;

/// The detail that preflight leaves on a step (`store`): its call was not asked for by this database.
const ADOPTED: &str = "found at the provider: placed before";

/// The detail that reconciliation leaves on a step (`rules::after`).
const FOUND: &str = "the answer was lost; the call was found";

/// One incident of a meeting, and what is needed to explain it.
pub(super) struct IncidentContext<'a> {
    /// The meeting and all its incidents.
    pub history: &'a History,
    /// The incident.
    pub incident: &'a IncidentHistory,
    /// Wall time.
    pub now: Timestamp,
    /// The person's zone.
    pub zone: &'a Zone,
    /// What may keep steps that are still to come from running.
    pub conditions: &'a Conditions,
}

impl IncidentContext<'_> {
    /// When a call that has not been made will be, or what it waits for, as a part of a sentence.
    pub(super) fn next_call(&self, step: &StepHistory) -> String {
        let due = self.clock(step.view.due_at);
        match waits_for(&step.view, step.ready_at, self.now, self.conditions) {
            WaitsFor::Running => format!("the call due at {due} is being made"),
            WaitsFor::DueTime(at, brake) => {
                let brake = brake.map_or_else(String::new, |brake| match brake {
                    Brake::Skips(why) => format!(", and is skipped if that lasts: {why}"),
                    Brake::Waits(why) => format!(", and waits if that lasts: {why}"),
                });
                format!("the next call is due at {} ({}){brake}", self.clock(at), when::relative(at, self.now))
            }
            WaitsFor::Skip(why) => format!("the call due at {due} is skipped by the next tick: {why}"),
            WaitsFor::Stop(_) if self.now >= self.incident.view.starts_at => {
                format!("the call due at {due} is too late now, and ends with the next tick")
            }
            WaitsFor::Stop(why) => format!("the call due at {due} waits, and each tick tries again: {why}"),
            WaitsFor::Ticks(last) => {
                let age = when::relative(last, self.now);
                format!("the call due at {due} waits for the next tick, and the last one was {age}; is cron running?")
            }
            WaitsFor::Account => {
                format!("the call due at {due} waits, since the provider refuses savehub's account, number or request")
            }
            WaitsFor::Network => format!(
                "the call due at {due} waits for the network, or the provider's secret: nothing reaches the provider, \
                 and every tick tries again"
            ),
            WaitsFor::Turn if self.now >= self.incident.view.starts_at => {
                format!("the call due at {due} is too late now, and ends as soon as it is certain what time it is")
            }
            WaitsFor::Turn => format!(
                "the call due at {due} waits for its phone to be free (`number_gap`), or for its turn \
                 (`calls_per_second`)"
            ),
            WaitsFor::NextTick => format!("the call due at {due} waits for the next tick"),
        }
    }

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
    match attempt.view.state {
        AttemptState::Accepted => accepted(step, attempt),
        _ => outcome_without_step(attempt),
    }
}

/// What came of an attempt that has no step.
pub(super) fn outcome_without_step(attempt: &AttemptHistory) -> Outcome {
    let view = &attempt.view;
    let error = view.error.as_deref().unwrap_or_default();
    match view.state {
        AttemptState::Sending => Outcome::UnderWay,
        AttemptState::Accepted => Outcome::Taken,
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
        if attempt.found_late { Outcome::Lost } else { Outcome::Ghost }
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
