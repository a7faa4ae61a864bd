//! Due steps, the claim transaction and the facts its rule sees.

use crate::build::{Bench, abandoned, again, always, at, attempt, end, not_sent, owner, rejected, stay, unknown};
use savehub::model::{
    AttemptState, CallStatus, IncidentState, ProviderKind, Reason, RejectionClass, RungKind, StepState, When,
};
use savehub::store::{AttemptDraft, Begun, Claim, LaterRungs, Refusal, Settle, Verdict};
use std::cell::Cell;
use std::sync::Barrier;

facts! {
    due_are_pending_steps_from_their_time_on_earliest_start_first,
    due_steps_stop_at_the_limit,
    a_claim_says_what_the_message_needs,
    placing_writes_a_running_step_a_sending_attempt_and_an_escalating_incident,
    of_two_claims_of_one_step_one_begins,
    of_many_threads_with_one_step_one_begins_it,
    a_claim_of_an_ended_incident_is_gone,
    a_waiting_step_is_left_as_it_was,
    a_refused_step_ends_with_reason_and_detail,
    the_rule_sees_the_step_as_it_is,
    calls_count_from_the_moment_they_are_written,
    calls_count_across_generations,
    calls_before_the_asked_time_do_not_count,
    calls_of_another_meeting_or_person_do_not_count_for_the_limit,
    caps_count_all_meetings_of_a_person_and_all_people,
    rehearsals_and_real_calls_are_counted_apart,
    what_certainly_rang_nobody_comes_off_every_count,
    what_may_have_rung_stays_counted,
    of_what_counts_the_facts_tell_what_the_provider_is_not_known_to_have_taken,
    a_number_with_an_open_attempt_is_seen_and_never_gets_a_second_one,
    a_live_call_is_seen_until_it_is_final,
    the_newest_ring_is_remembered_and_refusals_are_not_rings,
    a_later_rung_that_is_due_is_seen,
    a_later_rung_that_failed_counts_only_if_it_may_have_rung,
    a_step_that_was_refused_for_capacity_last_is_seen,
    a_test_call_holds_its_number_and_counts_for_all_people,
    a_test_call_may_be_told_to_wait_or_be_refused,
}

fn due_are_pending_steps_from_their_time_on_earliest_start_first(b: &Bench) {
    b.watched("ana", "late", 620);
    b.watched("bo", "early", 600);
    assert_eq!(b.due(419), []);
    assert_eq!(b.due(420), [("early".to_owned(), 0)]);
    assert_eq!(b.due(450), [("early".to_owned(), 0), ("late".to_owned(), 0)]);
    let attempt = b.place("early", 450);
    assert_eq!(b.due(450), [("late".to_owned(), 0)]);
    let _ = b.accept(attempt, "CA1", 451);
    assert_eq!(b.due(450), [("late".to_owned(), 0)]);
}

fn due_steps_stop_at_the_limit(b: &Bench) {
    for (person, uid) in [("ana", "a"), ("bo", "b"), ("cy", "c")] {
        b.watched(person, uid, 600);
    }
    assert_eq!(b.due_steps(at(420), 2).unwrap().len(), 2);
}

fn a_claim_says_what_the_message_needs(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let claim = b.claim("talk", 430);
    let incident = b.incident(meeting.id, 1);
    assert_eq!((claim.meeting, claim.incident, claim.step), (meeting.id, incident.id, incident.steps[0].id));
    assert_eq!((claim.person.as_str(), claim.action.kind, claim.rung), ("ana", RungKind::Call, 0));
    assert_eq!((&claim.words, claim.due_at), (&meeting.words(), at(420)));
}

fn placing_writes_a_running_step_a_sending_attempt_and_an_escalating_incident(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    assert_eq!((attempt.intent_at, attempt.message.as_str()), (at(420), "About talk"));
    assert_eq!((attempt.words.as_slice(), attempt.token.as_str()), ([meeting.words()].as_slice(), "token-0"));
    let incident = b.incident(meeting.id, 1);
    assert_eq!(incident.state, IncidentState::Escalating);
    let step = &incident.steps[0];
    assert_eq!((attempt.step, attempt.incident), (Some(step.id), Some(incident.id)));
    assert_eq!((step.state, attempt.steps.as_slice()), (StepState::Running, [step.id].as_slice()));
    let view = &step.attempts[0];
    assert_eq!((view.id, view.state, view.intent_at), (attempt.id, AttemptState::Sending, at(420)));
    assert_eq!((view.to.as_str(), view.call_id.as_deref()), ("****0101", None));
}

