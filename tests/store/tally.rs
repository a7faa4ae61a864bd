//! What `report` counts: rows that are alike are counted together, by day or by person.

use crate::build::{Bench, accepted, again, always, at, attempt, end, executed, next, not_sent, rejected, report};
use savehub::model::{
    AckHow, Address, AttemptState, CallStatus, FENCED, FenceReason, IncidentState, ProviderKind, Reason, Refusal,
    RejectionClass, Reply, ReplyMeta, RungKind, StepState, Timestamp,
};
use savehub::store::{
    Acknowledgement, AttemptDraft, AttemptTally, CheckIn, DelayTally, Group, IncidentTally, RefusedTally, Tally,
    TallyBy, TallyScope,
};

facts! {
    attempts_that_are_alike_are_counted_together,
    attempts_of_a_person_are_counted_whatever_the_day,
    what_came_of_an_attempt_tells_it_apart,
    steps_without_an_attempt_are_counted_when_their_incident_ends,
    incidents_are_counted_with_their_calls_and_answers,
    first_calls_are_counted_by_how_late_they_were,
    nothing_outside_of_the_time_is_counted,
}

/// Seconds 0 to 1000, by these days.
fn by_days(b: &Bench, days: &[i64]) -> Tally {
    let days = days.iter().copied().map(at).collect();
    b.tally(&TallyScope { since: at(0), until: at(1000), by: TallyBy::Days(days) }).unwrap()
}

/// All attempts in one group, the commonest last.
fn attempts(b: &Bench) -> Vec<AttemptTally> {
    let mut attempts = by_days(b, &[0]).attempts;
    attempts.sort_by_key(|tally| (tally.count, format!("{tally:?}")));
    attempts
}

/// A call that waits at the provider.
fn taken(group: Group, count: u64) -> AttemptTally {
    AttemptTally {
        group,
        rehearsed: false,
        test: false,
        kind: RungKind::Call,
        state: AttemptState::Accepted,
        call_status: Some(CallStatus::Queued),
        answered_by: None,
        error_code: None,
        http_status: None,
        capacity: false,
        held_back: false,
        retry: false,
        price: None,
        price_unit: None,
        error: None,
        count,
    }
}

fn attempts_that_are_alike_are_counted_together(b: &Bench) {
    for (person, uid, start) in [("ana", "a", 600), ("bo", "b", 620), ("cy", "c", 660)] {
        b.watched(person, uid, start);
        b.call(uid, &format!("CA-{uid}"), start - 180);
    }
    assert_eq!(attempts(b), [taken(Group::Day(0), 3)]);
    let seen = by_days(b, &[0, 430, 470]).attempts;
    assert_eq!(seen, [taken(Group::Day(0), 1), taken(Group::Day(1), 1), taken(Group::Day(2), 1)]);
    assert_eq!(by_days(b, &[0, 430]).attempts, [taken(Group::Day(0), 1), taken(Group::Day(1), 2)]);
}

fn attempts_of_a_person_are_counted_whatever_the_day(b: &Bench) {
    b.watched("ana", "a", 600);
    b.watched("bo", "b", 600);
    b.call("a", "CA1", 420);
    b.call("b", "CA2", 430);
    b.call("a", "CA3", 540);
    let scope = TallyScope { since: at(0), until: at(1000), by: TallyBy::Person };
    let mut seen = b.tally(&scope).unwrap().attempts;
    seen.sort_by_key(|tally| tally.count);
    assert_eq!(seen, [taken(Group::Person("bo".into()), 1), taken(Group::Person("ana".into()), 2)]);
}

fn what_came_of_an_attempt_tells_it_apart(b: &Bench) {
    let today = |count| taken(Group::Day(0), count);
    b.watched("ana", "a", 600);
    let fenced = Reply::fenced(FenceReason::Paused);
    let _ = b.record(b.place("a", 420), &fenced, at(421), &again(422, false)).unwrap();
    let _ = b.record(b.place("a", 422), &not_sent(), at(423), &again(424, true)).unwrap();
    let full = rejected(RejectionClass::Capacity);
    let _ = b.record(b.place("a", 424), &full, at(425), &again(426, true)).unwrap();
    let mut too_many = rejected(RejectionClass::Other);
    if let savehub::model::Outcome::Rejected(rejection) = &mut too_many.outcome {
        rejection.code = None;
    }
    too_many.meta = ReplyMeta { http_status: Some(429), ..ReplyMeta::default() };
    let _ = b.record(b.place("a", 426), &too_many, at(427), &again(428, true)).unwrap();
    let call = b.call("a", "CA1", 428);
    let mut said = report(CallStatus::Completed);
    said.answered_by = Some("human".into());
    (said.price, said.price_unit) = (Some("-0.014".into()), Some("USD".into()));
    b.record_report(call, &said, next(at(500)), None).unwrap();
    let mock = AttemptDraft { provider: ProviderKind::Mock, ..b.draft("bo", 430) };
    let test = attempt(b.begin_test_call(&mock, at(430), &always).unwrap());
    let _ = b.record(test, &accepted("CA2"), at(431), &executed).unwrap();
    let failed = |state, error: &str| AttemptTally { state, call_status: None, error: Some(error.into()), ..today(1) };
    let refused = AttemptTally { capacity: true, retry: true, ..failed(AttemptState::Rejected, "no such number") };
    let mut expected = vec![
        AttemptTally { held_back: true, ..failed(AttemptState::NotSent, &format!("{FENCED}: paused")) },
        AttemptTally { retry: true, ..failed(AttemptState::NotSent, "no such host") },
        AttemptTally { error_code: Some(21_211), ..refused.clone() },
        AttemptTally { http_status: Some(429), ..refused },
        AttemptTally {
            retry: true,
            call_status: Some(CallStatus::Completed),
            answered_by: Some("human".into()),
            price: Some("-0.014".into()),
            price_unit: Some("USD".into()),
            ..today(1)
        },
        AttemptTally { rehearsed: true, test: true, ..today(1) },
    ];
    expected.sort_by_key(|tally| (tally.count, format!("{tally:?}")));
    assert_eq!(attempts(b), expected);
}

