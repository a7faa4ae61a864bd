//! Webhooks: what is posted, and what an answer means.

use crate::channels::{NOW, named, not_sent, taken, unknown};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_tls::{FakeTls, Tls};
use crate::support::fake_twilio::FakeTwilio;
use crate::support::{Looks, Open, direct, in_file, wire};
use savehub::config::{Later, WebhookConfig, WebhookFormat};
use savehub::model::{
    FenceReason, MeetingWords, NotSentCause, Outcome, Rejection, RejectionClass, Reply, Request, RungKind, Timestamp,
};
use savehub::provider::Provider;
use savehub::provider::webhook::Webhooks;
use serde_json::json;
use std::time::Duration;

fn webhook(url: &str) -> WebhookConfig {
    WebhookConfig {
        name: "phone".into(),
        url: Later::here("url", url.into()),
        format: WebhookFormat::Json,
        headers: vec![("Title".into(), Later::here("value", "savehub".into()))],
        allow_http: false,
        timeout: Duration::from_secs(20),
        route: direct(),
    }
}

fn post(webhook: &WebhookConfig, request: &Request) -> Reply {
    Webhooks::new(std::slice::from_ref(webhook)).place(request, &Open)
}

fn phone() -> Request {
    named(RungKind::Webhook, "phone")
}

/// The only request a receiver gets.
fn received(format: WebhookFormat, request: &Request) -> wire::Request {
    let receiver = FakeFeed::start(Serves::status(200));
    assert_eq!(post(&WebhookConfig { format, ..webhook(&receiver.url()) }, request).outcome, taken("WEBHOOK-tok1"));
    let mut requests = receiver.requests();
    assert_eq!(requests.len(), 1);
    requests.remove(0)
}

fn json_of(request: &Request) -> serde_json::Value {
    serde_json::from_str(&received(WebhookFormat::Json, request).body).unwrap()
}

#[test]
fn the_facts_and_the_text_are_posted_as_json_under_the_key_of_the_step() {
    let got = received(WebhookFormat::Json, &phone());
    assert_eq!((got.method.as_str(), got.header("content-type")), ("POST", Some("application/json")));
    assert_eq!((got.header("idempotency-key"), got.header("title")), (Some("key1"), Some("savehub")));
    assert_eq!((got.header("authorization"), got.header("transfer-encoding")), (None, None));
    let meeting = "\"event\":\"abc123\",\"title\":\"Board sync\",\"starts_at\":\"2026-11-22T09:12:00.000Z\",\
                   \"minutes_left\":12,\"link\":\"https://meet.example.com/1\"";
    let body = format!(
        "{{\"schema\":1,\"key\":\"key1\",\"kind\":\"before_start\",\"incident\":\"i7\",\"person_id\":\"ana\",\
         \"person\":\"Ana\",{meeting},\"text\":\"Board sync starts in 12 minutes.\",\"meetings\":[{{{meeting}}}]}}"
    );
    assert_eq!(got.body, body);
}

#[test]
fn the_manual_names_everything_in_the_json() {
    let all = json_of(&phone());
    for name in all.as_object().unwrap().keys() {
        let bold = crate::channels::MAN
            .lines()
            .any(|line| line.starts_with(".B") && line.split([' ', '"']).any(|word| word == name));
        assert!(bold, "{name}");
    }
}

#[test]
fn a_test_has_no_meeting_and_after_the_start_the_minutes_are_negative() {
    let mut request = phone();
    request.facts.meetings[0].starts_at = Timestamp::from_ms(NOW.ms() - 5 * 60_000);
    let late = json_of(&request);
    assert_eq!((&late["kind"], &late["minutes_left"]), (&json!("after_start"), &json!(-5)));
    request.facts = savehub::model::RequestFacts::default();
    let test = json_of(&request);
    assert_eq!((&test["kind"], &test["event"], &test["meetings"]), (&json!("test"), &json!(null), &json!([])));
}

#[test]
fn several_meetings_are_all_there_and_hostile_texts_are_harmless() {
    let mut request = phone();
    let title = format!("a\u{1b}[31m\"\\\u{202e}\u{0}</x>🎉{}", "y".repeat(5000));
    request.facts.meetings.push(MeetingWords { uid: "2".into(), title, starts_at: NOW, link: None });
    let all = json_of(&request);
    assert_eq!((all["meetings"].as_array().unwrap().len(), &all["event"]), (2, &json!("abc123")));
    let shown = all["meetings"][1]["title"].as_str().unwrap();
    assert!(shown.starts_with("a [31m\"\\ </x>🎉yyy") && shown.chars().count() == 1000, "{shown}");
    assert_eq!(all["meetings"][1]["link"], json!(null));
}

