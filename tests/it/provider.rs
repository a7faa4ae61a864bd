//! Every answer and every fault has its outcome, and none of them makes a second request.

use crate::support::alone::again;
use crate::support::fake_twilio::{
    ACCOUNT, Behaviour, Endpoint, FakeTwilio, Latch, TEST_ACCOUNT, TOKEN, answered, ends,
};
use crate::support::wire::field;
use crate::support::{Looks, Open, call, engine, in_file, phone, twilio_config};
use savehub::clock::ManualClock;
use savehub::http::Lookup;
use savehub::model::{
    Address, CallStatus, FenceReason, HangUp, NotSentCause, Outcome, Phone, Rejection, RejectionClass, Reply, Target,
    Timestamp,
};
use savehub::provider::http::{ANSWER_MAX, HttpClient};
use savehub::provider::twilio::{Twilio, http_settings};
use savehub::provider::{Provider, ProviderError};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PATIENT: Duration = Duration::from_secs(20);
/// Short enough to wait for, long enough for a busy machine.
const HASTY: Duration = Duration::from_secs(5);

fn twilio(fake: &FakeTwilio, limit: Duration) -> Twilio {
    Twilio::new(&fake.config(), &engine(limit))
}

/// Places one call that meets `behaviour`; checks that it was one request.
fn place(behaviour: Behaviour, limit: Duration) -> (Reply, FakeTwilio) {
    let fake = FakeTwilio::start();
    fake.script([behaviour]);
    let reply = twilio(&fake, limit).place(&call("Hello"), &Open);
    fake.wait_for_requests(1);
    assert_eq!(fake.requests().len(), 1, "{reply:?}");
    (reply, fake)
}

fn status(code: u16, body: &str) -> Behaviour {
    Behaviour::Status(code, body.into(), vec![])
}

fn raw(text: &str) -> Behaviour {
    Behaviour::Raw(text.as_bytes().to_vec())
}

fn unknown(behaviour: Behaviour, limit: Duration) -> (String, FakeTwilio) {
    match place(behaviour, limit) {
        (Reply { outcome: Outcome::Unknown(doubt), .. }, fake) => (doubt.detail, fake),
        (other, _) => panic!("{other:?}"),
    }
}

fn rejected(behaviour: Behaviour) -> Rejection {
    match place(behaviour, PATIENT).0.outcome {
        Outcome::Rejected(rejection) => rejection,
        other => panic!("{other:?}"),
    }
}

fn not_sent(reply: Reply) -> (NotSentCause, String) {
    match reply.outcome {
        Outcome::NotSent(not_sent) => (not_sent.cause, not_sent.detail),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_that_is_taken_is_accepted_under_its_sid() {
    let clock = Arc::new(ManualClock::at(call("").intent_at));
    let fake = FakeTwilio::with(clock, TOKEN);
    fake.set_date_offset_ms(-40_000);
    let reply = twilio(&fake, PATIENT).place(&call("Hello"), &Open);
    let Outcome::Accepted(accepted) = reply.outcome else { panic!("{reply:?}") };
    let made = fake.calls().remove(0);
    assert_eq!((accepted.sid, accepted.status), (made.sid, CallStatus::Queued));
    assert_eq!((made.to.as_str(), made.from.as_str()), (phone(23).expose(), phone(99).expose()));
    assert!(made.twiml.contains(">Hello</Say>"), "{}", made.twiml);
    assert_eq!(reply.meta.http_status, Some(201));
    assert!(reply.meta.request_id.unwrap().starts_with("RQ"));
    // The fake's clock stands still; the exchange itself took some milliseconds.
    let skew = reply.meta.skew_ms.unwrap();
    assert!((-60_000..=-40_000).contains(&skew), "{skew}");
}

#[test]
fn an_api_key_signs_while_the_account_stays_in_the_path() {
    let fake = FakeTwilio::start();
    let mut config = fake.config();
    config.auth =
        savehub::config::TwilioAuth::ApiKey { sid: "SK00000000000000000000000000000001".into(), secret: TOKEN.into() };
    let reply = Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &Open);
    assert!(matches!(reply.outcome, Outcome::Accepted(_)), "{reply:?}");
    assert!(fake.requests()[0].path().contains(ACCOUNT));
}

#[test]
fn nothing_was_sent_when_there_was_no_connection() {
    let placed = |base: &str| {
        let config = twilio_config(base, ACCOUNT, TOKEN);
        not_sent(Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &Open))
    };
    let (cause, detail) = placed(&FakeTwilio::refuse());
    assert_eq!(cause, NotSentCause::Connect, "{detail}");
    // A label of 64 characters is refused by the resolver itself: no query leaves.
    let (cause, detail) = placed(&format!("https://{}.invalid", "a".repeat(64)));
    assert_eq!(cause, NotSentCause::Dns, "{detail}");
    let (cause, detail) = placed("http://api.example.com");
    assert_eq!((cause, detail.as_str()), (NotSentCause::Other, "refusing to send credentials over plain http"));
}

