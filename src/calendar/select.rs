//! Which occurrences ring, and what is told about each.
//!
//! What an override does not tell it takes from its series; what it tells counts alone, also the answers of its
//! attendees. Only the person's own answer matters, never that of other guests. Where several own addresses are
//! invited, the answer that attends most counts; who invites attends without an answer.

use super::View;
use super::civil::DateTime;
use super::component::{Component, addresses, fields, plain};
use super::event::Event;
use super::expand::Occurrence;
use super::line::Property;
use super::link::{self, From};
use super::marked::Marked;
use super::notices::Notices;
use super::policy::Hours;
use super::read::{File, Name};
use super::value::Time;
use super::zones::TimeZone;
use crate::model::{Marks, SeenMeeting, SkipWhy, Timestamp};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

const HOUR_MS: i64 = 3_600_000;

/// Longest title, in characters.
const LONGEST_TITLE: usize = 1000;

/// The places of links and numbers, best first.
const WAYS_TO_JOIN: [(Name, From); 8] = [
    (Name::GoogleConference, From::Place),
    (Name::TeamsMeeting, From::Place),
    (Name::OnlineMeeting, From::Place),
    (Name::Conference, From::Place),
    (Name::Location, From::Place),
    (Name::Url, From::Other),
    (Name::Description, From::Other),
    (Name::HtmlDescription, From::Other),
];

/// Tells about occurrences; what all occurrences of a component have in common is read once.
pub(super) struct Selector<'s, 'f> {
    file: &'s File<'f>,
    view: &'s View<'s>,
    notices: &'s mut Notices,
    /// By the component and its series.
    details: HashMap<(usize, Option<usize>), Rc<Details>>,
}

/// What a component tells about each of its occurrences.
struct Details {
    title: String,
    link: Option<String>,
    dial_in: Option<String>,
    marks: Marks,
    skip: Option<SkipWhy>,
}

impl<'s, 'f> Selector<'s, 'f> {
    pub(super) fn new(file: &'s File<'f>, view: &'s View<'s>, notices: &'s mut Notices) -> Self {
        Self { file, view, notices, details: HashMap::new() }
    }

    /// The meeting an occurrence is, and why it does not ring.
    pub(super) fn meeting(&mut self, occurrence: &Occurrence<'_>) -> (SeenMeeting, Option<SkipWhy>) {
        let event = occurrence.event;
        let key = (event.at, occurrence.master.map(|master| master.at));
        let (file, view, notices) = (self.file, self.view, &mut self.notices);
        let details = Rc::clone(self.details.entry(key).or_insert_with(|| {
            let component = Component { file, own: fields(file, event.at), series: key.1.map(|at| fields(file, at)) };
            let marked = component.marked(view);
            for why in &marked.notices {
                notices.add(Some(&event.uid), Some(event.line), why.clone());
            }
            Rc::new(component.details(occurrence, view, &marked))
        }));
        let hours = view.policy.hours.filter(|_| !details.marks.important);
        let outside = || hours.filter(|hours| !hours.hold(occurrence.starts_at, view));
        let skip = details.skip.or_else(|| outside().map(|_| SkipWhy::OutsideHours));
        let meeting = SeenMeeting {
            uid: event.uid.clone(),
            recurrence: occurrence.planned.map(basic_utc).unwrap_or_default(),
            sequence: event.sequence,
            starts_at: occurrence.starts_at,
            ends_at: occurrence.ends_at,
            title: details.title.clone(),
            link: details.link.clone(),
            dial_in: details.dial_in.clone(),
            marks: details.marks,
        };
        (meeting, skip)
    }
}

/// `20261123T090000Z`.
fn basic_utc(at: Timestamp) -> String {
    let Some(wall) = TimeZone::Utc.wall(at) else { return at.ms().to_string() };
    let (date, hour, minute, second) = (wall.date(), wall.hour(), wall.minute(), wall.second());
    format!("{:04}{:02}{:02}T{hour:02}{minute:02}{second:02}Z", date.year(), date.month(), date.day())
}

