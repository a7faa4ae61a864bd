//! The values of a table, by their types. Each is noted for `config show` as it is read.

use super::{Item, Read, Table, problem_at, spoken};
use crate::config::effective::Value;
use crate::config::places;
use crate::config::screen::quoted;
use crate::config::show::Problem;
use crate::near::nearest;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;
use toml::de::DeValue;

/// Durations end here: longer ones mean a slip, and times beyond it could not be added to a clock.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 3600);

impl<'a, 't> Table<'a, 't> {
    /// One word of several, as what it stands for; the default where none is written, or an unknown one (which is
    /// reported).
    pub(in crate::config) fn word<T: Copy + PartialEq>(
        &self,
        key: &'static str,
        words: &[(&'static str, T)],
        default: T,
    ) -> T {
        let known = || words.iter().map(|(word, _)| *word);
        let quoted_words: Vec<String> = known().map(|word| format!("\"{word}\"")).collect();
        let typed = self.text(key, quoted_words.first().map_or("", String::as_str));
        let Some(typed) = typed else {
            let word = words.iter().find(|(_, meaning)| *meaning == default);
            self.note(key, || Value::maybe(word, |(word, _)| Value::text(word)));
            return default;
        };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| word == typed.get_ref()) {
            return *meaning;
        }
        let problem = problem_at(key, &typed.span(), format!("unknown {key} {}", quoted(typed.get_ref())));
        self.report.push(match nearest(typed.get_ref(), known()) {
            Some(near) => problem.label(format!("did you mean \"{near}\"?")),
            None => problem.label(format!("known: {}", quoted_words.join(", "))),
        });
        default
    }

    /// A text. `like` is what to write instead of something else.
    pub(in crate::config) fn text(&self, key: &'static str, like: &str) -> Option<Spanned<&'a str>> {
        let entry = self.entry(key)?;
        if let DeValue::String(text) = entry.get_ref() {
            self.note_open(key, || Value::text(text));
            return Some(Spanned::new(entry.span(), text.as_ref()));
        }
        let how = if like.starts_with('"') { "such as" } else { "write" };
        self.wrong_type(key, entry, "a text", &format!("{how} {like}"));
        None
    }

    /// A text that must be there.
    pub(in crate::config) fn needed_text(&self, key: &'static str, like: &str) -> Option<Spanned<&'a str>> {
        if !self.has(key) {
            self.missing(key, like);
        }
        self.text(key, like)
    }

    /// A path; one that leads nowhere is reported.
    pub(in crate::config) fn path(&self, key: &'static str) -> Option<Spanned<PathBuf>> {
        let text = self.text(key, "a path in quotes")?;
        let (title, label) = if text.get_ref().is_empty() {
            (format!("`{key}` is empty"), "write a path, or take the line out")
        } else if text.get_ref().contains('\0') {
            (format!("`{key}` is not a path"), "a path holds no NUL character")
        } else if let Some(path) = places::expand(text.get_ref(), self.input().path, self.input().env) {
            self.note(key, || Value::path(&path));
            return Some(Spanned::new(text.span(), path));
        } else {
            (format!("`{key}` starts with `~`, but HOME is not set"), "write the whole path")
        };
        self.report.push(Problem::new(title).at(&text.span()).label(label));
        None
    }

    /// A yes or no.
    pub(in crate::config) fn flag(&self, key: &'static str, default: bool) -> bool {
        let entry = self.entry(key);
        let flag = match entry.map(Spanned::get_ref) {
            Some(DeValue::Boolean(flag)) => *flag,
            _ => default,
        };
        self.note(key, || Value::Flag(flag));
        if let Some(entry) = entry.filter(|entry| !matches!(entry.get_ref(), DeValue::Boolean(_))) {
            self.wrong_type(key, entry, "true or false", "write true or false, without quotes");
        }
        flag
    }

    /// A whole number within limits.
    pub(in crate::config) fn count(
        &self,
        key: &'static str,
        default: u32,
        limits: std::ops::RangeInclusive<u32>,
    ) -> Read<u32> {
        let note = |value: u32| self.note(key, || Value::Number(value.into()));
        let Some(entry) = self.entry(key) else {
            note(default);
            return Read::default(default);
        };
        let range = format!("a whole number from {} to {}", limits.start(), limits.end());
        let bad = Read { value: default, at: Some(entry.span()), sound: false };
        let DeValue::Integer(digits) = entry.get_ref() else {
            self.wrong_type(key, entry, "a whole number", &format!("write {range}, without quotes"));
            return bad;
        };
        match u32::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(value) if limits.contains(&value) => {
                note(value);
                Read { value, sound: true, ..bad }
            }
            _ => {
                let title = format!("`{key}` cannot be {}", quoted(self.report.source(&entry.span())));
                self.report.push(problem_at(key, &entry.span(), title).label(format!("expected {range}")));
                bad
            }
        }
    }

    /// A number above 0, whole or with a point.
    pub(in crate::config) fn rate(&self, key: &'static str, most: f64) -> Option<f64> {
        let entry = self.entry(key)?;
        let range = format!("a number above 0, at most {most}");
        let number: Option<f64> = match entry.get_ref() {
            DeValue::Integer(digits) => i32::from_str_radix(digits.as_str(), digits.radix()).ok().map(f64::from),
            DeValue::Float(digits) => digits.as_str().parse().ok(),
            _ => {
                self.wrong_type(key, entry, "a number", &format!("write {range}, without quotes"));
                return None;
            }
        };
        let sound = number.filter(|number| *number > 0.0 && *number <= most);
        if sound.is_none() {
            let title = format!("`{key}` cannot be {}", quoted(self.report.source(&entry.span())));
            self.report.push(problem_at(key, &entry.span(), title).label(format!("expected {range}")));
        }
        self.note(key, || Value::maybe(sound, Value::rate));
        sound
    }

    /// One text, or a list of them; the wrong ones are reported and left out.
    pub(in crate::config) fn one_or_more(&self, key: &'static str, like: &str) -> Option<Vec<Spanned<&'a str>>> {
        match self.entry(key)?.get_ref() {
            DeValue::Array(_) => self.texts(key, &format!("[{like}]")).map(Spanned::into_inner),
            _ => self.text(key, like).map(|text| vec![text]),
        }
    }

    /// A length of time, written as text with units. `None`: not written, or wrong (and reported).
    pub(in crate::config) fn duration_if(&self, key: &'static str, like: &str) -> Option<Spanned<Duration>> {
        let entry = self.entry(key)?;
        let DeValue::String(text) = entry.get_ref() else {
            self.wrong_type(key, entry, "a duration", &format!("write it as text with its unit, such as \"{like}\""));
            return None;
        };
        match humantime::parse_duration(text) {
            Ok(value) if value <= LONGEST => {
                self.note(key, || Value::duration(value));
                Some(Spanned::new(entry.span(), value))
            }
            Ok(_) => {
                let title = format!("`{key}` is longer than ten years");
                self.report.push(problem_at(key, &entry.span(), title).label(format!("such as \"{like}\"")));
                None
            }
            Err(_) => {
                let title = format!("invalid duration {}", quoted(text));
                let label = format!("expected a number with s, m or h, such as \"{like}\"");
                self.report.push(problem_at(key, &entry.span(), title).label(label));
                None
            }
        }
    }

    /// A length of time with a default.
    pub(in crate::config) fn duration(&self, key: &'static str, default: Duration) -> Read<Duration> {
        let like = spoken(default);
        match (self.duration_if(key, &like), self.entry(key)) {
            (Some(read), _) => Read::written(read),
            (None, Some(entry)) => Read { value: default, at: Some(entry.span()), sound: false },
            (None, None) => {
                self.note(key, || Value::duration(default));
                Read::default(default)
            }
        }
    }

    /// A list of texts; the wrong ones are reported and left out.
    pub(in crate::config) fn texts(&self, key: &'static str, like: &str) -> Option<Spanned<Vec<Spanned<&'a str>>>> {
        self.note_open(key, || Value::List(Vec::new()));
        let entry = self.entry(key)?;
        let DeValue::Array(items) = entry.get_ref() else {
            self.wrong_type(key, entry, "a list", &format!("write {like}"));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => texts.push(Spanned::new(item.span(), text.as_ref())),
                _ => self.wrong_type(key, item, "a list of texts", &format!("write {like}")),
            }
        }
        self.note_open(key, || Value::texts(texts.iter().map(|text| *text.get_ref())));
        Some(Spanned::new(entry.span(), texts))
    }

    /// A list of texts and tables; what a table may hold is listed under the key. The wrong ones are reported and left
    /// out.
    pub(in crate::config) fn items(&self, key: &'static str, like: &str) -> Vec<Item<'a, 't>> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let DeValue::Array(items) = entry.get_ref() else {
            self.wrong_type(key, entry, "a list", &format!("write {like}"));
            return Vec::new();
        };
        let mut found = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => found.push(Item::Text(Spanned::new(item.span(), text.as_ref()))),
                DeValue::Table(entries) => {
                    found.push(Item::Table(Self::open(key, Some(entries), item.span(), self.report)));
                }
                _ => self.wrong_type(key, item, "a list of texts and tables", &format!("write {like}")),
            }
        }
        found
    }

    /// A size in bytes, written as a number or as text with a unit.
    pub(in crate::config) fn size(&self, key: &'static str, default: usize, like: &str) -> Read<usize> {
        let entry = self.entry(key);
        let size = entry.map(|entry| match entry.get_ref() {
            DeValue::Integer(digits) => usize::from_str_radix(digits.as_str(), digits.radix()).ok(),
            DeValue::String(text) => bytes(text),
            _ => None,
        });
        let value = size.flatten().unwrap_or(default);
        let read = Read { value, at: entry.map(Spanned::span), sound: size != Some(None) };
        if let (Some(at), false) = (&read.at, read.sound) {
            let title = format!("`{key}` is not a size");
            self.report.push(problem_at(key, at, title).label(format!("write it as \"{like}\"")));
        }
        self.note(key, || Value::size(value));
        read
    }
}

/// `20 MB`, `512 kB`, `1 MiB`, `2000` as bytes.
fn bytes(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "mb" => 1_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        _ => return None,
    };
    number.parse::<usize>().ok()?.checked_mul(factor)
}
