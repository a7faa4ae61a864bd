//! CalDAV servers of others, each on loopback with a folder of its own: Radicale and Xandikos.
//!
//! `SAVEHUB_CALDAV` names the folder with their programs, as `.ci/run` makes one; without it they are looked for on the
//! PATH. Where they are missing, tests are left out and say so; with CI=true they fail.

use crate::support::HUNG;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Instant;
use tempfile::TempDir;

/// Who logs in.
pub const USER: &str = "ana";

/// Their password. Xandikos takes any.
pub const PASSWORD: &str = "pass word";

/// A program that serves calendars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Radicale,
    Xandikos,
}

/// One that runs. It ends with this value, and with the process that started it.
pub struct Server {
    pub kind: Kind,
    port: u16,
    dir: TempDir,
    shell: Child,
    stdin: Option<ChildStdin>,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Radicale, Self::Xandikos];

    const fn name(self) -> &'static str {
        match self {
            Self::Radicale => "radicale",
            Self::Xandikos => "xandikos",
        }
    }

    fn program(self) -> Option<PathBuf> {
        if let Some(dir) = std::env::var_os("SAVEHUB_CALDAV") {
            let program = Path::new(&dir).join(self.name());
            assert!(program.is_file(), "SAVEHUB_CALDAV is set, and there is no {}", program.display());
            return Some(program);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|dir| dir.join(self.name())).find(|program| program.is_file());
        if found.is_none() {
            let name = self.name();
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "{name} is not installed, and SAVEHUB_CALDAV not set"
            );
            // Not with eprintln, which the test harness keeps to itself.
            let _ = writeln!(std::io::stderr(), "{name} IS NOT INSTALLED: NOTHING IS TESTED ON IT; see .ci/run");
        }
        found
    }

    /// Starts it, if it is installed.
    pub fn start(self) -> Option<Server> {
        let program = self.program()?;
        // Another program may take the port in between.
        (0..5).find_map(|_| Server::try_start(self, &program)).or_else(|| panic!("{self:?} does not start"))
    }

    fn command(self, program: &Path, dir: &Path, port: u16) -> Vec<String> {
        let (dir, port) = (dir.display().to_string(), port.to_string());
        let words: Vec<String> = match self {
            Self::Radicale => vec![
                format!("--server-hosts=127.0.0.1:{port}"),
                // The default lets nobody in (`denyall`).
                "--auth-type=htpasswd".into(),
                format!("--auth-htpasswd-filename={dir}/users"),
                "--auth-htpasswd-encryption=plain".into(),
                "--auth-delay=0".into(),
                format!("--storage-filesystem-folder={dir}/data"),
            ],
            Self::Xandikos => ["serve", "-d", &format!("{dir}/data"), "--defaults", "-l", "127.0.0.1", "-p", &port]
                .into_iter()
                .chain(["--current-user-principal", "/ana/"])
                .map(str::to_owned)
                .collect(),
        };
        std::iter::once(program.display().to_string()).chain(words).collect()
    }
}

/// A port that is free, and that nobody is given who asks for any: else a fake of another test may have it before the
/// server does, and answer in its place.
fn port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 10_000).unwrap();
    let next = || 20_000 + (first + TRIED.fetch_add(1, Ordering::Relaxed)) % 10_000;
    std::iter::repeat_with(next).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

impl Server {
    fn try_start(kind: Kind, program: &Path) -> Option<Self> {
        let dir = TempDir::new().unwrap();
        let port = port();
        std::fs::write(dir.path().join("users"), format!("{USER}:{PASSWORD}\n")).unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        // The shell ends the server when this process closes its end of the pipe, however it ends.
        let script = "( trap 'kill $server' TERM; \"$@\" >\"$DIR/log\" 2>&1 </dev/null & server=$!; wait $server; \
                      : >\"$DIR/ended\"; wait ) & shell=$!; read -r _; kill $shell; wait $shell";
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", script, "sh"]).args(kind.command(program, dir.path(), port)).stdin(Stdio::piped());
        // Whose mail address Xandikos tells.
        shell.env("DIR", dir.path()).env("HOME", dir.path()).env("EMAIL", "ana@example.com");
        let mut shell = shell.spawn().unwrap();
        let stdin = shell.stdin.take();
        let server = Self { kind, port, dir, shell, stdin };
        let limit = Instant::now() + HUNG;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < limit, "{kind:?} does not start: {}", server.log());
            if server.dir.path().join("ended").exists() {
                assert!(server.log().contains("ddress already in use"), "{kind:?} ended: {}", server.log());
                return None;
            }
            std::thread::yield_now();
        }
        if kind == Kind::Radicale {
            server.ask("MKCALENDAR", "/ana/work/", "");
        }
        Some(server)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Its address.
    pub fn root(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where its calendar is.
    pub const fn calendar(&self) -> &'static str {
        match self.kind {
            Kind::Radicale => "/ana/work/",
            Kind::Xandikos => "/ana/calendars/calendar/",
        }
    }

    /// Adds an event to its calendar, or changes it, as another client would.
    pub fn put(&self, name: &str, body: &str) {
        self.ask("PUT", &format!("{}{name}.ics", self.calendar()), body);
    }

    pub fn delete(&self, name: &str) {
        self.ask("DELETE", &format!("{}{name}.ics", self.calendar()), "");
    }

    fn ask(&self, method: &str, path: &str, body: &str) {
        // `ana:pass word`.
        let login = "YW5hOnBhc3Mgd29yZA==";
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Basic {login}\r\n\
             Content-Type: text/calendar; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 2") || answer.starts_with("HTTP/1.0 2"), "{method} {path}: {answer}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.shell.wait();
    }
}
