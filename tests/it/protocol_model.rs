//! The call protocol as a model, searched through to its last state.
//!
//! One incident with one or two call rungs to one number; two ticks at once, each of which may be killed anywhere and be
//! replaced at once; a person who checks in at any moment; a provider that takes a request and answers, takes it and
//! loses the answer, never gets it, makes its call late, refuses for its own limits; a list that lags or cannot be read;
//! processes that stand still; and time that passes between any two moves. A breadth-first search visits every state
//! that can be reached in any order of all that, so that what it does not find is not there, and what it finds it shows
//! with the shortest way to it.
//!
//! **Real and copied.** Every decision is made by the engine's own rules, called from inside the moves: `guard::decide`,
//! `fence::pass`, `settle::settle`, `reconcile::find`, `after::{next, absent, adopted}`, and `EngineConfig::send_within`.
//! The rows are plain values, and what the store does with them (its closed table of moves, `sid unique`, the wish to
//! hang up) is written a second time in `rows.rs`. A change of the store must be made there too.
//!
//! **What is left out, and why nothing hides there.**
//! - Time goes in units of 15 s with a config to match (`numbers.rs`), in which every limit of the engine is whole and
//!   the slow cases just fit. A move between two units is one at their border: what the rules compare is kept in order.
//! - A tick's thread is not held to its order: it may settle, ask, claim and give up whenever it could. That is more than
//!   the engine does. The list may be down at any time, so an attempt may be given up at any time.
//! - The fence stands for its last pass, in the transport. Hearing an answer and writing it down are one move: later
//!   writing is later hearing, and a process killed between the two is one killed before.
//! - Calls ring until they are hung up, the worst they can do. A call's status is not followed. Check-in and resolve are
//!   the same, and so are a killed process and one that ends.
//! - States that differ only in what nothing compares any more are one state (`State::canonical`).
//! - Not here: preflight, shared calls, test calls, moved meetings, clocks that jump, restarts of the machine, more than
//!   two workers at once, and the ten minutes after which given up attempts are no longer looked for.
//!
//! **What must hold**, in every state: one call for one step; never more calls than `max_calls`; no call whose request
//! passed the fence after check-in, and every other one of an ended incident marked to be hung up; one open attempt to
//! one number, and a step `RUNNING` if and only if it has one; a final step has its reason, and one that says that nothing
//! rang is right. From every state one can be reached in which all is done: steps final, nothing open, no call of the
//! ended incident live. In a kind world, in which whatever a tick can do is done before time passes, one lost request,
//! refused connection or killed process silences no step that the limit of calls leaves room for.
//!
//! What runs always sees at most 200,000 states a search and some 900,000 in all, in a few seconds; `SAVEHUB_PROOF=whole` adds the
//! six million of the larger worlds.
//!
//! **Sets.** Several people, whose steps are claimed and whose outcomes are written down in sets, are a search of their own
//! (`sets.rs`), made of this protocol for each of them: nobody is called twice, no request leaves before its attempt is
//! written down, no process drops a reply that it has heard, and nothing but a check-in keeps anybody from being called.
//!
//! **What must fail**: without any one of the assumptions (A) to (D), and in the usual protocol, one step has two calls; so
//! has one of a set that is sent before its commit, or of which one note says for all that it has begun.

mod moves;
mod naive;
mod numbers;
mod rows;
mod search;
mod sets;
mod state;

use moves::{AFTER_CHECK_IN, TWO_CALLS};
use naive::Naive;
use numbers::{Protocol, Watch, Without};
use savehub::model::StepState;
use savehub::rules::settle::OnUnknown;
use search::{Explored, Model, explore};
use sets::{Flaw, NOT_WRITTEN, Person, REPLY_DROPPED, Sets};
use state::{Attempt, State};

/// No search of the tests that always run sees more states than this.
const BOUND: usize = 200_000;

fn explored<M: Model>(what: &str, model: &M, bound: usize) -> Explored<M::State> {
    let seen = explore(model, bound);
    let found = seen.wrong.as_ref().map_or("nothing wrong", |(what, _)| what);
    let whole = if seen.cut { ", cut off there" } else { "" };
    println!("{what}: {} states, {} moves, depth {}{whole}: {found}", seen.states, seen.moves, seen.depth);
    seen
}

fn is_right<S>(what: &str, seen: &Explored<S>) {
    if let Some((wrong, trace)) = &seen.wrong {
        panic!("{what}: {wrong}\n  {trace}");
    }
    if let Some(trace) = &seen.stuck {
        panic!("{what}: no finished state can be reached any more\n  {trace}");
    }
}

