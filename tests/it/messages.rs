//! Text messages through Twilio: what leaves, what comes back, and that each is told from every other one.

use crate::support::fake_twilio::{Behaviour, Endpoint, FakeTwilio, ListShape, TEST_ACCOUNT, TOKEN};
use crate::support::wire::Request as Wire;
use crate::support::{Looks, Open, call, engine, phone, twilio_config};
use savehub::clock::ManualClock;
use savehub::model::{
    Address, CallList, CallStatus, FenceReason, HangUp, MeetingWords, NotSent, NotSentCause, Outcome, Phone,
    RejectionClass, Reply, Request, RequestFacts, RungKind, Target, Timestamp, tag,
};
use savehub::provider::http::form_encode;
use savehub::provider::twilio::{BODY_MAX, Messages, Twilio};
use savehub::provider::{Provider, ProviderError, meaning, remedy};
use std::sync::Arc;
use std::time::Duration;

const PYTHON_CREATE: &str = include_str!("../data/twilio/python_messages_create.txt");
const NODE_CREATE: &str = include_str!("../data/twilio/node_messages_create.txt");

fn now() -> Timestamp {
    call("").intent_at
}

/// A fake whose clock stands at [`now`].
fn fake() -> (FakeTwilio, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(now()));
    (FakeTwilio::with(Arc::clone(&clock) as _, TOKEN), clock)
}

fn messages(fake: &FakeTwilio) -> Messages {
    Messages::of(Arc::new(Twilio::new(&fake.config(), &engine(Duration::from_secs(20)))))
}

/// A message to [`phone`] 23, of the step with this key.
fn sms(key: &str, message: &str) -> Request {
    Request { key: key.into(), to: Target::sms(phone(23)), ..call(message) }
}

fn send(fake: &FakeTwilio, request: &Request) -> Reply {
    messages(fake).place(request, &Open)
}

fn list(fake: &FakeTwilio) -> Result<CallList, ProviderError> {
    messages(fake).list(&Target::sms(phone(23)), &messages(fake).senders(), now())
}

fn starting_in(seconds: u64) -> RequestFacts {
    let starts_at = now().plus(Duration::from_secs(seconds));
    let words = MeetingWords { uid: "abc123".into(), title: "Sync".into(), starts_at, link: None };
    RequestFacts { meetings: vec![words], ..RequestFacts::default() }
}

// --- what leaves ---

