//! `savehub calendar find`: which calendars a CalDAV server has, and the lines of the config that read them.

use super::srv::{self, Told};
use crate::cli::args::CalendarFindArgs;
use crate::cli::ctx::Invocation;
use crate::cli::open;
use crate::cli::print::toml_text;
use crate::cli::unseen::unseen;
use crate::cli::words::counted;
use crate::config::{CalendarConfig, CalendarPlace, Later, Login};
use crate::exit::{Exit, Unreadable, UsageError};
use crate::feed::{self, FoundCalendar, FoundCalendars};
use crate::model::{cut, is_at_or_below, printable};
use secrecy::SecretString;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// Runs the command.
pub(super) fn run(args: &CalendarFindArgs, Invocation { file, out, .. }: Invocation<'_>) -> anyhow::Result<Exit> {
    let config = open::config_or_standard(file)?.calendar;
    let typed = Typed::read(&args.server)?;
    let user = args.user.as_deref().or(typed.user.as_deref());
    let user = user.ok_or_else(|| UsageError("say who logs in with --user".into()))?.to_owned();
    let login = Login { user, password: password(args)? };
    // Without it there is nothing to ask, nor anybody.
    let unusable = |why| UsageError(format!("no password comes from {}: {why}", login.password.key()));
    login.password.fetch_line().map_err(unusable)?;
    let found = found(&typed, &login, &config)?;
    out.write_all(text(&found, &login.user, &way(args)).as_bytes())?;
    Ok(Exit::Done)
}

/// What was typed, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Typed {
    /// `https://…`.
    address: String,
    /// The domain, when nothing but that was typed.
    domain: Option<String>,
    /// The mail address.
    user: Option<String>,
}

impl Typed {
    fn read(typed: &str) -> Result<Self, UsageError> {
        let typed = typed.trim();
        if typed.contains("://") {
            return Ok(Self { address: typed.to_owned(), domain: None, user: None });
        }
        let (user, domain) = match typed.rsplit_once('@') {
            Some(("", _)) => (None, ""),
            Some((_, domain)) => (Some(typed.to_owned()), domain),
            None => (None, typed),
        };
        if domain.is_empty() || domain.starts_with('-') || !domain.bytes().all(|b| b.is_ascii_graphic()) {
            let what = "write a server (cloud.example.com), an address of it (https://…), or a mail address";
            return Err(UsageError(what.into()));
        }
        let host = domain.split(['/', ':']).next().unwrap_or_default();
        Ok(Self { address: format!("https://{domain}"), domain: (host == domain).then(|| host.to_owned()), user })
    }
}

/// The calendars; otherwise why there are none.
fn found(typed: &Typed, login: &Login, config: &CalendarConfig) -> anyhow::Result<FoundCalendars> {
    let look = |address: &str| -> anyhow::Result<Result<FoundCalendars, String>> {
        let place = CalendarPlace::caldav(address, login.clone(), config).map_err(|why| UsageError(why.into()))?;
        Ok(feed::find(&place, config).map_err(|failure| failure.why))
    };
    let why = match look(&typed.address)? {
        Ok(found) => return Ok(found),
        Err(why) => why,
    };
    let none = |more: &str| Err(Unreadable(format!("no calendars were found: {}{more}", printable(&why))).into());
    let Some(domain) = &typed.domain else { return none("") };
    match srv::ask(domain) {
        Told::NoResolver => {
            none("; SRV records were not asked, for which `dig` is needed: try the address of the server itself")
        }
        Told::Nothing => none("; the domain has no SRV record that names another server"),
        Told::Server(address) if is_below(&address, domain) => match look(&address)? {
            Ok(found) => Ok(found),
            Err(why) => Err(Unreadable(format!("no calendars were found: {}", printable(&why))).into()),
        },
        // Whoever answers for the domain may name any server: the password goes there only when that is typed.
        Told::Server(address) => none(&format!(
            "; its SRV record names {0}: if you trust that, run `savehub calendar find {0}`",
            printable(&address)
        )),
    }
}

