//! Webhooks: one POST to an address of the config, repeated with the same key until the server answers.
//!
//! The body is JSON, to which new names may be added but nothing else changes; or it is the text alone. A redirect is
//! not followed: it would lead secrets to where the config did not send them. Nothing of an answer but its status is
//! shown, since a server may repeat the address it was asked at, which is a password.

use super::http::{HttpClient, HttpSettings, Post};
use super::payload::{MeetingPayload, Payload};
use super::{Gate, Provider, ProviderError};
use crate::config::{WebhookConfig, WebhookFormat};
use crate::http::{Names, retry_after};
use crate::model::{
    Accepted, Address, CallReport, CallStatus, Doubt, HangUp, IncidentId, NotSentCause, Outcome, ProviderKind,
    Rejection, RejectionClass, Reply, ReplyMeta, Request, Timestamp, printable,
};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use ureq::http::HeaderMap;

/// The account of webhooks: they have none.
pub const WEBHOOK_ACCOUNT: &str = "webhook";

/// The version of the JSON: it changes when something is taken out of it or gets another meaning.
const SCHEMA: u32 = 1;

/// Every webhook of the config. Nothing is connected before the first request.
#[derive(Debug)]
pub struct Webhooks(Vec<(WebhookConfig, HttpClient)>);

impl Webhooks {
    /// The webhooks of a config.
    pub fn new(webhooks: &[WebhookConfig]) -> Self {
        Self::with_names(webhooks, &Names::of_system())
    }

    /// The same, with the names that others have looked up.
    pub(super) fn with_names(webhooks: &[WebhookConfig], names: &Names) -> Self {
        let client = |webhook: &WebhookConfig| HttpClient::with_names(settings(webhook), names.clone());
        Self(webhooks.iter().map(|webhook| (webhook.clone(), client(webhook))).collect())
    }

    fn post(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let name = request.to.address.expose();
        let Some((webhook, http)) = self.0.iter().find(|(webhook, _)| webhook.name == name) else {
            return Reply::not_sent(NotSentCause::Other, format!("the config has no [webhook.{}]", printable(name)));
        };
        let secrets = match webhook.secrets() {
            Ok(secrets) => secrets,
            Err(why) => return Reply::not_sent(NotSentCause::Locked, why),
        };
        if let Err(reason) = gate.look() {
            return Reply::fenced(reason);
        }
        let (content_type, body) = body(webhook.format, request);
        let ours = [("Accept", "*/*"), ("Idempotency-Key", request.key.as_str())];
        let theirs = secrets.headers.iter().map(|(name, value)| (name.as_str(), value.expose_secret()));
        let headers: Vec<_> = ours.into_iter().chain(theirs).collect();
        let url = secrets.url.expose_secret();
        let post = Post { url, allow_http: webhook.allow_http, content_type, headers: &headers, body: body.as_bytes() };
        let (outcome, http_status, elapsed) = match http.send(&post, gate) {
            Ok(answer) => {
                (classify(answer.status, &answer.headers, &request.token), Some(answer.status), answer.elapsed)
            }
            Err(failure) => (Outcome::from(failure.kind), failure.head.map(|head| head.0), failure.elapsed),
        };
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        // The skew stays unknown: the clock of whoever answers decides nothing.
        Reply { outcome, meta: ReplyMeta { http_status, elapsed_ms, ..ReplyMeta::default() } }
    }
}

impl Provider for Webhooks {
    fn kind(&self) -> ProviderKind {
        ProviderKind::Webhook
    }

    fn account(&self) -> &str {
        WEBHOOK_ACCOUNT
    }

    fn senders(&self) -> Vec<Address> {
        vec![Address::Named("savehub".into())]
    }

    fn place(&self, request: &Request, gate: &dyn Gate) -> Reply {
        let reply = self.post(request, gate);
        super::log_reply("[WEBHOOK]", request, &reply);
        reply
    }

    fn fetch(&self, _: &str, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }

    fn hang_up(&self, _: &str, _: HangUp, _: Timestamp) -> Result<CallReport, ProviderError> {
        Err(ProviderError::NotFound)
    }
}

