//! How often a use case waits for the server.

use crate::bench::{at, draft, watched};
use crate::cluster::cluster;
use log::{LevelFilter, Log, Metadata, Record};
use savehub::model::{
    Accepted, Address, CallStatus, NextSlot, Outcome, Reason, Refusal, Reply, ReplyMeta, Slot, StepState,
};
use savehub::owner::Owner;
use savehub::store::sqlite::Create;
use savehub::store::{AttemptDraft, Begun, StepNext, Store, Verdict};
use std::cell::Cell;

thread_local!(static TRIPS: Cell<usize> = const { Cell::new(0) });

/// Counts the lines that a thread writes of what it says to the server.
struct Count;

impl Log for Count {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "savehub::store::postgres::session"
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            TRIPS.set(TRIPS.get() + 1);
        }
    }

    fn flush(&self) {}
}

/// How many round trips it takes.
fn trips<T>(done: impl FnOnce() -> T) -> (usize, T) {
    let _ = log::set_logger(&Count);
    log::set_max_level(LevelFilter::Trace);
    let before = TRIPS.get();
    let value = done();
    (TRIPS.get() - before, value)
}

/// What claiming the due calls of so many people, looking at the fence, and recording takes; each has so many meetings.
fn set(people: usize, meetings: i64) -> [usize; 3] {
    let Some(cluster) = cluster() else { return [0; 3] };
    let database = cluster.database();
    let store = database.open(Create::Yes);
    for n in 0..people {
        for m in 0..meetings {
            watched(&store, &format!("p{n}"), &format!("e{n} {m}"), 600 + m);
        }
    }
    let mut due = store.due_steps(at(420), 1000).unwrap();
    due.retain(|claim| claim.words.starts_at == at(600));
    let owner = Owner::new("boot", 1, 2);
    // A pool of numbers that keeps a pace.
    let slot = |_: &_| Slot::Take {
        sender: 1,
        next: Some(NextSlot { account: at(420), number: Some(at(421)), any: at(420) }),
    };
    let senders = vec![Address::read("+12025550198"), Address::read("+12025550199")];
    let drafts: Vec<_> = due
        .iter()
        .enumerate()
        .map(|(n, claim)| AttemptDraft {
            slot: &slot,
            senders: senders.clone(),
            merge_until: at(480),
            ..draft(claim, &format!("+120255501{n:02}"), &owner, 420)
        })
        .collect();
    let (claiming, begun) = trips(|| store.begin_attempts(due, &drafts, at(420), &|_, _| Verdict::Place).unwrap());
    let attempts: Vec<_> = begun
        .into_iter()
        .map(|begun| match begun {
            Begun::Attempt(attempt) => {
                assert_eq!(i64::try_from(attempt.steps.len()).unwrap(), meetings);
                attempt.id
            }
            other => panic!("no attempt but {other:?}"),
        })
        .collect();
    assert_eq!(attempts.len(), people);
    // The fence has a connection of its own, which is opened now.
    store.fence(attempts[0]).unwrap();
    let (looking, _) = trips(|| store.fence(attempts[0]).unwrap());
    let replies: Vec<Reply> = attempts
        .iter()
        .map(|id| {
            let taken = Accepted { sid: format!("CA{id}"), status: CallStatus::Queued };
            Reply { outcome: Outcome::Accepted(taken), meta: ReplyMeta::default() }
        })
        .collect();
    let replies: Vec<_> = attempts.iter().copied().zip(&replies).collect();
    let executed = || StepNext::End(Refusal::new(StepState::Executed, Reason::Initiated, ""));
    let (recording, recorded) = trips(|| store.record_all(&replies, at(421), &|_, _| executed()).unwrap());
    assert_eq!(recorded.iter().map(|recorded| recorded.steps.len()).sum::<usize>(), people * drafts_of(meetings));
    [claiming, looking, recording]
}

fn drafts_of(meetings: i64) -> usize {
    usize::try_from(meetings).unwrap()
}

#[test]
fn a_set_of_claims_takes_three_round_trips_the_fence_one_and_a_set_of_outcomes_four() {
    let Some(_) = cluster() else { return };
    assert_eq!(set(1, 1), [3, 1, 4]);
    assert_eq!(set(20, 1), [3, 1, 4]);
}

#[test]
fn calls_that_are_shared_cost_a_set_one_round_trip_more() {
    let Some(_) = cluster() else { return };
    assert_eq!(set(1, 3), [4, 1, 4]);
    assert_eq!(set(20, 3), [4, 1, 4]);
}
