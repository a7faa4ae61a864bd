//! One plain sentence for everything that can be a reason or an outcome. Every `match` here names every case: what is new
//! in `model` does not compile until it can be explained.

use crate::cli::status::{error, refusal};
use crate::model::{CallStatus, FenceReason, HangUpState, HeardEffect, Reason, RejectionClass, RungKind, printable};
use crate::store::AttemptView;

/// Why, as a part of a sentence about what was or was not done. `person` is whose meeting it is.
pub fn because(reason: Reason, person: &str) -> String {
    let words = match reason {
        Reason::Initiated => "the provider took it",
        Reason::TestMode => "test mode recorded it and sent nothing",
        Reason::Merged => "one call named this meeting together with another one",
        Reason::InvalidNumber => "the number cannot be called",
        Reason::NoTarget => "the config had no address for it",
        Reason::EmptyMessage => "its message was empty",
        Reason::MaxCallsExceeded => "the call limit for this meeting was used up",
        Reason::OutsideCriticalWindow => "it was outside the critical window, and phones ring only inside it",
        Reason::MaxSmsExceeded => "the limit of messages for this meeting was used up",
        Reason::TooLate => "it was found too late",
        Reason::NotDue => "it was not due yet, since the clock went back",
        Reason::Acknowledged => "a human had answered already",
        Reason::IncidentResolved => "the incident had ended, and nobody had to be told any more",
        Reason::Paused => "savehub was paused or stopped",
        Reason::DailyCap => "the daily cap was reached",
        Reason::NumberBusy => "the phone was busy with another call until it was too late",
        Reason::Superseded => "a later step was due as well and ran instead",
        Reason::NotSent => "nothing could be sent, and no try was left",
        Reason::Unknown => "the provider gave no usable answer, and nobody knows whether it rang",
        Reason::Capacity => "the provider was at its limit until it was too late",
        Reason::Rejected => "the provider refused it",
        Reason::ProviderSetup => "the provider refused savehub's account, number or request",
        Reason::Joined => return format!("{person} checked in"),
        Reason::Presence => return format!("the presence command found {person} in the meeting"),
        Reason::SaidMissed => return format!("{person} reported it as missed"),
        Reason::Operator => "an operator ended the incident",
        Reason::NoCheckIn => "nobody checked in within the grace time",
        Reason::MeetingMoved => "the meeting was moved",
        Reason::MeetingCancelled => "the meeting was called off",
        Reason::MeetingSkipped => return format!("its calendar made it a meeting that does not ring for {person}"),
        Reason::CalendarRemoved => "its calendar left the config",
        Reason::PersonRemoved => return format!("{person} left the config"),
    };
    words.to_owned()
}

/// What to do about it; `None`: nothing, or the provider's code says it better.
pub const fn advice(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::NoTarget => "Give the config that address, or take the rung out of the ladder.",
        Reason::EmptyMessage => "Write a message for the rung or the person into the config.",
        Reason::MaxCallsExceeded => "`max_calls` and `max_calls_per` set this limit.",
        Reason::MaxSmsExceeded => "`max_sms` sets this limit.",
        Reason::OutsideCriticalWindow | Reason::TooLate => {
            "Look whether ticks ran every 30 s then: `savehub status` shows the last one."
        }
        Reason::NotDue => "Look at the clock of this machine, and let NTP keep it.",
        Reason::Paused => "`savehub status` says whether it still is.",
        Reason::DailyCap => "`daily_cap_per_person` and `daily_cap` set these limits.",
        Reason::NumberBusy => "`number_gap` sets how long a phone is left alone between two calls.",
        Reason::Unknown => "`on_unknown` decides what is done then.",
        Reason::Capacity => "Ask the provider for a higher rate, or spread the rungs.",
        Reason::MeetingSkipped => "`savehub calendar check` says why.",
        Reason::Initiated
        | Reason::TestMode
        | Reason::Merged
        | Reason::InvalidNumber
        | Reason::Acknowledged
        | Reason::IncidentResolved
        | Reason::Superseded
        | Reason::NotSent
        | Reason::Rejected
        | Reason::ProviderSetup
        | Reason::Joined
        | Reason::Presence
        | Reason::SaidMissed
        | Reason::Operator
        | Reason::NoCheckIn
        | Reason::MeetingMoved
        | Reason::MeetingCancelled
        | Reason::CalendarRemoved
        | Reason::PersonRemoved => return None,
    })
}

