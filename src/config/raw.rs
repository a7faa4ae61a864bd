//! What was typed: values with their place in the file, read one by one, so that every mistake is found and not only
//! the first.

use super::keys;
use super::screen::{Hidden, is_secret_key, quoted};
use super::show::{Problem, Report};
use crate::near::nearest;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Durations end here: longer ones mean a slip, and times beyond it could not be added to a clock.
const LONGEST: Duration = Duration::from_secs(3650 * 24 * 3600);

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
    const fn default(value: T) -> Self {
        Self { value, at: None, sound: true }
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
    report: &'a Report<'t>,
}

impl<'a, 't> Table<'a, 't> {
    /// The file itself.
    pub(super) fn root(root: &'a Spanned<DeTable<'t>>, report: &'a Report<'t>) -> Self {
        Self::open("", Some(root.get_ref()), 0..0, report)
    }

    fn open(
        path: &'static str,
        entries: Option<&'a DeTable<'t>>,
        header: Range<usize>,
        report: &'a Report<'t>,
    ) -> Self {
        let table = Self { path, entries, header, report };
        for (key, _) in entries.into_iter().flatten() {
            if !keys::of_table(path).contains(&key.get_ref().as_ref()) {
                table.unknown(key.get_ref(), &key.span());
            }
        }
        table
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
        let known = keys::of_table(self.path);
        self.entries.is_some_and(|e| e.iter().any(|(key, _)| !known.contains(&key.get_ref().as_ref())))
    }

