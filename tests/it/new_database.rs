//! Whoever makes a database says so.

use crate::support::cli::{ANA, Cli};

const MADE: &str = "warning: made a new database HOME/.local/state/savehub/savehub.db: it knows nothing of earlier meetings \
                    and calls\n";

#[test]
fn a_tick_that_makes_a_database_says_so_once() {
    let cli = Cli::with(ANA);
    let ran = cli.run(&["tick"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", MADE));
    let again = cli.run(&["tick"]);
    assert_eq!((again.code, again.out.as_str(), again.err.as_str()), (0, "", ""));
    std::fs::remove_dir_all(cli.database().parent().unwrap()).unwrap();
    assert_eq!(cli.run(&["tick"]).err, MADE, "the old one is lost");
}

#[test]
fn a_meeting_by_hand_that_makes_a_database_says_so() {
    let cli = Cli::with(ANA);
    assert_eq!(cli.run(&["meeting", "add", "Board sync", "--at", "in 2h"]).err, MADE);
    assert_eq!(cli.run(&["meeting", "add", "Dentist", "--at", "in 3h"]).err, "");
}

#[test]
fn status_and_doctor_say_for_a_day_that_the_database_is_new() {
    let cli = Cli::with(ANA);
    cli.ok(&["tick"]);
    let words = " ago: it knows nothing of earlier meetings and calls";
    assert!(cli.ok(&["status"]).contains("\nthe database was made "), "{}", cli.ok(&["status"]));
    let says = || [&["status"][..], &["doctor", "--offline"]].map(|args| cli.run(args).out.contains(words));
    assert_eq!(says(), [true, true]);
    let database = rusqlite::Connection::open(cli.database()).unwrap();
    database.execute_batch("update ticks set started_at = started_at - 86400000 - 60000").unwrap();
    assert_eq!(says(), [false, false]);
}