/// Is the server of this address in the domain?
fn is_below(address: &str, domain: &str) -> bool {
    let host = address.trim_start_matches("https://").split(['/', ':']).next().unwrap_or_default();
    is_at_or_below(host, domain)
}

fn password(args: &CalendarFindArgs) -> anyhow::Result<Later> {
    if let Some(file) = &args.password_file {
        return Ok(Later::in_file("--password-file", file.clone()));
    }
    if let Some(name) = &args.password_env {
        let value = open::env(name).map(SecretString::from);
        return Ok(Later::in_variable("--password-env", name.clone(), value));
    }
    let read = || {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    };
    let line = if io::stdin().is_terminal() {
        let line = unseen(|| {
            write!(io::stderr(), "The password (not shown): ")?;
            read()
        })??;
        writeln!(io::stderr())?;
        line
    } else {
        read()?
    };
    Ok(Later::here("what was typed", line.trim_end_matches(['\r', '\n']).to_owned().into()))
}

/// How the config says where the password is.
fn way(args: &CalendarFindArgs) -> String {
    match (&args.password_file, &args.password_env) {
        (Some(file), _) => {
            // A relative path of the config is beside the config.
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            format!("password_file = {}", toml_text(&file.to_string_lossy()))
        }
        (None, Some(name)) => format!("password_env = {}", toml_text(name)),
        (None, None) => format!("password_file = {}", toml_text("~/.config/savehub/caldav.password")),
    }
}

/// A list of what was found, as `calendars` of a person takes it, and what is told of the person.
fn text(found: &FoundCalendars, user: &str, way: &str) -> String {
    let line = |calendar: &FoundCalendar| {
        let name = calendar.name.as_deref().map(|name| cut(name.trim(), 40)).filter(|name| !name.is_empty());
        let name = name.map_or_else(String::new, |name| format!(", name = {}", toml_text(&name)));
        format!("    {{ caldav = {}, user = {}, {way}{name} }},\n", toml_text(&calendar.address), toml_text(user))
    };
    let list = match &found.calendars[..] {
        [] => "no calendar that holds events\n".to_owned(),
        some => format!("calendars = [\n{}]\n", some.iter().map(line).collect::<String>()),
    };
    let addresses = match &found.addresses[..] {
        [] => "# The server tells no mail address of this user. So that declined meetings do not ring, write:\n\
               # addresses = [\"ana@example.com\"]\n"
            .to_owned(),
        known => format!("# The server knows the user as {}: what these decline does not ring\n", known.join(", ")),
    };
    let others = match found.others {
        0 => String::new(),
        n => format!("# Left out, since they hold no events: {}\n", counted(n, "list")),
    };
    [list, addresses, others].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_a_mail_address_and_an_address_are_understood() {
        let read = |typed: &str| Typed::read(typed).map(|typed| (typed.address, typed.domain, typed.user));
        let (some, none) = (|text: &str| Some(text.to_owned()), None::<String>);
        for (typed, address, domain, user) in [
            ("a.example", "https://a.example", some("a.example"), none.clone()),
            ("ana@a.example", "https://a.example", some("a.example"), some("ana@a.example")),
            ("a.example:8443/dav/", "https://a.example:8443/dav/", none.clone(), none.clone()),
            ("http://localhost:5232/", "http://localhost:5232/", none.clone(), none.clone()),
        ] {
            assert_eq!(read(typed).unwrap(), (address.to_owned(), domain, user), "{typed}");
        }
        for typed in ["", "@a.example", "ana@", "-x", "a b"] {
            assert!(read(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_record_may_name_only_a_server_of_the_domain() {
        for (address, below) in [
            ("https://dav.a.example:443/x", true),
            ("https://a.example/", true),
            ("https://evil-a.example/", false),
            ("https://a.example.b.example/", false),
        ] {
            assert_eq!(is_below(address, "a.example"), below, "{address}");
        }
    }
}
