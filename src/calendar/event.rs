//! Events: what of a `VEVENT` is needed to tell when it takes place. Everything else stays unread until it matters.

use super::civil::DateTime;
use super::clocks::Clocks;
use super::line::Property;
use super::read::{Field, File, MOST_FIELDS, Name, RawEvent};
use super::value::{self, Time};
use super::zones::ZoneName;
use crate::model::fnv1a;
use std::collections::{HashMap, HashSet};

/// A `VEVENT` with a readable start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// Its place among the events of the file.
    pub(super) at: usize,
    pub(super) uid: String,
    /// `SEQUENCE`; 0 where there is none.
    pub(super) sequence: i64,
    /// The digits of its `DTSTAMP`.
    stamp: Option<DateTime>,
    pub(super) start: Time<ZoneName>,
    /// `RECURRENCE-ID`: the occurrence it stands for.
    pub(super) original: Option<Time<ZoneName>>,
    /// It stands for all later ones too (`RANGE=THISANDFUTURE`).
    pub(super) this_and_future: bool,
    /// It has an `RRULE` or an `RDATE`.
    pub(super) recurs: bool,
    /// It has an `EXRULE` or an `EXDATE`.
    pub(super) excepts: bool,
    /// Which `VCALENDAR` of the file it stands in.
    pub(super) calendar: usize,
    /// Number of its first line.
    pub(super) line: usize,
}

impl Event {
    /// The copy with the higher version counts (RFC 5546 section 2.1.5).
    pub(super) fn version(&self) -> (i64, Option<DateTime>) {
        (self.sequence, self.stamp)
    }

    /// The version of what its organiser sends: of two with the same one a cancellation comes later.
    fn message(&self, method: &str) -> (i64, Option<DateTime>, bool) {
        (self.sequence, self.stamp, method == "CANCEL")
    }
}

/// The masters that count among the events of a UID.
///
/// Of what an organiser sends (a `VCALENDAR` with a `METHOD`, RFC 5546) that is the newest version. Calendars that are
/// published have no versions but by `SEQUENCE`; in one of them, events that take place once and start at different times are
/// different meetings, whatever their `SEQUENCE` says, if two of them have the same one: to miss one is the worse error.
pub(super) fn newest_masters<'e>(group: &'e [Event], file: &File<'_>) -> Vec<&'e Event> {
    let masters: Vec<&Event> = group.iter().filter(|event| event.original.is_none()).collect();
    // As nearly always.
    if masters.len() < 2 {
        return masters;
    }
    let mut calendars = HashMap::<usize, Calendar>::new();
    for event in &masters {
        let calendar = calendars.entry(event.calendar);
        let calendar =
            calendar.or_insert_with(|| Calendar { method: file.method(event.calendar), ..Calendar::default() });
        calendar.newest = calendar.newest.max(Some(event.sequence));
        calendar.recurs |= event.recurs;
        calendar.has_slots |= *calendar.starts.entry(event.sequence).or_insert(event.start) != event.start;
    }
    let mut slots = HashMap::<_, i64>::new();
    for event in &masters {
        let newest = slots.entry((event.calendar, event.start)).or_insert(event.sequence);
        *newest = event.sequence.max(*newest);
    }
    let method = |event: &Event| calendars.get(&event.calendar).and_then(|calendar| calendar.method.as_deref());
    let last_message = masters.iter().filter_map(|event| Some(event.message(method(event)?))).max();
    let newest = calendars.values().filter_map(|calendar| calendar.newest).max();
    let counts = |event: &&&Event| match calendars.get(&event.calendar) {
        Some(Calendar { method: Some(method), .. }) => {
            Some(event.sequence) == newest && Some(event.message(method)) == last_message
        }
        Some(calendar) if calendar.newest != newest => false,
        Some(Calendar { recurs: false, has_slots: true, .. }) => {
            slots.get(&(event.calendar, event.start)) == Some(&event.sequence)
        }
        _ => Some(event.sequence) == newest,
    };
    masters.iter().filter(counts).copied().collect()
}

/// What the masters of a UID in one `VCALENDAR` have in common.
#[derive(Default)]
struct Calendar {
    method: Option<String>,
    /// Their highest `SEQUENCE`.
    newest: Option<i64>,
    /// One of them recurs.
    recurs: bool,
    /// The first start of each `SEQUENCE`.
    starts: HashMap<i64, Time<ZoneName>>,
    /// Some have one `SEQUENCE` and different starts, so they are no versions of each other.
    has_slots: bool,
}

