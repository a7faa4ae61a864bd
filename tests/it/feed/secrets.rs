//! A subscription address is a password: no part of it is ever said.

use super::{config, feed, hasty, nothing, patient};
use crate::support::alone::alone;
use crate::support::captured::logged;
use crate::support::fake_feed::{FakeFeed, SECRET, Serves, calendar};
use crate::support::fake_tls::{FakeTls, Tls};
use savehub::config::{CalendarConfig, CalendarPlace};
use savehub::http::{Address, Lookup};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// No name resolves, but for this machine's.
#[derive(Debug)]
struct Alone;

impl Lookup for Alone {
    fn lookup(&self, host: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        (!matches!(host, "127.0.0.1" | "localhost")).then(|| Err(io::ErrorKind::NotFound.into()))
    }
}

fn fetch(url: &str, config: &CalendarConfig) -> String {
    let place = CalendarPlace::Web(url.to_owned().into());
    format!("{:?}", feed(place, config, Alone).fetch(&nothing(), false))
}

/// Answers that hold what was asked for, and much else.
fn tricks() -> Vec<Serves> {
    let with = |name, value: String| vec![(name, value)];
    vec![
        Serves::plain(&calendar("a")),
        Serves::Answer(500, with("X", SECRET.into()), SECRET.into()),
        Serves::Answer(401, with("WWW-Authenticate", format!("Basic realm={SECRET}")), SECRET.into()),
        Serves::Answer(200, with("Content-Encoding", SECRET.into()), SECRET.into()),
        Serves::Answer(200, with("ETag", "1".into()), format!("<html>{SECRET}").into()),
        Serves::Raw(format!("{SECRET}\r\n\r\n").into()),
        Serves::Raw(format!("HTTP/1.1 200 {SECRET}\r\nContent-Length: 9\r\n\r\n{SECRET}").into()),
        Serves::Raw(Vec::new()),
        Serves::redirect(302, &format!("http://{SECRET}.example/{SECRET}")),
        Serves::redirect(302, &format!("https://{SECRET}.invalid/{SECRET}")),
        Serves::redirect(302, &format!("https://{SECRET}@[{SECRET}]/")),
        Serves::redirect(302, &format!("{SECRET}://x/")),
        Serves::redirect(302, &format!("http://127.0.0.1:1/{SECRET}")),
        Serves::redirect(302, &format!("https://127.0.0.1:1/{SECRET}")),
        Serves::Silence,
    ]
}

/// Does everything that can be done with an address, and hands out all that was said.
fn rehearse() -> String {
    let server = FakeFeed::start(Serves::status(404));
    let with_login = server.url().replace("http://", &format!("http://ana:{SECRET}@"));
    let place = CalendarPlace::Web(with_login.clone().into());
    let mut said = format!("{:?} {:?}", config(place, &patient()), Address::parse(&with_login).unwrap());
    for url in [server.url(), with_login] {
        for serves in tricks() {
            let silent = matches!(serves, Serves::Silence);
            server.script([serves]);
            said += &fetch(&url, &if silent { hasty() } else { patient() });
        }
    }
    let tls = FakeTls::start(Tls::Answers(200, String::new()));
    let open = CalendarConfig { allow_http: true, allow_private: true, ..hasty() };
    for url in [
        format!("https://{}/{SECRET}", tls.addr()),
        format!("https://localhost:{}/{SECRET}", tls.addr().port()),
        format!("http://{SECRET}.invalid/{SECRET}"),
        format!("{SECRET}://{SECRET}"),
        format!("https://{SECRET}@/"),
        format!("https://{SECRET}:99999/"),
        format!("http://127.0.0.1:1/{SECRET}"),
    ] {
        for config in [&hasty(), &open] {
            said += &fetch(&url, config);
        }
    }
    said
}

#[test]
fn nothing_of_an_address_or_of_a_redirect_is_said_whatever_happens() {
    alone(nothing_of_an_address_or_of_a_redirect_is_said_whatever_happens, || {
        let (said, log) = logged(rehearse);
        let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("ana:{SECRET}"));
        for secret in [SECRET, &basic, "Authorization", "127.0.0.1", "basic.ics"] {
            assert!(!said.contains(secret), "{secret} in:\n{said}");
            assert!(!log.contains(secret), "{secret} in the log:\n{log}");
        }
        assert!(log.contains("DEBUG calendar: HTTP 500"), "{log}");
    });
}
