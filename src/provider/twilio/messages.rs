//! Text messages (docs/messaging/api/message-resource).
//!
//! Every message ends in the [`tag`] of its step, such as `#k3f9`: no other message to the number ends so, and the
//! provider's list, which shows what was written, tells exactly which attempt went out. A person may answer with it.

use super::Twilio;
use super::answer::{sid, status};
use super::calls::{Open, log_error, meta, refusal};
use super::classify::classify;
use super::pages::MESSAGES;
use crate::http::http_date;
use crate::model::{
    Address, CallList, CallReport, Doubt, HangUp, ListedCall, NotSent, NotSentCause, Outcome, Phone, ProviderKind,
    Reply, Request, RungKind, TAG_LEN, Target, Timestamp, is_tag, printable, tag,
};
use crate::provider::http::{FailureKind, form_encode};
use crate::provider::{Gate, Provider, ProviderError};
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The longest body Twilio takes ("up to 1,600 characters"), counted in UTF-16 units to be on the safe side.
pub const BODY_MAX: usize = 1600;

/// How long the provider may try to hand on a message whose meeting has no start to come.
const VALID: Duration = Duration::from_secs(600);

/// The limits of `ValidityPeriod`, in seconds; less than 5 leaves the provider no time at all.
const VALID_S: (u64, u64) = (5, 36_000);

/// The text messages of one account.
#[derive(Debug)]
pub struct Messages(Arc<Twilio>);

impl Messages {
    /// Those of this account.
    pub fn of(account: Arc<Twilio>) -> Self {
        Self(account)
    }

    fn create(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let (RungKind::Sms, Some(to)) = (request.to.kind, request.to.address.phone()) else {
            return Reply::not_sent(NotSentCause::Other, "only text messages are sent here");
        };
        // Before anything is looked up or connected; the body's reader asks once more.
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        let Twilio { from, http, authorization, .. } = self.0.as_ref();
        let valid_s = valid_s(request).to_string();
        let form = form_encode(&[
            ("To", to.expose()),
            ("ValidityPeriod", &valid_s),
            ("From", from.expose()),
            ("Body", &body(&request.message, &tag(&request.key))),
        ]);
        match http.post(&self.0.list_url(MESSAGES.resource), authorization, &form, gate) {
            Ok(answer) => {
                let outcome = classify(answer.status, &answer.headers, &self.0.strike(answer.body));
                let meta = meta(Some((answer.status, &answer.headers)), answer.elapsed, request.intent_at);
                Reply { outcome, meta }
            }
            Err(failure) => {
                let head = failure.head.as_deref().map(|(status, headers)| (*status, headers));
                let meta = meta(head, failure.elapsed, request.intent_at);
                let outcome = match failure.kind {
                    FailureKind::NotSent(not_sent) => Outcome::NotSent(not_sent),
                    FailureKind::Unknown(detail) => Outcome::Unknown(Doubt { detail }),
                };
                Reply { outcome, meta }
            }
        }
    }
}

impl Provider for Messages {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Twilio
    }

    fn account(&self) -> &str {
        self.0.account()
    }

    fn sends_from(&self) -> Address {
        self.0.sends_from()
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let reply = self.create(request, gate);
        if let Some(id) = &reply.meta.request_id {
            log::info!("[CALL] Twilio request id={id}");
        }
        match &reply.outcome {
            Outcome::Accepted(_) => log::info!("[CALL] Twilio message accepted"),
            // No fault of Twilio's, and the tick says why.
            Outcome::NotSent(NotSent { cause: NotSentCause::Fenced(_), detail }) => log::debug!("[CALL] {detail}"),
            Outcome::NotSent(NotSent { detail, .. }) | Outcome::Unknown(Doubt { detail }) => {
                log_error(detail, reply.meta.elapsed_ms);
            }
            Outcome::Rejected(refused) => log_error(&refusal(refused), reply.meta.elapsed_ms),
        }
        reply
    }

    fn fetch(&self, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        let url = self.0.one_url(MESSAGES.resource, sid);
        self.0.read(self.0.http.get(&url, &self.0.authorization), now)
    }

    /// A message that waits at the provider can be cancelled; one that has left cannot be called back.
    fn hang_up(&self, sid: &str, _: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        let started = Instant::now();
        let form = form_encode(&[("Status", "canceled")]);
        let url = self.0.one_url(MESSAGES.resource, sid);
        let answer = self.0.http.post(&url, &self.0.authorization, &form, &Open);
        // One that has left meanwhile is refused: what it is now says how far it came.
        if matches!(&answer, Ok(answer) if matches!(answer.status, 400 | 404 | 409)) {
            return self.fetch(sid, now.plus(started.elapsed()));
        }
        self.0.read(answer, now)
    }

    fn keeps_a_list(&self) -> bool {
        true
    }

    fn list(&self, to: &Target, from: &Address, now: Timestamp) -> Result<CallList, ProviderError> {
        let (RungKind::Sms, Some(to), Some(from)) = (to.kind, to.address.phone(), from.phone()) else {
            return Err(ProviderError::Refused("this list is of text messages between two phones".into()));
        };
        let query = [("To", to.expose()), ("From", from.expose())];
        let pages = self.0.read_pages(MESSAGES, &query, now, |entry| {
            Ok(ours(entry, to, from)?.map(|message| (message.sid.clone(), message)))
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
fn ours(entry: &Value, to: &Phone, from: &Phone) -> Result<Option<ListedCall>, ProviderError> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    if text("direction").ok_or_else(|| MESSAGES.entry_unreadable())? != "outbound-api" {
        return Ok(None);
    }
    if text("to") != Some(to.expose()) || text("from") != Some(from.expose()) {
        return Err(MESSAGES.foreign_entry());
    }
    let known = (sid(entry), text("date_created").and_then(http_date), text("status"), text("body"));
    let (Some(sid), Some(created_at), Some(_), Some(body)) = known else { return Err(MESSAGES.entry_unreadable()) };
    Ok(Some(ListedCall { sid: sid.to_owned(), status: status(entry), created_at, tag: tag_of(body) }))
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
