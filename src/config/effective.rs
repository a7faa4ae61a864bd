//! What is in force, key by key, and where each value comes from.
//!
//! Nothing is read a second time: values come from the checked [`Config`], places from the tree it was read from. What a
//! config keeps in another form than it was typed in (patterns, templates) is shown as it was typed.

mod channels;
mod people;
mod single;
mod written;

use super::env::{Env, set};
use super::{Config, keys};
use std::path::{Path, PathBuf};
use written::Written;

/// A config with the place of every value.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The file; `None`: environment and defaults alone.
    pub file: Option<PathBuf>,
    /// Every key that takes a value, in the order of `config.example.toml`: once for each table it may stand in, or once
    /// in all where there is no such table.
    pub settings: Vec<Setting>,
}

/// One key of one table.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The path of its table, as in [`super::known_keys`].
    pub table: &'static str,
    /// Which of several such tables: a name or number. `None`: there is only one, or none.
    pub entry: Option<String>,
    /// The key.
    pub key: &'static str,
    /// What is in force.
    pub value: Value,
    /// Where that comes from.
    pub origin: Origin,
}

/// A value, as it may be shown: no secret, no whole number, no long message.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing, perhaps with the reason.
    NotSet(Option<&'static str>),
    /// A text; durations and sizes too.
    Text(String),
    /// A number.
    Number(u64),
    /// A number that is not whole.
    Rate(f64),
    /// Yes or no.
    Flag(bool),
    /// Several texts.
    List(Vec<String>),
    /// A value that is not shown, or not in full: what may be said of it.
    Told(String),
    /// A secret that is set, and where it comes from.
    Secret(String),
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// This line of the file, from 1.
    Line(usize),
    /// This variable.
    Variable(&'static str),
}

/// What settings are read off.
struct Around<'a> {
    config: &'a Config,
    path: Option<&'a Path>,
    env: &'a Env<'a>,
}

/// A value and where it comes from.
type Shown = (Value, Origin);

/// All settings of a config that was read from this tree.
pub(super) fn effective(config: &Config, root: Written<'_, '_>, path: Option<&Path>, env: &Env<'_>) -> Effective {
    let around = Around { config, path, env };
    let settings = keys::paths().flat_map(|table| around.of_table(table, root)).collect();
    Effective { file: path.map(Path::to_owned), settings }
}

pub(super) use written::Written as Tree;

impl Around<'_> {
    fn of_table(&self, table: &'static str, root: Written<'_, '_>) -> Vec<Setting> {
        let entries: Vec<(Option<String>, Vec<Shown>)> = match table {
            "person" => self.people(root),
            "calendars" => self.calendars(root),
            "contact" => self.contacts(root),
            "ladder" => self.ladder(root),
            "webhook" => self.webhooks(root),
            "headers" => self.headers(root),
            "command" => self.commands(root),
            _ => vec![(None, keys_of(table).map(|key| self.single(table, key, root)).collect())],
        };
        let none = || vec![(None, keys_of(table).map(|_| (Value::NotSet(None), Origin::Default)).collect())];
        let entries = if entries.is_empty() { none() } else { entries };
        let of_entry = |(entry, values): (Option<String>, Vec<Shown>)| {
            let settings = keys_of(table).zip(values).map(move |(key, (value, origin))| {
                let entry = entry.clone();
                Setting { table, entry, key, value, origin }
            });
            settings.collect::<Vec<_>>()
        };
        entries.into_iter().flat_map(of_entry).collect()
    }

    /// The value of a variable that wins over the file, with its name.
    fn variable(&self, name: &'static str) -> Option<(String, Origin)> {
        set(self.env, name).map(|value| (value, Origin::Variable(name)))
    }
}

/// The keys of a table that take a value, in order.
fn keys_of(table: &'static str) -> impl Iterator<Item = &'static str> {
    keys::known_keys().filter(move |(of, _)| *of == table).map(|(_, key)| key)
}
