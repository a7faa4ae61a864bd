//! Calendars on CalDAV servers, and the habits of these.

use super::{feed, new, nothing, patient, unchanged, why};
use crate::support::fake_dav::{FakeDav, Habits, Hrefs, PASSWORD, USER};
use savehub::config::{CalDavPlace, CalendarConfig, CalendarPlace, Later, Login};
use savehub::feed::{Feed, FetchFailure, Fetched, find, own_addresses};
use savehub::http::SystemLookup;
use savehub::model::Validators;
use std::sync::Arc;
use std::time::Duration;

/// An event of which only the title counts.
fn event(uid: &str, title: &str) -> (&'static str, String) {
    let name: &'static str = Box::leak(format!("{uid}.ics").into_boxed_str());
    let text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{uid}@x\r\nDTSTART:20261122T093000Z\r\n\
         SUMMARY:{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    );
    (name, text)
}

fn server(habits: impl FnOnce(&mut Habits)) -> FakeDav {
    let server = FakeDav::start();
    server.has_habits(habits);
    server.holds(&[event("a", "Plans"), event("b", "Lunch")]);
    server
}

fn place(url: &str, password: &str) -> CalDavPlace {
    let password = Later::here("password", password.to_owned().into());
    CalDavPlace { address: url.to_owned().into(), login: Login { user: USER.into(), password } }
}

fn with(server: &FakeDav, config: &CalendarConfig) -> Arc<dyn Feed> {
    feed(CalendarPlace::CalDav(place(&server.url(), PASSWORD)), config, SystemLookup)
}

fn of(server: &FakeDav) -> Arc<dyn Feed> {
    with(server, &patient())
}

/// The titles in a copy, and what to ask with next time.
fn titles(fetched: Fetched) -> (Vec<String>, Validators) {
    let (body, validators) = new(fetched);
    let titles = body.lines().filter_map(|line| line.strip_prefix("SUMMARY:"));
    (titles.map(str::to_owned).collect(), validators)
}

/// What a look asked.
fn asked(server: &FakeDav, look: impl FnOnce()) -> Vec<&'static str> {
    let before = server.asked().len();
    look();
    server.asked().split_off(before)
}

#[test]
fn a_calendar_is_read_whole_at_first_and_then_asked_for_changes_alone() {
    let server = server(|_| {});
    let (found, first) = titles(of(&server).fetch(&nothing(), true));
    assert_eq!(found, ["Plans", "Lunch"]);
    assert_eq!(server.asked(), ["state", "principal", "query", "get"]);
    let mut second = nothing();
    assert_eq!(asked(&server, || second = unchanged(of(&server).fetch(&first, false))), ["sync"]);
    assert_eq!(second, first);
    server.holds(&[event("a", "Other plans"), event("b", "Lunch")]);
    let mut third = nothing();
    let asked = asked(&server, || {
        let found;
        (found, third) = titles(of(&server).fetch(&second, false));
        assert_eq!(found, ["Other plans", "Lunch"]);
    });
    assert_eq!(asked, ["sync", "query", "get"]);
    unchanged(of(&server).fetch(&third, false));
}

#[test]
fn a_change_that_leaves_the_events_of_the_time_as_they_are_brings_no_new_copy() {
    let server = server(|_| {});
    let (_, first) = titles(of(&server).fetch(&nothing(), true));
    server.holds(&[event("a", "Plans"), event("b", "Lunch"), event("c", "gone at once")]);
    server.holds(&[event("a", "Plans"), event("b", "Lunch")]);
    let mut second = nothing();
    assert_eq!(asked(&server, || second = unchanged(of(&server).fetch(&first, false))), ["sync", "query"]);
    assert_eq!(asked(&server, || drop(unchanged(of(&server).fetch(&second, false)))), ["sync"]);
}

#[test]
fn a_server_without_tokens_is_asked_for_its_ctag_and_one_without_both_for_its_list() {
    for (ctag, looks) in [(true, vec!["state"]), (false, vec!["state", "query"])] {
        let server = server(|habits| (habits.sync, habits.ctag) = (false, ctag));
        let (_, first) = titles(of(&server).fetch(&nothing(), true));
        assert_eq!(asked(&server, || drop(unchanged(of(&server).fetch(&first, false)))), looks);
        server.holds(&[event("a", "Other plans")]);
        assert_eq!(titles(of(&server).fetch(&first, false)).0, ["Other plans"], "ctag: {ctag}");
    }
}

