//! The configuration. `raw` holds what was typed. `check` turns it into what it means ([`Config`]), or into a list of
//! all problems with their places, which `show` renders; `screen` decides which lines of the file may be seen there.
//!
//! Reading a config touches the file, the environment it is handed and, for a chosen provider, the sources of its
//! secrets; never the clock, the network or the database.

mod calendar;
mod channels;
mod check;
mod checked;
mod effective;
mod engine;
mod env;
mod hear;
mod input;
mod keys;
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
mod store;
mod voices;
mod watcher;

pub use crate::rules::guard::GuardConfig;
pub use crate::rules::ladder::Rung;
pub use crate::rules::settle::OnUnknown;
pub use calendar::{CalendarConfig, CalendarPlace, CalendarSource, WebAddress};
pub use channels::{Channels, CommandConfig, EmailConfig, Login, Security, WebhookConfig, WebhookFormat};
pub use check::secrets::{Later, is_handed_over, shell_word};
pub use check::store::typed_store;
pub use checked::Config;
pub use effective::{Effective, Origin, Setting, Value};
pub use engine::EngineConfig;
pub use hear::HearConfig;
pub use input::Env;
pub use keys::known_keys;
pub use never::{Warning, warnings};
pub use partial::{PartialConfig, partial};
pub use people::{Contact, People, Person};
pub use provider::{CALLS_PER_SECOND, MockConfig, ProviderChoice, ProviderConfig, TwilioAuth, TwilioConfig};
pub use report::ReportConfig;
pub use show::{FoundProblem, Problems};
pub use store::{PostgresConfig, PostgresTls};
pub use watcher::WatcherConfig;

use input::Input;
use std::io;
use std::path::{Path, PathBuf};

/// What a config is read from.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The file of `--config` or `SAVEHUB_CONFIG`; `None`: look in the XDG places.
    pub file: Option<&'a Path>,
    /// The environment.
    pub env: &'a Env<'a>,
}

/// Why there is no config. `Display` is the whole text for the user, without colour.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read: named and missing, or not readable for this user.
    #[error("error: the config file {} cannot be read: {}\nnothing was done", path.display(), places::reason(why))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        why: io::Error,
    },
    /// The config, or a variable that overrides it, is wrong.
    #[error("{0}")]
    Problems(Problems),
    /// No file was named, none was found, and `CALL_PROVIDER` is not set.
    #[error("{}", no_config(looked_at))]
    NoConfig {
        /// Where a config was looked for.
        looked_at: Vec<PathBuf>,
    },
}

impl ConfigError {
    /// The whole text for the user, in colour when asked.
    pub fn render(&self, color: bool) -> String {
        match self {
            Self::Problems(problems) => problems.render(color),
            other => other.to_string(),
        }
    }
}

fn no_config(looked_at: &[PathBuf]) -> String {
    let places: Vec<String> = looked_at.iter().map(|path| path.display().to_string()).collect();
    let places = places.join("\n  ");
    format!(
        "error: there is no config, so nobody would be called; looked for\n  {places}\n\
         help: `savehub init` makes one; name a file elsewhere with --config or SAVEHUB_CONFIG\n\
         help: to try savehub without a config, set CALL_PROVIDER=mock\n\
         nothing was done"
    )
}

/// Reads the config: the named file, or the first one in the XDG places, and what the environment overrides. Without
/// any file and with `CALL_PROVIDER` set, the defaults and the environment.
///
/// # Errors
/// No config, an unreadable one, or one with problems: all of them at once.
pub fn load(sources: &Sources<'_>) -> Result<Config, ConfigError> {
    load_by(sources, check::check)
}

impl Config {
    /// The config, if `config check` accepts it.
    ///
    /// # Errors
    /// [`ConfigError::Problems`], with what it refuses.
    pub fn accepted(self) -> Result<Self, ConfigError> {
        if self.refused.titles().len() == 0 { Ok(self) } else { Err(ConfigError::Problems(self.refused)) }
    }
}

/// The settings of the same config, each with where it comes from.
///
/// # Errors
/// As [`load`].
pub fn load_effective(sources: &Sources<'_>) -> Result<Effective, ConfigError> {
    load_by(sources, check::settings)
}

fn load_by<T>(sources: &Sources<'_>, read: impl FnOnce(&Input<'_>) -> Result<T, Problems>) -> Result<T, ConfigError> {
    let env = sources.env;
    let found = places::find(sources.file, env).map_err(|(path, why)| ConfigError::Unreadable { path, why })?;
    let Some(found) = found else {
        if input::set(env, "CALL_PROVIDER").is_none() {
            return Err(ConfigError::NoConfig { looked_at: places::looked_at(env) });
        }
        return read(&Input { text: "", path: None, mode: None, env }).map_err(ConfigError::Problems);
    };
    let (path, mode) = (Some(found.path.as_path()), found.mode);
    let read = match std::str::from_utf8(&found.bytes) {
        Ok(text) => read(&Input { text, path, mode, env }),
        Err(wrong) => {
            let sound = String::from_utf8_lossy(&found.bytes[..wrong.valid_up_to()]);
            Err(check::not_text(&Input { text: &sound, path, mode, env }))
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
    check::check(&Input { text, path: Some(path), mode: None, env }).map_err(ConfigError::Problems)
}
