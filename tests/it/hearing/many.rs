//! Many people may have answered: the lists of what came to our numbers are read, not one about each person.

use super::{KEYS, asked, heard, world};
use crate::support::fake_twilio::{Behaviour, Endpoint, FakeCall, ListShape, answered};
use crate::support::forward::{Forward, Hook};
use crate::support::phone;
use crate::support::world::World;
use savehub::model::{Heard, HeardEffect, HeardHow, MeetingId, Phone};
use savehub::store::{self, StoreError};
use savehub::tick::Summary;
use std::fmt::Write as _;
use std::sync::Arc;

/// The first of the many has this number.
const FIRST: u8 = 10;

/// A world with so many more people, each with a meeting in three minutes; all of them were called, and half a minute
/// is over.
fn called(config: &str, people: u8) -> (World, Vec<MeetingId>) {
    let w = world(&with_people(config, people));
    let meetings = (0..people).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 180s")).collect();
    w.tick();
    w.advance(30);
    assert_eq!((w.posts(), asked(w.fake())), (usize::from(people), 0));
    (w, meetings)
}

fn with_people(config: &str, people: u8) -> String {
    let mut config = config.to_owned();
    for n in 0..people {
        write!(config, "[[person]]\nid = \"p{n}\"\nphone = \"{}\"\nzone = \"UTC\"\n", of(n).expose()).unwrap();
    }
    config
}

/// The number of one of them.
fn of(n: u8) -> Phone {
    phone(FIRST + n)
}

fn says(w: &World, n: u8, words: &str) {
    w.fake().gets_message(&of(n), words);
}

/// What a tick hears, and how many requests that takes.
fn hears(w: &World) -> (Vec<(HeardHow, HeardEffect, usize)>, usize) {
    let before = asked(w.fake());
    let summary = w.tick();
    (sorted(&summary), asked(w.fake()) - before)
}

fn sorted(summary: &Summary) -> Vec<(HeardHow, HeardEffect, usize)> {
    let mut heard = heard(summary);
    heard.sort_by_key(|(how, effect, _)| (*how, *effect));
    heard
}

/// Is it a fault that people cannot be heard?
fn cannot_hear(w: &World) -> bool {
    w.snapshot().faults.iter().any(|fault| fault.fault == "hearing")
}

const JOINED: (HeardHow, HeardEffect, usize) = (HeardHow::Message, HeardEffect::Joined, 1);

#[test]
fn from_eleven_people_on_two_lists_show_what_all_of_them_said() {
    let (w, _) = called("", 10);
    assert_eq!(hears(&w), (vec![], 20), "one by one");
    let (w, meetings) = called("", 25);
    says(&w, 3, "1");
    says(&w, 4, "what?");
    w.fake().gets_call(&of(5));
    // Nobody who waits, and nobody's phone.
    w.fake().gets_message(&phone(2), "1");
    w.fake().gets_message(&Phone::parse("+120255501130").unwrap(), "1");
    let told =
        [JOINED, (HeardHow::Message, HeardEffect::NotUnderstood, 0), (HeardHow::Call, HeardEffect::Acknowledged, 1)];
    assert_eq!(hears(&w), (told.to_vec(), 2));
    let mut states = vec!["ESCALATING"; 25];
    (states[3], states[5]) = ("RESOLVED(joined)", "ACKNOWLEDGED");
    assert_eq!(meetings.iter().map(|m| w.state(*m)).collect::<Vec<_>>(), states);
    assert_eq!(hears(&w), (vec![], 2), "each answer is used once");
}

#[test]
fn who_has_answered_is_not_called_again_and_everybody_else_is() {
    let (w, _) = called("", 15);
    w.advance(55);
    says(&w, 7, "1");
    w.fake().gets_call(&of(8));
    w.advance(5);
    w.tick();
    for n in 0..15 {
        w.phone(&format!("p{n}")).rang(if matches!(n, 7 | 8) { 1 } else { 2 });
    }
}

