//! `calendars` of a person: where they are.
//!
//! The address of a subscription is a password: whoever has it reads the calendar. It is never shown, nor is any line it
//! may stand in. An address that stands elsewhere is fetched when the calendar is looked at: a password manager that is
//! locked costs that calendar its looks, and nobody a call.

use super::secrets::{self, Keys, Named};
use super::{Input, feeds, web};
use crate::config::raw::{Item, Read, Table};
use crate::config::screen::Hidden;
use crate::config::show::{Problem, Report};
use crate::config::{CalendarConfig, CalendarPlace, CalendarSource, Env, Later, WebAddress, places};
use crate::model::{cut, printable};
use secrecy::{ExposeSecret as _, SecretString};
use std::ops::Range;
use std::path::Path;
use std::time::Duration;
use toml::Spanned;

const URL: Keys = ["url", "url_env", "url_file", "url_command"];

/// What to write where a calendar is expected.
const LIKE: &str = "[\"file:~/work.ics\", { url_file = \"~/.config/savehub/work.url\" }]";

const UNREADABLE: &str = "this is not a calendar savehub can read";

/// The longest name of a calendar, in characters.
const LONGEST_NAME: usize = 40;

/// Where a calendar is, by the text it is named by. Otherwise says what to write, without any part of the text.
///
/// A text is a file when it says so (`file:`), ends in `.ics`, or starts as a path does. A relative path is beside the
/// file `beside`.
pub(in crate::config) fn place(
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

fn file(path: &str, beside: Option<&Path>, env: &Env<'_>) -> Result<CalendarPlace, &'static str> {
    if path.is_empty() || path.contains('\0') {
        return Err("write the path of a file after `file:`");
    }
    let path = places::expand(path, beside, env).ok_or("`~` needs HOME, which is not set: write the whole path")?;
    // Its key must not depend on the directory a command is run in.
    Ok(CalendarPlace::File(std::path::absolute(&path).unwrap_or(path)))
}

/// A subscription address as it is asked for.
fn address(text: &str, allow_http: bool) -> Result<SecretString, &'static str> {
    let (scheme, rest) = text.split_once("://").ok_or("an address starts with https://")?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" | "webcal" | "webcals" => "https",
        "http" => "http",
        "caldav" | "caldavs" => {
            return Err("CalDAV is not spoken here: write the subscription address (iCal) of the calendar");
        }
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

/// A calendar as it was typed.
struct Draft {
    at: Range<usize>,
    place: CalendarPlace,
    name: Option<String>,
    refresh: Option<Duration>,
}

/// What the places of calendars depend on.
pub(super) struct Sources<'a, 't> {
    pub(super) config: &'a CalendarConfig,
    pub(super) input: &'a Input<'a>,
    pub(super) report: &'a Report<'t>,
}

impl Sources<'_, '_> {
    /// The calendars of a person, each with its key and its name. Nothing is fetched.
    pub(super) fn of(&self, table: &Table<'_, '_>, person: &str) -> Vec<CalendarSource> {
        let mut found: Vec<(Range<usize>, CalendarSource)> = Vec::new();
        for draft in self.drafts(table) {
            let key = key(person, &draft.place);
            if let Some((first, _)) = found.iter().find(|(_, source)| source.key == key) {
                let title =
                    format!("this calendar is there twice; the first is in line {}", self.report.line_of(first.start));
                self.wrong(&draft.at, title, "keep one of them");
                continue;
            }
            let name = draft.name.unwrap_or_else(|| default_name(&draft.place));
            let name = distinct(name, |name| found.iter().any(|(_, source)| source.name == name));
            found.push((draft.at, CalendarSource { key, name, place: draft.place, refresh: draft.refresh }));
        }
        found.into_iter().map(|(_, source)| source).collect()
    }

    fn drafts(&self, person: &Table<'_, '_>) -> Vec<Draft> {
        let read = |item| match item {
            Item::Text(text) => self.of_text(&text),
            Item::Table(table) => self.of_table(&table),
        };
        person.items("calendars", LIKE).into_iter().filter_map(read).collect()
    }

    fn of_text(&self, text: &Spanned<&str>) -> Option<Draft> {
        let place = self.here("calendars", text)?;
        Some(Draft { at: text.span(), place, name: None, refresh: None })
    }

    fn of_table(&self, table: &Table<'_, '_>) -> Option<Draft> {
        let name = self.name(table);
        let refresh = table.duration_if("refresh", "2m");
        let path = table.text("file", "\"~/work.ics\"");
        let named = secrets::source(table, &URL, self.report);
        if let Some(refresh) = &refresh {
            feeds::refreshed(&Read { value: *refresh.get_ref(), at: Some(refresh.span()), sound: true }, self.report);
        }
        let place = match (path, named) {
            (Some(path), None) => self.checked(&path.span(), self.file(path.get_ref()))?,
            (None, Some(named)) => self.address(&named)?,
            (Some(_), Some(named)) => {
                self.wrong(&named.at, format!("both `file` and `{}` are given", named.key), "keep one of them");
                return None;
            }
            (None, None) => {
                if !(table.has("file") || table.has_any(&URL) || table.has_unknown()) {
                    let label = "write one of: file, url, url_file, url_env, url_command";
                    self.wrong(table.header(), "this calendar does not say where it is", label);
                }
                return None;
            }
        };
        if let (Some(refresh), CalendarPlace::File(_)) = (&refresh, &place) {
            self.wrong(&refresh.span(), "`refresh` is for addresses", "take it out: every tick looks at a file");
        }
        Some(Draft { at: table.header().clone(), place, name, refresh: refresh.map(Spanned::into_inner) })
    }

    /// An address that stands in the config itself is looked at now.
    fn address(&self, named: &Named<'_>) -> Option<CalendarPlace> {
        if !secrets::names_something(named, self.report) {
            return None;
        }
        let Some(text) = named.literal() else {
            let secret = named.later(self.input.path, self.input.env);
            return Some(CalendarPlace::Web(WebAddress::Elsewhere { secret, allow_http: self.config.allow_http }));
        };
        self.here_address(named.key, text, &named.at)
    }

    fn here(&self, key: &'static str, text: &Spanned<&str>) -> Option<CalendarPlace> {
        let found = place(text.get_ref(), self.input.path, self.input.env, self.config.allow_http);
        let place = self.checked(&text.span(), found)?;
        if matches!(place, CalendarPlace::Web(_)) {
            self.guard_mode(key, &text.span());
        }
        Some(place)
    }

    fn here_address(&self, key: &'static str, text: &str, at: &Range<usize>) -> Option<CalendarPlace> {
        let found = address(text, self.config.allow_http);
        let place = self.checked(at, found.map(|address| CalendarPlace::Web(WebAddress::Here(address))))?;
        self.guard_mode(key, at);
        Some(place)
    }

    fn file(&self, path: &str) -> Result<CalendarPlace, &'static str> {
        file(path, self.input.path, self.input.env)
    }

    fn guard_mode(&self, key: &'static str, at: &Range<usize>) {
        secrets::guard_mode(key, at, self.input.mode, self.input.path, self.report);
    }

    fn checked<T>(&self, at: &Range<usize>, found: Result<T, &'static str>) -> Option<T> {
        found.map_err(|label| self.wrong(at, UNREADABLE, label)).ok()
    }

    fn wrong(&self, at: &Range<usize>, title: impl Into<String>, label: &str) {
        self.report.push(Problem::new(title).at(at).label(label).hide(Hidden::Secret));
    }

    fn name(&self, table: &Table<'_, '_>) -> Option<String> {
        let text = table.text("name", "\"work\"")?;
        let name = text.get_ref().trim();
        let sound = !name.is_empty() && name == printable(name) && name.chars().count() <= LONGEST_NAME;
        if !sound || name.contains("://") {
            self.wrong(
                &text.span(),
                "this cannot be the name of a calendar",
                "write 1 to 40 characters, such as \"work\"",
            );
            return None;
        }
        Some(name.to_owned())
    }
}

/// An address that stands elsewhere.
pub(in crate::config) fn fetched(secret: &Later, allow_http: bool) -> Result<SecretString, String> {
    let from = |why: &str| format!("no address comes from `{}`: {why}", secret.key());
    let text = secret.fetch().map_err(|why| from(&why))?;
    address(text.expose_secret(), allow_http).map_err(from)
}

/// Tells a calendar from every other one: the same address of two people are two calendars. An address that stands
/// elsewhere may change there; it stays the same calendar.
fn key(person: &str, place: &CalendarPlace) -> String {
    let place = match place {
        CalendarPlace::File(path) => path.as_os_str().as_encoded_bytes().to_owned(),
        CalendarPlace::Web(WebAddress::Here(address)) => address.expose_secret().as_bytes().to_owned(),
        CalendarPlace::Web(WebAddress::Elsewhere { secret, .. }) => secret.identity(),
    };
    digest(&[person.as_bytes(), b"\0", &place].concat())
}

/// Tells one text from another and says nothing about it: half of its SHA-256, in hex.
pub(in crate::config) fn digest(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let half = digest.as_ref().first_chunk().map_or(0, |half| u128::from_be_bytes(*half));
    format!("{half:032x}")
}

/// The name of the file, or the host, if it is known: nothing of an address that is secret.
pub(in crate::config) fn default_name(place: &CalendarPlace) -> String {
    let name = match place {
        CalendarPlace::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        // What was typed there may be the address itself, by mistake.
        CalendarPlace::Web(WebAddress::Elsewhere { .. }) => "calendar".into(),
        CalendarPlace::Web(WebAddress::Here(address)) => {
            web::address(address.expose_secret()).map_or_else(|_| "calendar".into(), |a| a.host.to_owned())
        }
    };
    cut(&printable(&name), LONGEST_NAME)
}

/// `name`, or `name (2)` where it is taken: two calendars may come from one host.
fn distinct(name: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&name) {
        return name;
    }
    let numbered = (2..1000).map(|n| format!("{name} ({n})")).find(|name| !taken(name));
    numbered.unwrap_or(name)
}
