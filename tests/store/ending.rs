//! Check-in, resolve, close and retention: how incidents end and are forgotten.

use crate::build::{Bench, always, at, attempt, close_rule, secs};
use savehub::model::{CallStatus, HangUp, HangUpState, IncidentId, IncidentState, MeetingId, Reason, StepState};
use savehub::store::{CallScope, CheckIn, CloseRule, Ended, StoreError};

facts! {
    who_is_there_ends_the_incident_once_and_only_that_one,
    checking_in_ends_the_incident_and_cancels_what_pends,
    checking_in_marks_calls_and_open_attempts_and_leaves_the_running_step,
    checking_in_leaves_calls_that_are_over,
    checking_in_twice_changes_nothing,
    a_missed_meeting_is_said_to_be_missed,
    checking_in_before_the_incident_exists_keeps_it_from_opening,
    checking_in_after_a_move_ends_the_new_generation,
    checking_in_needs_a_meeting_that_takes_place,
    resolving_ends_the_incident_with_a_note,
    resolving_ends_answered_calls_too,
    resolving_twice_keeps_the_first_word,
    resolving_needs_an_incident,
    nobody_else_is_ended,
    a_meeting_nobody_joined_is_missed_after_the_grace_time,
    pending_steps_of_a_missed_incident_are_skipped_with_a_result,
    closing_does_not_wait_for_open_attempts,
    closing_leaves_what_has_ended,
    what_a_clock_ahead_closed_is_open_again_with_what_has_not_rung,
    what_was_missed_stays_so_once_its_start_is_past,
    calls_of_an_open_incident_are_counted_however_old,
    young_calls_of_an_ended_incident_stay_counted,
    the_daily_caps_survive_the_pruning_of_the_call_tracker,
    retention_deletes_old_ended_incidents,
    retention_never_deletes_what_is_open,
    a_meeting_whose_incident_was_deleted_does_not_open_again,
}

fn who_is_there_ends_the_incident_once_and_only_that_one(b: &Bench) {
    let (meeting, other) = (b.watched("ana", "talk", 600), b.watched("ana", "later", 660));
    b.call("talk", "CA1", 420);
    let incident = b.incident(meeting.id, 1).id;
    let ended = b.present(incident, at(430)).unwrap();
    let state = IncidentState::Resolved;
    assert_eq!(ended, Ended { incident, state, changed: true, cancelled_steps: 1, hang_ups: 1 });
    let shown = b.incident(meeting.id, 1);
    assert_eq!((shown.state, shown.reason, shown.ended_at), (state, Some(Reason::Presence), Some(at(430))));
    assert_eq!(b.fate(meeting.id, 1), (StepState::Cancelled, Some(Reason::Presence)));
    assert_eq!(b.incident(other.id, 1).state, IncidentState::Open);
    let again = b.present(incident, at(440)).unwrap();
    assert_eq!(again, Ended { incident, state, changed: false, cancelled_steps: 0, hang_ups: 0 });
    let gone = savehub::model::IncidentId(99);
    assert!(matches!(b.present(gone, at(440)), Err(savehub::store::StoreError::NotFound(_))));
}

fn checking_in_ends_the_incident_and_cancels_what_pends(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let ended = b.check_in(meeting.id, CheckIn::Joined, at(100)).unwrap();
    let incident = b.incident(meeting.id, 1);
    let state = IncidentState::Resolved;
    let expected = Ended { incident: incident.id, state, changed: true, cancelled_steps: 2, hang_ups: 0 };
    assert_eq!(ended, expected);
    assert_eq!((incident.state, incident.reason), (state, Some(Reason::Joined)));
    assert_eq!(incident.ended_at, Some(at(100)));
    assert!(incident.steps.iter().all(|s| s.state == StepState::Cancelled));
    assert_eq!((b.due(590), b.open(110, 601).opened), (vec![], vec![]));
}

