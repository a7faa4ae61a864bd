//! Open attempts as time passes over them.

use crate::build::{Bench, accepted, always, at, attempt, executed, owner, stay, unknown};
use savehub::model::{AttemptState, CallStatus, HangUp, HangUpState, IncidentState, Reason, StepState};
use savehub::owner::Mark;
use savehub::store::{CheckIn, OpenAttempt, Settle};
use std::cell::RefCell;

facts! {
    the_rule_is_asked_about_open_attempts_with_true_facts,
    the_rule_is_not_asked_about_what_is_closed,
    an_attempt_the_rule_keeps_is_left_alone,
    a_sending_attempt_becomes_unknown_and_its_step_keeps_running,
    a_sending_attempt_is_never_abandoned_without_being_unknown_first,
    an_attempt_whose_request_never_began_was_not_sent_and_its_step_has_lost_nothing,
    the_file_that_an_attempt_names_is_known_until_it_has_its_answer,
    an_abandoned_attempt_fails_its_step_and_frees_its_number,
    an_abandoned_attempt_of_an_ended_incident_cancels_its_step,
    an_unknown_test_call_can_be_abandoned,
    a_call_still_queued_when_its_meeting_starts_is_to_be_canceled,
    a_call_that_left_the_queue_is_not_canceled_at_the_start,
    resolving_ends_even_a_call_that_was_to_be_canceled,
}

fn asked(b: &Bench, now: i64) -> Vec<OpenAttempt> {
    let seen = RefCell::new(Vec::new());
    let results = b.settle(at(now), &|open| {
        // The age by a server's clock, where there is one, is never twice the same.
        seen.borrow_mut().push(OpenAttempt { server: None, ..open.clone() });
        Settle::Keep
    });
    assert_eq!(results.unwrap(), []);
    seen.into_inner()
}

fn the_rule_is_asked_about_open_attempts_with_true_facts(b: &Bench) {
    b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let expected = OpenAttempt {
        id: attempt.id,
        state: AttemptState::Sending,
        owner: owner(),
        lease_until_boot_ms: 120_000,
        request_deadline_at: at(440),
        deadline_boot_ms: 25_000,
        tries: 0,
        in_doubt: 1,
        to: savehub::model::Target::call(crate::build::phone_of("ana")),
        deadline_at: Some(at(600)),
        next_rung_due: Some(at(540)),
        server: None,
        token: attempt.token.clone(),
        armed: None,
    };
    assert_eq!(asked(b, 430), std::slice::from_ref(&expected));
    let _ = b.record(attempt, &unknown(), at(440), &stay).unwrap();
    assert_eq!(asked(b, 441), [OpenAttempt { state: AttemptState::Unknown, ..expected }]);
    b.watched("ana", "sooner", 700);
    let sooner = Some(at(520));
    assert_eq!(asked(b, 442)[0].next_rung_due, sooner, "the next rung of the person, of any meeting");
}

fn the_rule_is_not_asked_about_what_is_closed(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    b.watched("bo", "given up", 600);
    crate::build::abandoned(b, "given up", 430);
    assert_eq!(asked(b, 500), []);
}

fn an_attempt_the_rule_keeps_is_left_alone(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let _attempt = b.place("talk", 420);
    let before = b.incident(meeting.id, 1);
    assert_eq!(b.settle_all(590, Settle::Keep), []);
    assert_eq!(b.incident(meeting.id, 1), before);
}

fn a_sending_attempt_becomes_unknown_and_its_step_keeps_running(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    assert_eq!(b.settle_all(430, Settle::Unknown), []);
    assert_eq!(b.attempt(attempt.id).state, AttemptState::Unknown);
    assert_eq!(b.step(meeting.id, 0).state, StepState::Running);
}

fn a_sending_attempt_is_never_abandoned_without_being_unknown_first(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    b.settle_all(430, Settle::Abandon);
    let state = b.attempt(attempt.id).state;
    assert!(state.is_open(), "{state}");
    assert_eq!(b.step(meeting.id, 0).state, StepState::Running);
}

