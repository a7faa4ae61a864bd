//! Looks at a database without changing it: it changes neither schema nor journal mode, and creates nothing.

use super::engine::{Sqlite, SqliteStore};
use super::file::{APPLICATION_ID, connect, reason};
use super::migrations;
use crate::model::path_text;
use crate::store::{Result, StoreError};
use rusqlite::{Connection, ErrorCode};
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

/// How long a statement waits for another process's lock: a look is in nobody's way for long.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a look at a database shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// Is it savehub's? An empty file is nobody's yet.
    pub owner: DatabaseOwner,
    /// Version of its schema.
    pub schema: usize,
    /// The newest version this savehub knows.
    pub known: usize,
    /// SQLite's journal mode; savehub needs `wal` and sets it.
    pub journal: String,
    /// What `quick_check` found.
    pub integrity: Integrity,
}

/// Whose a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatabaseOwner {
    /// savehub's.
    Ours,
    /// Nobody's: it is empty.
    Nobody,
    /// Another program's.
    Another,
}

/// What `quick_check` found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// Nothing wrong.
    Sound,
    /// The first fault.
    Damaged(String),
    /// It was not finished in time.
    NotFinished,
}

impl SqliteStore {
    /// Looks at the database without changing it; checking its pages may take this long. Also returns a store that only
    /// reads, if the database is ours and has the present schema.
    ///
    /// # Errors
    /// [`StoreError::Missing`], or [`StoreError::Unusable`] when it cannot be opened or read.
    pub fn inspect(path: &Path, within: Duration) -> Result<(Health, Option<Self>)> {
        if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let unusable = |error: rusqlite::Error| {
            StoreError::Unusable(format!("cannot read {}: {}", path_text(path), reason(&error)))
        };
        let connection = open(path).map_err(unusable)?;
        let health = health(&connection, within).map_err(unusable)?;
        let ready = health.owner == DatabaseOwner::Ours && health.schema == health.known;
        Ok((health, ready.then(|| Self { engine: Sqlite::over(connection, Some(path)) })))
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "query_only", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(connection)
}

fn health(connection: &Connection, within: Duration) -> rusqlite::Result<Health> {
    let application: i32 = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
    let objects: i64 = connection.query_row("select count(*) from sqlite_schema", [], |r| r.get(0))?;
    let schema = migrations::version(connection)?;
    let owner = match application {
        APPLICATION_ID => DatabaseOwner::Ours,
        0 if schema == 0 && objects == 0 => DatabaseOwner::Nobody,
        _ => DatabaseOwner::Another,
    };
    Ok(Health {
        owner,
        schema,
        known: migrations::newest(),
        journal: connection.pragma_query_value(None, "journal_mode", |r| r.get(0))?,
        integrity: integrity(connection, within)?,
    })
}

/// The time grows with the size of the file, so it has a limit.
fn integrity(connection: &Connection, within: Duration) -> rusqlite::Result<Integrity> {
    let (done, ended) = mpsc::channel::<()>();
    let handle = connection.get_interrupt_handle();
    let bell = std::thread::Builder::new().spawn(move || {
        if ended.recv_timeout(within) == Err(mpsc::RecvTimeoutError::Timeout) {
            handle.interrupt();
        }
    });
    // Without a thread nobody would stop the check.
    let Ok(bell) = bell else { return Ok(Integrity::NotFinished) };
    let said = connection.query_row("pragma quick_check(1)", [], |row| row.get::<_, String>(0));
    drop(done);
    // The handle must not ring in a later statement.
    let _ = bell.join();
    match said {
        Ok(words) if words == "ok" => Ok(Integrity::Sound),
        Ok(words) => Ok(Integrity::Damaged(words)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Ok(Integrity::NotFinished),
            Some(ErrorCode::DatabaseCorrupt) => Ok(Integrity::Damaged(error.to_string())),
            _ => Err(error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::Create;
    use super::*;

    const LONG: Duration = Duration::from_secs(600);

    #[test]
    fn a_look_makes_nothing_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("savehub.db");
        assert!(matches!(SqliteStore::inspect(&path, LONG), Err(StoreError::Missing(_))));
        assert!(!path.exists());
        Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
        let before = std::fs::read(&path).unwrap();
        let (health, store) = SqliteStore::inspect(&path, LONG).unwrap();
        assert_eq!((health.schema, health.owner, health.journal.as_str()), (2, DatabaseOwner::Another, "delete"));
        assert!(store.is_none());
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_database_of_ours_comes_with_its_store_and_cannot_be_written_through_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("savehub.db");
        drop(SqliteStore::open(&path, Create::Yes).unwrap());
        let (health, store) = SqliteStore::inspect(&path, LONG).unwrap();
        let expected = (DatabaseOwner::Ours, "wal", Integrity::Sound);
        assert_eq!((health.owner, health.journal.as_str(), health.integrity), expected);
        assert_eq!(health.schema, health.known);
        let store: &dyn crate::store::Store = &store.unwrap();
        let now = crate::model::Timestamp::from_ms(0);
        assert_eq!(store.recent_ticks(now, 10).unwrap(), []);
        assert!(store.resume(None, now).is_err(), "it can be written");
    }

    #[test]
    fn a_check_that_takes_too_long_is_given_up() {
        let dir = tempfile::tempdir().unwrap();
        let connection = Connection::open(dir.path().join("x.db")).unwrap();
        let rows = "create table t as with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) \
                    select hex(randomblob(20)) as x from n; create index tx on t(x);";
        connection.execute_batch(rows).unwrap();
        let started = std::time::Instant::now();
        let given_up = integrity(&connection, Duration::ZERO).unwrap();
        // With no time at all the bell rings before or in the check; a machine may be quick enough to end it first.
        assert!(matches!(given_up, Integrity::NotFinished | Integrity::Sound), "{given_up:?}");
        assert!(started.elapsed() < LONG);
        assert_eq!(connection.query_row("select count(*) from t", [], |r| r.get::<_, i64>(0)), Ok(200_000));
    }
}
