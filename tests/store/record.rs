//! What comes of an attempt, and what the fence reads before.

use crate::build::{
    Bench, abandoned, accepted, again, always, at, attempt, end, executed, not_sent, owner, rejected, stay, unknown,
};
use savehub::model::{
    Accepted, AttemptId, AttemptState, CallStatus, HangUp, HangUpState, IncidentState, Outcome, ProviderKind, Reason,
    RejectionClass, Reply, ReplyMeta, StepState,
};
use savehub::store::{AfterFacts, CheckIn, Meeting, Settle, StepNext, StoreError};
use std::cell::RefCell;

facts! {
    an_accepted_call_is_written_with_its_id_and_its_step_executed,
    a_call_that_went_out_without_its_callback_is_kept_with_the_reason,
    a_simulated_call_is_final_at_once,
    a_call_that_is_final_at_once_needs_no_hang_up,
    an_attempt_not_sent_may_be_tried_again_from_its_time_on,
    only_a_spent_try_is_counted_as_a_try,
    an_attempt_not_sent_ends_its_step_when_the_rule_says_so,
    a_step_whose_incident_ended_does_not_come_back,
    a_refusal_is_kept_with_its_code_and_words,
    a_number_the_provider_refuses_skips_the_other_rungs_of_the_incident,
    a_refusal_of_ours_leaves_the_other_rungs_pending,
    an_unknown_attempt_keeps_its_step_running,
    a_late_acceptance_executes_the_step,
    a_late_refusal_frees_the_step,
    a_record_after_settling_to_unknown_still_counts,
    a_late_call_of_an_abandoned_attempt_is_kept_and_its_step_stays_failed,
    a_ghost_is_hung_up_when_another_attempt_was_made_since,
    a_ghost_is_hung_up_when_its_incident_ended,
    a_call_that_another_attempt_holds_leaves_the_outcome_in_doubt,
    a_call_accepted_after_check_in_is_to_be_canceled,
    a_call_accepted_after_resolve_is_to_be_completed,
    a_call_accepted_after_a_move_or_a_cancellation_is_to_be_completed,
    the_rule_sees_the_incident_and_the_tries,
    what_is_not_there_cannot_be_recorded,
    the_fence_reads_state_owner_wish_and_incident,
    the_fence_sees_a_moved_meeting,
}

fn failed(reason: Reason) -> impl Fn(&AfterFacts) -> StepNext {
    move |_| end(StepState::Failed, reason)
}

fn an_accepted_call_is_written_with_its_id_and_its_step_executed(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 430);
    let id = attempt.id;
    let recorded = b.accept(attempt, "CA1", 431);
    assert_eq!((recorded.state, recorded.again_at, recorded.hang_up), (AttemptState::Accepted, None, None));
    assert_eq!(b.fate(meeting.id, 0), (StepState::Executed, Some(Reason::Initiated)));
    let view = b.attempt(id);
    assert_eq!((view.state, view.call_id.as_deref()), (AttemptState::Accepted, Some("CA1")));
    assert_eq!((view.call_status, view.request_id.as_deref()), (Some(CallStatus::Queued), Some("RQ-1")));
    assert_eq!((view.hang_up, view.provider), (HangUpState::None, ProviderKind::Twilio));
    let [result] = &recorded.steps[..] else { panic!("{:?}", recorded.steps) };
    assert_eq!((result.status, result.reason, result.state), ("initiated", Reason::Initiated, StepState::Executed));
    assert_eq!((result.provider, result.call_id.as_deref()), (Some(ProviderKind::Twilio), Some("CA1")));
    assert_eq!((result.to.as_deref(), result.message.as_deref()), (Some("****0101"), Some("About talk")));
    assert_eq!((result.due_at, result.attempted_at), (Some(at(420)), Some(at(430))));
    assert_eq!((result.event.as_str(), result.person.as_str()), ("talk", "ana"));
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Escalating);
}

