//! Text messages (docs/messaging/api/message-resource).
//!
//! Every message ends in the [`tag`] of its step, such as `#k3f9`: no other message to the number ends so, and the
//! provider's list, which shows what was written, tells exactly which attempt went out. A person may answer with it.

use super::Twilio;
use super::answer::{is_history, sid, status};
use super::exchange::log_reply;
use super::list::{between, is_foreign, phones, sender};
use super::pages::MESSAGES;
use crate::http::http_date;
use crate::model::{
    Address, CallList, CallReport, HangUp, ListedCall, NotSentCause, Phone, ProviderKind, Reply, Request, RungKind,
    TAG_LEN, Target, Timestamp, is_tag, printable, tag,
};
use crate::provider::http::form_encode;
use crate::provider::{Gate, Provider, ProviderError};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;

/// The longest body Twilio takes ("up to 1,600 characters"), counted in UTF-16 units to be on the safe side.
pub const BODY_MAX: usize = 1600;

/// How long the provider may try to hand on a message whose meeting has no start to come.
const VALID: Duration = Duration::from_secs(600);

/// The limits of `ValidityPeriod`, in seconds; less than 5 leaves the provider no time at all.
const VALID_S: (u64, u64) = (5, 36_000);

/// How the directions of messages begin that others made: what came in, and what a document sent.
const FOREIGN: &[&str] = &["inbound", "outbound-call", "outbound-reply"];

/// The text messages of one account.
#[derive(Debug)]
pub struct Messages(Arc<Twilio>);

impl Messages {
    /// Those of this account.
    pub fn of(account: Arc<Twilio>) -> Self {
        Self(account)
    }

    fn create(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let (RungKind::Sms, Some(to), Some(from)) = (request.to.kind, request.to.address.phone(), request.from.phone())
        else {
            return Reply::not_sent(NotSentCause::Other, "only text messages are sent here");
        };
        // Before anything is looked up or connected; the body's reader asks once more.
        if let Err(reason) = gate.look() {
            return Reply::fenced(reason);
        }
        let valid_s = valid_s(request).to_string();
        let form = form_encode(&[
            ("To", to.expose()),
            ("ValidityPeriod", &valid_s),
            ("From", from.expose()),
            ("Body", &body(&request.message, &tag(&request.key))),
        ]);
        self.0.post(MESSAGES.resource, &form, request.intent_at, gate)
    }
}

impl Provider for Messages {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Twilio
    }

    fn account(&self) -> &str {
        self.0.account()
    }

    fn senders(&self) -> Vec<Address> {
        self.0.senders()
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        log_reply(self.create(request, gate), "Twilio message accepted")
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.0.fetch_one(MESSAGES.resource, sid, now)
    }

    /// A message that waits at the provider can be cancelled; one that has left cannot be called back.
    fn hang_up(&self, sid: &str, _: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.0.end(MESSAGES.resource, sid, HangUp::Canceled, now)
    }

    fn keeps_a_list(&self) -> bool {
        true
    }

    fn list(&self, to: &Target, from: &[Address], now: Timestamp) -> Result<CallList, ProviderError> {
        let (RungKind::Sms, Some(to), Some(from)) = (to.kind, to.address.phone(), phones(from)) else {
            return Err(ProviderError::Refused("this list is of text messages between two phones".into()));
        };
        let pages = self.0.read_pages(MESSAGES, &between(to, &from), now, |entry| {
            let message = ours(entry, to, &from)?.filter(|message| !is_history(entry, message, now));
            Ok(message.map(|message| (message.sid.clone(), message)))
        })?;
        Ok(CallList { calls: pages.entries, server_now: pages.server_now, skew_ms: pages.skew_ms })
    }
}

/// What is sent: the words on one line, cut so that the tag always stands behind them.
pub(super) fn body(message: &str, tag: &str) -> String {
    let words = printable(message).split_whitespace().collect::<Vec<_>>().join(" ");
    let mark = format!(" #{tag}");
    let room = BODY_MAX.saturating_sub(mark.len());
    let mut used = 0;
    let fits = words.chars().take_while(|c| {
        used += c.len_utf16();
        used <= room
    });
    let words: String = fits.collect();
    format!("{}{mark}", words.trim_end())
}

/// The tag a body ends in.
fn tag_of(body: &str) -> Option<String> {
    let (_, tag) = body.trim_end().rsplit_once('#')?;
    (tag.len() == TAG_LEN && is_tag(tag)).then(|| tag.to_owned())
}

/// How long the message is worth anything, in seconds: until the first of its meetings starts.
fn valid_s(request: &Request) -> u64 {
    let start = request.facts.meetings.iter().map(|meeting| meeting.starts_at).min();
    let left_ms = start.map_or(0, |start| start.since(request.intent_at));
    let left = u64::try_from(left_ms).ok().filter(|left| *left > 0).map_or(VALID, Duration::from_millis);
    left.as_secs().clamp(VALID_S.0, VALID_S.1)
}

/// An entry as a message of ours. `None`: certainly none, such as a reply of the person.
fn ours(entry: &Value, to: &Phone, from: &[&Phone]) -> Result<Option<ListedCall>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if is_foreign(MESSAGES, FOREIGN, entry)? {
        return Ok(None);
    }
    let Some(from) = sender(MESSAGES, entry, to, from)? else { return Ok(None) };
    let known = (sid(entry), text("date_created").and_then(http_date), text("status"), text("body"));
    let (Some(sid), Some(created_at), Some(_), Some(body)) = known else { return Err(MESSAGES.entry_unreadable()) };
    let from = Address::Phone(from.clone());
    Ok(Some(ListedCall { sid: sid.to_owned(), from, status: status(entry), created_at, tag: tag_of(body) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_one_line_that_ends_in_its_tag_whatever_the_title() {
        for (message, expected) in [
            ("Board sync starts in 3 minutes.", "Board sync starts in 3 minutes. #k3f9"),
            ("a\n\tb\u{7}\u{202e}c\0", "a b c #k3f9"),
            ("</Say> & <b> #z9z9", "</Say> & <b> #z9z9 #k3f9"),
            ("🚀 שלום", "🚀 שלום #k3f9"),
            ("", " #k3f9"),
        ] {
            let body = body(message, "k3f9");
            assert_eq!((body.as_str(), tag_of(&body).as_deref()), (expected, Some("k3f9")), "{message:?}");
        }
    }

    #[test]
    fn a_long_body_is_cut_before_its_tag() {
        for letter in ["x", "é", "🚀"] {
            let body = body(&letter.repeat(5000), "k3f9");
            let units = body.encode_utf16().count();
            assert!((BODY_MAX - 1..=BODY_MAX).contains(&units) && body.ends_with(" #k3f9"), "{letter}: {units}");
        }
    }

    #[test]
    fn what_ends_otherwise_has_no_tag() {
        for body in ["", "k3f9", "#k3", "#k3f9 thanks", "#K3F9", "#1234", "# k3f9"] {
            assert_eq!(tag_of(body), None, "{body}");
        }
    }
}