/// What came of an attempt, as far as it can be told from what was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request is under way, or its process is gone and nobody has noticed yet.
    UnderWay,
    /// The provider took it.
    Taken,
    /// The answer was lost; the list showed it.
    Found,
    /// Placed before this database was restored, and found by looking first.
    Adopted,
    /// It had been given up, and appeared after all.
    Ghost,
    /// Test mode.
    Recorded,
    /// Refused.
    Refused(Option<RejectionClass>),
    /// Nothing left, for a reason of the network.
    NotSent,
    /// Nothing left, since the last look before the request said no.
    Fenced(FenceReason),
    /// No usable answer.
    Unknown,
    /// Proved not to be there.
    Absent,
    /// Never cleared up.
    Abandoned,
}

/// What came of it, in a sentence.
pub fn outcome(outcome: Outcome, attempt: &AttemptView) -> String {
    let id = attempt.call_id.as_deref().map(printable).unwrap_or_default();
    let said = refusal(attempt).map_or_else(String::new, |words| format!(": {words}"));
    let why = error(attempt).map_or_else(String::new, |words| format!(" ({words})"));
    match outcome {
        Outcome::UnderWay => {
            "the request is under way, or the tick that sent it died and the next one will notice".into()
        }
        Outcome::Taken => format!("the provider took it as {id}"),
        Outcome::Found => format!("the answer was lost, and the provider's list showed it: {id}"),
        Outcome::Adopted => {
            format!("found at the provider before anything was sent: {id} was placed before this database was restored")
        }
        Outcome::Ghost => format!("it had been given up, and {id} appeared at the provider after all"),
        Outcome::Recorded => format!("test mode recorded it as {id}; nothing left this machine"),
        Outcome::Refused(class) => refused(class, &said),
        Outcome::NotSent => format!("not a byte of it left this machine, so nothing rang{why}"),
        Outcome::Fenced(reason) => {
            format!("stopped at the last look before the request, so nothing rang: {}", fenced(reason))
        }
        Outcome::Unknown => {
            format!(
                "nobody knows whether it rang: no usable answer came{why}; ticks look for it in the provider's list"
            )
        }
        Outcome::Absent => "the provider's list proved that it was never made, so nothing rang".into(),
        Outcome::Abandoned => format!("never cleared up, so it may have rung{why}; it stays counted"),
    }
}

fn refused(class: Option<RejectionClass>, said: &str) -> String {
    let what = match class {
        Some(RejectionClass::Capacity) => "the provider was at its limit and did not take it",
        Some(RejectionClass::Callee) => "the provider refused this target, and later steps to it are left out",
        Some(RejectionClass::Ours) => "the provider refused savehub itself, and nothing goes out until that is mended",
        Some(RejectionClass::Other) | None => "the provider refused it",
    };
    format!("{what}{said}")
}

/// Why the last look before a request said no.
pub const fn fenced(reason: FenceReason) -> &'static str {
    match reason {
        FenceReason::NotOurs => "another tick had taken it over",
        FenceReason::IncidentEnded => "the incident had ended since the guards were asked",
        FenceReason::WindowClosed => "the window had closed since the guards were asked",
        FenceReason::Acknowledged => "a human had answered since the guards were asked",
        FenceReason::Stopped => "the STOP file had appeared",
        FenceReason::Paused => "a pause had begun",
        FenceReason::TooEarly => "the clock had gone back, and the window was not open any more",
        FenceReason::ClockDoubt => "by the provider's clock, which is far from this machine's, the window was not open",
        FenceReason::TooLate => {
            "so much time had passed (the machine slept, or the process stood still) that it was unsafe"
        }
        FenceReason::StoreFailed => "the database could not be read",
    }
}

