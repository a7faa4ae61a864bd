//! What looks at calendars do to meetings, with the real rule.

use crate::build::{Bench, at, close_rule, secs, watch};
use crate::looking::{copy, expanded, news, seen, skipping};
use savehub::calendar::{Policy, View};
use savehub::model::{
    CancelledBy, HangUpState, Held, IncidentState, KnownMeeting, Marks, MeetingState, Owns, Reason, SeenAgenda,
    SeenMeeting, SkipWhy,
};
use savehub::rules::agenda::{self, Look};
use savehub::store::{AgendaRecorded, CheckIn, CloseRule, LookDone, LookOutcome, MeetingNews, StoreError};
use savehub::zone::Zone;

facts! {
    a_meeting_of_a_calendar_reads_back_as_it_was_seen_and_rings,
    a_nul_in_a_calendar_is_written_down_by_no_store_and_harms_nothing,
    marks_come_with_a_copy_and_go_with_one,
    an_early_notice_brings_a_meeting_into_reach_before_its_ladder_does,
    a_moved_meeting_ends_its_incident_and_opens_the_next_generation,
    a_moved_meeting_hangs_up_the_call_under_way,
    a_cancelled_meeting_ends_its_incident_and_comes_back_as_the_next_generation,
    a_meeting_that_comes_back_does_not_ring_who_checked_in_for_it,
    a_checked_in_meeting_stays_as_it_is_until_it_moves,
    a_meeting_that_moves_less_than_ten_minutes_from_the_start_that_was_checked_in_for_does_not_ring_again,
    what_an_operator_ended_counts_for_its_own_start_alone,
    other_words_change_the_steps_that_have_not_run,
    what_a_person_called_off_no_calendar_plans_again,
    a_meeting_of_a_calendar_is_moved_there,
    a_vanished_event_is_waited_for_and_then_off,
    a_failed_look_calls_nothing_off,
    an_event_that_moves_to_another_calendar_goes_on,
    an_event_that_turns_up_elsewhere_after_it_was_off_is_planned_again,
    an_event_that_vanished_everywhere_is_planned_again_where_it_comes_back,
    a_greater_sequence_makes_the_owner,
    a_called_off_copy_of_a_former_owner_is_handed_nothing,
    a_series_moved_as_a_whole_keeps_its_calls,
    the_rule_is_asked_with_what_the_calendar_holds_and_shows,
    one_event_of_two_persons_is_two_meetings,
    an_import_adds_moves_and_calls_off_by_hand,
    an_import_leaves_alone_what_a_calendar_owns,
    an_imported_meeting_belongs_to_the_calendar_it_turns_up_in,
    retention_deletes_meetings_of_calendars,
}

fn a_meeting_of_a_calendar_reads_back_as_it_was_seen_and_rings(b: &Bench) {
    let id = b.one_file();
    let talk = SeenMeeting {
        recurrence: "20261122T091000Z".to_owned(),
        link: Some("https://meet.example/1".to_owned()),
        dial_in: Some("+12025550100,,1#".to_owned()),
        marks: Marks::default(),
        ..copy("talk", 600)
    };
    let meeting = b.adds(id, &talk, 0);
    assert_eq!((&meeting.person[..], &meeting.uid, &meeting.recurrence), ("ana", &talk.uid, &talk.recurrence));
    assert_eq!((meeting.starts_at, meeting.ends_at, &meeting.title), (talk.starts_at, talk.ends_at, &talk.title));
    assert_eq!((&meeting.link, &meeting.dial_in, &meeting.source[..]), (&talk.link, &talk.dial_in, "work"));
    assert_eq!((meeting.state, meeting.generation), (MeetingState::Scheduled, 1));
    assert_eq!(b.read(meeting.id), meeting);
    assert_eq!(b.sees(id, seen(1, &[talk]), 1), []);
    b.open(2, 1000);
    assert_eq!(b.due(420), [("talk".to_owned(), 0)]);
}

