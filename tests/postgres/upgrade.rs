//! Databases of PostgreSQL's earlier schemas (`data/databases/postgres_1.sql`, and what the second made of it) go on under
//! the present one; and how old a database on a server is.

use crate::cluster::{Database, cluster};
use crate::support::cli::Cli;
use savehub::store::sqlite::Create;

/// After the first call of each meeting was due, before the second.
const SOON: &str = "2026-11-23T09:57:30Z";

const MOCK: &str = "[call]\nprovider = \"mock\"\n\n";

/// The state of each attempt, in the order of the people.
const STATES: &str = "SENDING,ACCEPTED,REJECTED,NOT_SENT,UNKNOWN,ABSENT,ABANDONED";

/// Seven people, each with an open incident and an attempt.
fn host(database: &Database) -> Cli {
    let one =
        |n: u32| format!("[[person]]\nid = \"p{n}\"\nname = \"P\"\nphone = \"+1202555010{n}\"\nzone = \"UTC\"\n\n");
    let people: String = (1..=7).map(one).collect();
    Cli::with(&format!("store = \"{}\"\n{MOCK}{people}", database.url()))
}

/// The schemas before this one.
const OLD: [u32; 2] = [1, 2];

fn old(database: &Database, schema: u32) {
    database.sql(include_str!("../data/databases/postgres_1.sql"));
    if schema > 1 {
        database.sql(include_str!("../../src/store/postgres/schema_2.sql"));
        database.sql("update savehub_meta set version = 2");
    }
    assert_eq!((version(database), states(database).as_str()), (schema.to_string(), STATES));
}

fn version(database: &Database) -> String {
    database.sql("select version from savehub_meta")
}

fn states(database: &Database) -> String {
    database.sql("select string_agg(state, ',' order by id) from attempts where id <= 7")
}

#[test]
fn what_was_there_before_an_upgrade_is_there_and_rings_once() {
    let Some(cluster) = cluster() else { return };
    for schema in OLD {
        let database = cluster.database();
        old(&database, schema);
        let cli = host(&database);
        let first = cli.run(&["tick", "--now", SOON]);
        assert!(matches!(first.code, 0 | 1), "{first:?}");
        assert!(!first.err.contains("made a new database"), "{first:?}");
        assert_eq!(version(&database), "3");
        for _ in 0..2 {
            assert_eq!(cli.ok(&["tick", "--now", SOON]), "", "nothing is left to do");
        }
        let again = database.sql("select string_agg(person, ',' order by person) from attempts where id > 7");
        assert_eq!(again, "p4,p6", "those whose phone certainly did not ring");
        assert_eq!(states(&database), STATES.replace("SENDING", "UNKNOWN"));
        let open =
            database.sql("select count(*), string_agg(distinct state, ',') from incidents where ended_at is null");
        assert_eq!(open, "7|ESCALATING");
        let kept = "select (select count(*) from meetings), (select count(*) from steps), \
                    (select count(*) from attempt_steps where attempt_id <= 7), (select since from faults where key = 'clock')";
        assert_eq!(database.sql(kept), "7|14|7|1795427820000");
    }
}

/// Columns, constraints and indexes.
fn shape(database: &Database) -> String {
    let parts = [
        "select concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) as part \
         from information_schema.columns where table_schema = 'savehub'",
        "select conrelid::regclass || ' ' || pg_get_constraintdef(oid) from pg_constraint \
         where connamespace = 'savehub'::regnamespace",
        "select indexdef from pg_indexes where schemaname = 'savehub'",
    ];
    let all = format!("select string_agg(part, E'\\n' order by part) from ({}) parts", parts.join(" union all "));
    database.sql(&all)
}

#[test]
fn an_old_schema_becomes_the_one_that_a_new_database_has() {
    let Some(cluster) = cluster() else { return };
    let new = cluster.database();
    drop(new.open(Create::Yes));
    for schema in OLD {
        let upgraded = cluster.database();
        old(&upgraded, schema);
        drop(upgraded.open(Create::No));
        assert_eq!(shape(&upgraded), shape(&new));
        let counted = "select rehearsed, sum(n), sum(untaken) from calls_of_day group by 1";
        assert_eq!(upgraded.sql(counted), "t|5|3", "all but the refused one and the one that did not leave");
        upgraded.sql("delete from call_tracker; delete from attempt_steps; delete from attempts");
        assert_eq!(upgraded.sql(counted), "");
        assert!(shape(&new).contains("attempts armed text"), "{}", shape(&new));
    }
}

#[test]
fn a_check_in_is_the_first_to_find_the_old_schema_and_it_counts() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    old(&database, 1);
    let said = host(&database).ok(&["checkin", "i2", "--person", "p2"]);
    assert!(said.contains("Meeting 2"), "{said}");
    assert_eq!(version(&database), "3");
    assert_eq!(database.sql("select state, reason from incidents where id = 2"), "RESOLVED|joined");
    assert_eq!(database.sql("select count(*) from acts where person = 'p2'"), "1", "and it can be taken back");
    assert_eq!(database.sql("select state from steps where id = 21"), "CANCELLED");
}

#[test]
fn a_new_database_on_a_server_is_told_for_a_day() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let cli = host(&database);
    let made = cli.run(&["tick"]);
    assert!(made.err.contains("made a new database"), "{made:?}");
    assert_eq!(cli.run(&["tick"]).err, "");
    let words = " ago: it knows nothing of earlier meetings and calls";
    let says = || ["status", "doctor"].map(|command| cli.run(&[command]).out.contains(words));
    assert_eq!(says(), [true, true]);
    database.sql("update ticks set started_at = started_at - 86400000 - 60000");
    assert_eq!(says(), [false, false]);
}
