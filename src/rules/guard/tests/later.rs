//! Of two rungs of an incident that are due at once, the later one runs.

use super::*;

#[test]
fn an_earlier_rung_is_superseded_by_a_later_one_that_rings_or_may_ring_now() {
    let with = |later: LaterRungs| ask(&facts(StepFacts { later, ..step() }), 60, |_, _| ());
    let due_too = skipped(Reason::Superseded, "a later rung of the ladder is due too");
    assert_eq!(reason(with(ready(When::Unanswered))), due_too);
    let called = LaterRungs { called: true, ..LaterRungs::default() };
    assert_eq!(reason(with(called.clone())), skipped(Reason::Superseded, "a later rung of the ladder ran already"));
    let late = ask(&facts(StepFacts { later: called, ..step() }), -1, |_, _| ());
    assert_eq!(reason(late).1, Reason::Superseded, "it rang: the earlier rung was never late");
}

#[test]
fn a_later_rung_that_a_guard_keeps_back_supersedes_nothing() {
    let answered = |when| StepFacts {
        incident_state: IncidentState::Acknowledged,
        when: When::Always,
        later: ready(when),
        ..step()
    };
    assert_eq!(ask(&facts(answered(When::Unanswered)), 60, |_, _| ()), Verdict::Place);
    assert_eq!(reason(ask(&facts(answered(When::Always)), 60, |_, _| ())).1, Reason::Superseded);
    let due_too = facts(StepFacts { later: ready(When::Unanswered), ..step() });
    let busy = NumberFacts { open_attempt: true, ..NumberFacts::default() };
    let busy = ask(&Facts { number: busy, ..due_too.clone() }, 60, |_, _| ());
    assert_eq!(busy, Verdict::Wait(Reason::NumberBusy), "neither rings now");
    assert_eq!(reason(ask(&due_too, -1, |_, _| ())).1, Reason::OutsideCriticalWindow, "neither rings any more");
}

#[test]
fn an_earlier_rung_waits_while_a_later_one_waits_for_its_retry() {
    let later = LaterRungs { ready: false, ..ready(When::Unanswered) };
    let waits = ask(&facts(StepFacts { later, ..step() }), 60, |_, _| ());
    assert_eq!(waits, Verdict::Wait(Reason::NotDue));
}
