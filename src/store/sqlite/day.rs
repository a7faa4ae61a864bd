//! The calls of the day, counted as they come. Only databases in memory do this: a rehearsal of a company's day asks for
//! them with each of tens of thousands of calls, on one connection, and its counts need not outlive it.
//!
//! Counts stand in buckets; of the one in which the day begins, the calls themselves are counted.

use crate::store::sql::candidates::{COUNTED, REHEARSED, UNTAKEN, same_kind};
use rusqlite::Connection;

/// How long a bucket is.
const BUCKET_MS: i64 = 300_000;

/// Begins to count: what is written from now on counts by itself.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    let counted = |row: &str| format!("({row}.state in {COUNTED})");
    let untaken = |row: &str| format!("({row}.state in {UNTAKEN})");
    // Everybody's calls stand under the empty name.
    let add = |row: &str, person: &str| {
        format!(
            "insert into calls_of_day(rehearsed, person, bucket, n, untaken) \
             values ({row}.provider in {REHEARSED}, {person}, {row}.intent_at / {BUCKET_MS}, {}, {}) \
             on conflict(rehearsed, person, bucket) do update set n = n + excluded.n, untaken = untaken + excluded.untaken;",
            counted(row),
            untaken(row)
        )
    };
    let change = |row: &str, people: &str, n: &str, untaken: &str| {
        format!(
            "update calls_of_day set n = n + {n}, untaken = untaken + {untaken} \
             where rehearsed = ({row}.provider in {REHEARSED}) and bucket = {row}.intent_at / {BUCKET_MS} \
               and person in ({people});"
        )
    };
    let (n, open) =
        (format!("{} - {}", counted("new"), counted("old")), format!("{} - {}", untaken("new"), untaken("old")));
    let minus = |of: &dyn Fn(&str) -> String| format!("-{}", of("old"));
    connection.execute_batch(&format!(
        "create temp table calls_of_day(
           rehearsed integer not null, person text not null, bucket integer not null, n integer not null,
           untaken integer not null, primary key(rehearsed, person, bucket)) strict, without rowid;
         create temp trigger call_written after insert on main.attempts when new.kind = 'call' begin {} {} end;
         create temp trigger call_moved after update of state on main.attempts
           when new.kind = 'call' and ({n} <> 0 or {open} <> 0) begin {} end;
         create temp trigger call_renamed after update of person on main.attempts
           when new.kind = 'call' and new.person <> old.person begin {} {} end;
         create temp trigger call_deleted after delete on main.attempts when old.kind = 'call' begin {} end;",
        add("new", "new.person"),
        add("new", "''"),
        change("new", "'', new.person", &format!("({n})"), &format!("({open})")),
        change("old", "old.person", &minus(&counted), &minus(&untaken)),
        add("new", "new.person"),
        change("old", "'', old.person", &minus(&counted), &minus(&untaken)),
    ))
}

/// Counts what is there: rows of a whole copy came without being written.
pub(super) fn recount(connection: &Connection) -> rusqlite::Result<()> {
    let of = |person: &str| {
        format!(
            "insert into calls_of_day(rehearsed, person, bucket, n, untaken) \
             select provider in {REHEARSED}, {person}, intent_at / {BUCKET_MS}, sum(state in {COUNTED}), sum(state in {UNTAKEN}) \
             from attempts where kind = 'call' group by 1, 2, 3;"
        )
    };
    connection.execute_batch(&format!("delete from calls_of_day; {} {}", of("person"), of("''")))
}

/// As `candidates::calls_today_sql`.
pub(super) fn calls_today_sql() -> String {
    let of_first = |which: &str| {
        format!(
            "(select count(*) from attempts where kind = 'call' and intent_at > ?1 \
               and intent_at < (?1 / {BUCKET_MS} + 1) * {BUCKET_MS} and state in {which} and {})",
            same_kind("provider", "?3")
        )
    };
    let of_person = |which: &str| of_first(&format!("{which} and person = ?2"));
    format!(
        "select coalesce(sum(n) filter (where person = ?2), 0) + {}, coalesce(sum(n) filter (where person = ''), 0) + {}, \
           coalesce(sum(untaken) filter (where person = ?2), 0) + {}, \
           coalesce(sum(untaken) filter (where person = ''), 0) + {} \
         from calls_of_day where rehearsed = (?3 in {REHEARSED}) and person in ('', ?2) and bucket > ?1 / {BUCKET_MS}",
        of_person(COUNTED),
        of_first(COUNTED),
        of_person(UNTAKEN),
        of_first(UNTAKEN)
    )
}
