//! Reading what is at an address that somebody else wrote: one request, without redirects, within a time, and only from
//! the public internet unless told otherwise.
//!
//! Nothing of the address, and no host or IP address, is part of an error. A proxy is used where the config names one, never
//! the environment's, which is cron's. It looks names up and connects out of reach of the guard: then a host is judged by
//! how it is written, and this machine is asked directly.
//!
//! A connection is kept for a moment, for the next address of the same server: scheme, host and port. Each was made to
//! an address that the guard has let pass, and its TLS is that host's. Reading is safe to repeat: where a kept connection
//! turns out to have ended, the request goes out on another one.

use super::guard::{Guarded, NotPublic};
use super::logins::Logins;
use super::{Address, Connections, IDLE_MAX, Names, is_stale, phase_words, proxy_words};
use crate::model::{Route, is_private_host};
use crate::tls;
use flate2::read::MultiGzDecoder;
use std::io::{self, Read};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use ureq::http::header::AUTHORIZATION;
use ureq::http::{HeaderMap, HeaderValue, Request, Response};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Agent, AsSendBody, Body, Error, Timeout};

const NOT_PUBLIC: &str =
    "the server's address is private or special; set `allow_private = true` under [calendar] if it is meant";

/// The longest head of an answer, in bytes.
const HEAD_MAX: usize = 32 * 1024;

/// So many connections are kept: as many as calendars may be read at once (`calendar.parallel`).
const KEPT_MAX: usize = 64;

/// A client for all who may reach the same. Built with its first request.
pub(crate) struct Getter {
    names: Names,
    allow_private: bool,
    limit: Duration,
    route: Route,
    logins: Logins,
    direct: OnceLock<Result<Agent, String>>,
    proxied: OnceLock<Result<Agent, String>>,
}

/// A request that changes nothing (RFC 9110 section 9.2.1), so that it may be repeated.
pub(crate) struct Question<'a> {
    /// `GET`, or another method of which the server's standard says that it is safe.
    pub(crate) method: &'a str,
    /// Besides the login, which comes from the address.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    /// What is sent with it.
    pub(crate) body: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// What is there?
    pub(crate) const fn get(headers: &'a [(&'a str, &'a str)]) -> Self {
        Self { method: "GET", headers, body: None }
    }

    fn to(
        &self,
        address: &Address,
        login: Option<HeaderValue>,
        agent: &Agent,
        within: Duration,
    ) -> Result<Response<Body>, Error> {
        let request = Request::builder().method(self.method).uri(address.uri());
        let request = self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = login.into_iter().fold(request, |request, login| request.header(AUTHORIZATION, login));
        match self.body {
            None => run(agent, request.body(())?, within),
            Some(body) => run(agent, request.body(body)?, within),
        }
    }
}

fn run(agent: &Agent, request: Request<impl AsSendBody>, within: Duration) -> Result<Response<Body>, Error> {
    agent.run(agent.configure_request(request).timeout_global(Some(within)).build())
}

/// Why there is no answer.
pub(crate) struct Unanswered {
    /// In words.
    pub(crate) why: String,
    /// No server was reached.
    pub(crate) unreached: bool,
}

/// The head of an answer, and a body still to be read.
pub(crate) struct Got {
    response: Response<Body>,
    limit: Duration,
}

impl Getter {
    /// A client whose errors speak of `limit` as the time an exchange has. With `allow_private` it also connects to
    /// addresses that are not public.
    pub(crate) fn new(names: &Names, allow_private: bool, route: &Route, limit: Duration) -> Self {
        let (direct, proxied) = (OnceLock::new(), OnceLock::new());
        Self {
            names: names.clone(),
            allow_private,
            limit,
            route: route.clone(),
            logins: Logins::default(),
            direct,
            proxied,
        }
    }

    /// Who asks there.
    fn agent(&self, at: &Address) -> Result<&Agent, Unanswered> {
        let unreached = |why: &str| Unanswered { why: why.to_owned(), unreached: true };
        let agent = if self.route.proxy.is_none() || at.is_loopback() {
            self.direct.get_or_init(|| self.build(&Route { proxy: None, ..self.route.clone() }))
        } else if !self.allow_private && is_private_host(at.host()) {
            return Err(unreached(NOT_PUBLIC));
        } else {
            self.proxied.get_or_init(|| self.build(&self.route))
        };
        agent.as_ref().map_err(|why| unreached(why))
    }

