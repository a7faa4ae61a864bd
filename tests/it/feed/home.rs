//! Servers at home and in companies: certificates of their own, and proxies.

use super::{WANTED, config_of, feed, new, nothing, patient, why};
use crate::support::cli::{ANA, Cli};
use crate::support::fake_feed::{FakeFeed, Serves, calendar};
use crate::support::fake_tls::{FakeTls, Tls, by_itself, proxy_to};
use crate::support::{direct, in_file};
use savehub::config::{CalendarConfig, CalendarPlace};
use savehub::feed::{Feeds as _, Fetched, Sources};
use savehub::http::Lookup;
use savehub::model::Route;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// No name resolves here: a proxy looks them up.
#[derive(Debug)]
struct Nowhere;

impl Lookup for Nowhere {
    fn lookup(&self, host: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        (host != "127.0.0.1").then(|| Err(io::ErrorKind::NotFound.into()))
    }
}

fn fetched(url: &str, config: &CalendarConfig) -> Fetched {
    feed(CalendarPlace::Web(url.to_owned().into()), config, Nowhere).fetch(&nothing(), false)
}

fn going(route: Route) -> CalendarConfig {
    CalendarConfig { route, ..patient() }
}

fn through(proxy: &str) -> Route {
    Route { proxy: Some(proxy.to_owned()), ..direct() }
}

#[test]
fn a_server_with_an_authority_of_its_own_is_believed_with_its_file() {
    let server = FakeTls::start(Tls::Answers(200, calendar("a")));
    let (url, believing) = (format!("{}/x", server.base_url()), Route::direct(in_file(server.ca_file())));
    assert_eq!(new(fetched(&url, &going(believing.clone()))).0, calendar("a"));
    let place = || CalendarPlace::Web(url.clone().into());
    let mut config = config_of([place(), place()], &patient());
    Arc::make_mut(&mut config).people[0].calendars[0].route = Some(believing);
    let sources = Sources::new(&config);
    assert_eq!(
        new(sources.feed("k1", &WANTED).unwrap().fetch(&nothing(), false)).0,
        calendar("a"),
        "for this one alone"
    );
    let other = why(sources.feed("k2", &WANTED).unwrap().fetch(&nothing(), false));
    assert!(other.starts_with("TLS: the server's certificate is from an authority that is not trusted ("), "{other}");
}

#[test]
fn a_certificate_that_a_server_made_for_itself_is_told_and_believed_once_it_is_in_the_file() {
    let server = FakeTls::start_certified(Tls::Answers(200, calendar("a")), by_itself());
    let url = format!("{}/x", server.base_url());
    let told = why(fetched(&url, &patient()));
    let (before, after) = told.split_once(" (SHA-256 ").unwrap();
    assert_eq!(before, "TLS: the server's certificate is signed by itself");
    let (fingerprint, remedy) = after.split_once("); ").unwrap();
    assert_eq!((fingerprint.len(), fingerprint.matches(':').count()), (95, 31), "{told}");
    let words = "if this is your server's, write it into a PEM file and name that with `ca_file` under [calendar]";
    assert_eq!(remedy, words);
    assert_eq!(new(fetched(&url, &going(Route::direct(in_file(server.ca_file()))))).0, calendar("a"));
}

#[test]
fn the_systems_certificates_are_believed_where_the_config_says_so() {
    let server = FakeTls::start(Tls::Answers(200, calendar("Board")));
    let (url, ca_file) = (format!("{}/x", server.base_url()), server.ca_file());
    let check = |first: &str| {
        let cli = Cli::with(&format!("{first}\n{ANA}")).set("SSL_CERT_FILE", ca_file.to_str().unwrap());
        cli.run(&["calendar", "check", &url, "--until", "365d"])
    };
    let system = check("trust = \"system\"");
    assert_eq!(system.code, 0, "{system:?}");
    for first in ["", "trust = \"built-in\""] {
        let built_in = check(first);
        assert!(built_in.code != 0 && built_in.err.contains("not trusted (SHA-256 "), "{built_in:?}");
    }
}

#[test]
fn a_proxy_is_given_the_name_of_a_server_and_looks_it_up() {
    let server = FakeTls::start(Tls::Answers(200, calendar("a")));
    let (address, tunnel) = proxy_to(200, Some(server.addr()));
    let address = address.replace("http://", "http://ana:pw@");
    let route = Route { trust: in_file(server.ca_file()), proxy: Some(address) };
    assert_eq!(new(fetched("https://calendar.example/x", &going(route))).0, calendar("a"));
    let head = tunnel.join().unwrap();
    assert!(head.starts_with("CONNECT calendar.example:443 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nProxy-Authorization: Basic YW5hOnB3\r\n"), "{head}");
    assert!(server.came().starts_with("GET /x HTTP/1.1\r\n"));
}

#[test]
fn what_a_proxy_refuses_is_told_and_counts_as_unreached() {
    for (status, words) in [
        (403, "the proxy refused the connection (HTTP 403)"),
        (407, "the proxy wants a login, or refused it (HTTP 407)"),
    ] {
        let (address, tunnel) = proxy_to(status, None);
        let Fetched::Failed(failure) = fetched("https://calendar.example/x", &going(through(&address))) else {
            panic!()
        };
        assert_eq!((failure.why.as_str(), failure.unreached), (words, true));
        tunnel.join().unwrap();
    }
    let unknown = fetched("https://calendar.example/x", &going(through("http://proxy.invalid:3128")));
    assert_eq!(why(unknown), "the name of the proxy does not resolve");
}

#[test]
fn through_a_proxy_a_host_is_judged_by_how_it_is_written() {
    // Nobody listens: what gets as far as the proxy fails with other words.
    let route = || through("http://127.0.0.1:1");
    let private =
        "the server's address is private or special; set `allow_private = true` under [calendar] if it is meant";
    for host in
        ["10.0.0.1", "192.168.178.1", "[fd00::1]", "169.254.169.254", "2130706433", "0x7f.1", "nas", "nas.local"]
    {
        let url = format!("https://{host}/x");
        assert_eq!(why(fetched(&url, &going(route()))), private, "{host}");
    }
    let allows = CalendarConfig { allow_private: true, ..going(route()) };
    for (url, config) in [("https://10.0.0.1/x", &allows), ("https://calendar.example/x", &going(route()))] {
        assert_eq!(why(fetched(url, config)), "no connection: connection refused", "{url}");
    }
}

#[test]
fn this_machine_is_asked_directly_and_a_calendar_may_go_its_own_way() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    assert_eq!(new(fetched(&server.url(), &going(through("http://127.0.0.1:1")))).0, calendar("a"));
    let (address, tunnel) = proxy_to(200, Some(server.addr()));
    let place = CalendarPlace::Web("http://calendar.example/x".to_owned().into());
    let mut config = config_of([place], &CalendarConfig { allow_http: true, ..going(through("http://127.0.0.1:1")) });
    Arc::make_mut(&mut config).people[0].calendars[0].route = Some(through(&address));
    assert_eq!(new(Sources::new(&config).feed("k1", &WANTED).unwrap().fetch(&nothing(), false)).0, calendar("a"));
    assert!(tunnel.join().unwrap().starts_with("CONNECT calendar.example:80 HTTP/1.1\r\n"));
}
