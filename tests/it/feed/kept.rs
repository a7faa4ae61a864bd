//! Calendars of one server share its connections, and nothing else.

use super::{WANTED, config_of, new, nothing, patient, why};
use crate::support::fake_feed::{FakeFeed, Serves, calendar};
use savehub::config::{CalendarConfig, CalendarPlace};
use savehub::feed::{Feeds, Fetched, Sources};

/// The calendars of a config, by their numbers from 1.
struct Calendars(Sources);

impl Calendars {
    fn at<const N: usize>(urls: [&String; N], calendar: &CalendarConfig) -> Self {
        let places = urls.map(|url| CalendarPlace::Web(url.clone().into()));
        Self(Sources::new(&config_of(places, calendar)))
    }

    fn fetch(&self, number: usize) -> Fetched {
        self.0.feed(&format!("k{number}"), &WANTED).unwrap().fetch(&nothing(), false)
    }
}

fn server() -> FakeFeed {
    FakeFeed::start(Serves::plain(&calendar("a")))
}

/// Is the calendar read?
fn is_read(calendars: &Calendars, number: usize) -> bool {
    new(calendars.fetch(number)).0 == calendar("a")
}

#[test]
fn all_calendars_of_a_server_are_read_over_one_connection_whatever_it_answers() {
    let server = server();
    let calendars = Calendars::at([&server.url(), &format!("http://{}/other?key=1", server.addr())], &patient());
    server.script([
        Serves::plain(&calendar("a")),
        Serves::gzip(calendar("a").as_bytes()),
        Serves::status(503),
        Serves::redirect(302, "/elsewhere"),
    ]);
    assert!(is_read(&calendars, 1) && is_read(&calendars, 2));
    assert!(why(calendars.fetch(1)).contains("503"));
    // A refusal is not read to its end, so that its connection is not kept.
    assert!(is_read(&calendars, 2) && is_read(&calendars, 1));
    assert_eq!((server.requests().len(), server.connections(2)), (6, 2));
}

#[test]
fn another_name_or_port_has_a_connection_of_its_own() {
    let (server, other) = (server(), server());
    let port = server.addr().port();
    let calendars =
        Calendars::at([&server.url(), &format!("http://localhost:{port}/x"), &other.url(), &server.url()], &patient());
    (1..=4).for_each(|number| assert!(is_read(&calendars, number)));
    assert_eq!((server.connections(2), other.connections(1)), (2, 1));
}

#[test]
fn each_request_on_a_connection_has_the_login_of_its_own_address_and_no_other() {
    let server = server();
    let at = |login: &str| format!("http://{login}{}/x", server.addr());
    let calendars = Calendars::at([&at("ana:pw@"), &at(""), &at("ben:pw@")], &patient());
    (1..=3).for_each(|number| assert!(is_read(&calendars, number)));
    let logins: Vec<_> = server.requests().iter().map(|r| r.header("authorization").map(str::to_owned)).collect();
    assert_eq!(logins, [Some("Basic YW5hOnB3".to_owned()), None, Some("Basic YmVuOnB3".to_owned())]);
    assert_eq!(server.connections(1), 1);
}

#[test]
fn a_connection_that_the_server_has_ended_is_replaced_and_nothing_is_told() {
    let server = server();
    let calendars = Calendars::at([&server.url()], &patient());
    assert!(is_read(&calendars, 1));
    server.end_connections();
    assert!(is_read(&calendars, 1));
    assert_eq!((server.requests().len(), server.connections(2)), (2, 2));
}

#[test]
fn a_kept_connection_that_ends_instead_of_an_answer_is_replaced_and_a_new_one_is_not() {
    let server = server();
    let calendars = Calendars::at([&server.url()], &patient());
    server.script([Serves::plain(&calendar("a")), Serves::Raw(Vec::new())]);
    assert!(is_read(&calendars, 1) && is_read(&calendars, 1));
    assert_eq!((server.requests().len(), server.connections(2)), (3, 2), "asked again on a new one");
    server.end_connections();
    server.script([Serves::Raw(Vec::new())]);
    assert_eq!(why(calendars.fetch(1)), "the connection was closed without an answer");
    assert_eq!(server.requests().len(), 4, "not asked again");
}

#[test]
fn silence_on_a_kept_connection_has_the_time_of_the_fetch_and_no_second_try() {
    let server = server();
    let hasty = CalendarConfig { timeout: super::hasty().timeout, ..patient() };
    let calendars = Calendars::at([&server.url()], &hasty);
    server.script([Serves::plain(&calendar("a")), Serves::Silence]);
    assert!(is_read(&calendars, 1));
    assert_eq!(why(calendars.fetch(1)), "no whole answer within 0.6 s");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn an_answer_that_was_not_read_to_its_end_spoils_no_other() {
    let server = server();
    let calendars = Calendars::at([&server.url()], &CalendarConfig { max_bytes: 1000, ..patient() });
    server.script([Serves::Answer(200, Vec::new(), vec![b' '; 100_000])]);
    assert_eq!(why(calendars.fetch(1)), "the calendar is longer than 1000 bytes");
    assert!(is_read(&calendars, 1));
    assert_eq!(server.connections(2), 2);
}
