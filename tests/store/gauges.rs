//! What a monitoring system counts, and the counters that never go back.

use crate::build::{Bench, accepted, at, close_rule, executed, not_sent, owner, secs, stay, unknown};
use savehub::model::{AttemptState, CallStatus, IncidentState, Reason, StepState};
use savehub::store::{CloseRule, Count, FaultNews, Gauges, NewPause, Refusal, Settle, TickEnd, TickStart};

facts! {
    of_an_empty_store_everything_is_nothing,
    the_gauges_count_what_is_there_now,
    the_gauges_know_faults_pauses_and_the_last_tick,
    each_state_an_attempt_comes_into_is_counted_once,
    a_merged_call_ends_two_steps_and_is_one_attempt,
    retention_never_turns_a_counter_back,
}

fn counted(tallies: &[Count]) -> Vec<String> {
    tallies.iter().map(|t| format!("{} {} {}", t.what, t.how, t.n)).collect()
}

fn gauges(b: &Bench, now: i64) -> Gauges {
    b.gauges(at(now)).unwrap()
}

fn of_an_empty_store_everything_is_nothing(b: &Bench) {
    let open = [IncidentState::Open, IncidentState::Escalating, IncidentState::Acknowledged];
    let expected = Gauges {
        incidents_open: open.map(|state| (state, 0)).to_vec(),
        steps_pending: 0,
        steps_due: 0,
        attempts_unknown: 0,
        calls_live: 0,
        faults: Vec::new(),
        everybody_paused: false,
        people_paused: 0,
        skew_ms: None,
        last_completed_at: None,
        made_at: None,
        calendars: 0,
        calendars_failing: 0,
        oldest_calendar_at: None,
        attempts: Vec::new(),
        steps_ended: Vec::new(),
    };
    assert_eq!(gauges(b, 0), expected);
}

fn the_gauges_count_what_is_there_now(b: &Bench) {
    b.watched("ana", "board", 600);
    b.watched("bo", "lunch", 600);
    b.watched("cy", "tea", 900);
    assert_eq!((gauges(b, 400).steps_pending, gauges(b, 400).steps_due), (6, 0));
    assert_eq!(gauges(b, 420).steps_due, 2);
    b.call("board", "CA1", 430);
    let attempt = b.place("lunch", 430);
    let _ = b.record(attempt, &unknown(), at(431), &stay).unwrap();
    let seen = gauges(b, 432);
    let open: Vec<_> = seen.incidents_open.iter().map(|(_, n)| *n).collect();
    assert_eq!((open, seen.calls_live, seen.attempts_unknown), (vec![1, 2, 0], 1, 1));
    assert_eq!((seen.steps_pending, seen.steps_due), (4, 0));
}

fn the_gauges_know_faults_pauses_and_the_last_tick(b: &Bench) {
    assert_eq!(b.fault_seen("clock", at(0)).unwrap(), FaultNews::Began);
    for person in [None, Some("ana"), Some("bo")] {
        let until = (person == Some("bo")).then(|| at(50));
        b.pause(&NewPause { person: person.map(str::to_owned), until, reason: None }, at(0)).unwrap();
    }
    let start = |now| TickStart { now: at(now), boottime_ms: 0, owner: owner(), host: "one".into(), turned: false };
    let tick = b.begin_tick(&start(10)).unwrap();
    b.end_tick(tick.id, &TickEnd { now: at(11), exit: 0, skew_ms: Some(-40), placed: 0, not_placed: 0 }).unwrap();
    b.begin_tick(&start(40)).unwrap();
    let seen = gauges(b, 49);
    assert_eq!((seen.faults, seen.everybody_paused, seen.people_paused), (vec!["clock".to_owned()], true, 2));
    assert_eq!((seen.skew_ms, seen.last_completed_at), (Some(-40), Some(at(11))));
    assert_eq!(gauges(b, 50).people_paused, 1);
}

fn each_state_an_attempt_comes_into_is_counted_once(b: &Bench) {
    b.watched("ana", "board", 600);
    let attempt = b.place("board", 430);
    let id = attempt.id;
    let _ = b.record(attempt, &unknown(), at(431), &stay).unwrap();
    assert_eq!(b.settle_all(440, Settle::Abandon).len(), 1);
    let late = b.record_late(id, &accepted("CA1"), at(450), &stay).unwrap();
    assert_eq!(late.state, AttemptState::Accepted);
    let again = b.place("board", 560);
    let refused = |_: &_| crate::build::end(StepState::Failed, Reason::NotSent);
    let _ = b.record(again, &not_sent(), at(561), &refused).unwrap();
    let seen = gauges(b, 600);
    let attempts = ["call ABANDONED 1", "call ACCEPTED 1", "call NOT_SENT 1", "call SENDING 2", "call UNKNOWN 1"];
    assert_eq!(counted(&seen.attempts), attempts);
    assert_eq!(counted(&seen.steps_ended), ["FAILED not_sent 1", "FAILED unknown 1"]);
}

fn a_merged_call_ends_two_steps_and_is_one_attempt(b: &Bench) {
    b.watched("ana", "board", 600);
    b.watched("ana", "lunch", 600);
    let attempt = b.place("board", 430);
    assert_eq!(attempt.steps.len(), 2);
    let _ = b.record(attempt, &accepted("CA1"), at(431), &executed).unwrap();
    let seen = gauges(b, 432);
    assert_eq!(counted(&seen.attempts), ["call ACCEPTED 1", "call SENDING 1"]);
    assert_eq!(counted(&seen.steps_ended), ["EXECUTED initiated 1", "EXECUTED merged 1"]);
}

fn retention_never_turns_a_counter_back(b: &Bench) {
    let meeting = b.watched("ana", "board", 600);
    let call = b.call("board", "CA1", 430);
    assert!(b.report(call, CallStatus::Completed, 500));
    let claim = b.claim("board", 560);
    let refusal = Refusal::new(StepState::Skipped, Reason::Paused, "");
    assert!(b.refuse(claim, &refusal, at(560)).unwrap().is_some());
    b.close(at(1000), &close_rule()).unwrap();
    let before = gauges(b, 1000);
    let forget = CloseRule { retention: Some(secs(86_400)), ..close_rule() };
    assert_eq!(b.close(at(3 * 86_400), &forget).unwrap().deleted, 1);
    assert!(crate::checked::everything(&**b).incidents.iter().all(|i| i.meeting != meeting.id));
    let after = gauges(b, 3 * 86_400);
    assert_eq!(counted(&after.steps_ended), ["EXECUTED initiated 1", "SKIPPED paused 1"]);
    assert_eq!((after.attempts, after.steps_ended), (before.attempts, before.steps_ended));
}
