//! HTTP/1.1 as far as the fake needs it, kept byte by byte.

use std::io::{self, BufRead, Read};
use std::net::{SocketAddr, TcpStream};

/// One request as it arrived.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Every byte of it.
    pub raw: Vec<u8>,
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names as they were written.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// Does it ask for a call to be made?
    pub fn is_create(&self) -> bool {
        self.method == "POST" && self.target.ends_with("/Calls.json")
    }

    /// Reads one. `Ok(None)`: the peer closed between requests. A request that breaks off is an error; what came of it
    /// is in `partial`.
    pub fn read(from: &mut impl BufRead, partial: &mut Vec<u8>) -> io::Result<Option<Self>> {
        partial.clear();
        // A TLS handshake on a plain port, for one; it need not hold a line's end.
        if from.fill_buf()?.first().is_some_and(|b| !b.is_ascii_uppercase()) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut request = Self::default();
        loop {
            let start = partial.len();
            if from.read_until(b'\n', partial)? == 0 {
                return if start == 0 { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
            }
            let line = String::from_utf8_lossy(&partial[start..]).trim_end().to_owned();
            if start == 0 {
                let mut words = line.split(' ').map(str::to_owned);
                request.method = words.next().unwrap_or_default();
                request.target = words.next().unwrap_or_default();
            } else if line.is_empty() {
                break;
            } else if let Some((name, value)) = line.split_once(": ") {
                request.headers.push((name.into(), value.into()));
            }
        }
        let length = request.header("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
        let start = partial.len();
        if from.by_ref().take(length).read_to_end(partial)? as u64 != length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.body = String::from_utf8_lossy(&partial[start..]).into_owned();
        request.raw.clone_from(partial);
        Ok(Some(request))
    }

    /// A recorded request: its head, an empty line, its body up to the next empty line.
    pub fn recorded(text: &str) -> Self {
        let (head, rest) = text.split_once("\n\n").unwrap();
        let body = rest.split("\n\n").next().unwrap();
        let raw = format!("{}\r\n\r\n{body}", head.replace('\n', "\r\n"));
        Self::read(&mut raw.as_bytes(), &mut Vec::new()).unwrap().unwrap()
    }

    /// A header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The form in the body.
    pub fn form(&self) -> Vec<(String, String)> {
        form_decode(&self.body)
    }

    /// The form in the query.
    pub fn query(&self) -> Vec<(String, String)> {
        form_decode(self.target.split_once('?').map_or("", |(_, q)| q))
    }
}

/// The first value of `name`.
pub fn field<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Reads `application/x-www-form-urlencoded`.
pub fn form_decode(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(n, v)| (decode(n), decode(v))).collect()
}

fn decode(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::new(), text.bytes());
    while let Some(b) = bytes.next() {
        out.push(match b {
            b'+' => b' ',
            b'%' => {
                let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&hex, 16).unwrap_or(b'?')
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// An answer with its length; `headers` come first.
pub fn response(status: u16, headers: &[(String, String)], body: &str) -> Vec<u8> {
    let mut lines = vec![format!("HTTP/1.1 {status} X")];
    lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
    lines.push(format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    lines.join("\r\n").into_bytes()
}

/// Waits until the peer's kernel has taken the end of a stream that was shut down for writing, and so all before it.
pub fn wait_for_end_to_arrive(stream: &TcpStream) {
    // As proc_net_tcp.txt of the kernel says: addresses and states in hexadecimal numbers; `04` is FIN_WAIT1.
    let hex = |addr: SocketAddr| match addr {
        SocketAddr::V4(v4) => format!("{:08X}:{:04X}", u32::from_ne_bytes(v4.ip().octets()), v4.port()),
        SocketAddr::V6(v6) => panic!("{v6}"),
    };
    let Ok(peer) = stream.peer_addr() else { return };
    let waits = format!("{} {} 04 ", hex(stream.local_addr().unwrap()), hex(peer));
    while std::fs::read_to_string("/proc/net/tcp").unwrap().contains(&waits) {
        std::thread::yield_now();
    }
}
