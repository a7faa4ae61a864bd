//! No statement of a tick may read through history. SQLite plans them without knowing how the rows are distributed.

use super::candidates::{calls_of_person, number_facts};
use super::engine::SqliteStore;
use super::tx::DIALECT;
use crate::model::Timestamp;
use crate::store::sql::{TABLES, attempts, calendars, candidates, forget, needed, reconcile, watch};

/// SQLite's plan, a line for each part.
fn plan(sql: &str) -> Vec<String> {
    let store = SqliteStore::in_memory().unwrap();
    plan_of(&store.engine.lock(), sql)
}

fn plan_of(connection: &rusqlite::Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
    let nulls = vec![rusqlite::types::Null; statement.parameter_count()];
    let lines = statement.query_map(rusqlite::params_from_iter(nulls), |r| r.get(3)).unwrap();
    lines.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn a_claim_reads_the_calls_of_the_day_and_no_older_ones() {
    let day = "SEARCH attempts USING COVERING INDEX attempts_of_day (kind=? AND intent_at>?)";
    assert_eq!(plan(&candidates::calls_of_day_sql()), [day]);
    let person = "SEARCH attempts USING COVERING INDEX attempts_of_person (person=? AND intent_at>?)";
    assert_eq!(plan(&calls_of_person()), [person]);
}

#[test]
fn what_every_tick_asks_looks_through_no_calendars() {
    let (due, files) = (plan(&calendars::anything_due_sql()), plan(&calendars::due_sql(calendars::FILES)));
    assert_eq!(
        plan(calendars::BEHIND),
        ["SEARCH calendars USING COVERING INDEX calendars_due (kind=? AND next_look_at<?)"]
    );
    for step in [
        "SEARCH calendars USING INDEX calendars_due (kind=? AND next_look_at<?)",
        "SEARCH calendars USING INDEX calendars_checked (kind=? AND checked_at>?)",
    ] {
        assert!(due.iter().any(|found| found == step), "{due:#?}");
    }
    assert!(files.iter().any(|found| found.starts_with("SEARCH c USING INDEX") && found.ends_with("(kind=?)")));
    let scans = |found: &String| found.starts_with("SCAN") && found != "SCAN CONSTANT ROW";
    assert!(!due.iter().chain(&files).any(scans), "{due:#?} {files:#?}");
}

#[test]
fn meetings_in_reach_are_found_by_their_starts_and_their_early_notices() {
    let lines = plan(&format!("select {}", watch::UNWATCHED));
    for index in ["meetings_to_watch (starts_at<?)", "meetings_early (<expr><?)"] {
        assert!(lines.iter().any(|line| line.ends_with(index)), "{index} {lines:#?}");
    }
    let lines = plan(&watch::unwatched_sql());
    for index in ["meetings_to_watch (starts_at<?)", "meetings_early (<expr><?)"] {
        assert!(lines.iter().any(|line| line.ends_with(index)), "{index} {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.starts_with("SCAN m")), "{lines:#?}");
}

#[test]
fn what_a_tick_asks_of_attempts_goes_by_what_is_open_or_young() {
    let of_present = |line: &String| {
        let Some((_, index)) =
            line.split_once("attempts USING INDEX ").or(line.split_once("attempts USING COVERING INDEX "))
        else {
            return !line.starts_with("SCAN attempts") && !line.starts_with("SEARCH attempts");
        };
        let present = [
            "attempts_open ",
            "attempts_to_look_at ",
            "attempts_by_intent (intent_at>?)",
            "attempts_of_day (kind=? AND intent_at>?)",
            "attempts_of_person (person=? AND intent_at>?)",
        ];
        present.iter().any(|name| index.starts_with(name)) || index.contains("to_number=? AND intent_at>?")
    };
    for sql in [
        attempts::to_settle_sql(&DIALECT),
        attempts::too_late_sql(&DIALECT),
        candidates::calls_of_day_sql(),
        calls_of_person(),
        number_facts(),
        reconcile::doubtful_sql(&DIALECT),
    ] {
        let lines = plan(&sql);
        assert!(lines.iter().all(of_present), "{sql}\n{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("attempts USING")), "{sql}\n{lines:#?}");
    }
}

/// What is small, and what is read backwards to a limit.
const READ_THROUGH: [&str; 9] = [
    "calendars",
    "calendar_bodies",
    "calendar_list",
    "people",
    "people_list",
    "faults",
    "pace",
    "pauses USING INDEX pauses_one",
    "main.ticks",
];

#[test]
fn a_rehearsal_finds_the_rows_that_it_copies_by_what_is_open_or_young() {
    for table in TABLES {
        let which = needed(table, "main", Timestamp::from_ms(0));
        if which == "false" {
            continue;
        }
        let lines = plan(&format!("select * from {table} where {which}"));
        let is_small = |line: &&String| {
            let Some(scanned) = line.strip_prefix("SCAN ") else { return true };
            let of_present = ["meetings_to_watch", "incidents_one_open", "ticks_ended", "ticks_with_skew"];
            READ_THROUGH.contains(&scanned) || of_present.iter().any(|index| scanned.ends_with(index))
        };
        assert!(lines.iter().all(|line| is_small(&line)), "{table}: {lines:#?}");
    }
}

/// Else every row that is deleted costs a look at all rows of a table that could name it.
#[test]
fn what_could_name_a_row_that_is_deleted_is_found_by_an_index() {
    let store = SqliteStore::in_memory().unwrap();
    let sql =
        "select t.name, k.\"from\" from sqlite_schema t join pragma_foreign_key_list(t.name) k where t.type = 'table'";
    let connection = store.engine.lock();
    let mut statement = connection.prepare(sql).unwrap();
    let names = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?))).unwrap();
    let names: Vec<(String, String)> = names.collect::<rusqlite::Result<_>>().unwrap();
    assert!(names.len() > 15, "{names:?}");
    for (table, column) in names {
        let looked = plan_of(&connection, &format!("select 1 from {table} where {column} = ?1"));
        assert!(looked[0].starts_with(&format!("SEARCH {table} USING ")), "{table}.{column}: {looked:?}");
    }
}

#[test]
fn what_is_old_is_found_from_the_oldest_on() {
    let [incidents, meetings] = forget::old_sql().map(|sql| plan(&sql));
    // Where the index has all that is asked, SQLite calls it covering.
    assert!(incidents[0].ends_with("INDEX incidents_ended (ended_at<?)"), "{}", incidents[0]);
    assert!(meetings[0].ends_with("INDEX meetings_by_start (starts_at<?)"), "{}", meetings[0]);
    let sorts = |line: &String| line.starts_with("SCAN") || line.contains("TEMP B-TREE");
    assert!(!incidents.iter().chain(&meetings).any(sorts), "{incidents:#?} {meetings:#?}");
}
