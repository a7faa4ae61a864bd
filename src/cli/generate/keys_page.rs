//! The page savehub.toml(5): every key of the config, as `config.example.toml` explains it and as the checker takes it.

mod example;

use super::parts::{DATE, VERSION, trimmed};
use crate::config;
use clap_mangen::roff::{Inline, Roff, bold, roman};
use example::{Group, Key, Section};
use std::path::Path;

/// Keys without which their table is refused; a test asks the checker.
const NEEDED: &[(&str, &[&str])] = &[
    ("provider.twilio", &["account_sid", "from"]),
    ("email", &["host", "from"]),
    ("command", &["run"]),
    ("person", &["id", "phone"]),
    ("contact", &["name"]),
    ("ladder", &["step", "before"]),
];

/// What else a table needs to be complete, of which there are several ways.
const BESIDES: &[(&str, &str)] = &[
    ("provider.twilio", "auth_token = \"token\""),
    ("webhook", "url = \"https://example.com/1\""),
    ("contact", "email = \"bea@example.com\""),
];

const DESCRIPTION: &[&str] = &[
    "The config of savehub is one TOML file. Every command reads it, so a change counts from the next tick on. The file \
     is the one that `--config` or the variable `SAVEHUB_CONFIG` names. Without one, it is \
     `$XDG_CONFIG_HOME/savehub/config.toml` (`~/.config/savehub/config.toml`), or else `/etc/xdg/savehub/config.toml`.",
    "savehub refuses a key that it does not know, a value of the wrong type and a value that cannot work. It reports all \
     of them at once, with the line and what to write instead, and does nothing. `savehub config check` checks a config \
     and changes nothing. Only its owner may read a file that holds a secret.",
    "The variables `CALL_PROVIDER`, `CALL_TEST_MODE`, `TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`, `TWILIO_FROM_NUMBER` \
     and `CALL_WEBHOOK_URL` win over the file.",
    "A time span is a text with units: \"90s\", \"3m\", \"1h 30m\", \"180d\". A path that starts with `~/` is in your \
     home; any other path that does not start with `/` is beside the file.",
    "The shortest config that works names one person and uses the mock phone:",
];

const SHORTEST: &str = "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"";

/// The page. It depends on the version alone.
pub(super) fn page() -> String {
    let mut roff = Roff::new();
    roff.control("TH", ["savehub.toml", "5", DATE, VERSION, "File formats"]);
    roff.control("SH", ["NAME"]).text([roman("savehub.toml - the configuration of savehub")]);
    roff.control("SH", ["DESCRIPTION"]);
    for (at, paragraph) in DESCRIPTION.iter().enumerate() {
        if at > 0 {
            roff.control("PP", []);
        }
        roff.text(words(paragraph));
    }
    roff.control("PP", []);
    verbatim(&mut roff, SHORTEST);
    for section in &example::sections() {
        show(&mut roff, section);
    }
    roff.control("SH", ["SEE ALSO"]);
    let pages = ["savehub(1)", "savehub-calendar(7)", "savehub-channels(7)", "savehub-hear(7)", "savehub-twilio(7)"];
    roff.text([roman(pages.join(", "))]);
    trimmed(&roff.render())
}

fn show(roff: &mut Roff, section: &Section) {
    roff.control("SH", [section.heading().as_str()]);
    for (at, paragraph) in section.intro.iter().enumerate() {
        if at > 0 {
            roff.control("PP", []);
        }
        roff.text(words(paragraph));
    }
    for group in &section.groups {
        entry(roff, &section.table, group);
    }
    if let Some((text, copy)) = &section.copy {
        roff.control("PP", []).text(words(text)).control("PP", []);
        verbatim(roff, copy);
    }
}

/// The longest default, in bytes, that stands beside its key and not below the words.
const SHORT: usize = 40;

/// Keys that are explained together: each with type and default, then the words, then what has no default as an example.
fn entry(roff: &mut Roff, table: &str, group: &Group) {
    let mut shown_below = Vec::new();
    for (at, key) in group.keys.iter().enumerate() {
        let shown = shows(table, key);
        let short = shown == Shows::Default && key.value.len() <= SHORT;
        let note = match shown {
            Shows::Default if short => format!("  ({}, default {})", kind(&key.value), key.value),
            Shows::Needed => format!("  ({}, needed)", kind(&key.value)),
            _ => format!("  ({})", kind(&key.value)),
        };
        if !short {
            shown_below.push((if shown == Shows::Default { "Default" } else { "Example" }, key));
        }
        roff.control(if at == 0 { "TP" } else { "TQ" }, []);
        roff.text([bold(key.name.clone()), roman(note)]);
    }
    if !group.text.is_empty() {
        roff.text(words(&group.text));
    }
    for (at, (what, key)) in shown_below.iter().enumerate() {
        if at > 0 || !group.text.is_empty() {
            roff.control("br", []);
        }
        if key.value.contains('\n') {
            verbatim(roff, &key.line());
        } else {
            roff.text([roman(format!("{what}: {}", key.line()))]);
        }
    }
}

fn verbatim(roff: &mut Roff, text: &str) {
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// What stands between backticks is bold.
fn words(text: &str) -> Vec<Inline> {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { bold(part) } else { roman(part) }).collect()
}

/// What the line of a key shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shows {
    /// The default: the config is the same without it.
    Default,
    /// One of many; without it there is no config.
    Needed,
    /// One of many.
    Example,
}

