//! What a look at a calendar sees: occurrences, their identities, and what is told about what could not be read.

use crate::calendar::ics::{MONDAY, calendar, event, look_at, look_with, notices, ringing, skipped};
use savehub::calendar::{Limits, NotACalendar, Policy, View, look};
use savehub::model::{SkipWhy, Timestamp};
use savehub::zone::Zone;

const WEEKLY: &str = "UID:w;;DTSTART;TZID=Europe/Berlin:20260105T100000;;RRULE:FREQ=WEEKLY";

fn no_notices() -> Vec<String> {
    Vec::new()
}

#[test]
fn a_single_event_keeps_its_identity_when_it_moves() {
    let at = |time: &str| look_at(&[event(&format!("UID:a;;DTSTART:20260112T{time}Z"))]);
    assert_eq!(ringing(&at("090000")), ["a  01-12T09:00"]);
    assert_eq!(ringing(&at("100000")), ["a  01-12T10:00"]);
}

#[test]
fn an_occurrence_is_known_by_the_instant_it_was_planned_for() {
    let moved = "UID:w;;RECURRENCE-ID;TZID=Europe/Berlin:20260112T100000;;DTSTART;TZID=Europe/Berlin:20260113T110000";
    assert_eq!(ringing(&look_at(&[event(WEEKLY)])), ["w 20260112T090000Z 01-12T09:00"]);
    assert_eq!(ringing(&look_at(&[event(WEEKLY), event(moved)])), ["w 20260112T090000Z 01-13T10:00"]);
}

#[test]
fn an_override_is_found_whatever_form_its_recurrence_id_has() {
    for id in
        [":20260112T090000Z", ";TZID=America/New_York:20260112T040000", ":20260112T100000", ";VALUE=DATE:20260112"]
    {
        let moved = format!("UID:w;;RECURRENCE-ID{id};;DTSTART:20260114T150000Z");
        let seen = look_at(&[event(&moved), event(WEEKLY)]);
        assert_eq!(ringing(&seen), ["w 20260112T090000Z 01-14T15:00"], "{id}");
    }
}

#[test]
fn an_exdate_is_found_whatever_form_it_has() {
    for date in [
        ":20260112T090000Z",
        ";TZID=Asia/Tokyo:20260112T180000",
        ":20260112T100000",
        ";VALUE=DATE:20260112",
        ":20260101T000000Z,20260112T090000Z",
    ] {
        assert_eq!(ringing(&look_at(&[event(&format!("{WEEKLY};;EXDATE{date}"))])), [""; 0], "{date}");
    }
}

#[test]
fn an_exrule_takes_occurrences_away_but_not_a_first_start_it_does_not_mean() {
    let seen = look_at(&[event(
        "UID:d;;DTSTART:20260112T090000Z;;RRULE:FREQ=DAILY;COUNT=5;;EXRULE:FREQ=WEEKLY;BYDAY=TU,WE,TH",
    )]);
    assert_eq!(ringing(&seen), ["d 20260112T090000Z 01-12T09:00", "d 20260116T090000Z 01-16T09:00"]);
}

#[test]
fn rdates_add_times_days_and_periods() {
    let seen = look_at(&[event(
        "UID:r;;DTSTART:20260105T090000Z;;DURATION:PT1H;;RDATE:20260112T080000Z;;RDATE;VALUE=DATE:20260113;;\
         RDATE;VALUE=PERIOD:20260114T080000Z/PT15M,20260115T080000Z/20260115T083000Z",
    )]);
    let ends: Vec<_> = seen.seen.meetings.iter().map(|m| m.ends_at.unwrap().to_rfc3339()[8..16].to_owned()).collect();
    assert_eq!(
        ringing(&seen),
        [
            "r 20260112T080000Z 01-12T08:00",
            "r 20260113T090000Z 01-13T09:00",
            "r 20260114T080000Z 01-14T08:00",
            "r 20260115T080000Z 01-15T08:00",
        ]
    );
    assert_eq!(ends, ["12T09:00", "13T10:00", "14T08:15", "15T08:30"]);
}

