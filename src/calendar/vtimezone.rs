//! Zones that a calendar brings along (`VTIMEZONE`, RFC 5545 section 3.6.5).
//!
//! All onsets up to some years after the looked-at time are worked out once; then a wall time is a search among them.
//! An onset is written in the wall time before it (`TZOFFSETFROM`), so the last onset at or before a wall time decides:
//! its `TZOFFSETTO` holds, but in the gap after it, where RFC 5545 section 3.3.5 wants the offset before the gap. A wall
//! time that comes twice lies before the onset both times and thus is the first of the two.

use super::civil::{DAY, DateTime};
use super::line::Property;
use super::read::{Field, File, Name};
use super::rule::{Budget, Rule, Until, times};
use super::value::{self, Time};

/// How far back from its end a rule is followed, in seconds: Windows lets them begin in 1601, and only the last onsets
/// matter.
const FOLLOWED: i64 = 14 * 366 * 86_400;

/// When the clocks change, and from what to what. Offsets are seconds east of Greenwich.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Onset {
    /// On the wall before the change.
    at: DateTime,
    from: i32,
    to: i32,
}

/// The rules of one zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rules {
    /// The offset before the first onset.
    before: i32,
    /// Earliest first.
    onsets: Vec<Onset>,
}

impl Rules {
    /// One offset at all times.
    pub(super) fn fixed(offset: i32) -> Self {
        Self { before: offset, onsets: Vec::new() }
    }

    /// Is it one offset at all times, and nothing that a calendar brought along?
    pub(super) fn is_fixed(&self) -> bool {
        self.onsets.is_empty()
    }

    /// Works out the observances of a zone until `until`. `None` when none of them can be read.
    pub(super) fn read<'f>(
        file: &File<'_>,
        parts: impl Iterator<Item = &'f [Field]>,
        until: DateTime,
        budget: &mut Budget,
    ) -> Option<Self> {
        let mut onsets: Vec<Onset> = parts.filter_map(|part| observance(file, part, until, budget)).flatten().collect();
        onsets.sort_unstable();
        onsets.dedup();
        Some(Self { before: onsets.first()?.from, onsets })
    }

    /// Seconds since 1970 UTC of a wall time.
    pub(super) fn instant(&self, wall: DateTime) -> i64 {
        let behind = self.onsets.partition_point(|onset| onset.at <= wall);
        let Some(onset) = behind.checked_sub(1).and_then(|last| self.onsets.get(last)) else {
            return wall.seconds() - i64::from(self.before);
        };
        let new = wall.seconds() - i64::from(onset.to);
        let in_gap = new < onset.instant();
        if in_gap { wall.seconds() - i64::from(onset.from) } else { new }
    }

    /// The offset at an instant, in seconds since 1970 UTC.
    pub(super) fn offset(&self, instant: i64) -> i32 {
        let behind = self.onsets.partition_point(|onset| onset.instant() <= instant);
        behind.checked_sub(1).and_then(|last| self.onsets.get(last)).map_or(self.before, |onset| onset.to)
    }
}

impl Onset {
    fn instant(&self) -> i64 {
        self.at.seconds() - i64::from(self.from)
    }
}

/// The onsets of one `STANDARD` or `DAYLIGHT`. One with a rule too dense or unreadable keeps those that are told singly.
fn observance(file: &File<'_>, part: &[Field], until: DateTime, budget: &mut Budget) -> Option<Vec<Onset>> {
    let all = |name: Name| part.iter().filter(move |field| field.name == name).map(|field| file.property(field));
    let offset = |name: Name| all(name).next().and_then(|p| value::offset(p.value()));
    let (from, to) = (offset(Name::OffsetFrom), offset(Name::OffsetTo)?);
    let from = from.unwrap_or(to);
    let start = Time::of(&all(Name::Start).next()?)?.wall();
    let mut walls = vec![start];
    walls.extend(all(Name::RDate).flat_map(|p| dates(&p)));
    for property in all(Name::Rule) {
        walls.extend(yearly(&property, start, from, until, budget).unwrap_or_default());
    }
    Some(walls.into_iter().map(|at| Onset { at, from, to }).collect())
}

fn dates(property: &Property<'_>) -> Vec<DateTime> {
    property.value().split(',').filter_map(|text| Some(Time::read(text, None)?.wall())).collect()
}

/// Zones change their clocks by yearly or monthly rules; finer ones are no zone's, and cost too much.
fn yearly(
    property: &Property<'_>,
    start: DateTime,
    from: i32,
    until: DateTime,
    budget: &mut Budget,
) -> Option<Vec<DateTime>> {
    let rule = Rule::parse(property.value()).ok().filter(Rule::is_slow)?;
    let holds = |at: &DateTime| match rule.until() {
        None => true,
        Some(Until::Date(day)) => at.date() <= day,
        Some(Until::Floating(last)) => *at <= last,
        Some(Until::Utc(last)) => at.seconds() - i64::from(from) <= last.seconds(),
    };
    let last = match rule.until() {
        None => until,
        Some(Until::Date(day)) => until.min(day.plus_days(1)?.midnight()),
        Some(Until::Floating(last) | Until::Utc(last)) => until.min(last.plus_seconds(DAY)?),
    };
    let first = last.plus_seconds(-FOLLOWED).unwrap_or(start);
    Some(times(&rule, start, first, last, budget).ok()?.into_iter().filter(holds).collect())
}
