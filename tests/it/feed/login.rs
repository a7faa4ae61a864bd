//! Servers that want to know who asks.

use super::{feed, new, nothing, patient, why};
use crate::support::fake_feed::{FakeFeed, Serves, calendar};
use crate::support::wire::Request;
use md5::{Digest as _, Md5};
use savehub::config::{CalendarConfig, CalendarPlace};
use savehub::feed::Feed;
use savehub::http::Lookup;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const LOGIN: &str = "http://ana:p%40ss@";
const BASIC: &str = "Basic YW5hOnBAc3M=";
const REFUSED: &str = "the login was refused (HTTP 401); are user and password right? Some services want an app password, \
                       made for savehub alone";

/// Every name leads to this machine.
#[derive(Debug)]
struct Here;

impl Lookup for Here {
    fn lookup(&self, _: &str, port: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        Some(Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]))
    }
}

/// The calendar at the server, asked for with a login: by its address, or by a name in plain http.
fn logs_in(server: &FakeFeed, named: bool) -> Arc<dyn Feed> {
    let url = server.url().replace("http://", LOGIN);
    let url = if named { url.replace("127.0.0.1", "calendar.example") } else { url };
    let config = CalendarConfig { allow_http: true, allow_private: true, ..patient() };
    feed(CalendarPlace::Web(url.into()), &config, Here)
}

fn challenge(how: &str) -> Serves {
    Serves::Answer(401, vec![("WWW-Authenticate", how.to_owned())], b"<html>no".to_vec())
}

/// Baïkal's.
fn baikal(nonce: &str) -> Serves {
    challenge(&format!("Digest realm=\"BaikalDAV\",qop=\"auth\",nonce=\"{nonce}\",opaque=\"df58bdff\""))
}

fn sent(server: &FakeFeed) -> Vec<Option<String>> {
    server.requests().iter().map(|request| request.header("authorization").map(str::to_owned)).collect()
}

/// Is it the digest of the request, with this nonce used for the so manieth time?
fn is_digest(request: &Request, nonce: &str, count: u32) -> bool {
    let header = request.header("authorization").unwrap();
    let part = |name: &str| {
        let (_, rest) = header.split_once(&format!("{name}=\"")).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let md5 = |text: String| savehub::model::hex(&Md5::digest(text));
    let secret = md5("ana:BaikalDAV:p@ss".into());
    let asked = md5(format!("{}:{}", request.method, request.target));
    let response = md5(format!("{secret}:{nonce}:{count:08x}:{}:auth:{asked}", part("cnonce")));
    assert_eq!((part("username"), part("uri"), part("nonce")), ("ana".into(), request.target.clone(), nonce.into()));
    header.contains(&format!("qop=auth, nc={count:08x}, ")) && part("response") == response
}

#[test]
fn a_server_that_wants_a_digest_gets_one_and_its_nonce_is_counted() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    server.script([baikal("n1"), Serves::plain(&calendar("a")), Serves::plain(&calendar("b")), baikal("n2")]);
    let feed = logs_in(&server, false);
    for title in ["a", "b", "a"] {
        assert_eq!(new(feed.fetch(&nothing(), false)).0, calendar(title));
    }
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), Some(BASIC), "nobody can listen");
    assert!(is_digest(&requests[1], "n1", 1) && is_digest(&requests[2], "n1", 2) && is_digest(&requests[3], "n1", 3));
    assert!(is_digest(&requests[4], "n2", 1), "the nonce was used up");
    assert_eq!((requests.len(), server.connections(1)), (5, 1));
}

#[test]
fn over_plain_http_no_password_is_sent_before_the_server_asks_for_it() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    server.script([baikal("n1")]);
    assert_eq!(new(logs_in(&server, true).fetch(&nothing(), false)).0, calendar("a"));
    let requests = server.requests();
    assert_eq!(requests[0].header("authorization"), None);
    assert!(is_digest(&requests[1], "n1", 1));
    let plain = FakeFeed::start(Serves::plain(&calendar("a")));
    plain.script([challenge("Basic realm=\"x\"")]);
    assert_eq!(new(logs_in(&plain, true).fetch(&nothing(), false)).0, calendar("a"));
    assert_eq!(sent(&plain), [None, Some(BASIC.into())]);
}

#[test]
fn a_login_that_is_refused_is_told_and_tried_no_more_than_twice() {
    for (how, named, requests) in [
        (baikal("n"), false, 2),
        (baikal("n"), true, 2),
        (challenge("Basic realm=\"x\""), false, 1),
        (challenge("Basic realm=\"x\""), true, 2),
        (challenge("Negotiate"), false, 1),
    ] {
        let server = FakeFeed::start(how);
        assert_eq!(why(logs_in(&server, named).fetch(&nothing(), false)), REFUSED);
        assert_eq!(server.requests().len(), requests);
    }
}

#[test]
fn another_server_that_asks_for_a_login_gets_none() {
    let other = FakeFeed::start(baikal("n"));
    let server = FakeFeed::start(Serves::redirect(302, &other.url()));
    let words = why(logs_in(&server, false).fetch(&nothing(), false));
    assert!(words.starts_with("the server wants a login (HTTP 401); "), "{words}");
    assert_eq!((sent(&server), sent(&other)), (vec![Some(BASIC.into())], vec![None]));
}
