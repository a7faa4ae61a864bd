//! Calls at the provider: looked at, reported, hung up.

use crate::build::{Bench, at, next, phone_of, report};
use savehub::model::{AttemptId, CallReport, CallStatus, HangUp, HangUpState, IncidentState, ProviderKind, Target};
use savehub::store::{CallReported, CallScope, CheckIn, Reported};

facts! {
    a_live_call_says_all_that_is_needed_to_ask_about_it,
    a_call_is_looked_at_until_it_is_final,
    a_call_is_not_looked_at_before_its_time,
    a_wanted_hang_up_does_not_wait_for_its_time,
    a_wanted_hang_up_stays_until_it_is_done_or_moot,
    only_the_wanted_calls_of_one_incident_are_in_its_scope,
    a_person_with_a_due_step_is_urgent,
    a_status_never_goes_backwards,
    the_first_final_status_is_kept,
    what_the_provider_learns_late_is_filled_in,
    who_answered_is_news_of_its_own,
    what_is_known_already_is_no_news,
    a_wish_is_granted_once,
    a_wish_that_was_never_made_cannot_be_granted,
    a_wish_that_came_too_late_is_over_with_the_report,
    reports_of_a_set_do_what_each_would_do_alone,
    two_reports_about_one_call_are_taken_one_after_the_other,
    an_incident_that_two_calls_of_a_set_serve_is_acknowledged_once,
}

/// A report of a set: the next look is at second 450.
fn of(attempt: AttemptId, report: &CallReport) -> CallReported<'_> {
    CallReported { attempt, report, next: next(at(450)), answered_at: None, wish_over: false }
}

/// A human has answered at second 435.
fn answered(attempt: AttemptId, report: &CallReport) -> CallReported<'_> {
    CallReported { answered_at: Some(at(435)), ..of(attempt, report) }
}

fn a_live_call_says_all_that_is_needed_to_ask_about_it(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    let [call] = &b.live(421)[..] else { panic!("{:?}", b.live(421)) };
    assert_eq!((call.attempt, call.sid.as_str(), call.status), (id, "CA1", CallStatus::Queued));
    assert_eq!((call.provider, call.account.as_str()), (ProviderKind::Twilio, "AC-first"));
    assert_eq!((&call.to, call.intent_at), (&Target::call(phone_of("ana")), at(420)));
    assert_eq!((call.hang_up, call.urgent), (None, false));
}

fn a_call_is_looked_at_until_it_is_final(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    for (status, looked_at) in [(CallStatus::Ringing, 1), (CallStatus::InProgress, 1), (CallStatus::Completed, 0)] {
        assert!(b.report(id, status, 430));
        assert_eq!(b.live(440).len(), looked_at, "{status}");
    }
    assert_eq!(b.attempt(id).call_status, Some(CallStatus::Completed));
}

fn a_call_is_not_looked_at_before_its_time(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    b.look_later(id, at(430)).unwrap();
    assert_eq!((b.live(429), b.live(431).len()), (vec![], 1));
    let _ = b.record_report(id, &report(CallStatus::Ringing), next(at(440)), None).unwrap();
    assert_eq!((b.live(439), b.live(441).len()), (vec![], 1));
    let _ = b.record_report(id, &report(CallStatus::Ringing), next(at(450)), None).unwrap();
    assert_eq!((b.live(449), b.live(451).len()), (vec![], 1), "also when nothing was new");
}

fn a_wanted_hang_up_does_not_wait_for_its_time(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    b.look_later(id, at(900)).unwrap();
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    assert_eq!(b.live(431)[0].hang_up, Some(HangUp::Canceled));
    b.look_later(id, at(900)).unwrap();
    assert_eq!(b.live(432).len(), 1);
}

fn a_wanted_hang_up_stays_until_it_is_done_or_moot(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    b.report(id, CallStatus::Ringing, 431);
    assert_eq!(b.live(500)[0].hang_up, Some(HangUp::Canceled));
    assert!(b.record_hang_up(id, HangUpState::Done).unwrap());
    b.report(id, CallStatus::Canceled, 501);
    assert_eq!(b.live(600), []);
    assert_eq!(b.attempt(id).hang_up, HangUpState::Done);
}

