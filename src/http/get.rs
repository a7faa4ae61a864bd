//! Reading an address that somebody else wrote: one request, without redirects, within a time, and only from the public
//! internet unless told otherwise.
//!
//! Nothing of the address, and no host or IP address, is part of an error. No proxy is used: it would look names up and
//! connect out of reach of the guard, and the environment's is cron's.

use super::{Address, Connections, Names, is_loopback, phase_words};
use crate::model::is_public;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::{HeaderMap, Response, Uri};
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Agent, Body, Error, Timeout};

/// The longest head of an answer, in bytes.
const HEAD_MAX: usize = 32 * 1024;

/// A client for one exchange and its redirects.
pub(crate) struct Getter {
    agent: Agent,
    limit: Duration,
    connected: Arc<AtomicBool>,
}

/// The head of an answer, and a body still to be read.
pub(crate) struct Got {
    response: Response<Body>,
    limit: Duration,
}

impl Getter {
    /// A client whose errors speak of `limit` as the time an exchange has. With `allow_private` it also connects to
    /// addresses that are not public.
    pub(crate) fn new(names: &Names, allow_private: bool, limit: Duration) -> Self {
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(HEAD_MAX)
            // The whole head stands in it before it is read.
            .input_buffer_size(2 * HEAD_MAX)
            .proxy(None)
            .build();
        let resolver = Guarded { names: names.clone(), allow_private };
        let connected = Arc::<AtomicBool>::default();
        let connector = Connections::for_one(limit, names).connector().chain(Connected(Arc::clone(&connected)));
        Self { agent: Agent::with_parts(config, connector, resolver), limit, connected }
    }

    /// Was any server reached?
    pub(crate) fn has_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// Asks once, with these headers. `within` is for everything: name, connection, answer, and the body's last byte.
    pub(crate) fn get(&self, from: &Address, headers: &[(&str, &str)], within: Duration) -> Result<Got, String> {
        let request = self.agent.get(from.uri()).config().timeout_global(Some(within)).build();
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = from.authorization().into_iter().fold(request, |r, login| r.header("Authorization", login));
        let response = request.call().map_err(|error| words(&error, self.limit))?;
        Ok(Got { response, limit: self.limit })
    }
}

impl Got {
    /// HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Its headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// A header, if it is plain text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The whole body, decompressed (gzip alone is understood). `most` counts what comes out of it, so that a small
    /// answer cannot fill the memory; the bytes that came are held to it too.
    pub(crate) fn body(self, most: usize) -> Result<Vec<u8>, String> {
        let encoding = self.header("content-encoding").unwrap_or_default().trim().to_ascii_lowercase();
        let limit = self.limit;
        let came = self.response.into_body().into_reader();
        let body = match encoding.as_str() {
            "" | "identity" => read_up_to(came, most),
            "gzip" | "x-gzip" => unzip(came, most),
            _ => return Err("the answer is compressed in a way that was not asked for".into()),
        };
        match body {
            Ok(Some(body)) => Ok(body),
            Ok(None) => Err(format!("the calendar is longer than {most} bytes")),
            Err(error) => Err(body_words(error, limit)),
        }
    }
}

/// Behind all connectors: notes that there is a connection.
#[derive(Debug)]
struct Connected(Arc<AtomicBool>);

impl<In: Transport> Connector<In> for Connected {
    type Out = In;

    fn connect(&self, _: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<In>, Error> {
        self.0.fetch_or(chained.is_some(), Ordering::Relaxed);
        Ok(chained)
    }
}

/// Unpacks to the end; `None`: longer than `most`. More bytes than that may not come either, whatever is in them.
fn unzip(from: impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut unzipped = MultiGzDecoder::new(from.take(one_more(most)));
    let whole = read_up_to(&mut unzipped, most);
    if unzipped.get_ref().limit() == 0 { Ok(None) } else { whole }
}

/// Reads to the end; `None`: longer than `most`.
fn read_up_to(from: impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut whole = Vec::new();
    from.take(one_more(most)).read_to_end(&mut whole)?;
    Ok((whole.len() <= most).then_some(whole))
}

fn one_more(most: usize) -> u64 {
    u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1)
}

/// Names, and the guard over what they lead to.
#[derive(Debug)]
struct Guarded {
    names: Names,
    allow_private: bool,
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let host = uri.host().unwrap_or_default();
        let mut allowed = self.empty();
        for addr in &self.names.resolve(uri, config, timeout)? {
            if may_reach(host, addr.ip(), self.allow_private) {
                allowed.push(*addr);
            }
        }
        if allowed.is_empty() { Err(Error::Other(Box::new(NotPublic))) } else { Ok(allowed) }
    }
}

/// This machine by its plain names leads to this machine and nowhere else, everything else to the public internet.
fn may_reach(host: &str, ip: IpAddr, allow_private: bool) -> bool {
    if is_loopback(host) { ip.is_loopback() } else { allow_private || is_public(ip) }
}

/// The guard refused every address of a name.
#[derive(Debug, thiserror::Error)]
#[error("no public address")]
struct NotPublic;

