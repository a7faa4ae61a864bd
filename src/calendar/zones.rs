//! Zones of a calendar: from the name in `TZID` to a clock on the wall.
//!
//! What a name means is looked for in this order: an IANA name as it stands (before a `VTIMEZONE` of that name, which
//! in real calendars is more often stale than right); the calendar's own `VTIMEZONE`; the Windows names of Unicode CLDR;
//! the display names of Outlook ("(UTC+01:00) Amsterdam, Berlin, …"), by the towns in them and checked against their
//! offset; an IANA name in another case; the last parts of a path ("/mozilla.org/20050126_1/Europe/Berlin"); the offset
//! of a display name. What is left is read in the calendar's or the person's zone, with a notice. A zone is looked up
//! when an event first needs it, and once.

use super::civil::{Date, DateTime};
use super::notices::{Notices, shown};
use super::read::{Field, File, Name};
use super::rule::Budget;
use super::value::{self, Span};
use super::vtimezone::Rules;
use crate::model::Timestamp;
use crate::zone::{Civil, Zone};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

/// Windows names and some display names, and their IANA zones.
const WINDOWS: &str = include_str!("zones/windows.tsv");

/// Steps of the budget that one lookup costs: about what it takes.
const LOOKUP: u64 = 4000;

/// Longest name that is looked up, in bytes.
const LONGEST_NAME: usize = 200;

/// Years after the looked-at time for which a `VTIMEZONE` is worked out.
const YEARS_AHEAD: i64 = 2;

/// Where a clock hangs on the wall.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    /// In UTC.
    Utc,
    /// In a zone of the IANA database.
    Iana(Zone),
    /// In a zone that the calendar brings along.
    Own(Rules),
}

impl Place {
    /// The instant of a wall time here (RFC 5545 section 3.3.5: forward out of a gap, the first of two). `None` beyond
    /// what a zone can tell.
    pub(super) fn instant(&self, wall: DateTime) -> Option<Timestamp> {
        let seconds = match self {
            Self::Utc => wall.seconds(),
            Self::Own(rules) => rules.instant(wall),
            Self::Iana(zone) => return zone.instant(civil(wall)?),
        };
        Some(Timestamp::from_ms(seconds.checked_mul(1000)?))
    }

    /// The wall time here at an instant; `None` outside the years 1 to 9999.
    pub(super) fn wall(&self, at: Timestamp) -> Option<DateTime> {
        let seconds = at.ms().div_euclid(1000);
        match self {
            Self::Utc => DateTime::from_seconds(seconds),
            Self::Own(rules) => DateTime::from_seconds(seconds + i64::from(rules.offset(seconds))),
            Self::Iana(zone) => {
                let Civil { date: (year, month, day), time: (hour, minute, second) } = zone.civil(at);
                let part = |n: i8| u8::try_from(n).ok();
                let date = Date::new(i32::from(year), part(month)?, part(day)?)?;
                DateTime::new(date, part(hour)?, part(minute)?, part(second)?)
            }
        }
    }

    /// The end of what begins at `start` and lasts `span`.
    pub(super) fn after(&self, start: Timestamp, span: Span) -> Option<Timestamp> {
        let at = if span.days == 0 {
            start
        } else {
            self.instant(self.wall(start)?.plus_seconds(span.days.checked_mul(86_400)?)?)?
        };
        Some(Timestamp::from_ms(at.ms().checked_add(span.seconds.checked_mul(1000)?)?))
    }

    /// Seconds east of Greenwich at an instant.
    fn offset(&self, at: Timestamp) -> Option<i64> {
        Some(self.wall(at)?.seconds() - at.ms().div_euclid(1000))
    }
}

fn civil(wall: DateTime) -> Option<Civil> {
    let part = |n: u32| i8::try_from(n).ok();
    let (date, small) = (wall.date(), |n: u8| i8::try_from(n).ok());
    Some(Civil {
        date: (i16::try_from(date.year()).ok()?, small(date.month())?, small(date.day())?),
        time: (part(wall.hour())?, part(wall.minute())?, part(wall.second())?),
    })
}

/// A zone's name in one of the calendars of a file: a number, for short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ZoneName(usize);

/// What a name was found to mean.
enum Found {
    Place(Place),
    /// Only its offset is known.
    Offset(i32),
    Nothing,
    /// It was not looked for: there were too many others.
    TooMany,
}

