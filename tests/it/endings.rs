//! Calls that are ended, attempts nobody knows the end of, machines that slept: seen from the tick.

use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio};
use crate::support::stand_in::StandIn;
use crate::support::world::{World, result_words};
use savehub::config::ProviderChoice;
use savehub::exit::Exit;
use savehub::provider::mock::Mock;
use savehub::provider::twilio::Twilio;
use savehub::provider::{Only, Registry};
use std::sync::Arc;
use std::time::Duration;

const ONE_RUNG: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

// --- unknown ---

#[test]
fn an_unknown_attempt_is_held_and_given_up_when_the_next_rung_is_due() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::CloseBeforeReply]);
    // Nobody can be asked: without its list, the provider cannot say that there is no call.
    w.fake().set_down(Endpoint::List, Some(Behaviour::CloseBeforeReply));
    let summary = w.tick();
    assert_eq!((w.steps(m), w.attempt_states(m)), (words(["RUNNING", "PENDING"]), words(["UNKNOWN"])));
    assert_eq!((result_words(&summary.results), summary.exit()), (vec![], Exit::Done));
    w.advance(89);
    w.tick();
    assert_eq!((w.steps(m), w.posts()), (words(["RUNNING", "PENDING"]), 1), "never asked a second time");
    w.advance(1);
    let summary = w.tick();
    assert_eq!(w.steps(m), ["FAILED(unknown)", "EXECUTED(initiated)"]);
    assert_eq!(w.attempt_states(m), ["ABANDONED", "ACCEPTED"]);
    assert_eq!((w.posts(), summary.exit()), (2, Exit::NotDone));
    // It may have rung, so it stays counted: both calls of this meeting are used up.
    w.fake().set_status(&w.fake().calls()[0].sid, "no-answer");
    w.advance(60);
    w.move_to(m, "in 100s");
    let summary = w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(max_calls_exceeded)", "PENDING"]);
    let detail = w.incident(m).steps[0].detail.clone().unwrap();
    assert!(detail.ends_with(", at most 2 in 10 min; 1 of them may not have rung"), "{detail}");
    assert_eq!(summary.exit(), Exit::NotDone, "that rung may be the only one that would have rung");
}

#[test]
fn a_limit_that_a_server_error_without_a_call_helped_to_fill_is_exit_1() {
    let w = World::on_twilio("[guards]\ndaily_cap_per_person = 2\n");
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::server_error()]);
    w.tick();
    w.advance(80);
    assert_eq!(w.tick().exit(), Exit::Done);
    assert_eq!(w.attempt_states(m), ["ABSENT", "ACCEPTED"], "certain that it did not ring, it rings once more");
    w.fake().set_status(&w.fake().calls()[0].sid, "no-answer");
    w.advance(60);
    let summary = w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "SKIPPED(max_calls_exceeded)"]);
    assert_eq!(summary.exit(), Exit::NotDone, "{:?}", summary.results);
    w.advance(60);
    // The person's cap of the day is filled by the same two.
    let next = w.meeting("in 180s");
    let summary = w.tick();
    assert_eq!((w.steps(next)[0].as_str(), summary.exit()), ("SKIPPED(daily_cap)", Exit::NotDone));
}

#[test]
fn a_limit_that_calls_filled_is_exit_0() {
    let w = World::on_twilio("");
    w.fake().set_life(crate::support::fake_twilio::ends(1, "no-answer"));
    let m = w.meeting("in 180s");
    w.tick();
    w.advance(90);
    w.tick();
    w.advance(61);
    w.move_to(m, "in 100s");
    let summary = w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(max_calls_exceeded)", "PENDING"]);
    assert_eq!(summary.exit(), Exit::Done, "{:?}", summary.results);
}

#[test]
fn an_unknown_attempt_is_given_up_when_its_meeting_starts() {
    let w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 100s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.fake().set_down(Endpoint::List, Some(Behaviour::CloseBeforeReply));
    w.tick();
    w.advance(99);
    w.tick();
    assert_eq!(w.steps(m), ["RUNNING"]);
    w.advance(1);
    assert_eq!(w.tick().exit(), Exit::NotDone);
    assert_eq!((w.steps(m), w.attempt_states(m)), (words(["FAILED(unknown)"]), words(["ABANDONED"])));
    w.phone("ana").rang(1);
}

