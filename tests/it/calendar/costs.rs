//! What a calendar may cost: a damaged or hostile one takes neither the time nor the memory of the others, and one bad
//! event of it takes nothing from the events beside it. Without their limits, these tests would run for minutes.

use crate::calendar::ics::{calendar, event, look_at, look_with, notices, ringing};
use savehub::calendar::{Limits, Policy};

const WEEKLY: &str = "UID:w;;DTSTART;TZID=Europe/Berlin:20260105T100000;;RRULE:FREQ=WEEKLY";

/// `20260113T…Z`, so many seconds after midnight.
fn second(n: usize) -> String {
    format!("20260113T{:02}{:02}{:02}Z", n / 3600, n / 60 % 60, n % 60)
}

#[test]
fn a_series_that_takes_too_long_leaves_the_others_their_share() {
    let long = "DTSTART:20000101T000000Z;;RRULE:FREQ=MINUTELY;BYDAY=MO,TU,WE,TH,FR,SA,SU;COUNT=999999999";
    let long = ["a", "b", "c"].map(|uid| event(&format!("UID:{uid};;{long}")));
    let seen = look_at(&[long.join("\r\n"), event(WEEKLY)]);
    assert_eq!(ringing(&seen), ["w 20260112T090000Z 01-12T09:00"]);
    let mut doubtful: Vec<_> = seen.seen.doubtful.iter().collect();
    doubtful.sort_unstable();
    assert_eq!(doubtful, ["a", "b", "c"]);
}

#[test]
fn occurrences_of_an_event_with_a_huge_uid_are_small_and_keep_their_identity() {
    let look =
        |rule: &str| look_at(&[event(&format!("UID:{};;DTSTART:20260112T000000Z;;RRULE:{rule}", "u".repeat(500_000)))]);
    let (seen, changed) = (look("FREQ=DAILY"), look("FREQ=DAILY;COUNT=3"));
    assert_eq!((seen.seen.meetings.len(), changed.seen.meetings.len()), (7, 3));
    assert!(seen.seen.meetings.iter().all(|meeting| meeting.uid.len() < 100));
    assert_eq!(seen.seen.uids, changed.seen.uids);
    assert_eq!(seen.seen.meetings[0].uid, changed.seen.meetings[0].uid);
}

#[test]
fn lines_beyond_the_most_of_one_event_are_left_out_and_it_is_doubtful() {
    let many = "ATTENDEE:mailto:a@example.com\r\n".repeat(10_001);
    let seen = look_at(&[
        event(&format!("UID:a;;DTSTART:20260112T080000Z;;{many}DESCRIPTION:x;;not a line")),
        event("UID:b;;DTSTART:20260112T090000Z"),
    ]);
    assert_eq!(ringing(&seen), ["a  01-12T08:00", "b  01-12T09:00"]);
    assert_eq!(seen.seen.doubtful.iter().collect::<Vec<_>>(), ["a"]);
    assert_eq!(
        notices(&seen),
        [
            "10008 -: a line is no property (it has no name); it is left out",
            "3 a: it has more than 10000 lines; the others are left out"
        ]
    );
}

#[test]
fn lines_without_a_name_behind_many_blank_ones_are_no_trouble() {
    let blank = "\n".repeat(1_000_000);
    let text = calendar(&event(&format!(
        "UID:a;;DESCRIPTION:x{blank}X-A:1\n{}DTSTART:20260112T090000Z",
        "a\n".repeat(50_000)
    )));
    let seen = look_with(text.as_bytes(), &Policy::default(), Limits::default());
    assert_eq!(ringing(&seen), ["a  01-12T09:00"]);
}

#[test]
fn many_masters_with_many_overrides_for_all_later_ones_are_no_trouble() {
    let master = |n: usize| event(&format!("UID:a;;DTSTART:{}", second(n).replace("2026", "2025")));
    let later = |n: usize| {
        let id = second(n).replace("2026", "2025");
        event(&format!("UID:a;;RECURRENCE-ID;RANGE=THISANDFUTURE:{id};;DTSTART:{id}"))
    };
    let events: Vec<_> = (0..5000).map(master).chain((0..5000).map(later)).chain([event(WEEKLY)]).collect();
    assert_eq!(ringing(&look_at(&events)), ["w 20260112T090000Z 01-12T09:00"]);
}

