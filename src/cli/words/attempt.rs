//! What came of an attempt: in a few words for a list, and as a sentence for a story. Every `match` names every case.

use super::{clean, with};
use crate::model::{AttemptState, CallStatus, FenceReason, HangUpState, RejectionClass, RungKind, printable};
use crate::provider::{meaning, remedy};
use crate::store::AttemptView;

/// What came of an attempt, in a few words.
pub fn attempt_words(attempt: &AttemptView) -> String {
    let mut text = match attempt.state {
        AttemptState::Sending => "the request is under way".to_owned(),
        AttemptState::Accepted => attempt
            .call_status
            .map_or_else(|| "taken by the provider, no news yet".into(), |status| status_words(status, attempt).short),
        AttemptState::Rejected => with("the provider refused", refusal(attempt)),
        AttemptState::NotSent => with("no byte left", clean(attempt.error.as_deref())),
        AttemptState::Unknown => {
            with("unknown", clean(attempt.error.as_deref()).or_else(|| Some("no usable answer".into())))
        }
        AttemptState::Absent => "the provider has no such call: nothing rang".to_owned(),
        AttemptState::Abandoned => with("never cleared up, may have rung", clean(attempt.error.as_deref())),
    };
    match attempt.hang_up {
        _ if rang_nobody(attempt) => {}
        HangUpState::Wanted => text.push_str(", to be hung up"),
        HangUpState::Done => text.push_str(", hung up"),
        HangUpState::None | HangUpState::Moot => {}
    }
    text
}

/// Did it never ring? Then there is nothing to hang up.
fn rang_nobody(attempt: &AttemptView) -> bool {
    matches!(attempt.state, AttemptState::Absent | AttemptState::Rejected | AttemptState::NotSent)
}

/// What became of what the provider took.
pub(in crate::cli) struct StatusWords {
    /// In a list.
    pub(in crate::cli) short: String,
    /// As a part of a sentence.
    pub(in crate::cli) sentence: String,
}

fn both(short: impl Into<String>, sentence: impl Into<String>) -> StatusWords {
    StatusWords { short: short.into(), sentence: sentence.into() }
}

/// What became of what the provider took.
pub(in crate::cli) fn status_words(status: CallStatus, attempt: &AttemptView) -> StatusWords {
    let refusal = || refusal(attempt);
    match (status, attempt.rang_s) {
        (CallStatus::Queued, _) => both("queued", "it waits in the provider's queue and has not rung"),
        (CallStatus::Ringing, _) => both("ringing now", "the phone rings"),
        (CallStatus::InProgress, _) => picked_up(attempt, "picked up, still on the line", "is on the line"),
        (CallStatus::Completed, _) => match attempt.duration_s {
            Some(s) => picked_up(attempt, &format!("answered {s} s"), &format!("was on the line for {s} s")),
            None => picked_up(attempt, "answered", "was on the line"),
        },
        (CallStatus::Busy, _) => both("busy", "the line was busy"),
        (CallStatus::NoAnswer, Some(s)) => {
            both(format!("rang {s} s, nobody answered"), format!("it rang {s} s and nobody answered"))
        }
        (CallStatus::NoAnswer, None) => both("rang, nobody answered", "it rang and nobody answered"),
        (CallStatus::Failed, _) => {
            both(with("failed", refusal()), with("the provider could not bring it to the phone", refusal()))
        }
        (CallStatus::Canceled, Some(0)) => both(
            "canceled, never left the queue",
            "it was cancelled before it left the provider's queue, so nothing rang",
        ),
        (CallStatus::Canceled, Some(s)) => {
            both(format!("canceled after ringing {s} s"), format!("it was cancelled after ringing {s} s"))
        }
        (CallStatus::Canceled, None) => both("canceled", "it was cancelled before anybody picked up"),
        (CallStatus::Sending, _) => both("on its way", "the message is on its way to the carrier"),
        (CallStatus::Sent, _) => both("sent, the carrier has it", "the carrier has the message"),
        (CallStatus::Delivered, _) => both("delivered", "the message is on the phone"),
        (CallStatus::Undelivered, _) => {
            both(with("not delivered", refusal()), with("the carrier could not deliver the message", refusal()))
        }
        (CallStatus::Done, _) => both("done", "it was handed over, and nothing more is told about it"),
        (CallStatus::Simulated, _) => both("test mode: not placed", "no phone rang"),
    }
}

/// Who picked up, as far as it is known. A machine that picked up is not a person that did.
pub(in crate::cli) enum PickedUpBy {
    Human,
    /// What the provider calls it.
    Machine(String),
    Fax,
    Unknown,
}

pub(in crate::cli) fn picked_up_by(attempt: &AttemptView) -> PickedUpBy {
    match attempt.answered_by.as_deref().map(printable) {
        Some(by) if by.starts_with("machine") => PickedUpBy::Machine(by),
        Some(by) if by == "human" => PickedUpBy::Human,
        Some(by) if by == "fax" => PickedUpBy::Fax,
        _ => PickedUpBy::Unknown,
    }
}

/// `short` of a person; the sentence is `somebody picked up and was on the line for 7 s`.
fn picked_up(attempt: &AttemptView, short: &str, then: &str) -> StatusWords {
    let (short, who) = match picked_up_by(attempt) {
        PickedUpBy::Machine(by) => (format!("voicemail ({by})"), format!("a voicemail box ({by})")),
        PickedUpBy::Human => (short.to_owned(), "a human".into()),
        PickedUpBy::Fax => ("a fax machine answered".into(), "a fax machine".into()),
        PickedUpBy::Unknown => (short.to_owned(), "somebody (a human or a voicemail box)".into()),
    };
    both(short, format!("{who} picked up and {then}"))
}

