//! What goes into a store and what comes out about calendars: values without behaviour.

use super::{Ended, Meeting};
use crate::model::{CalendarId, CalendarKind, Change, KnownMeeting, Reason, SeenAgenda, Timestamp, Validators};
use serde::Serialize;
use std::time::Duration;

/// What a look changes, asked inside the transaction that writes it down: the meetings of the person that the calendar
/// has or had, and what was seen.
pub type AgendaRule<'a> = &'a dyn Fn(&[KnownMeeting], &SeenAgenda) -> Vec<Change>;

/// A calendar of the config.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CalendarDraft {
    /// Tells it from every other one. Not secret.
    pub key: String,
    /// Id of the person.
    pub person: String,
    /// How it is called in output.
    pub name: String,
    /// Where it is.
    pub kind: CalendarKind,
}

/// What bringing the calendars in line with the config did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarsSynced {
    /// New ones; due at once.
    pub added: Vec<CalendarId>,
    /// Those of the new ones that are files, with their people.
    pub added_files: Vec<(CalendarId, String)>,
    /// Names of those that left the config.
    pub removed: Vec<String>,
    /// Keys of the faults that left with them ([`calendar_fault`]).
    pub over: Vec<String>,
    /// Meetings that were called off with them.
    pub changed: Vec<MeetingChange>,
}

/// The key of the fault that this calendar cannot be read. It leaves with the calendar.
pub fn calendar_fault(id: CalendarId) -> String {
    format!("calendar {id}")
}

/// A calendar to look at, with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueCalendar {
    /// Row.
    pub id: CalendarId,
    /// Its key in the config.
    pub key: String,
    /// Id of the person.
    pub person: String,
    /// Where it is.
    pub kind: CalendarKind,
    /// What to ask with.
    pub validators: Validators,
    /// Counts looks: [`LookDone::looks`] of the look that begins now.
    pub looks: i64,
    /// Last look that was recorded, good or not.
    pub checked_at: Option<Timestamp>,
    /// When the copy was last confirmed to be good.
    pub good_at: Option<Timestamp>,
    /// Last good answer to a question without validators.
    pub full_at: Option<Timestamp>,
    /// When the copy was last expanded into meetings; `None`: it must be, whatever else is known.
    pub expanded_at: Option<Timestamp>,
    /// What it was expanded with, see [`Expanded::with`].
    pub expanded_with: Option<String>,
    /// Failures in a row.
    pub failures: u32,
    /// Why the last look failed, while it is so.
    pub failure: Option<String>,
    /// An event of a planned meeting is gone from the copy, and that is not believed yet: expand it again with the next
    /// good look, even if nothing else is new.
    pub has_missing: bool,
    /// There is a good copy.
    pub has_body: bool,
    /// The first start of its planned meetings after [`LookAt::starts_after`]. One that is marked with an early notice counts
    /// once more, as if it started as much earlier as the notice is due before [`LookAt::first_ring`].
    pub next_start: Option<Timestamp>,
    /// The last start of its planned meetings that is still to come and not after [`LookAt::starts_after`], counted so too.
    pub last_near_start: Option<Timestamp>,
}

/// Which calendars to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookAt {
    /// The time.
    pub now: Timestamp,
    /// How long subscriptions are leased: until then no other tick gets them.
    pub lease: Duration,
    /// The most subscriptions to return.
    pub limit: usize,
    /// The files, too: a tick asks for them once.
    pub files: bool,
    /// For [`DueCalendar::next_start`] and [`DueCalendar::last_near_start`].
    pub starts_after: Timestamp,
    /// How long before a meeting that has no mark its first rung is due.
    pub first_ring: Duration,
}

/// A look that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookDone {
    /// [`DueCalendar::looks`]: a look that ends after a later one changes nothing.
    pub looks: i64,
    /// What came of it.
    pub outcome: LookOutcome,
    /// The question was asked without validators.
    pub full: bool,
    /// The meetings of the copy, when it was expanded: the new one, or the one that is there.
    pub expanded: Option<Expanded>,
    /// When to look again. Of no meaning for a file.
    pub next_look_at: Timestamp,
    /// When to look again at the latest if an event of a planned meeting is gone.
    pub second_look_at: Timestamp,
}

/// A look to be written down.
pub struct LookToRecord<'a> {
    /// The calendar.
    pub id: CalendarId,
    /// The look.
    pub look: &'a LookDone,
    /// The time.
    pub now: Timestamp,
    /// Says what changes when the copy was expanded.
    pub rule: AgendaRule<'a>,
}

/// What came of a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookOutcome {
    /// No answer, or a bad one: the last good copy stays in force, with its validators.
    Failed {
        /// In plain words, without the address.
        why: String,
    },
    /// The copy is still good.
    Unchanged(Validators),
    /// There is a new one.
    New {
        /// As it came, not compressed.
        body: Vec<u8>,
        /// What to ask with next time.
        validators: Validators,
    },
}

/// A copy, expanded into meetings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expanded {
    /// Its meetings.
    pub seen: SeenAgenda,
    /// A text that changes when policy, zone or zone data do: what it was expanded with.
    pub with: String,
    /// Events in it.
    pub events: u32,
    /// How much was left out, or read with a guess.
    pub notices: u32,
    /// The first of these notices, fit to be shown.
    pub notice: Option<String>,
}

/// What recording a look, or importing a file, did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct AgendaRecorded {
    /// False: a later look was recorded before, or the calendar is gone; nothing was changed.
    pub counted: bool,
    /// The meetings that changed.
    pub changed: Vec<MeetingChange>,
}

/// A meeting that a calendar changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingChange {
    /// How.
    pub how: MeetingNews,
    /// The meeting afterwards.
    pub meeting: Meeting,
    /// The incident that ended, if one was open.
    pub ended: Option<Ended>,
}

/// How a calendar changed a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeetingNews {
    /// Planned for the first time.
    Added,
    /// Its words or its end changed.
    Updated,
    /// It starts at another time.
    Moved,
    /// It does not ring, for this reason.
    Cancelled(Reason),
    /// It was called off, and is planned again.
    Revived,
}

/// A calendar as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CalendarView {
    /// Row.
    pub id: CalendarId,
    /// Id of the person.
    pub person: String,
    /// How it is called.
    pub name: String,
    /// Where it is.
    pub kind: CalendarKind,
    /// When the copy was last confirmed to be good; `null`: there is none.
    pub good_at: Option<Timestamp>,
    /// Last look, good or not.
    pub checked_at: Option<Timestamp>,
    /// Since when it cannot be read.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
    /// When it is looked at again; of a file, with every tick.
    pub next_look_at: Timestamp,
    /// Events in it.
    pub events: Option<u32>,
    /// How much of it was left out, or read with a guess.
    pub notices: u32,
    /// The first of these notices.
    pub notice: Option<String>,
    /// Its server tells mail addresses of the person.
    pub tells_addresses: bool,
}
