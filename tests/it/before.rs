//! A database and a config of the version before ring as before (`data/before`).

use crate::support::cli::Cli;
use rusqlite::Connection;

/// What a tick printed, without the ids of calls, and without what did not ring.
fn rang(printed: &str) -> Vec<&str> {
    let words = |line| str::split(line, ", ").next().unwrap_or(line);
    let mut lines: Vec<_> = printed.lines().filter(|line| !line.contains(": skipped: ")).map(words).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_database_and_a_config_of_the_version_before_ring_as_before() {
    let cli = Cli::with(include_str!("../data/before/config.toml"));
    let database = Connection::open(cli.path(".config/savehub/savehub.db")).unwrap();
    database.execute_batch(include_str!("../data/before/savehub.sql")).unwrap();
    drop(database);
    // Its calendar is named from the directory in which tests run.
    let mut ticks: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in include_str!("../data/before/rang.txt").lines() {
        match (line.strip_prefix("  "), ticks.last_mut()) {
            (Some(rang), Some((_, lines))) => lines.push(rang),
            _ => ticks.push((line, Vec::new())),
        }
    }
    assert_eq!(ticks.len(), 20);
    for (at, expected) in ticks {
        let ran = cli.run(&["tick", "--now", at]);
        assert_eq!(rang(&ran.out), expected, "{at}: {}", ran.err);
    }
}
