//! Meetings: added, opened, moved, called off.

use crate::build::{Bench, always, at, new_meeting, stay, unknown, watch};
use savehub::model::{HangUp, HangUpState, IncidentState, MeetingId, MeetingState, Reason, StepState};
use savehub::store::{NewMeeting, Plan, StoreError};

facts! {
    a_meeting_reads_back_as_it_was_added,
    the_same_event_of_one_person_cannot_be_added_twice,
    two_persons_may_share_one_event_and_one_person_its_recurrences,
    meetings_are_listed_earliest_first_with_the_cancelled_ones,
    a_running_meeting_is_listed_until_it_ends,
    what_does_not_exist_cannot_be_changed,
    a_meeting_in_reach_is_opened_once_with_its_ladder,
    what_is_out_of_reach_or_called_off_is_not_opened,
    a_refused_meeting_is_written_as_cancelled_with_its_reason,
    an_incident_refused_later_ends_with_its_pending_steps,
    what_calendars_bring_is_opened_together_in_its_order,
    what_was_open_before_stays_so_when_new_meetings_are_opened,
    incidents_refused_together_are_told_by_their_start,
    a_text_is_found_again_whatever_is_in_it,
    a_refused_person_harms_nobody_else,
    an_incident_keeps_the_ladder_it_was_opened_with,
    a_moved_meeting_ends_its_incident_and_opens_the_next_generation,
    a_meeting_moved_before_it_was_opened_has_no_incident_to_end,
    moving_to_the_same_start_changes_nothing,
    moving_marks_the_call_under_way_to_be_hung_up,
    a_cancelled_meeting_ends_its_incident_and_is_never_opened,
    cancelling_marks_the_call_under_way_to_be_hung_up,
    a_checked_in_meeting_that_moves_is_watched_again,
}

fn a_meeting_reads_back_as_it_was_added(b: &Bench) {
    let new = NewMeeting { ends_at: Some(at(3000)), recurrence: "r1".into(), ..new_meeting("ana", "talk", 600) };
    let meeting = b.add_meeting(&new, at(0)).unwrap();
    assert_eq!((meeting.person.as_str(), meeting.uid.as_str(), meeting.recurrence.as_str()), ("ana", "talk", "r1"));
    assert_eq!((meeting.title, meeting.link, meeting.source), (new.title, new.link, new.source));
    assert_eq!((meeting.starts_at, meeting.ends_at), (at(600), Some(at(3000))));
    assert_eq!((meeting.state, meeting.generation), (MeetingState::Scheduled, 1));
    let read = b.meeting(meeting.id).unwrap().unwrap();
    assert_eq!((read.id, read.recurrence, read.ends_at), (meeting.id, meeting.recurrence, meeting.ends_at));
    assert_eq!(b.meeting(MeetingId(meeting.id.0 + 1)).unwrap(), None);
}

fn the_same_event_of_one_person_cannot_be_added_twice(b: &Bench) {
    let first = b.add("ana", "talk", 600);
    let again = b.add_meeting(&new_meeting("ana", "talk", 900), at(1));
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(b.meetings(at(0), at(9999)).unwrap(), [first]);
}

fn two_persons_may_share_one_event_and_one_person_its_recurrences(b: &Bench) {
    b.add("ana", "talk", 600);
    b.add("bo", "talk", 600);
    let weekly = NewMeeting { recurrence: "week 2".into(), ..new_meeting("ana", "talk", 700) };
    b.add_meeting(&weekly, at(0)).unwrap();
    assert_eq!(b.open(0, 701).opened.len(), 3);
}

fn meetings_are_listed_earliest_first_with_the_cancelled_ones(b: &Bench) {
    let late = b.add("ana", "late", 900);
    let early = b.add("bo", "early", 600);
    b.add("cy", "out of sight", 5000);
    b.add("cy", "over", 50);
    b.cancel_meeting(early.id, at(1)).unwrap();
    let listed: Vec<_> = b.meetings(at(100), at(1000)).unwrap().into_iter().map(|m| (m.id, m.state)).collect();
    assert_eq!(listed, [(early.id, MeetingState::Cancelled), (late.id, MeetingState::Scheduled)]);
}