    fn build(&self, route: &Route) -> Result<Agent, String> {
        let connections = Connections::new(route, self.limit, &self.names).map_err(|why| why.to_string())?;
        let config = Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(HEAD_MAX)
            // The whole head stands in it before it is read.
            .input_buffer_size(2 * HEAD_MAX)
            .proxy(connections.proxy())
            .allow_non_standard_methods(true)
            .max_idle_connections(KEPT_MAX)
            .max_idle_connections_per_host(KEPT_MAX)
            .max_idle_age(IDLE_MAX)
            .build();
        // Of a route through a proxy its own name alone is looked up here.
        let allow_private = self.allow_private || route.proxy.is_some();
        let resolver = Guarded { names: self.names.clone(), allow_private };
        Ok(Agent::with_parts(config, Lines(connections.connector()), resolver))
    }

    /// Asks once, and once more where the server refuses the login as it was sent and wants another one. `within` is for
    /// everything: name, connection, answer, and the body's last byte.
    pub(crate) fn ask(&self, at: &Address, question: &Question<'_>, within: Duration) -> Result<Got, Unanswered> {
        let started = Instant::now();
        let got = self.ask_once(at, question, within)?;
        if got.status() != 401 || !self.logins.refused(at, got.headers()) {
            return Ok(got);
        }
        // Read to its end, an answer gives its connection back.
        let _ = got.body(HEAD_MAX);
        self.ask_once(at, question, within.saturating_sub(started.elapsed()))
    }

    fn ask_once(&self, at: &Address, question: &Question<'_>, within: Duration) -> Result<Got, Unanswered> {
        let agent = self.agent(at)?;
        let ask = |within| question.to(at, self.logins.header(at, question.method), agent, within);
        let (started, mut answer) = (Instant::now(), ask(within));
        // Each time one connection is dropped, and a new one is never among these.
        while let Err(error) = &answer
            && (is_stale(error) || is::<Gone>(error))
        {
            answer = ask(within.saturating_sub(started.elapsed()));
        }
        match answer {
            Ok(response) => Ok(Got { response, limit: self.limit }),
            Err(error) => Err(Unanswered { why: words(&error, self.limit), unreached: is_unreached(&error) }),
        }
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
            "" | "identity" => read_as_it_is(came, most),
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

/// All of connecting. Its failures say that no server was reached.
#[derive(Debug)]
struct Lines<C>(C);

impl<In: Transport, C: Connector<In>> Connector<In> for Lines<C> {
    type Out = Line<C::Out>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let connected = self.0.connect(details, chained).map_err(|error| Error::Other(Box::new(NotReached(error))))?;
        Ok(connected.map(|inner| Line { inner, kept: false, asks: false }))
    }
}

/// A connection that knows whether it served before.
#[derive(Debug)]
struct Line<T> {
    inner: T,
    /// An answer has come over it.
    kept: bool,
    /// Nothing of the next one has.
    asks: bool,
}

impl<T: Transport> Transport for Line<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.asks = true;
        self.inner.transmit_output(amount, timeout)
    }

    /// The request leaves here as well: see [`super::whole`].
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let came = self.inner.await_input(timeout);
        if std::mem::take(&mut self.asks) {
            let ended = matches!(came, Ok(false) | Err(Error::Io(_)));
            if std::mem::replace(&mut self.kept, true) && ended {
                return Err(Error::Other(Box::new(Gone)));
            }
        }
        came
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// There is no connection.
#[derive(Debug, thiserror::Error)]
#[error("no connection")]
struct NotReached(#[source] Error);

/// A connection that was kept ended before anything of an answer came.
#[derive(Debug, thiserror::Error)]
#[error("the connection that was kept is closed")]
struct Gone;

fn is<E: std::error::Error + 'static>(error: &Error) -> bool {
    matches!(error, Error::Other(why) if why.is::<E>())
}

/// Did it fail before a server was reached?
fn is_unreached(error: &Error) -> bool {
    let unnamed = matches!(error, Error::HostNotFound | Error::Timeout(Timeout::Resolve));
    unnamed || is::<NotPublic>(error) || is::<NotReached>(error)
}

