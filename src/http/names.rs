//! Name resolution as a port, so that a test can make it fail or hang; and a name is looked up once for all who ask.

use super::phase_words;
use std::collections::HashMap;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use ureq::Timeout;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// ureq keeps no more addresses of one host.
const MAX_ADDRS: usize = 16;

/// What was found holds for so long: longer than a tick.
const HOLDS: Duration = Duration::from_secs(60);

/// Who waits for another's look-up waits for so long, then asks as well: one lost packet keeps its sender waiting for 5 s
/// (resolv.conf(5), `timeout`).
const PATIENCE: Duration = Duration::from_secs(1);

/// Finds the addresses of a host.
pub trait Lookup: Debug + Send + Sync + 'static {
    /// `None`: as the system does it. An error of kind `TimedOut` counts as a time-out, every other one as a name that
    /// does not resolve. `within` is the time the request has left for it; nobody enforces it.
    fn lookup(&self, host: &str, port: u16, within: Duration) -> Option<io::Result<Vec<SocketAddr>>>;
}

/// getaddrinfo(3), in a thread that is left behind when it takes too long.
#[derive(Debug, Clone, Copy)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, _: &str, _: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
        None
    }
}

/// Why no address of a host is known.
#[derive(Debug, Clone, Copy)]
enum Why {
    TimedOut,
    Unknown,
}

impl From<Why> for ureq::Error {
    fn from(why: Why) -> Self {
        match why {
            Why::TimedOut => Self::Timeout(Timeout::Resolve),
            Why::Unknown => Self::HostNotFound,
        }
    }
}

/// A host that was asked for.
#[derive(Debug, Default)]
struct Host {
    state: Mutex<Asked>,
    told: Condvar,
}

#[derive(Debug, Default)]
struct Asked {
    /// Somebody is at it; the others take that answer, whatever it is.
    under_way: bool,
    answer: Option<Result<Vec<SocketAddr>, Why>>,
    /// Since when the answer holds.
    since: Option<Instant>,
}

/// A [`Lookup`] as ureq wants it, shared by all clones. Each host is looked up once and then known for a minute, or until
/// a connection to it fails. Every failure becomes `HostNotFound`: ureq's own resolver reports an `Io` error that cannot
/// be told from a failed connection.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    lookup: Arc<dyn Lookup>,
    hosts: Arc<Mutex<Hosts>>,
    patience: Duration,
}

/// Each by its name and port.
type Hosts = HashMap<(String, u16), Arc<Host>>;

impl Names {
    pub(crate) fn new(lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup, hosts: Arc::default(), patience: PATIENCE }
    }

    /// As the system resolves them.
    pub(crate) fn of_system() -> Self {
        Self::new(Arc::new(SystemLookup))
    }

    /// The addresses of a host, for what does not speak HTTP, looked up anew; otherwise says why there are none.
    pub(crate) fn find(&self, host: &str, port: u16, within: Duration) -> Result<Vec<SocketAddr>, String> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let unknown = || "the host name does not resolve".to_owned();
        let uri = format!("http://{host}:{port}/").parse::<Uri>().map_err(|_| unknown())?;
        let after = within.into();
        let timeout = NextTimeout { after, reason: Timeout::Resolve, per_read: None, per_write: None };
        self.look_up(&uri, &Config::default(), timeout).map_err(|why| match why {
            Why::TimedOut => {
                format!("no answer within {} s ({})", within.as_secs_f64(), phase_words(Timeout::Resolve))
            }
            Why::Unknown => unknown(),
        })
    }

    /// The next request asks anew where this host is: what was found led nowhere.
    pub(crate) fn forget(&self, uri: &Uri) {
        self.hosts().remove(&key(uri));
    }

    fn hosts(&self) -> MutexGuard<'_, Hosts> {
        // Each change of the map is one step: whoever panicked left it whole.
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known, or what somebody finds out, or what we do.
    fn known(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Why> {
        let host = Arc::clone(self.hosts().entry(key(uri)).or_default());
        let mut asked = host.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(Ok(found)), true) = (&asked.answer, asked.since.is_some_and(|since| since.elapsed() < HOLDS)) {
            return Ok(found.clone());
        }
        let started = Instant::now();
        if asked.under_way {
            let within = self.patience.min(*timeout.after);
            let waited = host.told.wait_timeout_while(asked, within, |asked| asked.under_way);
            let (told, waited) = waited.unwrap_or_else(PoisonError::into_inner);
            if let (Some(answer), false) = (&told.answer, waited.timed_out()) {
                return answer.clone();
            }
        } else {
            asked.under_way = true;
            drop(asked);
        }
        let after = timeout.after.saturating_sub(started.elapsed()).into();
        let answer = self.look_up(uri, config, NextTimeout { after, ..timeout });
        let mut asked = host.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever looked in vain takes nothing away from who was quicker.
        if asked.under_way || answer.is_ok() {
            *asked = Asked { under_way: false, answer: Some(answer.clone()), since: Some(Instant::now()) };
        }
        drop(asked);
        host.told.notify_all();
        answer
    }

    fn look_up(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<Vec<SocketAddr>, Why> {
        let (host, port) = key(uri);
        let Some(found) = self.lookup.lookup(&host, port, *timeout.after) else {
            // An address needs nobody to be asked, and no thread to wait in.
            if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
                return Ok(vec![SocketAddr::new(ip, port)]);
            }
            let found = DefaultResolver::default().resolve(uri, config, timeout);
            return found.map(|found| found.to_vec()).map_err(|error| match error {
                ureq::Error::Timeout(_) => Why::TimedOut,
                _ => Why::Unknown,
            });
        };
        let found =
            found.map_err(|e| if e.kind() == io::ErrorKind::TimedOut { Why::TimedOut } else { Why::Unknown })?;
        if found.is_empty() { Err(Why::Unknown) } else { Ok(found) }
    }
}

