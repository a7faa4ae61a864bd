//! What a ladder plans: rungs, and the steps they become for one meeting.

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

impl RungKind {
    /// Are its targets named in the config (`use = "…"`) instead of being people?
    pub const fn is_named(self) -> bool {
        matches!(self, Self::Webhook | Self::Command)
    }
}

text_enum! {
    /// On which condition a due rung runs while its incident has not ended.
    pub enum When {
        /// While nobody has answered.
        Unanswered = "unanswered",
        /// Answered or not.
        Always = "always",
        /// After the start, while nobody has checked in; answered or not.
        Missed = "missed",
    }
}

text_enum! {
    /// `repeat`: what stops further rungs of `when = "unanswered"`.
    pub enum Repeat {
        /// A human answered, replied or called back.
        UntilAnswered = "until-answered",
        /// The check-in alone.
        UntilJoined = "until-joined",
    }
}

text_enum! {
    /// How a human showed that they know.
    pub enum AckHow {
        /// Picked up a call, as machine detection says.
        Answered = "answered",
        /// Replied to a message.
        Reply = "reply",
        /// Called back.
        CallBack = "call_back",
        /// Pressed a key during a call.
        Key = "key",
    }
}

/// When a rung is due, relative to the start of the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offset {
    /// So long before it.
    Before(Duration),
    /// So long after it.
    After(Duration),
}

impl Offset {
    /// The moment, for a meeting that starts at `start`.
    pub fn of(self, start: Timestamp) -> Timestamp {
        match self {
            Self::Before(before) => start.minus(before),
            Self::After(after) => start.plus(after),
        }
    }

    /// Milliseconds after the start; negative before it.
    pub fn ms(self) -> i64 {
        let ms = |length: Duration| i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        match self {
            Self::Before(before) => -ms(before),
            Self::After(after) => ms(after),
        }
    }

    /// The offset of so many milliseconds after the start.
    pub const fn from_ms(ms: i64) -> Self {
        let length = Duration::from_millis(ms.unsigned_abs());
        if ms < 0 { Self::Before(length) } else { Self::After(length) }
    }
}

/// To whom a rung speaks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Addressee {
    /// The person whose meeting it is.
    #[default]
    Person,
    /// The `[[contact]]` of this name.
    Contact(String),
}

impl Addressee {
    /// As it stands in the database: the name of the contact, or nothing.
    pub fn as_text(&self) -> &str {
        match self {
            Self::Person => "",
            Self::Contact(name) => name,
        }
    }

    /// Reads that text.
    pub fn read(text: &str) -> Self {
        if text.is_empty() { Self::Person } else { Self::Contact(text.to_owned()) }
    }
}

/// What a rung does. An open incident keeps this; addresses and words are read when a step is claimed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Action {
    /// What it does.
    pub kind: RungKind,
    /// When it is due.
    pub at: Offset,
    /// To whom.
    pub to: Addressee,
    /// `use`: the name of the webhook or command.
    pub channel: Option<String>,
    /// On which condition.
    pub when: When,
}

impl Action {
    /// Phone the person this long before the start.
    pub const fn call(before: Duration) -> Self {
        let at = Offset::Before(before);
        Self { kind: RungKind::Call, at, to: Addressee::Person, channel: None, when: When::Unanswered }
    }
}

/// One rung of the ladder, placed in time for one meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedStep {
    /// Position in the ladder, from 0.
    pub rung: u32,
    /// What it does.
    pub action: Action,
    /// When it is due.
    pub due_at: Timestamp,
    /// From then on it is too late.
    pub deadline_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_negative_before_the_start_and_reads_back() {
        for (offset, ms) in
            [(Offset::Before(Duration::from_secs(90)), -90_000), (Offset::After(Duration::from_secs(5)), 5_000)]
        {
            assert_eq!((offset.ms(), Offset::from_ms(ms)), (ms, offset));
            assert_eq!(offset.of(Timestamp::from_ms(100_000)).ms(), 100_000 + ms);
        }
    }

    #[test]
    fn a_contact_is_told_from_the_person_by_its_name() {
        for whom in [Addressee::Person, Addressee::Contact("boss".into())] {
            assert_eq!(Addressee::read(whom.as_text()), whom);
        }
    }
}