fn a_nul_in_a_calendar_is_written_down_by_no_store_and_harms_nothing(b: &Bench) {
    let id = b.one_file();
    let text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:ta\0lk\r\nDTSTART:20261122T091000Z\r\nSUMMARY:A\0bout\r\n\
                URL:https://meet.google.com/a\0b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let (zone, policy) = (Zone::named("UTC").unwrap(), Policy::default());
    let view = View {
        from: at(0),
        until: at(86_400),
        zone: &zone,
        policy: &policy,
        own: false,
        limits: savehub::calendar::Limits::default(),
    };
    let seen = savehub::calendar::look(text.as_bytes(), &view).unwrap().seen;
    let meeting = b.sees(id, seen.clone(), 1).remove(0).meeting;
    assert_eq!((&meeting.uid[..], &meeting.title[..]), ("talk", "About"));
    assert_eq!(meeting.link.as_deref(), Some("https://meet.google.com/ab"));
    assert_eq!(b.sees(id, seen, 2), [], "it is found again");
}

fn marks_come_with_a_copy_and_go_with_one(b: &Bench) {
    let id = b.one_file();
    let marks = Marks { important: true, early: Some(secs(900)) };
    let marked = |marks, start| SeenMeeting { marks, ..copy("talk", start) };
    let meeting = b.adds(id, &marked(marks, 6000), 0);
    assert_eq!((meeting.marks, b.read(meeting.id).marks), (marks, marks));
    assert_eq!(b.sees(id, seen(1, &[marked(marks, 6000)]), 1), []);
    let changed = b.sees(id, seen(2, &[copy("talk", 6000)]), 2);
    assert_eq!(
        (news(&changed), changed[0].meeting.marks),
        (vec![(MeetingNews::Updated, meeting.id)], Marks::default())
    );
    let other = Marks { important: false, ..marks };
    let moved = b.sees(id, seen(3, &[marked(other, 7000)]), 3);
    assert_eq!((news(&moved), b.read(meeting.id).marks), (vec![(MeetingNews::Moved, meeting.id)], other));
    let off = b.sees(id, skipping(4, copy("talk", 7000), SkipWhy::MarkedOff), 4);
    assert_eq!(news(&off), [(MeetingNews::Cancelled(Reason::MeetingSkipped), meeting.id)]);
    let again = b.sees(id, seen(5, &[marked(marks, 7000)]), 5);
    assert_eq!((news(&again), again[0].meeting.marks), (vec![(MeetingNews::Revived, meeting.id)], marks));
}

fn an_early_notice_brings_a_meeting_into_reach_before_its_ladder_does(b: &Bench) {
    let id = b.one_file();
    let early = |minutes: u64| Marks { important: false, early: Some(secs(minutes * 60)) };
    let marked = |uid, marks| SeenMeeting { marks, ..copy(uid, 20_000) };
    let all = [marked("soon", early(120)), marked("later", early(15)), copy("plain", 20_000)];
    b.sees(id, seen(0, &all), 0);
    // 7,200 s and a quarter of an hour before the start.
    let reached = 20_000 - 7200 - 900;
    assert_eq!(b.ahead(at(0)).unwrap().early, Some(at(20_000 - 7200)));
    assert_eq!(b.open(reached, reached + 1000).opened.len(), 0);
    assert_eq!(b.open(reached + 1, reached + 1001).opened.len(), 1);
    assert_eq!(b.open(reached + 1, reached + 1001).opened.len(), 0, "once");
    assert_eq!(b.ahead(at(0)).unwrap().early, Some(at(20_000 - 900)));
    assert_eq!(b.open_new_incidents(at(19_000), at(20_001), &watch).unwrap().opened.len(), 2, "each once");
}

