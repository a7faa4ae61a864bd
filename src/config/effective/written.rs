//! The tree a config was read from: what was typed, and in which line.

use super::single::rate;
use super::{Origin, Shown, Value};
use crate::config::env::{Env, set};
use crate::config::places;
use crate::model::{MESSAGE_CUT, Phone, cut, printable};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table as it was typed; an empty one where it was not.
#[derive(Clone, Copy)]
pub(in crate::config) struct Written<'a, 't> {
    text: &'a str,
    table: Option<&'a DeTable<'t>>,
}

impl<'a, 't> Written<'a, 't> {
    /// The file itself.
    pub(in crate::config) fn root(text: &'a str, root: &'a Spanned<DeTable<'t>>) -> Self {
        Self { text, table: Some(root.get_ref()) }
    }

    fn value(&self, key: &str) -> Option<&'a DeValue<'t>> {
        self.table.and_then(|table| table.get(key)).map(Spanned::get_ref)
    }

    /// Was it written as a table?
    pub(super) const fn is_table(&self) -> bool {
        self.table.is_some()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// The line of the key, or that it was not written.
    pub(super) fn origin(&self, key: &str) -> Origin {
        let key = self.table.and_then(|table| table.get_key_value(key)).map(|(key, _)| key.span().start);
        key.map_or(Origin::Default, |at| self.line_at(at))
    }

    fn line_at(&self, at: usize) -> Origin {
        Origin::Line(self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1)
    }

    /// Where each entry of a list starts.
    pub(super) fn lines_of(&self, key: &str) -> Vec<Origin> {
        let Some(DeValue::Array(items)) = self.value(key) else { return Vec::new() };
        items.iter().map(|item| self.line_at(item.span().start)).collect()
    }

    /// The table `[a.b]` below this one.
    pub(super) fn at(&self, path: &str) -> Self {
        path.split('.').filter(|part| !part.is_empty()).fold(*self, |table, key| table.below(table.value(key)))
    }

    fn below(&self, value: Option<&'a DeValue<'t>>) -> Self {
        let table = if let Some(DeValue::Table(table)) = value { Some(table) } else { None };
        Self { text: self.text, table }
    }

    /// The entries of a list; those that are no tables as empty ones.
    pub(super) fn list(&self, key: &str) -> Vec<Self> {
        let Some(DeValue::Array(items)) = self.value(key) else { return Vec::new() };
        items.iter().map(|item| self.below(Some(item.get_ref()))).collect()
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        if let Some(DeValue::String(text)) = self.value(key) { Some(text) } else { None }
    }

    /// A value of the config, with the line of this key.
    pub(super) fn shown(&self, key: &str, value: Value) -> Shown {
        (value, self.origin(key))
    }

    /// A text as it was typed.
    pub(super) fn typed(&self, key: &str, default: Value) -> Shown {
        self.shown(key, self.text(key).map_or(default, |text| Value::Text(printable(text))))
    }

    /// A list of texts as it was typed; an empty one where it was not.
    pub(super) fn typed_list(&self, key: &str) -> Shown {
        let Some(DeValue::Array(items)) = self.value(key) else { return (Value::List(Vec::new()), Origin::Default) };
        let text = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Some(printable(text)),
            _ => None,
        };
        self.shown(key, Value::List(items.iter().filter_map(text).collect()))
    }

    /// A whole number as it was typed; 0 where it was not.
    pub(super) fn count(&self, key: &str) -> Shown {
        let typed = match self.value(key) {
            Some(DeValue::Integer(digits)) => u64::from_str_radix(digits.as_str(), digits.radix()).ok(),
            _ => None,
        };
        self.shown(key, Value::Number(typed.unwrap_or(0)))
    }

    /// Yes or no as it was typed; no where it was not.
    pub(super) fn flag(&self, key: &str) -> Shown {
        self.shown(key, Value::Flag(matches!(self.value(key), Some(DeValue::Boolean(true)))))
    }