/// What became of what the provider took.
pub fn status(status: CallStatus, attempt: &AttemptView) -> String {
    let said = refusal(attempt).map_or_else(String::new, |words| format!(": {words}"));
    match (status, attempt.rang_s) {
        (CallStatus::Queued, _) => "it waits in the provider's queue and has not rung".into(),
        (CallStatus::Ringing, _) => "the phone rings".into(),
        (CallStatus::InProgress, _) => picked_up(attempt, "is on the line"),
        (CallStatus::Completed, _) => match attempt.duration_s {
            Some(seconds) => picked_up(attempt, &format!("was on the line for {seconds} s")),
            None => picked_up(attempt, "was on the line"),
        },
        (CallStatus::Busy, _) => "the line was busy".into(),
        (CallStatus::NoAnswer, Some(seconds)) => format!("it rang {seconds} s and nobody answered"),
        (CallStatus::NoAnswer, None) => "it rang and nobody answered".into(),
        (CallStatus::Failed, _) => format!("the provider could not bring it to the phone{said}"),
        (CallStatus::Canceled, Some(0)) => {
            "it was cancelled before it left the provider's queue, so nothing rang".into()
        }
        (CallStatus::Canceled, Some(seconds)) => format!("it was cancelled after ringing {seconds} s"),
        (CallStatus::Canceled, None) => "it was cancelled before anybody picked up".into(),
        (CallStatus::Sending, _) => "the message is on its way to the carrier".into(),
        (CallStatus::Sent, _) => "the carrier has the message".into(),
        (CallStatus::Delivered, _) => "the message is on the phone".into(),
        (CallStatus::Undelivered, _) => format!("the carrier could not deliver the message{said}"),
        (CallStatus::Done, _) => "it was handed over, and nothing more is told about it".into(),
        (CallStatus::Simulated, _) => "no phone rang".into(),
    }
}

/// `somebody picked up and was on the line for 7 s`, as far as it is known who.
fn picked_up(attempt: &AttemptView, then: &str) -> String {
    let by = attempt.answered_by.as_deref().map(printable);
    let who = match by.as_deref() {
        Some(by) if by.starts_with("machine") => format!("a voicemail box ({by})"),
        Some("human") => "a human".into(),
        Some("fax") => "a fax machine".into(),
        _ => "somebody (a human or a voicemail box)".into(),
    };
    format!("{who} picked up and {then}")
}

/// What became of the wish to end it; `None`: there was none.
pub const fn hang_up(state: HangUpState) -> Option<&'static str> {
    match state {
        HangUpState::None => None,
        HangUpState::Wanted => Some("it is to be ended: every tick tries until it is over"),
        HangUpState::Done => Some("savehub ended it"),
        HangUpState::Moot => Some("it was to be ended, and there was nothing left to end"),
    }
}

/// What something a person said did.
pub const fn heard(effect: HeardEffect) -> &'static str {
    match effect {
        HeardEffect::Joined => "a check-in",
        HeardEffect::Missed => "they will miss the meeting",
        HeardEffect::Acknowledged => "they are on it",
        HeardEffect::NotUnderstood => "not understood, so nothing was done",
        HeardEffect::NeedsCode => "it did not say for which of several meetings, so nothing was done",
        HeardEffect::NothingOpen => "nothing was open any more, so nothing was done",
    }
}

/// What a step is, as the one who does it: `twilio calls ****0101`.
pub const fn does(kind: RungKind) -> &'static str {
    match kind {
        RungKind::Call => "calls",
        RungKind::Sms => "texts",
        RungKind::Email => "writes to",
        RungKind::Webhook => "posts to",
        RungKind::Command => "runs",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_reason_has_a_sentence_of_its_own() {
        let words: HashSet<String> = Reason::ALL.iter().map(|reason| because(*reason, "ana")).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        assert!(words.iter().all(|words| words.len() > 10 && !words.ends_with('.')), "{words:?}");
    }

    #[test]
    fn every_refusal_of_the_fence_has_a_sentence_and_reads_back_from_its_error() {
        let words: HashSet<&str> = FenceReason::ALL.iter().map(|reason| fenced(*reason)).collect();
        assert_eq!(words.len(), FenceReason::ALL.len());
        for reason in FenceReason::ALL {
            let reply = crate::model::Reply::fenced(*reason);
            let crate::model::Outcome::NotSent(not_sent) = reply.outcome else { panic!("{reply:?}") };
            assert_eq!(FenceReason::of_error(&not_sent.detail), Some(*reason));
        }
        assert_eq!(FenceReason::of_error("connection refused"), None);
    }

    #[test]
    fn advice_is_a_whole_sentence() {
        for advice in Reason::ALL.iter().filter_map(|reason| advice(*reason)) {
            assert!(advice.ends_with('.'), "{advice}");
        }
    }
}
