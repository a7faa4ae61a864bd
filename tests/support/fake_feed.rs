//! A server of calendars on loopback. It keeps every request, and answers each with what was scripted, or with what it
//! serves.

use super::door::Door;
use super::wire::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::VecDeque;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

/// The secret part of [`FakeFeed::url`].
pub const SECRET: &str = "private-s3cr3tc4n4ry";

/// A calendar with one meeting, of which only the title counts.
pub fn calendar(title: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1@example.com\r\nDTSTAMP:20261101T000000Z\r\n\
         DTSTART:20261122T090000Z\r\nSUMMARY:{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// What a request meets.
#[derive(Debug, Clone)]
pub enum Serves {
    /// A calendar as a good server serves it: 304 to somebody who has it.
    Calendar {
        /// The calendar.
        body: String,
        /// `ETag`, if it tells one.
        etag: Option<&'static str>,
        /// `Last-Modified`, if it tells one.
        last_modified: Option<&'static str>,
    },
    /// This status with these headers and this body, and its length.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// These bytes, and the end.
    Raw(Vec<u8>),
    /// The first bytes at once, then the others one by one until the client leaves or has all.
    Drip(Vec<u8>, Vec<u8>),
    /// The first bytes, then the others again and again until the client leaves.
    Endless(Vec<u8>, Vec<u8>),
    /// Nothing until the client leaves.
    Silence,
}

impl Serves {
    /// A calendar without validators.
    pub fn plain(body: &str) -> Self {
        Self::Calendar { body: body.into(), etag: None, last_modified: None }
    }

    /// A status alone.
    pub fn status(status: u16) -> Self {
        Self::Answer(status, Vec::new(), b"no".to_vec())
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::Answer(status, vec![("Location", to.into())], Vec::new())
    }

    /// 200 with a compressed body.
    pub fn gzip(body: &[u8]) -> Self {
        Self::Answer(200, vec![("Content-Encoding", "gzip".into())], gzip(body))
    }

    /// Megabytes of blanks without end, each in a kilobyte.
    pub fn zip_bomb() -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n";
        Self::Endless(head.into(), gzip(&vec![b' '; 1 << 20]))
    }
}

/// A gzip member.
pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(body).unwrap();
    out.finish().unwrap()
}

struct State {
    closing: bool,
    requests: Vec<Request>,
    script: VecDeque<Serves>,
    serves: Serves,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The fake. Everything ends when it is dropped.
pub struct FakeFeed {
    shared: Arc<Shared>,
    door: Door,
}

impl FakeFeed {
    /// Serves this to everybody, until something else is served.
    pub fn start(serves: Serves) -> Self {
        let state = State { closing: false, requests: Vec::new(), script: VecDeque::new(), serves };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let door = Door::open({
            let shared = Arc::clone(&shared);
            // A client that goes away is what many tests are about.
            move |stream| drop(serve(stream, &shared))
        });
        Self { shared, door }
    }

    /// The subscription address.
    pub fn url(&self) -> String {
        format!("http://{}/calendar/{SECRET}/basic.ics?key={SECRET}", self.addr())
    }

    /// The port alone.
    pub fn addr(&self) -> SocketAddr {
        self.door.addr()
    }

    /// What is served from now on, once the script is used up.
    pub fn serve(&self, serves: Serves) {
        self.state().serves = serves;
    }

    /// What the next requests meet, in order.
    pub fn script(&self, script: impl IntoIterator<Item = Serves>) {
        self.state().script.extend(script);
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    /// How many connections were made to it. The client may be through before the server has taken notice, so that so many
    /// are waited for, for as long as it takes a busy machine.
    pub fn connections(&self, expected: usize) -> usize {
        self.door.wait_for(expected);
        self.door.count()
    }

    /// Ends every connection. Returns when the clients' kernels know.
    pub fn end_connections(&self) {
        for stream in self.door.streams() {
            drop(stream.shutdown(Shutdown::Write));
            super::wire::wait_for_end_to_arrive(&stream);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap()
    }
}

impl Drop for FakeFeed {
    fn drop(&mut self) {
        // Not `unwrap`: a failed test must not panic twice.
        if let Ok(mut state) = self.shared.state.lock() {
            state.closing = true;
        }
        self.shared.changed.notify_all();
        self.door.close(Shutdown::Both);
    }
}

/// One connection, until something is served that ends it.
fn serve(mut stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader, &mut Vec::new())? {
        let mut state = shared.state.lock().unwrap();
        state.requests.push(request.clone());
        let serves = state.script.pop_front().unwrap_or_else(|| state.serves.clone());
        drop(state);
        match serves {
            Serves::Calendar { body, etag, last_modified } => {
                stream.write_all(&calendar_answer(&request, &body, etag, last_modified))?;
            }
            Serves::Answer(status, headers, body) => stream.write_all(&answer(status, &headers, &body))?,
            Serves::Raw(bytes) => return stream.write_all(&bytes),
            Serves::Drip(head, body) => {
                stream.write_all(&head)?;
                for byte in body {
                    pause(shared);
                    stream.write_all(&[byte])?;
                }
                return Ok(());
            }
            Serves::Endless(head, body) => {
                stream.write_all(&head)?;
                loop {
                    stream.write_all(&body)?;
                }
            }
            Serves::Silence => return io::copy(&mut reader, &mut io::sink()).map(drop),
        }
    }
    Ok(())
}

/// A short while, or until the fake ends.
fn pause(shared: &Shared) {
    let state = shared.state.lock().unwrap();
    drop(shared.changed.wait_timeout_while(state, Duration::from_millis(20), |state| !state.closing));
}

fn calendar_answer(request: &Request, body: &str, etag: Option<&str>, last_modified: Option<&str>) -> Vec<u8> {
    let told = [("ETag", etag), ("Last-Modified", last_modified)];
    let headers: Vec<_> = told.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned()))).collect();
    // RFC 9110 section 13.2.2: If-Modified-Since counts only without If-None-Match.
    let has_it = match (request.header("if-none-match"), request.header("if-modified-since")) {
        (Some(known), _) => Some(known) == etag,
        (None, since) => since.is_some() && since == last_modified,
    };
    if has_it { answer(304, &headers, b"") } else { answer(200, &headers, body.as_bytes()) }
}

fn answer(status: u16, headers: &[(&'static str, String)], body: &[u8]) -> Vec<u8> {
    let mut lines = vec![format!("HTTP/1.1 {status} X")];
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    if !matches!(status, 204 | 304) {
        lines.push(format!("Content-Length: {}", body.len()));
    }
    let body = if matches!(status, 204 | 304) { b"" } else { body };
    [lines.join("\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}
