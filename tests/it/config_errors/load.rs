//! Where a config comes from, what overrides it, and what is said when there is none.

use super::config;
use savehub::config::{Config, ConfigError, ProviderChoice, Sources, TwilioAuth, TwilioConfig, load};
use secrecy::ExposeSecret;
use std::fs;
use std::path::{Path, PathBuf};

const TWILIO: &str = r#"
[call]
provider = "twilio"
webhook_url = "https://example.com/file"

[provider.twilio]
account_sid = "ACfile"
from = "+12025550100"
auth_token = "file-token"
"#;

fn twilio(env: &[(&str, &str)], text: &str) -> TwilioConfig {
    match config(env, text) {
        Ok(config) => config.provider.twilio.unwrap_or_else(|| panic!("the account is not complete")),
        Err(error) => panic!("{error}"),
    }
}

fn token(config: &TwilioConfig) -> &str {
    match &config.auth {
        TwilioAuth::Token(token) => token.expose_secret(),
        TwilioAuth::ApiKey { secret, .. } => secret.expose_secret(),
        TwilioAuth::Locked(why) => panic!("{why}"),
    }
}

fn load_with(file: Option<&Path>, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let env = |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    load(&Sources { file, env: &env })
}

#[test]
fn every_variable_wins_over_the_file() {
    assert_eq!(config(&[("CALL_PROVIDER", "mock")], TWILIO).unwrap().provider.chosen, ProviderChoice::Mock);
    for (value, test_mode) in
        [("true", true), ("1", true), ("YES", true), ("false", false), ("0", false), ("no", false)]
    {
        let file = format!("[call]\ntest_mode = {}\n", !test_mode);
        assert_eq!(config(&[("CALL_TEST_MODE", value)], &file).unwrap().test_mode, test_mode, "{value}");
    }
    assert_eq!(twilio(&[("TWILIO_ACCOUNT_SID", "ACenv")], TWILIO).account_sid, "ACenv");
    assert_eq!(token(&twilio(&[("TWILIO_AUTH_TOKEN", "env-token")], TWILIO)), "env-token");
    assert_eq!(twilio(&[("TWILIO_FROM_NUMBER", "+12025550199")], TWILIO).from.expose(), "+12025550199");
    let webhook = twilio(&[("CALL_WEBHOOK_URL", "https://example.com/env")], TWILIO).status_callback;
    assert_eq!(webhook.as_deref(), Some("https://example.com/env"));
}

#[test]
fn an_empty_variable_is_an_unset_one() {
    let names = ["PROVIDER", "TEST_MODE", "WEBHOOK_URL"].map(|n| format!("CALL_{n}"));
    let more = ["ACCOUNT_SID", "AUTH_TOKEN", "FROM_NUMBER"].map(|n| format!("TWILIO_{n}"));
    let empty: Vec<(&str, &str)> = names.iter().chain(&more).map(|name| (name.as_str(), "")).collect();
    let config = twilio(&empty, TWILIO);
    assert_eq!((config.account_sid.as_str(), token(&config)), ("ACfile", "file-token"));
    assert_eq!(config.status_callback.as_deref(), Some("https://example.com/file"));
}

#[test]
fn a_token_variable_wins_over_an_api_key_of_the_file() {
    let key = TWILIO.replace("auth_token = \"file-token\"", "api_key_sid = \"SK1\"\napi_key_secret = \"key-secret\"");
    assert!(matches!(twilio(&[], &key).auth, TwilioAuth::ApiKey { sid, .. } if sid == "SK1"));
    assert!(matches!(twilio(&[("TWILIO_AUTH_TOKEN", "t")], &key).auth, TwilioAuth::Token(_)));
}

#[test]
fn an_incomplete_account_does_not_matter_to_the_mock() {
    for key in ["auth_token_file = \"/nonexistent\"", "auth_token_env = \"UNSET\"", "api_key_sid = \"SK1\"", ""] {
        let text = TWILIO.replace("auth_token = \"file-token\"", key);
        assert!(config(&[("CALL_PROVIDER", "mock")], &text).unwrap().provider.twilio.is_none(), "{key}");
    }
}

