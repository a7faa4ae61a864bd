//! Calendars with random damage: no look panics, and what it gives can be relied on.

use crate::calendar::ics::MONDAY;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use savehub::calendar::{Limits, Policy, View, look};
use savehub::model::Timestamp;
use savehub::zone::Zone;
use std::collections::HashSet;
use std::fs;
use std::path::Path;

/// Pieces that mean something to a reader, and extremes of them.
const PIECES: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    "\r\n ",
    "\t",
    ":",
    ";",
    ",",
    "\"",
    "\\",
    "=",
    "-",
    "+",
    "T",
    "Z",
    "P",
    "\0",
    "\u{feff}",
    "é",
    "/",
    "BEGIN:VEVENT\r\n",
    "END:VEVENT\r\n",
    "BEGIN:VALARM\r\n",
    "BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n",
    "CATEGORIES:savehub: off,savehub: 15m\r\n",
    "DESCRIPTION:<p>savehub: important\r\nStatus: cancelled\r\n",
    "TZID=GMT Standard Time 1:",
    "240000.000+01:00[x]",
    "END:VCALENDAR\r\n",
    "BEGIN:VTIMEZONE\r\n",
    "BEGIN:STANDARD\r\n",
    "RRULE:FREQ=SECONDLY\r\n",
    "RRULE:FREQ=YEARLY;INTERVAL=99999999999999999999\r\n",
    ";COUNT=1",
    "UNTIL=00010101T000000Z",
    ";BYSETPOS=-366",
    ";BYDAY=-53SU",
    ";BYMONTHDAY=-31",
    "DTSTART:99991231T235959Z\r\n",
    "DTSTART:00010101T000000\r\n",
    "DURATION:-P99999999999999999999W\r\n",
    "DTEND:00010101\r\n",
    "TZOFFSETTO:-235959\r\n",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260112T090000Z\r\n",
    "RDATE;VALUE=PERIOD:20260112T090000Z/P99999D\r\n",
    "EXRULE:FREQ=DAILY\r\n",
    "TZID:",
    ";TZID=",
    "99999999999999999999",
    "SEQUENCE:-9223372036854775808\r\n",
    "X-WR-TIMEZONE:(UTC-99:99)\r\n",
];

/// One piece of damage: where (in thousandths of the text), what, and how much of the text it replaces.
type Damage = (usize, Option<usize>, usize);

fn damaged(mut bytes: Vec<u8>, damages: &[Damage]) -> Vec<u8> {
    for (place, piece, length) in damages {
        let at = place * bytes.len() / 1000;
        let end = (at + length).min(bytes.len());
        match piece {
            Some(piece) => drop(bytes.splice(at..end, PIECES[*piece].bytes())),
            None => bytes.copy_within(at..end, 0),
        }
    }
    bytes
}

/// The made calendars, by name.
fn made() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/calendars/made");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "ics"));
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn a_damaged_calendar_is_looked_at_without_a_panic_and_what_is_seen_is_sound() {
    let files = made();
    let (zone, policy) = (Zone::named("Europe/Berlin").unwrap(), Policy::default());
    let view = |start: i64| View {
        from: Timestamp::from_ms(start),
        until: Timestamp::from_ms(start + 26 * 3_600_000),
        zone: &zone,
        policy: &policy,
        own: true,
        limits: Limits { steps: 200_000, ..Limits::default() },
    };
    let damage = (0..1000_usize, proptest::option::weighted(0.8, 0..PIECES.len()), 0..40_usize);
    let cases = (0..files.len(), proptest::collection::vec(damage, 1..12), -400..400_i64);
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[4; 32]));
    let checked = runner.run(&cases, |(file, damages, days)| {
        let view = view(MONDAY + days * 86_400_000);
        let Ok(look) = look(&damaged(files[file].clone(), &damages), &view) else { return Ok(()) };
        let all: Vec<_> =
            look.seen.meetings.iter().chain(look.seen.skipped.iter().map(|(meeting, _)| meeting)).collect();
        let identities: HashSet<_> = all.iter().map(|m| (&m.uid, &m.recurrence)).collect();
        prop_assert_eq!(identities.len(), all.len());
        prop_assert!(all.iter().all(|m| (view.from..view.until).contains(&m.starts_at)));
        prop_assert!(all.iter().all(|m| m.ends_at.is_none_or(|end| end > m.starts_at)));
        prop_assert!(all.iter().all(|m| look.seen.uids.contains(&m.uid)));
        prop_assert!(look.seen.doubtful.is_subset(&look.seen.uids));
        prop_assert!(look.seen.meetings.is_sorted_by_key(|m| m.starts_at));
        prop_assert!(look.notices.iter().all(|n| !n.text.contains(char::is_control) && n.text.len() < 500));
        Ok(())
    });
    checked.unwrap();
}
