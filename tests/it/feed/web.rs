//! Servers, good and bad.

use super::{hasty, new, nothing, patient, unchanged, web, why};
use crate::support::HUNG;
use crate::support::fake_feed::{FakeFeed, Serves, calendar, gzip};
use savehub::config::CalendarConfig;
use savehub::feed::Fetched;
use savehub::model::Validators;
use std::time::{Duration, Instant};

const ETAG: &str = "W/\"as \u{21}received--gzip\"";
const DATE: &str = "Sun, 22 Nov 2026 09:00:00 GMT";

fn served(serves: Serves) -> Fetched {
    web(&FakeFeed::start(serves).url(), &patient()).fetch(&nothing(), false)
}

/// 200 with a length and this body.
fn ok(body: &str) -> Serves {
    Serves::Answer(200, Vec::new(), body.into())
}

#[test]
fn a_calendar_is_new_once_and_then_unchanged_until_it_changes() {
    let tells = |body: &str, etag| Serves::Calendar { body: body.into(), etag, last_modified: Some(DATE) };
    let server = FakeFeed::start(tells(&calendar("Plans"), Some(ETAG)));
    let feed = web(&server.url(), &patient());
    let (body, first) = new(feed.fetch(&nothing(), false));
    assert_eq!(body, calendar("Plans"));
    assert_eq!((first.etag.as_deref(), first.last_modified.as_deref()), (Some(ETAG), Some(DATE)));
    assert_eq!(unchanged(feed.fetch(&first, false)), first);
    server.serve(tells(&calendar("Changed plans"), Some("\"2\"")));
    let (body, second) = new(feed.fetch(&first, false));
    assert_eq!((body, second.etag.as_deref()), (calendar("Changed plans"), Some("\"2\"")));
    let asked: Vec<_> = server.requests().iter().map(|r| r.header("if-none-match").map(str::to_owned)).collect();
    assert_eq!(asked, [None, Some(ETAG.into()), Some(ETAG.into())]);
    assert_eq!(server.requests()[2].header("if-modified-since"), Some(DATE));
}

#[test]
fn a_request_says_who_asks_and_what_for() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    new(web(&server.url(), &patient()).fetch(&nothing(), false));
    let config = CalendarConfig { user_agent: Some("mine/1".into()), ..patient() };
    let with_login = server.url().replace("http://", "http://ana:p%40ss@");
    new(web(&with_login, &config).fetch(&nothing(), false));
    let [first, second] = &server.requests()[..] else { panic!() };
    assert_eq!(first.header("user-agent"), Some(concat!("savehub/", env!("CARGO_PKG_VERSION"))));
    assert_eq!(first.header("accept"), Some("text/calendar, text/plain;q=0.8, */*;q=0.5"));
    assert_eq!(first.header("accept-encoding"), Some("gzip"));
    assert_eq!(first.header("authorization"), None);
    assert_eq!(second.header("user-agent"), Some("mine/1"));
    assert_eq!(second.header("authorization"), Some("Basic YW5hOnBAc3M="));
    assert!(first.target.ends_with("/basic.ics?key=private-s3cr3tc4n4ry"), "{}", first.target);
}

#[test]
fn the_whole_copy_is_asked_for_without_conditions() {
    let server = FakeFeed::start(Serves::Calendar { body: calendar("a"), etag: Some(ETAG), last_modified: Some(DATE) });
    let feed = web(&server.url(), &patient());
    let (_, told) = new(feed.fetch(&nothing(), false));
    assert_eq!(unchanged(feed.fetch(&told, true)), told);
    let last = server.requests().pop().unwrap();
    assert_eq!((last.header("if-none-match"), last.header("if-modified-since")), (None, None));
}

#[test]
fn what_another_address_told_is_not_asked_with() {
    let told = Serves::Calendar { body: calendar("a"), etag: Some(ETAG), last_modified: Some(DATE) };
    let (before, after) = (FakeFeed::start(told.clone()), FakeFeed::start(told));
    let (_, validators) = new(web(&before.url(), &patient()).fetch(&nothing(), false));
    let (body, _) = new(web(&after.url(), &patient()).fetch(&validators, false));
    assert_eq!(body, calendar("a"), "the same calendar, but new");
    assert_eq!(after.requests()[0].header("if-none-match"), None);
}