#[test]
fn many_rdates_behind_long_parameters_are_no_trouble() {
    let dates = (0..20_000).map(second).collect::<Vec<_>>().join(",").replace("2026", "2025");
    let lines = format!("UID:a;;DTSTART:20260112T090000Z;;RDATE;X={}:{dates}", "x".repeat(500_000));
    assert_eq!(ringing(&look_at(&[event(&lines)])), ["a 20260112T090000Z 01-12T09:00"]);
}

#[test]
fn many_overrides_of_a_huge_series_are_left_out_and_those_of_a_usual_one_are_not() {
    let overrides = |uid: &str| -> Vec<String> {
        (0..450).map(|n| event(&format!("UID:{uid};;RECURRENCE-ID:{};;DTSTART:20260114T090000Z", second(n)))).collect()
    };
    let series = |uid: &str, length: usize| {
        let series = event(&format!("UID:{uid};;DTSTART:20250112T090000Z;;DESCRIPTION:{}", "x".repeat(length)));
        look_at(&[series, overrides(uid).join("\r\n"), event(WEEKLY)])
    };
    let (usual, huge) = (series("a", 10_000), series("a", 1_000_000));
    assert_eq!((usual.seen.meetings.len(), usual.seen.doubtful.len()), (451, 0));
    assert!((2..450).contains(&huge.seen.meetings.len()) && huge.seen.doubtful.contains("a"));
    assert!(ringing(&huge).contains(&"w 20260112T090000Z 01-12T09:00".to_owned()));
}

#[test]
fn zones_beyond_those_that_are_looked_up_are_told_and_doubtful_and_those_with_exact_names_are_none_of_them() {
    let single = |n: usize| event(&format!("UID:{n:04};;DTSTART;TZID=/x/{n}/America/New_York:20260112T090000"));
    let floating = event("UID:floating;;DTSTART:20260112T090000");
    let text = [
        "X-WR-TIMEZONE:America/New_York".to_owned(),
        (0..1100).map(single).collect::<Vec<_>>().join("\r\n"),
        floating,
        event("UID:r;;DTSTART:20260112T110000Z;;RDATE;TZID=Asia/Tokyo:20260113T090000"),
        event("UID:windows;;DTSTART;TZID=Tokyo Standard Time:20260112T090000"),
        event("UID:utc;;DTSTART:20260112T120000Z"),
    ];
    let limits = Limits { steps: 400_000, meetings: 2000, ..Limits::default() };
    let seen = look_with(calendar(&text.join("\r\n")).as_bytes(), &Policy::default(), limits);
    let told = "- -: it has more time zones than are looked up; times in the others may be read in the wrong one";
    assert_eq!(notices(&seen), [format!("{told} (and 100 times more)")]);
    let doubtful = &seen.seen.doubtful;
    assert_eq!((doubtful.len(), doubtful.contains("0998"), doubtful.contains("0999")), (101, false, true));
    let start = |uid: &str| ringing(&seen).into_iter().find(|line| line.starts_with(uid)).unwrap();
    assert_eq!(["floating", "windows"].map(start), ["floating  01-12T14:00", "windows  01-12T00:00"]);
}

#[test]
fn of_a_flood_of_meetings_the_earliest_are_seen_and_the_others_are_doubtful() {
    let single = |n: usize| event(&format!("UID:{n};;DTSTART:{}", second(n)));
    let free = |n: usize| event(&format!("UID:free-{n};;TRANSP:TRANSPARENT;;DTSTART:{}", second(n)));
    let mut events: Vec<_> = (0..1002).map(single).chain((0..1001).map(free)).collect();
    events.reverse();
    let look = look_at(&events);
    assert_eq!((look.seen.meetings.len(), look.seen.skipped.len(), look.events), (1000, 1000, 2003));
    assert_eq!((look.seen.meetings[0].uid.as_str(), look.seen.meetings[999].uid.as_str()), ("0", "999"));
    let mut doubtful: Vec<_> = look.seen.doubtful.iter().collect();
    doubtful.sort_unstable();
    assert_eq!(doubtful, ["1000", "1001", "free-1000"]);
    assert_eq!(notices(&look), ["- -: more than 1000 meetings begin in the looked-at time; the last 3 are left out"]);
}
