//! What came of all steps, by the fake's own list of calls and by the database.

use crate::server::Server;
use crate::support::fake_twilio::FakeTwilio;
use savehub::clock::{Clock as _, SystemClock};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// Area codes; each has a hundred fictional numbers, 555-0100 to 555-0199.
const AREAS: [u32; 41] = [
    201, 202, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234,
    239, 240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 301, 302, 303,
];

/// The number of a person: not a real one, and not the one that calls come from.
pub fn number(person: usize) -> String {
    format!("+1{}55501{:02}", AREAS[person / 99], person % 99)
}

/// Is the whole proof asked for, or a sample of it?
pub fn whole() -> bool {
    std::env::var("SAVEHUB_PROOF").is_ok_and(|v| v == "whole")
}

/// Tells something past the capture of the test harness.
pub fn say(line: &str) {
    // Not `eprintln`, which is captured.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "hosts: {line}").unwrap();
}

/// Waits for something that must come, and looks again and again.
#[track_caller]
pub fn until(what: &str, within: Duration, mut reached: impl FnMut() -> bool) {
    let limit = Instant::now() + within;
    while !reached() {
        assert!(Instant::now() < limit, "{what} did not come within {within:?}");
        SystemClock.sleep(Duration::from_millis(10));
    }
}

/// The counts.
#[derive(Debug, Default)]
pub struct Verdict {
    pub steps: usize,
    /// Steps that rang.
    pub rang: usize,
    /// Calls more than one to a step.
    pub duplicates: usize,
    /// Steps that neither rang nor say why.
    pub losses: usize,
    /// Steps or attempts that were still open at the end.
    pub stuck: usize,
    /// Calls the database does not know.
    pub unknown: usize,
    /// Each call to a number that rang twice.
    pub twice: Vec<String>,
    /// Steps that ended without a call, and say why.
    pub reasons: BTreeMap<String, usize>,
}

/// Steps, attempts and meetings that somebody must still do something about.
pub const OPEN: &str = "select (select count(*) from steps where state in ('PENDING','RUNNING')) \
    + (select count(*) from attempts where state in ('SENDING','UNKNOWN')) \
    + (select count(*) from meetings where state = 'SCHEDULED' and watched = 0)";

/// Judges everything so far; every person has one step.
pub fn judge(server: &Server, fake: &FakeTwilio, people: usize) -> Verdict {
    let mut rang: HashMap<String, usize> = HashMap::new();
    let calls = fake.calls();
    for call in &calls {
        *rang.entry(call.to.clone()).or_default() += 1;
    }
    let rows = server
        .sql("select i.person, s.state, coalesce(s.reason, '') from steps s join incidents i on i.id = s.incident_id");
    let ended: HashMap<&str, (&str, &str)> =
        rows.lines().map(|line| line.split('|').collect::<Vec<_>>()).map(|row| (row[0], (row[1], row[2]))).collect();
    let mut verdict = Verdict { steps: people, stuck: server.count(OPEN), ..Verdict::default() };
    for person in 0..people {
        let n = rang.get(&number(person)).copied().unwrap_or(0);
        verdict.rang += usize::from(n > 0);
        verdict.duplicates += n.saturating_sub(1);
        match ended.get(format!("p{person}").as_str()) {
            _ if n > 0 => {}
            Some((state, reason)) if *state != "EXECUTED" && !reason.is_empty() => {
                *verdict.reasons.entry(format!("{state}({reason})")).or_default() += 1;
            }
            _ => verdict.losses += 1,
        }
    }
    let known = server.sql("select sid from attempts where sid is not null");
    let known: HashSet<&str> = known.lines().collect();
    let twice = calls.iter().filter(|call| rang[&call.to] > 1);
    verdict.twice = twice.map(|call| format!("{} {} at {}", call.to, call.sid, call.created_at.ms())).collect();
    verdict.unknown = calls.iter().filter(|call| !known.contains(call.sid.as_str())).count();
    verdict
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { rang, duplicates, losses, stuck, reasons, .. } = self;
        write!(f, "{duplicates} duplicates, {losses} losses, {stuck} stuck ({rang} rang")?;
        reasons.iter().try_for_each(|(reason, count)| write!(f, ", {count} {reason}"))?;
        write!(f, ")")
    }
}
