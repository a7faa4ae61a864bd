//! The checked configuration.

use super::{
    Broken, CalendarConfig, Channels, Contact, EngineConfig, GuardConfig, HearConfig, People, Person, PostgresConfig,
    Problems, ProviderConfig, ReportConfig, Rung, WatcherConfig,
};
use crate::model::Repeat;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

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
    /// The same beside the file that the config links to; `None`: it is no link to elsewhere.
    pub stop_beside_target: Option<PathBuf>,
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
    /// What is wrong with `TZ`, where somebody has no zone of their own and the system's is used.
    pub unknown_zone: Option<String>,
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
    /// What `config check` refuses, though phones rang with it before it was known for a mistake: ticks go on.
    pub refused: Problems,
    /// How long ticks go on with the last good copy of a config that is broken. Default 24 h; zero: not at all.
    pub last_good_config: Duration,
    /// There is no `[[person]]`, and no `person = []` that would say that it is meant so.
    pub names_nobody: bool,
    /// The file is broken, and this is its last good copy.
    pub broken: Option<Arc<Broken>>,
    /// What the file holds, where a tick is to keep a copy of it.
    pub to_keep: Option<Arc<[u8]>>,
    /// Why there is no copy of this good config.
    pub not_kept: Option<String>,
}

impl Default for Config {
    /// The mock phone, nobody to call, and a database in the current directory.
    fn default() -> Self {
        Self {
            file: None,
            database: PathBuf::from("savehub.db"),
            store: None,
            stop_file: PathBuf::from("STOP"),
            stop_beside_target: None,
            provider: ProviderConfig::default(),
            test_mode: false,
            guards: GuardConfig::default(),
            engine: EngineConfig::default(),
            repeat: Repeat::UntilAnswered,
            machine_detection: false,
            ladder: [180, 90].map(|s| Rung::call(Duration::from_secs(s))).to_vec(),
            people: People::default(),
            unknown_zone: None,
            contacts: Vec::new(),
            calendar: CalendarConfig::default(),
            hear: HearConfig::default(),
            report: ReportConfig::default(),
            channels: Channels::default(),
            watcher: WatcherConfig::default(),
            refused: Problems::default(),
            last_good_config: Duration::from_secs(24 * 3600),
            names_nobody: false,
            broken: None,
            to_keep: None,
            not_kept: None,
        }
    }
}

impl Config {
    /// The person with this id.
    pub fn person(&self, id: &str) -> Option<&Person> {
        self.people.find(id)
    }

    /// The contact with this name.
    pub fn contact(&self, name: &str) -> Option<&Contact> {
        self.contacts.iter().find(|c| c.name == name)
    }
}
