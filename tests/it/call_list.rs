//! The list of calls is whole, or it is an error: a call it hides would be placed again.

use crate::support::fake_twilio::{ACCOUNT, Behaviour, Endpoint, FakeTwilio, Latch, ListShape, TOKEN, unanswered};
use crate::support::wire::field;
use crate::support::{Open, call, called, engine, phone, sender, twilio_config};
use savehub::clock::ManualClock;
use savehub::model::{CallList, CallStatus, Timestamp};
use savehub::provider::test_mode::TestMode;
use savehub::provider::twilio::{PAGE_MAX, PAGES_MAX, Twilio};
use savehub::provider::{Provider, ProviderError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const PATIENT: Duration = Duration::from_secs(20);
/// Long enough for a busy machine, short enough to wait for: an answer is awaited for 40 % of it.
const HASTY: Duration = Duration::from_secs(5);

fn twilio(fake: &FakeTwilio) -> Twilio {
    Twilio::new(&fake.config(), &engine(PATIENT))
}

fn now() -> Timestamp {
    call("").intent_at
}

/// A fake whose clock stands at [`now`], with so many calls to [`phone`] 23.
fn fake_with(calls: usize) -> (FakeTwilio, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(now()));
    let fake = FakeTwilio::with(Arc::clone(&clock) as _, TOKEN);
    for _ in 0..calls {
        twilio(&fake).place(&call("Hello"), &Open);
    }
    (fake, clock)
}

fn list(fake: &FakeTwilio) -> Result<CallList, ProviderError> {
    twilio(fake).list(&called(23), &[sender(99)], now())
}

fn sids(list: &CallList) -> Vec<String> {
    let mut sids: Vec<String> = list.calls.iter().map(|c| c.sid.clone()).collect();
    sids.sort();
    sids
}

fn all(fake: &FakeTwilio) -> Vec<String> {
    fake.calls().into_iter().map(|c| c.sid).collect()
}

/// What `list` says to a page of these entries and this `next_page_uri`.
fn answered_with(page: &Value) -> Result<CallList, ProviderError> {
    let (fake, _) = fake_with(0);
    fake.script_for(Endpoint::List, [Behaviour::Status(200, page.to_string(), vec![])]);
    list(&fake)
}

fn entry() -> Value {
    json!({
        "sid": "CA1", "status": "queued", "direction": "outbound-api", "parent_call_sid": null,
        "to": phone(23).expose(), "from": phone(99).expose(), "date_created": "Sun, 22 Nov 2026 09:00:00 +0000",
    })
}

fn page(entry: &Value) -> Value {
    json!({"calls": [entry], "next_page_uri": null})
}

fn changed(name: &str, value: Value) -> Value {
    let mut entry = entry();
    entry[name] = value;
    entry
}

fn transient(words: &str) -> ProviderError {
    ProviderError::Transient(format!("the provider's list of calls {words}"))
}

#[test]
fn a_list_is_asked_for_by_numbers_alone_and_never_by_start_time() {
    let (fake, _) = fake_with(0);
    assert!(twilio(&fake).keeps_a_list());
    assert_eq!(list(&fake).unwrap().calls, []);
    let requests = fake.requests();
    let names: Vec<String> = requests[0].query().into_iter().map(|(name, _)| name).collect();
    assert_eq!((requests.len(), names), (1, vec!["To".into(), "From".into(), "PageSize".into()]));
    assert_eq!(field(&requests[0].query(), "To"), Some(phone(23).expose()));
}

#[test]
fn a_listed_call_has_its_sid_status_and_the_providers_time_of_creation() {
    let (fake, clock) = fake_with(0);
    fake.set_life(unanswered(2, 20));
    twilio(&fake).place(&call("Hello"), &Open);
    clock.advance(Duration::from_secs(5));
    fake.set_date_offset_ms(-40_000);
    let list = list(&fake).unwrap();
    let only = &list.calls[0];
    assert_eq!((only.status, only.created_at), (CallStatus::Ringing, now()));
    assert_eq!(only.sid, fake.calls()[0].sid);
    // Its `Date` is 35 s behind our clock, which stands still; the exchange took a moment.
    assert_eq!(list.server_now, now().minus(Duration::from_secs(35)));
    assert!((-36_000..=-35_000).contains(&list.skew_ms.unwrap()), "{:?}", list.skew_ms);
}

#[test]
fn without_a_date_the_providers_time_is_ours() {
    let (fake, _) = fake_with(0);
    let bare = br#"HTTP/1.1 200 OK
Content-Length: 35

{"calls":[],"next_page_uri":null}  "#;
    fake.script_for(Endpoint::List, [Behaviour::Raw(bare.to_vec())]);
    let list = list(&fake).unwrap();
    assert_eq!(list.skew_ms, None);
    assert!((0..2_000).contains(&list.server_now.since(now())));
}