#[test]
fn this_and_future_shifts_what_comes_after_and_a_later_one_counts_from_there() {
    let daily = "UID:d;;DTSTART;TZID=Europe/Berlin:20260101T100000;;RRULE:FREQ=DAILY";
    let from = |day: &str, time: &str| {
        event(&format!(
            "UID:d;;RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:202601{day}T100000;;\
             DTSTART;TZID=Europe/Berlin:202601{day}T{time};;SUMMARY:{time}"
        ))
    };
    let seen = look_at(&[event(daily), from("13", "113000"), from("16", "080000")]);
    assert_eq!(
        ringing(&seen),
        [
            "d 20260112T090000Z 01-12T09:00",
            "d 20260113T090000Z 01-13T10:30",
            "d 20260114T090000Z 01-14T10:30",
            "d 20260115T090000Z 01-15T10:30",
            "d 20260116T090000Z 01-16T07:00",
            "d 20260117T090000Z 01-17T07:00",
            "d 20260118T090000Z 01-18T07:00",
        ]
    );
    assert_eq!(seen.seen.meetings[2].title, "113000");
}

#[test]
fn of_two_masters_the_higher_sequence_counts_and_on_a_tie_both_stay() {
    let master = |sequence: u8, time: &str| event(&format!("UID:a;;SEQUENCE:{sequence};;DTSTART:20260112T{time}Z"));
    assert_eq!(ringing(&look_at(&[master(2, "090000"), master(1, "100000")])), ["a  01-12T09:00"]);
    let both = look_at(&[master(1, "090000"), master(1, "100000")]);
    assert_eq!(ringing(&both), ["a 20260112T090000Z 01-12T09:00", "a 20260112T100000Z 01-12T10:00"]);
    assert_eq!(ringing(&look_at(&[master(1, "090000"), master(1, "090000")])), ["a  01-12T09:00"]);
}

#[test]
fn an_event_that_another_one_of_its_uid_replaces_is_told_where_that_starts_elsewhere() {
    let master = |sequence: u8, start: &str| event(&format!("UID:a;;SEQUENCE:{sequence};;DTSTART:{start}"));
    let told = |starts: [&str; 2]| notices(&look_at(&[master(2, starts[0]), master(1, starts[1])]));
    let why = "another event with its UID, with a higher SEQUENCE and another start, counts instead of it";
    assert_eq!(told(["20260112T090000Z", "20260113T100000Z"]), [format!("8 a: {why}")]);
    assert_eq!(told(["20300112T090000Z", "20260113T100000Z"]), [format!("8 a: {why}")]);
    assert_eq!(told(["20260112T090000Z", "20260101T100000Z;;RRULE:FREQ=DAILY"]), [format!("8 a: {why}")]);
    for over in ["20260112T090000Z", "20250112T090000Z", "20270112T090000Z;;RRULE:FREQ=DAILY"] {
        assert_eq!(told(["20260112T090000Z", over]), no_notices(), "{over}");
    }
}

#[test]
fn of_two_copies_the_later_version_counts_wherever_it_stands() {
    let end = "END:VCALENDAR\r\nBEGIN:VCALENDAR".to_owned();
    let copy =
        |version: &str, status: &str| event(&format!("UID:a;;{version};;DTSTART:20260112T090000Z;;STATUS:{status}"));
    let moved = |stamp: &str, hour: u8| {
        event(&format!("UID:w;;DTSTAMP:{stamp}Z;;RECURRENCE-ID:20260112T090000Z;;DTSTART:20260112T{hour}0000Z"))
    };
    for (older, newer) in [("SEQUENCE:1", "SEQUENCE:2"), ("DTSTAMP:20260101T000000Z", "DTSTAMP:20260102T000000Z")] {
        let (there, off) = (copy(older, "CONFIRMED"), copy(newer, "CANCELLED"));
        for copies in [[there.clone(), end.clone(), off.clone()], [off, end.clone(), there]] {
            assert_eq!(skipped(&look_at(&copies)), [("a  01-12T09:00".to_owned(), SkipWhy::Cancelled)], "{newer}");
        }
    }
    let (first, second) = (moved("20260101T000000", 11), moved("20260102T000000", 12));
    for copies in [[event(WEEKLY), first.clone(), second.clone()], [second, first, event(WEEKLY)]] {
        assert_eq!(ringing(&look_at(&copies)), ["w 20260112T090000Z 01-12T12:00"]);
    }
}

