//! From what was typed to what it means. Every part reads on after a mistake, so that all of them are reported at once.

pub(super) mod account_sid;
mod channels;
mod contacts;
mod email;
mod feeds;
mod hear;
mod hours;
mod ladder;
mod limits;
mod people;
pub(super) mod policy;
mod pool;
mod provider;
mod report;
pub(super) mod secrets;
pub(super) mod sources;
pub(super) mod store;
pub(super) mod watcher;
pub(super) mod web;
pub(super) mod webhook;

use super::effective::Tree;
use super::env::{Env, Overrides};
use super::raw::Table;
use super::screen::Hidden;
use super::show::{Problem, Problems, Report};
use super::{
    CalendarConfig, Channels, Config, HearConfig, MockConfig, People, ProviderChoice, ProviderConfig, ReportConfig,
    WatcherConfig, places,
};
use crate::model::{Repeat, RungKind};
use sources::Sources;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::DeTable;

/// What a config is made of.
pub(super) struct Input<'a> {
    /// The file's text; empty without a file.
    pub(super) text: &'a str,
    /// Where the file is; `None`: there is none.
    pub(super) path: Option<&'a Path>,
    /// Who may read it, where that is known.
    pub(super) mode: Option<u32>,
    pub(super) env: &'a Env<'a>,
}

impl Input<'_> {
    fn name(&self) -> Option<String> {
        self.path.map(|path| crate::model::printable(&path.display().to_string()))
    }
}

/// Reads a whole config, or says everything that is wrong with it.
pub(super) fn check(input: &Input<'_>) -> Result<Config, Problems> {
    check_and(input, |_, _| ()).map(|(config, ())| config)
}

/// The same, and what `look` makes of the config and the tree it was read from.
pub(super) fn check_and<T>(
    input: &Input<'_>,
    look: impl FnOnce(&Config, Tree<'_, '_>) -> T,
) -> Result<(Config, T), Problems> {
    let report = Report::new(input.text);
    let root = match DeTable::parse(input.text) {
        Ok(root) => root,
        Err(error) => {
            let place = error.span().unwrap_or(input.text.len()..input.text.len());
            // The message names what TOML expects, never what stands there.
            let title = format!("this is not TOML: {}", error.message());
            report.push(Problem::new(title).at(&place).broken());
            return Err(report.finish(input.name()));
        }
    };
    let config = read(&root, input, &report);
    match config {
        Some(config) if report.is_empty() => {
            let seen = look(&config, Tree::root(input.text, &root));
            Ok((config, seen))
        }
        _ => Err(report.finish(input.name())),
    }
}

/// A file that is not text: the place is all that is said.
pub(super) fn not_text(sound: &str, path: &Path) -> Problems {
    let report = Report::new(sound);
    let problem = Problem::new("this is not a text file: a byte that is not UTF-8").at(&(sound.len()..sound.len()));
    report.push(problem.help("save it as UTF-8").hide(Hidden::Secret));
    report.finish(Some(crate::model::printable(&path.display().to_string())))
}

