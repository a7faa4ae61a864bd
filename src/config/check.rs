//! From what was typed to what it means. Every part reads on after a mistake, so that all of them are reported at once.

pub(super) mod account_sid;
mod can_run;
mod channels;
mod common;
mod contacts;
mod email;
mod feeds;
mod hear;
mod hours;
mod ladder;
mod limits;
mod people;
mod policy;
mod pool;
mod provider;
mod report;
pub(super) mod secrets;
mod sources;
pub(super) mod store;
mod watcher;
pub(super) mod web;
mod webhook;

use super::effective::{Effective, Origin, Setting, Value};
use super::env::Overrides;
use super::input::{Env, Input};
use super::raw::Table;
use super::screen::Hidden;
use super::show::{CheckReport, Problem, Problems};
use super::{Config, places, stop};
use crate::model::{Authorities, Repeat, RungKind, is_address};
use crate::zone::SystemZone;
use can_run::{ChannelNames, Context};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::DeTable;

/// Reads a whole config, or says everything that is wrong with it.
pub(super) fn check(input: &Input<'_>) -> Result<Config, Problems> {
    read_with(CheckReport::new(input)).map(|(config, _)| config)
}

/// The settings of a config, or everything that is wrong with it.
pub(super) fn settings(input: &Input<'_>) -> Result<Effective, Problems> {
    let (config, settings) = read_with(CheckReport::with_settings(input))?;
    Ok(Effective { file: config.file, settings })
}

fn read_with(report: CheckReport<'_>) -> Result<(Config, Vec<Setting>), Problems> {
    let text = report.input.text;
    let root = match DeTable::parse(text) {
        Ok(root) => root,
        Err(error) => {
            let place = error.span().unwrap_or(text.len()..text.len());
            // The message names what TOML expects, never what stands there.
            let title = format!("this is not TOML: {}", error.message());
            report.push(Problem::new(title).at(&place).broken());
            return Err(report.finish());
        }
    };
    match read(&root, &report) {
        Some(config) if report.is_empty() => {
            let settings = report.take_settings();
            Ok((Config { refused: report.finish(), ..config }, settings))
        }
        _ => Err(report.finish()),
    }
}

/// A file that is not text, as far as it is one: the place is all that is said.
pub(super) fn not_text(sound: &Input<'_>) -> Problems {
    let report = CheckReport::new(sound);
    let end = sound.text.len();
    let problem = Problem::new("this is not a text file: a byte that is not UTF-8").at(&(end..end));
    report.push(problem.help("save it as UTF-8").hide(Hidden::Secret));
    report.finish()
}

fn read(root: &Spanned<DeTable<'_>>, report: &CheckReport<'_>) -> Option<Config> {
    let root = Table::root(root, report);
    let call = root.table("call", "call");
    let overrides = Overrides::read(report);
    let mut config = Config::default();
    rungs_and_tests(&call, &overrides, &mut config);
    let guards = limits::Guards::read(&root.table("guards", "guards"));
    let engine = root.table("engine", "engine");
    config.engine = limits::engine(&engine);
    let calendar = root.table("calendar", "calendar");
    let usual = authorities(&root);
    config.calendar = feeds::feeds(&calendar, &usual);
    let defaults = people::Defaults::read(&call, &calendar, &engine);
    let tables = root.tables("person");
    let uses_system_zone = tables.is_empty() || tables.iter().any(|person| !person.has("zone"));
    config.unknown_zone = uses_system_zone.then(SystemZone::here).and_then(|zone| zone.trouble());
    config.names_nobody = !root.has("person");
    let people = people::people(&tables, &defaults, &config.calendar, report);
    config.calendar.parallel = feeds::parallel(&calendar, &config.calendar, &people);
    config.contacts = contacts::contacts(&root.tables("contact"));
    let context = Context {
        guards: &guards,
        grace: config.engine.grace,
        people: &people,
        contacts: &config.contacts,
        channels: &ChannelNames::read(&root),
    };
    config.ladder = ladder::ladder(&root, &config.ladder, &context);
    if guards.max_calls.sound {
        let calls = config.ladder.iter().filter(|rung| rung.action.kind == RungKind::Call).count();
        limits::room_to_call_again(&engine, guards.max_calls.value, calls);
    }
    config.hear = hear::hear(&root.table("hear", "hear"));
    config.report = report::report(&root.table("report", "report"));
    let database = database(&root);
    config.store = store::store(&root, &usual);
    if config.store.is_some() {
        root.note_at("database", Origin::Default, || Value::NotSet(Some("the store is a server")));
    }
    // Last: secrets are fetched only for a config that is sound otherwise.
    config.provider = provider::providers(&call, &root.table("provider", "provider"), overrides, &usual);
    config.channels = channels::channels(&root, config.engine.request_timeout, &usual);
    config.watcher = watcher::watcher(&root, &usual);
    for table in [&root, &call, &engine, &calendar] {
        table.show(None);
    }
    let (database, file) = (database?, report.input.path.map(Path::to_owned));
    let stop_file = stop_file(report.input, &database);
    let stop_beside_target = file.as_deref().and_then(stop::beside_target).filter(|stop| *stop != stop_file);
    Some(Config {
        file,
        database,
        stop_file,
        stop_beside_target,
        guards: guards.config,
        people: people.into(),
        ..config
    })
}

