//! The database is gone, new, or restored: calls in the provider's list that it does not know.

use crate::support::cli::{Cli, twilio};
use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio, TOKEN};
use crate::support::world::World;
use savehub::model::{MeetingId, Timestamp};
use savehub::store::sqlite::{Create, SqliteStore};
use std::sync::Arc;
use std::time::Duration;

const ONE_RUNG: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

const TEXT_AND_CALL: &str = "[[ladder]]\nstep = \"sms\"\nbefore = \"4m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n\
                             [[ladder]]\nstep = \"call\"\nbefore = \"90s\"\n";

/// A new database with Ana's meeting in it, as a calendar would bring it.
fn new_database(w: &mut World, start: Timestamp) -> MeetingId {
    let path = w.dir.path().join(format!("new-{}.db", w.now().ms()));
    w.parts.store = Arc::new(SqliteStore::open(&path, Create::Yes).unwrap());
    w.change_config(|config| config.database = path);
    w.meeting(&start.to_rfc3339())
}

/// Ticks every 25 s, each on a database that is new, until the meeting starts.
fn ticks_without_a_memory(w: &mut World, start: Timestamp) {
    while w.now() < start {
        new_database(w, start);
        w.tick();
        w.advance(25);
    }
}

#[test]
fn a_database_that_is_removed_before_each_tick_calls_no_more_than_the_limit() {
    let mut w = World::on_twilio("");
    let start = w.now().plus(Duration::from_secs(240));
    ticks_without_a_memory(&mut w, start);
    w.phone("ana").rang(2);
}

#[test]
fn a_database_that_is_removed_before_each_tick_sends_no_more_texts_than_the_limit() {
    let mut w = World::on_twilio(TEXT_AND_CALL);
    let start = w.now().plus(Duration::from_secs(270));
    ticks_without_a_memory(&mut w, start);
    assert_eq!(w.fake().sent().len(), 1);
    w.phone("ana").rang(2);
}

#[test]
fn a_new_database_adopts_the_call_that_rings_for_its_step() {
    let mut w = World::on_twilio(ONE_RUNG);
    let start = w.now().plus(Duration::from_secs(175));
    w.meeting(&start.to_rfc3339());
    w.tick();
    w.advance(25);
    let meeting = new_database(&mut w, start);
    w.tick();
    assert_eq!((w.posts(), w.steps(meeting)[0].as_str()), (1, "EXECUTED(initiated)"));
    let (adopted, rang) = (w.attempts(meeting)[0].intent_at, w.fake().calls()[0].created_at);
    assert!(adopted.since(rang).abs() < 1000, "the gap counts from the call, not from its discovery");
    w.check_in(meeting);
    assert_eq!(w.fake().calls()[0].status, "canceled");
}

#[test]
fn a_lost_call_that_failed_keeps_nobody_else_from_the_call_that_was_lost_for_them() {
    let mut w = World::on_twilio(ONE_RUNG);
    let start = w.now().plus(Duration::from_secs(175));
    let add = |w: &World| [w.meeting(&start.to_rfc3339()), w.meeting_of("ben", "Standup", &start.to_rfc3339())];
    let _ = add(&w);
    w.tick();
    w.advance(1);
    w.tick();
    assert_eq!(w.posts(), 2);
    w.fake().calls().iter().for_each(|call| w.fake().set_status(&call.sid, "failed"));
    w.advance(25);
    let path = w.dir.path().join("new.db");
    w.parts.store = Arc::new(SqliteStore::open(&path, Create::Yes).unwrap());
    w.change_config(|config| config.database = path);
    let meetings = add(&w);
    w.tick();
    assert_eq!(meetings.map(|meeting| w.steps(meeting)[0].clone()), ["EXECUTED(initiated)", "EXECUTED(initiated)"]);
}

#[test]
fn after_a_check_in_on_a_database_that_is_younger_than_the_call_the_next_tick_hangs_up() {
    let mut w = World::on_twilio(ONE_RUNG);
    let start = w.now().plus(Duration::from_secs(175));
    w.meeting(&start.to_rfc3339());
    w.tick();
    w.advance(25);
    let meeting = new_database(&mut w, start);
    w.check_in(meeting);
    assert_eq!(w.fake().calls()[0].status, "queued", "nobody knows of it yet");
    w.advance(5);
    w.tick();
    assert_eq!((w.posts(), w.fake().calls()[0].status.as_str()), (1, "canceled"));
    assert_eq!(w.state(meeting), "RESOLVED(joined)");
}

