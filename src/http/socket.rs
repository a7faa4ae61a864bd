//! Our own sockets below ureq: what a request has not delivered when it ends is thrown away, not delivered later.
//!
//! That a call is absent may be said only when its request can no longer be in flight. Once `write` has returned, that
//! is not ours to say: the bytes lie in the kernel, which goes on delivering them after the request was given up, and
//! after the process has died or was killed, for as long as it takes (some 15 minutes on Linux, `tcp_retries2` in
//! tcp(7)). A peer or a path that wakes up in that time gets a request of which everybody here believes that it is
//! over. Two options of the socket make that belief true:
//!
//! - `SO_LINGER` with 0 seconds (socket(7)): closing it, which the kernel does for a process that dies too, throws the
//!   undelivered bytes away and sends a reset.
//! - `TCP_USER_TIMEOUT` (tcp(7), Linux only): while the process lives but does not close it (stopped, or a thread that
//!   was given up), bytes that stay unacknowledged for the request's own limit end the connection in the same way.
//!
//! Bytes the peer's kernel has acknowledged are out of reach; so are those a proxy holds. For both there is the settle
//! time. Neither limit counts while the machine sleeps.
//!
//! ureq's own TCP transport has no door for socket options and its type is not public, so this is a small one in its
//! place: the same phases, the same shares of time among several addresses, the same errors.
//!
//! A connection is kept after an answer, for [`IDLE_MAX`] at most, and used again while its peer keeps it too. That is
//! asked when it is taken and once more right before the first byte of a request (see [`super::whole`]).

use crate::clock::Clock;
use rustix::net::{RecvFlags, recv, sockopt};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use ureq::unversioned::transport::time::Duration as Limit;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Error, Timeout};

/// The least time one of several addresses gets.
const ADDRESS_MIN: Duration = Duration::from_millis(10);

/// A connection that was idle for longer is not used again. Servers keep theirs for longer, most of them for a minute.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(5);

/// A clock in a transport, which must be able to show itself.
#[derive(Clone)]
struct Ticking(Arc<dyn Clock>);

impl std::fmt::Debug for Ticking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

/// The time without what is kept for later.
pub(super) fn shortened(timeout: NextTimeout, kept: Duration) -> NextTimeout {
    match timeout.after {
        Limit::Exact(after) => NextTimeout { after: Limit::Exact(after.saturating_sub(kept)), ..timeout },
        Limit::NotHappening => timeout,
    }
}

/// Opens sockets with our options.
#[derive(Debug)]
pub(super) struct TcpConnector {
    limit: Duration,
    clock: Ticking,
}

impl TcpConnector {
    pub(super) fn new(limit: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { limit, clock: Ticking(clock) }
    }
}

impl<In: Transport> Connector<In> for TcpConnector {
    type Out = Either<In, Tcp>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<In>) -> Result<Option<Self::Out>, Error> {
        // A tunnel through a proxy, whose socket came through here before.
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        let stream = connect_any(&details.addrs, details.timeout, |addr, within| open(addr, within, self.limit))?;
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        // Not registered for `Agent::shutdown`, which nobody calls: it would let undelivered bytes go out.
        Ok(Some(Either::B(Tcp::new(stream, buffers, self.clock.clone()))))
    }
}

/// Tries one address after the other. Each gets a share of the time that is left.
fn connect_any(
    addrs: &[SocketAddr],
    timeout: NextTimeout,
    connect: impl Fn(SocketAddr, Option<Duration>) -> io::Result<TcpStream>,
) -> Result<TcpStream, Error> {
    let started = Instant::now();
    let mut last = Error::ConnectionFailed;
    for (n, addr) in addrs.iter().enumerate() {
        let within = timeout.not_zero().map(|all| share(all.saturating_sub(started.elapsed()), addrs.len() - n));
        match connect(*addr, within).map_err(timed_out) {
            Ok(stream) => return Ok(stream),
            Err(e) if e.kind() == io::ErrorKind::TimedOut => {
                last = Error::Timeout(Timeout::Connect);
                if timeout.not_zero().is_some_and(|all| started.elapsed() > *all) {
                    return Err(Error::Timeout(timeout.reason));
                }
            }
            Err(e) if is_of_this_address(&e) => last = Error::Io(e),
            Err(e) => return Err(Error::Io(e)),
        }
    }
    Err(last)
}

/// What the first of so many addresses gets: the shares are 1, 1/2, 1/4, … of a sum that is exactly the whole
/// (<https://curl.se/mail/lib-2021-01/0037.html>). What it does not use is left for the others.
fn share(left: Duration, addresses: usize) -> Duration {
    let last = 0.5_f64.powi(i32::try_from(addresses).unwrap_or(i32::MAX));
    left.mul_f64(0.5 / (1.0 - last)).max(ADDRESS_MIN)
}

/// Might another address of the same host still do? Refused here, or no route from here (IPv6 without IPv6).
fn is_of_this_address(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionRefused | K::HostUnreachable | K::NetworkUnreachable | K::AddrNotAvailable)
}

