//! From the environment to what a command works with: config, store, providers.

use crate::clock::Clock;
use crate::config::{self, Config, ConfigError, Effective, Sources};
use crate::feed;
use crate::owner::Owner;
use crate::provider::{Providers, Registry};
use crate::store::sqlite::{Create, SqliteStore};
use crate::store::{self, Store};
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

/// The same config, and where each value of it comes from.
pub(super) fn effective(file: Option<&Path>) -> Result<Effective, ConfigError> {
    config::load_effective(&Sources { file, env: &env }).map(|(_, effective)| effective)
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

/// Opens the store of a config.
pub(super) fn store(config: &Config, create: Create) -> store::Result<Arc<dyn Store>> {
    Ok(Arc::new(SqliteStore::open(&config.database, create)?))
}

/// Everything the engine works with, with the providers of the config.
pub(super) fn world(config: &Arc<Config>, store: &Arc<dyn Store>, clock: Arc<dyn Clock>) -> anyhow::Result<World> {
    let providers: Arc<dyn Providers> = Arc::new(Registry::new(config)?);
    let feeds = Arc::new(feed::Sources::new(config));
    Ok(World { config: Arc::clone(config), store: Arc::clone(store), providers, feeds, clock, me: Owner::me() })
}
