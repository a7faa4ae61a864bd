//! `savehub db`: backup, check and prune, on a database that is in use.

use crate::support::HUNG;
use crate::support::cli::{ANA, Cli};
use rusqlite::Connection;
use savehub::clock::{Clock as _, SystemClock};
use savehub::owner::Owner;
use savehub::store::sqlite::{Create, Replace, SqliteStore};
use savehub::store::{Store as _, TickStart};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A day with one call, which was answered; everything is over.
fn used() -> Cli {
    let cli = Cli::with(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    cli.ok(&["checkin"]);
    cli
}

fn backup(cli: &Cli) -> String {
    cli.path("copy.db").to_str().unwrap().to_owned()
}

fn count(path: &Path, table: &str) -> i64 {
    let connection = Connection::open(path).unwrap();
    connection.query_row(&format!("select count(*) from {table}"), [], |r| r.get(0)).unwrap()
}

#[test]
fn a_backup_is_one_private_file_with_everything_in_it() {
    let cli = used();
    let said = cli.ok(&["db", "backup", &backup(&cli)]);
    assert!(said.starts_with("backed up: HOME/copy.db, ") && said.ends_with(" bytes, checked\n"), "{said}");
    let copy = cli.path("copy.db");
    assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    for table in ["meetings", "incidents", "steps", "attempts", "ticks", "counters"] {
        assert_eq!(count(&copy, table), count(&cli.database(), table), "{table}");
    }
    let left = std::fs::read_dir(cli.path("")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut left: Vec<_> = left.filter(|name| name.contains("copy")).collect();
    left.sort();
    assert_eq!(left, ["copy.db"]);
    // It is a database to go on with.
    std::fs::remove_file(cli.path(".local/state/savehub/savehub.db")).unwrap();
    std::fs::rename(&copy, cli.database()).unwrap();
    assert!(cli.ok(&["status"]).contains("Board sync"));
}

#[test]
fn what_is_there_is_replaced_only_when_asked_and_the_database_never() {
    let cli = used();
    cli.write("copy.db", "precious");
    let refused = cli.run(&["db", "backup", &backup(&cli)]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("HOME/copy.db is there already; --force replaces it"), "{refused:?}");
    assert_eq!(std::fs::read(cli.path("copy.db")).unwrap(), b"precious");
    cli.ok(&["db", "backup", "--force", &backup(&cli)]);
    assert_eq!(count(&cli.path("copy.db"), "incidents"), 1);
    let own = cli.database();
    std::os::unix::fs::symlink(&own, cli.path("link.db")).unwrap();
    for to in [own.clone(), own.with_extension("db-wal"), cli.path("link.db")] {
        let refused = cli.run(&["db", "backup", "--force", to.to_str().unwrap()]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.err.contains("belongs to the database itself"), "{refused:?}");
    }
    let nowhere = cli.run(&["db", "backup", cli.path("no/such/copy.db").to_str().unwrap()]);
    assert_eq!(nowhere.code, 2);
    assert!(nowhere.err.contains("cannot be written"), "{nowhere:?}");
    assert!(cli.ok(&["db", "check"]).starts_with("ok: "));
}

#[test]
fn a_backup_is_whole_while_others_write() {
    let cli = used();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let writer = Connection::open(cli.database()).unwrap();
            writer.busy_timeout(HUNG).unwrap();
            while !done.load(Ordering::Relaxed) {
                // Two rows that belong together, in one transaction.
                writer
                    .execute_batch(
                        "begin immediate; insert into faults values ('a' || random(), 1, 1); \
                         insert into faults values ('b' || random(), 1, 1); commit",
                    )
                    .unwrap();
            }
        });
        let store = SqliteStore::open(&cli.database(), Create::No).unwrap();
        for _ in 0..20 {
            let path = cli.path("copy.db");
            store.backup(&path, Replace::Yes).unwrap();
            let copy = SqliteStore::open(&path, Create::No).unwrap();
            assert_eq!(copy.check().unwrap(), [""; 0]);
            assert_eq!(count(&path, "faults") % 2, 0, "half a transaction was copied");
        }
        done.store(true, Ordering::Relaxed);
    });
}

