//! Whole outputs, so that every change of wording is seen in the diff.

use super::*;
use crate::calendar::{Policy, look};
use crate::cli::testing::{NOW, minutes, person};
use std::collections::HashSet;
use std::time::Duration;

/// A Sunday evening's calendar: what rings, what does not, and what is odd.
const WEEK: &str = "\
BEGIN:VCALENDAR
BEGIN:VEVENT
UID:stand-up
DTSTART;TZID=Europe/Berlin:20260105T093000
DURATION:PT15M
RRULE:FREQ=WEEKLY;BYDAY=MO,TU
SUMMARY:Stand-up \u{1b}[2J
LOCATION:https://meet.example.com/abc
END:VEVENT
BEGIN:VEVENT
UID:lunch
DTSTART;TZID=Mars/Olympus:20261124T120000
TRANSP:TRANSPARENT
END:VEVENT
BEGIN:VEVENT
UID:off
DTSTART;VALUE=DATE:20261124
SUMMARY:Day off
END:VEVENT
BEGIN:VEVENT
UID:odd
SUMMARY:No start
END:VEVENT
END:VCALENDAR
";

fn zone_data() -> ZoneData {
    ZoneData { version: "2026e".into(), from: "bundled" }
}

fn check(addresses: &[&str], show: impl FnOnce(&Checked<'_>)) {
    let mut ana = person("ana");
    ana.policy = Policy { addresses: addresses.iter().map(|a| (*a).to_owned()).collect(), ..Policy::default() };
    let owner = CalendarOwner::of(Some(&ana), false);
    let look = look(WEEK.as_bytes(), &owner.view(NOW, minutes(3 * 24 * 60))).unwrap();
    let ladder = &[Rung::call(Duration::from_secs(180))];
    let (changed_at, how) = (Some(minutes(-90)), "read from a file");
    show(&Checked { name: "work", owner, ladder, zone_data: zone_data(), look, changed_at, how, now: NOW });
}

#[test]
fn marks_are_shown_and_those_that_do_not_count_or_bring_nothing_forward_are_told() {
    let event = |uid: &str, lines: &str| {
        format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{uid}\nDTSTART:20261122T1{lines}\nEND:VEVENT\n")
    };
    let text = format!(
        "BEGIN:VCALENDAR\n{}{}{}{}END:VCALENDAR\n",
        event("early", "00000Z\nCATEGORIES:savehub: 15m,savehub: important"),
        event("off", "10000Z\nDESCRIPTION:savehub: off"),
        event("theirs", "20000Z\nORGANIZER:mailto:boss@example.com\nDESCRIPTION:savehub: off"),
        event("odd", "30000Z\nDESCRIPTION:savehub: 15 minuets"),
    );
    let mut ana = person("ana");
    ana.policy.addresses = vec!["ana@example.com".into()];
    let owner = CalendarOwner::of(Some(&ana), true);
    let look = look(text.as_bytes(), &owner.view(NOW, minutes(24 * 60))).unwrap();
    let ladder = &[Rung::call(Duration::from_secs(180))];
    let (name, zone_data, how) = ("work", zone_data(), "read so");
    let checked = Checked { name, owner, ladder, zone_data, look, changed_at: None, how, now: NOW };
    assert_eq!(
        checked.text(Screen::PLAIN),
        "\
work: 4 events
read so
zones: UTC alone; their rules: 2026e, bundled
2026-11-22 09:00 to 2026-11-23 09:00 (Europe/Berlin): 3 meetings ring and 1 does not

2026-11-22 11:00  -  rings, marked important, 15m  early
2026-11-22 12:00  -  skipped: marked off           off
2026-11-22 13:00  -  rings                         theirs
2026-11-22 14:00  -  rings                         odd

Notices
  line 14, event \"theirs\": a mark (savehub: …) does not count: somebody else organises its event
  line 21, event \"odd\": \"savehub: 15 minuets\" is no mark that can be read; write savehub: off, savehub: important, or a time from 1m to 24h, such as savehub: 15m

a mark with a time brings nothing forward: the ladder has no mail, message or webhook for the person before the start
"
    );
    let json = serde_json::to_value(checked.json()).unwrap();
    assert_eq!(json["meetings"][0]["marks"], serde_json::json!(["important", "15m"]));
    assert_eq!((&json["meetings"][1]["reason"], &json["early_in_vain"]), (&"marked_off".into(), &true.into()));
}

#[test]
fn a_calendar_is_shown_with_what_rings_and_why_the_rest_does_not() {
    check(&[], |checked| {
        assert_eq!(
            checked.text(Screen::PLAIN),
            "\
work: 4 events, changed 1 h 30 min ago
read from a file
zones: Europe/Berlin (IANA name), Mars/Olympus (unknown, so its times are without a zone), times without a zone (those of Europe/Berlin); their rules: 2026e, bundled
2026-11-22 09:00 to 2026-11-25 09:00 (Europe/Berlin): 2 meetings ring and 2 do not

2026-11-23 09:30  link  rings                    Stand-up  [2J
2026-11-24        -     skipped: all day         Day off
2026-11-24 09:30  link  rings                    Stand-up  [2J
2026-11-24 12:00  -     skipped: marked as free  (no title)

Notices
  line 20, event \"odd\": it has no start (DTSTART) that can be read; it is left out
  no time zone is called \"Mars/Olympus\"; its times are read in the calendar's zone or in yours

declined meetings ring, too: no mail address of ana is known; `addresses` names them
"
        );
    });
}

#[test]
fn a_person_with_an_address_is_not_told_that_declined_meetings_ring() {
    check(&["ana@example.com"], |checked| {
        assert!(!checked.text(Screen::PLAIN).contains("declined"));
        assert_eq!(serde_json::to_value(checked.json()).unwrap()["declined_ring"], false);
    });
}

#[test]
fn the_json_object_is_stable_and_clean() {
    check(&[], |checked| {
        let mut out = Vec::new();
        print::json(&mut out, &checked.json()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), include_str!("golden.json"));
    });
}

#[test]
fn the_manual_page_describes_every_field_of_the_json_object() {
    fn keys(value: &serde_json::Value, found: &mut HashSet<String>) {
        match value {
            serde_json::Value::Object(map) => map.iter().for_each(|(key, inner)| {
                found.insert(key.clone());
                keys(inner, found);
            }),
            serde_json::Value::Array(list) => list.iter().for_each(|inner| keys(inner, found)),
            _ => {}
        }
    }
    let described = FIELDS.iter().map(|(name, text)| format!("{name} {text} ")).collect::<Vec<_>>().concat();
    let mut words = described.split(|c: char| !c.is_alphanumeric() && c != '_').collect::<HashSet<_>>();
    words.insert("person");
    let mut found = HashSet::new();
    keys(&serde_json::from_str(include_str!("golden.json")).unwrap(), &mut found);
    assert_eq!(found.iter().filter(|key| !words.contains(key.as_str())).collect::<Vec<_>>(), Vec::<&String>::new());
    for why in SkipWhy::ALL {
        assert!(words.contains(why.as_str()), "{why}");
    }
}

#[test]
fn every_reason_not_to_ring_has_its_own_plain_words() {
    let words: HashSet<&str> = SkipWhy::ALL.iter().map(|why| skip_words(*why)).collect();
    assert_eq!(words.len(), SkipWhy::ALL.len());
}
