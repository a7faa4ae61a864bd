//! Transactions: how each use case runs, and how durable it is.

use super::{Fail, Inner, SLOW, SqliteStore};
use crate::store::Result;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

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
