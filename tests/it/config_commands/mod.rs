//! `savehub config check` and `savehub config show`: every key, its value and its source, and never a secret.

mod address;
mod agreement;
mod check;
mod never;

use crate::support::cli::{ANA, Cli};
use serde_json::{Value, json};

/// The settings of `config show --json`.
fn settings(cli: &Cli) -> Vec<Value> {
    let report: Value = serde_json::from_str(&cli.ok(&["config", "show", "--json"])).unwrap();
    assert_eq!(report["schema"], 1);
    report["settings"].as_array().unwrap().clone()
}

/// The one setting of this key.
#[track_caller]
fn setting(settings: &[Value], table: &str, entry: Option<&str>, key: &str) -> Value {
    let found = |s: &&Value| s["table"] == table && s["key"] == key && s["entry"].as_str() == entry;
    let found: Vec<_> = settings.iter().filter(found).collect();
    assert_eq!(found.len(), 1, "{table} {entry:?} {key}: {found:?}");
    found[0].clone()
}

/// Tokens and addresses that nothing may show.
const CANARY: &str = "CANARY0secret";

/// Secrets in all their ways.
fn with_secrets() -> Cli {
    let cli = Cli::with(&format!(
        "[call]\nprovider = \"mock\"\nwebhook_url = \"https://example.com/{CANARY}\"\n\n\
         [hear]\nkey_bin = \"https://handler.twilio.com/twiml/{CANARY}\"\n\n\
         [provider.twilio]\naccount_sid = \"AC00000000000000000000000000000042\"\nfrom = \"+12025550100\"\n\
         auth_token_file = \"token\"\nproxy = \"http://me:{CANARY}@proxy.example.com\"\n\n\
         [email]\nhost = \"smtp.example.com\"\nfrom = \"savehub@example.com\"\nuser = \"ana@example.com\"\n\
         password_env = \"MAIL_PASSWORD\"\n\n\
         [webhook.phone]\nurl_command = [\"echo\", \"https://example.com/{CANARY}\"]\n\
         headers = [{{ name = \"Title\", value = \"{CANARY}\" }}, {{ name = \"X-Key\", value_env = \"{CANARY}\" }}]\n\n\
         [command.lamp]\nrun = [\"/bin/lamp\", \"{CANARY}\"]\n\n\
         {ANA}email = \"ana@example.com\"\npresence_command = [\"there\", \"{CANARY}\", \"x\"]\ncalendars = [\n  \
         \"https://example.com/{CANARY}.ics\",\n  {{ url_file = \"{CANARY}\", name = \"gone\" }},\n]\n"
    ));
    cli.write(".config/savehub/token", CANARY);
    cli.set("MAIL_PASSWORD", CANARY)
}

#[test]
fn secrets_are_told_to_be_set_and_where_and_never_shown() {
    let cli = with_secrets();
    let all = settings(&cli);
    let note = |table: &str, entry: Option<&str>, key: &str| {
        let setting = setting(&all, table, entry, key);
        assert_eq!(setting["value"], Value::Null, "{setting}");
        (setting["set"] == true, setting["note"].as_str().unwrap_or_default().to_owned())
    };
    let twilio = |key| note("provider.twilio", None, key);
    assert_eq!(twilio("auth_token"), (false, String::new()));
    assert_eq!(twilio("auth_token_file"), (true, "from file HOME/.config/savehub/token".into()));
    assert_eq!(twilio("proxy"), (true, "in the config".into()));
    assert_eq!(note("call", None, "webhook_url"), (true, "in the config".into()));
    assert_eq!(note("hear", None, "key_bin"), (true, "in the config".into()));
    assert_eq!(note("email", None, "password_env"), (true, "from MAIL_PASSWORD".into()));
    assert_eq!(note("webhook", Some("phone"), "url_command"), (true, "from a command".into()));
    assert_eq!(note("headers", Some("phone: Title"), "value"), (true, "in the config".into()));
    // What stands there may be the secret itself, by mistake.
    let unset = (false, "the variable it names is not set".to_owned());
    assert_eq!(note("headers", Some("phone: X-Key"), "value_env"), unset);
    assert_eq!(note("calendars", Some("ana: gone"), "url_file"), (false, "there is no such file".into()));
    assert_eq!(note("calendars", Some("ana: example.com"), "url"), (true, "in the config".into()));
    let run = setting(&all, "command", Some("lamp"), "run");
    assert_eq!(run["value"], "/bin/lamp, with 1 argument");
    assert_eq!(setting(&all, "person", Some("ana"), "presence_command")["value"], "there, with 2 arguments");
    for args in [&["config", "show"][..], &["config", "show", "--json"], &["config", "check", "--json"]] {
        let out = cli.ok(args);
        assert!(!out.contains(CANARY), "{args:?}:\n{out}");
        for whole in ["202555010", "12025550101", "ana@example.com", "00000000000000000000000000000042"] {
            assert!(!out.contains(whole), "{whole} in {args:?}:\n{out}");
        }
    }
}

