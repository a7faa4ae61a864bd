//! `savehub doctor`, through the program: what it says of a healthy installation, and of each thing that can be wrong
//! with one. What single checks make of what they see is tested beside their code.

mod account;
mod here;
mod others;
mod pace;
mod quiet;

use crate::support::cli::Cli;
use savehub::clock::{Clock as _, SystemClock};
use savehub::model::Timestamp;
use savehub::owner::Owner;
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{Store as _, TickEnd, TickStart};
use serde_json::Value;

/// What doctor said.
#[derive(Debug)]
struct Said {
    code: i32,
    report: Value,
    err: String,
}

fn doctor(cli: &Cli) -> Said {
    doctor_with(cli, &[])
}

fn doctor_with(cli: &Cli, options: &[&str]) -> Said {
    let ran = cli.run(&[&["doctor", "--json"], options].concat());
    let report = serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"));
    Said { code: ran.code, report, err: ran.err }
}

impl Said {
    /// Status and detail of every line of this check.
    fn of(&self, check: &str) -> Vec<(&str, &str)> {
        let lines = self.report["checks"].as_array().unwrap().iter().filter(|line| line["check"] == check);
        lines.map(|line| (line["status"].as_str().unwrap(), line["detail"].as_str().unwrap())).collect()
    }

    /// It has one line of this check, with this status and these words, and a remedy where one is due.
    #[track_caller]
    fn says(&self, check: &str, status: &str, words: &str) {
        let found = self.of(check);
        assert!(found.len() == 1 && found[0].0 == status && found[0].1.contains(words), "{check}: {self:#?}");
        let bad = matches!(status, "warning" | "problem");
        let lines = self.report["checks"].as_array().unwrap();
        let line = lines.iter().find(|line| line["check"] == check).unwrap();
        assert_eq!(line["remedy"].is_string(), bad, "{line}");
    }

    /// Nothing is wrong but this.
    #[track_caller]
    fn is_wrong_in(&self, check: &str, status: &str, words: &str) {
        self.says(check, status, words);
        let bad = |line: &&Value| line["status"] == "warning" || line["status"] == "problem";
        let bad: Vec<_> = self.report["checks"].as_array().unwrap().iter().filter(bad).collect();
        assert_eq!(bad.len(), 1, "{self:#?}");
        let expected = (i32::from(status == "problem"), "");
        assert_eq!((self.code, self.err.as_str()), expected, "{self:#?}");
    }
}

/// Ticks that started so many seconds ago, each a process of its own that ended after a second.
fn ticks(cli: &Cli, ages: impl IntoIterator<Item = i64>) {
    let store = SqliteStore::open(&cli.database(), Create::Yes).unwrap();
    let now = SystemClock.now().ms();
    for (pid, age) in (1..).zip(ages) {
        let at = |ms: i64| Timestamp::from_ms(ms);
        let started = now - age * 1000;
        let owner = Owner::new("a boot", pid, 1);
        let start = TickStart { now: at(started), boottime_ms: started, owner, host: "one".into(), turned: false };
        let begun = store.begin_tick(&start).unwrap();
        let end = TickEnd { now: at(started + 1000), exit: 0, skew_ms: None, placed: 0, not_placed: 0 };
        store.end_tick(begun.id, &end).unwrap();
    }
}

/// An hour of a scheduler that does what it should.
fn scheduled(cli: Cli) -> Cli {
    ticks(&cli, (0..120).rev().map(|n| n * 30 + 5));
    cli
}
