//! Where the clocks of a calendar came from: by what each zone was found that its meetings needed.

use super::{TimeZone, Zones, names};
use crate::calendar::notices::shown;
use serde::Serialize;
use std::collections::HashSet;

/// Zones that are told; a calendar that uses more has said enough.
const MOST: usize = 12;

/// A time zone that the looked-at meetings of a calendar use.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ZoneUse {
    /// As it stands in the calendar, fit to be shown; `None` for times without a zone.
    pub name: Option<String>,
    /// By what it was found.
    pub by: ZoneBy,
    /// The IANA zone whose rules count; `None` where none does.
    pub zone: Option<String>,
}

/// By what a zone was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneBy {
    /// It is an IANA name.
    Iana,
    /// It is a Windows name.
    Windows,
    /// The calendar's own `VTIMEZONE`.
    Own,
    /// An offset in its name.
    Offset,
    /// A place in it, its spelling, or that no other is meant.
    Guess,
    /// Nobody knows the name: its times have no zone.
    Unknown,
    /// Times without a zone: those of the calendar (`X-WR-TIMEZONE`) or of the person.
    Floating,
}

impl Zones<'_> {
    /// The zones that were needed, in the order in which they stand there, and times without one; the first few.
    pub(in crate::calendar) fn used(&self) -> Vec<ZoneUse> {
        let named = self.known.iter().filter_map(|(name, _, meaning)| {
            let place = meaning.as_ref()?.place.as_deref();
            let by = place.map_or(ZoneBy::Unknown, |place| found_by(name, place));
            Some(ZoneUse { name: Some(shown(name)), by, zone: place.and_then(iana) })
        });
        let first = self.floating.iter().min_by_key(|(calendar, _)| **calendar);
        let floating = first.map(|(_, (place, _))| ZoneUse { name: None, by: ZoneBy::Floating, zone: iana(place) });
        // Calendars in one file may each have their own zone of a name.
        let mut told = HashSet::new();
        named.chain(floating).filter(|zone| told.insert(zone.clone())).take(MOST).collect()
    }
}

fn iana(place: &TimeZone) -> Option<String> {
    match place {
        TimeZone::Iana(zone) => Some(zone.name().to_owned()),
        TimeZone::Utc => Some("UTC".to_owned()),
        TimeZone::Own(_) => None,
    }
}

fn found_by(name: &str, place: &TimeZone) -> ZoneBy {
    match place {
        TimeZone::Own(rules) if rules.is_fixed() => ZoneBy::Offset,
        TimeZone::Own(_) => ZoneBy::Own,
        TimeZone::Iana(zone) if zone.name() == name => ZoneBy::Iana,
        TimeZone::Iana(_) if names::windows(name).is_some() => ZoneBy::Windows,
        TimeZone::Iana(_) | TimeZone::Utc => ZoneBy::Guess,
    }
}
