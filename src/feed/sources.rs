//! The sources of a config by their keys.

use super::file::File;
use super::web::Web;
use super::{Feed, Feeds};
use crate::config::{CalendarConfig, CalendarPlace, CalendarSource, Config};
use crate::http::{Lookup, Names};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Every calendar of a config. Making it costs nothing: a tick of a company with thousands of calendars looks at few.
pub struct Sources {
    config: Arc<Config>,
    /// A server's name is looked up once for all its calendars.
    names: Names,
    /// Whose calendar has the key, and which of theirs it is. Made when the first one is asked for.
    places: OnceLock<HashMap<String, (usize, usize)>>,
}

impl Sources {
    /// The calendars of every person.
    pub fn new(config: &Arc<Config>) -> Self {
        Self::with_names(config, Names::of_system())
    }

    /// As [`Sources::new`], with another way to find the addresses of servers.
    pub fn with_lookup(config: &Arc<Config>, lookup: &Arc<dyn Lookup>) -> Self {
        Self::with_names(config, Names::new(Arc::clone(lookup)))
    }

    fn with_names(config: &Arc<Config>, names: Names) -> Self {
        Self { config: Arc::clone(config), names, places: OnceLock::new() }
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
    fn feed(&self, key: &str) -> Option<Arc<dyn Feed>> {
        let (person, number) = *self.places().get(key)?;
        let source = self.config.people.get(person)?.calendars.get(number)?;
        Some(feed(&source.place, &self.config.calendar, &self.names))
    }
}

/// The source at this place, whether it stands in the config or not.
pub fn at(place: &CalendarPlace, config: &CalendarConfig) -> Arc<dyn Feed> {
    feed(place, config, &Names::of_system())
}

fn feed(place: &CalendarPlace, config: &CalendarConfig, names: &Names) -> Arc<dyn Feed> {
    match place {
        CalendarPlace::File(path) => Arc::new(File::new(path.clone(), config.max_bytes)),
        CalendarPlace::Web(address) => Arc::new(Web::new(address.clone(), config.clone(), names.clone())),
    }
}
