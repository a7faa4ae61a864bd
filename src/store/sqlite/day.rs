//! The calls of the day, counted as they come. Of SQLite's databases only those in memory do this: a rehearsal of a company's
//! day asks for them with each of tens of thousands of calls, on one connection, and its counts need not outlive it.

use crate::store::sql::candidates::{BUCKET_MS, COUNTED, REHEARSED, UNTAKEN};
use rusqlite::Connection;

/// Begins to count: what is written from now on counts by itself.
pub(super) fn begin(connection: &Connection) -> rusqlite::Result<()> {
    let counted = |row: &str| format!("({row}.state in {COUNTED})");
    let untaken = |row: &str| format!("({row}.state in {UNTAKEN})");
    let change = |row: &str, n: &str, untaken: &str| {
        format!(
            "update calls_of_day set n = n + {n}, untaken = untaken + {untaken} \
             where rehearsed = ({row}.provider in {REHEARSED}) and bucket = {row}.intent_at / {BUCKET_MS};"
        )
    };
    let (n, open) =
        (format!("({} - {})", counted("new"), counted("old")), format!("({} - {})", untaken("new"), untaken("old")));
    let minus = |of: &dyn Fn(&str) -> String| format!("-{}", of("old"));
    connection.execute_batch(&format!(
        "create temp table calls_of_day(
           rehearsed integer not null, bucket integer not null, n integer not null, untaken integer not null,
           primary key(rehearsed, bucket)) strict, without rowid;
         create temp trigger call_written after insert on main.attempts when new.kind = 'call' begin
           insert into calls_of_day(rehearsed, bucket, n, untaken)
             values (new.provider in {REHEARSED}, new.intent_at / {BUCKET_MS}, {}, {})
             on conflict(rehearsed, bucket) do update set n = n + excluded.n, untaken = untaken + excluded.untaken; end;
         create temp trigger call_moved after update of state on main.attempts
           when new.kind = 'call' and ({n} <> 0 or {open} <> 0) begin {} end;
         create temp trigger call_deleted after delete on main.attempts when old.kind = 'call' begin {} end;",
        counted("new"),
        untaken("new"),
        change("new", &n, &open),
        change("old", &minus(&counted), &minus(&untaken)),
    ))
}

/// Counts what is there: rows of a whole copy came without being written.
pub(super) fn recount(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "delete from calls_of_day;
         insert into calls_of_day(rehearsed, bucket, n, untaken)
           select provider in {REHEARSED}, intent_at / {BUCKET_MS}, sum(state in {COUNTED}), sum(state in {UNTAKEN})
           from attempts where kind = 'call' group by 1, 2;"
    ))
}
