//! Meetings without an incident, meetings with several, and what is typed.

use crate::explain::stories::{self, ONE_RUNG};
use crate::support::cli::{ANA, Cli};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_twilio::unanswered;
use crate::support::world::World;
use savehub::config::CalendarPlace;
use savehub::model::{HeardEffect, MeetingId};

#[test]
fn a_meeting_that_is_not_in_reach_says_when_it_will_be() {
    let w = World::on_twilio("");
    let m = w.meeting("in 3h");
    w.tick();
    stories::is_as_expected("meeting/not-in-reach", &stories::text(&w, &m.to_string()));
}

#[test]
fn a_meeting_in_reach_waits_for_a_tick() {
    let w = World::on_twilio("");
    w.forget_ticks();
    let m = w.meeting("in 10m");
    stories::is_as_expected("meeting/no-tick-yet", &stories::text(&w, &m.to_string()));
    w.advance(30 * 60);
    stories::is_as_expected("meeting/never-looked-at", &stories::text(&w, &m.to_string()));
}

#[test]
fn a_meeting_of_somebody_who_is_not_in_the_config_is_not_watched() {
    let w = World::on_twilio("");
    let m = w.meeting_of("zoe", "Stand-up", "in 3h");
    stories::is_as_expected("meeting/nobody", &stories::text(&w, &m.to_string()));
}

#[test]
fn a_meeting_that_had_started_before_it_was_known_says_so() {
    let w = World::on_twilio("");
    w.advance(3600);
    let m = w.meeting("9:00");
    stories::is_as_expected("meeting/started-before", &stories::text(&w, &m.to_string()));
}

#[test]
fn a_meeting_that_was_called_off_by_hand_says_so() {
    let w = World::on_twilio("");
    let m = w.meeting("in 3h");
    w.advance(60);
    drop(w.parts.store.cancel_meeting(m, w.now()).unwrap());
    stories::is_as_expected("meeting/called-off", &stories::text(&w, &m.to_string()));
}

/// A world whose calendar holds these lines in its one event.
fn with_calendar(lines: &str) -> (World, FakeFeed) {
    let feed = FakeFeed::start(Serves::plain(&calendar(lines)));
    let mut w = World::new();
    w.reads("ana", CalendarPlace::Web(feed.url().into()));
    w.tick();
    (w, feed)
}

fn calendar(lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:a@x\r\n\
         DTSTAMP:20261101T000000Z\r\nDTSTART:20261122T120000Z\r\nSUMMARY:Board sync\r\n{lines}END:VEVENT\r\n\
         END:VCALENDAR\r\n"
    )
}

#[test]
fn a_meeting_that_its_calendar_calls_free_later_says_why_it_does_not_ring() {
    let (w, feed) = with_calendar("");
    feed.serve(Serves::plain(&calendar("TRANSP:TRANSPARENT\r\n")));
    for _ in 0..7 {
        w.advance(60);
        w.tick();
    }
    stories::is_as_expected("meeting/skipped-later", &stories::text(&w, "board"));
}

#[test]
fn a_meeting_that_never_rang_by_its_calendar_is_found_by_its_title() {
    let (w, _feed) = with_calendar("TRANSP:TRANSPARENT\r\n");
    stories::is_as_expected("meeting/never-rings", &stories::text(&w, "board"));
    let json: serde_json::Value = serde_json::from_str(&stories::explained(&w, "board", true).unwrap()).unwrap();
    assert_eq!((&json["meeting"], &json["timeline"]), (&serde_json::Value::Null, &serde_json::json!([])));
    assert!(json["answer"].as_str().unwrap().contains("marked as free"));
}

#[test]
fn a_moved_meeting_tells_its_newest_time_and_lists_the_others() {
    let w = World::on_twilio("");
    w.fake().set_life(unanswered(1, 20));
    let m = w.meeting("in 3m");
    w.tick();
    w.advance(30);
    w.tick();
    w.move_to(m, "in 3h");
    stories::is_as_expected("meeting/moved-out-of-reach", &stories::text(&w, &m.to_string()));
    drop(w.parts.store.move_meeting(m, w.now().plus(std::time::Duration::from_secs(600)), None, w.now()).unwrap());
    w.tick();
    stories::is_as_expected("meeting/moved", &stories::text(&w, &m.to_string()));
}

