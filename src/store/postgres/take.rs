//! Moves a running installation here from its SQLite file: every row as it is, in one transaction, into an empty
//! database. Nobody can write to the file meanwhile.

use super::engine::{LIMIT, PostgresStore};
use super::tx::SERVER_NOW;
use crate::store::rows::Rows;
use crate::store::sql::{Kind, Sql, TABLES, Tx, TxResult, Value, params};
use crate::store::sqlite::SqliteStore;
use crate::store::{Result, StoreError};
use std::time::Instant;

/// How far the wall clock of the host that wrote an attempt may be wrong.
const DOUBT_MS: i64 = 10 * 60_000;

impl PostgresStore {
    /// Takes over everything from a file, open incidents and attempts under way included. Returns the number of rows.
    ///
    /// # Errors
    /// `Conflict` when there is something here already; nothing is changed then.
    pub fn take_over(&self, from: &SqliteStore) -> Result<u64> {
        self.engine.write_with("take over the database", |session| {
            let tx: &dyn Tx = session;
            no_time_limit(tx)?;
            for table in TABLES {
                let sql = format!("select exists(select 1 from {table})");
                if tx.value::<bool>(&sql, &[])? {
                    let why = format!(
                        "{} is not empty (there are {table}); copy into an empty database",
                        self.engine.server.name
                    );
                    return Err(StoreError::Conflict(why).into());
                }
            }
            let (mut count, mut counted) = (0, false);
            let highest_ids = from.pour(&mut |table, rows| {
                // Each batch has the time of a whole transaction.
                session.limit(Instant::now() + LIMIT);
                if table == "counters" && !counted {
                    forget_counts(tx)?;
                    counted = true;
                }
                count += u64::try_from(rows.rows.len()).unwrap_or(u64::MAX);
                insert(tx, table, rows).map_err(|error| StoreError::Statement {
                    what: "take over a row",
                    detail: format!("{table}: {error}"),
                })
            })?;
            session.limit(Instant::now() + LIMIT);
            go_on_counting(tx, &highest_ids)?;
            start_the_clock(tx)?;
            Ok(count)
        })
    }
}

/// What the triggers counted while the other rows came in.
fn forget_counts(tx: &dyn Tx) -> Result<()> {
    let done = tx.run("delete from counters", &[]);
    done.map(|_| ())
        .map_err(|error| StoreError::Statement { what: "take over the counters", detail: error.to_string() })
}

/// Of the whole transaction; each statement keeps its own.
fn no_time_limit(tx: &dyn Tx) -> TxResult<()> {
    let sql = "select set_config(name, '0', true) from pg_settings where name = 'transaction_timeout'";
    tx.rows(sql, &[], |_| Ok(()))?;
    Ok(())
}

fn insert(tx: &dyn Tx, table: &str, rows: &Rows) -> Sql<()> {
    let width = rows.columns.len();
    let places: Vec<String> = (0..rows.rows.len())
        .map(|row| {
            let of_row: Vec<String> = (1..=width).map(|column| format!("?{}", row * width + column)).collect();
            format!("({})", of_row.join(", "))
        })
        .collect();
    let sql = format!("insert into {table}({}) values {}", rows.columns.join(", "), places.join(", "));
    // A null has no type of its own: it gets the type of its column.
    let kinds = kinds(tx, table, &rows.columns)?;
    let typed = |(value, kind): (&Value<'static>, &Kind)| match value {
        Value::Null(_) => Value::Null(*kind),
        value => value.clone(),
    };
    let values: Vec<Value<'_>> = rows.rows.iter().flat_map(|row| row.iter().zip(&kinds).map(typed)).collect();
    tx.run(&sql, &values)?;
    Ok(())
}

/// The types of the columns.
fn kinds(tx: &dyn Tx, table: &str, columns: &[String]) -> Sql<Vec<Kind>> {
    let sql =
        "select format_type(atttypid, null) from pg_attribute where attrelid = ?1::text::regclass and attname = ?2";
    let kind = |column| {
        Ok(match tx.value::<String>(sql, params![table, column])?.as_str() {
            "bigint" => Kind::Int,
            "bytea" => Kind::Bytes,
            _ => Kind::Text,
        })
    };
    columns.iter().map(kind).collect()
}

/// An id that was shown is never used again.
fn go_on_counting(tx: &dyn Tx, highest: &[(String, i64)]) -> TxResult<()> {
    for table in ["acts", "calendars", "meetings", "incidents", "steps", "attempts", "ticks", "pauses"] {
        let known = highest.iter().find(|(name, _)| name == table).map_or(0, |(_, id)| *id);
        let sql = format!(
            "select setval(pg_get_serial_sequence('savehub.{table}', 'id'), \
               greatest((select max(id) from {table}), ?1, 1))"
        );
        tx.row(&sql, params![known], |_| Ok(()))?;
    }
    Ok(())
}

/// Attempts under way have times by the clock of the host that wrote them. By the server's clock they begin now, so
/// that none ends too early; a call may be older than that.
fn start_the_clock(tx: &dyn Tx) -> TxResult<()> {
    let sql = format!(
        "update attempts set intent_server_ms = least(intent_at, {SERVER_NOW}) - ?1, \
           deadline_server_ms = {SERVER_NOW} + greatest(deadline_boot_ms - intent_boot_ms, 0), \
           lease_until_server_ms = {SERVER_NOW} + greatest(lease_until_boot_ms - intent_boot_ms, 0) \
         where state in ('SENDING','UNKNOWN','ABSENT','ABANDONED')"
    );
    tx.run(&sql, params![DOUBT_MS])?;
    Ok(())
}
