//! Fetching calendars: what counts as a new copy, what as a failure, what is never reached and never said.

mod caldav;
mod files;
mod home;
mod kept;
mod login;
mod reach;
mod secrets;
mod web;

use savehub::config::{CalendarConfig, CalendarPlace, CalendarSource, Config};
use savehub::feed::{Feed, Feeds, Fetched, Sources, Wanted};
use savehub::http::{Lookup, SystemLookup};
use savehub::model::{Timestamp, Validators};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// 2026-11-22T09:00:00Z, and a day.
const WANTED: Wanted = Timestamp::from_ms(1_795_338_000_000)..Timestamp::from_ms(1_795_424_400_000);

/// For servers that answer.
fn patient() -> CalendarConfig {
    CalendarConfig { timeout: Duration::from_secs(20), max_bytes: 1_000_000, ..CalendarConfig::default() }
}

/// For servers that do not.
fn hasty() -> CalendarConfig {
    CalendarConfig { timeout: Duration::from_millis(600), ..patient() }
}

/// A config with one calendar.
fn config(place: CalendarPlace, calendar: &CalendarConfig) -> Arc<Config> {
    config_of([place], calendar)
}

/// A config with these calendars: `k1`, `k2`, …
fn config_of(places: impl IntoIterator<Item = CalendarPlace>, calendar: &CalendarConfig) -> Arc<Config> {
    let text = "database = \"x.db\"\n[[person]]\nid = \"ana\"\nphone = \"+12025550123\"\n[call]\nprovider = \"mock\"";
    let mut config = savehub::config::from_text(text, Path::new("config.toml"), &|_| None).unwrap();
    config.calendar = calendar.clone();
    let source = |(key, place)| CalendarSource {
        key: format!("k{key}"),
        name: "Work".into(),
        place,
        refresh: None,
        own: false,
        route: None,
    };
    config.people[0].calendars = (1..).zip(places).map(source).collect();
    Arc::new(config)
}

fn feed(place: CalendarPlace, calendar: &CalendarConfig, lookup: impl Lookup) -> Arc<dyn Feed> {
    let lookup: Arc<dyn Lookup> = Arc::new(lookup);
    Sources::with_lookup(&config(place, calendar), &lookup).feed("k1", &WANTED).unwrap()
}

/// The calendar behind this address.
fn web(url: &str, calendar: &CalendarConfig) -> Arc<dyn Feed> {
    feed(CalendarPlace::Web(url.to_owned().into()), calendar, SystemLookup)
}

/// The calendar in this file.
fn file(path: &Path) -> Arc<dyn Feed> {
    feed(CalendarPlace::File(path.into()), &patient(), SystemLookup)
}

fn nothing() -> Validators {
    Validators::default()
}

/// A new body, and what to ask with next time.
fn new(fetched: Fetched) -> (String, Validators) {
    match fetched {
        Fetched::New { body, validators, .. } => (String::from_utf8(body).unwrap(), validators),
        other => panic!("{other:?}"),
    }
}

fn unchanged(fetched: Fetched) -> Validators {
    match fetched {
        Fetched::Unchanged(validators) => validators,
        other => panic!("{other:?}"),
    }
}

/// Why there is no new copy.
fn why(fetched: Fetched) -> String {
    match fetched {
        Fetched::Failed(failure) => failure.why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_source_is_found_by_its_key_alone() {
    let config = config(CalendarPlace::File("work.ics".into()), &patient());
    let sources = Sources::new(&config);
    assert!(sources.feed("k1", &WANTED).is_some());
    assert!(sources.feed("k2", &WANTED).is_none());
}
