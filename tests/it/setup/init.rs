//! `savehub init` without a terminal.

use super::mode;
use crate::support::cli::{ANA, Cli, Ran};
use std::fs;

const ASK_NOTHING: [&str; 6] = ["init", "--yes", "--name", "Ana", "--phone", "+12025550101"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ASK_NOTHING[..], more].concat()
}

fn config(cli: &Cli) -> String {
    fs::read_to_string(cli.path(".config/savehub/config.toml")).unwrap()
}

#[test]
fn a_config_and_a_database_are_made_that_nobody_else_can_read() {
    let cli = Cli::new();
    let out = cli.ok(&ASK_NOTHING);
    let start = "wrote HOME/.config/savehub/config.toml, which only you can read\n\
                 made the database HOME/.local/state/savehub/savehub.db\n\
                 Ana (****0101) is called by the mock phone, so no phone rings yet\n";
    assert!(out.starts_with(start), "{out}");
    for (path, expected) in [
        (".config/savehub/config.toml", 0o600),
        (".config/savehub", 0o700),
        (".local/state/savehub/savehub.db", 0o600),
        (".local/state/savehub", 0o700),
    ] {
        assert_eq!(mode(&cli.path(path)), expected, "{path}");
    }
    assert!(config(&cli).contains("\nzone = \"UTC\"\n"), "the system's zone");
    cli.ok(&["config", "check"]);
    cli.ok(&["tick"]);
    assert!(cli.ok(&["status"]).contains("NO PHONE WILL RING"));
}

#[test]
fn it_says_what_doctor_finds_wrong_and_has_made_the_config_all_the_same() {
    let cli = Cli::new();
    let out = cli.ok(&ASK_NOTHING);
    let doctor = out.split("What `savehub doctor` says:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let lines: Vec<&str> = doctor.lines().collect();
    assert!(lines[0].starts_with("  warning  provider   the provider is mock: no phone will ring. "), "{out}");
    assert!(doctor.contains("\n  warning  ticks      none in the last 24 h. "), "{out}");
    assert!(!doctor.contains("  ok  ") && lines.last().unwrap().ends_with(" warnings"), "{out}");
    let cli = Cli::new();
    cli.write("token", "x\n");
    cli.sh("chmod 644 \"$HOME/token\"", &[]);
    let path = cli.path("token");
    let account = ["--offline", "--provider", "twilio", "--account-sid", "AC00", "--from", "+12025550100"];
    let out = cli.ok(&with(&[&account[..], &["--auth-token-file", path.to_str().unwrap()]].concat()));
    assert!(out.contains("\n  problem  modes      HOME/token holds a secret, and others can read"), "{out}");
    assert!(config(&cli).contains("provider = \"twilio\""));
}

#[test]
fn what_it_says_to_do_next_can_be_done() {
    let cli = Cli::new();
    let out = cli.ok(&ASK_NOTHING);
    let commands: Vec<_> = out.lines().filter_map(|line| line.strip_prefix("  savehub ")).collect();
    assert_eq!(commands.len(), 4, "{out}");
    fs::create_dir_all(cli.path(".config/systemd/user")).unwrap();
    for command in commands {
        let ran = cli.sh(&format!("\"$1\" {command}"), &[]);
        assert_eq!(ran.code, 0, "{command}: {ran:?}");
    }
    assert!(cli.path(".config/systemd/user/savehub.timer").is_file());
}

#[test]
fn a_config_in_another_place_is_named_in_what_comes_next() {
    let cli = Cli::new();
    let path = cli.path("my config.toml");
    let out = cli.ok(&with(&["--config", path.to_str().unwrap()]));
    assert!(out.contains("\n  savehub --config 'HOME/my config.toml' call-test --mock\n"), "{out}");
    assert!(out.contains("{ crontab -l; savehub --config 'HOME/my config.toml' generate cron; } | crontab -"), "{out}");
    assert!(path.is_file() && !cli.path(".config").exists());
}

#[test]
fn a_config_that_is_there_is_never_replaced_unless_forced_and_then_kept() {
    let cli = Cli::with(ANA);
    let ran = cli.run(&ASK_NOTHING);
    let err = "error: there is a config at HOME/.config/savehub/config.toml: edit it and run `savehub config check`, or \
               add --force to replace it\n";
    assert_eq!(ran, Ran { code: 2, out: String::new(), err: err.into() });
    assert_eq!(config(&cli), ANA);
    cli.ok(&with(&["--force"]));
    assert!(config(&cli).contains("written by `savehub init`"));
    let old = cli.path(".config/savehub/config.toml.old");
    assert_eq!((fs::read_to_string(&old).unwrap().as_str(), mode(&old)), (ANA, 0o600));
}

#[test]
fn without_a_terminal_nothing_is_asked_and_what_is_missing_is_named() {
    let cli = Cli::new();
    for (args, err) in [
        (
            &["init", "--name", "Ana"][..],
            "error: nobody can be asked here: add --yes, with --name and --phone; --zone, --calendar, and --provider \
             twilio with --account-sid and --from are there, too\n",
        ),
        (
            &["init", "--yes", "--provider", "twilio"],
            "error: with --yes nothing is asked, so it needs: --name NAME, --phone NUMBER, --account-sid SID, --from \
             NUMBER, the token in TWILIO_AUTH_TOKEN, or --auth-token-file FILE\n",
        ),
        (
            &with(&["--from", "+12025550100"]),
            "error: --account-sid, --from and --auth-token-file are for --provider twilio\n",
        ),
        (
            &["init", "--yes", "--name", "Ana", "--phone", "2025550101"],
            "error: --phone: `phone` is not a number that can be called: a number starts with `+` and the country code, \
             such as +12025550123\n",
        ),
        (&with(&["--zone", "berlin"]), "error: --zone: unknown time zone `berlin`: did you mean \"Europe/Berlin\"?\n"),
        (&with(&["--calendar", "nowhere.ics"]), "error: --calendar: there is no such file\n"),
        (
            &with(&["--system", "--config", "x"]),
            "error: --system writes /etc/xdg/savehub/config.toml: leave out --config (and SAVEHUB_CONFIG)\n",
        ),
    ] {
        assert_eq!(cli.run(args), Ran { code: 2, out: String::new(), err: err.into() }, "{args:?}");
    }
    assert_eq!(fs::read_dir(cli.path("")).unwrap().count(), 0, "something was written");
}

#[test]
fn the_token_and_the_address_of_a_calendar_go_into_files_of_their_own() {
    let cli = Cli::new().set("TWILIO_AUTH_TOKEN", "CANARY0token");
    let args = with(&[
        "--offline",
        "--provider",
        "twilio",
        "--account-sid",
        "AC00000000000000000000000000000000",
        "--from",
        "+12025550100",
    ]);
    let script = "echo https://example.com/CANARY.ics | \"$@\" --calendar -";
    let ran = cli.sh(script, &args);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!format!("{ran:?}{}", config(&cli)).contains("CANARY"));
    for (file, text) in [("twilio_auth_token", "CANARY0token\n"), ("ana.url", "https://example.com/CANARY.ics\n")] {
        let path = cli.path(".config/savehub").join(file);
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), mode(&path)), (text, 0o600));
    }
    // A scheduler has no such variable: the config must do without.
    let out = cli.set("TWILIO_AUTH_TOKEN", "").ok(&["config", "check"]);
    assert!(out.ends_with("1 person, 1 calendar, 2 rungs; calls by Twilio\n"), "{out}");
}

