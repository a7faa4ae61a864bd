//! `store`: the address of a PostgreSQL server, taken apart as far as savehub decides about it. Nothing of it is ever
//! repeated in a message: it holds a password.

use super::secrets::{self, Keys};
use super::web;
use crate::config::raw::{Table, problem_at};
use crate::config::{PostgresConfig, PostgresTls};
use crate::model::{Authorities, Trust, printable};
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;
use toml::Spanned;

const STORE: Keys = ["store", "store_env", "store_file", "store_command"];

const NOT_BUILT_IN: &str = "it was built without PostgreSQL; build it with: cargo build --release --features postgres";

/// What to write in the place of what is wrong, where the address stands.
struct Names {
    /// An address.
    like: &'static str,
    /// An address with a host.
    host: &'static str,
    /// What names the file of an authority.
    ca_file: &'static str,
}

const IN_CONFIG: Names = Names {
    like: "write postgres://USER:PASSWORD@HOST/DATABASE, with %40 for @, %3F for ? and %2F for / in the password",
    host: "the name of the host is missing: postgres://USER:PASSWORD@HOST/DATABASE",
    ca_file: "store_ca_file",
};

const TYPED: Names = Names {
    like: "write postgres://USER@HOST/DATABASE",
    host: "the name of the host is missing: postgres://USER@HOST/DATABASE",
    ca_file: "--ca-file",
};

/// The server, when one is named. `None` and nothing reported: the file `database` is the store.
pub(super) fn store(root: &Table<'_, '_>, usual: &Authorities) -> Option<PostgresConfig> {
    let report = root.report;
    let ca_file = root.path("store_ca_file");
    let Some(named) = secrets::source(root, &STORE) else {
        if let Some(ca_file) = ca_file {
            let label = "take the line out, or name the server with store";
            report.wrong(&ca_file.span(), "`store_ca_file` is of no use without `store`", label);
        }
        return None;
    };
    if root.has("database") {
        let title = format!("both `database` and `{}` are given", named.key);
        report.push(problem_at(named.key, &named.at, title).label("keep the file or the server"));
    }
    if cfg!(not(feature = "postgres")) {
        let problem = problem_at(named.key, &named.at, format!("this savehub knows no `{}`", named.key));
        report.push(problem.help(NOT_BUILT_IN));
        return None;
    }
    if !secrets::names_something(&named, report) {
        return None;
    }
    if named.literal().is_some_and(has_password) {
        secrets::guard_mode(named.key, &named.at, report);
    }
    // Where something else is wrong, no program is run: it may ask a person for a password in vain.
    if named.is_command() && !report.is_empty() {
        return None;
    }
    let wrong = |title: String, help: &str| {
        let problem = problem_at(named.key, &named.at, title);
        report.push(if help.is_empty() { problem } else { problem.help(help) });
    };
    let url = match named.fetch(report.input) {
        Ok(url) => url,
        Err(why) => {
            wrong(format!("no address comes from `{}`: {why}", named.key), "");
            return None;
        }
    };
    let read = server(url.expose_secret(), ca_file.map(Spanned::into_inner), &IN_CONFIG);
    let read = read.map(|config| believing(config, usual));
    read.map_err(|why| wrong(format!("`{}` is not the address of a PostgreSQL database", named.key), &why)).ok()
}

/// Without a file of authorities, these are believed.
fn believing(config: PostgresConfig, usual: &Authorities) -> PostgresConfig {
    let tls = match config.tls {
        PostgresTls::Full(trust) if trust.authorities == Authorities::BuiltIn => {
            PostgresTls::Full(Trust { authorities: usual.clone(), ..trust })
        }
        other => other,
    };
    PostgresConfig { tls, ..config }
}

/// The server of an address on a command line, where no password may stand: everybody on this host can read it there.
///
/// # Errors
/// What is wrong, and what to write instead; nothing of the address is in it.
pub fn typed_store(url: &str, ca_file: Option<PathBuf>) -> Result<PostgresConfig, String> {
    if has_password(url) {
        let why = "there is a password in the address, and everybody on this host can read a command line. Write the \
                   address into a config, as store_file, store_env, store_command or store, and copy without --to";
        return Err(why.into());
    }
    if cfg!(not(feature = "postgres")) {
        return Err(format!("this savehub knows no server: {NOT_BUILT_IN}"));
    }
    server(url, ca_file, &TYPED).map_err(|why| format!("this is not the address of a PostgreSQL database: {why}"))
}

