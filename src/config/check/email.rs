//! `[email]`: the server that takes our mail.

use super::channels::Setup;
use super::secrets::{self, Keys};
use super::web;
use crate::config::raw::{Table, problem_at};
use crate::config::show::{Problem, Report};
use crate::config::{EmailConfig, Login, Security};
use crate::model::Email;
use std::ops::Range;

const PASSWORD: Keys = ["password", "password_env", "password_file", "password_command"];

/// The server, when it is complete.
pub(super) fn email(table: &Table<'_, '_>, setup: &Setup<'_, '_>) -> Option<EmailConfig> {
    let report = setup.report;
    if !table.is_written() {
        return None;
    }
    let host = host(table, report);
    let security = table.word("security", &Security::WORDS).unwrap_or(Security::StartTls);
    if let Some((host, at)) = &host
        && security == Security::None
        && !web::is_loopback(host)
    {
        let problem = Problem::new("mail and password would go to this server unprotected").at(at);
        report.push(problem.label("write security = \"starttls\" or \"tls\"; \"none\" is for this machine alone"));
    }
    let port = table.count("port", u32::from(security.port()), 1..=65535).value;
    let from = from(table, report);
    let (timeout, ca_file) = (setup.timeout(table), setup.ca_file(table));
    let login = login(table, setup);
    Some(EmailConfig { host: host?.0, port: u16::try_from(port).ok()?, security, login, from: from?, timeout, ca_file })
}

fn host(table: &Table<'_, '_>, report: &Report<'_>) -> Option<(String, Range<usize>)> {
    if !table.has("host") {
        table.missing("host", "\"smtp.example.com\"");
    }
    let text = table.text("host", "\"smtp.example.com\"")?;
    let host = text.get_ref().trim_matches(['[', ']']);
    let name = |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if host.parse::<std::net::IpAddr>().is_ok() || (host.len() <= 253 && host.split('.').all(name)) {
        return Some((host.to_owned(), text.span()));
    }
    let label = "write its name alone, such as \"smtp.example.com\"; the port goes into `port`";
    report.push(Problem::new("`host` is not the name of a server").at(&text.span()).label(label));
    None
}

fn from(table: &Table<'_, '_>, report: &Report<'_>) -> Option<Email> {
    if !table.has("from") {
        table.missing("from", "\"savehub@example.com\"");
    }
    let text = table.text("from", "\"savehub@example.com\"")?;
    let wrong = |why: crate::model::EmailError| {
        report.push(problem_at("from", &text.span(), "`from` is not a mail address").label(why.to_string()));
    };
    Email::parse(text.get_ref()).map_err(wrong).ok()
}

/// Who we are; `None`: nobody, or something is wrong and reported.
fn login(table: &Table<'_, '_>, setup: &Setup<'_, '_>) -> Option<Login> {
    let report = setup.report;
    let password = secrets::source(table, &PASSWORD, report).map(|named| (setup.later(&named), named));
    let user = table.text("user", "\"savehub@example.com\"");
    match (user, password) {
        (Some(user), Some((password, _))) => {
            if user.get_ref().is_empty() || user.get_ref().chars().any(char::is_control) {
                let problem = problem_at("user", &user.span(), "`user` is not a name to log in with");
                report.push(problem.label("write it in one line"));
            }
            return Some(Login { user: user.into_inner().to_owned(), password });
        }
        (Some(user), None) if !table.has_any(&PASSWORD) => {
            let help = "write password_file = \"…\" (or _env, _command), or take `user` out";
            report.push(Problem::new("there is a `user`, but no password").at(&user.span()).help(help));
        }
        (None, Some((_, named))) if !table.has("user") => {
            let title = format!("there is `{}`, but no `user`", named.key);
            report.push(problem_at(named.key, &named.at, title).label("write user = \"…\" beside it"));
        }
        _ => {}
    }
    None
}
