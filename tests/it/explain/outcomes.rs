//! Every outcome of an attempt, in a story that shows it.

use crate::explain::stories::{self, ONE_RUNG, SMS, fenced, reply, taken};
use crate::support::fake_script::Endpoint;
use crate::support::fake_twilio::{Behaviour, unanswered};
use crate::support::stand_in::StandIn;
use crate::support::world::World;
use rusqlite::Connection;
use savehub::cli::words;
use savehub::model::{
    AttemptState, CallReport, CallStatus, Doubt, FenceReason, HangUpState, MeetingId, Outcome, Rejection,
    RejectionClass, Reply,
};
use savehub::provider::mock::Mock;
use savehub::store::CheckIn;
use savehub::store::sqlite::{Create, SqliteStore};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

fn report(status: CallStatus) -> CallReport {
    CallReport {
        status,
        duration_s: None,
        rang_s: None,
        answered_by: None,
        error_code: None,
        class: None,
        price: None,
        price_unit: None,
        skew_ms: None,
    }
}

/// Ana's meeting in 3 or 5 minutes at a provider that answers so and tells this of its calls; two ticks.
fn scripted(ladder: &str, replies: Vec<Reply>, end: Option<CallReport>) -> String {
    let w = World::on_phone(ladder, stories::scripted(replies, end));
    let m = w.meeting(if ladder.contains("5m") { "in 5m" } else { "in 3m" });
    w.tick();
    w.advance(30);
    w.tick();
    stories::text(&w, &m.to_string())
}

/// The call or message is taken, and then this is told of it.
fn followed(ladder: &str, end: CallReport) -> String {
    scripted(ladder, vec![taken(CallStatus::Queued)], Some(end))
}

#[test]
fn every_status_of_a_call_or_message_has_its_story() {
    for status in CallStatus::ALL {
        let end = report(*status);
        let text = match status {
            CallStatus::Queued | CallStatus::Ringing | CallStatus::Busy | CallStatus::NoAnswer => {
                followed(ONE_RUNG, CallReport { rang_s: (*status == CallStatus::NoAnswer).then_some(20), ..end })
            }
            CallStatus::InProgress => followed(ONE_RUNG, CallReport { answered_by: Some("human".into()), ..end }),
            CallStatus::Completed => {
                let price = Some("-0.01300".into());
                let price_unit = Some("USD".into());
                followed(ONE_RUNG, CallReport { duration_s: Some(7), price, price_unit, ..end })
            }
            CallStatus::Failed => followed(ONE_RUNG, CallReport { error_code: Some(21214), ..end }),
            CallStatus::Canceled => followed(ONE_RUNG, CallReport { rang_s: Some(12), ..end }),
            CallStatus::Sending | CallStatus::Sent | CallStatus::Delivered => followed(SMS, end),
            CallStatus::Undelivered => followed(SMS, CallReport { error_code: Some(30003), ..end }),
            CallStatus::Done => {
                let ladder = SMS.replace("sms", "webhook\"\nuse = \"ntfy");
                scripted(
                    &format!("{ladder}[webhook.ntfy]\nurl = \"https://ntfy.example/x\"\n"),
                    vec![taken(*status)],
                    None,
                )
            }
            CallStatus::Simulated => scripted(ONE_RUNG, vec![taken(*status)], None),
        };
        stories::is_as_expected(&format!("status/{status}"), &text);
    }
    let machine = Some("machine_start".to_owned());
    let end = CallReport { answered_by: machine, duration_s: Some(9), ..report(CallStatus::Completed) };
    stories::is_as_expected("status/more/voicemail", &followed(ONE_RUNG, end));
    let end = CallReport { rang_s: Some(0), ..report(CallStatus::Canceled) };
    stories::is_as_expected("status/more/canceled-in-the-queue", &followed(ONE_RUNG, end));
    stories::is_as_expected("status/more/canceled-perhaps-ringing", &followed(ONE_RUNG, report(CallStatus::Canceled)));
}

#[test]
fn every_kind_of_refusal_has_its_story() {
    for class in RejectionClass::ALL {
        let (code, message) = match class {
            RejectionClass::Capacity => (20429, "Too many requests"),
            RejectionClass::Callee => (21215, "Account not authorized to call this country"),
            RejectionClass::Ours => (20003, "Authenticate"),
            RejectionClass::Other => (21999, "Something new"),
        };
        let (class, code) = (*class, Some(code));
        let refused = Outcome::Rejected(Rejection { class, code, message: message.into(), retry_after: None });
        stories::is_as_expected(&format!("refused/{class}"), &scripted("", vec![reply(refused)], None));
    }
}