fn only_the_wanted_calls_of_one_incident_are_in_its_scope(b: &Bench) {
    let ana = b.watched("ana", "talk", 600);
    let bo = b.watched("bo", "talk with bo", 600);
    b.watched("cy", "talk with cy", 600);
    let call = b.call("talk", "CA1", 420);
    b.call("talk with bo", "CA2", 420);
    b.call("talk with cy", "CA3", 420);
    let of = |meeting| CallScope::HangUpsOf(b.incident(meeting, 1).id);
    assert_eq!(b.live_calls(of(ana.id), at(425)).unwrap(), []);
    b.check_in(ana.id, CheckIn::Joined, at(430)).unwrap();
    b.check_in(bo.id, CheckIn::Joined, at(430)).unwrap();
    let found: Vec<_> = b.live_calls(of(ana.id), at(431)).unwrap().iter().map(|c| c.attempt).collect();
    assert_eq!(found, [call]);
    assert_eq!(b.live(431).len(), 3);
}

fn a_person_with_a_due_step_is_urgent(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.watched("bo", "talk with bo", 900);
    let call = b.call("talk", "CA1", 420);
    assert!(!b.live(539)[0].urgent);
    b.call("talk with bo", "CA2", 720);
    let urgent: Vec<_> = b.live(721).into_iter().filter(|c| c.urgent).map(|c| c.attempt).collect();
    assert_eq!(urgent, [call], "the second rung of ana is due, the one of bo is not");
}

fn a_status_never_goes_backwards(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    assert!(!b.report(id, CallStatus::Queued, 421), "nothing new");
    assert!(b.report(id, CallStatus::InProgress, 422));
    assert!(!b.report(id, CallStatus::Ringing, 423));
    assert_eq!(b.attempt(id).call_status, Some(CallStatus::InProgress));
}

fn the_first_final_status_is_kept(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    assert!(b.report(id, CallStatus::NoAnswer, 421));
    for status in [CallStatus::Completed, CallStatus::InProgress, CallStatus::NoAnswer] {
        assert!(!b.report(id, status, 422), "{status}");
        assert_eq!(b.attempt(id).call_status, Some(CallStatus::NoAnswer));
    }
}

fn what_the_provider_learns_late_is_filled_in(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    let first = CallReport { duration_s: Some(21), ..report(CallStatus::Completed) };
    assert!(b.record_report(id, &first, next(at(450)), None).unwrap().news);
    let price = (Some("-0.014".to_owned()), Some("USD".to_owned()));
    let second = CallReport {
        answered_by: Some("human".to_owned()),
        error_code: None,
        price: price.0.clone(),
        price_unit: price.1.clone(),
        ..report(CallStatus::Completed)
    };
    assert!(b.record_report(id, &second, next(at(510)), None).unwrap().news);
    let view = b.attempt(id);
    assert_eq!((view.call_status, view.duration_s), (Some(CallStatus::Completed), Some(21)));
    assert_eq!((view.answered_by.as_deref(), view.price, view.price_unit), (Some("human"), price.0, price.1));
    assert!(!b.record_report(id, &second, next(at(511)), None).unwrap().news, "nothing was new");
}

fn who_answered_is_news_of_its_own(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    b.report(id, CallStatus::InProgress, 425);
    let human = CallReport { answered_by: Some("human".to_owned()), ..report(CallStatus::InProgress) };
    assert!(b.record_report(id, &human, next(at(435)), None).unwrap().news);
    assert_eq!(b.attempt(id).answered_by.as_deref(), Some("human"));
}

fn what_is_known_already_is_no_news(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    let priced = CallReport { price: Some("-0.014".to_owned()), ..report(CallStatus::InProgress) };
    assert!(b.record_report(id, &priced, next(at(435)), None).unwrap().news);
    assert!(!b.record_report(id, &priced, next(at(440)), None).unwrap().news, "only the time of the next look is new");
}

