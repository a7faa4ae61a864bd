//! From the environment to what a command works with: config, store, providers.

use crate::clock::{Clock, SystemClock};
#[cfg(feature = "postgres")]
use crate::config::PostgresTls;
use crate::config::{self, Config, ConfigError, Effective, PostgresConfig, Reading, Secrets, Sources};
use crate::feed;
use crate::model::path_text;
use crate::owner::{self, Owner};
use crate::provider::{Providers, Registry};
#[cfg(feature = "postgres")]
use crate::store::postgres::{PostgresStore, Server, Tls};
use crate::store::sqlite::{Create, SqliteStore};
use crate::store::{self, Store, StoreError};
use crate::tick::World;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A variable of the environment; one that is no text counts as not set.
pub(super) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Finds, reads and checks the config; `file` is what `--config` or SAVEHUB_CONFIG names.
pub(super) fn config(file: Option<&Path>) -> Result<Config, ConfigError> {
    config::load(&Sources { file, env: &env })
}

/// The config, or its last good copy while it is broken. `keeps`: a tick that is no rehearsal reads it, see [`Reading`].
pub(super) fn config_or_last_good(file: Option<&Path>, secrets: Secrets, keeps: bool) -> Result<Config, ConfigError> {
    let (host, now) = (owner::host(), SystemClock.now());
    config::load_or_last_good(&Sources { file, env: &env }, &Reading { host: &host, now, secrets, keeps })
}

/// Keeps a copy of the config, if it was read for that.
pub(super) fn keep(config: &mut Config) {
    config.not_kept = config::keep(config, &env, &owner::host()).err();
}

/// The same config, and where each value of it comes from.
pub(super) fn effective(file: Option<&Path>) -> Result<Effective, ConfigError> {
    config::load_effective(&Sources { file, env: &env })
}

/// The config file that commands read: the named one, or the first that is there; otherwise where it would be. `None`:
/// there is no home.
pub(super) fn config_file(file: Option<&Path>) -> Option<PathBuf> {
    config::file(&Sources { file, env: &env })
}

/// The config, or the defaults where there is none: for what needs no config.
pub(super) fn config_or_standard(file: Option<&Path>) -> Result<Config, ConfigError> {
    match config(file) {
        Err(ConfigError::NoConfig { .. }) => Ok(Config::standard(&env)),
        other => other,
    }
}

/// Opens the store of a config. Whoever makes a database says so: the old one may have been lost.
pub(super) fn store(config: &Config, create: Create) -> store::Result<Arc<dyn Store>> {
    let (store, is_new) = store_or_new(config, create)?;
    if is_new {
        let name = config.store.as_ref().map_or_else(|| path_text(&config.database), |server| server.name.clone());
        log::warn!("made a new database {name}: it knows nothing of earlier meetings and calls");
    }
    Ok(store)
}

/// The same without a word. `true`: it was made now.
pub(super) fn store_or_new(config: &Config, create: Create) -> store::Result<(Arc<dyn Store>, bool)> {
    match &config.store {
        None => {
            let store = SqliteStore::open(&config.database, create)?;
            let is_new = store.is_new();
            Ok((Arc::new(store), is_new))
        }
        Some(server) => postgres(server, beside(config, server), create),
    }
}

/// The same, or `None` where there is no database yet.
pub(super) fn store_if_any(config: &Config) -> store::Result<Option<Arc<dyn Store>>> {
    match store(config, Create::No) {
        Err(StoreError::Missing(_)) => Ok(None),
        other => other.map(Some),
    }
}

/// What the paths of this host's files begin with where hosts share a server: they are where the database would be.
fn beside(config: &Config, server: &PostgresConfig) -> Option<PathBuf> {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = server.name.chars().map(plain).collect();
    config.database.is_absolute().then(|| config.database.with_file_name(format!("postgres-{name}-")))
}

#[cfg(feature = "postgres")]
fn postgres(config: &PostgresConfig, beside: Option<PathBuf>, create: Create) -> store::Result<(Arc<dyn Store>, bool)> {
    let store = PostgresStore::open(Server { beside, ..server(config) }, create)?;
    let is_new = store.is_new();
    Ok((Arc::new(store), is_new))
}

#[cfg(feature = "postgres")]
fn server(config: &PostgresConfig) -> Server {
    let tls = match &config.tls {
        PostgresTls::Off => Tls::Off,
        PostgresTls::Unverified => Tls::Unverified,
        PostgresTls::Full(trust) => Tls::Full(trust.clone()),
    };
    Server { url: config.url.clone(), tls, name: config.name.clone(), beside: None }
}

/// Moves everything in a file to this server.
#[cfg(feature = "postgres")]
pub(super) fn take_over(config: &PostgresConfig, from: &SqliteStore) -> store::Result<u64> {
    PostgresStore::open(server(config), Create::Yes)?.take_over(from)
}

/// The check of a config refuses a `store` in such a build.
#[cfg(not(feature = "postgres"))]
fn postgres(config: &PostgresConfig, _: Option<PathBuf>, _: Create) -> store::Result<(Arc<dyn Store>, bool)> {
    Err(without_postgres(config))
}

/// The same.
#[cfg(not(feature = "postgres"))]
pub(super) fn take_over(config: &PostgresConfig, _: &SqliteStore) -> store::Result<u64> {
    Err(without_postgres(config))
}

#[cfg(not(feature = "postgres"))]
fn without_postgres(config: &PostgresConfig) -> StoreError {
    StoreError::Unusable(format!("cannot use {}: this savehub was built without PostgreSQL", config.name))
}

/// Everything the engine works with, with the providers of the config.
pub(super) fn world(config: &Arc<Config>, store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> anyhow::Result<World> {
    let providers: Arc<dyn Providers> = Arc::new(Registry::new(config)?);
    let feeds = Arc::new(feed::Sources::new(config));
    Ok(World { config: Arc::clone(config), store: Arc::clone(store), providers, feeds, clock, me: Owner::me() })
}