/// `21211 The 'To' number is not valid. Check the person's phone number.`
fn refusal(attempt: &AttemptView) -> Option<String> {
    match (attempt.error_code, clean(attempt.error.as_deref())) {
        (Some(code), Some(error)) => Some(with_remedy(code, format!("{code} {error}"))),
        (Some(code), None) => code_words(Some(code)),
        (None, error) => error,
    }
}

/// What the provider's code says, where it sends no words with it, and what to do.
pub(super) fn code_words(code: Option<u32>) -> Option<String> {
    let code = code?;
    let words = meaning(code).map_or_else(|| code.to_string(), |words| format!("{code} {words}"));
    Some(with_remedy(code, words))
}

fn with_remedy(code: u32, words: String) -> String {
    match remedy(code) {
        Some(remedy) => format!("{}. {remedy}", words.trim_end_matches('.')),
        None => words,
    }
}

/// `0.013 USD`. The provider writes a charge as a negative number.
pub(in crate::cli) fn price(attempt: &AttemptView) -> Option<String> {
    let (price, unit) = (attempt.price.as_deref()?, attempt.price_unit.as_deref()?);
    Some(format!("{} {}", printable(price).trim_start_matches('-'), printable(unit)))
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
    /// Placed before this database was made or restored, and found by preflight.
    Adopted,
    /// The same, and found when its incident had ended.
    Lost,
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
pub fn outcome_words(outcome: Outcome, attempt: &AttemptView) -> String {
    let id = attempt.call_id.as_deref().map(printable).unwrap_or_default();
    let why = clean(attempt.error.as_deref()).map_or_else(String::new, |words| format!(" ({words})"));
    match outcome {
        Outcome::UnderWay => {
            "the request is under way, or the tick that sent it died and the next one will notice".into()
        }
        Outcome::Taken => format!("the provider took it as {id}"),
        Outcome::Found => format!("the answer was lost, and the provider's list showed it: {id}"),
        Outcome::Adopted => {
            format!(
                "found at the provider before anything was sent: {id} was placed before this database was made or restored"
            )
        }
        Outcome::Lost => {
            format!("found at the provider when it was over: {id} was placed before this database was made or restored")
        }
        Outcome::Ghost => format!("it had been given up, and {id} appeared at the provider after all"),
        Outcome::Recorded => format!("test mode recorded it as {id}; nothing left this machine"),
        Outcome::Refused(class) => with(refused(class), refusal(attempt)),
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

const fn refused(class: Option<RejectionClass>) -> &'static str {
    match class {
        Some(RejectionClass::Capacity) => "the provider was at its limit and did not take it",
        Some(RejectionClass::Callee) => "the provider refused this target, and later steps to it are left out",
        Some(RejectionClass::Ours) => "the provider refused savehub itself, and nothing goes out until that is mended",
        Some(RejectionClass::Other) | None => "the provider refused it",
    }
}

/// Why the last look before a request said no.
pub const fn fenced(reason: FenceReason) -> &'static str {
    match reason {
        FenceReason::NotOurs => "another tick had taken it over",
        FenceReason::IncidentEnded => "the incident had ended since the guards were asked",
        FenceReason::WindowClosed => "the window had closed since the guards were asked",
        FenceReason::Acknowledged => "a human had answered since the guards were asked",
        FenceReason::Stopped => "the STOP file had appeared",
        FenceReason::StopUnknown => "nobody could say whether there was a STOP file",
        FenceReason::Paused => "a pause had begun",
        FenceReason::TooEarly => "the clock had gone back, and the window was not open any more",
        FenceReason::ClockDoubt => "by the provider's clock, which is far from this machine's, the window was not open",
        FenceReason::TooLate => {
            "so much time had passed (the machine slept, or the process stood still) that it was unsafe"
        }
        FenceReason::StoreFailed => "the database could not be read",
    }
}

/// What became of the wish to end it; `None`: there was none, or nothing to end.
pub(in crate::cli) fn hang_up_words(attempt: &AttemptView) -> Option<&'static str> {
    match attempt.hang_up {
        _ if rang_nobody(attempt) => None,
        HangUpState::None => None,
        HangUpState::Wanted => Some("it is to be ended: every tick tries until it is over"),
        HangUpState::Done => Some("savehub ended it"),
        HangUpState::Moot => Some("it was to be ended, and there was nothing left to end"),
    }
}

/// What one does to the recipient of a kind of rung.
pub(in crate::cli) struct Verb {
    /// `savehub would call ****0101`.
    pub(in crate::cli) would: &'static str,
    /// `called ****0101`.
    pub(in crate::cli) did: &'static str,
    /// `twilio calls ****0101`.
    pub(in crate::cli) does: &'static str,
}

/// The verb of a kind of rung.
pub(in crate::cli) const fn verb(kind: RungKind) -> Verb {
    let (would, did, does) = match kind {
        RungKind::Call => ("call", "called", "calls"),
        RungKind::Sms => ("text", "texted", "texts"),
        RungKind::Email => ("write to", "wrote to", "writes to"),
        RungKind::Webhook => ("post to", "posted to", "posts to"),
        RungKind::Command => ("run", "ran", "runs"),
    };
    Verb { would, did, does }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

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
}
