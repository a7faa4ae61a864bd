//! Several numbers that calls come from: who sees which, and what is remembered of one that is gone.

use crate::support::fake_twilio::{Behaviour, ends};
use crate::support::world::World;
use crate::support::{Open, phone, sender};
use savehub::model::{Outcome, Phone, Request, Target};
use savehub::provider::Provider as _;
use savehub::provider::twilio::Twilio;
use std::collections::HashSet;

/// Three numbers.
fn pool(config: &str) -> World {
    let mut w = World::on_twilio(config);
    w.change_twilio(|twilio| twilio.more_from = vec![phone(98), phone(97)]);
    w
}

/// The numbers that this person was called from.
fn seen(w: &World, person: &str) -> Vec<String> {
    let number = w.parts.config.person(person).unwrap().phone.expose().to_owned();
    w.fake().calls().into_iter().filter(|call| call.to == number).map(|call| call.from).collect()
}

/// From now on calls come from a number that nothing has come from.
fn change_number(w: &mut World) -> Phone {
    w.change_twilio(|twilio| {
        twilio.from = phone(96);
        twilio.more_from = Vec::new();
    });
    phone(96)
}

#[test]
fn an_incident_keeps_its_number_whoever_is_called_in_between() {
    let w = pool(
        "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n\
                  [[ladder]]\nstep = \"call\"\nbefore = \"90s\"\n",
    );
    w.fake().set_life(ends(1, "no-answer"));
    for person in ["ana", "ben"] {
        w.meeting_of(person, "Board sync", "in 5m");
    }
    for wait in [0, 120, 90] {
        w.advance(wait);
        w.tick();
    }
    for person in ["ana", "ben"] {
        let number = w.parts.config.person(person).unwrap().phone.expose().to_owned();
        let message = w.fake().sent().into_iter().find(|message| message.to == number).unwrap();
        assert_eq!(seen(&w, person), [message.from.clone(), message.from], "{person}");
    }
}

#[test]
fn a_new_incident_takes_a_number_that_is_free() {
    let mut w = pool("");
    w.change_twilio(|twilio| {
        twilio.calls_per_second = 10.0;
        twilio.calls_per_second_per_number = Some(0.1);
    });
    for person in ["ana", "ben"] {
        w.meeting_of(person, "Board sync", "in 170s");
    }
    let began = w.now();
    w.tick();
    let numbers: HashSet<String> = w.fake().calls().into_iter().map(|call| call.from).collect();
    assert_eq!((numbers.len(), w.now().since(began)), (2, 100), "each from its own, a turn of the account apart");
}

#[test]
fn a_lost_answer_is_found_under_its_number_when_that_has_left_the_config() {
    let mut w = pool("");
    let meeting = w.meeting("in 170s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.tick();
    assert_eq!(w.attempt_states(meeting), ["UNKNOWN"]);
    change_number(&mut w);
    w.advance(30);
    w.tick();
    assert_eq!(w.attempt_states(meeting), ["ACCEPTED"]);
    w.phone("ana").rang(1);
}

#[test]
fn an_incident_whose_number_left_the_config_gets_another() {
    let mut w = pool("");
    w.fake().set_life(ends(1, "no-answer"));
    w.meeting("in 170s");
    w.tick();
    let new = change_number(&mut w);
    w.advance(85);
    w.tick();
    assert_eq!(seen(&w, "ana")[1], new.expose());
}

#[test]
fn an_answer_counts_on_every_number_that_somebody_was_called_from() {
    for leaves in [false, true] {
        let mut w = pool("");
        let meeting = w.meeting("in 170s");
        w.tick();
        let called_from = seen(&w, "ana").remove(0);
        if leaves {
            change_number(&mut w);
        }
        w.advance(30);
        w.fake().gets_message_to(&called_from, &phone(1), "1");
        w.tick();
        assert_eq!(w.state(meeting), "RESOLVED(joined)", "{leaves}");
    }
}

#[test]
fn an_answer_counts_on_a_number_of_the_pool_that_nobody_was_called_from() {
    let w = pool("");
    let meeting = w.meeting("in 170s");
    w.tick();
    let called_from = seen(&w, "ana");
    let other = [97, 98, 99].map(phone).into_iter().find(|number| number.expose() != called_from[0]).unwrap();
    w.advance(30);
    w.fake().gets_message_to(other.expose(), &phone(1), "1");
    w.tick();
    assert_eq!(w.state(meeting), "RESOLVED(joined)");
}

#[test]
fn a_message_to_a_number_that_is_none_of_ours_is_no_answer() {
    let w = pool("");
    let meeting = w.meeting("in 170s");
    w.tick();
    w.advance(30);
    w.fake().gets_message_to(phone(95).expose(), &phone(1), "1");
    w.tick();
    assert_eq!(w.state(meeting), "ESCALATING");
}

#[test]
fn a_restored_database_finds_a_forgotten_call_from_any_of_the_numbers() {
    let w = pool("");
    let meeting = w.meeting("in 10m");
    w.tick();
    w.advance(425);
    let twilio = Twilio::new(w.parts.config.provider.twilio.as_ref().unwrap(), &w.parts.config.engine);
    let forgotten = Request { to: Target::call(phone(1)), from: sender(97), ..crate::support::call("late") };
    assert!(matches!(twilio.place(&forgotten, &Open).outcome, Outcome::Accepted(_)));
    // The database of before has come back; the note of the tick that ended last went with the lost one.
    std::fs::remove_file(w.dir.path().join("savehub.db-last-tick")).unwrap();
    w.advance(1);
    w.tick();
    assert_eq!((w.posts(), w.steps(meeting)[0].as_str()), (1, "EXECUTED(initiated)"));
}

#[test]
fn a_call_from_somebody_elses_number_is_not_adopted() {
    let w = pool("");
    w.meeting("in 10m");
    w.tick();
    w.advance(425);
    let twilio = Twilio::new(w.parts.config.provider.twilio.as_ref().unwrap(), &w.parts.config.engine);
    let foreign = Request { to: Target::call(phone(1)), from: sender(95), ..crate::support::call("late") };
    assert!(matches!(twilio.place(&foreign, &Open).outcome, Outcome::Accepted(_)));
    w.advance(1);
    w.tick();
    assert_eq!(w.posts(), 2, "the call that is due is made");
}
