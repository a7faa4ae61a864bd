//! Calls nobody has an answer for: what ticks make of the provider's list, one story each.

use crate::support::alone::alone;
use crate::support::fake_script::{Endpoint, Latch};
use crate::support::fake_twilio::Behaviour;
use crate::support::wire::Request;
use crate::support::world::World;
use rusqlite::Connection;
use savehub::exit::Exit;
use savehub::model::MeetingId;
use std::sync::Mutex;
use std::time::{Duration, Instant};

const ONE_RUNG: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

// --- the answer is lost ---

#[test]
fn a_call_whose_answer_was_lost_is_adopted_by_the_next_tick() {
    let w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.tick();
    assert_eq!((w.steps(m), w.attempt_states(m)), (words(["RUNNING"]), words(["UNKNOWN"])));
    w.advance(30);
    let summary = w.tick();
    assert_eq!((w.steps(m), w.attempt_states(m)), (words(["EXECUTED(initiated)"]), words(["ACCEPTED"])));
    assert_eq!(w.attempts(m)[0].call_id.as_deref(), Some(w.fake().calls()[0].sid.as_str()));
    assert_eq!((w.posts(), summary.exit()), (1, Exit::Done));
    w.phone("ana").rang(1);
}

#[test]
fn silence_without_a_call_is_absence_once_it_has_settled_and_rings_once() {
    let w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.tick();
    w.advance(74);
    w.tick();
    assert_eq!((w.attempt_states(m), w.posts()), (words(["UNKNOWN"]), 1), "45 s and 30 s are not over");
    w.advance(1);
    w.tick();
    assert_eq!((w.steps(m), w.attempt_states(m)), (words(["EXECUTED(initiated)"]), words(["ABSENT", "ACCEPTED"])));
    assert_eq!(w.posts(), 2);
    w.phone("ana").rang(1);
}

#[test]
fn an_absence_is_tried_again_once_only() {
    let w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::CloseBeforeReply, Behaviour::CloseBeforeReply]);
    for _ in 0..6 {
        w.tick();
        w.advance(30);
    }
    w.tick();
    assert_eq!(w.posts(), 2);
    assert!(w.steps(m)[0].starts_with("FAILED"), "{:?}", w.steps(m));
    w.phone("ana").rang(0);
}

// --- the list cannot be read ---

fn without_a_list(config: &str) -> World {
    let w = World::on_twilio(config);
    w.fake().set_down(Endpoint::List, Some(Behaviour::server_error()));
    w
}

#[test]
fn without_a_list_an_unknown_attempt_is_held_until_the_next_rung_rings() {
    let w = without_a_list("");
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.tick();
    w.advance(89);
    w.tick();
    assert_eq!((w.steps(m), w.posts()), (words(["RUNNING", "PENDING"]), 1));
    w.advance(1);
    let summary = w.tick();
    assert_eq!(w.steps(m), ["FAILED(unknown)", "EXECUTED(initiated)"]);
    assert_eq!(w.attempt_states(m), ["ABANDONED", "ACCEPTED"]);
    assert_eq!((w.posts(), summary.exit()), (2, Exit::NotDone));
    w.phone("ana").rang(1);
}

#[test]
fn with_on_unknown_call_and_without_a_list_it_rings_again_near_the_start() {
    for (config, rings) in [("[engine]\non_unknown = \"call\"\n", 2), ("[engine]\non_unknown = \"hold\"\n", 1)] {
        let w = without_a_list(&format!("{config}{ONE_RUNG}"));
        w.meeting("in 180s");
        w.fake().script([Behaviour::AcceptAndLoseReply]);
        w.tick();
        w.advance(119);
        w.tick();
        w.phone("ana").rang(1);
        w.advance(1);
        w.tick();
        w.phone("ana").rang(rings);
    }
}

