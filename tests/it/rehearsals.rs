//! Rehearsals by a turned clock leave no trace in what is real.

use crate::support::cli::{ANA, Cli};

#[test]
fn a_turned_clock_is_refused_where_real_ticks_have_written_and_a_copy_takes_it() {
    let cli = Cli::with(ANA);
    cli.ok(&["tick"]);
    let at = "2026-11-22T09:00:00Z";
    let refused = cli.run(&["tick", "--now", at]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert_eq!(
        refused.err,
        "error: --now turns the clock for a rehearsal, and real ticks have written this database. Rehearse with `savehub \
         plan`, with --dry-run, or on a copy: `savehub db backup FILE`, then --database FILE\n"
    );
    cli.ok(&["tick", "--now", at, "--dry-run"]);
    let copy = cli.path("copy.db");
    let copy = copy.to_str().unwrap();
    cli.ok(&["db", "backup", copy]);
    cli.ok(&["tick", "--now", at, "--database", copy]);
    cli.ok(&["tick", "--now", at, "--database", copy]);
    let nowhere = cli.run(&["tick", "--now", at, "--database", "/nowhere/x.db"]);
    assert!(nowhere.code == 3 && nowhere.err.contains("there is no savehub database at /nowhere/x.db"), "{nowhere:?}");
    cli.ok(&["tick"]);
}

#[test]
fn the_first_real_tick_opens_again_what_rehearsals_ended_and_is_still_ahead() {
    let cli = Cli::with(ANA);
    for (title, at) in [("Missed", "in 2h"), ("Rung", "in 5h"), ("Checked", "in 6h")] {
        cli.ok(&["meeting", "add", title, "--at", at]);
    }
    cli.ok(&["checkin", "Checked"]);
    assert!(cli.ok(&["tick", "--now", "in 118m"]).contains("Missed (ana): called ****0101 on the mock phone"));
    assert!(cli.run(&["tick", "--now", "in 298m"]).out.contains("Rung (ana): called ****0101 on the mock phone"));
    assert!(cli.ok(&["status"]).contains("MISSED"));
    cli.ok(&["tick"]);
    let plan = cli.ok(&["plan"]);
    for title in ["Missed", "Rung"] {
        assert_eq!(plan.matches(title).count(), 2, "{plan}");
    }
    assert!(!plan.contains("Checked"), "{plan}");
    assert!(cli.ok(&["db", "check"]).starts_with("ok: "));
}