/// Reads the events of a file.
pub(super) struct Reading<'r, 'f> {
    pub(super) clocks: &'r mut Clocks<'f>,
    /// UIDs of all events, also of those that cannot be read.
    pub(super) uids: &'r mut HashSet<String>,
    pub(super) doubtful: &'r mut HashSet<String>,
}

impl Reading<'_, '_> {
    /// The events that can be read, in the order of the file.
    pub(super) fn events(&mut self) -> Vec<Event> {
        let file = self.clocks.file;
        file.events.iter().enumerate().filter_map(|(at, raw)| self.event(at, raw)).collect()
    }

    fn event(&mut self, at: usize, raw: &RawEvent) -> Option<Event> {
        let file = self.clocks.file;
        let fields = file.event(raw);
        let first = |name| file.first(fields, name);
        let uid = uid(file, fields);
        self.uids.insert(uid.clone());
        if !raw.whole {
            return self.left_out(&uid, raw, "the calendar breaks off in it; it is left out");
        }
        if raw.crowded {
            self.doubt(&uid, raw.line, &format!("it has more than {MOST_FIELDS} lines; the others are left out"));
        }
        for long in fields.iter().filter(|field| file.is_cut(field)) {
            let why = "a line is too long; the rest of it is left out".to_owned();
            self.clocks.notices.add(Some(&uid), Some(long.line.number), why);
            if long.name.decides() {
                self.doubtful.insert(uid.clone());
            }
        }
        let (start, original) = (first(Name::Start), first(Name::RecurrenceId));
        let mut time =
            |p: &Property<'_>| Some(Time::of(p)?.in_zone(|tzid| self.clocks.zones.named(raw.calendar, tzid)));
        let (starts, stands_for) = (start.as_ref().and_then(&mut time), original.as_ref().and_then(&mut time));
        if start.is_some() && starts.is_none() && stands_for.is_some() {
            self.doubt(&uid, raw.line, "its start (DTSTART) cannot be read; it is taken to start as its series does");
        }
        let Some(start) = starts.or(stands_for) else {
            return self.left_out(&uid, raw, "it has no start (DTSTART) that can be read; it is left out");
        };
        if original.is_some() && stands_for.is_none() {
            self.doubt(&uid, raw.line, "which occurrence it stands for (RECURRENCE-ID) cannot be read");
        }
        let has = |these: &[Name]| fields.iter().any(|field| these.contains(&field.name));
        let range = original.as_ref().and_then(|p| p.param("RANGE"));
        Some(Event {
            at,
            uid,
            sequence: first(Name::Sequence).and_then(|p| p.value().trim().parse().ok()).unwrap_or(0),
            stamp: first(Name::Stamp).and_then(|p| Some(Time::of(&p)?.wall())),
            start,
            original: original.is_some().then_some(stands_for.unwrap_or(start)),
            this_and_future: range.is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE")),
            recurs: has(&[Name::Rule, Name::RDate]),
            excepts: has(&[Name::ExRule, Name::ExDate]),
            calendar: raw.calendar,
            line: raw.line,
        })
    }

    fn doubt(&mut self, uid: &str, line: usize, why: &str) {
        self.clocks.notices.add(Some(uid), Some(line), why.to_owned());
        self.doubtful.insert(uid.to_owned());
    }

    fn left_out(&mut self, uid: &str, raw: &RawEvent, why: &str) -> Option<Event> {
        self.doubt(uid, raw.line, why);
        None
    }
}

/// Longest UID that is kept as it stands, in bytes: each occurrence has a copy.
const LONGEST_UID: usize = 1000;

/// The event's UID. An event without one gets a text made from its start, its rule and its title; a UID longer than any
/// real one is replaced by a text made from it.
fn uid(file: &File<'_>, fields: &[Field]) -> String {
    let written = file.first(fields, Name::Uid);
    match written.as_ref().map(|property| value::text(property.value())) {
        Some(uid) if uid.trim().len() > LONGEST_UID => format!("long-uid-{:016x}", fnv1a(uid.trim())),
        Some(uid) if !uid.trim().is_empty() => uid.trim().to_owned(),
        _ => {
            let telling = |field: &&Field| matches!(field.name, Name::Start | Name::Rule | Name::Summary);
            let properties = fields.iter().filter(telling).map(|field| file.property(field));
            let lines: String = properties.flat_map(|p| [p.text().to_owned(), "\n".to_owned()]).collect();
            format!("no-uid-{:016x}", fnv1a(&lines))
        }
    }
}
