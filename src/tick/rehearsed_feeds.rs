//! Calendars in a rehearsal. Files are read as ticks read them. An address is asked once, and only while there is no copy
//! of its calendar: every other one is as it was when it was read last.
//!
//! What changes outside while a rehearsal runs is not foreseen. So a plan lets all calendars rest once its copy has the
//! meetings that come into reach next.

use super::World;
use crate::config::{CalendarPlace, Config};
use crate::feed::{Feed, Feeds, FetchFailure, Fetched, Wanted};
use crate::model::{CalendarKind, Timestamp, Validators, printable};
use crate::store::{CalendarView, Store, StoreError};
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No address is asked any more after this time: whoever rehearses waits for it.
const ASKS_WITHIN: Duration = Duration::from_secs(20);

/// A calendar of which a rehearsal knows no meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnreadCalendar {
    /// How it is called.
    pub name: String,
    /// Id of the person.
    pub person: String,
    /// Why it could not be read; `None`: nobody came to it.
    pub why: Option<String>,
}

impl UnreadCalendar {
    /// Those of these that were never read.
    pub fn among(calendars: &[CalendarView]) -> Vec<Self> {
        let unread = calendars.iter().filter(|calendar| calendar.good_at.is_none());
        let shown = |calendar: &CalendarView| Self {
            name: printable(&calendar.name),
            person: printable(&calendar.person),
            why: calendar.failure.as_deref().map(printable),
        };
        unread.map(shown).collect()
    }
}

/// The calendars of a rehearsal.
pub(super) struct RehearsedFeeds {
    real: Arc<dyn Feeds>,
    addresses: HashSet<String>,
    asking: Arc<Asking>,
    rest: AtomicBool,
}

/// What the addresses share.
struct Asking {
    until: Instant,
    /// Those that were asked and gave no calendar.
    failed: Mutex<HashMap<String, FetchFailure>>,
}

impl RehearsedFeeds {
    /// `asks`: addresses, too.
    pub(super) fn new(world: &World, asks: bool) -> Self {
        let (now, failed) = (Instant::now(), Mutex::default());
        let until = if asks { now + ASKS_WITHIN } else { now };
        let (real, addresses) = (Arc::clone(&world.feeds), addresses(&world.config));
        Self { real, addresses, asking: Arc::new(Asking { until, failed }), rest: AtomicBool::new(false) }
    }

    /// Lets all calendars rest from now on, or be looked at again.
    pub(super) fn let_rest(&self, rest: bool) {
        self.rest.store(rest, Ordering::Relaxed);
    }
}

fn addresses(config: &Config) -> HashSet<String> {
    let calendars = config.people.iter().flat_map(|person| &person.calendars);
    let addresses = calendars.filter(|source| !matches!(source.place, CalendarPlace::File(_)));
    addresses.map(|source| source.key.clone()).collect()
}

impl Feeds for RehearsedFeeds {
    fn feed(&self, key: &str, wanted: &Wanted) -> Option<Arc<dyn Feed>> {
        let real = self.real.feed(key, wanted)?;
        if !self.addresses.contains(key) {
            return Some(real);
        }
        Some(Arc::new(RehearsedAddress { real, key: key.to_owned(), asking: Arc::clone(&self.asking) }))
    }

    fn rest(&self) -> bool {
        self.rest.load(Ordering::Relaxed)
    }
}

/// A calendar behind an address.
struct RehearsedAddress {
    real: Arc<dyn Feed>,
    key: String,
    asking: Arc<Asking>,
}

impl Feed for RehearsedAddress {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        if *last != Validators::default() {
            return Fetched::Unchanged(last.clone());
        }
        let failed = || self.asking.failed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failure) = failed().get(&self.key) {
            return Fetched::Failed(failure.clone());
        }
        if Instant::now() >= self.asking.until {
            return Fetched::Failed(FetchFailure::from("it has not been read yet".to_owned()));
        }
        let fetched = self.real.fetch(last, whole);
        if let Fetched::Failed(failure) = &fetched {
            failed().insert(self.key.clone(), failure.clone());
        }
        fetched
    }
}

/// The calendars as a rehearsal on this copy took them: those that it did not read, as they were read last.
pub(super) fn as_taken(world: &World, copy: &dyn Store) -> Result<Vec<CalendarView>, StoreError> {
    let now = world.clock.now();
    let of = |store: &dyn Store| store.snapshot(now, now, now).map(|snapshot| snapshot.calendars);
    let real = of(world.store.as_ref())?;
    let known = real.into_iter().filter(|known| known.kind == CalendarKind::Web && known.good_at.is_some());
    let mut known: HashMap<_, _> = known.map(|known| (known.id, known)).collect();
    let taken = of(copy)?.into_iter().map(|taken| {
        // The clock of a rehearsal runs ahead.
        let good_at = taken.good_at.map(|at: Timestamp| at.min(now));
        known.remove(&taken.id).unwrap_or(CalendarView { good_at, ..taken })
    });
    Ok(taken.collect())
}