/// The zones of a file.
pub(super) struct Zones<'f> {
    file: &'f File<'f>,
    /// The person's zone.
    own: Rc<Place>,
    /// The end of the looked-at time.
    until: Timestamp,
    numbers: HashMap<Rc<str>, Vec<(usize, ZoneName)>>,
    /// By number: the calendar, the name, and the place once it was looked up.
    known: Vec<(usize, Rc<str>, Option<Rc<Place>>)>,
    /// By calendar: the place of its floating times, once it was looked up.
    floating: HashMap<usize, Rc<Place>>,
    /// The zones the file brings along, by name, once one was needed.
    brought: Option<HashMap<String, Vec<usize>>>,
    /// Apart from the one for rules of events, so that neither uses up the other.
    budget: Budget,
}

impl<'f> Zones<'f> {
    pub(super) fn new(file: &'f File<'f>, own: &Zone, until: Timestamp, budget: Budget) -> Self {
        Self {
            file,
            own: Rc::new(Place::Iana(own.clone())),
            until,
            numbers: HashMap::new(),
            known: Vec::new(),
            floating: HashMap::new(),
            brought: None,
            budget,
        }
    }

    /// The person's zone.
    pub(super) fn own(&self) -> Rc<Place> {
        Rc::clone(&self.own)
    }

    /// The number of a `TZID` of a calendar of the file. Nothing is looked up.
    pub(super) fn number(&mut self, calendar: usize, tzid: &str) -> ZoneName {
        let numbers = self.numbers.get(tzid).map(Vec::as_slice).unwrap_or_default();
        if let Some((_, number)) = numbers.iter().find(|(of, _)| *of == calendar) {
            return *number;
        }
        let (name, number) = (Rc::<str>::from(tzid), ZoneName(self.known.len()));
        self.numbers.entry(Rc::clone(&name)).or_default().push((calendar, number));
        self.known.push((calendar, name, None));
        number
    }

    /// The place a name means; the calendar's or the person's own, with a notice, when nobody knows it.
    pub(super) fn place(&mut self, name: ZoneName, notices: &mut Notices) -> Rc<Place> {
        let Some((calendar, tzid, place)) = self.known.get(name.0) else { return Rc::clone(&self.own) };
        if let Some(place) = place {
            return Rc::clone(place);
        }
        let (calendar, tzid) = (*calendar, Rc::clone(tzid));
        let shown = shown(&tzid);
        let place = match self.look_up(calendar, &tzid) {
            Found::Place(place) => Rc::new(place),
            Found::Offset(offset) => {
                notices.add(None, None, format!("no time zone is called \"{shown}\"; the offset in its name is used"));
                Rc::new(Place::Own(Rules::fixed(offset)))
            }
            Found::TooMany => {
                let text =
                    "there are too many time zones; times in the others are read in the calendar's zone or in yours";
                notices.add(None, None, text.to_owned());
                self.floating(calendar, notices)
            }
            Found::Nothing => {
                let text = format!(
                    "no time zone is called \"{shown}\"; its times are read in the calendar's zone or in yours"
                );
                notices.add(None, None, text);
                self.floating(calendar, notices)
            }
        };
        if let Some((.., known)) = self.known.get_mut(name.0) {
            *known = Some(Rc::clone(&place));
        }
        place
    }

    /// The place of floating times: `X-WR-TIMEZONE` of their calendar, or the person's zone.
    pub(super) fn floating(&mut self, calendar: usize, notices: &mut Notices) -> Rc<Place> {
        if let Some(place) = self.floating.get(&calendar) {
            return Rc::clone(place);
        }
        // In case the name is unknown: what is unknown is read in the person's zone.
        self.floating.insert(calendar, Rc::clone(&self.own));
        if let Some(property) = self.file.calendar_zone(calendar) {
            let number = self.number(calendar, value::text(property.value()).trim());
            let place = self.place(number, notices);
            self.floating.insert(calendar, place);
        }
        self.floating.get(&calendar).map_or_else(|| Rc::clone(&self.own), Rc::clone)
    }

    fn look_up(&mut self, calendar: usize, tzid: &str) -> Found {
        if tzid.len() > LONGEST_NAME {
            return Found::Nothing;
        }
        if self.budget.spend(LOOKUP).is_err() {
            return Found::TooMany;
        }
        let exact = Zone::named(tzid).filter(|zone| zone.name() == tzid).map(Place::Iana);
        let place = exact.or_else(|| self.brought(calendar, tzid)).or_else(|| self.guessed(tzid));
        match (place, display(tzid).0) {
            (Some(place), _) => Found::Place(place),
            (None, Some(offset)) => Found::Offset(offset),
            (None, None) => Found::Nothing,
        }
    }