fn a_call_that_another_attempt_holds_leaves_the_outcome_in_doubt(b: &Bench) {
    let (first, second) = (b.watched("ana", "talk", 600), b.watched("bo", "other", 600));
    b.call("talk", "CA1", 430);
    let attempt = b.place("other", 431);
    let id = attempt.id;
    let recorded = b.accept(attempt, "CA1", 432);
    assert_eq!((recorded.state, recorded.steps.len()), (AttemptState::Unknown, 0));
    let view = b.attempt(id);
    assert_eq!((view.call_id.as_deref(), view.call_status), (None, None));
    assert_eq!(view.error.as_deref(), Some("the answer names CA1, which is another attempt's call"));
    assert_eq!(b.fate(first.id, 0), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!(b.fate(second.id, 0).0, StepState::Running);
}

fn simulated() -> Reply {
    let taken = Accepted { sid: "TEST-1".into(), status: CallStatus::Simulated };
    Reply { outcome: Outcome::Accepted(taken), meta: ReplyMeta::default() }
}

fn tested(_: &AfterFacts) -> StepNext {
    end(StepState::Executed, Reason::TestMode)
}

fn a_call_that_is_final_at_once_needs_no_hang_up(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let id = attempt.id;
    b.check_in(meeting.id, CheckIn::Joined, at(421)).unwrap();
    let recorded = b.record(attempt, &simulated(), at(422), &tested).unwrap();
    assert_eq!((recorded.hang_up, b.live(423)), (None, vec![]), "there is nothing to end");
    assert_eq!(b.attempt(id).hang_up, HangUpState::Moot);
}

fn a_call_that_went_out_without_its_callback_is_kept_with_the_reason(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let first = b.place("talk", 420);
    let meta = ReplyMeta { callback_refused: Some(21_609), ..ReplyMeta::default() };
    let _ = b.record(first, &Reply { meta, ..unknown() }, at(421), &stay).unwrap();
    let kept = || b.history(meeting.id).unwrap().unwrap().incidents[0].steps[0].attempts[0].callback_refused;
    assert_eq!(kept(), Some(21_609));
    let id = b.incident(meeting.id, 1).steps[0].attempts[0].id;
    let _ = b.record_late(id, &accepted("CA1"), at(440), &executed).unwrap();
    assert_eq!(kept(), Some(21_609), "a later answer does not take it back");
}

fn a_simulated_call_is_final_at_once(b: &Bench) {
    b.watched("ana", "talk", 600);
    let recorded = b.record(b.place("talk", 420), &simulated(), at(421), &tested).unwrap();
    assert_eq!((recorded.steps[0].status, recorded.hang_up), ("test_mode", None));
    assert_eq!(b.live(500), []);
    let facts = b.facts("talk", 540);
    assert_eq!((facts.number.live_since, facts.step.unwrap().recent_calls), (None, 1));
}

fn an_attempt_not_sent_may_be_tried_again_from_its_time_on(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let recorded = b.record(b.place("talk", 420), &not_sent(), at(421), &again(423, true)).unwrap();
    assert_eq!((recorded.state, recorded.again_at), (AttemptState::NotSent, Some(at(423))));
    let step = b.step(meeting.id, 0);
    assert_eq!((step.state, step.attempts[0].state), (StepState::Pending, AttemptState::NotSent));
    assert!(step.attempts[0].error.as_deref().unwrap().contains("no such host"));
    assert_eq!((b.due(422), b.due(423).len()), (vec![], 1));
    b.call("talk", "CA1", 423);
    let step = b.step(meeting.id, 0);
    assert_eq!((step.state, step.attempts.len()), (StepState::Executed, 2));
    assert_eq!(b.recent_calls("talk", 540), 1);
}

fn only_a_spent_try_is_counted_as_a_try(b: &Bench) {
    b.watched("ana", "talk", 600);
    let tries = RefCell::new(Vec::new());
    for (now, spends_try) in [(420, false), (430, true), (440, false), (450, true)] {
        let seen = |facts: &AfterFacts| {
            tries.borrow_mut().push(facts.tries);
            StepNext::Again { not_before: at(now + 1), spends_try }
        };
        let _ = b.record(b.place("talk", now), &not_sent(), at(now), &seen).unwrap();
    }
    assert_eq!(*tries.borrow(), [0, 0, 1, 1]);
}

fn an_attempt_not_sent_ends_its_step_when_the_rule_says_so(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let recorded = b.record(b.place("talk", 420), &not_sent(), at(421), &failed(Reason::NotSent)).unwrap();
    assert_eq!((recorded.again_at, recorded.steps[0].status), (None, "failed"));
    assert_eq!(b.fate(meeting.id, 0), (StepState::Failed, Some(Reason::NotSent)));
    assert_eq!(b.step(meeting.id, 0).detail.as_deref(), Some("because of not_sent"));
    assert_eq!(b.step(meeting.id, 1).state, StepState::Pending);
}

fn a_step_whose_incident_ended_does_not_come_back(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(421)).unwrap();
    let recorded = b.record(attempt, &not_sent(), at(422), &again(423, true)).unwrap();
    assert_eq!((recorded.again_at, recorded.hang_up), (None, None));
    assert_eq!(b.step(meeting.id, 0).state, StepState::Cancelled);
    assert_eq!((b.due(430), b.live(430)), (vec![], vec![]));
}

fn a_refusal_is_kept_with_its_code_and_words(b: &Bench) {
    b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let id = attempt.id;
    let rule = failed(Reason::Rejected);
    let recorded = b.record(attempt, &rejected(RejectionClass::Other), at(421), &rule).unwrap();
    assert_eq!(recorded.state, AttemptState::Rejected);
    let view = b.attempt(id);
    assert_eq!((view.state, view.error_code), (AttemptState::Rejected, Some(21_211)));
    assert!(view.error.as_deref().unwrap().contains("no such number"));
    assert_eq!(view.request_id.as_deref(), Some("RQ-1"));
}