/// Does a password stand in it, or something that may be one?
fn has_password(url: &str) -> bool {
    let behind = url.split_once("://").map_or(url, |(_, rest)| rest);
    let in_login = behind.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'));
    let query = behind.split_once('?').map_or("", |(_, query)| query);
    // A name may be written with % as well.
    let is_one = |name: &str| name.contains("password") || name.contains('%');
    in_login || query.split('&').any(|part| is_one(part.split('=').next().unwrap_or_default()))
}

/// What libpq would do with this address; otherwise what is wrong.
fn server(url: &str, ca_file: Option<PathBuf>, names: &Names) -> Result<PostgresConfig, String> {
    let like = names.like;
    let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://")).ok_or(like)?;
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place_alone = place.split_once('@').map_or(place, |(_, behind)| behind);
    let (hosts, database) = place_alone.split_once('/').unwrap_or((place_alone, ""));
    let mut hosts: Vec<&str> = hosts.split(',').filter(|host| !host.is_empty()).collect();
    // Otherwise a part of the password would count as the place, and be shown.
    if place_alone.contains('@') || query.contains('@') || !hosts.iter().all(|host| is_host(host)) {
        return Err(like.into());
    }
    let (mut kept, mut mode, mut database) = (Vec::new(), None, database);
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.split_once('=').ok_or(like)? {
            ("sslmode", word) => mode = Some(word),
            ("sslrootcert", _) => return Err(format!("write the file of `sslrootcert` as {}", names.ca_file)),
            (key, value) => {
                if matches!(key, "host" | "hostaddr") {
                    hosts.extend(value.split(','));
                } else if key == "dbname" {
                    database = value;
                }
                kept.push(part);
            }
        }
    }
    if hosts.is_empty() {
        return Err(names.host.into());
    }
    let local = hosts.iter().all(|host| is_local(host));
    let tls = tls(mode, local, hosts.iter().any(|host| is_socket(host)), ca_file, names.ca_file)?;
    let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
    let name = format!("PostgreSQL at {}/{}", hosts.join(","), database);
    Ok(PostgresConfig { url: SecretString::from(format!("postgres://{place}{query}")), tls, name: printable(&name) })
}

/// libpq's words. Those that fall back to an open connection when encryption fails are not among them.
fn tls(
    mode: Option<&str>,
    local: bool,
    socket: bool,
    ca_file: Option<PathBuf>,
    called: &'static str,
) -> Result<PostgresTls, String> {
    match mode {
        Some("disable") => Ok(PostgresTls::Off),
        None if local && ca_file.is_none() => Ok(PostgresTls::Off),
        Some("require" | "verify-full") | None if socket => {
            Err("a unix socket is not encrypted: write sslmode=disable".into())
        }
        Some("require") if ca_file.is_none() => Ok(PostgresTls::Unverified),
        Some("require") => Err(format!("with {called}, write sslmode=verify-full: `require` believes everybody")),
        Some("verify-full") | None => {
            Ok(PostgresTls::Full(Trust::new(ca_file.map_or(Authorities::BuiltIn, Authorities::File), called)))
        }
        Some(_) => Err("sslmode is disable, require or verify-full (the default, but for this host)".into()),
    }
}

/// A name or number, and perhaps a port.
fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    port.is_none_or(|port| port.parse::<u16>().is_ok()) && (name.starts_with('[') || !name.contains(':'))
}

fn is_socket(host: &str) -> bool {
    host.starts_with('/') || host.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2f"))
}

