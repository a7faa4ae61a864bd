//! `[webhook.NAME]`: somebody who takes HTTP POST.

use super::channels::{Reported, Setup};
use super::secrets::{self, Keys, Named};
use super::web;
use crate::config::raw::{Item, Table, problem_at};
use crate::config::screen::{Hidden, is_secret_key, quoted};
use crate::config::show::Report;
use crate::config::{WebhookConfig, WebhookFormat};
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
    let url = url(table, allow_http, setup).ok()?;
    Some(WebhookConfig { name: name.to_owned(), url, format, headers, allow_http, timeout, ca_file })
}

/// The address; `None`: it is not needed now.
fn url(table: &Table<'_, '_>, allow_http: bool, setup: &Setup<'_, '_>) -> Result<Option<SecretString>, Reported> {
    if !table.has_any(&URL) && !table.has_unknown() {
        table.missing("url", "\"https://…\" (or url_file, url_env, url_command)");
    }
    let named = secrets::source(table, &URL, setup.report).ok_or(Reported)?;
    setup.guard(&named);
    let check = |text: &str| usable(text, allow_http).map_err(|why| wrong(&named, why, setup.report));
    named.literal().map_or(Ok(()), check)?;
    let address = setup.fetched(&named)?;
    address.as_ref().map_or(Ok(()), |address| check(address.expose_secret()))?;
    Ok(address)
}

fn wrong(named: &Named<'_>, why: &str, report: &Report<'_>) -> Reported {
    let problem = problem_at(named.key, &named.at, "this address cannot be posted to");
    report.push(problem.label(why).hide(Hidden::Secret));
    Reported
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

fn headers(table: &Table<'_, '_>, setup: &Setup<'_, '_>) -> Vec<(String, SecretString)> {
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
fn header(table: &Table<'_, '_>, names: &mut Vec<String>, setup: &Setup<'_, '_>) -> Option<(String, SecretString)> {
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
    if named.literal().is_none() || is_secret_key(name) || lower == "cookie" {
        setup.guard(&named);
    }
    names.push(lower);
    let value = setup.fetched(&named).ok()??;
    if value.expose_secret().bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
        return Some((name.to_owned(), value));
    }
    let problem = problem_at(named.key, &named.at, "the value of this header cannot be sent");
    setup.report.push(problem.label("a header holds letters, digits and signs of ASCII"));
    None
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
