//! Marks: what a person wrote into an event of their own to steer what rings for it.

use serde::{Serialize, Serializer};
use std::ops::RangeInclusive;
use std::time::Duration;

/// An incident is opened this long before its first rung is due, so that `status` shows what is coming.
pub const OPEN_AHEAD: Duration = Duration::from_secs(15 * 60);

/// How much earlier than the start a mark may ask for the first notice. Calendars are looked at for little more than a day.
pub const MARKED_EARLY: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(24 * 3600);

/// The word before a mark, where the config names no other.
pub const MARK: &str = "savehub";

/// The marks of a meeting that count. "Off" is none of them: such a meeting does not ring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Marks {
    /// It rings also when it was answered, outside working hours, and where the config leaves such meetings out.
    pub important: bool,
    /// How long before the start the first mail, message or webhook is due.
    pub early: Option<Duration>,
}

impl Marks {
    /// Is there none?
    pub const fn is_empty(self) -> bool {
        !self.important && self.early.is_none()
    }

    /// As they are written: `important`, `1h 30m`.
    pub fn words(self) -> Vec<String> {
        let early = self.early.map(|early| humantime::format_duration(early).to_string());
        self.important.then(|| "important".to_owned()).into_iter().chain(early).collect()
    }

    /// As a part of a line: `marked important, 15m`; nothing where there is none.
    pub fn shown(self) -> Option<String> {
        (!self.is_empty()).then(|| format!("marked {}", self.words().join(", ")))
    }
}

/// A list of [`Marks::words`].
impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.words().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_shown_as_they_are_written() {
        let early = Some(Duration::from_secs(5400));
        assert_eq!(Marks { important: true, early }.shown().as_deref(), Some("marked important, 1h 30m"));
        assert_eq!((Marks::default().shown(), Marks::default().words()), (None, Vec::new()));
        assert_eq!(serde_json::to_string(&Marks { important: false, early }).unwrap(), "[\"1h 30m\"]");
    }
}