/// Is it on this machine? A port may follow.
fn is_local(host: &str) -> bool {
    let name = if host.ends_with(']') { host } else { host.rsplit_once(':').map_or(host, |(name, _)| name) };
    is_socket(host) || web::is_loopback(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(ca_file: Option<PathBuf>) -> PostgresTls {
        named(ca_file, "store_ca_file")
    }

    fn named(ca_file: Option<PathBuf>, key: &'static str) -> PostgresTls {
        PostgresTls::Full(Trust::new(ca_file.map_or(Authorities::BuiltIn, Authorities::File), key))
    }

    fn server(url: &str, ca_file: Option<PathBuf>) -> Result<PostgresConfig, String> {
        super::server(url, ca_file, &IN_CONFIG)
    }

    fn tls_of(url: &str) -> Result<PostgresTls, String> {
        server(url, None).map(|config| config.tls)
    }

    #[test]
    fn only_what_stays_on_this_host_is_open_unless_it_is_said() {
        for local in [
            "postgres://u@localhost/d",
            "postgresql://u:p@127.0.0.1:5433/d",
            "postgres://[::1]:5432/d",
            "postgres://u@%2Frun%2Fpostgresql/d",
            "postgres:///d?host=/run/postgresql",
        ] {
            assert_eq!(tls_of(local), Ok(PostgresTls::Off), "{local}");
        }
        for remote in [
            "postgres://u:p@db.example.com/d",
            "postgres://u:p@localhost,db2/d",
            "postgres://localhost/d?hostaddr=192.0.2.1",
            "postgres://localhost:p@db/d",
            "postgres://u@localhost.example.com/d",
        ] {
            assert_eq!(tls_of(remote), Ok(full(None)), "{remote}");
        }
    }

    #[test]
    fn the_words_of_libpq_that_may_end_in_an_open_connection_are_refused() {
        assert_eq!(tls_of("postgres://db/d?sslmode=disable"), Ok(PostgresTls::Off));
        assert_eq!(tls_of("postgres://db/d?sslmode=require"), Ok(PostgresTls::Unverified));
        assert_eq!(tls_of("postgres://localhost/d?sslmode=verify-full"), Ok(full(None)));
        for word in ["prefer", "allow", "verify-ca", "Require", ""] {
            assert!(tls_of(&format!("postgres://db/d?sslmode={word}")).is_err(), "{word}");
        }
        let own = Some(PathBuf::from("/ca.pem"));
        assert_eq!(server("postgres://localhost/d", own.clone()).unwrap().tls, full(own.clone()));
        assert!(server("postgres://db/d?sslmode=require", own).is_err());
    }

    #[test]
    fn the_driver_gets_what_is_left_and_messages_no_password() {
        let read = server("postgresql://ana:s%40cret@db:5433/d?sslmode=require&application_name=x", None).unwrap();
        assert_eq!(read.url.expose_secret(), "postgres://ana:s%40cret@db:5433/d?application_name=x");
        assert_eq!(read.name, "PostgreSQL at db:5433/d");
        assert!(!format!("{read:?}").contains("s%40cret"));
    }

    #[test]
    fn what_is_no_address_is_refused_in_words() {
        for secret in ["postgres://u:12?34@db/d", "postgres://u:p@q@db/d", "postgres://u:p", "postgres://u@db:p/d"] {
            assert!(server(secret, None).is_err(), "{secret}");
        }
        assert_eq!(server("postgres://u:p/q@db/d", None).unwrap().name, "PostgreSQL at db/d");
        for wrong in ["mysql://db/d", "postgres://", "postgres:///d", "postgres://u@/d", "postgres://db/d?x"] {
            assert!(server(wrong, None).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_is_refused_on_a_command_line_however_it_is_written_and_not_repeated() {
        for secret in [
            "postgres://ana:canary@db/d",
            "postgres://ana:canary@q@db/d",
            "postgres://ana:can/ary?@db/d",
            "postgres://ana@db/d?password=canary",
            "postgres://ana@db/d?sslmode=require&pass%77ord=canary",
            "mysql://ana:canary@db/d",
            "ana:canary@db/d",
        ] {
            let why = typed_store(secret, None).unwrap_err();
            assert!(why.contains("store_file") && !why.contains("canary"), "{secret}: {why}");
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn an_address_on_a_command_line_means_what_it_means_in_a_config_and_mistakes_are_told_in_its_words() {
        let ca = Some(PathBuf::from("/ca.pem"));
        for url in ["postgres://ana@db:5433/d", "postgres://localhost/d", "postgres://db/d?sslmode=disable"] {
            let (typed, written) = (typed_store(url, None).unwrap(), server(url, None).unwrap());
            let tls = match typed.tls {
                PostgresTls::Full(Trust { authorities: Authorities::BuiltIn, .. }) => full(None),
                other => other,
            };
            assert_eq!((tls, &typed.name), (written.tls, &written.name), "{url}");
            assert_eq!(typed.url.expose_secret(), written.url.expose_secret());
        }
        assert_eq!(typed_store("postgres://localhost/d", ca.clone()).unwrap().tls, named(ca.clone(), "--ca-file"));
        for (url, words) in [
            ("db/d", "postgres://USER@HOST/DATABASE"),
            ("postgres:///d", "the name of the host is missing"),
            ("postgres://db/d?sslrootcert=/ca.pem", "--ca-file"),
            ("postgres://db/d?sslmode=require", "with --ca-file"),
        ] {
            let why = typed_store(url, ca.clone()).unwrap_err();
            assert!(why.contains(words) && !why.contains("PASSWORD") && !why.contains("store_ca_file"), "{why}");
        }
    }
}
