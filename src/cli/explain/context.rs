//! What every part of the story needs: the incident, its person, and how times are written.

use crate::cli::words::Outcome;
use crate::model::{AttemptState, CallStatus, FenceReason, ProviderKind, RungKind, StepState, Timestamp, printable};
use crate::store::{AttemptHistory, History, IncidentHistory, PauseView, StepHistory};
use crate::when;
use crate::zone::Zone;
use std::time::Duration;

/// The detail that preflight leaves on a step (`store`): its call was not asked for by this database.
const ADOPTED: &str = "found at the provider: placed before";

/// The detail that reconciliation leaves on a step (`rules::after`).
const FOUND: &str = "the answer was lost; the call was found";

/// With a scheduler that runs, no tick is older.
const TICKS_COME: Duration = Duration::from_secs(120);

/// A step that is due for longer waits for something else than the next tick.
const LONG: Duration = Duration::from_secs(60);

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

/// What the incident does not say, as it is now.
pub(super) struct Conditions {
    /// The STOP file exists.
    pub stopped: bool,
    /// The longest pause that applies to this person, and its words.
    pub pause: Option<(PauseView, String)>,
    /// When the newest tick ended, or began if it has not.
    pub last_tick: Option<Timestamp>,
    /// The provider refuses the account.
    pub refused: bool,
}

impl Conditions {
    /// What would skip a step at this time.
    fn brake_at(&self, at: Timestamp) -> Option<String> {
        if self.stopped {
            return Some("the STOP file exists".into());
        }
        let (_, words) = self.pause.as_ref().filter(|(pause, _)| pause.holds_at(at))?;
        Some(format!("savehub is paused: {words}"))
    }
}

impl IncidentContext<'_> {
    /// When a call that has not been made will be, or what it waits for, as a part of a sentence.
    pub(super) fn next_call(&self, step: &StepHistory) -> String {
        let (at, conditions) = (step.view.due_at.max(step.ready_at), self.conditions);
        let due = self.clock(step.view.due_at);
        if step.view.state == StepState::Running {
            return format!("the call due at {due} is being made");
        }
        let brake = conditions.brake_at(at.max(self.now));
        if at > self.now {
            let brake = brake.map_or_else(String::new, |why| format!(", and is skipped if that lasts: {why}"));
            return format!("the next call is due at {} ({}){brake}", self.clock(at), when::relative(at, self.now));
        }
        let last = conditions.last_tick.filter(|last| last.plus(TICKS_COME) < self.now);
        match (brake, last) {
            (Some(why), _) => format!("the call due at {due} is skipped by the next tick: {why}"),
            (None, Some(last)) => {
                let age = when::relative(last, self.now);
                format!("the call due at {due} waits for the next tick, and the last one was {age}; is cron running?")
            }
            (None, None) if conditions.refused => {
                format!("the call due at {due} waits, since the provider refuses savehub's account, number or request")
            }
            (None, None) if at.plus(LONG) < self.now => format!(
                "the call due at {due} waits for its phone to be free (`number_gap`), or for its turn \
                 (`calls_per_second`)"
            ),
            (None, None) => format!("the call due at {due} waits for the next tick"),
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
