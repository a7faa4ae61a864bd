//! What a call that is still to come waits for.

use crate::explain::reasons::{pause, ticked};
use crate::explain::stories::{self, ONE_RUNG};
use crate::support::world::{BEGIN, World};
use std::os::unix::fs::symlink;
use std::time::Duration;

fn first_line(w: &World, what: &str) -> String {
    stories::text(w, what).lines().next().unwrap().to_owned()
}

#[test]
fn a_call_to_come_that_a_pause_or_the_stop_file_would_skip_says_so_first() {
    let w = World::with("");
    let (w, what) = ticked(w, "in 5m");
    let due = "Nobody has been called yet: the next call is due at 09:02 (in 2 min)";
    assert_eq!(first_line(&w, &what), format!("{due}."));
    pause(&w, Some("ben"), None);
    pause(&w, None, Some(60));
    assert_eq!(first_line(&w, &what), format!("{due}."), "neither of them holds for Ana then");
    pause(&w, None, Some(3600));
    let skipped = "and is skipped if that lasts";
    let paused = "savehub is paused: everybody until 10:00 (in 1 h), on a plane.";
    assert_eq!(first_line(&w, &what), format!("{due}, {skipped}: {paused}"));
    w.advance(130);
    let paused = "savehub is paused: everybody until 10:00 (in 57 min), on a plane.";
    let now = "Nobody has been called yet: the call due at 09:02 is skipped by the next tick";
    assert_eq!(first_line(&w, &what), format!("{now}: {paused}"));
    w.create_stop_file();
    assert_eq!(first_line(&w, &what), format!("{now}: the STOP file exists."));
}

#[test]
fn a_call_that_waits_since_nobody_can_look_at_the_stop_file_says_so() {
    let (mut w, what) = ticked(World::with(""), "in 5m");
    let link = w.stop_behind_a_link();
    symlink("away", &link).unwrap();
    let error = link.join("STOP").symlink_metadata().unwrap_err();
    let why = format!("{}/STOP cannot be looked at: {error}", link.display());
    let due = "Nobody has been called yet: the next call is due at 09:02 (in 2 min)";
    assert_eq!(first_line(&w, &what), format!("{due}, and waits if that lasts: {why}."));
    w.advance(130);
    let waits = "Nobody has been called yet: the call due at 09:02 waits, and each tick tries again";
    assert_eq!(first_line(&w, &what), format!("{waits}: {why}."));
    w.advance(200);
    let late = "Nobody has been called yet: the call due at 09:02 is too late now, and ends with the next tick";
    assert_eq!(first_line(&w, &what), format!("{late}."));
}

#[test]
fn a_due_call_says_what_it_waits_for() {
    let waits = "Nobody has been called yet: the call due at 09:00 waits";
    let w = World::with("");
    let (w, what) = ticked(w, "in 181s");
    w.advance(30);
    assert_eq!(first_line(&w, &what), format!("{waits} for the next tick."));
    w.advance(91);
    let cron = "for the next tick, and the last one was 2 min ago; is cron running?";
    assert_eq!(first_line(&w, &what), format!("{waits} {cron}."));

    let w = World::on_twilio(ONE_RUNG);
    w.meeting_of("ana", "Stand-up", "in 3m");
    w.tick();
    let m = w.meeting("in 175s");
    w.tick();
    w.advance(50);
    w.tick();
    w.advance(5);
    assert!(w.steps(m)[0] == "PENDING", "{:?}", w.steps(m));
    w.advance(10);
    let what = m.to_string();
    assert!(first_line(&w, &what).starts_with("Nobody has been called yet: the call due at 08:59 waits for its phone"));
}

#[test]
fn a_call_that_may_not_be_skipped_while_the_time_is_in_doubt_says_so() {
    let (w, what) = ticked(World::with(ONE_RUNG), "in 181s");
    w.clock.set_wall(BEGIN.plus(Duration::from_secs(600)));
    w.tick();
    let waits = "is too late now, and ends as soon as it is certain what time it is";
    assert_eq!(first_line(&w, &what), format!("Nobody has been called yet: the call due at 09:00 {waits}."));
}