fn a_moved_meeting_ends_its_incident_and_opens_the_next_generation(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    let changed = b.sees(id, seen(10, &[copy("talk", 1200)]), 10).remove(0);
    assert_eq!((changed.how, changed.meeting.generation), (MeetingNews::Moved, 2));
    assert_eq!((changed.meeting.starts_at, changed.meeting.ends_at), (at(1200), Some(at(3000))));
    let old = b.incident(meeting.id, 1);
    assert_eq!((old.state, old.reason), (IncidentState::Cancelled, Some(Reason::MeetingMoved)));
    assert_eq!(changed.ended.map(|e| (e.incident, e.cancelled_steps)), Some((old.id, 2)));
    b.open(20, 2000);
    assert_eq!(b.due(600), []);
    assert_eq!((b.due(1020), b.incident(meeting.id, 2).starts_at), (vec![("talk".to_owned(), 0)], at(1200)));
}

fn a_moved_meeting_hangs_up_the_call_under_way(b: &Bench) {
    let id = b.one_file();
    b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    let call = b.call("talk", "CA1", 420);
    let ended = b.sees(id, seen(430, &[copy("talk", 1200)]), 430).remove(0).ended.unwrap();
    assert_eq!((ended.hang_ups, b.attempt(call).hang_up), (1, HangUpState::Wanted));
}

fn a_cancelled_meeting_ends_its_incident_and_comes_back_as_the_next_generation(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    for (why, reason) in [(SkipWhy::Cancelled, Reason::MeetingCancelled), (SkipWhy::Declined, Reason::MeetingSkipped)] {
        let generation = b.read(meeting.id).generation;
        let off = b.sees(id, skipping(10, copy("talk", 600), why), 10);
        assert_eq!(news(&off), [(MeetingNews::Cancelled(reason), meeting.id)]);
        let incident = b.incident(meeting.id, generation);
        assert_eq!((incident.state, incident.reason), (IncidentState::Cancelled, Some(reason)));
        assert_eq!((b.read(meeting.id).state, b.due(420)), (MeetingState::Cancelled, vec![]));
        let again = b.sees(id, seen(20, &[copy("talk", 600)]), 20);
        assert_eq!(news(&again), [(MeetingNews::Revived, meeting.id)]);
        assert_eq!((b.open(21, 1000).opened.len(), b.due(420).len()), (1, 1));
    }
}

fn a_meeting_that_comes_back_does_not_ring_who_checked_in_for_it(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.check_in(meeting.id, CheckIn::Joined, at(5)).unwrap();
    b.sees(id, skipping(10, copy("talk", 600), SkipWhy::Cancelled), 10);
    assert_eq!(news(&b.sees(id, seen(20, &[copy("talk", 600)]), 20)), [(MeetingNews::Revived, meeting.id)]);
    assert_eq!((b.open(21, 1000).opened, b.read(meeting.id).generation), (vec![], 1));
    b.sees(id, skipping(30, copy("talk", 600), SkipWhy::Cancelled), 30);
    b.sees(id, seen(40, &[copy("talk", 1200)]), 40);
    assert_eq!((b.open(41, 1300).opened.len(), b.due(1020).len()), (1, 1), "at another time it is another promise");
}

fn a_checked_in_meeting_stays_as_it_is_until_it_moves(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    b.check_in(meeting.id, CheckIn::Missed, at(5)).unwrap();
    let renamed = SeenMeeting { title: "Budget".to_owned(), ..copy("talk", 600) };
    assert_eq!(news(&b.sees(id, seen(10, &[renamed]), 10)), [(MeetingNews::Updated, meeting.id)]);
    assert_eq!((b.open(11, 1000).opened, b.due(420)), (vec![], vec![]));
    assert_eq!(b.incident(meeting.id, 1).reason, Some(Reason::SaidMissed));
    let moved = b.sees(id, seen(12, &[copy("talk", 1200)]), 12).remove(0);
    assert_eq!((moved.ended, b.open(13, 1300).opened.len()), (None, 1));
}