/// Who is believed where no file of authorities is named.
fn authorities(root: &Table<'_, '_>) -> Authorities {
    let system = root.word("trust", &[("built-in", false), ("system", true)], false);
    if system { Authorities::System } else { Authorities::BuiltIn }
}

/// What `[call]` says besides the provider and the words.
fn rungs_and_tests(call: &Table<'_, '_>, overrides: &Overrides, config: &mut Config) {
    let test_mode = call.flag("test_mode", config.test_mode);
    config.test_mode = overrides.test_mode.clone().good().unwrap_or(test_mode);
    call.note_over("test_mode", "CALL_TEST_MODE", || Value::Flag(config.test_mode));
    let repeat = common::word(call, "repeat", "\"until-answered\"", Repeat::ALL, Repeat::as_str);
    config.repeat = repeat.unwrap_or(config.repeat);
    call.note("repeat", || Value::text(config.repeat.as_str()));
    config.machine_detection = call.flag("machine_detection", config.machine_detection);
    config.last_good_config = call.duration("last_good_config", config.last_good_config).value;
}

fn database(root: &Table<'_, '_>) -> Option<PathBuf> {
    let written = root.path("database");
    if let Some(path) = written.as_ref().filter(|path| is_address(path.get_ref())) {
        let title = "`database` is the path of a file, not an address; a PostgreSQL server is named with `store`";
        let help = "take this line out, and write the address into the config as store or, without a password in it, as \
                    store_file. Until then a file of that name is the database: hosts do not share it";
        root.report.push(Problem::new(title).at(&path.span()).help(help).hide(Hidden::Secret).only_checked());
    }
    let database = written.map(Spanned::into_inner).or_else(|| places::database(root.input().env));
    if let Some(path) = &database {
        root.note("database", || Value::path(path));
    } else if !root.has("database") {
        let problem = Problem::new("there is no place for the database: neither HOME nor XDG_STATE_HOME is set");
        root.report.push(problem.help("write database = \"/var/lib/savehub/savehub.db\" at the top of the config"));
    }
    database
}

/// `STOP` beside the config; without a config where it would be, or else beside the database.
fn stop_file(input: &Input<'_>, database: &Path) -> PathBuf {
    let beside = |file: &Path| file.parent().unwrap_or(Path::new("")).to_owned();
    let dir = input.path.map(beside).or_else(|| places::own_dir(input.env)).unwrap_or_else(|| beside(database));
    dir.join("STOP")
}

impl Config {
    /// The defaults with the mock phone, for commands that need no config. The environment says where the database is;
    /// nothing else of it is read. Where there is no home, the database is in the current directory.
    pub fn standard(env: &Env<'_>) -> Self {
        let standard = Self::default();
        let database = places::database(env).unwrap_or(standard.database);
        let stop_file = stop_file(&Input::of("", None, env), &database);
        Self { database, stop_file, unknown_zone: SystemZone::here().trouble(), ..standard }
    }
}
