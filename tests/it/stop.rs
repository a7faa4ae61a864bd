//! The STOP file while nobody can say whether there is one.

use crate::support::cli::Cli;
use crate::support::fake_twilio::{FakeTwilio, TOKEN};
use crate::support::stand_in::StandIn;
use crate::support::world::World;
use savehub::exit::Exit;
use savehub::model::Reason;
use savehub::provider::mock::Mock;
use savehub::tick::{TestCall, test_call};
use std::os::unix::fs::symlink;
use std::sync::Arc;

#[test]
fn what_nobody_can_look_at_keeps_the_step_until_somebody_can() {
    let mut w = World::new();
    let link = w.stop_behind_a_link();
    let m = w.meeting("in 180s");
    symlink("away", &link).unwrap();
    let exits = [w.tick(), w.tick()].map(|summary| (summary.exit(), summary.results.len()));
    assert_eq!(exits, [(Exit::NotDone, 0); 2]);
    assert_eq!((w.steps(m), w.attempt_states(m).len()), (vec!["PENDING".to_owned(); 2], 0), "nothing ends");
    let faults: Vec<String> = w.snapshot().faults.into_iter().map(|fault| fault.fault).collect();
    assert_eq!(faults, [format!("stop_unknown {}", savehub::owner::host())]);
    std::fs::remove_file(&link).unwrap();
    assert_eq!(w.tick().exit(), Exit::Done);
    assert_eq!((w.steps(m)[0].as_str(), w.snapshot().faults), ("EXECUTED(initiated)", vec![]));
    w.phone("ana").rang(1);
}

#[test]
fn a_step_that_waited_for_it_until_the_start_ends_with_that_reason_and_one_that_came_late_does_not() {
    let mut w = World::new();
    let link = w.stop_behind_a_link();
    let m = w.meeting("in 180s");
    symlink("away", &link).unwrap();
    w.tick();
    w.advance(181);
    let summary = w.tick();
    assert_eq!(w.steps(m), ["FAILED(stop_unknown)", "SKIPPED(outside_critical_window)"], "no tick saw the second");
    assert_eq!(summary.exit(), Exit::NotDone);
    let detail = w.incident(m).steps[0].detail.clone().unwrap();
    assert!(detail.starts_with(&format!("{}/STOP cannot be looked at: ", link.display())), "{detail}");
    w.phone("ana").rang(0);
}

#[test]
fn what_nobody_can_look_at_any_more_right_before_sending_uses_no_try() {
    let line = StandIn::before(Arc::new(Mock::new(&[])));
    let mut w = World::on_phone("", Arc::clone(&line) as _);
    let link = w.stop_behind_a_link();
    let m = w.meeting("in 180s");
    let made = link.clone();
    line.happens(move |_| drop(symlink("away", &made)));
    assert_eq!(w.tick().exit(), Exit::NotDone);
    assert_eq!((w.steps(m)[0].as_str(), w.attempt_states(m)), ("PENDING", vec!["NOT_SENT".to_owned()]));
    line.happens(|_| ());
    std::fs::remove_file(&link).unwrap();
    w.advance(30);
    assert_eq!(w.tick().exit(), Exit::Done);
    assert_eq!(w.steps(m)[0], "EXECUTED(initiated)");
    w.phone("ana").rang(1);
}

#[test]
fn a_test_call_and_every_view_say_which_stop_file_cannot_be_looked_at() {
    let mut w = World::new();
    let link = w.stop_behind_a_link();
    symlink("away", &link).unwrap();
    let ana = w.parts.config.person("ana").unwrap();
    let (to, voice) = (ana.phone.clone(), ana.voice.clone());
    let test = TestCall { person: "ana".into(), to, message: "Hello".into(), voice };
    let refused = test_call(&w.parts, &test).unwrap();
    assert_eq!((refused.status, refused.reason), ("failed", Reason::StopUnknown));
    let error = link.join("STOP").symlink_metadata().unwrap_err();
    let words = format!("{}/STOP cannot be looked at: {error}", link.display());
    assert_eq!(refused.detail, words);
    assert_eq!(w.parts.config.stop().words(), Some(words));
    w.phone("ana").rang(0);
}

#[test]
fn while_the_configs_directory_cannot_be_looked_at_its_copy_calls_nobody() {
    let fake = FakeTwilio::start();
    let cli = Cli::on_twilio(&fake, TOKEN);
    cli.ok(&["tick"]);
    cli.ok(&["meeting", "add", "Board", "--at", "in 2m"]);
    let (dir, away) = (cli.path(".config/savehub"), cli.path(".config/away"));
    std::fs::rename(&dir, &away).unwrap();
    symlink("savehub", &dir).unwrap();
    let ran = cli.run(&["tick"]);
    assert!(ran.err.contains("savehub/STOP cannot be looked at: "), "{ran:?}");
    assert_eq!((ran.code, fake.posts()), (2, 0), "{ran:?}");
    let status = cli.run(&["status"]).out;
    assert!(
        status.contains("/STOP cannot be looked at: ") && status.contains("; nothing will ring until it can be\n"),
        "{status}"
    );
    let json: serde_json::Value = serde_json::from_str(&cli.run(&["status", "--json"]).out).unwrap();
    assert!(json["stopped"] == true && json["stop_unknown"].as_str().unwrap().contains("STOP cannot be"), "{json}");
    std::fs::remove_file(&dir).unwrap();
    std::fs::rename(&away, &dir).unwrap();
    cli.run(&["tick"]);
    assert_eq!(fake.posts(), 1);
}
