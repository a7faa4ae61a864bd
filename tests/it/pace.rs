//! Calls start one after the other: whose turn it is, what waits for none, and what happens when the turns run out.

use crate::support::phone;
use crate::support::world::{World, result_words};
use savehub::exit::Exit;
use savehub::model::{MockOutcome, Pace, Reason, StepState, Voice};
use savehub::provider::mock::Mock;
use savehub::tick::{TestCall, test_call};
use std::sync::Arc;
use std::time::Duration;

/// A call, and a message shortly before the start.
const CALL_AND_MESSAGE: &str = r#"
[[ladder]]
step = "call"
before = "3m"

[[ladder]]
step = "sms"
before = "10s"
"#;

/// One call a second.
fn paced(config: &str, calls_per_second: f64) -> World {
    let mut w = World::on_twilio(config);
    w.change_twilio(|twilio| twilio.calls_per_second = calls_per_second);
    w
}

/// When the calls of this world were made, in milliseconds since the first.
fn starts(w: &World) -> Vec<i64> {
    let calls = w.fake().calls();
    calls.iter().map(|call| call.created_at.since(calls[0].created_at)).collect()
}

fn test_of(last: u8) -> TestCall {
    let voice = Voice::default();
    TestCall { person: "call-test".into(), to: phone(last), message: "A test".into(), voice }
}

#[test]
fn two_people_are_called_a_turn_apart_by_one_tick() {
    let w = paced("", 1.0);
    w.meeting_of("ana", "Board sync", "in 170s");
    w.meeting_of("ben", "Board sync", "in 170s");
    w.tick();
    assert_eq!(starts(&w), [0, 1000]);
}

#[test]
fn the_earliest_start_is_called_first() {
    // Whose list of calls is asked for lets those behind pass.
    let w = paced("[engine]\npreflight = false\n", 1.0);
    w.meeting_of("ana", "Board sync", "in 170s");
    w.meeting_of("ben", "Stand-up", "in 120s");
    w.tick();
    let order: Vec<String> = w.fake().calls().into_iter().map(|call| call.to).collect();
    assert_eq!(order, [phone(2).expose(), phone(1).expose()]);
}

#[test]
fn a_retry_takes_a_turn_like_every_other_call() {
    let phone = Mock::new(&[MockOutcome::Refused, MockOutcome::NoAnswer]);
    let w = World::on_phone("", Arc::new(phone.paced(Pace::per_second(0.25, None))));
    let meeting = w.meeting("in 170s");
    let began = w.now();
    w.tick();
    let tried: Vec<i64> = w.attempts(meeting).iter().map(|attempt| attempt.intent_at.since(began)).collect();
    assert_eq!(tried, [0, 4000], "after a second, and when its turn had come");
}

#[test]
fn messages_wait_for_no_turn() {
    let w = paced("[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n", 0.1);
    w.meeting_of("ana", "Board sync", "in 170s");
    w.meeting_of("ben", "Board sync", "in 170s");
    let began = w.now();
    w.tick();
    assert_eq!((w.fake().sent().len(), w.now()), (2, began));
}

#[test]
fn a_call_test_waits_for_its_turn() {
    let w = paced("", 1.0);
    for last in [1, 2] {
        let result = test_call(&w.parts, &test_of(last)).unwrap();
        assert_eq!(result.reason, Reason::Initiated, "{result:?}");
    }
    assert_eq!(starts(&w), [0, 1000]);
}

#[test]
fn a_call_test_that_gets_no_turn_says_so() {
    let w = paced("", 0.01);
    assert_eq!(test_call(&w.parts, &test_of(1)).unwrap().reason, Reason::Initiated);
    let result = test_call(&w.parts, &test_of(2)).unwrap();
    assert_eq!((result.state, result.reason, result.status), (StepState::Skipped, Reason::Capacity, "skipped"));
    assert_eq!(w.posts(), 1);
}

#[test]
fn what_a_guard_refuses_takes_no_turn() {
    let w = paced("", 1.0);
    let early = w.meeting_of("ana", "Board sync", "in 170s");
    w.tick();
    w.advance(85);
    w.check_in(early);
    w.meeting_of("ben", "Board sync", "in 100s");
    let began = w.now();
    w.tick();
    assert_eq!((w.posts(), w.now()), (2, began), "nobody waited");
}

