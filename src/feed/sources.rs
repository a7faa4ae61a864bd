//! The sources of a config by their keys.

use super::caldav::{CalDav, Turns};
use super::file::File;
use super::web::Web;
use super::{Feed, Feeds, Wanted};
use crate::config::{CalendarConfig, CalendarPlace, CalendarSource, Config};
use crate::http::{Getter, Lookup, Names};
use crate::model::Route;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Every calendar of a config. Making it costs nothing: a tick of a company with thousands of calendars looks at few.
pub struct Sources {
    config: Arc<Config>,
    /// A server's name is looked up once.
    names: Names,
    /// By the way there: the calendars of one server share its connections.
    getters: Mutex<HashMap<Route, Arc<Getter>>>,
    turns: Arc<Turns>,
    /// Whose calendar has the key, and which of theirs it is. Made when the first one is asked for.
    places: OnceLock<HashMap<String, (usize, usize)>>,
}

impl Sources {
    /// The calendars of every person.
    pub fn new(config: &Arc<Config>) -> Self {
        Self::with_names(config, &Names::of_system())
    }

    /// As [`Sources::new`], with another way to find the addresses of servers.
    pub fn with_lookup(config: &Arc<Config>, lookup: &Arc<dyn Lookup>) -> Self {
        Self::with_names(config, &Names::new(Arc::clone(lookup)))
    }

    fn with_names(config: &Arc<Config>, names: &Names) -> Self {
        let (names, getters, turns) = (names.clone(), Mutex::default(), Arc::default());
        Self { config: Arc::clone(config), names, getters, turns, places: OnceLock::new() }
    }

    fn getter(&self, route: Option<&Route>) -> Arc<Getter> {
        let route = route.unwrap_or(&self.config.calendar.route);
        // Each change of the map is one step: whoever panicked left it whole.
        let mut all = self.getters.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || getter(&self.config.calendar, route, &self.names);
        Arc::clone(all.entry(route.clone()).or_insert_with(new))
    }

    fn places(&self) -> &HashMap<String, (usize, usize)> {
        self.places.get_or_init(|| {
            let of = |(person, calendars): (usize, &[CalendarSource])| {
                let key = |(number, source): (usize, &CalendarSource)| (source.key.clone(), (person, number));
                calendars.iter().enumerate().map(key).collect::<Vec<_>>()
            };
            self.config.people.iter().map(|person| person.calendars.as_slice()).enumerate().flat_map(of).collect()
        })
    }
}

impl Feeds for Sources {
    fn feed(&self, key: &str, wanted: &Wanted) -> Option<Arc<dyn Feed>> {
        let (person, number) = *self.places().get(key)?;
        let source = self.config.people.get(person)?.calendars.get(number)?;
        let getter = || self.getter(source.route.as_ref());
        Some(feed(&source.place, &self.config.calendar, getter, &self.turns, wanted))
    }
}

/// The source at this place, whether it stands in the config or not, for meetings that begin in `wanted`. `route`: its own
/// way there, if it has one.
pub fn at(place: &CalendarPlace, route: Option<&Route>, config: &CalendarConfig, wanted: &Wanted) -> Arc<dyn Feed> {
    let getter = || getter(config, route.unwrap_or(&config.route), &Names::of_system());
    feed(place, config, getter, &Arc::default(), wanted)
}

fn getter(config: &CalendarConfig, route: &Route, names: &Names) -> Arc<Getter> {
    Arc::new(Getter::new(names, config.allow_private, route, config.timeout))
}

fn feed(
    place: &CalendarPlace,
    config: &CalendarConfig,
    getter: impl FnOnce() -> Arc<Getter>,
    turns: &Arc<Turns>,
    wanted: &Wanted,
) -> Arc<dyn Feed> {
    match place {
        CalendarPlace::File(path) => Arc::new(File::new(path.clone(), config.max_bytes)),
        CalendarPlace::Web(address) => Arc::new(Web::new(address.clone(), config.clone(), getter())),
        CalendarPlace::CalDav(place) => Arc::new(CalDav {
            place: place.clone(),
            config: config.clone(),
            getter: getter(),
            turns: Arc::clone(turns),
            wanted: wanted.clone(),
        }),
    }
}
