//! The mock phone's calls live as they should, seen from any process, and test mode places none.

use crate::support::fake_twilio::FakeTwilio;
use crate::support::{Looks, Open, call, engine};
use savehub::clock::{Clock, ManualClock};
use savehub::model::{CallStatus, FenceReason, HangUp, MockOutcome, NotSentCause, Outcome, ProviderKind, Timestamp};
use savehub::provider::mock::Mock;
use savehub::provider::test_mode::TestMode;
use savehub::provider::{Provider, ProviderError};
use std::sync::Arc;
use std::time::Duration;

fn sid_of(outcome: MockOutcome) -> String {
    match Mock::new(&[outcome]).place(&call("Hello"), &Open).outcome {
        Outcome::Accepted(accepted) => accepted.sid,
        other => panic!("{other:?}"),
    }
}

/// Status, duration and answerer of a mock call `s` seconds after its intent, asked of a fresh mock.
fn at(sid: &str, s: u64) -> (CallStatus, Option<u32>, Option<String>) {
    let now = call("").intent_at.plus(Duration::from_secs(s));
    let report = Mock::new(&[]).fetch(sid, now).unwrap();
    (report.status, report.duration_s, report.answered_by)
}

#[test]
fn a_calls_life_is_told_by_its_id_and_the_time_alone() {
    use CallStatus::{Busy, Completed, InProgress, NoAnswer, Queued, Ringing};
    let human = || Some("human".to_owned());
    let machine = || Some("machine_start".to_owned());
    let answered = sid_of(MockOutcome::Answered);
    assert_eq!(answered, "MOCK-tok1-answered-1795338000000");
    for (s, expected) in [
        (0, (Queued, None, None)),
        (1, (Ringing, None, None)),
        (5, (Ringing, None, None)),
        (6, (InProgress, None, human())),
        (18, (Completed, Some(12), human())),
        (99_999, (Completed, Some(12), human())),
    ] {
        assert_eq!(at(&answered, s), expected, "answered, {s} s");
    }
    let voicemail = sid_of(MockOutcome::Voicemail);
    for (s, expected) in
        [(19, (Ringing, None, None)), (20, (InProgress, None, machine())), (30, (Completed, Some(10), machine()))]
    {
        assert_eq!(at(&voicemail, s), expected, "voicemail, {s} s");
    }
    let busy = sid_of(MockOutcome::Busy);
    assert_eq!((at(&busy, 1).0, at(&busy, 2).0), (Queued, Busy));
    let nobody = sid_of(MockOutcome::NoAnswer);
    assert_eq!((at(&nobody, 24).0, at(&nobody, 25).0), (Ringing, NoAnswer));
}

#[test]
fn the_last_outcome_repeats_and_none_means_no_answer() {
    let mock = Mock::new(&[MockOutcome::Refused, MockOutcome::Timeout, MockOutcome::LostReply, MockOutcome::Busy]);
    let next = || mock.place(&call("Hello"), &Open).outcome;
    let Outcome::NotSent(refused) = next() else { panic!() };
    assert_eq!(refused.cause, NotSentCause::Connect);
    assert!(matches!(next(), Outcome::Unknown(_)));
    assert!(matches!(next(), Outcome::Unknown(_)));
    for _ in 0..2 {
        let Outcome::Accepted(accepted) = next() else { panic!() };
        assert!(accepted.sid.starts_with("MOCK-tok1-busy-"), "{}", accepted.sid);
    }
    let Outcome::Accepted(accepted) = Mock::new(&[]).place(&call("Hello"), &Open).outcome else { panic!() };
    assert!(accepted.sid.starts_with("MOCK-tok1-no-answer-"), "{}", accepted.sid);
}

#[test]
fn a_call_whose_reply_was_lost_exists_and_one_that_was_never_made_does_not() {
    let now = call("").intent_at.plus(Duration::from_secs(3));
    let fetch = |outcome: &str| {
        let sid = format!("MOCK-a-b-{outcome}-{}", call("").intent_at.ms());
        Mock::new(&[]).fetch(&sid, now).map(|report| report.status)
    };
    assert_eq!(fetch("lost-reply"), Ok(CallStatus::Ringing));
    for outcome in ["refused", "timeout", "nonsense"] {
        assert_eq!(fetch(outcome), Err(ProviderError::NotFound));
    }
    for sid in ["", "CA1", "MOCK-", "MOCK-answered-x", "MOCK-x-answered-", "MOCK-x-answered-99999999999999999999"] {
        assert_eq!(Mock::new(&[]).fetch(sid, now), Err(ProviderError::NotFound), "{sid}");
    }
}

#[test]
fn hanging_up_ends_what_it_may_end() {
    let sid = sid_of(MockOutcome::Answered);
    let after = |s: u64, how| {
        let now = call("").intent_at.plus(Duration::from_secs(s));
        let report = Mock::new(&[]).hang_up(&sid, how, now).unwrap();
        (report.status, report.duration_s)
    };
    assert_eq!(after(0, HangUp::Canceled), (CallStatus::Canceled, None));
    assert_eq!(after(3, HangUp::Completed), (CallStatus::Canceled, None));
    assert_eq!(after(10, HangUp::Canceled), (CallStatus::InProgress, None));
    assert_eq!(after(10, HangUp::Completed), (CallStatus::Completed, Some(4)));
    assert_eq!(after(60, HangUp::Canceled), (CallStatus::Completed, Some(12)));
}

#[test]
fn a_refusing_gate_stops_mock_and_test_calls_without_using_up_an_outcome() {
    let mock = Arc::new(Mock::new(&[MockOutcome::Busy, MockOutcome::Answered]));
    let test = TestMode::new(Arc::clone(&mock) as Arc<dyn Provider>);
    for provider in [&*mock as &dyn Provider, &test] {
        let Outcome::NotSent(fenced) =
            provider.place(&call("Hello"), &Looks::new(|_| Err(FenceReason::Stopped))).outcome
        else {
            panic!()
        };
        assert_eq!(fenced.cause, NotSentCause::Fenced(FenceReason::Stopped));
    }
    let Outcome::Accepted(first) = mock.place(&call("Hello"), &Open).outcome else { panic!() };
    assert!(first.sid.contains("-busy-"));
}

#[test]
fn test_mode_simulates_and_touches_no_network() {
    let fake = FakeTwilio::start();
    let twilio = savehub::provider::twilio::Twilio::new(&fake.config(), &engine(Duration::from_secs(20)));
    let test = TestMode::new(Arc::new(twilio));
    assert_eq!(test.kind(), ProviderKind::Test);
    assert_eq!(test.account(), crate::support::fake_twilio::ACCOUNT);
    assert_eq!(test.senders(), [crate::support::sender(99)]);
    let Outcome::Accepted(accepted) = test.place(&call("Hello"), &Open).outcome else { panic!() };
    assert_eq!((accepted.sid.as_str(), accepted.status), ("TEST-tok1", CallStatus::Simulated));
    let now = ManualClock::at(Timestamp::from_ms(0)).now();
    assert_eq!(test.fetch("TEST-tok1", now).unwrap().status, CallStatus::Simulated);
    assert_eq!(test.hang_up("TEST-tok1", HangUp::Completed, now).unwrap().status, CallStatus::Simulated);
    assert!(fake.requests().is_empty());
}
