//! `savehub undo`: stories with the real tick, and what the command says.

use crate::support::cli::{ANA, Cli};
use crate::support::fake_twilio::unanswered;
use crate::support::world::World;
use savehub::model::{ActHow, ActKind};

#[test]
fn after_an_undo_the_next_rung_rings_and_the_one_before_does_not_come_back() {
    let w = World::on_twilio("");
    w.fake().set_life(unanswered(1, 60));
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(20);
    w.check_in(m);
    assert_eq!(w.fake().calls()[0].status, "canceled");
    w.advance(10);
    assert_eq!(w.undo("ana").unwrap().what, ActKind::Joined);
    for _ in 0..4 {
        w.tick();
        w.phone("ana").rang(if w.now() >= w.incident(m).steps[0].due_at { 2 } else { 1 });
        w.advance(30);
    }
    assert_eq!((w.steps(m), w.state(m).as_str()), (vec!["EXECUTED(initiated)".to_owned()], "ESCALATING"));
}

#[test]
fn a_reply_that_was_a_mistake_is_taken_back_and_the_reply_does_not_count_again() {
    let w = World::on_twilio("");
    w.fake().set_life(unanswered(1, 20));
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(30);
    w.fake().gets_message(&crate::support::phone(1), "1");
    w.tick();
    assert_eq!(w.state(m), "RESOLVED(joined)");
    assert_eq!(w.undo("ana").unwrap().how, ActHow::Message);
    for _ in 0..3 {
        w.advance(30);
        w.tick();
    }
    assert_eq!(w.state(m), "ESCALATING");
    w.phone("ana").rang(2);
}

#[test]
fn an_undo_beside_a_running_tick_is_done_and_nothing_rings_twice() {
    let w = World::new();
    let m = w.meeting("in 180s");
    w.tick();
    w.check_in(m);
    let undone = std::thread::scope(|scope| {
        let tick = scope.spawn(|| w.tick());
        let undone = w.undo("ana");
        tick.join().unwrap();
        undone
    });
    assert!(undone.is_some() && w.undo("ana").is_none());
    w.advance(90);
    w.tick();
    w.phone("ana").rang(2);
}

#[test]
fn the_command_says_what_it_took_back_and_what_comes_again() {
    let cli = Cli::with(ANA).set("CALL_PROVIDER", "mock");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2h"]);
    let nothing = "error: nothing that ana did in the last 12 h can be taken back\n";
    let ran = cli.run(&["undo"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (2, "", nothing));
    cli.ok(&["checkin", "board"]);
    let text = cli.ok(&["undo", "--person", "ana"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("taken back: the check-in at ") && lines[0].ends_with(", ana"), "{text}");
    assert!(lines[0].contains(": Board sync (m1), "), "{text}");
    assert!(lines[1].starts_with("  comes again: call at ") && lines[1].contains(", call at "), "{text}");
    assert_eq!(cli.run(&["undo"]).err, nothing);
    cli.ok(&["meeting", "cancel", "m1"]);
    let text = cli.ok(&["undo"]);
    assert!(text.starts_with("taken back: the call-off at "), "{text}");
    let story = cli.ok(&["explain", "m1"]);
    assert!(!story.contains("called off"), "{story}");
}

#[test]
fn with_several_people_the_person_must_be_named() {
    let ben = "[[person]]\nid = \"ben\"\nphone = \"+12025550102\"\n";
    let cli = Cli::with(&format!("{ANA}{ben}")).set("CALL_PROVIDER", "mock");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2h", "--person", "ana"]);
    let ran = cli.run(&["undo"]);
    assert_eq!(ran.err, "error: say for whom with --person; the config knows ana, ben\n");
}
