//! Rows out of this database: for a rehearsal.
//!
//! A dry run works on a copy in memory, in an SQLite store. A transaction that is rolled back at the end would do as well
//! for one host, but it would hold locks as long as the dry run lasts, and all other hosts would wait.

use super::tx::{PostgresTx, SERVER_NOW};
use crate::store::rows::{Put, Rows, TABLES, owned};
use crate::store::sql::{Sql, SqlError, Tx, Value, params};
use crate::store::{Result, StoreError};

/// Rows fetched at a time.
const BATCH: usize = 500;

/// The rows of a table that a rehearsal needs.
fn recent(table: &str) -> String {
    // What a tick may look at: what is open or to come, and what ended in the last days by the server's clock. History beyond
    // that decides nothing.
    let recent = format!("{SERVER_NOW} - 3 * 86400000");
    let incidents = format!("(select id from incidents where ended_at is null or ended_at > {recent})");
    let attempts = format!(
        "(select attempt_id from attempt_steps where incident_id in {incidents} \
          union select id from attempts where intent_at > {recent} or next_look_at is not null \
            or state in ('SENDING','UNKNOWN'))"
    );
    match table {
        "meetings" => {
            format!("starts_at > {recent} or id in (select meeting_id from incidents where id in {incidents})")
        }
        "incidents" => {
            format!("id in {incidents} or meeting_id in (select id from meetings where starts_at > {recent})")
        }
        "steps" => format!(
            "incident_id in {incidents} or id in (select step_id from attempt_steps where attempt_id in {attempts})"
        ),
        "attempts" => format!("id in {attempts}"),
        "attempt_steps" => format!("attempt_id in {attempts}"),
        "explained" => format!("attempt_id in {attempts} and incident_id in {incidents}"),
        "ticks" => "id in (select id from ticks order by id desc limit 100)".into(),
        // What a rehearsal counts is counted in memory, and nothing is taken back in one.
        "counters" | "acts" => "false".into(),
        _ => "true".into(),
    }
}

/// Hands over the rows that a rehearsal needs.
pub(super) fn pour_recent(tx: &PostgresTx<'_>, put: Put<'_>) -> Result<()> {
    TABLES.iter().try_for_each(|table| batches(tx, table, &recent(table), put))
}

/// The rows of a table, a batch at a time.
fn batches(session: &PostgresTx<'_>, table: &str, which: &str, put: Put<'_>) -> Result<()> {
    let failed = |error: SqlError| StoreError::Statement { what: "copy a table", detail: error.to_string() };
    let columns = columns(session, table).map_err(failed)?;
    let open = format!("declare rows no scroll cursor for select {} from {table} where {which}", columns.join(", "));
    session.0.batch(&open).map_err(failed)?;
    loop {
        let rows = fetch(session, columns.len()).map_err(failed)?;
        if rows.is_empty() {
            break;
        }
        put(table, &Rows { columns: columns.clone(), rows })?;
    }
    session.0.batch("close rows").map_err(failed)
}

fn fetch(tx: &dyn Tx, width: usize) -> Sql<Vec<Vec<Value<'static>>>> {
    let fetch = format!("fetch {BATCH} from rows");
    tx.rows(&fetch, &[], |r| (0..width).map(|at| Ok(owned(r.value(at)?))).collect())
}

fn columns(tx: &dyn Tx, table: &str) -> Sql<Vec<String>> {
    tx.values(
        "select attname::text from pg_attribute \
         where attrelid = ?1::regclass and attnum > 0 and not attisdropped order by attnum",
        params![format!("savehub.{table}")],
    )
}
