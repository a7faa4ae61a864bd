//! Where incidents and steps stand, and what people did.

use super::{clean, detailed, reason_words, with};
use crate::cli::waits::{Conditions, WaitsFor, waits_for};
use crate::model::{
    AckHow, HeardEffect, HeardHow, IncidentState, Reason, RungKind, SkipWhy, StepState, Timestamp, printable,
};
use crate::store::{AcknowledgedView, IncidentView, StepView};
use crate::when;

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
    let note = clean(incident.note.as_deref()).map_or_else(String::new, |note| format!(", note: {note}"));
    with(state, incident.reason.map(|reason| reason_words(reason).to_owned())) + &answered + &note
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

/// `s2 call`, `s3 sms to Bea`, `s4 webhook ntfy`.
pub(in crate::cli) fn step_name(step: &StepView) -> String {
    let to = step.contact.as_ref().map(|name| format!(" to {}", printable(name)));
    let by = step.channel.as_ref().map(|name| format!(" {}", printable(name)));
    format!("{} {}{}", step.id, step.kind, to.or(by).unwrap_or_default())
}

/// The state of a step, with its reason.
pub(in crate::cli) fn step_words(step: &StepView, now: Timestamp) -> String {
    let detail = step.detail.as_deref();
    let reason = step.reason.map(|reason| detailed(reason_words(reason), detail)).or_else(|| clean(detail));
    match step.state {
        StepState::Pending | StepState::Running => {
            match (waits_for(step, step.due_at, now, &Conditions::default()), reason) {
                (WaitsFor::Running, _) => "running".into(),
                (_, Some(reason)) => format!("waits: {reason}"),
                (WaitsFor::DueTime(at, _), None) => format!("due {}", when::relative(at, now)),
                _ => format!("due since {}", when::span(now.since(step.due_at).unsigned_abs())),
            }
        }
        StepState::Executed => match step.reason {
            None | Some(Reason::Initiated) => "done".into(),
            Some(_) => with("done", reason),
        },
        StepState::Failed => with("FAILED", reason),
        StepState::Skipped => with("skipped", reason),
        StepState::Cancelled => with("cancelled", reason),
    }
}

/// Why a step ended by itself; `None`: it ended with its incident, or has not ended.
pub(in crate::cli) fn ended_by_itself(step: &StepView) -> Option<Reason> {
    match step.state {
        StepState::Executed | StepState::Failed | StepState::Skipped => step.reason,
        StepState::Pending | StepState::Running | StepState::Cancelled => None,
    }
}

/// How a person answered, without their words.
pub(in crate::cli) const fn heard_how(how: HeardHow) -> &'static str {
    match how {
        HeardHow::Message => "replied",
        HeardHow::Call => "called back",
        HeardHow::Key => "pressed a key",
    }
}

/// What the answer of a person did.
pub(in crate::cli) struct HeardWords {
    /// Behind who it was: `joined`.
    pub(in crate::cli) short: &'static str,
    /// By itself: `a check-in`.
    pub(in crate::cli) sentence: &'static str,
}

/// What the answer of a person did.
pub(in crate::cli) const fn heard_words(effect: HeardEffect) -> HeardWords {
    let (short, sentence) = match effect {
        HeardEffect::Joined => ("joined", "a check-in"),
        HeardEffect::Missed => ("will miss it", "they will miss the meeting"),
        HeardEffect::Acknowledged => ("is on it", "they are on it"),
        HeardEffect::NotUnderstood => ("not understood, nothing was done", "not understood, so nothing was done"),
        HeardEffect::NeedsCode => (
            "it does not say for which meeting, nothing was done",
            "it did not say for which of several meetings, so nothing was done",
        ),
        HeardEffect::Noted => ("noted, nothing was done", "the answer of a contact, noted and no more"),
        HeardEffect::NothingOpen => ("nothing is open any more", "nothing was open any more, so nothing was done"),
    };
    HeardWords { short, sentence }
}

/// What a call or message is called in a list.
pub(in crate::cli) const fn kind_words(kind: RungKind) -> &'static str {
    match kind {
        RungKind::Call => "call",
        RungKind::Sms => "text message",
        RungKind::Email => "mail",
        RungKind::Webhook => "webhook",
        RungKind::Command => "command",
    }
}

/// Why a meeting of a calendar does not ring.
pub(in crate::cli) const fn skip_words(why: SkipWhy) -> &'static str {
    match why {
        SkipWhy::AllDay => "all day",
        SkipWhy::Cancelled => "called off",
        SkipWhy::Declined => "declined",
        SkipWhy::Delegated => "delegated",
        SkipWhy::MarkedOff => "marked off",
        SkipWhy::Free => "marked as free",
        SkipWhy::OutOfOffice => "out of office",
        SkipWhy::Tentative => "tentative",
        SkipWhy::Unanswered => "not answered",
        SkipWhy::NoLink => "no link",
        SkipWhy::Title => "its title",
        SkipWhy::FewAttendees => "few attendees",
        SkipWhy::OutsideHours => "outside working hours",
    }
}
