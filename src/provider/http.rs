//! The one HTTP function of the providers.
//!
//! Its whole point is to know afterwards whether a request can have been processed. ureq's error kinds cannot tell
//! that, so the body carries a witness: it is handed over through a reader, and a body that nobody ever read has
//! certainly not left this machine. The same reader asks the [`Gate`] one last time, after name resolution and TLS: not
//! one byte of the request, its head included, leaves before.
//!
//! Connections are kept, and a request goes out on one that is still good at its first byte. It goes to another one only
//! when it is proven that nothing of it has left. Nothing else here retries, nor does ureq (3.5). Headers, bodies and
//! queries are never logged and never part of an error.

mod failure;

pub use failure::{FailureKind, HttpFailure};

use super::Gate;
use crate::clock::{Clock, SystemClock};
use crate::http::{Connections, IDLE_MAX, Lookup, Names, NoRoute, is_loopback};
use crate::model::{NotSent, NotSentCause, Route, kept_for_answer, leaves_within};
use failure::{BodyState, Failed, describe, not_sent};
use secrecy::{ExposeSecret, SecretString};
use std::fmt::Write as _;
use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use ureq::http::{HeaderMap, HeaderValue, Uri};
use ureq::{Agent, RequestBuilder, SendBody};

/// So many connections are kept: as many as requests may be under way at once (`engine.parallel`).
const KEPT_MAX: usize = 64;

/// The longest answer about one call that is read, in bytes; a longer one is unreadable.
pub const ANSWER_MAX: usize = 1 << 20;

/// What a client needs to know before its first request.
#[derive(Clone)]
pub struct HttpSettings {
    /// The whole of one request, from looking the name up to the last byte of the answer.
    pub request_timeout: Duration,
    /// Whose certificates are believed, and through which proxy it goes.
    pub route: Route,
    /// Why the secret that signs every request cannot be had: none is made.
    pub locked: Option<String>,
}

/// A client with its connection pool. Built with its first request: a tick without calls never touches TLS.
pub struct HttpClient {
    settings: HttpSettings,
    names: Names,
    clock: Arc<dyn Clock>,
    agent: OnceLock<Result<Agent, NotSent>>,
}

/// What is posted, and where.
pub struct Post<'a> {
    /// The address. May be a secret.
    pub url: &'a str,
    /// Plain http is fine, beyond this machine.
    pub allow_http: bool,
    /// The body's type.
    pub content_type: &'a str,
    /// Headers, without those of the body. May be secrets.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// A complete answer, whatever its status.
