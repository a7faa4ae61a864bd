//! The pages besides savehub(1) say what the program does: their configs pass, their variables exist, their codes and words
//! are the program's. (That they are what this version writes is tested beside their generator.)

use crate::support::documents::{VARIABLES, config, shown};
use savehub::config::known_keys;
use savehub::provider::{known_codes, remedy};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const CONFIG: &str = include_str!("../../man/savehub.toml.5");
const OVERVIEW: &str = include_str!("../../man/savehub.1");
const TWILIO: &str = include_str!("../../man/savehub-twilio.7");

/// Every page, by its file name.
fn pages() -> Vec<(String, String)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let read = fs::read_dir(dir).unwrap().map(|entry| {
        let path = entry.unwrap().path();
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
    });
    read.collect()
}

// --- pieces of config ---

/// The blocks of a page that are pieces of a config.
fn pieces(page: &str) -> Vec<String> {
    let is_key = |word: &str| known_keys().any(|(table, key)| key == word || table == word);
    let is_piece = |block: &String| {
        let first = block.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        first.is_some_and(|line| match line.strip_prefix('[') {
            Some(header) => is_key(header.trim_matches(['[', ']']).split('.').next().unwrap()),
            None => line.split_once(" = ").is_some_and(|(key, _)| is_key(key)),
        })
    };
    shown(page).into_iter().filter(is_piece).collect()
}

/// A whole config around a piece: a key without its table stands where it belongs, and there are the tables it speaks of.
fn whole(piece: &str) -> String {
    let has = |header: &str| piece.lines().any(|line| line == header);
    let ana = "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\nemail = \"ana@example.com\"\n";
    let first = piece.lines().find(|line| !line.is_empty() && !line.starts_with('#')).unwrap();
    let key = first.split_once(" = ").map_or("", |(key, _)| key);
    let belongs = |table: &str| !first.starts_with('[') && known_keys().any(|(t, k)| t == table && k == key);
    let mut text = if belongs("") {
        piece.to_owned()
    } else if belongs("person") {
        format!("{ana}{piece}")
    } else if belongs("command") {
        format!("[command.lamp]\n{piece}")
    } else if belongs("webhook") {
        format!("[webhook.phone]\nurl = \"https://example.com/1\"\n{piece}")
    } else {
        piece.to_owned()
    };
    for (header, rest) in [
        ("[email]", "host = \"smtp.example.com\"\nfrom = \"savehub@example.com\"\n"),
        ("[webhook.phone]", "url = \"https://example.com/1\"\n"),
        ("[command.lamp]", "run = [\"/usr/local/bin/lamp\"]\n"),
        ("[[contact]]", "name = \"Bea\"\nphone = \"+12025550102\"\n"),
    ] {
        if !has(header) && !text.contains(&format!("{header}\n")) {
            text.extend(["\n", header, "\n", rest]);
        }
    }
    if has("[provider.twilio]") && !has("[call]") {
        text.push_str("\n[call]\nprovider = \"twilio\"\n");
    }
    if text.contains("[[person]]") { text } else { format!("{text}\n{ana}") }
}

