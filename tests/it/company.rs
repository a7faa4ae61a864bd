//! A company's hour: hundreds of meetings that start at once, a provider that starts calls one after the other, and the
//! real ticks on a turned clock.
//!
//! Whatever the numbers: nothing rings after its meeting started, calls start no faster than they may, as many people are
//! called as could be, and who is not called gets the message that was to come later, with the reason `capacity`.

mod hour;

use hour::{Hour, optimum};
use savehub::tick;
use std::collections::HashMap;

/// Calls a second, and how many people have their meeting when, in seconds after 9:00.
fn plays_out_as_well_as_it_can(rate: f64, starts: &[(i64, usize)]) {
    let hour = Hour::of(rate, starts);
    hour.watch();
    tick::tick(&hour.world.parts).unwrap();
    hour.end();
    hour.holds();
    assert_eq!(hour.reached().len(), optimum(rate, starts), "{rate} calls a second, {starts:?}");
}

#[test]
fn everybody_is_called_while_there_is_time_for_all() {
    plays_out_as_well_as_it_can(1.0, &[(0, 40)]);
    plays_out_as_well_as_it_can(0.5, &[(0, 88)]);
}

#[test]
fn three_hundred_people_with_one_start_are_called_as_far_as_there_is_time() {
    plays_out_as_well_as_it_can(1.0, &[(0, 300)]);
}

#[test]
fn twice_the_rate_calls_all_three_hundred() {
    plays_out_as_well_as_it_can(2.0, &[(0, 300)]);
}

#[test]
fn a_slow_account_calls_the_few_it_can() {
    plays_out_as_well_as_it_can(0.25, &[(0, 70)]);
}

#[test]
fn meetings_that_start_one_after_the_other_share_the_time() {
    plays_out_as_well_as_it_can(0.5, &[(0, 100), (60, 40), (90, 30)]);
    plays_out_as_well_as_it_can(0.5, &[(0, 30), (30, 90), (120, 60)]);
}

#[test]
fn ticks_that_overlap_on_connections_of_their_own_share_one_pace() {
    let hour = Hour::of(0.5, &[(0, 120)]);
    hour.watch();
    let others: Vec<_> = (0..3).map(|_| hour.another_host()).collect();
    hour.ticks_at_once(&others);
    hour.end();
    hour.holds();
    assert_eq!(hour.reached().len(), optimum(0.5, &[(0, 120)]));
}

#[test]
fn who_has_checked_in_turns_nobody_away() {
    let hour = Hour::of(0.5, &[(0, 100)]);
    hour.watch();
    for meeting in &hour.meetings[75..] {
        hour.world.check_in(*meeting);
    }
    tick::tick(&hour.world.parts).unwrap();
    assert_eq!(hour.reached().len(), 75);
    assert_eq!(hour.turned_away(0), 0, "there was time for everybody who had to be called");
}

#[test]
fn second_calls_take_the_turns_that_first_calls_leave() {
    let hour = Hour::of(0.5, &[(0, 50)]);
    hour.watch();
    tick::tick(&hour.world.parts).unwrap();
    hour.goes_on_until(60);
    tick::tick(&hour.world.parts).unwrap();
    let mut calls: HashMap<String, usize> = HashMap::new();
    for call in hour.world.fake().calls() {
        *calls.entry(call.to).or_default() += 1;
    }
    // 50 turns for the first rung; from 60 s before the start on, one every two seconds until 5 s before it.
    assert_eq!((calls.len(), calls.values().filter(|n| **n == 2).count()), (50, 28));
    assert_eq!(hour.turned_away(1), 22);
}
