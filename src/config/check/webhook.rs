//! `[webhook.NAME]`: somebody who takes HTTP POST.

use super::common::{later, route, try_timeout};
use super::secrets::{self, Keys};
use crate::config::channels::{fits_a_header, posted_to};
use crate::config::effective::Value;
use crate::config::raw::{Item, Table, problem_at};
use crate::config::screen::{Hidden, is_secret_key, quoted};
use crate::config::{Later, WebhookConfig, WebhookFormat};
use crate::model::Authorities;
use std::time::Duration;

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

/// One webhook, when it is complete. `request`: the longest one request may take.
pub(super) fn webhook(
    name: &str,
    table: &Table<'_, '_>,
    request: Duration,
    usual: &Authorities,
) -> Option<WebhookConfig> {
    let allow_http = table.flag("allow_http", false);
    let format = table.word("format", &WebhookFormat::WORDS, WebhookFormat::default());
    let route = route(table, ("ca_file", "proxy"), "`ca_file` in its [webhook] table", usual);
    let timeout = try_timeout(table, request);
    let headers = headers(name, table);
    let url = url(table, allow_http);
    table.show(Some(name));
    Some(WebhookConfig { name: name.to_owned(), url: url?, format, headers, allow_http, timeout, route })
}

/// Where the address is. One that stands in the config itself is looked at now.
fn url(table: &Table<'_, '_>, allow_http: bool) -> Option<Later> {
    if !table.has_any(&URL) && !table.has_unknown() {
        table.missing("url", "\"https://…\" (or url_file, url_env, url_command)");
    }
    let named = secrets::source(table, &URL)?;
    let later = later(&named, table.report);
    if let Some(Err(why)) = named.literal().map(|text| posted_to(text, allow_http)) {
        let problem = problem_at(named.key, &named.at, "this address cannot be posted to");
        table.report.push(problem.label(why).hide(Hidden::Secret));
    }
    Some(later)
}

fn headers(webhook: &str, table: &Table<'_, '_>) -> Vec<(String, Later)> {
    let (mut names, mut found) = (Vec::new(), Vec::new());
    for item in table.items("headers", HEADERS) {
        match item {
            Item::Text(text) => {
                let problem = problem_at("headers", &text.span(), "a header has a name and a value");
                table.report.push(problem.label(format!("write {HEADERS}")));
            }
            Item::Table(table) => {
                found.extend(header(&table, &mut names).inspect(|(name, _)| {
                    table.show(Some(&format!("{webhook}: {name}")));
                }));
            }
        }
    }
    table.note("headers", || Value::texts(found.iter().map(|(name, _): &(String, Later)| name.as_str())));
    found
}

/// A header, when its value is known. `names`: those before it, in small letters.
fn header(table: &Table<'_, '_>, names: &mut Vec<String>) -> Option<(String, Later)> {
    for (key, there) in [("name", table.has("name")), ("value", table.has_any(&VALUE))] {
        if !there && !table.has_unknown() {
            table.missing(key, "\"…\"");
        }
    }
    let text = table.text("name", "\"Authorization\"")?;
    let (name, lower) = (*text.get_ref(), text.get_ref().to_ascii_lowercase());
    if let Some(why) = no_header(&lower, names) {
        let problem = problem_at("headers", &text.span(), format!("{} cannot be a header here", quoted(name)));
        table.report.push(problem.label(why));
        return None;
    }
    let named = secrets::source(table, &VALUE)?;
    // What a header like `Title` says is no secret.
    let open = named.literal().is_some() && !is_secret_key(name) && lower != "cookie";
    let value = if open { named.later(table.input()) } else { later(&named, table.report) };
    if let Some(Err(why)) = named.literal().map(fits_a_header) {
        let problem = problem_at(named.key, &named.at, "the value of this header cannot be sent");
        table.report.push(problem.label(why));
    }
    names.push(lower);
    Some((name.to_owned(), value))
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
