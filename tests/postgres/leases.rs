//! Whose clock decides.

use crate::bench::{at, attempt, begin, claim, watched};
use crate::cluster::cluster;
use savehub::model::{AttemptState, OpenAttempt, Timestamp};
use savehub::owner::Owner;
use savehub::rules::settle::{self, LookupStatus, Moment, OnUnknown, OwnerSeen};
use savehub::store::sqlite::Create;
use savehub::store::{Settle, Store};
use std::cell::RefCell;
use std::time::Duration;

fn open_attempts(store: &dyn Store) -> Vec<OpenAttempt> {
    let seen = RefCell::new(Vec::new());
    let keep = |open: &OpenAttempt| {
        seen.borrow_mut().push(open.clone());
        Settle::Keep
    };
    store.settle(at(0), &keep).unwrap();
    seen.into_inner()
}

/// What a host with these clocks makes of the one attempt.
fn judged(open: &OpenAttempt, now: Timestamp, boottime_ms: i64) -> Settle {
    let moment = Moment { now, boottime_ms, settle: Duration::from_secs(30), on_unknown: OnUnknown::Hold };
    let elsewhere = OwnerSeen { same_boot: false, alive: None, never_began: false };
    settle::settle(open, elsewhere, LookupStatus::NotYet, &moment)
}

#[test]
fn the_servers_clock_ends_the_lease_of_another_host_and_no_other_clock_does() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let store = database.open(Create::Yes);
    watched(&store, "ana", "talk", 600);
    let other = Owner::new("another-boot", 17, 99);
    let _attempt = attempt(begin(&store, claim(&store, "talk", 420), "+12025550101", &other, 420).unwrap());

    let open = open_attempts(&store).remove(0);
    let age = open.server.expect("an age by the server's clock");
    assert!((0..60_000).contains(&age.since_intent_ms), "{age:?}");
    assert!((age.since_intent_ms - age.since_deadline_ms - 45_000).abs() < 100, "{age:?}");
    assert!((age.since_intent_ms - age.since_lease_ms - 120_000).abs() < 100, "{age:?}");
    for hours in [-24, 0, 24] {
        for boottime_ms in [0, 124_999, i64::MAX / 2] {
            assert_eq!(judged(&open, at(420 + hours * 3600), boottime_ms), Settle::Keep, "{hours} h, {boottime_ms} ms");
        }
    }

    database.sql("update attempts set lease_until_server_ms = lease_until_server_ms - 120000");
    let over = open_attempts(&store).remove(0);
    assert_eq!(judged(&over, at(420), 0), Settle::Unknown);
}

#[test]
fn an_attempt_in_doubt_comes_with_its_age_by_the_servers_clock() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let store = database.open(Create::Yes);
    watched(&store, "ana", "talk", 600);
    let other = Owner::new("another-boot", 17, 99);
    let written = attempt(begin(&store, claim(&store, "talk", 420), "+12025550101", &other, 420).unwrap());
    store.settle(at(430), &|_| Settle::Unknown).unwrap();
    database.sql("update attempts set deadline_server_ms = deadline_server_ms - 100000");
    let doubtful = store.doubtful(at(0)).unwrap();
    assert_eq!((doubtful[0].attempt, doubtful[0].state), (written.id, AttemptState::Unknown));
    let age = doubtful[0].server.expect("an age");
    assert!((55_000..115_000).contains(&age.since_deadline_ms), "{age:?}");
}
