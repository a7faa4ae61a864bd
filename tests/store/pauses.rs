//! Pauses (guard 7), and the ticks as checks read them.

use crate::build::{Bench, always, at, attempt, owner};
use savehub::model::{PauseView, TickId};
use savehub::store::{NewPause, TickEnd, TickSeen, TickStart};

facts! {
    a_pause_lasts_until_it_ends_by_itself,
    a_pause_without_an_end_lasts_until_resume,
    a_new_pause_takes_the_place_of_the_one_of_the_same_people,
    the_pause_of_everybody_and_that_of_a_person_are_separate,
    a_pause_that_is_over_cannot_be_resumed,
    the_guards_see_the_pause_that_lasts_longest,
    the_guards_see_a_pause_while_the_clock_is_turned_back,
    the_fence_sees_a_pause_that_began_after_the_claim,
    a_tick_and_the_snapshot_tell_what_is_paused,
    a_rehearsal_is_paused_too,
    ticks_are_read_newest_first_with_their_host,
}

fn pause(b: &Bench, person: Option<&str>, from: i64, until: Option<i64>) -> PauseView {
    let new = NewPause { person: person.map(str::to_owned), until: until.map(at), reason: Some("a move".into()) };
    b.pause(&new, at(from)).unwrap()
}

/// Whose pauses hold.
fn paused(b: &Bench, now: i64) -> Vec<Option<String>> {
    b.pauses(at(now)).unwrap().into_iter().map(|p| p.person).collect()
}

fn a_pause_lasts_until_it_ends_by_itself(b: &Bench) {
    let begun = pause(b, None, 10, Some(100));
    let expected = PauseView { person: None, since: at(10), until: Some(at(100)), reason: Some("a move".into()) };
    assert_eq!(begun, expected);
    assert_eq!(b.pauses(at(99)).unwrap(), [expected]);
    assert_eq!(paused(b, 100), []);
}

fn a_pause_without_an_end_lasts_until_resume(b: &Bench) {
    let begun = pause(b, None, 10, None);
    assert_eq!(b.pauses(at(1_000_000)).unwrap(), std::slice::from_ref(&begun));
    assert_eq!(b.resume(None, at(1_000_000)).unwrap(), [begun]);
    assert_eq!(paused(b, 11), [], "nothing that ended comes back when the clock is turned back");
    assert_eq!(b.resume(None, at(1_000_001)).unwrap(), []);
}

fn a_new_pause_takes_the_place_of_the_one_of_the_same_people(b: &Bench) {
    pause(b, None, 0, Some(1000));
    let shorter = pause(b, None, 10, Some(100));
    assert_eq!(b.pauses(at(50)).unwrap(), [shorter]);
    assert_eq!(paused(b, 100), []);
    let later = pause(b, None, 200, None);
    assert_eq!(b.pauses(at(300)).unwrap(), [later]);
}

fn the_pause_of_everybody_and_that_of_a_person_are_separate(b: &Bench) {
    pause(b, Some("ana"), 0, None);
    pause(b, None, 0, None);
    assert_eq!(paused(b, 1), [None, Some("ana".to_owned())]);
    assert_eq!(b.resume(None, at(2)).unwrap().len(), 1);
    assert_eq!(paused(b, 3), [Some("ana".to_owned())]);
    assert_eq!(b.resume(Some("bo"), at(4)).unwrap(), []);
    assert_eq!(b.resume(Some("ana"), at(5)).unwrap().len(), 1);
    assert_eq!(paused(b, 6), []);
}

fn a_pause_that_is_over_cannot_be_resumed(b: &Bench) {
    pause(b, Some("ana"), 0, Some(100));
    assert_eq!(b.resume(Some("ana"), at(100)).unwrap(), []);
    pause(b, Some("ana"), 200, None);
    assert_eq!(paused(b, 201), [Some("ana".to_owned())]);
}