#[test]
fn phones_mails_and_accounts_are_masked_and_long_messages_cut() {
    let cli = with_secrets();
    let all = settings(&cli);
    for (table, entry, key, value) in [
        ("provider.twilio", None, "account_sid", "AC…0042"),
        ("provider.twilio", None, "from", "****0100"),
        ("person", Some("ana"), "phone", "****0101"),
        ("person", Some("ana"), "email", "a***@example.com"),
        ("email", None, "from", "s***@example.com"),
        ("email", None, "user", "a***@example.com"),
        ("call", None, "message", "Hello {name}. This is savehub. {title} starts in …"),
    ] {
        assert_eq!(setting(&all, table, entry, key)["value"], value, "{table}.{key}");
    }
}

#[test]
fn what_a_variable_overrides_is_told_with_its_name() {
    let cli = Cli::with(&format!(
        "[call]\nprovider = \"mock\"\n\n[provider.twilio]\naccount_sid = \"AC01\"\nfrom = \"+12025550100\"\n\
         auth_token_file = \"token\"\n\n{ANA}"
    ))
    .set("CALL_PROVIDER", "twilio")
    .set("CALL_TEST_MODE", "1")
    .set("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000077")
    .set("TWILIO_AUTH_TOKEN", CANARY)
    .set("TWILIO_FROM_NUMBER", "+12025550177")
    .set("CALL_WEBHOOK_URL", "https://example.com/x");
    let all = settings(&cli);
    for (table, key, variable, value) in [
        ("call", "provider", "CALL_PROVIDER", json!("twilio")),
        ("call", "test_mode", "CALL_TEST_MODE", json!(true)),
        ("call", "webhook_url", "CALL_WEBHOOK_URL", Value::Null),
        ("provider.twilio", "account_sid", "TWILIO_ACCOUNT_SID", json!("AC…0077")),
        ("provider.twilio", "from", "TWILIO_FROM_NUMBER", json!("****0177")),
        ("provider.twilio", "auth_token", "TWILIO_AUTH_TOKEN", Value::Null),
    ] {
        let setting = setting(&all, table, None, key);
        assert_eq!((&setting["source"], &setting["line"]), (&json!("environment"), &Value::Null), "{setting}");
        assert_eq!((&setting["variable"], &setting["value"]), (&json!(variable), &value), "{setting}");
        assert_eq!(setting["set"], true, "{setting}");
    }
    let loser = setting(&all, "provider.twilio", None, "auth_token_file");
    assert_eq!((&loser["set"], &loser["note"]), (&json!(false), &json!("TWILIO_AUTH_TOKEN wins over it")));
}

#[test]
fn a_person_has_what_all_people_have_with_the_line_where_that_stands() {
    let cli = Cli::with(
        "[call]\nlanguage = \"de-DE\"\nmessage = \"{title}!\"\n\n[calendar]\nskip_titles = [\"*lunch*\"]\n\n[[person]]\n\
         id = \"ana\"\nphone = \"+12025550101\"\n\n[[person]]\nid = \"bo\"\nphone = \"+12025550102\"\nlanguage = \"fr-FR\"\n\
         skip_titles = []\nzone = \"Asia/Tokyo\"\n",
    );
    let all = settings(&cli);
    for (person, key, value, line) in [
        ("ana", "language", json!("de-DE"), json!(2)),
        ("ana", "message", json!("{title}!"), json!(3)),
        ("ana", "skip_titles", json!(["*lunch*"]), json!(6)),
        ("ana", "zone", json!("UTC"), Value::Null),
        ("bo", "language", json!("fr-FR"), json!(15)),
        ("bo", "skip_titles", json!([]), json!(16)),
        ("bo", "zone", json!("Asia/Tokyo"), json!(17)),
    ] {
        let setting = setting(&all, "person", Some(person), key);
        assert_eq!((&setting["value"], &setting["line"]), (&value, &line), "{setting}");
    }
}

