//! A server that goes away, freezes, or is not what it must be.

use crate::bench::{at, watched};
use crate::cluster::{Database, cluster};
use crate::support::HUNG;
use rustix::process::{Pid, Signal, kill_process};
use savehub::store::postgres::PostgresStore;
use savehub::store::sqlite::Create;
use savehub::store::{Store, StoreError};
use std::time::Instant;

const OURS: &str = "from pg_stat_activity where datname = current_database() and application_name = 'savehub'";

fn refused(database: &Database) -> String {
    PostgresStore::open(database.server(), Create::Yes).expect_err("it must not be used").to_string()
}

#[test]
fn a_connection_that_was_ended_between_two_transactions_is_opened_again() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let store = database.open(Create::Yes);
    for n in 0..3 {
        assert_eq!(database.sql(&format!("select bool_and(pg_terminate_backend(pid, 5000)) {OURS}")), "t");
        watched(&store, "ana", &format!("e{n}"), 600 + n);
        database.sql(&format!("select bool_and(pg_terminate_backend(pid, 5000)) {OURS}"));
        assert_eq!(store.due_steps(at(500), 10).unwrap().len(), usize::try_from(n + 1).unwrap());
    }
}

#[test]
fn a_frozen_server_is_given_up_within_the_limit() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let store = database.open(Create::Yes);
    let pid: i32 = database.sql(&format!("select pid {OURS}")).parse().unwrap();
    let pid = Pid::from_raw(pid).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let started = Instant::now();
    let error = store.add_meeting(
        &savehub::store::NewMeeting {
            person: "ana".into(),
            uid: "talk".into(),
            recurrence: String::new(),
            title: "Talk".into(),
            starts_at: at(600),
            ends_at: None,
            link: None,
            source: "manual".into(),
        },
        at(0),
    );
    let took = started.elapsed();
    kill_process(pid, Signal::CONT).unwrap();
    let error = error.unwrap_err();
    assert!(matches!(&error, StoreError::Unusable(why) if why.contains("it does not answer")), "{error}");
    assert!(took < HUNG, "{took:?}");
    watched(&store, "ana", "later", 600);
    assert_eq!(database.sql("select count(*) from meetings"), "1", "what was given up is not written after all");
}

#[test]
fn a_lock_that_somebody_keeps_is_waited_for_and_then_named() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let store = database.open(Create::Yes);
    std::thread::scope(|scope| {
        let locked = "begin; lock table savehub_turn in exclusive mode; \
                      comment on table savehub_turn is 'locked'; select pg_sleep(12); commit";
        scope.spawn(|| database.sql(locked));
        let waits =
            "select count(*) from pg_locks where relation = 'savehub_turn'::regclass and mode = 'ExclusiveLock'";
        while database.sql(waits) == "0" {}
        let error = store.fault_seen("x", at(0)).unwrap_err();
        assert!(matches!(error, StoreError::Busy(_)), "{error}");
    });
    store.fault_seen("x", at(0)).unwrap();
}

#[test]
fn a_database_of_a_newer_savehub_is_refused_and_left_alone() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    drop(database.open(Create::Yes));
    database.sql("update savehub_meta set version = 99");
    let why = refused(&database);
    assert!(why.contains("newer savehub (schema 99") && why.contains("update savehub"), "{why}");
}

#[test]
fn a_server_that_may_lose_or_refuse_what_was_written_is_not_used() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    database.sql("do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$");
    assert!(PostgresStore::open(database.server(), Create::Yes).is_err());
    let latin = cluster.database();
    let name = latin.sql("select current_database()");
    cluster.sql("postgres", &format!("drop database {name}; "));
    cluster.sql("postgres", &format!("create database {name} encoding 'LATIN1' template template0"));
    assert!(refused(&latin).contains("not in UTF8"), "{}", refused(&latin));
}

#[test]
fn a_commit_is_durable_even_where_the_database_says_it_need_not_be() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    database.sql(
        "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$",
    );
    let store = database.open(Create::Yes);
    database.sql(
        "create function what() returns trigger language plpgsql as \
         $$ begin new.key := current_setting('synchronous_commit'); return new; end $$; \
         create trigger what before insert on faults for each row execute function what()",
    );
    store.fault_seen("x", at(0)).unwrap();
    assert_eq!(database.sql("select key from faults"), "on");
}
