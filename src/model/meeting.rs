//! What a ladder plans and what a call says about a meeting.

use super::{Timestamp, text_enum};
use std::time::Duration;

text_enum! {
    /// What a rung does. New kinds need no migration: the database keeps the text without a CHECK.
    pub enum RungKind {
        /// Phone them.
        Call = "call",
        /// Send a text message to their phone.
        Sms = "sms",
        /// Write a mail.
        Email = "email",
        /// Post JSON to an address of the config.
        Webhook = "webhook",
        /// Run a program of the config.
        Command = "command",
    }
}

impl serde::Serialize for RungKind {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}

/// One rung of the ladder, placed in time for one meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// Position in the ladder, from 0.
    pub rung: u32,
    /// What it does.
    pub kind: RungKind,
    /// How long before the start it is due.
    pub before: Duration,
    /// When it is due.
    pub due_at: Timestamp,
}

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
