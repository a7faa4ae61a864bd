//! Several meetings of one person that share a call.

use crate::build::{Bench, accepted, always, at, attempt, end, executed, not_sent};
use savehub::model::{AttemptState, Reason, StepState};
use savehub::store::{Attempt, CheckIn, Settle, StepNext, Verdict};

facts! {
    meetings_of_one_person_that_are_due_together_share_a_call,
    a_shared_call_counts_for_each_meeting_and_once_for_the_day,
    companions_are_executed_as_merged,
    a_companion_the_rule_does_not_place_is_left_alone,
    only_call_steps_due_before_the_asked_time_share,
    another_person_never_shares,
    a_call_names_a_meeting_once,
    a_call_takes_one_rung_of_each_meeting,
    a_shared_call_takes_the_latest_rung_that_is_due,
    of_two_due_rungs_a_shared_call_takes_the_later,
    a_shared_call_takes_the_earliest_rung_to_come_when_none_is_due,
    a_rung_to_come_is_not_taken_while_one_that_is_due_is_kept_back,
    steps_of_a_shared_call_that_was_not_sent_come_back_together,
    steps_of_an_abandoned_shared_call_fail_together,
    the_fence_of_a_shared_call_needs_every_incident_open,
    checking_in_to_one_of_two_meetings_brings_only_the_other_back,
}

/// Two meetings of ana, due at seconds 420 and 440, in one call.
fn shared(b: &Bench) -> (Attempt, [savehub::store::Meeting; 2]) {
    let second = b.watched("ana", "second", 620);
    let first = b.watched("ana", "first", 600);
    (b.place("first", 445), [first, second])
}

fn meetings_of_one_person_that_are_due_together_share_a_call(b: &Bench) {
    let (attempt, [first, second]) = shared(b);
    let steps = [b.step(first.id, 0), b.step(second.id, 0)];
    assert_eq!(attempt.step, Some(steps[0].id));
    let mut named = attempt.steps.clone();
    named.sort_unstable();
    let mut ids = [steps[0].id, steps[1].id];
    ids.sort_unstable();
    assert_eq!(named, ids);
    assert_eq!(attempt.words, [first.words(), second.words()]);
    assert_eq!(attempt.message, "About first and About second");
    for step in steps {
        assert_eq!((step.state, step.attempts.len()), (StepState::Running, 1));
        assert_eq!(step.attempts[0].id, attempt.id);
    }
    assert_eq!(b.due(446), []);
}

fn a_shared_call_counts_for_each_meeting_and_once_for_the_day(b: &Bench) {
    let (attempt, _) = shared(b);
    let _ = b.accept(attempt, "CA1", 446);
    for uid in ["first", "second"] {
        let facts = b.facts(uid, 570);
        assert_eq!(facts.step.unwrap().recent_calls, 1, "{uid}");
        assert_eq!((facts.calls_of_person_today, facts.calls_today), (1, 1), "{uid}");
    }
}

