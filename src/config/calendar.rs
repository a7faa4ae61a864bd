//! Where calendars are, and how they are fetched.

use super::channels::Login;
use super::check::web;
use super::input::Env;
use super::{Later, places};
use crate::model::{Route, Trust, cut, hex, printable};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::path::{Path, PathBuf};
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
    /// Whose certificates are believed, and through which proxy calendars are fetched.
    pub route: Route,
}

impl CalendarConfig {
    /// The key of the file of authorities, in messages.
    pub(super) const CA_FILE: &str = "`ca_file` under [calendar]";
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
            route: Route::direct(Trust::built_in(Self::CA_FILE)),
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
    /// A way there of its own.
    pub route: Option<Route>,
    /// `own = true`: nobody but the person writes what stands in it, so marks count also in events that nobody organises.
    pub own: bool,
}

/// How often a CalDAV server is asked: a look at a calendar that has not changed is one short question.
const CALDAV_REFRESH: Duration = Duration::from_secs(60);

impl CalendarSource {
    /// How long a copy of it is good.
    pub fn refresh(&self, config: &CalendarConfig) -> Duration {
        let usual = if let CalendarPlace::CalDav(_) = self.place { CALDAV_REFRESH } else { config.refresh };
        self.refresh.unwrap_or(usual)
    }
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
    /// On a CalDAV server.
    CalDav(CalDavPlace),
}

/// A calendar on a CalDAV server, or where to look for some.
#[derive(Clone)]
pub struct CalDavPlace {
    /// `https://…`, or `http://…` where that is allowed; without a login. It names people, so nothing shows it.
    pub address: SecretString,
    /// Who asks.
    pub login: Login,
}

impl fmt::Debug for CalDavPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CalDavPlace(…)")
    }
}

impl CalDavPlace {
    /// The password; otherwise why there is none, in plain words.
    pub fn password(&self) -> Result<SecretString, String> {
        let Login { password, .. } = &self.login;
        password.fetch_line().map_err(|why| format!("no password comes from `{}`: {why}", password.key()))
    }

    /// Tells one calendar and login from another and says nothing about them.
    pub fn digest(&self) -> String {
        digest(&self.identity())
    }

    fn identity(&self) -> Vec<u8> {
        [self.address.expose_secret().as_bytes(), b"\0", self.login.user.as_bytes()].concat()
    }
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
            Self::Elsewhere { secret, allow_http } => fetched(secret, *allow_http),
        }
    }
}

impl WebAddress {
    /// Tells one address from another and says nothing about it.
    pub fn digest(address: &SecretString) -> String {
        digest(address.expose_secret().as_bytes())
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
        place(text, None, env, config.allow_http)
    }

    /// A calendar or server at an address named on the command line. Otherwise what to write, without any part of it.
    pub fn caldav(text: &str, login: Login, config: &CalendarConfig) -> Result<CalDavPlace, &'static str> {
        Ok(CalDavPlace { address: caldav_address(text, config.allow_http)?, login })
    }

    /// The key of this place among the calendars of the person with this id.
    pub fn key_of(&self, person: &str) -> String {
        source_key(person, self)
    }

    /// How it is called where nobody gave it a name: the file, or the host. Nothing of an address that is secret.
    pub fn default_name(&self) -> String {
        default_name(self)
    }
}

/// The longest name of a calendar, in characters.
pub(super) const LONGEST_NAME: usize = 40;

/// Where a calendar is, by the text it is named by. Otherwise says what to write, without any part of the text.
///
/// A text is a file when it says so (`file:`), ends in `.ics`, or starts as a path does. A relative path is beside the
/// file `beside`.
pub(super) fn place(
    text: &str,
    beside: Option<&Path>,
    env: &Env<'_>,
    allow_http: bool,
) -> Result<CalendarPlace, &'static str> {
    let text = text.trim();
    if let Some(path) = text.strip_prefix("file://").or_else(|| text.strip_prefix("file:")) {
        return file(path, beside, env);
    }
    if text.contains("://") {
        return address(text, allow_http).map(|address| CalendarPlace::Web(WebAddress::Here(address)));
    }
    let is_path = ["/", "~", "./", "../"].iter().any(|start| text.starts_with(start));
    let ends_in_ics = Path::new(text).extension().is_some_and(|end| end.eq_ignore_ascii_case("ics"));
    // An address whose scheme was forgotten must not pass as a path: paths are shown.
    let like_host = text.split_once('/').is_some_and(|(host, _)| host.contains('.'));
    match (is_path, ends_in_ics && !like_host) {
        (true, _) | (_, true) => file(text, beside, env),
        _ => Err("write `file:` before a path, and https:// before an address"),
    }
}

