//! What the provider's list does to attempts nobody has an answer for.

use crate::build::{Bench, abandoned, again, always, at, attempt, executed, secs, unknown};
use savehub::model::{AttemptId, AttemptState, CallStatus, HangUp, HangUpState, ListedCall, Reason, StepState};
use savehub::store::{
    AttemptDraft, CheckIn, Facts, Finding, Later, Placed, ReconcileRules, Recorded, TallyBy, TallyScope, UndoFacts,
    UndoScope,
};
use std::cell::RefCell;

facts! {
    unknown_attempts_are_doubtful_and_so_are_young_ones_that_were_given_up,
    a_call_in_the_list_is_adopted_by_the_unknown_attempt,
    calls_that_an_attempt_knows_are_left_out_of_the_list,
    an_absent_attempt_gives_its_step_back_and_stays_counted,
    an_absent_attempt_of_an_ended_incident_cancels_its_step,
    a_call_of_an_absent_attempt_that_appears_is_a_ghost_and_hung_up,
    an_attempt_that_was_given_up_is_left_alone_while_its_number_is_open,
    a_call_found_after_check_in_is_to_be_hung_up,
    an_attempt_that_is_not_doubtful_is_never_reconciled,
    preflight_adopts_a_call_for_a_pending_step,
    an_adopted_call_counts_for_the_limit_from_when_it_was_made,
    the_rule_is_told_of_a_later_attempt_without_an_answer,
    preflight_adopts_a_shared_call_for_every_meeting_that_was_due,
    an_adopted_call_takes_of_each_meeting_the_rung_that_it_shared,
    a_call_is_adopted_that_was_shared_early_with_a_meeting_that_has_begun,
    a_call_made_early_is_not_taken_for_a_rung_while_an_earlier_one_is_pending,
    a_call_made_before_the_window_of_a_meeting_opened_is_not_taken_for_it,
    preflight_adopts_nothing_while_the_number_is_open,
    preflight_adopts_nothing_that_is_known,
    a_call_found_for_an_incident_that_has_ended_is_told_with_it_and_hung_up,
    a_call_found_for_an_incident_that_has_ended_counts_for_the_limit_of_its_meeting,
    the_guards_see_the_listed_calls_that_no_attempt_knows,
}

fn listed(sid: &str, created: i64) -> ListedCall {
    ListedCall {
        sid: sid.to_owned(),
        from: savehub::model::Address::read("+12025550199"),
        status: CallStatus::Ringing,
        created_at: at(created),
        tag: None,
    }
}

/// A draft for Ana that comes with this list.
fn listing(b: &Bench, now: i64, calls: &[(&str, i64)]) -> AttemptDraft<'static> {
    let listed = calls.iter().map(|(sid, created)| listed(sid, *created)).collect();
    AttemptDraft { listed, ..b.draft("ana", now) }
}

/// Takes the first listed call that no attempt knows.
fn oldest(facts: &Facts) -> Option<Placed> {
    let first = facts.number.listed.first()?;
    Some(Placed { index: 0, created_at: first.created_at })
}

/// Takes the first call made since the step was due.
fn since_due(facts: &Facts) -> Option<Placed> {
    let due_at = facts.step.as_ref()?.due_at;
    let index = facts.number.listed.iter().position(|call| call.created_at >= due_at)?;
    Some(Placed { index, created_at: facts.number.listed[index].created_at })
}

/// Reconciles with a rule that answers `finding` whatever it sees.
fn reconcile(b: &Bench, id: AttemptId, list: &[ListedCall], now: i64, finding: Finding) -> Recorded {
    let find = move |_: &[ListedCall], _: Option<&Later>| finding;
    let rules = ReconcileRules { find: &find, adopted: &executed, absent: &again(now, true) };
    b.reconcile(id, list, at(now), &rules).unwrap()
}

fn an_unknown(b: &Bench, uid: &str, now: i64) -> AttemptId {
    let attempt = b.place(uid, now);
    let id = attempt.id;
    assert_eq!(b.record(attempt, &unknown(), at(now + 1), &executed).unwrap().state, AttemptState::Unknown);
    id
}