#[test]
fn after_a_check_in_a_call_of_another_program_rings_on_where_ticks_go_on() {
    let w = World::on_twilio(ONE_RUNG);
    let meeting = w.meeting("in 175s");
    w.tick();
    w.advance(10);
    w.create_call("ana");
    w.advance(5);
    w.check_in(meeting);
    w.advance(10);
    w.tick();
    let states: Vec<_> = w.fake().calls().into_iter().map(|call| call.status).collect();
    assert_eq!(states, ["canceled", "queued"]);
}

#[test]
fn a_call_of_another_program_delays_a_first_call_for_the_gap_and_is_never_hung_up() {
    let w = World::on_twilio("");
    let meeting = w.meeting("in 190s");
    w.create_call("ana");
    w.tick();
    w.advance(20);
    w.tick();
    assert_eq!(w.steps(meeting)[0], "PENDING", "the phone rings");
    w.advance(50);
    w.tick();
    assert_eq!(w.steps(meeting)[0], "EXECUTED(initiated)");
    w.check_in(meeting);
    let states: Vec<_> = w.fake().calls().into_iter().map(|call| call.status).collect();
    assert_eq!(states, ["queued", "canceled"]);
}

#[test]
fn a_call_of_another_program_between_two_ticks_is_never_taken_for_the_rung_that_waits() {
    for pause in [20, 150] {
        let w = World::on_twilio("[guards]\ncritical_window = \"6m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"5m\"\n");
        let meeting = w.meeting("in 305s");
        w.tick();
        w.advance(pause);
        w.create_call("ana");
        w.advance(10);
        w.tick();
        assert_eq!(w.steps(meeting)[0], "PENDING", "the phone rings");
        w.advance(70);
        w.tick();
        assert_eq!(w.steps(meeting)[0], "EXECUTED(initiated)");
        w.check_in(meeting);
        let states: Vec<_> = w.fake().calls().into_iter().map(|call| call.status).collect();
        assert_eq!(states, ["queued", "canceled"], "after {pause} s");
    }
}

/// The files of the database and those beside it, as somebody copies a directory.
fn copied(w: &World, to: &str) -> std::path::PathBuf {
    let (from, to) = (w.dir.path().to_owned(), w.dir.path().join(to));
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(&from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        std::fs::copy(&entry, to.join(entry.file_name().unwrap())).unwrap();
    }
    to.join(w.parts.config.database.file_name().unwrap())
}

#[test]
fn a_database_that_was_copied_back_with_all_its_files_adopts_the_call_that_it_lost() {
    let mut w = World::on_twilio(ONE_RUNG);
    let meeting = w.meeting("in 200s");
    w.tick();
    let backup = copied(&w, "backup");
    w.advance(25);
    w.tick();
    w.phone("ana").rang(1);
    w.parts.store = Arc::new(SqliteStore::open(&backup, Create::No).unwrap());
    w.change_config(|config| config.database = backup);
    w.advance(25);
    w.tick();
    assert_eq!((w.posts(), w.steps(meeting)[0].as_str()), (1, "EXECUTED(initiated)"));
}

#[test]
fn calls_of_another_program_count_for_a_meeting_only_since_its_first_rung_was_due() {
    for (seconds_ahead, expected) in [(400, 2), (170, 0)] {
        let w = World::on_twilio("[guards]\nnumber_gap = \"0s\"\n");
        let start = w.now().plus(Duration::from_secs(seconds_ahead));
        let meeting = w.meeting(&start.to_rfc3339());
        for _ in 0..2 {
            w.create_call("ana");
            let newest = w.fake().calls().pop().unwrap();
            w.fake().set_status(&newest.sid, "no-answer");
        }
        while w.now() < start {
            w.advance(10);
            w.tick();
        }
        assert_eq!(w.posts() - 2, expected, "{:?}", w.steps(meeting));
    }
}

#[test]
fn a_limit_that_the_list_fills_says_so() {
    let w = World::on_twilio("[guards]\nnumber_gap = \"0s\"\n[[ladder]]\nstep = \"call\"\nbefore = \"2m\"\n");
    let meeting = w.meeting("in 130s");
    w.tick();
    w.advance(15);
    for _ in 0..2 {
        w.create_call("ana");
        let newest = w.fake().calls().pop().unwrap();
        w.fake().set_status(&newest.sid, "no-answer");
    }
    w.advance(3);
    let quiet = "insert into ticks(owner, boottime_ms, started_at, ended_at) values ('b:1:1', 1, ?1, ?1)";
    let database = rusqlite::Connection::open(&w.parts.config.database).unwrap();
    database.execute(quiet, [w.now().ms()]).unwrap();
    w.tick();
    assert_eq!(w.steps(meeting), ["SKIPPED(max_calls_exceeded)"]);
    let detail = w.incident(meeting).steps[0].detail.clone().unwrap();
    assert!(
        detail.ends_with("at most 2 in 10 min; 2 of them stand in the provider's list alone, not in this database"),
        "{detail}"
    );
}

