//! `savehub generate systemd` and `cron`: systemd, cron and the README accept what is printed.

use super::have;
use crate::support::cli::{ANA, Cli};
use std::fs;
use std::process::Command;

const OPERATING: &str = include_str!("../../../docs/operating.md");

/// The highest exposure that is accepted, of systemd's 0 (none) to 10.
const EXPOSURE: f64 = 2.0;

/// Writes the units to a directory of this home, and gives its path.
fn units(cli: &Cli, more: &[&str]) -> String {
    let dir = cli.path("units");
    fs::create_dir_all(&dir).unwrap();
    let dir = dir.to_str().unwrap().to_owned();
    let out = cli.ok(&[&["generate", "systemd", "--dir", &dir], more].concat());
    assert_eq!(out, "HOME/units/savehub.service\nHOME/units/savehub.timer\n");
    dir
}

fn analyze(cli: &Cli, args: &[&str]) -> (bool, String) {
    let mut command = Command::new("systemd-analyze");
    command.args(args).env("XDG_RUNTIME_DIR", cli.path("")).env("SYSTEMD_COLORS", "0").env("LC_ALL", "C");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn systemd_takes_the_units_of_the_system_and_those_of_a_user_without_a_word() {
    if !have("systemd-analyze") {
        return;
    }
    for (more, whose) in [(&[][..], "--system"), (&["--user"], "--user")] {
        let cli = Cli::with(ANA);
        let dir = units(&cli, more);
        let (service, timer) = (format!("{dir}/savehub.service"), format!("{dir}/savehub.timer"));
        // The manual page is not installed where tests run.
        let (good, said) = analyze(&cli, &[whose, "verify", "--man=no", &service, &timer]);
        // What other units of this machine are blamed for is none of ours.
        let said: Vec<_> = said.lines().filter(|line| line.contains("savehub")).collect();
        assert!(good && said.is_empty(), "{whose}: {said:?}");
    }
}

#[test]
fn the_service_of_the_system_may_do_little_as_systemd_counts() {
    if !have("systemd-analyze") {
        return;
    }
    let cli = Cli::with(ANA);
    let dir = units(&cli, &[]);
    let (good, said) = analyze(&cli, &["security", "--offline=true", "--no-pager", &format!("{dir}/savehub.service")]);
    assert!(good, "{said}");
    let score = said.split("Overall exposure level for savehub.service: ").nth(1).unwrap().split(' ').next().unwrap();
    let score: f64 = score.parse().unwrap();
    assert!(score <= EXPOSURE, "{score}\n{said}");
    let told = OPERATING.split("systemd-analyze security` gives it ").nth(1).unwrap().split(' ').next().unwrap();
    let told: f64 = told.parse().unwrap();
    assert!(told <= EXPOSURE, "the page says {told}");
}

#[test]
fn a_unit_of_a_user_runs_their_program_with_their_config() {
    let cli = Cli::with(&format!("[engine]\ntick_limit = \"2m\"\n{ANA}"));
    let out = cli.ok(&["generate", "systemd", "--user", "--program", "/opt/s a/savehub"]);
    assert!(out.starts_with("# savehub.service\n[Unit]\n") && out.contains("\n# savehub.timer\n[Unit]\n"), "{out}");
    assert!(
        out.contains("\nExecStart=\"/opt/s a/savehub\" --config HOME/.config/savehub/config.toml --quiet tick\n"),
        "{out}"
    );
    assert!(out.contains("\nTimeoutStartSec=150\n"), "{out}");
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let ran = Cli::new().run(&["generate", "systemd", "--dir", "/nowhere/at/all"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.starts_with("error: cannot write /nowhere/at/all/savehub.service: "), "{ran:?}");
}

/// What cron hands to the shell of a line: everything behind the times, `\%` as `%` (crontab(5)).
fn command(line: &str) -> String {
    line.strip_prefix("* * * * * ").expect(line).replace("\\%", "%")
}

#[test]
fn cron_takes_the_lines_and_their_commands_run_a_tick() {
    let cli = Cli::new();
    cli.write("50% off/it's.toml", ANA);
    let config = cli.path("50% off/it's.toml");
    let lines = cli.ok(&["--config", config.to_str().unwrap(), "generate", "cron"]);
    let lines = lines.replace("HOME", cli.path("").to_str().unwrap().trim_end_matches('/'));
    let ticks: Vec<_> = lines.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(ticks.len(), 2, "{lines}");
    let (first, second) = (command(ticks[0]), command(ticks[1]));
    assert_eq!(second, format!("sleep 30; {first}"));
    assert!(first.starts_with('/'), "{first}");
    // As cron would run it: from another directory, with a short PATH and nothing else.
    let ran = cli.sh(&format!("cd / && {first}"), &[]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(cli.database().exists(), "no tick ran");
    if have("crontab") {
        let file = cli.path("lines");
        fs::write(&file, &lines).unwrap();
        let checked = Command::new("crontab").arg("-n").arg(&file).output().unwrap();
        assert!(checked.status.success(), "{checked:?}");
    }
}

#[test]
fn the_lines_for_cron_on_the_page_are_those_that_are_printed() {
    let cli = Cli::with(ANA);
    let printed = cli.ok(&["generate", "cron", "--program", "/usr/local/bin/savehub"]).replace("HOME", "/home/ana");
    assert!(OPERATING.contains(&format!("```cron\n{printed}```\n")), "{printed}");
}