fn a_meeting_that_moves_less_than_ten_minutes_from_the_start_that_was_checked_in_for_does_not_ring_again(b: &Bench) {
    let hand = |uid: &str, start| (b.add("ana", uid, start).id, None);
    let id = b.one_file();
    let read = (b.adds(id, &copy("talk", 3600), 0).id, Some(id));
    let meetings = [(hand("by hand", 3600), CheckIn::Missed), (read, CheckIn::Joined)];
    for ((meeting, _), how) in &meetings {
        b.check_in(*meeting, *how, at(5)).unwrap();
    }
    for ((meeting, calendar), _) in meetings {
        let mut now = 10;
        // However often it moves, the start that was promised counts, not the last one.
        for (start, rings) in [(4199, false), (3001, false), (4100, false), (4200, true), (3000, true), (3500, false)] {
            now += 10;
            match calendar {
                Some(id) => drop(b.sees(id, seen(now, &[copy("talk", start)]), now)),
                None => drop(b.move_meeting(meeting, at(start), None, at(now)).unwrap()),
            }
            let opened = b.open(now, 9000).opened.len();
            assert_eq!((b.read(meeting).starts_at, opened), (at(start), usize::from(rings)), "{start}");
            assert_eq!(b.read(meeting).ended.is_some(), !rings, "{start}");
        }
    }
}

fn what_an_operator_ended_counts_for_its_own_start_alone(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    b.resolve(b.incident(meeting.id, 1).id, None, at(2)).unwrap();
    b.sees(id, seen(3, &[copy("talk", 601)]), 3);
    assert_eq!((b.open(4, 1000).opened.len(), b.due(421).len()), (1, 1));
    b.sees(id, seen(5, &[copy("talk", 600)]), 5);
    assert_eq!((b.open(6, 1000).opened.len(), b.due(590)), (0, vec![]));
}

fn other_words_change_the_steps_that_have_not_run(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    let link = Some("https://meet.example/2".to_owned());
    let renamed = SeenMeeting { title: "Budget".to_owned(), link: link.clone(), ends_at: None, ..copy("talk", 600) };
    let changed = b.sees(id, seen(10, &[renamed]), 10).remove(0);
    assert_eq!((changed.how, changed.ended, changed.meeting.ends_at), (MeetingNews::Updated, None, None));
    assert_eq!((changed.meeting.generation, b.incident(meeting.id, 1).state), (1, IncidentState::Open));
    let words = b.claim("talk", 420).words;
    assert_eq!((words.title.as_str(), words.link), ("Budget", link));
}

fn what_a_person_called_off_no_calendar_plans_again(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    b.open(1, 1000);
    b.cancel_meeting(meeting.id, at(5)).unwrap();
    assert_eq!(b.sees(id, seen(10, &[copy("talk", 600)]), 10), []);
    b.sees(id, seen(20, &[copy("talk", 900)]), 20);
    b.sees(id, skipping(30, copy("talk", 900), SkipWhy::Cancelled), 30);
    b.sees(id, seen(40, &[copy("talk", 900)]), 40);
    assert_eq!((b.read(meeting.id).state, b.open(41, 1000).opened), (MeetingState::Cancelled, vec![]));
}

fn a_meeting_of_a_calendar_is_moved_there(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    match b.move_meeting(meeting.id, at(900), None, at(1)) {
        Err(StoreError::Conflict(why)) => {
            assert_eq!(why, format!("{} comes from the calendar work: move it there", meeting.id));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(b.read(meeting.id), meeting);
}

fn a_vanished_event_is_waited_for_and_then_off(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 600), 0);
    assert_eq!((b.sees(id, seen(10, &[]), 10), b.found(id, 10).has_missing), (vec![], true));
    assert_eq!((b.sees(id, seen(30, &[copy("talk", 600)]), 30), b.found(id, 30).has_missing), (vec![], false));
    assert_eq!((b.sees(id, seen(60, &[]), 60), b.sees(id, seen(89, &[]), 89)), (vec![], vec![]));
    let off = b.sees(id, seen(90, &[]), 90);
    assert_eq!(news(&off), [(MeetingNews::Cancelled(Reason::MeetingCancelled), meeting.id)]);
    assert!(!b.found(id, 91).has_missing);
    let again = b.sees(id, seen(100, &[copy("talk", 600)]), 100);
    assert_eq!(news(&again), [(MeetingNews::Revived, meeting.id)]);
}

