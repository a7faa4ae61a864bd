//! `confirm`: one text to who answered, saying what the answer did or asking which meeting it is for.

use super::{ana, heard, says, world};
use crate::support::fake_twilio::{Behaviour, Endpoint};
use crate::support::phone;
use crate::support::world::World;
use savehub::exit::Exit;
use savehub::model::{HeardEffect, HeardHow, MeetingId, Phone};

const CONFIRM: &str = "[hear]\nconfirm = true\n";

/// A world with this setting and one call 3 minutes before the start.
fn confirming(more: &str) -> World {
    world(&format!("{more}{CONFIRM}[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n"))
}

/// Every message to this number, without its tag.
fn texts(w: &World, to: &Phone) -> Vec<String> {
    let sent = w.fake().sent().into_iter().filter(|m| m.to == to.expose());
    sent.map(|m| m.body.rsplit_once(" #").expect("a tag").0.to_owned()).collect()
}

/// What becomes of the meeting when Ana says so half a minute after her call.
fn after_saying(w: &World, words: &str) -> MeetingId {
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(30);
    says(w, words);
    let summary = w.tick();
    assert_eq!((summary.results.len(), summary.exit()), (0, Exit::Done));
    m
}

#[test]
fn who_answers_is_told_what_that_did() {
    for (words, state, text) in [
        ("1", "RESOLVED(joined)", "You are checked in for Board sync."),
        ("2", "MISSED(said_missed)", "You said that you will miss Board sync."),
    ] {
        let w = confirming("");
        let m = after_saying(&w, words);
        assert_eq!((w.state(m).as_str(), texts(&w, &ana())), (state, vec![text.to_owned()]));
        assert_eq!((w.fake().sent()[0].from.as_str(), w.posts()), (w.fake().calls()[0].from.as_str(), 1));
        w.advance(30);
        w.tick();
        assert_eq!(texts(&w, &ana()).len(), 1);
    }
}