fn checking_in_marks_calls_and_open_attempts_and_leaves_the_running_step(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 420);
    b.report(call, CallStatus::InProgress, 425);
    let sending = attempt(b.begin(b.claim("talk", 540), 540, &always));
    let ended = b.check_in(meeting.id, CheckIn::Joined, at(541)).unwrap();
    assert_eq!((ended.cancelled_steps, ended.hang_ups), (0, 2));
    assert_eq!(b.attempt(call).hang_up, HangUpState::Wanted);
    assert_eq!(b.attempt(sending.id).hang_up, HangUpState::Wanted);
    assert_eq!(b.fate(meeting.id, 0), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!(b.step(meeting.id, 1).state, StepState::Running);
}

fn checking_in_leaves_calls_that_are_over(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 420);
    b.report(call, CallStatus::Completed, 430);
    assert_eq!(b.check_in(meeting.id, CheckIn::Joined, at(440)).unwrap().hang_ups, 0);
    assert_eq!(b.attempt(call).hang_up, HangUpState::None);
}

fn checking_in_twice_changes_nothing(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    assert_eq!(b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap().hang_ups, 1);
    let before = b.incident(meeting.id, 1);
    for how in [CheckIn::Joined, CheckIn::Missed] {
        let again = b.check_in(meeting.id, how, at(440)).unwrap();
        assert_eq!((again.incident, again.changed, again.state), (before.id, false, IncidentState::Resolved));
        assert_eq!((again.cancelled_steps, b.incident(meeting.id, 1)), (0, before.clone()));
    }
}

fn a_missed_meeting_is_said_to_be_missed(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    let ended = b.check_in(meeting.id, CheckIn::Missed, at(430)).unwrap();
    assert_eq!((ended.state, ended.cancelled_steps, ended.hang_ups), (IncidentState::Missed, 1, 1));
    let incident = b.incident(meeting.id, 1);
    assert_eq!((incident.state, incident.reason), (IncidentState::Missed, Some(Reason::SaidMissed)));
    let calls = b.live_calls(CallScope::HangUpsOf(incident.id), at(431)).unwrap();
    assert_eq!(calls[0].hang_up, Some(HangUp::Canceled));
}

fn checking_in_before_the_incident_exists_keeps_it_from_opening(b: &Bench) {
    for (person, how, state) in
        [("ana", CheckIn::Joined, IncidentState::Resolved), ("bo", CheckIn::Missed, IncidentState::Missed)]
    {
        let meeting = b.add(person, person, 600);
        let ended = b.check_in(meeting.id, how, at(10)).unwrap();
        assert_eq!((ended.state, ended.changed, ended.cancelled_steps, ended.hang_ups), (state, true, 0, 0));
        let incident = b.incident(meeting.id, 1);
        assert_eq!((incident.id, incident.state), (ended.incident, state));
        assert_eq!(b.open(20, 601).opened, []);
        assert!(b.due(590).iter().all(|(uid, _)| uid != person));
        b.move_meeting(meeting.id, at(1200), None, at(30)).unwrap();
        assert_eq!(b.open(31, 1201).opened.len(), 1, "the next generation is watched");
    }
}

fn checking_in_after_a_move_ends_the_new_generation(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.move_meeting(meeting.id, at(900), None, at(10)).unwrap();
    assert!(b.check_in(meeting.id, CheckIn::Joined, at(20)).unwrap().changed);
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Cancelled);
    assert_eq!(b.incident(meeting.id, 2).state, IncidentState::Resolved);
    assert_eq!(b.open(30, 901).opened, []);
}

fn checking_in_needs_a_meeting_that_takes_place(b: &Bench) {
    let unknown = b.check_in(MeetingId(4711), CheckIn::Joined, at(0));
    assert!(matches!(unknown, Err(StoreError::NotFound(_))), "{unknown:?}");
    let meeting = b.add("ana", "talk", 600);
    b.cancel_meeting(meeting.id, at(1)).unwrap();
    let cancelled = b.check_in(meeting.id, CheckIn::Joined, at(2));
    assert!(matches!(cancelled, Err(StoreError::Conflict(_))), "{cancelled:?}");
}

fn resolving_ends_the_incident_with_a_note(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let ended = b.resolve(b.incident(meeting.id, 1).id, Some("on the train"), at(100)).unwrap();
    assert_eq!((ended.state, ended.changed, ended.cancelled_steps), (IncidentState::Resolved, true, 2));
    let incident = b.incident(meeting.id, 1);
    assert_eq!((incident.state, incident.reason), (IncidentState::Resolved, Some(Reason::Operator)));
    assert_eq!((incident.note.as_deref(), incident.ended_at), (Some("on the train"), Some(at(100))));
    assert_eq!(b.due(590), []);
}

