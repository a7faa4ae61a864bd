//! A request that is given up is over: what the peer had not received by then never reaches it.

use crate::support::alone::again;
use crate::support::{Open, direct};
use rustix::net::sockopt;
use savehub::provider::http::{FailureKind, HttpClient, HttpSettings};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Stdio;
use std::time::Duration;

/// Far more than the buffers of both kernels hold (4 MiB and what is set below).
const BODY: usize = 16 << 20;

/// Names the peer to [`a_client_that_waits_to_be_killed`].
const PEER: &str = "GIVEN_UP_PEER";

/// A peer whose kernel takes little and whose program reads nothing until the test says so.
fn peer() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Inherited by what is accepted from it.
    sockopt::set_socket_recv_buffer_size(&listener, 4096).unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

fn client(request_timeout: Duration) -> HttpClient {
    HttpClient::new(HttpSettings { request_timeout, route: direct(), locked: None })
}

fn post(addr: SocketAddr, limit: Duration) -> Option<FailureKind> {
    let form = "x".repeat(BODY);
    client(limit).post(&format!("http://{addr}/"), &"Basic eDp5".into(), &form, &Open).err().map(|f| f.kind)
}

/// Reads to the end: how much came, and how it ended.
fn read_all(mut stream: TcpStream) -> (u64, io::Result<()>) {
    let mut whole = 0;
    let mut buf = vec![0; 65536];
    loop {
        match stream.read(&mut buf) {
            Ok(0) => return (whole, Ok(())),
            Ok(n) => whole += n as u64,
            Err(e) => return (whole, Err(e)),
        }
    }
}

fn assert_reset((came, end): (u64, io::Result<()>)) {
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    // What the peer's kernel had acknowledged before stays readable there; the rest is gone.
    assert!((1..BODY as u64).contains(&came), "{came}");
}

#[test]
fn a_request_that_ran_out_of_time_is_reset_and_its_rest_is_never_delivered() {
    let (listener, addr) = peer();
    let failed = post(addr, Duration::from_millis(1500)).unwrap();
    assert_eq!(failed, FailureKind::Unknown("no answer within 1.5 s (sending the request)".into()));
    // Only now does the peer's program look.
    assert_reset(read_all(listener.accept().unwrap().0));
}

#[test]
fn a_plain_sockets_bytes_are_delivered_long_after_it_was_given_up() {
    // What would happen without our options: the reason for them.
    let (listener, addr) = peer();
    let plain = TcpStream::connect(addr).unwrap();
    plain.set_nonblocking(true).unwrap();
    let (chunk, mut left) = (vec![0; 65536], 0_u64);
    while let Ok(n) = (&plain).write(&chunk) {
        left += n as u64;
    }
    drop(plain);
    let (came, end) = read_all(listener.accept().unwrap().0);
    assert!(end.is_ok() && left > 65536);
    assert_eq!(came, left, "every byte came, though nobody waited for an answer any more");
}

#[test]
fn a_request_of_a_killed_process_is_reset_by_its_kernel() {
    // The process that is killed is this test once more.
    if let Ok(addr) = std::env::var(PEER) {
        post(addr.parse().unwrap(), Duration::from_secs(600));
        return;
    }
    let (listener, addr) = peer();
    let mut child = again(a_request_of_a_killed_process_is_reset_by_its_kernel)
        .env(PEER, addr.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let stream = listener.accept().unwrap().0;
    // Its request has begun to arrive.
    stream.peek(&mut [0]).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_reset(read_all(stream));
}

#[test]
fn a_gate_that_refuses_at_the_body_leaves_a_reset_and_no_body() {
    struct Shut;
    impl savehub::provider::Gate for Shut {
        fn pass(&self) -> Result<(), savehub::model::FenceReason> {
            Err(savehub::model::FenceReason::Stopped)
        }
    }
    let (listener, addr) = peer();
    let refused = client(Duration::from_secs(20)).post(&format!("http://{addr}/"), &"Basic eDp5".into(), "To=1", &Shut);
    assert!(matches!(refused.unwrap_err().kind, FailureKind::NotSent(_)));
    let mut came = Vec::new();
    let end = listener.accept().unwrap().0.read_to_end(&mut came);
    assert!(end.is_err() && !String::from_utf8_lossy(&came).contains("To=1"), "{came:?}");
}

#[test]
fn a_complete_exchange_loses_nothing_to_the_reset_at_its_end() {
    let (listener, addr) = peer();
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        let mut request = crate::support::wire::Request::default();
        let mut raw = Vec::new();
        if let Some(read) =
            crate::support::wire::Request::read(&mut io::BufReader::new(stream.try_clone().unwrap()), &mut raw).unwrap()
        {
            request = read;
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok").unwrap();
        drop(stream.shutdown(Shutdown::Write));
        request.body.len()
    });
    let form = "x".repeat(BODY);
    let answer = client(Duration::from_secs(600)).post(&format!("http://{addr}/"), &"Basic eDp5".into(), &form, &Open);
    assert_eq!(answer.unwrap().body, b"ok");
    assert_eq!(server.join().unwrap(), BODY);
}