fn of_two_claims_of_one_step_one_begins(b: &Bench) {
    b.watched("ana", "talk", 600);
    let (first, second) = (b.claim("talk", 420), b.claim("talk", 420));
    let _attempt = attempt(b.begin(first, 420, &always));
    let begun = b.begin(second, 420, &always);
    assert!(matches!(begun, Begun::Gone), "{begun:?}");
}

fn of_many_threads_with_one_step_one_begins_it(b: &Bench) {
    b.watched("ana", "talk", 600);
    let claims: Vec<_> = (0..6).map(|_| b.claim("talk", 420)).collect();
    let line = Barrier::new(claims.len());
    let begun = std::thread::scope(|scope| {
        let begin = |claim| {
            line.wait();
            matches!(b.begin(claim, 420, &always), Begun::Attempt(_))
        };
        let threads: Vec<_> = claims.into_iter().map(|claim| scope.spawn(move || begin(claim))).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
    });
    assert_eq!(begun, 1);
}

fn a_claim_of_an_ended_incident_is_gone(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let claim = b.claim("talk", 420);
    b.check_in(meeting.id, savehub::store::CheckIn::Joined, at(421)).unwrap();
    let begun = b.begin(claim, 422, &always);
    assert!(matches!(begun, Begun::Gone), "{begun:?}");
}

fn a_waiting_step_is_left_as_it_was(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let before = b.incident(meeting.id, 1);
    let begun = b.begin(b.claim("talk", 420), 420, &|_| Verdict::Wait(Reason::Paused));
    assert!(matches!(begun, Begun::Waits(Reason::Paused)), "{begun:?}");
    assert_eq!(b.incident(meeting.id, 1), before);
    assert_eq!(b.due(420).len(), 1);
}

fn a_refused_step_ends_with_reason_and_detail(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let no = |state, reason| {
        let detail = "2 of 2 calls".to_owned();
        move |_: &_| Verdict::Refuse(Refusal::new(state, reason, detail.clone()))
    };
    let begun = b.begin(b.claim("talk", 430), 430, &no(StepState::Skipped, Reason::MaxCallsExceeded));
    let Begun::Refused(result) = begun else { panic!("{begun:?}") };
    let step = b.step(meeting.id, 0);
    assert_eq!((step.state, step.reason), (StepState::Skipped, Some(Reason::MaxCallsExceeded)));
    assert_eq!((step.detail.as_deref(), step.attempts.len()), (Some("2 of 2 calls"), 0));
    assert_eq!((result.status, result.reason, result.state), ("rate_limited", Reason::MaxCallsExceeded, step.state));
    assert_eq!((result.step, result.event.as_str(), result.person.as_str()), (Some(step.id), "talk", "ana"));
    assert_eq!((result.detail.as_str(), result.title.as_str()), ("2 of 2 calls", "About talk"));
    assert_eq!((result.due_at, result.attempted_at, result.call_id), (Some(at(420)), None, None));
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Open, "nothing was tried");
    let begun = b.begin(b.claim("talk", 540), 540, &no(StepState::Failed, Reason::InvalidNumber));
    let Begun::Refused(result) = begun else { panic!("{begun:?}") };
    assert_eq!((result.status, result.state), ("failed", StepState::Failed));
    assert_eq!(b.fate(meeting.id, 1), (StepState::Failed, Some(Reason::InvalidNumber)));
}

fn the_rule_sees_the_step_as_it_is(b: &Bench) {
    b.watched("ana", "talk", 600);
    let facts = b.facts("talk", 430);
    let step = facts.step.unwrap();
    assert_eq!((step.incident_state, step.current), (IncidentState::Open, true));
    assert_eq!((step.starts_at, step.due_at), (at(600), at(420)));
    assert_eq!((step.recent_calls, step.later), (0, LaterRungs::default()));
    assert_eq!((facts.calls_of_person_today, facts.calls_today), (0, 0));
    assert_eq!(facts.number, savehub::store::NumberFacts::default());
    b.call("talk", "CA1", 430);
    assert_eq!(b.facts("talk", 540).step.unwrap().incident_state, IncidentState::Escalating);
}