#[test]
fn people_read_tables_with_values_as_a_config_writes_them_and_their_lines() {
    let cli = Cli::with(&format!("[engine]\nsettle = \"40s\"\n\n{ANA}calendars = [\"file:~/work.ics\"]\n"));
    let out = cli.ok(&["config", "show"]);
    assert!(out.starts_with("HOME/.config/savehub/config.toml\ndatabase  "), "{out}");
    for lines in [
        "\"HOME/.local/state/savehub/savehub.db\"  default\nstore ",
        "\nmetrics_file           not set ",
        "  default\n\n[call]\n",
        "lease            \"2m\"     default\nsettle           \"40s\"    config.toml:2\n",
        "\ncalendars of [[person]] ana: work.ics\nfile              \"HOME/work.ics\"  config.toml:9\n",
        "\n[[ladder]] 2\nstep     \"call\"        default\nbefore   \"1m 30s\"      default\n",
        "\n[webhook.NAME]\nnone (it may hold url, url_env, ",
    ] {
        assert!(out.contains(lines), "{lines} is not in:\n{out}");
    }
}

#[test]
fn without_a_file_the_environment_and_the_defaults_are_shown() {
    let cli = Cli::new().set("CALL_PROVIDER", "mock");
    let out = cli.ok(&["config", "show"]);
    assert!(out.starts_with("no config file: environment and defaults\n"), "{out}");
    assert!(out.contains("provider           \"mock\"") && out.contains("from CALL_PROVIDER"), "{out}");
}

#[test]
fn a_pool_of_numbers_and_the_pace_are_told_with_their_lines() {
    let pool = "[call]\nprovider = \"mock\"\n\n[provider.mock]\ncalls_per_second = 0.5\n\n[provider.twilio]\n\
                from = [\"+12025550100\", \"+12025550199\"]\ncalls_per_second = 5\n\
                calls_per_second_per_number = 2.5\n\n[report]\nbudget = \"20 USD\"\n";
    let account = "account_sid = \"AC00000000000000000000000000000042\"\nauth_token_file = \"token\"\n";
    // The same, whether the account is complete or not.
    for text in
        [format!("{pool}\n{ANA}"), format!("{}\n{ANA}", pool.replace("\n[report]", &format!("{account}\n[report]")))]
    {
        let cli = Cli::with(&text);
        cli.write(".config/savehub/token", "x");
        let all = settings(&cli);
        for (table, key, value, line) in [
            ("provider.mock", "calls_per_second", json!(0.5), 5),
            ("provider.twilio", "from", json!(["****0100", "****0199"]), 8),
            ("provider.twilio", "calls_per_second", json!(5), 9),
            ("provider.twilio", "calls_per_second_per_number", json!(2.5), 10),
        ] {
            let setting = setting(&all, table, None, key);
            assert_eq!((&setting["value"], &setting["line"]), (&value, &json!(line)), "{setting}");
        }
        assert_eq!(setting(&all, "report", None, "budget")["value"], "20 USD");
    }
    let standard = setting(&settings(&Cli::with(ANA)), "provider.twilio", None, "calls_per_second");
    assert_eq!((&standard["value"], &standard["source"]), (&json!(1), &json!("default")));
}

#[test]
fn who_watches_savehub_is_told_without_the_address() {
    let cli = Cli::with(&format!(
        "heartbeat_url_file = \"beat\"\nmetrics_file = \"~/savehub.prom\"\n\n[call]\nprovider = \"mock\"\n\n{ANA}"
    ));
    cli.write(".config/savehub/beat", &format!("https://example.com/{CANARY}"));
    let all = settings(&cli);
    let beat = setting(&all, "", None, "heartbeat_url_file");
    assert_eq!((&beat["set"], &beat["note"]), (&json!(true), &json!("from file HOME/.config/savehub/beat")));
    let metrics = setting(&all, "", None, "metrics_file");
    assert_eq!((&metrics["value"], &metrics["line"]), (&json!("HOME/savehub.prom"), &json!(2)));
}

#[test]
fn a_calendar_in_a_long_list_and_keys_of_inline_tables_have_the_lines_they_stand_in() {
    let cli = Cli::with(&format!(
        "guards = {{ max_calls = 3, \"daily_cap\" = 9 }}\ncall.provider = \"mock\"\n{ANA}calendars = [\n  \
         \"file:~/a.ics\",\n  \"https://example.com/{CANARY}.ics\",\n  {{ file = \"b.ics\",\n    name = \"b\" }},\n]\n"
    ));
    let all = settings(&cli);
    for (table, entry, key, line) in [
        ("guards", None, "daily_cap", 1),
        ("call", None, "provider", 2),
        ("person", Some("ana"), "calendars", 8),
        ("calendars", Some("ana: a.ics"), "file", 9),
        ("calendars", Some("ana: example.com"), "url", 10),
        ("calendars", Some("ana: b"), "file", 11),
        ("calendars", Some("ana: b"), "name", 12),
    ] {
        assert_eq!(setting(&all, table, entry, key)["line"], line, "{table}.{key}");
    }
}
