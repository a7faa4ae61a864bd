//! `calendars` of a person: where they are.
//!
//! The address of a subscription is a password: whoever has it reads the calendar. It is never shown, nor is any line it
//! may stand in. An address that stands elsewhere is fetched when the calendar is looked at: a password manager that is
//! locked costs that calendar its looks, and nobody a call.

use super::common::{PASSWORD, login, proxy_at, trust};
use super::feeds;
use super::secrets::{self, Keys, Named};
use crate::config::calendar::{LONGEST_NAME, address, caldav_address, default_name, file, place, source_key};
use crate::config::effective::{Origin, Value};
use crate::config::raw::{Item, Read, Table};
use crate::config::screen::Hidden;
use crate::config::show::{CheckReport, Problem};
use crate::config::{CalDavPlace, CalendarConfig, CalendarPlace, CalendarSource, Login, WebAddress};
use crate::model::{Route, printable};
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

const URL: Keys = ["url", "url_env", "url_file", "url_command"];

/// What to write where a calendar is expected.
const LIKE: &str = "[\"file:~/work.ics\", { url_file = \"~/.config/savehub/work.url\" }]";

const UNREADABLE: &str = "this is not a calendar savehub can read";

/// A calendar as it was typed.
struct Draft<'a, 't> {
    at: Range<usize>,
    place: CalendarPlace,
    name: Option<String>,
    refresh: Option<Duration>,
    route: Option<Route>,
    own: bool,
    /// Its table; an empty one when it is a text.
    table: Table<'a, 't>,
}

/// What the places of calendars depend on.
pub(super) struct Sources<'a, 't> {
    pub(super) config: &'a CalendarConfig,
    pub(super) report: &'a CheckReport<'t>,
}

impl Sources<'_, '_> {
    /// The calendars of a person, each with its key and its name. Nothing is fetched.
    pub(super) fn of(&self, table: &Table<'_, '_>, person: &str) -> Vec<CalendarSource> {
        let mut found: Vec<(Range<usize>, CalendarSource)> = Vec::new();
        for draft in self.drafts(table) {
            let key = source_key(person, &draft.place);
            if let Some((first, _)) = found.iter().find(|(_, source)| source.key == key) {
                let title =
                    format!("this calendar is there twice; the first is in line {}", self.report.line_of(first.start));
                self.wrong(&draft.at, title, "keep one of them");
                continue;
            }
            let name = draft.name.unwrap_or_else(|| default_name(&draft.place));
            let name = distinct(name, |name| found.iter().any(|(_, source)| source.name == name));
            let Draft { place, refresh, own, route, .. } = draft;
            let source = CalendarSource { key, name, place, refresh, route, own };
            self.show(&draft.table, &draft.at, person, &source);
            found.push((draft.at, source));
        }
        table.note("calendars", || Value::texts(found.iter().map(|(_, source)| source.name.as_str())));
        found.into_iter().map(|(_, source)| source).collect()
    }

    fn show(&self, table: &Table<'_, '_>, at: &Range<usize>, person: &str, source: &CalendarSource) {
        if !self.report.collects_settings() {
            return;
        }
        let is_text = !table.is_written();
        match &source.place {
            CalendarPlace::File(path) if is_text => table.note_at("file", table.line_at(at), || Value::path(path)),
            CalendarPlace::File(path) => table.note("file", || Value::path(path)),
            CalendarPlace::Web(_) if is_text => table.note_at("url", table.line_at(at), Value::in_the_config),
            CalendarPlace::Web(_) => {}
            CalendarPlace::CalDav(_) => table.note("caldav", Value::in_the_config),
        }
        if source.refresh.is_none() && !matches!(source.place, CalendarPlace::File(_)) {
            table.note_at("refresh", Origin::Default, || Value::duration(source.refresh(self.config)));
        }
        table.note("name", || Value::text(&source.name));
        table.show(Some(&printable(&format!("{person}: {}", source.name))));
    }

    fn drafts<'a, 't>(&self, person: &Table<'a, 't>) -> Vec<Draft<'a, 't>> {
        let read = |item| match item {
            Item::Text(text) => {
                let place = self.here("calendars", &text)?;
                let table = person.unwritten("calendars");
                Some(Draft { at: text.span(), place, name: None, refresh: None, own: false, route: None, table })
            }
            Item::Table(table) => self.of_table(table),
        };
        person.items("calendars", LIKE).into_iter().filter_map(read).collect()
    }

    fn of_table<'a, 't>(&self, table: Table<'a, 't>) -> Option<Draft<'a, 't>> {
        let name = self.name(&table);
        let refresh = table.duration_if("refresh", "2m");
        let own = table.flag("own", false);
        if let Some(refresh) = &refresh {
            feeds::refreshed(&Read::written(refresh.clone()), self.report);
        }
        let place = self.place(&table)?;
        if let CalendarPlace::File(_) = &place {
            let written = ["refresh", "ca_file", "proxy"].iter().filter_map(|key| Some((key, table.key_at(key)?)));
            for (key, at) in written {
                self.wrong(&at, format!("`{key}` is for addresses"), "take it out: every tick looks at a file");
            }
        }
        let (at, route) = (table.header().clone(), self.route(&table));
        Some(Draft { at, place, name, refresh: refresh.map(Spanned::into_inner), own, route, table })
    }