#[test]
fn a_complete_account_stays_known_while_the_mock_is_chosen() {
    assert!(config(&[("CALL_PROVIDER", "mock")], TWILIO).unwrap().provider.twilio.is_some());
}

#[test]
fn a_secret_comes_from_a_file_a_variable_a_command_or_systemd() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("twilio_auth_token");
    fs::write(&file, "from-file\r\nsecond line\n").unwrap();
    let with = |key: &str| TWILIO.replace("auth_token = \"file-token\"", key);
    assert_eq!(token(&twilio(&[], &with(&format!("auth_token_file = {file:?}")))), "from-file");
    assert_eq!(token(&twilio(&[("MINE", "from-env")], &with("auth_token_env = \"MINE\""))), "from-env");
    let command = "auth_token_command = [\"printf\", 'from-$HOME\\nx']";
    assert_eq!(token(&twilio(&[], &with(command))), "from-$HOME");
    let systemd = [("CREDENTIALS_DIRECTORY", dir.path().to_str().unwrap())];
    assert_eq!(token(&twilio(&systemd, &with(""))), "from-file");
}

#[test]
fn a_literal_token_in_a_file_others_can_read_is_refused_with_the_chmod() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    fs::write(&file, TWILIO).unwrap();
    let home = [("HOME", "/home/ana")];
    for mode in [0o644, 0o640, 0o604] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let path = file.display();
        assert_eq!(
            load_with(Some(&file), &home).unwrap_err().to_string(),
            format!(
                "error: `auth_token` stands in a file that others can read (mode {mode:03o})\n --> {path}:9:14\n  \
                 = help: run: chmod 600 {path}\n  \
                 = note: the line is not shown, because it may hold a secret\n\n\
                 1 problem in {path}; nothing was done"
            )
        );
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(load_with(Some(&file), &home).unwrap().file, Some(file));
}

#[test]
fn a_named_file_that_is_missing_is_an_error_even_with_a_provider_variable() {
    let error = load_with(Some(Path::new("/nonexistent/c.toml")), &[("CALL_PROVIDER", "mock")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "error: the config file /nonexistent/c.toml cannot be read: there is none\nnothing was done"
    );
}

#[test]
fn a_directory_named_as_the_file_is_an_error() {
    let error = load_with(Some(Path::new("/")), &[]).unwrap_err();
    assert_eq!(error.to_string(), "error: the config file / cannot be read: is a directory\nnothing was done");
}

#[test]
fn a_file_that_is_no_text_is_refused_with_the_place() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config.toml");
    fs::write(&file, b"[call]\nvoice = \"\xff\"\n").unwrap();
    let path = file.display();
    assert_eq!(
        load_with(Some(&file), &[]).unwrap_err().to_string(),
        format!(
            "error: this is not a text file: a byte that is not UTF-8\n --> {path}:2:10\n  \
             = help: save it as UTF-8\n  = note: the line is not shown, because it may hold a secret\n\n\
             1 problem in {path}; nothing was done"
        )
    );
}

#[test]
fn without_any_config_it_says_where_it_looked_and_what_to_do() {
    let env = [("HOME", "/nonexistent/ana"), ("XDG_CONFIG_DIRS", "/nonexistent/a:relative:/nonexistent/b")];
    assert_eq!(
        load_with(None, &env).unwrap_err().to_string(),
        "error: there is no config, so nobody would be called; looked for\n  \
         /nonexistent/ana/.config/savehub/config.toml\n  \
         /nonexistent/a/savehub/config.toml\n  \
         /nonexistent/b/savehub/config.toml\n\
         help: `savehub init` makes one; name a file elsewhere with --config or SAVEHUB_CONFIG\n\
         help: to try savehub without a config, set CALL_PROVIDER=mock\n\
         nothing was done"
    );
}

