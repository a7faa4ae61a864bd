//! The brake: `pause` and `resume`, from the command line down to the fence.

use crate::support::cli::{ANA, Cli};
use crate::support::stand_in::StandIn;
use crate::support::world::World;
use savehub::model::{MeetingId, RungKind, Timestamp};
use savehub::provider::mock::Mock;
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{NewPause, Store};
use savehub::tick::{TestCall, test_call};
use std::sync::Arc;
use std::time::Duration;

/// A rung of each kind that needs no network, to the person and to a contact.
const LADDER: &str = r#"
[webhook.hook]
url = "http://127.0.0.1:9/"

[[contact]]
name = "Cy"
phone = "+12025550103"

[[ladder]]
step = "sms"
before = "5m"

[[ladder]]
step = "call"
before = "3m"

[[ladder]]
step = "call"
before = "90s"

[[ladder]]
step = "sms"
after = "2m"
to = "Cy"
when = "missed"
"#;

fn pause(world: &World, person: Option<&str>, until: Option<Timestamp>) {
    let new = NewPause { person: person.map(str::to_owned), until, reason: Some("a move".into()) };
    world.parts.store.pause(&new, world.now()).unwrap();
}

fn resume(world: &World, person: Option<&str>) {
    assert_eq!(world.parts.store.resume(person, world.now()).unwrap().len(), 1);
}

fn detail(world: &World, meeting: MeetingId, rung: usize) -> String {
    world.incident(meeting).steps[rung].detail.clone().unwrap()
}

#[test]
fn nobody_is_rung_while_everybody_is_paused_and_each_step_says_why() {
    let world = World::new();
    let (ana, ben) = (world.meeting("9:10"), world.meeting_of("ben", "Dentist", "9:10"));
    pause(&world, None, None);
    world.advance(7 * 60);
    let summary = world.tick();
    assert_eq!(summary.exit().code(), 0, "a pause is wanted");
    for meeting in [ana, ben] {
        assert_eq!(world.steps(meeting), ["SKIPPED(paused)", "PENDING"]);
        assert_eq!(detail(&world, meeting, 0), "everybody is paused until `savehub resume`: a move");
    }
    world.phone("ana").rang(0);
    world.phone("ben").rang(0);
}

#[test]
fn what_was_skipped_does_not_come_back_and_later_steps_do() {
    let world = World::new();
    let meeting = world.meeting("9:10");
    pause(&world, None, None);
    world.advance(7 * 60);
    world.tick();
    resume(&world, None);
    world.tick();
    assert_eq!(world.steps(meeting), ["SKIPPED(paused)", "PENDING"]);
    world.advance(90);
    world.tick();
    assert_eq!(world.steps(meeting), ["SKIPPED(paused)", "EXECUTED(initiated)"]);
    world.phone("ana").rang(1);
}

#[test]
fn a_paused_person_is_left_alone_and_the_others_are_rung() {
    let world = World::new();
    let (ana, ben) = (world.meeting("9:10"), world.meeting_of("ben", "Dentist", "9:10"));
    pause(&world, Some("ana"), None);
    world.advance(7 * 60);
    world.tick();
    assert_eq!(world.steps(ana), ["SKIPPED(paused)", "PENDING"]);
    assert_eq!(detail(&world, ana, 0), "ana is paused until `savehub resume`: a move");
    assert_eq!(world.steps(ben), ["EXECUTED(initiated)", "PENDING"]);
}

#[test]
fn a_pause_for_a_time_ends_by_itself() {
    let world = World::new();
    let meeting = world.meeting("9:10");
    pause(&world, Some("ana"), Some(Timestamp::from_ms(world.now().ms() + 8 * 60 * 1000)));
    world.advance(7 * 60);
    world.tick();
    world.advance(90);
    world.tick();
    assert_eq!(world.steps(meeting), ["SKIPPED(paused)", "EXECUTED(initiated)"]);
    assert_eq!(detail(&world, meeting, 0), "ana is paused until 2026-11-22T09:08:00.000Z: a move");
}

#[test]
fn a_pause_that_ended_by_itself_is_deleted_with_what_is_old() {
    let w = World::new();
    pause(&w, Some("ana"), Some(w.now().plus(Duration::from_secs(3600))));
    pause(&w, None, None);
    w.advance(3 * 24 * 3600);
    let until = w.now().minus(Duration::from_secs(24 * 3600));
    let forgotten = [w.parts.store.forgettable(until).unwrap(), w.parts.store.forget(until, 10).unwrap()];
    assert_eq!(forgotten.map(|gone| gone.pauses), [1, 1]);
    assert_eq!(w.parts.store.pauses(w.now()).unwrap().len(), 1, "the other one lasts");
}

#[test]
fn every_kind_of_rung_obeys_and_those_to_contacts_too() {
    let world = World::with(LADDER);
    let meeting = world.meeting("9:10");
    pause(&world, Some("ana"), None);
    for seconds in [5 * 60, 2 * 60, 90, 210] {
        world.advance(seconds);
        world.tick();
    }
    let steps = world.incident(meeting).steps;
    assert_eq!(steps[3].contact.as_deref(), Some("Cy"));
    assert_eq!(world.steps(meeting), ["SKIPPED(paused)"; 4]);
    assert_eq!(world.sent().len(), 0);
}

