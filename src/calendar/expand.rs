//! From events to occurrences: which of them begin in the looked-at time, and which component tells about each.
//!
//! Events are grouped by UID. In a group, components with a `RECURRENCE-ID` are *overrides*: each stands for the
//! occurrence that was planned for that instant, and is found by (UID, instant), whatever zone or form either side is
//! written in. The others are *masters*. A master gives the instants it plans for; overrides take theirs away, wherever
//! they lie, and then count by their own start, so that an occurrence moves into and out of the looked-at time. An
//! override whose master is not in the calendar (an invitation to one occurrence) counts as well.
//!
//! # Identity
//!
//! The instant an occurrence was planned for, not the one it takes place at, is its identity beside the UID. An event
//! that does not recur has none, and stays the same when it moves; but where a UID has several masters, all have one.
//!
//! # Policies
//!
//! Where RFC 5545 is silent, contradicts itself or is not followed, these were chosen:
//!
//! * An IANA name in `TZID` means that zone, even where a `VTIMEZONE` of that name says otherwise: calendars carry stale
//!   copies for years.
//! * `UNTIL` as a day includes that day, also for meetings with a time (section 3.3.10: the bound is inclusive).
//! * `UNTIL` before `DTSTART` leaves `DTSTART`: it is always the first occurrence.
//! * A time in a daylight-saving gap shifts forward by the gap, also where a rule makes it (section 3.3.5); a time that
//!   comes twice is the first of the two.
//! * A recurrence in UTC stays in UTC, whatever `X-WR-TIMEZONE` says; that is the zone of times without one.
//! * One UID with several masters: the highest `SEQUENCE` counts, also from another `VCALENDAR` of the file, and where
//!   another one starts elsewhere, that is told; on a tie all stay, and of messages of an organiser (`METHOD`) the last.
//!   But events of one published calendar that take place once, at different times, are different meetings if two of
//!   them have the same `SEQUENCE`. Of several overrides or masters for one and the same occurrence the highest
//!   `SEQUENCE` counts; on a tie the latest `DTSTAMP`, then the place in the file.
//! * What a newer version of a series takes out (`EXDATE`, `UNTIL`) does not take place, whatever an older override says.
//! * `RECURRENCE-ID` and `EXDATE` without a zone mean the wall of their series; as mere days, its occurrences on that
//!   day. `RDATE` as a mere day means the series's time on it.
//! * `RANGE=THISANDFUTURE` shifts all later occurrences by what it shifts its own, on the wall.
//! * A rule that cannot be read, asks for too much, or comes when the budget is spent: `DTSTART`, `RDATE`s and overrides
//!   still count, and the UID is doubtful.

use super::View;
use super::civil::{Date, DateTime};
use super::clocks::Clocks;
use super::event::{Event, newest_masters};
use super::rule::TooMuch;
use super::series::{Planned, Series, on_day};
use super::value::Time;
use super::zones::{TimeZone, ZoneName};
use crate::model::Timestamp;
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::rc::Rc;

/// Seconds of two days: no zone shifts its clocks by more.
const TWO_DAYS: i64 = 2 * 86_400;

/// Steps of the budget for an occurrence of a series that begins in the looked-at time: it takes memory.
const OCCURRENCE: u64 = 50;

/// Bytes of a series that are read again for an override of it, for the price of one step.
const BYTES_PER_STEP: u64 = 512;

/// Events that take place once, in the looked-at time: few enough for the memory. The earliest of them become meetings.
const MOST_SINGLE: usize = 50_000;

/// An occurrence that begins in the looked-at time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Occurrence<'e> {
    /// The component that tells about it.
    pub(super) event: &'e Event,
    /// The series, where the component is an override.
    pub(super) master: Option<&'e Event>,
    /// The instant it was planned for; `None` for an event that does not recur.
    pub(super) planned: Option<Timestamp>,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Option<Timestamp>,
}

/// Expands the events of a file, UID by UID.
pub(super) struct Expander<'x, 'e, 'f> {
    view: &'x View<'x>,
    clocks: &'x mut Clocks<'f>,
    doubtful: &'x mut HashSet<String>,
    found: Vec<Occurrence<'e>>,
    /// How many of the found ones the UID before had left.
    before: usize,
}