fn companions_are_executed_as_merged(b: &Bench) {
    let (attempt, [first, second]) = shared(b);
    let recorded = b.accept(attempt, "CA1", 446);
    assert_eq!(b.fate(first.id, 0), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!(b.fate(second.id, 0), (StepState::Executed, Some(Reason::Merged)));
    let mut results: Vec<_> = recorded.steps.iter().map(|r| (r.event.as_str(), r.status, r.reason)).collect();
    results.sort_unstable();
    assert_eq!(results, [("first", "initiated", Reason::Initiated), ("second", "initiated", Reason::Merged)]);
    assert_eq!((b.live(447).len(), recorded.hang_up), (1, None));
}

fn a_companion_the_rule_does_not_place_is_left_alone(b: &Bench) {
    let first = b.watched("ana", "first", 600);
    let second = b.watched("ana", "second", 620);
    let before = b.incident(second.id, 1);
    let only_first = |facts: &savehub::store::Facts| {
        if facts.step.as_ref().unwrap().starts_at == at(600) {
            Verdict::Place
        } else {
            let detail = "2 of 2".to_owned();
            Verdict::Refuse(savehub::store::Refusal::new(StepState::Skipped, Reason::MaxCallsExceeded, detail))
        }
    };
    let attempt = attempt(b.begin(b.claim("first", 445), 445, &only_first));
    assert_eq!(attempt.steps, [b.step(first.id, 0).id]);
    assert_eq!(b.incident(second.id, 1), before);
}

fn only_call_steps_due_before_the_asked_time_share(b: &Bench) {
    let meetings: Vec<_> = [600, 640, 700].map(|start| b.watched("ana", &format!("m{start}"), start)).into();
    let claim = b.claim("m600", 420);
    let mut draft = b.draft("ana", 420);
    draft.merge_until = at(480);
    let attempt = attempt(b.begin_attempt(claim, &draft, at(420), &always).unwrap());
    assert_eq!(attempt.words.len(), 2, "due at 420 and 460, not 520");
    assert_eq!(b.step(meetings[1].id, 0).state, StepState::Running);
    assert_eq!(b.step(meetings[2].id, 0).state, StepState::Pending);
}

fn another_person_never_shares(b: &Bench) {
    b.watched("ana", "talk", 600);
    let other = b.watched("bo", "talk", 600);
    let claim = b.due_steps(at(420), 10).unwrap().into_iter().find(|c| c.person == "ana").unwrap();
    let attempt = attempt(b.begin(claim, 420, &always));
    assert_eq!((attempt.words.len(), b.step(other.id, 0).state), (1, StepState::Pending));
}

fn a_call_names_a_meeting_once(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = b.place("talk", 550);
    assert_eq!((attempt.words.len(), attempt.steps.len()), (1, 1));
    let states = [b.step(meeting.id, 0).state, b.step(meeting.id, 1).state];
    assert!(states.contains(&StepState::Pending) && states.contains(&StepState::Running), "{states:?}");
}

fn a_call_takes_one_rung_of_each_meeting(b: &Bench) {
    b.watched("ana", "first", 600);
    let second = b.watched("ana", "second", 610);
    let attempt = b.place("first", 560);
    assert_eq!((attempt.words.len(), attempt.steps.len()), (2, 2));
    let states = [b.step(second.id, 0).state, b.step(second.id, 1).state];
    assert!(states.contains(&StepState::Pending) && states.contains(&StepState::Running), "{states:?}");
}

/// The rungs of the second meeting that a call for the first, made at this second, serves too.
fn shares(b: &Bench, [first, second]: [i64; 2], now: i64, rule: savehub::store::GuardRule<'_>) -> Vec<usize> {
    b.watched("ana", "first", first);
    let other = b.watched("ana", "second", second);
    let mut draft = b.draft("ana", now);
    draft.merge_until = at(now + 130);
    let attempt = attempt(b.begin_attempt(b.claim("first", now), &draft, at(now), rule).unwrap());
    [0, 1].into_iter().filter(|rung| attempt.steps.contains(&b.step(other.id, *rung).id)).collect()
}

fn a_shared_call_takes_the_latest_rung_that_is_due(b: &Bench) {
    // The second meeting's rungs are due at 420 and 540, both within the span that shares a call.
    assert_eq!(shares(b, [600, 600], 420, &always), [0], "the later one still rings in its time");
}

fn of_two_due_rungs_a_shared_call_takes_the_later(b: &Bench) {
    assert_eq!(shares(b, [600, 600], 540, &always), [1]);
}

fn a_shared_call_takes_the_earliest_rung_to_come_when_none_is_due(b: &Bench) {
    assert_eq!(shares(b, [600, 605], 421, &always), [0]);
}

fn a_rung_to_come_is_not_taken_while_one_that_is_due_is_kept_back(b: &Bench) {
    let early = at(420);
    let not_the_due_one = |facts: &savehub::store::Facts| match facts.step.as_ref().unwrap() {
        step if step.starts_at == at(599) && step.due_at < early => Verdict::Wait(Reason::NumberBusy),
        _ => Verdict::Place,
    };
    assert_eq!(shares(b, [600, 599], 420, &not_the_due_one), [0; 0]);
}

fn steps_of_a_shared_call_that_was_not_sent_come_back_together(b: &Bench) {
    let (attempt, [first, second]) = shared(b);
    let again = |_: &_| StepNext::Again { not_before: at(450), spends_try: true };
    let recorded = b.record(attempt, &not_sent(), at(446), &again).unwrap();
    assert_eq!((recorded.state, recorded.again_at), (AttemptState::NotSent, Some(at(450))));
    for id in [first.id, second.id] {
        assert_eq!(b.step(id, 0).state, StepState::Pending);
    }
    assert_eq!((b.due(449), b.due(450).len()), (vec![], 2));
    assert_eq!((b.recent_calls("first", 450), b.recent_calls("second", 450)), (0, 0));
}

fn steps_of_an_abandoned_shared_call_fail_together(b: &Bench) {
    let (attempt, [first, second]) = shared(b);
    assert_eq!(b.abandon_all(570).len(), 2);
    for id in [first.id, second.id] {
        assert_eq!(b.fate(id, 0), (StepState::Failed, Some(Reason::Unknown)));
    }
    let late = b.record(attempt, &accepted("CA1"), at(571), &executed).unwrap();
    assert_eq!((late.state, b.settle_all(572, Settle::Abandon)), (AttemptState::Accepted, vec![]));
}

fn the_fence_of_a_shared_call_needs_every_incident_open(b: &Bench) {
    let (attempt, [_, second]) = shared(b);
    let fence = b.fence(attempt.id).unwrap();
    assert_eq!((fence.incidents_open, fence.due.map(|(_, deadline)| deadline)), (Some(true), Some(at(600))));
    b.check_in(second.id, CheckIn::Joined, at(446)).unwrap();
    assert_eq!(b.fence(attempt.id).unwrap().incidents_open, Some(false));
}

fn checking_in_to_one_of_two_meetings_brings_only_the_other_back(b: &Bench) {
    let (attempt, [first, second]) = shared(b);
    b.check_in(second.id, CheckIn::Joined, at(446)).unwrap();
    let open = |facts: &savehub::store::AfterFacts| {
        if facts.incident_open {
            StepNext::Again { not_before: at(450), spends_try: false }
        } else {
            end(StepState::Cancelled, Reason::IncidentResolved)
        }
    };
    let recorded = b.record(attempt, &not_sent(), at(447), &open).unwrap();
    assert_eq!(recorded.again_at, Some(at(450)));
    assert_eq!(b.step(first.id, 0).state, StepState::Pending);
    assert_eq!(b.step(second.id, 0).state, StepState::Cancelled);
    assert_eq!(b.due(450), [("first".to_owned(), 0)]);
}