#[derive(Debug)]
pub struct HttpAnswer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: Vec<u8>,
    /// How long the exchange took, body included.
    pub elapsed: Duration,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The proxy address may hold a password.
        f.debug_struct("HttpClient").field("request_timeout", &self.settings.request_timeout).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client that resolves names as the system does.
    pub fn new(settings: HttpSettings) -> Self {
        Self::with_names(settings, Names::of_system())
    }

    /// A client with its own way to resolve names.
    pub fn with_lookup(settings: HttpSettings, lookup: Arc<dyn Lookup>) -> Self {
        Self::with_names(settings, Names::new(lookup))
    }

    /// A client that knows the names which others have looked up.
    pub(super) fn with_names(settings: HttpSettings, names: Names) -> Self {
        Self { settings, names, clock: Arc::new(SystemClock), agent: OnceLock::new() }
    }

    /// The same, whose connections are idle for as long as the boot time of this clock says.
    #[must_use]
    pub fn timed_by(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Reads `url`. Safe to repeat.
    pub fn get(&self, url: &str, authorization: &SecretString) -> Result<HttpAnswer, HttpFailure> {
        self.get_up_to(url, authorization, ANSWER_MAX)
    }

    /// As [`HttpClient::get`], for an answer of at most `most` bytes.
    pub fn get_up_to(&self, url: &str, authorization: &SecretString, most: usize) -> Result<HttpAnswer, HttpFailure> {
        self.exchange(url, false, most, |agent, left| {
            let request = within(agent.get(url), left).header("Authorization", header(authorization.expose_secret())?);
            request.header("Accept-Charset", "utf-8").call().map_err(Failed::from)
        })
    }

    /// Posts a form, as [`HttpClient::send`] does.
    pub fn post(
        &self,
        url: &str,
        authorization: &SecretString,
        form: &str,
        gate: &dyn Gate,
    ) -> Result<HttpAnswer, HttpFailure> {
        let headers = [("Authorization", authorization.expose_secret()), ("Accept-Charset", "utf-8")];
        let content_type = "application/x-www-form-urlencoded";
        self.send(&Post { url, allow_http: false, content_type, headers: &headers, body: form.as_bytes() }, gate)
    }

    /// Posts a body, at most once. The gate is asked when the transport wants the body; if it refuses, no byte of the
    /// request leaves.
    pub fn send(&self, post: &Post<'_>, gate: &dyn Gate) -> Result<HttpAnswer, HttpFailure> {
        let leaves_by = Instant::now() + leaves_within(self.settings.request_timeout);
        let send = |agent: &Agent, left| {
            let mut witness = Witness { rest: post.body, gate, leaves_by, body: BodyState::Nothing };
            let mut request = within(agent.post(post.url), left);
            for (name, value) in post.headers {
                request = request.header(*name, header(value)?);
            }
            let request = request
                .header("Content-Type", post.content_type)
                // By hand: a reader of unknown length would be sent in chunks.
                .header("Content-Length", post.body.len());
            let sent = request.send(SendBody::from_reader(&mut witness));
            sent.map_err(|error| {
                let all_left = witness.rest.is_empty();
                let error = match (error, witness.body) {
                    // Between two writes or reads the transport cannot say what ran out of time.
                    (ureq::Error::Timeout(ureq::Timeout::Global), BodyState::Body) => {
                        ureq::Error::Timeout(if all_left {
                            ureq::Timeout::RecvResponse
                        } else {
                            ureq::Timeout::SendBody
                        })
                    }
                    (error, _) => error,
                };
                Failed { error: Some(error), body: witness.body }
            })
        };
        self.exchange(post.url, post.allow_http, ANSWER_MAX, send)
    }

    fn exchange(
        &self,
        url: &str,
        allow_http: bool,
        most: usize,
        send: impl Fn(&Agent, Option<Duration>) -> Result<ureq::http::Response<ureq::Body>, Failed>,
    ) -> Result<HttpAnswer, HttpFailure> {
        let started = Instant::now();
        let fail = |kind, head| Err(HttpFailure { kind, head, elapsed: started.elapsed() });
        let secure = match is_secure(url, allow_http) {
            Ok(secure) => secure,
            Err(not_sent) => return fail(FailureKind::NotSent(not_sent), None),
        };
        let agent = match self.agent.get_or_init(|| self.build()) {
            Ok(agent) => agent,
            Err(not_sent) => return fail(FailureKind::NotSent(not_sent.clone()), None),
        };
        let mut sent = send(agent, None);
        // Each time one connection is dropped, and a new one is never stale.
        while let Err(failed) = &sent
            && failed.is_stale()
        {
            log::debug!("http: the connection that was kept is closed; another one is taken");
            sent = send(agent, Some(self.settings.request_timeout.saturating_sub(started.elapsed())));
        }
        let response = match sent {
            Ok(response) => response,
            Err(failed) => {
                let kind = failed.kind(secure, self.settings.request_timeout);
                log::debug!("http: no answer: {}", kind.detail());
                return fail(kind, None);
            }
        };
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        match read_whole(body, most, self.settings.request_timeout) {
            Ok(body) => {
                let elapsed = started.elapsed();
                log::debug!("http: {status}, {} bytes in {} ms", body.len(), elapsed.as_millis());
                Ok(HttpAnswer { status, headers: head.headers, body, elapsed })
            }
            Err(why) => {
                let detail = format!("the answer (HTTP {status}) is incomplete: {why}");
                log::debug!("http: {detail}");
                fail(FailureKind::Unknown(detail), Some(Box::new((status, head.headers))))
            }
        }
    }

    fn build(&self) -> Result<Agent, NotSent> {
        if let Some(why) = &self.settings.locked {
            return Err(not_sent(NotSentCause::Locked, why));
        }
        let total = self.settings.request_timeout;
        let connections = Connections::new(&self.settings.route, total, &self.names).map_err(|why| {
            let cause = if let NoRoute::Certificates(_) = why { NotSentCause::Tls } else { NotSentCause::Other };
            not_sent(cause, &why.to_string())
        })?;
        let config = Agent::config_builder()
            // Every phase may use what the others left. Only the answer's time is kept for it, here and in the connector.
            .timeout_resolve(Some(leaves_within(total)))
            .timeout_global(Some(total))
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .input_buffer_size(16 * 1024)
            .output_buffer_size(16 * 1024)
            .max_idle_connections(KEPT_MAX)
            .max_idle_connections_per_host(KEPT_MAX)
            .max_idle_age(IDLE_MAX)
            .user_agent(concat!("savehub/", env!("CARGO_PKG_VERSION")))
            .accept("application/json")
            .proxy(connections.proxy())
            .build();
        let connections = connections.keeping(kept_for_answer(total), &self.clock);
        Ok(Agent::with_parts(config, connections.connector(), self.names.clone()))
    }
}

/// Encodes a form as the official Python SDK does: `+` for a space, and everything but letters, digits and `_.-~` as
/// `%XX`. A bare `+` would reach Twilio as a space.
pub fn form_encode(fields: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in fields {
        if !form.is_empty() {
            form.push('&');
        }
        encode_into(&mut form, name, "+");
        form.push('=');
        encode_into(&mut form, value, "+");
    }
    form
}

/// Encodes one segment of a path (RFC 3986 section 3.3, unreserved characters stay).
pub(super) fn path_encode(segment: &str) -> String {
    let mut path = String::new();
    encode_into(&mut path, segment, "%20");
    path
}

fn encode_into(out: &mut String, text: &str, space: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => out.push(char::from(byte)),
            b' ' => out.push_str(space),
            // Writing to a String cannot fail.
            _ => _ = write!(out, "%{byte:02X}"),
        }
    }
}