fn a_running_meeting_is_listed_until_it_ends(b: &Bench) {
    b.add_meeting(&NewMeeting { ends_at: Some(at(500)), ..new_meeting("ana", "talk", 100) }, at(0)).unwrap();
    assert_eq!(b.meetings(at(300), at(1000)).unwrap().len(), 1);
    assert_eq!(b.meetings(at(600), at(1000)).unwrap().len(), 0);
}

fn what_does_not_exist_cannot_be_changed(b: &Bench) {
    let none = MeetingId(4711);
    let moved = b.move_meeting(none, at(1), None, at(0));
    assert!(matches!(moved, Err(StoreError::NotFound(_))), "{moved:?}");
    let cancelled = b.cancel_meeting(none, at(0));
    assert!(matches!(cancelled, Err(StoreError::NotFound(_))), "{cancelled:?}");
}

fn a_meeting_in_reach_is_opened_once_with_its_ladder(b: &Bench) {
    let meeting = b.add("ana", "talk", 600);
    let opened = b.open(0, 601);
    assert_eq!((opened.opened.len(), opened.refused.len()), (1, 0));
    let incident = b.incident(meeting.id, 1);
    assert_eq!((opened.opened[0], incident.state, incident.opened_at), (incident.id, IncidentState::Open, at(0)));
    assert_eq!((incident.person.as_str(), incident.starts_at, incident.generation), ("ana", at(600), 1));
    let steps: Vec<_> = incident.steps.iter().map(|s| (s.rung, s.due_at, s.state)).collect();
    assert_eq!(steps, [(0, at(420), StepState::Pending), (1, at(540), StepState::Pending)]);
    assert_eq!(b.open(30, 631).opened, []);
}

fn what_is_out_of_reach_or_called_off_is_not_opened(b: &Bench) {
    b.add("ana", "far", 601);
    let off = b.add("bo", "off", 300);
    b.cancel_meeting(off.id, at(1)).unwrap();
    assert_eq!(b.open(2, 600).opened, []);
    assert_eq!(b.open(3, 602).opened.len(), 1);
}

fn a_refused_meeting_is_written_as_cancelled_with_its_reason(b: &Bench) {
    let meeting = b.add("ana", "talk", 600);
    let refuse = |_: &_| Plan::Refuse(Reason::PersonRemoved);
    let opened = b.open_incidents(at(0), at(601), &refuse).unwrap();
    let incident = b.incident(meeting.id, 1);
    assert_eq!((opened.opened, opened.refused), (vec![], vec![(incident.id, Reason::PersonRemoved)]));
    assert_eq!((incident.state, incident.reason), (IncidentState::Cancelled, Some(Reason::PersonRemoved)));
    assert_eq!(incident.steps, []);
    let again = b.open_incidents(at(30), at(631), &refuse).unwrap();
    assert_eq!((again.opened, again.refused), (vec![], vec![]));
}

fn an_incident_refused_later_ends_with_its_pending_steps(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let opened = b.open_incidents(at(30), at(631), &|_| Plan::Refuse(Reason::PersonRemoved)).unwrap();
    let incident = b.incident(meeting.id, 1);
    assert_eq!(opened.refused, [(incident.id, Reason::PersonRemoved)]);
    assert_eq!((incident.state, incident.reason), (IncidentState::Cancelled, Some(Reason::PersonRemoved)));
    assert!(incident.steps.iter().all(|s| s.state == StepState::Cancelled));
    assert_eq!(b.due(590), []);
}

