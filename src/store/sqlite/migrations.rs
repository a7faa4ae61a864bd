//! The schema as a list of migrations: the index of an entry is the version it leads to.
//!
//! Rules: never change or remove an entry that has been released; never drop a column that an older savehub reads;
//! each runs once, under one exclusive lock, after a copy of the database was put beside it.

use super::open::{APPLICATION_ID, make_file, reason};
use crate::model::{
    AttemptState, CalendarKind, CallStatus, CancelledBy, HangUpState, HeardEffect, HeardHow, IncidentState,
    MeetingState, StepState,
};
use crate::store::{Result, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

type Migration = fn() -> String;

const MIGRATIONS: &[Migration] = &[first, second, heard];

/// Refuses a database of another program and one of a newer savehub, without writing to it. `true`: its schema is the
/// present one.
pub(super) fn check_owner(connection: &mut Connection, name: &str) -> Result<bool> {
    // One transaction: another process may be making the schema right now.
    let mut read = || -> rusqlite::Result<(i32, usize, i64)> {
        let tx = connection.transaction()?;
        let objects = tx.query_row("select count(*) from sqlite_schema", [], |r| r.get(0))?;
        Ok((tx.pragma_query_value(None, "application_id", |r| r.get(0))?, version(&tx)?, objects))
    };
    let (application, version, objects) =
        read().map_err(|error| StoreError::Unusable(format!("cannot use {name}: {}", reason(&error))))?;
    let fresh = application == 0 && version == 0 && objects == 0;
    if application != APPLICATION_ID && !fresh {
        return Err(StoreError::Unusable(format!(
            "{name} is the database of another program; give savehub a file of its own (`database` in the config)"
        )));
    }
    if version > MIGRATIONS.len() {
        return Err(StoreError::Unusable(format!(
            "{name} was written by a newer savehub (schema {version}, this one knows {}); update savehub",
            MIGRATIONS.len()
        )));
    }
    Ok(version == MIGRATIONS.len())
}

/// Brings the schema up to date. Two processes at once: the second finds nothing left to do.
pub(super) fn migrate(connection: &mut Connection, path: Option<&Path>, name: &str) -> Result<()> {
    let unusable =
        |error: rusqlite::Error| StoreError::Unusable(format!("cannot bring {name} up to date: {}", reason(&error)));
    if version(connection).map_err(unusable)? == MIGRATIONS.len() {
        return Ok(());
    }
    if let (Some(path), 1..) = (path, version(connection).map_err(unusable)?) {
        copy_beside(connection, path).map_err(unusable)?;
    }
    let run = |connection: &mut Connection| -> rusqlite::Result<()> {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let from = version(&tx)?;
        for migration in MIGRATIONS.iter().skip(from) {
            tx.execute_batch(&migration())?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX))?;
        tx.commit()
    };
    run(connection).map_err(unusable)
}

fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection.pragma_query_value(None, "user_version", |r| r.get::<_, u32>(0)).map(|v| v as usize)
}

/// `savehub.db.before-2`: an online backup, made before the schema changes.
fn copy_beside(connection: &Connection, path: &Path) -> rusqlite::Result<()> {
    let mut copy = path.as_os_str().to_owned();
    copy.push(format!(".before-{}", MIGRATIONS.len()));
    // It holds whole phone numbers, like the database.
    if make_file(Path::new(&copy)).is_err() {
        return Err(rusqlite::Error::InvalidPath(copy.into()));
    }
    connection.backup("main", Path::new(&copy), None::<fn(rusqlite::backup::Progress)>)
}

/// The states stand in the schema as Rust declares them.
fn first() -> String {
    include_str!("schema_1.sql")
        .replace("{MeetingState}", &MeetingState::sql_list())
        .replace("{IncidentState}", &IncidentState::sql_list())
        .replace("{StepState}", &StepState::sql_list())
        .replace("{AttemptState}", &AttemptState::sql_list())
        .replace("{CallStatus}", &CallStatus::sql_list())
        .replace("{HangUpState}", &HangUpState::sql_list())
}

/// Calendars.
fn second() -> String {
    include_str!("schema_2.sql")
        .replace("{CalendarKind}", &CalendarKind::sql_list())
        .replace("{CancelledBy}", &CancelledBy::sql_list())
}

/// What people said.
fn heard() -> String {
    include_str!("schema_heard.sql")
        .replace("{HeardHow}", &HeardHow::sql_list())
        .replace("{HeardEffect}", &HeardEffect::sql_list())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, None, "test").unwrap();
        let objects =
            |c: &Connection| -> i64 { c.query_row("select count(*) from sqlite_schema", [], |r| r.get(0)).unwrap() };
        let before = objects(&connection);
        migrate(&mut connection, None, "test").unwrap();
        let after = objects(&connection);
        assert_eq!((before, version(&connection).unwrap()), (after, MIGRATIONS.len()));
    }
}
