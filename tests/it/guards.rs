//! What else keeps a phone from ringing, or ends it, seen from the tick.

use crate::support::cli::{ANA, Cli};
use crate::support::fake_twilio::Behaviour;
use crate::support::stand_in::StandIn;
use crate::support::world::{World, result_words};
use savehub::exit::Exit;
use savehub::provider::mock::Mock;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::Duration;

fn refusal(status: u16, code: u32, headers: &[(&str, &str)]) -> Behaviour {
    let body = format!(r#"{{"code":{code},"message":"no","status":{status}}}"#);
    Behaviour::Status(status, body, headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect())
}

// --- guard 8: busy phones, shared calls, late rungs ---

#[test]
fn a_busy_phone_waits_and_rings_when_it_is_free() {
    let w = World::on_twilio("");
    let first = w.meeting_of("ana", "First", "in 180s");
    w.tick();
    let second = w.meeting_of("ana", "Second", "in 180s");
    let summary = w.tick();
    assert_eq!(w.steps(second), ["PENDING", "PENDING"]);
    assert_eq!((result_words(&summary.results), summary.exit()), (vec![], Exit::Done));
    w.fake().set_status(&w.fake().calls()[0].sid, "no-answer");
    w.advance(59);
    w.tick();
    w.phone("ana").rang(1);
    w.advance(1);
    w.tick();
    assert_eq!(w.steps(second), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(w.steps(first), ["EXECUTED(initiated)", "EXECUTED(merged)"], "due in 30 s: the same call names it");
    w.phone("ana").rang(2);
}

#[test]
fn a_phone_that_stays_busy_until_the_start_is_a_reason_and_exit_1() {
    let w = World::on_twilio("[guards]\nnumber_gap = \"10m\"\n");
    let first = w.meeting_of("ana", "First", "in 180s");
    w.tick();
    let second = w.meeting_of("ana", "Second", "in 60s");
    w.tick();
    w.advance(60);
    let summary = w.tick();
    assert_eq!(w.steps(second), ["SKIPPED(number_busy)", "SKIPPED(number_busy)"]);
    assert_eq!(summary.exit(), Exit::NotDone);
    assert_eq!(w.steps(first), ["EXECUTED(initiated)", "PENDING"]);
    w.phone("ana").rang(1);
}

#[test]
fn meetings_of_one_person_that_start_together_share_one_call_and_each_counts() {
    let w = World::on_twilio("");
    let board = w.meeting_of("ana", "Board sync", "in 180s");
    let dentist = w.meeting_of("ana", "Dentist", "in 180s");
    let bens = w.meeting_of("ben", "Standup", "in 180s");
    let summary = w.tick();
    assert_eq!(summary.placed(), 3);
    assert_eq!(w.steps(board), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(w.steps(dentist), ["EXECUTED(merged)", "PENDING"]);
    assert_eq!(w.steps(bens), ["EXECUTED(initiated)", "PENDING"]);
    let said = w.phone("ana").calls();
    assert_eq!(said.len(), 1);
    assert!(said[0].contains("Board sync") && said[0].contains("Dentist"), "{}", said[0]);
    w.phone("ben").rang(1);
    w.fake().set_status(&w.fake().calls()[0].sid, "busy");
    w.fake().set_status(&w.fake().calls()[1].sid, "busy");
    // Both meetings are at 1 of 2 calls now: the second shared call is the last one of both.
    w.advance(90);
    w.tick();
    assert_eq!(w.steps(dentist), ["EXECUTED(merged)", "EXECUTED(merged)"]);
    w.fake().set_status(&w.fake().calls()[2].sid, "busy");
    w.move_to(dentist, "in 170s");
    w.advance(70);
    w.tick();
    assert_eq!(w.steps(dentist)[0], "SKIPPED(max_calls_exceeded)");
    w.phone("ana").rang(2);
}

#[test]
fn a_shared_call_leaves_each_meeting_its_later_rungs() {
    let w = World::on_twilio(
        "[[ladder]]\nstep = \"call\"\nbefore = \"180s\"\n[[ladder]]\nstep = \"call\"\nbefore = \"120s\"\n",
    );
    let board = w.meeting_of("ana", "Board sync", "in 180s");
    let dentist = w.meeting_of("ana", "Dentist", "in 180s");
    // A tick is never on time to the millisecond: from here the second rung is less than a minute away.
    w.clock.advance(Duration::from_millis(100));
    w.tick();
    assert_eq!(w.steps(board), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(w.steps(dentist), ["EXECUTED(merged)", "PENDING"]);
    w.fake().set_status(&w.fake().calls()[0].sid, "no-answer");
    w.check_in(board);
    w.advance(60);
    w.tick();
    assert_eq!(w.steps(dentist), ["EXECUTED(merged)", "EXECUTED(initiated)"]);
    w.phone("ana").rang(2);
}

#[test]
fn meetings_that_start_at_different_times_are_named_with_their_own() {
    let w = World::new();
    let near = w.meeting_of("ana", "Design review", "in 50s");
    let far = w.meeting_of("ana", "Board sync", "in 170s");
    w.tick();
    assert_eq!(w.steps(near), ["SKIPPED(superseded)", "EXECUTED(initiated)"]);
    assert_eq!(w.steps(far), ["EXECUTED(merged)", "PENDING"]);
    assert_eq!(
        w.phone("ana").calls(),
        ["Hello Ana. This is savehub. Design review starts in less than a minute, at 9:00. \
          Board sync starts in 3 minutes, at 9:02."]
    );
}

#[test]
fn of_two_due_rungs_the_later_one_rings() {
    let w = World::new();
    let m = w.meeting("in 60s");
    let summary = w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(superseded)", "EXECUTED(initiated)"]);
    assert_eq!(summary.exit(), Exit::Done);
    w.advance(59);
    w.tick();
    w.advance(1);
    assert_eq!(w.tick().exit(), Exit::Done);
    w.phone("ana").rang(1);
}

// --- guard 7: brakes ---

#[test]
fn the_daily_caps_end_at_their_number() {
    let w = World::with("[guards]\ndaily_cap_per_person = 1\ndaily_cap = 2\n");
    let ana = w.meeting("in 180s");
    let ben = w.meeting_of("ben", "Standup", "in 180s");
    assert_eq!(w.tick().exit(), Exit::Done);
    w.advance(90);
    let summary = w.tick();
    assert_eq!(w.steps(ana), ["EXECUTED(initiated)", "SKIPPED(daily_cap)"]);
    assert_eq!(w.steps(ben), ["EXECUTED(initiated)", "SKIPPED(daily_cap)"]);
    assert_eq!(summary.exit(), Exit::Done, "a limit is no failure");
    let detail = |m| w.incident(m).steps[1].detail.clone().unwrap();
    assert_eq!(detail(ana), "1 calls to ana in the last 24 hours, at most 1");
    w.phone("ana").rang(1);
}

#[test]
fn rehearsed_calls_count_for_rehearsals_and_real_ones_for_real() {
    let mut w = World::on_twilio("[guards]\ndaily_cap_per_person = 1\ndaily_cap = 1\n");
    w.change_config(|config| config.guards.max_calls = 1);
    let m = w.meeting("in 180s");
    let mock: Arc<dyn savehub::provider::Providers> = Arc::new(savehub::provider::Only(Arc::new(Mock::new(&[]))));
    let real = std::mem::replace(&mut w.parts.providers, mock);
    w.tick();
    assert_eq!((w.steps(m)[0].as_str(), w.posts()), ("EXECUTED(initiated)", 0));
    // Neither the limit nor the caps nor the gap (the rung is 30 s later) know of the rehearsal.
    w.advance(90);
    let mock = std::mem::replace(&mut w.parts.providers, real);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "EXECUTED(initiated)"]);
    assert_eq!(w.posts(), 1);
    // A real call counts, and keeps back no rehearsal; a rehearsal does.
    w.advance(120);
    let next = w.meeting_of("ana", "Next", "in 180s");
    w.tick();
    assert_eq!((w.steps(next)[0].as_str(), w.posts()), ("SKIPPED(daily_cap)", 1));
    w.parts.providers = mock;
    w.advance(90);
    w.tick();
    assert_eq!(w.steps(next)[1], "SKIPPED(daily_cap)", "the rehearsal before");
}

#[test]
fn the_stop_file_skips_what_is_due_and_is_told_once() {
    let w = World::new();
    let m = w.meeting("in 180s");
    w.create_stop_file();
    let summary = w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(paused)", "PENDING"]);
    assert_eq!(summary.exit(), Exit::Done);
    assert_eq!(w.snapshot().faults.len(), 1);
    w.remove_stop_file();
    w.advance(90);
    w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(paused)", "EXECUTED(initiated)"]);
    assert_eq!(w.snapshot().faults, []);
    w.phone("ana").rang(1);
}

#[test]
fn a_stop_file_that_leads_nowhere_or_stands_beside_the_target_of_a_linked_config_stops_too() {
    let cli = Cli::with("");
    cli.write("dotfiles/config.toml", ANA);
    let (config, stop) = (cli.path(".config/savehub/config.toml"), cli.path(".config/savehub/STOP"));
    std::fs::remove_file(&config).unwrap();
    symlink(cli.path("dotfiles/config.toml"), &config).unwrap();
    cli.ok(&["tick"]);
    let stopped = |cli: &Cli| cli.ok(&["status"]).lines().find(|line| line.starts_with("STOPPED")).map(str::to_owned);
    assert_eq!(stopped(&cli), None);
    symlink("/nowhere", &stop).unwrap();
    assert_eq!(stopped(&cli).unwrap(), "STOPPED: HOME/.config/savehub/STOP exists; nothing will ring");
    std::fs::remove_file(&stop).unwrap();
    cli.write("dotfiles/STOP", "");
    assert_eq!(stopped(&cli).unwrap(), "STOPPED: HOME/dotfiles/STOP exists; nothing will ring");
}

#[test]
fn a_stop_file_made_between_claim_and_sending_keeps_the_request_here() {
    let line = StandIn::before(Arc::new(Mock::new(&[])));
    let w = World::on_phone("", Arc::clone(&line) as _);
    let m = w.meeting("in 180s");
    let stop = w.parts.config.stop_file.clone();
    line.happens(move |_| std::fs::write(&stop, "").unwrap());
    let summary = w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(paused)", "PENDING"]);
    assert_eq!(w.attempt_states(m), ["NOT_SENT"]);
    assert_eq!(summary.exit(), Exit::Done);
    w.phone("ana").rang(0);
}

// --- meetings and people that change ---

#[test]
fn a_moved_meeting_rings_for_its_new_time_alone_and_its_calls_still_count() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    let ended = w.move_to(m, "in 10m");
    assert_eq!((ended.cancelled_steps, ended.hang_ups), (1, 1));
    assert_eq!(w.fake().calls()[0].status, "completed");
    w.advance(90);
    w.tick();
    assert_eq!(w.generation(m, Some(1)).state.as_str(), "CANCELLED");
    assert_eq!(w.generation(m, Some(1)).reason.unwrap().as_str(), "meeting_moved");
    w.phone("ana").rang(1);
    w.advance(10 * 60 - 90 - 180);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"]);
    w.phone("ana").rang(2);
    // Within 10 minutes of the first call: this would be the third.
    w.fake().set_status(&w.fake().calls()[1].sid, "no-answer");
    w.advance(90);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "SKIPPED(max_calls_exceeded)"]);
    w.phone("ana").rang(2);
}

