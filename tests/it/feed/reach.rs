//! Where a fetch may lead: the public internet, and this machine when the config itself says so.

use super::{feed, hasty, new, nothing, patient, web, why};
use crate::support::HUNG;
use crate::support::fake_feed::{FakeFeed, Serves, calendar};
use crate::support::fake_tls::{FakeTls, Tls};
use savehub::config::{CalendarConfig, CalendarPlace};
use savehub::feed::Fetched;
use savehub::http::Lookup;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const PRIVATE: &str =
    "the server's address is private or special; set `allow_private = true` under [calendar] if it is meant";
const PLAIN: &str = "the address is plain http; use https, or set `allow_http = true` under [calendar]";

fn open() -> CalendarConfig {
    CalendarConfig { allow_http: true, allow_private: true, ..patient() }
}

/// Names lead here, one answer after the other; the last one stays.
#[derive(Debug, Clone)]
struct Names(Arc<Mutex<Vec<io::Result<Vec<SocketAddr>>>>>);

impl Names {
    fn lead_to(answers: Vec<io::Result<Vec<SocketAddr>>>) -> Self {
        Self(Arc::new(Mutex::new(answers)))
    }

    fn lookups_left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

impl Lookup for Names {
    fn lookup(&self, host: &str, port: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        if host == "127.0.0.1" {
            return Some(Ok(vec![SocketAddr::new([127, 0, 0, 1].into(), port)]));
        }
        Some(self.0.lock().unwrap().remove(0))
    }
}

fn named(url: &str, config: &CalendarConfig, names: Names) -> Fetched {
    feed(CalendarPlace::Web(url.to_owned().into()), config, names).fetch(&nothing(), false)
}

#[test]
fn a_name_that_leads_to_a_private_address_is_not_connected_to() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    let url = format!("http://calendar.example:{}/x", server.addr().port());
    let allows_http = CalendarConfig { allow_http: true, ..patient() };
    for ip in ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"] {
        let names = Names::lead_to(vec![Ok(vec![SocketAddr::new(ip.parse().unwrap(), server.addr().port())])]);
        assert_eq!(why(named(&url, &allows_http, names)), PRIVATE, "{ip}");
    }
    assert_eq!(server.connections(0), 0);
    let names = Names::lead_to(vec![Ok(vec![server.addr()])]);
    assert_eq!(new(named(&url, &open(), names)).0, calendar("a"), "the config allows it");
}

#[test]
fn odd_notations_of_this_machine_are_not_connected_to() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    let allows_http = CalendarConfig { allow_http: true, ..patient() };
    for host in ["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "0"] {
        let url = format!("http://{host}:{}/x", server.addr().port());
        assert_eq!(why(web(&url, &allows_http).fetch(&nothing(), false)), PRIVATE, "{host}");
        assert_eq!(why(web(&url, &patient()).fetch(&nothing(), false)), PLAIN, "{host}");
    }
    assert_eq!(server.connections(0), 0);
}

#[test]
fn a_connection_goes_to_the_address_that_was_judged_and_each_one_is_judged() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    // The first answer may be reached, the second would be a way in: there is no second lookup for one connection.
    let names = Names::lead_to(vec![Ok(vec![server.addr()]), Ok(vec!["10.0.0.1:1".parse().unwrap()])]);
    let url = format!("http://localhost:{}/x", server.addr().port());
    assert_eq!(new(named(&url, &patient(), names.clone())).0, calendar("a"));
    assert_eq!((names.lookups_left(), server.connections(0)), (1, 1));
    assert_eq!(why(named(&url, &patient(), names)), PRIVATE);
    assert_eq!(server.connections(0), 1);
}

#[test]
fn a_redirect_leads_no_further_inside_than_the_address_itself() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    let port = server.addr().port();
    for (location, config, words) in [
        ("https://calendar.example/x".to_owned(), patient(), PRIVATE.to_owned()),
        ("https://[::ffff:127.0.0.1]/x".to_owned(), patient(), PRIVATE.to_owned()),
        (format!("http://calendar.example:{port}/x"), patient(), format!("a redirect: {PLAIN}")),
        ("file:///etc/passwd".to_owned(), open(), "a redirect leads to no web address".to_owned()),
    ] {
        server.script([Serves::redirect(302, &location)]);
        let names = Names::lead_to(vec![Ok(vec![server.addr()])]);
        assert_eq!(why(named(&server.url(), &config, names)), words, "{location}");
    }
    assert_eq!(server.requests().len(), 4, "none was followed");
    server.script([Serves::redirect(302, &format!("http://127.0.0.1:{port}/x"))]);
    let names = Names::lead_to(vec![Ok(vec![server.addr()])]);
    let from_elsewhere = format!("http://calendar.example:{port}/x");
    let words = "a redirect leads from the server to this machine";
    assert_eq!(why(named(&from_elsewhere, &open(), names)), words);
    assert_eq!(server.requests().len(), 5);
}

#[test]
fn a_redirect_on_this_machine_stays_allowed() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    server.script([Serves::redirect(307, &format!("http://localhost:{}/x", server.addr().port()))]);
    let names = Names::lead_to(vec![Ok(vec![server.addr()])]);
    assert_eq!(new(named(&server.url(), &patient(), names)).0, calendar("a"));
}

#[test]
fn a_name_that_does_not_resolve_or_takes_too_long_is_told() {
    for (kind, words) in [
        (io::ErrorKind::NotFound, "the name of the server does not resolve"),
        (io::ErrorKind::TimedOut, "no whole answer within 0.6 s (resolving the host name)"),
    ] {
        let names = Names::lead_to(vec![Err(kind.into())]);
        assert_eq!(why(named("https://calendar.example/x", &hasty(), names)), words);
    }
}

#[test]
fn webcal_is_https_and_anything_else_is_not_asked() {
    let server = FakeTls::start(Tls::Answers(200, calendar("a")));
    for scheme in ["webcal", "webcals", "https", "HTTPS"] {
        let url = format!("{scheme}://{}/x", server.addr());
        let words = why(web(&url, &patient()).fetch(&nothing(), false));
        assert!(
            words.starts_with("TLS: the server's certificate is from an authority that is not trusted ("),
            "{words}"
        );
    }
    assert_eq!(server.came(), "");
    for url in ["", "calendar.example/x", "ftp://calendar.example/x", "https://"] {
        let words = "the address cannot be read; it starts with https:// or webcal://";
        assert_eq!(why(web(url, &open()).fetch(&nothing(), false)), words, "{url}");
    }
}

#[test]
fn a_handshake_that_hangs_ends_in_its_time() {
    let server = FakeTls::start(Tls::HangsInHandshake);
    let started = Instant::now();
    let url = format!("https://{}/x", server.addr());
    assert_eq!(why(web(&url, &hasty()).fetch(&nothing(), false)), "no whole answer within 0.6 s (connecting)");
    assert!(started.elapsed() < HUNG);
}

#[test]
fn a_failure_says_whether_any_server_was_reached() {
    let unreached = |url: &str| match web(url, &patient()).fetch(&nothing(), false) {
        Fetched::Failed(failure) => failure.unreached,
        other => panic!("{other:?}"),
    };
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(unreached(&format!("http://{closed}/a.ics")), "nobody listens");
    assert!(unreached("https://nowhere.invalid/a.ics"), "there is no such name");
    let busy = FakeFeed::start(Serves::Answer(503, Vec::new(), Vec::new()));
    assert!(!unreached(&busy.url()), "it answers");
}