fn a_number_the_provider_refuses_skips_the_other_rungs_of_the_incident(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let later = b.watched("ana", "later", 1200);
    let rule = failed(Reason::InvalidNumber);
    let _ = b.record(b.place("talk", 420), &rejected(RejectionClass::Callee), at(421), &rule).unwrap();
    assert_eq!(b.fate(meeting.id, 0), (StepState::Failed, Some(Reason::InvalidNumber)));
    assert_eq!(b.fate(meeting.id, 1), (StepState::Skipped, Some(Reason::InvalidNumber)));
    assert_eq!(b.step(later.id, 0).state, StepState::Pending, "another incident reads the number anew");
    assert!(!b.incident(meeting.id, 1).state.is_final());
}

fn a_refusal_of_ours_leaves_the_other_rungs_pending(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let rule = failed(Reason::ProviderSetup);
    let _ = b.record(b.place("talk", 420), &rejected(RejectionClass::Ours), at(421), &rule).unwrap();
    assert_eq!(b.fate(meeting.id, 0), (StepState::Failed, Some(Reason::ProviderSetup)));
    assert_eq!(b.step(meeting.id, 1).state, StepState::Pending);
}

fn an_unknown_attempt_keeps_its_step_running(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let id = attempt.id;
    let recorded = b.record(attempt, &unknown(), at(440), &stay).unwrap();
    assert_eq!((recorded.state, recorded.again_at, recorded.hang_up), (AttemptState::Unknown, None, None));
    assert_eq!(b.step(meeting.id, 0).state, StepState::Running);
    let view = b.attempt(id);
    assert!(view.error.as_deref().unwrap().contains("no answer within 20 s"));
    assert_eq!(b.due(441), []);
}