fn calls_count_from_the_moment_they_are_written(b: &Bench) {
    b.watched("ana", "talk", 600);
    let _unrecorded = b.place("talk", 420);
    assert_eq!(b.recent_calls("talk", 540), 1);
}

fn calls_count_across_generations(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    b.move_meeting(meeting.id, at(660), None, at(430)).unwrap();
    b.open(431, 661);
    assert_eq!(b.recent_calls("talk", 480), 1);
}

fn calls_before_the_asked_time_do_not_count(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    let claim = b.claim("talk", 545);
    let mut draft = b.draft("ana", 545);
    draft.calls_since = at(421);
    draft.day_since = at(421);
    let facts = b.facts_with(claim, &draft, 545);
    assert_eq!((facts.step.unwrap().recent_calls, facts.calls_of_person_today, facts.calls_today), (0, 0, 0));
}

fn calls_of_another_meeting_or_person_do_not_count_for_the_limit(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "talk with bo", 600);
    b.watched("ana", "later", 900);
    b.call("talk", "CA1", 420);
    b.call("talk with bo", "CA2", 420);
    assert_eq!(b.recent_calls("later", 720), 0);
}

fn caps_count_all_meetings_of_a_person_and_all_people(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "talk with bo", 600);
    b.watched("ana", "later", 900);
    b.call("talk", "CA1", 420);
    b.call("talk with bo", "CA2", 420);
    let facts = b.facts("later", 720);
    assert_eq!((facts.calls_of_person_today, facts.calls_today), (1, 2));
}

fn rehearsals_and_real_calls_are_counted_apart(b: &Bench) {
    b.watched("ana", "talk", 600);
    let real = b.call("talk", "CA1", 420);
    b.report(real, CallStatus::Completed, 440);
    let facts = |provider| {
        let draft = AttemptDraft { provider, ..b.draft("ana", 540) };
        let facts = b.facts_with(b.claim("talk", 540), &draft, 540);
        let step = facts.step.unwrap();
        (step.recent_calls, facts.calls_of_person_today, facts.calls_today, facts.number.last_rang_at)
    };
    assert_eq!(facts(ProviderKind::Twilio), (1, 1, 1, Some(at(420))));
    for rehearsal in [ProviderKind::Mock, ProviderKind::Test] {
        assert_eq!(facts(rehearsal), (0, 0, 0, None));
    }
}

fn what_certainly_rang_nobody_comes_off_every_count(b: &Bench) {
    for (reply, uid, start) in [(not_sent(), "a", 600), (rejected(RejectionClass::Ours), "b", 1200)] {
        b.watched("ana", uid, start);
        let attempt = b.place(uid, start - 180);
        let failed = |_: &_| end(StepState::Failed, Reason::NotSent);
        let _ = b.record(attempt, &reply, at(start - 179), &failed).unwrap();
        let facts = b.facts(uid, start - 60);
        assert_eq!(facts.step.unwrap().recent_calls, 0, "{uid}");
        assert_eq!((facts.calls_of_person_today, facts.calls_today), (0, 0), "{uid}");
    }
}

fn what_may_have_rung_stays_counted(b: &Bench) {
    b.watched("ana", "accepted", 600);
    let call = b.call("accepted", "CA1", 420);
    b.report(call, CallStatus::NoAnswer, 450);
    assert_eq!(b.recent_calls("accepted", 540), 1);
    b.watched("bo", "unknown", 601);
    let _ = b.record(b.place("unknown", 421), &unknown(), at(441), &stay).unwrap();
    assert_eq!(b.recent_calls("unknown", 541), 1);
    b.settle_all(542, Settle::Abandon);
    assert_eq!(b.recent_calls("unknown", 542), 1);
}