#[test]
fn a_provider_variable_stands_in_for_a_config() {
    let env = [("HOME", "/nonexistent/ana"), ("XDG_CONFIG_DIRS", "/nonexistent"), ("CALL_PROVIDER", "mock")];
    let config = load_with(None, &env).unwrap();
    assert_eq!((config.file, config.ladder.len()), (None, 2));
    assert_eq!(config.database, PathBuf::from("/nonexistent/ana/.local/state/savehub/savehub.db"));
    assert_eq!(config.stop_file, PathBuf::from("/nonexistent/ana/.config/savehub/STOP"));
}

#[test]
fn problems_without_a_file_are_those_of_the_environment() {
    let env = [("HOME", "/nonexistent/ana"), ("XDG_CONFIG_DIRS", "/nonexistent"), ("CALL_PROVIDER", "pigeon")];
    assert_eq!(
        load_with(None, &env).unwrap_err().to_string(),
        "error: the environment variable CALL_PROVIDER has a value savehub cannot use\n |\n \
         = help: set it to mock or twilio\n\n1 problem in the environment; nothing was done"
    );
}

#[test]
fn the_own_config_comes_before_the_one_of_the_system() {
    let dir = tempfile::tempdir().unwrap();
    let put = |place: &str, voice: &str| {
        let file = dir.path().join(place).join("savehub/config.toml");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, format!("database = \"{voice}.db\"\n")).unwrap();
        file
    };
    let root = dir.path().to_str().unwrap();
    let (home, system) = (format!("{root}/home"), format!("{root}/none:{root}/system"));
    let env = [("XDG_CONFIG_HOME", home.as_str()), ("XDG_CONFIG_DIRS", system.as_str())];
    let file = put("system", "system");
    assert_eq!(load_with(None, &env).unwrap().file, Some(file));
    let file = put("home", "own");
    let config = load_with(None, &env).unwrap();
    assert_eq!(config.database, file.with_file_name("own.db"), "a relative path is beside the config");
    assert_eq!(config.stop_file, file.with_file_name("STOP"));
    assert_eq!(config.file, Some(file));
}

#[test]
fn the_standard_config_needs_neither_file_nor_home() {
    let config = Config::standard(&|_| None);
    assert_eq!(config.provider.chosen, ProviderChoice::Mock);
    assert_eq!((config.database, config.ladder.len()), (PathBuf::from("savehub.db"), 2));
}

#[test]
fn a_short_hard_timeout_shortens_the_request_too() {
    let engine = config(&[], "[engine]\nhard_timeout = \"300ms\"\n").unwrap().engine;
    assert_eq!((engine.hard_timeout.as_millis(), engine.request_timeout.as_millis()), (300, 300));
}

#[test]
fn rungs_further_apart_than_the_limit_counts_can_all_ring() {
    let ladder = ["3m", "2m", "1m"].map(|b| format!("[[ladder]]\nstep = \"call\"\nbefore = \"{b}\"\n")).concat();
    let text = format!("[guards]\nmax_calls = 1\nmax_calls_per = \"1m\"\n{ladder}");
    assert_eq!(config(&[], &text).unwrap().ladder.len(), 3);
}

#[test]
fn people_inherit_what_call_says_and_may_share_a_number_when_both_say_so() {
    let text = r#"
[call]
language = "de-DE"
[[person]]
id = "ana"
phone = "+12025550101"
shared_phone = true
[[person]]
id = "ben"
name = "Ben"
phone = "+12025550101"
shared_phone = true
voice = "Polly.Vicki"
"#;
    let config = config(&[], text).unwrap();
    let (ana, ben) = (config.person("ana").unwrap(), config.person("ben").unwrap());
    assert_eq!((ana.name.as_str(), spoken(ana)), ("ana", (None, Some("de-DE"))));
    assert_eq!((ben.name.as_str(), spoken(ben)), ("Ben", (Some("Polly.Vicki"), Some("de-DE"))));
}

