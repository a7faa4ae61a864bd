//! Real and made calendars give the expected occurrences in every window.
//!
//! The made ones stand in `tests/data/calendars`. Calendars of other projects, which are not ours to ship, are read from
//! the folder that `SAVEHUB_CORPUS` names, with the same form of expectations.

use savehub::calendar::{Limits, Look, Policy, View, look};
use savehub::model::{SeenMeeting, SkipWhy, Timestamp};
use savehub::zone::Zone;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Windows in which savehub differs on purpose: the file, the window's start (empty: all), and why. Anything else fails.
const KEPT: &[(&str, &str, &str)] = &[
    ("fuzz22_011", "2027-11-03T16:00:00Z", SERIES_ENDED),
    ("fuzz22_020", "2047-04-03T12:30:00Z", SERIES_ENDED),
    ("fuzz22_032", "2027-11-14T06:00:00Z", SERIES_ENDED),
    ("ical4j__incoming__", "", NEWER_MESSAGE),
    ("libical__incoming__", "", NEWER_MESSAGE),
    ("libical__classify__", "", NEWER_MESSAGE),
    ("icalendar__single_event__", "", NEARLY_A_ZONE),
    ("icalendar__single_event_bad_line__", "", NEARLY_A_ZONE),
    ("icalendar__single_event_bad_organizer__", "", NEARLY_A_ZONE),
    ("icalendar__two_events__", "", NEARLY_A_ZONE),
];

/// Samples of messages, one behind the other, which other programs read as meetings beside each other.
const NEWER_MESSAGE: &str =
    "a message of the organiser with a higher SEQUENCE replaces the older one (RFC 5546 section 2.1.5)";

/// Other programs take it for a zone that nobody knows.
const NEARLY_A_ZONE: &str = "US-Mountain is read as US/Mountain";

/// Two programs of three keep the override.
const SERIES_ENDED: &str = "a newer version of the series ends (UNTIL) before the override of an older one";

/// UID and start of an occurrence.
type Start = (String, String);

#[test]
fn made_calendars_give_the_expected_occurrences() {
    compare(&["made", "tzdb"].map(ours));
}

#[test]
fn calendars_of_other_projects_give_the_expected_occurrences() {
    match std::env::var_os("SAVEHUB_CORPUS") {
        Some(corpus) => compare(&[Path::new(&corpus).join("third-party")]),
        None => say(
            "NOT RUN: the calendars of other projects. Set SAVEHUB_CORPUS to the folder that holds third-party/ with \
             their .ics and .expected.json files.",
        ),
    }
}

#[test]
fn a_person_is_called_for_what_the_policy_cases_say() {
    let files = expectations(&ours("policy"));
    for file in &files {
        let expected = json(file);
        let policy = Policy { addresses: texts(&expected["me"]), ..Policy::default() };
        let seen = look_at(file, &expected["default_tz"], &expected["window"], &policy).seen;
        let skipped = seen.skipped.iter().filter(|(_, why)| *why != SkipWhy::AllDay);
        let skipped: Vec<_> = skipped.map(|(meeting, why)| (start(meeting), *why)).collect();
        let ring: Vec<_> = seen.meetings.iter().map(start).collect();
        let of = |list: &Value| -> Vec<Value> { list.as_array().unwrap().clone() };
        let expected_start = |v: &Value| (text(&v["uid"]), text(&v["start"]));
        let expected_ring: Vec<_> = of(&expected["ring"]).iter().map(expected_start).collect();
        let expected_skip: Vec<_> =
            of(&expected["skip"]).iter().map(|v| (expected_start(v), reason(&v["why"]))).collect();
        assert_eq!((ring, skipped), (expected_ring, expected_skip), "{}", file.display());
    }
    say(&format!("policy: {} cases agree", files.len()));
    assert_eq!(files.len(), 14);
}

#[test]
fn calendars_whose_reports_say_that_they_were_misread_ring_as_they_were_meant() {
    let files = expectations(&ours("reported"));
    let limits = Limits::default();
    for file in &files {
        let expected = json(file);
        let policy = Policy { addresses: texts(&expected["addresses"]), ..Policy::default() };
        let zone = Zone::named(&text(&expected["zone"])).unwrap();
        let from = instant(&expected["now"]);
        let until = from.plus(humantime::parse_duration(&text(&expected["until"])).unwrap());
        let view = View { from, until, zone: &zone, policy: &policy, own: false, limits };
        let bytes = fs::read(file.to_str().unwrap().replace(".expected.json", ".ics")).unwrap();
        let looked = look(&bytes, &view).unwrap();
        let ring: Vec<Start> = looked.seen.meetings.iter().map(start).collect();
        let meant = expected["expect"].as_array().unwrap().iter().map(|v| (text(&v[0]), text(&v[1])));
        assert_eq!(ring, meant.collect::<Vec<_>>(), "{}: {}", file.display(), expected["why"]);
        for (uid, link) in expected["link"].as_object().into_iter().flatten() {
            let found = looked.seen.meetings.iter().find(|meeting| meeting.uid == *uid);
            assert_eq!(found.unwrap().link.as_deref(), link.as_str(), "{}", file.display());
        }
        if expected["note"] == Value::Bool(true) {
            assert!(!looked.notices.is_empty(), "{} comes without a notice", file.display());
        }
    }
    assert_eq!(files.len(), 18);
}

