//! The configuration: what was typed (`raw`) becomes what it means ([`Config`]) in `check`, or a list of every problem
//! with its place (`show`); `screen` decides which lines may be seen in it.
//!
//! Reading a config touches the file, the environment it is handed and, for a chosen provider, the sources of its
//! secrets; never the clock, the network or the database.

mod calendar;
mod channels;
mod check;
mod effective;
mod env;
mod glimpse;
mod hear;
mod keys;
mod people;
mod places;
mod provider;
mod raw;
mod report;
mod screen;
mod show;
mod store;
mod watcher;

pub use crate::rules::guard::GuardConfig;
pub use crate::rules::ladder::Rung;
pub use crate::rules::settle::OnUnknown;
pub use calendar::{CalendarConfig, CalendarPlace, CalendarSource, WebAddress};
pub use channels::{Channels, CommandConfig, EmailConfig, Login, Security, WebhookConfig, WebhookFormat};
pub use check::secrets::{Later, shell_word};
pub use check::store::typed_store;
pub use effective::{Effective, Origin, Setting, Value};
pub use env::Env;
pub use glimpse::{Glimpse, glimpse};
pub use hear::HearConfig;
pub use keys::known_keys;
pub use people::People;
pub use provider::{CALLS_PER_SECOND, MockConfig, ProviderChoice, ProviderConfig, TwilioAuth, TwilioConfig};

pub use report::ReportConfig;
pub use store::{PostgresConfig, PostgresTls};
pub use watcher::WatcherConfig;

pub use show::{Found, Problems};

use crate::calendar::Policy;
use crate::model::{Email, Phone, Repeat, Voice};
use crate::rules::message::Template;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    load_and(sources, |_, _, _| ()).map(|(config, ())| config)
}

/// The same, and where each value comes from.
///
/// # Errors
/// As [`load`].
pub fn load_effective(sources: &Sources<'_>) -> Result<(Config, Effective), ConfigError> {
    load_and(sources, |config, tree, path| effective::effective(config, tree, path, sources.env))
}

fn load_and<T>(
    sources: &Sources<'_>,
    look: impl FnOnce(&Config, effective::Tree<'_, '_>, Option<&Path>) -> T,
) -> Result<(Config, T), ConfigError> {
    let env = sources.env;
    let Some(found) = places::find(sources)? else {
        if env::set(env, "CALL_PROVIDER").is_none() {
            return Err(ConfigError::NoConfig { looked_at: places::looked_at(env) });
        }
        let input = check::Input { text: "", path: None, mode: None, env };
        return check::check_and(&input, |config, tree| look(config, tree, None)).map_err(ConfigError::Problems);
    };
    let text = std::str::from_utf8(&found.bytes).map_err(|wrong| {
        let sound = String::from_utf8_lossy(&found.bytes[..wrong.valid_up_to()]);
        ConfigError::Problems(check::not_text(&sound, &found.path))
    })?;
    let input = check::Input { text, path: Some(&found.path), mode: found.mode, env };
    let path = found.path.as_path();
    check::check_and(&input, |config, tree| look(config, tree, Some(path))).map_err(ConfigError::Problems)
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
    check::check(&check::Input { text, path: Some(path), mode: None, env }).map_err(ConfigError::Problems)
}

/// The checked configuration. Every value is usable as it stands.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file it came from; `None` when savehub runs on environment variables and defaults alone.
    pub file: Option<PathBuf>,
    /// The SQLite file. Not used with a `store`.
    pub database: PathBuf,
    /// The PostgreSQL server that is the store in its place.
    pub store: Option<PostgresConfig>,
    /// While this file exists nothing is sent: `STOP` beside the config.
    pub stop_file: PathBuf,
    /// Who places calls, and with which account.
    pub provider: ProviderConfig,
    /// Record calls instead of placing them.
    pub test_mode: bool,
    /// The guards' numbers.
    pub guards: GuardConfig,
    /// The engine's times.
    pub engine: EngineConfig,
    /// What stops rungs that run only while nobody has answered. Default: an answer.
    pub repeat: Repeat,
    /// Ask the provider whether a human or a machine has answered. Default false.
    pub machine_detection: bool,
    /// The rungs, earliest first. Never empty.
    pub ladder: Vec<Rung>,
    /// The people, in the order of the file.
    pub people: People,
    /// Who else may be told.
    pub contacts: Vec<Contact>,
    /// `[calendar]`: how calendars are fetched.
    pub calendar: CalendarConfig,
    /// `[hear]`: how people answer.
    pub hear: HearConfig,
    /// `[report]`: the budget.
    pub report: ReportConfig,
    /// What is reached besides the phone.
    pub channels: Channels,
    /// Who watches that ticks run.
    pub watcher: WatcherConfig,
}

