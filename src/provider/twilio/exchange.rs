//! What calls and messages have in common at Twilio: creating one with a single request, reading it, ending it.

use super::answer::{clean, queued_for, report, request_id, skew_ms};
use super::classify::{classify, is_certain, rejection};
use super::{Twilio, remedy};
use crate::model::{
    CallReport, Doubt, FenceReason, HangUp, NotSent, NotSentCause, Outcome, Rejection, RejectionClass, Reply,
    ReplyMeta, Timestamp,
};
use crate::provider::http::{HttpAnswer, HttpFailure, form_encode};
use crate::provider::{Gate, ProviderError};
use std::time::{Duration, Instant};
use ureq::http::HeaderMap;

/// Ending a call needs no fence: it is always allowed, and safe to repeat (docs/api/errors/20500).
struct Open;

impl Gate for Open {
    fn pass(&self) -> Result<(), FenceReason> {
        Ok(())
    }
}

impl Twilio {
    /// Creates one of this resource: a single request, never repeated.
    pub(super) fn post(&self, resource: &str, form: &str, intent_at: Timestamp, gate: &dyn Gate) -> Reply {
        match self.http.post(&self.list_url(resource), &self.authorization, form, gate) {
            Ok(answer) => {
                let body = self.strike(answer.body);
                let outcome = classify(answer.status, &answer.headers, &body);
                let meta = meta(Some((answer.status, &answer.headers)), answer.elapsed, intent_at);
                Reply { outcome, meta: ReplyMeta { queued_for: queued_for(&body), ..meta } }
            }
            Err(failure) => {
                let head = failure.head.as_deref().map(|(status, headers)| (*status, headers));
                let meta = meta(head, failure.elapsed, intent_at);
                Reply { outcome: failure.kind.into(), meta }
            }
        }
    }

    /// Reads one.
    pub(super) fn fetch_one(&self, resource: &str, sid: &str, now: Timestamp) -> Result<CallReport, ProviderError> {
        self.read(self.http.get(&self.one_url(resource, sid), &self.authorization), now)
    }

    /// Ends one; safe to repeat.
    pub(super) fn end(
        &self,
        resource: &str,
        sid: &str,
        how: HangUp,
        now: Timestamp,
    ) -> Result<CallReport, ProviderError> {
        let started = Instant::now();
        let form = form_encode(&[("Status", how.as_str())]);
        let answer = self.http.post(&self.one_url(resource, sid), &self.authorization, &form, &Open);
        // One that has ended or left meanwhile is refused with 400, 404 or 409: what it is now says whether that is fine.
        if matches!(&answer, Ok(answer) if matches!(answer.status, 400 | 404 | 409)) {
            return self.fetch_one(resource, sid, now.plus(started.elapsed()));
        }
        self.read(answer, now)
    }

    /// What an answer to reading or ending a call means.
    pub(super) fn read(
        &self,
        answer: Result<HttpAnswer, HttpFailure>,
        now: Timestamp,
    ) -> Result<CallReport, ProviderError> {
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
            // A proxy's word says nothing about the account.
            status @ 400..=499 if !is_certain(status, &answer.body) => {
                Err(ProviderError::Transient(format!("HTTP {status} without the provider's error code")))
            }
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

/// Says in the log what came of creating one; `taken` is said when it was accepted.
pub(super) fn log_reply(reply: Reply, taken: &str) -> Reply {
    if let Some(id) = &reply.meta.request_id {
        log::info!("[CALL] Twilio request id={id}");
    }
    match &reply.outcome {
        Outcome::Accepted(_) => log::info!("[CALL] {taken}"),
        // No fault of Twilio's, and the tick says why.
        Outcome::NotSent(NotSent { cause: NotSentCause::Fenced(_), detail }) => log::debug!("[CALL] {detail}"),
        Outcome::NotSent(NotSent { detail, .. }) | Outcome::Unknown(Doubt { detail }) => {
            log_error(detail, reply.meta.elapsed_ms);
        }
        Outcome::Rejected(refused) => log_error(&refusal(refused), reply.meta.elapsed_ms),
    }
    reply
}

fn meta(head: Option<(u16, &HeaderMap)>, elapsed: Duration, intent_at: Timestamp) -> ReplyMeta {
    ReplyMeta {
        http_status: head.map(|(status, _)| status),
        request_id: head.and_then(|(_, headers)| request_id(headers)),
        skew_ms: head.and_then(|(_, headers)| skew_ms(headers, intent_at.plus(elapsed))),
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        queued_for: None,
        callback_refused: None,
    }
}

fn log_error(reason: &str, elapsed_ms: u64) {
    log::error!("[CALL] Twilio error - Reason={reason}, Elapsed={elapsed_ms}ms");
}

/// A refusal with what to do about it.
pub(super) fn refusal(refused: &Rejection) -> String {
    let words = coded(refused.code, &refused.message);
    match refused.code.and_then(remedy) {
        Some(remedy) => format!("{words} ({remedy})"),
        None => words,
    }
}

fn coded(code: Option<u32>, message: &str) -> String {
    code.map_or_else(|| message.to_owned(), |code| format!("{code}: {message}"))
}
