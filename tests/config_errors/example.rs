//! `config.example.toml` is the documentation of every key: it parses, and it knows what the checker knows.

use super::config;
use savehub::config::{ProviderChoice, known_keys};
use std::collections::BTreeSet;

const EXAMPLE: &str = include_str!("../../config.example.toml");

#[test]
fn the_example_passes_as_it_stands_and_calls_nobody() {
    let config = config(&[], EXAMPLE).unwrap();
    assert_eq!(config.provider.chosen, ProviderChoice::Mock);
    assert_eq!((config.people.len(), config.ladder.len()), (1, 2));
}

#[test]
fn the_example_holds_every_key_of_the_checker_and_no_other() {
    let mut table = "";
    let mut written = BTreeSet::new();
    for line in EXAMPLE.lines() {
        if line.starts_with('[') {
            table = line.trim_matches(['[', ']']);
        } else if let Some((key, _)) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            written.insert((table, key));
        }
    }
    assert_eq!(written, known_keys().collect::<BTreeSet<_>>());
}

#[test]
fn the_defaults_the_example_shows_are_the_defaults() {
    // Lines that show an example, not a default, or one of several ways.
    let examples = ["webhook_url", "retention", "outcomes", "proxy", "ca_file", "voice", "zone", "message"];
    let shown: String = EXAMPLE
        .lines()
        .take_while(|line| !line.starts_with("[provider.twilio]"))
        .map(|line| match line.strip_prefix("# ").unwrap_or(line).split_once(" = ") {
            Some((key, _)) if known_keys().any(|(_, k)| k == key) && !examples.contains(&key) => {
                format!("{}\n", line.trim_start_matches("# "))
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let (shown, default) = (config(&[], &shown).unwrap(), config(&[], "").unwrap());
    assert_eq!(format!("{:?}", shown.engine), format!("{:?}", default.engine));
    assert_eq!(format!("{:?}", shown.guards), format!("{:?}", default.guards));
    assert_eq!((shown.database, shown.test_mode, shown.ladder), (default.database, default.test_mode, default.ladder));
}

#[test]
fn the_message_of_the_example_is_the_default_one() {
    assert!(EXAMPLE.contains(&format!("# message = \"{}\"\n", savehub::rules::message::DEFAULT_MESSAGE)));
}