pub(super) fn file(path: &str, beside: Option<&Path>, env: &Env<'_>) -> Result<CalendarPlace, &'static str> {
    if path.is_empty() || path.contains('\0') {
        return Err("write the path of a file after `file:`");
    }
    let path = places::expand(path, beside, env).ok_or("`~` needs HOME, which is not set: write the whole path")?;
    // Its key must not depend on the directory a command is run in.
    Ok(CalendarPlace::File(std::path::absolute(&path).unwrap_or(path)))
}

/// A subscription address as it is asked for.
pub(super) fn address(text: &str, allow_http: bool) -> Result<SecretString, &'static str> {
    let (scheme, rest) = text.split_once("://").ok_or("an address starts with https://")?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" | "webcal" | "webcals" => "https",
        "http" => "http",
        "caldav" | "caldavs" => return Err("write { caldav = \"https://…\", user = \"…\", password_file = \"…\" }"),
        _ => return Err("an address starts with https:// or webcal://"),
    };
    let text = format!("{scheme}://{rest}");
    let parts = web::address(&text)?;
    if parts.scheme == "http" && !allow_http && !parts.is_loopback() {
        return Err(
            "http:// shows the address to everybody on the way: write https://, or allow_http = true under [calendar]",
        );
    }
    Ok(SecretString::from(text))
}

/// The address of a CalDAV calendar as it is asked for.
pub(super) fn caldav_address(text: &str, allow_http: bool) -> Result<SecretString, &'static str> {
    let https = text.starts_with("https://") || text.starts_with("http://");
    if !https || web::address(text)?.has_login {
        return Err("write https://…, and the login as `user` and `password_file` (or _env, _command)");
    }
    address(text, allow_http)
}

/// An address that stands elsewhere.
fn fetched(secret: &Later, allow_http: bool) -> Result<SecretString, String> {
    let from = |why: &str| format!("no address comes from `{}`: {why}", secret.key());
    let text = secret.fetch().map_err(|why| from(&why))?;
    address(text.expose_secret(), allow_http).map_err(from)
}

/// Tells a calendar from every other one: the same address of two people are two calendars. An address that stands
/// elsewhere may change there; it stays the same calendar.
pub(super) fn source_key(person: &str, place: &CalendarPlace) -> String {
    let place = match place {
        CalendarPlace::File(path) => path.as_os_str().as_encoded_bytes().to_owned(),
        CalendarPlace::Web(WebAddress::Here(address)) => address.expose_secret().as_bytes().to_owned(),
        CalendarPlace::Web(WebAddress::Elsewhere { secret, .. }) => secret.identity(),
        CalendarPlace::CalDav(place) => place.identity(),
    };
    digest(&[person.as_bytes(), b"\0", &place].concat())
}

/// Tells one text from another and says nothing about it: half of its SHA-256, in hex.
fn digest(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    hex(digest.as_ref().get(..16).unwrap_or_default())
}

/// The name of the file, or the host, if it is known: nothing of an address that is secret.
pub(super) fn default_name(place: &CalendarPlace) -> String {
    let name = match place {
        CalendarPlace::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        // What was typed there may be the address itself, by mistake.
        CalendarPlace::Web(WebAddress::Elsewhere { .. }) => "calendar".into(),
        CalendarPlace::Web(WebAddress::Here(address)) | CalendarPlace::CalDav(CalDavPlace { address, .. }) => {
            web::address(address.expose_secret()).map_or_else(|_| "calendar".into(), |a| a.host.to_owned())
        }
    };
    cut(&printable(&name), LONGEST_NAME)
}