fn read(root: &Spanned<DeTable<'_>>, input: &Input<'_>, report: &Report<'_>) -> Option<Config> {
    let root = Table::root(root, report);
    let call = root.table("call", "call");
    let overrides = Overrides::read(input.env, report);
    let test_mode = call.flag("test_mode").unwrap_or(false);
    let test_mode = overrides.test_mode.clone().good().unwrap_or(test_mode);
    let repeat = ladder::word(&call, "repeat", "\"until-answered\"", Repeat::ALL, Repeat::as_str, report);
    let repeat = repeat.unwrap_or(Repeat::UntilAnswered);
    let machine_detection = call.flag("machine_detection").unwrap_or(false);
    let guards = limits::Guards::read(&root.table("guards", "guards"), report);
    let engine_table = root.table("engine", "engine");
    let engine = limits::engine(&engine_table, report);
    let calendar_table = root.table("calendar", "calendar");
    let calendar = feeds::feeds(&calendar_table, report);
    let defaults = people::Defaults::read(&call, &calendar_table, report);
    let sources = Sources { config: &calendar, input, report };
    let people = people::people(&root.tables("person"), &defaults, &sources);
    let calendar = CalendarConfig { parallel: feeds::parallel(&calendar_table, &calendar, &people), ..calendar };
    let contacts = contacts::contacts(&root.tables("contact"), report);
    let around = ladder::Around {
        guards: &guards,
        grace: engine.grace,
        people: &people.iter().collect::<Vec<_>>(),
        contacts: &contacts,
        channels: &ladder::Channels::read(&root),
    };
    let ladder = ladder::ladder(&root.tables("ladder"), &around, report);
    if guards.max_calls.sound {
        let calls = ladder.iter().filter(|rung| rung.action.kind == RungKind::Call).count();
        limits::room_to_call_again(&engine_table, guards.max_calls.value, calls, report);
    }
    let hear = hear::hear(&root.table("hear", "hear"), report);
    let report_config = report::report(&root.table("report", "report"), report);
    let database = database(&root, input, report);
    let store = store::store(&root, input, report);
    // Last: secrets are fetched only for a config that is sound otherwise.
    let provider = provider::providers(&call, &root.table("provider", "provider"), overrides, input, report);
    let setup = channels::Setup { request: engine.request_timeout, input, report };
    let (channels, watcher) = (setup.channels(&root), watcher::watcher(&root, &setup));
    let database = database?;
    Some(Config {
        file: input.path.map(Path::to_owned),
        stop_file: stop_file(input, &database),
        database,
        store,
        provider,
        test_mode,
        guards: guards.into_config(),
        engine,
        repeat,
        machine_detection,
        ladder,
        people: people.into(),
        contacts,
        calendar,
        hear,
        report: report_config,
        channels,
        watcher,
    })
}

fn database(root: &Table<'_, '_>, input: &Input<'_>, report: &Report<'_>) -> Option<PathBuf> {
    if let Some(text) = root.text("database", "a path in quotes") {
        return expand("database", &text, input, report);
    }
    let standard = places::database(input.env);
    if standard.is_none() && !root.has("database") {
        let problem = Problem::new("there is no place for the database: neither HOME nor XDG_STATE_HOME is set");
        report.push(problem.help("write database = \"/var/lib/savehub/savehub.db\" at the top of the config"));
    }
    standard
}

/// A path from the config; reports one that leads nowhere.
fn expand(key: &str, text: &Spanned<&str>, input: &Input<'_>, report: &Report<'_>) -> Option<PathBuf> {
    let (title, label) = if text.get_ref().is_empty() {
        (format!("`{key}` is empty"), "write a path, or take the line out")
    } else if text.get_ref().contains('\0') {
        (format!("`{key}` is not a path"), "a path holds no NUL character")
    } else if let Some(path) = places::expand(text.get_ref(), input.path, input.env) {
        return Some(path);
    } else {
        (format!("`{key}` starts with `~`, but HOME is not set"), "write the whole path")
    };
    report.push(Problem::new(title).at(&text.span()).label(label));
    None
}

/// `STOP` beside the config; without a config where it would be, or else beside the database.
fn stop_file(input: &Input<'_>, database: &Path) -> PathBuf {
    let beside = |file: &Path| file.parent().unwrap_or(Path::new("")).to_owned();
    let dir = input.path.map(beside).or_else(|| places::own_dir(input.env)).unwrap_or_else(|| beside(database));
    dir.join("STOP")
}

/// The defaults alone, with the mock phone. Where there is no home, the database is in the current directory.
pub(super) fn standard(env: &Env<'_>) -> Config {
    let report = Report::new("");
    let empty = Spanned::new(0..0, DeTable::new());
    let root = Table::root(&empty, &report);
    let input = Input { text: "", path: None, mode: None, env };
    let database = places::database(env).unwrap_or_else(|| PathBuf::from("savehub.db"));
    Config {
        file: None,
        stop_file: stop_file(&input, &database),
        database,
        store: None,
        provider: ProviderConfig { chosen: ProviderChoice::Mock, mock: MockConfig::default(), twilio: None },
        test_mode: false,
        guards: limits::Guards::read(&root.table("guards", "guards"), &report).into_config(),
        engine: limits::engine(&root.table("engine", "engine"), &report),
        repeat: Repeat::UntilAnswered,
        machine_detection: false,
        ladder: ladder::standard(),
        people: People::default(),
        contacts: Vec::new(),
        calendar: CalendarConfig::default(),
        hear: HearConfig::default(),
        report: ReportConfig::default(),
        channels: Channels::default(),
        watcher: WatcherConfig::default(),
    }
}
