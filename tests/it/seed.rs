//! The sixteen things a first savehub must do, one test each; what is told by the real binary is in `seed/binary.rs`.

mod binary;

use crate::support::fake_twilio::{ACCOUNT, Behaviour, FakeTwilio, Latch};
use crate::support::stand_in::StandIn;
use crate::support::wire::field;
use crate::support::world::{World, result_words};
use savehub::config::{Config, ProviderChoice, TwilioAuth};
use savehub::exit::Exit;
use savehub::http::Lookup;
use savehub::model::{ProviderKind, StepState};
use savehub::provider::Only;
use savehub::provider::Registry;
use savehub::provider::http::HttpClient;
use savehub::provider::mock::Mock;
use savehub::provider::twilio::{Twilio, http_settings};
use savehub::store::StepResult;
use serde_json::Value;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const ONE_RUNG: &str = "[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n";

#[test]
fn s1_twilio_request() {
    let mut w = World::on_twilio("");
    let mut account = w.fake().config();
    account.status_callback = Some("https://example.com/calls?a=1&b=2".into());
    w.parts.providers = Arc::new(Only(Arc::new(Twilio::new(&account, &w.parts.config.engine))));
    w.meeting_of("ana", "R&D <sync>", "in 180s");
    w.tick();
    let requests: Vec<_> = w.fake().requests().into_iter().filter(crate::support::wire::Request::is_create).collect();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!((request.method.as_str(), request.path()), ("POST", calls_path().as_str()));
    assert_eq!(request.header("user-agent"), Some(concat!("savehub/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    // `AC0123456789abcdef0123456789abcdef:your_auth_token`, by base64(1).
    let basic = "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjp5b3VyX2F1dGhfdG9rZW4=";
    assert_eq!(request.header("authorization"), Some(basic));
    let form = request.form();
    let names: Vec<&str> = form.iter().map(|(name, _)| name.as_str()).collect();
    let event = "StatusCallbackEvent";
    let expected =
        ["To", "From", "StatusCallback", event, event, event, event, "StatusCallbackMethod", "Timeout", "Twiml"];
    assert_eq!(names, expected);
    assert_eq!((field(&form, "To"), field(&form, "From")), (Some("+12025550101"), Some("+12025550199")));
    assert_eq!(field(&form, "Timeout"), Some("45"));
    assert_eq!(field(&form, "StatusCallback"), Some("https://example.com/calls?a=1&b=2"));
    assert_eq!(field(&form, "StatusCallbackMethod"), Some("POST"));
    let events: Vec<&str> = form.iter().filter(|(n, _)| n == event).map(|(_, v)| v.as_str()).collect();
    assert_eq!(events, ["initiated", "ringing", "answered", "completed"]);
    let twiml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say language=\"en-US\" loop=\"2\">Hello Ana. \
                 This is savehub. R&amp;D &lt;sync&gt; starts in 3 minutes, at 9:03.</Say></Response>";
    assert_eq!(field(&form, "Twiml"), Some(twiml));
}

fn calls_path() -> String {
    format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
}

/// The result of one call 3 minutes before the start.
fn result(w: &World) -> StepResult {
    w.meeting("in 180s");
    let mut results = w.tick().results;
    assert_eq!(results.len(), 1);
    results.remove(0)
}

#[test]
fn s2_the_mock_result_has_the_shape_of_a_real_one() {
    let (mock, real) = (result(&World::new()), result(&World::on_twilio("")));
    let keys = |r: &StepResult| match serde_json::to_value(r).unwrap() {
        Value::Object(map) => map.into_iter().map(|(k, v)| (k, v.is_null())).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    assert_eq!(keys(&mock), keys(&real));
    assert_eq!((mock.provider, real.provider), (Some(ProviderKind::Mock), Some(ProviderKind::Twilio)));
    assert!(mock.call_id.as_ref().unwrap().starts_with("MOCK-"));
    assert!(real.call_id.as_ref().unwrap().starts_with("CA"));
    for r in [&mock, &real] {
        assert_eq!((r.status, r.state, r.to.as_deref()), ("initiated", StepState::Executed, Some("****0101")));
        let message = r.message.as_deref().unwrap();
        assert_eq!(message.chars().count(), 50, "{message}");
        assert!(message.starts_with("Hello Ana. This is savehub. Board sync starts in"), "{message}");
        assert_eq!(
            (r.due_at, r.attempted_at),
            (Some(crate::support::world::BEGIN), Some(crate::support::world::BEGIN))
        );
    }
}

#[test]
fn s3_call_provider_chooses_the_provider() {
    let text = "database = \"savehub.db\"\n[call]\nprovider = \"mock\"\n[provider.twilio]\naccount_sid = \"AC0123456789abcdef0123456789abcdef\"\n\
                auth_token = \"t\"\nfrom = \"+12025550199\"\n";
    let chosen = |value: Option<&str>| {
        let env = |name: &str| (name == "CALL_PROVIDER").then_some(value).flatten().map(str::to_owned);
        let config = savehub::config::from_text(text, "config.toml".as_ref(), &env);
        config.map(|c| (c.provider.chosen, Registry::new(&c).unwrap().calls().kind()))
    };
    assert_eq!(chosen(None).unwrap(), (ProviderChoice::Mock, ProviderKind::Mock));
    assert_eq!(chosen(Some("mock")).unwrap(), (ProviderChoice::Mock, ProviderKind::Mock));
    assert_eq!(chosen(Some("twilio")).unwrap(), (ProviderChoice::Twilio, ProviderKind::Twilio));
    assert!(chosen(Some("pigeon")).unwrap_err().to_string().contains("CALL_PROVIDER"));
}

#[test]
fn s4_credentials_come_from_the_environment_and_win_over_the_file() {
    let env = |name: &str| {
        Some(match name {
            "CALL_PROVIDER" => "twilio".to_owned(),
            "TWILIO_ACCOUNT_SID" => ACCOUNT.to_owned(),
            "TWILIO_AUTH_TOKEN" => "from-the-environment".to_owned(),
            "TWILIO_FROM_NUMBER" => "+12025550177".to_owned(),
            _ => return None,
        })
    };
    let text = "database = \"savehub.db\"\n[provider.twilio]\naccount_sid = \"AC00000000000000000000000000000001\"\n\
                auth_token = \"from-the-file\"\nfrom = \"+12025550188\"\n";
    let config = savehub::config::from_text(text, "config.toml".as_ref(), &env).unwrap();
    let twilio = config.provider.twilio.unwrap();
    let TwilioAuth::Token(token) = &twilio.auth else { panic!("a token") };
    assert_eq!(secrecy::ExposeSecret::expose_secret(token), "from-the-environment");
    assert_eq!((twilio.account_sid.as_str(), twilio.from.expose()), (ACCOUNT, "+12025550177"));
}

#[test]
fn s5_the_third_call_is_refused_even_by_another_process() {
    let rungs = ["3m", "2m", "1m"].map(|b| format!("[[ladder]]\nstep = \"call\"\nbefore = \"{b}\"\n"));
    let mut w = World::with(&format!("[guards]\nmax_calls = 3\n{}", rungs.concat()));
    // Three rungs that two calls could never climb are a config error; the limit is that of the tick's own config.
    w.change_config(|config| config.guards.max_calls = 2);
    let m = w.meeting("in 180s");
    for _ in 0..3 {
        w.tick();
        w.new_process();
        w.advance(60);
    }
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "EXECUTED(initiated)", "SKIPPED(max_calls_exceeded)"]);
    let third = w.incident(m).steps.remove(2);
    assert!(third.detail.unwrap().starts_with("ana already has 2 calls for event "));
    assert_eq!(third.attempts, []);
    w.phone("ana").rang(2);
}

#[test]
fn s6_a_phone_rings_only_in_the_last_three_minutes() {
    for (before, rings) in [(180, true), (120, true), (60, true), (1, true), (0, false), (-1, false), (-30, false)] {
        let w = World::with(ONE_RUNG);
        let m = w.meeting("in 200s");
        w.tick();
        w.advance(u64::try_from(200 - before).unwrap());
        let summary = w.tick();
        let (words, exit) = if rings {
            ("EXECUTED(initiated)", Exit::Done)
        } else {
            ("SKIPPED(outside_critical_window)", Exit::NotDone)
        };
        assert_eq!((w.steps(m), summary.exit()), (vec![words.to_owned()], exit), "{before} s before");
        w.phone("ana").rang(usize::from(rings));
    }
    // An incident keeps the ladder it was opened with; the window is that of today's config.
    let rung = "[[ladder]]\nstep = \"call\"\nbefore = \"5m\"\n";
    let mut w = World::with(&format!("[guards]\ncritical_window = \"10m\"\n{rung}"));
    let m = w.meeting("in 360s");
    w.tick();
    w.change_config(|config| config.guards.critical_window = Duration::from_secs(180));
    w.advance(60);
    let result = w.tick().results.remove(0);
    assert_eq!((result.status, w.steps(m)), ("skipped", vec!["SKIPPED(outside_critical_window)".to_owned()]));
    assert_eq!(result.detail, "300 s before the start, at most 180 s are allowed");
    w.phone("ana").rang(0);
}

/// One request at a time, given up after five seconds by the thread that waits for it.
fn hasty(config: &mut Config) {
    config.engine.hard_timeout = Duration::from_secs(5);
    config.engine.parallel = 1;
}

#[test]
fn s7_a_silent_server_ends_within_the_limit_and_the_tick_goes_on() {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_config(hasty);
    let ana = w.meeting("in 100s");
    let ben = w.meeting_of("ben", "Standup", "in 101s");
    w.fake().script([Behaviour::Silence]);
    w.tick();
    assert_eq!((w.steps(ana), w.steps(ben)), (vec!["RUNNING".to_owned()], vec!["EXECUTED(initiated)".to_owned()]));
    let attempt = w.attempts(ana).remove(0);
    assert_eq!((attempt.state.as_str(), attempt.error.as_deref()), ("UNKNOWN", Some("no answer within 5 s")));
    w.phone("ben").rang(1);
}

/// The first name it is asked for meets with bad luck; later ones are found.
#[derive(Debug)]
struct BadStart {
    started: AtomicBool,
    luck: Luck,
    found: SocketAddr,
}

#[derive(Debug)]
enum Luck {
    /// The resolver hangs until the door opens.
    Hangs(Latch),
    /// Nobody listens at the address.
    LeadsTo(SocketAddr),
}

impl Lookup for BadStart {
    fn lookup(&self, _: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        if self.started.swap(true, Ordering::SeqCst) {
            return Some(Ok(vec![self.found]));
        }
        Some(match &self.luck {
            Luck::Hangs(door) => {
                door.wait();
                Err(io::ErrorKind::TimedOut.into())
            }
            Luck::LeadsTo(address) => Ok(vec![*address]),
        })
    }
}

/// The first connection is the one that places the call.
fn without_preflight(config: &mut Config) {
    config.engine.preflight = false;
}

/// Twilio by name, and not by address.
fn look_up_twilio(w: &mut World, luck: Luck) {
    let mut account = w.fake().config();
    account.base_url = format!("http://localhost:{}", w.fake().addr().port());
    let names = BadStart { started: AtomicBool::new(false), luck, found: w.fake().addr() };
    let engine = &w.parts.config.engine;
    let http = HttpClient::with_lookup(http_settings(&account, engine), Arc::new(names));
    let twilio = Twilio::with_http(&account, http);
    w.parts.providers = Arc::new(Only(Arc::new(twilio)));
}

/// The seed took it for a call that may have been made. Nothing had left: it is made again.
#[test]
fn s7_a_dead_resolver_ends_within_the_limit_and_what_had_not_begun_is_tried_again() {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_config(hasty);
    w.change_config(without_preflight);
    let door = Latch::default();
    look_up_twilio(&mut w, Luck::Hangs(door.clone()));
    let ana = w.meeting("in 100s");
    let ben = w.meeting_of("ben", "Standup", "in 101s");
    w.tick();
    door.open();
    let executed = vec!["EXECUTED(initiated)".to_owned()];
    assert_eq!((w.steps(ana), w.steps(ben)), (executed.clone(), executed));
    assert_eq!(w.attempt_states(ana), ["NOT_SENT", "ACCEPTED"]);
    w.phone("ana").rang(1);
    w.phone("ben").rang(1);
}

/// The seed retried once and gave up. It is once more in each tick now, while the window is open.
#[test]
fn s8_one_retry_in_each_tick_after_a_refused_connection() {
    let mut w = World::on_twilio(ONE_RUNG);
    let mut account = w.fake().config();
    account.base_url = FakeTwilio::refuse();
    w.parts.providers = Arc::new(Only(Arc::new(Twilio::new(&account, &w.parts.config.engine))));
    let m = w.meeting("in 180s");
    let began = w.now();
    let summary = w.tick();
    assert_eq!(w.attempt_states(m), ["NOT_SENT", "NOT_SENT"]);
    assert_eq!(w.now().since(began), 1000, "the retry waits a second");
    assert_eq!((w.steps(m), summary.exit()), (vec!["PENDING".to_owned()], Exit::Done));
    for _ in 0..5 {
        w.advance(30);
        w.tick();
    }
    // Nothing final is done for ten minutes after a boot, while no provider confirms the clock.
    w.advance(600);
    assert_eq!(w.tick().exit(), Exit::NotDone);
    let attempts = w.attempts(m).len();
    assert_eq!((w.steps(m), attempts), (vec!["FAILED(not_sent)".to_owned()], 12), "two in each of six ticks");
}

#[test]
fn s8_a_retry_that_works_is_a_call() {
    let mut w = World::on_twilio(ONE_RUNG);
    w.change_config(without_preflight);
    let nobody = FakeTwilio::refuse().trim_start_matches("http://").parse().unwrap();
    look_up_twilio(&mut w, Luck::LeadsTo(nobody));
    let m = w.meeting("in 180s");
    assert_eq!(w.tick().exit(), Exit::Done);
    assert_eq!(w.attempt_states(m), ["NOT_SENT", "ACCEPTED"]);
    w.phone("ana").rang(1);
}

#[test]
fn s8_no_retry_after_401_and_400() {
    for (status, body, words) in [
        (401, r#"{"code":20003,"message":"Authenticate"}"#, "FAILED(provider_setup)"),
        (400, r#"{"code":21211,"message":"Invalid 'To'"}"#, "FAILED(invalid_number)"),
        (400, r#"{"code":99999,"message":"What?"}"#, "FAILED(rejected)"),
    ] {
        let w = World::on_twilio(ONE_RUNG);
        let m = w.meeting("in 180s");
        w.fake().script([Behaviour::Status(status, body.into(), vec![])]);
        assert_eq!(w.tick().exit(), Exit::NotDone);
        w.advance(30);
        w.tick();
        assert_eq!((w.steps(m), w.posts()), (vec![words.to_owned()], 1));
        assert_eq!(w.attempt_states(m), ["REJECTED"]);
    }
}

#[test]
fn s12_joined_resolves_the_incident_and_cancels_its_steps() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    let ended = w.check_in(m);
    assert_eq!((ended.changed, ended.cancelled_steps, ended.hang_ups), (true, 1, 1));
    assert_eq!((w.state(m).as_str(), w.fake().calls()[0].status.as_str()), ("RESOLVED(joined)", "canceled"));
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "CANCELLED(joined)"]);
    w.advance(90);
    assert_eq!(w.tick().results, []);
    assert!(!w.check_in(m).changed);
    w.phone("ana").rang(1);
    // Before there was anything to end, and as "I will not be there".
    let early = w.meeting_of("ben", "Standup", "in 2h");
    w.check_in_missed(early);
    w.advance(2 * 3600 - 60);
    w.tick();
    assert_eq!(w.state(early), "MISSED(said_missed)");
    w.phone("ben").rang(0);
}

#[test]
fn s13_resolve_ends_the_incident_and_its_call() {
    let w = World::on_twilio("");
    let m = w.meeting("in 180s");
    w.tick();
    w.fake().set_status(&w.fake().calls()[0].sid, "in-progress");
    let ended = w.resolve(m, Some("joined from another room"));
    assert_eq!((ended.changed, ended.cancelled_steps, ended.hang_ups), (true, 1, 1));
    assert_eq!(w.incident(m).note.as_deref(), Some("joined from another room"));
    assert_eq!((w.state(m).as_str(), w.fake().calls()[0].status.as_str()), ("RESOLVED(operator)", "completed"));
    w.advance(90);
    w.tick();
    assert_eq!(w.steps(m), ["EXECUTED(initiated)", "CANCELLED(operator)"]);
    w.phone("ana").rang(1);
}

#[test]
fn s14_the_state_is_read_again_right_before_the_call() {
    for joined in [true, false] {
        let line = StandIn::before(Arc::new(Mock::new(&[])));
        let w = World::on_phone("", Arc::clone(&line) as _);
        let m = w.meeting("in 180s");
        let (store, now) = (Arc::clone(&w.parts.store), w.now());
        line.happens(move |_| {
            if joined {
                store.check_in(m, savehub::store::CheckIn::Joined, now).unwrap();
            } else {
                store.cancel_meeting(m, now).unwrap();
            }
        });
        let summary = w.tick();
        let reason = if joined { "joined" } else { "meeting_cancelled" };
        assert_eq!(w.steps(m), [format!("CANCELLED({reason})"), format!("CANCELLED({reason})")]);
        assert_eq!(w.attempt_states(m), ["NOT_SENT"]);
        assert_eq!(summary.exit(), Exit::Done);
        w.phone("ana").rang(0);
    }
}

#[test]
fn s14_a_window_that_closes_before_the_call_keeps_it_here() {
    let line = StandIn::before(Arc::new(Mock::new(&[])));
    let w = World::on_phone(ONE_RUNG, Arc::clone(&line) as _);
    let m = w.meeting("in 1s");
    let clock = Arc::clone(&w.clock);
    line.happens(move |_| clock.advance(Duration::from_secs(1)));
    assert_eq!(w.tick().exit(), Exit::NotDone);
    assert_eq!(w.steps(m), ["SKIPPED(outside_critical_window)"]);
    w.phone("ana").rang(0);
}

#[test]
fn s15_test_mode_does_everything_but_the_call() {
    let mut w = World::on_twilio("");
    w.change_config(|config| config.test_mode = true);
    w.parts.providers = Arc::new(Registry::new(&w.parts.config).unwrap());
    let m = w.meeting("in 180s");
    let summary = w.tick();
    let result = &summary.results[0];
    assert_eq!(result_words(&summary.results), ["EXECUTED(test_mode)"]);
    assert_eq!((result.status, result.provider), ("test_mode", Some(ProviderKind::Test)));
    assert!(result.call_id.as_ref().unwrap().starts_with("TEST-"));
    assert_eq!(w.fake().requests().len(), 0);
    // It counts as a call: the limit can be rehearsed, too.
    w.advance(90);
    w.tick();
    w.move_to(m, "in 170s");
    w.advance(60);
    w.tick();
    assert_eq!(w.steps(m), ["SKIPPED(max_calls_exceeded)", "PENDING"]);
    assert_eq!((w.fake().requests().len(), w.fake().connections()), (0, 0));
}
