//! A TLS server on loopback under a certificate authority of its own, and a proxy that tunnels to it. Apart from `support`, so
//! that the test binaries without TLS do not carry it.
#![allow(unreachable_pub, reason = "as in `support`")]

use super::door::Door;
use super::fake_twilio::Latch;
use super::wire::{Request, response};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use tempfile::NamedTempFile;

/// What the server does with each connection.
#[derive(Debug, Clone)]
pub enum Tls {
    /// Reads a whole request and answers it with this status and body.
    Answers(u16, String),
    /// Reads a whole request and answers nothing until the client gives up.
    IsSilent,
    /// Takes the connection and never says hello.
    HangsInHandshake,
    /// Ends the connection after the handshake, and opens the latch.
    ClosesAfterHandshake(Latch),
    /// Resets it after the handshake, and opens the latch.
    ResetsAfterHandshake(Latch),
}

/// The server. Everything ends when it is dropped.
pub struct FakeTls {
    door: Door,
    ca: NamedTempFile,
    came: Arc<Mutex<Vec<u8>>>,
    hands: Arc<Mutex<Vec<HandshakeKind>>>,
}

impl FakeTls {
    /// A server with a certificate for 127.0.0.1 and `calendar.example`.
    pub fn start(does: Tls) -> Self {
        Self::start_certified(does, certified())
    }

    /// A server with this certificate.
    pub fn start_certified(does: Tls, (ca, config): (NamedTempFile, Arc<ServerConfig>)) -> Self {
        let (came, hands) = (Arc::<Mutex<Vec<u8>>>::default(), Arc::<Mutex<Vec<HandshakeKind>>>::default());
        let door = Door::open({
            let (came, hands) = (Arc::clone(&came), Arc::clone(&hands));
            // A client that goes away is what most tests are about.
            move |stream| drop(serve(stream, &config, &does, &came, &hands))
        });
        Self { door, ca, came, hands }
    }

    /// The port.
    pub fn addr(&self) -> SocketAddr {
        self.door.addr()
    }

    /// `https://127.0.0.1:port`.
    pub fn base_url(&self) -> String {
        format!("https://{}", self.addr())
    }

    /// The certificate authority, as PEM.
    pub fn ca_file(&self) -> std::path::PathBuf {
        self.ca.path().to_owned()
    }

    /// How hands were shaken on each connection.
    pub fn handshakes(&self) -> Vec<HandshakeKind> {
        self.hands.lock().unwrap().clone()
    }

    /// Ends every connection and takes no other one.
    pub fn hang_up(&mut self) {
        self.door.close(Shutdown::Both);
    }

    /// Everything that came, decrypted. Ends the server, so that nothing more can come.
    pub fn came(mut self) -> String {
        self.door.close(Shutdown::Both);
        String::from_utf8_lossy(&self.came.lock().unwrap()).into_owned()
    }
}

/// A new authority in a file, and a server it vouches for.
pub fn certified() -> (NamedTempFile, Arc<ServerConfig>) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(authority.pem().as_bytes()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(["127.0.0.1".to_owned(), "calendar.example".to_owned()]).unwrap();
    let own = names.signed_by(&key, &authority).unwrap();
    (file, server(own.der().clone(), &key))
}

/// A certificate in a file that a server made for itself as `openssl req -x509` makes one: for no name, and marked as an
/// authority.
pub fn by_itself() -> (NamedTempFile, Arc<ServerConfig>) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = params.self_signed(&key).unwrap();
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(own.pem().as_bytes()).unwrap();
    (file, server(own.der().clone(), &key))
}

fn server(own: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let versions =
        ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions();
    let config = versions.unwrap().with_no_client_auth().with_single_cert(vec![own], key).unwrap();
    Arc::new(config)
}

fn serve(
    mut stream: &TcpStream,
    config: &Arc<ServerConfig>,
    does: &Tls,
    came: &Mutex<Vec<u8>>,
    hands: &Mutex<Vec<HandshakeKind>>,
) -> io::Result<()> {
    if let Tls::HangsInHandshake = does {
        io::copy(&mut stream, &mut io::sink())?;
        return Ok(());
    }
    let mut server = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while server.is_handshaking() {
        server.complete_io(&mut stream)?;
    }
    hands.lock().unwrap().extend(server.handshake_kind());
    match does {
        Tls::ClosesAfterHandshake(closed) => {
            stream.shutdown(Shutdown::Both)?;
            closed.open();
            return Ok(());
        }
        Tls::ResetsAfterHandshake(closed) => {
            rustix::net::connect_unspec(stream)?;
            closed.open();
            return Ok(());
        }
        _ => {}
    }
    let mut reader = BufReader::new(Noting { inner: StreamOwned::new(server, stream), came });
    while Request::read(&mut reader, &mut Vec::new())?.is_some() {
        if let Tls::Answers(status, body) = does {
            reader.get_mut().inner.write_all(&response(*status, &[], body))?;
        }
    }
    Ok(())
}

/// Keeps what was read through it, also of a request that breaks off.
struct Noting<'a, R> {
    inner: R,
    came: &'a Mutex<Vec<u8>>,
}

impl<R: Read> Read for Noting<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.came.lock().unwrap().extend(&buf[..n]);
        Ok(n)
    }
}

/// A `CONNECT` proxy for one connection: it answers with this status and, if that is 200, tunnels. The thread hands out
/// the head it was sent.
pub fn proxy(status: u16) -> (String, JoinHandle<String>) {
    proxy_to(status, None)
}

/// The same, which finds every name at this address.
pub fn proxy_to(status: u16, place: Option<SocketAddr>) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let mut client = BufReader::new(listener.accept().unwrap().0);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") && client.read_line(&mut head).unwrap() > 0 {}
        write!(client.get_mut(), "HTTP/1.1 {status} X\r\n\r\n").unwrap();
        if status == 200 {
            let target = head.split(' ').nth(1).unwrap();
            let mut far = place.map_or_else(|| TcpStream::connect(target), TcpStream::connect).unwrap();
            let (mut near, mut back) = (client.get_ref().try_clone().unwrap(), far.try_clone().unwrap());
            let down = std::thread::spawn(move || {
                drop(io::copy(&mut back, &mut near));
                drop(near.shutdown(Shutdown::Both));
            });
            drop(io::copy(&mut client, &mut far));
            drop(far.shutdown(Shutdown::Both));
            down.join().unwrap();
        }
        head
    });
    (address, thread)
}
