//! Plain words for every state.

use super::*;
use crate::cli::words::{attempt_words, incident_words, reason_words, step_words};

#[test]
fn every_call_status_has_its_words() {
    let told: Vec<String> = CallStatus::ALL.iter().map(|status| attempt_words(&called(*status))).collect();
    assert_eq!(
        told,
        [
            "queued",
            "ringing now",
            "picked up, still on the line",
            "answered",
            "busy",
            "rang, nobody answered",
            "failed",
            "canceled",
            "on its way",
            "sent, the carrier has it",
            "delivered",
            "not delivered",
            "done",
            "test mode: not placed",
        ]
    );
}

#[test]
fn every_attempt_state_has_its_words() {
    let told = |error: Option<&str>| -> Vec<String> {
        let one = |state: &AttemptState| AttemptView { error: error.map(str::to_owned), ..attempt(1, *state) };
        AttemptState::ALL.iter().map(|state| attempt_words(&one(state))).collect()
    };
    assert_eq!(
        told(None),
        [
            "the request is under way",
            "taken by the provider, no news yet",
            "the provider refused",
            "no byte left",
            "unknown: no usable answer",
            "the provider has no such call: nothing rang",
            "never cleared up, may have rung",
        ]
    );
    assert_eq!(
        told(Some("no answer within 20 s\u{1b}")),
        [
            "the request is under way",
            "taken by the provider, no news yet",
            "the provider refused: no answer within 20 s",
            "no byte left: no answer within 20 s",
            "unknown: no answer within 20 s",
            "the provider has no such call: nothing rang",
            "never cleared up, may have rung: no answer within 20 s",
        ]
    );
}

#[test]
fn a_machine_that_picked_up_is_not_called_answered() {
    let by = |status, answered_by: &str| {
        let call = AttemptView { answered_by: Some(answered_by.into()), duration_s: Some(12), ..called(status) };
        attempt_words(&call)
    };
    assert_eq!(by(CallStatus::Completed, "human"), "answered 12 s");
    assert_eq!(by(CallStatus::Completed, "machine_start"), "voicemail (machine_start)");
    assert_eq!(by(CallStatus::InProgress, "machine_end_beep"), "voicemail (machine_end_beep)");
    assert_eq!(by(CallStatus::Completed, "fax"), "a fax machine answered");
    assert_eq!(by(CallStatus::Completed, "unknown"), "answered 12 s");
}

#[test]
fn an_unanswered_call_tells_how_long_it_rang() {
    let mut unanswered = called(CallStatus::NoAnswer);
    unanswered.rang_s = Some(24);
    assert_eq!(attempt_words(&unanswered), "rang 24 s, nobody answered");
    unanswered.call_status = Some(CallStatus::Canceled);
    assert_eq!(attempt_words(&unanswered), "canceled after ringing 24 s");
    unanswered.rang_s = Some(0);
    assert_eq!(attempt_words(&unanswered), "canceled, never left the queue");
}

#[test]
fn a_refusal_names_the_providers_code_and_a_hang_up_is_told() {
    let mut refused = attempt(1, AttemptState::Rejected);
    refused.error_code = Some(21211);
    assert_eq!(
        attempt_words(&refused),
        "the provider refused: 21211 the person's number is missing or not a valid one. Check the person's phone number."
    );
    refused.error = Some("the number is not valid".into());
    assert_eq!(
        attempt_words(&refused),
        "the provider refused: 21211 the number is not valid. Check the person's phone number."
    );

    let hung_up = |hang_up| attempt_words(&AttemptView { hang_up, ..called(CallStatus::Ringing) });
    assert_eq!(hung_up(HangUpState::Wanted), "ringing now, to be hung up");
    assert_eq!(hung_up(HangUpState::Done), "ringing now, hung up");
    assert_eq!(hung_up(HangUpState::Moot), "ringing now");
}

#[test]
fn every_reason_has_its_own_plain_words() {
    let mut told: Vec<&str> = Reason::ALL.iter().map(|reason| reason_words(*reason)).collect();
    assert!(told.iter().all(|words| !words.contains('_')));
    told.sort_unstable();
    told.dedup();
    assert_eq!(told.len(), Reason::ALL.len());
}

#[test]
fn every_step_state_has_its_words_with_reason_and_numbers() {
    use Reason::{Initiated, MaxCallsExceeded, MeetingMoved, Merged, NumberBusy, Rejected, TestMode};
    let told = |state, due_at, reason, detail: Option<&str>| {
        let step = StepView { reason, detail: detail.map(str::to_owned), ..step(1, state, due_at) };
        step_words(&step, NOW)
    };
    for (state, reason, detail, words) in [
        (StepState::Pending, None, None, "due in 4 min"),
        (
            StepState::Pending,
            Some(NumberBusy),
            Some("20 s ago"),
            "waits: another call to this number is under way or has just been (20 s ago)",
        ),
        (StepState::Running, None, None, "running"),
        (StepState::Executed, Some(Initiated), None, "done"),
        (StepState::Executed, Some(TestMode), None, "done: test mode stood in for the provider"),
        (StepState::Executed, Some(Merged), None, "done: named in the call for another meeting"),
        (StepState::Failed, Some(Rejected), Some("21211"), "FAILED: the provider refused the call (21211)"),
        (
            StepState::Skipped,
            Some(MaxCallsExceeded),
            Some("2 of 2 in 10 min"),
            "skipped: the call limit for this meeting is used up (2 of 2 in 10 min)",
        ),
        (StepState::Cancelled, Some(MeetingMoved), None, "cancelled: the meeting was moved"),
    ] {
        assert_eq!(told(state, minutes(4), reason, detail), words);
    }
    assert_eq!(told(StepState::Pending, seconds(-10), None, None), "due since 10 s");
}

#[test]
fn every_incident_state_has_its_words() {
    let board = meeting(3, "Board sync", minutes(2));
    let told = |state: &IncidentState| incident_words(&incident(4, &board, *state));
    assert_eq!(
        IncidentState::ALL.iter().map(told).collect::<Vec<_>>(),
        [
            "watched, nothing tried yet",
            "calling, not yet checked in",
            "answered, not yet checked in",
            "resolved",
            "cancelled",
            "MISSED",
        ]
    );
}