fn whole<M: Model>(what: &str, model: &M) -> Explored<M::State> {
    let seen = explored(what, model, BOUND);
    assert!(!seen.cut, "{what}: more than {BOUND} states");
    seen
}

/// Everything is explored, nothing is wrong, and from every state a finished one can be reached.
fn holds<M: Model>(what: &str, model: &M) -> Explored<M::State> {
    let seen = whole(what, model);
    is_right(what, &seen);
    seen
}

/// Nothing is wrong in the `states` that lie nearest.
fn holds_nearby(what: &str, protocol: &Protocol, states: usize) {
    is_right(what, &explored(what, protocol, states));
}

fn refuted<M: Model>(what: &str, model: &M, expected: &str) {
    let seen = explored(what, model, BOUND);
    let Some((wrong, trace)) = seen.wrong else { panic!("{what}: no counterexample") };
    assert_eq!(wrong, expected, "{trace}");
    println!("  {trace}");
}

/// Without this one step has two calls, unless the limit is one call: attempts count until it is certain that they did
/// not ring, so the limit holds whatever is taken away.
fn is_needed(what: &str, without: Without) {
    let with_limit = |max_calls| Protocol::new(&[0], max_calls).without(without);
    refuted(what, &with_limit(2).watching(Watch::TwoCalls), TWO_CALLS);
    let seen = whole(&format!("{what}, limit 1"), &with_limit(1).smaller().watching(Watch::Limit));
    assert_eq!(seen.wrong, None);
}

#[test]
fn one_rung_rings_once_is_never_lost_and_never_stuck() {
    let seen = holds("one rung", &Protocol::new(&[0], 2));
    assert!(seen.states > 50_000, "the model has shrunk to {} states", seen.states);
}

#[test]
fn two_rungs_ring_once_each_and_together_never_more_often_than_the_limit() {
    let seen = holds("two rungs", &Protocol::new(&[2, 5], 2).smaller());
    assert!(seen.states > 50_000, "the model has shrunk to {} states", seen.states);
}

/// `SAVEHUB_PROOF=whole cargo test --release --test it protocol_model:: -- --nocapture`
#[test]
fn what_is_too_large_for_every_run_holds_too() {
    if std::env::var("SAVEHUB_PROOF").as_deref() != Ok("whole") {
        println!("proof: NOT RUN HERE: six million states of the protocol; set SAVEHUB_PROOF=whole");
        return;
    }
    let limit = 6_000_000;
    let call = Protocol { on_unknown: OnUnknown::Call, ..Protocol::new(&[0], 2) };
    for (what, protocol) in [
        ("two rungs with all their retries", Protocol::new(&[0, 4], 2)),
        ("two rungs with all their retries, limit 3", Protocol::new(&[0, 4], 3)),
        ("on_unknown = call", call),
    ] {
        let seen = explored(what, &protocol, limit);
        is_right(what, &seen);
        assert!(!seen.cut, "{what}: more than {limit} states");
    }
}

#[test]
fn what_is_too_large_for_every_run_holds_in_sets_too() {
    if std::env::var("SAVEHUB_PROOF").as_deref() != Ok("whole") {
        println!("proof: NOT RUN HERE: 700,000 states of claims in sets; set SAVEHUB_PROOF=whole");
        return;
    }
    let (what, limit) = ("three people, one tick after the other, two misfortunes", 1_000_000);
    let seen = explored(what, &Sets::new(3, 2).one_tick(), limit);
    is_right(what, &seen);
    assert!(!seen.cut, "{what}: more than {limit} states");
}

#[test]
fn the_limit_holds_where_the_config_would_rather_ring_twice() {
    let call = Protocol { on_unknown: OnUnknown::Call, ..Protocol::new(&[0], 2) };
    holds_nearby("on_unknown = call", &call, 60_000);
    let one = Protocol { on_unknown: OnUnknown::Call, ..Protocol::new(&[0], 1) };
    holds("on_unknown = call, limit 1", &one.watching(Watch::TwoCalls));
    refuted("on_unknown = call", &call.watching(Watch::TwoCalls), TWO_CALLS);
}

