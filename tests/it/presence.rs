//! Who is in the meeting already is not called: `presence_command`, asked just before a rung, with real programs.

use crate::support::cli::{ANA, Cli};
use crate::support::fake_twilio::unanswered;
use crate::support::world::World;
use crate::support::{HUNG, phone};
use savehub::config::{Contact, Rung};
use savehub::model::{Action, Addressee, Offset, RungKind, When};
use savehub::provider::Registry;
use savehub::tick::PresentSeen;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Says whom and what it was asked about, and ends as the file `end` says.
const SAYS: &str = "echo \"$SAVEHUB_PERSON_ID $SAVEHUB_TITLE\" >>$0/asked; read -r end <$0/end; eval \"$end\"";

/// A world in which Ana's program ends so, and nobody answers the phone.
fn world(end: &str) -> World {
    let mut w = World::on_twilio("");
    w.fake().set_life(unanswered(1, 20));
    ends(&w, end);
    let dir = w.dir.path().to_str().unwrap().to_owned();
    let program = ["/bin/sh", "-c", SAYS, &dir].map(str::to_owned);
    change(&mut w, |config| config.people[0].presence_command = Some(program.to_vec()));
    w
}

fn change(w: &mut World, change: impl FnOnce(&mut savehub::config::Config)) {
    w.change_config(change);
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
}

fn ends(w: &World, end: &str) {
    fs::write(w.dir.path().join("end"), format!("{end}\n")).unwrap();
}

/// What the program was asked about.
fn asked(w: &World) -> Vec<String> {
    let text = fs::read_to_string(w.dir.path().join("asked")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn faults(w: &World) -> Vec<String> {
    w.snapshot().faults.into_iter().map(|fault| fault.fault).collect()
}

#[test]
fn who_is_in_the_meeting_is_not_called() {
    let w = world("exit 0");
    let m = w.meeting("in 180s");
    let summary = w.tick();
    assert_eq!((w.state(m), w.steps(m)), ("RESOLVED(presence)".into(), vec!["CANCELLED(presence)".to_owned(); 2]));
    let there = PresentSeen { incident: w.incident(m).id, person: "ana".into(), title: "Board sync".into() };
    assert_eq!((summary.present, summary.results, asked(&w)), (vec![there], vec![], vec!["ana Board sync".to_owned()]));
    w.advance(90);
    w.tick();
    assert_eq!((w.posts(), asked(&w).len(), faults(&w)), (0, 1, vec![]));
}

#[test]
fn who_is_not_there_is_called_and_asked_about_before_every_rung_and_at_no_other_time() {
    let w = world("exit 1");
    let m = w.meeting("in 10m");
    w.tick();
    assert_eq!(asked(&w).len(), 0, "nothing is due");
    for (wait, times, calls) in [(420, 1, 1), (30, 1, 1), (60, 2, 2), (30, 2, 2)] {
        w.advance(wait);
        w.tick();
        assert_eq!((asked(&w).len(), w.posts()), (times, calls));
    }
    assert_eq!(w.steps(m), ["EXECUTED(initiated)"; 2]);
    ends(&w, "exit 0");
    w.advance(60);
    w.tick();
    assert_eq!((w.state(m).as_str(), asked(&w).len()), ("ESCALATING", 2), "no rung is left to ask before");
}

#[test]
fn a_program_that_cannot_say_changes_nothing_and_is_a_fault_until_it_can() {
    for end in ["exit 2", "kill -9 $$"] {
        let w = world(end);
        let m = w.meeting("in 180s");
        let summary = w.tick();
        assert_eq!((w.posts(), summary.exit().code(), faults(&w)), (1, 0, vec!["presence_command of ana".to_owned()]));
        ends(&w, "exit 1");
        w.advance(90);
        w.tick();
        assert_eq!((w.posts(), faults(&w), w.state(m).as_str()), (2, vec![], "ESCALATING"), "{end}");
    }
}

#[test]
fn the_fault_of_a_program_that_left_the_config_is_over() {
    let mut w = world("exit 2");
    w.meeting("in 180s");
    w.tick();
    assert_eq!(faults(&w).len(), 1);
    w.dry_run();
    assert_eq!(faults(&w).len(), 1);
    change(&mut w, |config| config.people[0].presence_command = None);
    w.tick();
    assert_eq!(faults(&w), [""; 0]);
}

#[test]
fn a_program_that_hangs_holds_up_nobody_elses_call_and_ones_own_for_five_seconds() {
    let w = world("exec sleep 1200");
    let (m, n) = (w.meeting("in 180s"), w.meeting_of("ben", "Stand-up", "in 180s"));
    let (started, watched) = (Instant::now(), &w);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            watched.fake().wait_for_calls(1);
            assert_eq!(watched.fake().calls()[0].to, phone(2).expose(), "Ben's call did not wait for Ana's program");
        });
        watched.tick();
    });
    assert!(started.elapsed() < HUNG, "{:?}", started.elapsed());
    assert_eq!((w.steps(m)[0].as_str(), w.steps(n)[0].as_str()), ("EXECUTED(initiated)", "EXECUTED(initiated)"));
    assert_eq!(faults(&w), ["presence_command of ana"]);
}

