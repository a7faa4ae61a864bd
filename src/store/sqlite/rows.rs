//! Rows of another store, taken in as they stand, and handed over to one.

use super::{Inner, SqliteStore};
use crate::store::Result;
use crate::store::rows::{Cell, Rows, TABLES};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};
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

/// What leaves with [`SqliteStore::pour`].
pub(in crate::store) struct Poured {
    /// Of each table with ids that are never used again: the highest that ever was.
    pub(in crate::store) highest_ids: Vec<(String, i64)>,
}

/// Rows handed over at a time.
const BATCH: usize = 200;

impl SqliteStore {
    /// Hands over every row, table by table. Nobody can write meanwhile.
    pub(in crate::store) fn pour(&self, put: Put<'_>) -> Result<Poured> {
        self.write("read the whole database", |tx| {
            for table in TABLES {
                pour_table(tx, table, put)?;
            }
            let mut ids = tx.prepare("select name, seq from sqlite_sequence")?;
            let highest_ids = ids.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
            Ok(Poured { highest_ids })
        })
    }
}

fn pour_table(tx: &Connection, table: &str, put: Put<'_>) -> Inner<()> {
    let mut statement = tx.prepare(&format!("select * from {table}"))?;
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut batch = Rows { columns, rows: Vec::new() };
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let cells = (0..batch.columns.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Cell>>>()?;
        batch.rows.push(cells);
        if batch.rows.len() == BATCH {
            put(table, &batch)?;
            batch.rows.clear();
        }
    }
    if !batch.rows.is_empty() {
        put(table, &batch)?;
    }
    Ok(())
}

impl FromSql for Cell {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Int(number),
            ValueRef::Text(_) => Self::Text(value.as_str()?.to_owned()),
            ValueRef::Blob(bytes) => Self::Bytes(bytes.to_vec()),
            ValueRef::Real(_) => return Err(FromSqlError::InvalidType),
        })
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
