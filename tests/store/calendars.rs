//! Calendars: of the config, leased, looked at, shown.

use crate::build::{Bench, at, secs};
use crate::checked::everything;
use crate::looking::{copy, expanded, file, news, seen, web};
use savehub::model::{
    CalendarId, CalendarKind, Change, IncidentState, KnownMeeting, Marks, MeetingState, Reason, SeenAgenda,
    SeenMeeting, Validators,
};
use savehub::rules::agenda::{self, Look};
use savehub::store::{
    AgendaRecorded, AgendaRule, CalendarView, CalendarsSynced, DueCalendar, Expanded, LookAt, LookDone, LookOutcome,
    LookToRecord, MeetingNews, Result, StoreError, calendar_fault,
};

facts! {
    new_calendars_are_due_at_once_and_shown,
    the_same_list_again_is_not_looked_at,
    a_calendar_keeps_its_row_under_another_name,
    a_removed_calendar_calls_its_future_meetings_off,
    the_meetings_of_a_removed_calendar_pass_to_another_that_holds_them,
    calendars_removed_together_hand_nothing_to_each_other,
    a_calendar_that_comes_back_plans_its_meetings_again,
    a_leased_calendar_is_nobody_elses_until_the_lease_is_over,
    the_longest_overdue_come_first_and_no_more_than_asked_for,
    subscriptions_that_wait_since_before_a_time_are_counted,
    files_are_told_to_those_who_ask_for_them,
    a_removed_calendar_takes_its_fault_along,
    a_look_ends_the_lease_and_sets_the_next_time,
    a_look_that_ends_after_a_later_one_changes_nothing,
    of_two_looks_at_a_file_the_first_counts,
    a_look_at_a_calendar_that_is_gone_changes_nothing,
    a_clock_that_was_turned_back_keeps_no_calendar_waiting,
    a_file_is_looked_at_by_every_tick,
    a_good_look_is_kept_with_its_validators_and_its_copy,
    a_copy_comes_back_as_it_was_unless_it_is_too_long,
    a_failed_look_keeps_the_copy_and_tells_since_when,
    a_good_look_ends_a_failure,
    an_expanded_copy_is_told_with_what_and_when,
    texts_from_outside_are_cut_and_cleaned,
    each_look_of_a_set_changes_what_it_would_change_alone,
    of_one_person_the_second_look_of_a_set_knows_what_the_first_changed,
    a_set_with_a_look_that_cannot_be_written_leaves_nothing_behind,
}

fn whole(body: &str) -> LookOutcome {
    LookOutcome::New { body: body.as_bytes().to_vec(), validators: validators() }
}

fn validators() -> Validators {
    let text = |s: &str| Some(s.to_owned());
    Validators { etag: text("\"7\""), last_modified: text("Sun"), stamp: text("8 9"), hash: text("c0ffee") }
}

fn look(due: &DueCalendar, outcome: LookOutcome) -> LookDone {
    LookDone {
        looks: due.looks,
        outcome,
        full: false,
        expanded: None,
        next_look_at: at(1000),
        second_look_at: at(1000),
    }
}

fn unchanged() -> LookOutcome {
    LookOutcome::Unchanged(validators())
}

fn failed() -> LookOutcome {
    LookOutcome::Failed { why: "the server says 500".to_owned() }
}

fn ids(due: &[DueCalendar]) -> Vec<CalendarId> {
    due.iter().map(|d| d.id).collect()
}

fn fresh(id: CalendarId, name: &str, kind: CalendarKind, next: i64) -> CalendarView {
    CalendarView {
        id,
        person: "ana".to_owned(),
        name: name.to_owned(),
        kind,
        good_at: None,
        checked_at: None,
        failing_since: None,
        failure: None,
        next_look_at: at(next),
        events: None,
        notices: 0,
        notice: None,
        tells_addresses: false,
    }
}