/// Why there is no answer. Errors that could hold a part of the address are not quoted.
pub(super) fn words(error: &Error, limit: Duration) -> String {
    match error {
        Error::Timeout(phase @ (Timeout::Resolve | Timeout::Connect)) => {
            format!("no whole answer within {} s ({})", limit.as_secs_f64(), phase_words(*phase))
        }
        Error::Timeout(_) => format!("no whole answer within {} s", limit.as_secs_f64()),
        Error::HostNotFound => "the name of the server does not resolve".into(),
        Error::Other(why) if why.is::<NotPublic>() => {
            "the server's address is private or special; set `allow_private = true` under [calendar] if it is meant"
                .into()
        }
        Error::Io(e) if e.kind() == io::ErrorKind::InvalidData => tls_words(&e.to_string()),
        Error::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was closed without an answer".into()
        }
        Error::Io(e) => format!("no connection: {}", e.kind()),
        Error::Tls(why) => tls_words(why),
        Error::Rustls(why) => tls_words(&why.to_string()),
        Error::Protocol(_) => "the server's answer is not HTTP".into(),
        Error::LargeResponseHeader(..) => "the answer's headers are too long".into(),
        Error::Http(_) => "the request cannot be written; is `user_agent` under [calendar] plain text?".into(),
        _ => "the request failed".into(),
    }
}

/// Why there is no secure connection. rustls names the host in its own words.
pub(super) fn tls_words(why: &str) -> String {
    let known = [
        ("UnknownIssuer", "the server's certificate is from an authority that is not trusted"),
        ("expired", "the server's certificate has expired"),
        ("not valid yet", "the server's certificate is not valid yet; is this machine's clock right?"),
        ("not valid for", "the server's certificate is for another name"),
    ];
    let found = known.iter().find(|(sign, _)| why.contains(sign));
    format!("TLS: {}", found.map_or("no secure connection with the server", |(_, words)| words))
}

/// Why a body is not whole.
fn body_words(error: io::Error, limit: Duration) -> String {
    match Error::from(error) {
        Error::Io(e) if matches!(e.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => {
            "the answer is damaged: it cannot be decompressed".into()
        }
        Error::Timeout(phase) => words(&Error::Timeout(phase), limit),
        _ => "the answer breaks off".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Lookup;
    use super::*;
    use std::net::SocketAddr;
    use std::sync::atomic::AtomicUsize;

    /// Answers one list of addresses after the other.
    #[derive(Debug, Default)]
    struct Turns(Vec<Vec<&'static str>>, AtomicUsize);

    impl Lookup for Turns {
        fn lookup(&self, _: &str, port: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
            let turn = self.1.fetch_add(1, Ordering::SeqCst);
            Some(Ok(self.0[turn].iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect()))
        }
    }

    fn reached(guard: &Guarded, url: &str) -> Option<Vec<String>> {
        let (uri, timeout) = (url.parse().unwrap(), NextTimeout::default());
        match guard.resolve(&uri, &Config::default(), timeout) {
            Ok(addrs) => Some(addrs.iter().map(ToString::to_string).collect()),
            Err(Error::Other(why)) if why.is::<NotPublic>() => None,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_lookup_is_judged_so_that_a_second_answer_cannot_lead_inside() {
        let turns = vec![vec!["8.8.8.8"], vec!["10.0.0.1", "::1"], vec!["169.254.169.254", "2606:4700::1111"]];
        let guard = Guarded { names: Names::new(Arc::new(Turns(turns, AtomicUsize::new(0)))), allow_private: false };
        let forget = || guard.names.forget(&"https://a.example/".parse().unwrap());
        assert_eq!(reached(&guard, "https://a.example/"), Some(vec!["8.8.8.8:443".into()]));
        assert_eq!(reached(&guard, "https://a.example/"), Some(vec!["8.8.8.8:443".into()]), "no second answer");
        forget();
        assert_eq!(reached(&guard, "https://a.example/"), None);
        forget();
        assert_eq!(reached(&guard, "https://a.example/"), Some(vec!["[2606:4700::1111]:443".into()]));
    }

    #[test]
    fn this_machine_is_reached_by_its_plain_names_alone_and_by_any_name_when_private_is_allowed() {
        let turns = || Arc::new(Turns(vec![vec!["127.0.0.1"]; 9], AtomicUsize::new(0)));
        for (url, plain) in [
            ("http://localhost/", true),
            ("http://127.0.0.1/", true),
            ("https://localhost.example/", false),
            ("https://0x7f.1/", false),
            ("https://2130706433/", false),
            ("https://[::ffff:127.0.0.1]/", false),
        ] {
            let strict = Guarded { names: Names::new(turns()), allow_private: false };
            assert_eq!(reached(&strict, url).is_some(), plain, "{url}");
            let open = Guarded { names: Names::new(turns()), allow_private: true };
            assert!(reached(&open, url).is_some(), "{url}");
        }
        let elsewhere = Arc::new(Turns(vec![vec!["8.8.8.8"]], AtomicUsize::new(0)));
        let guard = Guarded { names: Names::new(elsewhere), allow_private: true };
        assert_eq!(reached(&guard, "http://localhost/"), None);
    }

    #[test]
    fn odd_notations_of_an_address_are_judged_by_what_they_lead_to() {
        let guard = Guarded { names: Names::of_system(), allow_private: false };
        for url in [
            "https://0x7f.1/",
            "https://2130706433/",
            "https://0177.0.0.1/",
            "https://[::ffff:127.0.0.1]/",
            "https://0/",
        ] {
            assert_eq!(reached(&guard, url), None, "{url}");
        }
    }

    #[test]
    fn a_certificate_is_refused_without_naming_the_host() {
        let why = "invalid peer certificate: certificate not valid for name \"secret.example\"; it is only valid for x";
        assert_eq!(tls_words(why), "TLS: the server's certificate is for another name");
        assert_eq!(tls_words("secret.example"), "TLS: no secure connection with the server");
    }
}