#[test]
fn until_as_a_day_includes_it_and_until_before_the_start_leaves_the_start() {
    let until = |start: &str, until: &str| {
        let lines = format!("UID:u;;DTSTART;TZID=Europe/Berlin:{start}T100000;;RRULE:FREQ=DAILY;UNTIL={until}");
        ringing(&look_at(&[event(&lines)]))
    };
    assert_eq!(until("20260111", "20260113"), ["u 20260112T090000Z 01-12T09:00", "u 20260113T090000Z 01-13T09:00"]);
    assert_eq!(until("20260111", "20260112T090000Z"), ["u 20260112T090000Z 01-12T09:00"]);
    assert_eq!(until("20260112", "20200101T000000Z"), ["u 20260112T090000Z 01-12T09:00"]);
    assert_eq!(until("20260111", "2026-01-12T09:00:00Z"), ["u 20260112T090000Z 01-12T09:00"]);
}

#[test]
fn an_end_is_told_by_dtend_or_by_a_duration_and_an_end_before_the_start_is_none() {
    for (end, told) in [
        ("DTEND:20260112T093000Z", Some(30)),
        ("DTEND;TZID=Europe/Berlin:20260112T103000", Some(30)),
        ("DURATION:P1DT1H", Some(25 * 60)),
        ("DURATION:P99999999999999W", None),
        ("DTEND:20260112T080000Z", None),
        ("DURATION:-PT5M", None),
        ("SUMMARY:none", None),
    ] {
        let seen = look_at(&[event(&format!("UID:a;;DTSTART:20260112T090000Z;;{end}"))]).seen;
        let length = seen.meetings[0].ends_at.map(|end| end.since(seen.meetings[0].starts_at) / 60_000);
        assert_eq!(length, told, "{end}");
    }
}

#[test]
fn an_all_day_event_is_there_but_does_not_ring() {
    let seen =
        look_at(&[event("UID:a;;DTSTART;VALUE=DATE:20260113"), event("UID:b;;DTSTART:20260101;;RRULE:FREQ=WEEKLY")]);
    assert_eq!(
        skipped(&seen),
        [
            ("a  01-12T23:00".to_owned(), SkipWhy::AllDay),
            ("b 20260114T230000Z 01-14T23:00".to_owned(), SkipWhy::AllDay)
        ]
    );
}

#[test]
fn midnight_is_a_day_where_outlook_says_so() {
    let day = |start: &str| {
        event(&format!("UID:a;;DTSTART;TZID=Europe/Berlin:{start};;X-MICROSOFT-CDO-ALLDAYEVENT:TRUE;;DURATION:P1D"))
    };
    let seen = look_at(&[day("20260113T000000")]);
    assert_eq!((ringing(&seen), skipped(&seen)), (vec![], vec![("a  01-12T23:00".to_owned(), SkipWhy::AllDay)]));
    assert_eq!(ringing(&look_at(&[day("20260113T090000")])), ["a  01-13T08:00"]);
    assert_eq!(ringing(&look_at(&[day("20260113T000000").replace("TRUE", "FALSE")])), ["a  01-12T23:00"]);
}

#[test]
fn an_override_whose_start_cannot_be_read_rings_as_planned_and_is_doubtful() {
    let seen = look_at(&[event(WEEKLY), event("UID:w;;RECURRENCE-ID:20260112T090000Z;;DTSTART:soon")]);
    assert_eq!(ringing(&seen), ["w 20260112T090000Z 01-12T09:00"]);
    assert_eq!(seen.seen.doubtful.iter().collect::<Vec<_>>(), ["w"]);
    assert_eq!(notices(&seen), ["8 w: its start (DTSTART) cannot be read; it is taken to start as its series does"]);
}

#[test]
fn the_ways_to_join_of_an_override_are_not_mixed_with_those_of_its_series() {
    let join = |lines: &str| {
        let series = "X-GOOGLE-CONFERENCE:https://meet.google.com/abc-defg-hij;;DESCRIPTION:+12025550100\\,\\,1#";
        let own = format!("UID:w;;RECURRENCE-ID:20260112T090000Z;;DTSTART:20260112T110000Z;;{lines}");
        let seen = look_at(&[event(&format!("{WEEKLY};;{series}")), event(&own)]).seen;
        (seen.meetings[0].link.clone(), seen.meetings[0].dial_in.clone())
    };
    let zoom = Some("https://zoom.us/j/5".to_owned());
    assert_eq!(join("DESCRIPTION:today https://zoom.us/j/5"), (zoom, None));
    let meet = Some("https://meet.google.com/abc-defg-hij".to_owned());
    assert_eq!(join("SUMMARY:today"), (meet.clone(), Some("+12025550100,,1#".to_owned())));
    assert_eq!(join("DESCRIPTION:today"), (meet, None));
}