/// `[engine]`.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How long a phone rings, in whole seconds (Twilio `Timeout`, at most 600). Default 45 s.
    pub ring_timeout: Duration,
    /// Sum of the request's own phases. Default 20 s.
    pub request_timeout: Duration,
    /// Guard 3: the limit the waiting thread enforces. Default 45 s, never more.
    pub hard_timeout: Duration,
    /// How long an attempt belongs to the process that wrote it. Default 120 s; more than twice `hard_timeout`.
    pub lease: Duration,
    /// How long after a request's deadline the provider may still create its call. Default 30 s.
    pub settle: Duration,
    /// A tick ends by itself within this time. Default [`EngineConfig::TICK_LIMIT`].
    pub tick_limit: Duration,
    /// Requests under way at once. Default 16.
    pub parallel: usize,
    /// An incident whose meeting started this long ago without check-in is missed. Default 15 min.
    pub grace: Duration,
    /// Ended incidents older than this are deleted; `None` keeps them.
    pub retention: Option<Duration>,
    /// Ask the provider for its list of calls to a number before calling it. Default true.
    pub preflight: bool,
    /// What to do when an outcome is unknown and the provider cannot be asked. Default hold.
    pub on_unknown: OnUnknown,
}

/// One `[[person]]` entry.
#[derive(Debug, Clone)]
pub struct Person {
    /// Short and typable; unique.
    pub id: String,
    /// As it is spoken.
    pub name: String,
    /// Who is called.
    pub phone: Phone,
    /// Where mail goes.
    pub email: Option<Email>,
    /// How long this phone rings; `None`: as `[engine]` says.
    pub ring_timeout: Option<Duration>,
    /// Display and input of times.
    pub zone: crate::zone::Zone,
    /// What is said.
    pub message: Template,
    /// How it is said.
    pub voice: Voice,
    /// `shared_phone = true`: another person may have the same number.
    pub shared_phone: bool,
    /// Where the person's meetings are.
    pub calendars: Vec<CalendarSource>,
    /// Which of them ring.
    pub policy: Policy,
    /// `presence_command`: a program and its arguments that know whether the person is in the meeting.
    pub presence_command: Option<Vec<String>>,
}

/// `[[contact]]`: somebody who may be told that a person seems to be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// For `to` in a rung; unique.
    pub name: String,
    /// For calls and messages.
    pub phone: Option<Phone>,
    /// For mail.
    pub email: Option<Email>,
}

impl Person {
    /// Do meetings ring that the person declined? Without an address of theirs, nobody knows which answer is theirs.
    pub fn declined_ring(&self) -> bool {
        !self.calendars.is_empty() && self.policy.addresses.is_empty()
    }
}

/// ureq may lose count of one phase; no request lasts longer than its phases together and this.
const REQUEST_SLACK: Duration = Duration::from_secs(2);

/// The part of a tick's time that is kept for writing down, at most.
const WRITE_DOWN: Duration = Duration::from_secs(5);

impl EngineConfig {
    /// The usual `tick_limit`.
    pub const TICK_LIMIT: Duration = Duration::from_secs(60);

    /// No request lasts longer than this once it was begun.
    pub fn request_limit(&self) -> Duration {
        self.request_timeout.saturating_add(REQUEST_SLACK)
    }

    /// A request begins within this time after its attempt was written, or not at all. Default 23 s.
    pub fn send_within(&self) -> Duration {
        let left = self.hard_timeout.saturating_sub(self.request_limit());
        left.max(self.hard_timeout.min(Duration::from_secs(5)))
    }

    /// How much of a tick is for work; the last part is for writing down what came of it. Default 55 s.
    pub fn work_limit(&self) -> Duration {
        self.tick_limit.saturating_sub(WRITE_DOWN.min(self.tick_limit / 10))
    }

    /// A request that is begun with less than this left of the work limit could not end in it. Default 22 s.
    pub fn needed(&self) -> Duration {
        self.request_limit().min(self.hard_timeout)
    }

    /// By this time after its attempt was written a request has ended, wherever its process was frozen before it began.
    /// Default 45 s.
    pub fn ends_within(&self) -> Duration {
        self.send_within().saturating_add(self.request_limit())
    }
}

impl Config {
    /// The defaults with the mock phone, for commands that need no config. The environment says where the database is;
    /// nothing else of it is read.
    pub fn standard(env: &Env<'_>) -> Self {
        check::standard(env)
    }

    /// Does the STOP file exist? One that cannot be looked at counts as there: the brake must not depend on permissions.
    pub fn stopped(&self) -> bool {
        self.stop_file.try_exists().unwrap_or(true)
    }

    /// The person with this id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.find(id)
    }

    /// The contact with this name.
    pub fn contact(&self, name: &str) -> Option<&Contact> {
        self.contacts.iter().find(|c| c.name == name)
    }
}