fn what_calendars_bring_is_opened_together_in_its_order(b: &Bench) {
    let meetings = [("ana", 700), ("bo", 600), ("cy", 650), ("di", 2000)].map(|(who, start)| b.add(who, "talk", start));
    let rule = |meeting: &savehub::store::Meeting| {
        if meeting.person == "cy" { Plan::Refuse(Reason::PersonRemoved) } else { watch(meeting) }
    };
    let opened = b.open_new_incidents(at(0), at(701), &rule).unwrap();
    let [ana, bo, cy] = [0, 1, 2].map(|n: usize| b.incident(meetings[n].id, 1));
    assert_eq!((opened.opened, opened.refused), (vec![bo.id, ana.id], vec![(cy.id, Reason::PersonRemoved)]));
    assert_eq!((ana.state, bo.state, cy.state), (IncidentState::Open, IncidentState::Open, IncidentState::Cancelled));
    let due = |incident: &savehub::store::IncidentView| {
        incident.steps.iter().map(|step| (step.rung, step.due_at)).collect::<Vec<_>>()
    };
    assert_eq!((due(&ana), due(&bo)), (vec![(0, at(520)), (1, at(640))], vec![(0, at(420)), (1, at(540))]));
    assert_eq!(due(&cy), []);
    assert_eq!(b.open_new_incidents(at(1), at(701), &rule).unwrap().opened, [], "each is opened once");
    assert_eq!(b.open(2, 2001).opened.len(), 1, "what was out of reach");
}

fn what_was_open_before_stays_so_when_new_meetings_are_opened(b: &Bench) {
    let before = b.watched("ana", "talk", 600);
    let new = b.add("bo", "talk", 600);
    let refuse = |_: &_| Plan::Refuse(Reason::PersonRemoved);
    let opened = b.open_new_incidents(at(30), at(631), &refuse).unwrap();
    assert_eq!(opened.refused, [(b.incident(new.id, 1).id, Reason::PersonRemoved)]);
    assert_eq!(b.incident(before.id, 1).state, IncidentState::Open);
    assert_eq!(b.open_incidents(at(30), at(631), &refuse).unwrap().refused.len(), 1, "a tick begins with the others");
}

fn incidents_refused_together_are_told_by_their_start(b: &Bench) {
    let meetings = [("ana", 900), ("bo", 600), ("cy", 700)].map(|(person, start)| b.watched(person, "talk", start));
    let incidents = [1, 2, 0].map(|n: usize| b.incident(meetings[n].id, 1).id);
    let opened = b.open_incidents(at(30), at(631), &|_| Plan::Refuse(Reason::PersonRemoved)).unwrap();
    assert_eq!(opened.refused.iter().map(|(incident, _)| *incident).collect::<Vec<_>>(), incidents);
}

fn a_text_is_found_again_whatever_is_in_it(b: &Bench) {
    for uid in ["with\0nul", "Größe 'n\"?1 $1 %_\\", "\u{1f4de}"] {
        b.add("ana", uid, 600);
        let again = b.add_meeting(&new_meeting("ana", uid, 900), at(0));
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{uid:?} {again:?}");
    }
    assert_eq!(b.open(0, 601).opened.len(), 3);
    assert_eq!(b.due(420).len(), 3);
}

fn a_refused_person_harms_nobody_else(b: &Bench) {
    let ana = b.watched("ana", "talk", 600);
    let bo = b.watched("bo", "talk", 600);
    let only_bo = |m: &savehub::store::Meeting| {
        if m.person == "ana" { Plan::Refuse(Reason::PersonRemoved) } else { watch(m) }
    };
    assert_eq!(b.open_incidents(at(30), at(631), &only_bo).unwrap().refused.len(), 1);
    assert_eq!(b.incident(ana.id, 1).state, IncidentState::Cancelled);
    assert_eq!(b.incident(bo.id, 1).state, IncidentState::Open);
    assert_eq!(b.due(420), [("talk".to_owned(), 0)]);
}

fn an_incident_keeps_the_ladder_it_was_opened_with(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.open_incidents(at(30), at(631), &|_| Plan::Watch(Vec::new())).unwrap();
    assert_eq!(b.incident(meeting.id, 1).steps.len(), 2);
}