#[test]
fn the_looked_at_time_includes_its_start_and_not_its_end() {
    let seen = look_at(&[event("UID:a;;DTSTART:20260112T000000Z"), event("UID:b;;DTSTART:20260119T000000Z")]);
    assert_eq!(ringing(&seen), ["a  01-12T00:00"]);
    assert_eq!(seen.seen.uids.len(), 2);
}

#[test]
fn the_texts_of_an_override_are_its_own_and_what_it_does_not_tell_is_its_seriess() {
    let series = event(&format!("{WEEKLY};;SUMMARY:Weekly\\, all;;LOCATION:https://meet.jit.si/w"));
    let moved = event("UID:w;;RECURRENCE-ID:20260112T090000Z;;DTSTART:20260112T110000Z;;SUMMARY:Today late");
    let seen = look_at(&[series, moved]).seen;
    let meeting = &seen.meetings[0];
    assert_eq!((meeting.title.as_str(), meeting.link.as_deref()), ("Today late", Some("https://meet.jit.si/w")));
}

#[test]
fn an_event_without_a_uid_gets_one_that_stays() {
    let lines = "DTSTART:20260112T090000Z;;SUMMARY:Solo;;DTSTAMP:20260101T000000Z";
    let later = lines.replace("20260101", "20260102");
    let uids = [lines, &later].map(|lines| look_at(&[event(lines)]).seen.meetings[0].uid.clone());
    assert_eq!(uids, ["no-uid-4ffcc959d8a62b8d"; 2]);
}

#[test]
fn one_bad_event_is_told_and_doubtful_and_the_others_ring() {
    let seen = look_at(&[
        event("UID:none;;SUMMARY:no start"),
        event("UID:freq;;DTSTART:20260112T070000Z;;RRULE:FREQ=FORTNIGHTLY"),
        event("UID:date;;DTSTART:20260101T080000Z;;RRULE:FREQ=DAILY;COUNT=1;;EXDATE:soon;;RDATE:20260112T080000Z"),
        event("UID:dense;;DTSTART:20260101T000000Z;;RRULE:FREQ=SECONDLY"),
        event("UID:good;;DTSTART:20260112T090000Z"),
    ]);
    assert_eq!(
        ringing(&seen),
        ["freq 20260112T070000Z 01-12T07:00", "date 20260112T080000Z 01-12T08:00", "good  01-12T09:00"]
    );
    assert_eq!(
        notices(&seen),
        [
            "3 none: it has no start (DTSTART) that can be read; it is left out",
            "16 date: a date in its EXDATE cannot be read: \"soon\"; it is left out",
            "19 dense: it takes place more than 500 times in the looked-at time; only its single dates count",
            "10 freq: its rule says FREQ=FORTNIGHTLY, which means nothing; only its single dates count",
        ]
    );
    let mut doubtful: Vec<_> = seen.seen.doubtful.iter().map(String::as_str).collect();
    doubtful.sort_unstable();
    assert_eq!((doubtful, seen.events), (vec!["date", "dense", "freq", "none"], 5));
}

#[test]
fn a_calendar_cut_short_keeps_what_came_whole() {
    let whole =
        calendar(&[event("UID:a;;DTSTART:20260112T090000Z"), event("UID:b;;DTSTART:20260112T100000Z")].join("\r\n"));
    let cut = &whole.as_bytes()[..whole.len() - 45];
    let seen = look_with(cut, &Policy::default(), Limits::default());
    assert_eq!((ringing(&seen), seen.whole), (vec!["a  01-12T09:00".to_owned()], false));
    assert_eq!(seen.seen.doubtful.iter().collect::<Vec<_>>(), ["b"]);
    assert_eq!(
        notices(&seen),
        [
            "- -: the calendar breaks off before its end (END:VCALENDAR)",
            "7 b: the calendar breaks off in it; it is left out",
        ]
    );
}