#[test]
fn a_lost_call_whose_direction_is_an_unknown_word_is_found() {
    let w = World::on_twilio(ONE_RUNG);
    let meeting = w.meeting("in 170s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.fake().set_down(Endpoint::List, Some(Behaviour::server_error()));
    w.tick();
    w.fake().set_down(Endpoint::List, None);
    let sid = w.fake().calls()[0].sid.clone();
    w.fake().set_direction(&sid, "outbound");
    w.advance(90);
    w.tick();
    assert_eq!((w.posts(), w.steps(meeting)[0].as_str()), (1, "EXECUTED(initiated)"));
}

#[test]
fn a_lost_call_that_rings_is_found_though_its_creation_is_hours_off() {
    let w = World::on_twilio(ONE_RUNG);
    let meeting = w.meeting("in 170s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.fake().set_down(Endpoint::List, Some(Behaviour::server_error()));
    w.tick();
    w.fake().set_down(Endpoint::List, None);
    let call = w.fake().calls()[0].clone();
    w.fake().set_created(&call.sid, call.created_at.minus(Duration::from_secs(5 * 3600)));
    w.advance(90);
    w.tick();
    assert_eq!((w.posts(), w.steps(meeting)[0].as_str()), (1, "EXECUTED(initiated)"));
}

#[test]
fn in_the_last_seconds_the_list_is_awaited() {
    let mut w = World::on_twilio("[guards]\nnumber_gap = \"0s\"\n");
    let start = w.now().plus(Duration::from_secs(180));
    w.meeting(&start.to_rfc3339());
    w.tick();
    w.advance(90);
    w.tick();
    w.phone("ana").rang(2);
    w.advance(80);
    let meeting = new_database(&mut w, start);
    w.tick();
    w.phone("ana").rang(2);
    assert!(w.attempts(meeting).len() == 2, "{:?}", w.steps(meeting));
}

#[test]
fn in_the_last_seconds_a_list_that_does_not_come_is_awaited_for_two_seconds_at_most() {
    let w = World::on_twilio(ONE_RUNG);
    w.meeting("in 10s");
    w.fake().set_down(Endpoint::List, Some(Behaviour::Silence));
    let began = std::time::Instant::now();
    w.tick();
    w.phone("ana").rang(1);
    assert!(began.elapsed() >= Duration::from_secs(2));
}

#[test]
fn an_empty_list_is_asked_for_once_more_where_no_tick_is_remembered() {
    let w = World::on_twilio(ONE_RUNG);
    let meeting = w.meeting("in 175s");
    w.create_call("ana");
    w.fake().set_list_lag(Duration::from_secs(3));
    w.advance(2);
    w.forget_ticks();
    w.tick();
    assert_eq!((w.posts(), w.steps(meeting)[0].as_str()), (1, "EXECUTED(initiated)"));
}

#[test]
fn an_empty_list_is_asked_for_once_where_ticks_go_on() {
    let w = World::on_twilio(ONE_RUNG);
    w.meeting("in 175s");
    w.tick();
    let lists = |w: &World| {
        w.fake().requests().iter().filter(|r| r.method == "GET" && r.path().ends_with("/Calls.json")).count()
    };
    assert_eq!(lists(&w), 1);
}

#[test]
fn everybody_who_is_due_on_a_new_database_is_called_by_its_first_tick() {
    let fake = FakeTwilio::start();
    let person = |n| format!("[[person]]\nid = \"p{n}\"\nphone = \"+1202555010{n}\"\nzone = \"UTC\"\n\n");
    let people = (1..=6).map(person).collect::<Vec<_>>().concat();
    let cli = Cli::with(&twilio(&fake.base_url(), TOKEN, &format!("calls_per_second = 30\n\n{people}")));
    for n in 1..=6 {
        cli.ok(&["meeting", "add", "Board sync", "--person", &format!("p{n}"), "--at", "in 2m"]);
    }
    let ran = cli.run(&["tick"]);
    assert_eq!((ran.code, fake.posts()), (0, 6), "{ran:?}");
}
