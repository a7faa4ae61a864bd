//! What was typed: values with their place in the file, read one by one, so that every mistake is found and not only
//! the first.

mod notes;
mod values;

use super::effective::Note;
use super::input::Input;
use super::keys;
use super::screen::{Hidden, is_secret_key, quoted};
use super::show::{CheckReport, Problem};
use crate::near::nearest;
use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A value that has a default.
#[derive(Debug, Clone)]
pub(super) struct Read<T> {
    /// The value; the default where none was written or the written one is wrong.
    pub(super) value: T,
    /// Where it was written, if it was.
    pub(super) at: Option<Range<usize>>,
    /// False: what was written is wrong and was reported. Do not compare other values with it.
    pub(super) sound: bool,
}

impl<T> Read<T> {
    /// One that was written, and is sound so far.
    pub(super) fn written(read: Spanned<T>) -> Self {
        Self { at: Some(read.span()), value: read.into_inner(), sound: true }
    }
}

/// An entry of a list in which texts and tables mix.
pub(super) enum Item<'a, 't> {
    /// A text.
    Text(Spanned<&'a str>),
    /// A table, with its place.
    Table(Table<'a, 't>),
}

/// One table of the file.
pub(super) struct Table<'a, 't> {
    path: &'static str,
    entries: Option<&'a DeTable<'t>>,
    header: Range<usize>,
    pub(super) report: &'a CheckReport<'t>,
    /// What is in force, as far as it was read.
    notes: RefCell<Vec<Note>>,
}

impl<'a, 't> Table<'a, 't> {
    /// The file itself.
    pub(super) fn root(root: &'a Spanned<DeTable<'t>>, report: &'a CheckReport<'t>) -> Self {
        Self::open("", Some(root.get_ref()), 0..0, report)
    }

    fn open(
        path: &'static str,
        entries: Option<&'a DeTable<'t>>,
        header: Range<usize>,
        report: &'a CheckReport<'t>,
    ) -> Self {
        let table = Self { path, entries, header, report, notes: RefCell::default() };
        for (key, _) in entries.into_iter().flatten() {
            if !keys::known_in(path).any(|known| known == key.get_ref()) {
                table.unknown(key.get_ref(), &key.span());
            }
        }
        table
    }

    /// A table that was not written, of those that may stand here several times.
    pub(super) fn unwritten(&self, path: &'static str) -> Self {
        Self::open(path, None, 0..0, self.report)
    }

    pub(super) fn input(&self) -> &'t Input<'t> {
        self.report.input
    }

    /// Where the table starts.
    pub(super) fn header(&self) -> &Range<usize> {
        &self.header
    }

    /// Was the table written at all?
    pub(super) fn is_written(&self) -> bool {
        self.entries.is_some()
    }

    /// Was the key written, rightly or wrongly?
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.is_some_and(|e| e.contains_key(key))
    }

    /// Was a text written under the key?
    pub(super) fn is_text(&self, key: &str) -> bool {
        self.entries.and_then(|e| e.get(key)).is_some_and(|value| matches!(value.get_ref(), DeValue::String(_)))
    }

    /// Where the key itself stands.
    pub(super) fn key_at(&self, key: &str) -> Option<Range<usize>> {
        self.entries.and_then(|e| e.get_key_value(key)).map(|(key, _)| key.span())
    }

    /// The names of the tables `[key.NAME]`.
    pub(super) fn names_in(&self, key: &str) -> Vec<String> {
        let Some(DeValue::Table(tables)) = self.entries.and_then(|e| e.get(key)).map(Spanned::get_ref) else {
            return Vec::new();
        };
        tables.iter().map(|(name, _)| name.get_ref().to_string()).collect()
    }

    /// Was any of these keys written?
    pub(super) fn has_any(&self, keys: &[&str]) -> bool {
        keys.iter().any(|key| self.has(key))
    }

    /// Was any key written that this table does not know?
    pub(super) fn has_unknown(&self) -> bool {
        let unknown = |key: &str| !keys::known_in(self.path).any(|known| known == key);
        self.entries.is_some_and(|e| e.iter().any(|(key, _)| unknown(key.get_ref())))
    }