#[test]
fn a_cancelled_meeting_rings_no_more() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    assert_eq!(w.call_off(m).hang_ups, 1);
    assert_eq!(w.fake().calls()[0].status, "completed");
    w.advance(90);
    assert_eq!(w.tick().results, []);
    assert_eq!(w.state(m), "CANCELLED(meeting_cancelled)");
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "CANCELLED(meeting_cancelled)"]);
    w.phone("ana").rang(1);
}

#[test]
fn a_person_removed_from_the_config_is_not_called_any_more() {
    let mut w = World::new();
    let m = w.meeting("in 200s");
    w.tick();
    w.change_config(|config| config.people.retain(|p| p.id != "ana"));
    w.advance(20);
    let summary = w.tick();
    assert_eq!(w.state(m), "CANCELLED(person_removed)");
    assert_eq!(w.steps(m), ["CANCELLED(person_removed)", "CANCELLED(person_removed)"]);
    assert_eq!((summary.refused.len(), summary.exit()), (1, Exit::Done));
}

// --- what the provider says no to ---

#[test]
fn a_number_the_provider_refuses_ends_all_its_rungs() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.fake().script([refusal(400, 21211, &[])]);
    let summary = w.tick();
    assert_eq!(w.steps(m), ["FAILED(invalid_number)", "SKIPPED(invalid_number)"]);
    assert_eq!((w.posts(), summary.exit()), (1, Exit::NotDone));
    assert_eq!(w.attempts(m)[0].error_code, Some(21211));
    w.advance(90);
    w.tick();
    assert_eq!(w.posts(), 1);
}

