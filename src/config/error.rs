//! Why a config cannot be used.

use super::places;
use super::show::Problems;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

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
    /// The file says of nobody that they are to be called, and not that it is meant so.
    #[error(
        "error: {} has no [[person]], so nobody would be called\nhelp: write a [[person]] with id and phone, or \
         `person = []` at the top if nobody is to be called\nnothing was done", path.display()
    )]
    Nobody {
        /// The file.
        path: PathBuf,
    },
    /// The config is broken, and its last good copy does not stand in for it any more.
    #[error("{}", refused(error, why, false))]
    Refused {
        /// What is wrong.
        error: Arc<ConfigError>,
        /// Why the copy does not stand in.
        why: String,
    },
}

impl ConfigError {
    /// The whole text for the user, in colour when asked.
    pub fn render(&self, color: bool) -> String {
        match self {
            Self::Problems(problems) => problems.render(color),
            Self::Refused { error, why } => refused(error, why, color),
            other => other.to_string(),
        }
    }

    /// What is wrong, each in a few words; nothing of the file is in it.
    pub fn titles(&self) -> Vec<String> {
        match self {
            Self::Problems(problems) => problems.placed().collect(),
            Self::Unreadable { why, .. } => vec![format!("it cannot be read: {}", places::reason(why))],
            Self::NoConfig { .. } => vec!["it is gone".to_owned()],
            Self::Nobody { .. } => vec!["it has no [[person]]".to_owned()],
            Self::Refused { error, .. } => error.titles(),
        }
    }
}

fn refused(error: &ConfigError, why: &str, color: bool) -> String {
    format!("{}\n{why}", error.render(color))
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