fn a_failed_look_calls_nothing_off(b: &Bench) {
    let id = b.one_file();
    let meeting = b.adds(id, &copy("talk", 6000), 0);
    b.sees(id, seen(10, &[]), 10);
    for now in [100, 5000] {
        let failed = LookDone {
            looks: b.found(id, now).looks,
            outcome: LookOutcome::Failed { why: "no answer".to_owned() },
            full: false,
            // The old copy, expanded again because time went on.
            expanded: Some(expanded(seen(now, &[copy("later", 80_000)]))),
            next_look_at: at(now),
            second_look_at: at(now),
        };
        let _ = b.record_look_at(id, &failed, now);
    }
    assert_eq!(b.read(meeting.id).state, MeetingState::Scheduled);
    assert_eq!(b.meetings(at(0), at(99_999)).unwrap().len(), 2, "what comes into sight is planned");
}

fn an_event_that_moves_to_another_calendar_goes_on(b: &Bench) {
    let (work, home) = b.two_files();
    let meeting = b.adds(work, &copy("talk", 600), 0);
    b.open(1, 1000);
    b.sees(home, seen(10, &[copy("talk", 600)]), 10);
    assert_eq!((b.sees(work, seen(20, &[]), 20), b.sees(work, seen(60, &[]), 60)), (vec![], vec![]));
    assert_eq!((b.read(meeting.id).source.as_str(), b.incident(meeting.id, 1).state), ("home", IncidentState::Open));
    assert_eq!(b.found(home, 61).expanded_at, None);
}

fn an_event_that_turns_up_elsewhere_after_it_was_off_is_planned_again(b: &Bench) {
    let (work, home) = b.two_files();
    let meeting = b.adds(work, &copy("talk", 600), 0);
    b.sees(work, seen(20, &[]), 20);
    assert_eq!(b.sees(work, seen(60, &[]), 60).len(), 1);
    let again = b.sees(home, seen(70, &[copy("talk", 600)]), 70);
    assert_eq!(news(&again), [(MeetingNews::Revived, meeting.id)]);
    assert_eq!(b.read(meeting.id).source, "home");
}

fn an_event_that_vanished_everywhere_is_planned_again_where_it_comes_back(b: &Bench) {
    let (work, home) = b.two_files();
    let meeting = b.adds(work, &copy("talk", 600), 0);
    b.sees(home, seen(1, &[copy("talk", 600)]), 1);
    assert_eq!((b.sees(home, seen(20, &[]), 20), b.sees(work, seen(20, &[]), 20)), (vec![], vec![]));
    assert_eq!(b.sees(work, seen(60, &[]), 60).len(), 1);
    assert_eq!((b.sees(home, seen(60, &[]), 60), b.read(meeting.id).state), (vec![], MeetingState::Cancelled));
    let again = b.sees(home, seen(70, &[copy("talk", 600)]), 70);
    assert_eq!(news(&again), [(MeetingNews::Revived, meeting.id)]);
}

fn a_greater_sequence_makes_the_owner(b: &Bench) {
    let (work, home) = b.two_files();
    let meeting = b.adds(work, &copy("talk", 600), 0);
    assert_eq!(b.sees(home, seen(1, &[copy("talk", 900)]), 1), []);
    let newer = SeenMeeting { sequence: 1, ..copy("talk", 900) };
    assert_eq!(news(&b.sees(home, seen(2, std::slice::from_ref(&newer)), 2)), [(MeetingNews::Moved, meeting.id)]);
    assert_eq!(b.sees(work, seen(3, &[copy("talk", 600)]), 3), []);
    assert_eq!(b.sees(work, skipping(4, copy("talk", 600), SkipWhy::Cancelled), 4), []);
    assert_eq!((b.read(meeting.id).source.as_str(), b.read(meeting.id).starts_at), ("home", at(900)));
}