/// A host and its port.
fn key(uri: &Uri) -> (String, u16) {
    let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
    (uri.host().unwrap_or_default().to_owned(), port)
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addrs = self.empty();
        for addr in self.known(uri, config, timeout)?.into_iter().take(MAX_ADDRS) {
            addrs.push(addr);
        }
        Ok(addrs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, Sender, channel};

    /// Says that it was asked, and finds this machine once it is told to.
    #[derive(Debug)]
    struct Slow(Sender<()>, Mutex<Receiver<()>>);

    impl Lookup for Slow {
        fn lookup(&self, _: &str, port: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
            self.0.send(()).unwrap();
            self.1.lock().unwrap().recv().unwrap();
            Some(Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))]))
        }
    }

    #[test]
    fn all_who_ask_for_a_name_while_it_is_looked_up_take_that_answer() {
        let ((asks, asked), (tell, told)) = (channel(), channel());
        let names = Names { patience: Duration::from_secs(600), ..Names::new(Arc::new(Slow(asks, Mutex::new(told)))) };
        let uri: Uri = "http://a.example/".parse().unwrap();
        let find = || names.resolve(&uri, &Config::default(), NextTimeout::default()).unwrap().to_vec();
        std::thread::scope(|scope| {
            let first = scope.spawn(find);
            asked.recv().unwrap();
            let others = [(); 3].map(|()| scope.spawn(find));
            tell.send(()).unwrap();
            let answers = [first].into_iter().chain(others).map(|thread| thread.join().unwrap());
            assert!(answers.eq(vec![vec![SocketAddr::from(([127, 0, 0, 1], 80))]; 4]));
        });
        assert!(asked.try_recv().is_err(), "nobody else asked");
    }

    #[test]
    fn who_lost_patience_with_a_look_up_asks_as_well_and_the_first_one_is_served_by_it() {
        let ((asks, asked), (tell, told)) = (channel(), channel());
        let names = Names { patience: Duration::ZERO, ..Names::new(Arc::new(Slow(asks, Mutex::new(told)))) };
        let uri: Uri = "http://a.example/".parse().unwrap();
        let find = || names.resolve(&uri, &Config::default(), NextTimeout::default()).unwrap().len();
        std::thread::scope(|scope| {
            let first = scope.spawn(find);
            asked.recv().unwrap();
            let second = scope.spawn(find);
            asked.recv().unwrap();
            for _ in 0..2 {
                tell.send(()).unwrap();
            }
            assert_eq!((first.join().unwrap(), second.join().unwrap()), (1, 1));
        });
    }

    #[test]
    fn an_address_is_its_own_and_takes_no_time_to_find() {
        let names = Names::of_system();
        for address in ["127.0.0.1", "::1", "192.0.2.7"] {
            let found = names.find(address, 8080, Duration::from_nanos(1)).unwrap();
            assert_eq!(found, [SocketAddr::new(address.parse().unwrap(), 8080)]);
        }
    }
}
