//! A number is not the account: one from number that the provider refuses stops neither the others nor anybody's call.

use crate::support::fake_twilio::{Behaviour, ends};
use crate::support::phone;
use crate::support::world::World;
use savehub::exit::Exit;
use std::fmt::Write as _;

const DONE: &str = "EXECUTED(initiated)";
const ONE_RUNG: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

/// A pool of these numbers, the first of which the fake knows.
fn pool(config: &str, more: &[u8]) -> World {
    let mut w = World::on_twilio(config);
    w.change_twilio(|twilio| {
        twilio.more_from = more.iter().map(|last| phone(*last)).collect();
        twilio.calls_per_second = 10.0;
    });
    w
}

/// From now on the provider refuses calls from this number, until it is told otherwise.
fn refuse(w: &World, last: u8, code: u32) {
    w.fake().refuse_from(phone(last).expose(), Some(Behaviour::error(400, code, "the from number is not good")));
}

fn accept(w: &World, last: u8) {
    w.fake().refuse_from(phone(last).expose(), None);
}

fn faults(w: &World) -> Vec<String> {
    w.snapshot().faults.into_iter().map(|fault| fault.fault).collect()
}

fn six() -> String {
    (3..9).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "[[person]]\nid = \"p{n}\"\nphone = \"{}\"\nzone = \"UTC\"", phone(n).expose());
        text
    })
}

#[test]
fn six_people_are_called_though_one_of_two_numbers_is_refused_and_that_one_rests() {
    let w = pool(&six(), &[98]);
    refuse(&w, 99, 21210);
    w.fake().set_life(ends(1, "no-answer"));
    let meetings: Vec<_> = (3..9).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 180s")).collect();
    assert_eq!(w.tick().exit(), Exit::Done);
    assert!(meetings.iter().all(|m| w.steps(*m)[0] == DONE), "{:?}", w.steps(meetings[0]));
    assert_eq!(faults(&w), ["twilio from ****0199"]);
    let refused = w.posts() - 6;
    w.advance(90);
    w.tick();
    assert!(meetings.iter().all(|m| w.steps(*m) == [DONE, DONE]));
    assert_eq!(w.posts(), 12 + refused, "it rests: nobody is called from it");
}

#[test]
fn an_incident_that_kept_the_refused_number_goes_on_from_another() {
    let w = pool("", &[98]);
    w.fake().set_life(ends(1, "no-answer"));
    let m = w.meeting("in 180s");
    w.tick();
    let had = w.fake().calls()[0].from.clone();
    let last = if had == phone(99).expose() { 99 } else { 98 };
    refuse(&w, last, 21212);
    w.advance(90);
    assert_eq!(w.tick().exit(), Exit::Done);
    assert_eq!(w.steps(m), [DONE, DONE]);
    assert_eq!(w.attempt_states(m), ["ACCEPTED", "REJECTED", "ACCEPTED"]);
    assert_ne!(w.fake().calls()[1].from, had);
}

#[test]
fn a_number_that_rests_is_tried_after_ten_minutes_and_then_used_again() {
    let w = pool(&format!("[engine]\npreflight = false\n{ONE_RUNG}{}", six()), &[98]);
    w.fake().set_life(ends(1, "no-answer"));
    refuse(&w, 99, 21210);
    (3..9).for_each(|n| _ = w.meeting_of(&format!("p{n}"), "All hands", "in 180s"));
    w.tick();
    let refused = w.posts() - 6;
    assert!(refused >= 1);
    accept(&w, 99);
    w.advance(300);
    (3..9).for_each(|n| _ = w.meeting_of(&format!("p{n}"), "Later", "in 170s"));
    w.tick();
    assert!(w.fake().calls().iter().all(|call| call.from == phone(98).expose()), "it rests");
    w.advance(301);
    (3..9).for_each(|n| _ = w.meeting_of(&format!("p{n}"), "Last", "in 170s"));
    w.tick();
    assert_eq!(w.fake().calls().len(), 18);
    assert!(w.fake().calls().iter().skip(12).any(|call| call.from == phone(99).expose()));
    assert_eq!(faults(&w), Vec::<String>::new());
}

#[test]
fn when_every_number_is_refused_one_step_has_failed_and_the_next_tick_tries_with_one() {
    let w = pool(&format!("[engine]\nparallel = 1\n{ONE_RUNG}{}", six()), &[98]);
    refuse(&w, 99, 21210);
    refuse(&w, 98, 21210);
    let meetings: Vec<_> = (3..9).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 180s")).collect();
    assert_eq!(w.tick().exit(), Exit::NotDone);
    let failed = |w: &World| meetings.iter().filter(|m| w.steps(**m) == ["FAILED(provider_setup)"]).count();
    assert_eq!((failed(&w), w.posts()), (1, 2), "once from each");
    assert!(faults(&w).contains(&"twilio account".to_owned()), "{:?}", faults(&w));
    accept(&w, 98);
    w.advance(30);
    w.tick();
    assert_eq!(failed(&w), 1);
    assert_eq!(meetings.iter().filter(|m| w.steps(**m) == [DONE]).count(), 5);
    assert_eq!(faults(&w), ["twilio from ****0199"]);
}

#[test]
fn somebody_whose_phone_is_the_from_number_delays_nobody() {
    let w = World::on_twilio(&format!("[engine]\nparallel = 1\n{}", six()));
    let own = w.meeting_of("p3", "Own", "in 180s");
    let other = w.meeting_of("p4", "Other", "in 180s");
    w.fake().script([Behaviour::error(400, 21266, "'To' and 'From' cannot be the same")]);
    assert_eq!(w.tick().exit(), Exit::NotDone);
    let both = [w.steps(own), w.steps(other)];
    assert!(both.contains(&vec!["FAILED(invalid_number)".into(), "SKIPPED(invalid_number)".into()]), "{both:?}");
    assert!(both.contains(&vec![DONE.into(), "PENDING".into()]), "{both:?}");
    assert_eq!(faults(&w), Vec::<String>::new());
    // From another number they can be called.
    let w = pool("", &[98]);
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::error(400, 21266, "'To' and 'From' cannot be the same")]);
    w.tick();
    assert_eq!((w.steps(m)[0].as_str(), faults(&w)), (DONE, vec![]));
    assert_eq!(w.attempt_states(m), ["REJECTED", "ACCEPTED"]);
}
