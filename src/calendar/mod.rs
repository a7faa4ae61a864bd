//! iCalendar: bytes in, the meetings of a stretch of time out. Pure: no clock, no file, no network.
//!
//! ```text
//! line      bytes become content lines: where each begins and ends; unfolded only when somebody asks
//! read      lines become events and zones: where their properties stand
//! event     an event gets its UID, its start, and what it overrides; nothing else of it is read yet
//! expand    the events of one UID become the occurrences in the looked-at time (series, rule, zones, vtimezone)
//! select    each of these becomes a meeting with title, link and marks, and rings or does not (component, link, marked,
//!           marks, policy)
//! ```
//!
//! Three things hold for all of it. What stands in a calendar can cost only so much time and memory ([`Limits`], and a
//! few constants beside what they bound). What is wrong in one event leaves the others alone; it is told in a
//! [`Notice`], and the event's UID is *doubtful*: that it is not seen means nothing. And texts stay as they are; only
//! notices are fit to be shown.

mod civil;
mod clocks;
mod component;
mod event;
mod expand;
mod line;
mod link;
mod marked;
mod marks;
mod notices;
mod policy;
mod read;
mod rule;
mod select;
mod series;
mod value;
mod view;
mod vtimezone;
mod zones;

pub(crate) use line::content;
pub use notices::Notice;
pub use policy::{Hours, Pattern, Policy};
pub use view::{Limits, View};
pub use zones::{ZoneBy, ZoneUse};

use crate::model::{SeenAgenda, SeenMeeting, SkipWhy};
use clocks::Clocks;
use event::Reading;
use expand::{Expander, Occurrence};
use notices::Notices;
use read::File;
use rule::Budget;
use select::Selector;
use std::collections::HashSet;
use zones::Zones;

/// What a look at a calendar gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// Meetings, and what may be concluded from those that are not there.
    pub seen: SeenAgenda,
    /// False: it breaks off before its `END:VCALENDAR`.
    pub whole: bool,
    /// Events (`VEVENT`) in it, whenever they take place.
    pub events: usize,
    /// The time zones that were needed, and by what each was found; the first twelve.
    pub zones: Vec<ZoneUse>,
    /// What was left out, or read with a guess. Few: repeated ones are counted in one.
    pub notices: Vec<Notice>,
}

/// Why bytes are no calendar at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotACalendar {
    /// Nothing but blank space.
    #[error("it is empty")]
    Empty,
    /// A web page, such as a sign-in form.
    #[error("it is a web page (HTML), not a calendar")]
    Html,
    /// Anything else without `BEGIN:VCALENDAR`.
    #[error("it does not start with BEGIN:VCALENDAR")]
    NoCalendar,
}

/// Looks at a calendar: which meetings begin in the looked-at time, which of them ring, and what was left out.
///
/// # Errors
/// When the bytes are no calendar at all. Anything wrong inside a calendar costs as little of it as can be, and is told.
pub fn look(bytes: &[u8], view: &View<'_>) -> Result<Look, NotACalendar> {
    let bytes = line::content(bytes);
    check(&bytes)?;
    let mut notices = Notices::default();
    let file = File::read(&bytes, view.limits.line, &mut notices);
    if !file.whole {
        notices.add(None, None, "the calendar breaks off before its end (END:VCALENDAR)".to_owned());
    }
    let budget = Budget::new(view.limits);
    let mut clocks =
        Clocks { file: &file, zones: Zones::new(&file, view.zone, view.from..view.until, budget), notices, budget };
    let (mut uids, mut doubtful) = (HashSet::new(), HashSet::new());
    let mut events = Reading { clocks: &mut clocks, uids: &mut uids, doubtful: &mut doubtful }.events();
    // Stable, so that the events of a UID stay in the order of the file.
    events.sort_by(|a, b| a.uid.cmp(&b.uid));
    let groups = events.chunk_by(|a, b| a.uid == b.uid);
    let found = Expander::new(view, &mut clocks, &mut doubtful).found(groups);
    let (mut meetings, mut skipped) = selected(found, &file, view, &mut clocks.notices);
    let most = view.limits.meetings;
    let left_out = leave_out(&mut meetings, most, |meeting| meeting, &mut doubtful)
        + leave_out(&mut skipped, most, |(meeting, _)| meeting, &mut doubtful);
    if left_out > 0 {
        let why = format!("more than {most} meetings begin in the looked-at time; the last {left_out} are left out");
        clocks.notices.add_first(why);
    }
    let seen = SeenAgenda { from: view.from, until: view.until, meetings, skipped, uids, doubtful };
    let zones = clocks.zones.used();
    Ok(Look { seen, whole: file.whole, events: file.events.len(), zones, notices: clocks.notices.finish() })
}

/// Whether the bytes begin as a calendar does.
fn check(bytes: &[u8]) -> Result<(), NotACalendar> {
    let text = bytes.trim_ascii_start();
    let first = line::Lines::new(text).next().ok_or(NotACalendar::Empty)?;
    let first = line::unfold(text.get(first.span).unwrap_or_default(), 100);
    match first.trim() {
        begin if begin.eq_ignore_ascii_case("BEGIN:VCALENDAR") => Ok(()),
        html if html.starts_with('<') => Err(NotACalendar::Html),
        _ => Err(NotACalendar::NoCalendar),
    }
}

/// The occurrences that ring and those that do not, earliest first, each identity once.
fn selected(
    mut found: Vec<Occurrence<'_>>,
    file: &File<'_>,
    view: &View<'_>,
    notices: &mut Notices,
) -> (Vec<SeenMeeting>, Vec<(SeenMeeting, SkipWhy)>) {
    let version = |o: &Occurrence<'_>| std::cmp::Reverse(o.event.version());
    found.sort_by(|a, b| {
        (a.starts_at, &a.event.uid, a.planned, version(a)).cmp(&(b.starts_at, &b.event.uid, b.planned, version(b)))
    });
    let mut selector = Selector::new(file, view, notices);
    let (mut meetings, mut skipped, mut known) = (Vec::new(), Vec::new(), HashSet::new());
    for occurrence in &found {
        if known.insert((&occurrence.event.uid, occurrence.planned)) {
            match selector.meeting(occurrence) {
                (meeting, None) => meetings.push(meeting),
                (meeting, Some(why)) => skipped.push((meeting, why)),
            }
        }
    }
    (meetings, skipped)
}

/// Leaves out the meetings behind the first `most`: nothing may be concluded from what is missing of them. How many?
fn leave_out<M>(
    meetings: &mut Vec<M>,
    most: usize,
    seen: fn(&M) -> &SeenMeeting,
    doubtful: &mut HashSet<String>,
) -> usize {
    let beyond = meetings.split_off(most.min(meetings.len()));
    doubtful.extend(beyond.iter().map(|meeting| seen(meeting).uid.clone()));
    beyond.len()
}
