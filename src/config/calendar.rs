//! Where calendars are, and how they are fetched.

use super::{Env, Later, check};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// `[calendar]`: how calendars are fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarConfig {
    /// How long a copy from the web is good. Default 5 min, at least 1 min.
    pub refresh: Duration,
    /// How long one fetch may take, redirects included. Default 15 s.
    pub timeout: Duration,
    /// The longest calendar, after decompression, in bytes. Default 20 MB.
    pub max_bytes: usize,
    /// Calendars fetched at once. Default 4, and up to 32 where more are needed to keep to `refresh`.
    pub parallel: usize,
    /// Plain http is allowed, beyond this machine. Default false.
    pub allow_http: bool,
    /// Private, link-local and other special addresses are allowed. Default false.
    pub allow_private: bool,
    /// `User-Agent` for every server; `None`: savehub's own, and a browser's where a server wants one.
    pub user_agent: Option<String>,
}

impl Default for CalendarConfig {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(300),
            timeout: Duration::from_secs(15),
            max_bytes: 20_000_000,
            parallel: 4,
            allow_http: false,
            allow_private: false,
            user_agent: None,
        }
    }
}

/// One calendar of a person.
#[derive(Clone)]
pub struct CalendarSource {
    /// Tells it from every other one: a hash of person and address, in hex. Not secret.
    pub key: String,
    /// How it is called in output: the one given, or the file, or the host. Never the secret part of an address.
    pub name: String,
    /// Where it is.
    pub place: CalendarPlace,
    /// `refresh` of its own.
    pub refresh: Option<Duration>,
}

impl fmt::Debug for CalendarSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendarSource").field("key", &self.key).field("name", &self.name).finish_non_exhaustive()
    }
}

/// Where a calendar is.
#[derive(Debug, Clone)]
pub enum CalendarPlace {
    /// A file.
    File(PathBuf),
    /// A subscription address: `https://…` (`webcal://` is read as that), or `http://…` where that is allowed. A password.
    Web(WebAddress),
}

/// A subscription address, or where it comes from. It is a password: nothing shows it.
#[derive(Debug, Clone)]
pub enum WebAddress {
    /// As it stands in the config.
    Here(SecretString),
    /// It stands elsewhere, and is fetched with each look: what cannot be had then is one calendar, not the config.
    Elsewhere {
        /// Where.
        secret: Later,
        /// Whether it may be plain http, beyond this machine.
        allow_http: bool,
    },
}

impl WebAddress {
    /// The address; otherwise why there is none, in plain words.
    pub fn get(&self) -> Result<SecretString, String> {
        match self {
            Self::Here(address) => Ok(address.clone()),
            Self::Elsewhere { secret, allow_http } => check::sources::fetched(secret, *allow_http),
        }
    }
}

impl WebAddress {
    /// Tells one address from another and says nothing about it.
    pub fn digest(address: &SecretString) -> String {
        check::sources::digest(address.expose_secret().as_bytes())
    }
}

impl From<String> for WebAddress {
    fn from(address: String) -> Self {
        Self::Here(address.into())
    }
}

impl CalendarPlace {
    /// Where a calendar is that is named on the command line: a path, `file:` and a path, or an address. Otherwise what
    /// to write, without any part of the text.
    pub fn typed(text: &str, env: &Env<'_>, config: &CalendarConfig) -> Result<Self, &'static str> {
        check::sources::place(text, None, env, config.allow_http)
    }

    /// How it is called where nobody gave it a name: the file, or the host. Nothing of an address that is secret.
    pub fn default_name(&self) -> String {
        check::sources::default_name(self)
    }
}
