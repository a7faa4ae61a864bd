//! The channels besides the phone, and what they share: names, secrets, programs.

use super::limits::within;
use super::secrets::{self, Named};
use super::{Input, email, webhook};
use crate::config::env::set;
use crate::config::places;
use crate::config::raw::{Table, problem_at, spoken};
use crate::config::screen::quoted;
use crate::config::show::{Problem, Report};
use crate::config::{Channels, CommandConfig, Later};
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// What a program of the config gets of our environment.
const ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "LANG"];

/// How long one mail, webhook or command may take.
const STANDARD_TIMEOUT: Duration = Duration::from_secs(20);

/// What channels are read with.
pub(super) struct Setup<'a, 't> {
    /// The longest one request may take.
    pub(super) request: Duration,
    pub(super) input: &'a Input<'a>,
    pub(super) report: &'a Report<'t>,
}

impl Setup<'_, '_> {
    /// Everything about channels.
    pub(super) fn channels(&self, root: &Table<'_, '_>) -> Channels {
        let commands = self.named(root, "command");
        let commands = commands.iter().filter_map(|(name, table)| self.command(name, table)).collect();
        let email = email::email(&root.table("email", "email"), self);
        let webhooks = self.named(root, "webhook");
        let webhooks = webhooks.iter().filter_map(|(name, table)| webhook::webhook(name, table, self)).collect();
        Channels { email, webhooks, commands, environment: environment(self.input) }
    }

    fn named<'a, 't>(&self, root: &Table<'a, 't>, key: &'static str) -> Vec<(&'a str, Table<'a, 't>)> {
        let tables = root.named_tables(key).into_iter().filter(|(name, _)| is_name(name, self.report));
        tables.map(|(name, table)| (name.into_inner(), table)).collect()
    }

    fn command(&self, name: &str, table: &Table<'_, '_>) -> Option<CommandConfig> {
        if !table.has("run") {
            table.missing("run", "[\"/usr/local/bin/lamp\", \"red\"]");
        }
        let argv = program(table, "run", self.input, self.report);
        let timeout = self.timeout(table);
        Some(CommandConfig { name: name.to_owned(), argv: argv?, timeout })
    }

    /// How long one try may take: within what the engine gives a request, since nobody waits longer for what comes of
    /// it.
    pub(super) fn timeout(&self, table: &Table<'_, '_>) -> Duration {
        let read = table.duration("timeout", STANDARD_TIMEOUT.min(self.request));
        let why = "one try takes some time, and no longer than `request_timeout` under [engine]";
        let write = format!("more than 0s, at most {}", spoken(self.request));
        within(self.report, "timeout", &read, |v| !v.is_zero() && v <= self.request, why, &write);
        read.value
    }

    pub(super) fn ca_file(&self, table: &Table<'_, '_>) -> Option<PathBuf> {
        let text = table.text("ca_file", "a path in quotes")?;
        super::expand("ca_file", &text, self.input, self.report)
    }

    /// Reports a source that names nothing, and a secret in a file that others can read.
    fn guard(&self, named: &Named<'_>) {
        if secrets::names_something(named, self.report) && named.literal().is_some() {
            secrets::guard_mode(named.key, &named.at, self.input.mode, self.input.path, self.report);
        }
    }

    /// Where a secret is, to be asked when it is needed: a channel without its password must not stop the others, or a
    /// call.
    pub(super) fn later(&self, named: &Named<'_>) -> Later {
        self.guard(named);
        named.later(self.input.path, self.input.env)
    }
}

/// `PATH`, `HOME` and `LANG`, as far as they are set.
fn environment(input: &Input<'_>) -> Vec<(String, String)> {
    let path = ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned());
    let found = ENVIRONMENT.iter().filter_map(|name| Some(((*name).to_owned(), set(input.env, name)?)));
    let mut found: Vec<_> = found.collect();
    if found.first().is_none_or(|(name, _)| name != "PATH") {
        found.push(path);
    }
    found
}

/// A name that cannot be taken for a number or an address, and is easily typed.
fn is_name(name: &Spanned<&str>, report: &Report<'_>) -> bool {
    let typable = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let sound = (1..=40).contains(&name.get_ref().len()) && name.get_ref().bytes().all(typable);
    if !sound {
        let problem = Problem::new(format!("invalid name {}", quoted(name.get_ref()))).at(&name.span());
        report.push(problem.label("1 to 40 letters (a to z), digits, `-` or `_`"));
    }
    sound
}

/// A program and its arguments. One that is named by a path may start with `~/`, or is beside the config.
pub(super) fn program(
    table: &Table<'_, '_>,
    key: &'static str,
    input: &Input<'_>,
    report: &Report<'_>,
) -> Option<Vec<String>> {
    let list = table.texts(key, "[\"/usr/local/bin/lamp\", \"red\"], without a shell")?;
    let wrong = |title: String, label: &str| {
        report.push(problem_at(key, &list.span(), title).label(label));
        None
    };
    let argv: Vec<&str> = list.get_ref().iter().map(|word| *word.get_ref()).collect();
    let Some((first, arguments)) = argv.split_first().filter(|(first, _)| !first.is_empty()) else {
        return wrong(format!("`{key}` names no program"), "write the program and its arguments, each in quotes");
    };
    if argv.iter().any(|word| word.contains('\0')) {
        return wrong(format!("`{key}` cannot be run"), "no argument holds a NUL character");
    }
    let path = if first.contains('/') { places::expand(first, input.path, input.env) } else { Some(first.into()) };
    let Some(path) = path.and_then(|path| path.into_os_string().into_string().ok()) else {
        return wrong(format!("`{key}` starts with `~`, but HOME is not set"), "write the whole path");
    };
    Some(std::iter::once(path).chain(arguments.iter().map(|&word| word.to_owned())).collect())
}
