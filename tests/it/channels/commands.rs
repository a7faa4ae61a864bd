//! Commands: what a program is given, and what its end means.

use crate::channels::{NOW, named, not_sent, taken, unknown};
use crate::support::{HUNG, Looks, Open};
use savehub::config::{Channels, CommandConfig};
use savehub::model::{
    FenceReason, MeetingWords, NotSentCause, Outcome, Rejection, RejectionClass, Reply, Request, RequestFacts, RungKind,
};
use savehub::provider::Provider;
use savehub::provider::command::Commands;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;
use tempfile::TempDir;

/// A directory with a program `lamp` in it, and the command that runs it with one argument.
fn lamp(script: &str, timeout: Duration) -> (TempDir, Commands) {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("lamp");
    fs::write(&program, format!("#!/bin/sh\ncd \"$(dirname \"$0\")\"\n{script}\n")).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let argv = vec![program.to_str().unwrap().to_owned(), "a b;$HOME".to_owned()];
    let commands = vec![CommandConfig { name: "lamp".into(), argv, timeout }];
    let environment = vec![("PATH".into(), "/usr/bin:/bin".into()), ("LANG".into(), "C".into())];
    (dir, Commands::new(&Channels { commands, environment, ..Channels::default() }))
}

fn lamp_request() -> Request {
    named(RungKind::Command, "lamp")
}

fn run(script: &str, request: &Request) -> (TempDir, Reply) {
    let (dir, commands) = lamp(script, Duration::from_secs(20));
    let reply = commands.place(request, &Open);
    (dir, reply)
}

/// The environment a program gets, but for what its shell adds.
fn environment(request: &Request) -> Vec<String> {
    let (dir, reply) = run("env -0 > env", request);
    assert_eq!(reply.outcome, taken("COMMAND-tok1"));
    let env = fs::read_to_string(dir.path().join("env")).unwrap();
    let mut env: Vec<_> = env.split_terminator('\0').map(str::to_owned).collect();
    env.retain(|line| !["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|shell| line.starts_with(shell)));
    env.sort();
    env
}

#[test]
fn a_program_is_given_the_facts_and_nothing_else_of_ours() {
    assert_eq!(
        environment(&lamp_request()),
        [
            "LANG=C",
            "PATH=/usr/bin:/bin",
            "SAVEHUB_EVENT=abc123",
            "SAVEHUB_KEY=key1",
            "SAVEHUB_KIND=before_start",
            "SAVEHUB_LINK=https://meet.example.com/1",
            "SAVEHUB_MESSAGE=Board sync starts in 12 minutes.",
            "SAVEHUB_MINUTES_LEFT=12",
            "SAVEHUB_PERSON=Ana",
            "SAVEHUB_PERSON_ID=ana",
            "SAVEHUB_START=2026-11-22T09:12:00.000Z",
            "SAVEHUB_SUBJECT=",
            "SAVEHUB_TITLE=Board sync",
        ]
    );
}

#[test]
fn the_manual_names_every_variable() {
    for line in environment(&lamp_request()) {
        let name = line.split('=').next().unwrap();
        assert!(crate::channels::MAN.contains(name), "{name}");
    }
}

#[test]
fn no_fact_holds_a_control_character_and_a_test_has_every_name() {
    let mut request = Request { message: "a\nb\u{0}c".into(), subject: Some("s\u{7}".into()), ..lamp_request() };
    let title = format!("x\u{0}\n\u{1b}$(reboot){}", "y".repeat(500_000));
    request.facts.meetings = vec![MeetingWords { uid: "1".into(), title, starts_at: NOW, link: None }];
    let env = environment(&request);
    assert_eq!(env.len(), 13);
    assert!(env.iter().all(|line| line.len() < 2000 && !line.chars().any(char::is_control)), "{env:?}");
    assert!(
        env.contains(&"SAVEHUB_MESSAGE=a b c".into())
            && env.iter().any(|l| l.starts_with("SAVEHUB_TITLE=x   $(reboot)y"))
    );
    request.facts = RequestFacts::default();
    let env = environment(&request);
    assert_eq!((env.len(), env.contains(&"SAVEHUB_START=".into())), (13, true));
}

#[test]
fn no_shell_reads_the_arguments_and_nothing_stands_on_the_input() {
    let (dir, reply) = run("printf '%s|%s' \"$1\" \"$(cat)\" > out", &lamp_request());
    assert_eq!(reply.outcome, taken("COMMAND-tok1"));
    assert_eq!(fs::read_to_string(dir.path().join("out")).unwrap(), "a b;$HOME|");
}

#[test]
fn a_program_that_fails_is_refused_with_its_code_and_never_run_again_by_us() {
    let refused = |code, message: &str| {
        let class = RejectionClass::Other;
        Outcome::Rejected(Rejection { class, code, message: message.into(), retry_after: None })
    };
    let (dir, reply) = run("echo x >> runs; exit 3", &lamp_request());
    assert_eq!(reply.outcome, refused(Some(3), "the program failed with exit code 3"));
    assert_eq!(fs::read_to_string(dir.path().join("runs")).unwrap(), "x\n");
    let (_dir, reply) = run("kill -9 $$", &lamp_request());
    assert_eq!(reply.outcome, refused(None, "the program was ended by signal 9"));
}

#[test]
fn a_program_that_hangs_is_ended_with_all_it_started_and_nobody_knows_what_it_did() {
    let (dir, commands) = lamp("sleep 1200 & echo $! > child; wait", Duration::from_secs(5));
    let reply = commands.place(&lamp_request(), &Open);
    assert_eq!(unknown(reply), "the program did not end within 5 s and was killed");
    let child = fs::read_to_string(dir.path().join("child")).unwrap();
    let stat = || fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
    // Gone, or dead and waiting to be collected by whoever is its parent now.
    let dead = || stat().is_empty() || stat().contains(") Z ") || stat().contains(") X ");
    let begun = std::time::Instant::now();
    while !dead() && begun.elapsed() < HUNG {
        std::thread::yield_now();
    }
    assert!(dead(), "{}", stat());
}

#[test]
fn what_cannot_be_started_is_certain() {
    let (dir, commands) = lamp("", Duration::from_secs(20));
    fs::remove_file(dir.path().join("lamp")).unwrap();
    let (cause, detail) = not_sent(commands.place(&lamp_request(), &Open));
    assert_eq!((cause, detail.starts_with("the program cannot be started: ")), (NotSentCause::Other, true), "{detail}");
    let other = not_sent(commands.place(&named(RungKind::Command, "bell"), &Open));
    assert_eq!(other, (NotSentCause::Other, "the config has no [command.bell]".into()));
}

#[test]
fn a_shut_gate_starts_no_program() {
    let (dir, commands) = lamp("echo x > runs", Duration::from_secs(20));
    let reply = commands.place(&lamp_request(), &Looks::closed_at(1));
    assert_eq!(not_sent(reply).0, NotSentCause::Fenced(FenceReason::IncidentEnded));
    assert!(!dir.path().join("runs").exists());
}
