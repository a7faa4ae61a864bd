//! Opening the file: whose it is, what may be wrong with it, and what to tell the user.

use super::day;
use super::engine::{BUSY_TIMEOUT, Sqlite, SqliteStore};
use super::file::{Create, connect, keeping_plans, lock_beside, make_file, reason};
use super::migrations;
use crate::model::path_text;
use crate::node::with_ending;
use crate::owner::LastTick;
use crate::store::{Result, StoreError};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

impl SqliteStore {
    /// Opens the database, and brings its schema up to date.
    pub fn open(path: &Path, create: Create) -> Result<Self> {
        if create == Create::Yes {
            make_file(path)?;
        } else if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let unusable = |error| StoreError::Unusable(format!("cannot open {}: {}", path_text(path), reason(&error)));
        let mut engine = Sqlite::over(connect(path).map_err(unusable)?, Some(path));
        engine.prepare()?;
        Ok(Self { engine })
    }

    /// Was the database made when it was opened?
    pub fn is_new(&self) -> bool {
        self.engine.made
    }

    /// A database that lives as long as this value.
    pub fn in_memory() -> Result<Self> {
        Ok(Self { engine: Sqlite::in_memory()? })
    }
}

impl Sqlite {
    pub(super) fn in_memory() -> Result<Self> {
        let unusable = |error| StoreError::Unusable(format!("no database in memory: {}", reason(&error)));
        let connection = Connection::open_in_memory().and_then(keeping_plans).map_err(unusable)?;
        let mut store = Self::over(connection, None);
        store.prepare()?;
        day::begin(&store.lock()).map_err(unusable)?;
        Ok(store)
    }

    /// An engine on a connection to this file, or to a database in memory.
    pub(super) fn over(connection: Connection, path: Option<&Path>) -> Self {
        Self {
            connection: Mutex::new(connection),
            path: path.map(Path::to_owned),
            reader: OnceLock::new(),
            last_tick: path
                .map_or_else(LastTick::in_memory, |path| LastTick::in_file(Some(with_ending(path, "-last-tick")))),
            original: None,
            wrote: AtomicBool::new(false),
            name: path.map_or_else(|| ":memory:".into(), path_text),
            made: false,
        }
    }

    /// The connection of the fence; `None` where there is no file to open twice, or it cannot be opened now (then the
    /// fence reads through the main connection).
    pub(super) fn reader(&self) -> Option<&Mutex<Connection>> {
        let open = || {
            let reader = connect(self.path.as_deref()?).ok()?;
            reader.busy_timeout(BUSY_TIMEOUT).ok()?;
            reader.pragma_update(None, "query_only", true).ok()?;
            Some(Mutex::new(reader))
        };
        self.reader.get_or_init(open).as_ref()
    }

    fn prepare(&mut self) -> Result<()> {
        let unusable =
            |error: rusqlite::Error| StoreError::Unusable(format!("cannot use {}: {}", self.name, reason(&error)));
        let connection = self.connection.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        connection.busy_timeout(BUSY_TIMEOUT).map_err(unusable)?;
        // Whose file it is comes first: nothing of another program's file may change, not even its journal mode.
        let ready = migrations::check_owner(connection, &self.name)?;
        let path = self.path.as_deref();
        // Making a schema and switching to WAL are not safe beside another process that does the same.
        let _lock = match path {
            Some(path) if !ready => Some(lock_beside(path)?),
            _ => None,
        };
        if path.is_some() {
            let mode: String =
                connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0)).map_err(unusable)?;
            if mode != "wal" {
                return Err(StoreError::Unusable(format!(
                    "cannot use {}: SQLite keeps journal mode `{mode}` there, and savehub needs `wal`; \
                     put the database on a local disk",
                    self.name
                )));
            }
        }
        connection.pragma_update(None, "synchronous", "full").map_err(unusable)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true).map_err(unusable)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false).map_err(unusable)?;
        connection.set_prepared_statement_cache_capacity(128);
        if ready {
            return Ok(());
        }
        self.wrote.store(true, Ordering::Relaxed);
        self.made = migrations::migrate(connection, path, &self.name)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn a_statement_that_runs_again_with_another_value_is_not_prepared_again() {
        let store = SqliteStore::in_memory().unwrap();
        let connection = store.engine.lock();
        let due = "select count(*) from steps where state = 'PENDING' and ready_at <= ?1";
        let mut statement = connection.prepare(due).unwrap();
        for now in [1, 2, 3] {
            assert_eq!(statement.query_row([now], |r| r.get(0)), Ok(0));
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