#[test]
fn a_list_of_several_pages_is_read_to_its_end_over_one_connection() {
    let (fake, _) = fake_with(7);
    fake.set_list_shape(ListShape { page_max: 3, twins: false });
    let (before, connections) = (fake.requests().len(), fake.connections());
    assert_eq!(sids(&list(&fake).unwrap()), all(&fake));
    assert_eq!((fake.requests().len() - before, fake.connections() - connections), (3, 1));
}

#[test]
fn a_page_of_a_thousand_real_sized_calls_is_read() {
    let mut big = entry();
    big["subresource_uris"] = json!("x".repeat(1500));
    let entries: Vec<Value> = (0..PAGE_MAX)
        .map(|n| {
            big["sid"] = json!(format!("CA{n:032x}"));
            big.clone()
        })
        .collect();
    let read = answered_with(&json!({"calls": entries, "next_page_uri": null})).unwrap();
    assert_eq!(read.calls.len(), PAGE_MAX);
}

#[test]
fn a_list_that_never_ends_is_an_error() {
    let (fake, _) = fake_with(PAGES_MAX + 1);
    fake.set_list_shape(ListShape { page_max: 1, twins: false });
    assert_eq!(list(&fake), Err(transient("goes on after 10 pages")));
    let (fake, _) = fake_with(PAGES_MAX);
    fake.set_list_shape(ListShape { page_max: 1, twins: false });
    assert_eq!(list(&fake).unwrap().calls.len(), PAGES_MAX);
}

#[test]
fn inbound_twins_and_child_calls_are_not_ours() {
    let (fake, _) = fake_with(2);
    fake.set_list_shape(ListShape { twins: true, ..ListShape::default() });
    assert_eq!(sids(&list(&fake).unwrap()), all(&fake));
    for (name, value) in [("direction", "inbound"), ("direction", "outbound-dial"), ("parent_call_sid", "CA0")] {
        assert_eq!(answered_with(&page(&changed(name, json!(value)))).unwrap().calls, []);
    }
}

#[test]
fn a_call_that_stands_on_two_pages_is_one_call() {
    let (fake, _) = fake_with(0);
    let first = json!({"calls": [entry()], "next_page_uri": "/2"}).to_string();
    let second = json!({"calls": [entry()], "next_page_uri": ""}).to_string();
    fake.script_for(Endpoint::List, [Behaviour::Status(200, first, vec![])]);
    fake.set_down(Endpoint::Other, Some(Behaviour::Status(200, second, vec![])));
    assert_eq!(sids(&list(&fake).unwrap()), ["CA1"]);
    assert_eq!(fake.requests()[1].target, "/2");
}

#[test]
fn credentials_follow_a_list_to_no_other_host() {
    let other = FakeTwilio::start();
    for next in [
        format!("{}/2010-04-01/x", other.base_url()),
        format!("//{}/x", other.addr()),
        format!("@{}/x", other.addr()),
        "https://api.twilio.com/x".to_owned(),
        "x".to_owned(),
        ".example.com/x".to_owned(),
    ] {
        let list = answered_with(&json!({"calls": [], "next_page_uri": next}));
        assert_eq!(list, Err(transient("goes on at another address")), "{next}");
    }
    assert_eq!(other.connections(), 0);
}

#[test]
fn a_whole_address_of_the_same_host_is_followed() {
    let (fake, _) = fake_with(0);
    let next = format!("{}/more?Page=1", fake.base_url());
    let (first, last) = (json!({"calls": [], "next_page_uri": next}), page(&entry()));
    fake.script_for(Endpoint::List, [Behaviour::Status(200, first.to_string(), vec![])]);
    fake.set_down(Endpoint::Other, Some(Behaviour::Status(200, last.to_string(), vec![])));
    assert_eq!(sids(&list(&fake).unwrap()), ["CA1"]);
}

#[test]
fn an_entry_that_cannot_be_read_spoils_the_list() {
    let unreadable = transient("holds a call that cannot be read");
    for (name, value) in [
        ("sid", json!("")),
        ("sid", json!(5)),
        ("sid", Value::Null),
        ("direction", Value::Null),
        ("status", Value::Null),
        ("date_created", Value::Null),
        ("date_created", json!("yesterday")),
    ] {
        assert_eq!(answered_with(&page(&changed(name, value.clone()))), Err(unreadable.clone()), "{name} {value}");
    }
    assert_eq!(answered_with(&page(&json!("CA1"))), Err(unreadable));
    for name in ["to", "from"] {
        let list = answered_with(&page(&changed(name, json!(phone(55).expose()))));
        assert_eq!(list, Err(transient("holds a call between other numbers")));
    }
}

