//! What the store knows about the meetings of a calendar, and what a look at it changes in them: input and output of
//! `rules::agenda`.

use super::{Marks, MeetingId, Reason, SeenMeeting, Timestamp, text_enum};
use std::time::Duration;

/// Who checked in for a start, or said that they will miss it, means the meeting also when it moves less than this from
/// there, however often.
pub const SAME_PROMISE: Duration = Duration::from_secs(10 * 60);

text_enum! {
    /// Who called a meeting off.
    pub enum CancelledBy {
        /// Its calendar, which plans it again when it is there again.
        Calendar = "calendar",
        /// The person, with `savehub meeting cancel`: no calendar plans it again.
        Person = "person",
    }
}

/// A meeting of the person, seen from one of their calendars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMeeting {
    /// Row.
    pub id: MeetingId,
    /// Calendar UID.
    pub uid: String,
    /// Recurrence id; empty for a single meeting.
    pub recurrence: String,
    /// Start.
    pub starts_at: Timestamp,
    /// End, if known.
    pub ends_at: Option<Timestamp>,
    /// Title as written.
    pub title: String,
    /// Where to join by browser or app.
    pub link: Option<String>,
    /// Where to join by telephone.
    pub dial_in: Option<String>,
    /// What the person marked it with.
    pub marks: Marks,
    /// Who called it off; `None` while it is planned.
    pub cancelled_by: Option<CancelledBy>,
    /// Whose copy of it counts.
    pub owner: Owns,
    /// This calendar's copy, as it was last noted.
    pub held: Option<Held>,
    /// Another calendar of the person has a copy that rings.
    pub elsewhere: bool,
}

/// Whose copy of a meeting counts, seen from one calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owns {
    /// This one's.
    This,
    /// Nobody's: it was added by hand or imported, or its calendar lost it.
    Nobody,
    /// Another calendar's, with this `SEQUENCE`.
    Another(i64),
}

/// A calendar's copy of a meeting, as it was last noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Its `SEQUENCE`.
    pub sequence: i64,
    /// Since when its whole event is gone from the calendar; `None` while it is there.
    pub missing_since: Option<Timestamp>,
}

/// One change that a look makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Plan a meeting nobody knew. This calendar owns it.
    Add(SeenMeeting),
    /// Note that the calendar has a copy, with its `SEQUENCE`, and that nothing is missing.
    Hold(MeetingId, i64),
    /// Note that its event is gone from the calendar since now.
    Missing(MeetingId),
    /// Forget the calendar's copy. When it was the owner's, the next calendar that holds one becomes the owner.
    Release(MeetingId),
    /// From now on this calendar's copy counts.
    Own(MeetingId),
    /// It has another recurrence id now: the series was moved as a whole.
    Rekey(MeetingId, String),
    /// Title, link, dial-in, marks or end are others: the words of steps that have not run change with them.
    Update(MeetingId, SeenMeeting),
    /// It starts at another time: the incident ends as `CANCELLED(meeting_moved)`, the next generation will be watched.
    Move(MeetingId, SeenMeeting),
    /// It does not take place, or no longer rings: the incident ends as `CANCELLED` with this reason.
    Cancel(MeetingId, Reason),
    /// It was called off by its calendar and takes place after all: the next generation will be watched, unless the
    /// person has already checked in for this start.
    Revive(MeetingId, SeenMeeting),
}
