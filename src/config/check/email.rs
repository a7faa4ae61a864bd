//! `[email]`: the server that takes our mail.

use super::common::{login, mail, trust, try_timeout};
use super::web;
use crate::config::effective::Value;
use crate::config::raw::Table;
use crate::config::show::Problem;
use crate::config::{EmailConfig, Security};
use crate::model::Authorities;
use std::ops::Range;
use std::time::Duration;

/// The server, when it is complete. `request`: the longest one request may take.
pub(super) fn email(table: &Table<'_, '_>, request: Duration, usual: &Authorities) -> Option<EmailConfig> {
    if !table.is_written() {
        return None;
    }
    let host = host(table);
    let security = table.word("security", &Security::WORDS, Security::default());
    if let Some((host, at)) = &host
        && security == Security::None
        && !web::is_loopback(host)
    {
        let problem = Problem::new("mail and password would go to this server unprotected").at(at);
        let label = "write security = \"starttls\" or \"tls\"; \"none\" is for this machine alone";
        table.report.push(problem.label(label));
    }
    let port = table.count("port", u32::from(security.port()), 1..=65535).value;
    let from = table.needed_text("from", "\"savehub@example.com\"");
    let from = from.and_then(|text| mail(table, "from", &text, "a mail address"));
    let trust = trust(table, "ca_file", "`ca_file` under [email]", usual);
    let timeout = try_timeout(table, request);
    let login = login(table);
    table.show(None);
    Some(EmailConfig { host: host?.0, port: u16::try_from(port).ok()?, security, login, from: from?, timeout, trust })
}

fn host(table: &Table<'_, '_>) -> Option<(String, Range<usize>)> {
    let text = table.needed_text("host", "\"smtp.example.com\"")?;
    let host = text.get_ref().trim_matches(['[', ']']);
    let name = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if host.parse::<std::net::IpAddr>().is_ok() || (host.len() <= 253 && host.split('.').all(name)) {
        table.note("host", || Value::text(host));
        return Some((host.to_owned(), text.span()));
    }
    let label = "write its name alone, such as \"smtp.example.com\"; the port goes into `port`";
    table.report.wrong(&text.span(), "`host` is not the name of a server", label);
    None
}