fn a_wish_is_granted_once(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    assert!(b.record_hang_up(id, HangUpState::Moot).unwrap());
    assert!(!b.record_hang_up(id, HangUpState::Done).unwrap());
    assert_eq!(b.attempt(id).hang_up, HangUpState::Moot);
}

fn a_wish_that_was_never_made_cannot_be_granted(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    assert!(!b.record_hang_up(id, HangUpState::Done).unwrap());
    assert_eq!(b.attempt(id).hang_up, HangUpState::None);
}

fn a_wish_that_came_too_late_is_over_with_the_report(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    let said = report(CallStatus::InProgress);
    b.record_reports(&[CallReported { wish_over: true, ..of(id, &said) }]).unwrap();
    let attempt = b.attempt(id);
    assert_eq!((attempt.hang_up, attempt.call_status), (HangUpState::Moot, Some(CallStatus::InProgress)));
    assert_eq!((b.live(449), b.live(451).len()), (vec![], 1), "it is looked at until it is over");
}

fn reports_of_a_set_do_what_each_would_do_alone(b: &Bench) {
    let calls = [("ana", "a", "CA1"), ("bo", "b", "CA2"), ("cy", "c", "CA3")].map(|(person, uid, sid)| {
        let meeting = b.watched(person, uid, 600);
        (meeting.id, b.call(uid, sid, 420))
    });
    let [(talked, first), (failed, second), (rings, third)] = calls;
    let said = [CallStatus::InProgress, CallStatus::Failed, CallStatus::Queued].map(report);
    let nobody = of(AttemptId(4711), &said[0]);
    let recorded =
        b.record_reports(&[of(third, &said[2]), answered(first, &said[0]), nobody, of(second, &said[1])]).unwrap();
    let incident = b.incident(talked, 1).id;
    assert_eq!(recorded[0], Reported::default(), "nothing was new");
    assert_eq!(recorded[1], Reported { news: true, acknowledged: vec![incident], ..Reported::default() });
    assert_eq!(recorded[2], Reported::default(), "there is no such attempt");
    assert_eq!((recorded[3].news, recorded[3].late.ends.len()), (true, 1));
    assert_eq!(recorded[3].late.ends[0].incident, b.incident(failed, 1).id);
    let states = [talked, failed, rings].map(|meeting| b.incident(meeting, 1).state);
    assert_eq!(states, [IncidentState::Acknowledged, IncidentState::Escalating, IncidentState::Escalating]);
    let live: Vec<_> = b.live(451).iter().map(|call| call.attempt).collect();
    assert_eq!((live, b.live(449)), (vec![first, third], vec![]));
}

fn two_reports_about_one_call_are_taken_one_after_the_other(b: &Bench) {
    b.watched("ana", "talk", 600);
    let id = b.call("talk", "CA1", 420);
    let (rings, over) = (report(CallStatus::Ringing), report(CallStatus::Completed));
    let recorded = b.record_reports(&[of(id, &over), of(id, &rings)]).unwrap();
    assert_eq!(recorded.iter().map(|recorded| recorded.news).collect::<Vec<_>>(), [true, false]);
    assert_eq!(b.attempt(id).call_status, Some(CallStatus::Completed));
}

fn an_incident_that_two_calls_of_a_set_serve_is_acknowledged_once(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let first = b.call("talk", "CA1", 420);
    assert!(b.report(first, CallStatus::NoAnswer, 430));
    let second = b.call("talk", "CA2", 540);
    let (late, said) = (report(CallStatus::NoAnswer), report(CallStatus::InProgress));
    let recorded = b.record_reports(&[answered(first, &late), answered(second, &said)]).unwrap();
    let acknowledged: Vec<_> = recorded.into_iter().map(|recorded| recorded.acknowledged).collect();
    assert_eq!(acknowledged, [vec![b.incident(meeting.id, 1).id], vec![]]);
}