#[test]
fn every_piece_of_config_on_a_page_is_one_the_checker_takes() {
    let mut found = BTreeSet::new();
    for (name, page) in pages() {
        for piece in pieces(&page) {
            config(&whole(&piece));
            found.insert(name.clone());
        }
    }
    let expected = ["savehub-calendar.7", "savehub-channels.7", "savehub-hear.7", "savehub-twilio.7", "savehub.toml.5"];
    assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

// --- savehub.toml(5) ---

/// The keys and defaults of the page: (heading, key, default).
fn entries() -> Vec<(String, String, Option<String>)> {
    let plain = CONFIG.replace("\\-", "-").replace("\\(aq", "'").replace("\\*(Aq", "'");
    let mut heading = String::new();
    let mut found = Vec::new();
    for line in plain.lines() {
        if let Some(title) = line.strip_prefix(".SH ") {
            title.trim_matches(['"', '[', ']']).clone_into(&mut heading);
        } else if let Some((key, note)) = line.strip_prefix("\\fB").and_then(|rest| rest.split_once("\\fR  (")) {
            let default =
                note.split_once(", default ").map(|(_, default)| default.strip_suffix(')').unwrap().to_owned());
            found.push((heading.clone(), key.to_owned(), default));
        } else if let Some((key, default)) = line.strip_prefix("Default: ").and_then(|rest| rest.split_once(" = ")) {
            for entry in found.iter_mut().filter(|(h, k, _)| *h == heading && k == key) {
                entry.2 = Some(default.to_owned());
            }
        }
    }
    found
}

#[test]
fn the_page_of_the_config_has_every_key_of_the_checker_once() {
    let entries = entries();
    let of = |heading: &str| match heading {
        "TOP OF THE FILE" => String::new(),
        named => named.trim_end_matches(".NAME").to_owned(),
    };
    let shown: Vec<_> = entries.iter().map(|(heading, key, _)| (of(heading), key.clone())).collect();
    let once: BTreeSet<_> = shown.iter().cloned().collect();
    assert_eq!(shown.len(), once.len(), "a key has two entries");
    // The tables in two lists are shown where the list is.
    let known = known_keys().filter(|(table, _)| !matches!(*table, "calendars" | "headers"));
    assert_eq!(once, known.map(|(table, key)| (table.to_owned(), key.to_owned())).collect());
}

#[test]
fn a_config_of_all_the_defaults_on_the_page_is_the_default_one() {
    let entries = entries();
    let mut text = String::new();
    let mut count = 0;
    for heading in ["call", "guards", "engine", "calendar", "hear"] {
        text.extend(["[", heading, "]\n"]);
        for (_, key, default) in entries.iter().filter(|(h, ..)| h == heading) {
            if let Some(default) = default {
                count += 1;
                text.extend([key.as_str(), " = ", default, "\n"]);
            }
        }
    }
    assert!(count >= 35, "only {count} defaults were read:\n{text}");
    let (shown, default) = (config(&text), config(""));
    for (shown, default) in [
        (format!("{:?}", shown.guards), format!("{:?}", default.guards)),
        (format!("{:?}", shown.engine), format!("{:?}", default.engine)),
        (format!("{:?}", shown.calendar), format!("{:?}", default.calendar)),
        (format!("{:?}", shown.hear), format!("{:?}", default.hear)),
        (format!("{:?}", shown.repeat), format!("{:?}", default.repeat)),
    ] {
        assert_eq!(shown, default);
    }
    assert_eq!((shown.test_mode, shown.machine_detection), (default.test_mode, default.machine_detection));
}

// --- savehub-twilio(7) ---

#[test]
fn the_setup_guide_names_every_variable_of_the_provider_and_no_other() {
    let known: Vec<&str> = VARIABLES.into_iter().chain(["CREDENTIALS_DIRECTORY"]).collect();
    let words = TWILIO.split(|c: char| !(c.is_ascii_uppercase() || c == '_')).filter(|word| word.contains('_'));
    let named: BTreeSet<&str> = words.filter(|word| word.len() > 3 && !word.ends_with('_')).collect();
    for word in &named {
        // A heading of another page.
        assert!(known.contains(word) || *word == "ON_UNKNOWN", "{word} is no variable of savehub");
        assert!(OVERVIEW.contains(word) || *word == "ON_UNKNOWN", "savehub(1) does not name {word}");
    }
    for name in known.iter().filter(|name| **name != "SAVEHUB_CONFIG") {
        assert!(named.contains(name), "the guide does not name {name}");
    }
}

#[test]
fn the_setup_guide_names_keys_that_exist() {
    let mut count = 0;
    for line in TWILIO.lines() {
        let word =
            line.strip_prefix(".B ").or_else(|| line.strip_prefix(".RB ( ")).or_else(|| line.strip_prefix(".BR "));
        let word = word.and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
        let key = !word.starts_with('_') && !word.ends_with('_') && word.contains('_');
        if key && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_') {
            count += 1;
            // The name of a systemd credential.
            let known = known_keys().any(|(_, known)| known == word) || word == "twilio_auth_token";
            assert!(known, "{word} is no key");
        }
    }
    assert!(count > 8, "only {count} keys were found");
}

#[test]
fn the_setup_guide_has_each_code_the_program_knows_with_its_remedy() {
    let read = TWILIO.replace("\\-", "-");
    let table = read.split_once(".SH \"ERROR CODES\"").unwrap().1.split_once(".SH COST").unwrap().0;
    for (code, _) in known_codes() {
        let entry = table.split(".TP\n").find(|entry| entry.lines().next().unwrap().contains(&code.to_string()));
        assert!(entry.unwrap().contains(remedy(code).unwrap().trim_end_matches('.')), "{code}");
    }
    for code in read.split(|c: char| !c.is_ascii_digit()).filter(|word| word.len() == 5 && !word.starts_with('0')) {
        assert!(known_codes().any(|(known, _)| known.to_string() == code), "{code} is none the program knows");
    }
}

#[test]
fn the_setup_guide_has_the_parts_somebody_new_looks_for() {
    for heading in [
        "DESCRIPTION",
        "ENVIRONMENT",
        "\"GETTING CREDENTIALS\"",
        "INSTALLING",
        "\"TESTING SAFELY\"",
        "\"HOW A CALL FLOWS\"",
        "SAFETY",
        "MONITORING",
        "TROUBLESHOOTING",
        "COST",
        "\"MOCK AND REAL\"",
        "SECURITY",
        "REFERENCES",
    ] {
        assert_eq!(TWILIO.matches(&format!("\n.SH {heading}\n")).count(), 1, "{heading}");
    }
}
