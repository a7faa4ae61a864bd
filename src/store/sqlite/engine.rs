//! The file as an engine: how each use case runs, and how durable it is.

use super::file::{LONG_LOG, reason};
use super::tx::SqliteTx;
use crate::model::{CalendarId, Timestamp};
use crate::node::with_ending;
use crate::owner::LastTick;
use crate::store::sql::{Engine, SqlError, SqlStore, Tx, TxError, TxResult};
use crate::store::{Result, Store, StoreError};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// How long a statement waits for another process's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What begins a transaction that writes: it waits for the others first.
pub(super) const IMMEDIATE: &str = "begin immediate";

/// What begins one that only reads.
const DEFERRED: &str = "begin";

/// While a connection changes much, it keeps 64 MiB of pages, and what a statement could take back stays in memory, too.
const ROOMY: &str = "pragma cache_size = -65536; pragma temp_store = memory";

/// A use case slower than this is worth a debug line.
const SLOW: Duration = Duration::from_millis(500);

/// savehub's state in one SQLite file (or in memory).
pub type SqliteStore = SqlStore<Sqlite>;

/// A database in one file, or in memory.
pub struct Sqlite {
    pub(super) connection: Mutex<Connection>,
    /// The file, for [`Self::reader`]; `None` in memory.
    pub(super) path: Option<PathBuf>,
    /// A second connection for the fence alone, opened with the first attempt: a reader of a WAL never waits for a
    /// writer, so neither another process's lock nor a commit of ours delays the last look before a request.
    pub(super) reader: OnceLock<Option<Mutex<Connection>>>,
    /// Which tick ended last.
    pub(super) last_tick: LastTick,
    /// What this rehearsal is of, for the copies of calendars.
    pub(super) original: Option<Mutex<Connection>>,
    /// Was anything written besides the rows of ticks?
    pub(super) wrote: AtomicBool,
    /// For messages: the file, or `:memory:`.
    pub(super) name: String,
    /// Was the database made when it was opened?
    pub(super) made: bool,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Engine for Sqlite {
    fn write<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.wrote.store(true, Ordering::Relaxed);
        self.transaction(&self.lock(), what, IMMEDIATE, |tx| f(&SqliteTx(tx)))
    }

    /// SQLite's WAL stays sound either way.
    fn write_lazily<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        let connection = self.lock();
        let set = |connection: &Connection, level| {
            connection.pragma_update(None, "synchronous", level).map_err(|error| self.explain(what, &error))
        };
        set(&connection, "normal")?;
        let done = self.transaction(&connection, what, IMMEDIATE, |tx| f(&SqliteTx(tx)));
        // A store that cannot be made durable again may not write a claim: this error ends the tick.
        set(&connection, "full")?;
        done
    }

    /// With room for what the transactions change again and again.
    fn write_in_bulk<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.lock().execute_batch(ROOMY).map_err(|error| self.explain(what, &error))?;
        self.write_lazily(what, f)
    }

    fn read<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.transaction(&self.lock(), what, DEFERRED, |tx| f(&SqliteTx(tx)))
    }

    fn read_outside<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        let connection = self.lock();
        self.timed(what, || f(&SqliteTx(&connection)))
    }

    fn read_for_fence<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        let Some(reader) = self.reader() else { return self.read_outside(what, f) };
        let connection = reader.lock().unwrap_or_else(PoisonError::into_inner);
        self.transaction(&connection, what, DEFERRED, |tx| f(&SqliteTx(tx)))
    }

    fn armed_files(&self) -> Option<PathBuf> {
        Some(with_ending(self.path.as_deref()?, "-armed-"))
    }

    fn last_tick(&self) -> &LastTick {
        &self.last_tick
    }

    /// Leaves a short log to the next tick if it holds only rows of idle ticks: a checkpoint would make the disk work
    /// twice. Nothing relies on it, so a failure does no harm.
    fn tick_ended(&self) {
        let Some(path) = &self.path else { return };
        let log = fs::metadata(with_ending(path, "-wal")).map_or(u64::MAX, |log| log.len());
        if log <= LONG_LOG && !self.wrote.load(Ordering::Relaxed) {
            let done = self.lock().set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            if let Err(error) = done {
                log::debug!("the log of {} is taken over now: {}", self.name, reason(&error));
            }
        }
    }

    fn rehearsal(&self, now: Timestamp) -> Result<Box<dyn Store>> {
        Ok(Box::new(SqlStore { engine: self.copy_needed(now)? }))
    }

    fn left_behind(&self, id: CalendarId) -> Result<Option<Vec<u8>>> {
        self.body_of_original(id)
    }
}

/// An open transaction: it is rolled back unless it is committed. Its statements are kept as all others are: a tick has
/// many transactions, and each call more of them.
struct Transaction<'c>(&'c Connection);

impl<'c> Transaction<'c> {
    fn begin(connection: &'c Connection, how: &str) -> rusqlite::Result<Self> {
        connection.prepare_cached(how)?.execute([])?;
        Ok(Self(connection))
    }

    fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("commit")?.execute([])?;
        Ok(())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Committed, or rolled back by SQLite itself after an error.
        if self.0.is_autocommit() {
            return;
        }
        if let Err(error) = self.0.execute_batch("rollback") {
            log::debug!("a transaction cannot be rolled back: {}", reason(&error));
        }
    }
}

impl Sqlite {
    pub(super) fn transaction<T>(
        &self,
        connection: &Connection,
        what: &'static str,
        begin: &str,
        f: impl FnOnce(&Connection) -> TxResult<T>,
    ) -> Result<T> {
        self.timed(what, || {
            let open = Transaction::begin(connection, begin)?;
            let value = f(connection)?;
            open.commit()?;
            Ok(value)
        })
    }

    pub(super) fn timed<T>(&self, what: &'static str, f: impl FnOnce() -> TxResult<T>) -> Result<T> {
        let started = Instant::now();
        let done = f();
        if started.elapsed() > SLOW {
            log::debug!("the database took {} ms to {what}", started.elapsed().as_millis());
        }
        done.map_err(|fail| match fail {
            TxError::Answer(error) => error,
            TxError::Sql(SqlError::Database(error)) => match error.downcast_ref() {
                Some(error) => self.explain(what, error),
                None => StoreError::Statement { what, detail: error.to_string() },
            },
            TxError::Sql(error) => StoreError::Statement { what, detail: error.to_string() },
        })
    }

    /// The connection. A panic in another thread leaves no half transaction behind (it rolls back), so it stays usable.
    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
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
