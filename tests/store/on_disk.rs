//! What a store that is kept owes beyond the facts: others may open the same one.

use crate::build::{Bench, always, at};
use crate::checked::everything;
use crate::looking::web;
use crate::reading::{finish, start};
use savehub::model::StepState;
use savehub::store::Begun;
use std::collections::BTreeSet;
use std::sync::Barrier;

kept! {
    what_was_written_is_there_when_the_store_is_opened_again,
    of_many_handles_on_one_store_one_begins_a_step,
    of_many_handles_on_one_store_one_leases_a_calendar,
    a_database_without_the_tick_that_ended_last_may_have_lost_more,
    another_process_knows_which_tick_ended_last,
}

fn what_was_written_is_there_when_the_store_is_opened_again(first: Bench) {
    first.watched("ana", "talk", 600);
    let _unrecorded = first.place("talk", 420);
    let before = everything(&*first);
    let second = first.closed_and_opened_again();
    assert_eq!(everything(&*second), before);
    assert_eq!(before.incidents[0].steps[0].state, StepState::Running);
    assert_eq!(second.due(430), []);
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn of_many_handles_on_one_store_one_begins_a_step(first: Bench) {
    let meetings = 8;
    for meeting in 0..meetings {
        first.watched("ana", &format!("e{meeting}"), 600 + meeting * 400);
    }
    for meeting in 0..meetings {
        let (uid, now) = (format!("e{meeting}"), 420 + meeting * 400);
        let handles: Vec<_> = (0..4).map(|_| first.another_handle()).collect();
        let line = Barrier::new(handles.len());
        let begun = std::thread::scope(|scope| {
            let begin = |handle: &Bench| {
                let claim = handle.claim(&uid, now);
                line.wait();
                let mut draft = handle.draft("ana", now);
                draft.token = format!("{uid} {:?}", std::thread::current().id());
                draft.merge_until = at(now);
                matches!(handle.begin_attempt(claim, &draft, at(now), &always).unwrap(), Begun::Attempt(_))
            };
            let threads: Vec<_> = handles.iter().map(|handle| scope.spawn(move || begin(handle))).collect();
            threads.into_iter().map(|t| usize::from(t.join().unwrap())).sum::<usize>()
        });
        assert_eq!(begun, 1, "{uid}");
        first.abandon_all(now + 1);
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a fact gets its own bench")]
fn of_many_handles_on_one_store_one_leases_a_calendar(first: Bench) {
    let drafts: Vec<_> = (0..10).map(|n| web("ana", &format!("calendar {n}"))).collect();
    first.subscribe(&drafts, 0);
    let handles: Vec<_> = (0..4).map(|_| first.another_handle()).collect();
    let line = Barrier::new(handles.len());
    let leased = std::thread::scope(|scope| {
        let lease = |handle: &Bench| {
            line.wait();
            handle.due_calendars_at(0).into_iter().map(|due| due.id).collect::<Vec<_>>()
        };
        let threads: Vec<_> = handles.iter().map(|handle| scope.spawn(move || lease(handle))).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect::<Vec<_>>()
    });
    let different: BTreeSet<_> = leased.iter().collect();
    assert_eq!((leased.len(), different.len()), (10, 10));
}

fn a_database_without_the_tick_that_ended_last_may_have_lost_more(b: Bench) {
    let begun = b.begin_tick(&start(0)).unwrap();
    b.end_tick(begun.id, &finish(1, 0, None)).unwrap();
    b.by_hand("update ticks set ended_at = ended_at - 1");
    assert_eq!(b.closed_and_opened_again().begin_tick(&start(30)).unwrap().remembered.on_since, None);
}

fn another_process_knows_which_tick_ended_last(b: Bench) {
    let begun = b.begin_tick(&start(0)).unwrap();
    b.end_tick(begun.id, &finish(1, 0, None)).unwrap();
    let again = b.closed_and_opened_again();
    assert_eq!(again.begin_tick(&start(30)).unwrap().remembered.on_since, Some(at(0)));
}