fn an_attempt_whose_request_never_began_was_not_sent_and_its_step_has_lost_nothing(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    for (now, first) in [(420, None), (422, Some(Settle::Unknown))] {
        let attempt = b.place("talk", now);
        if let Some(to) = first {
            assert_eq!(b.settle_all(now, to), []);
        }
        assert_eq!(b.settle_all(now + 1, Settle::NeverBegan), []);
        let seen = b.attempt(attempt.id);
        let why = "the process that was to send it ended before the request began";
        assert_eq!((seen.state, seen.error.as_deref()), (AttemptState::NotSent, Some(why)));
        assert_eq!((b.step(meeting.id, 0).state, b.due(now + 1)), (StepState::Pending, vec![("talk".to_owned(), 0)]));
        assert_eq!(b.recent_calls("talk", now + 1), 0);
    }
    let _attempt = b.place("talk", 430);
    b.check_in(meeting.id, CheckIn::Joined, at(431)).unwrap();
    let ended = b.settle_all(432, Settle::NeverBegan);
    assert_eq!((ended.len(), b.fate(meeting.id, 0)), (1, (StepState::Cancelled, Some(Reason::Joined))));
}

fn the_file_that_an_attempt_names_is_known_until_it_has_its_answer(b: &Bench) {
    b.watched("ana", "talk", 600);
    let mut draft = b.draft("ana", 420);
    let mark: Mark = "64:77:4026531836:3f9a".parse().unwrap();
    draft.armed = Some(mark.clone());
    let attempt = attempt(b.begin_attempt(b.claim("talk", 420), &draft, at(420), &always).unwrap());
    assert_eq!(asked(b, 421)[0].armed, Some(mark.clone()));
    assert_eq!(b.armed().unwrap(), std::slice::from_ref(&mark));
    let _ = b.settle_all(421, Settle::Unknown);
    assert_eq!(b.armed().unwrap(), [mark]);
    let _ = b.accept(attempt, "CA1", 422);
    assert_eq!(b.armed().unwrap(), []);
}

fn an_abandoned_attempt_fails_its_step_and_frees_its_number(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let id = attempt.id;
    let _ = b.record(attempt, &unknown(), at(440), &stay).unwrap();
    let results = b.settle_all(540, Settle::Abandon);
    let [result] = &results[..] else { panic!("{results:?}") };
    assert_eq!((result.status, result.reason, result.state), ("failed", Reason::Unknown, StepState::Failed));
    assert_eq!((result.step, result.attempted_at), (Some(b.step(meeting.id, 0).id), Some(at(420))));
    assert_eq!(b.fate(meeting.id, 0), (StepState::Failed, Some(Reason::Unknown)));
    assert_eq!(b.attempt(id).state, AttemptState::Abandoned);
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Escalating);
    assert!(!b.facts("talk", 540).number.open_attempt);
    b.call("talk", "CA2", 540);
    assert_eq!(b.settle_all(541, Settle::Abandon), []);
}

fn an_abandoned_attempt_of_an_ended_incident_cancels_its_step(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let _attempt = b.place("talk", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    assert_eq!(b.abandon_all(600).len(), 1);
    assert_eq!(b.fate(meeting.id, 0), (StepState::Cancelled, Some(Reason::Joined)), "nothing was due any more");
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Resolved);
}

fn an_unknown_test_call_can_be_abandoned(b: &Bench) {
    let test = attempt(b.begin_test_call(&b.draft("ana", 1), at(1), &crate::build::always).unwrap());
    let [open] = &asked(b, 2)[..] else { panic!("not asked") };
    assert_eq!((open.id, open.deadline_at), (test.id, None));
    b.settle_all(2, Settle::Unknown);
    b.settle_all(3, Settle::Abandon);
    assert_eq!(asked(b, 4), []);
    let _free = attempt(b.begin_test_call(&b.draft("ana", 5), at(5), &crate::build::always).unwrap());
    let late = b.record(test, &accepted("CA1"), at(6), &executed).unwrap();
    assert_eq!(late.state, AttemptState::Accepted);
    assert!(late.hang_up.is_some(), "another attempt was made since");
}

fn a_call_still_queued_when_its_meeting_starts_is_to_be_canceled(b: &Bench) {
    b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 540);
    b.settle_all(599, Settle::Keep);
    assert_eq!(b.attempt(call).hang_up, HangUpState::None);
    b.settle_all(601, Settle::Keep);
    assert_eq!(b.attempt(call).hang_up, HangUpState::Wanted);
    assert_eq!(b.live(602)[0].hang_up, Some(HangUp::Canceled));
}

fn a_call_that_left_the_queue_is_not_canceled_at_the_start(b: &Bench) {
    b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 540);
    b.report(call, CallStatus::Ringing, 545);
    b.settle_all(601, Settle::Keep);
    assert_eq!(b.attempt(call).hang_up, HangUpState::None);
}

fn resolving_ends_even_a_call_that_was_to_be_canceled(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 540);
    b.settle_all(601, Settle::Keep);
    b.resolve(b.incident(meeting.id, 1).id, None, at(602)).unwrap();
    assert_eq!(b.live(603)[0].hang_up, Some(HangUp::Completed));
}
