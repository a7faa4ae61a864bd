//! `savehub config`: is it right (`check`), and what is in force (`show`).

mod show;

use super::args::{ConfigCheckArgs, ConfigCommand};
use super::print::{self, Screen};
use super::{counted, open};
use crate::config::{Config, ConfigError, Found, Problems, ProviderChoice};
use crate::exit::Exit;
use crate::model::printable;
use serde::Serialize;
use std::io::Write;
use std::path::Path;

pub(super) use show::FIELDS as SHOW_FIELDS;

/// The fields of `config check --json`, for the manual page.
pub(super) const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("ok", "true: savehub can run with it"),
    ("file", "the file; null when there is none and CALL_PROVIDER stands for it"),
    (
        "problems",
        "in the order of the file: problem (what is wrong), line and column (from 1; null for what is not in the file), \
         help (what to do, a list)",
    ),
    ("summary", "provider, test_mode, people, contacts, calendars, rungs, database; null when something is wrong"),
];

/// Runs the command.
pub(super) fn run(
    command: &ConfigCommand,
    file: Option<&Path>,
    screen: Screen,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    match command {
        ConfigCommand::Check(args) => check(args, file, out),
        ConfigCommand::Show(args) => show::run(args, file, screen, out),
    }
}

fn check(args: &ConfigCheckArgs, file: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let file = args.file.as_deref().or(file);
    let loaded = open::config(file);
    if args.json {
        let report = Report::of(&loaded, file);
        print::json(out, &report)?;
        return Ok(if report.ok { Exit::Done } else { Exit::Usage });
    }
    writeln!(out, "{}", summary(&loaded?))?;
    Ok(Exit::Done)
}

/// `ok: /home/ana/.config/savehub/config.toml: 1 person, 2 calendars, 2 rungs; the mock phone, so nothing rings`.
fn summary(config: &Config) -> String {
    let whose = config.file.as_ref().map_or("the environment".into(), |file| printable(&file.display().to_string()));
    let summary = Summary::of(config);
    let people = if summary.people == 1 { "1 person".into() } else { format!("{} people", summary.people) };
    let calls = match config.provider.chosen {
        ProviderChoice::Mock => "the mock phone, so no phone rings",
        ProviderChoice::Twilio if config.test_mode => "test mode, so no phone rings",
        ProviderChoice::Twilio => "calls by Twilio",
    };
    let (calendars, rungs) = (counted(summary.calendars, "calendar"), counted(summary.rungs, "rung"));
    format!("ok: {whose}: {people}, {calendars}, {rungs}; {calls}")
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    ok: bool,
    file: Option<String>,
    problems: Vec<Found>,
    summary: Option<Summary>,
}

#[derive(Serialize)]
struct Summary {
    provider: &'static str,
    test_mode: bool,
    people: u32,
    contacts: u32,
    calendars: u32,
    rungs: u32,
    database: String,
}

impl Summary {
    fn of(config: &Config) -> Self {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            provider: match config.provider.chosen {
                ProviderChoice::Mock => "mock",
                ProviderChoice::Twilio => "twilio",
            },
            test_mode: config.test_mode,
            people: count(config.people.len()),
            contacts: count(config.contacts.len()),
            calendars: count(config.people.iter().map(|person| person.calendars.len()).sum()),
            rungs: count(config.ladder.len()),
            database: config.database.display().to_string(),
        }
    }
}

impl Report {
    fn of(loaded: &Result<Config, ConfigError>, file: Option<&Path>) -> Self {
        let text = |path: &Path| path.display().to_string();
        let one = |problem: String| vec![Found { problem, line: None, column: None, help: Vec::new() }];
        let (file, problems, summary) = match loaded {
            Ok(config) => (config.file.as_deref().map(text), Vec::new(), Some(Summary::of(config))),
            Err(ConfigError::Problems(problems)) => {
                (problems.file().map(str::to_owned), Problems::found(problems), None)
            }
            Err(ConfigError::Unreadable { path, .. }) => (Some(text(path)), one(title(loaded)), None),
            Err(ConfigError::NoConfig { looked_at }) => {
                let help = looked_at.iter().map(|path| format!("looked for {}", path.display())).collect();
                let problem = "there is no config, so nobody would be called".to_owned();
                (file.map(text), vec![Found { problem, line: None, column: None, help }], None)
            }
        };
        Self { schema: 1, ok: summary.is_some(), file, problems, summary }
    }
}

/// The first line of an error, without the word that it is one.
fn title(loaded: &Result<Config, ConfigError>) -> String {
    let text = loaded.as_ref().err().map(ToString::to_string).unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    first.strip_prefix("error: ").unwrap_or(first).to_owned()
}