#[test]
fn a_304_nobody_asked_for_is_a_failure() {
    let not_modified = || FakeFeed::start(Serves::Answer(304, Vec::new(), Vec::new()));
    let known = Validators { etag: Some(ETAG.into()), hash: Some("h".into()), ..nothing() };
    let still = unchanged(web(&not_modified().url(), &patient()).fetch(&known, false));
    assert_eq!(Validators { stamp: None, ..still }, known);
    let words = "the server says that nothing has changed without having been asked (HTTP 304)";
    assert_eq!(why(web(&not_modified().url(), &patient()).fetch(&known, true)), words);
    assert_eq!(why(web(&not_modified().url(), &patient()).fetch(&nothing(), false)), words);
}

#[test]
fn a_body_that_differs_in_its_time_stamps_alone_is_unchanged_and_brings_newer_validators() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    let feed = web(&server.url(), &patient());
    let (_, first) = new(feed.fetch(&nothing(), false));
    let later = calendar("a").replace("20261101T000000Z", "20261122T085900Z");
    server.serve(Serves::Calendar { body: later, etag: Some(ETAG), last_modified: None });
    assert_eq!(unchanged(feed.fetch(&first, false)), Validators { etag: Some(ETAG.into()), ..first });
}

#[test]
fn a_compressed_calendar_is_unpacked() {
    assert_eq!(new(served(Serves::gzip(calendar("a").as_bytes()))).0, calendar("a"));
    let halves = [gzip(&calendar("a").as_bytes()[..50]), gzip(&calendar("a").as_bytes()[50..])].concat();
    let in_two = Serves::Answer(200, vec![("Content-Encoding", "x-gzip".into())], halves);
    assert_eq!(new(served(in_two)).0, calendar("a"));
}

#[test]
fn a_compressed_calendar_that_is_not_called_compressed_is_unpacked_too() {
    let packed = gzip(calendar("a").as_bytes());
    for headers in [vec![], vec![("Content-Encoding", "identity".to_owned())]] {
        assert_eq!(new(served(Serves::Answer(200, headers, packed.clone()))).0, calendar("a"));
    }
    let damaged = Serves::Answer(200, vec![], packed[..packed.len() - 9].to_vec());
    assert_eq!(why(served(damaged)), "the answer breaks off");
    let bomb = Serves::Endless("HTTP/1.1 200 OK\r\n\r\n".into(), gzip(&vec![b' '; 1 << 20]));
    assert_eq!(why(served(bomb)), "the calendar is longer than 1000000 bytes");
    assert_eq!(
        why(served(Serves::Answer(200, vec![], vec![0x1f]))).split(':').next(),
        Some("the server's answer is not a calendar")
    );
}

#[test]
fn a_calendar_that_somebody_on_the_way_has_changed_is_taken() {
    assert_eq!(new(served(Serves::Answer(203, Vec::new(), calendar("a").into()))).0, calendar("a"));
}

#[test]
fn a_body_that_is_no_whole_calendar_is_a_failure() {
    let packed = gzip(calendar("a").as_bytes());
    let encoded = |how: &str, body: &[u8]| Serves::Answer(200, vec![("Content-Encoding", how.into())], body.to_vec());
    let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", calendar("a"));
    let no_calendar = "the server's answer is not a calendar: ";
    for (serves, words) in [
        (ok(""), format!("{no_calendar}it is empty")),
        (ok("{}"), format!("{no_calendar}it does not start with BEGIN:VCALENDAR")),
        (ok(&calendar("a")[..90]), format!("{no_calendar}it breaks off before its END:VCALENDAR")),
        (
            ok("<!DOCTYPE html><html>Sign in</html>"),
            "the server answered with a web page (a sign-in form?); the address may have been reset: copy it again from \
             the calendar's settings"
                .into(),
        ),
        (Serves::Raw(head(calendar("a").len() + 1).into()), "the answer breaks off".into()),
        (Serves::Raw(head(50).into()), format!("{no_calendar}it breaks off before its END:VCALENDAR")),
        (
            Serves::Raw(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}", calendar("a")).into()),
            "the answer breaks off".into(),
        ),
        (encoded("gzip", &packed[..packed.len() - 9]), "the answer breaks off".into()),
        (encoded("gzip", calendar("a").as_bytes()), "the answer is damaged: it cannot be decompressed".into()),
        (encoded("br", &packed), "the answer is compressed in a way that was not asked for".into()),
        (encoded("gzip, gzip", &packed), "the answer is compressed in a way that was not asked for".into()),
    ] {
        assert_eq!(why(served(serves.clone())), words, "{serves:?}");
    }
}

