//! The channels besides the phone, and what they share: names, secrets, programs.

use super::common::{program, try_timeout};
use super::{email, webhook};
use crate::config::input::{Input, set};
use crate::config::raw::Table;
use crate::config::screen::quoted;
use crate::config::show::CheckReport;
use crate::config::{Channels, CommandConfig};
use crate::model::Authorities;
use std::time::Duration;
use toml::Spanned;

/// What a program of the config gets of our environment.
const ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "LANG"];

/// Everything about channels. `request`: the longest one request may take.
pub(super) fn channels(root: &Table<'_, '_>, request: Duration, usual: &Authorities) -> Channels {
    let commands = named(root, "command");
    let commands = commands.iter().filter_map(|(name, table)| command(name, table, request)).collect();
    let email = email::email(&root.table("email", "email"), request, usual);
    let webhooks = named(root, "webhook");
    let webhooks = webhooks.iter().filter_map(|(name, table)| webhook::webhook(name, table, request, usual)).collect();
    Channels { email, webhooks, commands, environment: environment(root.input()) }
}

fn named<'a, 't>(root: &Table<'a, 't>, key: &'static str) -> Vec<(&'a str, Table<'a, 't>)> {
    let tables = root.named_tables(key).into_iter().filter(|(name, _)| is_name(name, root.report));
    tables.map(|(name, table)| (name.into_inner(), table)).collect()
}

fn command(name: &str, table: &Table<'_, '_>, request: Duration) -> Option<CommandConfig> {
    if !table.has("run") {
        table.missing("run", "[\"/usr/local/bin/lamp\", \"red\"]");
    }
    let argv = program(table, "run");
    let timeout = try_timeout(table, request);
    table.show(Some(name));
    Some(CommandConfig { name: name.to_owned(), argv: argv?, timeout })
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
fn is_name(name: &Spanned<&str>, report: &CheckReport<'_>) -> bool {
    let typable = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let sound = (1..=40).contains(&name.get_ref().len()) && name.get_ref().bytes().all(typable);
    if !sound {
        let label = "1 to 40 letters (a to z), digits, `-` or `_`";
        report.wrong(&name.span(), format!("invalid name {}", quoted(name.get_ref())), label);
    }
    sound
}
