//! Values that several tables may hold.

use super::secrets::{self, Keys, Named};
use super::web;
use crate::config::effective::{Value, masked_mail};
use crate::config::raw::{Read, Table, problem_at, spoken};
use crate::config::screen::quoted;
use crate::config::show::{CheckReport, Problem};
use crate::config::{Later, Login, places};
use crate::model::{Authorities, Email, MESSAGE_CUT, Phone, Route, Trust, cut, printable};
use crate::near::nearest;
use crate::rules::message::Template;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;

/// How long one mail, webhook or command may take.
const TRY_TIMEOUT: Duration = Duration::from_secs(20);

/// A number under this key; wrong ones are reported.
pub(super) fn phone(table: &Table<'_, '_>, key: &'static str) -> Option<Spanned<Phone>> {
    let text = table.text(key, "\"+12025550101\"")?;
    match Phone::parse(text.get_ref()) {
        Ok(phone) => {
            table.note(key, || Value::Text(phone.masked()));
            Some(Spanned::new(text.span(), phone))
        }
        Err(why) => {
            table.report.wrong(&text.span(), format!("`{key}` is not a number that can be called"), why.to_string());
            None
        }
    }
}

/// A mail address under this key; wrong ones are reported.
pub(super) fn email(table: &Table<'_, '_>, key: &'static str) -> Option<Email> {
    let text = table.text(key, "\"ana@example.com\"")?;
    mail(table, key, &text, "an address that can be written to")
}

/// The mail address of this text; reported when it is not `what`.
pub(super) fn mail(table: &Table<'_, '_>, key: &'static str, text: &Spanned<&str>, what: &str) -> Option<Email> {
    match Email::parse(text.get_ref()) {
        Ok(email) => {
            table.note(key, || Value::text(&email.masked()));
            Some(email)
        }
        Err(why) => {
            let title = format!("`{key}` is not {what}");
            table.report.push(problem_at(key, &text.span(), title).label(why.to_string()));
            None
        }
    }
}

/// What is said, as a template.
pub(super) fn message(table: &Table<'_, '_>) -> Option<Template> {
    let text = table.text("message", "a text with {title} in it")?;
    table.note("message", || shown_message(text.get_ref()));
    match Template::parse(text.get_ref()) {
        Ok(template) => Some(template),
        Err(wrong) => {
            let at = inside(&text, &wrong.at, table.report);
            table.report.wrong(&at, wrong.problem, wrong.help);
            None
        }
    }
}

/// A message up to the length that may be shown.
pub(super) fn shown_message(text: &str) -> Value {
    let text = Some(text).filter(|text| !text.is_empty());
    Value::maybe(text, |text| Value::Text(cut(&printable(text), MESSAGE_CUT)))
}

/// Bytes of a decoded text as bytes of the file: only where the text stands there as it is, without escapes.
fn inside(text: &Spanned<&str>, part: &Range<usize>, report: &CheckReport<'_>) -> Range<usize> {
    let span = text.span();
    let typed = report.source(&span);
    if typed.len() == text.get_ref().len() + 2 && typed.get(1..typed.len() - 1) == Some(*text.get_ref()) {
        return span.start + 1 + part.start..span.start + 1 + part.end;
    }
    span
}

/// One of the words of an enum; the near one, or all of them, instead of another.
pub(super) fn word<T: Copy>(
    table: &Table<'_, '_>,
    key: &'static str,
    like: &str,
    all: &[T],
    as_str: fn(T) -> &'static str,
) -> Option<T> {
    let typed = table.text(key, like)?;
    let found = all.iter().copied().find(|value| as_str(*value) == *typed.get_ref());
    if found.is_none() {
        unknown(key, &typed, all.iter().map(|value| as_str(*value)), table.report);
    }
    found
}

/// Reports a word that is none of those that are known.
pub(super) fn unknown<'n>(
    what: &str,
    typed: &Spanned<&str>,
    known: impl Iterator<Item = &'n str> + Clone,
    report: &CheckReport<'_>,
) {
    let problem = Problem::new(format!("unknown {what} {}", quoted(typed.get_ref()))).at(&typed.span());
    report.push(match (nearest(typed.get_ref(), known.clone()), known.collect::<Vec<_>>()) {
        (Some(near), _) => problem.label(format!("did you mean `{near}`?")),
        (None, known) if known.is_empty() => problem.label(format!("the config has no {what}")),
        (None, known) => problem.label(format!("known {what}s: {}", known.join(", "))),
    });
}

/// Reports a word of a list that is none of those that are known: `title` says what it is not.
pub(super) fn unknown_in_list<'n>(
    (title, known_title): (&str, &str),
    typed: &Spanned<&str>,
    known: impl Iterator<Item = &'n str> + Clone,
    report: &CheckReport<'_>,
) {
    let problem = Problem::new(format!("{title} {}", quoted(typed.get_ref()))).at(&typed.span());
    report.push(match nearest(typed.get_ref(), known.clone()) {
        Some(near) => problem.label(format!("did you mean \"{near}\"?")),
        None => problem.label(format!("{known_title}: {}", known.collect::<Vec<_>>().join(", "))),
    });
}