fn of_what_counts_the_facts_tell_what_the_provider_is_not_known_to_have_taken(b: &Bench) {
    let untaken = |uid: &str, now| {
        let facts = b.facts(uid, now);
        (facts.step.unwrap().recent_untaken, facts.untaken_of_person_today, facts.untaken_today)
    };
    b.watched("ana", "taken", 600);
    b.report(b.call("taken", "CA1", 420), CallStatus::NoAnswer, 450);
    assert_eq!(untaken("taken", 540), (0, 0, 0));
    b.watched("bo", "doubt", 601);
    let attempt = b.place("doubt", 421);
    assert_eq!(untaken("doubt", 541), (0, 0, 0), "it is under way");
    let _ = b.record(attempt, &unknown(), at(441), &stay).unwrap();
    assert_eq!(untaken("doubt", 541), (1, 1, 1));
    b.settle_all(542, Settle::Abandon);
    assert_eq!((untaken("doubt", 543), untaken("taken", 543)), ((1, 1, 1), (0, 0, 1)));
}

fn a_number_with_an_open_attempt_is_seen_and_never_gets_a_second_one(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 420);
    let asked = Cell::new(None);
    let begun = b.begin(b.claim("talk", 540), 540, &|facts| {
        asked.set(Some(facts.number.open_attempt));
        Verdict::Place
    });
    assert!(matches!(begun, Begun::Waits(Reason::NumberBusy)), "{begun:?}");
    assert_ne!(asked.get(), Some(false));
    assert_eq!(b.step(meeting.id, 1).state, StepState::Pending);
    assert!(b.facts("talk", 540).number.open_attempt);
    let _ = b.record(attempt, &unknown(), at(541), &stay).unwrap();
    assert!(b.facts("talk", 542).number.open_attempt, "an unknown attempt is open");
    let begun = b.begin(b.claim("talk", 543), 543, &always);
    assert!(matches!(begun, Begun::Waits(Reason::NumberBusy)), "{begun:?}");
}

fn a_live_call_is_seen_until_it_is_final(b: &Bench) {
    b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 420);
    for status in [CallStatus::Ringing, CallStatus::InProgress] {
        b.report(call, status, 430);
        assert_eq!(b.facts("talk", 540).number.live_since, Some(at(420)));
    }
    b.report(call, CallStatus::Completed, 440);
    assert_eq!(b.facts("talk", 540).number.live_since, None);
}

fn the_newest_ring_is_remembered_and_refusals_are_not_rings(b: &Bench) {
    b.watched("ana", "refused", 500);
    let failed = |_: &_| end(StepState::Failed, Reason::NotSent);
    let _ = b.record(b.place("refused", 320), &not_sent(), at(321), &failed).unwrap();
    assert_eq!(b.facts("refused", 440).number.last_rang_at, None);
    b.watched("ana", "rang", 700);
    let call = b.call("rang", "CA1", 520);
    b.report(call, CallStatus::Completed, 540);
    assert_eq!(b.facts("rang", 640).number.last_rang_at, Some(at(520)));
    b.watched("bo", "may have rung", 800);
    abandoned(b, "may have rung", 620);
    assert_eq!(b.facts("may have rung", 740).number.last_rang_at, Some(at(620)));
}

fn a_later_rung_that_is_due_is_seen(b: &Bench) {
    b.watched("ana", "talk", 600);
    assert_eq!(b.facts("talk", 539).step.unwrap().later, LaterRungs::default());
    let due = LaterRungs { due: Some(When::Unanswered), ready: true, called: false };
    assert_eq!((later(b, "talk", 0, 540), later(b, "talk", 1, 540)), (due.clone(), LaterRungs::default()));
    let attempt = attempt(b.begin(rung(b, "talk", 1, 540), 540, &always));
    let called = LaterRungs { called: true, ..LaterRungs::default() };
    assert_eq!(later(b, "talk", 0, 540), called, "it was claimed");
    let _ = b.record(attempt, &not_sent(), at(540), &again(545, true)).unwrap();
    assert_eq!(later(b, "talk", 0, 540), LaterRungs { ready: false, ..due.clone() }, "nothing left: it is tried again");
    assert_eq!(later(b, "talk", 0, 545), due);
}