fn settings(webhook: &WebhookConfig) -> HttpSettings {
    HttpSettings { request_timeout: webhook.timeout, route: webhook.route.clone(), locked: None }
}

/// What a complete answer means. As with Twilio, a 408 and a 5xx say nothing about what was done. Nor does a 409, by
/// which a receiver says that it has this key already or is at it, nor a 499, by which a proxy says that somebody hung up.
/// Unlike there, a redirect is a refusal: whoever answers with one has not taken what was posted.
fn classify(status: u16, headers: &HeaderMap, token: &str) -> Outcome {
    let refused = |class, message: String| {
        let retry_after = if class == RejectionClass::Capacity { retry_after(headers) } else { None };
        Outcome::Rejected(Rejection { class, code: None, message, retry_after })
    };
    match status {
        200..=299 => Outcome::Accepted(Accepted { sid: format!("WEBHOOK-{token}"), status: CallStatus::Done }),
        300..=399 => {
            let help = "a redirect, not followed; write the address it leads to into the config";
            refused(RejectionClass::Other, format!("HTTP {status}: {help}"))
        }
        409 | 499 => Outcome::Unknown(Doubt { detail: format!("HTTP {status}: it may have been done") }),
        408 => Outcome::Unknown(Doubt { detail: "HTTP 408: the receiver says the request timed out".into() }),
        429 => refused(RejectionClass::Capacity, "HTTP 429: too many requests".into()),
        401 | 403 => refused(RejectionClass::Other, format!("HTTP {status}: no access; is there a header missing?")),
        404 | 410 => refused(RejectionClass::Other, format!("HTTP {status}: nobody is there; is the address right?")),
        400..=499 => refused(RejectionClass::Other, format!("HTTP {status}")),
        _ => Outcome::Unknown(Doubt { detail: format!("HTTP {status}") }),
    }
}

/// The JSON. New names may be added; see [`SCHEMA`].
#[derive(Serialize)]
struct Body<'a> {
    schema: u32,
    /// The same for every repeat of this request, as in the header `Idempotency-Key`.
    key: &'a str,
    /// `before_start`, `after_start`, or `test`.
    kind: &'a str,
    /// `null` for a test.
    incident: Option<IncidentId>,
    person_id: &'a str,
    person: &'a str,
    /// Of the first meeting; `null` for a test.
    #[serde(flatten)]
    first: Meeting<'a>,
    text: &'a str,
    /// All of them, earliest start first.
    meetings: Vec<Meeting<'a>>,
}

#[derive(Serialize, Default)]
struct Meeting<'a> {
    event: Option<&'a str>,
    title: Option<&'a str>,
    /// RFC 3339, in UTC.
    starts_at: Option<Timestamp>,
    minutes_left: Option<i64>,
    link: Option<&'a str>,
}

impl<'a> From<&'a MeetingPayload> for Meeting<'a> {
    fn from(payload: &'a MeetingPayload) -> Self {
        Self {
            event: Some(&payload.uid),
            title: Some(&payload.title),
            starts_at: Some(payload.starts_at),
            minutes_left: Some(payload.minutes_left),
            link: Some(payload.link.as_str()).filter(|link| !link.is_empty()),
        }
    }
}

/// The body and its type.
fn body(format: WebhookFormat, request: &Request) -> (&'static str, String) {
    let payload = Payload::of(request);
    if format == WebhookFormat::Text {
        return ("text/plain; charset=utf-8", payload.message);
    }
    let body = Body {
        schema: SCHEMA,
        key: &payload.key,
        kind: payload.purpose.as_str(),
        incident: request.facts.incident,
        person_id: &payload.person,
        person: &payload.name,
        first: payload.meetings.first().map(Meeting::from).unwrap_or_default(),
        text: &payload.message,
        meetings: payload.meetings.iter().map(Meeting::from).collect(),
    };
    // Names, texts and numbers can always be written.
    ("application/json", serde_json::to_string(&body).unwrap_or_default())
}
