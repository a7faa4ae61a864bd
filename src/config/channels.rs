//! The channels besides the phone: `[email]`, `[webhook.NAME]`, `[command.NAME]`.

use super::Later;
use super::check::web;
use crate::model::{Email, Route, Trust};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::time::Duration;

/// The channels of a config. Their secrets are fetched when something is sent, not before: while nothing leaves, nobody
/// is asked for a password, and a password that cannot be had stops its own channel alone.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// `[email]`.
    pub email: Option<EmailConfig>,
    /// `[webhook.NAME]`, in the order of their names.
    pub webhooks: Vec<WebhookConfig>,
    /// `[command.NAME]`, in the order of their names.
    pub commands: Vec<CommandConfig>,
    /// `PATH`, `HOME` and `LANG`, as far as they are set: with the facts, all that a command gets.
    pub environment: Vec<(String, String)>,
}

impl Channels {
    /// The webhook with this name.
    pub fn webhook(&self, name: &str) -> Option<&WebhookConfig> {
        self.webhooks.iter().find(|webhook| webhook.name == name)
    }

    /// The command with this name.
    pub fn command(&self, name: &str) -> Option<&CommandConfig> {
        self.commands.iter().find(|command| command.name == name)
    }
}

/// `[email]`: the server that takes our mail. `Debug` shows nothing of the login.
#[derive(Clone)]
pub struct EmailConfig {
    /// Its name, or its IP address.
    pub host: String,
    /// Its port. Default: 587 for STARTTLS, 465 for TLS, 25 without.
    pub port: u16,
    /// How the connection is protected. Default STARTTLS.
    pub security: Security,
    /// Who we are; `None`: the server asks nobody.
    pub login: Option<Login>,
    /// Whom mail comes from.
    pub from: Email,
    /// How long one mail may take. Default 20 s.
    pub timeout: Duration,
    /// Whose certificates are believed.
    pub trust: Trust,
}

impl fmt::Debug for EmailConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmailConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("security", &self.security)
            .field("from", &self.from)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// How a connection to a mail server is protected (RFC 8314).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Security {
    /// TLS after STARTTLS (RFC 3207), or no mail.
    #[default]
    StartTls,
    /// TLS from the first byte.
    Tls,
    /// None: only to this machine.
    None,
}

impl Security {
    /// The words of the config.
    pub(super) const WORDS: [(&str, Self); 3] =
        [("starttls", Self::StartTls), ("tls", Self::Tls), ("none", Self::None)];

    /// The port mail is submitted to (RFC 6409, RFC 8314); 25 on this machine.
    pub(super) const fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

/// A login at a mail server.
#[derive(Clone)]
pub struct Login {
    /// Who.
    pub user: String,
    /// The password.
    pub password: Later,
}

/// `[webhook.NAME]`: somebody who takes HTTP POST. `Debug` shows nothing of the address and of headers.
#[derive(Clone)]
pub struct WebhookConfig {
    /// What rungs and messages call it.
    pub name: String,
    /// Where it is; a password.
    pub url: Later,
    /// What the body is. Default JSON.
    pub format: WebhookFormat,
    /// More headers: their names, and their values, which are secrets.
    pub headers: Vec<(String, Later)>,
    /// Plain http is allowed, beyond this machine. Default false.
    pub allow_http: bool,
    /// The whole of one request. Default 20 s.
    pub timeout: Duration,
    /// Whose certificates are believed, and through which proxy it goes.
    pub route: Route,
}

impl fmt::Debug for WebhookConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookConfig")
            .field("name", &self.name)
            .field("format", &self.format)
            .field("allow_http", &self.allow_http)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl WebhookConfig {
    /// Fetches the address and the values of the headers; otherwise says why it cannot, without any part of them.
    pub fn secrets(&self) -> Result<WebhookSecrets, String> {
        let url = address(&self.url, self.allow_http)?;
        let header = |(name, value): &(String, Later)| Ok((name.clone(), header_value(name, value)?));
        Ok(WebhookSecrets { url, headers: self.headers.iter().map(header).collect::<Result<_, String>>()? })
    }
}

/// What a request to a webhook is made of, and nobody may see.
#[derive(Debug)]
pub struct WebhookSecrets {
    /// The address.
    pub url: SecretString,
    /// Headers with their values.
    pub headers: Vec<(String, SecretString)>,
}

/// What is posted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum WebhookFormat {
    /// The facts and the text, as JSON.
    #[default]
    Json,
    /// The text alone.
    Text,
}

impl WebhookFormat {
    /// The words of the config.
    pub(super) const WORDS: [(&str, Self); 2] = [("json", Self::Json), ("text", Self::Text)];
}

/// `[command.NAME]`: a program. `Debug` shows nothing of its arguments, which may hold a password.
#[derive(Clone)]
pub struct CommandConfig {
    /// What rungs and messages call it.
    pub name: String,
    /// The program and its arguments. Never empty.
    pub argv: Vec<String>,
    /// How long it may run. Default 20 s.
    pub timeout: Duration,
}

impl fmt::Debug for CommandConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CommandConfig")
            .field("name", &self.name)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The address itself; otherwise why there is none, without any part of it.
fn address(url: &Later, allow_http: bool) -> Result<SecretString, String> {
    let text = url.fetch().map_err(|why| format!("no address comes from `{}`: {why}", url.key()))?;
    posted_to(text.expose_secret(), allow_http)
        .map_err(|why| format!("no address comes from `{}`: {why}", url.key()))?;
    Ok(text)
}

/// Why an address cannot be posted to, without any part of it.
pub(super) fn posted_to(text: &str, allow_http: bool) -> Result<(), &'static str> {
    let address = web::address(text)?;
    if address.has_login {
        return Err("write the login as a header, such as { name = \"Authorization\", value_file = \"…\" }");
    }
    if text.contains('#') {
        return Err("an address to post to has no `#`");
    }
    if address.scheme == "http" && !allow_http && !address.is_loopback() {
        return Err("http:// shows everything to everybody on the way: write https://, or allow_http = true beside it");
    }
    Ok(())
}

/// The value of a header; otherwise why there is none, without any part of it.
fn header_value(name: &str, value: &Later) -> Result<SecretString, String> {
    let from = |why: &str| format!("no value of the header {name} comes from `{}`: {why}", value.key());
    let text = value.fetch_line().map_err(|why| from(&why))?;
    fits_a_header(text.expose_secret()).map_err(from)?;
    Ok(text)
}

/// Why a text cannot be the value of a header.
pub(super) fn fits_a_header(text: &str) -> Result<(), &'static str> {
    let sound = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if sound { Ok(()) } else { Err("a header holds letters, digits and signs of ASCII, in one line") }
}
