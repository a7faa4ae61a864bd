//! The values of a table, by their types. Each is noted for `config show` as it is read.

use super::{Item, Read, Table, problem_at, spoken};
use crate::config::effective::Value;
use crate::config::places;
use crate::config::screen::quoted;
use crate::near::nearest;
use std::ops::{Range, RangeInclusive};
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

    /// The value under a key, if it is of the wanted type; one of another type is reported.
    fn typed<T>(
        &self,
        key: &'static str,
        wanted: &str,
        label: impl FnOnce() -> String,
        pick: impl FnOnce(&'a DeValue<'t>) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let entry = self.entry(key)?;
        let value = pick(entry.get_ref());
        if value.is_none() {
            self.wrong_type(key, entry, wanted, &label());
        }
        value.map(|value| Spanned::new(entry.span(), value))
    }

    /// The value that was read under a key; `None`: the default.
    fn or_default<T>(&self, key: &'static str, value: Option<T>, default: T) -> Read<T> {
        let at = self.entry(key).map(Spanned::span);
        Read { sound: at.is_none() || value.is_some(), value: value.unwrap_or(default), at }
    }

    fn out_of_range(&self, key: &'static str, at: &Range<usize>, range: &str) {
        let title = format!("`{key}` cannot be {}", quoted(self.report.source(at)));
        self.report.push(problem_at(key, at, title).label(format!("expected {range}")));
    }

    /// A text. `like` is what to write instead of something else.
    pub(in crate::config) fn text(&self, key: &'static str, like: &str) -> Option<Spanned<&'a str>> {
        let how = if like.starts_with('"') { "such as" } else { "write" };
        let text = self.typed(key, "a text", || format!("{how} {like}"), DeValue::as_str)?;
        self.note_open(key, || Value::text(text.get_ref()));
        Some(text)
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
        self.report.wrong(&text.span(), title, label);
        None
    }

    /// A yes or no.
    pub(in crate::config) fn flag(&self, key: &'static str, default: bool) -> bool {
        let label = || "write true or false, without quotes".into();
        let flag = self.typed(key, "true or false", label, DeValue::as_bool).map_or(default, Spanned::into_inner);
        self.note(key, || Value::Flag(flag));
        flag
    }

    /// A whole number within limits.
    pub(in crate::config) fn count(&self, key: &'static str, default: u32, limits: RangeInclusive<u32>) -> Read<u32> {
        let range = || format!("a whole number from {} to {}", limits.start(), limits.end());
        let label = || format!("write {}, without quotes", range());
        let digits = self.typed(key, "a whole number", label, DeValue::as_integer);
        let value = digits.as_ref().and_then(|digits| {
            let number = u32::from_str_radix(digits.get_ref().as_str(), digits.get_ref().radix());
            number.ok().filter(|number| limits.contains(number))
        });
        if let (Some(digits), None) = (&digits, value) {
            self.out_of_range(key, &digits.span(), &range());
        }
        self.note(key, || Value::Number(value.unwrap_or(default).into()));
        self.or_default(key, value, default)
    }

    /// A number above 0, whole or with a point.
    pub(in crate::config) fn rate(&self, key: &'static str, most: f64) -> Option<f64> {
        let range = || format!("a number above 0, at most {most}");
        let number = |value: &DeValue<'_>| match value {
            DeValue::Integer(digits) => Some(i32::from_str_radix(digits.as_str(), digits.radix()).ok().map(f64::from)),
            DeValue::Float(digits) => Some(digits.as_str().parse().ok()),
            _ => None,
        };
        let number = self.typed(key, "a number", || format!("write {}, without quotes", range()), number)?;
        let sound = number.get_ref().filter(|number| *number > 0.0 && *number <= most);
        if sound.is_none() {
            self.out_of_range(key, &number.span(), &range());
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
        let label = || format!("write it as text with its unit, such as \"{like}\"");
        let text = self.typed(key, "a duration", label, DeValue::as_str)?;
        let (title, label) = match humantime::parse_duration(text.get_ref()) {
            Ok(value) if value <= LONGEST => {
                self.note(key, || Value::duration(value));
                return Some(Spanned::new(text.span(), value));
            }
            Ok(_) => (format!("`{key}` is longer than ten years"), "such as"),
            Err(_) => {
                (format!("invalid duration {}", quoted(text.get_ref())), "expected a number with s, m or h, such as")
            }
        };
        self.report.push(problem_at(key, &text.span(), title).label(format!("{label} \"{like}\"")));
        None
    }

    /// A length of time with a default.
    pub(in crate::config) fn duration(&self, key: &'static str, default: Duration) -> Read<Duration> {
        self.note(key, || Value::duration(default));
        let read = self.duration_if(key, &spoken(default)).map(Spanned::into_inner);
        self.or_default(key, read, default)
    }

    /// A list of texts; the wrong ones are reported and left out.
    pub(in crate::config) fn texts(&self, key: &'static str, like: &str) -> Option<Spanned<Vec<Spanned<&'a str>>>> {
        self.note_open(key, || Value::List(Vec::new()));
        let items = self.typed(key, "a list", || format!("write {like}"), DeValue::as_array)?;
        let text = |item: &'a Spanned<DeValue<'t>>| {
            let text = item.get_ref().as_str();
            if text.is_none() {
                self.wrong_type(key, item, "a list of texts", &format!("write {like}"));
            }
            Some(Spanned::new(item.span(), text?))
        };
        let texts: Vec<_> = items.get_ref().iter().filter_map(text).collect();
        self.note_open(key, || Value::texts(texts.iter().map(|text| *text.get_ref())));
        Some(Spanned::new(items.span(), texts))
    }

    /// A list of texts and tables; what a table may hold is listed under the key. The wrong ones are reported and left
    /// out.
    pub(in crate::config) fn items(&self, key: &'static str, like: &str) -> Vec<Item<'a, 't>> {
        let items = self.typed(key, "a list", || format!("write {like}"), DeValue::as_array);
        let read = |item: &'a Spanned<DeValue<'t>>| match item.get_ref() {
            DeValue::String(text) => Some(Item::Text(Spanned::new(item.span(), text.as_ref()))),
            DeValue::Table(entries) => Some(Item::Table(Self::open(key, Some(entries), item.span(), self.report))),
            _ => {
                self.wrong_type(key, item, "a list of texts and tables", &format!("write {like}"));
                None
            }
        };
        items.into_iter().flat_map(Spanned::into_inner).filter_map(read).collect()
    }

    /// A size in bytes, written as a number or as text with a unit.
    pub(in crate::config) fn size(&self, key: &'static str, default: usize, like: &str) -> Read<usize> {
        let size = |value: &DeValue<'_>| match value {
            DeValue::Integer(digits) => usize::from_str_radix(digits.as_str(), digits.radix()).ok(),
            DeValue::String(text) => bytes(text),
            _ => None,
        };
        let read = self.or_default(key, self.entry(key).and_then(|entry| size(entry.get_ref())), default);
        if let (Some(at), false) = (&read.at, read.sound) {
            let title = format!("`{key}` is not a size");
            self.report.push(problem_at(key, at, title).label(format!("write it as \"{like}\"")));
        }
        self.note(key, || Value::size(read.value));
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