    /// The calendar's own `VTIMEZONE` of this name, or else that of another calendar in the file.
    fn brought(&mut self, calendar: usize, tzid: &str) -> Option<Place> {
        let file = self.file;
        let brought = self.brought.get_or_insert_with(|| brought_along(file));
        let zones = brought.get(tzid.trim())?;
        let own = zones.iter().find(|at| file.zones.get(**at).is_some_and(|zone| zone.calendar == calendar));
        let zone = file.zones.get(*own.or(zones.first())?)?;
        let last = Place::Utc.wall(self.until)?;
        let last = last.plus_seconds(YEARS_AHEAD * 366 * 86_400).unwrap_or(last);
        Rules::read(file, file.zone(zone).1, last, &mut self.budget).map(Place::Own)
    }

    fn guessed(&self, tzid: &str) -> Option<Place> {
        let (offset, phrase) = display(tzid);
        let parts: Vec<&str> = tzid.trim_matches('/').split('/').collect();
        let ends = [3, 2, 1].into_iter().filter_map(|n| Some(parts.get(parts.len().checked_sub(n)?..)?.join("/")));
        windows(tzid)
            .or_else(|| windows_of_display(phrase))
            .filter(|place| offset.is_none_or(|offset| self.has_offset(place, offset)))
            .or_else(|| self.town(phrase, offset))
            .or_else(|| iana(tzid))
            .or_else(|| ends.into_iter().find_map(|end| iana(&end).or_else(|| iana(&end.replacen('_', "/", 1)))))
            .or_else(|| self.town(parts.last()?, None))
    }

    /// The zone of the first town in a list that has one, with the right offset.
    fn town(&self, towns: &str, offset: Option<i32>) -> Option<Place> {
        let names = Zone::names();
        towns.split([',', ';', ':']).find_map(|town| {
            let town = town.trim().replace(' ', "_");
            let fits = |name: &&&str| name.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&town));
            let zones = names.iter().filter(fits).filter_map(|name| Zone::named(name).map(Place::Iana));
            zones.into_iter().find(|place| offset.is_none_or(|offset| self.has_offset(place, offset)))
        })
    }

    /// Is this the zone's offset in winter, around the looked-at time?
    fn has_offset(&self, place: &Place, offset: i32) -> bool {
        let half_a_year = Duration::from_secs(183 * 86_400);
        let offsets = [self.until, self.until.minus(half_a_year)].map(|at| place.offset(at));
        offsets.iter().flatten().min() == Some(&i64::from(offset))
    }
}

/// The zones of a file by name.
fn brought_along(file: &File<'_>) -> HashMap<String, Vec<usize>> {
    let mut brought: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, zone) in file.zones.iter().enumerate() {
        let (head, parts) = file.zone(zone);
        let name = |fields: &[Field]| {
            let field = fields.iter().find(|field| field.name == Name::TimeZoneId)?;
            Some(value::text(file.property(field).value()).trim().to_owned())
        };
        if let Some(name) = name(head).or_else(|| parts.into_iter().find_map(name)) {
            brought.entry(name).or_default().push(at);
        }
    }
    brought
}

/// An IANA zone, whatever the case of its name.
fn iana(name: &str) -> Option<Place> {
    Zone::named(name.trim()).map(Place::Iana)
}

/// A Windows name, such as `W. Europe Standard Time`.
fn windows(name: &str) -> Option<Place> {
    let rows = WINDOWS.lines().filter_map(|row| row.split_once('\t'));
    let (_, iana) = rows.into_iter().find(|(windows, _)| windows.eq_ignore_ascii_case(name.trim()))?;
    Zone::named(iana).map(Place::Iana)
}

/// A display name without towns: `Eastern Time (US & Canada)`, `Azores`, `Coordinated Universal Time-11`.
fn windows_of_display(phrase: &str) -> Option<Place> {
    let short = phrase.split('(').next().unwrap_or_default().trim();
    let named = short.strip_suffix(" Time").unwrap_or(short);
    windows(phrase)
        .or_else(|| windows(&format!("{named} Standard Time")))
        .or_else(|| windows(&format!("UTC{}", short.strip_prefix("Coordinated Universal Time")?)))
}

/// The offset and the rest of a display name such as `(UTC+01:00) Amsterdam, Berlin` or `(GMT -05.00) …`.
fn display(name: &str) -> (Option<i32>, &str) {
    let name = name.trim();
    let (offset, rest) = match name.strip_prefix('(').and_then(|inner| inner.split_once(')')) {
        Some((offset, rest)) => (offset, rest.trim()),
        None => (name, name),
    };
    let digits = offset.trim().strip_prefix("UTC").or_else(|| offset.trim().strip_prefix("GMT"));
    let read = digits.and_then(|digits| match digits.trim().replace('.', ":").as_str() {
        "" => Some(0),
        digits => value::offset(digits),
    });
    (read, rest)
}
