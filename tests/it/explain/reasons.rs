//! Every reason word, in a story that ends with it.

use crate::explain::stories::{self, ONE_RUNG, SMS};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_script::Endpoint;
use crate::support::fake_twilio::{Behaviour, FakeTwilio, answered, unanswered};
use crate::support::world::World;
use savehub::cli::words::because;
use savehub::config::CalendarPlace;
use savehub::model::{MeetingId, Reason, Refusal, StepState};
use savehub::provider::Registry;
use savehub::rules::message::Template;
use savehub::store::NewPause;
use std::sync::Arc;
use std::time::Duration;

#[test]
fn every_reason_word_has_its_story() {
    for reason in Reason::ALL {
        let (w, what) = story(*reason);
        let text = stories::text(&w, &what);
        stories::is_as_expected(&format!("reason/{reason}"), &text);
        let sentence = because(*reason, "ana");
        assert!(text.contains(&sentence), "{reason}: {text}");
    }
}

#[test]
fn every_expected_text_of_a_reason_belongs_to_one() {
    let mut words: Vec<String> = Reason::ALL.iter().map(ToString::to_string).collect();
    words.sort();
    assert_eq!(stories::expected_in("reason"), words);
}

fn story(reason: Reason) -> (World, String) {
    match reason {
        Reason::Initiated => initiated(),
        Reason::TestMode => test_mode(),
        Reason::Merged => merged(),
        Reason::InvalidNumber => refused(400, 21211, "The 'To' number is not a valid phone number"),
        Reason::NoTarget => no_target(),
        Reason::EmptyMessage => empty_message(),
        Reason::MaxCallsExceeded => max_calls(),
        Reason::OutsideCriticalWindow => late("in 10m", ONE_RUNG),
        Reason::MaxSmsExceeded => max_sms(),
        Reason::TooLate => late("in 10m", SMS),
        Reason::NotDue | Reason::IncidentResolved => by_the_store(reason),
        Reason::Acknowledged => acknowledged(),
        Reason::Paused => paused(),
        Reason::StopUnknown => stop_unknown(),
        Reason::DailyCap => daily_cap(),
        Reason::NumberBusy => number_busy(),
        Reason::Superseded => ticked(World::on_twilio(""), "in 60s"),
        Reason::NotSent => not_sent(),
        Reason::Unknown => unknown(),
        Reason::Capacity => capacity(),
        Reason::Rejected => refused(400, 21999, "Something new"),
        Reason::ProviderSetup => refused(401, 20003, "Authenticate"),
        Reason::Joined => ended(|w, m| _ = w.check_in(m)),
        Reason::Presence => ended(|w, m| _ = w.parts.store.present(w.incident(m).id, w.now()).unwrap()),
        Reason::SaidMissed => ended(|w, m| _ = w.check_in_missed(m)),
        Reason::Operator => ended(|w, m| _ = w.resolve(m, Some("she called \u{1b}[31mme"))),
        Reason::NoCheckIn => no_check_in(),
        Reason::MeetingMoved => moved(),
        Reason::MeetingCancelled => ended(|w, m| _ = w.call_off(m)),
        Reason::MeetingSkipped => of_a_calendar(true),
        Reason::Undone => undone(),
        Reason::CalendarRemoved => of_a_calendar(false),
        Reason::PersonRemoved => person_removed(),
    }
}

fn undone() -> (World, String) {
    let w = World::new();
    let m = w.meeting("in 6m");
    w.tick();
    w.advance(60);
    w.check_in(m);
    w.advance(20);
    w.undo("ana").unwrap();
    of(w, m)
}

fn of(w: World, m: MeetingId) -> (World, String) {
    (w, m.to_string())
}

/// A world, a meeting at this time, and one tick.
pub(crate) fn ticked(w: World, at: &str) -> (World, String) {
    let m = w.meeting(at);
    w.tick();
    of(w, m)
}

fn initiated() -> (World, String) {
    let w = World::on_twilio("");
    w.fake().set_life(unanswered(1, 20));
    let m = w.meeting("in 3m");
    for _ in 0..7 {
        w.tick();
        w.advance(30);
    }
    of(w, m)
}

fn test_mode() -> (World, String) {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_config(|config| config.test_mode = true);
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
    ticked(w, "in 3m")
}

