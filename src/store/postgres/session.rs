//! One connection. Opening and asking it have time limits; it is given up when no answer comes.
//!
//! Every wait ends on this side: a server that is frozen, or a network that swallows packets, costs a transaction its time
//! limit and no more. A connection that was given up is never used again, since an answer to an old question may still come.

use super::server::{Server, Tls};
use super::statement::{self, Answer, Statement};
use super::tls;
use crate::store::sql::{Sql, SqlError};
use crate::store::{Result, StoreError};
use secrecy::ExposeSecret as _;
use std::cell::Cell;
use std::error::Error;
use std::future::Future;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::{Client, Config, NoTls};

/// How long connecting to one address of the server may take.
const CONNECT: Duration = Duration::from_secs(5);

/// The connection ends when data is not acknowledged for this long.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);

/// A silent connection is probed after this time, and every few seconds from then on.
const PROBE_AFTER: Duration = Duration::from_secs(10);
const PROBE_EVERY: Duration = Duration::from_secs(3);

/// How long saying goodbye may take: the server then logs no broken connection.
const FAREWELL: Duration = Duration::from_millis(200);

const NO_PASSWORD: &str = "it asks for a password, and the address has none (a config takes an address with one: \
    store_file, store_env, store_command, store)";

/// A connection, and the small runtime that drives it while it is waited for.
pub(super) struct Session {
    client: Option<Client>,
    driver: Option<JoinHandle<std::result::Result<(), tokio_postgres::Error>>>,
    runtime: Option<Runtime>,
    until: Cell<Instant>,
    broken: Cell<bool>,
}

impl Session {
    /// Connects.
    pub(super) fn connect(server: &Server, until: Instant) -> Result<Self> {
        let unusable = |why: String| StoreError::Unusable(format!("cannot connect to {}: {why}", server.name));
        let config = config(server)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| unusable(error.to_string()))?;
        let mut session = Self {
            client: None,
            driver: None,
            runtime: Some(runtime),
            until: Cell::new(until),
            broken: Cell::new(false),
        };
        let tls = tls::connector(&server.tls).map_err(unusable)?;
        let connected = session.wait(async {
            match tls {
                None => {
                    let (client, connection) = config.connect(NoTls).await?;
                    Ok((client, tokio::spawn(connection)))
                }
                Some(tls) => {
                    let (client, connection) = config.connect(tls).await?;
                    Ok((client, tokio::spawn(connection)))
                }
            }
        });
        let (client, driver) = connected.map_err(|error| unusable(error.to_string()))?;
        (session.client, session.driver) = (Some(client), Some(driver));
        Ok(session)
    }

    /// Everything that is asked from now on must be answered by then.
    pub(super) fn limit(&self, until: Instant) {
        self.until.set(until);
    }

    /// Can it be asked anything more?
    pub(super) fn is_usable(&self) -> bool {
        !self.broken.get() && self.client.as_ref().is_some_and(|client| !client.is_closed())
    }

    /// Statements without parameters, in one round trip.
    pub(super) fn batch(&self, text: &str) -> Sql<()> {
        self.say(&[Statement::batch(text)]).map(|_| ())
    }

    /// All of them in one round trip, and the answers in the same order.
    pub(super) fn say(&self, statements: &[Statement<'_>]) -> Sql<Vec<Answer>> {
        log::trace!("{} statements in a round trip", statements.len());
        match &self.client {
            Some(client) if !self.broken.get() => self.wait(statement::say(client, statements)),
            _ => Err(Trouble::Late.into()),
        }
    }

    fn wait<T>(&self, work: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>) -> Sql<T> {
        let Some(runtime) = &self.runtime else { return Err(Trouble::Late.into()) };
        let left = self.until.get().saturating_duration_since(Instant::now());
        match runtime.block_on(async { tokio::time::timeout(left, work).await }) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                if !is_answer(&error) {
                    self.broken.set(true);
                }
                Err(Trouble::Server(error).into())
            }
            Err(_) => {
                self.broken.set(true);
                Err(Trouble::Late.into())
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // Without a client, the driver says goodbye and ends.
        self.client = None;
        let Some(runtime) = self.runtime.take() else { return };
        if let (Some(driver), false) = (self.driver.take(), self.broken.get()) {
            let _ = runtime.block_on(async { tokio::time::timeout(FAREWELL, driver).await });
        }
        // A name that is still being looked up must not be waited for.
        runtime.shutdown_background();
    }
}

fn config(server: &Server) -> Result<Config> {
    // The driver's words may repeat a part of the address, and that of a password.
    let wrong = |_| {
        let why = "the address of the store in the config is none that PostgreSQL's clients know: \
                   postgres://USER:PASSWORD@HOST/DATABASE, with %40 for an @ in the password";
        StoreError::Unusable(why.into())
    };
    let mut config: Config = server.url.expose_secret().parse().map_err(wrong)?;
    config
        .ssl_mode(if server.tls == Tls::Off { SslMode::Disable } else { SslMode::Require })
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .connect_timeout(CONNECT)
        .tcp_user_timeout(UNACKNOWLEDGED)
        .keepalives(true)
        .keepalives_idle(PROBE_AFTER)
        .keepalives_interval(PROBE_EVERY)
        .keepalives_retries(3);
    if config.get_application_name().is_none() {
        config.application_name("savehub");
    }
    Ok(config)
}

/// Did the server answer, and does the connection go on?
fn is_answer(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|said| said.parsed_severity() == Some(Severity::Error))
}

/// What can go wrong with a connection. Its words hold no value of a row.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server said no, or the connection is gone.
    Server(tokio_postgres::Error),
    /// No answer in time; the connection is given up.
    Late,
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Late => f.write_str("it does not answer"),
            Self::Server(error) => match error.as_db_error() {
                Some(said) => write!(f, "{} ({})", said.message(), said.code().code()),
                None => f.write_str(&unsaid(error)),
            },
        }
    }
}

impl Error for Trouble {}

impl From<Trouble> for SqlError {
    fn from(trouble: Trouble) -> Self {
        Self::Database(Box::new(trouble))
    }
}

impl Trouble {
    /// Of a statement.
    pub(super) fn of(error: &SqlError) -> Option<&Self> {
        if let SqlError::Database(error) = error { error.downcast_ref() } else { None }
    }

    /// The server refused, so nothing was done. Otherwise nobody knows.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self, Self::Server(error) if is_answer(error))
    }

    /// What kind of trouble, by the server's code.
    pub(super) fn state(&self) -> Option<&SqlState> {
        if let Self::Server(error) = self { error.code() } else { None }
    }
}

/// What the server did not say itself.
fn unsaid(error: &tokio_postgres::Error) -> String {
    if let Some(words) = crate::tls::words(error) {
        return words;
    }
    let words = with_causes(error);
    // The driver has no kind for this.
    if words.ends_with("password missing") { NO_PASSWORD.into() } else { words }
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}