#[test]
fn a_receiver_of_text_gets_the_text_alone() {
    let got = received(WebhookFormat::Text, &Request { message: "Ana\u{7}, go!\nNow".into(), ..phone() });
    assert_eq!(got.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!((got.body.as_str(), got.header("idempotency-key")), ("Ana , go!\nNow", Some("key1")));
}

#[test]
fn an_answer_is_taken_refused_or_unknown_and_nothing_is_sent_twice() {
    use RejectionClass::{Capacity, Other};
    let refused = |class, message: &str, retry_after: Option<u64>| {
        let retry_after = retry_after.map(Duration::from_secs);
        Outcome::Rejected(Rejection { class, code: None, message: message.into(), retry_after })
    };
    let to = "https://example.com/elsewhere";
    let moved =
        |status| format!("HTTP {status}: a redirect, not followed; write the address it leads to into the config");
    let later = Serves::Answer(429, vec![("Retry-After", "7".into())], vec![]);
    for (serves, outcome) in [
        (Serves::status(204), taken("WEBHOOK-tok1")),
        (Serves::redirect(301, to), refused(Other, &moved(301), None)),
        (Serves::redirect(307, to), refused(Other, &moved(307), None)),
        (Serves::status(400), refused(Other, "HTTP 400", None)),
        (Serves::status(403), refused(Other, "HTTP 403: no access; is there a header missing?", None)),
        (Serves::status(404), refused(Other, "HTTP 404: nobody is there; is the address right?", None)),
        (later, refused(Capacity, "HTTP 429: too many requests", Some(7))),
    ] {
        let receiver = FakeFeed::start(serves);
        assert_eq!(post(&webhook(&receiver.url()), &phone()).outcome, outcome);
        assert_eq!(receiver.requests().len(), 1);
    }
    for (serves, detail) in [
        (Serves::status(500), "HTTP 500"),
        (Serves::status(503), "HTTP 503"),
        (Serves::status(409), "HTTP 409: it may have been done"),
        (Serves::status(499), "HTTP 499: it may have been done"),
        (Serves::status(408), "HTTP 408: the receiver says the request timed out"),
        (Serves::Raw(Vec::new()), "the connection was closed without an answer"),
        (
            Serves::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx".to_vec()),
            "the answer (HTTP 200) is incomplete: the connection was closed",
        ),
    ] {
        let receiver = FakeFeed::start(serves);
        assert_eq!(unknown(post(&webhook(&receiver.url()), &phone())), detail);
        assert_eq!(receiver.requests().len(), 1);
    }
}

#[test]
fn a_silent_receiver_is_unknown_within_the_limit_and_the_repeat_has_the_same_key() {
    let receiver = FakeFeed::start(Serves::status(200));
    receiver.script([Serves::Silence]);
    let hasty = WebhookConfig { timeout: Duration::from_secs(2), ..webhook(&receiver.url()) };
    assert_eq!(unknown(post(&hasty, &phone())), "no answer within 2 s (waiting for the response)");
    let repeat = Request { token: "tok2".into(), ..phone() };
    assert_eq!(post(&webhook(&receiver.url()), &repeat).outcome, taken("WEBHOOK-tok2"));
    let (requests, key) = (receiver.requests(), Some("key1"));
    assert_eq!(requests.iter().map(|r| r.header("idempotency-key")).collect::<Vec<_>>(), [key, key]);
    assert_eq!(requests[0].body, requests[1].body);
}

#[test]
fn the_gate_is_asked_before_the_connection_and_before_the_body() {
    for (nth, connections) in [(1, 0), (2, 1)] {
        let receiver = FakeFeed::start(Serves::status(200));
        let gate = Looks::closed_at(nth);
        let reply = Webhooks::new(&[webhook(&receiver.url())]).place(&phone(), &gate);
        assert_eq!(not_sent(reply).0, NotSentCause::Fenced(FenceReason::IncidentEnded));
        assert_eq!((gate.count(), receiver.connections(connections), receiver.requests().len()), (nth, connections, 0));
    }
}

#[test]
fn a_webhook_is_posted_over_tls_under_its_own_authority() {
    let server = FakeTls::start(Tls::Answers(200, "ok".into()));
    let mut config = webhook(&server.base_url());
    assert_eq!(not_sent(post(&config, &phone())).0, NotSentCause::Tls);
    config.route.trust = in_file(server.ca_file());
    assert_eq!(post(&config, &phone()).outcome, taken("WEBHOOK-tok1"));
    assert!(server.came().contains("POST / HTTP/1.1\r\n"));
}

#[test]
fn what_is_not_there_or_not_allowed_is_never_sent() {
    let (cause, _) = not_sent(post(&webhook(&FakeTwilio::refuse()), &phone()));
    assert_eq!(cause, NotSentCause::Connect);
    let (cause, detail) = not_sent(post(&webhook("http://192.0.2.1/x"), &phone()));
    assert_eq!(cause, NotSentCause::Locked);
    assert!(detail.starts_with("no address comes from `url`: http:// shows everything"), "{detail}");
    let other = not_sent(post(&webhook("https://example.com"), &named(RungKind::Webhook, "lamp\u{1b}")));
    assert_eq!(other, (NotSentCause::Other, "the config has no [webhook.lamp]".into()));
}
