//! A rehearsal's copy: the rows that it can touch, in memory.

use super::day;
use super::engine::{BUSY_TIMEOUT, Sqlite};
use super::file::{connect, copy_whole};
use crate::model::{CalendarId, Timestamp};
use crate::store::Result;
use crate::store::sql::{TABLES, needed};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

const WHAT: &str = "copy the database";

/// The name of the original while rows come from it.
const ORIGINAL: &str = "original";

impl Sqlite {
    /// What ticks from `now` on can touch, in memory. A database that is in memory itself is copied whole.
    pub(super) fn copy_needed(&self, now: Timestamp) -> Result<Self> {
        let mut memory = Self::in_memory()?;
        let to = memory.connection.get_mut().unwrap_or_else(PoisonError::into_inner);
        let copied = match &self.path {
            Some(path) => fill(to, path, now),
            None => copy_whole(&self.lock(), to).and_then(|()| day::recount(to)),
        };
        let explain = |error| self.explain(WHAT, &error);
        copied.and_then(|()| to.pragma_update(None, "foreign_keys", true)).map_err(explain)?;
        memory.original =
            self.path.as_deref().map(|path| original(path).map(Mutex::new)).transpose().map_err(explain)?;
        Ok(memory)
    }

    /// The copy of a calendar as the original has it now.
    pub(super) fn body_of_original(&self, id: CalendarId) -> Result<Option<Vec<u8>>> {
        let Some(original) = &self.original else { return Ok(None) };
        let original = original.lock().unwrap_or_else(PoisonError::into_inner);
        let body = "select body from calendar_bodies where calendar_id = ?1";
        let read = original.query_row(body, [id.0], |row| row.get(0)).optional();
        read.map_err(|error| self.explain("read a calendar's copy", &error))
    }
}

/// A connection that only reads, and leaves the log as it is.
fn original(path: &Path) -> rusqlite::Result<Connection> {
    let original = connect(path)?;
    original.busy_timeout(BUSY_TIMEOUT)?;
    original.pragma_update(None, "query_only", true)?;
    original.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(original)
}

/// Copies from the file as it is now: one transaction sees one state of it, and locks nothing.
fn fill(to: &Connection, path: &Path, now: Timestamp) -> rusqlite::Result<()> {
    to.execute(&format!("attach ?1 as {ORIGINAL}"), params![path.as_os_str().as_bytes()])?;
    // Only a part of a history comes, so references are not checked; nor is what the original holds.
    to.execute_batch("pragma foreign_keys = off; pragma ignore_check_constraints = on; begin")?;
    let done = TABLES.iter().try_for_each(|table| copy_table(to, table, now)).and_then(|()| ids(to));
    to.execute_batch(if done.is_ok() { "commit" } else { "rollback" })?;
    done?;
    to.execute_batch(&format!("pragma ignore_check_constraints = off; detach {ORIGINAL}"))
}

fn copy_table(to: &Connection, table: &str, now: Timestamp) -> rusqlite::Result<()> {
    let mut statement = to.prepare("select name from pragma_table_info(?1, 'main')")?;
    let columns = statement.query_map([table], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    // Copies of calendars are large, and few are asked for. An empty one stands for one that was left behind.
    let value =
        |name: &String| if (table, name.as_str()) == ("calendar_bodies", "body") { "x''".into() } else { name.clone() };
    let values: Vec<String> = columns.iter().map(value).collect();
    let which = needed(table, ORIGINAL, now);
    to.execute_batch(&format!(
        "insert into main.{table}({}) select {} from {ORIGINAL}.{table} where {which}",
        columns.join(", "),
        values.join(", ")
    ))
}

/// Ids go on where those of the original are.
fn ids(to: &Connection) -> rusqlite::Result<()> {
    to.execute_batch(&format!(
        "delete from main.sqlite_sequence; \
         insert into main.sqlite_sequence(name, seq) select name, seq from {ORIGINAL}.sqlite_sequence"
    ))
}
