//! What was seen in a calendar, as text and as JSON. Pure.

use super::owner::CalendarOwner;
use super::zones::zones_words;
use crate::calendar::{Look, Notice};
use crate::cli::json::object;
use crate::cli::print::{self, Screen};
use crate::cli::words::{clean, counted, skip_words, title};
use crate::model::{SeenMeeting, SkipWhy, Timestamp, cut, printable};
use crate::rules::ladder::{Rung, is_notice};
use crate::when;
use crate::zone::ZoneData;
use serde::Serialize;

/// UIDs in a notice are cut to this many characters.
const UID_CUT: usize = 40;

/// The fields of `calendar check --json`, for the manual page.
pub(in crate::cli) const FIELDS: &[(&str, &str)] = &[
    ("schema", "1; raised when a field changes its meaning"),
    ("now", "the time of the look; all times are RFC 3339 in UTC"),
    ("calendar", "its name; never an address"),
    ("person", "whose zone and settings were used; null without people in the config"),
    ("zone", "their time zone"),
    ("zone_data", "version of the time zone database and from (system or bundled)"),
    ("from, until", "the period; meetings that start in it are listed"),
    ("changed_at", "when the calendar was last changed; null if unknown"),
    ("how", "how it was read at now, and what cannot be seen by that, in words"),
    (
        "zones",
        "the time zones of its meetings, the first twelve: name (as it stands there; null for times without a zone), by (what \
         it was found by: iana, windows, own for the calendar's own, offset, guess, unknown, floating), zone (the IANA zone \
         whose rules count; null if none do). Times in UTC need none",
    ),
    ("events", "how many events it has, whenever they take place"),
    (
        "meetings",
        "earliest first: uid, recurrence (the instant for which an occurrence of a series was first planned; empty \
         without a series), title, starts_at, ends_at, link, dial_in, marks (those that count), rings, reason (why it does \
         not ring: all_day, cancelled, declined, delegated, marked_off, free, out_of_office, tentative, unanswered, no_link, title, few_attendees, \
         outside_hours; null when it rings)",
    ),
    ("notices", "what was left out or guessed: uid, line, text; uid and line are null if unknown"),
    (
        "early_in_vain",
        "true: a meeting is marked with a time, and the ladder has no message that it could bring forward",
    ),
    ("declined_ring", "true: no address of the person is known, so declined meetings ring"),
    (
        "calendars",
        "without the name of a calendar, in place of all this but schema and now: such an object for each calendar of the \
         config, or calendar, person and error for one that cannot be read",
    ),
];

/// A calendar that was looked at.
pub(super) struct Checked<'a> {
    pub(super) name: &'a str,
    pub(super) owner: CalendarOwner,
    /// That of the config.
    pub(super) ladder: &'a [Rung],
    pub(super) zone_data: ZoneData,
    pub(super) look: Look,
    pub(super) changed_at: Option<Timestamp>,
    /// How it was read just now.
    pub(super) how: &'static str,
    pub(super) now: Timestamp,
}