#[test]
fn every_refusal_of_the_last_look_has_its_story() {
    for reason in FenceReason::ALL {
        let text = scripted(ONE_RUNG, vec![fenced(*reason)], Some(report(CallStatus::Busy)));
        stories::is_as_expected(&format!("fence/{reason}"), &text);
        assert!(text.contains(words::fenced(*reason)), "{text}");
    }
}

#[test]
fn every_state_of_an_attempt_has_its_story() {
    for state in AttemptState::ALL {
        let text = match state {
            AttemptState::Sending => sending(),
            AttemptState::Accepted => found(),
            AttemptState::Rejected => at_its_limit(),
            AttemptState::NotSent => fenced_after_a_check_in(),
            AttemptState::Unknown => unknown(),
            AttemptState::Absent => absent(false),
            AttemptState::Abandoned => abandoned(),
        };
        stories::is_as_expected(&format!("attempt/{state}"), &text);
    }
}

/// A tick that died right after it had written the attempt down.
fn sending() -> String {
    let w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 3m");
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.tick();
    let database = Connection::open(&w.parts.config.database).unwrap();
    database.execute("update attempts set state = 'SENDING', finished_at = null, error = null", []).unwrap();
    w.advance(20);
    stories::text(&w, &m.to_string())
}

fn found() -> String {
    let w = World::on_twilio(ONE_RUNG);
    w.fake().set_life(unanswered(1, 20));
    let m = w.meeting("in 3m");
    w.fake().script([Behaviour::AcceptAndLoseReply]);
    w.tick();
    w.advance(30);
    w.tick();
    stories::text(&w, &m.to_string())
}

fn at_its_limit() -> String {
    let w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 3m");
    w.fake().script([Behaviour::too_many(60)]);
    w.tick();
    w.advance(30);
    stories::text(&w, &m.to_string())
}

fn fenced_after_a_check_in() -> String {
    let line = StandIn::before(Arc::new(Mock::new(&[])));
    let w = World::on_phone("", Arc::clone(&line) as _);
    let m = w.meeting("in 3m");
    let (store, now) = (Arc::clone(&w.parts.store), w.now());
    line.happens(move |_| _ = store.check_in(m, CheckIn::Joined, now).unwrap());
    w.tick();
    stories::text(&w, &m.to_string())
}

fn unknown() -> String {
    let doubt = Outcome::Unknown(Doubt { detail: "no answer within 20 s (waiting for the response)".into() });
    scripted("", vec![reply(doubt)], None)
}

/// Proved absent, made again; and then the first call appears after all.
fn absent(and_then: bool) -> String {
    let (w, m) = made_again(and_then);
    stories::text(&w, &m.to_string())
}

fn made_again(and_then: bool) -> (World, MeetingId) {
    let w = World::on_twilio("");
    let m = w.meeting("in 3m");
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.tick();
    w.advance(75);
    w.tick();
    if and_then {
        w.create_call("ana");
        w.advance(5);
        w.tick();
    }
    (w, m)
}

fn abandoned() -> String {
    let w = World::on_twilio("");
    w.fake().set_down(Endpoint::List, Some(Behaviour::server_error()));
    let m = w.meeting("in 3m");
    w.fake().script([Behaviour::CloseBeforeReply]);
    w.tick();
    w.advance(90);
    w.tick();
    stories::text(&w, &m.to_string())
}

#[test]
fn a_ghost_is_told_as_one_and_hung_up() {
    stories::is_as_expected("attempt/more/ghost", &absent(true));
}

#[test]
fn a_ghost_of_an_older_savehub_which_kept_nothing_of_the_guards_is_told_as_one() {
    let (w, m) = made_again(true);
    Connection::open(&w.parts.config.database).unwrap().execute("update attempts set guards = null", []).unwrap();
    let text = stories::text(&w, &m.to_string());
    assert!(text.contains("a1: it had been given up, and CA"), "{text}");
    assert!(!text.contains("before this database was made or restored"), "{text}");
}