#[test]
fn a_provider_that_panics_before_anything_left_is_asked_once_more_and_the_other_call_is_placed() {
    let line = StandIn::before(Arc::new(Mock::new(&[])));
    let w = World::on_phone("", Arc::clone(&line) as _);
    let ana = w.meeting("in 180s");
    let ben = w.meeting_of("ben", "Standup", "in 180s");
    line.happens(|call| assert_ne!(call.user, "ana", "a bug for this test"));
    let summary = w.tick();
    assert_eq!((w.steps(ana), w.attempt_states(ana)), (words(["PENDING", "PENDING"]), words(["NOT_SENT", "NOT_SENT"])));
    assert_eq!(w.steps(ben), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(result_words(&summary.results), ["EXECUTED(initiated)"]);
    w.phone("ben").rang(1);
}

// --- time ---

#[test]
fn a_machine_that_slept_through_the_window_says_by_how_much_it_was_late() {
    let w = World::new();
    let m = w.meeting("in 200s");
    w.tick();
    w.advance(260);
    let summary = w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(outside_critical_window)", "SKIPPED(outside_critical_window)"]);
    let detail = |rung: usize| w.incident(m).steps[rung].detail.clone().unwrap();
    assert_eq!(detail(0), "found 240 s after it was due, 60 s after the start");
    assert_eq!(detail(1), "found 150 s after it was due, 60 s after the start");
    assert_eq!((summary.exit(), w.state(m).as_str()), (Exit::NotDone, "OPEN"));
    w.advance(15 * 60 - 60);
    let summary = w.tick();
    assert_eq!((summary.missed.len(), summary.exit()), (1, Exit::Done));
    assert_eq!(w.state(m), "MISSED(no_check_in)");
    w.phone("ana").rang(0);
}

#[test]
fn a_machine_that_slept_until_after_the_grace_time_hides_nothing() {
    let w = World::new();
    let m = w.meeting("in 200s");
    w.tick();
    w.advance(3600);
    let summary = w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(outside_critical_window)", "SKIPPED(outside_critical_window)"]);
    assert_eq!((summary.exit(), w.state(m).as_str()), (Exit::NotDone, "MISSED(no_check_in)"));
}

#[test]
fn a_clock_that_jumps_back_rings_nobody_again() {
    let w = World::new();
    let m = w.meeting("in 180s");
    w.tick();
    w.clock.set_wall(crate::support::world::BEGIN.minus(Duration::from_secs(3600)));
    w.tick();
    w.clock.set_wall(crate::support::world::BEGIN);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"]);
    w.phone("ana").rang(1);
}

// --- hanging up ---

#[test]
fn a_call_still_queued_when_its_meeting_starts_is_cancelled() {
    let w = World::on_twilio(ONE_RUNG);
    w.meeting("in 60s");
    w.tick();
    w.advance(59);
    w.tick();
    assert_eq!(w.fake().calls()[0].status, "queued");
    w.advance(1);
    w.tick();
    assert_eq!(w.fake().calls()[0].status, "canceled");
}

#[test]
fn a_check_in_hangs_up_the_ringing_call_at_once() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    w.fake().set_status(&w.fake().calls()[0].sid, "ringing");
    let ended = w.check_in(m);
    assert_eq!((ended.cancelled_steps, ended.hang_ups), (1, 1));
    assert_eq!(w.fake().calls()[0].status, "canceled");
    assert_eq!(w.attempts(m)[0].hang_up.as_str(), "DONE");
}

#[test]
fn a_hang_up_the_provider_could_not_hear_is_finished_by_a_later_tick() {
    let mut w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    let there = Arc::clone(&w.parts.providers);
    let mut gone = w.fake().config();
    gone.base_url = FakeTwilio::refuse();
    w.parts.providers = Arc::new(Only(Arc::new(Twilio::new(&gone, &w.parts.config.engine))));
    w.check_in(m);
    assert_eq!((w.state(m).as_str(), w.attempts(m)[0].hang_up.as_str()), ("RESOLVED(joined)", "WANTED"));
    assert_eq!(w.tick().call_errors, 1);
    assert_eq!(w.fake().calls()[0].status, "queued");
    w.parts.providers = there;
    w.tick();
    assert_eq!(w.fake().calls()[0].status, "canceled");
    assert_eq!(w.attempts(m)[0].hang_up.as_str(), "DONE");
}

#[test]
fn a_check_in_leaves_an_answered_call_alone_and_resolve_ends_it() {
    for (checks_in, status, wish) in [(true, "in-progress", "MOOT"), (false, "completed", "DONE")] {
        let w = World::on_twilio("");
        let m = w.meeting("in 180s");
        w.tick();
        w.fake().set_status(&w.fake().calls()[0].sid, "in-progress");
        if checks_in {
            w.check_in(m)
        } else {
            w.resolve(m, None)
        };
        w.tick();
        assert_eq!(w.fake().calls()[0].status, status);
        assert_eq!(w.attempts(m)[0].hang_up.as_str(), wish);
    }
}

#[test]
fn a_switch_to_the_mock_phone_orphans_no_call() {
    let mut w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    w.change_config(|config| config.provider.chosen = ProviderChoice::Mock);
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
    w.check_in(m);
    assert_eq!(w.fake().calls()[0].status, "canceled");
}

// --- nothing to do, nothing to change ---

#[test]
fn a_dry_run_says_what_would_happen_and_changes_nothing() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    let b = w.meeting_of("ana", "Dentist", "in 180s");
    let before = (w.snapshot(), bytes(&w));
    let summary = w.dry_run();
    assert_eq!(result_words(&summary.results), ["EXECUTED(initiated)", "EXECUTED(merged)"]);
    assert!(summary.dry_run);
    assert_eq!((w.snapshot(), bytes(&w)), before);
    assert_eq!(w.fake().requests().len(), 0);
    w.tick();
    assert_eq!((w.steps(m), w.steps(b)[0].as_str()), (words(["EXECUTED(initiated)", "PENDING"]), "EXECUTED(merged)"));
    // A call is not even looked at.
    let requests = w.fake().requests().len();
    w.dry_run();
    assert_eq!(w.fake().requests().len(), requests);
}

#[test]
fn an_idle_tick_does_nothing_but_say_that_it_ran() {
    let w = World::on_twilio("");
    w.meeting("in 2h");
    let summary = w.tick();
    assert_eq!((summary.results, summary.calls, summary.opened, summary.missed), (vec![], vec![], vec![], vec![]));
    assert_eq!(w.fake().requests().len(), 0);
    let tick = w.snapshot().last_tick.unwrap();
    assert_eq!((tick.started_at, tick.ended_at, tick.exit), (w.now(), Some(w.now()), Some(0)));
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

/// The database file and its log.
fn bytes(w: &World) -> Vec<Vec<u8>> {
    let file = &w.parts.config.database;
    ["", "-wal"].map(|end| std::fs::read(format!("{}{end}", file.display())).unwrap_or_default()).to_vec()
}