#[test]
fn without_the_setting_nobody_is_told() {
    let w = world("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
    let m = after_saying(&w, "1");
    assert_eq!((w.state(m), texts(&w, &ana())), ("RESOLVED(joined)".into(), vec![]));
}

#[test]
fn what_is_not_understood_or_no_text_gets_no_text_back() {
    for words in ["STOP", "stop", "HELP", "what?", "", "unsubscribe", "1 minute"] {
        let w = confirming("");
        after_saying(&w, words);
        assert_eq!(texts(&w, &ana()), Vec::<String>::new(), "{words:?}");
    }
    let w = confirming("");
    w.meeting("in 180s");
    w.tick();
    w.advance(30);
    w.fake().gets_call(&ana());
    assert_eq!(heard(&w.tick()), [(HeardHow::Call, HeardEffect::Acknowledged, 1)]);
    assert_eq!(texts(&w, &ana()), Vec::<String>::new(), "a call back");
}

/// Two meetings of Ana that were called 31 seconds apart: which one an answer is for is open.
fn two_meetings(config: &str) -> (World, [MeetingId; 2]) {
    let w = confirming(&format!("[guards]\nnumber_gap = \"30s\"\n{config}"));
    let both = [w.meeting("in 180s"), w.meeting_of("ana", "Interview", "in 211s")];
    w.tick();
    w.advance(31);
    w.tick();
    assert_eq!(w.posts(), 2);
    w.advance(5);
    (w, both)
}

/// The codes of both, in that order.
fn codes(w: &World, both: [MeetingId; 2]) -> [String; 2] {
    let waiting = w.parts.store.waiting().unwrap();
    both.map(|m| {
        let incident = w.incident(m).id;
        waiting.iter().find(|one| one.incident == incident).unwrap().tags[0][..2].to_owned()
    })
}

#[test]
fn where_the_code_is_needed_both_are_named_and_the_next_answer_means_one() {
    let (w, both) = two_meetings("");
    let [k3, m7] = codes(&w, both);
    says(&w, "1");
    assert_eq!(heard(&w.tick()), [(HeardHow::Message, HeardEffect::NeedsCode, 0)]);
    let asked = format!("Which one? Answer 1 {k3} for Board sync or 1 {m7} for Interview.");
    assert_eq!(texts(&w, &ana()), [asked]);
    w.advance(10);
    says(&w, &format!("1 {m7}"));
    w.tick();
    assert_eq!(both.map(|m| w.state(m)), ["ESCALATING", "RESOLVED(joined)"]);
    assert_eq!(texts(&w, &ana()).len(), 1, "each incident had its one text");
}

#[test]
fn the_text_about_what_was_missed_asks_with_the_other_word() {
    let (w, both) = two_meetings("");
    let [k3, m7] = codes(&w, both);
    says(&w, "missed");
    w.tick();
    assert_eq!(texts(&w, &ana()), [format!("Which one? Answer 2 {k3} for Board sync or 2 {m7} for Interview.")]);
}

#[test]
fn an_incident_gets_one_text_for_ever_and_another_meeting_its_own() {
    let (mut w, _) = two_meetings("");
    for _ in 0..3 {
        says(&w, "1");
        w.tick();
        w.new_process();
        w.advance(5);
    }
    assert_eq!(texts(&w, &ana()).len(), 1, "asked once");
    w.advance(900);
    let next = after_saying(&w, "1");
    assert_eq!((w.state(next), texts(&w, &ana()).len()), ("RESOLVED(joined)".into(), 2));
}

#[test]
fn one_answer_for_two_meetings_gets_one_text_that_names_both() {
    let w = confirming("");
    let both = [w.meeting("in 180s"), w.meeting_of("ana", "Dentist", "in 180s")];
    w.tick();
    w.advance(20);
    says(&w, "1");
    w.tick();
    assert_eq!(both.map(|m| w.state(m)), ["RESOLVED(joined)"; 2]);
    assert_eq!(texts(&w, &ana()), ["You are checked in for Board sync and Dentist."]);
}

#[test]
fn a_meeting_whose_messages_are_spent_gets_no_text() {
    let ladder = "[[ladder]]\nstep = \"sms\"\nbefore = \"3m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"170s\"\n";
    for (max_sms, sent) in [(1, 1), (2, 2)] {
        let w = world(&format!("{CONFIRM}[guards]\nmax_sms = {max_sms}\n{ladder}"));
        let m = w.meeting("in 180s");
        w.tick();
        w.advance(10);
        w.tick();
        w.advance(20);
        says(&w, "1");
        w.tick();
        assert_eq!((w.state(m), texts(&w, &ana()).len()), ("RESOLVED(joined)".into(), sent), "{max_sms}");
    }
}

#[test]
fn the_text_is_counted_among_the_messages_of_its_meeting() {
    let ladder = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n[[ladder]]\nstep = \"sms\"\nbefore = \"1m\"\n";
    let w = world(&format!("{CONFIRM}[guards]\nmax_sms = 1\nnumber_gap = \"30s\"\n{ladder}"));
    let both = [w.meeting("in 180s"), w.meeting_of("ana", "Interview", "in 211s")];
    w.tick();
    w.advance(31);
    w.tick();
    w.advance(5);
    says(&w, "1");
    w.tick();
    assert_eq!(texts(&w, &ana()).len(), 1, "which one?");
    w.advance(84);
    w.tick();
    assert_eq!(w.steps(both[0])[1], "SKIPPED(max_sms_exceeded)");
}

#[test]
fn stop_and_pause_keep_the_text_back_and_the_answer_counts() {
    let stop = |w: &World| w.create_stop_file();
    let pause = |w: &World| {
        let new = savehub::store::NewPause { person: None, until: None, reason: None };
        _ = w.parts.store.pause(&new, w.now()).unwrap();
    };
    for brake in [&stop as &dyn Fn(&World), &pause] {
        let w = confirming("");
        let m = w.meeting("in 180s");
        w.tick();
        w.advance(30);
        brake(&w);
        says(&w, "1");
        w.tick();
        assert_eq!((w.state(m), texts(&w, &ana())), ("RESOLVED(joined)".into(), vec![]));
    }
}

#[test]
fn a_text_that_could_not_be_sent_or_whose_answer_is_lost_is_never_sent_again() {
    for behaviour in [Behaviour::CloseBeforeReply, Behaviour::server_error(), Behaviour::too_many(3)] {
        let w = confirming("");
        let m = w.meeting("in 180s");
        w.tick();
        w.advance(30);
        says(&w, "1");
        w.fake().script_for(Endpoint::Send, [behaviour]);
        w.tick();
        let created = texts(&w, &ana()).len();
        for _ in 0..4 {
            w.advance(30);
            w.tick();
        }
        let requests = w.fake().requests();
        let sends = requests.iter().filter(|r| r.method == "POST" && r.target.contains("Messages")).count();
        assert_eq!((w.state(m), sends, texts(&w, &ana()).len()), ("RESOLVED(joined)".into(), 1, created));
    }
}

#[test]
fn a_due_call_of_somebody_else_is_placed_before_the_text() {
    let w = confirming("[engine]\nparallel = 1\n");
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(30);
    says(&w, "1");
    let n = w.meeting_of("ben", "Stand-up", "in 180s");
    w.tick();
    assert_eq!((w.state(m), w.steps(n)[0].as_str()), ("RESOLVED(joined)".into(), "EXECUTED(initiated)"));
    // The first call may be hung up at any time.
    let requests = w.fake().requests();
    let created = requests.iter().filter(|r| r.method == "POST" && r.target.ends_with("s.json"));
    let messages: Vec<bool> = created.map(|r| r.target.contains("Messages")).collect();
    assert_eq!(messages, [false, false, true], "calls first");
    assert_eq!(texts(&w, &phone(2)), Vec::<String>::new());
}
