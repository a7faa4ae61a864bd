//! The server as an engine. It begins a transaction, runs it, commits it, and runs it again if the server says so.

use super::server::Server;
use super::session::{Session, Trouble};
use super::tx::PostgresTx;
use super::{copy, migrations};
use crate::model::Timestamp;
use crate::node::with_ending;
use crate::owner::LastTick;
use crate::store::sql::{Engine, FenceLine, SqlError, SqlStore, Tx, TxError, TxResult};
use crate::store::sqlite::SqliteStore;
use crate::store::{Result, Store, StoreError};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio_postgres::error::SqlState;

/// A use case ends within this time, repeated runs included, whatever the server does.
pub(super) const LIMIT: Duration = Duration::from_secs(15);

/// How long a statement waits for another host's lock (`lock_timeout`).
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// How often a transaction is run, at most. From the second time on it runs alone; then only other programs can stop
/// it.
const RUNS: u32 = 4;

/// A use case slower than this is worth a debug line.
const SLOW: Duration = Duration::from_millis(500);

/// Begins beside other writers. The lock comes before the first snapshot, since LOCK TABLE takes none.
const BESIDE_OTHERS: &str = "begin isolation level serializable; lock table savehub_turn in row share mode";

/// Begins when no other writer is left.
const ALONE: &str = "begin isolation level serializable; lock table savehub_turn in exclusive mode";

/// All reads see the same state.
const READ: &str = "begin isolation level repeatable read read only";

/// While the schema is made there is nothing to lock.
const SCHEMA: &str = "begin";

/// Why a run did not end with an answer.
enum Stopped {
    /// Nothing was written.
    Failed(TxError),
    /// The commit was asked for, and no answer came.
    Unknown(SqlError),
}

impl<E: Into<TxError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// savehub's state in a PostgreSQL database.
pub type PostgresStore = SqlStore<Postgres>;

/// A PostgreSQL database.
pub struct Postgres {
    pub(super) server: Server,
    pub(super) main: Mutex<Option<Session>>,
    /// The server's timeline when it was first seen.
    pub(super) timeline: OnceLock<i64>,
    /// For the fence alone, opened with the first attempt.
    pub(super) fence: Mutex<Option<Session>>,
    /// Who waits for it.
    pub(super) fence_line: FenceLine,
    /// Which tick of this host ended last.
    pub(super) last_tick: LastTick,
    /// Were the tables made when it was opened?
    pub(super) made: bool,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("name", &self.server.name).finish_non_exhaustive()
    }
}

impl Engine for Postgres {
    fn write<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.write_with(what, |tx| f(tx))
    }

    fn read<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.read_with(what, |tx| f(tx))
    }

    /// Fewer round trips than a transaction takes.
    fn read_outside<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.read_on(&self.main, what, f)
    }

    fn read_for_fence<T>(&self, what: &'static str, f: impl Fn(&dyn Tx) -> TxResult<T>) -> Result<T> {
        self.read_on(&self.fence, what, f)
    }

    fn fence_line(&self) -> Option<&FenceLine> {
        Some(&self.fence_line)
    }

    fn armed_files(&self) -> Option<PathBuf> {
        self.server.beside.as_deref().map(|beside| with_ending(beside, "armed-"))
    }

    fn last_tick(&self) -> &LastTick {
        &self.last_tick
    }

    fn rehearsal(&self, now: Timestamp) -> Result<Box<dyn Store>> {
        self.read_with("copy the database", |tx| {
            let memory = SqliteStore::in_memory()?;
            memory.fill(|put| copy::pour_needed(tx, now, put))?;
            Ok(Box::new(memory) as Box<dyn Store>)
        })
    }
}

