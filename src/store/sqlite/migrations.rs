//! The schema as a list of migrations: the index of an entry is the version it leads to.
//!
//! Rules: never change or remove an entry that has been released; never drop a column that an older savehub reads; each
//! runs once, under one exclusive lock, after a copy of the database was put beside it. A released entry spells its
//! words out. Only the newest takes them from `model`, until the next one comes.

use super::file::{APPLICATION_ID, copy_whole, make_file, reason};
use crate::store::{Result, StoreError};
use rusqlite::{Connection, TransactionBehavior};
use std::path::Path;

type Migration = fn() -> String;

const MIGRATIONS: &[Migration] = &[first, second, third, fourth, fifth, sixth, seventh, eighth];

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
/// `true`: there was none before.
pub(super) fn migrate(connection: &mut Connection, path: Option<&Path>, name: &str) -> Result<bool> {
    let unusable =
        |error: rusqlite::Error| StoreError::Unusable(format!("cannot bring {name} up to date: {}", reason(&error)));
    if version(connection).map_err(unusable)? == MIGRATIONS.len() {
        return Ok(false);
    }
    if let (Some(path), 1..) = (path, version(connection).map_err(unusable)?) {
        copy_beside(connection, path).map_err(unusable)?;
    }
    let run = |connection: &mut Connection| -> rusqlite::Result<bool> {
        // A table that others refer to can be rebuilt only without these checks; inside a transaction this pragma does
        // nothing.
        connection.pragma_update(None, "foreign_keys", false)?;
        let tx = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let from = version(&tx)?;
        for migration in MIGRATIONS.iter().skip(from) {
            tx.execute_batch(&migration())?;
        }
        no_orphans(&tx)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX))?;
        tx.commit()?;
        Ok(from == 0)
    };
    let done = run(connection).and_then(|made| connection.pragma_update(None, "foreign_keys", true).map(|()| made));
    done.map_err(unusable)
}

/// Does every reference lead somewhere?
fn no_orphans(tx: &Connection) -> rusqlite::Result<()> {
    let orphans: i64 = tx.query_row("select count(*) from pragma_foreign_key_check", [], |r| r.get(0))?;
    if orphans == 0 {
        return Ok(());
    }
    let words = Some(format!("{orphans} rows refer to rows that are not there"));
    Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY), words))
}

/// The version of the present schema.
pub(super) const fn newest() -> usize {
    MIGRATIONS.len()
}

pub(super) fn version(connection: &Connection) -> rusqlite::Result<usize> {
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
    copy_whole(connection, &mut Connection::open(&copy)?)
}

fn first() -> String {
    include_str!("schema_1.sql").to_owned()
}

/// Calendars.
fn second() -> String {
    include_str!("schema_2.sql").to_owned()
}

/// Rungs of other kinds than calls.
fn third() -> String {
    include_str!("schema_3.sql").to_owned()
}

/// What people said.
fn fourth() -> String {
    include_str!("schema_4.sql").to_owned()
}

/// Pauses, hosts, counters.
fn fifth() -> String {
    include_str!("schema_5.sql").to_owned()
}

/// The pace of calls.
fn sixth() -> String {
    include_str!("schema_6.sql").to_owned()
}

/// Every owed call rings.
fn seventh() -> String {
    include_str!("schema_7.sql").to_owned()
}

/// Marks in events.
fn eighth() -> String {
    include_str!("schema_8.sql").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        AttemptState, CalendarKind, CallStatus, CancelledBy, HangUpState, HeardEffect, HeardHow, IncidentState,
        MeetingState, StepState,
    };

    #[test]
    fn every_state_of_the_model_stands_in_the_schema() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, None, "test").unwrap();
        let all = "select group_concat(sql, ';') from sqlite_schema";
        let schema: String = connection.query_row(all, [], |r| r.get(0)).unwrap();
        for (column, values) in [
            ("state", MeetingState::sql_list()),
            ("state", IncidentState::sql_list()),
            ("state", StepState::sql_list()),
            ("state", AttemptState::sql_list()),
            ("call_status", CallStatus::sql_list()),
            ("hang_up", HangUpState::sql_list()),
            ("kind", CalendarKind::sql_list()),
            ("cancelled_by", CancelledBy::sql_list()),
            ("how", HeardHow::sql_list()),
            ("effect", HeardEffect::sql_list()),
        ] {
            assert!(schema.contains(&format!("check({column} in ({values}))")), "{column}: {values}");
        }
    }

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
