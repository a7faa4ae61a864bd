//! The tick's own record, faults, the snapshot and the rehearsal.

use crate::build::{Bench, accepted, always, at, attempt, close_rule, executed, owner, watch};
use savehub::model::{IncidentState, MeetingState};
use savehub::store::{CheckIn, FaultNews, FaultView, Snapshot, TickEnd, TickSpan, TickStart, TickView};

facts! {
    a_tick_is_shown_while_it_runs_and_when_it_ended,
    a_tick_that_still_runs_does_not_hide_the_last_one_that_ended,
    hosts_are_shown_when_more_than_one_ticked_in_the_last_day,
    the_last_two_known_skews_are_remembered,
    a_fault_is_told_when_it_begins_and_once_an_hour,
    a_fault_that_went_begins_anew,
    a_tick_begins_with_the_faults_that_last,
    faults_that_last_are_shown_with_their_beginning,
    the_snapshot_shows_planned_meetings_earliest_first,
    the_snapshot_shows_open_incidents_and_those_that_ended_since,
    an_open_incident_is_never_left_out_of_the_snapshot,
    of_incidents_that_ended_at_once_the_newest_are_shown,
    a_tick_begins_with_the_ticks_that_ended,
    a_database_that_holds_the_tick_that_ended_last_went_on_since_the_first_tick_that_is_so_followed,
    the_snapshot_of_an_empty_store_is_empty,
    a_rehearsal_starts_with_what_is_there,
    a_rehearsal_leaves_no_trace,
}

pub(crate) fn start(now: i64) -> TickStart {
    TickStart { now: at(now), boottime_ms: now * 1000, owner: owner(), host: "bench".into(), turned: false }
}

pub(crate) fn finish(now: i64, exit: u8, skew_ms: Option<i64>) -> TickEnd {
    TickEnd { now: at(now), exit, skew_ms, placed: 1, not_placed: 2 }
}

fn snapshot(b: &Bench, now: i64) -> Snapshot {
    b.snapshot(at(now), at(now - 100), at(now + 1000)).unwrap()
}

fn a_tick_is_shown_while_it_runs_and_when_it_ended(b: &Bench) {
    let tick = b.begin_tick(&start(0)).unwrap();
    assert_eq!(tick.skews, []);
    let running = TickView { started_at: at(0), ended_at: None, exit: None, skew_ms: None };
    assert_eq!(snapshot(b, 1).last_tick, Some(running.clone()));
    b.end_tick(tick.id, &finish(2, 1, Some(-250))).unwrap();
    let ended = TickView { ended_at: Some(at(2)), exit: Some(1), skew_ms: Some(-250), ..running };
    assert_eq!(snapshot(b, 3).last_tick, Some(ended));
}

fn a_tick_that_still_runs_does_not_hide_the_last_one_that_ended(b: &Bench) {
    let first = b.begin_tick(&start(0)).unwrap();
    let second = b.begin_tick(&start(30)).unwrap();
    assert_ne!(first.id, second.id);
    b.end_tick(first.id, &finish(31, 0, None)).unwrap();
    let shown = snapshot(b, 32).last_tick.unwrap();
    assert_eq!((shown.started_at, shown.ended_at), (at(0), Some(at(31))), "a killed tick must not look healthy");
    b.end_tick(second.id, &finish(33, 0, None)).unwrap();
    assert_eq!(snapshot(b, 34).last_tick.unwrap().started_at, at(30));
}

fn hosts_are_shown_when_more_than_one_ticked_in_the_last_day(b: &Bench) {
    let tick = |host: &str, now| {
        let id = b.begin_tick(&TickStart { host: host.into(), ..start(now) }).unwrap().id;
        b.end_tick(id, &finish(now + 1, 0, None)).unwrap();
    };
    let hosts = |now| -> Vec<_> {
        snapshot(b, now).hosts.into_iter().map(|host| (host.host, host.last_tick.started_at)).collect()
    };
    tick("alpha", 0);
    assert_eq!(hosts(10), [], "of one host the last tick says it all");
    tick("beta", 20);
    tick("alpha", 30);
    let killed = TickStart { host: "beta".into(), ..start(50) };
    b.begin_tick(&killed).unwrap();
    assert_eq!(hosts(60), [("alpha".to_owned(), at(30)), ("beta".to_owned(), at(20))]);
    assert_eq!(hosts(86_400 + 40), [], "a day later alpha is forgotten");
}