/// Asks the checker.
fn shows(table: &str, key: &Key) -> Shows {
    if needed(table).contains(&key.name.as_str()) {
        return Shows::Needed;
    }
    let without = checked(&file(table, None));
    let same = |key: &Key| checked(&file(table, Some(key))) == without;
    // What a checked config does not show would seem to make no difference.
    let seen = || nudged(&key.value).is_none_or(|value| !same(&Key { name: key.name.clone(), value }));
    if without.is_some() && same(key) && seen() { Shows::Default } else { Shows::Example }
}

/// A value beside this one; `None` where there is nothing to change.
fn nudged(value: &str) -> Option<String> {
    let at = value.rfind(|c: char| c.is_ascii_alphanumeric())?;
    let next = match value.as_bytes()[at] {
        b'9' => '0',
        b'z' | b'Z' => 'a',
        other => char::from(other + 1),
    };
    Some(format!("{}{next}{}", &value[..at], &value[at + 1..]))
}

fn needed(table: &str) -> &'static [&'static str] {
    NEEDED.iter().find(|(named, _)| *named == table).map_or(&[], |(_, keys)| keys)
}

/// A config with this table, its needed keys and one more.
fn file(table: &str, more: Option<&Key>) -> String {
    let mut text = String::new();
    let mut line = |words: &str| text.extend([words, "\n"]);
    let keys: Vec<Key> = example::sections().into_iter().filter(|s| s.table == table).flat_map(Section::keys).collect();
    if table.is_empty() {
        line(&more.map(Key::line).unwrap_or_default());
    }
    if table == "provider.twilio" {
        line("[call]\nprovider = \"twilio\"");
    }
    if table != "person" {
        line(SHORTEST);
    }
    if !table.is_empty() {
        line(&match table {
            "person" | "contact" | "ladder" => format!("[[{table}]]"),
            "webhook" | "command" => format!("[{table}.one]"),
            _ => format!("[{table}]"),
        });
        let besides = BESIDES.iter().filter(|(named, _)| *named == table).map(|(_, line)| *line);
        besides.for_each(&mut line);
        for key in keys.iter().filter(|key| needed(table).contains(&key.name.as_str())).chain(more) {
            line(&key.line());
        }
    }
    text
}

/// The checked config as text, if it is one.
fn checked(text: &str) -> Option<String> {
    let home = |name: &str| (name == "HOME").then(|| "/home/you".to_owned());
    let path = Path::new("/home/you/.config/savehub/config.toml");
    config::from_text(text, path, &home).ok().map(|config| format!("{config:?}"))
}

/// The type of a value, in words.
fn kind(value: &str) -> &'static str {
    let text = value.trim_matches('"');
    match value.chars().next() {
        Some('"') if text.ends_with(" MB") => "size",
        Some('"') if text.starts_with(|c: char| c.is_ascii_digit()) && humantime::parse_duration(text).is_ok() => {
            "time span"
        }
        Some('"') => "text",
        Some('[') if value.contains('{') => "list",
        Some('[') => "list of texts",
        Some('t' | 'f') => "true or false",
        _ => "whole number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_checker_has_an_entry_or_stands_in_the_list_it_belongs_to() {
        let sections = example::sections();
        for (table, key) in config::known_keys() {
            // The tables of these two lists are shown where the list is.
            let list = match table {
                "calendars" => Some("person"),
                "headers" => Some("webhook"),
                _ => None,
            };
            let section = sections.iter().find(|s| s.table == list.unwrap_or(table)).unwrap();
            let keys: Vec<&Key> = section.groups.iter().flat_map(|group| &group.keys).collect();
            let shown = match list {
                None => keys.iter().filter(|k| k.name == key).count() == 1,
                Some(_) => keys.iter().any(|k| k.name == table && k.value.contains(&format!("{key} = "))),
            };
            assert!(shown, "{table}.{key}");
        }
    }

    #[test]
    fn the_needed_keys_are_those_the_checker_does_not_do_without() {
        for section in example::sections() {
            let table = section.table.as_str();
            let whole = file(table, None);
            assert!(checked(&whole).is_some(), "[{table}] with what it needs:\n{whole}");
            for key in needed(table) {
                let start = format!("{key} = ");
                let less = whole.lines().filter(|line| !line.starts_with(&start)).collect::<Vec<_>>().join("\n");
                assert!(checked(&less).is_none(), "{table}.{key}");
            }
        }
    }

    #[test]
    fn a_default_is_what_the_checker_takes_without_the_key() {
        let key = |name: &str, value: &str| Key { name: name.into(), value: value.into() };
        assert_eq!(shows("guards", &key("max_calls", "2")), Shows::Default);
        assert_eq!(shows("guards", &key("max_calls", "3")), Shows::Example);
        assert_eq!(shows("provider.twilio", &key("base_url", "\"https://api.twilio.com\"")), Shows::Default);
        assert_eq!(shows("person", &key("id", "\"ana\"")), Shows::Needed);
        // No checked config shows it, with or without.
        assert_eq!(shows("provider.twilio", &key("proxy", "\"http://proxy.example.com:3128\"")), Shows::Example);
    }

    #[test]
    fn types_are_told_from_values() {
        for (value, expected) in [
            ("\"90s\"", "time span"),
            ("\"20 MB\"", "size"),
            ("\"+12025550101\"", "text"),
            ("[]", "list of texts"),
            ("16", "whole number"),
            ("false", "true or false"),
        ] {
            assert_eq!(kind(value), expected, "{value}");
        }
    }
}
