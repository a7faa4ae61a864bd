//! A PostgreSQL server of the tests' own: a private cluster on loopback, started once per test binary, gone with it.
//!
//! It is made of what Debian's `postgresql` package brings. Where that is missing, tests are left out and say so; with
//! CI=true they fail.

use std::fs::Permissions;
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The user `nobody` and its group, as every Linux has them.
const NOBODY: u32 = 65_534;

/// What a cluster and the databases of the tests that run at once may take, in bytes.
const ROOM: u64 = 1 << 30;

/// Who owns everything in it.
pub const USER: &str = "savehub";

/// A running server. It ends when the process that started it does, whatever happens to that.
pub struct Cluster {
    bin: PathBuf,
    /// The unix socket is in it.
    pub dir: PathBuf,
    pub port: u16,
    /// The server ends when this is closed.
    _alive: Child,
    _stdin: ChildStdin,
}

/// A database of one test; it goes with this value.
pub struct Database {
    name: String,
    cluster: &'static Cluster,
    /// Where files of this host stand.
    dir: tempfile::TempDir,
}

/// The server, if PostgreSQL is installed.
pub fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    CLUSTER.get_or_init(start).as_ref()
}

fn start() -> Option<Cluster> {
    programs().map(|bin| Cluster::start(&bin))
}

/// Where its programs are; without them, tests are left out.
pub fn programs() -> Option<PathBuf> {
    let found = binaries();
    if found.is_none() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "PostgreSQL is not installed: apt-get install postgresql"
        );
        // Not with eprintln, which the test harness keeps to itself.
        let _ = writeln!(std::io::stderr(), "POSTGRESQL IS NOT INSTALLED: NOTHING IS TESTED ON IT");
    }
    found
}

/// The newest installed version's programs.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found: Vec<PathBuf> = versions.flatten().map(|version| version.path().join("bin")).collect();
    found.retain(|bin| bin.join("initdb").exists());
    found.sort();
    found.pop()
}

impl Cluster {
    /// Another program may take the port before the server does.
    fn start(bin: &Path) -> Self {
        (0..5).find_map(|_| Self::try_start(bin.to_owned())).expect("five ports in a row were taken")
    }

    fn try_start(bin: PathBuf) -> Option<Self> {
        let dir = new_dir();
        let data = dir.join("data");
        let made = as_nobody(&bin.join("initdb"))
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "--pgdata"])
            .arg(&data)
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // The shell ends the server when the test process closes its end of the pipe, however it ends.
        let script =
            "\"$@\" >\"$DIR/log\" 2>&1 & server=$!; read -r _; kill -QUIT $server; wait $server; rm -rf \"$DIR\"";
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut shell = as_nobody(Path::new("/bin/sh"));
        shell.env("DIR", &dir).args(["-c", script, "sh"]).arg(bin.join("postgres"));
        shell.arg("-D").arg(&data).arg("-k").arg(&dir).args(["-p", &port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "max_connections=200", "shared_buffers=32MB", "fsync=on"] {
            shell.args(["-c", setting]);
        }
        let mut alive = shell.stdin(Stdio::piped()).spawn().unwrap();
        let stdin = alive.stdin.take().unwrap();
        let cluster = Self { bin, dir, port, _alive: alive, _stdin: stdin };
        cluster.is_up().then_some(cluster)
    }

    /// Waits until it answers. `false`: its port is another program's.
    fn is_up(&self) -> bool {
        let limit = Instant::now() + Duration::from_secs(600);
        let ready = || {
            let mut command = Command::new(self.bin.join("pg_isready"));
            let at = ["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q"];
            command.args(at).status().is_ok_and(|status| status.success())
        };
        while !ready() {
            let log = std::fs::read_to_string(self.dir.join("log")).unwrap_or_default();
            if log.contains("Address already in use") {
                return false;
            }
            assert!(Instant::now() < limit, "the server does not start: {log}");
        }
        true
    }

    /// Runs statements as the owner of everything, and gives what they print.
    #[track_caller]
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", USER, "-d", database]);
        let ran = psql.args(["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", statements]).output().unwrap();
        assert!(ran.status.success(), "{statements}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    /// Writes a file that the server can read, and nobody else.
    pub fn put(file: &Path, text: &str) {
        std::fs::write(file, text).unwrap();
        std::fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
        if is_root() {
            chown(file, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// An empty database.
    pub fn database(&'static self) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.sql("postgres", &format!("create database {name}"));
        Database { name, cluster: self, dir: tempfile::tempdir().unwrap() }
    }
}

/// A directory for a server, which does not remove itself.
pub fn new_dir() -> PathBuf {
    let dir = tempfile::Builder::new().prefix("pg").tempdir_in(place()).unwrap().keep();
    // initdb and the server refuse to run as root.
    if is_root() {
        chown(&dir, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    std::fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
    dir
}

/// In memory, where there is room: making a database writes and flushes many files.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let roomy = rustix::fs::statvfs(memory).is_ok_and(|fs| fs.f_bavail.saturating_mul(fs.f_frsize) > ROOM);
    if roomy { memory.to_owned() } else { std::env::temp_dir() }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A program that does not run as root.
pub fn as_nobody(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    let (user, group) = (format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"));
    command.args([&user, &group, "--clear-groups", "--"]).arg(program);
    command.current_dir("/");
    command
}

impl Database {
    /// Over TCP, without TLS.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{}", self.cluster.port, self.name)
    }

    /// Runs statements in it, and gives what they print.
    #[track_caller]
    pub fn sql(&self, statements: &str) -> String {
        self.cluster.sql(&self.name, &format!("set search_path = savehub; {statements}"))
    }

    #[cfg(feature = "postgres")]
    pub fn server(&self) -> savehub::store::postgres::Server {
        savehub::store::postgres::Server {
            url: self.url().into(),
            tls: savehub::store::postgres::Tls::Off,
            name: format!("PostgreSQL at 127.0.0.1/{}", self.name),
            beside: Some(self.dir.path().join("postgres-")),
        }
    }

    #[cfg(feature = "postgres")]
    pub fn open(&self, create: savehub::store::sqlite::Create) -> savehub::store::postgres::PostgresStore {
        savehub::store::postgres::PostgresStore::open(self.server(), create).unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.cluster.sql("postgres", &format!("drop database if exists {} with (force)", self.name));
    }
}
