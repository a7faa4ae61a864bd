//! Zones of a calendar: from the name in `TZID` to a clock on the wall.
//!
//! What a name means is looked for in this order: an IANA name as it stands (before a `VTIMEZONE` of that name, which
//! in real calendars is more often stale than right; but the name of a mere offset, such as `GMT` or `EST`, means what the
//! calendar's own `VTIMEZONE` says, RFC 5545 section 3.2.19); the calendar's own `VTIMEZONE`, or the IANA name in its
//! `X-LIC-LOCATION`; a mere offset ("UTC+1", "Z"); the Windows names of Unicode CLDR; the display names of Outlook
//! ("(UTC+01:00) Amsterdam, Berlin, …"), by the towns in them and checked against their offset; an IANA name in another
//! case; the last parts of a path ("/mozilla.org/20050126_1/Europe/Berlin"); an abbreviation (`TZNAME`) of the calendar's
//! own zones; what a name may have meant that is spelt like none ("GMT Standard Time 1"); the offset of a display name.
//! The last three come with a notice. What is left is read in the calendar's or the person's zone, with a notice. A zone
//! is looked up when an event first needs it, and once; exact names cost nothing of what a calendar may cost.

mod names;
mod time_zone;
mod used;

pub(super) use time_zone::TimeZone;
pub use used::{ZoneBy, ZoneUse};

use super::notices::{Notices, shown};
use super::read::{File, RawZone};
use super::rule::Budget;
use super::value;
use super::vtimezone::Rules;
use crate::model::Timestamp;
use crate::zone::Zone;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// Steps of the budget that the lookup of a name costs that is no exact one: about what it takes.
const LOOKUP: u64 = 400;

/// Longest name that is looked up, in bytes.
const LONGEST_NAME: usize = 200;

/// Zones of one abbreviation that are compared.
const MOST_OF_A_NAME: usize = 16;

/// Years after the looked-at time for which a `VTIMEZONE` is worked out.
const YEARS_AHEAD: i64 = 2;

/// The name of a zone in a calendar of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ZoneName {
    /// Its number, for short. The same name has several where calendars bring different zones of that name along.
    number: usize,
    calendar: usize,
}

/// The zones a file brings along under one name. Where they are the same, the first one stands for all.
#[derive(Default)]
struct Brought {
    by_calendar: HashMap<usize, usize>,
    first: usize,
}

/// What a name was found to mean.
struct Meaning {
    /// `None`: nobody knows it; its times are floating.
    place: Option<Rc<TimeZone>>,
    /// False: the budget was spent before it was looked up to the end.
    sure: bool,
}

/// The zones of a file.
pub(super) struct Zones<'f> {
    file: &'f File<'f>,
    /// The person's zone.
    own: Rc<TimeZone>,
    /// The looked-at time.
    looked_at: Range<Timestamp>,
    /// By name.
    brought: HashMap<String, Brought>,
    /// By name, and by the zone that is brought along: its number.
    numbers: HashMap<Rc<str>, HashMap<Option<usize>, usize>>,
    /// By number: the name, the zone that is brought along, and what they mean, once that was looked up.
    known: Vec<(Rc<str>, Option<usize>, Option<Meaning>)>,
    /// By calendar: the place of its floating times, once it was looked up, and whether that is sure.
    floating: HashMap<usize, (Rc<TimeZone>, bool)>,
    /// A place was asked for that is not sure.
    doubt: bool,
    /// The zones that use an abbreviation, by that in capitals; once somebody asks.
    abbreviations: Option<HashMap<String, Vec<usize>>>,
    /// Apart from the one for rules of events, so that neither uses up the other.
    budget: Budget,
}

impl<'f> Zones<'f> {
    pub(super) fn new(file: &'f File<'f>, own: &Zone, looked_at: Range<Timestamp>, budget: Budget) -> Self {
        Self {
            file,
            own: Rc::new(TimeZone::Iana(own.clone())),
            looked_at,
            brought: brought_along(file),
            numbers: HashMap::new(),
            known: Vec::new(),
            floating: HashMap::new(),
            doubt: false,
            abbreviations: None,
            budget,
        }
    }

    /// The person's zone.
    pub(super) fn own(&self) -> Rc<TimeZone> {
        Rc::clone(&self.own)
    }