#[test]
fn a_question_nobody_has_time_to_ask_holds_up_no_longer_than_an_answer() {
    let mut w = world("exec sleep 1200");
    change(&mut w, |config| {
        config.engine.parallel = 1;
        config.people[1].presence_command = config.people[0].presence_command.clone();
    });
    let (m, n) = (w.meeting("in 180s"), w.meeting_of("ben", "Stand-up", "in 180s"));
    let started = Instant::now();
    w.tick();
    assert!(started.elapsed() < HUNG, "{:?}", started.elapsed());
    assert_eq!((w.steps(m)[0].as_str(), w.steps(n)[0].as_str()), ("EXECUTED(initiated)", "EXECUTED(initiated)"));
}

#[test]
fn one_question_is_for_the_earliest_meeting_alone_and_nobody_is_in_two() {
    let w = world("exit 0");
    let (later, first) = (w.meeting_of("ana", "Interview", "in 170s"), w.meeting_of("ana", "Board sync", "in 160s"));
    w.tick();
    assert_eq!(asked(&w), ["ana Board sync"]);
    assert_eq!((w.state(first).as_str(), w.state(later).as_str()), ("RESOLVED(presence)", "ESCALATING"));
    assert_eq!((w.posts(), w.steps(later)[0].as_str()), (1, "EXECUTED(initiated)"));
}

#[test]
fn who_came_late_is_not_told_on_and_a_ringing_phone_stops() {
    let mut w = world("exit 1");
    w.fake().set_life(unanswered(1, 500));
    let to_bea = |at| Action {
        kind: RungKind::Sms,
        at: Offset::After(Duration::from_secs(at)),
        to: Addressee::Contact("Bea".into()),
        channel: None,
        when: When::Always,
    };
    change(&mut w, |config| {
        config.contacts = vec![Contact { name: "Bea".into(), phone: Some(phone(3)), email: None }];
        config.ladder.truncate(1);
        config.ladder.push(Rung { action: to_bea(60), message: None });
    });
    let m = w.meeting("in 180s");
    w.tick();
    ends(&w, "exit 0");
    w.advance(240);
    w.tick();
    assert_eq!((w.state(m), w.steps(m)[1].as_str()), ("RESOLVED(presence)".into(), "CANCELLED(presence)"));
    assert_eq!((w.fake().sent().len(), w.fake().calls()[0].status.as_str()), (0, "canceled"));
}

#[test]
fn a_dry_run_and_a_stopped_savehub_ask_nobody_and_test_mode_does() {
    let mut w = world("exit 0");
    let m = w.meeting("in 180s");
    w.dry_run();
    w.create_stop_file();
    w.tick();
    assert_eq!((asked(&w).len(), w.steps(m)[0].as_str()), (0, "SKIPPED(paused)"));
    w.remove_stop_file();
    change(&mut w, |config| config.test_mode = true);
    w.advance(90);
    w.tick();
    assert_eq!((asked(&w).len(), w.state(m).as_str(), w.posts()), (1, "RESOLVED(presence)", 0));
}

#[test]
fn the_commands_say_who_was_there() {
    let cli = Cli::with(&format!("{ANA}presence_command = [\"/bin/sh\", \"-c\", \"exit 0\"]\n"));
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 2m"]);
    assert_eq!(cli.ok(&["tick", "-q"]), "i1 Board sync (ana): in the meeting already, says the presence command\n");
    let json: serde_json::Value = serde_json::from_str(&cli.ok(&["status", "--json"])).unwrap();
    let incident = &json["incidents"][0];
    assert_eq!((incident["state"].as_str(), incident["reason"].as_str()), (Some("RESOLVED"), Some("presence")));
    let text = cli.ok(&["status"]);
    assert!(text.contains("resolved: in the meeting already, says the presence command"), "{text}");
}
