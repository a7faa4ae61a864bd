//! `[webhook.NAME]`: somebody who takes HTTP POST.

use super::channels::Setup;
use super::secrets::{self, Keys};
use super::web;
use crate::config::raw::{Item, Table, problem_at};
use crate::config::screen::{Hidden, is_secret_key, quoted};
use crate::config::{Later, WebhookConfig, WebhookFormat};
use secrecy::{ExposeSecret as _, SecretString};

const URL: Keys = ["url", "url_env", "url_file", "url_command"];
const VALUE: Keys = ["value", "value_env", "value_file", "value_command"];

/// What to write where headers are expected.
const HEADERS: &str = "[{ name = \"Authorization\", value_file = \"~/.config/savehub/ntfy_header\" }]";

/// Headers that are savehub's own, or that say how the body travels (RFC 9110, RFC 9112).
const OURS: [&str; 8] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "idempotency-key",
    "te",
    "transfer-encoding",
];

/// One webhook, when it is complete.
pub(super) fn webhook(name: &str, table: &Table<'_, '_>, setup: &Setup<'_, '_>) -> Option<WebhookConfig> {
    let allow_http = table.flag("allow_http").unwrap_or(false);
    let format = table.word("format", &WebhookFormat::WORDS).unwrap_or(WebhookFormat::Json);
    let (timeout, ca_file) = (setup.timeout(table), setup.ca_file(table));
    let headers = headers(table, setup);
    let url = url(table, allow_http, setup)?;
    Some(WebhookConfig { name: name.to_owned(), url, format, headers, allow_http, timeout, ca_file })
}

/// Where the address is. One that stands in the config itself is looked at now.
fn url(table: &Table<'_, '_>, allow_http: bool, setup: &Setup<'_, '_>) -> Option<Later> {
    if !table.has_any(&URL) && !table.has_unknown() {
        table.missing("url", "\"https://…\" (or url_file, url_env, url_command)");
    }
    let named = secrets::source(table, &URL, setup.report)?;
    let later = setup.later(&named);
    if let Some(Err(why)) = named.literal().map(|text| usable(text, allow_http)) {
        let problem = problem_at(named.key, &named.at, "this address cannot be posted to");
        setup.report.push(problem.label(why).hide(Hidden::Secret));
    }
    Some(later)
}

/// The address itself; otherwise why there is none, without any part of it.
pub(in crate::config) fn fetched(url: &Later, allow_http: bool) -> Result<SecretString, String> {
    let text = url.fetch().map_err(|why| format!("no address comes from `{}`: {why}", url.key()))?;
    usable(text.expose_secret(), allow_http).map_err(|why| format!("no address comes from `{}`: {why}", url.key()))?;
    Ok(text)
}

fn usable(text: &str, allow_http: bool) -> Result<(), &'static str> {
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

fn headers(table: &Table<'_, '_>, setup: &Setup<'_, '_>) -> Vec<(String, Later)> {
    let (mut names, mut found) = (Vec::new(), Vec::new());
    for item in table.items("headers", HEADERS) {
        match item {
            Item::Text(text) => {
                let problem = problem_at("headers", &text.span(), "a header has a name and a value");
                setup.report.push(problem.label(format!("write {HEADERS}")));
            }
            Item::Table(table) => found.extend(header(&table, &mut names, setup)),
        }
    }
    found
}

/// A header, when its value is known. `names`: those before it, in small letters.
fn header(table: &Table<'_, '_>, names: &mut Vec<String>, setup: &Setup<'_, '_>) -> Option<(String, Later)> {
    for (key, there) in [("name", table.has("name")), ("value", table.has_any(&VALUE))] {
        if !there && !table.has_unknown() {
            table.missing(key, "\"…\"");
        }
    }
    let text = table.text("name", "\"Authorization\"")?;
    let (name, lower) = (*text.get_ref(), text.get_ref().to_ascii_lowercase());
    if let Some(why) = no_header(&lower, names) {
        let problem = problem_at("headers", &text.span(), format!("{} cannot be a header here", quoted(name)));
        setup.report.push(problem.label(why));
        return None;
    }
    let named = secrets::source(table, &VALUE, setup.report)?;
    // What a header like `Title` says is no secret.
    let open = named.literal().is_some() && !is_secret_key(name) && lower != "cookie";
    let value = if open { named.later(setup.input.path, setup.input.env) } else { setup.later(&named) };
    if let Some(Err(why)) = named.literal().map(fits_a_header) {
        let problem = problem_at(named.key, &named.at, "the value of this header cannot be sent");
        setup.report.push(problem.label(why));
    }
    names.push(lower);
    Some((name.to_owned(), value))
}

/// The value of a header; otherwise why there is none, without any part of it.
pub(in crate::config) fn value(name: &str, value: &Later) -> Result<SecretString, String> {
    let from = |why: &str| format!("no value of the header {name} comes from `{}`: {why}", value.key());
    let text = value.fetch_line().map_err(|why| from(&why))?;
    fits_a_header(text.expose_secret()).map_err(from)?;
    Ok(text)
}

fn fits_a_header(text: &str) -> Result<(), &'static str> {
    let sound = !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if sound { Ok(()) } else { Err("a header holds letters, digits and signs of ASCII, in one line") }
}

/// Why this name, in small letters, is none for a header here.
fn no_header(name: &str, names: &[String]) -> Option<&'static str> {
    // RFC 9110 section 5.6.2, `token`.
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    match name {
        _ if !((1..=64).contains(&name.len()) && name.bytes().all(token)) => Some("write letters, digits and `-`"),
        _ if OURS.contains(&name) => Some("savehub writes this header itself"),
        _ if names.iter().any(|other| other == name) => Some("it is there twice: keep one of them"),
        _ => None,
    }
}