/// Names that lead here or nowhere, at once or only when the time for them is over.
#[derive(Debug)]
struct Names {
    hang: bool,
    lead_to: Option<SocketAddr>,
    /// How long each may take.
    asked: Mutex<Vec<Duration>>,
}

impl Lookup for Names {
    fn lookup(&self, _: &str, _: u16, within: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        self.asked.lock().unwrap().push(within);
        let opened = self.hang && Latch::default().wait_for(within);
        assert!(!opened);
        let why = if self.hang { io::ErrorKind::TimedOut } else { io::ErrorKind::NotFound };
        Some(self.lead_to.map(|here| vec![here]).ok_or(why.into()))
    }
}

/// What comes of a request with this limit, and how long its name could have taken.
fn named(hang: bool, lead_to: Option<SocketAddr>, limit: Duration) -> ((NotSentCause, String), Duration) {
    let names = Arc::new(Names { hang, lead_to, asked: Mutex::default() });
    let config = twilio_config("https://api.example.com", ACCOUNT, TOKEN);
    let http = HttpClient::with_lookup(http_settings(&config, &engine(limit)), Arc::clone(&names) as _);
    let reply = Twilio::with_http(&config, http).place(&call("Hello"), &Open);
    let asked = names.asked.lock().unwrap();
    assert_eq!(asked.len(), 1, "{reply:?}");
    (not_sent(reply), asked[0])
}

#[test]
fn nothing_was_sent_when_the_name_did_not_resolve_or_hung() {
    let unknown = (NotSentCause::Dns, "the host name does not resolve".to_owned());
    assert_eq!(named(false, None, PATIENT).0, unknown);
    let hung = (NotSentCause::Dns, "no answer within 0.9 s (resolving the host name)".to_owned());
    assert_eq!(named(true, None, Duration::from_secs(1)).0, hung);
}

#[test]
fn a_name_has_time_for_a_second_name_server_under_every_limit_that_has_it() {
    for seconds in [8, 10, 20, 45] {
        let (_, within) = named(false, None, Duration::from_secs(seconds));
        // Some of it was used before the name was asked for.
        assert!(within > Duration::from_millis(6_500), "{seconds} s: {within:?}");
    }
}

#[test]
fn a_name_that_was_found_too_late_for_an_answer_gets_nothing_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let (outcome, _) = named(true, listener.local_addr().ok(), Duration::from_secs(1));
    assert_eq!(outcome, (NotSentCause::Connect, "no answer within 0.9 s (connecting)".into()));
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn nothing_was_sent_when_tls_failed() {
    let fake = FakeTwilio::start();
    let mut config = fake.config();
    config.base_url = config.base_url.replace("http:", "https:");
    let reply = Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &Open);
    let (cause, detail) = not_sent(reply);
    assert_eq!(cause, NotSentCause::Tls, "{detail}");
    config.route.trust = in_file("/nonexistent/ca.pem");
    let (cause, detail) = not_sent(Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &Open));
    assert_eq!(cause, NotSentCause::Tls);
    assert!(detail.contains("/nonexistent/ca.pem"), "{detail}");
    assert!(fake.requests().is_empty());
}

