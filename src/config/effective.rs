//! The settings in force, key by key, and where each value comes from. They are noted where a key is checked, while the
//! config is read; nothing is read a second time.

use super::{keys, steps};
use crate::model::{path_text, printable};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    Described(String),
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

/// What is in force for a key.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) key: &'static str,
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Settings by the paths of their tables.
#[derive(Default)]
pub(super) struct SettingsLog(HashMap<&'static str, Vec<Setting>>);

impl SettingsLog {
    /// Every key of one table; what was not noted is not set.
    pub(super) fn add(&mut self, table: &'static str, entry: Option<&str>, notes: &[Note]) {
        let settings = keys::of_table(table).iter().map(|&key| {
            steps::count(notes.len());
            let note = notes.iter().find(|note| note.key == key);
            let (value, origin) =
                note.map_or((Value::NotSet(None), Origin::Default), |note| (note.value.clone(), note.origin));
            Setting { table, entry: entry.map(str::to_owned), key, value, origin }
        });
        self.0.entry(table).or_default().extend(settings);
    }

    /// All of them, in the order of their tables; a table that is not there once.
    pub(super) fn finish(mut self) -> Vec<Setting> {
        for table in keys::paths().filter(|path| !keys::of_table(path).is_empty()) {
            if !self.0.contains_key(table) {
                self.add(table, None, &[]);
            }
        }
        keys::paths().filter_map(|table| self.0.remove(table)).flatten().collect()
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(printable(text))
    }

    pub(super) fn path(path: &Path) -> Self {
        Self::text(&path_text(path))
    }

    pub(super) fn maybe<T>(value: Option<T>, show: impl FnOnce(T) -> Self) -> Self {
        value.map_or(Self::NotSet(None), show)
    }

    pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::List(texts.into_iter().map(printable).collect())
    }

    /// A duration as a config writes it: `1m 30s`.
    pub(super) fn duration(value: Duration) -> Self {
        Self::Text(humantime::format_duration(value).to_string())
    }

    /// A rate per second; a whole number without a point.
    pub(super) fn rate(value: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number, at most 1000")]
        match value {
            whole if whole.fract() == 0.0 && (0.0..=1000.0).contains(&whole) => Self::Number(whole as u64),
            part => Self::Rate(part),
        }
    }

    /// A number of bytes.
    pub(super) fn size(bytes: usize) -> Self {
        match bytes {
            _ if bytes.is_multiple_of(1_000_000) => Self::Text(format!("{} MB", bytes / 1_000_000)),
            _ if bytes.is_multiple_of(1000) => Self::Text(format!("{} kB", bytes / 1000)),
            _ => Self::Number(u64::try_from(bytes).unwrap_or(u64::MAX)),
        }
    }

    /// A secret that stands in the config itself.
    pub(super) fn in_the_config() -> Self {
        Self::Secret("in the config".into())
    }

    /// The id of an account or key: its kind and its last characters.
    pub(super) fn sid(text: &str) -> Self {
        let end = text.char_indices().rev().nth(3).map_or("", |(at, _)| &text[at..]);
        let start = text.get(..2).filter(|_| text.len() > 10).unwrap_or_default();
        Self::Text(format!("{start}…{end}"))
    }

    /// A program: its name, not its arguments, which may hold a password.
    pub(super) fn program(argv: &[String]) -> Self {
        let program = printable(argv.first().map_or("", String::as_str));
        Self::Described(match argv.len() {
            0 | 1 => program,
            2 => format!("{program}, with 1 argument"),
            n => format!("{program}, with {} arguments", n - 1),
        })
    }
}

/// A mail address, masked; another name as it is.
pub(super) fn masked_mail(text: &str) -> String {
    match text.split_once('@') {
        Some((local, domain)) => printable(&format!("{}***@{domain}", local.chars().next().unwrap_or_default())),
        None => printable(text),
    }
}
