//! Plain words for what the database keeps in one word.

use crate::model::{
    AckHow, AttemptState, CallStatus, HangUpState, IncidentState, Reason, StepState, Timestamp, printable,
};
use crate::provider::{meaning, remedy};
use crate::store::{AcknowledgedView, AttemptView, IncidentView, StepView};
use crate::when;

/// Why, in plain words.
pub const fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::Initiated => "the provider took the call",
        Reason::TestMode => "test mode stood in for the provider",
        Reason::Merged => "named in the call for another meeting",
        Reason::InvalidNumber => "the number cannot be called",
        Reason::NoTarget => "the config has no address for it",
        Reason::EmptyMessage => "there is nothing to say",
        Reason::MaxCallsExceeded => "the call limit for this meeting is used up",
        Reason::OutsideCriticalWindow => "outside the critical window",
        Reason::MaxSmsExceeded => "the limit of messages for this meeting is used up",
        Reason::TooLate => "too late",
        Reason::NotDue => "not due yet",
        Reason::Acknowledged => "a human has answered",
        Reason::IncidentResolved => "nobody has to be called any more",
        Reason::Paused => "savehub is paused or stopped",
        Reason::DailyCap => "the daily cap is reached",
        Reason::NumberBusy => "another call to this number is under way or has just been",
        Reason::Superseded => "a later step is due as well and calls instead",
        Reason::NotSent => "nothing could be sent",
        Reason::Unknown => "nobody knows whether it rang",
        Reason::Capacity => "the provider was at its limit",
        Reason::Rejected => "the provider refused the call",
        Reason::ProviderSetup => "the provider refuses savehub's account, number or request",
        Reason::Joined => "checked in",
        Reason::Presence => "in the meeting already, says the presence command",
        Reason::SaidMissed => "said to be missed",
        Reason::Operator => "ended by an operator",
        Reason::NoCheckIn => "nobody checked in",
        Reason::MeetingMoved => "the meeting was moved",
        Reason::MeetingCancelled => "the meeting was called off",
        Reason::MeetingSkipped => "the meeting no longer rings for this person",
        Reason::CalendarRemoved => "its calendar left the config",
        Reason::PersonRemoved => "the person left the config",
    }
}

/// The reason with the numbers behind it: `outside the critical window (240 s before)`.
fn why(reason: Option<Reason>, detail: Option<&str>) -> Option<String> {
    let detail = detail.map(printable).filter(|detail| !detail.is_empty());
    match (reason.map(reason_words), detail) {
        (Some(words), Some(detail)) => Some(format!("{words} ({detail})")),
        (Some(words), None) => Some(words.to_owned()),
        (None, detail) => detail,
    }
}

fn with(text: impl Into<String>, more: Option<String>) -> String {
    let text = text.into();
    more.map_or_else(|| text.clone(), |more| format!("{text}: {more}"))
}

/// The state of an incident.
pub(in crate::cli) fn incident_words(incident: &IncidentView) -> String {
    let state = match incident.state {
        IncidentState::Open => "watched, nothing tried yet",
        IncidentState::Escalating => "calling, not yet checked in",
        IncidentState::Acknowledged => "answered, not yet checked in",
        IncidentState::Resolved => "resolved",
        IncidentState::Cancelled => "cancelled",
        IncidentState::Missed => "MISSED",
    };
    let answered = |ack: &AcknowledgedView| format!(", {} {}", printable(&ack.by), ack_words(ack.how));
    let answered = incident.acknowledged.as_ref().map(answered).unwrap_or_default();
    let text = with(state, why(incident.reason, None)) + &answered;
    match incident.note.as_deref().map(printable).filter(|note| !note.is_empty()) {
        Some(note) => format!("{text}, note: {note}"),
        None => text,
    }
}

/// How a human showed that they know: `****0101 picked up`.
pub(in crate::cli) const fn ack_words(how: AckHow) -> &'static str {
    match how {
        AckHow::Answered => "picked up",
        AckHow::Reply => "replied",
        AckHow::CallBack => "called back",
        AckHow::Key => "pressed a key",
    }
}