#[test]
fn a_gate_that_closes_while_connecting_keeps_every_byte_here() {
    let fake = FakeTwilio::start();
    let reply = twilio(&fake, PATIENT).place(&call("Hello"), &Looks::open_for(1));
    assert_eq!(not_sent(reply).0, NotSentCause::Fenced(FenceReason::IncidentEnded));
    assert_eq!(fake.wait_for_broken(), [b""], "there was a connection, and not even the head left");
    assert!(fake.requests().is_empty() && fake.calls().is_empty());
}

#[test]
fn a_gate_that_is_closed_at_once_connects_nowhere() {
    let fake = FakeTwilio::start();
    let reply = twilio(&fake, PATIENT).place(&call("Hello"), &Looks::open_for(0));
    assert_eq!(not_sent(reply).0, NotSentCause::Fenced(FenceReason::IncidentEnded));
    // A second call shows that the first left nothing behind on the wire.
    twilio(&fake, PATIENT).place(&call("Hello"), &Open);
    assert_eq!((fake.requests().len(), fake.calls().len()), (1, 1));
}

#[test]
fn silence_and_a_lost_reply_are_unknown_whether_or_not_the_call_exists() {
    let (reply, fake) = place(Behaviour::Silence, HASTY);
    // The answer may use all that the other phases left.
    assert!(reply.meta.elapsed_ms >= 5_000, "{reply:?}");
    let Outcome::Unknown(doubt) = reply.outcome else { panic!("{reply:?}") };
    assert_eq!(doubt.detail, "no answer within 5 s (waiting for the response)");
    assert!(fake.calls().is_empty());
    let (detail, fake) = unknown(Behaviour::CloseBeforeReply, PATIENT);
    assert_eq!(detail, "the connection was closed without an answer");
    assert!(fake.calls().is_empty());
    let (_, fake) = unknown(Behaviour::AcceptAndLoseReply, PATIENT);
    assert_eq!(fake.calls().len(), 1);
    let late = Latch::default();
    let (detail, fake) = unknown(Behaviour::AcceptThenDelay(late.clone()), HASTY);
    assert!(detail.contains("waiting for the response"), "{detail}");
    assert_eq!(fake.calls().len(), 1);
    late.open();
}