#[test]
fn a_refused_token_starts_anew_once_whatever_the_status() {
    for (refusal, trusted) in [
        ((403, true), true),
        ((412, true), true),
        ((410, false), true),
        ((507, false), true),
        ((403, false), false),
        ((400, false), false),
    ] {
        let server = server(|_| {});
        let (_, first) = titles(of(&server).fetch(&nothing(), true));
        server.has_habits(|habits| habits.refuses_tokens = Some(refusal));
        server.holds(&[event("a", "Other plans")]);
        let mut second = nothing();
        let asked = asked(&server, || {
            let found;
            (found, second) = titles(of(&server).fetch(&first, false));
            assert_eq!(found, ["Other plans"], "{refusal:?}");
        });
        assert_eq!(asked, ["sync", "state", "query", "get"], "{refusal:?}");
        assert_eq!(second.etag.unwrap().starts_with("token "), trusted, "{refusal:?}");
    }
}

#[test]
fn changes_that_come_in_parts_are_all_asked_for() {
    let server = server(|habits| habits.cut = Some(1));
    let (_, first) = titles(of(&server).fetch(&nothing(), true));
    server.holds(&[event("a", "1"), event("b", "2"), event("c", "3")]);
    let mut second = nothing();
    let asked = asked(&server, || (_, second) = titles(of(&server).fetch(&first, false)));
    assert_eq!(asked, ["sync", "sync", "sync", "query", "get"]);
    unchanged(of(&server).fetch(&second, false));
}

#[test]
fn a_server_that_cannot_list_so_many_events_is_asked_for_fewer_days() {
    let server = server(|habits| habits.most_days = Some(15));
    assert_eq!(titles(of(&server).fetch(&nothing(), true)).0, ["Plans", "Lunch"]);
    assert_eq!(server.asked(), ["state", "principal", "query", "query", "get"]);
    server.has_habits(|habits| habits.most_days = Some(1));
    let words = "the server cannot list so many events at once (HTTP 507)";
    assert_eq!(why(of(&server).fetch(&nothing(), true)), words);
}

#[test]
fn addresses_of_events_are_understood_however_they_are_written() {
    for hrefs in [Hrefs::Plain, Hrefs::Absolute, Hrefs::Escaped, Hrefs::Relative] {
        let server = server(|habits| (habits.hrefs, habits.lists_itself) = (hrefs, true));
        let (found, first) = titles(of(&server).fetch(&nothing(), true));
        assert_eq!(found, ["Plans", "Lunch"], "{hrefs:?}");
        unchanged(of(&server).fetch(&first, false));
    }
}

#[test]
fn a_redirect_keeps_method_body_and_login() {
    for status in [301, 302, 307, 308] {
        let server = server(|habits| habits.redirects = Some(status));
        let (found, first) = titles(of(&server).fetch(&nothing(), true));
        assert_eq!(found, ["Plans", "Lunch"], "{status}");
        unchanged(of(&server).fetch(&first, false));
        for request in server.requests() {
            assert!(request.header("authorization").unwrap().starts_with("Basic "), "{status}");
            assert!(!request.body.is_empty(), "{status}");
        }
    }
}

#[test]
fn a_server_that_wants_a_digest_gets_one_for_each_method_and_place() {
    let server = server(|habits| (habits.wants_digest, habits.redirects) = (true, Some(308)));
    let (found, first) = titles(of(&server).fetch(&nothing(), true));
    assert_eq!(found, ["Plans", "Lunch"]);
    unchanged(of(&server).fetch(&first, false));
    let let_in =
        server.requests().into_iter().filter(|r| r.header("authorization").is_some_and(|l| l.starts_with("Digest ")));
    for request in let_in {
        let login = request.header("authorization").unwrap();
        assert!(login.contains(&format!("uri=\"{}\"", request.target)), "{login}");
    }
}

