//! One series: its rules and dates, and the starts they give in a stretch of wall time.

use super::civil::{Date, DateTime};
use super::clocks::Clocks;
use super::event::Event;
use super::notices::shown;
use super::read::{Field, File, Name};
use super::rule::{Budget, Rule, TooMuch, Until, fitting_times, times};
use super::value::{Span, Time};
use super::zones::{TimeZone, ZoneName};
use crate::model::Timestamp;
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::rc::Rc;

impl Clocks<'_> {
    /// The end an event tells, for its occurrence that begins at `start` (`DTEND` or `DURATION`, RFC 5545 section
    /// 3.6.1); `None` when it tells none after its start.
    pub(super) fn end(&mut self, event: &Event, start: Timestamp) -> Option<Timestamp> {
        let file = self.file;
        let fields = file.event(file.events.get(event.at)?);
        let first = |name| file.first(fields, name);
        let here = self.place(event.start, event.calendar);
        let end = if let Some(property) = first(Name::EndTime) {
            let end = Time::of(&property)?.in_zone(|tzid| self.zones.named(event.calendar, tzid));
            let length = self.instant(end, &here)?.since(here.instant(event.start.wall())?);
            Timestamp::from_ms(start.ms().checked_add(length)?)
        } else {
            here.after(start, Span::read(first(Name::Duration)?.value())?)?
        };
        (end > start).then_some(end)
    }
}

/// `RDATE`s looked through for the price of one step.
const DATES_PER_STEP: u64 = 16;

/// A start that a series plans, before overrides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Planned {
    /// On the wall of the series.
    pub(super) wall: DateTime,
    /// Told by an `RDATE` with a period.
    pub(super) end: Option<Timestamp>,
}

/// The rules and dates of an event that is no override.
pub(super) struct Series {
    pub(super) place: Rc<TimeZone>,
    start: Time<ZoneName>,
    rules: Vec<Rule>,
    exceptional_rules: Vec<Rule>,
    dates: Vec<(Timestamp, Planned)>,
    exceptions: Exceptions,
    /// Something of it could not be read.
    pub(super) broken: bool,
}

/// `EXDATE`s: instants, and by the wall where they name no zone.
#[derive(Default)]
struct Exceptions {
    instants: HashSet<Timestamp>,
    walls: HashSet<DateTime>,
    days: HashSet<Date>,
}

impl Series {
    /// Reads what stands in the event; what cannot be read is told and left out.
    pub(super) fn read(event: &Event, clocks: &mut Clocks<'_>) -> Self {
        let mut series = Self {
            place: clocks.place(event.start, event.calendar),
            start: event.start,
            rules: Vec::new(),
            exceptional_rules: Vec::new(),
            dates: Vec::new(),
            exceptions: Exceptions::default(),
            broken: false,
        };
        let file = clocks.file;
        for field in file.events.get(event.at).map(|raw| file.event(raw)).unwrap_or_default() {
            let read = match field.name {
                Name::Rule => read_rule(file, field, &mut series.rules),
                Name::ExRule => read_rule(file, field, &mut series.exceptional_rules),
                Name::RDate => series.read_dates(event, field, clocks),
                Name::ExDate => series.read_exceptions(event, field, clocks),
                _ => Ok(()),
            };
            if let Err(why) = read {
                clocks.notices.add(Some(&event.uid), Some(field.line.number), why);
                series.broken = true;
            }
        }
        series
    }

    /// The starts from `window`'s start to its end, by instant. When the rules ask for too much, those of the single
    /// dates alone.
    pub(super) fn planned(
        &self,
        window: &RangeInclusive<DateTime>,
        budget: &mut Budget,
    ) -> (BTreeMap<Timestamp, Planned>, Result<(), TooMuch>) {
        let paid = budget.spend(self.dates.len() as u64 / DATES_PER_STEP);
        let mut planned: BTreeMap<Timestamp, Planned> =
            self.dates.iter().filter(|(_, date)| window.contains(&date.wall)).copied().collect();
        let start = self.start.wall();
        if let (true, Some(at)) = (window.contains(&start), self.place.instant(start)) {
            planned.entry(at).or_insert(Planned { wall: start, end: None });
        }
        let by_rule = self.by_rules(window, budget);
        let done = paid.and(by_rule.as_ref().map(|_| ()).map_err(|e| *e));
        for (at, wall) in by_rule.unwrap_or_default() {
            planned.entry(at).or_insert(Planned { wall, end: None });
        }
        let excepted = self.excepted_by_rules(window, budget);
        let done = done.and(excepted.as_ref().map(|_| ()).map_err(|e| *e));
        let excepted = excepted.unwrap_or_default();
        planned.retain(|at, date| !(self.exceptions.has(*at, date.wall) || excepted.contains(&date.wall)));
        (planned, done)
    }

    /// Does it say that nothing planned for this instant takes place: by an exception, or since its rules end before?
    pub(super) fn takes_out(&self, at: Timestamp, budget: &mut Budget) -> bool {
        let Some(wall) = self.place.wall(at) else { return false };
        if budget.spend(1 + self.dates.len() as u64 / DATES_PER_STEP).is_err() {
            return false;
        }
        let is_single = || wall == self.start.wall() || self.dates.iter().any(|(date, _)| *date == at);
        let is_over = || self.rules.iter().all(|rule| !self.before_end(rule, at, wall));
        self.exceptions.has(at, wall) || (!self.rules.is_empty() && is_over() && !is_single())
    }