fn a_moved_meeting_ends_its_incident_and_opens_the_next_generation(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let changed = b.move_meeting(meeting.id, at(1200), Some(at(1500)), at(10)).unwrap();
    assert_eq!((changed.meeting.generation, changed.meeting.starts_at), (2, at(1200)));
    assert_eq!(changed.meeting.ends_at, Some(at(1500)));
    let ended = changed.ended.expect("an incident ended");
    assert_eq!((ended.state, ended.changed, ended.cancelled_steps), (IncidentState::Cancelled, true, 2));
    let old = b.incident(meeting.id, 1);
    assert_eq!((old.id, old.state, old.reason), (ended.incident, IncidentState::Cancelled, Some(Reason::MeetingMoved)));
    assert_eq!((old.starts_at, old.ended_at), (at(600), Some(at(10))));
    assert!(old.steps.iter().all(|s| s.state == StepState::Cancelled));
    assert_eq!(b.due(590), [], "nothing is due for the old start");
    assert_eq!(b.open(590, 1201).opened.len(), 1);
    let new = b.incident(meeting.id, 2);
    assert_eq!((new.state, new.starts_at, new.steps[0].due_at), (IncidentState::Open, at(1200), at(1020)));
    assert_eq!(b.due(1020), [("talk".to_owned(), 0)]);
}

fn a_meeting_moved_before_it_was_opened_has_no_incident_to_end(b: &Bench) {
    let meeting = b.add("ana", "talk", 600);
    let changed = b.move_meeting(meeting.id, at(700), None, at(10)).unwrap();
    assert_eq!((changed.meeting.generation, changed.ended), (2, None));
    assert_eq!(b.open(10, 701).opened.len(), 1);
    assert_eq!(b.incident(meeting.id, 2).starts_at, at(700));
}

fn moving_to_the_same_start_changes_nothing(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let changed = b.move_meeting(meeting.id, at(600), None, at(10)).unwrap();
    assert_eq!((changed.meeting, changed.ended), (meeting.clone(), None));
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Open);
}

fn moving_marks_the_call_under_way_to_be_hung_up(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let call = b.call("talk", "CA1", 420);
    let ended = b.move_meeting(meeting.id, at(900), None, at(425)).unwrap().ended.unwrap();
    assert_eq!((ended.hang_ups, ended.cancelled_steps), (1, 1));
    assert_eq!(b.attempt(call).hang_up, HangUpState::Wanted);
    assert_eq!(b.live(426)[0].hang_up, Some(HangUp::Completed));
}

fn a_cancelled_meeting_ends_its_incident_and_is_never_opened(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let changed = b.cancel_meeting(meeting.id, at(10)).unwrap();
    assert_eq!(changed.meeting.state, MeetingState::Cancelled);
    let ended = changed.ended.expect("an incident ended");
    assert_eq!((ended.state, ended.cancelled_steps), (IncidentState::Cancelled, 2));
    assert_eq!(b.incident(meeting.id, 1).reason, Some(Reason::MeetingCancelled));
    assert_eq!((b.due(590), b.open(20, 601).opened), (vec![], vec![]));
    let before = b.incident(meeting.id, 1);
    let again = b.cancel_meeting(meeting.id, at(30));
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    assert_eq!(b.incident(meeting.id, 1), before);
}

fn cancelling_marks_the_call_under_way_to_be_hung_up(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let attempt = crate::build::attempt(b.begin(b.claim("talk", 420), 420, &always));
    let id = attempt.id;
    assert_eq!(b.cancel_meeting(meeting.id, at(421)).unwrap().ended.unwrap().hang_ups, 1);
    assert_eq!(b.attempt(id).hang_up, HangUpState::Wanted);
    let _ = b.record(attempt, &unknown(), at(422), &stay).unwrap();
    let recorded = b.record_late(id, &crate::build::accepted("CA1"), at(423), &crate::build::executed).unwrap();
    assert_eq!(recorded.hang_up.unwrap().hang_up, Some(HangUp::Completed));
}

fn a_checked_in_meeting_that_moves_is_watched_again(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    b.check_in(meeting.id, savehub::store::CheckIn::Joined, at(10)).unwrap();
    assert_eq!(b.move_meeting(meeting.id, at(1200), None, at(20)).unwrap().ended, None);
    assert_eq!(b.open(30, 1201).opened.len(), 1);
    assert_eq!(b.incident(meeting.id, 1).state, IncidentState::Resolved);
    assert_eq!(b.incident(meeting.id, 2).state, IncidentState::Open);
}
