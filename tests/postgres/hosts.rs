//! Many hosts at once.

use crate::bench::{at, begin, claim, draft, watched};
use crate::cluster::cluster;
use savehub::model::{Reason, Verdict};
use savehub::owner::Owner;
use savehub::store::sqlite::Create;
use savehub::store::{Begun, CheckIn, Claim, Facts, Store};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};

const HOSTS: usize = 8;
const MEETINGS: usize = 30;

#[test]
fn of_eight_hosts_that_claim_everything_at_once_one_begins_each_step() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let first = database.open(Create::Yes);
    for n in 0..MEETINGS {
        watched(&first, &format!("p{n}"), &format!("e{n}"), 600);
    }
    let (line, begun) = (Barrier::new(HOSTS), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for host in 0..HOSTS {
            let (database, line, begun) = (&database, &line, &begun);
            scope.spawn(move || {
                let store = database.open(Create::No);
                let owner = Owner::new(format!("host-{host}"), 1, 1);
                let claims = store.due_steps(at(420), 1000).unwrap();
                line.wait();
                for claim in claims {
                    let n: usize = claim.person[1..].parse().unwrap();
                    let phone = format!("+120255501{n:02}");
                    if let Begun::Attempt(_) = begin(&store, claim, &phone, &owner, 420).unwrap() {
                        begun.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(begun.into_inner(), MEETINGS);
    let counted = "select count(*), count(distinct step_id), count(distinct to_number) from attempts";
    assert_eq!(database.sql(counted), format!("{MEETINGS}|{MEETINGS}|{MEETINGS}"));
    assert_eq!(database.sql("select count(*) from steps where state <> 'RUNNING'"), "0");
}

#[test]
fn hosts_that_open_the_same_empty_database_at_once_make_one_schema() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let line = Barrier::new(HOSTS);
    std::thread::scope(|scope| {
        for _ in 0..HOSTS {
            scope.spawn(|| {
                line.wait();
                database.open(Create::Yes);
            });
        }
    });
    assert_eq!(database.sql("select count(*), max(version) from savehub_meta"), "1|3");
}

#[test]
fn a_check_in_and_a_claim_at_once_never_leave_a_call_nobody_ends() {
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let (one, two) = (database.open(Create::Yes), database.open(Create::No));
    for n in 0..MEETINGS {
        let uid = format!("e{n}");
        let meeting = watched(&one, &format!("p{n}"), &uid, 600);
        let due = claim(&one, &uid, 420);
        let line = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                line.wait();
                let phone = format!("+120255501{n:02}");
                let _begun = begin(&one, due, &phone, &Owner::new("host", 1, 1), 420).unwrap();
            });
            line.wait();
            two.check_in(meeting.id, CheckIn::Joined, at(420)).unwrap();
        });
    }
    // Either the claim came first, and its call is to be hung up, or it found the step cancelled.
    let wrong = "select count(*) from attempts where hang_up <> 'WANTED'";
    assert_eq!(database.sql(wrong), "0");
    let open = "select count(*) from steps where state = 'PENDING' \
                or (state = 'RUNNING') <> exists(select 1 from attempts a where a.step_id = steps.id)";
    assert_eq!(database.sql(open), "0");
}

#[test]
fn hosts_that_claim_at_once_never_make_more_calls_than_the_cap_of_the_day_allows() {
    const CAP: u32 = 10;
    let Some(cluster) = cluster() else { return };
    let database = cluster.database();
    let first = database.open(Create::Yes);
    for n in 0..MEETINGS {
        watched(&first, &format!("p{n}"), &format!("e{n}"), 600);
    }
    let capped = |facts: &Facts| {
        if facts.calls_today < CAP { Verdict::Place } else { Verdict::Wait(Reason::DailyCap) }
    };
    let line = Barrier::new(HOSTS);
    std::thread::scope(|scope| {
        for host in 0..HOSTS {
            let (database, line) = (&database, &line);
            scope.spawn(move || {
                let store = database.open(Create::No);
                let owner = Owner::new(format!("host-{host}"), 1, 1);
                let mut claims = store.due_steps(at(420), 1000).unwrap();
                // Each host begins elsewhere, so that they want different steps.
                claims.rotate_left(host * MEETINGS / HOSTS);
                line.wait();
                while !claims.is_empty() {
                    let set: Vec<_> = claims.drain(..claims.len().min(4)).collect();
                    let phone = |claim: &Claim| format!("+120255501{:02}", claim.person[1..].parse::<u32>().unwrap());
                    let drafts: Vec<_> = set.iter().map(|claim| draft(claim, &phone(claim), &owner, 420)).collect();
                    store.begin_attempts(set, &drafts, at(420), &|_, facts| capped(facts)).unwrap();
                }
            });
        }
    });
    assert_eq!(database.sql("select count(*) from attempts"), CAP.to_string());
    assert_eq!(database.sql(COUNTED), CAP.to_string());
}

/// The calls of the day as they are counted as they come.
const COUNTED: &str = "select coalesce(sum(n), 0) from calls_of_day";
