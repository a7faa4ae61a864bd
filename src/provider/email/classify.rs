//! What a refusal, or a broken connection, means.

use crate::config::EmailConfig;
use crate::model::{Doubt, Email, NotSent, NotSentCause, Outcome, Rejection, RejectionClass, cut, printable};
use crate::tls;
use lettre::transport::smtp;
use std::error::Error as _;
use std::io;

/// The longest part of a server's words that is shown, in characters.
const WORDS_MAX: usize = 200;

/// How far a mail got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Connecting, greeting, TLS.
    Hello,
    /// Logging in.
    Login,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`.
    Data,
    /// The mail itself may have left.
    Mail,
}

impl Stage {
    /// What was waited for when the time was over.
    const fn words(self) -> &'static str {
        match self {
            Self::Hello => "connecting, until its greeting",
            Self::Login => "logging in",
            Self::Sender | Self::Recipient | Self::Data => "handing the mail over",
            Self::Mail => "waiting for the mail to be taken",
        }
    }
}

/// Whose fault a refusal with this code is (RFC 5321 section 4.2; RFC 4954 section 6 for logins; the enhanced code of
/// RFC 3463 stands in front of the words).
pub(super) fn class(stage: Stage, code: u16, words: &str) -> RejectionClass {
    match (code, stage) {
        (400..=499, _) => RejectionClass::Capacity,
        // Authentication is needed, or failed, or is too weak: at whatever stage the server says so.
        (530 | 534 | 535 | 538, _) | (_, Stage::Hello | Stage::Login | Stage::Sender) => RejectionClass::Ours,
        // A policy, such as no relaying: nothing about the recipient is known.
        (_, Stage::Recipient) if words.starts_with("5.7.") => RejectionClass::Other,
        (_, Stage::Recipient) => RejectionClass::Callee,
        (_, Stage::Data | Stage::Mail) => RejectionClass::Other,
    }
}

/// A complete refusal, if it is one. `secrets`: what must not be shown, should the server repeat it.
pub(super) fn refused(error: &smtp::Error, stage: Stage, secrets: &[String]) -> Option<Outcome> {
    let code = u16::from(error.status()?);
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let class = class(stage, code, said.trim_start());
    let message = format!("{code} {}", clean(&said, secrets)).trim_end().to_owned();
    Some(Outcome::Rejected(Rejection { class, code: Some(code.into()), message, retry_after: None }))
}

/// No complete answer.
pub(super) fn lost(error: &smtp::Error, stage: Stage, config: &EmailConfig) -> Outcome {
    let mut cause = error.source();
    while let Some(why) = cause {
        if let Some(why) = why.downcast_ref::<io::Error>() {
            let (cause, detail) = io_words(why, stage, config);
            return broken(stage, cause, detail);
        }
        cause = why.source();
    }
    let detail = if error.is_response() { "the answer is not SMTP, or broke off" } else { "the connection failed" };
    broken(stage, NotSentCause::Connect, detail.into())
}

/// An end without an answer: before the mail left nothing has happened, after it nobody knows.
pub(super) fn broken(stage: Stage, cause: NotSentCause, detail: String) -> Outcome {
    if stage == Stage::Mail { Outcome::Unknown(Doubt { detail }) } else { not_sent(cause, &detail) }
}

/// Nothing has left.
pub(super) fn not_sent(cause: NotSentCause, detail: &str) -> Outcome {
    Outcome::NotSent(NotSent { cause, detail: detail.to_owned() })
}

fn io_words(error: &io::Error, stage: Stage, config: &EmailConfig) -> (NotSentCause, String) {
    match error.kind() {
        // A socket's own limit shows as `WouldBlock` on Unix.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            let limit = config.timeout.as_secs_f64();
            (NotSentCause::Connect, format!("no answer within {limit} s ({})", stage.words()))
        }
        _ if let Some(words) = tls::words(error) => (NotSentCause::Tls, words),
        io::ErrorKind::UnexpectedEof => (NotSentCause::Connect, "the connection was closed".into()),
        _ => (NotSentCause::Connect, format!("connection: {}", printable(&error.to_string()))),
    }
}

/// A server's words without our secrets, with masked addresses, fit to be shown.
fn clean(said: &str, secrets: &[String]) -> String {
    let said = secrets.iter().filter(|s| !s.is_empty()).fold(said.to_owned(), |said, s| said.replace(s, "***"));
    let is_of_address = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.@".contains(c);
    let mut shown = String::new();
    let mut rest = said.as_str();
    while let Some(at) = rest.find('@') {
        let start = rest[..at]
            .rfind(|c| !is_of_address(c))
            .map_or(0, |i| i + rest[i..].chars().next().map_or(1, char::len_utf8));
        let end = rest[at..].find(|c| !is_of_address(c)).map_or(rest.len(), |i| i + at);
        shown.push_str(&rest[..start]);
        let address = rest[start..end].trim_end_matches('.');
        shown.push_str(&Email::parse(address).map_or_else(|_| "***".into(), |email| email.masked()));
        rest = &rest[start + address.len()..];
    }
    shown.push_str(rest);
    cut(&printable(&shown), WORDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_the_recipients_ours_or_a_matter_of_time() {
        use RejectionClass::{Callee, Capacity, Other, Ours};
        for (stage, code, words, expected) in [
            (Stage::Hello, 421, "too busy", Capacity),
            (Stage::Hello, 554, "no service", Ours),
            (Stage::Login, 454, "temporary", Capacity),
            (Stage::Login, 535, "5.7.8 bad", Ours),
            (Stage::Sender, 530, "5.7.0 log in first", Ours),
            (Stage::Sender, 550, "who are you?", Ours),
            (Stage::Recipient, 450, "greylisted", Capacity),
            (Stage::Recipient, 550, "5.1.1 no such user", Callee),
            (Stage::Recipient, 553, "", Callee),
            (Stage::Recipient, 530, "log in first", Ours),
            (Stage::Recipient, 554, "5.7.1 relay access denied", Other),
            (Stage::Data, 503, "", Other),
            (Stage::Mail, 452, "disk full", Capacity),
            (Stage::Mail, 554, "looks like spam", Other),
        ] {
            assert_eq!(class(stage, code, words), expected, "{stage:?} {code} {words}");
        }
    }

    #[test]
    fn a_servers_words_show_no_secret_and_no_whole_address() {
        let secrets = ["c4n4ry".to_owned(), String::new()];
        for (said, shown) in [
            ("<ana.lee@example.com>: no such user", "<a***@example.com>: no such user"),
            ("ana@example.com. bo@example.com", "a***@example.com. b***@example.com"),
            ("héana@example.com@x, c4n4ry\u{1b}[31m", "***, *** [31m"),
            ("@ and a@", "*** and ***"),
            ("plain", "plain"),
        ] {
            assert_eq!(clean(said, &secrets), shown, "{said}");
        }
        assert_eq!(clean(&"x".repeat(500), &[]).chars().count(), WORDS_MAX);
    }
}
