//! The brake: for a while nothing goes out, to anybody or about the meetings of one person.

use super::{Timestamp, printable};
use serde::Serialize;

/// A pause, as it is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PauseView {
    /// Id of the person whose incidents are left alone, contacts included; `null`: everybody's.
    pub person: Option<String>,
    /// When it began.
    pub since: Timestamp,
    /// When it ends by itself; `null`: it lasts until `resume`.
    pub until: Option<Timestamp>,
    /// Why, in the words of whoever paused.
    pub reason: Option<String>,
}

impl PauseView {
    /// Does it hold? A pause that has not begun holds too: the clock was turned back.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// `ana is paused until 2026-11-22T09:00:00.000Z: on holiday`: who, until when, why.
    pub fn words(&self) -> String {
        let who = self.person.as_deref().map_or_else(|| "everybody".to_owned(), printable);
        let until = self.until.map_or_else(|| "`savehub resume`".to_owned(), Timestamp::to_rfc3339);
        let why = self.reason.as_deref().map(printable).filter(|why| !why.is_empty());
        format!("{who} is paused until {until}{}", why.map_or_else(String::new, |why| format!(": {why}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(until: Option<i64>) -> PauseView {
        let until = until.map(Timestamp::from_ms);
        PauseView { person: Some("ana".into()), since: Timestamp::from_ms(100), until, reason: None }
    }

    #[test]
    fn a_pause_holds_until_its_end_and_not_at_it() {
        let at = |until, now| pause(until).holds_at(Timestamp::from_ms(now));
        assert_eq!([99, 100, 199, 200].map(|now| at(Some(200), now)), [true, true, true, false]);
        assert!(at(None, i64::MAX));
    }

    #[test]
    fn a_pause_says_who_until_when_and_why_in_clean_words() {
        assert_eq!(pause(None).words(), "ana is paused until `savehub resume`");
        let why = Some("a \u{1b}[31mreason".to_owned());
        let all = PauseView { person: None, reason: why, ..pause(Some(1_795_338_000_000)) };
        assert_eq!(all.words(), "everybody is paused until 2026-11-22T09:00:00.000Z: a  [31mreason");
    }
}
