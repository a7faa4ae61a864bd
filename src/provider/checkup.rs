//! What `savehub doctor` asks: an account, and whether others can be reached.
//!
//! Everything here only reads. Nothing is made, changed, sent or rung; a webhook is not even asked, since a request is
//! what it waits for.

use super::ProviderError;
use super::email::Email;
use super::http::HttpSettings;
use super::twilio::{Twilio, http_settings};
use crate::config::{Config, EmailConfig, WebhookConfig};
use crate::http::{Address, Getter, Names, Question, reach};
use crate::model::{Phone, Route, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::Arc;
use std::time::Duration;

/// How long one request or one attempt to reach somebody may take.
pub const WITHIN: Duration = Duration::from_secs(10);

/// The longest answer of a TwiML Bin that is read, in bytes.
const BIN_MAX: usize = 64 * 1024;

/// Someone who can be asked about an account. Asking changes nothing.
pub trait Checkup: Send + Sync {
    /// The account itself. `now` is our wall time right before.
    fn account(&self, now: Timestamp) -> AccountAnswer;

    /// May calls be read? A limited key that may not read the account may do that.
    fn reads_calls(&self) -> Result<(), ProviderError>;

    /// What is left to spend.
    fn balance(&self) -> Result<Balance, ProviderError>;

    /// What this from number can do, when it belongs to the account.
    fn sender(&self, from: &Phone) -> Result<Option<Sender>, ProviderError>;

    /// Has this number been verified for the account? A trial account calls no other, and calls may come from it.
    fn is_verified(&self, phone: &Phone) -> Result<bool, ProviderError>;

    /// May ordinary numbers of this country (ISO 3166-1) be called?
    fn may_call(&self, country: &str) -> Result<bool, ProviderError>;
}

/// What the provider said about an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountAnswer {
    /// The account; nothing else of the answer, which holds the auth token, is kept.
    pub account: Result<Account, ProviderError>,
    /// The provider's clock minus ours, milliseconds; known even from a refusal.
    pub skew_ms: Option<i64>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `active`, `suspended` or `closed`.
    pub status: String,
    /// It calls verified numbers alone.
    pub trial: bool,
}

/// What is left to spend.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// So much.
    pub amount: f64,
    /// Of this currency.
    pub currency: String,
}

/// What the from number can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Calls.
    pub voice: bool,
    /// Text messages.
    pub sms: bool,
}

/// What a TwiML Bin answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bin {
    /// What the manual says to put into it.
    Good,
    /// Something else.
    Other,
    /// This HTTP status, and nothing to judge by.
    Refused(u16),
}

/// Who can be asked about the account of a config; `None`: it has none.
pub fn checkup(config: &Config) -> Option<Arc<dyn Checkup>> {
    let twilio = config.provider.twilio.as_ref()?;
    let settings = HttpSettings {
        request_timeout: config.engine.request_timeout.min(WITHIN),
        ..http_settings(twilio, &config.engine)
    };
    Some(Arc::new(Twilio::with_http(twilio, super::http::HttpClient::new(settings))))
}

/// Greets a mail server and logs in; no mail is sent. Otherwise says why it cannot.
pub fn mail_server(config: &EmailConfig) -> Result<(), String> {
    let config = EmailConfig { timeout: config.timeout.min(WITHIN), ..config.clone() };
    Email::new(&config).greet()
}

/// Connects to a webhook's server, with TLS, and says nothing to it. Otherwise says why it cannot, without any part of the
/// address.
pub fn webhook(config: &WebhookConfig) -> Result<(), String> {
    let secrets = config.secrets()?;
    server(&secrets.url, &config.route, config.timeout)
}

/// Connects to the server of a secret address, with TLS for https, and says nothing to it. Otherwise says why it cannot,
/// without any part of the address.
pub fn server(url: &SecretString, route: &Route, within: Duration) -> Result<(), String> {
    let address = Address::parse(url.expose_secret()).ok_or("the address cannot be read")?;
    reach(&Names::of_system(), &address, route, within.min(WITHIN))
}

/// Reads a TwiML Bin, as anybody may. Without parameters nothing comes of it.
pub fn key_bin(url: &str, route: &Route) -> Result<Bin, String> {
    let address = Address::parse(url).ok_or("the address cannot be read")?;
    let got = Getter::new(&Names::of_system(), false, route, WITHIN).ask(&address, &Question::get(&[]), WITHIN);
    // What may follow is advice about calendars.
    let got = got.map_err(|failed| failed.why.split(';').next().unwrap_or_default().to_owned())?;
    if got.status() != 200 {
        return Ok(Bin::Refused(got.status()));
    }
    let body = got.body(BIN_MAX)?;
    Ok(if is_key_bin(&String::from_utf8_lossy(&body)) { Bin::Good } else { Bin::Other })
}

/// Is it the document that tells a key: a conference whose name begins as ours do?
fn is_key_bin(text: &str) -> bool {
    let (mut reader, mut in_conference, mut found) = (quick_xml::Reader::from_str(text), false, false);
    loop {
        use quick_xml::events::Event as E;
        match reader.read_event() {
            Ok(E::Start(tag)) => in_conference = tag.local_name().as_ref() == "Conference",
            Ok(E::Text(name)) if in_conference => found |= name.starts_with("savehub-ack-"),
            Ok(E::Eof) => return found,
            Ok(_) => {}
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::KEY_BIN;

    #[test]
    fn only_the_document_of_the_manual_tells_a_key() {
        assert!(is_key_bin(KEY_BIN));
        assert!(is_key_bin(&KEY_BIN.replace("{{CallSid}}-{{Digits}}", "-")), "without parameters");
        for other in [
            "",
            "nonsense",
            "<Response><Say>savehub-ack-</Say></Response>",
            "<Response><Dial><Conference>other</Conference></Dial></Response>",
            "<Response><Dial><Conference>savehub-ack-</Dial></Response>",
        ] {
            assert!(!is_key_bin(other), "{other}");
        }
    }
}