#[test]
fn what_was_said_before_the_call_is_no_answer_to_it_though_others_were_called_before() {
    let (w, _) = called("", 12);
    w.fake().gets_message(&phone(1), "1");
    w.advance(10);
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(10);
    assert_eq!((hears(&w), w.state(m).as_str()), ((vec![], 2), "ESCALATING"));
}

#[test]
fn a_page_that_does_not_come_loses_nothing_of_those_before_it_and_the_rest_is_heard_later() {
    for failure in [Behaviour::server_error(), Behaviour::html(), Behaviour::CloseBeforeReply] {
        let (w, meetings) = called("[hear]\ncall_back = false\n", 20);
        for n in 0..5 {
            says(&w, n, "1");
            w.advance(1);
        }
        w.fake().set_list_shape(ListShape { page_max: 2, twins: false });
        w.fake().script_for(Endpoint::Heard, [Behaviour::Answer, Behaviour::Answer, failure.clone()]);
        assert_eq!(hears(&w), (vec![JOINED; 4], 3), "{failure:?}");
        let states = |w: &World| meetings[..5].iter().filter(|m| w.state(**m) == "RESOLVED(joined)").count();
        assert_eq!((states(&w), cannot_hear(&w)), (4, true));
        assert_eq!(hears(&w), (vec![JOINED], 3));
        assert_eq!((states(&w), cannot_hear(&w)), (5, false));
    }
}

#[test]
fn while_the_list_cannot_be_read_everybody_is_called_all_the_same() {
    let (w, _) = called("", 12);
    w.fake().set_down(Endpoint::Heard, Some(Behaviour::server_error()));
    w.advance(60);
    w.tick();
    assert_eq!((w.posts(), cannot_hear(&w)), (24, true));
}

#[test]
fn a_list_never_costs_more_than_the_questions_it_stands_for() {
    let (w, _) = called("[hear]\ncall_back = false\n", 12);
    w.fake().set_list_shape(ListShape { page_max: 1, twins: false });
    says(&w, 0, "1");
    for _ in 0..11 {
        w.fake().gets_message(&phone(2), "Lunch?");
    }
    assert_eq!(hears(&w), (vec![JOINED], 12), "twelve pages");
    assert!(!cannot_hear(&w));
    w.fake().gets_message(&phone(2), "Lunch?");
    says(&w, 1, "1");
    assert_eq!(hears(&w), (vec![JOINED], 11), "the newest of eleven pages");
    assert!(cannot_hear(&w), "nobody knows what stands on the others");
}

#[test]
fn an_answer_counts_on_our_numbers_and_on_those_that_something_was_sent_from() {
    let (mut w, meetings) = called("", 22);
    let old = w.fake().config().from;
    w.change_twilio(|twilio| twilio.from = phone(98));
    let new = w.meeting("in 180s");
    w.tick();
    w.advance(10);
    let to = |number: &Phone, from: &Phone| _ = w.fake().gets_message_to(number.expose(), from, "1");
    to(&old, &of(0));
    to(&phone(98), &of(1));
    to(&old, &phone(1));
    assert_eq!(hears(&w), (vec![JOINED; 2], 4), "two lists of each number");
    assert_eq!(
        [meetings[0], meetings[1], new].map(|m| w.state(m)),
        ["RESOLVED(joined)", "RESOLVED(joined)", "ESCALATING"]
    );
    to(&phone(98), &phone(1));
    assert_eq!((hears(&w).0, w.state(new).as_str()), (vec![JOINED], "RESOLVED(joined)"));
}

