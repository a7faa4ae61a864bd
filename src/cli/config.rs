//! `savehub config`: is it right (`check`), and what is in force (`show`).

mod show;

use super::args::{ConfigCheckArgs, ConfigCommand};
use super::ctx::Invocation;
use super::json::object;
use super::words::counted;
use super::{open, print};
use crate::config::{Config, ConfigError, FoundProblem, Problems, ProviderChoice, Warning, warnings};
use crate::exit::Exit;
use crate::model::{path_text, printable};
use serde::Serialize;
use std::io::Write;
use std::path::Path;

pub(super) use show::FIELDS as SHOW_FIELDS;

/// The fields of `config check --json`, for the manual page.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("ok", "true: savehub can run with it"),
    ("file", "the file; null when there is none and CALL_PROVIDER is set"),
    (
        "problems",
        "in the order of the file: problem (what is wrong), line and column (from 1; null for what is not in the file), \
         help (what to do, a list)",
    ),
    (
        "warnings",
        "what can never ring with a config that is right: warning, help, and people (ids; empty: everybody). They do not \
         change the exit code",
    ),
    ("summary", "provider, test_mode, people, contacts, calendars, rungs, database; null when something is wrong"),
];

/// Runs the command.
pub(super) fn run(command: &ConfigCommand, Invocation { file, screen, out }: Invocation<'_>) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Check(args) => check(args, file, out),
        ConfigCommand::Show(args) => show::run(args, file, screen, out),
    }
}

fn check(args: &ConfigCheckArgs, file: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let file = args.file.as_deref().or(file);
    let loaded = open::config(file).and_then(Config::accepted);
    if args.json {
        print::json(out, &report(&loaded, file))?;
        return Ok(if loaded.is_ok() { Exit::Done } else { Exit::Usage });
    }
    let config = loaded?;
    writeln!(out, "{}", summary(&config))?;
    for Warning { warning, help, .. } in warnings(&config) {
        log::warn!("{}; {help}", printable(&warning));
    }
    Ok(Exit::Done)
}

/// `ok: /home/ana/.config/savehub/config.toml: 1 person, 2 calendars, 2 rungs; the mock phone, so nothing rings`.
fn summary(config: &Config) -> String {
    let whose = config.file.as_ref().map_or("the environment".into(), |file| printable(&file.display().to_string()));
    let calls = match config.provider.chosen {
        ProviderChoice::Mock => "the mock phone, so no phone rings",
        ProviderChoice::Twilio if config.test_mode => "test mode, so no phone rings",
        ProviderChoice::Twilio => "calls by Twilio",
    };
    let (calendars, rungs) = (counted(calendars(config), "calendar"), counted(config.ladder.len(), "rung"));
    format!("ok: {whose}: {}, {calendars}, {rungs}; {calls}", counted(config.people.len(), "person"))
}

fn calendars(config: &Config) -> usize {
    config.people.iter().map(|person| person.calendars.len()).sum()
}

/// The object of `config check --json`.
fn report(loaded: &Result<Config, ConfigError>, file: Option<&Path>) -> impl Serialize + use<> {
    let text = |path: &Path| path.display().to_string();
    let one = |problem: String, help| vec![FoundProblem { problem, line: None, column: None, help }];
    let (file, problems) = match loaded {
        Ok(config) => (config.file.as_deref().map(text), Vec::new()),
        Err(ConfigError::Problems(problems)) => (problems.file().map(str::to_owned), Problems::found(problems)),
        Err(ConfigError::Unreadable { path, .. }) => (Some(text(path)), one(title(loaded), Vec::new())),
        Err(ConfigError::Nobody { path }) => {
            (Some(text(path)), one(title(loaded), vec!["write a [[person]], or person = []".to_owned()]))
        }
        Err(ConfigError::Refused { .. }) => (None, one(title(loaded), Vec::new())),
        Err(ConfigError::NoConfig { looked_at }) => {
            let help = looked_at.iter().map(|path| format!("looked for {}", path.display())).collect();
            (file.map(text), one("there is no config, so nobody would be called".to_owned(), help))
        }
    };
    let summary = loaded.as_ref().ok().map(|config| {
        object! {
            provider: config.provider.chosen.as_str(),
            test_mode: config.test_mode,
            people: config.people.len(),
            contacts: config.contacts.len(),
            calendars: calendars(config),
            rungs: config.ladder.len(),
            database: path_text(&config.database),
        }
    });
    let warnings = loaded.as_ref().map(warnings).unwrap_or_default();
    object! { schema: 1, ok: loaded.is_ok(), file: file, problems: problems, warnings: warnings, summary: summary }
}

/// The first line of an error, without the word that it is one.
fn title(loaded: &Result<Config, ConfigError>) -> String {
    let text = loaded.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}