#[test]
fn a_call_of_a_database_that_was_restored_is_told_as_adopted() {
    let mut w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 200s");
    w.tick();
    w.advance(30);
    let (database, copy) = (w.parts.config.database.clone(), w.dir.path().join("copy.db"));
    Connection::open(database).unwrap().execute("vacuum into ?1", [copy.to_str().unwrap()]).unwrap();
    w.tick();
    w.change_config(|config| config.database = copy);
    w.new_process();
    w.advance(10);
    w.tick();
    stories::is_as_expected("attempt/more/adopted", &stories::text(&w, &m.to_string()));
}

/// Ana's phone rings; then the database is this one, she checks in, and the next tick finds the call.
fn lost(w: &mut World, database: PathBuf, meeting: impl FnOnce(&World) -> MeetingId) -> String {
    w.change_config(|config| config.database = database);
    w.parts.store = Arc::new(SqliteStore::open(&w.parts.config.database, Create::Yes).unwrap());
    let m = meeting(w);
    w.check_in(m);
    w.advance(5);
    w.tick();
    stories::text(w, &m.to_string())
}

#[test]
fn a_call_that_was_found_when_its_incident_had_ended_says_so() {
    let mut w = World::on_twilio(ONE_RUNG);
    let m = w.meeting("in 400s");
    w.tick();
    let (database, copy, new) =
        (w.parts.config.database.clone(), w.dir.path().join("copy.db"), w.dir.path().join("new.db"));
    Connection::open(database).unwrap().execute("vacuum into ?1", [copy.to_str().unwrap()]).unwrap();
    w.advance(230);
    w.tick();
    w.advance(5);
    stories::is_as_expected("attempt/more/lost-with-a-backup", &lost(&mut w, copy, |_| m));
    let mut w = World::on_twilio(ONE_RUNG);
    let start = w.now().plus(Duration::from_secs(175)).to_rfc3339();
    w.meeting(&start);
    w.tick();
    w.advance(5);
    let new = lost(&mut w, new, |w| w.meeting(&start));
    stories::is_as_expected("attempt/more/lost-with-the-database", &new);
}

#[test]
fn a_call_that_went_out_without_its_callback_says_so() {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_twilio(|twilio| twilio.status_callback = Some("https://10.0.0.9/calls".into()));
    let both = [w.meeting("in 3m"), w.meeting_of("ben", "Stand-up", "in 3m")];
    w.change_config(|config| config.engine.parallel = 1);
    w.fake().script([Behaviour::error(400, 21609, "Invalid 'StatusCallback' URL")]);
    w.tick();
    let line = |m: MeetingId| {
        let text = stories::text(&w, &m.to_string());
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("webhook_url")).map(str::trim).collect();
        lines.join("; ")
    };
    let words = "the provider refuses the address of webhook_url (21609): tried without it";
    assert_eq!(both.map(line), [format!("09:00:00  s1: a1: {words}"), format!("09:00:00  s2: a2: {words}")]);
}

#[test]
fn every_end_of_a_wish_to_hang_up_has_its_story() {
    for state in HangUpState::ALL {
        let w = World::on_twilio("");
        let m = w.meeting("in 3m");
        w.tick();
        w.advance(5);
        let sid = w.fake().calls()[0].sid.clone();
        match state {
            HangUpState::None => {}
            HangUpState::Wanted => {
                w.fake().set_down(Endpoint::Update, Some(Behaviour::server_error()));
                w.fake().set_down(Endpoint::Fetch, Some(Behaviour::server_error()));
                w.check_in(m);
            }
            HangUpState::Done => {
                w.fake().set_status(&sid, "ringing");
                w.resolve(m, None);
            }
            HangUpState::Moot => {
                w.fake().set_ended(&sid, "human", 4);
                w.check_in(m);
            }
        }
        assert_eq!(w.attempts(m)[0].hang_up, *state);
        stories::is_as_expected(&format!("hang-up/{state}"), &stories::text(&w, &m.to_string()));
    }
}

#[test]
fn an_attempt_of_an_older_database_has_no_account_of_the_guards() {
    let w = World::with(ONE_RUNG);
    let m = w.meeting("in 3m");
    w.tick();
    let with = stories::text(&w, &m.to_string());
    let database = Connection::open(&w.parts.config.database).unwrap();
    database.execute("update attempts set guards = null", []).unwrap();
    let without = stories::text(&w, &m.to_string());
    let lines: Vec<&str> = with.lines().filter(|line| !without.contains(line)).collect();
    assert!(matches!(lines[..], [line] if line.contains("s1: the guards allowed it: window: 180 s before")), "{with}");
}
