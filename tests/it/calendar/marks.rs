//! What a person marks in their own events, and that nobody else can.

use crate::calendar::ics::{calendar, event, look_in, notices};
use savehub::calendar::{Hours, Limits, Look, Pattern, Policy};
use savehub::model::{Marks, SkipWhy};
use std::time::Duration;

fn me() -> Policy {
    Policy { addresses: vec!["me@example.com".to_owned()], ..Policy::default() }
}

/// Looks at these events, in a calendar that is the person's own or is not.
fn look_at(events: &[String], policy: &Policy, own: bool) -> Look {
    look_in(calendar(&events.join("\r\n")).as_bytes(), policy, own, Limits::default())
}

/// What comes of a meeting on Monday at 10:00 in Berlin with these lines.
fn fate(lines: &str, policy: &Policy, own: bool) -> (Option<SkipWhy>, Marks, Vec<String>) {
    let look = look_at(&[event(&format!("UID:a;;DTSTART:20260112T090000Z;;{lines}"))], policy, own);
    let notices = notices(&look);
    match (&look.seen.meetings[..], &look.seen.skipped[..]) {
        ([meeting], []) => (None, meeting.marks, notices),
        ([], [(meeting, why)]) => (Some(*why), meeting.marks, notices),
        other => panic!("{other:?}"),
    }
}

const NONE: Marks = Marks { important: false, early: None };
const IMPORTANT: Marks = Marks { important: true, early: None };

fn early(minutes: u64) -> Marks {
    Marks { important: false, early: Some(Duration::from_secs(minutes * 60)) }
}

const MINE: &str = "ORGANIZER;CN=Me:mailto:Me@example.com";
const THEIRS: &str = "ORGANIZER:mailto:boss@example.com";

#[test]
fn the_organiser_marks_an_event_in_its_description_or_by_a_category() {
    let off = (Some(SkipWhy::MarkedOff), NONE, vec![]);
    for (lines, expected) in [
        ("DESCRIPTION:Agenda\\nsavehub: off\\nmore", off.clone()),
        ("DESCRIPTION:<p>Agenda</p><p><b>SaveHub</b>: OFF</p>", off.clone()),
        ("DESCRIPTION:Agenda\r\nsavehub: off\r\nmore", off.clone()),
        ("DESCRIPTION:Agenda;;X-ALT-DESC;FMTTYPE=text/html:<div>savehub: off</div>", off.clone()),
        ("CATEGORIES:Work,savehub: off", off.clone()),
        ("CATEGORIES:Work;;CATEGORIES:SAVEHUB:off", off),
        ("CATEGORIES:savehub: important", (None, IMPORTANT, vec![])),
        ("DESCRIPTION:savehub: 15m", (None, early(15), vec![])),
        (
            "DESCRIPTION:savehub: 15m;;CATEGORIES:savehub: important",
            (None, Marks { important: true, ..early(15) }, vec![]),
        ),
        ("SUMMARY:savehub: off;;LOCATION:savehub: off;;DESCRIPTION:see savehub: off", (None, NONE, vec![])),
    ] {
        assert_eq!(fate(&format!("{MINE};;{lines}"), &me(), false), expected, "{lines}");
    }
}

