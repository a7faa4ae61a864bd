//! What leaves for Twilio is what its official SDKs send.

use crate::support::fake_twilio::FakeTwilio;
use crate::support::wire::{Request, field, form_decode};
use crate::support::{Open, call, engine};
use savehub::model::{Address, HangUp, Outcome, Phone, Target, Timestamp};
use savehub::provider::Provider;
use savehub::provider::http::form_encode;
use savehub::provider::twilio::{Ring, Twilio, create_form};
use std::time::Duration;

const PYTHON_CREATE: &str = include_str!("../data/twilio/python_calls_create.txt");
const PYTHON_CREATE_FULL: &str = include_str!("../data/twilio/python_calls_create_full.txt");
const NODE_CREATE: &str = include_str!("../data/twilio/node_calls_create.txt");
const PYTHON_UPDATE: &str = include_str!("../data/twilio/python_calls_update_completed.txt");
const NODE_UPDATE: &str = include_str!("../data/twilio/node_calls_update_completed.txt");

/// Headers both SDKs send with a value that does not name the SDK.
const SHARED_HEADERS: [&str; 4] = ["Authorization", "Content-Type", "Accept", "Accept-Charset"];

fn recorded_phone(recorded: &Request, name: &str) -> Phone {
    Phone::parse(field(&recorded.form(), name).unwrap()).unwrap()
}

/// The message of the recordings, placed with their numbers and callback.
fn placed() -> Request {
    let recorded = Request::recorded(PYTHON_CREATE);
    let fake = FakeTwilio::start();
    let mut config = fake.config();
    config.status_callback = field(&recorded.form(), "StatusCallback").map(str::to_owned);
    let mut request = call(r#"This is SaveHub. Your meeting "R&D sync" starts in 2 minutes."#);
    request.to = Target::call(recorded_phone(&recorded, "To"));
    request.from = Address::Phone(recorded_phone(&recorded, "From"));
    let reply = Twilio::new(&config, &engine(Duration::from_secs(20))).place(&request, &Open);
    assert!(matches!(reply.outcome, Outcome::Accepted(_)), "{reply:?}");
    fake.requests().remove(0)
}

fn same_head(ours: &Request, recorded: &Request) {
    assert_eq!((&ours.method, &ours.target), (&recorded.method, &recorded.target));
    for name in SHARED_HEADERS {
        assert_eq!(ours.header(name), recorded.header(name), "{name}");
    }
    assert_eq!(ours.header("Content-Length"), Some(ours.body.len().to_string().as_str()));
    assert_eq!(ours.header("User-Agent"), Some(concat!("savehub/", env!("CARGO_PKG_VERSION"))));
    assert!(ours.header("Transfer-Encoding").is_none() && ours.header("Expect").is_none());
}

#[test]
fn a_call_is_created_with_the_sdks_head() {
    let ours = placed();
    for recorded in [PYTHON_CREATE, NODE_CREATE] {
        same_head(&ours, &Request::recorded(recorded));
    }
}

#[test]
fn a_calls_fields_have_the_sdks_names_values_and_order() {
    let (ours, recorded) = (placed().form(), Request::recorded(PYTHON_CREATE).form());
    let names: Vec<&str> = ours.iter().map(|(name, _)| name.as_str()).collect();
    // The order of Twilio's OpenAPI file, which both SDKs keep.
    assert_eq!(
        names,
        [
            "To",
            "From",
            "StatusCallback",
            "StatusCallbackEvent",
            "StatusCallbackEvent",
            "StatusCallbackEvent",
            "StatusCallbackEvent",
            "StatusCallbackMethod",
            "Timeout",
            "Twiml"
        ]
    );
    let common: Vec<_> = ours.iter().filter(|(n, _)| field(&recorded, n).is_some() && n != "Twiml").collect();
    assert_eq!(common, recorded.iter().filter(|(n, _)| n != "Twiml").collect::<Vec<_>>());
    // The document differs in its declaration and attributes; the words in it do not.
    let words = |form: &[(String, String)]| {
        let twiml = field(form, "Twiml").unwrap().replace("&amp;", "&");
        let (_, said) = twiml.split_once("<Say").unwrap();
        said.split_once('>').unwrap().1.split("</Say>").next().unwrap().to_owned()
    };
    assert_eq!(words(&ours), words(&recorded));
}

#[test]
fn a_form_is_the_python_sdks_byte_by_byte() {
    for recorded in [PYTHON_CREATE, PYTHON_UPDATE, NODE_UPDATE].map(Request::recorded) {
        let form = recorded.form();
        let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(form_encode(&fields), recorded.body);
    }
}

#[test]
fn without_a_callback_no_callback_field_is_sent() {
    let ring = Ring { timeout: Duration::from_secs(45), machine_detection: false };
    let form = create_form(&crate::support::phone(23), &crate::support::phone(99), None, ring, "<Response/>");
    let names: Vec<String> = form_decode(&form).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["To", "From", "Timeout", "Twiml"]);
}

#[test]
fn machine_detection_is_asked_for_as_the_sdk_does_and_does_not_hold_up_the_words() {
    let recorded = Request::recorded(PYTHON_CREATE_FULL).form();
    let ring = Ring { timeout: Duration::from_secs(45), machine_detection: true };
    let ours =
        form_decode(&create_form(&crate::support::phone(23), &crate::support::phone(99), None, ring, "<Response/>"));
    let names: Vec<&str> = ours.iter().map(|(name, _)| name.as_str()).collect();
    let same: Vec<&str> = recorded.iter().map(|(name, _)| name.as_str()).filter(|n| names.contains(n)).collect();
    assert_eq!(same, names, "the order of the SDK");
    for name in ["MachineDetection", "AsyncAmd"] {
        assert_eq!(field(&ours, name), field(&recorded, name), "{name}");
    }
}

#[test]
fn a_call_is_ended_with_the_sdks_request() {
    let fake = FakeTwilio::start();
    let twilio = Twilio::new(&fake.config(), &engine(Duration::from_secs(20)));
    let recorded = Request::recorded(PYTHON_UPDATE);
    let sid = recorded.path().rsplit('/').next().unwrap().trim_end_matches(".json").to_owned();
    let ended = twilio.hang_up(&sid, HangUp::Completed, Timestamp::from_ms(0));
    assert!(ended.is_err(), "the fake does not know the recorded call");
    let ours = fake.requests().remove(0);
    for recorded in [PYTHON_UPDATE, NODE_UPDATE].map(Request::recorded) {
        same_head(&ours, &recorded);
        assert_eq!(ours.body, recorded.body);
    }
}
