//! A database: how its transactions run, and how durable they are.

use super::fence_line::FenceLine;
use super::tx::{Tx, TxResult};
use crate::model::{CalendarId, Timestamp};
use crate::owner::LastTick;
use crate::store::{Result, Store};
use std::path::PathBuf;

/// A database. Use cases say in a few words what they do, for messages.
pub(crate) trait Engine: Send + Sync {
    /// One writing transaction, on the disk when it ends. An error rolls it back. It may have to run again.
    fn write<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T>;

    /// The same, but it need not be on the disk when it ends, since no request relies on it. A power cut may lose it;
    /// the next durable transaction takes it along.
    fn write_lazily<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.write(what, f)
    }

    /// The same for one of many transactions in a row that change much.
    fn write_in_bulk<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.write_lazily(what, f)
    }

    /// One reading transaction: all its reads see the same state.
    fn read<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T>;

    /// Reads outside of a transaction: each statement sees the newest state.
    fn read_outside<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.read(what, f)
    }

    /// Reads on a connection of its own, so that no transaction of ours delays the last look before a request.
    fn read_for_fence<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T>;

    /// Where workers wait for each other's reading of the fence; `None`: each reads for itself, which is fast enough.
    fn fence_line(&self) -> Option<&FenceLine> {
        None
    }

    /// What the paths of the files begin with in which processes of this host say which requests have begun.
    fn armed_files(&self) -> Option<PathBuf>;

    /// Which tick of this host ended last.
    fn last_tick(&self) -> &LastTick;

    /// A tick has ended.
    fn tick_ended(&self) {}

    /// A copy in memory of what ticks from `now` on can touch (`needed`), to be changed without a trace.
    fn rehearsal(&self, now: Timestamp) -> Result<Box<dyn Store>>;

    /// The copy of a calendar that this rehearsal left where it is: most are never asked for.
    fn left_behind(&self, _: CalendarId) -> Result<Option<Vec<u8>>> {
        Ok(None)
    }
}

/// savehub's state in a database.
pub struct SqlStore<E> {
    /// The database.
    pub(in crate::store) engine: E,
}

impl<E: std::fmt::Debug> std::fmt::Debug for SqlStore<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.engine.fmt(f)
    }
}