fn spoken(person: &savehub::config::Person) -> (Option<&str>, Option<&str>) {
    (person.voice.voice.as_deref(), person.voice.language.as_deref())
}

#[test]
fn a_voice_speaks_its_own_language_and_a_language_is_spoken_by_a_voice_that_can() {
    for (call, person, expected) in [
        ("", "", (None, Some("en-US"))),
        ("", "voice = \"Polly.Vicki\"", (Some("Polly.Vicki"), Some("de-DE"))),
        ("", "voice = \"Google.fr-FR-Wavenet-A\"", (Some("Google.fr-FR-Wavenet-A"), Some("fr-FR"))),
        // Nobody knows what it speaks: the provider decides.
        ("", "voice = \"Polly.Someone\"", (Some("Polly.Someone"), None)),
        ("", "voice = \"Polly.Vicki\"\nlanguage = \"en-US\"", (Some("Polly.Vicki"), Some("en-US"))),
        ("voice = \"Polly.Vicki\"", "", (Some("Polly.Vicki"), Some("de-DE"))),
        ("language = \"en-GB\"", "voice = \"Polly.Vicki\"", (Some("Polly.Vicki"), Some("de-DE"))),
        ("language = \"de-DE\"", "voice = \"alice\"", (Some("alice"), Some("de-DE"))),
        ("voice = \"Polly.Joanna\"", "language = \"de-DE\"", (None, Some("de-DE"))),
        ("voice = \"Polly.Joanna\"", "language = \"en-GB\"", (Some("Polly.Joanna"), Some("en-GB"))),
        ("voice = \"alice\"", "language = \"de-DE\"", (Some("alice"), Some("de-DE"))),
        // Told by `config check`, and not said.
        ("", "language = \"Deutsch\"", (None, Some("en-US"))),
    ] {
        let text = format!("[call]\n{call}\n[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n{person}\n");
        assert_eq!(spoken(config(&[], &text).unwrap().person("ana").unwrap()), expected, "{text}");
    }
}

#[test]
fn a_secret_file_that_others_can_read_is_refused_by_check_alone_where_its_place_does_not_guard_it() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let (plain, volume, given) = (dir.path().join("plain"), dir.path().join("volume"), dir.path().join("given"));
    let inside = volume.join("..2026");
    for dir in [&plain, &volume, &inside, &given] {
        fs::create_dir(dir).unwrap();
    }
    // As Kubernetes mounts a secret.
    symlink("..2026", volume.join("..data")).unwrap();
    symlink("..data/token", volume.join("token")).unwrap();
    let is_root = fs::metadata(dir.path()).unwrap().uid() == 0;
    let refused = |file: &Path, mode: u32| {
        fs::write(file, "s3cr3t\n").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        let given = given.to_str().unwrap().to_owned();
        let text = TWILIO.replace("auth_token = \"file-token\"", &format!("auth_token_file = \"{}\"", file.display()));
        assert!(text.contains("auth_token_file"), "{text}");
        let text = format!("{text}\n[[person]]\nid = \"ana\"\nphone = \"+12025550101\"\n");
        let config = config(&[("CREDENTIALS_DIRECTORY", &given)], &text).unwrap();
        assert_eq!(token(config.provider.twilio.as_ref().unwrap()), "s3cr3t", "ticks go on");
        config.accepted().err().map(|problems| problems.to_string())
    };
    let file = plain.join("token");
    let told = refused(&file, 0o644).unwrap();
    assert!(told.starts_with("error: `auth_token_file` names a file that others can read (mode 644)\n"), "{told}");
    assert!(told.contains(&format!("= help: run: chmod 600 {}\n", file.display())), "{told}");
    assert!(refused(&file, 0o604).is_some());
    assert_eq!(refused(&file, 0o640).is_none(), is_root, "a group that root chose may read it");
    for (file, mode) in [(&file, 0o600), (&file, 0o400), (&volume.join("token"), 0o644), (&given.join("token"), 0o444)]
    {
        assert_eq!(refused(file, mode), None, "{}", file.display());
    }
}
