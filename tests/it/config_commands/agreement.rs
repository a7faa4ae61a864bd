//! What `config show` says is what the checked config holds, for every key there is.

use super::{setting, settings};
use crate::support::cli::{ANA, Cli};
use savehub::config::{Config, from_text, known_keys};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

const EXAMPLE: &str = include_str!("../../../config.example.toml");

fn config(text: &str) -> Config {
    let env = |name: &str| (name == "HOME").then(|| "/home/ana".to_owned());
    from_text(text, Path::new("/home/ana/config.toml"), &env).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

#[test]
fn every_key_savehub_knows_is_shown_whether_it_is_written_or_not() {
    let known: BTreeSet<_> = known_keys().map(|(table, key)| (table.to_owned(), key.to_owned())).collect();
    for text in [ANA, "[call]\nprovider = \"mock\"\n", EXAMPLE] {
        let cli = Cli::with(text);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let shown: BTreeSet<_> = settings(&cli).iter().map(|s| (text(&s["table"]), text(&s["key"]))).collect();
        assert_eq!(shown, known);
        let out = cli.ok(&["config", "show"]);
        let words: BTreeSet<_> = out.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
        for (table, key) in known_keys() {
            assert!(words.contains(key), "{table}.{key} is not in:\n{out}");
        }
    }
}

#[test]
fn the_defaults_that_are_shown_are_those_of_the_example() {
    // Lines that show an example, where there is no default.
    let examples =
        ["webhook_url", "retention", "user_agent", "working_hours", "key_bin", "voice", "budget", "ca_file", "proxy"];
    let of_the_top = |key: &str| ["store", "heartbeat_", "metrics_file"].iter().any(|start| key.starts_with(start));
    let cli = Cli::with(ANA);
    let (all, mut table, mut seen) = (settings(&cli), "", 0);
    for line in EXAMPLE.lines().take_while(|line| !line.starts_with("[provider.mock]")) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.trim_end_matches(']');
        }
        let Some((key, written)) = line.trim_start_matches("# ").split_once(" = ") else { continue };
        let example = (table.is_empty() && of_the_top(key))
            || examples.contains(&key)
            || (table == "hear" && ["joined", "missed"].contains(&key));
        if !known_keys().any(|known| known == (table, key)) || example {
            continue;
        }
        let shown = setting(&all, table, None, key);
        assert_eq!(shown["source"], "default", "{shown}");
        let written: toml::Table = toml::from_str(&format!("v = {written}")).unwrap();
        let written = serde_json::to_value(&written["v"]).unwrap();
        match key {
            "database" => assert_eq!(shown["value"], written.as_str().unwrap().replace('~', "HOME")),
            "message" => {
                let start = shown["value"].as_str().unwrap().trim_end_matches('…');
                assert!(written.as_str().unwrap().starts_with(start), "{shown}");
            }
            _ => assert_eq!(shown["value"], written, "{table}.{key}"),
        }
        seen += 1;
    }
    assert!(seen > 30, "only {seen} defaults were compared");
}

/// Every key without a secret, with a value that is not its default.
const OTHERWISE: &str = r#"
database = "/var/lib/x.db"

[call]
provider = "mock"
test_mode = true
message = "{name}: {title}"
voice = "Polly.Joanna"
language = "de-DE"
repeat = "until-joined"
machine_detection = true

[guards]
critical_window = "4m"
max_calls = 3
max_calls_per = "11m"
max_sms = 4
daily_cap_per_person = 5
daily_cap = 6
number_gap = "30s"
allowed_prefixes = ["+1", "+49"]

[engine]
ring_timeout = "25s"
request_timeout = "10s"
hard_timeout = "30s"
lease = "3m"
settle = "40s"
tick_limit = "50s"
parallel = 3
grace = "20m"
retention = "90d"
preflight = false
on_unknown = "call"

[calendar]
refresh = "6m"
timeout = "14s"
max_size = "512 kB"
parallel = 2
allow_http = true
allow_private = true
user_agent = "x/1"
ca_file = "/x/ca.pem"
include = ["free"]
skip_titles = ["*Lunch*"]
min_attendees = 2
need_link = true
working_hours = "Mon-Fri 08:00-19:00"
mark = "weckruf"

[hear]
replies = false
call_back = false
joined = ["bin da"]
missed = ["nein"]

[provider.mock]
outcomes = ["busy", "answered"]

[[person]]
id = "bo"
name = "Bo"
phone = "+12025550101"
zone = "Asia/Tokyo"
ring_timeout = "20s"
message = "Bo: {title}"
voice = "alice"
language = "fr-FR"
include = ["tentative"]
skip_titles = []
min_attendees = 1
need_link = false
working_hours = "9:00-17:00"
mark = "ring"

[[ladder]]
step = "call"
before = "4m"

[[ladder]]
step = "sms"
after = "2m"
when = "missed"
message = "{title} runs"
"#;

#[test]
fn a_config_made_of_what_is_shown_is_the_same_config() {
    let cli = Cli::with(OTHERWISE);
    let all = settings(&cli);
    let (mut text, mut table) = (String::new(), (Value::Null, Value::Null));
    for shown in all.iter().filter(|s| s["set"] == true && s["secret"] == false) {
        let (path, entry) = (shown["table"].as_str().unwrap(), &shown["entry"]);
        // What has its value from another table, or is masked, is compared elsewhere.
        if path == "provider.twilio"
            || shown["key"] == "phone"
            || shown["key"] == "calendars"
            || shown["key"] == "addresses"
        {
            continue;
        }
        if (&shown["table"], entry) != (&table.0, &table.1) {
            table = (shown["table"].clone(), entry.clone());
            let header = if entry.is_null() { format!("[{path}]") } else { format!("[[{path}]]") };
            if !path.is_empty() {
                text.extend(["\n", &header, "\n"]);
            }
            text += if path == "person" { "phone = \"+12025550101\"\n" } else { "" };
        }
        writeln!(text, "{} = {}", shown["key"].as_str().unwrap(), shown["value"]).unwrap();
    }
    let (typed, shown) = (config(OTHERWISE), config(&text));
    let all = |config: &Config| {
        let person = &config.people[0];
        format!(
            "{:#?}",
            (
                (&config.database, &config.provider, config.test_mode, config.repeat, config.machine_detection),
                (&config.guards, &config.engine, &config.calendar, &config.hear, &config.ladder),
                (&person.id, &person.name, &person.zone, person.ring_timeout, &person.voice),
                (&person.message, &person.policy, person.shared_phone),
            )
        )
    };
    assert_eq!(all(&typed), all(&shown));
    // Nothing in it is a default, so nothing passes because nobody looked.
    let standard = config(ANA);
    assert_ne!(typed.guards, standard.guards);
    // A proxy may hold a password, so it is not shown.
    let all_shown = settings(&cli);
    for shown in all_shown
        .iter()
        .filter(|s| s["key"] != "proxy" && ["guards", "engine", "calendar"].contains(&s["table"].as_str().unwrap()))
    {
        assert_eq!(shown["source"], "file", "{shown}");
        let line = usize::try_from(shown["line"].as_u64().unwrap()).unwrap();
        let line = OTHERWISE.lines().nth(line - 1).unwrap();
        assert!(line.starts_with(&format!("{} = ", shown["key"].as_str().unwrap())), "{shown}: {line}");
    }
}
