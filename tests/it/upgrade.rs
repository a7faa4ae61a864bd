//! Every earlier schema goes on under the present one (`data/databases`): nothing is lost, nothing rings twice, and a copy
//! stays beside it.

use crate::support::cli::Cli;
use crate::support::documents::{page, section};
use rusqlite::Connection;
use savehub::store::sqlite::{Create, SqliteStore};
use std::path::Path;

/// The schemas before this one.
const OLD: [u32; 7] = [1, 2, 3, 4, 5, 6, 7];

/// After the first call of each meeting was due, before the second.
const SOON: &str = "2026-11-23T09:57:30Z";

/// What the databases hold: the state of the attempt, in the order of the people.
const STATES: [&str; 7] = ["SENDING", "ACCEPTED", "REJECTED", "NOT_SENT", "UNKNOWN", "ABSENT", "ABANDONED"];

fn people() -> String {
    let one =
        |n: u32| format!("[[person]]\nid = \"p{n}\"\nname = \"P\"\nphone = \"+1202555010{n}\"\nzone = \"UTC\"\n\n");
    format!("[call]\nprovider = \"mock\"\n\n{}", (1..=7).map(one).collect::<String>())
}

fn old(version: u32) -> Cli {
    let cli = Cli::with(&people());
    let text = format!("{}/tests/data/databases/schema_{version}.sql", env!("CARGO_MANIFEST_DIR"));
    std::fs::create_dir_all(cli.database().parent().unwrap()).unwrap();
    let connection = Connection::open(cli.database()).unwrap();
    connection.execute_batch(&std::fs::read_to_string(text).unwrap()).unwrap();
    cli
}

fn rows(path: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |r| r.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

fn states(path: &Path) -> Vec<String> {
    rows(path, "select state from attempts where id <= 7 order by id")
}

#[test]
fn what_was_there_is_there_and_keeps_to_the_rules() {
    for version in OLD {
        let cli = old(version);
        assert_eq!(states(&cli.database()), STATES, "schema {version}");
        let store = SqliteStore::open(&cli.database(), Create::No).unwrap();
        assert_eq!(store.check().unwrap(), [""; 0], "schema {version}");
        assert_eq!(states(&cli.database()), STATES, "schema {version}");
        let open = rows(&cli.database(), "select id || state from incidents where ended_at is null order by id");
        assert_eq!(open.len(), 7, "schema {version}");
        let counters =
            rows(&cli.database(), "select concat_ws(' ', what, how, n) from counters where name = 'attempts'");
        assert_eq!(counters.len(), 7, "schema {version}: {counters:?}");
        let ended =
            rows(&cli.database(), "select concat_ws(' ', what, how, n) from counters where name = 'steps_ended'");
        assert_eq!(ended, ["EXECUTED initiated 1", "FAILED rejected 1", "FAILED unknown 1"], "schema {version}");
        assert_eq!(rows(&cli.database(), "select 'host' from ticks where host is not null"), [""; 0]);
    }
}

#[test]
fn a_copy_of_the_old_database_stays_beside_it() {
    for version in OLD {
        let cli = old(version);
        drop(SqliteStore::open(&cli.database(), Create::No).unwrap());
        let name = "savehub.db.before-8";
        let copy = cli.path(&format!(".local/state/savehub/{name}"));
        assert!(section(&page("docs/operating.md"), "## Upgrade").contains(name));
        assert_eq!(rows(&copy, "select user_version || '' from pragma_user_version"), [version.to_string()]);
        assert_eq!(states(&copy), STATES);
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&copy).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn nothing_rings_twice_after_an_upgrade() {
    for version in OLD {
        let cli = old(version);
        let first = cli.run(&["tick", "--now", SOON]);
        assert!(matches!(first.code, 0 | 1), "schema {version}: {first:?}");
        for _ in 0..2 {
            assert_eq!(cli.ok(&["tick", "--now", SOON]), "", "schema {version}: nothing is left to do");
        }
        let again = rows(&cli.database(), "select person from attempts where id > 7 order by person");
        assert_eq!(again, ["p4", "p6"], "schema {version}: those whose phone certainly did not ring");
        let first = ["UNKNOWN", "ACCEPTED", "REJECTED", "NOT_SENT", "UNKNOWN", "ABSENT", "ABANDONED"];
        assert_eq!(states(&cli.database()), first, "schema {version}");
        assert!(cli.ok(&["db", "check"]).starts_with("ok: "), "schema {version}");
    }
}
