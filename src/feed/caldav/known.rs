//! What is kept of a calendar from one look to the next, in the validators of its copy.

use crate::model::{Timestamp, Validators};

/// The longest token that is kept, in bytes.
const TOKEN_MAX: usize = 1000;

/// How a collection tells whether something in it has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// `DAV:sync-token`: what has changed since can be asked for.
    Token(String),
    /// `getctag`: is another one after each change.
    Ctag(String),
}

impl State {
    fn read(text: &str) -> Option<Self> {
        match text.split_once(' ')? {
            ("token", token) => Some(Self::Token(token.to_owned())),
            ("ctag", ctag) => Some(Self::Ctag(ctag.to_owned())),
            _ => None,
        }
    }

    /// `None`: too long to be kept.
    fn text(&self) -> Option<String> {
        let text = match self {
            Self::Token(token) => format!("token {token}"),
            Self::Ctag(ctag) => format!("ctag {ctag}"),
        };
        Some(text).filter(|text| text.len() <= TOKEN_MAX)
    }
}

/// What is known of the copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) state: Option<State>,
    /// Up to when events were asked for.
    pub(super) until: Option<Timestamp>,
    /// Of the places and versions of the events in it.
    pub(super) listing: Option<String>,
    /// The person's own addresses, as the server tells them.
    pub(super) addresses: Vec<String>,
    hash: Option<String>,
}

impl Known {
    /// What was kept; nothing if it is about another calendar or login than `known_as`.
    pub(super) fn of(last: &Validators, known_as: &str) -> Self {
        let mut stamp = last.stamp.as_deref().unwrap_or_default().split(' ');
        if stamp.next() != Some(known_as) {
            return Self::default();
        }
        let (until, listing) = last.last_modified.as_deref().and_then(|text| text.split_once(' ')).unzip();
        Self {
            state: last.etag.as_deref().and_then(State::read),
            until: until.and_then(|ms| ms.parse().ok()).map(Timestamp::from_ms),
            listing: listing.map(str::to_owned).filter(|listing| !listing.is_empty()),
            addresses: stamp.map(str::to_owned).collect(),
            hash: last.hash.clone(),
        }
    }

    /// To be kept.
    pub(super) fn validators(&self, known_as: &str) -> Validators {
        let listing = self.listing.as_deref().unwrap_or_default();
        let stamp: Vec<&str> = std::iter::once(known_as).chain(self.addresses.iter().map(String::as_str)).collect();
        Validators {
            etag: self.state.as_ref().and_then(State::text),
            last_modified: self.until.map(|until| format!("{} {listing}", until.ms())),
            stamp: Some(stamp.join(" ")),
            hash: self.hash.clone(),
        }
    }
}

/// The addresses that a calendar's server told for its person. None of other calendars: their stamps hold no mail
/// address.
pub(in crate::feed) fn addresses(kept: &Validators) -> Vec<String> {
    let words = kept.stamp.as_deref().unwrap_or_default().split(' ');
    words.filter(|word| word.contains('@')).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_for_the_same_calendar_alone() {
        let known = Known {
            state: Some(State::Token("http://x/ns/sync/7 8".into())),
            until: Some(Timestamp::from_ms(5)),
            listing: Some("ab".into()),
            addresses: vec!["ana@example.com".into(), "a@b".into()],
            hash: None,
        };
        let kept = known.validators("k");
        assert_eq!(Known::of(&kept, "k"), known);
        assert_eq!(Known::of(&kept, "other"), Known::default());
        assert_eq!(addresses(&kept), ["ana@example.com", "a@b"]);
        let less = Known { state: Some(State::Ctag("c".into())), ..Known::default() };
        assert_eq!(Known::of(&less.validators("k"), "k"), less);
        assert_eq!(addresses(&less.validators("k")), Vec::<String>::new());
    }

    #[test]
    fn a_token_without_end_is_not_kept() {
        let endless = Known { state: Some(State::Token("x".repeat(2000))), ..Known::default() };
        assert_eq!(endless.validators("k").etag, None);
    }
}