fn unknown_attempts_are_doubtful_and_so_are_young_ones_that_were_given_up(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "other", 600);
    let given_up = abandoned(b, "other", 430);
    let unknown = an_unknown(b, "talk", 440);
    let ids = |since| b.doubtful(at(since)).unwrap().iter().map(|d| d.attempt).collect::<Vec<_>>();
    assert_eq!(ids(400), [unknown, given_up]);
    assert_eq!(ids(435), [unknown], "the other one is too old");
    let first = &b.doubtful(at(400)).unwrap()[0];
    assert_eq!((first.state, first.intent_at, first.intent_boot_ms), (AttemptState::Unknown, at(440), 5_000));
}

fn a_call_in_the_list_is_adopted_by_the_unknown_attempt(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let id = an_unknown(b, "talk", 430);
    let recorded = reconcile(b, id, &[listed("CA1", 431)], 460, Finding::Adopt(0));
    assert_eq!((recorded.state, recorded.hang_up), (AttemptState::Accepted, None));
    let view = b.attempt(id);
    assert_eq!((view.call_id.as_deref(), view.call_status), (Some("CA1"), Some(CallStatus::Ringing)));
    assert_eq!(b.fate(meeting, 0), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!(b.recent_calls("talk", 540), 1);
}

fn calls_that_an_attempt_knows_are_left_out_of_the_list(b: &Bench) {
    b.watched("bo", "other", 600);
    b.call("other", "CA1", 425);
    b.watched("ana", "talk", 600);
    let id = an_unknown(b, "talk", 430);
    let seen = RefCell::new(Vec::new());
    let find = |list: &[ListedCall], _: Option<&Later>| {
        seen.borrow_mut().extend(list.iter().map(|c| c.sid.clone()));
        Finding::Nothing
    };
    let rules = ReconcileRules { find: &find, adopted: &executed, absent: &executed };
    let list = [listed("CA1", 431), listed("CA2", 432)];
    assert_eq!(b.reconcile(id, &list, at(460), &rules).unwrap().state, AttemptState::Unknown);
    assert_eq!(*seen.borrow(), ["CA2"]);
}

fn an_absent_attempt_gives_its_step_back_and_stays_counted(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let id = an_unknown(b, "talk", 430);
    let recorded = reconcile(b, id, &[], 505, Finding::Absent);
    assert_eq!((recorded.state, recorded.again_at), (AttemptState::Absent, Some(at(505))));
    assert_eq!(b.step(meeting, 0).state, StepState::Pending);
    assert_eq!(b.recent_calls("talk", 506), 1);
    assert_eq!(b.place("talk", 506).steps, [b.step(meeting, 0).id], "the number is free again");
}

fn an_absent_attempt_of_an_ended_incident_cancels_its_step(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let id = an_unknown(b, "talk", 430);
    b.check_in(meeting, CheckIn::Joined, at(450)).unwrap();
    assert_eq!(b.attempt(id).hang_up, HangUpState::Wanted);
    let recorded = reconcile(b, id, &[], 505, Finding::Absent);
    assert_eq!((recorded.state, recorded.again_at), (AttemptState::Absent, None));
    assert_eq!(b.fate(meeting, 0), (StepState::Cancelled, Some(Reason::Joined)));
    assert_eq!(b.attempt(id).hang_up, HangUpState::Wanted, "should its call appear after all");
    let found = reconcile(b, id, &[listed("CA1", 431)], 520, Finding::Adopt(0));
    assert_eq!(found.hang_up.map(|c| c.sid), Some("CA1".to_owned()));
}

fn a_call_of_an_absent_attempt_that_appears_is_a_ghost_and_hung_up(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let id = an_unknown(b, "talk", 430);
    let _ = reconcile(b, id, &[], 505, Finding::Absent);
    let recorded = reconcile(b, id, &[listed("CA1", 431)], 520, Finding::Adopt(0));
    let ghost = recorded.hang_up.expect("a ghost");
    assert_eq!((ghost.sid.as_str(), ghost.hang_up), ("CA1", Some(HangUp::Completed)));
    assert_eq!(b.attempt(id).state, AttemptState::Accepted);
    assert_eq!(b.step(meeting, 0).state, StepState::Pending, "the step goes on as it was");
}

fn an_attempt_that_was_given_up_is_left_alone_while_its_number_is_open(b: &Bench) {
    b.watched("ana", "talk", 600);
    let given_up = abandoned(b, "talk", 430);
    let open = b.place("talk", 540);
    let list = [listed("CA-of-the-open-one", 541)];
    assert_eq!(reconcile(b, given_up, &list, 545, Finding::Adopt(0)).state, AttemptState::Abandoned);
    let _ = b.accept(open, "CA-of-the-open-one", 546);
    assert_eq!(reconcile(b, given_up, &list, 547, Finding::Nothing).state, AttemptState::Abandoned);
}

fn a_call_found_after_check_in_is_to_be_hung_up(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let id = an_unknown(b, "talk", 430);
    b.check_in(meeting, CheckIn::Joined, at(450)).unwrap();
    let recorded = reconcile(b, id, &[listed("CA1", 431)], 460, Finding::Adopt(0));
    assert_eq!(recorded.hang_up.map(|c| (c.sid, c.hang_up)), Some(("CA1".to_owned(), Some(HangUp::Canceled))));
    assert_eq!(b.fate(meeting, 0).0, StepState::Executed);
}

fn an_attempt_that_is_not_doubtful_is_never_reconciled(b: &Bench) {
    b.watched("ana", "talk", 600);
    let sending = b.place("talk", 430);
    let list = [listed("CA1", 431)];
    for finding in [Finding::Adopt(0), Finding::Absent] {
        assert_eq!(reconcile(b, sending.id, &list, 440, finding).state, AttemptState::Sending);
    }
    let id = sending.id;
    let _ = b.accept(sending, "CA2", 441);
    assert_eq!(reconcile(b, id, &list, 445, Finding::Adopt(0)).state, AttemptState::Accepted);
    assert_eq!(b.attempt(id).call_id.as_deref(), Some("CA2"));
}

fn preflight_adopts_a_call_for_a_pending_step(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600).id;
    let claim = b.claim("talk", 430);
    let results = b.adopt(&claim, &listing(b, 430, &[("CA1", 425)]), at(430), &oldest).unwrap().unwrap().steps;
    let [result] = &results[..] else { panic!("one step") };
    assert_eq!((result.state, result.call_id.as_deref()), (StepState::Executed, Some("CA1")));
    assert_eq!(b.fate(meeting, 0), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!(b.recent_calls("talk", 540), 1, "it counts");
    let spent = b.adopt(&claim, &listing(b, 431, &[("CA2", 426)]), at(431), &oldest);
    assert_eq!(spent.unwrap(), None, "the step is no longer pending");
}

fn an_adopted_call_counts_for_the_limit_from_when_it_was_made(b: &Bench) {
    for uid in ["talk", "other"] {
        b.watched("ana", uid, 600);
    }
    let _ = b.adopt(&b.claim("talk", 430), &listing(b, 500, &[("CA1", 425)]), at(500), &oldest).unwrap().unwrap();
    for uid in ["talk", "other"] {
        assert_eq!([1024, 1025].map(|now| b.recent_calls(uid, now)), [1, 0], "{uid}: not from when it was found");
    }
}

fn the_rule_is_told_of_a_later_attempt_without_an_answer(b: &Bench) {
    b.watched("ana", "talk", 600);
    let absent = an_unknown(b, "talk", 430);
    let later = |b: &Bench| {
        let seen = RefCell::new(None);
        let find = |_: &[ListedCall], later: Option<&Later>| {
            *seen.borrow_mut() = later.map(|l| l.intent_at);
            Finding::Nothing
        };
        let rules = ReconcileRules { find: &find, adopted: &executed, absent: &executed };
        let _ = b.reconcile(absent, &[], at(560), &rules).unwrap();
        seen.into_inner()
    };
    let _ = reconcile(b, absent, &[], 505, Finding::Absent);
    assert_eq!(later(b), None);
    let second = an_unknown(b, "talk", 506);
    assert_eq!(b.settle_all(550, savehub::store::Settle::Abandon).len(), 1);
    assert_eq!((later(b), b.attempt(second).state), (Some(at(506)), AttemptState::Abandoned));
}

fn preflight_adopts_a_shared_call_for_every_meeting_that_was_due(b: &Bench) {
    let (talk, other) = (b.watched("ana", "talk", 600).id, b.watched("ana", "other", 600).id);
    let later = b.watched("ana", "later", 700).id;
    let claim = b.claim("talk", 430);
    let results = b.adopt(&claim, &listing(b, 430, &[("CA1", 425)]), at(430), &oldest).unwrap().unwrap().steps;
    assert_eq!(results.len(), 2);
    assert_eq!(b.fate(talk, 0), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!(b.fate(other, 0), (StepState::Executed, Some(Reason::Merged)));
    assert_eq!(b.step(later, 0).state, StepState::Pending);
}

fn an_adopted_call_takes_of_each_meeting_the_rung_that_it_shared(b: &Bench) {
    let (talk, other) = (b.watched("ana", "talk", 600).id, b.watched("ana", "other", 600).id);
    let (soon, later) = (b.watched("ana", "soon", 660).id, b.watched("ana", "later", 665).id);
    let claim = b.claim("talk", 430);
    // Found when the next rungs of the first two are due as well.
    let results = b.adopt(&claim, &listing(b, 550, &[("CA1", 425)]), at(550), &oldest).unwrap().unwrap().steps;
    assert_eq!(results.len(), 3);
    for shared in [other, soon] {
        assert_eq!(b.fate(shared, 0), (StepState::Executed, Some(Reason::Merged)));
    }
    // The window of the last was not open when the call was made.
    for open in [b.step(talk, 1), b.step(other, 1), b.step(soon, 1), b.step(later, 0), b.step(later, 1)] {
        assert_eq!(open.state, StepState::Pending);
    }
}

fn a_call_is_adopted_that_was_shared_early_with_a_meeting_that_has_begun(b: &Bench) {
    let (_, soon) = (b.watched("ana", "talk", 600), b.watched("ana", "soon", 650).id);
    let claim = b.claim("soon", 589);
    assert_eq!((claim.due_at, claim.rung), (at(470), 0));
    let adopted = |made| b.adopt(&claim, &listing(b, 605, &[("CA1", made)]), at(605), &since_due).unwrap();
    assert_eq!(adopted(419), None, "nothing was due then");
    assert_eq!(adopted(420).unwrap().steps.len(), 2);
    assert_eq!(b.fate(soon, 0), (StepState::Executed, Some(Reason::Initiated)));
}

fn a_call_made_early_is_not_taken_for_a_rung_while_an_earlier_one_is_pending(b: &Bench) {
    b.watched("ana", "talk", 660);
    b.watched("ana", "soon", 600);
    let claim = b.claim("soon", 541);
    assert_eq!((claim.due_at, claim.rung), (at(540), 1));
    let adopted = b.adopt(&claim, &listing(b, 541, &[("CA1", 485)]), at(541), &since_due);
    assert_eq!(adopted.unwrap(), None, "it was made for the first rung, or for the other meeting alone");
}

fn a_call_made_before_the_window_of_a_meeting_opened_is_not_taken_for_it(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("ana", "soon", 660);
    let claim = b.claim("soon", 481);
    let adopted = |made| {
        let draft = AttemptDraft { window: secs(200), ..listing(b, 481, &[("CA1", made)]) };
        b.adopt(&claim, &draft, at(481), &since_due).unwrap()
    };
    assert_eq!([458, 459].map(|made| adopted(made).is_some()), [false, true], "to the second");
}

fn preflight_adopts_nothing_while_the_number_is_open(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("ana", "other", 620);
    let claim = b.claim("other", 445);
    let open = attempt(b.begin(b.claim("talk", 430), 430, &|f| {
        if f.step.as_ref().is_some_and(|s| s.starts_at == at(600)) {
            return savehub::store::Verdict::Place;
        }
        savehub::store::Verdict::Wait(Reason::Paused)
    }));
    let adopted = b.adopt(&claim, &listing(b, 445, &[("CA1", 441)]), at(445), &oldest);
    assert_eq!(adopted.unwrap(), None);
    let _ = b.accept(open, "CA1", 446);
}

fn preflight_adopts_nothing_that_is_known(b: &Bench) {
    b.watched("bo", "other", 600);
    b.call("other", "CA1", 425);
    b.watched("ana", "talk", 600);
    let claim = b.claim("talk", 430);
    let adopted = b.adopt(&claim, &listing(b, 430, &[("CA1", 426)]), at(430), &oldest);
    assert_eq!(adopted.unwrap(), None);
    let begun = b.begin(claim, 430, &always);
    assert_eq!(attempt(begun).steps.len(), 1, "the claim is still good");
}

fn a_call_found_for_an_incident_that_has_ended_is_told_with_it_and_hung_up(b: &Bench) {
    let m = b.add("ana", "talk", 600);
    b.check_in(m.id, CheckIn::Joined, at(430)).unwrap();
    let ended = b.ended_since(at(0)).unwrap().remove(0);
    let choose = |unknown: &[ListedCall]| vec![Placed { index: 0, created_at: unknown[0].created_at }];
    let live = b.adopt_ended(&ended, &listing(b, 440, &[("CA1", 425)]), at(440), &choose).unwrap();
    assert_eq!((live.len(), live[0].hang_up), (1, Some(HangUp::Canceled)));
    let story = b.history(m.id).unwrap().unwrap().incidents.remove(0);
    assert_eq!((story.steps.len(), story.found.len()), (0, 1), "it has no step");
    let (found, view) = (&story.found[0], &story.found[0].view);
    assert_eq!((view.id, view.call_id.as_deref(), view.intent_at), (live[0].attempt, Some("CA1"), at(425)));
    assert_eq!((found.finished_at, found.guards.clone()), (Some(at(440)), None));
    let whole = TallyScope { since: at(0), until: at(1000), by: TallyBy::Person };
    assert_eq!(b.tally(&whole).unwrap().attempts.iter().map(|one| one.test).collect::<Vec<_>>(), [false]);
}

fn a_call_found_for_an_incident_that_has_ended_counts_for_the_limit_of_its_meeting(b: &Bench) {
    let m = b.watched("ana", "talk", 600);
    b.check_in(m.id, CheckIn::Joined, at(430)).unwrap();
    let ended = b.ended_since(at(0)).unwrap().remove(0);
    let choose = |unknown: &[ListedCall]| vec![Placed { index: 0, created_at: unknown[0].created_at }];
    assert_eq!(b.adopt_ended(&ended, &listing(b, 440, &[("CA1", 425)]), at(440), &choose).unwrap().len(), 1);
    let scope = UndoScope { person: "ana", since: at(0), until: at(1000), now: at(450) };
    let rule = |facts: &UndoFacts<'_>| facts.cancelled.unwrap_or_default().to_vec();
    assert!(b.undo(&scope, &rule).unwrap().is_some());
    assert_eq!([1024, 1025].map(|now| b.recent_calls("talk", now)), [1, 0]);
}

fn the_guards_see_the_listed_calls_that_no_attempt_knows(b: &Bench) {
    b.watched("bo", "other", 600);
    b.call("other", "CA1", 425);
    b.watched("ana", "talk", 600);
    let seen = RefCell::new(None);
    let rule = |facts: &Facts| {
        let step = facts.step.as_ref().expect("a step");
        let sids: Vec<String> = facts.number.listed.iter().map(|call| call.sid.clone()).collect();
        *seen.borrow_mut() = Some((sids, step.first_due_at));
        savehub::store::Verdict::Wait(Reason::NumberBusy)
    };
    let draft = listing(b, 430, &[("CA1", 425), ("CA2", 426)]);
    let _ = b.begin_attempt(b.claim("talk", 430), &draft, at(430), &rule).unwrap();
    assert_eq!(seen.into_inner(), Some((vec!["CA2".to_owned()], at(420))));
}