fn new_calendars_are_due_at_once_and_shown(b: &Bench) {
    assert_eq!(b.due_calendars_at(0), []);
    let synced = b.subscribe(&[web("ana", "work"), file("ana", "home")], 7);
    let [work, home] = synced.added[..] else { panic!("{synced:?}") };
    assert_eq!((synced.removed, synced.changed), (vec![], vec![]));
    let shown = [fresh(home, "home", CalendarKind::File, 7), fresh(work, "work", CalendarKind::Web, 7)];
    assert_eq!(everything(&**b).calendars, shown);
    let due = b.due_calendars_at(7);
    assert_eq!(ids(&due), [home, work]);
    let expected = DueCalendar {
        id: home,
        key: "key of home for ana".to_owned(),
        person: "ana".to_owned(),
        kind: CalendarKind::File,
        validators: Validators::default(),
        looks: 0,
        checked_at: None,
        good_at: None,
        full_at: None,
        expanded_at: None,
        expanded_with: None,
        failures: 0,
        failure: None,
        has_missing: false,
        has_body: false,
        next_start: None,
        last_near_start: None,
    };
    assert_eq!(due[0], expected);
}

fn the_same_list_again_is_not_looked_at(b: &Bench) {
    b.sync_calendars(&[web("ana", "work")], "one", at(0)).unwrap();
    assert_eq!(b.sync_calendars(&[], "one", at(1)).unwrap(), CalendarsSynced::default());
    assert_eq!(everything(&**b).calendars.len(), 1);
    assert_eq!(b.sync_calendars(&[], "none", at(2)).unwrap().removed, ["work"]);
    assert_eq!(everything(&**b).calendars, []);
}

fn a_calendar_keeps_its_row_under_another_name(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    let mut renamed = file("ana", "work");
    "Work at last".clone_into(&mut renamed.name);
    assert_eq!(b.subscribe(&[renamed], 1), CalendarsSynced::default());
    assert_eq!(b.view(id).name, "Work at last");
    assert_eq!(b.read(meeting.id).source, "Work at last");
}

fn a_removed_calendar_calls_its_future_meetings_off(b: &Bench) {
    let id = b.one_file();
    let started = b.adds(id, &copy("started", 60), 0);
    let changed = b.sees(id, seen(0, &[copy("started", 60), copy("talk", 600)]), 1);
    let talk = changed[0].meeting.id;
    let by_hand = b.add("ana", "by hand", 700);
    b.open(2, 1000);
    let synced = b.subscribe(&[], 100);
    let off = Reason::CalendarRemoved;
    assert_eq!(
        (synced.removed, news(&synced.changed)),
        (vec!["work".into()], vec![(MeetingNews::Cancelled(off), talk)])
    );
    let incident = b.incident(talk, 1);
    assert_eq!(synced.changed[0].ended.as_ref().map(|e| (e.incident, e.cancelled_steps)), Some((incident.id, 2)));
    assert_eq!((incident.state, incident.reason), (IncidentState::Cancelled, Some(off)));
    assert_eq!((b.read(talk).state, b.read(talk).source.as_str()), (MeetingState::Cancelled, "work"));
    for other in [started.id, by_hand.id] {
        assert_eq!((b.read(other).state, b.incident(other, 1).state), (MeetingState::Scheduled, IncidentState::Open));
    }
}

fn the_meetings_of_a_removed_calendar_pass_to_another_that_holds_them(b: &Bench) {
    let (_, home) = {
        let both = b.two_files();
        let talk = copy("talk", 600);
        b.adds(both.0, &talk, 0);
        assert_eq!(b.sees(both.1, seen(0, &[talk]), 0), []);
        both
    };
    let before = b.found(home, 1);
    assert!(before.expanded_at.is_some());
    assert_eq!(b.subscribe(&[file("ana", "home")], 2).changed, []);
    let meeting = &b.meetings(at(0), at(9999)).unwrap()[0];
    assert_eq!((meeting.state, meeting.source.as_str()), (MeetingState::Scheduled, "home"));
    assert_eq!(b.found(home, 3).expanded_at, None, "its copy may differ");
    let moved = b.sees(home, seen(3, &[copy("talk", 900)]), 3);
    assert_eq!(news(&moved), [(MeetingNews::Moved, meeting.id)]);
}

fn calendars_removed_together_hand_nothing_to_each_other(b: &Bench) {
    let (work, home) = b.two_files();
    let talk = copy("talk", 600);
    let meeting = b.adds(work, &talk, 0);
    b.sees(home, seen(0, &[talk]), 0);
    let synced = b.subscribe(&[], 1);
    assert_eq!(news(&synced.changed), [(MeetingNews::Cancelled(Reason::CalendarRemoved), meeting.id)]);
}

