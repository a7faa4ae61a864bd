//! `config.example.toml` is the documentation of every key: it parses, and it knows what the checker knows.

use super::config;
use savehub::config::{Config, Person, ProviderChoice, Security, WebhookFormat, known_keys};
use std::collections::BTreeSet;

const EXAMPLE: &str = include_str!("../../../config.example.toml");

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
        if let Some(header) = line.trim_start_matches("# ").strip_prefix('[') {
            table = header.trim_matches(['[', ']']);
            // What such tables are called is up to the user.
            table = table.split_once('.').map_or(table, |(kind, _)| if kind == "provider" { table } else { kind });
        } else if let Some((_, item)) = line.split_once("#   { ") {
            let list = if table == "webhook" { "headers" } else { "calendars" };
            let keys = item.split(", ").filter_map(|part| part.split_once(" = "));
            written.extend(keys.map(|(key, _)| (list, key)));
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
    let examples = [
        "webhook_url",
        "retention",
        "user_agent",
        "working_hours",
        "joined",
        "missed",
        "key_bin",
        "budget",
        "ca_file",
        "proxy",
    ];
    let is_example = |key: &str| {
        examples.contains(&key) || ["store", "heartbeat_", "metrics_file"].iter().any(|start| key.starts_with(start))
    };
    let shown: String = EXAMPLE
        .lines()
        .take_while(|line| !line.starts_with("[provider.mock]"))
        .map(|line| match line.strip_prefix("# ").unwrap_or(line).split_once(" = ") {
            Some((key, _)) if known_keys().any(|(_, k)| k == key) && !is_example(key) => {
                format!("{}\n", line.trim_start_matches("# "))
            }
            _ => format!("{line}\n"),
        })
        .collect();
    let ana = "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n";
    let (shown, default) = (config(&[], &format!("{shown}{ana}")).unwrap(), config(&[], ana).unwrap());
    assert_eq!((&shown.calendar, &shown.people[0].policy), (&default.calendar, &default.people[0].policy));
    assert_eq!(shown.hear, default.hear);
    assert_eq!(format!("{:?}", shown.engine), format!("{:?}", default.engine));
    assert_eq!(format!("{:?}", shown.guards), format!("{:?}", default.guards));
    assert_eq!((shown.database, shown.test_mode, shown.ladder), (default.database, default.test_mode, default.ladder));
}

#[test]
fn a_config_that_says_nothing_holds_the_default_of_every_section() {
    let sections = |config: &Config| {
        let guards = (&config.guards, &config.engine, &config.ladder, config.repeat, config.machine_detection);
        let people = (&config.contacts, &config.calendar, &config.hear, &config.report, &config.people[..]);
        let others = (&config.provider, config.test_mode, &config.store, &config.watcher);
        let channels = (&config.channels.email, &config.channels.webhooks, &config.channels.commands);
        format!("{guards:?} {people:?} {others:?} {channels:?}")
    };
    assert_eq!(sections(&config(&[], "").unwrap()), sections(&Config::default()));
    let ana = config(&[], "[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n").unwrap();
    assert_eq!(format!("{:?}", ana.people[0]), format!("{:?}", Person::new("ana", ana.people[0].phone.clone())));
}

#[test]
fn the_message_of_the_example_is_the_default_one() {
    assert!(EXAMPLE.contains(&format!("# message = \"{}\"\n", savehub::rules::message::DEFAULT_MESSAGE)));
}

#[test]
fn the_calendars_of_the_example_are_calendars() {
    let list: Vec<_> = EXAMPLE.lines().skip_while(|l| *l != "# calendars = [").take_while(|l| *l != "# ]").collect();
    let list = list.iter().map(|line| line.trim_start_matches("# ")).collect::<Vec<_>>().join("\n");
    let text = format!("[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n{list}\n]\n");
    // What stands elsewhere is fetched with a look, not now.
    assert_eq!(config(&[], &text).unwrap().people[0].calendars.len(), list.matches('\n').count());
}

#[test]
fn the_channels_of_the_example_can_be_copied() {
    let from = EXAMPLE.lines().skip_while(|line| *line != "# [email]");
    let lines = from.take_while(|line| *line != "[[person]]").map(|line| line.trim_start_matches("# "));
    let typed = lines.filter(|line| line.starts_with(['[', ']']) || line.starts_with("  { ") || line.contains(" = "));
    // Of several ways, the first; and no file but those that are there.
    let others = ["password_env", "password_command", "password ", "url_env", "url_command", "url ", "ca_file"];
    let typed = typed.filter(|line| !others.iter().any(|other| line.starts_with(other))).collect::<Vec<_>>().join("\n");
    let config = config(&[], &typed).unwrap().channels;
    let email = config.email.as_ref().unwrap();
    assert_eq!((email.host.as_str(), email.port, email.security), ("smtp.example.com", 587, Security::StartTls));
    assert_eq!(config.webhook("phone").unwrap().format, WebhookFormat::Json);
    assert_eq!(config.command("lamp").unwrap().argv, ["/usr/local/bin/lamp", "red"]);
}