/// The body and what became of it.
struct Witness<'a> {
    rest: &'a [u8],
    gate: &'a dyn Gate,
    /// After that too little time is left for an answer: nobody would know what became of the request.
    leaves_by: Instant,
    body: BodyState,
}

impl Read for Witness<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if let BodyState::Nothing = self.body {
            let late = Instant::now() > self.leaves_by;
            // What comes too late does not begin.
            self.body = match if late { self.gate.look() } else { self.gate.pass_by(self.leaves_by) } {
                Err(reason) => BodyState::Refused(reason),
                Ok(()) if late => BodyState::Late,
                Ok(()) => BodyState::Body,
            };
        }
        if let BodyState::Refused(_) | BodyState::Late = self.body {
            return Err(io::Error::other("fenced"));
        }
        self.rest.read(buf)
    }
}

/// The request with so much of its time; `None`: all of it.
fn within<B>(request: RequestBuilder<B>, left: Option<Duration>) -> RequestBuilder<B> {
    match left {
        Some(left) => request.config().timeout_global(Some(left)).build(),
        None => request,
    }
}

/// The header, marked so that `http` never prints it.
fn header(value: &str) -> Result<HeaderValue, Failed> {
    let mut value = HeaderValue::from_str(value).map_err(|_| Failed { error: None, body: BodyState::Nothing })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Is it https? Plain http is refused unless it stays on this machine, or is allowed.
fn is_secure(url: &str, allow_http: bool) -> Result<bool, NotSent> {
    let bad = |detail: &str| not_sent(NotSentCause::Other, detail);
    let uri: Uri = url.parse().map_err(|_| bad("the address is not a URL"))?;
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") => Ok(true),
        Some("http") if allow_http || is_loopback(host) => Ok(false),
        Some("http") => Err(bad("refusing to send credentials over plain http")),
        _ => Err(bad("the address does not start with https://")),
    }
}

/// Reads to the end, which also gives the connection back to the pool. `Err` says why it could not.
fn read_whole(mut body: ureq::Body, most: usize, within: Duration) -> Result<Vec<u8>, String> {
    let mut whole = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    match body.as_reader().take(limit).read_to_end(&mut whole) {
        Ok(_) if whole.len() > most => Err(format!("longer than {most} bytes")),
        Ok(_) => Ok(whole),
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Err("the connection was closed".into()),
        Err(e) => Err(match ureq::Error::from(e) {
            ureq::Error::Timeout(_) => format!("no end within {} s", within.as_secs_f64()),
            other => describe(&other, within),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FenceReason;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn plain_http_is_for_loopback_only() {
        for url in ["http://127.0.0.1:1/x", "http://127.9.9.9/", "http://[::1]:80/", "http://localhost/"] {
            assert_eq!(is_secure(url, false), Ok(false), "{url}");
        }
        assert_eq!(is_secure("https://api.twilio.com/x", false), Ok(true));
        assert_eq!(is_secure("http://192.0.2.1/x", true), Ok(false));
        for url in [
            "http://api.twilio.com/",
            "http://localhost@example.com/",
            "http://127.0.0.1.example.com/",
            "ftp://x/",
            "x",
        ] {
            assert!(is_secure(url, false).is_err(), "{url}");
        }
    }

    #[test]
    fn a_form_is_encoded_as_the_python_sdk_does() {
        assert_eq!(form_encode(&[("To", "+1 2"), ("T~_.-", "é*&=")]), "To=%2B1+2&T~_.-=%C3%A9%2A%26%3D");
        assert_eq!(path_encode("v3:a b/.."), "v3%3Aa%20b%2F..");
    }

    /// A gate that says so, and whether it was passed.
    struct Says(Result<(), FenceReason>, AtomicBool);

    impl Gate for Says {
        fn pass(&self) -> Result<(), FenceReason> {
            self.1.store(true, Ordering::SeqCst);
            self.0
        }

        fn look(&self) -> Result<(), FenceReason> {
            self.0
        }
    }

    #[test]
    fn a_body_leaves_only_while_there_is_time_for_an_answer_and_the_gate_is_open() {
        let (soon, over) =
            (Instant::now() + Duration::from_secs(600), Instant::now().checked_sub(Duration::from_millis(1)));
        let state = |leaves_by, says| {
            let gate = Says(says, AtomicBool::new(false));
            let mut witness = Witness { rest: b"To=1", gate: &gate, leaves_by, body: BodyState::Nothing };
            let read = witness.read(&mut [0; 9]).ok();
            assert_eq!(gate.1.load(Ordering::SeqCst), leaves_by == soon, "what is late begins nothing");
            (read, witness.body)
        };
        assert!(matches!(state(soon, Ok(())), (Some(4), BodyState::Body)));
        assert!(matches!(state(over.unwrap(), Ok(())), (None, BodyState::Late)));
        let stopped = Err(FenceReason::Stopped);
        assert!(matches!(state(over.unwrap(), stopped), (None, BodyState::Refused(FenceReason::Stopped))));
    }
}
