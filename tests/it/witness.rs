//! Witnesses of time: what cannot be taken back is not done by one clock alone.

use crate::support::stand_in::StandIn;
use crate::support::world::{BEGIN, World};
use savehub::clock::{Clock as _, ManualClock};
use savehub::model::{Reply, Timestamp};
use savehub::provider::mock::Mock;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The wall clock alone shows another time, so many seconds after the beginning and a day ahead or not.
fn set(w: &World, seconds: u64, ahead: Duration) {
    w.clock.set_wall(BEGIN.plus(Duration::from_secs(seconds)).plus(ahead));
}

#[test]
fn a_tick_by_a_clock_that_jumped_a_day_ahead_ends_nothing() {
    let w = World::new();
    let m = w.meeting("in 240s");
    w.tick();
    set(&w, 30, DAY);
    w.tick();
    assert_eq!((w.state(m).as_str(), w.steps(m)), ("OPEN", vec!["PENDING".to_owned(); 2]));
    set(&w, 60, Duration::ZERO);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"]);
    w.phone("ana").rang(1);
}

#[test]
fn ten_minutes_after_a_jump_that_nobody_contradicts_the_clock_is_believed() {
    let w = World::new();
    let m = w.meeting("in 240s");
    w.tick();
    set(&w, 30, DAY);
    w.tick();
    w.advance(590);
    w.tick();
    assert_eq!(w.state(m), "OPEN");
    w.advance(10);
    w.tick();
    assert_eq!(w.state(m), "MISSED(no_check_in)");
}

#[test]
fn a_jump_of_a_synchronised_clock_is_believed_at_once() {
    let w = World::new();
    let m = w.meeting("in 240s");
    w.tick();
    w.clock.say_synchronised(true);
    set(&w, 30, DAY);
    w.tick();
    assert_eq!(w.state(m), "MISSED(no_check_in)");
}

#[test]
fn what_a_tick_made_missed_is_opened_again_when_its_start_is_ahead_again() {
    let w = World::new();
    let (board, said) = (w.meeting("in 240s"), w.meeting_of("ben", "Standup", "in 240s"));
    w.check_in_missed(said);
    // The first tick there ever was: no other clock says anything.
    set(&w, 0, DAY);
    w.tick();
    assert_eq!((w.state(board), w.state(said)), ("MISSED(no_check_in)".into(), "MISSED(said_missed)".into()));
    set(&w, 60, Duration::ZERO);
    w.tick();
    assert_eq!(w.steps(board), ["EXECUTED(initiated)", "PENDING"]);
    assert_eq!(w.state(said), "MISSED(said_missed)", "what a person said stands");
    w.phone("ana").rang(1);
    w.phone("ben").rang(0);
}

#[test]
fn what_was_tried_before_a_tick_made_it_missed_goes_on_when_its_start_is_ahead_again() {
    let w = World::new();
    let m = w.meeting("in 240s");
    set(&w, 60, Duration::ZERO);
    w.tick();
    w.phone("ana").rang(1);
    w.clock.say_synchronised(true);
    set(&w, 90, DAY);
    w.tick();
    assert_eq!(w.state(m), "MISSED(no_check_in)");
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "SKIPPED(outside_critical_window)"]);
    set(&w, 150, Duration::ZERO);
    w.tick();
    assert_eq!((w.state(m).as_str(), w.steps(m)), ("ESCALATING", vec!["EXECUTED(initiated)".to_owned(); 2]));
    w.phone("ana").rang(2);
    // And nothing that has rung rings again.
    set(&w, 160, DAY);
    w.tick();
    assert_eq!(w.state(m), "MISSED(no_check_in)");
    set(&w, 170, Duration::ZERO);
    w.tick();
    assert_eq!(w.state(m), "ESCALATING");
    w.phone("ana").rang(2);
    w.advance(3600);
    w.tick();
    assert_eq!(w.state(m), "MISSED(no_check_in)");
}