fn a_calendar_that_comes_back_plans_its_meetings_again(b: &Bench) {
    let first = b.one_file();
    let meeting = b.adds(first, &copy("talk", 600), 0);
    b.subscribe(&[], 1);
    let again = b.subscribe(&[file("ana", "work")], 2).added[0];
    assert_ne!(again, first, "an id that was shown is never used again");
    let revived = b.sees(again, seen(2, &[copy("talk", 600)]), 2);
    assert_eq!(news(&revived), [(MeetingNews::Revived, meeting.id)]);
    assert_eq!(b.read(meeting.id).state, MeetingState::Scheduled);
}

fn a_leased_calendar_is_nobody_elses_until_the_lease_is_over(b: &Bench) {
    let id = b.subscribe(&[web("ana", "work")], 0).added[0];
    assert_eq!(ids(&b.due_calendars_at(0)), [id]);
    assert_eq!(ids(&b.due_calendars_at(59)), []);
    assert_eq!(ids(&b.due_calendars_at(60)), [id]);
    assert_eq!(ids(&b.due_calendars_at(61)), []);
}

fn the_longest_overdue_come_first_and_no_more_than_asked_for(b: &Bench) {
    let late = b.subscribe(&[web("ana", "a")], 5).added[0];
    let early = b.subscribe(&[web("ana", "a"), web("ana", "b")], 6).added[0];
    let more = b.subscribe(&[web("ana", "a"), web("ana", "b"), web("bo", "c")], 7).added[0];
    let two =
        LookAt { now: at(10), lease: secs(60), limit: 2, files: true, starts_after: at(10), first_ring: secs(180) };
    assert_eq!(ids(&b.due_calendars(&two).unwrap()), [late, early]);
    assert_eq!(ids(&b.due_calendars(&two).unwrap()), [more]);
}

fn files_are_told_to_those_who_ask_for_them(b: &Bench) {
    let id = b.one_file();
    let asked =
        |files| LookAt { now: at(10), lease: secs(60), limit: 2, files, starts_after: at(10), first_ring: secs(180) };
    assert_eq!(ids(&b.due_calendars(&asked(true)).unwrap()), [id]);
    assert_eq!(ids(&b.due_calendars(&asked(false)).unwrap()), []);
}

fn a_removed_calendar_takes_its_fault_along(b: &Bench) {
    let (work, home) = b.two_files();
    for id in [work, home] {
        b.fault_seen(&calendar_fault(id), at(1)).unwrap();
    }
    assert_eq!(b.subscribe(&[file("ana", "home")], 2).over, [calendar_fault(work)]);
    assert!(!b.fault_gone(&calendar_fault(work)).unwrap());
    assert_eq!(b.subscribe(&[], 3).over, [calendar_fault(home)]);
    assert_eq!(everything(&**b).faults, []);
}

fn subscriptions_that_wait_since_before_a_time_are_counted(b: &Bench) {
    b.subscribe(&[web("ana", "work"), web("ana", "home"), file("ana", "here")], 0);
    assert_eq!([-1, 0, 1].map(|then| b.calendars_behind(at(then)).unwrap()), [0, 0, 2]);
    let due = b.due_calendars_at(0).into_iter().find(|due| due.kind == CalendarKind::Web).unwrap();
    assert_eq!(b.calendars_behind(at(1)).unwrap(), 2, "a look under way has not come to an end");
    assert!(b.record_look_at(due.id, &look(&due, unchanged()), 5).counted);
    assert_eq!([5, 1000, 1001].map(|then| b.calendars_behind(at(then)).unwrap()), [1, 1, 2]);
}

fn a_look_ends_the_lease_and_sets_the_next_time(b: &Bench) {
    let id = b.subscribe(&[web("ana", "work")], 0).added[0];
    let due = &b.due_calendars_at(0)[0];
    assert!(b.record_look_at(id, &look(due, unchanged()), 5).counted);
    assert_eq!((b.view(id).checked_at, b.view(id).next_look_at), (Some(at(5)), at(1000)));
    assert_eq!(ids(&b.due_calendars_at(999)), []);
    assert_eq!(ids(&b.due_calendars_at(1000)), [id]);
}

