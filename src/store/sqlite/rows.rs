//! Rows of another store, taken in as they stand.

use super::SqliteStore;
use crate::store::Result;
use crate::store::rows::{Cell, Rows};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(number) => ToSqlOutput::from(*number),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

/// Takes rows of a table.
pub(in crate::store) type Put<'a> = &'a mut dyn FnMut(&str, &Rows) -> Result<()>;

impl SqliteStore {
    /// Fills an empty store with rows, all or none. Only a part of a history may come, so references are not checked.
    pub(in crate::store) fn fill(&self, from: impl FnOnce(Put<'_>) -> Result<()>) -> Result<()> {
        const WHAT: &str = "copy the database";
        let connection = self.lock();
        let run = |text: &str| connection.execute_batch(text).map_err(|error| self.explain(WHAT, &error));
        run("pragma foreign_keys = off; begin immediate")?;
        let filled = from(&mut |table, rows| put(&connection, table, rows).map_err(|error| self.explain(WHAT, &error)));
        run(if filled.is_ok() { "commit" } else { "rollback" })?;
        run("pragma foreign_keys = on")?;
        filled
    }
}

fn put(connection: &Connection, table: &str, rows: &Rows) -> rusqlite::Result<()> {
    let mut known = connection.prepare_cached("select name from pragma_table_info(?1)")?;
    let known = known.query_map([table], |r| r.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    let taken: Vec<usize> = (0..rows.columns.len()).filter(|&at| known.contains(&rows.columns[at])).collect();
    let names: Vec<&str> = taken.iter().map(|&at| rows.columns[at].as_str()).collect();
    let places: Vec<String> = (1..=taken.len()).map(|at| format!("?{at}")).collect();
    let sql = format!("insert into {table}({}) values ({})", names.join(", "), places.join(", "));
    let mut insert = connection.prepare_cached(&sql)?;
    for row in &rows.rows {
        insert.execute(params_from_iter(taken.iter().map(|&at| &row[at])))?;
    }
    Ok(())
}
