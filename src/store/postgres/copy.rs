//! Rows out of this database: for a rehearsal.
//!
//! A dry run works on a copy in memory, in an SQLite store. A transaction that is rolled back at the end would do as well
//! for one host, but it would hold locks as long as the dry run lasts, and all other hosts would wait.

use super::tx::PostgresTx;
use crate::model::Timestamp;
use crate::store::rows::{Put, Rows, owned};
use crate::store::sql::{Sql, SqlError, TABLES, Tx, Value, needed, params};
use crate::store::{Result, StoreError};

/// Rows fetched at a time.
const BATCH: usize = 500;

/// Hands over the rows that a rehearsal which begins at `now` can touch.
pub(super) fn pour_needed(tx: &PostgresTx<'_>, now: Timestamp, put: Put<'_>) -> Result<()> {
    TABLES.iter().try_for_each(|table| batches(tx, table, &needed(table, "savehub", now), put))
}

/// The rows of a table, a batch at a time.
fn batches(session: &PostgresTx<'_>, table: &str, which: &str, put: Put<'_>) -> Result<()> {
    let failed = |error: SqlError| StoreError::Statement { what: "copy a table", detail: error.to_string() };
    let columns = columns(session, table).map_err(failed)?;
    let open = format!("declare rows no scroll cursor for select {} from {table} where {which}", columns.join(", "));
    session.batch(&open).map_err(failed)?;
    loop {
        let rows = fetch(session, columns.len()).map_err(failed)?;
        if rows.is_empty() {
            break;
        }
        put(table, &Rows { columns: columns.clone(), rows })?;
    }
    session.batch("close rows").map_err(failed)
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