#[test]
fn nobody_elses_invitation_steers_a_phone() {
    let others = "1 a: a mark (savehub: …) does not count: somebody else organises its event";
    let unknown = "1 a: a mark (savehub: …) does not count: its event has an organiser, and no address of the person is \
                   known (`addresses`)";
    let nobody = "1 a: a mark (savehub: …) does not count: nobody organises its event, and the calendar is not known to be \
                  the person's own (`own = true`)";
    for (organiser, policy, own, why) in [
        (THEIRS, me(), false, Some(others)),
        (THEIRS, me(), true, Some(others)),
        ("ORGANIZER;EMAIL=me@example.com:mailto:boss@example.com", me(), true, Some(others)),
        ("ORGANIZER:mailto:boss@example.com;;ORGANIZER:mailto:me@example.com", me(), true, Some(others)),
        ("ORGANIZER;SENT-BY=\"mailto:me@example.com\":mailto:boss@example.com", me(), true, Some(others)),
        (
            "ORGANIZER;CN=me@example.com:mailto:boss@example.com;;ATTENDEE:mailto:me@example.com",
            me(),
            true,
            Some(others),
        ),
        ("ORGANIZER:", me(), true, Some(others)),
        (MINE, Policy::default(), true, Some(unknown)),
        ("X-NONE:1", me(), false, Some(nobody)),
        ("X-NONE:1", me(), true, None),
        ("X-NONE:1", Policy::default(), true, None),
        (MINE, me(), false, None),
        ("ORGANIZER;EMAIL=me@example.com:invalid:nomail", me(), false, None),
        ("ORGANIZER;SENT-BY=\"mailto:pa@example.com\":mailto:me@example.com", me(), false, None),
    ] {
        for (mark, counts) in
            [("off", (Some(SkipWhy::MarkedOff), NONE)), ("important", (None, IMPORTANT)), ("15m", (None, early(15)))]
        {
            let (skip, marks, told) = fate(&format!("{organiser};;DESCRIPTION:savehub: {mark}"), &policy, own);
            let expected = if why.is_some() { (None, NONE) } else { counts };
            let told = told.iter().map(|told| told.replacen("3 a", "1 a", 1)).collect::<Vec<_>>();
            assert_eq!(((skip, marks), told), (expected, why.map(str::to_owned).into_iter().collect()), "{organiser}");
        }
    }
}

