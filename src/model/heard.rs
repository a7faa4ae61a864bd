//! What was heard from a person: a reply, a call back, a key pressed in a call.

use super::{IncidentId, Phone, Timestamp, fnv1a, text_enum};

text_enum! {
    /// How a person was heard.
    pub enum HeardHow {
        /// A text message to our number.
        Message = "message",
        /// A call to our number, whether it was picked up or not.
        Call = "call",
        /// A key pressed in a call of ours.
        Key = "key",
    }
}

text_enum! {
    /// What it did. Everything that is heard is used once, whatever it did.
    pub enum HeardEffect {
        /// The person is in the meeting.
        Joined = "joined",
        /// The person will miss the meeting.
        Missed = "missed",
        /// The person is on it: a call back.
        Acknowledged = "acknowledged",
        /// Words or a key that savehub does not know; nothing was done.
        NotUnderstood = "not_understood",
        /// It could be for several meetings and names none of them; nothing was done.
        NeedsCode = "needs_code",
        /// No incident that it could answer is open; nothing was done.
        NothingOpen = "nothing_open",
        /// A contact answered what they were told: it is written down for that meeting, and nothing was done.
        Noted = "noted",
    }
}

/// Something a person said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The provider's id of it. Each id is used once.
    pub sid: String,
    /// How.
    pub how: HeardHow,
    /// The number it came from.
    pub from: Phone,
    /// Ids of the people whose own number that is.
    pub owners: Vec<String>,
    /// When, by our clock, in whole seconds of the provider's.
    pub at: Timestamp,
    /// When, by the provider's clock.
    pub provider_at: Timestamp,
    /// The words of a message or the key; empty for a call. From outside: clean it before it is shown.
    pub text: String,
    /// The call a key was pressed in.
    pub call: Option<String>,
}

/// An open incident whose person or contact was called or written to: an answer may be meant for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The incident.
    pub incident: IncidentId,
    /// Id of the person.
    pub person: String,
    /// The number of a contact that was told of it; `None`: the person was.
    pub contact: Option<Phone>,
    /// Start of the meeting.
    pub starts_at: Timestamp,
    /// When the first thing was sent. Nothing earlier is an answer.
    pub since: Timestamp,
    /// The [`tag`]s of what was sent.
    pub tags: Vec<String>,
    /// The provider's ids of calls that were picked up, or may have been.
    pub calls: Vec<String>,
    /// The numbers it was sent from.
    pub numbers: Vec<Phone>,
}

/// Something that was sent to the number an answer came from, or to a mailbox of its person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The incidents of the meetings that it named.
    pub named: Vec<Named>,
    /// When it was written down, by our clock.
    pub at: Timestamp,
    /// When the provider took it, by the provider's clock; `None`: nobody knows.
    pub provider_at: Option<Timestamp>,
    /// The [`tag`] of it.
    pub tag: String,
    /// The provider's id of it, if it is a call or message.
    pub sid: Option<String>,
    /// It came to a mailbox.
    pub is_mail: bool,
}

/// A meeting that was named in what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its incident; when that one's end was taken back, the one that goes on.
    pub incident: IncidentId,
    /// Id of the person whose meeting it is.
    pub person: String,
    /// A contact was told of it.
    pub to_contact: bool,
    /// The incident has not ended.
    pub open: bool,
}

/// What something that was heard means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What it does.
    pub effect: HeardEffect,
    /// To these incidents; none: nothing is done.
    pub incidents: Vec<IncidentId>,
    /// Where a code is needed: what can be answered instead.
    pub choices: Vec<Choice>,
}

/// An answer that names its meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What to write, such as `1 k3`.
    pub answer: String,
    /// The incidents that it is then for.
    pub incidents: Vec<IncidentId>,
}

/// What something that was heard did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardOutcome {
    /// What it meant.
    pub effect: HeardEffect,
    /// The incidents it changed. Others that it was meant for had changed before.
    pub incidents: Vec<IncidentId>,
    /// Calls and open attempts now marked to be hung up.
    pub hang_ups: u32,
    /// Where a code is needed: what can be answered instead.
    pub choices: Vec<Choice>,
}

/// A message or a call that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inbound {
    /// The provider's id of it.
    pub sid: String,
    /// The number it came from.
    pub from: Phone,
    /// The number of ours it came to.
    pub to: Phone,
    /// As it was written; empty for a call.
    pub body: String,
    /// When the provider took it, by our clock.
    pub created_at: Timestamp,
    /// The same by the provider's clock.
    pub provider_at: Timestamp,
}

/// Letters of a tag, without those that look like a digit.
const LETTERS: &[u8; 22] = b"abcdefghkmnpqrstuvwxyz";

/// Digits of a tag, without 0 and 1, which look like letters; 1 is also an answer.
const DIGITS: &[u8; 8] = b"23456789";

/// Characters of a tag: letters and digits in turn.
pub const TAG_LEN: usize = 4;

/// The tag of a step's message, such as `k3f9`, made of its idempotency key. It makes the message
/// unlike every other one to its number, so that the provider's list shows which one it was; and it is the code that a
/// person may answer with.
pub fn tag(key: &str) -> String {
    let hash = fnv1a(key);
    let mut rest = hash ^ (hash >> 32);
    let mut tag = String::new();
    for place in 0..TAG_LEN {
        let signs: &[u8] = if place % 2 == 0 { LETTERS } else { DIGITS };
        let count = signs.len() as u64;
        tag.push(char::from(signs[usize::try_from(rest % count).unwrap_or_default()]));
        rest /= count;
    }
    tag
}

/// Does it look like a tag, or like the first half of one?
pub fn is_tag(text: &str) -> bool {
    let fits = |(place, byte): (usize, u8)| match place % 2 {
        0 => LETTERS.contains(&byte),
        _ => DIGITS.contains(&byte),
    };
    matches!(text.len(), 2 | TAG_LEN) && text.bytes().enumerate().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_tag_depends_on_its_key_alone_and_looks_like_one() {
        assert_eq!(tag("0123456789abcdef"), tag("0123456789abcdef"));
        let tags: HashSet<String> = (0..1000).map(|n| tag(&format!("{n:016x}"))).collect();
        assert!(tags.iter().all(|t| is_tag(t) && is_tag(&t[..2])), "{tags:?}");
        // 30,976 tags: a thousand of them collide now and then, no more.
        assert!(tags.len() > 960, "{}", tags.len());
    }

    #[test]
    fn a_tag_holds_no_sign_that_looks_like_another() {
        for text in ["", "k", "k3f", "3k", "k1", "o3", "k3f9x2", "K3", "kk", "k3f1"] {
            assert!(!is_tag(text), "{text}");
        }
    }
}
