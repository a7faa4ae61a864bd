//! Opening the store: what the server must be, and what to tell the user.

use super::engine::{LIMIT, Postgres, PostgresStore, lock};
use super::migrations;
use super::server::Server;
use super::session::Session;
use super::tx::PostgresTx;
use crate::node::with_ending;
use crate::owner::LastTick;
use crate::store::sql::{FenceLine, Tx, TxError, TxResult};
use crate::store::sqlite::Create;
use crate::store::{Result, StoreError};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

/// The oldest server that gives each statement of a message a time limit of its own.
const OLDEST: i64 = 130_000;

/// From this version on a whole transaction can have a time limit.
const TRANSACTION_TIMEOUT: i64 = 170_000;

/// What every session says first. The time limits rise: a frozen host loses its transaction before others stop waiting
/// for its locks, waiting for a lock ends before its statement does, and everything before [`LIMIT`].
const SET_UP: &str = "set search_path = savehub; set client_min_messages = warning; \
    set idle_in_transaction_session_timeout = '5s'; set lock_timeout = '10s'; set statement_timeout = '12s'; \
    set enable_seqscan = off; set jit = off; \
    select set_config('synchronous_commit', 'on', false) \
      where current_setting('synchronous_commit') in ('off', 'local', 'remote_write')";

/// What a session finds out about its server.
struct ServerFacts {
    version: i64,
    fsync: String,
    encoding: String,
    read_only: bool,
    schema: i64,
    /// Which history of the database it is; 0: it does not say.
    timeline: i64,
}

impl PostgresStore {
    /// Connects, and brings the schema up to date. With [`Create::No`] a database without one is an error.
    ///
    /// # Errors
    /// The server cannot be reached or must not be used as it is; the schema is newer, or not there.
    pub fn open(server: Server, create: Create) -> Result<Self> {
        let last_tick = server.beside.as_deref().map(|beside| with_ending(beside, "last-tick"));
        let mut engine = Postgres {
            server,
            main: Mutex::new(None),
            timeline: OnceLock::new(),
            fence: Mutex::new(None),
            fence_line: FenceLine::default(),
            last_tick: LastTick::in_file(last_tick),
            made: false,
        };
        let until = Instant::now() + LIMIT;
        let (session, schema) = engine.session(until)?;
        if schema == 0 && create == Create::No {
            return Err(StoreError::Missing(engine.server.name.into()));
        }
        *lock(&engine.main) = Some(session);
        if !migrations::check(schema, &engine.server.name)? {
            engine.migrate()?;
        }
        engine.made = schema == 0;
        Ok(Self { engine })
    }

    /// Were the tables made when it was opened?
    pub fn is_new(&self) -> bool {
        self.engine.made
    }
}

impl Postgres {
    /// A new connection to a server that is fit for use, and the version of the schema there.
    pub(super) fn session(&self, until: Instant) -> Result<(Session, i64)> {
        let session = Session::connect(&self.server, until)?;
        let looked = look(&session).map_err(|fail| match fail {
            TxError::Sql(error) => StoreError::Unusable(format!("cannot use {}: {}", self.server.name, error)),
            TxError::Answer(error) => error,
        })?;
        self.is_fit(&looked)?;
        // Without tables nothing is known that could be wrong.
        if looked.schema > 0 && *self.timeline.get_or_init(|| looked.timeline) != looked.timeline {
            return Err(StoreError::Unusable(format!(
                "cannot go on with {}: another server took over meanwhile (a failover), which may have lost the last \
                 transactions; the next tick begins with what it knows",
                self.server.name
            )));
        }
        Ok((session, looked.schema))
    }

    fn is_fit(&self, facts: &ServerFacts) -> Result<()> {
        let refuse = |why: &str| Err(StoreError::Unusable(format!("cannot use {}: {why}", self.server.name)));
        if facts.version < OLDEST {
            return refuse("its PostgreSQL is too old; savehub needs 13 or newer");
        }
        if facts.read_only {
            return refuse("it cannot be written (a standby, or default_transaction_read_only); name the primary");
        }
        if facts.encoding != "UTF8" {
            return refuse(
                "the database is not in UTF8; make one with: createdb --encoding UTF8 --template template0 NAME",
            );
        }
        if facts.fsync != "on" {
            return refuse("the server runs with fsync = off: a power cut could lose a call that was made; turn it on");
        }
        Ok(())
    }
}

fn look(session: &Session) -> TxResult<ServerFacts> {
    session.batch(SET_UP)?;
    let tx: &dyn Tx = &PostgresTx::single(session);
    let facts = tx.row(
        "select current_setting('server_version_num')::bigint, current_setting('fsync'), \
           current_setting('server_encoding'), \
           pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on'",
        &[],
        |r| {
            let read_only = r.get(3)?;
            Ok(ServerFacts {
                version: r.get(0)?,
                fsync: r.get(1)?,
                encoding: r.get(2)?,
                read_only,
                schema: 0,
                timeline: 0,
            })
        },
    )?;
    if facts.version >= TRANSACTION_TIMEOUT {
        session.batch("set transaction_timeout = '20s'")?;
    }
    let schema = migrations::version(tx)?;
    let timeline = if schema > 0 { tx.value("select savehub_timeline()", &[])? } else { 0 };
    Ok(ServerFacts { schema, timeline, ..facts })
}
