//! A running installation moves here from its SQLite file: every row as it stands, in one transaction, into an empty
//! database. Nobody can write to the file meanwhile.

use super::age::SERVER_NOW;
use super::transact::{Inner, LIMIT};
use super::tx::{Sql, Tx, params};
use super::values::Value;
use super::{PostgresStore, session};
use crate::store::rows::{Cell, Rows, TABLES};
use crate::store::sqlite::SqliteStore;
use crate::store::{Result, StoreError};
use std::time::Instant;

/// How far the wall clock of the host that wrote an attempt may be wrong.
const DOUBT_MS: i64 = 10 * 60_000;

impl PostgresStore {
    /// Takes over everything that is in a file, open incidents and attempts under way included. How many rows there were.
    ///
    /// # Errors
    /// `Conflict` when there is something here already; nothing is changed then.
    pub fn take_over(&self, from: &SqliteStore) -> Result<u64> {
        self.write("take over the database", |tx| {
            no_time_limit(tx)?;
            for table in TABLES {
                let sql = format!("select exists(select 1 from {table})");
                if tx.query_row(&sql, params![], |r| r.get::<_, bool>(0))? {
                    let why =
                        format!("{} is not empty (there are {table}); copy into an empty database", self.server.name);
                    return Err(StoreError::Conflict(why).into());
                }
            }
            let (mut count, mut counted) = (0, false);
            let poured = from.pour(&mut |table, rows| {
                // Each batch has the time of a whole transaction.
                tx.0.limit(Instant::now() + LIMIT);
                if table == "counters" && !counted {
                    forget_counts(tx)?;
                    counted = true;
                }
                count += u64::try_from(rows.rows.len()).unwrap_or(u64::MAX);
                insert(tx, table, rows).map_err(|error| {
                    let detail = session::in_words(&error);
                    StoreError::Statement { what: "take over a row", detail: format!("{table}: {detail}") }
                })
            })?;
            tx.0.limit(Instant::now() + LIMIT);
            go_on_counting(tx, &poured.highest_ids)?;
            start_the_clock(tx)?;
            Ok(count)
        })
    }
}

/// What the triggers counted while the other rows came in.
fn forget_counts(tx: &Tx<'_>) -> Result<()> {
    let done = tx.execute("delete from counters", params![]);
    done.map(|_| ())
        .map_err(|error| StoreError::Statement { what: "take over the counters", detail: session::in_words(&error) })
}

/// Of the whole transaction; each statement keeps its own.
fn no_time_limit(tx: &Tx<'_>) -> Inner<()> {
    let sql = "select set_config(name, '0', true) from pg_settings where name = 'transaction_timeout'";
    tx.sql(sql).query_map(params![], |_| Ok(()))?;
    Ok(())
}

fn insert(tx: &Tx<'_>, table: &str, rows: &Rows) -> Sql<()> {
    let width = rows.columns.len();
    let places: Vec<String> = (0..rows.rows.len())
        .map(|row| {
            let of_row: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
            format!("({})", of_row.join(", "))
        })
        .collect();
    let sql = format!("insert into {table}({}) values {}", rows.columns.join(", "), places.join(", "));
    // Nothing has no type of its own: it gets that of its column, from the table.
    let kinds = kinds(tx, table, &rows.columns)?;
    let values: Vec<Value> =
        rows.rows.iter().flat_map(|row| row.iter().zip(&kinds).map(|(cell, kind)| value(cell, kind))).collect();
    tx.execute(&sql, values)?;
    Ok(())
}

/// The names of the columns' types.
fn kinds(tx: &Tx<'_>, table: &str, columns: &[String]) -> Sql<Vec<String>> {
    let sql =
        "select format_type(atttypid, null) from pg_attribute where attrelid = $1::text::regclass and attname = $2";
    columns.iter().map(|column| tx.query_row(sql, [table, column], |r| r.get(0))).collect()
}

fn value(cell: &Cell, kind: &str) -> Value {
    use super::values::Kind;
    match cell {
        Cell::Null => Value::Null(match kind {
            "bigint" => Kind::Int,
            "bytea" => Kind::Bytes,
            _ => Kind::Text,
        }),
        Cell::Int(number) => Value::Int(*number),
        Cell::Text(text) => Value::text(text),
        Cell::Bytes(bytes) => Value::Bytes(bytes.clone()),
    }
}

/// An id that was shown is never used again.
fn go_on_counting(tx: &Tx<'_>, highest: &[(String, i64)]) -> Inner<()> {
    for table in ["calendars", "meetings", "incidents", "steps", "attempts", "ticks", "pauses"] {
        let known = highest.iter().find(|(name, _)| name == table).map_or(0, |(_, id)| *id);
        let sql = format!(
            "select setval(pg_get_serial_sequence('savehub.{table}', 'id'), \
               greatest((select max(id) from {table}), $1, 1))"
        );
        tx.query_row(&sql, [known], |_| Ok(()))?;
    }
    Ok(())
}

/// What is under way has its times by the clocks of the host that wrote it. For the others it begins now, so that nothing
/// ends too early; its call may be older than that.
fn start_the_clock(tx: &Tx<'_>) -> Inner<()> {
    let sql = format!(
        "update attempts set intent_server_ms = least(intent_at, {SERVER_NOW}) - $1, \
           deadline_server_ms = {SERVER_NOW} + greatest(deadline_boot_ms - intent_boot_ms, 0), \
           lease_until_server_ms = {SERVER_NOW} + greatest(lease_until_boot_ms - intent_boot_ms, 0) \
         where state in ('SENDING','UNKNOWN','ABSENT','ABANDONED')"
    );
    tx.execute(&sql, [DOUBT_MS])?;
    Ok(())
}