#[test]
fn a_pause_between_claim_and_request_holds_at_the_fence() {
    let phone = StandIn::before(Arc::new(Mock::new(&[])));
    let world = World::on_phone("", Arc::clone(&phone) as _);
    let meeting = world.meeting("9:10");
    world.advance(7 * 60);
    let (file, now) = (world.parts.config.database.clone(), world.now());
    phone.happens(move |_| {
        // As another process does.
        let store = SqliteStore::open(&file, Create::No).unwrap();
        let new = NewPause { person: Some("ana".into()), until: None, reason: None };
        store.pause(&new, now).unwrap();
    });
    let summary = world.tick();
    world.phone("ana").rang(0);
    assert_eq!(world.steps(meeting), ["SKIPPED(paused)", "PENDING"]);
    assert_eq!(world.attempt_states(meeting), ["NOT_SENT"]);
    assert_eq!(detail(&world, meeting, 0), "ana is paused until `savehub resume`");
    assert_eq!(summary.exit().code(), 0);
}

#[test]
fn a_test_call_obeys_a_pause() {
    let world = World::new();
    let ana = world.parts.config.person("ana").unwrap();
    let test =
        TestCall { person: "ana".into(), to: ana.phone.clone(), message: "Hello".into(), voice: ana.voice.clone() };
    pause(&world, Some("ana"), None);
    let refused = test_call(&world.parts, &test).unwrap();
    assert_eq!((refused.status, refused.reason.as_str()), ("skipped", "paused"));
    assert_eq!(refused.detail, "ana is paused until `savehub resume`: a move");
    resume(&world, Some("ana"));
    assert_eq!(test_call(&world.parts, &test).unwrap().status, "initiated");
    assert_eq!(world.sent().iter().filter(|r| r.to.kind == RungKind::Call).count(), 1);
}

#[test]
fn a_dry_run_knows_of_the_pause() {
    let world = World::new();
    world.meeting("9:10");
    pause(&world, None, None);
    world.advance(7 * 60);
    let would = world.dry_run();
    assert_eq!(crate::support::world::result_words(&would.results), ["SKIPPED(paused)"]);
}

#[test]
fn the_commands_say_what_is_paused_and_the_status_says_it_first() {
    let cli = Cli::with(&format!("{ANA}{}", ANA.replace("ana", "ben").replace("Ana", "Ben").replace("0101", "0102")));
    let none = cli.run(&["pause"]);
    assert_eq!(none.code, 3, "no database is made: {none:?}");
    cli.ok(&["tick"]);
    let begun = cli.ok(&["pause", "--reason", "a move"]);
    assert_eq!(
        begun,
        "paused: everybody until `savehub resume`, a move; what falls due meanwhile does not come back\n"
    );
    assert!(cli.ok(&["status"]).contains("PAUSED: everybody until `savehub resume`, a move; nothing will ring\n"));
    assert!(cli.ok(&["status", "--color", "always"]).contains("\u{1b}[1m\u{1b}[31mPAUSED: everybody"));
    let person = cli.ok(&["pause", "--person", "ana", "--for", "2h"]);
    assert!(person.starts_with("paused: ana until ") && person.contains("(in 2 h)"), "{person}");
    let json: serde_json::Value = serde_json::from_str(&cli.ok(&["status", "--json"])).unwrap();
    assert_eq!((&json["pauses"][0]["person"], &json["pauses"][0]["until"]), (&().into(), &().into()));
    assert_eq!((&json["pauses"][0]["reason"], &json["pauses"][1]["person"]), (&"a move".into(), &"ana".into()));
    let again = cli.ok(&["pause"]);
    assert!(again.contains("; before: everybody until `savehub resume`, a move;"), "{again}");
    let first = cli.ok(&["resume"]);
    assert!(first.starts_with("resumed: everybody; still paused: ana until "), "{first}");
    let left = cli.run(&["resume"]);
    assert_eq!(left.code, 2);
    assert!(left.err.contains("everybody has no pause to end; still paused: ana until"), "{left:?}");
    assert_eq!(cli.ok(&["resume", "--person", "ana"]), "resumed: ana\n");
    assert_eq!(cli.ok(&["resume", "--person", "ana"]), "nothing was paused\n");
    let json: serde_json::Value = serde_json::from_str(&cli.ok(&["status", "--json"])).unwrap();
    assert_eq!(json["pauses"], serde_json::json!([]));
    let nobody = cli.run(&["pause", "--person", "anna"]);
    assert_eq!(nobody.code, 2);
    assert!(nobody.err.contains("there is no person `anna`; did you mean ana?"), "{nobody:?}");
    assert_eq!(cli.run(&["pause", "--for", "0s"]).code, 2);
}

#[test]
fn a_tick_tells_a_pause_when_it_begins_and_when_it_ends() {
    let cli = Cli::with(ANA);
    cli.ok(&["tick"]);
    cli.ok(&["pause", "--reason", "a move"]);
    let told = |expected: &str| {
        let ran = cli.run(&["tick"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
        let said = ran.err.lines().filter(|l| l.contains("pause")).collect::<Vec<_>>().join("\n");
        assert!(said.ends_with(expected) && said.is_empty() == expected.is_empty(), "{said:?}, not {expected:?}");
    };
    told("everybody is paused until `savehub resume`: a move; nothing is sent for these meetings");
    told("");
    cli.ok(&["resume"]);
    told("over: pause");
    told("");
}

#[test]
fn watching_needs_a_terminal() {
    let cli = Cli::with(ANA);
    cli.ok(&["tick"]);
    let ran = cli.run(&["status", "--watch"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("--watch needs a terminal"), "{ran:?}");
}
