//! `savehub db restore`: a backup takes the place of the database.

use crate::support::cli::{ANA, Cli};
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

/// A meeting in two hours, and a backup of that.
fn backed_up() -> Cli {
    let cli = Cli::with(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2h"]);
    cli.ok(&["db", "backup", &backup(&cli)]);
    cli
}

fn backup(cli: &Cli) -> String {
    cli.path("copy.db").to_str().unwrap().to_owned()
}

/// Files beside the database whose names begin like its own, without what differs.
fn beside(cli: &Cli) -> Vec<String> {
    let dir = cli.database().parent().unwrap().to_owned();
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.map(|name| name.replace(|c: char| c.is_ascii_digit(), "0")).collect();
    names.sort();
    names
}

fn aside(cli: &Cli) -> PathBuf {
    let dir = cli.database().parent().unwrap().to_owned();
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.to_str().unwrap().ends_with('Z')).max().expect("an old file")
}

fn meetings(cli: &Cli) -> String {
    cli.ok(&["meeting", "list"])
}

#[test]
fn a_backup_takes_the_place_of_the_database_and_of_its_log() {
    let cli = backed_up();
    cli.ok(&["meeting", "add", "Dentist", "--at", "in 3h"]);
    // An idle tick leaves its rows in the log.
    cli.ok(&["tick"]);
    cli.ok(&["tick"]);
    assert!(cli.database().with_extension("db-wal").exists());
    std::fs::set_permissions(cli.database(), std::fs::Permissions::from_mode(0o640)).unwrap();
    let said = cli.ok(&["db", "restore", &backup(&cli)]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], "restored: HOME/.local/state/savehub/savehub.db is now HOME/copy.db");
    assert!(lines[1].starts_with("the old file: HOME/.local/state/savehub/savehub.db.aside-20"), "{said}");
    assert_eq!(std::fs::metadata(cli.database()).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(meetings(&cli).contains("Board sync") && !meetings(&cli).contains("Dentist"));
    assert!(cli.ok(&["db", "check"]).starts_with("ok: "));
    let old = aside(&cli);
    let count = |sql: &str| Connection::open(&old).unwrap().query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
    assert_eq!((count("select count(*) from meetings"), count("select count(*) from ticks")), (2, 2));
    cli.ok(&["tick"]);
}

#[test]
fn what_has_ended_since_the_backup_is_listed_and_asked_about() {
    let cli = backed_up();
    cli.ok(&["checkin", "m1"]);
    let refused = cli.run(&["db", "restore", &backup(&cli)]);
    assert_eq!(refused.code, 2);
    assert!(refused.out.starts_with("  m1 Board sync (ana), "), "{refused:?}");
    assert!(refused.out.ends_with(": it has ended since (joined)\n"), "{refused:?}");
    assert_eq!(
        refused.err,
        "error: nothing was restored: the backup does not know how 1 meeting ended, and phones would ring for it; \
         --check-in checks in for each, --yes lets them ring\n"
    );
    assert!(!beside(&cli).iter().any(|name| name.contains("aside") || name.contains("tmp")), "{:?}", beside(&cli));
    assert!(meetings(&cli).contains("joined") || meetings(&cli).contains("checked in"), "{}", meetings(&cli));
    let said = cli.ok(&["db", "restore", "--check-in", &backup(&cli)]);
    assert!(said.contains("\nchecked in:\n  m1 Board sync (ana), "), "{said}");
    assert!(meetings(&cli).contains("joined") || meetings(&cli).contains("checked in"), "{}", meetings(&cli));
    let said = cli.ok(&["db", "restore", "--yes", &backup(&cli)]);
    assert!(said.contains("\nopen again:\n  m1 Board sync (ana), "), "{said}");
    assert!(!meetings(&cli).contains("joined") && !meetings(&cli).contains("checked in"), "{}", meetings(&cli));
}

#[test]
fn a_damaged_database_is_replaced_and_names_the_way() {
    let cli = backed_up();
    cli.ok(&["tick"]);
    std::fs::write(cli.database(), "SQLite format 3\0 and then nonsense".repeat(300)).unwrap();
    let tick = cli.run(&["tick"]);
    assert_eq!(tick.code, 3, "{tick:?}");
    let refused = cli.run(&["db", "restore", &backup(&cli)]);
    assert_eq!(refused.code, 2);
    assert!(refused.out.ends_with(": the present database cannot say whether it has ended\n"), "{refused:?}");
    cli.ok(&["db", "restore", "--yes", &backup(&cli)]);
    assert!(cli.ok(&["db", "check"]).starts_with("ok: ") && meetings(&cli).contains("Board sync"));
}

#[test]
fn a_lost_database_is_made_of_the_backup() {
    let cli = backed_up();
    std::fs::remove_dir_all(cli.database().parent().unwrap()).unwrap();
    let said = cli.ok(&["db", "restore", "--yes", &backup(&cli)]);
    assert!(said.starts_with("restored: ") && !said.contains("the old file"), "{said}");
    assert!(meetings(&cli).contains("Board sync"));
}

#[test]
fn what_is_no_whole_database_of_savehub_is_refused_and_nothing_changes() {
    let cli = backed_up();
    cli.write("text", "nonsense");
    Connection::open(cli.path("other.db")).unwrap().execute_batch("create table t(x)").unwrap();
    let mut bytes = std::fs::read(cli.path("copy.db")).unwrap();
    bytes[4096 * 5..4096 * 9].fill(7);
    std::fs::write(cli.path("damaged.db"), bytes).unwrap();
    std::fs::copy(cli.path("copy.db"), cli.path("newer.db")).unwrap();
    Connection::open(cli.path("newer.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = beside(&cli);
    for (file, words) in [
        ("missing.db", "error: there is no "),
        ("text", "the file is not an SQLite database"),
        ("other.db", "it is no database of savehub"),
        ("damaged.db", "it is damaged: "),
        ("newer.db", "it was written by a newer savehub (schema 99, this one knows "),
        (".local/state/savehub/savehub.db", "it belongs to the database itself"),
    ] {
        let refused = cli.run(&["db", "restore", cli.path(file).to_str().unwrap()]);
        assert!(refused.code == 2 && refused.err.contains(words), "{file}: {refused:?}");
        assert_eq!(beside(&cli), before, "{file}");
    }
    assert!(meetings(&cli).contains("Board sync"));
}

#[test]
fn db_check_finds_a_log_that_belongs_to_another_file() {
    let cli = Cli::with(ANA);
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2h"]);
    cli.ok(&["db", "backup", &backup(&cli)]);
    let rows = "insert into faults select 'x' || value || hex(randomblob(200)), 1, 1 from json_each(json_array(1,2,3,4,5,6,7,8,9));";
    let database = Connection::open(cli.database()).unwrap();
    database.execute_batch(&rows.repeat(60)).unwrap();
    drop(database);
    let database = Connection::open(cli.database()).unwrap();
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    database.execute_batch("insert into faults values ('y', 1, 1)").unwrap();
    drop(database);
    std::fs::copy(cli.path("copy.db"), cli.database()).unwrap();
    let ran = cli.run(&["db", "check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.out.starts_with("the log HOME/.local/state/savehub/savehub.db-wal belongs to another file: "),
        "{ran:?}"
    );
    assert!(ran.err.contains("put a backup in its place with `savehub db restore FILE`"), "{ran:?}");
}