    fn unknown(&self, key: &str, at: &Range<usize>) {
        let known = keys::of_table(self.path);
        let near = nearest(key, known.iter().copied());
        let mut problem = Problem::new(format!("unknown key {}", quoted(key))).at(at);
        if let Some(near) = near {
            problem = problem.label(format!("did you mean `{near}`?"));
        } else {
            // Nobody knows what the value of such a key is.
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
        debug_assert!(keys::of_table(self.path).contains(&key), "{key} is missing in keys.rs");
        self.entries.and_then(|e| e.get(key))
    }

    /// A table in this one; an empty one when it was not written.
    pub(super) fn table(&self, key: &'static str, path: &'static str) -> Table<'a, 't> {
        let Some(entry) = self.entry(key) else { return Self::open(path, None, 0..0, self.report) };
        if let DeValue::Table(entries) = entry.get_ref() {
            return Self::open(path, Some(entries), entry.span(), self.report);
        }
        let title = format!("`{key}` must be a table, not {}", type_name(entry.get_ref()));
        self.report.push(Problem::new(title).at(&entry.span()).label(format!("write [{path}] on a line of its own")));
        Self::open(path, None, 0..0, self.report)
    }

    /// All tables `[[key]]`, in the order of the file.
    pub(super) fn tables(&self, key: &'static str) -> Vec<Table<'a, 't>> {
        let Some(entry) = self.entry(key) else { return Vec::new() };
        let wrong = |value: &Spanned<DeValue<'t>>| {
            let title = format!("`{key}` must be a list of tables, not {}", type_name(value.get_ref()));
            self.report.push(Problem::new(title).at(&value.span()).label(format!("write [[{key}]] above each entry")));
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

    /// One word of several, as what it stands for. `None`: not written, or unknown (and reported).
    pub(super) fn word<T: Copy>(&self, key: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let known: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let typed = self.text(key, known.first()?)?;
        if let Some((_, meaning)) = words.iter().find(|(word, _)| word == typed.get_ref()) {
            return Some(*meaning);
        }
        let problem = problem_at(key, &typed.span(), format!("unknown {key} {}", quoted(typed.get_ref())));
        self.report.push(match nearest(typed.get_ref(), words.iter().map(|(word, _)| *word)) {
            Some(near) => problem.label(format!("did you mean \"{near}\"?")),
            None => problem.label(format!("known: {}", known.join(", "))),
        });
        None
    }

    /// A text. `like` is what to write instead of something else.
    pub(super) fn text(&self, key: &'static str, like: &str) -> Option<Spanned<&'a str>> {
        let entry = self.entry(key)?;
        if let DeValue::String(text) = entry.get_ref() {
            return Some(Spanned::new(entry.span(), text.as_ref()));
        }
        let how = if like.starts_with('"') { "such as" } else { "write" };
        self.wrong_type(key, entry, "a text", &format!("{how} {like}"));
        None
    }

    /// A yes or no.
    pub(super) fn flag(&self, key: &'static str) -> Option<bool> {
        let entry = self.entry(key)?;
        if let DeValue::Boolean(flag) = entry.get_ref() {
            return Some(*flag);
        }
        self.wrong_type(key, entry, "true or false", "write true or false, without quotes");
        None
    }

    /// A whole number within limits.
    pub(super) fn count(&self, key: &'static str, default: u32, limits: std::ops::RangeInclusive<u32>) -> Read<u32> {
        let Some(entry) = self.entry(key) else { return Read::default(default) };
        let range = format!("a whole number from {} to {}", limits.start(), limits.end());
        let bad = Read { value: default, at: Some(entry.span()), sound: false };
        let DeValue::Integer(digits) = entry.get_ref() else {
            self.wrong_type(key, entry, "a whole number", &format!("write {range}, without quotes"));
            return bad;
        };
        match u32::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(value) if limits.contains(&value) => Read { value, sound: true, ..bad },
            _ => {
                let title = format!("`{key}` cannot be {}", quoted(self.report.source(&entry.span())));
                self.report.push(problem_at(key, &entry.span(), title).label(format!("expected {range}")));
                bad
            }
        }
    }

    /// A number above 0, with or without decimals.
    pub(super) fn rate(&self, key: &'static str, default: f64, most: f64) -> f64 {
        let Some(entry) = self.entry(key) else { return default };
        let typed = self.report.source(&entry.span());
        if !matches!(entry.get_ref(), DeValue::Integer(_) | DeValue::Float(_)) {
            let label = format!("write a number above 0, at most {most}, without quotes");
            self.wrong_type(key, entry, "a number", &label);
            return default;
        }
        match typed.replace('_', "").parse::<f64>() {
            Ok(rate) if rate > 0.0 && rate <= most => rate,
            _ => {
                let title = format!("`{key}` cannot be {}", quoted(typed));
                let label = format!("expected a number above 0, at most {most}");
                self.report.push(problem_at(key, &entry.span(), title).label(label));
                default
            }
        }
    }

    /// A length of time, written as text with units. `None`: not written, or wrong (and reported).
    pub(super) fn duration_if(&self, key: &'static str, like: &str) -> Option<Spanned<Duration>> {
        let entry = self.entry(key)?;
        let DeValue::String(text) = entry.get_ref() else {
            self.wrong_type(key, entry, "a duration", &format!("write it as text with its unit, such as \"{like}\""));
            return None;
        };
        match humantime::parse_duration(text) {
            Ok(value) if value <= LONGEST => Some(Spanned::new(entry.span(), value)),
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
    pub(super) fn duration(&self, key: &'static str, default: Duration) -> Read<Duration> {
        let like = spoken(default);
        match (self.duration_if(key, &like), self.entry(key)) {
            (Some(read), _) => Read { at: Some(read.span()), value: read.into_inner(), sound: true },
            (None, Some(entry)) => Read { value: default, at: Some(entry.span()), sound: false },
            (None, None) => Read::default(default),
        }
    }

    /// A list of texts; the wrong ones are reported and left out.
    pub(super) fn texts(&self, key: &'static str, like: &str) -> Option<Spanned<Vec<Spanned<&'a str>>>> {
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
        Some(Spanned::new(entry.span(), texts))
    }

    /// A list of texts and tables; what a table may hold is listed under the key. The wrong ones are reported and left
    /// out.
    pub(super) fn items(&self, key: &'static str, like: &str) -> Vec<Item<'a, 't>> {
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
    pub(super) fn size(&self, key: &'static str, default: usize, like: &str) -> Read<usize> {
        let Some(entry) = self.entry(key) else { return Read::default(default) };
        let size = match entry.get_ref() {
            DeValue::Integer(digits) => usize::from_str_radix(digits.as_str(), digits.radix()).ok(),
            DeValue::String(text) => bytes(text),
            _ => None,
        };
        let read = Read { value: size.unwrap_or(default), at: Some(entry.span()), sound: size.is_some() };
        if !read.sound {
            let title = format!("`{key}` is not a size");
            self.report.push(problem_at(key, &entry.span(), title).label(format!("write it as \"{like}\"")));
        }
        read
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
        self.report.push(Problem::new(title).at(&self.header).label(format!("add {key} = {like}")));
    }
}

/// A problem with the value of this key. The line of a secret is hidden.
pub(super) fn problem_at(key: &str, at: &Range<usize>, title: impl Into<String>) -> Problem {
    let problem = Problem::new(title).at(at);
    if is_secret_key(key) { problem.hide(Hidden::Secret) } else { problem }
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