/// Connects and sets every option before the first byte is written.
fn open(addr: SocketAddr, within: Option<Duration>, limit: Duration) -> io::Result<TcpStream> {
    let stream = match within {
        Some(within) => TcpStream::connect_timeout(&addr, within)?,
        None => TcpStream::connect(addr)?,
    };
    stream.set_nodelay(true)?;
    sockopt::set_socket_linger(&stream, Some(Duration::ZERO))?;
    #[cfg(target_os = "linux")]
    sockopt::set_tcp_user_timeout(&stream, user_timeout_ms(limit))?;
    #[cfg(not(target_os = "linux"))]
    let _ = limit;
    Ok(stream)
}

/// In milliseconds. At least 1: 0 stands for the system's default.
#[cfg(target_os = "linux")]
fn user_timeout_ms(limit: Duration) -> u32 {
    u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1)
}

/// A blocking socket that calls a time-out by one name.
#[derive(Debug)]
pub(super) struct Tcp {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// What the socket's own limits stand at, so that they are set only when they change.
    reads_within: Option<Duration>,
    writes_within: Option<Duration>,
    clock: Ticking,
    /// When bytes came or went last, in milliseconds of boot time.
    used_ms: i64,
}

impl Tcp {
    fn new(stream: TcpStream, buffers: LazyBuffers, clock: Ticking) -> Self {
        let used_ms = clock.0.boottime_ms();
        Self { stream, buffers, reads_within: None, writes_within: None, clock, used_ms }
    }

    fn was_idle_for(&self) -> Duration {
        Duration::from_millis(self.clock.0.boottime_ms().saturating_sub(self.used_ms).max(0).unsigned_abs())
    }

    fn read_within(&mut self, within: Option<Duration>) -> io::Result<()> {
        if self.reads_within != within {
            self.stream.set_read_timeout(within)?;
            self.reads_within = within;
        }
        Ok(())
    }

    fn write_within(&mut self, within: Option<Duration>) -> io::Result<()> {
        if self.writes_within != within {
            self.stream.set_write_timeout(within)?;
            self.writes_within = within;
        }
        Ok(())
    }
}

impl Transport for Tcp {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let timeout = left(named(timeout.for_write(), Timeout::SendRequest))?;
        self.write_within(within(&timeout))?;
        let output = self.buffers.output().get(..amount).ok_or(Error::ConnectionFailed)?;
        self.stream.write_all(output).map_err(|e| failed(e, &timeout))?;
        self.used_ms = self.clock.0.boottime_ms();
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let timeout = left(named(timeout.for_read(), Timeout::RecvResponse))?;
        let (started, limit) = (Instant::now(), within(&timeout));
        let mut rest = limit;
        loop {
            self.read_within(rest)?;
            match self.stream.read(self.buffers.input_append_buf()) {
                Ok(amount) => {
                    self.buffers.input_appended(amount);
                    self.used_ms = self.clock.0.boottime_ms();
                    return Ok(amount > 0);
                }
                // Linux does not restart a read with a time limit after a signal (signal(7)).
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {
                    rest = limit.map(|all| all.saturating_sub(started.elapsed()));
                    if rest.is_some_and(|rest| rest.is_zero()) {
                        return Err(Error::Timeout(timeout.reason));
                    }
                }
                Err(e) => return Err(failed(e, &timeout)),
            }
        }
    }

    /// Nothing to read and no end: bytes nobody asked for spoil a kept connection as an end does, also those that were
    /// read and not used. Nor was it idle for too long.
    fn is_open(&mut self) -> bool {
        let quiet = recv(&self.stream, &mut [0_u8; 1][..], RecvFlags::PEEK | RecvFlags::DONTWAIT);
        let quiet = matches!(quiet, Err(rustix::io::Errno::AGAIN)) && self.buffers.input().is_empty();
        quiet && self.was_idle_for() <= IDLE_MAX
    }
}

/// The same limit under the name of the phase: that of the whole request would not say which phase ran out of time.
fn named(timeout: NextTimeout, reason: Timeout) -> NextTimeout {
    NextTimeout { reason, ..timeout }
}

/// An error once no time is left.
fn left(timeout: NextTimeout) -> Result<NextTimeout, Error> {
    if timeout.after.is_zero() { Err(Error::Timeout(timeout.reason)) } else { Ok(timeout) }
}

/// `None`: without limit.
fn within(timeout: &NextTimeout) -> Option<Duration> {
    timeout.not_zero().map(|d| *d)
}

fn failed(error: io::Error, timeout: &NextTimeout) -> Error {
    let error = timed_out(error);
    if error.kind() == io::ErrorKind::TimedOut { Error::Timeout(timeout.reason) } else { Error::Io(error) }
}

