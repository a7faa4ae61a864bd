//! What a look at a calendar finds: values that travel from `calendar` and `feed` through the tick into the store.

use super::{Marks, Timestamp, text_enum};
use std::collections::HashSet;

text_enum! {
    /// Why a meeting that stands in a calendar does not ring.
    pub enum SkipWhy {
        /// A day, not a time.
        AllDay = "all_day",
        /// `STATUS:CANCELLED`, of the event or of this occurrence.
        Cancelled = "cancelled",
        /// One of the person's own addresses declined.
        Declined = "declined",
        /// One of the person's own addresses delegated it to somebody else.
        Delegated = "delegated",
        /// The person marked it so.
        MarkedOff = "marked_off",
        /// `TRANSP:TRANSPARENT`, or Outlook's busy status `FREE`.
        Free = "free",
        /// Outlook's busy status `OOF`.
        OutOfOffice = "out_of_office",
        /// `STATUS:TENTATIVE`, or the person answered "maybe", and the config leaves those out.
        Tentative = "tentative",
        /// The person has not answered, and the config leaves those out.
        Unanswered = "unanswered",
        /// The config wants a link to join.
        NoLink = "no_link",
        /// The config leaves out titles like this one.
        Title = "title",
        /// Fewer attendees than the config wants.
        FewAttendees = "few_attendees",
        /// Outside the person's working hours.
        OutsideHours = "outside_hours",
    }
}

text_enum! {
    /// Where a calendar is.
    pub enum CalendarKind {
        /// A file on this machine: looked at by every tick.
        File = "file",
        /// A subscription address: asked now and then, by one tick at a time.
        Web = "web",
    }
}

/// One occurrence of an event, as a calendar tells it. Texts are as they stand there: clean them before they are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenMeeting {
    /// `UID`; for an event without one, a text made from what it holds.
    pub uid: String,
    /// Empty for an event that does not recur (it keeps its identity when it moves); for an occurrence of a series the
    /// instant it was first planned for (RFC 5545 section 3.8.4.4), as `20261123T090000Z`.
    pub recurrence: String,
    /// `SEQUENCE` of the component it comes from; 0 where there is none.
    pub sequence: i64,
    /// Start.
    pub starts_at: Timestamp,
    /// End, when the event tells it (`DTEND` or `DURATION`).
    pub ends_at: Option<Timestamp>,
    /// `SUMMARY`; empty where there is none. At most 1,000 characters.
    pub title: String,
    /// Where to join by browser or app. At most 2,000 bytes.
    pub link: Option<String>,
    /// Where to join by telephone, with a PIN if there is one (`+12025550100,,123456#`).
    pub dial_in: Option<String>,
    /// What the person marked it with, as far as it counts.
    pub marks: Marks,
}

/// What one look at one calendar found between two instants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAgenda {
    /// The looked-at time: `from <= start < until`.
    pub from: Timestamp,
    /// End of the looked-at time.
    pub until: Timestamp,
    /// Meetings that ring, earliest first; each (uid, recurrence) once.
    pub meetings: Vec<SeenMeeting>,
    /// Meetings that are there and do not ring, and why; earliest first.
    pub skipped: Vec<(SeenMeeting, SkipWhy)>,
    /// UIDs of all events that were read, whenever they take place.
    pub uids: HashSet<String>,
    /// UIDs of events that could not be read or expanded wholly: nothing may be concluded from what is missing of them.
    pub doubtful: HashSet<String>,
}

/// What a server or a file system said about a copy. The next look asks with it whether the copy is still good.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, as received.
    pub etag: Option<String>,
    /// `Last-Modified`, as received.
    pub last_modified: Option<String>,
    /// Of a file: what the file system says about it (device, inode, size, time of change). Of a subscription: a hash
    /// of the address it came from.
    pub stamp: Option<String>,
    /// Hash of the body without its `DTSTAMP` lines, in hex.
    pub hash: Option<String>,
}