/// A program and its arguments. One that is named by a path may start with `~/`, or is beside the config.
pub(super) fn program(table: &Table<'_, '_>, key: &'static str) -> Option<Vec<String>> {
    let list = table.texts(key, "[\"/usr/local/bin/lamp\", \"red\"], without a shell")?;
    let wrong = |title: String, label: &str| {
        table.report.push(problem_at(key, &list.span(), title).label(label));
        None
    };
    let argv: Vec<&str> = list.get_ref().iter().map(|word| *word.get_ref()).collect();
    let Some((first, arguments)) = argv.split_first().filter(|(first, _)| !first.is_empty()) else {
        return wrong(format!("`{key}` names no program"), "write the program and its arguments, each in quotes");
    };
    if argv.iter().any(|word| word.contains('\0')) {
        return wrong(format!("`{key}` cannot be run"), "no argument holds a NUL character");
    }
    let input = table.input();
    let path = if first.contains('/') { places::expand(first, input.path, input.env) } else { Some(first.into()) };
    let Some(path) = path.and_then(|path| path.into_os_string().into_string().ok()) else {
        return wrong(format!("`{key}` starts with `~`, but HOME is not set"), "write the whole path");
    };
    let argv: Vec<String> = std::iter::once(path).chain(arguments.iter().map(|&word| word.to_owned())).collect();
    table.note(key, || Value::program(&argv));
    Some(argv)
}

/// How long one try of a channel may take: within what the engine gives a request, since nobody waits longer for what
/// comes of it.
pub(super) fn try_timeout(table: &Table<'_, '_>, most: Duration) -> Duration {
    let read = table.duration("timeout", TRY_TIMEOUT.min(most));
    let why = "one try takes some time, and no longer than `request_timeout` under [engine]";
    let write = format!("more than 0s, at most {}", spoken(most));
    within(table.report, "timeout", &read, |v| !v.is_zero() && v <= most, why, &write);
    read.value
}

/// Reports a duration that is impossible: `why` in the title, what to write under it. A default that no longer fits
/// what was written is reported too, without a place.
pub(super) fn within(
    report: &CheckReport<'_>,
    key: &str,
    read: &Read<Duration>,
    fits: impl FnOnce(Duration) -> bool,
    why: &str,
    write: &str,
) {
    if read.sound && !fits(read.value) {
        let title = format!("`{key}` cannot be {}: {why}", spoken(read.value));
        report.push(Problem::new(title).maybe_at(read.at.as_ref()).label(format!("write {write}")));
    }
}

/// How a server is reached, by the two keys that say so. `usual`: whose certificates are believed without a file; `called`:
/// the key of the file, for messages.
pub(super) fn route(
    table: &Table<'_, '_>,
    (ca_file, proxy): (&'static str, &'static str),
    called: &'static str,
    usual: &Authorities,
) -> Route {
    let proxy = table.text(proxy, "an address in quotes").map(|text| proxy_at(table, proxy, &text));
    Route { trust: trust(table, ca_file, called, usual), proxy }
}

/// Whose certificates are believed: those of the file under this key alone, or the usual ones.
pub(super) fn trust(table: &Table<'_, '_>, key: &'static str, called: &'static str, usual: &Authorities) -> Trust {
    let file = table.path(key).map(Spanned::into_inner);
    Trust::new(file.map_or_else(|| usual.clone(), Authorities::File), called)
}

/// The address of a proxy; one that is none is reported, and a login in a file that others can read.
pub(super) fn proxy_at(table: &Table<'_, '_>, key: &'static str, text: &Spanned<&str>) -> String {
    // It may hold a login.
    table.note(key, Value::in_the_config);
    let address = web::address(text.get_ref());
    if address.as_ref().is_ok_and(|address| address.has_login) {
        secrets::guard_mode(key, &text.span(), table.report);
    }
    if let Err(why) = address {
        let why = why.replace("https://", "http:// or https://");
        table.report.push(problem_at(key, &text.span(), format!("`{key}` is not the address of a proxy")).label(why));
    }
    (*text.get_ref()).to_owned()
}

/// Where a secret is, to be asked when it is needed: a channel without its password must not stop the others, or a call.
/// Reports a source that names nothing, and a secret in a file that others can read.
pub(super) fn later(named: &Named<'_>, report: &CheckReport<'_>) -> Later {
    secrets::guard(named, report);
    named.later(report.input)
}

/// The keys of a password.
pub(super) const PASSWORD: Keys = ["password", "password_env", "password_file", "password_command"];

/// Who we are at a server; `None`: nobody, or something is wrong and reported.
pub(super) fn login(table: &Table<'_, '_>) -> Option<Login> {
    let report = table.report;
    let password = secrets::source(table, &PASSWORD).map(|named| (later(&named, report), named));
    let user = table.text("user", "\"savehub@example.com\"");
    if let Some(user) = &user {
        table.note("user", || Value::Text(masked_mail(user.get_ref())));
    }
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