/// The overrides of a UID.
#[derive(Default)]
struct Overrides<'e> {
    /// By the instant they stand for.
    by_instant: BTreeMap<Timestamp, &'e Event>,
    /// Those of them that stand for all later ones too, earliest first.
    onward: Vec<(Timestamp, &'e Event)>,
    /// Days they stand for, where that is all they tell.
    days: HashSet<Date>,
}

/// A stretch of a series between two `THISANDFUTURE`s.
struct Stretch<'e> {
    /// Planned after this instant …
    after: Option<Timestamp>,
    /// … and before this one.
    before: Option<Timestamp>,
    /// Seconds on the wall.
    shift: i64,
    /// The component that tells about it.
    event: &'e Event,
}

impl<'x, 'e, 'f> Expander<'x, 'e, 'f> {
    pub(super) fn new(view: &'x View<'x>, clocks: &'x mut Clocks<'f>, doubtful: &'x mut HashSet<String>) -> Self {
        Self { view, clocks, doubtful, found: Vec::new(), before: 0 }
    }

    /// The occurrences of all groups, each of which holds the events of one UID. Events that take place once come first:
    /// no series can take their place.
    pub(super) fn found(mut self, groups: impl Iterator<Item = &'e [Event]> + Clone) -> Vec<Occurrence<'e>> {
        self.singles(groups.clone().filter_map(single));
        let groups = groups.filter(|group| single(group).is_none());
        self.clocks.budget.share(groups.clone().count());
        for group in groups {
            self.before = self.found.len();
            let aside = self.clocks.budget.set_aside();
            self.group(group);
            group.iter().take(1).for_each(|event| self.doubt_zones(event));
            self.clocks.budget.put_back(aside);
        }
        self.found
    }

    /// Of too many the earliest.
    fn singles(&mut self, events: impl Iterator<Item = &'e Event>) {
        let mut near = Vec::new();
        for event in events {
            if !self.is_near(event) {
                continue;
            }
            let here = self.clocks.place(event.start, event.calendar);
            let starts_at = here.instant(event.start.wall()).filter(|at| self.is_looked_at(*at));
            near.extend(starts_at.map(|at| (at, event)));
            self.doubt_zones(event);
        }
        if near.len() > MOST_SINGLE {
            near.select_nth_unstable_by_key(MOST_SINGLE, |(at, _)| *at);
        }
        for (_, event) in near.iter().skip(MOST_SINGLE) {
            self.doubt(event, "there are too many events; it is left out");
        }
        for (starts_at, event) in near.into_iter().take(MOST_SINGLE) {
            self.add(Occurrence { event, master: None, planned: None, starts_at, ends_at: None });
            self.doubt_zones(event);
        }
    }

    /// May it begin in the looked-at time? Most single events are far away, and told to be so by their digits alone.
    fn is_near(&self, event: &Event) -> bool {
        let utc = event.start.wall().seconds();
        let seconds = |at: Timestamp| at.ms().div_euclid(1000);
        (event.recurs || utc >= seconds(self.view.from).saturating_sub(TWO_DAYS))
            && utc <= seconds(self.view.until).saturating_add(TWO_DAYS)
    }

    /// Tells which masters an event with a higher `SEQUENCE` replaces that starts elsewhere: where an exporter gives one
    /// UID to different events, they are lost.
    fn tell_replaced(&mut self, group: &'e [Event], newest: &[&Event]) {
        let starts: HashSet<_> = newest.iter().map(|event| (event.calendar, event.start)).collect();
        for event in group.iter().filter(|event| event.original.is_none()) {
            if !starts.contains(&(event.calendar, event.start)) && self.is_near(event) {
                let why = "another event with its UID, with a higher SEQUENCE and another start, counts instead of it";
                self.clocks.notices.add(Some(&event.uid), Some(event.line), why.to_owned());
            }
        }
    }

    /// Tells that events with different versions of one UID count side by side.
    fn tell_slots(&mut self, masters: &[&'e Event]) {
        let mut near = masters.iter().filter(|master| self.is_near(master));
        let Some(first) = near.next() else { return };
        if near.any(|other| other.sequence != first.sequence && other.calendar == first.calendar) {
            let why = "events with its UID have different starts and a different SEQUENCE; each of them counts";
            self.clocks.notices.add(Some(&first.uid), Some(first.line), why.to_owned());
        }
    }

    fn group(&mut self, group: &'e [Event]) {
        self.clocks.budget.renew();
        let masters = newest_masters(group, self.clocks.file);
        self.tell_replaced(group, &masters);
        self.tell_slots(&masters);
        let overrides = self.overrides(group, masters.first().copied());
        // An event that merely stands there twice is still one that does not recur.
        let alike = masters.windows(2).all(|pair| matches!(pair, [a, b] if a.start == b.start));
        let mut first = None;
        for master in &masters {
            let series = self.series(master, master.recurs || !alike, &overrides);
            first.get_or_insert((master.sequence, series));
        }
        for (planned, event) in &overrides.by_instant {
            let newer = first.as_ref().filter(|(sequence, _)| *sequence > event.sequence);
            if newer.is_some_and(|(_, series)| series.takes_out(*planned, &mut self.clocks.budget)) {
                continue;
            }
            let here = self.clocks.place(event.start, event.calendar);
            let (master, planned) = (masters.first().copied(), Some(*planned));
            if let Some(starts_at) = here.instant(event.start.wall()) {
                self.keep(Occurrence { event, master, planned, starts_at, ends_at: None });
            }
        }
    }

    fn overrides(&mut self, group: &'e [Event], master: Option<&Event>) -> Overrides<'e> {
        let mut overrides = Overrides::default();
        let here = master.map(|master| self.clocks.place(master.start, master.calendar));
        for event in group {
            let Some(original) = event.original else { continue };
            let here = here.clone().unwrap_or_else(|| self.clocks.place(original, event.calendar));
            let planned = match (original, master.map(|master| master.start)) {
                (Time::Date(day), Some(start)) if !matches!(start, Time::Date(_)) => {
                    overrides.days.insert(day);
                    on_day(day, start.wall()).and_then(|wall| here.instant(wall))
                }
                _ => self.clocks.instant(original, &here),
            };
            let Some(planned) = planned else { continue };
            let known = overrides.by_instant.entry(planned).or_insert(event);
            if event.version() >= known.version() {
                *known = event;
            }
        }
        let by_instant = overrides.by_instant.iter().map(|(at, event)| (*at, *event));
        overrides.onward = by_instant.filter(|(_, event)| event.this_and_future).collect();
        overrides
    }

    /// Finds the occurrences of a master that no override stands for.
    fn series(&mut self, master: &'e Event, recurs: bool, overrides: &Overrides<'e>) -> Series {
        let series = Series::read(master, self.clocks);
        let mut done = if series.broken { Err(None) } else { Ok(()) };
        if let Err(why) = self.clocks.budget.spend(overrides.onward.len() as u64) {
            self.doubt(master, &format!("{why}; it is left out"));
            return series;
        }
        for stretch in self.stretches(master, &series, overrides) {
            let Some(window) = self.window(&series.place, stretch.shift) else { continue };
            if !stretch.meets(&window, &series.place) {
                continue;
            }
            let (planned, worked) = series.planned(&window, &mut self.clocks.budget);
            done = done.and(worked.map_err(Some));
            for (at, Planned { wall, end }) in planned {
                if !stretch.has(at) || overrides.stand_for(at, wall) {
                    continue;
                }
                let moved = || series.place.instant(wall.plus_seconds(stretch.shift)?);
                let Some(starts_at) = (if stretch.shift == 0 { Some(at) } else { moved() }) else { continue };
                let (event, ends_at) = (stretch.event, end.filter(|_| stretch.shift == 0));
                let (of, planned) = ((event.at != master.at).then_some(master), recurs.then_some(at));
                self.keep(Occurrence { event, master: of, planned, starts_at, ends_at });
            }
        }
        match done {
            Ok(()) => {}
            Err(None) => _ = self.doubtful.insert(master.uid.clone()),
            Err(Some(why)) => self.doubt(master, &format!("{why}; only its single dates count")),
        }
        series
    }

    fn doubt(&mut self, event: &Event, why: &str) {
        self.clocks.notices.add(Some(&event.uid), Some(event.line), why.to_owned());
        self.doubtful.insert(event.uid.clone());
    }

    /// A time of this event's UID may be read in the wrong zone.
    fn doubt_zones(&mut self, event: &Event) {
        if self.clocks.zones.has_doubt() {
            self.doubtful.insert(event.uid.clone());
        }
    }

    /// A series cut at its `THISANDFUTURE`s, earliest first.
    fn stretches(&mut self, master: &'e Event, series: &Series, overrides: &Overrides<'e>) -> Vec<Stretch<'e>> {
        let mut stretches = vec![Stretch { after: None, before: None, shift: 0, event: master }];
        for (at, event) in &overrides.onward {
            let planned = match event.original {
                None | Some(Time::Date(_)) => series.place.wall(*at),
                Some(original) => self.on_wall(original, event, series),
            };
            let Some((planned, wall)) = planned.zip(self.on_wall(event.start, event, series)) else { continue };
            if let Some(last) = stretches.last_mut() {
                last.before = Some(*at);
            }
            let shift = wall.seconds() - planned.seconds();
            stretches.push(Stretch { after: Some(*at), before: None, shift, event });
        }
        stretches
    }

    /// A time of an override on the wall of its series. A time written there is taken as it stands, even in a gap: a
    /// shift from it is the same on days without one.
    fn on_wall(&mut self, time: Time<ZoneName>, event: &Event, series: &Series) -> Option<DateTime> {
        let here = self.clocks.place(time, event.calendar);
        if Rc::ptr_eq(&here, &series.place) || matches!(time, Time::Floating(_)) {
            return Some(time.wall());
        }
        series.place.wall(here.instant(time.wall())?)
    }

    /// The wall times that the looked-at time can hold after a shift. Where the clocks changed in the two days before
    /// one of its ends, times from before the change may have come to lie in it, or still belong to it.
    fn window(&self, place: &TimeZone, shift: i64) -> Option<RangeInclusive<DateTime>> {
        let around = |at: Timestamp| {
            let earlier = Timestamp::from_ms(at.ms().checked_sub(TWO_DAYS * 1000)?);
            Some((place.wall(at)?, place.wall(earlier)?.plus_seconds(TWO_DAYS)?))
        };
        let ((from, from_before), (until, until_before)) = (around(self.view.from)?, around(self.view.until)?);
        let shifted = |at: DateTime| at.plus_seconds(shift.checked_neg()?);
        Some(shifted(from.min(from_before))?..=shifted(until.max(until_before))?)
    }

    /// Keeps an occurrence of a series that begins in the looked-at time, if its UID does not have too many.
    fn keep(&mut self, occurrence: Occurrence<'e>) {
        if !self.is_looked_at(occurrence.starts_at) {
            return;
        }
        let (most, file) = (self.view.limits.per_series, self.clocks.file);
        let behind = occurrence.master.and_then(|master| file.events.get(master.at)).map_or(0, |raw| file.length(raw));
        if self.found.len() - self.before >= most {
            self.doubt(occurrence.event, &format!("{}; the others are left out", TooMuch::Dense(most)));
        } else if let Err(why) = self.clocks.budget.spend(OCCURRENCE + behind as u64 / BYTES_PER_STEP) {
            self.doubt(occurrence.event, &format!("{why}; it is left out"));
        } else {
            self.add(occurrence);
        }
    }

    fn add(&mut self, mut occurrence: Occurrence<'e>) {
        occurrence.ends_at = occurrence.ends_at.or_else(|| self.clocks.end(occurrence.event, occurrence.starts_at));
        self.found.push(occurrence);
    }

    fn is_looked_at(&self, at: Timestamp) -> bool {
        (self.view.from..self.view.until).contains(&at)
    }
}

/// The event of a UID that takes place once.
fn single(group: &[Event]) -> Option<&Event> {
    match group {
        [event] if event.original.is_none() && !(event.recurs || event.excepts) => Some(event),
        _ => None,
    }
}

impl Overrides<'_> {
    fn stand_for(&self, planned: Timestamp, wall: DateTime) -> bool {
        self.by_instant.contains_key(&planned) || self.days.contains(&wall.date())
    }
}

impl Stretch<'_> {
    fn has(&self, planned: Timestamp) -> bool {
        self.after.is_none_or(|after| planned > after) && self.before.is_none_or(|before| planned < before)
    }

    /// Can a time of the window lie in it?
    fn meets(&self, window: &RangeInclusive<DateTime>, place: &TimeZone) -> bool {
        let (first, last) = (place.instant(*window.start()), place.instant(*window.end()));
        let ends_before = self.before.zip(first).is_some_and(|(before, first)| before < first);
        let begins_after = self.after.zip(last).is_some_and(|(after, last)| after > last);
        !(ends_before || begins_after)
    }
}
