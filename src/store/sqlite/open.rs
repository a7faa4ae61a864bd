//! Opening the file: whose it is, what may be wrong with it, and what to tell the user.

use super::{BUSY_TIMEOUT, SqliteStore, migrations};
use crate::store::{Result, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

/// `SAVH`, in the file's header (PRAGMA application_id).
pub(super) const APPLICATION_ID: i32 = 0x5341_5648;

/// A log that is longer is taken over into the file, in bytes: each process reads the log when it opens the database.
const LONG_LOG: u64 = 128 * 1024;

/// May opening make a database that is not there?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Create {
    /// `tick`, `meeting add`, `import`, `init`.
    Yes,
    /// Everything else: a missing database is an error that names the path.
    No,
}

impl SqliteStore {
    /// Opens the database, and brings its schema up to date.
    pub fn open(path: &Path, create: Create) -> Result<Self> {
        if create == Create::Yes {
            make_file(path)?;
        } else if !path.exists() {
            return Err(StoreError::Missing(path.to_owned()));
        }
        let unusable = |error| StoreError::Unusable(format!("cannot open {}: {}", path.display(), reason(&error)));
        let mut store = Self::over(connect(path).map_err(unusable)?, Some(path));
        store.prepare()?;
        Ok(store)
    }

    /// A database that lives as long as this value.
    pub fn in_memory() -> Result<Self> {
        let unusable = |error| StoreError::Unusable(format!("no database in memory: {}", reason(&error)));
        let connection = Connection::open_in_memory().and_then(keeping_plans).map_err(unusable)?;
        let mut store = Self::over(connection, None);
        store.prepare()?;
        Ok(store)
    }

    /// A store on a connection to this file, or to a database in memory.
    pub(super) fn over(connection: Connection, path: Option<&Path>) -> Self {
        Self {
            connection: Mutex::new(connection),
            path: path.map(Path::to_owned),
            reader: OnceLock::new(),
            wrote: AtomicBool::new(false),
            name: path.map_or_else(|| ":memory:".into(), |path| path.display().to_string()),
        }
    }

    /// The database as it is now, in memory (SQLite's online backup).
    pub(super) fn copy_to_memory(&self) -> Result<Self> {
        let mut memory = Self::in_memory()?;
        let copy = |memory: &mut Self| -> rusqlite::Result<()> {
            let from = self.lock();
            let to = memory.connection.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
            super::backup::copy_whole(&from, to)?;
            to.pragma_update(None, "foreign_keys", true)
        };
        copy(&mut memory).map_err(|error| self.explain("copy the database", &error))?;
        Ok(memory)
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

    /// Leaves a short log that holds nothing but the rows of idle ticks to the next one: taking it over into the file
    /// would make the disk work twice. It is no part of any promise, and what fails is no harm.
    pub(super) fn leave_short_log(&self) {
        let Some(path) = &self.path else { return };
        let log = fs::metadata(with_ending(path, "-wal")).map_or(u64::MAX, |log| log.len());
        if log <= LONG_LOG && !self.wrote.load(Ordering::Relaxed) {
            let done = self.lock().set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            if let Err(error) = done {
                log::debug!("the log of {} is taken over now: {}", self.name, reason(&error));
            }
        }
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
        migrations::migrate(connection, path, &self.name)
    }

    /// A statement's error in words: what is wrong with the database, or which use case has the bug.
    pub(super) fn explain(&self, what: &'static str, error: &rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(BUSY_TIMEOUT),
            Some(
                ErrorCode::DiskFull
                | ErrorCode::ReadOnly
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied,
            ) => StoreError::Unusable(format!("cannot {what} in {}: {}", self.name, reason(error))),
            _ => StoreError::Statement { what, detail: error.to_string() },
        }
    }
}

pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags).and_then(keeping_plans)
}

/// A prepared statement stays as it is when other values are bound to it. Otherwise SQLite looks at the values of a
/// comparison (for statistics that this database does not have) and prepares the statement again for each of them: that
/// was half of what a call cost.
fn keeping_plans(connection: Connection) -> rusqlite::Result<Connection> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// A file beside the database, called after it.
fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Waits for the lock file beside the database. It goes with the process that holds it; the empty file stays.
fn lock_beside(path: &Path) -> Result<fs::File> {
    let name = with_ending(path, ".lock");
    let fail = |error: std::io::Error| StoreError::Unusable(format!("cannot lock {}: {error}", name.display()));
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(&name).map_err(fail)?;
    file.lock().map_err(fail)?;
    Ok(file)
}

/// SQLite's error, with what to do about it.
pub(super) fn reason(error: &rusqlite::Error) -> String {
    let hint = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk is full; free some space, no call is made until then",
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "it cannot be written; check the owner and mode of the file and of its directory"
        }
        Some(ErrorCode::DatabaseCorrupt) => "the file is damaged; restore it from a backup",
        Some(ErrorCode::NotADatabase) => "the file is not an SQLite database",
        Some(ErrorCode::CannotOpen) => "it cannot be opened; check that its directory exists and can be written",
        Some(ErrorCode::SystemIoFailure) => "reading or writing failed; check the disk",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process keeps it locked",
        _ => return error.to_string(),
    };
    format!("{hint} ({error})")
}

/// Makes an empty file that only its owner can read, before SQLite opens it; `-wal` and `-shm` inherit the mode.
pub(super) fn make_file(path: &Path) -> Result<()> {
    let fail = |what: &str, at: &Path, error: &std::io::Error| {
        StoreError::Unusable(format!("cannot {what} {}: {error}", at.display()))
    };
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty() && !p.exists()) {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(parent);
        made.map_err(|e| fail("make the directory", parent, &e))?;
    }
    if !path.exists() {
        let made = fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path);
        made.map_err(|e| fail("make the database", path, &e))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::StatementStatus;

    #[test]
    fn a_statement_that_runs_again_with_another_value_is_not_prepared_again() {
        let store = SqliteStore::in_memory().unwrap();
        let connection = store.lock();
        let due = "select count(*) from steps where state = 'PENDING' and ready_at <= ?1";
        let mut statement = connection.prepare(due).unwrap();
        for now in [1, 2, 3] {
            assert_eq!(statement.query_row([now], |r| r.get(0)), Ok(0));
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
