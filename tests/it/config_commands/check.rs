//! `savehub config check`.

use crate::support::cli::{ANA, Cli, Ran};
use serde_json::{Value, json};

#[test]
fn a_config_that_is_right_is_told_in_one_line() {
    let cli = Cli::with(&format!("{ANA}calendars = [\"file:~/work.ics\"]\n"));
    let line =
        "ok: HOME/.config/savehub/config.toml: 1 person, 1 calendar, 2 rungs; the mock phone, so no phone rings\n";
    assert_eq!(cli.run(&["config", "check"]), Ran { code: 0, out: line.into(), err: String::new() });
    cli.write("other.toml", &format!("[call]\ntest_mode = true\n{ANA}"));
    let other = cli.path("other.toml");
    let out = cli.ok(&["config", "check", other.to_str().unwrap()]);
    assert!(out.starts_with("ok: HOME/other.toml: 1 person, 0 calendars, 2 rungs; "), "{out}");
    assert!(!cli.database().exists(), "a check makes no database");
}

#[test]
fn every_problem_is_shown_as_by_other_commands_with_exit_2() {
    let cli = Cli::with("[engine]\nleese = \"2m\"\n\n[[person]]\nid = \"ana\"\nphone = \"2025550101\"\n");
    let (checked, ticked) = (cli.run(&["config", "check"]), cli.run(&["tick"]));
    assert_eq!((checked.code, &checked.out), (2, &String::new()));
    assert_eq!(checked.err, ticked.err);
    assert!(checked.err.ends_with("2 problems in HOME/.config/savehub/config.toml; nothing was done\n"), "{checked:?}");
}

#[test]
fn programs_get_the_problems_with_their_lines_and_exit_2() {
    let cli = Cli::with("[engine]\nleese = \"2m\"\n\n[[person]]\nid = \"ana\"\nphone = \"2025550101\"\n")
        .set("CALL_TEST_MODE", "x");
    let ran = cli.run(&["config", "check", "--json"]);
    assert_eq!((ran.code, &ran.err), (2, &String::new()));
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let expected = json!({
        "schema": 1,
        "ok": false,
        "file": "HOME/.config/savehub/config.toml",
        "problems": [
            { "problem": "unknown key `leese`", "line": 2, "column": 1, "help": ["did you mean `lease`?"] },
            {
                "problem": "`phone` is not a number that can be called", "line": 6, "column": 9,
                "help": ["a number starts with `+` and the country code, such as +12025550123"]
            },
            {
                "problem": "the environment variable CALL_TEST_MODE has a value savehub cannot use",
                "line": null, "column": null, "help": ["set it to true or false (1, 0, yes and no do too)"]
            },
        ],
        "warnings": [],
        "summary": null,
    });
    assert_eq!(report, expected);
}

#[test]
fn programs_get_a_summary_of_a_config_that_is_right() {
    let report: Value = serde_json::from_str(&Cli::with(ANA).ok(&["config", "check", "--json"])).unwrap();
    let expected = json!({
        "schema": 1,
        "ok": true,
        "file": "HOME/.config/savehub/config.toml",
        "problems": [],
        "warnings": [],
        "summary": {
            "provider": "mock", "test_mode": false, "people": 1, "contacts": 0, "calendars": 0, "rungs": 2,
            "database": "HOME/.local/state/savehub/savehub.db",
        },
    });
    assert_eq!(report, expected);
}

#[test]
fn no_config_and_one_that_cannot_be_read_are_problems_too() {
    let cli = Cli::new();
    let none: Value = serde_json::from_str(&cli.run(&["config", "check", "--json"]).out).unwrap();
    assert_eq!((&none["ok"], &none["file"]), (&json!(false), &Value::Null));
    assert_eq!(none["problems"][0]["problem"], "there is no config, so nobody would be called");
    assert_eq!(none["problems"][0]["help"][0], "looked for HOME/.config/savehub/config.toml");
    let ran = cli.run(&["config", "check", "nowhere.toml", "--json"]);
    let gone: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((ran.code, &gone["file"]), (2, &json!("nowhere.toml")));
    assert_eq!(gone["problems"][0]["problem"], "the config file nowhere.toml cannot be read: there is none");
    assert_eq!(cli.run(&["config", "check"]).code, 2);
}