#[test]
fn a_provider_at_its_limit_is_asked_again_not_before_it_said() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.fake().script([refusal(429, 20429, &[("Retry-After", "7")])]);
    let summary = w.tick();
    assert_eq!((w.steps(m), w.posts()), (vec!["PENDING".to_owned(), "PENDING".into()], 1));
    assert_eq!(summary.exit(), Exit::Done);
    w.advance(6);
    w.tick();
    assert_eq!(w.posts(), 1);
    w.advance(1);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(w.attempt_states(m), ["REJECTED", "ACCEPTED"]);
    w.phone("ana").rang(1);
}

#[test]
fn a_provider_at_its_limit_until_the_start_is_a_failure() {
    let w = World::on_twilio("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
    let m = w.meeting("in 180s");
    w.fake().script([refusal(429, 20429, &[("Retry-After", "200")])]);
    assert_eq!(w.tick().exit(), Exit::NotDone);
    assert_eq!(w.steps(m), ["FAILED(capacity)"]);
}

#[test]
fn a_provider_that_refuses_us_stops_the_tick_and_is_probed_by_the_next_one() {
    let w = World::on_twilio("[engine]\nparallel = 1\n");
    let ana = w.meeting("in 180s");
    let ben = w.meeting_of("ben", "Standup", "in 181s");
    w.advance(1);
    w.fake().script([refusal(401, 20003, &[])]);
    let summary = w.tick();
    assert_eq!((w.posts(), summary.exit()), (1, Exit::NotDone));
    assert_eq!(w.steps(ana), ["FAILED(provider_setup)", "PENDING"]);
    assert_eq!(w.steps(ben), ["PENDING", "PENDING"], "not yet claimed, so it waits");
    assert_eq!(w.snapshot().faults[0].fault, "twilio account");
    // Still refused: one request asks, whatever else is due.
    let mut again = w;
    again.change_config(|config| config.engine.parallel = 16);
    let third = again.meeting_of("ana", "Other", "in 100s");
    again.fake().script([refusal(401, 20003, &[])]);
    again.tick();
    assert_eq!(again.posts(), 2);
    // Taken: the rest goes out in the same tick.
    again.advance(91);
    again.tick();
    assert_eq!(again.snapshot().faults, []);
    assert!(again.phone("ana").calls().len() + again.phone("ben").calls().len() >= 2);
    let open: Vec<_> = [ana, ben, third].into_iter().flat_map(|m| again.steps(m)).filter(|s| s == "PENDING").collect();
    assert_eq!(open, Vec::<String>::new());
}