    /// A way there of its own; what of it is not written is as under `[calendar]`.
    fn route(&self, table: &Table<'_, '_>) -> Option<Route> {
        let usual = &self.config.route;
        let trust = trust(table, "ca_file", "`ca_file` of this calendar", &usual.trust.authorities);
        let proxy = match table.text("proxy", "\"http://proxy.example.com:3128\", or \"none\"") {
            Some(text) if *text.get_ref() == "none" => {
                table.note("proxy", || Value::text("none"));
                None
            }
            Some(text) => Some(proxy_at(table, "proxy", &text)),
            None => usual.proxy.clone(),
        };
        table.has_any(&["ca_file", "proxy"]).then_some(Route { trust, proxy })
    }

    /// The one place that is written under the keys of a table; a second one is reported.
    fn place(&self, table: &Table<'_, '_>) -> Option<CalendarPlace> {
        let file_of = table.text("file", "\"~/work.ics\"");
        let named = secrets::source(table, &URL);
        let caldav = table.text("caldav", "\"https://cloud.example.com/remote.php/dav/calendars/ana/work/\"");
        let login = login(table);
        let keys = [
            file_of.as_ref().map(|text| ("file", text.span())),
            named.as_ref().map(|named| (named.key, named.at.clone())),
            caldav.as_ref().map(|text| ("caldav", text.span())),
        ];
        let mut keys = keys.into_iter().flatten();
        if let (Some((first, _)), Some((second, at))) = (keys.next(), keys.next()) {
            self.wrong(&at, format!("both `{first}` and `{second}` are given"), "keep one of them");
            return None;
        }
        if let Some(text) = caldav {
            return self.caldav(&text, login, table);
        }
        if let Some(key) = ["user"].into_iter().chain(PASSWORD).find(|key| table.has(key)) {
            let title = format!("`{key}` is for `caldav`");
            self.wrong(table.header(), title, "write caldav = \"https://…\" beside it, or take it out");
            return None;
        }
        if let Some(path) = file_of {
            let input = self.report.input;
            return self.checked(&path.span(), file(path.get_ref(), input.path, input.env));
        }
        if let Some(named) = named {
            return self.address(&named);
        }
        if !(table.has_any(&["file", "caldav"]) || table.has_any(&URL) || table.has_unknown()) {
            let label = "write one of: file, url, url_file, url_env, url_command, caldav";
            self.wrong(table.header(), "this calendar does not say where it is", label);
        }
        None
    }

    /// Its password is fetched with each look, as an address that stands elsewhere is.
    fn caldav(&self, text: &Spanned<&str>, login: Option<Login>, table: &Table<'_, '_>) -> Option<CalendarPlace> {
        let address = self.checked(&text.span(), caldav_address(text.get_ref(), self.config.allow_http))?;
        if login.is_none() && !(table.has("user") || table.has_any(&PASSWORD)) {
            let label = "write user = \"…\" and password_file = \"…\" (or _env, _command) beside it";
            self.wrong(&text.span(), "a CalDAV server wants a login", label);
        }
        Some(CalendarPlace::CalDav(CalDavPlace { address, login: login? }))
    }

    /// An address that stands in the config itself is looked at now.
    fn address(&self, named: &Named<'_>) -> Option<CalendarPlace> {
        if !secrets::names_something(named, self.report) {
            return None;
        }
        let Some(text) = named.literal() else {
            let secret = named.later(self.report.input);
            return Some(CalendarPlace::Web(WebAddress::Elsewhere { secret, allow_http: self.config.allow_http }));
        };
        self.here_address(named.key, text, &named.at)
    }

    fn here(&self, key: &'static str, text: &Spanned<&str>) -> Option<CalendarPlace> {
        let found = place(text.get_ref(), self.report.input.path, self.report.input.env, self.config.allow_http);
        let place = self.checked(&text.span(), found)?;
        if matches!(place, CalendarPlace::Web(_)) {
            secrets::guard_mode(key, &text.span(), self.report);
        }
        Some(place)
    }

    fn here_address(&self, key: &'static str, text: &str, at: &Range<usize>) -> Option<CalendarPlace> {
        let found = address(text, self.config.allow_http);
        let place = self.checked(at, found.map(|address| CalendarPlace::Web(WebAddress::Here(address))))?;
        secrets::guard_mode(key, at, self.report);
        Some(place)
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

/// `name`, or `name (2)` where it is taken: two calendars may come from one host.
fn distinct(name: String, taken: impl Fn(&str) -> bool) -> String {
    if !taken(&name) {
        return name;
    }
    let numbered = (2..1000).map(|n| format!("{name} ({n})")).find(|name| !taken(name));
    numbered.unwrap_or(name)
}
