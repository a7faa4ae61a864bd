//! Which meeting an answer is for: several meetings, shared phones, contacts.

use super::{ana, heard, says, world};
use crate::support::phone;
use crate::support::world::World;
use savehub::model::{HeardEffect, HeardHow, MeetingId};

const SHARED: &str = "[[person]]\nid = \"cleo\"\nphone = \"+12025550103\"\nshared_phone = true\n\
                      [[person]]\nid = \"dan\"\nphone = \"+12025550103\"\nshared_phone = true\n";

#[test]
fn an_answer_is_for_ones_own_meeting_and_for_one_that_was_announced() {
    let w = world("");
    let (ana, ben) = (w.meeting("in 180s"), w.meeting_of("ben", "Stand-up", "in 180s"));
    w.tick();
    w.advance(30);
    w.fake().gets_message(&phone(2), "1");
    // Nothing was sent for this one yet when he wrote.
    let later = w.meeting_of("ben", "Interview", "in 200s");
    w.advance(30);
    w.tick();
    let states = [ana, ben, later].map(|m| w.state(m));
    assert_eq!(states, ["ESCALATING", "RESOLVED(joined)", "ESCALATING"]);
}

#[test]
fn people_with_one_phone_must_say_which_meeting_they_mean_when_both_were_called_within_a_minute() {
    let w = world(&format!("[guards]\nnumber_gap = \"30s\"\n{SHARED}"));
    let (m, n) = (w.meeting_of("cleo", "Board sync", "in 180s"), w.meeting_of("dan", "Interview", "in 210s"));
    w.tick();
    w.advance(31);
    w.tick();
    assert_eq!((w.state(m), w.state(n), w.posts()), ("ESCALATING".into(), "ESCALATING".into(), 2));
    w.fake().gets_message(&phone(3), "1");
    w.fake().gets_call(&phone(3));
    let needs = |how| (how, HeardEffect::NeedsCode, 0);
    let mut told = heard(&w.tick());
    told.sort_by_key(|(how, ..)| *how);
    assert_eq!(told, [needs(HeardHow::Message), needs(HeardHow::Call)]);
    let waiting = w.parts.store.waiting().unwrap();
    let code = &waiting.iter().find(|waiting| waiting.person == "dan").unwrap().tags[0];
    w.fake().gets_message(&phone(3), &format!("1 {code}"));
    w.tick();
    assert_eq!((w.state(m), w.state(n)), ("ESCALATING".into(), "RESOLVED(joined)".into()));
}

const BEA: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n[[ladder]]\nstep = \"sms\"\nbefore = \"1m\"\nto = \"Bea\"\n\
                   [[contact]]\nname = \"Bea\"\nphone = \"+12025550103\"\n\
                   [[person]]\nid = \"bea\"\nphone = \"+12025550103\"\n";

#[test]
fn a_contact_s_yes_is_noted_for_the_meeting_she_was_told_of_and_her_own_still_rings() {
    let w = world(BEA);
    let (hers, his) = (w.meeting_of("bea", "Interview", "in 380s"), w.meeting_of("ana", "Board sync", "in 180s"));
    w.tick();
    w.advance(120);
    w.tick();
    w.advance(30);
    w.fake().gets_message(&phone(3), "yes");
    assert_eq!(heard(&w.tick()), [(HeardHow::Message, HeardEffect::Noted, 0)]);
    assert_eq!((w.state(his), w.state(hers)), ("ESCALATING".into(), "OPEN".into()));
    let story = w.parts.store.history(his).unwrap().unwrap().incidents.remove(0).heard;
    assert_eq!((story.len(), story[0].effect), (1, HeardEffect::Noted));
    w.advance(50);
    w.tick();
    w.phone("bea").rang(1);
    w.advance(30);
    w.fake().gets_message(&phone(3), "yes");
    w.tick();
    assert_eq!((w.state(his), w.state(hers)), ("ESCALATING".into(), "RESOLVED(joined)".into()));
}

/// Two meetings of Ana, each with one call 3 minutes before its start, so many seconds apart.
fn two_calls(apart: u64) -> (World, [MeetingId; 2]) {
    let w = world("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
    let (first, second) = (w.meeting("in 180s"), w.meeting(&format!("in {}s", 180 + apart)));
    w.tick();
    w.advance(apart);
    w.tick();
    assert_eq!(w.posts(), 2);
    (w, [first, second])
}

#[test]
fn an_answer_after_the_second_call_is_for_the_second_meeting() {
    let (w, [first, second]) = two_calls(120);
    w.advance(20);
    says(&w, "1");
    w.tick();
    assert_eq!((w.state(first), w.state(second)), ("ESCALATING".into(), "RESOLVED(joined)".into()));
}

#[test]
fn a_call_back_after_the_second_call_is_not_for_the_first_meeting_and_two_are_one_answer() {
    let (w, [first, second]) = two_calls(120);
    for _ in 0..2 {
        w.advance(10);
        w.fake().gets_call(&ana());
        assert_eq!(heard(&w.tick())[0].1, HeardEffect::Acknowledged);
        assert_eq!((w.state(first), w.state(second)), ("ESCALATING".into(), "ACKNOWLEDGED".into()));
    }
}

#[test]
fn an_answer_to_what_is_over_already_does_nothing_else() {
    let (w, [first, second]) = two_calls(120);
    w.check_in(second);
    w.advance(20);
    says(&w, "1");
    assert_eq!(heard(&w.tick()), [(HeardHow::Message, HeardEffect::NothingOpen, 0)]);
    assert_eq!((w.state(first), w.state(second)), ("ESCALATING".into(), "RESOLVED(joined)".into()));
}

#[test]
fn an_answer_to_a_shared_call_is_for_both_meetings() {
    let w = world("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
    let both = [w.meeting("in 180s"), w.meeting_of("ana", "Dentist", "in 180s")];
    w.tick();
    w.advance(20);
    says(&w, "1");
    assert_eq!(heard(&w.tick()), [(HeardHow::Message, HeardEffect::Joined, 2)]);
    assert_eq!(both.map(|m| w.state(m)), ["RESOLVED(joined)"; 2]);
    assert_eq!(w.undo("ana").unwrap().meetings.len(), 2, "one answer, one act");
}