impl Postgres {
    /// One writing transaction.
    pub(super) fn write_with<T>(&self, what: &'static str, f: impl Fn(&PostgresTx<'_>) -> TxResult<T>) -> Result<T> {
        let started = Instant::now();
        let mut begin = BESIDE_OTHERS;
        let mut stopped = None;
        for _ in 0..RUNS {
            match self.run(&self.main, started + LIMIT, begin, &f) {
                Ok(value) => return Ok(value),
                Err(Stopped::Failed(TxError::Sql(error))) if is_conflict(&error, begin) => {
                    log::debug!("{what}: another host was at it, once more ({error})");
                    begin = ALONE;
                    stopped = Some(Stopped::Failed(TxError::Sql(error)));
                }
                Err(other) => return Err(self.explain(what, started, other)),
            }
        }
        Err(stopped.map_or(StoreError::Busy(started.elapsed()), |stopped| self.explain(what, started, stopped)))
    }

    /// One reading transaction.
    pub(super) fn read_with<T>(&self, what: &'static str, f: impl Fn(&PostgresTx<'_>) -> TxResult<T>) -> Result<T> {
        let started = Instant::now();
        self.run(&self.main, started + LIMIT, READ, &f).map_err(|stopped| self.explain(what, started, stopped))
    }

    /// Runs single statements on one of the connections; each sees the newest state.
    fn read_on<T>(
        &self,
        slot: &Mutex<Option<Session>>,
        what: &'static str,
        f: impl Fn(&dyn Tx) -> TxResult<T>,
    ) -> Result<T> {
        let started = Instant::now();
        let look = || {
            let mut slot = lock(slot);
            let old = slot.is_some();
            match f(&PostgresTx::single(self.ready(&mut slot, started + LIMIT)?)) {
                // It broke while nobody used it; reading twice does no harm.
                Err(TxError::Sql(error)) if old && is_lost(&error) => {
                    f(&PostgresTx::single(self.ready(&mut slot, started + LIMIT)?))
                }
                other => other,
            }
        };
        look().map_err(|fail| self.explain(what, started, Stopped::Failed(fail)))
    }

    /// Makes the schema.
    pub(super) fn migrate(&self) -> Result<()> {
        let started = Instant::now();
        let make = |tx: &PostgresTx<'_>| migrations::migrate(tx, &self.server.name);
        let made = self.run(&self.main, started + LIMIT, SCHEMA, &make);
        made.map_err(|stopped| self.explain("make the tables", started, stopped))
    }

    fn run<T>(
        &self,
        slot: &Mutex<Option<Session>>,
        until: Instant,
        begin: &str,
        f: &impl Fn(&PostgresTx<'_>) -> TxResult<T>,
    ) -> std::result::Result<T, Stopped> {
        let mut slot = lock(slot);
        let mut old = slot.is_some();
        loop {
            let tx = PostgresTx::begin(self.ready(&mut slot, until)?, begin);
            let fail = match f(&tx) {
                Ok(value) => match tx.commit() {
                    Ok(()) => return Ok(value),
                    Err(error) if tx.has_begun() && is_lost(&error) => {
                        *slot = None;
                        return Err(Stopped::Unknown(error));
                    }
                    Err(error) => error.into(),
                },
                Err(fail) => fail,
            };
            // It broke while nobody used it.
            let never_begun = !tx.has_begun() && matches!(&fail, TxError::Sql(error) if is_lost(error));
            rollback(&mut slot);
            if !(old && never_begun) {
                return Err(fail.into());
            }
            old = false;
        }
    }

    /// The connection, which is opened when there is none.
    fn ready<'s>(&self, slot: &'s mut Option<Session>, until: Instant) -> TxResult<&'s Session> {
        let session = if let Some(session) = slot.take().filter(Session::is_usable) {
            session
        } else {
            let (session, schema) = self.session(until)?;
            migrations::check(schema, &self.server.name)?;
            session
        };
        session.limit(until);
        Ok(slot.insert(session))
    }

    fn explain(&self, what: &'static str, started: Instant, stopped: Stopped) -> StoreError {
        if started.elapsed() > SLOW {
            log::debug!("the database took {} ms to {what}", started.elapsed().as_millis());
        }
        let name = &self.server.name;
        match stopped {
            Stopped::Failed(TxError::Answer(error)) => error,
            Stopped::Unknown(error) => StoreError::Unusable(format!(
                "cannot {what} in {name}: the connection was lost while it was written down ({error}), so nobody knows \
                 whether it is; the next tick finds out"
            )),
            Stopped::Failed(TxError::Sql(error)) => match state(&error) {
                Some(&SqlState::LOCK_NOT_AVAILABLE) => StoreError::Busy(LOCK_WAIT),
                Some(&(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED)) => {
                    StoreError::Busy(started.elapsed())
                }
                state if !is_lost(&error) && !state.is_some_and(is_server_trouble) => {
                    StoreError::Statement { what, detail: error.to_string() }
                }
                _ => StoreError::Unusable(format!("cannot {what} in {name}: {error}; nothing was written")),
            },
        }
    }
}

fn state(error: &SqlError) -> Option<&SqlState> {
    Trouble::of(error)?.state()
}

/// The server said no: what was asked is not done.
fn is_refusal(error: &SqlError) -> bool {
    Trouble::of(error).is_some_and(Trouble::is_refusal)
}

/// The connection is gone, or was given up.
fn is_lost(error: &SqlError) -> bool {
    Trouble::of(error).is_some_and(|trouble| !trouble.is_refusal())
}

/// The connection; it is dropped if it is gone.
pub(super) fn lock(slot: &Mutex<Option<Session>>) -> MutexGuard<'_, Option<Session>> {
    // A panic in another thread leaves no half transaction behind: it is rolled back before the next one begins.
    let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.as_ref().is_some_and(|session| !session.is_usable()) {
        *slot = None;
    }
    slot
}

/// Must the transaction be run again? Beside other writers, a taken unique key or a row that went is such a case, too:
/// a transaction that ran alone would have seen it before.
fn is_conflict(error: &SqlError, begin: &str) -> bool {
    let beside_others = begin == BESIDE_OTHERS;
    is_refusal(error)
        && state(error).is_some_and(|state| {
            let retry = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
            let seen = [SqlState::UNIQUE_VIOLATION, SqlState::FOREIGN_KEY_VIOLATION];
            retry.contains(state) || (beside_others && seen.contains(state))
        })
}

/// A full disk, a server that goes down, a right that is missing: not a bug of savehub.
fn is_server_trouble(state: &SqlState) -> bool {
    let class = &state.code()[..2];
    matches!(class, "08" | "25" | "28" | "3D" | "53" | "54" | "55" | "57" | "58" | "F0" | "XX")
        || *state == SqlState::INSUFFICIENT_PRIVILEGE
}

fn rollback(slot: &mut Option<Session>) {
    if slot.as_ref().is_some_and(|session| !session.is_usable() || session.batch("rollback").is_err()) {
        *slot = None;
    }
}