    /// The name in a `TZID` of a calendar of the file. What it means is not looked up yet.
    pub(super) fn named(&mut self, calendar: usize, tzid: &str) -> ZoneName {
        let tzid = value::text(tzid);
        let tzid = tzid.trim();
        let of = |brought: &Brought| *brought.by_calendar.get(&calendar).unwrap_or(&brought.first);
        let brought = self.brought.get(tzid).map(of);
        if let Some(number) = self.numbers.get(tzid).and_then(|numbers| numbers.get(&brought)) {
            return ZoneName { number: *number, calendar };
        }
        let (name, number) = (Rc::<str>::from(tzid), self.known.len());
        self.numbers.entry(Rc::clone(&name)).or_default().insert(brought, number);
        self.known.push((name, brought, None));
        ZoneName { number, calendar }
    }

    /// The place a name means; the calendar's or the person's own, with a notice, when nobody knows it.
    pub(super) fn place(&mut self, name: ZoneName, notices: &mut Notices) -> Rc<TimeZone> {
        let Some((tzid, brought, meaning)) = self.known.get(name.number) else { return self.own() };
        if meaning.is_none() {
            let (tzid, brought) = (Rc::clone(tzid), *brought);
            let found = self.look_up(&tzid, brought, notices);
            if let Some((.., meaning)) = self.known.get_mut(name.number) {
                *meaning = Some(found);
            }
        }
        self.doubt |= !self.is_sure(name);
        match self.known.get(name.number) {
            Some((.., Some(Meaning { place: Some(place), .. }))) => Rc::clone(place),
            _ => self.floating(name.calendar, notices),
        }
    }

    fn is_sure(&self, name: ZoneName) -> bool {
        let meaning = self.known.get(name.number).and_then(|(.., meaning)| meaning.as_ref());
        meaning.is_none_or(|meaning| meaning.sure)
    }

    /// Was a place given since the last question that is not sure, as the budget was spent?
    pub(super) fn has_doubt(&mut self) -> bool {
        std::mem::take(&mut self.doubt)
    }

    /// The place of floating times: `X-WR-TIMEZONE` of their calendar, or the person's zone.
    pub(super) fn floating(&mut self, calendar: usize, notices: &mut Notices) -> Rc<TimeZone> {
        if let Some((place, sure)) = self.floating.get(&calendar) {
            self.doubt |= !sure;
            return Rc::clone(place);
        }
        // In case the calendar's zone is unknown: then its times are floating too.
        self.floating.insert(calendar, (self.own(), true));
        let Some(property) = self.file.calendar_zone(calendar) else { return self.own() };
        let name = self.named(calendar, &value::text(property.value()));
        let place = self.place(name, notices);
        self.floating.insert(calendar, (Rc::clone(&place), self.is_sure(name)));
        place
    }

    fn look_up(&mut self, tzid: &str, brought: Option<usize>, notices: &mut Notices) -> Meaning {
        let sure = |place: TimeZone| Meaning { place: Some(Rc::new(place)), sure: true };
        let exact = Some(tzid).filter(|name| Zone::is_well_known(name)).and_then(names::exact);
        if let Some(exact) = exact {
            return sure(self.exact_or_own(tzid, exact, brought, notices));
        }
        let windows = || names::windows(tzid);
        if let (None, Some(place)) = (brought, windows()) {
            return sure(place);
        }
        let enough = tzid.len() <= LONGEST_NAME && self.budget.spend(LOOKUP).is_ok();
        // A name that is newer than this program stands in the system's data alone.
        let exact = if enough { names::exact(tzid) } else { None };
        let place = match exact {
            Some(exact) => Some(self.exact_or_own(tzid, exact, brought, notices)),
            None => enough.then(|| self.found(tzid, brought)).flatten(),
        };
        if self.budget.is_spent() {
            let why = "it has more time zones than are looked up; times in the others may be read in the wrong one";
            notices.add(None, None, why.to_owned());
            return Meaning { place: place.or_else(windows).map(Rc::new), sure: false };
        }
        if let Some(place) = place {
            return sure(place);
        }
        let (place, why) = match enough.then(|| self.meant(tzid)).flatten() {
            Some((place, why)) => (Some(place), why),
            None => (None, "its times are read in the calendar's zone or in yours".to_owned()),
        };
        notices.add(None, None, format!("no time zone is called \"{}\"; {why}", shown(tzid)));
        Meaning { place: place.map(Rc::new), sure: true }
    }