/// Unpacks to the end; `None`: longer than `most`. More bytes than that may not come either, whatever is in them.
fn unzip(from: impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut unzipped = MultiGzDecoder::new(from.take(one_more(most)));
    let whole = read_up_to(&mut unzipped, most);
    if unzipped.get_ref().limit() == 0 { Ok(None) } else { whole }
}

/// Reads what is said to be no archive. Some servers send one all the same, and no calendar begins with the mark of gzip
/// (RFC 1952 section 2.3.1).
fn read_as_it_is(mut from: impl Read, most: usize) -> io::Result<Option<Vec<u8>>> {
    let mut start = Vec::new();
    from.by_ref().take(2).read_to_end(&mut start)?;
    let zipped = start == [0x1f, 0x8b];
    let whole = io::Cursor::new(start).chain(from);
    if zipped { unzip(whole, most) } else { read_up_to(whole, most) }
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

/// Why there is no answer. Errors that could hold a part of the address are not quoted.
pub(super) fn words(error: &Error, limit: Duration) -> String {
    match error {
        Error::Other(why) if let Some(NotReached(why)) = why.downcast_ref() => match why {
            Error::HostNotFound => "the name of the proxy does not resolve".into(),
            why => words(why, limit),
        },
        Error::ConnectProxyFailed(reason) => proxy_words(reason),
        Error::Timeout(phase @ (Timeout::Resolve | Timeout::Connect)) => {
            format!("no whole answer within {} s ({})", limit.as_secs_f64(), phase_words(*phase))
        }
        Error::Timeout(_) => format!("no whole answer within {} s", limit.as_secs_f64()),
        Error::HostNotFound => "the name of the server does not resolve".into(),
        Error::Other(why) if why.is::<NotPublic>() => NOT_PUBLIC.into(),
        Error::Io(e) if let Some(words) = tls::words(e) => words,
        Error::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
            "the connection was closed without an answer".into()
        }
        Error::Io(e) => format!("no connection: {}", e.kind()),
        Error::Tls(why) => format!("TLS: {why}"),
        Error::Rustls(why) => tls::words(why).unwrap_or_default(),
        Error::Protocol(_) => "the server's answer is not HTTP".into(),
        Error::LargeResponseHeader(..) => "the answer's headers are too long".into(),
        Error::Http(_) => "the request cannot be written; is `user_agent` under [calendar] plain text?".into(),
        _ => "the request failed".into(),
    }
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
    use super::*;
    use crate::model::Trust;
    use std::io::Write;
    use std::net::TcpListener;
    use std::thread;

    #[test]
    fn a_question_goes_out_with_its_method_its_login_and_its_body() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://ana:pw@{}/home/", server.local_addr().unwrap());
        let peer = thread::spawn(move || {
            let (mut stream, _) = server.accept().unwrap();
            let mut asked = Vec::new();
            while !asked.ends_with(b"<a/>") {
                let mut part = [0; 1024];
                let read = stream.read(&mut part).unwrap();
                asked.extend_from_slice(&part[..read]);
            }
            stream.write_all(b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 4\r\n\r\n<b/>").unwrap();
            String::from_utf8(asked).unwrap().to_ascii_lowercase()
        });
        let (limit, names) = (Duration::from_secs(60), Names::of_system());
        let getter = Getter::new(&names, false, &Route::direct(Trust::built_in("")), limit);
        let question = Question { method: "PROPFIND", headers: &[("Depth", "0")], body: Some("<a/>") };
        let got =
            getter.ask(&Address::parse(&url).unwrap(), &question, limit).unwrap_or_else(|no| panic!("{}", no.why));
        assert_eq!((got.status(), got.body(4).unwrap()), (207, b"<b/>".to_vec()));
        let asked = peer.join().unwrap();
        assert!(asked.starts_with("propfind /home/ http/1.1\r\n"), "{asked}");
        for header in ["depth: 0", "content-length: 4", "authorization: basic yw5honb3"] {
            assert!(asked.contains(&format!("\r\n{header}\r\n")), "{header} in {asked}");
        }
    }
}
