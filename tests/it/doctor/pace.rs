//! Whether the calls in the next day can start before their meetings.

use super::{Said, doctor, doctor_with, scheduled};
use crate::support::cli::{ANA, Cli, twilio};
use crate::support::fake_twilio::{FakeTwilio, TOKEN};

const OTHERS: &str = "[[person]]\nid = \"ben\"\nphone = \"+12025550102\"\n[[person]]\nid = \"cleo\"\n\
                      phone = \"+12025550103\"\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

/// Three people who are called once, from this pool, with a meeting at the same time.
fn a_company(fake: &FakeTwilio, pool: &str) -> Cli {
    let text = twilio(&fake.base_url(), TOKEN, &format!("{ANA}{OTHERS}"));
    let cli = scheduled(Cli::with(&text.replace("from = \"+12025550199\"", pool)));
    for person in ["ana", "ben", "cleo"] {
        cli.ok(&["meeting", "add", "Board sync", "--person", person, "--at", "in 5h"]);
    }
    cli
}

fn remedy(said: &Said) -> String {
    let lines = said.report["checks"].as_array().unwrap();
    lines.iter().find(|line| line["check"] == "pace").unwrap()["remedy"].as_str().unwrap().to_owned()
}

#[test]
fn calls_that_can_all_start_in_time_are_fine() {
    let fake = FakeTwilio::start();
    let cli = a_company(&fake, "from = \"+12025550199\"");
    let before = std::fs::read(cli.database()).unwrap();
    let ran = cli.run(&["-vv", "doctor", "--offline"]);
    let line = "\n  ok       pace       all 3 calls in the next 24 h can ring in time\n";
    assert!(ran.code == 0 && ran.out.contains(line), "{ran:?}");
    assert!(!ran.err.contains("[CALL]"), "a rehearsal calls nobody: {ran:?}");
    assert_eq!((std::fs::read(cli.database()).unwrap(), fake.posts()), (before, 0));
}

#[test]
fn calls_that_cannot_start_before_their_meetings_are_told_the_day_before() {
    let fake = FakeTwilio::start();
    // One starts every 100 s, and the window is open for 180 s.
    let cli = a_company(&fake, "from = \"+12025550199\"\ncalls_per_second = 0.01");
    let said = doctor(&cli);
    said.is_wrong_in("pace", "warning", "1 of 3 calls in the next 24 h cannot ring before their meetings, first at ");
    assert!(said.of("pace")[0].1.contains(" (in 4 h "), "{said:?}");
    let remedy = remedy(&said);
    for words in ["raise the account's calls per second", "calls_per_second", "critical_window", "`savehub plan`"] {
        assert!(remedy.contains(words), "{remedy}");
    }
    assert!(!remedy.contains("more numbers"), "{remedy}");
    let plan = cli.ok(&["plan"]);
    assert!(plan.contains("CROWDED") && plan.contains("; 1 could not start before their meetings"), "{plan}");
}

#[test]
fn more_numbers_are_advised_where_each_has_a_pace_of_its_own() {
    let fake = FakeTwilio::start();
    let pool = "from = [\"+12025550199\", \"+12025550198\"]\ncalls_per_second_per_number = 0.005";
    let said = doctor_with(&a_company(&fake, pool), &["--offline"]);
    said.says("pace", "warning", "1 of 3 calls");
    assert!(remedy(&said).contains("name more numbers under from"), "{said:?}");
}

#[test]
fn a_day_without_calls_one_that_is_paused_and_one_that_nobody_knows_are_told_so() {
    let cli = scheduled(Cli::with(ANA));
    doctor(&cli).says("pace", "ok", "there are no calls in the next 24 h");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 5h"]);
    doctor(&cli).says("pace", "ok", "all 2 calls");
    cli.ok(&["pause"]);
    doctor(&cli).says("pace", "ok", "there are no calls");
    doctor(&Cli::with(ANA)).says("pace", "skipped", "there is no database");
    cli.write_config("nonsense = 1\n");
    doctor(&cli).says("pace", "skipped", "the config cannot be used");
}