#[test]
fn what_is_important_rings_in_spite_of_every_rule_of_the_config_and_of_nothing_else() {
    let strict = Policy {
        leaves_out: vec![SkipWhy::Free, SkipWhy::OutOfOffice, SkipWhy::Tentative, SkipWhy::Unanswered],
        skip_titles: vec![Pattern::new("*lunch*")],
        min_attendees: 5,
        need_link: true,
        hours: Some(Hours { days: [false; 7], from: 0, until: 1 }),
        ..me()
    };
    let rules = ["TRANSP:TRANSPARENT", "STATUS:TENTATIVE", "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "SUMMARY:Lunch", "X-A:1"];
    for lines in rules {
        assert!(fate(&format!("{MINE};;{lines}"), &strict, false).0.is_some(), "{lines}");
        let important = format!("{MINE};;{lines};;CATEGORIES:savehub:important");
        assert_eq!(fate(&important, &strict, false), (None, IMPORTANT, vec![]), "{lines}");
    }
    for (lines, why) in [
        ("STATUS:CANCELLED", SkipWhy::Cancelled),
        ("SUMMARY:Canceled: Lunch", SkipWhy::Cancelled),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.com", SkipWhy::Declined),
    ] {
        let important = format!("{MINE};;{lines};;CATEGORIES:savehub:important");
        assert_eq!(fate(&important, &me(), false).0, Some(why), "{lines}");
    }
    let day = event(&format!("UID:a;;DTSTART;VALUE=DATE:20260113;;{MINE};;CATEGORIES:savehub:important"));
    assert_eq!(look_at(&[day], &me(), false).seen.skipped[0].1, SkipWhy::AllDay);
}

#[test]
fn marks_that_contradict_each_other_ring_and_are_told() {
    let both = "3 a: it is marked off and otherwise, too; it rings";
    let times = "3 a: its marks name different times; the earliest counts";
    for (lines, marks, told) in [
        ("DESCRIPTION:savehub: off;;CATEGORIES:savehub: important", IMPORTANT, vec![both]),
        ("DESCRIPTION:savehub: 15m\\nsavehub: off", early(15), vec![both]),
        ("DESCRIPTION:savehub: 15m\\nsavehub: 30m\\nsavehub: 5m", early(30), vec![times]),
        ("DESCRIPTION:savehub: 15m;;X-ALT-DESC:<p>savehub: 15m</p>", early(15), vec![]),
    ] {
        let told = told.into_iter().map(str::to_owned).collect();
        assert_eq!(fate(&format!("{MINE};;{lines}"), &me(), false), (None, marks, told), "{lines}");
    }
}

#[test]
fn a_mark_that_cannot_be_read_is_told_and_the_meeting_rings() {
    let told = "3 a: \"savehub: 15 minuets\" is no mark that can be read; write savehub: off, savehub: important, or a time \
                from 1m to 24h, such as savehub: 15m";
    let lines = format!("{MINE};;DESCRIPTION:savehub: 15 minuets");
    assert_eq!(fate(&lines, &me(), false), (None, NONE, vec![told.to_owned()]));
    assert_eq!(fate("DESCRIPTION:savehub: 15 minuets", &me(), false).2.len(), 1, "that it does not count is told");
}

#[test]
fn the_word_is_a_setting_and_none_turns_marks_off() {
    let with = |mark: Option<&str>| Policy { mark: mark.map(str::to_owned), ..me() };
    let lines = format!("{MINE};;DESCRIPTION:savehub: off\\nWeckruf: important\\nsavehub: 15 minuets");
    assert_eq!(fate(&lines, &with(Some("weckruf")), false), (None, IMPORTANT, vec![]));
    assert_eq!(fate(&lines, &with(None), false), (None, NONE, vec![]));
}

/// A day of a series, why it does not ring, and its marks.
type Day = (u32, Option<SkipWhy>, Marks);

/// A daily series with this in it, and its occurrence of Tuesday, edited, with that.
fn series(lines: &str, edited: &str) -> (Vec<Day>, Vec<String>) {
    let events = [
        event(&format!("UID:a;;DTSTART:20260112T090000Z;;RRULE:FREQ=DAILY;COUNT=3;;{MINE};;{lines}")),
        event(&format!("UID:a;;RECURRENCE-ID:20260113T090000Z;;DTSTART:20260113T100000Z;;{MINE};;{edited}")),
    ];
    let look = look_at(&events, &me(), false);
    let rings = look.seen.meetings.iter().map(|meeting| (meeting, None));
    let all = rings.chain(look.seen.skipped.iter().map(|(meeting, why)| (meeting, Some(*why))));
    let day = |text: &str| text[8..10].parse().unwrap();
    let mut all: Vec<_> =
        all.map(|(meeting, why)| (day(&meeting.starts_at.to_rfc3339()), why, meeting.marks)).collect();
    all.sort_by_key(|(day, ..)| *day);
    (all, notices(&look))
}

#[test]
fn an_edited_occurrence_counts_by_its_own_texts_and_is_never_off_without_a_word() {
    let off = Some(SkipWhy::MarkedOff);
    let told = "10 a: its series is marked off, and an occurrence that was edited says nothing of it: that one rings";
    for (of_series, of_occurrence, tuesday, notices) in [
        ("DESCRIPTION:savehub: off", "DESCRIPTION:savehub: off", (off, NONE), vec![]),
        ("DESCRIPTION:savehub: off", "DESCRIPTION:Agenda", (None, NONE), vec![]),
        ("DESCRIPTION:savehub: off", "DESCRIPTION:savehub: important", (None, IMPORTANT), vec![]),
        ("DESCRIPTION:savehub: off", "SUMMARY:Moved", (None, NONE), vec![told]),
        ("CATEGORIES:savehub: off", "DESCRIPTION:Agenda", (None, NONE), vec![]),
        ("DESCRIPTION:savehub: 15m", "SUMMARY:Moved", (None, early(15)), vec![]),
        ("DESCRIPTION:savehub: 15m", "DESCRIPTION:Agenda", (None, NONE), vec![]),
        ("DESCRIPTION:Agenda", "CATEGORIES:savehub: off", (off, NONE), vec![]),
    ] {
        let (days, told) = series(of_series, of_occurrence);
        assert_eq!((days[1].1, days[1].2), tuesday, "{of_series} {of_occurrence}");
        assert_eq!((days[0].1, days[0].2), (days[2].1, days[2].2), "the others are as the series says");
        assert_eq!(told, notices, "{of_series} {of_occurrence}");
    }
}

#[test]
fn what_marks_depend_on_lets_a_copy_be_read_again() {
    use savehub::calendar::View;
    let (zone, limits) = (savehub::zone::Zone::named("UTC").unwrap(), Limits::default());
    let by = |policy: &Policy, own| {
        let [from, until] = [savehub::model::Timestamp::from_ms(0); 2];
        View { from, until, zone: &zone, policy, own, limits }.decided_by()
    };
    let other = Policy { mark: Some("weckruf".into()), ..me() };
    let all = [by(&me(), false), by(&me(), true), by(&other, false)];
    assert_eq!(std::collections::HashSet::from(all).len(), 3);
}