    fn by_rules(
        &self,
        window: &RangeInclusive<DateTime>,
        budget: &mut Budget,
    ) -> Result<Vec<(Timestamp, DateTime)>, TooMuch> {
        let mut found = Vec::new();
        for rule in &self.rules {
            let walls = times(rule, self.start.wall(), *window.start(), *window.end(), budget)?;
            let instants = walls.into_iter().filter_map(|wall| Some((self.place.instant(wall)?, wall)));
            found.extend(instants.filter(|(at, wall)| self.before_end(rule, *at, *wall)));
        }
        Ok(found)
    }

    fn excepted_by_rules(
        &self,
        window: &RangeInclusive<DateTime>,
        budget: &mut Budget,
    ) -> Result<HashSet<DateTime>, TooMuch> {
        let mut found = HashSet::new();
        for rule in &self.exceptional_rules {
            let walls = fitting_times(rule, self.start.wall(), *window.start(), *window.end(), budget)?;
            let in_force =
                |wall: &DateTime| self.place.instant(*wall).is_some_and(|at| self.before_end(rule, at, *wall));
            found.extend(walls.into_iter().filter(in_force));
        }
        Ok(found)
    }

    /// Is an occurrence not after the end of its rule? A day as the end includes that whole day.
    fn before_end(&self, rule: &Rule, at: Timestamp, wall: DateTime) -> bool {
        match (rule.until(), self.start) {
            (None, _) => true,
            (Some(Until::Date(last)), _) => wall.date() <= last,
            (Some(Until::Floating(last)), _) => wall <= last,
            (Some(Until::Utc(last)), Time::Date(_)) => wall.date() <= last.date(),
            (Some(Until::Utc(last)), _) => at.ms().div_euclid(1000) <= last.seconds(),
        }
    }

    fn read_dates(&mut self, event: &Event, field: &Field, clocks: &mut Clocks<'_>) -> Result<(), String> {
        let property = clocks.file.property(field);
        let (tzid, mut unread) = (property.zone(), None);
        for text in property.value().split(',').filter(|text| !text.trim().is_empty()) {
            let (start, end) = text.split_once('/').map_or((text, None), |(start, end)| (start, Some(end)));
            let mut read = |text| {
                let time = Time::read(text, tzid)?;
                Some(time.in_zone(|tzid| clocks.zones.named(event.calendar, tzid)))
            };
            let (Some(time), end_time) = (read(start), end.and_then(&mut read)) else {
                unread = Some(text);
                continue;
            };
            let Some((at, wall)) = self.date(time, clocks) else { continue };
            let end = match (end_time, end.and_then(Span::read)) {
                (Some(time), _) => clocks.instant(time, &self.place),
                (None, Some(span)) => self.place.after(at, span),
                (None, None) => None,
            };
            self.dates.push((at, Planned { wall, end: end.filter(|end| *end > at) }));
        }
        unread.map_or(Ok(()), |text| Err(unreadable("RDATE", text)))
    }

    /// An `RDATE` as an instant and on the wall of the series; a mere day means the series's time on it.
    fn date(&self, time: Time<ZoneName>, clocks: &mut Clocks<'_>) -> Option<(Timestamp, DateTime)> {
        if let Time::Date(day) = time {
            let wall = on_day(day, self.start.wall())?;
            return Some((self.place.instant(wall)?, wall));
        }
        let at = clocks.instant(time, &self.place)?;
        Some((at, self.place.wall(at)?))
    }

    fn read_exceptions(&mut self, event: &Event, field: &Field, clocks: &mut Clocks<'_>) -> Result<(), String> {
        let property = clocks.file.property(field);
        let zone = property.zone().map(|tzid| clocks.zones.named(event.calendar, tzid));
        let mut unread = None;
        for text in property.value().split(',').filter(|text| !text.trim().is_empty()) {
            match Time::read(text, zone.map(|_| "named")).map(|time| time.in_zone(|_| zone)) {
                Some(Time::Date(day)) => _ = self.exceptions.days.insert(day),
                Some(Time::Floating(wall) | Time::Zoned(wall, None)) => _ = self.exceptions.walls.insert(wall),
                Some(Time::Utc(at)) => self.exceptions.instants.extend(TimeZone::Utc.instant(at)),
                Some(Time::Zoned(wall, Some(zone))) => {
                    self.exceptions.instants.extend(clocks.instant(Time::Zoned(wall, zone), &self.place));
                }
                None => unread = Some(text),
            }
        }
        unread.map_or(Ok(()), |text| Err(unreadable("EXDATE", text)))
    }
}

impl Exceptions {
    fn has(&self, at: Timestamp, wall: DateTime) -> bool {
        self.instants.contains(&at) || self.walls.contains(&wall) || self.days.contains(&wall.date())
    }
}

fn read_rule(file: &File<'_>, field: &Field, rules: &mut Vec<Rule>) -> Result<(), String> {
    let rule = Rule::parse(file.property(field).value());
    rule.map(|rule| rules.push(rule)).map_err(|why| format!("{why}; only its single dates count"))
}

fn unreadable(name: &str, text: &str) -> String {
    format!("a date in its {name} cannot be read: \"{}\"; it is left out", shown(text))
}

/// The time of day of `start` on another day.
pub(super) fn on_day(day: Date, start: DateTime) -> Option<DateTime> {
    day.midnight().plus_seconds(start.seconds() - start.date().midnight().seconds())
}