/// The state of a step, with its reason.
pub(super) fn step_words(step: &StepView, now: Timestamp) -> String {
    let reason = why(step.reason, step.detail.as_deref());
    match step.state {
        StepState::Pending => match (step.due_at > now, reason) {
            (true, None) => format!("due {}", when::relative(step.due_at, now)),
            (false, None) => format!("due since {}", when::span(now.since(step.due_at).unsigned_abs())),
            (_, Some(reason)) => format!("waits: {reason}"),
        },
        StepState::Running => "running".into(),
        StepState::Executed => match step.reason {
            None | Some(Reason::Initiated) => "done".into(),
            Some(_) => with("done", reason),
        },
        StepState::Failed => with("FAILED", reason),
        StepState::Skipped => with("skipped", reason),
        StepState::Cancelled => with("cancelled", reason),
    }
}

/// What came of an attempt.
pub fn attempt_words(attempt: &AttemptView) -> String {
    let mut text = match attempt.state {
        AttemptState::Sending => "the request is under way".to_owned(),
        AttemptState::Accepted => call_words(attempt),
        AttemptState::Rejected => with("the provider refused", refusal(attempt)),
        AttemptState::NotSent => with("no byte left", error(attempt)),
        AttemptState::Unknown => with("unknown", error(attempt).or_else(|| Some("no usable answer".into()))),
        AttemptState::Absent => "the provider has no such call: nothing rang".to_owned(),
        AttemptState::Abandoned => with("never cleared up, may have rung", error(attempt)),
    };
    // Of what never rang there is nothing to hang up.
    let rang_nobody = matches!(attempt.state, AttemptState::Absent | AttemptState::Rejected | AttemptState::NotSent);
    match attempt.hang_up {
        _ if rang_nobody => {}
        HangUpState::Wanted => text.push_str(", to be hung up"),
        HangUpState::Done => text.push_str(", hung up"),
        HangUpState::None | HangUpState::Moot => {}
    }
    text
}

fn call_words(attempt: &AttemptView) -> String {
    match attempt.call_status {
        None => "taken by the provider, no news yet".into(),
        Some(CallStatus::Queued) => "queued".into(),
        Some(CallStatus::Ringing) => "ringing now".into(),
        Some(CallStatus::InProgress) => picked_up(attempt, "picked up, still on the line"),
        Some(CallStatus::Completed) => match attempt.duration_s {
            Some(seconds) => picked_up(attempt, &format!("answered {seconds} s")),
            None => picked_up(attempt, "answered"),
        },
        Some(CallStatus::Busy) => "busy".into(),
        Some(CallStatus::NoAnswer) => match attempt.rang_s {
            Some(seconds) => format!("rang {seconds} s, nobody answered"),
            None => "rang, nobody answered".into(),
        },
        Some(CallStatus::Failed) => with("failed", refusal(attempt)),
        Some(CallStatus::Canceled) => match attempt.rang_s {
            Some(0) => "canceled, never left the queue".into(),
            Some(seconds) => format!("canceled after ringing {seconds} s"),
            None => "canceled".into(),
        },
        Some(CallStatus::Sending) => "on its way".into(),
        Some(CallStatus::Sent) => "sent, the carrier has it".into(),
        Some(CallStatus::Delivered) => "delivered".into(),
        Some(CallStatus::Undelivered) => with("not delivered", refusal(attempt)),
        Some(CallStatus::Done) => "done".into(),
        Some(CallStatus::Simulated) => "test mode: not placed".into(),
    }
}

/// A machine that picked up is not a person that did.
fn picked_up(attempt: &AttemptView, by_a_person: &str) -> String {
    match attempt.answered_by.as_deref().map(printable) {
        Some(by) if by.starts_with("machine") => format!("voicemail ({by})"),
        Some(by) if by == "fax" => "a fax machine answered".into(),
        _ => by_a_person.to_owned(),
    }
}

/// `21211 The 'To' number is not valid. Check the person's phone number.`
pub(in crate::cli) fn refusal(attempt: &AttemptView) -> Option<String> {
    let words = match (attempt.error_code, error(attempt)) {
        (Some(code), Some(error)) => format!("{code} {error}"),
        (Some(code), None) => meaning(code).map_or_else(|| code.to_string(), |words| format!("{code} {words}")),
        (None, error) => return error,
    };
    match attempt.error_code.and_then(remedy) {
        Some(remedy) => Some(format!("{}. {remedy}", words.trim_end_matches('.'))),
        None => Some(words),
    }
}

pub(in crate::cli) fn error(attempt: &AttemptView) -> Option<String> {
    attempt.error.as_deref().map(printable).filter(|error| !error.is_empty())
}