    /// A message as it was typed, up to the length that may be shown.
    pub(super) fn message(&self, key: &str, default: &str) -> Shown {
        let text = self.text(key).unwrap_or(default);
        self.shown(key, if text.is_empty() { Value::NotSet(None) } else { Value::Text(message(text)) })
    }

    /// A number that could be called, or several, masked.
    pub(super) fn phones(&self, key: &str) -> Shown {
        let Some(DeValue::Array(items)) = self.value(key) else {
            return self.shown(key, self.text(key).map_or(Value::NotSet(None), phone));
        };
        let masked = |item: &Spanned<DeValue<'_>>| match item.get_ref() {
            DeValue::String(text) => Phone::parse(text).ok().map(|phone| phone.masked()),
            _ => None,
        };
        self.shown(key, Value::List(items.iter().filter_map(masked).collect()))
    }

    /// A rate as it was typed.
    pub(super) fn rate(&self, key: &str) -> Shown {
        let typed = match self.value(key) {
            Some(DeValue::Integer(digits)) => digits.as_str().parse().ok(),
            Some(DeValue::Float(digits)) => digits.as_str().parse().ok(),
            _ => None,
        };
        self.shown(key, typed.map_or(Value::NotSet(None), rate))
    }

    /// A path, whole.
    pub(super) fn path(&self, key: &str, config: Option<&Path>, env: &Env<'_>) -> Shown {
        let path = self.text(key).and_then(|text| places::expand(text, config, env));
        self.shown(key, path.map_or(Value::NotSet(None), |path| Value::Text(printable(&path.display().to_string()))))
    }

    /// A program: its name, not its arguments, which may hold a password.
    pub(super) fn program(&self, key: &str, argv: Option<&[String]>) -> Shown {
        let Some((program, arguments)) = argv.and_then(<[_]>::split_first) else {
            return self.shown(key, Value::NotSet(None));
        };
        let program = printable(program);
        self.shown(
            key,
            Value::Told(match arguments.len() {
                0 => program,
                1 => format!("{program}, with 1 argument"),
                n => format!("{program}, with {n} arguments"),
            }),
        )
    }

    /// One way to a secret, by the end of its key: itself, a variable, a file or a command.
    ///
    /// What was typed where a variable or a file should stand may be the secret, by mistake: it is shown only when there
    /// is such a variable or file.
    pub(super) fn secret(&self, key: &str, config: Option<&Path>, env: &Env<'_>) -> Shown {
        let origin = self.origin(key);
        if !self.has(key) {
            return (Value::NotSet(None), origin);
        }
        let typed = self.text(key).unwrap_or_default();
        let value = if key.ends_with("_command") {
            Value::Secret("from a command".into())
        } else if key.ends_with("_env") {
            match set(env, typed) {
                Some(_) => Value::Secret(format!("from {}", printable(typed))),
                None => Value::NotSet(Some("the variable it names is not set")),
            }
        } else if key.ends_with("_file") {
            match places::expand(typed, config, env).filter(|path| path.is_file()) {
                Some(path) => Value::Secret(format!("from file {}", printable(&path.display().to_string()))),
                None => Value::NotSet(Some("there is no such file")),
            }
        } else {
            Value::Secret("in the config".into())
        };
        (value, origin)
    }
}

/// A message, cut.
pub(super) fn message(text: &str) -> String {
    cut(&printable(text), MESSAGE_CUT)
}

/// A number, masked.
pub(super) fn phone(text: &str) -> Value {
    Phone::parse(text).map_or(Value::NotSet(None), |phone| Value::Text(phone.masked()))
}

/// The id of an account or key: its kind and its last characters.
pub(super) fn sid(text: &str) -> Value {
    let end = text.char_indices().rev().nth(3).map_or("", |(at, _)| &text[at..]);
    let start = text.get(..2).filter(|_| text.len() > 10).unwrap_or_default();
    Value::Text(format!("{start}…{end}"))
}

/// A mail address, masked; another name as it is.
pub(super) fn mail(text: &str) -> String {
    match text.split_once('@') {
        Some((local, domain)) => printable(&format!("{}***@{domain}", local.chars().next().unwrap_or_default())),
        None => printable(text),
    }
}
