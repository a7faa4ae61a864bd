//! What a message says about a meeting.

use super::Timestamp;

/// What a message may say about one meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeetingWords {
    /// Calendar UID: `event=` in the log.
    pub uid: String,
    /// Title as the person wrote it, from outside: clean it before it is shown.
    pub title: String,
    /// Start of the meeting.
    pub starts_at: Timestamp,
    /// Where to join, if known.
    pub link: Option<String>,
}