    /// The zone of an exact IANA name, or the one that the calendar brings along under the name of a mere offset. Where
    /// the two differ in the looked-at time, that is told.
    fn exact_or_own(&mut self, tzid: &str, exact: TimeZone, brought: Option<usize>, notices: &mut Notices) -> TimeZone {
        let Some(own) = brought.and_then(|zone| self.rules(zone)) else { return exact };
        if own.agrees(&exact, &self.looked_at) {
            return exact;
        }
        let counts_own = names::is_mere_offset(tzid);
        let which = if counts_own { "its own one counts" } else { "the one of that name counts" };
        let why =
            format!("the calendar's own time zone \"{}\" differs from the one of that name; {which}", shown(tzid));
        notices.add(None, None, why);
        if counts_own { own } else { exact }
    }

    fn found(&mut self, tzid: &str, brought: Option<usize>) -> Option<TimeZone> {
        let fixed = || names::fixed(tzid).map(|offset| TimeZone::Own(Rules::fixed(offset)));
        let own = brought.and_then(|zone| self.rules(zone).or_else(|| self.location(zone)));
        own.or_else(fixed).or_else(|| names::guessed(tzid, self.looked_at.end))
    }

    /// What a name may have meant that is nobody's, and what the person is told of it.
    fn meant(&mut self, tzid: &str) -> Option<(TimeZone, String)> {
        let abbreviated =
            self.abbreviated(tzid).map(|place| (place, "it is an abbreviation of its own zone".to_owned()));
        let read_as = |place: TimeZone, name: &str| (place, format!("it is read as {name}"));
        let offset = || names::offset(tzid).map(|offset| TimeZone::Own(Rules::fixed(offset)));
        abbreviated
            .or_else(|| names::spelt_alike(tzid).map(|(place, name)| read_as(place, &name)))
            .or_else(|| offset().map(|place| (place, "the offset in its name is used".to_owned())))
    }

    /// The zone of the calendar that uses this abbreviation, if all that do agree.
    fn abbreviated(&mut self, name: &str) -> Option<TimeZone> {
        let file = self.file;
        let all = self.abbreviations.get_or_insert_with(|| abbreviations(file));
        let mut found: Option<TimeZone> = None;
        for zone in all.get(&name.to_ascii_uppercase()).cloned().unwrap_or_default() {
            let Some(zone) = file.zones.get(zone) else { continue };
            let tzid = file.zone_name(zone).map(|p| value::text(p.value()).trim().to_owned());
            let place = tzid.as_deref().and_then(names::exact).or_else(|| self.rules_of(zone));
            let Some(place) = place else { continue };
            match &found {
                Some(first) if !first.agrees(&place, &self.looked_at) => return None,
                Some(_) => {}
                None => found = Some(place),
            }
        }
        found
    }

    /// The place that a zone of the file says it is (`X-LIC-LOCATION`, of libical).
    fn location(&self, zone: usize) -> Option<TimeZone> {
        names::exact(value::text(self.file.zone_location(self.file.zones.get(zone)?)?.value()).trim())
    }

    /// A zone that the file brings along.
    fn rules(&mut self, zone: usize) -> Option<TimeZone> {
        let file = self.file;
        self.rules_of(file.zones.get(zone)?)
    }

    fn rules_of(&mut self, zone: &RawZone) -> Option<TimeZone> {
        let last = TimeZone::Utc.wall(self.looked_at.end)?;
        let last = last.plus_seconds(YEARS_AHEAD * 366 * 86_400).unwrap_or(last);
        Rules::read(self.file, self.file.observances(zone), last, &mut self.budget).map(TimeZone::Own)
    }
}

/// The zones of a file, by their abbreviations in capitals; of each the first few.
fn abbreviations(file: &File<'_>) -> HashMap<String, Vec<usize>> {
    let mut all: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, zone) in file.zones.iter().enumerate() {
        for property in file.abbreviations(zone) {
            let of_name = all.entry(property.value().trim().to_ascii_uppercase()).or_default();
            if of_name.len() < MOST_OF_A_NAME && of_name.last() != Some(&at) {
                of_name.push(at);
            }
        }
    }
    all
}

/// The zones of a file, by name.
fn brought_along(file: &File<'_>) -> HashMap<String, Brought> {
    let mut brought: HashMap<String, Brought> = HashMap::new();
    let mut same: HashMap<&[u8], usize> = HashMap::new();
    for (at, zone) in file.zones.iter().enumerate() {
        if let Some(name) = file.zone_name(zone) {
            let first = *same.entry(file.zone_text(zone)).or_insert(at);
            let known = brought.entry(value::text(name.value()).trim().to_owned());
            let known = known.or_insert_with(|| Brought { first, ..Brought::default() });
            known.by_calendar.entry(zone.calendar).or_insert(first);
        }
    }
    brought
}
