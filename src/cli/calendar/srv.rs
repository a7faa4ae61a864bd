//! Where the calendars of a mail domain are, as its SRV and TXT records tell (RFC 6764 sections 3 and 4).
//!
//! savehub has no resolver for such records; where the program `dig` is there, it is asked.

use crate::program::{Ended, Program};
use std::time::Duration;

/// How long one question may take.
const LIMIT: Duration = Duration::from_secs(10);

/// What the records say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// There is no `dig` here.
    NoResolver,
    /// The domain names no server.
    Nothing,
    /// Where the server is.
    Server(String),
}

/// Asks for the records of a domain.
pub(super) fn ask(domain: &str) -> Told {
    let Some(records) = dig("SRV", domain) else { return Told::NoResolver };
    let Some((host, port)) = best(&records) else { return Told::Nothing };
    let path = dig("TXT", domain).as_deref().and_then(path).unwrap_or_else(|| "/".into());
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    Told::Server(format!("https://{host}{port}{path}"))
}

fn dig(kind: &str, domain: &str) -> Option<String> {
    let name = format!("_caldavs._tcp.{domain}.");
    // Its own argument is `-q`, behind which a name is no option.
    let argv = vec!["dig", "+short", "+time=3", "+tries=2", "-t", kind, "-q", &name];
    let program = Program { argv, env: None, own_group: true, keep_stderr: false, keep: 64 * 1024, limit: LIMIT };
    let ran = program.run().ok()?;
    (ran.ended == Ended::Code(0)).then(|| String::from_utf8_lossy(&ran.output).into_owned())
}

/// Host and port of the record with the lowest priority and the highest weight. A dot alone means that there is none.
fn best(records: &str) -> Option<(String, u16)> {
    let record = |line: &str| {
        let mut words = line.split_whitespace();
        let (priority, weight): (u16, u16) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let (port, host) = (words.next()?.parse().ok()?, words.next()?.trim_end_matches('.'));
        let plain = host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
        (plain && !host.is_empty()).then(|| ((priority, u16::MAX - weight), (host.to_ascii_lowercase(), port)))
    };
    records.lines().filter_map(record).min().map(|(_, server)| server)
}

/// The path of the first record that has one.
fn path(records: &str) -> Option<String> {
    let texts = records.lines().filter_map(|line| line.trim().trim_matches('"').strip_prefix("path="));
    texts.map(str::to_owned).find(|path| path.starts_with('/') && path.bytes().all(|b| b.is_ascii_graphic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_server_of_a_domain_is_the_one_with_the_lowest_priority_and_the_highest_weight() {
        let records = ";; noise\n10 1 443 b.example.\n0 1 443 C.example.\n0 9 8443 a.example.\n0 0 0 .\n";
        assert_eq!(best(records), Some(("a.example".into(), 8443)));
        assert_eq!(best("0 0 0 .\n"), None);
        assert_eq!(best("0 0 443 a/b.\n"), None);
    }

    #[test]
    fn a_path_comes_from_a_record_of_that_name() {
        assert_eq!(path("\"v=1\"\n\"path=/dav\"\n"), Some("/dav".into()));
        assert_eq!(path("\"path=https://x\"\n"), None);
    }
}