fn the_guards_see_the_pause_that_lasts_longest(b: &Bench) {
    b.watched("ana", "board", 600);
    assert_eq!(b.facts("board", 500).pause, None);
    pause(b, Some("bo"), 0, None);
    assert_eq!(b.facts("board", 500).pause, None, "what is another's is none of hers");
    pause(b, None, 0, Some(550));
    assert_eq!(b.facts("board", 500).pause.unwrap().person, None);
    pause(b, Some("ana"), 0, Some(700));
    assert_eq!(b.facts("board", 500).pause.unwrap().person.as_deref(), Some("ana"));
    pause(b, None, 0, None);
    assert_eq!(b.facts("board", 500).pause.unwrap().until, None);
    b.resume(None, at(400)).unwrap();
    b.resume(Some("ana"), at(400)).unwrap();
    assert_eq!(b.facts("board", 500).pause, None);
}

fn the_guards_see_a_pause_while_the_clock_is_turned_back(b: &Bench) {
    b.watched("ana", "board", 600);
    pause(b, None, 5000, Some(6000));
    assert!(b.facts("board", 500).pause.unwrap().holds_at(at(500)));
}

fn the_fence_sees_a_pause_that_began_after_the_claim(b: &Bench) {
    b.watched("ana", "board", 600);
    let call = b.place("board", 500);
    assert_eq!(b.fence(call.id).unwrap().pause, None);
    pause(b, Some("bo"), 501, None);
    assert_eq!(b.fence(call.id).unwrap().pause, None);
    let begun = pause(b, Some("ana"), 501, None);
    assert_eq!(b.fence(call.id).unwrap().pause, Some(begun));
    b.resume(Some("ana"), at(502)).unwrap();
    let all = pause(b, None, 503, Some(600));
    assert_eq!(b.fence(call.id).unwrap().pause, Some(all));
    let test = attempt(b.begin_test_call(&b.draft("bo", 503), at(503), &always).unwrap());
    assert_eq!(b.fence(test.id).unwrap().pause.unwrap().person.as_deref(), Some("bo"));
}

fn a_tick_and_the_snapshot_tell_what_is_paused(b: &Bench) {
    let begun = pause(b, Some("ana"), 0, Some(100));
    assert_eq!(b.begin_tick(&start(50, "one")).unwrap().pauses, std::slice::from_ref(&begun));
    assert_eq!(b.snapshot(at(99), at(0), at(0)).unwrap().pauses, [begun]);
    assert_eq!(b.begin_tick(&start(100, "one")).unwrap().pauses, []);
    assert_eq!(b.snapshot(at(100), at(0), at(0)).unwrap().pauses, []);
}

fn a_rehearsal_is_paused_too(b: &Bench) {
    let begun = pause(b, None, 0, None);
    let copy = b.rehearsal(at(1)).unwrap();
    assert_eq!(copy.pauses(at(1)).unwrap(), [begun]);
    copy.resume(None, at(1)).unwrap();
    assert_eq!(paused(b, 2), [None]);
}

fn start(now: i64, host: &str) -> TickStart {
    TickStart { now: at(now), boottime_ms: now * 1000, owner: owner(), host: host.into(), turned: false }
}

fn ticks_are_read_newest_first_with_their_host(b: &Bench) {
    let ids: Vec<TickId> =
        [(0, "one"), (30, "two"), (60, "one")].map(|(now, host)| b.begin_tick(&start(now, host)).unwrap().id).to_vec();
    let end = TickEnd { now: at(31), exit: 1, skew_ms: Some(-250), placed: 2, not_placed: 1 };
    b.end_tick(ids[1], &end).unwrap();
    let seen = b.recent_ticks(at(30), 10).unwrap();
    let running = TickSeen {
        id: ids[2],
        host: Some("one".into()),
        owner: owner(),
        boottime_ms: 60_000,
        started_at: at(60),
        ended_at: None,
        exit: None,
        skew_ms: None,
        placed: None,
        not_placed: None,
        turned: false,
    };
    let ended = TickSeen {
        id: ids[1],
        host: Some("two".into()),
        boottime_ms: 30_000,
        started_at: at(30),
        ended_at: Some(at(31)),
        exit: Some(1),
        skew_ms: Some(-250),
        placed: Some(2),
        not_placed: Some(1),
        ..running.clone()
    };
    assert_eq!(seen, [running.clone(), ended]);
    assert_eq!(b.recent_ticks(at(0), 1).unwrap(), [running]);
}
