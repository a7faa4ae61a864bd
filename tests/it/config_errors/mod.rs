//! Every message a config can cause, word for word: who changes the wording sees it in the diff.

mod account;
mod address;
mod calendars;
mod channels;
mod env;
mod example;
mod file;
mod hear;
mod ladder;
mod leaks;
mod limits;
mod load;
mod mail;
mod people;
mod policy;
mod pool;
mod provider;
mod report;
mod rungs;
mod servers;
mod sources;
mod store;
mod watcher;

use savehub::config::{Config, ConfigError, from_text};
use std::path::Path;

/// The config of this text, in an environment with a home and these variables; an empty one is unset.
fn config(env: &[(&str, &str)], text: &str) -> Result<Config, ConfigError> {
    from_text(text, Path::new("config.toml"), &|name| {
        let set = env.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        set.or((name == "HOME").then_some("/home/ana")).map(str::to_owned)
    })
}

/// The whole text that refuses this config.
fn refused(env: &[(&str, &str)], text: &str) -> String {
    match config(env, text) {
        Ok(config) => panic!("accepted: {config:#?}"),
        Err(error) => error.to_string(),
    }
}

/// Asserts the whole text. Both texts start on a line of their own, and the expected one ends with a line.
#[track_caller]
fn all_with(env: &[(&str, &str)], text: &str, expected: &str) {
    let expected = expected.trim_matches('\n');
    assert_eq!(refused(env, text.strip_prefix('\n').unwrap_or(text)), expected);
}

#[track_caller]
fn all(text: &str, expected: &str) {
    all_with(&[], text, expected);
}

/// The same for a text with one picture, without its last line, which is always the same then.
#[track_caller]
fn one_with(env: &[(&str, &str)], text: &str, picture: &str) {
    all_with(env, text, &format!("{picture}\n1 problem in config.toml; nothing was done\n"));
}

#[track_caller]
fn one(text: &str, picture: &str) {
    one_with(&[], text, picture);
}

/// A mistake that phones rang with before it was known for one: ticks take the config, `config check` refuses it so.
#[track_caller]
fn only_checked(text: &str, picture: &str) {
    let config = config(&[], text.strip_prefix('\n').unwrap_or(text)).unwrap();
    let expected = format!("{picture}\n1 problem in config.toml; nothing was done\n");
    assert_eq!(config.accepted().unwrap_err().to_string(), expected.trim_matches('\n'));
}

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    all_with(
        &[("CALL_TEST_MODE", "perhaps")],
        r#"
[guards]
max_calls = "two"

[engine]
leese = "2m"
ring_timeout = "700s"

[[person]]
id = "ana"
phone = "202 555 0101"
zone = "Europe/Berln"

[[ladder]]
step = "call"
before = "9m"
"#,
        r#"
error: `max_calls` must be a whole number, not a text
 --> config.toml:2:13
  |
2 | max_calls = "two"
  |             ^^^^^ write a whole number from 1 to 100, without quotes

error: unknown key `leese`
 --> config.toml:5:1
  |
5 | leese = "2m"
  | ^^^^^ did you mean `lease`?

error: `ring_timeout` cannot be 11m 40s: a phone rings for whole seconds, at most 600 of them
 --> config.toml:6:16
  |
6 | ring_timeout = "700s"
  |                ^^^^^^ write whole seconds from 1s to 10m

error: `phone` is not a number that can be called
  --> config.toml:10:9
   |
10 | phone = "202 555 0101"
   |         ^^^^^^^^^^^^^^ a number starts with `+` and the country code, such as +12025550123

error: unknown time zone `Europe/Berln`
  --> config.toml:11:8
   |
11 | zone = "Europe/Berln"
   |        ^^^^^^^^^^^^^^ did you mean "Europe/Berlin"?

error: a call 9m before the start can never ring
  --> config.toml:15:10
   |
15 | before = "9m"
   |          ^^^^ outside the critical window: more than 0s, at most 3m

error: the environment variable CALL_TEST_MODE has a value savehub cannot use
 |
 = help: set it to true or false (1, 0, yes and no do too)

7 problems in config.toml; nothing was done
"#,
    );
}

#[test]
fn pictures_are_coloured_only_when_asked() {
    let error = config(&[], "banana = 1\n").unwrap_err();
    assert!(error.render(true).contains('\u{1b}'));
    assert!(!error.render(false).contains('\u{1b}'));
}