impl Hours {
    fn hold(&self, at: Timestamp, view: &View<'_>) -> bool {
        let Some(wall) = TimeZone::Iana(view.zone.clone()).wall(at) else { return true };
        let minute = wall.hour() * 60 + wall.minute();
        let day = self.days.get(usize::from(wall.date().weekday())).copied().unwrap_or(true);
        day && (u32::from(self.from)..u32::from(self.until)).contains(&minute)
    }
}

/// An answer to an invitation (`PARTSTAT`, RFC 5545 section 3.2.12), the one that attends least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Answer {
    Declined,
    Delegated,
    None,
    Tentative,
    Accepted,
}

impl Component<'_, '_> {
    fn details(&self, occurrence: &Occurrence<'_>, view: &View<'_>, marked: &Marked) -> Details {
        let title: String = self.text(Name::Summary).chars().take(LONGEST_TITLE).collect();
        let (link, dial_in) = match (Self { series: None, ..*self }).ways_to_join() {
            (None, None) => self.ways_to_join(),
            own => own,
        };
        let joinable = link.is_some() || dial_in.is_some();
        let skip = if self.is_all_day(occurrence, view) {
            Some(SkipWhy::AllDay)
        } else if self.is_called_off(occurrence, &title) {
            Some(SkipWhy::Cancelled)
        } else {
            self.skip(view, &title, joinable, marked)
        };
        Details { title, link, dial_in, marks: marked.marks, skip }
    }

    /// Link and telephone number. Those of an override are not mixed with those of its series.
    fn ways_to_join(&self) -> (Option<String>, Option<String>) {
        let texts: Vec<(From, String)> =
            WAYS_TO_JOIN.iter().flat_map(|(name, from)| self.all(*name).map(|p| (*from, plain(&p)))).collect();
        (link::link(&texts), link::dial_in(&texts))
    }

    /// A day; or what Outlook says is one, if it begins at midnight, as it is written or where the person is. Written in UTC,
    /// it is known by lasting whole days, of which one may have 23 or 25 hours.
    fn is_all_day(&self, occurrence: &Occurrence<'_>, view: &View<'_>) -> bool {
        let start = occurrence.event.start;
        let begins = |wall: DateTime| wall == wall.date().midnight();
        let here = || TimeZone::Iana(view.zone.clone()).wall(occurrence.starts_at).is_some_and(begins);
        let whole_days = || {
            let lasts = occurrence.ends_at.map_or(0, |end| end.since(occurrence.starts_at));
            matches!(start, Time::Utc(_))
                && lasts >= 23 * HOUR_MS
                && (lasts + HOUR_MS).rem_euclid(24 * HOUR_MS) <= 2 * HOUR_MS
        };
        matches!(start, Time::Date(_))
            || matches!(self.word(Name::AllDay).as_str(), "TRUE" | "1")
                && (begins(start.wall()) || here() || whole_days())
    }

    /// Called off by its status, by a cancellation (RFC 5546 section 3.2.5), by Outlook's word before its title, or by any of
    /// these in a newer version of its series.
    fn is_called_off(&self, occurrence: &Occurrence<'_>, title: &str) -> bool {
        let cancels = |event: &Event| self.file.method(event.calendar).as_deref() == Some("CANCEL");
        let (event, master) = (occurrence.event, occurrence.master);
        let newer = master.filter(|master| master.sequence >= event.sequence + i64::from(!cancels(master)));
        let of_series = newer.zip(self.series).is_some_and(|(master, series)| {
            cancels(master) || is_cancelled(&(Self { own: series, series: None, ..*self }).word(Name::Status))
        });
        cancels(event) || is_cancelled(&self.word(Name::Status)) || has_cancelled_title(title) || of_series
    }

