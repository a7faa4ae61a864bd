//! What can be seen on this machine.

use super::{doctor, doctor_with, scheduled, ticks};
use crate::support::cli::{ANA, Cli};
use crate::support::fake_twilio::FakeTwilio;
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt as _;

fn rehearsal() -> Cli {
    scheduled(Cli::with(ANA))
}

fn chmod(cli: &Cli, path: &str, mode: u32) {
    set_permissions(cli.path(path), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_rehearsal_that_works_is_told_in_lines_and_warned_of_as_one() {
    let ran = rehearsal().run(&["doctor"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert!(lines[0].starts_with("  ok       config     HOME/.config/savehub/config.toml, 1 person"), "{}", ran.out);
    assert!(
        lines[1].starts_with("  warning  provider   the provider is mock: no phone will ring. Set "),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("\n  ok       database   HOME/.local/state/savehub/savehub.db, "), "{}", ran.out);
    assert!(ran.out.contains("\n  ok       ticks      the last one "), "{}", ran.out);
    assert!(ran.out.contains(" s ago, 120 in the last 24 h\n"), "{}", ran.out);
    assert!(ran.out.contains("\n  skipped  account    the provider is mock: nothing leaves\n"), "{}", ran.out);
    assert_eq!(lines.last(), Some(&"1 warning"));
    assert_eq!(ran.err, "");
}

#[test]
fn without_a_config_it_says_where_one_belongs_and_looks_at_the_rest() {
    let said = doctor(&scheduled(Cli::new()));
    said.says("config", "problem", "there is none; looked for HOME/.config/savehub/config.toml");
    said.says("ticks", "ok", "the last one ");
    said.says("account", "skipped", "the config cannot be used");
    assert_eq!(said.code, 1);
}

#[test]
fn mistakes_of_a_config_are_counted_and_the_rest_is_looked_at() {
    let cli = scheduled(Cli::with(&format!("database = \"own.db\"\nnonsense = 1\n{ANA}telephone = 2\n")));
    let said = doctor(&cli);
    said.says("config", "problem", "2 mistakes: ");
    assert!(said.of("config")[0].1.contains("nonsense"), "{said:?}");
    said.says("database", "warning", "there is none at HOME/.config/savehub/own.db yet");
    assert_eq!(said.code, 1);
}

#[test]
fn a_config_that_is_no_toml_leaves_nobody_knowing_where_the_database_is() {
    let said = doctor(&Cli::with("[[person\n"));
    said.says("config", "problem", "1 mistake: ");
    said.says("database", "skipped", "nobody knows where it is");
    said.says("zones", "ok", "");
}

#[test]
fn a_config_that_is_named_and_not_there_is_a_problem_and_no_end() {
    let cli = Cli::new();
    let said = doctor_with(&cli, &["--config", "/nowhere/config.toml"]);
    said.says("config", "problem", "/nowhere/config.toml cannot be read");
}

#[test]
fn a_database_that_is_not_there_is_told_and_not_made() {
    let cli = Cli::with(ANA);
    let said = doctor(&cli);
    said.says("database", "warning", "there is none at HOME/.local/state/savehub/savehub.db yet");
    said.says("ticks", "skipped", "there is no database");
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!cli.path(".local").exists());
}

#[test]
fn a_database_of_another_program_and_a_damaged_one_are_problems() {
    let cli = Cli::with(ANA);
    let database = cli.database();
    std::fs::create_dir_all(database.parent().unwrap()).unwrap();
    let other = rusqlite::Connection::open(&database).unwrap();
    other.execute_batch("create table t(x)").unwrap();
    drop(other);
    chmod(&cli, ".local/state/savehub/savehub.db", 0o600);
    doctor(&cli).says("database", "problem", "is the database of another program");
    std::fs::write(&database, "no database at all, however long it may be").unwrap();
    doctor(&cli).says("database", "problem", "not an SQLite database");
}

#[test]
fn an_older_schema_is_left_as_it_is() {
    let cli = rehearsal();
    let database = rusqlite::Connection::open(cli.database()).unwrap();
    database.pragma_update(None, "user_version", 3).unwrap();
    doctor(&cli).says("database", "warning", "has schema 3");
    let version: i32 = database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 3);
}

#[test]
fn files_that_others_can_read_or_change_are_problems() {
    let cli = rehearsal();
    chmod(&cli, ".local/state/savehub/savehub.db", 0o644);
    doctor(&cli).says("modes", "problem", "others can read or change HOME/.local/state/savehub/savehub.db (mode 644)");
    chmod(&cli, ".local/state/savehub/savehub.db", 0o600);
    chmod(&cli, ".config/savehub/config.toml", 0o666);
    doctor(&cli).says("modes", "problem", "others can change HOME/.config/savehub/config.toml");
    chmod(&cli, ".config/savehub/config.toml", 0o644);
    chmod(&cli, ".local/state/savehub", 0o777);
    doctor(&cli).says("modes", "problem", "others can change the database's directory");
    chmod(&cli, ".local/state/savehub", 0o700);
    doctor(&cli).says("modes", "ok", "config 644, database 600, its directory 700");
}

#[test]
fn a_secret_in_a_file_that_others_can_read_is_a_problem() {
    let fake = FakeTwilio::start();
    let text = crate::support::cli::twilio(&fake.base_url(), "x", ANA);
    let cli = scheduled(Cli::with(&text.replace("auth_token = \"x\"", "auth_token_file = \"token\"")));
    cli.write(".config/savehub/token", "your_auth_token\n");
    doctor(&cli).says("modes", "ok", "secret 600");
    chmod(&cli, ".config/savehub/token", 0o644);
    let said = doctor(&cli);
    said.says("modes", "problem", "HOME/.config/savehub/token holds a secret, and others can read");
    said.says("config", "problem", "`auth_token_file` names a file that others can read (mode 644)");
    // Where the service manager has put it, its mode is that of everybody there.
    let given = cli.path(".config/savehub").display().to_string();
    doctor(&cli.set("CREDENTIALS_DIRECTORY", &given)).says("modes", "ok", "config 600, database 600");
}

#[test]
fn a_stop_file_is_a_warning() {
    let cli = rehearsal();
    doctor(&cli).says("brakes", "ok", "no STOP file, no pause");
    cli.write(".config/savehub/STOP", "");
    doctor(&cli).says("brakes", "warning", "HOME/.config/savehub/STOP exists: nothing rings");
}

#[test]
fn ticks_that_stopped_are_a_problem() {
    let cli = Cli::with(ANA);
    ticks(&cli, (0..20).rev().map(|n| n * 30 + 3 * 3600));
    let said = doctor(&cli);
    said.says("ticks", "problem", "the last one was 3 h ago");
    assert_eq!(said.code, 1);
}

#[test]
fn two_crontabs_are_noticed() {
    let cli = Cli::with(ANA);
    ticks(&cli, (0..20).rev().flat_map(|n| [n * 30 + 6, n * 30 + 5]));
    doctor(&cli).says("ticks", "warning", "they come in pairs: two schedulers");
}

#[test]
fn a_timer_of_a_minute_is_noticed() {
    let cli = Cli::with(ANA);
    ticks(&cli, (0..20).rev().map(|n| n * 60 + 5));
    doctor(&cli).says("ticks", "warning", "one every 60 s, not every 30 s");
}

#[test]
fn a_program_that_cannot_be_run_is_a_problem() {
    let config = |argv: &str| format!("{ANA}presence_command = [\"/bin/true\"]\n[command.lamp]\nrun = [\"{argv}\"]\n");
    let cli = scheduled(Cli::with(&config("/bin/echo")));
    doctor(&cli).says("commands", "ok", "2 programs, can be run");
    cli.write_config(&config("/nowhere/lamp"));
    doctor(&cli).says("commands", "problem", "[command.lamp]: /nowhere/lamp is not there");
    cli.write(".config/savehub/lamp", "#!/bin/sh\n");
    cli.write_config(&config("./lamp"));
    doctor(&cli).says("commands", "problem", "/lamp is there, but cannot be run");
}

#[test]
fn a_metrics_file_that_cannot_be_written_is_a_problem_before_prometheus_misses_it() {
    let with = |path: &str| scheduled(Cli::with(&format!("metrics_file = \"{path}\"\n{ANA}")));
    doctor(&with("~/savehub.prom")).says("metrics", "ok", "HOME/savehub.prom can be written");
    let said = doctor(&with("~/nowhere/savehub.prom"));
    said.says("metrics", "problem", "HOME/nowhere/savehub.prom cannot be written: there is no such directory");
    assert_eq!(said.code, 1);
}

#[test]
fn a_mistake_in_a_config_and_a_missing_one_are_told_with_the_command_that_helps() {
    let remedy = |cli: &Cli| doctor(cli).report["checks"][0]["remedy"].as_str().unwrap().to_owned();
    assert!(remedy(&Cli::with("nonsense = 1\n")).starts_with("`savehub config check` "));
    assert!(remedy(&Cli::new()).starts_with("`savehub init` makes one"));
}

#[test]
fn all_numbers_of_a_pool_are_told() {
    let fake = FakeTwilio::start();
    let text = crate::support::cli::twilio(&fake.base_url(), "x", ANA);
    let cli = scheduled(Cli::with(&text.replace("\"+12025550199\"", "[\"+12025550199\", \"+12025550198\"]")));
    doctor_with(&cli, &["--offline"]).says("provider", "ok", "twilio, calls come from ****0199, ****0198");
}

#[test]
fn a_pipe_in_the_place_of_a_secret_is_refused_and_not_waited_for() {
    let fake = FakeTwilio::start();
    let text = crate::support::cli::twilio(&fake.base_url(), "x", ANA);
    let cli = Cli::with(&text.replace("auth_token = \"x\"", "auth_token_file = \"~/pipe\""));
    assert_eq!(cli.sh("mkfifo -m 600 \"$HOME/pipe\"", &[]).code, 0);
    doctor(&cli).says("config", "problem", "no secret comes from `auth_token_file`: it is a pipe and not a file");
}

#[test]
fn a_directory_in_the_place_of_the_database_is_not_to_be_changed() {
    let cli = Cli::with(&format!("database = \"~/dir\"\n{ANA}"));
    std::fs::create_dir(cli.path("dir")).unwrap();
    chmod(&cli, "dir", 0o755);
    let said = doctor(&cli);
    assert!(said.of("modes").iter().all(|(status, _)| *status == "ok"), "{said:#?}");
    said.says("database", "problem", "HOME/dir");
}