#[test]
fn in_a_kind_world_one_misfortune_silences_no_step() {
    let rang_in_the_end = |protocol: &Protocol, what: &str, enough: &dyn Fn(&State) -> bool| {
        let seen = holds(what, protocol);
        for state in seen.seen.iter().filter(|s| protocol.finished(s)) {
            assert!(enough(state), "{what}: {state:?}");
        }
    };
    let rang = |s: &State, step: usize| s.attempts.iter().any(|a| usize::from(a.step) == step && a.made_a_call());
    let every_step = |s: &State| (0..s.steps.len()).all(|step| rang(s, step));
    let one_step = |s: &State| (0..s.steps.len()).any(|step| rang(s, step));
    rang_in_the_end(&Protocol::new(&[0, 4], 2).with_misfortunes(0), "kind, nothing goes wrong", &every_step);
    rang_in_the_end(&Protocol::new(&[0], 2).with_misfortunes(1), "kind, one rung, one misfortune", &every_step);
    rang_in_the_end(
        &Protocol::new(&[0, 4], 3).smaller().with_misfortunes(1),
        "kind, two rungs, one misfortune",
        &every_step,
    );
    // With a limit of 2 a request that was lost counts as one of the two calls; one call is always left.
    rang_in_the_end(&Protocol::new(&[0, 4], 2).smaller().with_misfortunes(1), "kind, the same, limit 2", &one_step);
}

#[test]
fn assumption_a_is_needed_after_the_fence_the_bytes_leave_in_time() {
    is_needed("without (A)", Without::PromptBytes);
}

#[test]
fn assumption_b_is_needed_absent_only_when_no_request_can_be_in_flight() {
    is_needed("without (B)", Without::Patience);
}

#[test]
fn assumption_c_is_needed_the_list_is_complete_after_the_settle_time() {
    is_needed("without (C)", Without::WholeList);
}

#[test]
fn assumption_d_is_needed_the_fence_is_performed() {
    is_needed("without (D)", Without::Fence);
    refuted("without (D), after check-in", &Protocol::new(&[0], 2).without(Without::Fence), AFTER_CHECK_IN);
}

#[test]
fn a_fence_that_asks_only_for_half_of_the_lease_is_not_enough() {
    is_needed("with half of the lease as the fence's limit", Without::SendBy);
}

#[test]
fn a_provider_that_is_later_than_the_settle_time_rings_twice_and_not_more_often() {
    is_needed("a provider later than settle", Without::SettledProvider);
}

#[test]
fn no_attempt_takes_the_call_of_another_one() {
    holds("whose call is it", &Protocol::new(&[0], 2).smaller().watching(Watch::Owners));
}

#[test]
fn a_ghost_of_an_incident_that_has_ended_is_hung_up() {
    let ghosts = Protocol::new(&[0], 2).without(Without::SettledProvider).smaller().watching(Watch::HangUps);
    holds_nearby("ghosts after check-in", &ghosts, 60_000);
}

#[test]
fn a_set_rings_everybody_once_and_one_misfortune_silences_nobody() {
    for (what, sets) in [
        ("two people, two ticks", Sets::new(2, 1)),
        ("three people, one tick after the other", Sets::new(3, 1).one_tick()),
    ] {
        let seen = holds(what, &sets);
        // Nothing but a check-in keeps anybody from being called.
        let well = |person: &Person| {
            let step = &person.world.steps[0];
            step.state == StepState::Cancelled || person.world.attempts.iter().any(Attempt::made_a_call)
        };
        for state in seen.seen.iter().filter(|s| sets.finished(s)) {
            assert!(state.people.iter().all(well), "{what}: {state:?}");
        }
    }
    holds("two people, one tick after the other, two misfortunes", &Sets::new(2, 2).one_tick());
}

#[test]
fn a_set_done_wrong_is_found() {
    let flawed = |flaw| Sets::new(2, 1).with(flaw);
    refuted("a set sent before its commit", &flawed(Flaw::SendsFirst), NOT_WRITTEN);
    let twice = |flaw| flawed(flaw).watching(Watch::TwoCalls);
    refuted("a set sent before its commit, and a crash", &twice(Flaw::SendsFirst), TWO_CALLS);
    refuted("one entry for a set, and a crash", &twice(Flaw::OneEntry), TWO_CALLS);
    refuted("one fence for a set", &Sets::new(2, 1).without(Without::Fence), AFTER_CHECK_IN);
    refuted("replies dropped with their set", &flawed(Flaw::DropsReplies), REPLY_DROPPED);
}

#[test]
fn the_usual_protocol_rings_twice() {
    let naive = |ticks, answers_get_lost, crashes| Naive { ticks, answers_get_lost, crashes };
    refuted("look, call, write: two ticks", &naive(2, false, false), TWO_CALLS);
    refuted("look, call, write: a lost answer and a retry", &naive(1, true, false), TWO_CALLS);
    refuted("look, call, write: a crash", &naive(1, false, true), TWO_CALLS);
    holds("look, call, write: where nothing goes wrong", &naive(1, false, false));
}