fn a_look_that_ends_after_a_later_one_changes_nothing(b: &Bench) {
    let id = b.subscribe(&[web("ana", "work")], 0).added[0];
    let slow = b.due_calendars_at(0).remove(0);
    let quick = b.due_calendars_at(60).remove(0);
    let stale = LookDone { expanded: Some(expanded(seen(0, &[copy("old", 600)]))), ..look(&slow, whole("old")) };
    let before = b.view(id);
    assert!(!b.record_look_at(id, &stale, 61).counted, "the other one has the lease");
    assert_eq!(b.view(id), before);
    assert!(b.record_look_at(id, &look(&quick, whole("new")), 62).counted);
    assert!(!b.record_look_at(id, &stale, 63).counted);
    assert!(!b.record_look_at(id, &look(&quick, whole("twice")), 64).counted);
    assert_eq!(b.calendar_body(id, 100).unwrap().unwrap(), b"new");
    assert_eq!((b.view(id).checked_at, b.meetings(at(0), at(9999)).unwrap()), (Some(at(62)), vec![]));
}

fn of_two_looks_at_a_file_the_first_counts(b: &Bench) {
    let id = b.one_file();
    let (one, two) = (b.found(id, 0), b.found(id, 0));
    assert_eq!(one, two);
    assert!(b.record_look_at(id, &look(&one, whole("one")), 1).counted);
    assert!(!b.record_look_at(id, &look(&two, whole("two")), 2).counted);
    assert_eq!(b.calendar_body(id, 100).unwrap().unwrap(), b"one");
}

fn a_look_at_a_calendar_that_is_gone_changes_nothing(b: &Bench) {
    let id = b.one_file();
    let due = b.found(id, 0);
    b.subscribe(&[], 1);
    let late = LookDone { expanded: Some(expanded(seen(0, &[copy("talk", 600)]))), ..look(&due, whole("late")) };
    assert!(!b.record_look_at(id, &late, 2).counted);
    assert_eq!((b.calendar_body(id, 100).unwrap(), b.meetings(at(0), at(9999)).unwrap()), (None, vec![]));
}

fn a_clock_that_was_turned_back_keeps_no_calendar_waiting(b: &Bench) {
    let id = b.subscribe(&[web("ana", "work")], 0).added[0];
    assert_eq!(ids(&b.due_calendars_at(90_000)), [id]);
    let due = b.due_calendars_at(10).remove(0);
    assert_eq!(due.id, id, "no lease is that long");
    let far = LookDone { next_look_at: at(90_300), ..look(&due, unchanged()) };
    assert!(b.record_look_at(id, &far, 90_000).counted);
    assert_eq!(ids(&b.due_calendars_at(20)), [id], "no look is that late");
}

fn a_file_is_looked_at_by_every_tick(b: &Bench) {
    let id = b.one_file();
    for now in [0, 0, 1] {
        assert_eq!(b.found(id, now).looks, 0);
    }
    assert!(b.record_look_at(id, &look(&b.found(id, 1), unchanged()), 1).counted);
    assert_eq!((b.found(id, 1).looks, b.found(id, 1).checked_at), (1, Some(at(1))));
}

fn a_good_look_is_kept_with_its_validators_and_its_copy(b: &Bench) {
    let id = b.one_file();
    let first = LookDone { full: true, ..look(&b.found(id, 1), whole("calendar")) };
    assert!(b.record_look_at(id, &first, 2).counted);
    let due = b.found(id, 3);
    assert_eq!((due.validators.clone(), due.has_body), (validators(), true));
    assert_eq!((due.checked_at, due.good_at, due.full_at), (Some(at(2)), Some(at(2)), Some(at(2))));
    assert!(!b.view(id).tells_addresses);
    let text = |s: &str| Some(s.to_owned());
    let newer = Validators { etag: text("\"8\""), stamp: text("8 ana@example.com"), ..validators() };
    assert!(b.record_look_at(id, &look(&due, LookOutcome::Unchanged(newer.clone())), 4).counted);
    let due = b.found(id, 5);
    assert_eq!((due.validators, due.good_at, due.full_at), (newer, Some(at(4)), Some(at(2))));
    assert!(b.view(id).tells_addresses);
    assert_eq!(b.calendar_body(id, 100).unwrap().unwrap(), b"calendar");
}

fn a_copy_comes_back_as_it_was_unless_it_is_too_long(b: &Bench) {
    let id = b.one_file();
    assert_eq!(b.calendar_body(id, 100).unwrap(), None);
    let body = "BEGIN:VCALENDAR\r\n".repeat(1000);
    assert!(b.record_look_at(id, &look(&b.found(id, 0), whole(&body)), 0).counted);
    assert_eq!(b.calendar_body(id, body.len()).unwrap(), Some(body.clone().into_bytes()));
    assert_eq!(b.calendar_body(id, body.len() - 1).unwrap(), None);
}

