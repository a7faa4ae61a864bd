//! All of connecting: a proxy's tunnel (ureq's own, over our socket to the proxy) or a socket of ours, TLS where the address
//! asks for it, and the look at a kept connection right before a request.

use super::Names;
use super::secure::TlsConnector;
use super::socket::{TcpConnector, shortened};
use super::whole::Whole;
use crate::clock::{Clock, SystemClock};
use crate::model::Route;
use crate::tls;
use rustls::ClientConfig;
use std::sync::Arc;
use std::time::Duration;
use ureq::unversioned::transport::{ConnectProxyConnector, ConnectionDetails, Connector, Either, Transport};
use ureq::{Error, Proxy, ProxyProtocol, Timeout};

/// How connections are made.
pub(crate) struct Connections {
    /// The request's own limit.
    limit: Duration,
    /// So much of it is kept for what comes after connecting.
    kept: Duration,
    proxy: Option<Proxy>,
    tls: Arc<ClientConfig>,
    /// Whoever found the addresses: those that cannot be connected to are forgotten.
    names: Names,
    /// Its boot time says how long a connection was idle: a machine may have slept meanwhile.
    clock: Arc<dyn Clock>,
}

/// Why no connection can be made that way.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoRoute {
    /// In words.
    #[error("{0}")]
    Certificates(String),
    /// It may hold a password.
    #[error("the configured proxy address cannot be used")]
    Proxy,
}

impl Connections {
    /// Connecting may take all of the limit.
    pub(crate) fn new(route: &Route, limit: Duration, names: &Names) -> Result<Self, NoRoute> {
        let proxy = route.proxy.as_deref().map(proxy).transpose()?;
        let tls = tls::client(&route.trust).map_err(NoRoute::Certificates)?;
        Ok(Self { limit, kept: Duration::ZERO, proxy, tls, names: names.clone(), clock: Arc::new(SystemClock) })
    }

    /// The same, where so much of the limit is kept for what comes after connecting, timed by this clock.
    pub(crate) fn keeping(self, kept: Duration, clock: &Arc<dyn Clock>) -> Self {
        Self { kept, clock: Arc::clone(clock), ..self }
    }

    /// What the config of an agent has to know as well.
    pub(crate) fn proxy(&self) -> Option<Proxy> {
        self.proxy.clone()
    }

    /// A proxy's tunnel or our own TCP, and TLS where the address asks for it.
    pub(crate) fn connector(self) -> impl Connector {
        let Self { limit, kept, proxy, tls, names, clock } = self;
        // The order of ureq's own chain, without the SOCKS proxies that the config refuses.
        let chain =
            ().chain(ConnectProxyConnector::default()).chain(TcpConnector::new(limit, clock)).chain(TlsConnector(tls));
        Connecting { chain, kept, proxied: proxy.is_some(), names }
    }
}

fn proxy(address: &str) -> Result<Proxy, NoRoute> {
    // Anything else would be passed by, not used.
    let used = |proxy: &Proxy| matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https);
    Proxy::new(address).ok().filter(used).ok_or(NoRoute::Proxy)
}

/// Is it all of connecting? The connection to a proxy comes through here once more, within that to the server.
pub(super) fn is_whole(details: &ConnectionDetails<'_>, proxied: bool) -> bool {
    details.config.proxy().is_some() == proxied
}

/// All of connecting: leaves time for the rest, and calls a time-out by the name of this phase.
#[derive(Debug)]
struct Connecting<C> {
    chain: C,
    kept: Duration,
    proxied: bool,
    names: Names,
}

impl<In: Transport, C: Connector<In>> Connector<In> for Connecting<C> {
    type Out = Either<C::Out, Whole<C::Out>>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let whole = is_whole(details, self.proxied);
        let timeout = if whole { shortened(details.timeout, self.kept) } else { details.timeout };
        if timeout.after.is_zero() {
            return Err(Error::Timeout(Timeout::Connect));
        }
        let details = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout,
            current_time: Arc::clone(&details.current_time),
            run_connector: Arc::clone(&details.run_connector),
            register_shutdown: Arc::clone(&details.register_shutdown),
        };
        let connected = self.chain.connect(&details, chained).map_err(|error| {
            self.names.forget(details.uri);
            match error {
                // A proxy's name is looked up here, too.
                Error::Timeout(phase) if phase != Timeout::Resolve => Error::Timeout(Timeout::Connect),
                other => other,
            }
        })?;
        Ok(connected.map(|line| if whole { Either::B(Whole::new(line)) } else { Either::A(line) }))
    }
}