#[test]
fn a_spent_budget_leaves_single_events_and_says_which_series_are_doubtful() {
    let limits = Limits { steps: 10, ..Limits::default() };
    let dense = event("UID:a;;DTSTART:20250106T090000Z;;RRULE:FREQ=MINUTELY;COUNT=999999999");
    let weekly = event("UID:w;;DTSTART:20260105T090000Z;;RRULE:FREQ=WEEKLY");
    let text = calendar(&[dense, weekly, event("UID:z;;DTSTART:20260112T090000Z")].join("\r\n"));
    let seen = look_with(text.as_bytes(), &Policy::default(), limits);
    // An ordinary series needs no more than every UID has for itself.
    assert_eq!(ringing(&seen), ["w 20260112T090000Z 01-12T09:00", "z  01-12T09:00"]);
    assert_eq!(seen.seen.doubtful.iter().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_line_over_the_limit_is_cut_and_told() {
    let limits = Limits { line: 30, ..Limits::default() };
    let text = calendar(&event(&format!("UID:a;;DTSTART:20260112T090000Z;;SUMMARY:{}", "x".repeat(100))));
    let seen = look_with(text.as_bytes(), &Policy::default(), limits);
    assert_eq!((seen.seen.meetings[0].title.len(), seen.seen.doubtful.len()), (22, 0));
    assert_eq!(notices(&seen), ["6 a: a line is too long; the rest of it is left out"]);
}

#[test]
fn alarms_and_unknown_components_are_no_part_of_an_event_however_they_are_nested() {
    let seen = look_at(&[
        event(
            "UID:a;;BEGIN:VALARM;;DTSTART:20260113T090000Z;;BEGIN:X-IN;;UID:x;;END:X-IN;;END:VALARM;;DTSTART:20260112T090000Z",
        ),
        event("BEGIN:X-OPEN;;BEGIN:X-OPEN;;DTSTART:20260112T100000Z"),
        "BEGIN:X;;BEGIN:Y;;DTSTART:20260112T100000Z".replace(";;", "\r\n"),
        event("UID:b;;DTSTART:20260112T100000Z"),
        "END:NOTHING\r\nBEGIN:VEVENT\r\nUID:c\r\nDTSTART:20260112T110000Z".to_owned(),
        event("UID:d;;DTSTART:20260112T120000Z"),
    ]);
    assert_eq!(ringing(&seen), ["a  01-12T09:00", "b  01-12T10:00", "c  01-12T11:00", "d  01-12T12:00"]);
}

#[test]
fn a_hundred_thousand_components_in_each_other_are_no_trouble() {
    let nested = format!("{}\r\n{}", "BEGIN:VALARM\r\n".repeat(100_000), event("UID:a;;DTSTART:20260112T090000Z"));
    let seen = look_with(calendar(&nested).as_bytes(), &Policy::default(), Limits::default());
    assert_eq!((ringing(&seen), seen.whole, notices(&seen)), (vec!["a  01-12T09:00".to_owned()], true, no_notices()));
}

#[test]
fn a_text_broken_without_a_fold_goes_on_in_the_next_line() {
    let lines = "UID:a;;DTSTART:20260112T090000Z;;DESCRIPTION:agenda;;;;join here https://meet.jit.si/a";
    assert_eq!(look_at(&[event(lines)]).seen.meetings[0].link.as_deref(), Some("https://meet.jit.si/a"));
    let elsewhere = event("not a line https://meet.jit.si/a;;UID:b;;DTSTART:20260112T100000Z");
    let seen = look_at(&[event("UID:a;;DTSTART:20260112T090000Z;;DESCRIPTION:agenda"), elsewhere]);
    assert_eq!(seen.seen.meetings.iter().find_map(|meeting| meeting.link.clone()), None);
    assert_eq!(notices(&seen), ["9 -: a line is no property (it has no name); it is left out"]);
}

#[test]
fn what_is_no_calendar_is_said_to_be_none() {
    let policy = Policy::default();
    let (zone, limits) = (Zone::utc(), Limits::default());
    let (from, until) = (Timestamp::from_ms(MONDAY), Timestamp::from_ms(MONDAY + 1));
    let view = View { from, until, zone: &zone, policy: &policy, own: false, limits };
    for (bytes, why) in [
        (&b""[..], NotACalendar::Empty),
        (b" \r\n\t", NotACalendar::Empty),
        (b"\xEF\xBB\xBF\r\n<!DOCTYPE html><p>Sign in", NotACalendar::Html),
        (b"{\"error\":1}", NotACalendar::NoCalendar),
        (b"END:VCALENDAR", NotACalendar::NoCalendar),
    ] {
        assert_eq!(look(bytes, &view), Err(why));
    }
    assert!(look(b"\r\n begin:vcalendar\nEND:VCALENDAR", &view).unwrap().whole);
}