#[test]
fn a_clock_that_jumps_between_claim_and_request_skips_nothing() {
    let turned: Arc<OnceLock<Arc<ManualClock>>> = Arc::default();
    let clock = Arc::clone(&turned);
    let line = StandIn::new(Arc::new(Mock::new(&[]))).placing(move |mock, request, gate| {
        let clock = clock.get().unwrap();
        if clock.now() < BEGIN.plus(DAY) && clock.boottime_ms() < 1_060_000 {
            clock.set_wall(clock.now().plus(DAY));
        }
        match gate.pass() {
            Ok(()) => mock.place(request, gate),
            Err(reason) => Reply::fenced(reason),
        }
    });
    let w = World::on_phone("", Arc::new(line));
    turned.set(Arc::clone(&w.clock)).unwrap();
    let m = w.meeting("in 180s");
    w.tick();
    assert_eq!(w.steps(m), ["PENDING", "PENDING"]);
    assert_eq!((w.state(m).as_str(), w.attempt_states(m)), ("ESCALATING", vec!["NOT_SENT".to_owned()]));
    w.advance(60);
    set(&w, 60, Duration::ZERO);
    w.tick();
    assert_eq!(w.steps(m)[0], "EXECUTED(initiated)");
    w.phone("ana").rang(1);
}

#[test]
fn a_rung_that_a_clock_ahead_calls_superseded_rings_when_it_is_due_by_the_right_one() {
    const HOUR: Duration = Duration::from_secs(3600);
    let w = World::on_twilio("");
    let m = w.meeting("in 3660s");
    w.tick();
    // Both rungs are due by it, and the provider's clock says that neither is.
    w.fake().set_date_offset_ms(-3_600_000);
    for seconds in [30, 60] {
        w.advance(30);
        set(&w, seconds - 20, HOUR);
        w.tick();
        assert_eq!(w.steps(m), ["PENDING", "PENDING"]);
    }
    w.fake().set_date_offset_ms(0);
    w.advance(3422);
    set(&w, 3482, Duration::ZERO);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "PENDING"]);
    w.advance(90);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "EXECUTED(initiated)"]);
}

#[test]
fn a_meeting_whose_clock_is_contradicted_for_ever_is_missed_when_every_clock_calls_it_past() {
    let w = World::on_twilio("");
    w.fake().set_date_offset_ms(-720_000);
    let m = w.meeting("in 240s");
    let start = BEGIN.plus(Duration::from_secs(240));
    let mut missed_at = None;
    for _ in 0..80 {
        w.advance(30);
        w.tick();
        if w.state(m).starts_with("MISSED") {
            missed_at = missed_at.or(Some(w.clock.now()));
        }
    }
    let missed_at = missed_at.expect("it ends");
    assert!(missed_at >= start.plus(Duration::from_secs(300 + 690)), "{}", missed_at.to_rfc3339());
    assert!(w.steps(m).iter().all(|step| step != "PENDING"), "{:?}", w.steps(m));
}

#[test]
fn one_providers_wrong_date_rings_nobody_past_the_start_and_keeps_no_call_back_when_the_clock_is_synchronised() {
    for wrong_by_ms in [-720_000, 720_000] {
        let w = World::on_twilio("");
        w.clock.say_synchronised(true);
        w.fake().set_date_offset_ms(wrong_by_ms);
        let before = w.meeting_of("ben", "Earlier", "in 180s");
        w.tick();
        let m = w.meeting("in 240s");
        for _ in 0..40 {
            w.advance(30);
            w.tick();
        }
        assert_eq!(w.steps(before), ["EXECUTED(initiated)", "EXECUTED(initiated)"], "{wrong_by_ms}");
        assert_eq!(w.steps(m), ["EXECUTED(initiated)", "EXECUTED(initiated)"], "{wrong_by_ms}");
        let start: Timestamp = BEGIN.plus(Duration::from_secs(240));
        assert!(w.attempts(m).iter().all(|attempt| attempt.intent_at < start), "{wrong_by_ms}");
    }
}