#[test]
fn people_who_share_a_phone_say_whom_they_mean_as_if_they_were_alone() {
    let shared = "[guards]\nnumber_gap = \"30s\"\n\
                  [[person]]\nid = \"cleo\"\nphone = \"+12025550103\"\nshared_phone = true\n\
                  [[person]]\nid = \"dan\"\nphone = \"+12025550103\"\nshared_phone = true\n";
    let w = world(&with_people(shared, 12));
    let pair = [w.meeting_of("cleo", "Board sync", "in 180s"), w.meeting_of("dan", "Interview", "in 210s")];
    (0..12).for_each(|n| _ = w.meeting_of(&format!("p{n}"), "All hands", "in 180s"));
    w.tick();
    w.advance(31);
    w.tick();
    w.fake().gets_message(&phone(3), "1");
    w.fake().gets_call(&phone(3));
    let needs_code = |how| (how, HeardEffect::NeedsCode, 0);
    assert_eq!(hears(&w), (vec![needs_code(HeardHow::Message), needs_code(HeardHow::Call)], 2));
    let waiting = w.parts.store.waiting().unwrap();
    let code = &waiting.iter().find(|waiting| waiting.person == "dan").unwrap().tags[0];
    w.fake().gets_message(&phone(3), &format!("1 {code}"));
    assert_eq!(hears(&w), (vec![JOINED], 2));
    assert_eq!(pair.map(|m| w.state(m)), ["ESCALATING", "RESOLVED(joined)"]);
}

#[test]
fn stop_belongs_to_the_provider_and_changes_nothing() {
    let (w, meetings) = called("[hear]\nconfirm = true\n", 12);
    for words in ["STOP", "Unsubscribe", "HELP"] {
        says(&w, 0, words);
    }
    assert_eq!(hears(&w), (vec![(HeardHow::Message, HeardEffect::NotUnderstood, 0); 3], 2));
    assert_eq!((w.state(meetings[0]).as_str(), w.fake().sent().len()), ("ESCALATING", 0));
    assert_eq!(hears(&w), (vec![], 2));
}

/// The database cannot take what this number said.
struct CannotHear(Phone);

impl Hook for CannotHear {
    fn hearing(&self, heard: &[Heard]) -> store::Result<()> {
        let fails = heard.iter().any(|heard| heard.from == self.0);
        if fails { Err(StoreError::Statement { what: "hear", detail: "no".into() }) } else { Ok(()) }
    }
}

#[test]
fn an_answer_that_cannot_be_used_stops_no_other_one_of_its_set() {
    let (mut w, meetings) = called("", 12);
    w.parts.store = Arc::new(Forward { inner: Arc::clone(&w.parts.store), hook: CannotHear(of(1)) });
    for n in 0..3 {
        says(&w, n, "1");
    }
    assert_eq!(hears(&w).0, [JOINED; 2]);
    let states: Vec<_> = meetings[..3].iter().map(|m| w.state(*m)).collect();
    assert_eq!(states, ["RESOLVED(joined)", "ESCALATING", "RESOLVED(joined)"]);
}

#[test]
fn the_keys_pressed_in_many_calls_stand_in_one_list() {
    let config = format!("{KEYS}replies = false\ncall_back = false\n");
    let w = world(&with_people(&config, 12));
    w.fake().set_life(answered(1, 5, "human", 10));
    let meetings: Vec<_> = (0..12).map(|n| w.meeting_of(&format!("p{n}"), "All hands", "in 180s")).collect();
    w.tick();
    w.advance(20);
    let pressed = |n: u8, key| w.fake().presses(&call_to(&w, n), key);
    for (n, key) in [(0, '1'), (1, '2'), (2, '3'), (3, '2'), (3, '1')] {
        pressed(n, key);
    }
    let key = |effect| (HeardHow::Key, effect, 1);
    let joined = key(HeardEffect::Joined);
    assert_eq!(hears(&w), (vec![joined, joined, key(HeardEffect::Missed)], 1));
    let states: Vec<_> = meetings[..4].iter().map(|m| w.state(*m)).collect();
    assert_eq!(states, ["RESOLVED(joined)", "MISSED(said_missed)", "ESCALATING", "RESOLVED(joined)"]);
    assert_eq!(hears(&w), (vec![], 18), "nine calls are asked about one by one, for each key");
}

fn call_to(w: &World, n: u8) -> FakeCall {
    w.fake().calls().into_iter().find(|call| call.to == of(n).expose()).unwrap()
}