fn the_last_two_known_skews_are_remembered(b: &Bench) {
    let skews =
        |at| b.begin_tick(&start(at)).unwrap().skews.iter().map(|s| (s.skew_ms, s.started_at)).collect::<Vec<_>>();
    let first = b.begin_tick(&start(0)).unwrap();
    b.end_tick(first.id, &finish(2, 0, Some(1500))).unwrap();
    let second = b.begin_tick(&start(30)).unwrap();
    let seen = &second.skews[0];
    assert_eq!((seen.skew_ms, seen.started_at, seen.boottime_ms), (1500, at(0), start(0).boottime_ms));
    b.end_tick(second.id, &finish(31, 0, None)).unwrap();
    let third = b.begin_tick(&start(60)).unwrap();
    assert_eq!(third.skews, second.skews, "a tick that saw none forgets none");
    b.end_tick(third.id, &finish(61, 0, Some(-40))).unwrap();
    assert_eq!(skews(90), [(-40, at(60)), (1500, at(0))]);
}

fn a_fault_is_told_when_it_begins_and_once_an_hour(b: &Bench) {
    let seen = |now| b.fault_seen("calendar work", at(now)).unwrap();
    assert_eq!(seen(0), FaultNews::Began);
    assert_eq!(seen(30), FaultNews::Quiet);
    assert_eq!(seen(3599), FaultNews::Quiet);
    assert_eq!(seen(3600), FaultNews::Lasts);
    assert_eq!(seen(3630), FaultNews::Quiet);
    assert_eq!(seen(7200), FaultNews::Lasts);
    assert_eq!(b.fault_seen("another", at(7200)).unwrap(), FaultNews::Began);
}

fn a_fault_that_went_begins_anew(b: &Bench) {
    assert!(!b.fault_gone("calendar work").unwrap());
    b.fault_seen("calendar work", at(0)).unwrap();
    assert!(b.fault_gone("calendar work").unwrap());
    assert!(!b.fault_gone("calendar work").unwrap());
    assert_eq!(b.fault_seen("calendar work", at(30)).unwrap(), FaultNews::Began);
}

fn a_tick_begins_with_the_faults_that_last(b: &Bench) {
    assert_eq!(b.begin_tick(&start(0)).unwrap().faults, Vec::<String>::new());
    b.fault_seen("provider", at(0)).unwrap();
    b.fault_seen("calendar work", at(1)).unwrap();
    b.fault_gone("provider").unwrap();
    assert_eq!(b.begin_tick(&start(30)).unwrap().faults, ["calendar work"]);
}

fn faults_that_last_are_shown_with_their_beginning(b: &Bench) {
    b.fault_seen("calendar work", at(5)).unwrap();
    b.fault_seen("calendar work", at(4000)).unwrap();
    b.fault_seen("provider", at(10)).unwrap();
    b.fault_gone("provider").unwrap();
    let expected = FaultView { fault: "calendar work".into(), since: at(5) };
    assert_eq!(snapshot(b, 4000).faults, [expected]);
}

fn the_snapshot_shows_planned_meetings_earliest_first(b: &Bench) {
    b.add("ana", "started", 50);
    let late = b.add("ana", "late", 900);
    let early = b.add("bo", "early", 600);
    let off = b.add("cy", "off", 700);
    b.cancel_meeting(off.id, at(1)).unwrap();
    b.add("cy", "far", 9000);
    let shown = snapshot(b, 100).next_meetings;
    assert_eq!(shown.iter().map(|m| m.id).collect::<Vec<_>>(), [early.id, late.id]);
    assert!(shown.iter().all(|m| m.state == MeetingState::Scheduled));
}

fn the_snapshot_shows_open_incidents_and_those_that_ended_since(b: &Bench) {
    let old = b.watched("ana", "old", 600);
    let new = b.watched("bo", "new", 700);
    let open = b.watched("cy", "open", 650);
    b.check_in(old.id, CheckIn::Joined, at(10)).unwrap();
    b.check_in(new.id, CheckIn::Joined, at(450)).unwrap();
    let shown = snapshot(b, 500).incidents;
    assert_eq!(shown.iter().map(|i| i.meeting).collect::<Vec<_>>(), [new.id, open.id], "latest start first");
    assert_eq!((shown[1].title.as_str(), shown[1].steps.len()), ("About open", 2));
    assert_eq!(b.snapshot(at(500), at(5), at(1500)).unwrap().incidents.len(), 3);
}

