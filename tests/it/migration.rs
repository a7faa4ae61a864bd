//! Databases of earlier schemas (`data/README.md`) go on under the present one.

use crate::support::cli::Cli;
use savehub::model::{IncidentState, MeetingState, Reason, Timestamp};
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{Store as _, StoreError};
use std::path::Path;

const PEOPLE: &str = "[call]\nprovider = \"mock\"\n\n\
    [[person]]\nid = \"ana\"\nname = \"Ana\"\nphone = \"+12025550101\"\nzone = \"UTC\"\n\n\
    [[person]]\nid = \"bo\"\nname = \"Bo\"\nphone = \"+12025550102\"\nzone = \"UTC\"\n";

/// Another program's eyes: the schema of the file.
fn schema(path: &Path) -> u32 {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn old_database(version: u32, path: &Path) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let old = format!("{}/tests/data/schema_{version}.db", env!("CARGO_MANIFEST_DIR"));
    std::fs::copy(old, path).unwrap();
    assert_eq!(schema(path), version);
}

#[test]
fn what_was_there_is_there_and_all_by_hand() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("savehub.db");
    old_database(1, &path);
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
    old_database(1, &cli.database());
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
    assert_eq!(schema(&cli.database()), 8);
    let before = cli.path(".local/state/savehub/savehub.db.before-8");
    assert_eq!(schema(&before), 1, "a copy stays beside it");
}

#[test]
fn attempts_of_schema_2_are_calls_and_repeats_have_the_key_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("savehub.db");
    old_database(2, &path);
    drop(SqliteStore::open(&path, Create::No).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let rows = |sql: &str| -> Vec<String> {
        connection.prepare(sql).unwrap().query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let (first, repeat, other) = ("c09337550407ba42", "f7b9a14ba71edd67", "fad7fd1d348903a2");
    let attempts = rows("select concat_ws(' ', id, token, key, kind, to_number, state) from attempts order by id");
    let expected = [
        format!("1 {first} {first} call +12025550101 NOT_SENT"),
        format!("2 {repeat} {first} call +12025550101 ACCEPTED"),
        format!("3 {other} {other} call +12025550102 UNKNOWN"),
    ];
    assert_eq!(attempts, expected);
    assert_eq!(rows("select seq || '' from sqlite_sequence where name like 'attempts%'"), ["3"], "no id is used again");
    assert_eq!(rows("select 'orphan' from pragma_foreign_key_check"), [""; 0]);
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    let steps = "delete from attempts where id = 3";
    assert!(connection.execute(steps, []).is_err(), "its steps still refer to it");
}

#[test]
fn an_attempt_that_was_open_is_settled_by_the_next_tick() {
    let cli = Cli::with(PEOPLE);
    old_database(2, &cli.database());
    let told = cli.run(&["tick", "--now", "2026-11-23T09:08:30Z"]);
    assert_eq!(told.code, 1);
    assert!(told.out.contains("i2 Interview (bo): failed: nobody knows whether it rang"), "{told:?}");
    assert!(told.out.contains("i2 Interview (bo): called ****0102"), "{told:?}");
}
