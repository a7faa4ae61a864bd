//! What is known about a request is the same over TLS: nothing left until the body was asked for.

use crate::support::fake_tls::{FakeTls, Tls, proxy};
use crate::support::fake_twilio::{ACCOUNT, Latch, TOKEN};
use crate::support::{Looks, Open, call, direct, engine, in_file, twilio_config};
use rustls::HandshakeKind;
use savehub::clock::ManualClock;
use savehub::http::Lookup;
use savehub::model::{FenceReason, NotSentCause, Outcome, Route};
use savehub::provider::Provider;
use savehub::provider::http::HttpClient;
use savehub::provider::twilio::{Twilio, http_settings};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const PATIENT: Duration = Duration::from_secs(20);
/// Enough for a busy machine.
const HASTY: Duration = Duration::from_secs(3);

fn twilio(server: &FakeTls, limit: Duration) -> Twilio {
    through(server, limit, None)
}

fn through(server: &FakeTls, limit: Duration, proxy: Option<String>) -> Twilio {
    let mut config = twilio_config(&server.base_url(), ACCOUNT, TOKEN);
    config.route = Route { trust: in_file(server.ca_file()), proxy };
    Twilio::new(&config, &engine(limit))
}

fn created() -> Tls {
    Tls::Answers(201, r#"{"sid":"CA1","status":"queued"}"#.into())
}

/// It is asked once before anything, and once more when the body is asked for.
fn open() -> Looks {
    Looks::open_for(usize::MAX)
}

/// Every name leads here.
#[derive(Debug)]
struct To(SocketAddr);

impl Lookup for To {
    fn lookup(&self, _: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        Some(Ok(vec![self.0]))
    }
}

fn cause(outcome: &Outcome) -> NotSentCause {
    match outcome {
        Outcome::NotSent(not_sent) => not_sent.cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_is_placed_over_tls_under_an_authority_of_the_ca_file() {
    let server = FakeTls::start(created());
    let twilio = twilio(&server, PATIENT);
    for time in ["over a new connection", "over the one that was kept"] {
        let gate = open();
        let outcome = twilio.place(&call("Hello"), &gate).outcome;
        assert!(matches!(&outcome, Outcome::Accepted(accepted) if accepted.sid == "CA1"), "{time}: {outcome:?}");
        assert_eq!(gate.count(), 2);
    }
    drop(twilio);
    let came = server.came();
    assert_eq!((came.matches("POST /2010-04-01/").count(), came.matches("To=%2B12025550123").count()), (2, 2));
}

#[test]
fn silence_over_tls_is_unknown_once_the_body_was_asked_for() {
    let (server, gate) = (FakeTls::start(Tls::IsSilent), open());
    let outcome = twilio(&server, HASTY).place(&call("Hello"), &gate).outcome;
    assert!(
        matches!(&outcome, Outcome::Unknown(d) if d.detail == "no answer within 3 s (waiting for the response)"),
        "{outcome:?}"
    );
    assert_eq!(gate.count(), 2);
    assert!(server.came().contains("To=%2B12025550123"));
}

#[test]
fn a_gate_that_refuses_at_the_body_keeps_every_byte_here() {
    let server = FakeTls::start(created());
    let gate = Looks::open_for(1);
    let outcome = twilio(&server, PATIENT).place(&call("Hello"), &gate).outcome;
    assert_eq!((cause(&outcome), gate.count()), (NotSentCause::Fenced(FenceReason::IncidentEnded), 2));
    assert_eq!(server.came(), "", "not even the head left");
}

#[test]
fn another_authority_stops_it_before_anything_left() {
    let (server, other, gate) = (FakeTls::start(created()), FakeTls::start(created()), open());
    let mut config = twilio_config(&server.base_url(), ACCOUNT, TOKEN);
    for trust in [in_file(other.ca_file()), direct().trust] {
        config.route.trust = trust;
        let outcome = Twilio::new(&config, &engine(PATIENT)).place(&call("Hello"), &gate).outcome;
        assert_eq!(cause(&outcome), NotSentCause::Tls, "{outcome:?}");
    }
    assert_eq!(gate.count(), 2, "once each, before connecting");
    assert_eq!(server.came(), "");
}

#[test]
fn a_certificate_for_another_name_stops_it_too() {
    let server = FakeTls::start(created());
    let mut config = twilio_config("https://api.example.com", ACCOUNT, TOKEN);
    config.route.trust = in_file(server.ca_file());
    let http = HttpClient::with_lookup(http_settings(&config, &engine(PATIENT)), Arc::new(To(server.addr())));
    let outcome = Twilio::with_http(&config, http).place(&call("Hello"), &Open).outcome;
    assert_eq!(cause(&outcome), NotSentCause::Tls, "{outcome:?}");
}

#[test]
fn a_handshake_that_hangs_is_not_sent() {
    let (server, gate) = (FakeTls::start(Tls::HangsInHandshake), open());
    let outcome = twilio(&server, HASTY).place(&call("Hello"), &gate).outcome;
    assert_eq!((cause(&outcome), gate.count()), (NotSentCause::Connect, 1), "{outcome:?}");
}

#[test]
fn a_server_that_ends_the_connection_after_the_handshake_leaves_doubt_once_the_body_was_asked_for() {
    for does in [Tls::ClosesAfterHandshake, Tls::ResetsAfterHandshake] {
        let closed = Latch::default();
        let server = FakeTls::start(does(closed.clone()));
        let gate = Looks::new(move |look| {
            if look > 1 {
                closed.wait();
            }
            Ok(())
        });
        // Nothing leaves before the body is asked for, so that the end is not seen earlier.
        let outcome = twilio(&server, PATIENT).place(&call("Hello"), &gate).outcome;
        assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
        assert_eq!(gate.count(), 2);
        assert_eq!(server.came(), "");
    }
}

#[test]
fn a_tls_session_is_resumed_on_the_next_connection() {
    let server = FakeTls::start(created());
    let mut config = twilio_config(&server.base_url(), ACCOUNT, TOKEN);
    config.route.trust = in_file(server.ca_file());
    let clock = Arc::new(ManualClock::at(call("").intent_at));
    let http = HttpClient::new(http_settings(&config, &engine(PATIENT))).timed_by(Arc::clone(&clock) as _);
    let twilio = Twilio::with_http(&config, http);
    for _ in 0..3 {
        assert!(matches!(twilio.place(&call("Hello"), &Open).outcome, Outcome::Accepted(_)));
        clock.advance(Duration::from_secs(6));
    }
    assert!(matches!(
        server.handshakes()[..],
        [
            HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest,
            HandshakeKind::Resumed,
            HandshakeKind::Resumed
        ]
    ));
}

#[test]
fn a_proxys_tunnel_is_kept_and_one_whose_far_end_has_gone_takes_no_call() {
    let mut server = FakeTls::start(created());
    let (address, tunnel) = proxy(200);
    let twilio = through(&server, PATIENT, Some(address));
    for _ in 0..2 {
        let gate = open();
        assert!(matches!(twilio.place(&call("Hello"), &gate).outcome, Outcome::Accepted(_)));
        assert_eq!(gate.count(), 2);
    }
    assert_eq!(server.handshakes().len(), 1, "both went through one tunnel");
    server.hang_up();
    tunnel.join().unwrap();
    let outcome = twilio.place(&call("Hello"), &open()).outcome;
    assert_eq!(cause(&outcome), NotSentCause::Connect, "{outcome:?}");
}

#[test]
fn a_proxy_tunnels_and_what_it_refuses_is_not_sent() {
    let server = FakeTls::start(created());
    let (address, tunnel) = proxy(200);
    let twilio = through(&server, PATIENT, Some(address));
    assert!(matches!(twilio.place(&call("Hello"), &Open).outcome, Outcome::Accepted(_)));
    drop(twilio);
    assert!(tunnel.join().unwrap().starts_with(&format!("CONNECT {} HTTP/1.1\r\n", &server.base_url()[8..])));
    let (address, refused) = proxy(403);
    let outcome = through(&server, PATIENT, Some(address)).place(&call("Hello"), &Open).outcome;
    assert_eq!(cause(&outcome), NotSentCause::Connect, "{outcome:?}");
    assert!(!refused.join().unwrap().contains("To="));
    assert_eq!(server.came().matches("POST").count(), 1);
    let socks = through(&FakeTls::start(created()), PATIENT, Some("socks5://127.0.0.1:1".into()));
    assert_eq!(cause(&socks.place(&call("Hello"), &Open).outcome), NotSentCause::Other);
}