#[test]
fn a_list_that_can_be_read_again_adopts_what_was_held() {
    let w = without_a_list(ONE_RUNG);
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.tick();
    w.advance(100);
    assert_eq!(w.tick().call_errors, 1);
    assert_eq!(w.attempt_states(m), ["UNKNOWN"]);
    w.fake().set_down(Endpoint::List, None);
    w.advance(30);
    w.tick();
    assert_eq!((w.steps(m), w.posts()), (words(["EXECUTED(initiated)"]), 1));
}

// --- ghosts and hang-ups ---

#[test]
fn a_call_that_appears_after_its_absence_is_hung_up_and_nobody_is_rung_a_third_time() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.tick();
    w.advance(75);
    w.tick();
    assert_eq!(w.attempt_states(m), ["ABSENT", "ACCEPTED"]);
    w.create_call("ana");
    w.advance(5);
    w.tick();
    assert!(!w.fake().calls()[1].is_live());
    assert!(w.fake().calls()[0].is_live(), "the call that replaced it goes on");
    for _ in 0..10 {
        w.advance(10);
        w.tick();
    }
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "SKIPPED(max_calls_exceeded)"]);
    w.phone("ana").rang(2);
}

#[test]
fn a_call_whose_answer_was_lost_is_found_and_hung_up_by_the_check_in_itself() {
    for checks_in in [true, false] {
        let w = World::on_twilio("");
        let m = w.meeting("in 180s");
        w.fake().script([Behaviour::AcceptAndLoseReply]);
        w.tick();
        if checks_in {
            w.check_in(m);
        } else {
            w.resolve(m, None);
        }
        let attempt = &w.attempts(m)[0];
        assert_eq!((attempt.state.as_str(), attempt.hang_up.as_str()), ("ACCEPTED", "DONE"));
        assert_ne!(w.fake().calls()[0].status, "queued");
        w.phone("ana").rang(1);
    }
}

/// A call was made and is to be hung up, but the provider does not know it.
fn unknown_to_the_provider() -> (World, MeetingId) {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    for endpoint in [Endpoint::Update, Endpoint::Fetch] {
        w.fake().set_down(endpoint, Some(Behaviour::error(404, 20404, "The requested resource was not found")));
    }
    w.check_in(m);
    assert!(w.fake().calls()[0].is_live());
    (w, m)
}

#[test]
fn a_hang_up_of_a_call_the_provider_does_not_know_yet_is_tried_again() {
    let (w, m) = unknown_to_the_provider();
    w.advance(30);
    w.tick();
    assert_eq!(w.attempts(m)[0].hang_up.as_str(), "WANTED");
    for endpoint in [Endpoint::Update, Endpoint::Fetch] {
        w.fake().set_down(endpoint, None);
    }
    w.advance(30);
    w.tick();
    assert!(!w.fake().calls()[0].is_live());
    assert_eq!(w.attempts(m)[0].hang_up.as_str(), "DONE");
}

#[test]
fn a_hang_up_of_a_call_the_provider_never_knows_ends_when_the_call_is_old() {
    let (w, m) = unknown_to_the_provider();
    w.advance(24 * 3600);
    w.tick();
    assert_eq!(w.attempts(m)[0].hang_up.as_str(), "MOOT");
    let requests = w.fake().requests().len();
    w.tick();
    assert_eq!(w.fake().requests().len(), requests);
}

// --- a restored database ---

/// Runs the tick that calls, then goes on with the database as it was before that tick.
fn restore_behind_a_call(w: &mut World) {
    let (database, copy) = (w.parts.config.database.clone(), w.dir.path().join("copy.db"));
    // A whole copy, its log included.
    Connection::open(database).unwrap().execute("vacuum into ?1", [copy.to_str().unwrap()]).unwrap();
    w.tick();
    w.phone("ana").rang(1);
    w.change_config(|config| config.database = copy);
    w.new_process();
    w.advance(10);
}