#[test]
fn an_answer_that_is_unreadable_or_cut_off_is_unknown() {
    let huge = ANSWER_MAX * 10;
    for (behaviour, words) in [
        (status(201, "{}"), "HTTP 201 without a call id"),
        (status(200, "<html>It works!</html>"), "HTTP 200 without a call id"),
        (raw("HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{\"sid\":\"CA1\""), "(HTTP 201) is incomplete"),
        (raw("HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\n{\"code\":21211}"), "(HTTP 400) is incomplete"),
        (raw("HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"code\""), "(HTTP 400) is incomplete"),
        (raw("HTTP/1.1 201 Created\r\nContent-Le"), "closed without an answer"),
        (raw("SSH-2.0-OpenSSH\r\n"), "not HTTP"),
        (status(201, &" ".repeat(huge)), "longer than 1048576 bytes"),
        (Behaviour::Status(307, String::new(), vec![("Location".into(), "/elsewhere".into())]), "HTTP 307"),
        (status(408, ""), "HTTP 408"),
        (status(409, "<html>conflict</html>"), "HTTP 409 without the provider's error code: it may be a proxy's"),
        (Behaviour::Status(499, String::new(), vec![]).accepted(), "HTTP 499 without the provider's error code"),
        (status(400, r#"{"message":"Bad Request"}"#), "HTTP 400 without the provider's error code"),
        (status(500, r#"{"code":20500,"message":"Internal Server Error"}"#), "HTTP 500, code 20500: Internal"),
        (status(503, ""), "HTTP 503"),
    ] {
        let (detail, _fake) = unknown(behaviour, PATIENT);
        assert!(detail.contains(words), "{detail}");
    }
}

#[test]
fn a_complete_refusal_is_rejected_with_its_class() {
    use RejectionClass::{Callee, Capacity, Other, Ours};
    for (behaviour, class, code) in [
        (status(400, r#"{"code":21211,"message":"no","status":400}"#), Callee, Some(21211)),
        (status(401, r#"{"code":20003,"message":"no","detail":"d"}"#), Ours, Some(20003)),
        (status(404, "<html>"), Ours, None),
        (status(407, "<html>"), Ours, None),
        (status(400, r#"{"code":99999}"#), Other, Some(99_999)),
        (status(400, r#"{"code":10004}"#), Capacity, Some(10004)),
    ] {
        let rejection = rejected(behaviour);
        assert_eq!((rejection.class, rejection.code, rejection.retry_after), (class, code, None));
    }
    let after = vec![("Retry-After".to_owned(), "7".to_owned())];
    let busy = rejected(Behaviour::Status(429, r#"{"code":20429,"message":"Too Many Requests"}"#.into(), after));
    assert_eq!((busy.class, busy.retry_after), (Capacity, Some(Duration::from_secs(7))));
    assert_eq!(busy.message, "Too Many Requests");
}

#[test]
fn a_call_whose_callback_is_refused_is_placed_once_more_without_it() {
    let fake = FakeTwilio::start();
    let mut config = fake.config();
    config.status_callback = Some("https://10.0.0.9/calls".into());
    let twilio = Twilio::new(&config, &engine(PATIENT));
    let callbacks = || -> Vec<bool> {
        let made = fake.requests().into_iter().filter(|request| request.method == "POST");
        made.map(|request| field(&request.form(), "StatusCallback").is_some()).collect()
    };
    let refused = || Behaviour::error(400, 21609, "Invalid 'StatusCallback' URL");
    fake.script([refused()]);
    let reply = twilio.place(&call("Hello"), &Open);
    assert!(matches!(reply.outcome, Outcome::Accepted(_)), "{reply:?}");
    assert_eq!((callbacks(), fake.calls().len()), (vec![true, false], 1));
    // Known from then on.
    twilio.place(&call("Hello"), &Open);
    assert_eq!(callbacks(), [true, false, false]);
    // Once, whatever the provider says then; and only for this reason.
    let fake = FakeTwilio::start();
    config.base_url = fake.base_url();
    fake.script([refused(), refused()]);
    let reply = Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &Open);
    assert!(matches!(reply.outcome, Outcome::Rejected(Rejection { code: Some(21609), .. })), "{reply:?}");
    assert_eq!(fake.requests().len(), 2);
    fake.script([Behaviour::error(400, 21212, "Invalid 'From'")]);
    Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &Open);
    assert_eq!(fake.requests().len(), 3);
}

#[test]
fn the_gate_is_asked_again_before_a_call_goes_out_without_its_callback() {
    let fake = FakeTwilio::start();
    let mut config = fake.config();
    config.status_callback = Some("https://10.0.0.9/calls".into());
    fake.script([Behaviour::error(400, 21609, "Invalid 'StatusCallback' URL")]);
    // Before the first, at its body, and no more.
    let reply = Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &Looks::open_for(2));
    assert_eq!(not_sent(reply).0, NotSentCause::Fenced(FenceReason::IncidentEnded));
    assert!(fake.calls().is_empty());
}

#[test]
fn a_proxys_word_says_nothing_about_a_call_or_the_account() {
    let (fake, now) = (FakeTwilio::start(), Timestamp::from_ms(0));
    let twilio = twilio(&fake, PATIENT);
    twilio.place(&call("Hello"), &Open);
    let sid = fake.calls()[0].sid.clone();
    let doubt = |code| Err(ProviderError::Transient(format!("HTTP {code} without the provider's error code")));
    fake.set_down(Endpoint::Fetch, Some(status(418, "<html>")));
    fake.set_down(Endpoint::Update, Some(status(499, "")));
    assert_eq!(twilio.fetch(&sid, now), doubt(418));
    assert_eq!(twilio.hang_up(&sid, HangUp::Completed, now), doubt(499));
    fake.set_down(Endpoint::Update, None);
    assert_eq!(twilio.hang_up(&sid, HangUp::Completed, now).unwrap().status, CallStatus::Completed);
    fake.set_down(Endpoint::Fetch, Some(Behaviour::error(403, 20006, "Access Denied")));
    assert!(matches!(twilio.fetch(&sid, now), Err(ProviderError::Refused(_))));
}

#[test]
fn test_credentials_refuse_their_magic_numbers() {
    let fake = FakeTwilio::start();
    let code = |from: &str, to: &str| {
        let config = twilio_config(&fake.base_url(), TEST_ACCOUNT, TOKEN);
        let mut request = call("Hello");
        request.from = Address::read(from);
        request.to = Target::call(Phone::parse(to).unwrap());
        match Twilio::new(&config, &engine(PATIENT)).place(&request, &Open).outcome {
            Outcome::Rejected(rejection) => {
                assert!(!rejection.message.contains("500555"), "{}", rejection.message);
                rejection.code
            }
            _ => None,
        }
    };
    let good = "+15005550006";
    assert_eq!(code("+15005550001", "+12025550123"), Some(21212));
    assert_eq!(code("+15005550009", "+12025550123"), Some(21210));
    for (to, expected) in [("+15005550001", 21217), ("+15005550002", 21214), ("+15005550003", 21215)] {
        assert_eq!(code(good, to), Some(expected));
    }
    assert_eq!(code(good, "+15005550004"), Some(21216));
    assert_eq!(code(good, "+12025550123"), None);
    assert!(fake.calls().is_empty(), "test credentials ring nobody");
}

#[test]
fn one_connection_serves_a_whole_tick() {
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake, PATIENT);
    let mut hosts = Vec::new();
    for _ in 0..3 {
        twilio.place(&call("Hello"), &Open);
    }
    fake.script([status(500, "no"), status(404, "")]);
    twilio.place(&call("Hello"), &Open);
    twilio.place(&call("Hello"), &Open);
    hosts.extend(fake.requests().iter().map(|r| r.header("host").unwrap().to_owned()));
    assert_eq!((hosts.len(), fake.connections()), (5, 1));
}

#[test]
fn a_call_is_followed_from_queued_to_its_end() {
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake, PATIENT);
    twilio.place(&call("Hello"), &Open);
    let sid = fake.calls()[0].sid.clone();
    let fetch = || twilio.fetch(&sid, Timestamp::from_ms(0)).unwrap();
    assert_eq!((fetch().status, fetch().answered_by), (CallStatus::Queued, None));
    fake.set_status(&sid, "ringing");
    assert_eq!(fetch().status, CallStatus::Ringing);
    fake.set_ended(&sid, "human", 12);
    let report = fetch();
    assert_eq!((report.status, report.duration_s), (CallStatus::Completed, Some(12)));
    assert_eq!(report.answered_by.as_deref(), Some("human"));
    assert!(report.skew_ms.unwrap() > 0);
    assert_eq!(twilio.fetch("CA0", Timestamp::from_ms(0)), Err(ProviderError::NotFound));
    assert_eq!(twilio.fetch("../../x?y", Timestamp::from_ms(0)), Err(ProviderError::NotFound));
    assert!(fake.requests().last().unwrap().target.ends_with("/Calls/..%2F..%2Fx%3Fy.json"));
}

#[test]
fn a_calls_whole_life_is_read_off_a_turned_clock() {
    use CallStatus::{Busy, Completed, InProgress, Queued, Ringing};
    let clock = Arc::new(ManualClock::at(call("").intent_at));
    let fake = FakeTwilio::with(Arc::clone(&clock) as _, TOKEN);
    let twilio = twilio(&fake, PATIENT);
    fake.set_life(answered(3, 9, "human", 12));
    twilio.place(&call("Hello"), &Open);
    fake.set_life(ends(5, "busy"));
    twilio.place(&call("Hello"), &Open);
    let sids: Vec<String> = fake.calls().into_iter().map(|c| c.sid).collect();
    let now = Timestamp::from_ms(0);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        first.push(twilio.fetch(&sids[0], now).unwrap().status);
        second.push(twilio.fetch(&sids[1], now).unwrap().status);
        clock.advance(Duration::from_secs(6));
    }
    assert_eq!(first, [Queued, Ringing, InProgress, InProgress, Completed]);
    assert_eq!(second, [Queued, Busy, Busy, Busy, Busy]);
    let report = twilio.fetch(&sids[0], now).unwrap();
    assert_eq!((report.duration_s, report.answered_by.as_deref(), report.price), (Some(12), Some("human"), None));
    fake.set_price(&sids[0], "-0.01300");
    assert_eq!(twilio.fetch(&sids[0], now).unwrap().price.as_deref(), Some("-0.01300"));
    assert_eq!(twilio.fetch(&sids[1], now).unwrap().duration_s, None);
}

#[test]
fn a_call_is_hung_up_and_one_that_has_ended_is_told_as_it_is() {
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake, PATIENT);
    let now = Timestamp::from_ms(0);
    twilio.place(&call("Hello"), &Open);
    let sid = fake.calls()[0].sid.clone();
    fake.set_status(&sid, "in-progress");
    assert_eq!(twilio.hang_up(&sid, HangUp::Canceled, now).unwrap().status, CallStatus::InProgress);
    assert_eq!(twilio.hang_up(&sid, HangUp::Completed, now).unwrap().status, CallStatus::Completed);
    // The fake refuses to end what has ended; the call itself is asked then.
    assert_eq!(twilio.hang_up(&sid, HangUp::Completed, now).unwrap().status, CallStatus::Completed);
    let requests = fake.requests();
    let last: Vec<&str> = requests.iter().rev().take(2).map(|r| r.method.as_str()).collect();
    assert_eq!(last, ["GET", "POST"]);
    assert_eq!(field(&requests[2].form(), "Status"), Some("completed"));
    assert_eq!(twilio.hang_up("CA0", HangUp::Completed, now), Err(ProviderError::NotFound));
}

#[test]
fn reading_fails_as_transient_not_found_or_refused() {
    let now = Timestamp::from_ms(0);
    let gone = Twilio::new(&twilio_config(&FakeTwilio::refuse(), ACCOUNT, TOKEN), &engine(PATIENT));
    assert!(matches!(gone.fetch("CA1", now), Err(ProviderError::Transient(_))));
    assert!(matches!(gone.hang_up("CA1", HangUp::Completed, now), Err(ProviderError::Transient(_))));
    let fake = FakeTwilio::start();
    let stranger = Twilio::new(&twilio_config(&fake.base_url(), ACCOUNT, "wrong"), &engine(PATIENT));
    assert!(matches!(stranger.fetch("CA1", now), Err(ProviderError::Refused(_))));
}

#[test]
fn sixteen_threads_place_sixteen_calls_over_one_client() {
    let fake = FakeTwilio::start();
    let twilio = twilio(&fake, PATIENT);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert!(matches!(twilio.place(&call("Hello"), &Open).outcome, Outcome::Accepted(_))));
        }
    });
    assert_eq!((fake.requests().len(), fake.calls().len()), (16, 16));
}

#[test]
fn a_proxy_in_the_environment_is_ignored() {
    // Cron's environment is not the one in which somebody tried it out. The environment of this process is shared by
    // its tests, so another process runs one of them.
    let mut process = again(a_call_that_is_taken_is_accepted_under_its_sid);
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "http_proxy", "https_proxy"] {
        process.env(name, FakeTwilio::refuse());
    }
    let ran = process.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success() && said.contains("1 passed"), "{said}");
}