fn a_failed_look_keeps_the_copy_and_tells_since_when(b: &Bench) {
    let id = b.one_file();
    assert!(b.record_look_at(id, &look(&b.found(id, 1), whole("calendar")), 1).counted);
    for now in [2, 3] {
        assert!(b.record_look_at(id, &look(&b.found(id, now), failed()), now).counted);
    }
    let due = b.found(id, 4);
    assert_eq!((due.failures, due.failure.as_deref()), (2, Some("the server says 500")));
    assert_eq!(
        (due.validators, due.has_body, due.good_at, due.checked_at),
        (validators(), true, Some(at(1)), Some(at(3)))
    );
    assert_eq!((b.view(id).failing_since, b.view(id).failure), (Some(at(2)), due.failure));
}

fn a_good_look_ends_a_failure(b: &Bench) {
    let id = b.one_file();
    assert!(b.record_look_at(id, &look(&b.found(id, 1), failed()), 1).counted);
    assert!(b.record_look_at(id, &look(&b.found(id, 2), unchanged()), 2).counted);
    assert_eq!((b.found(id, 3).failures, b.found(id, 3).failure), (0, None));
    assert_eq!((b.view(id).failing_since, b.view(id).failure), (None, None));
}

fn an_expanded_copy_is_told_with_what_and_when(b: &Bench) {
    let id = b.one_file();
    let notice = Some("line 7: no such zone".to_owned());
    let told = Expanded { with: "policy 2".to_owned(), events: 9, notices: 2, notice, ..expanded(seen(0, &[])) };
    let first = LookDone { expanded: Some(told), ..look(&b.found(id, 0), whole("calendar")) };
    assert!(b.record_look_at(id, &first, 1).counted);
    assert!(b.record_look_at(id, &look(&b.found(id, 2), unchanged()), 2).counted);
    let due = b.found(id, 3);
    assert_eq!((due.expanded_at, due.expanded_with.as_deref()), (Some(at(1)), Some("policy 2")));
    let view = b.view(id);
    assert_eq!((view.events, view.notices, view.notice.as_deref()), (Some(9), 2, Some("line 7: no such zone")));
}

fn texts_from_outside_are_cut_and_cleaned(b: &Bench) {
    let id = b.one_file();
    let why = format!("\u{1b}[2J{}", "x".repeat(400));
    assert!(b.record_look_at(id, &look(&b.found(id, 0), LookOutcome::Failed { why }), 0).counted);
    let shown = b.view(id).failure.unwrap();
    assert_eq!((shown.chars().count(), &shown[..5]), (300, "[2Jxx"));
}

/// Writes looks down together that see these meetings.
fn record_all(b: &Bench, looks: &[(CalendarId, LookDone)], rule: AgendaRule<'_>) -> Result<Vec<AgendaRecorded>> {
    let to_record: Vec<_> = looks.iter().map(|(id, look)| LookToRecord { id: *id, look, now: at(5), rule }).collect();
    b.record_looks(&to_record)
}

fn real(known: &[KnownMeeting], seen: &SeenAgenda) -> Vec<Change> {
    agenda::changes(known, &Look { seen, confirmed: true, now: at(5) })
}

fn of_file(b: &Bench, id: CalendarId, uids: &[&str]) -> (CalendarId, LookDone) {
    let copies: Vec<_> = uids.iter().map(|uid| copy(uid, 600)).collect();
    let due = b.found(id, 5);
    (id, LookDone { expanded: Some(expanded(seen(5, &copies))), ..look(&due, whole(&uids.concat())) })
}