fn a_called_off_copy_of_a_former_owner_is_handed_nothing(b: &Bench) {
    let (work, home) = b.two_files();
    let meeting = b.adds(work, &copy("talk", 600), 0);
    b.sees(work, skipping(1, copy("talk", 600), SkipWhy::Cancelled), 1);
    let newer = SeenMeeting { sequence: 1, ..copy("talk", 600) };
    assert_eq!(news(&b.sees(home, seen(2, &[newer]), 2)), [(MeetingNews::Revived, meeting.id)]);
    b.sees(home, seen(3, &[]), 3);
    let off = b.sees(home, seen(40, &[]), 40);
    assert_eq!(news(&off), [(MeetingNews::Cancelled(Reason::MeetingCancelled), meeting.id)]);
}

fn a_series_moved_as_a_whole_keeps_its_calls(b: &Bench) {
    let id = b.one_file();
    let occurrence = |recurrence: &str, start| SeenMeeting { recurrence: recurrence.to_owned(), ..copy("talk", start) };
    let meeting = b.adds(id, &occurrence("first", 600), 0);
    b.open(1, 1000);
    b.call("talk", "CA1", 420);
    let moved = b.sees(id, seen(430, &[occurrence("second", 700)]), 430).remove(0);
    assert_eq!((moved.how, moved.meeting.id), (MeetingNews::Moved, meeting.id));
    assert_eq!((moved.meeting.recurrence.as_str(), moved.meeting.starts_at), ("second", at(700)));
    b.open(440, 1000);
    assert_eq!(b.recent_calls("talk", 520), 1);
}

fn the_rule_is_asked_with_what_the_calendar_holds_and_shows(b: &Bench) {
    let (work, home) = b.two_files();
    let talk = SeenMeeting { sequence: 4, ..copy("talk", 600) };
    let meeting = b.adds(work, &talk, 0);
    b.add("ana", "by hand", 700);
    b.add("bo", "talk", 600);
    assert_eq!(b.known_to(home, seen(1, &[]), 1), []);
    let of_another = KnownMeeting {
        id: meeting.id,
        uid: talk.uid.clone(),
        recurrence: String::new(),
        starts_at: talk.starts_at,
        ends_at: talk.ends_at,
        title: talk.title.clone(),
        link: None,
        dial_in: None,
        marks: Marks::default(),
        cancelled_by: None,
        owner: Owns::Another(4),
        held: None,
        elsewhere: true,
    };
    assert_eq!(b.known_to(home, seen(1, std::slice::from_ref(&talk)), 1), std::slice::from_ref(&of_another));
    let held = Some(Held { sequence: 4, missing_since: None });
    let own = KnownMeeting { owner: Owns::This, held, elsewhere: false, ..of_another.clone() };
    assert_eq!(b.known_to(work, seen(1, &[]), 1), std::slice::from_ref(&own));
    b.sees(work, seen(2, &[]), 2);
    b.sees(home, seen(3, std::slice::from_ref(&talk)), 3);
    b.cancel_meeting(meeting.id, at(4)).unwrap();
    let off = Some(CancelledBy::Person);
    let missing = Some(Held { sequence: 4, missing_since: Some(at(2)) });
    let known = KnownMeeting { cancelled_by: off, held: missing, elsewhere: true, ..own };
    assert_eq!(b.known_to(work, seen(5, &[]), 5), [known]);
    let known = KnownMeeting { cancelled_by: off, held, elsewhere: false, ..of_another };
    assert_eq!(b.known_to(home, seen(5, &[]), 5), [known], "nobody has a copy that is there");
    assert_eq!(b.known_to(home, seen(600, &[]), 600), [], "it has started");
}

fn one_event_of_two_persons_is_two_meetings(b: &Bench) {
    let drafts = [crate::looking::file("ana", "work"), crate::looking::file("bo", "work")];
    let added = b.subscribe(&drafts, 0).added;
    let (ana, bo) = (b.adds(added[0], &copy("talk", 600), 0), b.adds(added[1], &copy("talk", 600), 0));
    b.sees(added[0], skipping(1, copy("talk", 600), SkipWhy::Declined), 1);
    assert_eq!((b.read(ana.id).state, b.read(bo.id).state), (MeetingState::Cancelled, MeetingState::Scheduled));
}