fn a_late_acceptance_executes_the_step(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let id = attempt.id;
    let _ = b.record(attempt, &unknown(), at(440), &stay).unwrap();
    let late = b.record_late(id, &accepted("CA1"), at(445), &executed).unwrap();
    assert_eq!((late.state, late.hang_up), (AttemptState::Accepted, None));
    assert_eq!(late.steps.iter().map(|s| s.state).collect::<Vec<_>>(), [StepState::Executed]);
    assert_eq!(b.fate(meeting.id, 0), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!(b.attempt(id).call_id.as_deref(), Some("CA1"));
}

fn a_late_refusal_frees_the_step(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let id = attempt.id;
    let _ = b.record(attempt, &unknown(), at(440), &stay).unwrap();
    let late = b.record_late(id, &rejected(RejectionClass::Capacity), at(445), &again(450, false)).unwrap();
    assert_eq!((late.state, late.again_at), (AttemptState::Rejected, Some(at(450))));
    assert_eq!(b.step(meeting.id, 0).state, StepState::Pending);
    assert_eq!(b.recent_calls("talk", 450), 0);
}

fn a_record_after_settling_to_unknown_still_counts(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    b.settle_all(430, Settle::Unknown);
    assert_eq!(b.attempt(attempt.id).state, AttemptState::Unknown);
    assert_eq!(b.accept(attempt, "CA1", 431).state, AttemptState::Accepted);
    assert_eq!(b.step(meeting.id, 0).state, StepState::Executed);
}

fn a_late_call_of_an_abandoned_attempt_is_kept_and_its_step_stays_failed(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let id = abandoned(b, "talk", 420);
    let late = b.record_late(id, &accepted("CA1"), at(450), &executed).unwrap();
    assert_eq!(late.state, AttemptState::Accepted);
    assert_eq!(b.attempt(id).call_id.as_deref(), Some("CA1"));
    assert_eq!(b.fate(meeting.id, 0), (StepState::Failed, Some(Reason::Unknown)));
}

fn a_ghost_is_hung_up_when_another_attempt_was_made_since(b: &Bench) {
    b.watched("ana", "talk", 600);
    let ghost = abandoned(b, "talk", 420);
    let other = b.call("talk", "CA2", 540);
    let late = b.record_late(ghost, &accepted("CA1"), at(545), &executed).unwrap();
    let wish = late.hang_up.expect("a hang-up");
    assert_eq!((wish.attempt, wish.sid.as_str(), wish.hang_up.is_some()), (ghost, "CA1", true));
    assert_eq!(b.attempt(ghost).hang_up, HangUpState::Wanted);
    assert_eq!(b.attempt(other).hang_up, HangUpState::None);
}

fn a_ghost_is_hung_up_when_its_incident_ended(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let ghost = abandoned(b, "talk", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    let late = b.record_late(ghost, &accepted("CA1"), at(445), &executed).unwrap();
    assert_eq!(late.hang_up.expect("a hang-up").sid, "CA1");
    assert_eq!(b.live(446).len(), 1);
}

/// Lets the incident end while a request is in flight that is then accepted: how is the call to be hung up?
#[track_caller]
fn hang_up_after(b: &Bench, end: impl FnOnce(&Meeting)) -> HangUp {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let id = attempt.id;
    end(&meeting);
    let recorded = b.accept(attempt, "CA1", 422);
    assert_eq!(recorded.state, AttemptState::Accepted);
    assert_eq!(b.step(meeting.id, 0).state, StepState::Executed);
    assert_eq!(b.attempt(id).hang_up, HangUpState::Wanted);
    let call = recorded.hang_up.expect("a hang-up");
    assert_eq!((call.attempt, call.sid.as_str(), call.account.as_str()), (id, "CA1", "AC-first"));
    assert_eq!(b.live(423)[0].hang_up, call.hang_up);
    call.hang_up.unwrap()
}

fn a_call_accepted_after_check_in_is_to_be_canceled(b: &Bench) {
    let how = hang_up_after(b, |m| assert!(b.check_in(m.id, CheckIn::Joined, at(421)).unwrap().changed));
    assert_eq!(how, HangUp::Canceled);
}

fn a_call_accepted_after_resolve_is_to_be_completed(b: &Bench) {
    let how = hang_up_after(b, |m| assert!(b.resolve(b.incident(m.id, 1).id, None, at(421)).unwrap().changed));
    assert_eq!(how, HangUp::Completed);
}

fn a_call_accepted_after_a_move_or_a_cancellation_is_to_be_completed(b: &Bench) {
    let how = hang_up_after(b, |m| assert!(b.move_meeting(m.id, at(900), None, at(421)).unwrap().ended.is_some()));
    assert_eq!(how, HangUp::Completed);
    b.watched("bo", "call off", 600);
    let attempt = b.place("call off", 420);
    let claimed = b.meetings(at(0), at(601)).unwrap().into_iter().find(|m| m.person == "bo").unwrap();
    b.cancel_meeting(claimed.id, at(421)).unwrap();
    assert_eq!(b.accept(attempt, "CA2", 422).hang_up.unwrap().hang_up, Some(HangUp::Completed));
}

fn the_rule_sees_the_incident_and_the_tries(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let seen = RefCell::new(Vec::new());
    let rule = |facts: &AfterFacts| {
        seen.borrow_mut().push(facts.clone());
        StepNext::Again { not_before: at(425), spends_try: true }
    };
    let _ = b.record(b.place("talk", 420), &not_sent(), at(421), &rule).unwrap();
    let attempt = b.place("talk", 425);
    b.check_in(meeting.id, CheckIn::Missed, at(426)).unwrap();
    let _ = b.record(attempt, &not_sent(), at(427), &rule).unwrap();
    let facts = |incident_open, tries| AfterFacts {
        kind: savehub::model::RungKind::Call,
        incident_open,
        deadline_at: at(600),
        tries,
        unsent: tries + 1,
        merged: false,
    };
    assert_eq!(*seen.borrow(), [facts(true, 0), facts(false, 1)]);
}

fn what_is_not_there_cannot_be_recorded(b: &Bench) {
    let none = AttemptId(4711);
    let late = b.record_late(none, &accepted("CA1"), at(0), &executed);
    assert!(matches!(late, Err(StoreError::NotFound(_))), "{late:?}");
    let fence = b.fence(none);
    assert!(matches!(fence, Err(StoreError::NotFound(_))), "{fence:?}");
}

fn the_fence_reads_state_owner_wish_and_incident(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let fence = b.fence(attempt.id).unwrap();
    assert_eq!((fence.state, fence.owner, fence.hang_up), (AttemptState::Sending, owner(), HangUpState::None));
    assert_eq!((fence.incidents_open, fence.due), (Some(true), Some((at(420), at(600)))));
    b.settle_all(421, Settle::Unknown);
    assert_eq!(b.fence(attempt.id).unwrap().state, AttemptState::Unknown);
    b.check_in(meeting.id, CheckIn::Joined, at(422)).unwrap();
    let fence = b.fence(attempt.id).unwrap();
    assert_eq!((fence.hang_up, fence.incidents_open), (HangUpState::Wanted, Some(false)));
}

fn the_fence_sees_a_moved_meeting(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = attempt(b.begin(b.claim("talk", 420), 420, &always));
    b.move_meeting(meeting.id, at(700), None, at(421)).unwrap();
    b.open(422, 701);
    let fence = b.fence(attempt.id).unwrap();
    assert_eq!((fence.incidents_open, fence.hang_up), (Some(false), HangUpState::Wanted));
}