/// What `db check` says after this was done to the database by hand.
fn broken(by: &str) -> Vec<String> {
    let cli = Cli::with(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    cli.ok(&["tick"]);
    let connection = Connection::open(cli.database()).unwrap();
    connection.pragma_update(None, "foreign_keys", false).unwrap();
    connection.pragma_update(None, "ignore_check_constraints", true).unwrap();
    connection.execute_batch(by).unwrap();
    drop(connection);
    let ran = cli.run(&["db", "check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    ran.out.lines().map(str::to_owned).collect()
}

#[test]
fn every_broken_rule_is_found_and_named() {
    for (by, found) in [
        (
            "update steps set state = 'RUNNING', reason = null where id = 1",
            vec!["a step is RUNNING without exactly one open attempt: s1"],
        ),
        (
            "update attempts set state = 'UNKNOWN', sid = null, call_status = null",
            vec![
                "an attempt is open for a step that is not RUNNING: a1",
                "a step is EXECUTED without an accepted attempt: s1",
            ],
        ),
        (
            "delete from attempt_steps",
            vec!["an attempt has a step and serves none: a1", "a step is EXECUTED without an accepted attempt: s1"],
        ),
        (
            "update incidents set state = 'RESOLVED', reason = 'joined', ended_at = 1; \
             update attempts set hang_up = 'DONE'",
            vec!["a step is pending in an incident that has ended: s2"],
        ),
        (
            "update meetings set generation = 2",
            vec!["an open incident watches a start that its meeting no longer has: i1"],
        ),
        (
            "update attempts set state = 'NOT_SENT', sid = null, call_status = null; \
             update steps set state = 'FAILED', reason = 'not_sent' where id = 1",
            vec!["an attempt that rang nobody counts for the limit: a1"],
        ),
        (
            "delete from meetings",
            vec![
                "1 rows of call_tracker refer to rows of meetings that are not there",
                "1 rows of incidents refer to rows of meetings that are not there",
            ],
        ),
    ] {
        assert_eq!(broken(by), found, "{by}");
    }
    let reason = broken("update steps set reason = 'paused' where id = 2");
    assert!(reason[0].starts_with("the file is damaged: CHECK constraint failed in steps"), "{reason:?}");
}

#[test]
fn a_page_that_was_written_over_is_found() {
    let cli = used();
    // Into the file itself, then over a page in the middle.
    Connection::open(cli.database()).unwrap().query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(())).unwrap();
    let mut bytes = std::fs::read(cli.database()).unwrap();
    let page = 4096 * 5;
    bytes[page..page + 4096].fill(0xa5);
    std::fs::write(cli.database(), bytes).unwrap();
    let ran = cli.run(&["db", "check"]);
    assert!(ran.code == 1 && ran.out.contains("the file is damaged"), "{ran:?}");
    let backup = cli.run(&["db", "backup", &backup(&cli)]);
    assert!(backup.code == 2 && backup.err.contains("no backup was made: the database is damaged"), "{backup:?}");
    assert!(!cli.path("copy.db").exists());
}

#[test]
fn a_whole_database_is_said_to_be_whole() {
    let said = used().ok(&["db", "check"]);
    assert_eq!(said, "ok: HOME/.local/state/savehub/savehub.db is whole, and keeps to the 7 rules of the engine\n");
    assert_eq!(Cli::with(ANA).run(&["db", "check"]).code, 3, "no database is made");
}

#[test]
fn nothing_is_pruned_while_another_clock_contradicts_this_machines() {
    let cli = used();
    let store = SqliteStore::open(&cli.database(), Create::No).unwrap();
    // By the time since the boot, a tick a moment ago that saw yesterday.
    let now = SystemClock.now().minus(Duration::from_secs(86_400));
    let (boottime_ms, host) = (SystemClock.boottime_ms(), "host".to_owned());
    store.begin_tick(&TickStart { now, boottime_ms, owner: Owner::me(), host, turned: false }).unwrap();
    let pruned = cli.run(&["db", "prune", "--older-than", "1d"]);
    if SystemClock.synchronised() == Some(true) {
        assert_eq!(pruned.code, 0, "{pruned:?}");
    } else {
        let why = "error: nothing was deleted: the time since the last ticks contradicts this machine's clock by more than \
                   30 s, so nobody knows what is old; set the clock by NTP (timedatectl set-ntp true), or try again when \
                   ticks have run by it for ten minutes\n";
        assert_eq!((pruned.code, pruned.out.as_str(), pruned.err.as_str()), (1, "", why));
    }
    assert!(cli.ok(&["db", "prune", "--older-than", "1d", "--dry-run"]).starts_with("would delete "));
}

#[test]
fn pruning_says_what_goes_and_deletes_it() {
    let cli = used();
    let day = ["db", "prune", "--older-than", "1d"];
    assert_eq!(cli.ok(&day), "deleted 0 incidents, 0 meetings, 0 test calls, 0 pauses\n");
    let connection = Connection::open(cli.database()).unwrap();
    let past = "update incidents set ended_at = ended_at - 90000000; update meetings set starts_at = starts_at - 90000000; \
                update attempts set call_status = 'completed', hang_up = 'MOOT', next_look_at = null";
    connection.execute_batch(past).unwrap();
    drop(connection);
    let gone = "1 incident, 1 meeting, 0 test calls, 0 pauses\n";
    assert_eq!(cli.ok(&["db", "prune", "--older-than", "1d", "--dry-run"]), format!("would delete {gone}"));
    assert_eq!(count(&cli.database(), "incidents"), 1);
    assert_eq!(cli.ok(&day), format!("deleted {gone}"));
    for table in ["incidents", "steps", "attempts", "attempt_steps", "call_tracker", "meetings"] {
        assert_eq!(count(&cli.database(), table), 0, "{table}");
    }
    assert!(cli.ok(&["db", "check"]).starts_with("ok: "));
    let young = cli.run(&["db", "prune", "--older-than", "23h"]);
    assert!(young.code == 2 && young.err.contains("at least 1d"), "{young:?}");
}
