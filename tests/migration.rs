//! A database of schema 1 (`data/README.md`) goes on under the present one.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "support/mod.rs"]
mod support;

use savehub::model::{IncidentState, MeetingState, Reason, Timestamp};
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{Store as _, StoreError};
use std::path::Path;
use support::cli::Cli;

const PEOPLE: &str = "[call]\nprovider = \"mock\"\n\n\
    [[person]]\nid = \"ana\"\nname = \"Ana\"\nphone = \"+12025550101\"\nzone = \"UTC\"\n\n\
    [[person]]\nid = \"bo\"\nname = \"Bo\"\nphone = \"+12025550102\"\nzone = \"UTC\"\n";

/// Another program's eyes: the schema of the file.
fn schema(path: &Path) -> u32 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn old_database(path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/schema_1.db"), path).unwrap();
    assert_eq!(schema(path), 1);
}

#[test]
fn what_was_there_is_there_and_all_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("savehub.db");
    old_database(&path);
    let store = SqliteStore::open(&path, Create::No).unwrap();
    let (begin, end) = (Timestamp::from_ms(0), Timestamp::from_ms(i64::MAX / 4));
    let meetings: Vec<_> = store.meetings(begin, end).unwrap();
    let lines: Vec<_> =
        meetings.iter().map(|m| (m.id.0, m.title.as_str(), m.source.as_str(), m.state, m.generation)).collect();
    let planned = MeetingState::Scheduled;
    let expected = [
        (1, "Stand-up", "manual", planned, 1),
        (2, "Board sync", "manual", planned, 1),
        (4, "Interview", "manual", planned, 2),
        (3, "Dentist", "manual", MeetingState::Cancelled, 1),
    ];
    assert_eq!(lines, expected);
    let shown = store.snapshot(begin, begin, end).unwrap();
    assert_eq!(shown.calendars, []);
    let calls = |i: &savehub::store::IncidentView| i.steps.iter().map(|s| s.attempts.len()).sum::<usize>();
    let incidents: Vec<_> = shown.incidents.iter().map(|i| (i.id.0, i.state, i.reason, calls(i))).collect();
    let expected = [(2, IncidentState::Escalating, None, 2), (1, IncidentState::Resolved, Some(Reason::Joined), 1)];
    assert_eq!(incidents, expected);
    let off = store.move_meeting(meetings[3].id, end, None, begin);
    assert!(matches!(off, Err(StoreError::Conflict(_))), "{off:?}");
    let moved = store.move_meeting(meetings[2].id, Timestamp::from_ms(1_795_430_000_000), None, begin).unwrap();
    assert_eq!(moved.meeting.generation, 3);
}

#[test]
fn a_tick_goes_on_where_the_old_one_stopped() {
    let cli = Cli::with(PEOPLE);
    old_database(&cli.database());
    let called = cli.ok(&["tick", "--now", "2026-11-23T10:27:00Z"]);
    assert!(called.contains("i3 Interview (bo): called ****0102"), "{called}");
    // What is open is shown at any time.
    let status = cli.ok(&["status"]);
    assert!(status.contains("i3 Interview: bo, 2026-11-23 10:30"), "{status}");
    let store = SqliteStore::open(&cli.database(), Create::No).unwrap();
    let begin = Timestamp::from_ms(0);
    let incidents = store.snapshot(begin, begin, begin).unwrap().incidents;
    let states: Vec<_> = incidents.iter().map(|i| (i.id.0, i.state)).collect();
    assert_eq!(states, [(3, IncidentState::Escalating), (2, IncidentState::Missed), (1, IncidentState::Resolved)]);
    assert_eq!(schema(&cli.database()), 2);
    let before = cli.path(".local/state/savehub/savehub.db.before-2");
    assert_eq!(schema(&before), 1, "a copy stays beside it");
}
