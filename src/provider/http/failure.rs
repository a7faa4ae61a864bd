//! No complete answer: can the request have been processed, and what went wrong?

use crate::http::{is_stale, phase_words, proxy_words};
use crate::model::{Doubt, FENCED, FenceReason, NotSent, NotSentCause, Outcome, leaves_within, printable};
use crate::tls;
use std::io;
use std::time::Duration;
use ureq::http::HeaderMap;

/// No complete answer.
#[derive(Debug)]
pub struct HttpFailure {
    /// Whether the request can have been processed.
    pub kind: FailureKind,
    /// HTTP status and headers, when the answer came that far.
    pub head: Option<Box<(u16, HeaderMap)>>,
    /// How long the exchange took.
    pub elapsed: Duration,
}

/// Whether a failed request can have been processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureKind {
    /// Nobody asked for the body: it is certainly still here. For a GET: the answer never began.
    NotSent(NotSent),
    /// The body was asked for. In plain words, without secrets.
    Unknown(String),
}

impl From<FailureKind> for Outcome {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::NotSent(not_sent) => Self::NotSent(not_sent),
            FailureKind::Unknown(detail) => Self::Unknown(Doubt { detail }),
        }
    }
}

impl FailureKind {
    /// What went wrong, in plain words.
    pub fn detail(&self) -> &str {
        match self {
            Self::NotSent(not_sent) => &not_sent.detail,
            Self::Unknown(detail) => detail,
        }
    }
}

/// What became of a body.
#[derive(Debug, Clone, Copy)]
pub(super) enum BodyState {
    /// Nobody asked for the body.
    Nothing,
    /// Somebody asked and the gate refused.
    Refused(FenceReason),
    /// Somebody asked so late that the rest of the time would have been too short for an answer.
    Late,
    /// The body may have left.
    Body,
}

/// A request without a response.
pub(super) struct Failed {
    /// `None`: the request could not even be built.
    pub(super) error: Option<ureq::Error>,
    pub(super) body: BodyState,
}

impl From<ureq::Error> for Failed {
    fn from(error: ureq::Error) -> Self {
        Self { error: Some(error), body: BodyState::Nothing }
    }
}

impl Failed {
    /// Was it given to a kept connection that was no longer good? Then nothing of it has left, whoever asked for its body.
    pub(super) fn is_stale(&self) -> bool {
        self.error.as_ref().is_some_and(is_stale)
    }

    pub(super) fn kind(self, secure: bool, limit: Duration) -> FailureKind {
        let Some(error) = self.error else {
            let detail = "a header would hold characters that cannot stand in one";
            return FailureKind::NotSent(not_sent(NotSentCause::Other, detail));
        };
        match self.body {
            BodyState::Refused(reason) => FailureKind::NotSent(not_sent(
                NotSentCause::Fenced(reason),
                &format!("{FENCED} at the last moment: {reason}"),
            )),
            BodyState::Late => FailureKind::NotSent(not_sent(
                NotSentCause::Connect,
                &format!(
                    "the name, the connection and TLS took more than {} s of the {} s for a request: too little was left \
                     for an answer",
                    leaves_within(limit).as_secs_f64(),
                    limit.as_secs_f64()
                ),
            )),
            BodyState::Body => FailureKind::Unknown(describe(&error, limit)),
            BodyState::Nothing => FailureKind::NotSent(not_sent(cause(&error, secure), &describe(&error, limit))),
        }
    }
}

/// Where a request stopped that never came to its body.
fn cause(error: &ureq::Error, secure: bool) -> NotSentCause {
    use ureq::Error as E;
    match error {
        E::HostNotFound | E::Timeout(ureq::Timeout::Resolve) => NotSentCause::Dns,
        E::Tls(_) | E::Rustls(_) | E::Pem(_) | E::TlsRequired => NotSentCause::Tls,
        // rustls hands its own errors on as `InvalidData`; an end of file before the request can only be a handshake.
        E::Io(e) if secure && matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof) => {
            NotSentCause::Tls
        }
        E::Io(_) | E::Timeout(ureq::Timeout::Connect) | E::ConnectionFailed | E::ConnectProxyFailed(_) => {
            NotSentCause::Connect
        }
        _ => NotSentCause::Other,
    }
}

/// An error in words. Only kinds that cannot hold a URL or a header are quoted.
pub(super) fn describe(error: &ureq::Error, limit: Duration) -> String {
    use ureq::Error as E;
    match error {
        E::Timeout(phase) => {
            // What comes before the request leaves has less than the whole.
            let preparing = matches!(phase, ureq::Timeout::Resolve | ureq::Timeout::Connect);
            let limit = if preparing { leaves_within(limit) } else { limit };
            format!("no answer within {} s ({})", limit.as_secs_f64(), phase_words(*phase))
        }
        E::HostNotFound => "the host name does not resolve".into(),
        E::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => "the connection was closed without an answer".into(),
        E::Io(e) => tls::words(e).unwrap_or_else(|| format!("connection: {}", printable(&e.to_string()))),
        E::Tls(why) => format!("TLS: {}", printable(why)),
        E::Rustls(why) => tls::words(why).unwrap_or_default(),
        E::Protocol(why) => format!("not HTTP: {}", printable(&why.to_string())),
        E::ConnectionFailed => "no connection".into(),
        E::ConnectProxyFailed(reason) => proxy_words(reason),
        E::LargeResponseHeader(..) => "the answer's headers are too long".into(),
        _ => "the HTTP request failed".into(),
    }
}

pub(super) fn not_sent(cause: NotSentCause, detail: &str) -> NotSent {
    NotSent { cause, detail: detail.to_owned() }
}
