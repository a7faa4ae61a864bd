//! No secret, no full number and no long message in a log, an error or a Debug text, whatever happens.

use crate::support::alone::alone;
use crate::support::captured::logged;
use crate::support::fake_twilio::{ACCOUNT, Behaviour, FakeTwilio};
use crate::support::{Open, call, engine, phone};
use savehub::config::TwilioAuth;
use savehub::model::{HangUp, Timestamp};
use savehub::provider::Provider;
use savehub::provider::mock::Mock;
use savehub::provider::test_mode::TestMode;
use savehub::provider::twilio::Twilio;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

const CANARY: &str = "c4n4ryt0kenc4n4ryt0ken";
const PROXY_CANARY: &str = "pr0xyc4n4ry";
const CALLBACK_CANARY: &str = "c4llb4ckc4n4ry";

fn behaviours() -> Vec<Behaviour> {
    let echo = format!(
        r#"{{"code":21211,"message":"{} is no number; auth {CANARY} {} {}","status":400}}"#,
        phone(23).expose(),
        "x".repeat(150),
        phone(23).expose()
    );
    vec![
        Behaviour::Answer,
        Behaviour::Status(400, echo.clone(), vec![]),
        Behaviour::Status(500, echo, vec![("Location".into(), format!("/{CANARY}"))]),
        Behaviour::Status(401, format!("{CANARY} {}", phone(23).expose()), vec![]),
        Behaviour::CloseBeforeReply,
        Behaviour::Raw(format!("{CANARY}\r\n\r\n").into_bytes()),
        Behaviour::Status(307, String::new(), vec![("Location".into(), format!("http://x/{CANARY}"))]),
    ]
}

/// Does everything that can be done with a provider, and hands out all that it said.
fn rehearse() -> String {
    let fake = FakeTwilio::with(Arc::new(savehub::clock::SystemClock), CANARY);
    fake.script(behaviours());
    let mut config = fake.config();
    config.status_callback = Some(format!("https://example.com/{CALLBACK_CANARY}"));
    let twilio = Arc::new(Twilio::new(&config, &engine(Duration::from_secs(20))));
    let mut said = format!("{twilio:?}");
    let message = "The secret plans of ".repeat(20);
    for _ in behaviours() {
        let _ = write!(said, "{:?}", twilio.place(&call(&message), &Open));
    }
    let sid = fake.calls()[0].sid.clone();
    let _ = write!(said, "{:?}", twilio.fetch(&sid, Timestamp::from_ms(0)));
    for _ in 0..2 {
        let _ = write!(said, "{:?}", twilio.hang_up(&sid, HangUp::Completed, Timestamp::from_ms(0)));
    }
    Mock::new(&[]).place(&call(&message), &Open);
    TestMode::new(twilio).place(&call(&message), &Open);
    for base in [FakeTwilio::refuse(), "http://example.com".into(), fake.base_url().replace("http", "https")] {
        config.base_url = base;
        let reply = Twilio::new(&config, &engine(Duration::from_secs(20))).place(&call(&message), &Open);
        let _ = write!(said, "{reply:?}");
    }
    config.route.proxy = Some(format!("http://user:{PROXY_CANARY}@127.0.0.1:1"));
    config.base_url = "https://api.example.com".into();
    config.auth = TwilioAuth::ApiKey { sid: "SK1".into(), secret: format!("{CANARY}\n").into() };
    let proxied = Twilio::new(&config, &engine(Duration::from_secs(20)));
    let _ = write!(said, "{proxied:?} {:?}", proxied.place(&call(&message), &Open));
    said
}

#[test]
fn nothing_secret_is_said_and_the_log_holds_the_lines_people_grep_for() {
    alone(nothing_secret_is_said_and_the_log_holds_the_lines_people_grep_for, || {
        let (said, log) = logged(rehearse);
        let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{ACCOUNT}:{CANARY}"));
        for secret in [CANARY, PROXY_CANARY, CALLBACK_CANARY, &basic, &phone(23).expose()[1..], "Authorization"] {
            assert!(!log.contains(secret), "{secret} in the log:\n{log}");
        }
        for secret in [CANARY, PROXY_CANARY, CALLBACK_CANARY, &basic, &phone(23).expose()[1..]] {
            assert!(!said.contains(secret), "{secret} in:\n{said}");
        }
        let cut = "The secret plans of The secret plans of The secre…";
        for line in [
            "INFO [CALL] Creating TwiML for event=abc123, user=ana",
            "INFO [CALL] Twilio call initiated",
            "INFO [CALL] Twilio request id=RQ00000000000000000000000000000001",
            "ERROR [CALL] Twilio error - Reason=21211: ****0123 is no number; auth *** ",
            "ERROR [CALL] Twilio error - Reason=the connection was closed without an answer, Elapsed=",
            "INFO [CALL][MOCK] Mock call initiated",
            "INFO [CALL][MOCK] To=****0123",
            &format!("INFO [CALL][MOCK] Message=\"{cut}\""),
            "INFO [CALL][MOCK] Mock call SID=MOCK-tok1-no-answer-",
            "INFO [CALL] TEST MODE - Call not placed (simulated)",
        ] {
            assert!(log.contains(line), "{line} is not in the log:\n{log}");
        }
        assert!(!log.contains(&"The secret plans of ".repeat(3)), "a long message in the log:\n{log}");
    });
}