#[test]
fn a_restored_database_finds_the_call_it_has_forgotten_and_says_so() {
    alone(a_restored_database_finds_the_call_it_has_forgotten_and_says_so, || {
        log::set_logger(&WARNINGS).unwrap();
        log::set_max_level(log::LevelFilter::Warn);
        let mut w = World::on_twilio(ONE_RUNG);
        let m = w.meeting("in 200s");
        w.tick();
        w.advance(30);
        restore_behind_a_call(&mut w);
        w.tick();
        assert_eq!((w.steps(m), w.attempt_states(m)), (words(["EXECUTED(initiated)"]), words(["ACCEPTED"])));
        assert_eq!(w.attempts(m)[0].call_id.as_deref(), Some(w.fake().calls()[0].sid.as_str()));
        assert_eq!(w.posts(), 1);
        w.phone("ana").rang(1);
        assert!(
            WARNINGS.0.lock().unwrap().iter().any(|line| line.contains("placed before this database was restored"))
        );
    });
}

#[test]
fn without_preflight_a_restored_database_rings_twice() {
    let mut w = World::on_twilio(&format!("[engine]\npreflight = false\n{ONE_RUNG}"));
    w.meeting("in 200s");
    w.tick();
    w.advance(30);
    restore_behind_a_call(&mut w);
    w.tick();
    w.phone("ana").rang(2);
}

#[test]
fn after_a_restore_every_due_step_waits_for_its_list_however_long_the_others_take() {
    let mut w = World::on_twilio(&format!("[engine]\nparallel = 1\n{ONE_RUNG}"));
    for person in ["ana", "ben"] {
        w.meeting_of(person, "Board sync", "in 200s");
    }
    w.tick();
    w.advance(30);
    restore_behind_a_call(&mut w);
    w.phone("ben").rang(1);
    // One list after the other, each slow: in sum they take longer than a tick waits for one.
    let (clock, slow) = (w.stop_ticks_time(), [Latch::default(), Latch::default()]);
    let lists = |requests: &[Request]| {
        requests.iter().filter(|r| r.method == "GET" && r.path().ends_with("/Calls.json")).count()
    };
    let before = lists(&w.fake().requests());
    let answers = slow.iter().map(|latch| Behaviour::Delay(latch.clone(), Box::new(Behaviour::Answer)));
    w.fake().script_for(Endpoint::List, answers);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for (n, latch) in (1..).zip(&slow) {
                w.fake().wait_for(|requests| lists(requests) == before + n);
                clock.run(Duration::from_millis(3500));
                latch.open();
            }
        });
        w.tick();
    });
    w.phone("ana").rang(1);
    w.phone("ben").rang(1);
}

#[test]
fn a_provider_whose_lists_do_not_come_holds_up_no_more_than_one_wait_in_a_tick() {
    let w = World::on_twilio(&format!("[engine]\nparallel = 1\n{ONE_RUNG}"));
    for person in ["ana", "ben"] {
        w.meeting_of(person, "Board sync", "in 170s");
    }
    w.fake().set_down(Endpoint::List, Some(Behaviour::Silence));
    let began = Instant::now();
    w.tick();
    for person in ["ana", "ben"] {
        w.phone(person).rang(1);
    }
    assert!(w.fake().calls().len() == 2 && began.elapsed() >= Duration::from_secs(5));
}

/// Keeps every warning of this test binary.
struct Warnings(Mutex<Vec<String>>);

static WARNINGS: Warnings = Warnings(Mutex::new(Vec::new()));

impl log::Log for Warnings {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        self.0.lock().unwrap().push(record.args().to_string());
    }

    fn flush(&self) {}
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[test]
fn on_a_shared_phone_the_other_persons_rung_ends_an_unknown_attempt_too() {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_config(|config| {
        let phone = config.people[0].phone.clone();
        for person in &mut config.people {
            (person.phone, person.shared_phone) = (phone.clone(), true);
        }
    });
    let ana = w.meeting("in 180s");
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.fake().set_down(Endpoint::List, Some(Behaviour::CloseBeforeReply));
    w.tick();
    assert_eq!(w.steps(ana), ["RUNNING"]);
    let ben = w.meeting_of("ben", "Standup", "in 270s");
    w.advance(90);
    w.tick();
    assert_eq!((w.steps(ana), w.steps(ben)), (vec!["FAILED(unknown)".into()], vec!["EXECUTED(initiated)".into()]));
}
