//! Rows out of this database: for a rehearsal.
//!
//! A dry run works on a copy in memory, in an SQLite store. A transaction that is rolled back at the end would do as well
//! for one host, but it would hold locks as long as the dry run lasts, and all other hosts would wait.

use super::transact::Inner;
use super::tx::{Tx, params};
use super::values::Value;
use super::{PostgresStore, readable};
use crate::store::Result;
use crate::store::rows::{Cell, Rows, TABLES};
use crate::store::sqlite::SqliteStore;

/// Rows fetched at a time.
const BATCH: usize = 500;

/// What a tick may look at: what is open or to come, and what ended in the last days by the server's clock. History beyond that
/// decides nothing.
const RECENT: &str = "(extract(epoch from clock_timestamp()) * 1000)::bigint - 3 * 86400000";

/// The rows of a table that a rehearsal needs.
fn recent(table: &str) -> String {
    let incidents = format!("(select id from incidents where ended_at is null or ended_at > {RECENT})");
    let attempts = format!(
        "(select attempt_id from attempt_steps where incident_id in {incidents} \
          union select id from attempts where intent_at > {RECENT} or next_look_at is not null \
            or state in ('SENDING','UNKNOWN'))"
    );
    match table {
        "meetings" => {
            format!("starts_at > {RECENT} or id in (select meeting_id from incidents where id in {incidents})")
        }
        "incidents" => {
            format!("id in {incidents} or meeting_id in (select id from meetings where starts_at > {RECENT})")
        }
        "steps" => format!(
            "incident_id in {incidents} or id in (select step_id from attempt_steps where attempt_id in {attempts})"
        ),
        "attempts" => format!("id in {attempts}"),
        "attempt_steps" => format!("attempt_id in {attempts}"),
        "ticks" => "id in (select id from ticks order by id desc limit 100)".into(),
        // What a rehearsal counts is counted in memory.
        "counters" => "false".into(),
        _ => "true".into(),
    }
}

pub(super) fn to_memory(store: &PostgresStore) -> Result<SqliteStore> {
    store.read("copy the database", |tx| {
        let memory = SqliteStore::in_memory()?;
        memory.fill(|put| {
            for table in TABLES {
                batches(tx, table, &recent(table), &mut |rows| put(table, rows))?;
            }
            Ok(())
        })?;
        Ok(memory)
    })
}

/// The rows of a table, a batch at a time.
fn batches(tx: &Tx<'_>, table: &str, which: &str, each: &mut dyn FnMut(&Rows) -> Result<()>) -> Result<()> {
    let failed = |fail: super::transact::Fail| match fail {
        super::transact::Fail::Answer(error) => error,
        super::transact::Fail::Sql(error) => {
            crate::store::StoreError::Statement { what: "copy a table", detail: super::session::in_words(&error) }
        }
    };
    let columns = columns(tx, table).map_err(failed)?;
    let open = format!("declare rows no scroll cursor for select {} from {table} where {which}", columns.join(", "));
    tx.0.batch(&open).map_err(|error| failed(error.into()))?;
    loop {
        let rows = fetch(tx, columns.len()).map_err(failed)?;
        if rows.is_empty() {
            break;
        }
        each(&Rows { columns: columns.clone(), rows })?;
    }
    tx.0.batch("close rows").map_err(|error| failed(error.into()))
}

fn fetch(tx: &Tx<'_>, width: usize) -> Inner<Vec<Vec<Cell>>> {
    let fetch = format!("fetch {BATCH} from rows");
    let rows = tx
        .sql(&fetch)
        .query_map(params![], |r| (0..width).map(|at| Ok(cell(r.get(at)?))).collect::<super::tx::Sql<Vec<Cell>>>())?;
    readable(rows, "a row")
}

fn cell(value: Value) -> Cell {
    match value {
        Value::Null(_) => Cell::Null,
        Value::Int(number) => Cell::Int(number),
        Value::Flag(flag) => Cell::Int(flag.into()),
        Value::Text(text) => Cell::Text(text),
        Value::Bytes(bytes) => Cell::Bytes(bytes),
    }
}

fn columns(tx: &Tx<'_>, table: &str) -> Inner<Vec<String>> {
    let rows = tx
        .sql(
            "select attname::text from pg_attribute \
             where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum",
        )
        .query_map([format!("savehub.{table}")], |r| r.get(0))?;
    Ok(rows.collect::<super::tx::Sql<_>>()?)
}
