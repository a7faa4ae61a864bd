//! Placing, reading and ending calls.

use super::answer::{clean, report, request_id, skew_ms};
use super::classify::{classify, rejection};
use super::twiml::twiml;
use super::{Twilio, remedy};
use crate::model::{
    Address, CallList, CallReport, Doubt, FenceReason, HangUp, NotSent, NotSentCause, Outcome, Phone, ProviderKind,
    Rejection, RejectionClass, Reply, ReplyMeta, Request, Target, Timestamp, cut, printable,
};
use crate::provider::http::{FailureKind, HttpAnswer, HttpFailure, form_encode};
use crate::provider::{Gate, Provider, ProviderError};
use secrecy::ExposeSecret;
use std::time::{Duration, Instant};
use ureq::http::HeaderMap;

/// Longest event and user id in a log line, in characters.
const LOG_ID_MAX: usize = 100;

impl Provider for Twilio {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Twilio
    }

    fn account(&self) -> &str {
        &self.account
    }

    fn sends_from(&self) -> Address {
        Address::Phone(self.from.clone())
    }

    fn place(&self, call: &Request, gate: &dyn Gate) -> Reply {
        let reply = self.create(call, gate);
        if let Some(id) = &reply.meta.request_id {
            log::info!("[CALL] Twilio request id={id}");
        }
        match &reply.outcome {
            Outcome::Accepted(_) => log::info!("[CALL] Twilio call initiated"),
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
        let answer = self.http.get(&self.call_url(sid), &self.authorization);
        self.read(answer, now)
    }

    fn hang_up(&self, sid: &str, how: HangUp, now: Timestamp) -> Result<CallReport, ProviderError> {
        let started = Instant::now();
        let form = form_encode(&[("Status", how.as_str())]);
        let answer = self.http.post(&self.call_url(sid), &self.authorization, &form, &Open);
        // A call that has ended meanwhile is refused with 400, 404 or 409: what it is now says whether that is fine.
        if matches!(&answer, Ok(answer) if matches!(answer.status, 400 | 404 | 409)) {
            return self.fetch(sid, now.plus(started.elapsed()));
        }
        self.read(answer, now)
    }

    fn keeps_a_list(&self) -> bool {
        true
    }

    fn list(&self, to: &Target, from: &Address, now: Timestamp) -> Result<CallList, ProviderError> {
        match (to.called(), from.phone()) {
            (Some(to), Some(from)) => self.read_list(to, from, now),
            _ => Err(ProviderError::Refused("Twilio lists calls between two numbers".into())),
        }
    }
}

/// Ending a call needs no fence: it is always allowed, and safe to repeat (docs/api/errors/20500).
struct Open;

impl Gate for Open {
    fn pass(&self) -> Result<(), FenceReason> {
        Ok(())
    }
}

impl Twilio {
    fn create(&self, call: &Request, gate: &dyn Gate) -> Reply {
        let Some(to) = call.to.called() else {
            return Reply::not_sent(NotSentCause::Other, "only calls are placed here");
        };
        let (event, user) = (printable(&call.event), printable(&call.user));
        log::info!("[CALL] Creating TwiML for event={}, user={}", cut(&event, LOG_ID_MAX), cut(&user, LOG_ID_MAX));
        let Ok(words) = twiml(&call.message, &call.voice) else {
            return Reply::not_sent(NotSentCause::Other, "the TwiML could not be written");
        };
        // Before anything is looked up or connected; the body's reader asks once more.
        if let Err(reason) = gate.pass() {
            return Reply::fenced(reason);
        }
        let callback = self.status_callback.as_ref().map(ExposeSecret::expose_secret);
        let form = create_form(to, &self.from, callback, self.ring_s, &words);
        match self.http.post(&self.calls_url(), &self.authorization, &form, gate) {
            Ok(answer) => {
                let outcome = classify(answer.status, &answer.headers, &self.strike(answer.body));
                let meta = meta(Some((answer.status, &answer.headers)), answer.elapsed, call.intent_at);
                Reply { outcome, meta }
            }
            Err(failure) => {
                let head = failure.head.as_deref().map(|(status, headers)| (*status, headers));
                let meta = meta(head, failure.elapsed, call.intent_at);
                let outcome = match failure.kind {
                    FailureKind::NotSent(not_sent) => Outcome::NotSent(not_sent),
                    FailureKind::Unknown(detail) => Outcome::Unknown(Doubt { detail }),
                };
                Reply { outcome, meta }
            }
        }
    }

    /// What an answer to reading or ending a call means.
    fn read(&self, answer: Result<HttpAnswer, HttpFailure>, now: Timestamp) -> Result<CallReport, ProviderError> {
        let answer = self.success(answer)?;
        let skew = skew_ms(&answer.headers, now.plus(answer.elapsed));
        let report = report(&answer.body, skew);
        report.ok_or_else(|| ProviderError::Transient("the provider's answer is not a call".into()))
    }

    /// A complete 2xx answer without our secrets; everything else is an error.
    pub(super) fn success(&self, answer: Result<HttpAnswer, HttpFailure>) -> Result<HttpAnswer, ProviderError> {
        let mut answer = answer.map_err(|f| ProviderError::Transient(clean(f.kind.detail())))?;
        answer.body = self.strike(answer.body);
        match answer.status {
            200..=299 => Ok(answer),
            404 => Err(ProviderError::NotFound),
            status @ 400..=499 => {
                let refused = rejection(status, &answer.headers, &answer.body);
                let words = coded(refused.code, &refused.message);
                Err(match (status, refused.class) {
                    (408, _) | (_, RejectionClass::Capacity) => ProviderError::Transient(words),
                    _ => ProviderError::Refused(words),
                })
            }
            status => Err(ProviderError::Transient(format!("HTTP {status}"))),
        }
    }
}

/// The form of "create a call", fields in the order of the official SDKs.
pub fn create_form(to: &Phone, from: &Phone, callback: Option<&str>, ring_s: u64, twiml: &str) -> String {
    let ring = ring_s.to_string();
    let mut fields = vec![("To", to.expose()), ("From", from.expose())];
    if let Some(url) = callback {
        fields.push(("StatusCallback", url));
        // Repeated, not joined: a joined value is accepted and silently useless (docs/api/errors/21626).
        fields.extend(["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)));
        fields.push(("StatusCallbackMethod", "POST"));
    }
    fields.extend([("Timeout", ring.as_str()), ("Twiml", twiml)]);
    form_encode(&fields)
}

fn meta(head: Option<(u16, &HeaderMap)>, elapsed: Duration, intent_at: Timestamp) -> ReplyMeta {
    ReplyMeta {
        http_status: head.map(|(status, _)| status),
        request_id: head.and_then(|(_, headers)| request_id(headers)),
        skew_ms: head.and_then(|(_, headers)| skew_ms(headers, intent_at.plus(elapsed))),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
    }
}

fn log_error(reason: &str, elapsed_ms: u64) {
    log::error!("[CALL] Twilio error - Reason={reason}, Elapsed={elapsed_ms}ms");
}

/// A refusal with what to do about it.
fn refusal(refused: &Rejection) -> String {
    let words = coded(refused.code, &refused.message);
    match refused.code.and_then(remedy) {
        Some(remedy) => format!("{words} ({remedy})"),
        None => words,
    }
}

fn coded(code: Option<u32>, message: &str) -> String {
    code.map_or_else(|| message.to_owned(), |code| format!("{code}: {message}"))
}
