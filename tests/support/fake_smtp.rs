//! A mail server on loopback. It keeps every line and every mail, and answers each command as it was scripted. Apart
//! from `support`, as `fake_tls` is.
#![allow(unreachable_pub, reason = "as in `support`")]

use super::door::Door;
use super::fake_tls::certified;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use savehub::config::{EmailConfig, Later, Login, Security};
use savehub::model::Email;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::NamedTempFile;

/// What a command meets.
#[derive(Debug, Clone)]
pub enum Turn {
    /// These lines, ended by CRLF.
    Says(&'static str),
    /// These lines, and the end of the connection.
    SaysAndEnds(&'static str),
    /// Nothing until the client leaves.
    Silence,
}

#[derive(Default)]
struct State {
    script: VecDeque<(&'static str, Turn)>,
    lines: Vec<String>,
    mails: Vec<String>,
    cut: Vec<String>,
}

/// The server. Everything ends when it is dropped.
pub struct FakeSmtp {
    door: Door,
    security: Security,
    ca: NamedTempFile,
    state: Arc<Mutex<State>>,
}

impl FakeSmtp {
    /// A server that protects its connections so, with a certificate for 127.0.0.1.
    pub fn start(security: Security) -> Self {
        Self::start_certified(security, certified())
    }

    /// The same with this certificate.
    pub fn start_certified(security: Security, (ca, tls): (NamedTempFile, Arc<ServerConfig>)) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let door = Door::open({
            let state = Arc::clone(&state);
            // A client that goes away is what many tests are about.
            move |stream| drop(serve(stream, security, &tls, &state))
        });
        Self { door, security, ca, state }
    }

    /// The next times these commands come, they meet this. `.` is the end of a mail, `HELLO` the connection itself.
    pub fn script(&self, script: impl IntoIterator<Item = (&'static str, Turn)>) {
        self.state.lock().unwrap().script.extend(script);
    }

    /// The config of a client of it that logs in as `ana` with this password.
    pub fn config(&self, password: &str) -> EmailConfig {
        EmailConfig {
            host: "127.0.0.1".into(),
            port: self.door.addr().port(),
            security: self.security,
            login: Some(Login { user: "ana".into(), password: Later::here("password", password.into()) }),
            from: Email::parse("savehub@example.com").unwrap(),
            timeout: Duration::from_secs(20),
            trust: super::in_file(self.ca.path()),
        }
    }

    /// Every command that came, but for `EHLO`. Ends the server, so that nothing more can come.
    pub fn ended(&mut self) -> Vec<String> {
        // What has been sent is still to be read: only answers are cut off.
        self.door.close(Shutdown::Write);
        let lines = self.state.lock().unwrap().lines.clone();
        lines.into_iter().filter(|line| !line.starts_with("EHLO ")).collect()
    }

    /// Every mail that came whole.
    pub fn mails(&self) -> Vec<String> {
        self.state.lock().unwrap().mails.clone()
    }

    /// What came of mails that broke off; never without [`FakeSmtp::ended`].
    pub fn cut(&self) -> Vec<String> {
        self.state.lock().unwrap().cut.clone()
    }
}

trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn protected<'s>(stream: &'s TcpStream, tls: &Arc<ServerConfig>) -> io::Result<Box<dyn Wire + 's>> {
    let server = ServerConnection::new(Arc::clone(tls)).map_err(io::Error::other)?;
    Ok(Box::new(StreamOwned::new(server, stream)))
}

fn serve(stream: &TcpStream, security: Security, tls: &Arc<ServerConfig>, state: &Mutex<State>) -> io::Result<()> {
    let mut wire: Box<dyn Wire> = if security == Security::Tls { protected(stream, tls)? } else { Box::new(stream) };
    let mut offers = if security == Security::StartTls { "250-STARTTLS\r\n" } else { "" };
    let mut verb = "HELLO".to_owned();
    loop {
        let standard = match verb.as_str() {
            "HELLO" => "220 fake".to_owned(),
            "EHLO" => format!("250-fake\r\n{offers}250-8BITMIME\r\n250 AUTH PLAIN LOGIN"),
            "STARTTLS" => "220 go ahead".into(),
            "AUTH" => "235 2.7.0 welcome".into(),
            "DATA" => "354 go ahead".into(),
            "QUIT" => "221 bye".into(),
            _ => "250 2.0.0 ok".into(),
        };
        answer(&mut *wire, scripted(state, &verb).as_ref(), &standard)?;
        match verb.as_str() {
            "STARTTLS" => (wire, offers) = (protected(stream, tls)?, ""),
            "QUIT" => return Ok(()),
            "DATA" => {
                take_mail(&mut *wire, state)?;
                verb = ".".into();
                continue;
            }
            _ => {}
        }
        let line = read_line(&mut *wire)?;
        state.lock().unwrap().lines.push(line.clone());
        verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
    }
}

fn scripted(state: &Mutex<State>, verb: &str) -> Option<Turn> {
    let mut state = state.lock().unwrap();
    let at = state.script.iter().position(|(of, _)| *of == verb)?;
    state.script.remove(at).map(|(_, turn)| turn)
}

fn answer(wire: &mut dyn Wire, turn: Option<&Turn>, standard: &str) -> io::Result<()> {
    let (lines, ends) = match turn {
        None => (standard, false),
        Some(Turn::Says(lines)) => (*lines, false),
        Some(Turn::SaysAndEnds(lines)) => (*lines, true),
        Some(Turn::Silence) => {
            io::copy(wire, &mut io::sink())?;
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    if !lines.is_empty() {
        // In one piece, also what somebody puts behind an answer.
        wire.write_all(format!("{lines}\r\n").as_bytes())?;
        wire.flush()?;
    }
    if ends { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
}

/// Reads up to the last dot.
fn take_mail(wire: &mut dyn Wire, state: &Mutex<State>) -> io::Result<()> {
    let mut mail = Vec::new();
    while !mail.ends_with(b"\r\n.\r\n") {
        let mut byte = [0];
        if wire.read(&mut byte)? == 0 {
            state.lock().unwrap().cut.push(String::from_utf8_lossy(&mail).into_owned());
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        mail.extend(byte);
    }
    mail.truncate(mail.len() - 3);
    state.lock().unwrap().mails.push(String::from_utf8_lossy(&mail).into_owned());
    Ok(())
}

/// One line without its end. Byte by byte: what follows may be TLS.
fn read_line(wire: &mut dyn Wire) -> io::Result<String> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while !line.ends_with(b"\n") {
        if wire.read(&mut byte)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.extend(byte);
    }
    Ok(String::from_utf8_lossy(&line).trim_end().to_owned())
}