fn resolving_ends_answered_calls_too(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 420);
    b.report(call, CallStatus::InProgress, 425);
    let incident = b.incident(meeting.id, 1).id;
    assert_eq!(b.resolve(incident, None, at(430)).unwrap().hang_ups, 1);
    let calls = b.live_calls(CallScope::HangUpsOf(incident), at(431)).unwrap();
    assert_eq!((calls[0].attempt, calls[0].hang_up), (call, Some(HangUp::Completed)));
}

fn resolving_twice_keeps_the_first_word(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let id = b.incident(meeting.id, 1).id;
    b.check_in(meeting.id, CheckIn::Missed, at(10)).unwrap();
    let before = b.incident(meeting.id, 1);
    let again = b.resolve(id, Some("too late"), at(20)).unwrap();
    assert_eq!((again.changed, again.state), (false, IncidentState::Missed));
    assert_eq!(b.incident(meeting.id, 1), before);
}

fn resolving_needs_an_incident(b: &Bench) {
    let unknown = b.resolve(IncidentId(4711), None, at(0));
    assert!(matches!(unknown, Err(StoreError::NotFound(_))), "{unknown:?}");
}

fn nobody_else_is_ended(b: &Bench) {
    let ana = b.watched("ana", "talk", 600);
    let bo = b.watched("bo", "talk with bo", 600);
    let call = b.call("talk with bo", "CA1", 420);
    let before = b.incident(bo.id, 1);
    b.check_in(ana.id, CheckIn::Joined, at(430)).unwrap();
    assert_eq!(b.incident(bo.id, 1), before);
    assert_eq!(b.attempt(call).hang_up, HangUpState::None);
}

fn a_meeting_nobody_joined_is_missed_after_the_grace_time(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    assert_eq!(b.close(at(899), &close_rule()).unwrap().missed, []);
    let closed = b.close(at(901), &close_rule()).unwrap();
    let incident = b.incident(meeting.id, 1);
    assert_eq!(closed.missed, [incident.id]);
    assert_eq!((incident.state, incident.reason), (IncidentState::Missed, Some(Reason::NoCheckIn)));
    assert_eq!(incident.ended_at, Some(at(901)));
    let again = b.close(at(930), &close_rule()).unwrap();
    assert_eq!((again.missed, again.steps, again.deleted), (vec![], vec![], 0));
}

fn pending_steps_of_a_missed_incident_are_skipped_with_a_result(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    let closed = b.close(at(901), &close_rule()).unwrap();
    let [result] = &closed.steps[..] else { panic!("{:?}", closed.steps) };
    let step = b.step(meeting.id, 1);
    let reason = Reason::OutsideCriticalWindow;
    assert_eq!((step.state, step.reason), (StepState::Skipped, Some(reason)));
    assert_eq!((result.step, result.status, result.reason), (Some(step.id), "skipped", reason));
    assert_eq!(b.fate(meeting.id, 0), (StepState::Executed, Some(Reason::Initiated)));
}

fn closing_does_not_wait_for_open_attempts(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let sending = b.place("talk", 420);
    assert_eq!(b.close(at(901), &close_rule()).unwrap().missed.len(), 1);
    assert_eq!(b.step(meeting.id, 0).state, StepState::Running);
    let recorded = b.accept(sending, "CA1", 902);
    assert!(recorded.hang_up.is_some(), "the incident ended meanwhile");
}

fn closing_leaves_what_has_ended(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.check_in(meeting.id, CheckIn::Joined, at(10)).unwrap();
    let before = b.incident(meeting.id, 1);
    assert_eq!(b.close(at(2000), &close_rule()).unwrap().missed, []);
    assert_eq!(b.incident(meeting.id, 1), before);
}