fn import(b: &Bench, seen: &SeenAgenda, now: i64) -> AgendaRecorded {
    let rule = |known: &[KnownMeeting], seen: &SeenAgenda| {
        agenda::changes(known, &Look { seen, confirmed: true, now: at(now) })
    };
    b.import_agenda("ana", "invitation.ics", seen, at(now), &rule).unwrap()
}

fn an_import_adds_moves_and_calls_off_by_hand(b: &Bench) {
    let recorded = import(b, &seen(0, &[copy("talk", 600)]), 0);
    let id = recorded.changed[0].meeting.id;
    assert_eq!((recorded.counted, news(&recorded.changed)), (true, vec![(MeetingNews::Added, id)]));
    assert_eq!(b.read(id).source, "invitation.ics");
    assert_eq!(import(b, &seen(1, &[copy("talk", 600)]), 1).changed, []);
    assert_eq!(import(b, &seen(2, &[]), 2).changed, [], "what is not in the file stays");
    assert_eq!(news(&import(b, &seen(3, &[copy("talk", 900)]), 3).changed), [(MeetingNews::Moved, id)]);
    b.move_meeting(id, at(1000), None, at(4)).unwrap();
    let off = import(b, &skipping(5, copy("talk", 900), SkipWhy::Cancelled), 5);
    assert_eq!(news(&off.changed), [(MeetingNews::Cancelled(Reason::MeetingCancelled), id)]);
    assert_eq!(news(&import(b, &seen(6, &[copy("talk", 900)]), 6).changed), [(MeetingNews::Revived, id)]);
}

fn an_import_leaves_alone_what_a_calendar_owns(b: &Bench) {
    let meeting = b.adds(b.one_file(), &copy("talk", 600), 0);
    let newer = SeenMeeting { sequence: 9, ..copy("talk", 900) };
    assert_eq!(import(b, &seen(1, std::slice::from_ref(&newer)), 1).changed, []);
    assert_eq!(import(b, &skipping(1, newer, SkipWhy::Cancelled), 1).changed, []);
    assert_eq!(b.read(meeting.id), meeting);
}

fn an_imported_meeting_belongs_to_the_calendar_it_turns_up_in(b: &Bench) {
    let id = import(b, &seen(0, &[copy("talk", 600)]), 0).changed[0].meeting.id;
    let work = b.one_file();
    assert_eq!(b.sees(work, seen(1, &[copy("talk", 600)]), 1), []);
    assert_eq!(b.read(id).source, "work");
    assert!(matches!(b.move_meeting(id, at(900), None, at(2)), Err(StoreError::Conflict(_))));
}

fn retention_deletes_meetings_of_calendars(b: &Bench) {
    const DAY: i64 = 86_400;
    let id = b.one_file();
    b.adds(id, &copy("talk", 600), 0);
    let off = b.sees(id, seen(0, &[copy("talk", 600), copy("off", 700)]), 1)[0].meeting.id;
    let mut skipped = skipping(2, copy("off", 700), SkipWhy::Cancelled);
    skipped.uids.insert("talk".to_owned());
    skipped.meetings.push(copy("talk", 600));
    b.sees(id, skipped, 2);
    b.open(3, 1000);
    assert_eq!(
        (b.close(at(DAY), &close_rule()).unwrap().missed.len(), b.read(off).state),
        (1, MeetingState::Cancelled)
    );
    let retention = CloseRule { retention: Some(secs(30 * 86_400)), ..close_rule() };
    b.close(at(32 * DAY), &retention).unwrap();
    assert_eq!(b.meetings(at(0), at(99 * DAY)).unwrap(), []);
    assert_eq!(b.subscribe(&[], 32 * DAY).changed, []);
}