#[test]
fn a_message_leaves_as_the_sdks_send_it_with_its_tag_and_an_end() {
    let (fake, _) = fake();
    let reply = send(&fake, &Request { facts: starting_in(300), ..sms("key-1", "Meeting \"R&D\" in 5 min ☎️") });
    let sent = fake.sent().remove(0);
    let Outcome::Accepted(taken) = reply.outcome else { panic!("{reply:?}") };
    assert_eq!((&taken.sid, taken.status), (&sent.sid, CallStatus::Queued));
    let ours = fake.requests().remove(0);
    for recorded in [PYTHON_CREATE, NODE_CREATE].map(Wire::recorded) {
        assert_eq!((&ours.method, &ours.target), (&recorded.method, &recorded.target));
        for name in ["Authorization", "Content-Type", "Accept", "Accept-Charset"] {
            assert_eq!(ours.header(name), recorded.header(name), "{name}");
        }
    }
    let expected = [
        ("To", "+12025550123"),
        ("ValidityPeriod", "300"),
        ("From", "+12025550199"),
        ("Body", &format!("Meeting \"R&D\" in 5 min ☎️ #{}", tag("key-1"))),
    ];
    assert_eq!(ours.form(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[test]
fn a_messages_form_is_the_python_sdks_byte_by_byte() {
    let recorded = Wire::recorded(PYTHON_CREATE);
    let form = recorded.form();
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(form_encode(&fields), recorded.body);
}

#[test]
fn a_message_is_worth_nothing_once_its_meeting_has_started() {
    let (fake, _) = fake();
    for (facts, valid_s) in [
        (starting_in(720), 720),
        (starting_in(3), 5),
        (starting_in(86_400), 36_000),
        // After the start, and in a test: for a while.
        (starting_in(0), 600),
        (RequestFacts::default(), 600),
    ] {
        send(&fake, &Request { facts, ..sms("key-1", "Hello") });
        assert_eq!(fake.sent().last().unwrap().valid_s, Some(valid_s));
    }
}

#[test]
fn whatever_the_title_the_body_is_short_enough_and_ends_in_the_tag() {
    let (fake, _) = fake();
    let nasty = ["🚀".repeat(5000), "x".repeat(5000), "שלום\u{202e}\0\u{1b}[31m\r\n".repeat(400), "#k3f9".into()];
    for title in nasty {
        assert!(matches!(send(&fake, &sms("key-1", &title)).outcome, Outcome::Accepted(_)), "{title}");
        let body = fake.sent().pop().unwrap().body;
        assert!(body.encode_utf16().count() <= BODY_MAX && body.ends_with(&format!(" #{}", tag("key-1"))), "{body}");
        assert!(!body.chars().any(|c| c.is_control() || c == '\u{202e}'), "{body}");
    }
}

#[test]
fn what_is_no_message_to_a_phone_is_not_sent() {
    let (fake, _) = fake();
    let reply = send(&fake, &call("Hello"));
    assert!(matches!(reply.outcome, Outcome::NotSent(NotSent { cause: NotSentCause::Other, .. })), "{reply:?}");
    assert_eq!(fake.connections(), 0);
}

#[test]
fn a_fenced_message_reaches_nobody() {
    let (fake, _) = fake();
    let reply = messages(&fake).place(&sms("key-1", "Hello"), &Looks::open_for(0));
    assert_eq!(reply, Reply::fenced(FenceReason::IncidentEnded));
    assert_eq!((fake.connections(), fake.messages().len()), (0, 0));
}

// --- what comes of it ---

#[test]
fn a_message_is_posted_once_whatever_the_network_does() {
    for behaviour in [
        Behaviour::CloseBeforeReply,
        Behaviour::AcceptAndLoseReply,
        Behaviour::Reset.accepted(),
        Behaviour::server_error(),
        Behaviour::unavailable().accepted(),
        Behaviour::truncated(),
        Behaviour::without_sid(),
        Behaviour::html(),
        Behaviour::redirect(),
        Behaviour::garbage(),
    ] {
        let (fake, _) = fake();
        fake.script_for(Endpoint::Send, [behaviour.clone()]);
        let reply = send(&fake, &sms("key-1", "Hello"));
        assert!(matches!(reply.outcome, Outcome::Unknown(_)), "{behaviour:?}: {reply:?}");
        assert_eq!(fake.requests().len(), 1, "{behaviour:?}");
    }
    let (fake, _) = fake();
    fake.script_for(Endpoint::Send, [Behaviour::too_many(3)]);
    let Outcome::Rejected(refused) = send(&fake, &sms("key-1", "Hello")).outcome else { panic!() };
    assert_eq!((refused.class, refused.retry_after), (RejectionClass::Capacity, Some(Duration::from_secs(3))));
}

/// Test credentials validate as live ones do, and send nothing (docs/iam/test-credentials).
#[test]
fn every_refusal_of_the_test_credentials_has_its_class_meaning_and_remedy() {
    use RejectionClass::{Callee, Capacity, Ours};
    let (fake, _) = fake();
    for (from, to, code, class) in [
        ("+15005550006", "+15005550001", 21211, Callee),
        ("+15005550006", "+15005550002", 21612, Callee),
        ("+15005550006", "+15005550003", 21408, Callee),
        ("+15005550006", "+15005550004", 21610, Callee),
        ("+15005550006", "+15005550009", 21614, Callee),
        ("+15005550001", "+12025550123", 21212, Ours),
        ("+15005550007", "+12025550123", 21606, Ours),
        ("+15005550008", "+12025550123", 21611, Capacity),
    ] {
        let config = twilio_config(&fake.base_url(), TEST_ACCOUNT, TOKEN);
        let test = Messages::of(Arc::new(Twilio::new(&config, &engine(Duration::from_secs(20)))));
        let (to, from) = (Target::sms(Phone::parse(to).unwrap()), Address::read(from));
        let request = Request { to, from, ..sms("key-1", "Hello") };
        let Outcome::Rejected(refused) = test.place(&request, &Open).outcome else { panic!("{code}") };
        assert_eq!((refused.code, refused.class), (Some(code), class));
        assert!(remedy(code).is_some(), "{code}");
    }
    assert_eq!(fake.messages().len(), 0);
}

#[test]
fn a_message_is_followed_to_the_phone_or_to_the_reason_why_not() {
    for (life, status, code) in [
        (vec![(1, "sending", None)], CallStatus::Sending, None),
        (vec![(1, "sent", None)], CallStatus::Sent, None),
        (vec![(1, "delivered", None)], CallStatus::Delivered, None),
        (vec![(1, "undelivered", Some(30003))], CallStatus::Undelivered, Some(30003)),
        (vec![(1, "failed", Some(30036))], CallStatus::Failed, Some(30036)),
        (vec![(1, "accepted", None)], CallStatus::Queued, None),
    ] {
        let (fake, clock) = fake();
        fake.set_message_life(&life);
        send(&fake, &sms("key-1", "Hello"));
        clock.advance(Duration::from_secs(2));
        let report = messages(&fake).fetch(&fake.sent()[0].sid, now()).unwrap();
        assert_eq!((report.status, report.error_code), (status, code));
        assert!(code.is_none_or(|code| meaning(code).is_some() && remedy(code).is_some()), "{code:?}");
    }
    let (fake, _) = fake();
    assert_eq!(messages(&fake).fetch("SM404", now()), Err(ProviderError::NotFound));
}

#[test]
fn a_waiting_message_is_cancelled_and_one_that_has_left_is_left_alone() {
    let (fake, clock) = fake();
    fake.set_message_life(&[(10, "sent", None)]);
    send(&fake, &sms("key-1", "Hello"));
    send(&fake, &sms("key-2", "Hello"));
    let sids: Vec<String> = fake.sent().into_iter().map(|m| m.sid).collect();
    let cancel = |sid: &str| messages(&fake).hang_up(sid, HangUp::Completed, now()).unwrap().status;
    assert_eq!(cancel(&sids[0]), CallStatus::Canceled);
    assert_eq!(fake.requests().last().unwrap().body, "Status=canceled");
    clock.advance(Duration::from_secs(10));
    assert_eq!((cancel(&sids[0]), cancel(&sids[1])), (CallStatus::Canceled, CallStatus::Sent));
}

// --- the list ---

#[test]
fn the_list_names_each_message_of_ours_with_its_tag_over_all_pages() {
    let (fake, clock) = fake();
    for key in ["key-1", "key-2", "key-3"] {
        send(&fake, &sms(key, "The same words"));
        clock.advance(Duration::from_secs(1));
    }
    send(&fake, &Request { to: Target::sms(phone(24)), ..sms("key-4", "The same words") });
    fake.gets_message(&phone(23), "1");
    fake.set_list_shape(ListShape { page_max: 2, twins: false });
    let mut listed = list(&fake).unwrap().calls;
    listed.sort_by_key(|message| message.created_at);
    let tags: Vec<Option<String>> = listed.iter().map(|message| message.tag.clone()).collect();
    assert_eq!(tags, ["key-1", "key-2", "key-3"].map(|key| Some(tag(key))));
    let asked: Vec<String> = fake.requests()[4].query().into_iter().map(|(name, _)| name).collect();
    assert_eq!(asked, ["To", "From", "PageSize"], "never by time");
}

#[test]
fn a_list_that_cannot_be_whole_is_an_error() {
    for behaviour in [
        Behaviour::CloseBeforeReply,
        Behaviour::server_error(),
        Behaviour::html(),
        Behaviour::Status(200, r#"{"messages":[{}],"next_page_uri":null}"#.into(), vec![]),
        Behaviour::Status(200, r#"{"messages":[]}"#.into(), vec![]),
        Behaviour::Status(200, r#"{"messages":[],"next_page_uri":"https://example.com/"}"#.into(), vec![]),
        Behaviour::Status(200, r#"{"calls":[],"next_page_uri":null}"#.into(), vec![]),
    ] {
        let (fake, _) = fake();
        fake.script_for(Endpoint::ListMessages, [behaviour.clone()]);
        assert!(list(&fake).is_err(), "{behaviour:?}");
    }
    let (fake, _) = fake();
    let calls = Target { kind: RungKind::Call, ..Target::sms(phone(23)) };
    assert!(messages(&fake).list(&calls, &messages(&fake).senders(), now()).is_err());
    assert_eq!(fake.connections(), 0);
}