fn an_open_incident_is_never_left_out_of_the_snapshot(b: &Bench) {
    let soonest = b.add("ana", "soonest", 600);
    for meeting in 0..200 {
        b.add("bo", &format!("e{meeting}"), 601 + meeting);
    }
    assert_eq!(b.open(0, 900).opened.len(), 201);
    let shown = snapshot(b, 420).incidents;
    assert!(shown.iter().any(|i| i.meeting == soonest.id), "{} incidents without the soonest", shown.len());
}

fn of_incidents_that_ended_at_once_the_newest_are_shown(b: &Bench) {
    for meeting in 0..202 {
        b.add("bo", &format!("e{meeting}"), 601 + meeting);
    }
    let opened = b.open(0, 900).opened;
    assert_eq!(b.close(at(2000), &close_rule()).unwrap().missed, opened);
    let shown: Vec<_> = snapshot(b, 2001).incidents.iter().map(|i| i.id).collect();
    let newest: Vec<_> = opened[2..].iter().rev().copied().collect();
    assert_eq!(shown, newest);
}

fn a_tick_begins_with_the_ticks_that_ended(b: &Bench) {
    let first = b.begin_tick(&start(0)).unwrap();
    assert_eq!(first.remembered.ticks, []);
    let second = b.begin_tick(&start(30)).unwrap();
    assert_eq!(second.remembered.ticks, [], "what a killed one placed stands in its attempts");
    b.end_tick(second.id, &finish(31, 0, None)).unwrap();
    b.end_tick(first.id, &finish(40, 0, None)).unwrap();
    let spans = [(30, 31), (0, 40)].map(|(from, to)| TickSpan { started_at: at(from), ended_at: at(to) });
    assert_eq!(b.begin_tick(&start(7200)).unwrap().remembered.ticks, spans);
}

fn a_database_that_holds_the_tick_that_ended_last_went_on_since_the_first_tick_that_is_so_followed(b: &Bench) {
    let runs = |from: i64| {
        let begun = b.begin_tick(&start(from)).unwrap();
        b.end_tick(begun.id, &finish(from + 1, 0, None)).unwrap();
        begun.remembered.on_since
    };
    assert_eq!([0, 30, 7200].map(runs), [None, Some(at(0)), Some(at(0))]);
    b.begin_tick(&start(7230)).unwrap();
    assert_eq!([7260, 7290].map(runs), [None, Some(at(7260))], "the one before was killed");
    assert_eq!(b.rehearsal(at(7300)).unwrap().begin_tick(&start(7300)).unwrap().remembered.on_since, None);
}

fn the_snapshot_of_an_empty_store_is_empty(b: &Bench) {
    let all = snapshot(b, 0);
    assert_eq!((all.next_meetings.len(), all.incidents.len(), all.faults.len()), (0, 0, 0));
    assert_eq!(all.last_tick, None);
}

fn a_rehearsal_starts_with_what_is_there(b: &Bench) {
    b.watched("ana", "talk", 600);
    b.call("talk", "CA1", 420);
    b.begin_tick(&start(430)).unwrap();
    assert_eq!(b.rehearsal(at(431)).unwrap().snapshot(at(431), at(0), at(900)).unwrap(), {
        b.snapshot(at(431), at(0), at(900)).unwrap()
    });
}

fn a_rehearsal_leaves_no_trace(b: &Bench) {
    let meeting = b.watched("ana", "talk", 600);
    let before = b.snapshot(at(420), at(0), at(900)).unwrap();
    let play = b.rehearsal(at(420)).unwrap();
    play.begin_tick(&start(420)).unwrap();
    let claim = play.due_steps(at(420), 10).unwrap().remove(0);
    let begun = play.begin_attempt(claim, &b.draft("ana", 420), at(420), &always).unwrap();
    let _ = play.record(attempt(begun), &accepted("CA1"), at(421), &executed).unwrap();
    play.check_in(meeting.id, CheckIn::Joined, at(422)).unwrap();
    play.move_meeting(meeting.id, at(1200), None, at(423)).unwrap();
    assert_eq!(play.open_incidents(at(424), at(1201), &watch).unwrap().opened.len(), 1);
    play.fault_seen("provider", at(425)).unwrap();
    let played = play.snapshot(at(426), at(0), at(900)).unwrap();
    assert!(played.incidents.iter().any(|i| i.state == IncidentState::Resolved));
    assert_eq!(b.snapshot(at(420), at(0), at(900)).unwrap(), before);
    assert_eq!(b.due(420).len(), 1);
}
