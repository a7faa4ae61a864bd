//! The mail: plain text, with headers that nothing from outside can add to.

use crate::model::{Email, Request, Timestamp, cut, printable};
use crate::provider::payload::lines;
use lettre::Message;
use lettre::address::{Address, Envelope};
use lettre::message::header::{ContentType, HeaderName, HeaderValue, MIME_VERSION_1_0};
use lettre::message::{Mailbox, MessageBuilder};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The longest subject, in characters.
const SUBJECT_MAX: usize = 150;

/// A mail and whom it goes to.
#[derive(Debug)]
pub(super) struct Mail {
    pub(super) envelope: Envelope,
    /// ASCII alone, lines ended by CRLF.
    pub(super) bytes: Vec<u8>,
}

/// Writes the mail of a request.
///
/// Its Message-ID (RFC 5322 section 3.6.4) is made of the key, so that it is the same for every repeat.
/// `Auto-Submitted` (RFC 3834 section 5) keeps holiday notices from answering.
pub(super) fn write(request: &Request, from: &Email, to: &Email) -> Result<Mail, String> {
    let (from_box, to_box) = (mailbox(Some("savehub"), from)?, mailbox(None, to)?);
    let subject = subject(request);
    let builder: MessageBuilder = Message::builder()
        .message_id(Some(message_id(&request.key, from)?))
        .date(system_time(request.intent_at))
        .from(from_box)
        .to(to_box)
        .subject(subject)
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".into()))
        .header(MIME_VERSION_1_0)
        .header(ContentType::TEXT_PLAIN);
    let message = builder.body(lines(&request.message).join("\r\n")).map_err(|why| printable(&why.to_string()))?;
    let bytes = message.formatted();
    if !bytes.is_ascii() {
        return Err("it would hold bytes that not every server takes".into());
    }
    Ok(Mail { envelope: message.envelope().clone(), bytes })
}

fn mailbox(name: Option<&str>, email: &Email) -> Result<Mailbox, String> {
    let address: Address = email.expose().parse().map_err(|_| "an address is not one".to_owned())?;
    Ok(Mailbox::new(name.map(str::to_owned), address))
}

/// `<KEY@example.com>`, in the name of the sender's host.
fn message_id(key: &str, from: &Email) -> Result<String, String> {
    let host = from.expose().split_once('@').map_or("localhost", |(_, host)| host);
    let sound = (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if sound { Ok(format!("<{key}@{host}>")) } else { Err("its key cannot be a Message-ID".into()) }
}

fn subject(request: &Request) -> String {
    let titles = || request.facts.meetings.iter().map(|m| printable(&m.title)).collect::<Vec<_>>().join(" and ");
    let subject = request.subject.as_deref().map(printable).filter(|subject| !subject.is_empty());
    let subject = subject.or_else(|| Some(titles()).filter(|titles| !titles.is_empty()));
    cut(&subject.unwrap_or_else(|| "savehub".into()), SUBJECT_MAX)
}

fn system_time(at: Timestamp) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(at.ms()).unwrap_or_default());
    UNIX_EPOCH.checked_add(since).unwrap_or(UNIX_EPOCH)
}