#[test]
fn a_clock_that_was_turned_back_keeps_nobody_waiting() {
    let w = paced("", 0.1);
    w.meeting_of("ana", "Board sync", "in 170s");
    w.tick();
    w.clock.set_wall(w.now().minus(Duration::from_secs(3600)));
    w.meeting_of("ben", "Board sync", "in 170s");
    let turned = w.now();
    w.tick();
    w.phone("ben").rang(1);
    assert_eq!(w.now(), turned);
}

#[test]
fn who_cannot_be_called_in_time_is_told_otherwise_at_once() {
    let w = paced(CALL_AND_MESSAGE, 0.01);
    let served = w.meeting_of("ana", "Board sync", "in 90s");
    let lost = w.meeting_of("ben", "Board sync", "in 90s");
    let began = w.now();
    let summary = w.tick();
    assert_eq!(w.steps(served), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(w.steps(lost), ["SKIPPED(capacity)", "EXECUTED(initiated)"]);
    assert_eq!((w.now(), summary.exit()), (began, Exit::NotDone));
    let detail = &w.incident(lost).steps[0].detail;
    let words = "2 calls wait, one starts every 100 s: this one could not ring before the start";
    assert_eq!(detail.as_deref(), Some(words));
}

#[test]
fn a_call_whose_turn_is_now_is_made_a_second_before_the_start() {
    let w = paced("", 1.0);
    w.meeting("in 1s");
    w.tick();
    w.phone("ana").rang(1);
}

#[test]
fn a_busy_number_turns_nobody_away_and_is_not_turned_away() {
    let w = paced("[guards]\nnumber_gap = \"2m\"\n", 0.05);
    let first = w.meeting_of("ana", "Board sync", "in 175s");
    w.tick();
    // Ana's number is busy until 55 s before her start; of the two turns before Ben's start one is enough for him.
    w.advance(90);
    let other = w.meeting_of("ben", "Stand-up", "in 30s");
    w.tick();
    assert_eq!(w.steps(other)[1], "EXECUTED(initiated)");
    assert_eq!(w.steps(first)[1], "PENDING");
}

#[test]
fn a_rehearsal_tells_who_cannot_be_called_and_waits_for_nothing() {
    let w = paced(CALL_AND_MESSAGE, 0.02);
    for person in ["ana", "ben"] {
        w.meeting_of(person, "Board sync", "in 170s");
    }
    let began = w.now();
    let told = result_words(&w.dry_run().results);
    assert_eq!(told, ["EXECUTED(initiated)", "EXECUTED(initiated)"], "50 s apart there is time for both");
    let hasty = paced(CALL_AND_MESSAGE, 0.005);
    for person in ["ana", "ben"] {
        hasty.meeting_of(person, "Board sync", "in 170s");
    }
    let mut told = result_words(&hasty.dry_run().results);
    told.sort();
    assert_eq!(told, ["EXECUTED(initiated)", "EXECUTED(initiated)", "SKIPPED(capacity)"], "a call, a message");
    assert_eq!((w.now(), w.posts(), hasty.posts()), (began, 0, 0));
}

#[test]
fn a_call_that_the_provider_would_dial_after_the_start_is_cancelled_at_once() {
    let w = World::on_twilio(CALL_AND_MESSAGE);
    w.fake().set_dials_every(Duration::from_secs(60));
    // Somebody else uses the account.
    for _ in 0..3 {
        w.create_call("ben");
    }
    let meeting = w.meeting("in 170s");
    w.tick();
    assert_eq!(w.steps(meeting), ["FAILED(capacity)", "EXECUTED(initiated)"]);
    let call = w.fake().calls().into_iter().find(|call| call.to == phone(1).expose()).unwrap();
    assert_eq!(call.status, "canceled");
}

#[test]
fn a_call_that_the_provider_dials_before_the_start_is_left_alone() {
    let w = World::on_twilio(CALL_AND_MESSAGE);
    w.fake().set_dials_every(Duration::from_secs(60));
    w.create_call("ben");
    let meeting = w.meeting("in 170s");
    w.tick();
    assert_eq!(w.steps(meeting)[0], "EXECUTED(initiated)");
    assert!(w.fake().calls().iter().all(|call| call.status != "canceled"));
}