    fn unknown(&self, key: &str, at: &Range<usize>) {
        if (self.path, key) == ("email", "proxy") {
            let problem = Problem::new("mail cannot go through a proxy").at(at).hide(Hidden::Secret);
            let help = "take `proxy` out: savehub connects to `host` directly. Where that is not allowed, name a mail server of \
                        the own network as `host`";
            self.report.push(problem.help(help));
            return;
        }
        let near = nearest(key, keys::known_in(self.path));
        let mut problem = Problem::new(format!("unknown key {}", quoted(key))).at(at);
        if let Some(near) = near {
            problem = problem.label(format!("did you mean `{near}`?"));
        } else {
            // Nobody knows what the value of such a key is.
            let known: Vec<_> = keys::known_in(self.path).collect();
            problem = problem.help(format!("{}: {}", self.may_hold(), known.join(", "))).key_only();
        }
        // Beside secrets, a key savehub does not know may well be one more of them.
        let suspect = near.map_or(
            matches!(self.path, "provider.twilio" | "calendars" | "email" | "webhook" | "headers"),
            is_secret_key,
        );
        self.report.push(if suspect || is_secret_key(key) { problem.hide(Hidden::Secret) } else { problem });
    }

    fn may_hold(&self) -> String {
        match self.path {
            "" => "at the top of the file there may be".into(),
            "calendars" => "a calendar may hold".into(),
            "headers" => "a header may hold".into(),
            "webhook" | "command" => format!("[{}.NAME] may hold", self.path),
            "person" | "contact" | "ladder" => format!("[[{}]] may hold", self.path),
            path => format!("[{path}] may hold"),
        }
    }

    fn entry(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'t>>> {
        debug_assert!(keys::known_in(self.path).any(|known| known == key), "{key} is missing in keys.rs");
        self.entries.and_then(|e| e.get(key))
    }

    /// A table in this one; an empty one when it was not written.
    pub(super) fn table(&self, key: &'static str, path: &'static str) -> Table<'a, 't> {
        let Some(entry) = self.entry(key) else { return Self::open(path, None, 0..0, self.report) };
        if let DeValue::Table(entries) = entry.get_ref() {
            return Self::open(path, Some(entries), entry.span(), self.report);
        }
        let title = format!("`{key}` must be a table, not {}", type_name(entry.get_ref()));
        self.report.wrong(&entry.span(), title, format!("write [{path}] on a line of its own"));
        Self::open(path, None, 0..0, self.report)
    }

    /// All tables `[[key]]`, in the order of the file.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Table<'a, 't>> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let wrong = |value: &Spanned<DeValue<'t>>| {
            let title = format!("`{key}` must be a list of tables, not {}", type_name(value.get_ref()));
            self.report.wrong(&value.span(), title, format!("write [[{key}]] above each entry"));
        };
        let DeValue::Array(items) = entry.get_ref() else {
            wrong(entry);
            return Vec::new();
        };
        let mut tables = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Table(entries) => tables.push(Self::open(key, Some(entries), item.span(), self.report)),
                _ => wrong(item),
            }
        }
        tables
    }

    /// All tables `[key.NAME]` with their names, in the order of the names.
    pub(super) fn named_tables(&self, key: &'static str) -> Vec<(Spanned<&'a str>, Table<'a, 't>)> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let wrong = |at: &Range<usize>| {
            let problem = Problem::new(format!("each `{key}` has a name of its own")).at(at).hide(Hidden::Secret);
            self.report.push(problem.label(format!("write [{key}.NAME] on a line of its own, its keys below")));
        };
        let DeValue::Table(entries) = entry.get_ref() else {
            wrong(&entry.span());
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (name, value) in entries {
            let DeValue::Table(table) = value.get_ref() else {
                wrong(&name.span());
                break;
            };
            let named = Spanned::new(name.span(), name.get_ref().as_ref());
            tables.push((named, Self::open(key, Some(table), value.span(), self.report)));
        }
        tables
    }

    fn wrong_type(&self, key: &str, value: &Spanned<DeValue<'t>>, wanted: &str, label: &str) {
        let title = format!("`{key}` must be {wanted}, not {}", type_name(value.get_ref()));
        self.report.push(problem_at(key, &value.span(), title).label(label));
    }

    /// Says that a key without a default was not written.
    pub(super) fn missing(&self, key: &str, like: &str) {
        let title = match self.path {
            "ladder" => format!("this rung has no `{key}`"),
            "headers" => format!("this header has no `{key}`"),
            "email" => format!("[email] has no `{key}`"),
            path => format!("this {path} has no `{key}`"),
        };
        self.report.wrong(&self.header, title, format!("add {key} = {like}"));
    }
}

/// A problem with the value of this key. The line of a secret is hidden.
pub(super) fn problem_at(key: &str, at: &Range<usize>, title: impl Into<String>) -> Problem {
    let problem = Problem::new(title).at(at);
    if is_secret_key(key) { problem.hide(Hidden::Secret) } else { problem }
}

/// A duration as a config writes it: `1m 30s`.
pub(super) fn spoken(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