#[test]
fn a_list_that_does_not_say_whether_it_goes_on_is_an_error() {
    for (answer, words) in [
        (json!({"calls": []}), "does not say whether it goes on"),
        (json!({"calls": [], "next_page_uri": 2}), "does not say whether it goes on"),
        (json!({"next_page_uri": null}), "holds no calls"),
        (json!({"calls": {}, "next_page_uri": null}), "holds no calls"),
        (json!("<html>"), "holds no calls"),
    ] {
        assert_eq!(answered_with(&answer), Err(transient(words)));
    }
}

#[test]
fn a_list_that_is_cut_off_on_any_page_is_an_error() {
    let page = page(&entry()).to_string();
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len() + 1);
    let endless = Behaviour::Status(200, " ".repeat(5 << 20), vec![]);
    for (lie, words) in [
        (Behaviour::Raw(cut.into_bytes()), "(HTTP 200) is incomplete"),
        (endless, "is incomplete: longer than"),
        (Behaviour::html(), "is not JSON"),
        (Behaviour::garbage(), "not HTTP"),
        (Behaviour::CloseBeforeReply, "closed without an answer"),
        (Behaviour::Reset, "connection"),
        (Behaviour::server_error(), "HTTP 500"),
        (Behaviour::redirect(), "HTTP 307"),
        (Behaviour::too_many(3), "20429"),
    ] {
        // On the first page, and behind a good one.
        for good in [0, 1] {
            let (fake, _) = fake_with(2);
            fake.set_list_shape(ListShape { page_max: 1, twins: false });
            fake.script_for(Endpoint::List, vec![Behaviour::Answer; good].into_iter().chain([lie.clone()]));
            let error = list(&fake).unwrap_err();
            assert!(matches!(&error, ProviderError::Transient(said) if said.contains(words)), "{error:?}");
        }
    }
}

#[test]
fn a_list_nobody_answers_is_transient_and_one_that_is_refused_is_not() {
    let gone = Twilio::new(&twilio_config(&FakeTwilio::refuse(), ACCOUNT, TOKEN), &engine(PATIENT));
    let ask = |twilio: &Twilio| twilio.list(&called(23), &[sender(99)], now());
    assert!(matches!(ask(&gone), Err(ProviderError::Transient(_))));
    let (fake, _) = fake_with(0);
    fake.set_down(Endpoint::List, Some(Behaviour::Silence));
    let hasty = Twilio::new(&fake.config(), &engine(HASTY));
    assert!(matches!(ask(&hasty), Err(ProviderError::Transient(said)) if said.starts_with("no answer within 5 s")));
    fake.set_down(Endpoint::List, None);
    assert!(ask(&hasty).is_ok());
    let stranger = Twilio::new(&twilio_config(&fake.base_url(), ACCOUNT, "wrong"), &engine(PATIENT));
    assert!(matches!(ask(&stranger), Err(ProviderError::Refused(_))));
    let elsewhere = Twilio::new(&twilio_config(&fake.base_url(), "ACelsewhere", TOKEN), &engine(PATIENT));
    assert!(ask(&elsewhere).is_err());
}

#[test]
fn a_list_that_lags_hides_a_call_until_the_clock_or_the_test_says_so() {
    let (fake, clock) = fake_with(1);
    fake.set_list_lag(Duration::from_secs(25));
    assert_eq!(list(&fake).unwrap().calls, []);
    clock.advance(Duration::from_secs(25));
    assert_eq!(sids(&list(&fake).unwrap()), all(&fake));
    let shown = Latch::default();
    fake.hide_from_list(&shown);
    assert_eq!(list(&fake).unwrap().calls, []);
    shown.open();
    assert_eq!(sids(&list(&fake).unwrap()), all(&fake));
}

#[test]
fn other_peoples_calls_are_not_in_the_list() {
    let (fake, _) = fake_with(1);
    let mut other = call("Hello");
    other.to = called(24);
    twilio(&fake).place(&other, &Open);
    let list = |last| twilio(&fake).list(&called(last), &[sender(99)], now()).unwrap().calls.len();
    assert_eq!((fake.calls().len(), list(23), list(24), list(25)), (2, 1, 1, 0));
}

#[test]
fn test_mode_keeps_no_list_and_asks_nobody() {
    let (fake, _) = fake_with(0);
    let test = TestMode::new(Arc::new(twilio(&fake)));
    assert!(!test.keeps_a_list());
    assert!(test.list(&called(23), &[sender(99)], now()).is_err());
    assert_eq!(fake.connections(), 0);
}
