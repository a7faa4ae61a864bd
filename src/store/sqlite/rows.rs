//! Takes in rows of another store as they are, and hands them over to one.

use super::engine::{IMMEDIATE, SqliteStore};
use super::tx::SqliteTx;
use crate::store::Result;
use crate::store::rows::{Put, Rows, owned};
use crate::store::sql::{Sql, TABLES, Tx, TxResult, params};

/// Rows handed over at a time.
const BATCH: usize = 200;

impl SqliteStore {
    /// Fills an empty store with rows, all or none. Only a part of a history may come, so references are not checked.
    pub(in crate::store) fn fill(&self, from: impl FnOnce(Put<'_>) -> Result<()>) -> Result<()> {
        const WHAT: &str = "copy the database";
        let connection = self.engine.lock();
        let run = |text: &str| connection.execute_batch(text).map_err(|error| self.engine.explain(WHAT, &error));
        run("pragma foreign_keys = off; begin immediate")?;
        let filled = from(&mut |table, rows| self.engine.timed(WHAT, || Ok(put(&SqliteTx(&connection), table, rows)?)));
        run(if filled.is_ok() { "commit" } else { "rollback" })?;
        run("pragma foreign_keys = on")?;
        filled
    }

    /// Hands over every row, table by table. Nobody can write meanwhile. Returns the highest id ever used of each table
    /// whose ids are never used again.
    pub(in crate::store) fn pour(&self, put: Put<'_>) -> Result<Vec<(String, i64)>> {
        let connection = self.engine.lock();
        self.engine.transaction(&connection, "read the whole database", IMMEDIATE, |tx| {
            let tx: &dyn Tx = &SqliteTx(tx);
            for table in TABLES {
                pour_table(tx, table, put)?;
            }
            Ok(tx.rows("select name, seq from sqlite_sequence", &[], |r| Ok((r.get(0)?, r.get(1)?)))?)
        })
    }
}

fn columns(tx: &dyn Tx, table: &str) -> Sql<Vec<String>> {
    tx.values("select name from pragma_table_info(?1)", params![table])
}

fn pour_table(tx: &dyn Tx, table: &str, put: Put<'_>) -> TxResult<()> {
    let mut batch = Rows { columns: columns(tx, table)?, rows: Vec::new() };
    let mut refused = None;
    tx.each_row(&format!("select {} from {table}", batch.columns.join(", ")), &[], &mut |row| {
        batch.rows.push((0..batch.columns.len()).map(|at| Ok(owned(row.value(at)?))).collect::<Sql<_>>()?);
        if batch.rows.len() == BATCH {
            refused = put(table, &batch).err();
            batch.rows.clear();
        }
        Ok(refused.is_none())
    })?;
    match refused {
        Some(error) => Err(error.into()),
        None if batch.rows.is_empty() => Ok(()),
        None => Ok(put(table, &batch)?),
    }
}

fn put(tx: &dyn Tx, table: &str, rows: &Rows) -> Sql<()> {
    let known = columns(tx, table)?;
    let taken: Vec<usize> = (0..rows.columns.len()).filter(|&at| known.contains(&rows.columns[at])).collect();
    let names: Vec<&str> = taken.iter().map(|&at| rows.columns[at].as_str()).collect();
    let places: Vec<String> = (1..=taken.len()).map(|at| format!("?{at}")).collect();
    let sql = format!("insert into {table}({}) values ({})", names.join(", "), places.join(", "));
    for row in &rows.rows {
        tx.run(&sql, &taken.iter().map(|&at| row[at].clone()).collect::<Vec<_>>())?;
    }
    Ok(())
}