/// A socket's own limit shows as `WouldBlock` on Unix.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::model::Timestamp;
    use std::net::TcpListener;

    fn listener() -> (TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        (listener, addr)
    }

    fn nobody() -> SocketAddr {
        listener().1
    }

    fn limit(after: Duration) -> NextTimeout {
        NextTimeout { after: Limit::from(after), reason: Timeout::Connect, per_read: None, per_write: None }
    }

    #[test]
    fn every_socket_throws_undelivered_bytes_away_when_it_is_closed_and_after_the_requests_limit() {
        let (_listener, addr) = listener();
        for (within, request) in [(None, 20_000), (Some(Duration::from_secs(5)), 1_500), (None, 0)] {
            let stream = open(addr, within, Duration::from_millis(request)).unwrap();
            assert_eq!(sockopt::socket_linger(&stream), Ok(Some(Duration::ZERO)));
            assert!(stream.nodelay().unwrap());
            #[cfg(target_os = "linux")]
            assert_eq!(sockopt::tcp_user_timeout(&stream).map(u64::from), Ok(request.max(1)));
        }
    }

    #[test]
    fn an_address_that_refuses_gives_way_to_the_next() {
        let (_listener, addr) = listener();
        let all = [nobody(), nobody(), addr];
        let stream = connect_any(&all, limit(Duration::from_secs(8)), |a, t| open(a, t, ADDRESS_MIN)).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), addr);
        let refused = connect_any(&all[..2], limit(Duration::from_secs(8)), |a, t| open(a, t, ADDRESS_MIN));
        assert!(matches!(refused, Err(Error::Io(e)) if e.kind() == io::ErrorKind::ConnectionRefused));
    }

    #[test]
    fn the_addresses_of_a_host_share_its_time_and_the_last_may_use_what_the_others_left() {
        let mut left = Duration::from_secs(15);
        let shares = [4, 3, 2, 1].map(|addresses| {
            let within = share(left, addresses);
            left -= within;
            within.as_secs()
        });
        assert_eq!(shares, [8, 4, 2, 1]);
        assert_eq!((share(left, 1), share(Duration::from_secs(15), 1)), (ADDRESS_MIN, Duration::from_secs(15)));
        let tried =
            connect_any(&[nobody(); 4], limit(Duration::from_secs(15)), |_, _| Err(io::ErrorKind::WouldBlock.into()));
        assert!(matches!(tried, Err(Error::Timeout(Timeout::Connect))));
    }

    #[test]
    fn connecting_leaves_the_time_that_is_kept_for_the_answer() {
        let after = |seconds| shortened(limit(Duration::from_secs(seconds)), Duration::from_secs(8)).after;
        assert_eq!((after(20), after(9)), (Limit::from_secs(12), Limit::from_secs(1)));
        assert_eq!(after(7), Limit::from(Duration::ZERO), "nothing is tried");
        let never = shortened(NextTimeout { after: Limit::NotHappening, ..limit(Duration::ZERO) }, Duration::ZERO);
        assert!(never.after.is_not_happening());
    }

    #[test]
    fn another_failure_is_not_tried_around() {
        let tried = std::cell::Cell::new(0);
        let failed = connect_any(&[nobody(); 2], limit(Duration::from_secs(1)), |_, _| {
            tried.set(tried.get() + 1);
            Err(io::ErrorKind::PermissionDenied.into())
        });
        assert!(matches!(failed, Err(Error::Io(_))));
        assert_eq!(tried.get(), 1);
    }

    #[test]
    fn a_kept_connection_is_open_until_its_peer_ends_it_or_says_something_unasked() {
        let (listener, addr) = listener();
        let clock = Arc::new(ManualClock::at(Timestamp::from_ms(0)));
        let pair = || {
            let stream = open(addr, None, ADDRESS_MIN).unwrap();
            let tcp = Tcp::new(stream, LazyBuffers::new(64, 64), Ticking(Arc::clone(&clock) as _));
            (tcp, listener.accept().unwrap().0)
        };
        let (mut tcp, peer) = pair();
        assert!(tcp.is_open() && tcp.is_open());
        drop(peer);
        assert!(!tcp.await_input(limit(Duration::from_secs(9))).unwrap());
        assert!(!tcp.is_open());
        let (mut tcp, mut peer) = pair();
        peer.write_all(b"x").unwrap();
        // Waits for it, and leaves it where it is.
        tcp.stream.peek(&mut [0]).unwrap();
        assert!(!tcp.is_open());
        // Read, and not used.
        assert!(tcp.await_input(limit(Duration::from_secs(9))).unwrap());
        assert!(!tcp.is_open());
        tcp.buffers.input_consume(1);
        assert!(tcp.is_open());
        clock.advance(IDLE_MAX);
        assert!(tcp.is_open());
        clock.advance(Duration::from_millis(1));
        assert!(!tcp.is_open());
    }

    #[test]
    fn no_time_left_is_a_time_out_before_anything_is_tried() {
        assert!(matches!(left(limit(Duration::ZERO)), Err(Error::Timeout(Timeout::Connect))));
        assert!(left(limit(Duration::from_millis(1))).is_ok());
    }
}
