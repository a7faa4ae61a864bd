//! What real producers write against the standard, and what their organisers meant by it.

use crate::calendar::ics::{calendar, event, look_at, look_with, notices, ringing, skipped};
use savehub::calendar::{Limits, Look, Policy};
use savehub::model::SkipWhy;

/// A zone with these parts: name, offset before, offset after, rule.
fn zone(lines: &str, parts: &[(&str, &str, &str, &str)]) -> String {
    let part = |(kind, from, to, rule): &(&str, &str, &str, &str)| {
        format!("BEGIN:{kind};;DTSTART:19700101T020000;;TZOFFSETFROM:{from};;TZOFFSETTO:{to};;{rule};;END:{kind}")
    };
    let parts: Vec<String> = parts.iter().map(part).collect();
    format!("BEGIN:VTIMEZONE;;{lines};;{};;END:VTIMEZONE", parts.join(";;")).replace(";;", "\r\n")
}

const WINTER: (&str, &str, &str, &str) = ("STANDARD", "+0100", "+0000", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU");
const SUMMER: (&str, &str, &str, &str) = ("DAYLIGHT", "+0000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU");

fn noon(tzid: &str) -> String {
    event(&format!("UID:a;;DTSTART;TZID={tzid}:20260112T120000"))
}

/// Several calendars in one file.
fn file(calendars: &[String]) -> Look {
    let text: String = calendars.iter().map(|lines| calendar(lines)).collect();
    look_with(text.as_bytes(), &Policy::default(), Limits::default())
}

#[test]
fn the_calendars_own_rules_count_for_the_name_of_a_mere_offset_where_they_differ() {
    let always_an_hour_ahead = [("STANDARD", "+0100", "+0100", "X-A:b")];
    for name in ["GMT", "UTC", "EST", "MST", "HST", "Etc/GMT", "Etc/GMT+5", "Etc/UTC"] {
        let seen = look_at(&[zone(&format!("TZID:{name}"), &always_an_hour_ahead), noon(name)]);
        assert_eq!(ringing(&seen), ["a  01-12T11:00"], "{name}");
        let told = format!(
            "- -: the calendar's own time zone \"{name}\" differs from the one of that name; its own one counts"
        );
        assert_eq!(notices(&seen), [told]);
    }
    let in_winter = look_at(&[zone("TZID:GMT", &[WINTER, SUMMER]), noon("GMT")]);
    assert_eq!((ringing(&in_winter), notices(&in_winter).len()), (vec!["a  01-12T12:00".to_owned()], 0));
}

#[test]
fn a_place_is_never_overruled_and_a_difference_is_told() {
    let seen =
        look_at(&[zone("TZID:Europe/London", &[("STANDARD", "+0100", "+0100", "X-A:b")]), noon("Europe/London")]);
    let told = "- -: the calendar's own time zone \"Europe/London\" differs from the one of that name; the one of that name counts";
    assert_eq!((ringing(&seen), notices(&seen)), (vec!["a  01-12T12:00".to_owned()], vec![told.to_owned()]));
    let same = look_at(&[zone("TZID:Europe/London", &[WINTER, SUMMER]), noon("Europe/London")]);
    assert_eq!(notices(&same), [""; 0]);
}

#[test]
fn a_zone_spelt_nearly_like_one_is_that_one_and_told() {
    for (name, utc) in [
        ("W. Europe Standard Time 1", "11:00"),
        ("GMT Standard Time 12", "12:00"),
        ("Eastern Daylight Time", "17:00"),
        ("W. Europe Summer Time", "11:00"),
        ("Pacific Daylight Time 2", "20:00"),
        ("America-New_York", "17:00"),
        ("America-Argentina-Buenos_Aires", "15:00"),
        ("Etc/UTC-2", "14:00"),
        ("Etc/UTC+01:00", "11:00"),
    ] {
        let seen = look_at(&[noon(name)]);
        assert_eq!(ringing(&seen), [format!("a  01-12T{utc}")], "{name}");
        assert_eq!(seen.notices.len(), 1, "{name}: {:?}", seen.notices);
        assert!(!seen.notices[0].text.contains("or in yours"), "{name}");
    }
    assert_eq!(ringing(&look_at(&[noon("British Summer Time")])), ["a  01-12T12:00"]);
}

#[test]
fn an_abbreviation_means_the_zone_of_the_calendar_that_uses_it_if_all_that_do_agree() {
    let lisbon = |tzid: &str, abbreviation: &str| {
        zone(&format!("TZID:{tzid}"), &[("STANDARD", "-0100", "-0100", &format!("TZNAME:{abbreviation}"))])
    };
    let one = look_at(&[lisbon("Mine", "XST"), noon("XST")]);
    assert_eq!((ringing(&one), one.notices.len()), (vec!["a  01-12T13:00".to_owned()], 1));
    let alike = look_at(&[lisbon("Mine", "XST"), lisbon("Other", "XST"), noon("XST")]);
    assert_eq!(ringing(&alike), ["a  01-12T13:00"]);
    let other = zone("TZID:Other", &[("STANDARD", "+0500", "+0500", "TZNAME:XST")]);
    let several = look_at(&[lisbon("Mine", "XST"), other, noon("XST")]);
    assert_eq!((ringing(&several), several.notices.len()), (vec!["a  01-12T11:00".to_owned()], 1));
}

#[test]
fn the_location_of_libical_names_the_zone_that_has_no_rules() {
    let bare = zone("TZID:/softwarestudio.org/Mine;;X-LIC-LOCATION:America/New_York", &[]);
    assert_eq!(ringing(&look_at(&[bare, noon("/softwarestudio.org/Mine")])), ["a  01-12T17:00"]);
}

#[test]
fn a_line_that_a_broken_text_has_left_behind_is_no_property() {
    let looks = |lines: &str| look_at(&[event(&format!("UID:a;;DTSTART:20260112T090000Z;;{lines}"))]);
    for lines in [
        "DESCRIPTION:Agenda;;Status: cancelled;;see you;;STATUS:CONFIRMED",
        "DESCRIPTION:Agenda;;Status: cancelled",
        "DESCRIPTION:Agenda;;Best: Bo;;STATUS: CANCELLED;;the end;;STATUS:CONFIRMED",
        "DESCRIPTION:Agenda;;Begin: 10;;End: VEVENT;;Transp: TRANSPARENT",
        "DESCRIPTION:Agenda;;Status : cancelled",
        "DESCRIPTION:Old one;;STATUS:CANCELLED;;X-A:b;;STATUS:CONFIRMED",
    ] {
        assert_eq!(ringing(&looks(lines)), ["a  01-12T09:00"], "{lines}");
    }
    for lines in ["DESCRIPTION:x;;STATUS:CANCELLED", "status: cancelled", "description: x;;status: cancelled"] {
        assert_eq!(skipped(&looks(lines)), [("a  01-12T09:00".to_owned(), SkipWhy::Cancelled)], "{lines}");
    }
    let moved = look_at(&[event("UID:a;;DESCRIPTION:was;;Dtstart: 20260112T080000Z;;DTSTART:20260112T090000Z")]);
    assert_eq!(ringing(&moved), ["a  01-12T09:00"]);
    let alone = look_at(&[event("UID:a;;DESCRIPTION:was;;Dtstart: 20260112T080000Z")]);
    assert_eq!(ringing(&alone), ["a  01-12T08:00"], "there is no other one");
    let link = looks("DESCRIPTION:Agenda;;https://meet.jit.si/Standup;;Best: Bo");
    assert_eq!(link.seen.meetings[0].link.as_deref(), Some("https://meet.jit.si/Standup"));
}

#[test]
fn what_stands_behind_an_alarm_that_is_not_closed_is_the_events_but_for_what_alarms_have() {
    let alarm = "BEGIN:VALARM;;TRIGGER:-PT5M;;SUMMARY:Reminder;;DURATION:PT1M";
    let seen = look_at(&[
        event(&format!("UID:a;;SUMMARY:Board;;{alarm};;DTSTART:20260112T090000Z;;LOCATION:https://meet.jit.si/a")),
        event(&format!("UID:b;;DTSTART:20260112T100000Z;;{alarm};;END:VALARM;;STATUS:CONFIRMED")),
    ]);
    assert_eq!(ringing(&seen), ["a  01-12T09:00", "b  01-12T10:00"]);
    let first = &seen.seen.meetings[0];
    assert_eq!((first.title.as_str(), first.link.as_deref()), ("Board", Some("https://meet.jit.si/a")));
    assert_eq!(first.ends_at, None);
    let told = "an alarm is not closed (END:VALARM); what is behind it and no alarm's counts as the event's";
    assert_eq!(notices(&seen), [format!("10 -: {told}")]);
}

#[test]
fn an_update_in_another_calendar_of_the_file_replaces_the_older_one() {
    let one =
        |method: &str, lines: &str| format!("{method}{}", event(&format!("UID:m;;{lines}"))).replace(";;", "\r\n");
    let request = "METHOD:REQUEST;;";
    for (older, newer) in [
        (one(request, "SEQUENCE:0;;DTSTART:20260112T090000Z"), one(request, "SEQUENCE:1;;DTSTART:20260112T140000Z")),
        (one("", "SEQUENCE:0;;DTSTART:20260112T090000Z"), one("", "SEQUENCE:1;;DTSTART:20260112T140000Z")),
        (
            one(request, "DTSTAMP:20260101T000000Z;;DTSTART:20260112T090000Z"),
            one(request, "DTSTAMP:20260102T000000Z;;DTSTART:20260112T140000Z"),
        ),
    ] {
        for calendars in [[older.clone(), newer.clone()], [newer.clone(), older.clone()]] {
            assert_eq!(ringing(&file(&calendars)), ["m  01-12T14:00"], "{calendars:?}");
        }
    }
}

#[test]
fn a_cancellation_that_was_sent_calls_the_meeting_off() {
    let request = format!("METHOD:REQUEST;;{}", event("UID:m;;DTSTAMP:20260101T000000Z;;DTSTART:20260112T090000Z"));
    let cancel =
        |lines: &str| format!("METHOD:CANCEL;;{}", event(&format!("UID:m;;DTSTART:20260112T090000Z;;{lines}")));
    for lines in ["DTSTAMP:20260101T000000Z", "DTSTAMP:20260102T000000Z", "SEQUENCE:1"] {
        let seen = file(&[request.clone(), cancel(lines)]);
        assert_eq!(skipped(&seen), [("m  01-12T09:00".to_owned(), SkipWhy::Cancelled)], "{lines}");
        assert_eq!(ringing(&seen), [""; 0]);
    }
}

#[test]
fn single_events_of_one_uid_at_different_times_are_different_meetings_in_a_published_calendar() {
    let slot = |day: u8, sequence: u8| event(&format!("UID:s;;SEQUENCE:{sequence};;DTSTART:202601{day}T090000Z"));
    let seen = look_at(&[slot(12, 0), slot(13, 1), slot(14, 0), slot(14, 2)]);
    let starts = ["12", "13", "14"].map(|day| format!("s 202601{day}T090000Z 01-{day}T09:00"));
    assert_eq!((ringing(&seen), seen.notices.len()), (starts.to_vec(), 1));
    let versions = look_at(&[slot(12, 0), slot(13, 1)]);
    assert_eq!((ringing(&versions), versions.notices.len()), (vec!["s  01-13T09:00".to_owned()], 1));
}

#[test]
fn what_a_newer_version_of_a_series_takes_out_does_not_take_place_whatever_an_older_override_says() {
    let series = |lines: &str| event(&format!("UID:s;;DTSTART:20260105T090000Z;;RRULE:FREQ=DAILY{lines}"));
    let moved = |sequence: u8| {
        event(&format!("UID:s;;SEQUENCE:{sequence};;RECURRENCE-ID:20260112T090000Z;;DTSTART:20260112T110000Z"))
    };
    let at_eleven = |look: &Look| ringing(look).iter().any(|line| line.ends_with("01-12T11:00"));
    for taken_out in [";;EXDATE:20260112T090000Z", ";UNTIL=20260111T090000Z"] {
        let newer = series(&format!("{taken_out};;SEQUENCE:2"));
        assert!(!at_eleven(&look_at(&[newer.clone(), moved(1)])), "{taken_out}");
        assert!(at_eleven(&look_at(&[newer.clone(), moved(2)])), "{taken_out}: it is as new");
    }
    assert!(at_eleven(&look_at(&[series(";;SEQUENCE:2"), moved(1)])), "nothing takes it out");
    let called_off = look_at(&[series(";;SEQUENCE:2;;STATUS:CANCELLED"), moved(1)]);
    assert_eq!(ringing(&called_off), [""; 0]);
}

#[test]
fn an_exdate_takes_away_the_only_time_of_an_event() {
    let single = |exdate: &str| look_at(&[event(&format!("UID:a;;DTSTART:20260112T090000Z;;EXDATE:{exdate}"))]);
    assert_eq!(ringing(&single("20260112T090000Z")), [""; 0]);
    assert_eq!(ringing(&single("20260113T090000Z")), ["a  01-12T09:00"]);
}

#[test]
fn what_outlook_says_is_a_day_does_not_ring_at_midnight_wherever_that_is() {
    let flag = "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE";
    for lines in [
        "DTSTART:20260112T230000Z",
        "DTSTART:20260112T050000Z;;DTEND:20260113T050000Z",
        "DTSTART;TZID=Asia/Tokyo:20260113T000000;;DTEND;TZID=Asia/Tokyo:20260115T000000",
    ] {
        let seen = look_at(&[event(&format!("UID:a;;{lines};;{flag}"))]);
        assert_eq!(skipped(&seen).iter().map(|(_, why)| *why).collect::<Vec<_>>(), [SkipWhy::AllDay], "{lines}");
    }
    let meeting = look_at(&[event(&format!("UID:a;;DTSTART:20260112T090000Z;;DTEND:20260112T100000Z;;{flag}"))]);
    assert_eq!(ringing(&meeting), ["a  01-12T09:00"]);
}

#[test]
fn a_word_before_the_title_calls_off_and_a_word_in_it_does_not() {
    for (title, rings) in [
        ("Canceled: Board", false),
        ("CANCELLED: Board", false),
        ("Abgesagt: Runde", false),
        ("Annulé : réunion", false),
        ("キャンセル：会議", false),
        ("Cancelled flights: what to do", true),
        ("Review of canceled: orders", true),
        ("Canceled", true),
        ("Board", true),
    ] {
        let seen = look_at(&[event(&format!("UID:a;;SUMMARY:{title};;DTSTART:20260112T090000Z"))]);
        assert_eq!(ringing(&seen).len() == 1, rings, "{title}");
        assert!(rings || skipped(&seen)[0].1 == SkipWhy::Cancelled);
    }
}