fn steps_without_an_attempt_are_counted_when_their_incident_ends(b: &Bench) {
    let refuse = |uid: &str, state, reason| {
        let refusal = Refusal::new(state, reason, "");
        assert!(b.refuse(b.claim(uid, 540), &refusal, at(540)).unwrap().is_some());
    };
    for person in ["ana", "bo", "cy"] {
        let meeting = b.watched(person, person, 600);
        let failed = |_: &_| end(StepState::Failed, Reason::NotSent);
        let call = b.place(person, 420);
        let _ = b.record(call, &not_sent(), at(421), &failed).unwrap();
        let (state, reason) = match person {
            "cy" => (StepState::Failed, Reason::TooLate),
            _ => (StepState::Skipped, Reason::Paused),
        };
        refuse(person, state, reason);
        if person != "bo" {
            b.check_in(meeting.id, CheckIn::Joined, at(550)).unwrap();
        }
    }
    let counted = |group, reason, count| RefusedTally { group, rehearsed: false, kind: RungKind::Call, reason, count };
    let mut seen = by_days(b, &[0]).refused;
    seen.sort_by_key(|tally| tally.reason.as_str());
    let day = Group::Day(0);
    assert_eq!(seen, [counted(day.clone(), Reason::Paused, 1), counted(day, Reason::TooLate, 1)]);
    b.close(at(901), &crate::build::close_rule()).unwrap();
    let seen = by_days(b, &[0]).refused;
    assert!(seen.contains(&counted(Group::Day(0), Reason::Paused, 2)), "{seen:?}");
    let scope = TallyScope { since: at(900), until: at(1000), by: TallyBy::Person };
    assert_eq!(b.tally(&scope).unwrap().refused, [counted(Group::Person("bo".into()), Reason::Paused, 1)]);
}

fn incidents_are_counted_with_their_calls_and_answers(b: &Bench) {
    let hers = b.watched("ana", "a", 600);
    let his = b.watched("bo", "b", 600);
    b.watched("cy", "c", 600);
    b.call("a", "CA1", 420);
    b.call("a", "CA2", 540);
    let by = Acknowledgement { how: AckHow::Answered, by: Address::read("+12025550101") };
    assert!(b.acknowledge(b.incident(hers.id, 1).id, &by, at(541)).unwrap());
    let mock = AttemptDraft { provider: ProviderKind::Mock, ..b.draft("bo", 420) };
    let call = attempt(b.begin_attempt(b.claim("b", 420), &mock, at(420), &always).unwrap());
    let _ = b.record(call, &not_sent(), at(421), &|_| end(StepState::Failed, Reason::NotSent)).unwrap();
    b.check_in(hers.id, CheckIn::Joined, at(550)).unwrap();
    b.check_in(his.id, CheckIn::Missed, at(560)).unwrap();
    let mut seen = by_days(b, &[0, 555]).incidents;
    seen.sort_by(|a, b| a.group.cmp(&b.group));
    let joined = IncidentTally {
        group: Group::Day(0),
        rehearsed: false,
        state: IncidentState::Resolved,
        reason: Reason::Joined,
        acknowledged: true,
        calls: 2,
        count: 1,
    };
    let missed = IncidentTally {
        group: Group::Day(1),
        rehearsed: true,
        state: IncidentState::Missed,
        reason: Reason::SaidMissed,
        acknowledged: false,
        calls: 0,
        count: 1,
    };
    assert_eq!(seen, [joined, missed], "what is open is not counted");
}

fn first_calls_are_counted_by_how_late_they_were(b: &Bench) {
    for (person, after_ms) in [("ana", 260), ("bo", 299), ("cy", 300)] {
        b.watched(person, person, 600);
        let now = Timestamp::from_ms(at(420).ms() + after_ms);
        let call = attempt(b.begin_attempt(b.claim(person, 421), &b.draft(person, 420), now, &always).unwrap());
        let _ = b.record(call, &not_sent(), at(421), &again(440, true)).unwrap();
        let _again = b.place(person, 440);
    }
    let late = |ms, count| DelayTally { rehearsed: false, ms, count };
    let mut seen = by_days(b, &[0, 500]).delays;
    seen.sort_by_key(|delay| delay.ms);
    assert_eq!(seen, [late(200, 2), late(300, 1)], "cut to tenths, and no retry");
}

fn nothing_outside_of_the_time_is_counted(b: &Bench) {
    let meeting = b.watched("ana", "a", 600);
    b.call("a", "CA1", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    let counted = |since, until| {
        let seen = b.tally(&TallyScope { since: at(since), until: at(until), by: TallyBy::Person }).unwrap();
        (seen.attempts.len(), seen.delays.len(), seen.incidents.len())
    };
    assert_eq!((counted(420, 430), counted(421, 430)), ((1, 1, 0), (0, 0, 0)));
    assert_eq!((counted(421, 431), counted(431, 999)), ((0, 0, 1), (0, 0, 0)));
}