/// Says it also when the test passes.
#[expect(clippy::explicit_write, reason = "the test runner keeps what eprintln! writes")]
fn say(text: &str) {
    writeln!(io::stderr(), "calendar corpus: {text}").unwrap();
}

/// Compares all windows of all files below these folders, and prints how many agree, by category.
fn compare(folders: &[PathBuf]) {
    let (mut agree, mut wrong) = (BTreeMap::<String, (usize, usize)>::new(), Vec::new());
    for file in folders.iter().flat_map(|folder| expectations(folder)) {
        let expected = json(&file);
        for window in expected["windows"].as_array().unwrap() {
            let (missed, false_ones) = difference(&file, &expected["default_tz"], window);
            let entry = agree.entry(category(&file)).or_default();
            entry.1 += 1;
            let name = file.file_name().unwrap().to_str().unwrap();
            if missed.is_empty() && false_ones.is_empty() {
                entry.0 += 1;
            } else if !KEPT
                .iter()
                .any(|(kept, start, _)| name.starts_with(kept) && (start.is_empty() || window["start"] == *start))
            {
                let (start, end, basis) = (&window["start"], &window["end"], &window["basis"]);
                wrong.push(format!("{name} {start} to {end}: missed {missed:?}, false {false_ones:?}; basis: {basis}"));
            }
        }
    }
    for (category, (agree, all)) in &agree {
        say(&format!("{category}: {agree} of {all} windows agree"));
    }
    assert!(agree.values().map(|(_, all)| all).sum::<usize>() > 0, "no calendars in {folders:?}");
    assert!(wrong.is_empty(), "{} windows differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// The expected occurrences that are not found, and the found ones that are not expected.
fn difference(file: &Path, zone: &Value, window: &Value) -> (Vec<Start>, Vec<Start>) {
    let seen = look_at(file, zone, window, &Policy::default()).seen;
    let skipped = seen.skipped.iter().filter(|(_, why)| *why != SkipWhy::AllDay).map(|(meeting, _)| meeting);
    let found: BTreeSet<Start> = seen.meetings.iter().chain(skipped).map(start).collect();
    let expected: BTreeSet<Start> = window["occurrences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|occurrence| (comparable(&text(&occurrence[0])), text(&occurrence[1])))
        .collect();
    (expected.difference(&found).cloned().collect(), found.difference(&expected).cloned().collect())
}

/// Windows of years are looked at too: with limits for years.
fn look_at(file: &Path, zone: &Value, window: &Value, policy: &Policy) -> Look {
    let bytes = fs::read(file.to_str().unwrap().replace(".expected.json", ".ics")).unwrap();
    let zone = Zone::named(&text(zone)).unwrap();
    let limits = Limits { steps: 50_000_000, per_series: 50_000, meetings: 50_000, ..Limits::default() };
    let (from, until) = (instant(&window["start"]), instant(&window["end"]));
    look(&bytes, &View { from, until, zone: &zone, policy, own: false, limits }).unwrap()
}

fn start(meeting: &SeenMeeting) -> Start {
    (comparable(&meeting.uid), meeting.starts_at.to_rfc3339().replace(".000Z", "Z"))
}

/// A UID made by savehub stands for none.
fn comparable(uid: &str) -> String {
    if uid.starts_with("no-uid-") { String::new() } else { uid.trim().replace('\\', "") }
}

/// The reason that the expectations call so.
fn reason(why: &Value) -> SkipWhy {
    match text(why).as_str() {
        "transparent" => SkipWhy::Free,
        other => other.replace(' ', "_").parse().unwrap(),
    }
}

fn category(file: &Path) -> String {
    let folder = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    match (folder, name.split_once("__")) {
        ("made", _) if name.starts_with("fuzz") => "made, random rules".to_owned(),
        ("made", _) => "made, edge cases".to_owned(),
        (folder, Some((project, _))) => format!("{folder}, {project}"),
        (folder, None) => folder.to_owned(),
    }
}

fn ours(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/calendars").join(folder)
}

/// The files with expectations in a folder, by name.
fn expectations(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.to_str().unwrap().ends_with(".expected.json"));
    files.sort();
    files
}

fn json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(text).collect()
}

fn instant(value: &Value) -> Timestamp {
    Timestamp::from_ms(chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap().timestamp_millis())
}
