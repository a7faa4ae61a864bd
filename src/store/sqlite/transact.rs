//! One transaction: begun, done, committed, and its errors in words.

use super::SqliteStore;
use crate::store::{Result, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A use case slower than this is worth a debug line.
const SLOW: Duration = Duration::from_millis(500);

/// What can go wrong inside a transaction: SQLite itself, or an answer for the caller.
pub(super) enum Fail {
    Sql(rusqlite::Error),
    Answer(StoreError),
}

impl From<rusqlite::Error> for Fail {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        Self::Answer(error)
    }
}

pub(super) type Inner<T> = std::result::Result<T, Fail>;

/// The rows that can be read. A row of a newer savehub, or one changed by hand, must not stop the others.
pub(super) fn readable<T>(rows: impl Iterator<Item = rusqlite::Result<T>>, what: &str) -> Inner<Vec<T>> {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    let mut values = Vec::new();
    for row in rows {
        match row {
            Ok(value) => values.push(value),
            Err(error @ (FromSqlConversionFailure(..) | IntegralValueOutOfRange(..) | InvalidColumnType(..))) => {
                log::error!("{what} cannot be read and is left alone: {error}");
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(values)
}

impl SqliteStore {
    /// One writing transaction. An error rolls it back.
    pub(super) fn write<T>(&self, what: &'static str, f: impl FnOnce(&Transaction<'_>) -> Inner<T>) -> Result<T> {
        self.wrote.store(true, Ordering::Relaxed);
        self.transaction(what, TransactionBehavior::Immediate, f)
    }

    /// One writing transaction that need not be on the disk when it ends, because nothing leaves this machine on its
    /// strength: a power cut may lose it, and what follows durably takes it along. SQLite's WAL stays sound either way.
    pub(super) fn write_lazily<T>(
        &self,
        what: &'static str,
        f: impl FnOnce(&Transaction<'_>) -> Inner<T>,
    ) -> Result<T> {
        let mut connection = self.lock();
        let set = |connection: &Connection, level| {
            connection.pragma_update(None, "synchronous", level).map_err(|error| self.explain(what, &error))
        };
        set(&connection, "normal")?;
        let done = self.run(&mut connection, what, TransactionBehavior::Immediate, f);
        // A store that cannot be made durable again may not write a claim: this error ends the tick.
        set(&connection, "full")?;
        done
    }

    /// One reading transaction: all its reads see the same state.
    pub(super) fn read<T>(&self, what: &'static str, f: impl FnOnce(&Transaction<'_>) -> Inner<T>) -> Result<T> {
        self.transaction(what, TransactionBehavior::Deferred, f)
    }

    fn transaction<T>(
        &self,
        what: &'static str,
        behaviour: TransactionBehavior,
        f: impl FnOnce(&Transaction<'_>) -> Inner<T>,
    ) -> Result<T> {
        self.on(&self.connection, what, behaviour, f)
    }

    pub(super) fn on<T>(
        &self,
        connection: &Mutex<Connection>,
        what: &'static str,
        behaviour: TransactionBehavior,
        f: impl FnOnce(&Transaction<'_>) -> Inner<T>,
    ) -> Result<T> {
        // A panic in another thread leaves no half transaction behind (it rolls back), so the lock stays usable.
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.run(&mut connection, what, behaviour, f)
    }

    fn run<T>(
        &self,
        connection: &mut Connection,
        what: &'static str,
        behaviour: TransactionBehavior,
        f: impl FnOnce(&Transaction<'_>) -> Inner<T>,
    ) -> Result<T> {
        let started = Instant::now();
        let done = (|| -> Inner<T> {
            let tx = connection.transaction_with_behavior(behaviour)?;
            let value = f(&tx)?;
            tx.commit()?;
            Ok(value)
        })();
        if started.elapsed() > SLOW {
            log::debug!("the database took {} ms to {what}", started.elapsed().as_millis());
        }
        done.map_err(|fail| match fail {
            Fail::Answer(error) => error,
            Fail::Sql(error) => self.explain(what, &error),
        })
    }

    /// For the online backup.
    pub(super) fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