fn each_look_of_a_set_changes_what_it_would_change_alone(b: &Bench) {
    let people = ["ana", "bo", "cy", "di", "ed"];
    let files = b.subscribe(&people.map(|person| file(person, "work")), 0).added;
    b.adds(files[4], &copy("e", 600), 1);
    let mut looks = vec![of_file(b, files[0], &["a", "b"]), of_file(b, files[1], &[])];
    looks.push((files[2], LookDone { looks: 9, ..of_file(b, files[2], &["stale"]).1 }));
    looks.push((files[3], look(&b.found(files[3], 5), failed())));
    let moved = LookDone {
        expanded: Some(expanded(seen(5, &[copy("e", 900), copy("f", 600)]))),
        ..of_file(b, files[4], &[]).1
    };
    looks.push((files[4], moved));
    let recorded = record_all(b, &looks, &real).unwrap();
    let counted: Vec<bool> = recorded.iter().map(|recorded| recorded.counted).collect();
    assert_eq!(counted, [true, true, false, true, true]);
    let told = |of: usize| -> Vec<_> {
        recorded[of].changed.iter().map(|change| (change.how, change.meeting.uid.as_str())).collect()
    };
    assert_eq!(told(0), [(MeetingNews::Added, "a"), (MeetingNews::Added, "b")]);
    assert_eq!((told(1), told(2), told(3)), (vec![], vec![], vec![]));
    let mut last = told(4);
    last.sort_by_key(|(_, uid)| *uid);
    assert_eq!(last, [(MeetingNews::Moved, "e"), (MeetingNews::Added, "f")]);
    for change in recorded.iter().flat_map(|recorded| &recorded.changed) {
        assert_eq!(b.meeting(change.meeting.id).unwrap().as_ref(), Some(&change.meeting), "as it stands there");
    }
    assert_eq!(b.calendar_body(files[0], 100).unwrap().unwrap(), b"ab");
    assert_eq!(b.calendar_body(files[2], 100).unwrap(), None);
    assert!(b.view(files[3]).failure.is_some() && b.view(files[0]).failure.is_none());
    let holds = b.found(files[0], 6);
    assert_eq!((holds.has_body, holds.next_start, holds.expanded_at), (true, Some(at(600)), Some(at(5))));
    let last_near = |now, starts_after| {
        let due = b.due_calendars(&LookAt {
            now: at(now),
            lease: secs(60),
            limit: 100,
            files: true,
            starts_after: at(starts_after),
            first_ring: secs(180),
        });
        due.unwrap().into_iter().find(|due| due.id == files[0]).unwrap().last_near_start
    };
    assert_eq!(
        [(6, 599), (6, 600), (599, 900), (600, 900)].map(|(now, after)| last_near(now, after)),
        [None, Some(at(600)), Some(at(600)), None]
    );
    assert_eq!(b.sees(files[0], seen(7, &[copy("a", 600), copy("b", 600)]), 7), [], "nothing is new then");
    // Its first notice is due 220 s before the first ring of others.
    let marks = Marks { important: false, early: Some(secs(400)) };
    let marked = SeenMeeting { marks, ..copy("a", 600) };
    b.sees(files[0], seen(8, &[marked, copy("b", 600)]), 8);
    assert_eq!(
        [(8, 379), (8, 380), (380, 599), (380, 600)].map(|(now, after)| last_near(now, after)),
        [None, Some(at(380)), None, Some(at(600))]
    );
    assert_eq!(b.found(files[0], 9).next_start, Some(at(380)));
}

fn of_one_person_the_second_look_of_a_set_knows_what_the_first_changed(b: &Bench) {
    let (work, home) = b.two_files();
    let recorded = record_all(b, &[of_file(b, work, &["both"]), of_file(b, home, &["both", "own"])], &real).unwrap();
    let uids = |of: usize| -> Vec<_> { recorded[of].changed.iter().map(|change| change.meeting.uid.clone()).collect() };
    assert_eq!((uids(0), uids(1)), (vec!["both".to_owned()], vec!["own".to_owned()]));
    assert_eq!(b.meetings(at(0), at(9999)).unwrap().len(), 2);
}

fn a_set_with_a_look_that_cannot_be_written_leaves_nothing_behind(b: &Bench) {
    let files = b.subscribe(&[file("ana", "work"), file("bo", "work")], 0).added;
    let looks = [of_file(b, files[0], &["a"]), of_file(b, files[1], &["b"])];
    let twice = |_: &[KnownMeeting], seen: &SeenAgenda| {
        let times = if seen.uids.contains("b") { 2 } else { 1 };
        (0..times).map(|_| Change::Add(seen.meetings[0].clone())).collect()
    };
    assert!(matches!(record_all(b, &looks, &twice), Err(StoreError::Statement { .. })));
    assert_eq!(b.meetings(at(0), at(9999)).unwrap(), []);
    assert_eq!(b.view(files[0]).checked_at, None);
    assert!(record_all(b, &looks[..1], &twice).unwrap()[0].counted, "alone it is written");
}