impl Checked<'_> {
    /// The object of `calendar check --json`.
    pub(super) fn json(&self) -> impl Serialize {
        let notice = |notice: &Notice| {
            object! {
                uid: notice.uid.as_deref().map(printable),
                line: notice.line,
                text: printable(&notice.text),
            }
        };
        object! {
            schema: 1,
            now: self.now,
            calendar: self.name,
            person: self.owner.person.clone(),
            zone: self.owner.zone.name(),
            zone_data: &self.zone_data,
            from: self.look.seen.from,
            until: self.look.seen.until,
            changed_at: self.changed_at,
            how: self.how,
            zones: &self.look.zones,
            events: self.look.events,
            meetings: self.meetings().into_iter().map(meeting_object).collect::<Vec<_>>(),
            notices: self.look.notices.iter().map(notice).collect::<Vec<_>>(),
            early_in_vain: self.early_in_vain(),
            declined_ring: self.declined_ring(),
        }
    }

    pub(super) fn text(&self, screen: Screen) -> String {
        let mut blocks = vec![self.summary()];
        let rows: Vec<_> = self.meetings().into_iter().map(|(meeting, why)| self.row(meeting, why)).collect();
        if !rows.is_empty() {
            blocks.push(print::table(rows, screen.width));
        }
        if !self.look.notices.is_empty() {
            let lines = self.look.notices.iter().map(|notice| format!("  {}\n", notice_line(notice)));
            let heading = format!("{}\n", screen.paint.heading("Notices"));
            blocks.push([heading].into_iter().chain(lines).collect());
        }
        if self.early_in_vain() {
            let note = "a mark with a time brings nothing forward: the ladder has no mail, message or webhook for the person \
                        before the start";
            blocks.push(format!("{}\n", screen.paint.notice(note)));
        }
        if self.declined_ring() {
            let whose = self.owner.person.as_deref().map_or_else(String::new, |id| format!(" of {}", printable(id)));
            let note = format!("declined meetings ring, too: no mail address{whose} is known; `addresses` names them");
            blocks.push(format!("{}\n", screen.paint.notice(&note)));
        }
        blocks.join("\n")
    }

    /// `work: 42 events, changed 3 days ago` and, on a line of its own, what of it is to come.
    fn summary(&self) -> String {
        let seen = &self.look.seen;
        let age = self.changed_at.map_or_else(String::new, |at| format!(", changed {}", when::relative(at, self.now)));
        let ZoneData { version, from: rules } = &self.zone_data;
        let (from, until) = (self.owner.zone.text(seen.from), self.owner.zone.text(seen.until));
        format!(
            "{}: {}{age}\n{}\nzones: {}; their rules: {version}, {rules}\n{from} to {until} ({}): {} and {}\n",
            self.name,
            counted(self.look.events, "event"),
            self.how,
            zones_words(&self.look.zones),
            self.owner.zone.name(),
            match seen.meetings.len() {
                1 => "1 meeting rings".into(),
                n => format!("{n} meetings ring"),
            },
            match seen.skipped.len() {
                1 => "1 does not".into(),
                n => format!("{n} do not"),
            },
        )
    }

    /// Those that ring and those that do not, earliest first.
    fn meetings(&self) -> Vec<(&SeenMeeting, Option<SkipWhy>)> {
        let seen = &self.look.seen;
        let ring = seen.meetings.iter().map(|meeting| (meeting, None));
        let mut all: Vec<_> = ring.chain(seen.skipped.iter().map(|(meeting, why)| (meeting, Some(*why)))).collect();
        all.sort_by_key(|(meeting, _)| meeting.starts_at);
        all
    }

    fn row(&self, meeting: &SeenMeeting, why: Option<SkipWhy>) -> Vec<String> {
        let start = self.owner.zone.text(meeting.starts_at);
        let day = start.split(' ').next().unwrap_or_default();
        let start = if why == Some(SkipWhy::AllDay) { day } else { &start };
        let join = match (&meeting.link, &meeting.dial_in) {
            (Some(_), _) => "link",
            (None, Some(_)) => "phone",
            (None, None) => "-",
        };
        let marked = meeting.marks.shown().map_or_else(String::new, |marks| format!(", {marks}"));
        let fate = why.map_or_else(|| format!("rings{marked}"), |why| format!("skipped: {}", skip_words(why)));
        vec![start.into(), join.into(), fate, title_or_none(&meeting.title)]
    }

    fn early_in_vain(&self) -> bool {
        let is_early = |(meeting, _): &(&SeenMeeting, _)| meeting.marks.early.is_some();
        self.meetings().iter().any(is_early) && !self.ladder.iter().any(|rung| is_notice(&rung.action))
    }

    fn declined_ring(&self) -> bool {
        self.owner.view(self.now, self.now).policy.addresses.is_empty()
    }
}

/// The title, or that there is none.
pub(in crate::cli) fn title_or_none(text: &str) -> String {
    clean(Some(&title(text))).unwrap_or_else(|| "(no title)".into())
}

/// `line 12, event "a@example.com": it has no start …`.
pub(in crate::cli) fn notice_line(notice: &Notice) -> String {
    let line = notice.line.map(|line| format!("line {line}"));
    let event = notice.uid.as_deref().map(|uid| format!("event \"{}\"", cut(&printable(uid), UID_CUT)));
    let place = line.into_iter().chain(event).collect::<Vec<_>>().join(", ");
    let text = printable(&notice.text);
    if place.is_empty() { text } else { format!("{place}: {text}") }
}

fn meeting_object((meeting, reason): (&SeenMeeting, Option<SkipWhy>)) -> impl Serialize + use<> {
    object! {
        uid: printable(&meeting.uid),
        recurrence: printable(&meeting.recurrence),
        title: printable(&meeting.title),
        starts_at: meeting.starts_at,
        ends_at: meeting.ends_at,
        link: meeting.link.as_deref().map(printable),
        dial_in: meeting.dial_in.as_deref().map(printable),
        marks: meeting.marks,
        rings: reason.is_none(),
        reason: reason,
    }
}

#[cfg(test)]
mod tests;
