//! Can a server be reached? Name, connection and, where the address asks for it, TLS; then the connection is closed
//! without a word. No address and no host is part of an error: an address may be a password.

use super::connect::is_whole;
use super::get::words;
use super::{Address, Connections, Names};
use crate::model::Route;
use std::time::Duration;
use ureq::unversioned::transport::{ConnectionDetails, Connector, Transport};
use ureq::{Agent, Error};

/// Connects to the server of an address, with TLS for https, and says nothing to it. `within` is for all of it.
pub(crate) fn reach(names: &Names, to: &Address, route: &Route, within: Duration) -> Result<(), String> {
    let connections = Connections::new(route, within, names).map_err(|why| why.to_string())?;
    let config = Agent::config_builder().timeout_global(Some(within)).proxy(connections.proxy()).build();
    let proxied = route.proxy.is_some();
    let agent = Agent::with_parts(config, NoFurther { inner: connections.connector(), proxied }, names.clone());
    match agent.get(to.uri()).call() {
        Ok(_) => Ok(()),
        Err(Error::Other(why)) if why.is::<Reached>() => Ok(()),
        Err(error) => Err(words(&error, within)),
    }
}

/// The end, once there is a connection: no request goes out on it.
#[derive(Debug)]
struct NoFurther<C> {
    inner: C,
    proxied: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("there is somebody")]
struct Reached;

impl<In: Transport, C: Connector<In>> Connector<In> for NoFurther<C> {
    type Out = C::Out;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        let connected = self.inner.connect(details, chained)?;
        if is_whole(details, self.proxied) { Err(Error::Other(Box::new(Reached))) } else { Ok(connected) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Lookup;
    use crate::model::Trust;
    use std::io;
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;

    const SOON: Duration = Duration::from_millis(300);

    /// Every name is this machine, or unknown.
    #[derive(Debug)]
    struct Here(bool);

    impl Lookup for Here {
        fn lookup(&self, _: &str, port: u16, _: Duration) -> Option<io::Result<Vec<SocketAddr>>> {
            let here = SocketAddr::from(([127, 0, 0, 1], port));
            Some(if self.0 { Ok(vec![here]) } else { Err(io::ErrorKind::NotFound.into()) })
        }
    }

    fn reached(known: bool, url: &str) -> Result<(), String> {
        let route = Route::direct(Trust::built_in(""));
        reach(&Names::new(Arc::new(Here(known))), &Address::parse(url).unwrap(), &route, SOON)
    }

    #[test]
    fn a_name_that_does_not_resolve_is_told_without_the_name() {
        assert_eq!(reached(false, "https://a.example/s3cr3t"), Err("the name of the server does not resolve".into()));
    }

    #[test]
    fn a_server_is_reached_without_a_byte() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        assert_eq!(reached(true, &format!("http://a.example:{port}/s3cr3t")), Ok(()));
        let mut came = Vec::new();
        // It may end with a reset, as all our sockets do.
        let _ = io::Read::read_to_end(&mut server.accept().unwrap().0, &mut came);
        assert_eq!(came, b"");
        drop(server);
        let refused = reached(true, &format!("http://a.example:{port}/"));
        assert!(refused.as_ref().is_err_and(|why| why.starts_with("no connection: ")), "{refused:?}");
    }

    #[test]
    fn a_server_that_does_not_shake_hands_is_given_up_in_time() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://a.example:{}/", server.local_addr().unwrap().port());
        assert_eq!(reached(true, &url), Err("no whole answer within 0.3 s (connecting)".into()));
    }
}