fn what_a_clock_ahead_closed_is_open_again_with_what_has_not_rung(b: &Bench) {
    let (talk, fresh) = (b.watched("ana", "talk", 600), b.watched("bo", "fresh", 600));
    let said = b.watched("cy", "said", 600);
    let _ = b.call("talk", "CA1", 420);
    b.check_in(said.id, CheckIn::Missed, at(430)).unwrap();
    assert_eq!(b.close(at(DAY), &close_rule()).unwrap().missed.len(), 2);
    let incidents = [talk.id, fresh.id].map(|meeting| b.incident(meeting, 1).id);
    assert_eq!(b.open(500, 900).opened, incidents);
    let (late, executed) = (Some(Reason::OutsideCriticalWindow), (StepState::Executed, Some(Reason::Initiated)));
    assert_eq!([b.fate(talk.id, 0), b.fate(talk.id, 1)], [executed, (StepState::Pending, None)]);
    assert_eq!([b.fate(fresh.id, 0), b.fate(fresh.id, 1)], [(StepState::Pending, None); 2]);
    let states = [talk.id, fresh.id, said.id].map(|meeting| b.incident(meeting, 1).state);
    assert_eq!(states, [IncidentState::Escalating, IncidentState::Open, IncidentState::Missed]);
    assert_eq!(b.due(545).len(), 3, "the second rung of one, both of the other");
    // It closes once more when it has really passed.
    assert_eq!(b.close(at(901), &close_rule()).unwrap().missed, incidents);
    assert_eq!((b.fate(talk.id, 0), b.fate(talk.id, 1)), (executed, (StepState::Skipped, late)));
}

fn what_was_missed_stays_so_once_its_start_is_past(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.close(at(DAY), &close_rule()).unwrap();
    assert_eq!(b.open(601, 901).opened, []);
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Missed);
    assert_eq!(b.fate(meeting.id, 0).0, StepState::Skipped);
}

/// Calls of the meeting "talk" that the guards see at `now` when they look back for ever.
fn calls_ever(b: &Bench, now: i64) -> u32 {
    let claim = b.claim("talk", now);
    let mut draft = b.draft("ana", now);
    draft.calls_since = at(-1);
    b.facts_with(claim, &draft, now).step.unwrap().recent_calls
}

fn calls_of_an_open_incident_are_counted_however_old(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    let rule = CloseRule { grace: secs(100_000), ..close_rule() };
    b.close(at(5000), &rule).unwrap();
    assert_eq!(calls_ever(b, 5000), 1);
}

fn young_calls_of_an_ended_incident_stay_counted(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    b.move_meeting(meeting.id, at(900), None, at(430)).unwrap();
    b.open(440, 901);
    b.close(at(800), &close_rule()).unwrap();
    assert_eq!(calls_ever(b, 800), 1);
}

fn the_daily_caps_survive_the_pruning_of_the_call_tracker(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    b.close(at(3600), &close_rule()).unwrap();
    b.watched("ana", "later", 4000);
    let facts = b.facts("later", 3820);
    assert_eq!((facts.calls_of_person_today, facts.calls_today), (1, 1));
}

const DAY: i64 = 86_400;

fn retention() -> CloseRule {
    CloseRule { retention: Some(secs(30 * 86_400)), ..close_rule() }
}

fn retention_deletes_old_ended_incidents(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 420);
    b.report(call, CallStatus::Completed, 425);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    assert_eq!(b.close(at(29 * DAY), &retention()).unwrap().deleted, 0);
    assert_eq!(b.close(at(31 * DAY), &retention()).unwrap().deleted, 1);
    assert_eq!(b.snapshot(at(0), at(0), at(0)).unwrap().incidents, []);
    assert_eq!(b.close(at(31 * DAY), &retention()).unwrap().deleted, 0);
}

fn retention_never_deletes_what_is_open(b: &Bench) {
    let meeting = b.watched("ana", "talk", 100 * DAY);
    let rule = CloseRule { grace: secs(1000 * 86_400), ..retention() };
    assert_eq!(b.close(at(400 * DAY), &rule).unwrap().deleted, 0);
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Open);
}

fn a_meeting_whose_incident_was_deleted_does_not_open_again(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.check_in(meeting.id, CheckIn::Joined, at(430)).unwrap();
    assert_eq!(b.close(at(31 * DAY), &retention()).unwrap().deleted, 1);
    assert_eq!(b.open(31 * DAY, 32 * DAY).opened, []);
}
