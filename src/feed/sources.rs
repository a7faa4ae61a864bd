//! The sources of a config by their keys.

use super::file::File;
use super::web::Web;
use super::{Feed, Feeds};
use crate::config::{CalendarConfig, CalendarPlace, Config};
use crate::http::{Lookup, SystemLookup};
use std::collections::HashMap;
use std::sync::Arc;

/// Every calendar of a config. Making it opens no file and no connection, and builds no TLS.
pub struct Sources(HashMap<String, Arc<dyn Feed>>);

impl Sources {
    /// The calendars of every person.
    pub fn new(config: &Config) -> Self {
        Self::with_lookup(config, &(Arc::new(SystemLookup) as Arc<dyn Lookup>))
    }

    /// As [`Sources::new`], with another way to find the addresses of servers.
    pub fn with_lookup(config: &Config, lookup: &Arc<dyn Lookup>) -> Self {
        let calendars = config.people.iter().flat_map(|person| &person.calendars);
        Self(calendars.map(|source| (source.key.clone(), feed(&source.place, &config.calendar, lookup))).collect())
    }
}

impl Feeds for Sources {
    fn feed(&self, key: &str) -> Option<Arc<dyn Feed>> {
        self.0.get(key).map(Arc::clone)
    }
}

/// The source at this place, whether it stands in the config or not.
pub fn at(place: &CalendarPlace, config: &CalendarConfig) -> Arc<dyn Feed> {
    feed(place, config, &(Arc::new(SystemLookup) as Arc<dyn Lookup>))
}

fn feed(place: &CalendarPlace, config: &CalendarConfig, lookup: &Arc<dyn Lookup>) -> Arc<dyn Feed> {
    match place {
        CalendarPlace::File(path) => Arc::new(File::new(path.clone(), config.max_bytes)),
        CalendarPlace::Web(address) => Arc::new(Web::new(address.clone(), config.clone(), Arc::clone(lookup))),
    }
}