    /// Why it does not ring, apart from its hour. What is marked important is left out by no rule of the config.
    fn skip(&self, view: &View<'_>, title: &str, joinable: bool, marked: &Marked) -> Option<SkipWhy> {
        let policy = view.policy;
        let (status, busy) = (self.word(Name::Status), self.word(Name::BusyStatus));
        let free = self.word(Name::Transparency) == "TRANSPARENT" || busy == "FREE";
        let answer = self.answer(&policy.addresses);
        let tentative = status == "TENTATIVE" || busy == "TENTATIVE" || answer == Some(Answer::Tentative);
        let unanswered = answer == Some(Answer::None) && !self.is_organized_by(&policy.addresses);
        let left_out = |why| policy.leaves_out.contains(&why);
        let few = policy.min_attendees > 0 && self.attendees() < policy.min_attendees as usize;
        let facts = [
            (answer == Some(Answer::Declined), SkipWhy::Declined),
            (answer == Some(Answer::Delegated), SkipWhy::Delegated),
            (marked.off, SkipWhy::MarkedOff),
        ];
        let rules = [
            (free && left_out(SkipWhy::Free), SkipWhy::Free),
            (busy == "OOF" && left_out(SkipWhy::OutOfOffice), SkipWhy::OutOfOffice),
            (tentative && left_out(SkipWhy::Tentative), SkipWhy::Tentative),
            (unanswered && left_out(SkipWhy::Unanswered), SkipWhy::Unanswered),
            (policy.skip_titles.iter().any(|pattern| pattern.fits(title)), SkipWhy::Title),
            (few, SkipWhy::FewAttendees),
            (policy.need_link && !joinable, SkipWhy::NoLink),
        ];
        let rules = rules.into_iter().filter(|_| !marked.marks.important);
        facts.into_iter().chain(rules).find_map(|(is, why)| is.then_some(why))
    }

    /// The person's own answer, where one of their addresses is invited.
    fn answer(&self, own: &[String]) -> Option<Answer> {
        let invited = self.all(Name::Attendee).filter(|p| addresses(p).any(|address| own.contains(&address)));
        let answer = invited.map(|p| match p.param("PARTSTAT").unwrap_or_default().to_ascii_uppercase().as_str() {
            "DECLINED" => Answer::Declined,
            "DELEGATED" => Answer::Delegated,
            "TENTATIVE" => Answer::Tentative,
            "ACCEPTED" | "COMPLETED" | "IN-PROCESS" => Answer::Accepted,
            _ => Answer::None,
        });
        answer.max()
    }

    fn is_organized_by(&self, own: &[String]) -> bool {
        self.all(Name::Organizer).any(|p| addresses(&p).any(|address| own.contains(&address)))
    }

    /// How many people are invited or invite; rooms and resources do not count.
    fn attendees(&self) -> usize {
        let is_thing = |p: &Property<'_>| {
            p.param("CUTYPE").is_some_and(|kind| ["ROOM", "RESOURCE"].iter().any(|k| kind.eq_ignore_ascii_case(k)))
        };
        let people = self.all(Name::Attendee).filter(|p| !is_thing(p)).chain(self.all(Name::Organizer));
        people.filter_map(|p| addresses(&p).last()).collect::<HashSet<String>>().len()
    }
}

fn is_cancelled(status: &str) -> bool {
    matches!(status, "CANCELLED" | "CANCELED")
}

/// What programs write before the title of a meeting that its organiser called off, one a line.
const CANCELLED_TITLES: &str = include_str!("cancelled_titles.txt");

/// Does a title begin with such a word and a colon? A mere word in a title says nothing.
fn has_cancelled_title(title: &str) -> bool {
    let Some((before, _)) = title.split_once([':', '：']) else { return false };
    let before = before.trim().to_lowercase();
    !before.is_empty() && CANCELLED_TITLES.lines().any(|line| line == before)
}
