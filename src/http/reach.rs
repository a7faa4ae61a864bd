//! Can a server be reached? Name, connection and, where the address asks for it, TLS; then the connection is closed
//! without a word. No address and no host is part of an error: an address may be a password.

use super::{Address, Names};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many addresses of a host are tried.
const ADDRESSES_MAX: usize = 4;

/// The least time one step gets.
const STEP_MIN: Duration = Duration::from_millis(10);

/// Connects to the server of an address, with TLS for https, and says nothing to it. `ca_file`: a PEM file with the only
/// authorities to trust. `within` is for all of it.
pub(crate) fn reach(names: &Names, to: &Address, ca_file: Option<&Path>, within: Duration) -> Result<(), String> {
    let until = Instant::now() + within;
    let host = to.host().trim_start_matches('[').trim_end_matches(']');
    let standard = if to.is_secure() { 443 } else { 80 };
    let addresses = names.find(host, to.uri().port_u16().unwrap_or(standard), within)?;
    let mut stream = connect(&addresses, until, within)?;
    if !to.is_secure() {
        return Ok(());
    }
    let config = ClientConfig::builder().with_root_certificates(roots(ca_file)?).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "TLS: the host's name is none a certificate has")?;
    let tls = ClientConnection::new(Arc::new(config), name);
    let tls = tls.map_err(|_| "TLS cannot be set up")?;
    shake_hands(&mut stream, tls, until).map_err(|error| words(&error, "shaking hands", within))
}

/// Tries one address after the other; what is left of the time is shared evenly.
fn connect(addresses: &[SocketAddr], until: Instant, within: Duration) -> Result<TcpStream, String> {
    let tried = addresses.get(..ADDRESSES_MAX).unwrap_or(addresses);
    let mut last = "the host name has no address".to_owned();
    for (shares, address) in (1..=tried.len()).rev().zip(tried) {
        let share = left(until) / u32::try_from(shares).unwrap_or(1);
        match TcpStream::connect_timeout(address, share.max(STEP_MIN)) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = words(&error, "connecting", within),
        }
    }
    Err(last)
}

fn shake_hands(stream: &mut TcpStream, mut tls: ClientConnection, until: Instant) -> io::Result<()> {
    let limit = Some(left(until).max(STEP_MIN));
    stream.set_read_timeout(limit)?;
    stream.set_write_timeout(limit)?;
    while tls.is_handshaking() {
        if left(until).is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        tls.complete_io(stream)?;
    }
    tls.send_close_notify();
    // Whoever has shaken hands is there, whatever becomes of the goodbye.
    let _ = tls.complete_io(stream);
    Ok(())
}

/// The authorities of this file, or the built-in ones.
fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, String> {
    let Some(file) = ca_file else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|_| "ca_file cannot be read")? {
        let added = certificate.map(|certificate| roots.add(certificate).is_ok());
        added.ok().filter(|added| *added).ok_or("ca_file is not PEM with certificates")?;
    }
    if roots.is_empty() { Err("ca_file holds no certificate".into()) } else { Ok(roots) }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

fn words(error: &io::Error, phase: &str, within: Duration) -> String {
    match error.kind() {
        // A socket's own limit shows as `WouldBlock` on Unix.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
            format!("no answer within {} s ({phase})", within.as_secs_f64())
        }
        io::ErrorKind::InvalidData => super::get::tls_words(&error.to_string()),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => "the connection was closed".into(),
        kind => format!("no connection: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Lookup;
    use std::net::TcpListener;

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
        reach(&Names::new(Arc::new(Here(known))), &Address::parse(url).unwrap(), None, SOON)
    }

    #[test]
    fn a_name_that_does_not_resolve_is_told_without_the_name() {
        assert_eq!(reached(false, "https://a.example/s3cr3t"), Err("the host name does not resolve".into()));
    }

    #[test]
    fn a_server_is_reached_without_a_byte() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = server.local_addr().unwrap().port();
        assert_eq!(reached(true, &format!("http://a.example:{port}/s3cr3t")), Ok(()));
        let mut came = Vec::new();
        io::Read::read_to_end(&mut server.accept().unwrap().0, &mut came).unwrap();
        assert_eq!(came, b"");
        drop(server);
        let refused = reached(true, &format!("http://a.example:{port}/"));
        assert!(refused.as_ref().is_err_and(|why| why.starts_with("no connection: ")), "{refused:?}");
    }

    #[test]
    fn a_server_that_does_not_shake_hands_is_given_up_in_time() {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://a.example:{}/", server.local_addr().unwrap().port());
        assert_eq!(reached(true, &url), Err("no answer within 0.3 s (shaking hands)".into()));
    }

    #[test]
    fn an_authority_file_that_holds_none_is_told() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(roots(Some(file.path())).unwrap_err(), "ca_file holds no certificate");
        assert_eq!(roots(Some(Path::new("/nowhere"))).unwrap_err(), "ca_file cannot be read");
        assert!(!roots(None).unwrap().is_empty());
    }
}