#[test]
fn a_redirect_to_another_host_does_not_take_the_login_along() {
    let (first, second) = (server(|_| {}), server(|_| {}));
    let to = second.url().replace("127.0.0.1", "localhost");
    first.has_habits(|habits| habits.always = Some((308, vec![("Location", to)], String::new())));
    assert_eq!(titles(of(&first).fetch(&nothing(), true)).0, ["Plans", "Lunch"]);
    assert!(first.requests().iter().all(|request| request.header("authorization").is_some()));
    assert!(second.requests().iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn the_whole_is_asked_for_from_a_server_that_tells_no_change() {
    let server = server(|habits| habits.silent = true);
    let (_, first) = titles(of(&server).fetch(&nothing(), true));
    server.holds(&[event("a", "Other plans")]);
    unchanged(of(&server).fetch(&first, false));
    assert_eq!(titles(of(&server).fetch(&first, true)).0, ["Other plans"]);
}

#[test]
fn an_event_that_a_server_cannot_send_loses_no_other_one_and_lets_nothing_be_concluded() {
    let withheld: [fn(&mut Habits); 2] =
        [|habits| habits.fails_over = Some("b.ics"), |habits| habits.withholds = Some(("b.ics", 500))];
    for habits in withheld {
        let server = server(habits);
        let names: Vec<_> = (0..60).map(|n| event(&format!("e{n}"), "Plans")).collect();
        server.holds(&[names, vec![event("b", "Lunch")]].concat());
        let Fetched::New { missing, validators, body } = of(&server).fetch(&nothing(), true) else { panic!() };
        assert_eq!(missing, 1);
        assert_eq!(String::from_utf8(body).unwrap().matches("SUMMARY:Plans").count(), 60);
        assert_eq!(validators.etag, None, "the next look asks again");
        let Fetched::New { missing, .. } = of(&server).fetch(&validators, false) else { panic!() };
        assert_eq!(missing, 1);
        server.has_habits(|habits| (habits.fails_over, habits.withholds) = (None, None));
        let Fetched::New { missing, .. } = of(&server).fetch(&validators, false) else { panic!() };
        assert_eq!(missing, 0);
    }
}

#[test]
fn an_event_that_is_deleted_between_list_and_fetch_is_gone() {
    let server = server(|habits| habits.withholds = Some(("b.ics", 404)));
    let Fetched::New { missing, .. } = of(&server).fetch(&nothing(), true) else { panic!() };
    assert_eq!(missing, 0);
}

#[test]
fn a_broken_event_spoils_no_other_one() {
    let server = server(|_| {});
    let (name, text) = event("b", "Lunch");
    for broken in ["<html>sign in</html>".to_owned(), text[..text.len() - 30].to_owned(), String::new()] {
        server.holds(&[event("a", "Plans"), (name, broken), event("c", "Tea")]);
        let Fetched::New { missing, body, .. } = of(&server).fetch(&nothing(), true) else { panic!() };
        assert_eq!(missing, 1);
        let body = String::from_utf8(body).unwrap();
        assert!(body.contains("SUMMARY:Plans") && body.contains("SUMMARY:Tea") && body.ends_with("END:VCALENDAR\r\n"));
    }
}

#[test]
fn a_calendar_without_events_is_an_empty_one() {
    let server = FakeDav::start();
    assert_eq!(titles(of(&server).fetch(&nothing(), true)).0, Vec::<String>::new());
    assert_eq!(server.asked(), ["state", "principal", "query"], "nothing is fetched");
}

#[test]
fn the_server_tells_the_addresses_of_the_person() {
    let server = server(|_| {});
    let (_, first) = titles(of(&server).fetch(&nothing(), true));
    assert_eq!(own_addresses(&first), ["ana@example.com"]);
    server.holds(&[event("a", "Other plans")]);
    assert_eq!(own_addresses(&titles(of(&server).fetch(&first, false)).1), ["ana@example.com"], "they stay known");
    server.has_habits(|habits| habits.addresses = &[]);
    assert_eq!(own_addresses(&titles(of(&server).fetch(&nothing(), true)).1), Vec::<String>::new());
}

#[test]
fn what_another_login_was_told_means_nothing() {
    let server = server(|_| {});
    let (_, first) = titles(of(&server).fetch(&nothing(), true));
    let mut other = place(&server.url(), PASSWORD);
    other.login.user = "ben".into();
    let of_other = feed(CalendarPlace::CalDav(other), &patient(), SystemLookup);
    assert_eq!(asked(&server, || drop(of_other.fetch(&first, false))), ["state", "principal", "query", "get"]);
}

#[test]
fn every_failure_says_what_to_do_and_names_nothing_secret() {
    let deep = format!("<multistatus xmlns='DAV:'>{}", "<a>".repeat(100));
    for (status, body, words) in [
        (
            401,
            "",
            "the login was refused (HTTP 401); are user and password right? Some services want an app password, made for savehub alone",
        ),
        (403, "", "the server refuses access (HTTP 403); may this user read the calendar?"),
        (404, "", "the server knows no such calendar (HTTP 404); `savehub calendar find` lists those it has"),
        (
            200,
            "<html>",
            "the server does not speak CalDAV at this address (HTTP 200); `savehub calendar find` finds the right one",
        ),
        (
            405,
            "",
            "the server does not speak CalDAV at this address (HTTP 405); `savehub calendar find` finds the right one",
        ),
        (429, "", "the server was asked too often (HTTP 429)"),
        (500, "", "the server has a fault (HTTP 500)"),
        (503, "", "the server is not available (HTTP 503)"),
        (207, "BEGIN:VCALENDAR", "the server's answer cannot be read: it is broken XML"),
        (207, "<a/>", "the server's answer cannot be read: it is no multistatus"),
        (
            207,
            "<!DOCTYPE a><a/>",
            "the server's answer cannot be read: its XML has a document type, which WebDAV has not",
        ),
        (207, deep.as_str(), "the server's answer cannot be read: its XML is too deep or too large"),
    ] {
        let server = server(|habits| habits.always = Some((status, Vec::new(), body.to_owned())));
        assert_eq!(why(of(&server).fetch(&nothing(), true)), words);
    }
}

#[test]
fn a_server_that_asks_to_be_left_alone_is_understood() {
    let server = server(|habits| habits.always = Some((503, vec![("Retry-After", "70".into())], String::new())));
    let failure = FetchFailure {
        why: "the server is not available (HTTP 503)".into(),
        retry_after: Some(Duration::from_secs(70)),
        unreached: false,
    };
    assert_eq!(of(&server).fetch(&nothing(), true), Fetched::Failed(failure));
}

#[test]
fn a_calendar_that_is_too_long_in_sum_is_refused() {
    let server = server(|_| {});
    let long = "x".repeat(1000);
    let events: Vec<_> = (0..100).map(|n| event(&format!("e{n}"), &long)).collect();
    server.holds(&events);
    let small = CalendarConfig { max_bytes: 90_000, ..patient() };
    assert_eq!(why(with(&server, &small).fetch(&nothing(), true)), "the calendar is longer than 90000 bytes");
}

#[test]
fn a_password_that_cannot_be_had_is_a_failure_of_that_calendar() {
    let server = server(|_| {});
    let mut of = place(&server.url(), PASSWORD);
    of.login.password = Later::in_file("password_file", "/nowhere/password".into());
    let why = why(feed(CalendarPlace::CalDav(of), &patient(), SystemLookup).fetch(&nothing(), true));
    assert_eq!(why, "no password comes from `password_file`: the file cannot be read (there is none)");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_server_s_calendars_are_found_from_its_address() {
    let server = server(|_| {});
    for at in ["", "/", "/nowhere/", "/dav/ana%40x/", "/principals/ana/", "/dav/ana%40x/work/"] {
        let found = find(&place(&format!("{}{at}", server.root()), PASSWORD), &patient()).unwrap();
        let seen: Vec<_> = found.calendars.iter().map(|c| (c.address.as_str(), c.name.as_deref())).collect();
        assert_eq!(seen, [(server.url().as_str(), Some("Work & more"))], "{at}");
        assert_eq!((found.others, found.addresses), (1, vec!["ana@example.com".to_owned()]), "{at}");
    }
    server.has_habits(|habits| habits.redirects = Some(308));
    let found = find(&place(&server.root(), PASSWORD), &patient()).unwrap();
    assert_eq!(found.calendars[0].address, format!("{}/dav.php/dav/ana%40x/work/", server.root()));
    server.has_habits(|habits| habits.always = Some((401, Vec::new(), String::new())));
    let before = server.requests().len();
    let failure = find(&place(&server.root(), "wrong"), &patient()).unwrap_err();
    assert!(failure.why.starts_with("the login was refused (HTTP 401)"), "{}", failure.why);
    assert_eq!(server.requests().len(), before + 1, "a wrong password is not tried again and again");
}
