//! A PostgreSQL server that can be crashed, frozen, copied and promoted.

use crate::cluster::{self, USER};
use rustix::process::{Pid, Signal, kill_process};
use savehub::clock::{Clock as _, SystemClock};
use std::io::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A server that is not up by then never will be.
const PATIENCE: Duration = crate::support::HUNG;

/// A data directory, and the server on it while it runs.
pub struct Server {
    bin: PathBuf,
    dir: PathBuf,
    pub port: u16,
    /// The server ends when this one's standard input is closed.
    keeper: Option<Child>,
}

impl Server {
    /// A new one, running; `None`: PostgreSQL is not installed.
    pub fn start_new() -> Option<Self> {
        let mut server = Self::at_new_place(cluster::programs()?);
        let mut initdb = cluster::as_nobody(&server.bin.join("initdb"));
        initdb.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "--pgdata"]);
        let made = initdb.arg(server.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        server.start();
        Some(server)
    }

    fn at_new_place(bin: PathBuf) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { bin, dir: cluster::new_dir(), port, keeper: None }
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// A copy of it that follows it asynchronously.
    pub fn standby(&self) -> Self {
        let mut standby = Self::at_new_place(self.bin.clone());
        let mut copy = cluster::as_nobody(&self.bin.join("pg_basebackup"));
        copy.args([
            "-R",
            "-X",
            "stream",
            "-c",
            "fast",
            "-N",
            "-h",
            "127.0.0.1",
            "-U",
            USER,
            "-p",
            &self.port.to_string(),
        ]);
        let made = copy.arg("-D").arg(standby.data()).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        standby.start();
        standby
    }

    /// Starts it on its port, again and again: after a crash, old backends may still be leaving.
    pub fn start(&mut self) {
        let limit = Instant::now() + PATIENCE;
        loop {
            self.keeper = Some(self.keep());
            while self.keeper.as_mut().unwrap().try_wait().unwrap().is_none() {
                if self.is_ready() {
                    return;
                }
                assert!(Instant::now() < limit, "the server does not start: {}", self.log());
                SystemClock.sleep(Duration::from_millis(20));
            }
            assert!(Instant::now() < limit, "the server does not start: {}", self.log());
        }
    }

    fn keep(&self) -> Child {
        let script = "exec 3<&0; \"$@\" >>\"$DIR/log\" 2>&1 & server=$!; \
                      (read -r _ <&3; kill -QUIT $server 2>/dev/null) & wait $server";
        let mut shell = cluster::as_nobody("/bin/sh".as_ref());
        shell.env("DIR", &self.dir).args(["-c", script, "sh"]).arg(self.bin.join("postgres"));
        shell.arg("-D").arg(self.data()).arg("-k").arg(&self.dir).args(["-p", &self.port.to_string()]);
        // A standby that is away while its primary recovers from a crash finds the log still there.
        let log = "wal_keep_size=1GB";
        for setting in ["listen_addresses=127.0.0.1", "max_connections=60", "shared_buffers=32MB", "fsync=on", log] {
            shell.args(["-c", setting]);
        }
        shell.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn is_ready(&self) -> bool {
        let mut asked = cluster::as_nobody(&self.bin.join("pg_isready"));
        asked.args(["-h", "127.0.0.1", "-q", "-t", "2", "-p", &self.port.to_string()]);
        asked.status().is_ok_and(|status| status.success())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    fn control(&self, args: &[&str]) {
        let mut control = cluster::as_nobody(&self.bin.join("pg_ctl"));
        let done = control.args(args).arg("-D").arg(self.data()).output().unwrap();
        assert!(done.status.success(), "{args:?}: {}{}", String::from_utf8_lossy(&done.stderr), self.log());
    }

    /// Everything at once, without a word to anybody.
    pub fn stop_at_once(&mut self) {
        self.control(&["stop", "-m", "immediate", "-w"]);
        self.gone();
    }

    /// The postmaster dies; its backends find that out.
    pub fn kill(&mut self) {
        kill_process(self.postmaster(), Signal::KILL).unwrap();
        self.gone();
    }

    /// One backend dies: the postmaster throws out all others and recovers.
    pub fn kill_a_backend(&self) {
        let pid = self.sql("select pid from pg_stat_activity where application_name = 'savehub' limit 1");
        if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }

    fn gone(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            keeper.wait().unwrap();
        }
    }

    fn postmaster(&self) -> Pid {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        Pid::from_raw(file.lines().next().unwrap().trim().parse().unwrap()).unwrap()
    }

    /// Every process of it stops where it is.
    pub fn freeze(&self) -> Frozen {
        let postmaster = self.postmaster();
        // The postmaster first: it makes no more of them then.
        kill_process(postmaster, Signal::STOP).unwrap();
        let mut pids = vec![postmaster];
        for pid in children_of(postmaster) {
            if kill_process(pid, Signal::STOP).is_ok() {
                pids.push(pid);
            }
        }
        Frozen(pids)
    }

    /// From a standby to a server that can be written.
    pub fn promote(&self) {
        self.control(&["promote", "-w"]);
    }

    /// Runs statements in savehub's schema, and gives what they print.
    #[track_caller]
    pub fn sql(&self, statements: &str) -> String {
        self.try_sql(statements).unwrap_or_else(|why| panic!("{statements}: {why}"))
    }

    fn try_sql(&self, statements: &str) -> Result<String, String> {
        let mut psql = cluster::as_nobody(&self.bin.join("psql"));
        psql.args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port.to_string(),
            "-U",
            USER,
            "-d",
            "postgres",
            "-X",
            "-q",
            "-t",
            "-A",
        ]);
        let statements = format!("set search_path = savehub; {statements}");
        let ran = psql.args(["-v", "ON_ERROR_STOP=1", "-c", &statements]).output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).trim().to_owned();
        if ran.status.success() { Ok(text(&ran.stdout)) } else { Err(text(&ran.stderr)) }
    }

    #[track_caller]
    pub fn count(&self, statement: &str) -> usize {
        self.sql(statement).parse().unwrap()
    }

    /// `None`: it does not answer, as while it recovers.
    pub fn try_count(&self, statement: &str) -> Option<usize> {
        self.try_sql(statement).ok()?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take().map(|mut stdin| stdin.write_all(b"\n")));
            let _ = keeper.wait();
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// The processes of a frozen server; they go on when it is dropped.
pub struct Frozen(Vec<Pid>);

impl Drop for Frozen {
    fn drop(&mut self) {
        for pid in &self.0 {
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

fn children_of(parent: Pid) -> Vec<Pid> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    let is_child = |pid: &i32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let ppid = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        ppid == Some(parent.as_raw_nonzero().get())
    };
    pids.filter(is_child).filter_map(Pid::from_raw).collect()
}