#[test]
fn a_status_that_brings_no_calendar_is_told_with_a_remedy() {
    let again = "; the address may have been reset: copy it again from the calendar's settings";
    for (status, words) in [
        (201, "the server sent no calendar (HTTP 201)".to_owned()),
        (202, "the server has not made the calendar yet (HTTP 202)".to_owned()),
        (204, "the server sent nothing (HTTP 204)".to_owned()),
        (206, "the server sent a part of the calendar only (HTTP 206)".to_owned()),
        (300, "the server sent no calendar (HTTP 300)".to_owned()),
        (
            401,
            "the server wants a login (HTTP 401); copy the address again, or write it as https://USER:PASSWORD@HOST/…"
                .into(),
        ),
        (
            403,
            "the server refuses access (HTTP 403); the address may have been reset: copy it again; or the server wants a \
             browser: set `user_agent = \"Mozilla/5.0\"` under [calendar]"
                .into(),
        ),
        (404, format!("the server knows no such calendar (HTTP 404){again}")),
        (410, format!("the calendar is gone (HTTP 410){again}")),
        (418, "the server sent no calendar (HTTP 418)".to_owned()),
        (429, "the server was asked too often (HTTP 429)".to_owned()),
        (500, "the server has a fault (HTTP 500)".to_owned()),
        (503, "the server is not available (HTTP 503)".to_owned()),
    ] {
        assert_eq!(why(served(Serves::status(status))), words);
    }
}

#[test]
fn a_server_that_wants_to_be_left_alone_says_for_how_long() {
    let asks = |wait: &str| vec![("Retry-After", wait.to_owned()), ("Date", DATE.to_owned())];
    for (wait, expected) in [
        ("120", Some(Duration::from_secs(120))),
        ("Sun, 22 Nov 2026 09:10:00 GMT", Some(Duration::from_secs(600))),
        ("Sun, 22 Nov 2026 08:00:00 GMT", Some(Duration::ZERO)),
        ("99999999999999999999", None),
        ("-1", None),
    ] {
        let Fetched::Failed(failure) = served(Serves::Answer(429, asks(wait), Vec::new())) else { panic!() };
        assert_eq!(failure.retry_after, expected, "{wait}");
    }
}

#[test]
fn an_answer_that_is_too_long_is_given_up_wherever_it_hides() {
    let too_long = "the calendar is longer than 1000000 bytes";
    let junk = "x".repeat(1_000_001);
    assert_eq!(why(served(ok(&junk))), too_long);
    assert_eq!(why(served(Serves::gzip(junk.as_bytes()))), too_long);
    assert_eq!(why(served(Serves::zip_bomb())), too_long);
    let endless = |head: &str, rest: &[u8]| Serves::Endless(head.into(), rest.to_vec());
    assert_eq!(why(served(endless("HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\n", b"X:1\r\n"))), too_long);
    let packed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
    let nothing_in_it = FakeFeed::start(endless(packed, &gzip(b"").repeat(100)));
    let short = CalendarConfig { max_bytes: 20_000, ..patient() };
    let fetched = web(&nothing_in_it.url(), &short).fetch(&nothing(), false);
    assert_eq!(why(fetched), "the calendar is longer than 20000 bytes");
    let heads = "the answer's headers are too long";
    assert_eq!(why(served(endless("HTTP/1.1 200 OK\r\n", b"X: aaaaaaaaaaaaaaaa"))), heads);
}

