//! Name resolution as a port, so that a test can make it fail or hang.

use super::phase_words;
use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use ureq::Timeout;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// ureq keeps no more addresses of one host.
const MAX_ADDRS: usize = 16;

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

/// A [`Lookup`] as ureq wants it. Every failure becomes `HostNotFound`: ureq's own resolver reports an `Io` error that
/// cannot be told from a failed connection.
#[derive(Debug, Clone)]
pub(crate) struct Names(pub(crate) Arc<dyn Lookup>);

impl Names {
    /// The addresses of a host, for what does not speak HTTP; otherwise says why there are none.
    pub(crate) fn find(&self, host: &str, port: u16, within: Duration) -> Result<Vec<SocketAddr>, String> {
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        let unknown = || "the host name does not resolve".to_owned();
        let uri = format!("http://{host}:{port}/").parse::<Uri>().map_err(|_| unknown())?;
        let after = within.into();
        let timeout = NextTimeout { after, reason: Timeout::Resolve, per_read: None, per_write: None };
        match self.resolve(&uri, &Config::default(), timeout) {
            Ok(found) => Ok(found.to_vec()),
            Err(ureq::Error::Timeout(phase)) => {
                Err(format!("no answer within {} s ({})", within.as_secs_f64(), phase_words(phase)))
            }
            Err(_) => Err(unknown()),
        }
    }
}

impl Resolver for Names {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let host = uri.host().unwrap_or_default();
        let Some(found) = self.0.lookup(host, port, *timeout.after) else {
            // An address needs nobody to be asked, and no thread to wait in.
            if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
                let mut addrs = self.empty();
                addrs.push(SocketAddr::new(ip, port));
                return Ok(addrs);
            }
            // The limit may be that of the whole request, which does not say what ran out of time.
            let timeout = NextTimeout { reason: Timeout::Resolve, ..timeout };
            let found = DefaultResolver::default().resolve(uri, config, timeout);
            return found.map_err(|e| if let ureq::Error::Io(_) = e { ureq::Error::HostNotFound } else { e });
        };
        let found = found.map_err(|e| match e.kind() {
            io::ErrorKind::TimedOut => ureq::Error::Timeout(Timeout::Resolve),
            _ => ureq::Error::HostNotFound,
        })?;
        let mut addrs = self.empty();
        for addr in found.into_iter().take(MAX_ADDRS) {
            addrs.push(addr);
        }
        if addrs.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addrs) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_its_own_and_takes_no_time_to_find() {
        let names = Names(Arc::new(SystemLookup));
        for address in ["127.0.0.1", "::1", "192.0.2.7"] {
            let found = names.find(address, 8080, Duration::from_nanos(1)).unwrap();
            assert_eq!(found, [SocketAddr::new(address.parse().unwrap(), 8080)]);
        }
    }
}
