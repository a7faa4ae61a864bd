//! The configuration. `raw` holds what was typed. `check` turns it into what it means ([`Config`]), or into a list of
//! all problems with their places, which `show` renders; `screen` decides which lines of the file may be seen there.
//!
//! Reading a config touches the file, the environment it is handed and, for a chosen provider, the sources of its
//! secrets; never the clock, the network or the database.

mod broken;
mod broken_file;
mod calendar;
mod channels;
mod check;
mod checked;
mod effective;
mod engine;
mod env;
mod error;
mod hear;
mod input;
mod keys;
mod last_good;
mod never;
mod partial;
mod people;
mod places;
mod provider;
mod raw;
mod report;
mod screen;
mod show;
mod steps;
mod stop;
mod store;
mod voices;
mod watcher;

pub use crate::rules::guard::GuardConfig;
pub use crate::rules::ladder::Rung;
pub use crate::rules::settle::OnUnknown;
pub use broken::Broken;
pub use calendar::{CalDavPlace, CalendarConfig, CalendarPlace, CalendarSource, WebAddress};
pub use channels::{Channels, CommandConfig, EmailConfig, Login, Security, WebhookConfig, WebhookFormat};
pub use check::secrets::{Later, is_handed_over, shell_word};
pub use check::store::typed_store;
pub use checked::Config;
pub use effective::{Effective, Origin, Setting, Value};
pub use engine::EngineConfig;
pub use error::ConfigError;
pub use hear::HearConfig;
pub use input::{Env, Secrets};
pub use keys::known_keys;
pub use last_good::{LAST_GOOD, Reading, keep, load_or_last_good};
pub use never::{Warning, warnings};
pub use partial::{PartialConfig, partial};
pub use people::{Contact, People, Person};
pub use provider::{CALLS_PER_SECOND, MockConfig, ProviderChoice, ProviderConfig, TwilioAuth, TwilioConfig};
pub use report::ReportConfig;
pub use show::{FoundProblem, Problems};
pub use stop::look as look_for_stop;
pub use store::{PostgresConfig, PostgresTls};
pub use watcher::WatcherConfig;

use input::Input;
use places::FoundFile;
use std::path::{Path, PathBuf};

/// What a config is read from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The file of `--config` or `SAVEHUB_CONFIG`; `None`: look in the XDG places.
    pub file: Option<&'a Path>,
    /// The environment.
    pub env: &'a Env<'a>,
}

/// The error of a config that names nobody.
fn nobody(config: &Config) -> ConfigError {
    ConfigError::Nobody { path: config.file.clone().unwrap_or_default() }
}

/// Reads the config: the named file, or the first one in the XDG places, and what the environment overrides. Without
/// any file and with `CALL_PROVIDER` set, the defaults and the environment.
///
/// # Errors
/// No config, an unreadable one, or one with problems: all of them at once.
pub fn load(sources: &Sources<'_>) -> Result<Config, ConfigError> {
    read_found(find(sources)?.as_ref(), sources.env, Secrets::Needed)
}

impl Config {
    /// The config, if `config check` accepts it.
    ///
    /// # Errors
    /// What it refuses.
    pub fn accepted(self) -> Result<Self, ConfigError> {
        match () {
            () if self.refused.titles().len() > 0 => Err(ConfigError::Problems(self.refused)),
            () if self.names_nobody && self.file.is_some() => Err(nobody(&self)),
            () => Ok(self),
        }
    }
}

/// The settings of the same config, each with where it comes from.
///
/// # Errors
/// As [`load`].
pub fn load_effective(sources: &Sources<'_>) -> Result<Effective, ConfigError> {
    let found = find(sources)?;
    read_as(found.as_ref(), sources.env, Secrets::Needed, check::settings)
}

/// The file of a config; `None`: there is none, and CALL_PROVIDER says how to do without.
fn find(sources: &Sources<'_>) -> Result<Option<FoundFile>, ConfigError> {
    let env = sources.env;
    let found = places::find(sources.file, env).map_err(|(path, why)| ConfigError::Unreadable { path, why })?;
    if found.is_none() && input::set(env, "CALL_PROVIDER").is_none() {
        return Err(ConfigError::NoConfig { looked_at: places::looked_at(env) });
    }
    Ok(found)
}

fn read_found(found: Option<&FoundFile>, env: &Env<'_>, secrets: Secrets) -> Result<Config, ConfigError> {
    read_as(found, env, secrets, check::check)
}

fn read_as<T>(
    found: Option<&FoundFile>,
    env: &Env<'_>,
    secrets: Secrets,
    read: impl FnOnce(&Input<'_>) -> Result<T, Problems>,
) -> Result<T, ConfigError> {
    let whole = Input { secrets, ..Input::of("", None, env) };
    let Some(found) = found else { return read(&whole).map_err(ConfigError::Problems) };
    let whole = Input { path: Some(found.path.as_path()), mode: found.mode, ..whole };
    let read = match std::str::from_utf8(&found.bytes) {
        Ok(text) => read(&Input { text, ..whole }),
        Err(wrong) => {
            let sound = String::from_utf8_lossy(&found.bytes[..wrong.valid_up_to()]);
            Err(check::not_text(&Input { text: &sound, ..whole }))
        }
    };
    read.map_err(ConfigError::Problems)
}

/// The file a config is read from: the named one, or the first that is there; otherwise where the user's own would be.
/// `None`: there is no home.
pub fn file(sources: &Sources<'_>) -> Option<PathBuf> {
    let found = || places::looked_at(sources.env).into_iter().find(|path| path.exists());
    sources.file.map(Path::to_owned).or_else(found).or_else(|| own_file(sources.env))
}

/// Where the user's own config is, or would be; `None`: there is no home.
pub fn own_file(env: &Env<'_>) -> Option<PathBuf> {
    places::own_dir(env).map(|dir| dir.join("config.toml"))
}

/// Reads a config from its text, as if it stood in the file `path`, which is not touched.
///
/// # Errors
/// [`ConfigError::Problems`], with all of them at once.
pub fn from_text(text: &str, path: &Path, env: &Env<'_>) -> Result<Config, ConfigError> {
    check::check(&Input::of(text, Some(path), env)).map_err(ConfigError::Problems)
}