fn a_later_rung_that_failed_counts_only_if_it_may_have_rung(b: &Bench) {
    b.watched("ana", "refused", 600);
    let refused = attempt(b.begin(rung(b, "refused", 1, 540), 540, &always));
    let gone = |_: &_| end(StepState::Failed, Reason::ProviderSetup);
    let _ = b.record(refused, &rejected(RejectionClass::Ours), at(541), &gone).unwrap();
    assert_eq!(later(b, "refused", 0, 541), LaterRungs::default());
    b.watched("bo", "in doubt", 600);
    let doubt = attempt(b.begin(rung(b, "in doubt", 1, 540), 540, &always));
    let _ = b.record(doubt, &unknown(), at(541), &stay).unwrap();
    assert_eq!(b.settle_all(541, Settle::Abandon).len(), 1);
    assert!(later(b, "in doubt", 0, 541).called);
}

/// The claim of this rung of the meeting.
fn rung(b: &Bench, uid: &str, rung: u32, now: i64) -> Claim {
    let due = b.due_steps(at(now), 10).unwrap();
    due.into_iter().find(|c| (c.words.uid.as_str(), c.rung) == (uid, rung)).expect("a due step")
}

/// What the guards see of the rungs after this one.
fn later(b: &Bench, uid: &str, of: u32, now: i64) -> LaterRungs {
    let claim = rung(b, uid, of, now);
    let draft = b.draft(&claim.person, now);
    b.facts_with(claim, &draft, now).step.unwrap().later
}

fn a_step_that_was_refused_for_capacity_last_is_seen(b: &Bench) {
    b.watched("ana", "talk", 600);
    let seen = |now| b.facts("talk", now).step.unwrap().refused_for_capacity;
    let again = |_: &_| savehub::store::StepNext::Again { not_before: at(425), spends_try: false };
    assert!(!seen(420));
    let _ = b.record(b.place("talk", 420), &rejected(RejectionClass::Capacity), at(421), &again).unwrap();
    assert!(seen(425));
    let _ = b.record(b.place("talk", 426), &not_sent(), at(427), &again).unwrap();
    assert!(!seen(428), "the newest attempt decides");
}

fn a_test_call_holds_its_number_and_counts_for_all_people(b: &Bench) {
    b.watched("ana", "talk", 600);
    let draft = b.draft("ana", 420);
    let facts = std::cell::RefCell::new(None);
    let begun = b.begin_test_call(&draft, at(420), &|f| {
        *facts.borrow_mut() = Some(f.clone());
        Verdict::Place
    });
    let test = attempt(begun.unwrap());
    assert_eq!(facts.into_inner().expect("the rule is asked").step, None);
    assert_eq!((test.step, test.incident, test.steps.len()), (None, None, 0));
    let fence = b.fence(test.id).unwrap();
    assert_eq!((fence.state, fence.incidents_open, fence.due), (AttemptState::Sending, None, None));
    assert_eq!(fence.owner, owner());
    let begun = b.begin(b.claim("talk", 421), 421, &always);
    assert!(matches!(begun, Begun::Waits(Reason::NumberBusy)), "{begun:?}");
    let recorded = b.accept(test, "CA1", 422);
    assert_eq!((recorded.state, recorded.hang_up), (AttemptState::Accepted, None));
    let seen = b.facts("talk", 423);
    assert_eq!((seen.number.open_attempt, seen.number.live_since), (false, Some(at(420))));
    assert_eq!((seen.calls_today, seen.step.unwrap().recent_calls), (1, 0));
    assert_eq!(b.live(424).len(), 1);
}

fn a_test_call_may_be_told_to_wait_or_be_refused(b: &Bench) {
    let wait = b.begin_test_call(&b.draft("ana", 1), at(1), &|_| Verdict::Wait(Reason::NumberBusy)).unwrap();
    assert!(matches!(wait, Begun::Waits(Reason::NumberBusy)), "{wait:?}");
    let no = Refusal::new(StepState::Skipped, Reason::Paused, "paused");
    let refused = b.begin_test_call(&b.draft("ana", 1), at(1), &|_| Verdict::Refuse(no.clone())).unwrap();
    let Begun::Refused(result) = refused else { panic!("{refused:?}") };
    assert_eq!((result.status, result.step, result.reason), ("skipped", None, Reason::Paused));
    let _free = attempt(b.begin_test_call(&b.draft("ana", 2), at(2), &always).unwrap());
    let busy = b.begin_test_call(&b.draft("ana", 3), at(3), &always).unwrap();
    assert!(matches!(busy, Begun::Waits(Reason::NumberBusy)), "{busy:?}");
}