#[test]
fn whatever_a_server_does_a_fetch_ends_in_its_time() {
    let drip = |head: &str| Serves::Drip(head.into(), "X".repeat(100_000).into());
    for serves in [
        Serves::Silence,
        Serves::Drip(Vec::new(), format!("HTTP/1.1 200 OK\r\nX: {}", "X".repeat(100_000)).into()),
        drip("HTTP/1.1 200 OK\r\nX: "),
        drip("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        drip("HTTP/1.1 200 OK\r\n\r\nBEGIN:VCALENDAR\r\n"),
        Serves::Drip("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n".into(), gzip(b"").repeat(10_000)),
    ] {
        let server = FakeFeed::start(serves.clone());
        let started = Instant::now();
        let fetched = web(&server.url(), &hasty()).fetch(&nothing(), false);
        assert_eq!(why(fetched), "no whole answer within 0.6 s", "{serves:?}");
        assert!(started.elapsed() < HUNG, "{serves:?}");
    }
}

#[test]
fn redirects_share_the_time_of_the_fetch() {
    let server = FakeFeed::start(Serves::Silence);
    server.script([Serves::redirect(302, "/a"), Serves::redirect(302, "/b")]);
    let short = CalendarConfig { timeout: Duration::from_secs(5), ..patient() };
    assert_eq!(why(web(&server.url(), &short).fetch(&nothing(), false)), "no whole answer within 5 s");
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn redirects_are_followed_five_times_and_no_further() {
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    let feed = web(&server.url(), &patient());
    let statuses = [301, 302, 303, 307, 308];
    server.script(statuses.map(|status| Serves::redirect(status, "../moved.ics")));
    let known = Validators { etag: Some(ETAG.into()), hash: Some("h".into()), ..nothing() };
    assert_eq!(new(feed.fetch(&known, false)).0, calendar("a"));
    let targets: Vec<String> = server.requests().into_iter().map(|r| r.target).collect();
    assert_eq!(targets[1..4], ["/calendar/moved.ics", "/moved.ics", "/moved.ics"]);
    assert!(server.requests().iter().all(|r| r.header("if-none-match") == Some(ETAG)));
    server.serve(Serves::redirect(302, ""));
    let words = "more than 5 redirects; the address may have been reset: copy it again from the calendar's settings";
    assert_eq!(why(feed.fetch(&nothing(), false)), words);
    assert_eq!(server.requests().len(), 6 + 6);
    server.serve(Serves::status(302));
    assert_eq!(why(feed.fetch(&nothing(), false)), "a redirect does not say where it leads");
}

#[test]
fn a_circle_that_only_a_cookie_ends_is_called_a_login_page() {
    let with_cookie = |to: &str| {
        Serves::Answer(
            302,
            vec![("Location", to.to_owned()), ("Set-Cookie", "session=1; Path=/".to_owned())],
            Vec::new(),
        )
    };
    let server = FakeFeed::start(Serves::plain(&calendar("a")));
    server.script(["/login", "/calendar", "/login", "/calendar", "/login", "/calendar"].map(with_cookie));
    let words = "the address leads to a login page, in a circle for who has no cookie; the address may have been reset: copy \
                 it again from the calendar's settings";
    assert_eq!(why(web(&server.url(), &patient()).fetch(&nothing(), false)), words);
    server.script(["/1", "/2", "/3", "/4", "/5", "/6"].map(with_cookie));
    assert!(why(web(&server.url(), &patient()).fetch(&nothing(), false)).starts_with("more than 5 redirects; "));
}

#[test]
fn what_is_not_http_and_a_closed_door_are_told_in_words() {
    let raw = |bytes: &str| served(Serves::Raw(bytes.into()));
    assert_eq!(why(raw("")), "the connection was closed without an answer");
    assert_eq!(why(raw("SSH-2.0-x\r\n\r\n")), "the server's answer is not HTTP");
    let gone = FakeFeed::start(Serves::Silence).url();
    assert_eq!(why(web(&gone, &patient()).fetch(&nothing(), false)), "no connection: connection refused");
    let bad = CalendarConfig { user_agent: Some("a\nb".into()), ..patient() };
    let words = "the request cannot be written; is `user_agent` under [calendar] plain text?";
    assert_eq!(why(web(&gone, &bad).fetch(&nothing(), false)), words);
}

#[test]
fn what_one_server_told_is_not_asked_of_another_one_a_redirect_leads_to() {
    let serves = |title| Serves::Calendar { body: calendar(title), etag: Some(ETAG), last_modified: Some(DATE) };
    let (old, next) = (FakeFeed::start(serves("old")), FakeFeed::start(serves("new")));
    let entry = FakeFeed::start(Serves::redirect(302, &old.url()));
    let feed = web(&entry.url(), &patient());
    let (_, told) = new(feed.fetch(&nothing(), false));
    assert_eq!(unchanged(feed.fetch(&told, false)), told);
    entry.serve(Serves::redirect(302, &next.url()));
    assert_eq!(new(feed.fetch(&told, false)).0, calendar("new"));
    let known = Validators { etag: Some(ETAG.into()), ..told };
    assert_eq!(new(feed.fetch(&known, false)).0, calendar("new"), "nor is what it told before");
}
