//! Hosts that tick, one tick after the other, until they are told to stop; and a hand that kills their ticks.

use crate::cluster;
use crate::support::fake_twilio::{ACCOUNT, FakeTwilio, TOKEN};
use crate::verdict::{number, say};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::fmt::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;

pub const HOSTS: usize = 8;

/// No tick lasts longer than this: its own limit is 20 s, and the machine may be slow.
const LONGEST: Duration = Duration::from_secs(120);

/// Gives a host its name, its boot id and its boot time, and then is savehub. The kernel lets no boot time go back.
const HOST: &str = "mount --bind \"$1\" /proc/sys/kernel/random/boot_id && hostname \"$2\" && shift 2 && exec \"$@\"";

/// All of them.
pub struct Fleet {
    dir: TempDir,
    slots: Vec<Slot>,
    over: AtomicBool,
    seen: Mutex<FleetSeen>,
}

/// What came of the ticks.
#[derive(Debug, Default, Clone)]
pub struct FleetSeen {
    pub ticks: usize,
    pub killed: usize,
    /// Ticks that ended because of the store, and said so.
    pub no_store: usize,
    pub longest: Duration,
    /// Ticks that their own limit ended.
    pub limited: usize,
    pub wrong: Vec<String>,
}

impl FleetSeen {
    /// Ticks that did not wait for the store any longer.
    pub const fn given_up(&self) -> usize {
        self.no_store + self.limited
    }
}

/// A place in which one tick runs after the other. The pid is there exactly as long as it is that tick's.
type Slot = Mutex<Option<Pid>>;

impl Fleet {
    /// With one config for all.
    pub fn new(fake: &FakeTwilio, people: usize, ports: &[u16], preflight: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let places = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect::<Vec<_>>().join(",");
        let mut text = format!(
            "store = \"postgres://{}@{places}/postgres\"\n[call]\nprovider = \"twilio\"\n[provider.twilio]\n\
             account_sid = \"{ACCOUNT}\"\nauth_token = \"{TOKEN}\"\nfrom = \"+12025550199\"\nbase_url = \"{}\"\n\
             calls_per_second = 30.0\n[guards]\nnumber_gap = \"0s\"\ndaily_cap = 1000000\n[engine]\n\
             request_timeout = \"5s\"\nhard_timeout = \"6s\"\nlease = \"13s\"\ntick_limit = \"20s\"\nsettle = \"2s\"\n\
             preflight = {preflight}\n[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n",
            cluster::USER,
            fake.base_url()
        );
        for person in 0..people {
            write!(text, "[[person]]\nid = \"p{person}\"\nphone = \"{}\"\nzone = \"UTC\"\n", number(person)).unwrap();
        }
        write(&dir.path().join("config.toml"), &text);
        for host in 0..HOSTS {
            write(&dir.path().join(format!("boot{host}")), &format!("00000000-0000-4000-8000-00000000000{host}\n"));
        }
        let slots = (0..HOSTS).map(|_| Slot::default()).collect();
        Self { dir, slots, over: AtomicBool::new(false), seen: Mutex::default() }
    }

    /// Lets all hosts tick while `story` is told.
    pub fn tick_while<T>(&self, story: impl FnOnce() -> T) -> T {
        /// Lets the hosts stop even when the story fails.
        struct Over<'a>(&'a AtomicBool);
        impl Drop for Over<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::SeqCst);
            }
        }
        self.over.store(false, Ordering::SeqCst);
        std::thread::scope(|scope| {
            for host in 0..HOSTS {
                scope.spawn(move || {
                    while !self.over.load(Ordering::SeqCst) {
                        self.tick(host);
                    }
                });
            }
            let _over = Over(&self.over);
            story()
        })
    }

    /// One tick of a host, to its end.
    pub fn tick(&self, host: usize) {
        let began = Instant::now();
        let err = tempfile::tempfile().unwrap();
        let mut command = self.savehub(host, &["tick", "-q"]);
        let mut child = command.stdout(Stdio::null()).stderr(err.try_clone().unwrap()).spawn().unwrap();
        let pid = Pid::from_child(&child);
        *self.slots[host].lock().unwrap() = Some(pid);
        // Its number is not free before it is waited for in earnest.
        waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
        *self.slots[host].lock().unwrap() = None;
        let status = child.wait().unwrap();
        let words = read(err);
        let mut seen = self.seen.lock().unwrap();
        seen.ticks += 1;
        seen.longest = seen.longest.max(began.elapsed());
        if words.contains("did not end within") {
            seen.limited += 1;
        }
        let clear = words.contains("PostgreSQL at 127.0.0.1") || words.contains("the database is busy");
        match status.code() {
            _ if words.contains("panicked") || words.contains("internal error") => seen.wrong.push(words),
            Some(0 | 1) => {}
            Some(3) if clear => seen.no_store += 1,
            None if status.signal() == Some(9) => seen.killed += 1,
            code => seen.wrong.push(format!("a tick ended with {code:?}: {words}")),
        }
        if began.elapsed() > LONGEST {
            seen.wrong.push(format!("a tick took {:?}", began.elapsed()));
        }
    }

    /// Kills the tick of some host.
    pub fn kill_one(&self, dice: &mut Dice) {
        loop {
            let slot = self.slots[dice.below(HOSTS)].lock().unwrap();
            if let Some(pid) = *slot {
                return kill_process(pid, Signal::KILL).unwrap();
            }
        }
    }

    /// So far.
    pub fn seen(&self) -> FleetSeen {
        self.seen.lock().unwrap().clone()
    }

    /// savehub on this host.
    pub fn savehub(&self, host: usize, args: &[&str]) -> Command {
        let mut command = Command::new("/usr/bin/env");
        if namespaces() {
            command.args(["unshare", "--uts", "--mount", "--time", "--boottime", &(1000 * host).to_string()]);
            command.args(["--fork", "--kill-child", "--", "/bin/sh", "-c", HOST, "sh"]);
            command.arg(self.path(&format!("boot{host}"))).arg(format!("host-{host}"));
        }
        command.arg(env!("CARGO_BIN_EXE_savehub")).args(args).arg("--config").arg(self.path("config.toml"));
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", self.dir.path()).env("TZ", "UTC");
        command.stdin(Stdio::null());
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// May this process give hosts a name and a boot of their own?
fn namespaces() -> bool {
    static MAY: OnceLock<bool> = OnceLock::new();
    *MAY.get_or_init(|| {
        let mut unshare = Command::new("unshare");
        unshare.args([
            "--uts",
            "--mount",
            "--time",
            "--boottime",
            "1000",
            "--fork",
            "--kill-child",
            "--",
            "/bin/sh",
            "-c",
        ]);
        let script = "mount --bind /proc/version /proc/sys/kernel/random/boot_id && hostname other";
        let may = unshare.arg(script).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
        if !may {
            say("NO NAMESPACES HERE (unshare(1), as root): THE EIGHT PROCESSES ARE OF ONE HOST");
        }
        may
    })
}

/// Chance that can be repeated (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % n as u64).unwrap()
    }
}

fn write(path: &Path, text: &str) {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
}

fn read(mut file: std::fs::File) -> String {
    use std::io::{Read as _, Seek as _};
    let mut text = String::new();
    file.rewind().unwrap();
    file.read_to_string(&mut text).unwrap();
    text
}