fn merged() -> (World, String) {
    let w = World::on_twilio(ONE_RUNG);
    w.meeting_of("ana", "Dentist", "in 3m");
    ticked(w, "in 3m")
}

fn refused(status: u16, code: u32, message: &str) -> (World, String) {
    let w = World::on_twilio("");
    w.fake().script([Behaviour::error(status, code, message)]);
    let m = w.meeting("in 3m");
    w.tick();
    w.advance(10);
    of(w, m)
}

fn no_target() -> (World, String) {
    let contact = "[[contact]]\nname = \"Bea\"\nphone = \"+12025550103\"\n";
    let mut w = World::with(&format!("{ONE_RUNG}to = \"Bea\"\n{contact}"));
    let m = w.meeting("in 4m");
    w.tick();
    w.change_config(|config| config.contacts.clear());
    w.advance(60);
    w.tick();
    of(w, m)
}

fn empty_message() -> (World, String) {
    let mut w = World::with(ONE_RUNG);
    w.change_config(|config| config.people[0].message = Template::parse("{link}").unwrap());
    ticked(w, "in 3m")
}

fn max_calls() -> (World, String) {
    moved_at_its_limit("max_calls", ONE_RUNG, 3)
}

/// Ticks stop, and go on after the start.
fn late(at: &str, ladder: &str) -> (World, String) {
    let w = World::on_twilio(ladder);
    let m = w.meeting(at);
    w.tick();
    w.advance(11 * 60);
    w.tick();
    of(w, m)
}

fn max_sms() -> (World, String) {
    moved_at_its_limit("max_sms", SMS, 5)
}

/// One call or message is allowed, and made; then the meeting moves.
fn moved_at_its_limit(limit: &str, ladder: &str, minutes: u64) -> (World, String) {
    let w = World::on_twilio(&format!("[guards]\n{limit} = 1\n{ladder}"));
    w.fake().set_life(unanswered(1, 20));
    let m = w.meeting(&format!("in {minutes}m"));
    w.tick();
    w.advance(120);
    w.tick();
    w.move_to(m, &format!("in {}m", minutes + 1));
    w.advance(60);
    w.tick();
    of(w, m)
}

fn acknowledged() -> (World, String) {
    let mut w = World::on_twilio("");
    w.change_config(|config| config.machine_detection = true);
    w.fake().set_life(answered(1, 10, "human", 12));
    let m = w.meeting("in 3m");
    w.tick();
    w.advance(30);
    w.fake().set_price(&w.fake().calls()[0].sid, "-0.01300");
    w.tick();
    w.advance(60);
    w.tick();
    of(w, m)
}

fn paused() -> (World, String) {
    let w = World::on_twilio(ONE_RUNG);
    pause(&w, Some("ana"), Some(3600));
    ticked(w, "in 3m")
}

/// Nobody could look at the STOP file until the meeting had started.
fn stop_unknown() -> (World, String) {
    let mut w = World::on_twilio(ONE_RUNG);
    let link = w.stop_behind_a_link();
    let m = w.meeting("in 3m");
    std::os::unix::fs::symlink("away", &link).unwrap();
    w.tick();
    w.advance(170);
    w.tick();
    std::fs::remove_file(&link).unwrap();
    w.advance(30);
    w.tick();
    of(w, m)
}

/// For so many seconds, or until somebody resumes.
pub(crate) fn pause(w: &World, person: Option<&str>, seconds: Option<u64>) {
    let until = seconds.map(|seconds| w.now().plus(Duration::from_secs(seconds)));
    let pause = NewPause { person: person.map(str::to_owned), until, reason: Some("on a plane".into()) };
    w.parts.store.pause(&pause, w.now()).unwrap();
}

#[test]
fn a_step_that_the_stop_file_skipped_says_so() {
    let w = World::on_twilio(ONE_RUNG);
    w.create_stop_file();
    let (w, what) = ticked(w, "in 3m");
    stories::is_as_expected("more/stopped", &stories::text(&w, &what));
}

#[test]
fn a_call_that_had_no_turn_before_the_start_says_so() {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_twilio(|twilio| twilio.calls_per_second = 0.005);
    w.meeting_of("ben", "Stand-up", "in 3m");
    let m = w.meeting("in 3m");
    w.tick();
    stories::is_as_expected("more/no_turn", &stories::text(&w, &m.to_string()));
}