#[test]
fn what_a_person_said_in_vain_stands_in_the_story() {
    let w = World::on_twilio("");
    w.fake().set_life(unanswered(1, 20));
    let m = w.meeting("in 3m");
    w.tick();
    w.advance(30);
    w.fake().gets_message(&crate::support::phone(1), "in a minute");
    let heard = w.tick().heard;
    assert_eq!(heard[0].effect, HeardEffect::NotUnderstood);
    w.advance(30);
    w.fake().gets_message(&crate::support::phone(1), "2");
    w.tick();
    stories::is_as_expected("meeting/replies", &stories::text(&w, &m.to_string()));
}

#[test]
fn the_text_that_answered_an_answer_stands_in_the_story() {
    let w = World::on_twilio(&format!("[hear]\nconfirm = true\n{ONE_RUNG}"));
    w.fake().set_life(unanswered(1, 20));
    let m = w.meeting("in 3m");
    w.tick();
    // What became of the call is known before the answer comes: in one tick either may be first.
    w.advance(25);
    w.tick();
    w.advance(5);
    w.fake().gets_message(&crate::support::phone(1), "1");
    w.tick();
    stories::is_as_expected("meeting/confirmed", &stories::text(&w, &m.to_string()));
}

#[test]
fn a_person_who_left_the_config_and_was_back_stands_in_the_story() {
    let mut w = World::with(ONE_RUNG);
    let m = w.meeting("in 10m");
    w.tick();
    let whole = savehub::config::Config::clone(&w.parts.config);
    w.change_config(|config| config.people.retain(|person| person.id != "ana"));
    w.advance(60);
    w.tick();
    w.change_config(|config| *config = whole);
    w.advance(60);
    w.tick();
    stories::is_as_expected("meeting/left-and-back", &stories::text(&w, &m.to_string()));
}

#[test]
fn the_title_finds_the_meeting_that_started_last_and_else_the_next() {
    let w = World::on_twilio(ONE_RUNG);
    let [first, second, third] = ["in 1h", "in 2h", "in 3h"].map(|at| w.meeting(at));
    let told = |w: &World| {
        let text = stories::explained(w, "board", true).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        MeetingId::parse(json["meeting"]["id"].as_str().unwrap()).unwrap()
    };
    assert_eq!(told(&w), first);
    w.advance(100 * 60);
    assert_eq!(told(&w), first, "it has started, the next is 20 minutes away");
    w.advance(10 * 60);
    assert_eq!(told(&w), second, "who asks now asks about the one that comes");
    w.advance(10 * 3600);
    assert_eq!(told(&w), third, "long over, and still found");
    w.meeting_of("ben", "Board sync", "in 1h");
    let error = stories::explained(&w, "board", false).unwrap_err();
    assert!(error.starts_with("`board` could be several meetings; write its id:\n  m1 "), "{error}");
}

#[test]
fn what_is_not_there_is_said_and_exits_2() {
    let cli = Cli::with(ANA);
    assert_eq!(cli.run(&["explain", "i1"]).code, 3, "no database");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 3h"]);
    for (typed, says) in [
        ("i9", "error: there is no incident i9; `savehub status` lists them\n"),
        ("nothing", "error: there is no meeting `nothing`; to come:\n  m1 "),
    ] {
        let ran = cli.run(&["explain", typed]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""));
        assert!(ran.err.starts_with(says), "{}", ran.err);
    }
    let out = cli.ok(&["explain", "m1"]);
    assert!(out.starts_with("Nobody has been called yet: its first step, a call, is due at "), "{out}");
}

#[test]
fn explain_as_json_has_the_documented_fields_in_their_order() {
    let w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 3m");
    w.tick();
    let text = stories::explained(&w, &m.to_string(), true).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let top: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("  \"")).map(|l| l.split('"').next().unwrap()).collect();
    assert_eq!(top, ["schema", "now", "answer", "more", "meeting", "incident", "timeline", "others"]);
    let whats: Vec<&str> = json["timeline"].as_array().unwrap().iter().map(|e| e["what"].as_str().unwrap()).collect();
    assert_eq!(whats, ["added", "opened", "due", "allowed", "attempt", "outcome", "status", "step"]);
    assert_eq!(json["timeline"][3]["step"], "s1");
    assert_eq!(json["timeline"][6]["at"], serde_json::Value::Null);
    assert_eq!(json["incident"]["steps"][0]["attempts"][0]["to"], "****0101");
}