#[test]
fn a_token_that_has_a_file_already_stays_there() {
    let cli = Cli::new();
    cli.write("token", "CANARY0token\n");
    let path = cli.path("token");
    let account = ["--offline", "--provider", "twilio", "--account-sid", "AC00", "--from", "+12025550100"];
    cli.ok(&with(&[&account[..], &["--auth-token-file", path.to_str().unwrap()]].concat()));
    assert!(config(&cli).contains(&format!("\nauth_token_file = \"{}\"\n", path.display())));
    assert_eq!(fs::read_dir(cli.path(".config/savehub")).unwrap().count(), 1);
}

#[test]
fn a_secret_file_that_is_there_is_not_replaced_and_then_nothing_is_written() {
    let cli = Cli::new().set("TWILIO_AUTH_TOKEN", "new");
    cli.write(".config/savehub/twilio_auth_token", "old\n");
    let args = with(&["--provider", "twilio", "--account-sid", "AC00", "--from", "+12025550100"]);
    let ran = cli.run(&args);
    let err = "error: there is a file HOME/.config/savehub/twilio_auth_token already; add --force to replace it\n";
    assert_eq!(ran, Ran { code: 2, out: String::new(), err: err.into() });
    assert!(!cli.path(".config/savehub/config.toml").exists());
}

#[test]
fn a_wrong_variable_is_told_before_anything_is_written() {
    let cli = Cli::new().set("CALL_TEST_MODE", "perhaps");
    let ran = cli.run(&ASK_NOTHING);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("the environment variable CALL_TEST_MODE has a value savehub cannot use"), "{ran:?}");
    assert_eq!(fs::read_dir(cli.path("")).unwrap().count(), 0, "something was written");
}

#[test]
fn where_nothing_can_be_written_it_says_so_and_can_be_tried_again() {
    let cli = Cli::new();
    cli.write(".config/savehub", "");
    let ran = cli.run(&ASK_NOTHING);
    let err = "error: cannot make the directory HOME/.config/savehub: entity already exists\n";
    assert_eq!(ran, Ran { code: 2, out: String::new(), err: err.into() });
    fs::remove_file(cli.path(".config/savehub")).unwrap();
    cli.write(".local/state", "");
    let ran = cli.run(&ASK_NOTHING);
    assert!(ran.code == 3 && ran.err.contains("HOME/.local/state/savehub"), "{ran:?}");
    assert_eq!(fs::read_dir(cli.path(".config/savehub")).unwrap().count(), 0, "a config without its database");
    fs::remove_file(cli.path(".local/state")).unwrap();
    cli.ok(&ASK_NOTHING);
}

#[test]
fn an_address_on_the_command_line_is_warned_of_and_not_repeated() {
    let cli = Cli::new();
    let ran = cli.run(&with(&["--offline", "--calendar", "https://example.com/CANARY.ics"]));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.starts_with("warning: the address of the calendar is a password, "), "{ran:?}");
    assert!(ran.err.contains("`--calendar -`") && !format!("{ran:?}").contains("CANARY"), "{ran:?}");
}