fn daily_cap() -> (World, String) {
    let w = World::on_twilio(&format!("[guards]\ndaily_cap_per_person = 1\n{ONE_RUNG}"));
    w.fake().set_life(unanswered(1, 20));
    w.meeting_of("ana", "Stand-up", "in 3m");
    w.tick();
    w.advance(120);
    ticked(w, "in 3m")
}

fn number_busy() -> (World, String) {
    let w = World::on_twilio(&format!("[guards]\nnumber_gap = \"10m\"\n{ONE_RUNG}"));
    w.fake().set_life(unanswered(1, 20));
    w.meeting_of("ana", "Stand-up", "in 3m");
    w.tick();
    w.advance(5);
    let m = w.meeting("in 60s");
    w.tick();
    w.advance(60);
    w.tick();
    of(w, m)
}

fn not_sent() -> (World, String) {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_config(|config| {
        let twilio = config.provider.twilio.as_mut().unwrap();
        twilio.base_url = FakeTwilio::refuse();
    });
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
    let (w, what) = ticked(w, "in 3m");
    w.advance(180);
    w.tick();
    (w, what)
}

fn unknown() -> (World, String) {
    let w = World::on_twilio("");
    w.fake().set_down(Endpoint::List, Some(Behaviour::server_error()));
    w.fake().script([Behaviour::CloseBeforeReply]);
    let m = w.meeting("in 3m");
    w.tick();
    w.advance(90);
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.tick();
    w.advance(90);
    w.tick();
    of(w, m)
}

fn capacity() -> (World, String) {
    let w = World::on_twilio(ONE_RUNG);
    w.fake().script([Behaviour::too_many(7), Behaviour::too_many(200)]);
    let m = w.meeting("in 3m");
    w.tick();
    w.advance(30);
    w.tick();
    of(w, m)
}

/// No tick can bring these about while nothing else changes the database.
fn by_the_store(reason: Reason) -> (World, String) {
    let w = World::with(ONE_RUNG);
    let m = w.meeting("in 181s");
    w.tick();
    w.advance(1);
    let claim = w.parts.store.due_steps(w.now(), 1).unwrap().remove(0);
    let refusal = Refusal::new(StepState::Skipped, reason, "1 s");
    w.parts.store.refuse(claim, &refusal, w.now()).unwrap().unwrap();
    of(w, m)
}

/// Ten minutes before the start the incident is there; seven before it, it ends.
fn ended(end: impl FnOnce(&World, MeetingId)) -> (World, String) {
    let w = World::on_twilio("");
    let m = w.meeting("in 10m");
    w.tick();
    w.advance(6 * 60);
    end(&w, m);
    w.advance(60);
    w.tick();
    of(w, m)
}

fn no_check_in() -> (World, String) {
    let w = World::with("");
    let m = w.meeting("in 3m");
    for _ in 0..40 {
        w.tick();
        w.advance(30);
    }
    of(w, m)
}

fn moved() -> (World, String) {
    let w = World::on_twilio("");
    let m = w.meeting("in 10m");
    w.tick();
    w.advance(60);
    w.move_to(m, "in 12m");
    w.tick();
    w.advance(60);
    let first = w.generation(m, Some(1)).id;
    (w, first.to_string())
}

/// A meeting whose calendar calls it free, or leaves the config.
fn of_a_calendar(stays: bool) -> (World, String) {
    let event = |more: &str| {
        format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:a@x\r\n\
             DTSTAMP:20261101T000000Z\r\nDTSTART:20261122T091000Z\r\nSUMMARY:Board sync\r\n{more}END:VEVENT\r\n\
             END:VCALENDAR\r\n"
        )
    };
    let feed = FakeFeed::start(Serves::plain(&event("")));
    let mut w = World::new();
    w.reads("ana", CalendarPlace::Web(feed.url().into()));
    w.tick();
    feed.serve(Serves::plain(&event("TRANSP:TRANSPARENT\r\n")));
    w.advance(60);
    if !stays {
        w.change_config(|config| config.people[0].calendars.clear());
    }
    for _ in 0..7 {
        w.tick();
        w.advance(60);
    }
    (w, "i1".into())
}

fn person_removed() -> (World, String) {
    let mut w = World::new();
    let m = w.meeting("in 10m");
    w.tick();
    w.change_config(|config| config.people.retain(|person| person.id != "ana"));
    w.advance(60);
    w.tick();
    of(w, m)
}
