//! Meetings.

use super::Ended;
use crate::model::{Marks, MeetingId, MeetingState, MeetingWords, Reason, Timestamp};
use serde::Serialize;

/// A meeting to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMeeting {
    /// Id of the person.
    pub person: String,
    /// Calendar UID; for a manual meeting a fresh one.
    pub uid: String,
    /// Recurrence id; empty for a single meeting.
    pub recurrence: String,
    /// Title as written.
    pub title: String,
    /// Start.
    pub starts_at: Timestamp,
    /// End, if known.
    pub ends_at: Option<Timestamp>,
    /// Where to join, if known.
    pub link: Option<String>,
    /// Where it comes from: `manual` or the name of a calendar.
    pub source: String,
}

/// One occurrence of an event, for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Meeting {
    /// Row.
    pub id: MeetingId,
    /// Id of the person.
    pub person: String,
    /// Calendar UID.
    pub uid: String,
    /// Recurrence id; empty for a single meeting.
    pub recurrence: String,
    /// Title as written.
    pub title: String,
    /// Start.
    pub starts_at: Timestamp,
    /// End, if known.
    pub ends_at: Option<Timestamp>,
    /// Where to join, if known.
    pub link: Option<String>,
    /// Where to join by telephone, if known.
    pub dial_in: Option<String>,
    /// What the person marked it with in its calendar.
    pub marks: Marks,
    /// Where it comes from: `manual`, the name of its calendar, or of the file it was imported from.
    pub source: String,
    /// Planned or called off.
    pub state: MeetingState,
    /// 1, and one more for each accepted change of the start.
    pub generation: u32,
    /// Why nothing rings for it any more: its incident has ended, so a check-in ahead of time too.
    pub ended: Option<Reason>,
}

impl Meeting {
    /// What a message may say about it.
    pub fn words(&self) -> MeetingWords {
        MeetingWords {
            uid: self.uid.clone(),
            title: self.title.clone(),
            starts_at: self.starts_at,
            link: self.link.clone(),
        }
    }
}

/// What moving or cancelling a meeting did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The meeting afterwards.
    pub meeting: Meeting,
    /// The incident that ended, if one was open.
    pub ended: Option<Ended>,
}
