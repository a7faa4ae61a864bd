//! One case: a directory, a database, a fake Twilio, and the real binary with engine times short enough to wait for.

use crate::strace::Frozen;
use crate::support::fake_twilio::{ACCOUNT, FakeTwilio, TOKEN};
use rusqlite::Connection;
use savehub::clock::{Clock as _, SystemClock};
use savehub::owner::Owner;
use savehub::rules::ladder::{self, Rung};
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{NewMeeting, Plan, Store as _, TickEnd, TickStart};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// Meetings start this long after their database was made: in the window, and long enough for every case.
const AHEAD: Duration = Duration::from_secs(150);

/// A database that is older than this is made anew.
const FRESH_MS: i64 = 15_000;

/// A case that is not over after so many ticks hangs.
const TICKS: usize = 40;

/// Area codes; each has a hundred fictional numbers, 555-0100 to 555-0199.
const AREAS: [u32; 5] = [202, 212, 303, 404, 505];

/// The numbers of a case: not real ones.
pub fn number(person: usize) -> String {
    format!("+1{}55501{:02}", AREAS[person / 100], person % 100)
}

/// Is the whole proof asked for, or a sample of it?
pub fn whole() -> bool {
    std::env::var("SAVEHUB_PROOF").is_ok_and(|v| v == "whole")
}

/// Tells something past the capture of the test harness.
pub fn say(line: &str) {
    // Not `eprintln`, which is captured.
    let mut stderr = std::io::stderr();
    writeln!(stderr, "proof: {line}").unwrap();
}

/// How a case is set up.
#[derive(Debug, Clone, Copy)]
pub struct Setup {
    /// People, each with one meeting and one step.
    pub people: usize,
    /// Ask for the list before calling?
    pub preflight: bool,
    /// Have the incidents been opened by an earlier tick?
    pub opened: bool,
    /// Must a machine with more to do than it can keep the engine's times?
    pub patient: bool,
    /// What the step is.
    pub step: Step,
}

/// What the step of a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Call,
    /// It keeps no pace, so that as many are claimed at once as are due.
    Text,
}

impl Setup {
    /// One person, without preflight.
    pub const ONE: Self = Self { people: 1, preflight: false, opened: false, patient: false, step: Step::Call };

    /// How long after a request's deadline its call may still appear.
    fn settle_ms(self) -> i64 {
        if self.patient { 2000 } else { 100 }
    }

    /// `[engine]`.
    fn times(self) -> &'static str {
        if self.patient {
            "request_timeout = \"5s\"\nhard_timeout = \"6s\"\nlease = \"13s\"\ntick_limit = \"20s\""
        } else {
            "request_timeout = \"400ms\"\nhard_timeout = \"500ms\"\nlease = \"3s\"\ntick_limit = \"20s\""
        }
    }
}

/// One case.
pub struct Rig {
    dir: TempDir,
    pub fake: FakeTwilio,
    pub setup: Setup,
}

/// A command line of savehub (or of something that stands in for it).
pub struct Invocation {
    pub program: PathBuf,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
}

impl Invocation {
    /// As it is.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        self.dress(&mut command);
        command.args(&self.args);
        command
    }

    /// Nothing of this machine's user reaches it.
    pub fn dress(&self, command: &mut Command) {
        let env = self.env.iter().map(|(name, value)| (name, value));
        command.env_clear().env("TZ", "UTC").envs(env);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }
}

/// What a process left behind. The code of a signal is 128 and its number, as a shell says it.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub err: String,
}

impl Ran {
    pub fn of(output: &Output) -> Self {
        let code = output.status.code().or_else(|| output.status.signal().map(|s| 128 + s));
        Self { code: code.unwrap_or(-1), err: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    /// Did a thread of it panic? savehub says so in words of its own.
    pub fn panicked(&self) -> bool {
        self.err.contains("panicked") || self.err.contains("internal error")
    }
}

/// How far a killed request had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// It was not claimed, or its answer was written down.
    Elsewhere,
    /// It was claimed, and had not begun.
    Claimed,
    /// It had begun, and nobody wrote down what came of it.
    Begun,
}

/// What a database still has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Rest {
    Over,
    /// Something, by the next tick.
    Now,
    /// Something, but not before so many milliseconds have passed.
    In(i64),
}

impl Rig {
    pub fn new(setup: Setup) -> Self {
        let rig = Self { dir: tempfile::tempdir().unwrap(), fake: FakeTwilio::start(), setup };
        let mut text = format!(
            "database = \"savehub.db\"\n[call]\nprovider = \"twilio\"\n[provider.twilio]\naccount_sid = \"{ACCOUNT}\"\n\
             auth_token = \"{TOKEN}\"\nfrom = \"+12025550199\"\ncalls_per_second = 30\nbase_url = \"{}\"\n[guards]\nnumber_gap = \"0s\"\n\
             daily_cap = 1000000\n[engine]\n{}\nsettle = \"{}ms\"\npreflight = {}\nparallel = 64\n[[ladder]]\nstep = \"{}\"\n\
             before = \"3m\"\n",
            rig.fake.base_url(),
            setup.times(),
            setup.settle_ms(),
            setup.preflight,
            if setup.step == Step::Text { "sms" } else { "call" }
        );
        for i in 0..setup.people {
            write!(text, "[[person]]\nid = \"p{i}\"\nphone = \"{}\"\nzone = \"UTC\"\n", number(i)).unwrap();
        }
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(rig.path("config.toml")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        rig.restore();
        rig
    }

    /// From now on nobody listens where the config says, or the fake does again.
    pub fn refuse(&self, refuses: bool) {
        let (real, nobody) = (self.fake.base_url(), "http://127.0.0.1:9".to_owned());
        let (from, to) = if refuses { (real, nobody) } else { (nobody, real) };
        let text = std::fs::read_to_string(self.path("config.toml")).unwrap();
        std::fs::write(self.path("config.toml"), text.replace(&from, &to)).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path("savehub.db")
    }

    /// Puts the database back to what it was before the first tick.
    pub fn restore(&self) {
        for name in ["savehub.db-wal", "savehub.db-shm"] {
            let _ = std::fs::remove_file(self.path(name));
        }
        std::fs::write(self.database(), database_of(self.setup.people, self.setup.opened)).unwrap();
    }

    /// Puts a new database in its place, that knows the meetings (as a calendar brings them) and nothing else.
    pub fn forget(&self) {
        self.restore();
        self.connect().execute_batch("delete from ticks").unwrap();
    }

    /// Ticks as often as that, each on a database that is new. Gives what was not as it must be.
    pub fn ticks_without_a_memory(&self, count: usize) -> Vec<String> {
        let ran = (0..count).map(|_| {
            self.forget();
            self.run(&["tick", "-q"])
        });
        let bad = ran.filter(|ran| ran.code != 0 || ran.panicked());
        bad.map(|ran| format!("a tick on a new database ended with {}: {}", ran.code, ran.err)).collect()
    }

    /// How far the request of the newest attempt has come, by the database and by what its owner said of it.
    pub fn came_to(&self) -> Came {
        let connection = self.connect();
        let sql = "select token, state from attempts order by id desc limit 1";
        let newest: Option<(String, String)> = connection.query_row(sql, [], |r| Ok((r.get(0)?, r.get(1)?))).ok();
        let Some((token, _)) = newest.filter(|(_, state)| state == "SENDING") else { return Came::Elsewhere };
        let names = std::fs::read_dir(self.dir.path()).unwrap().map(|file| file.unwrap().path());
        let armed = |path: &PathBuf| path.to_string_lossy().contains("savehub.db-armed-");
        let said = names.filter(armed).map(|path| std::fs::read_to_string(path).unwrap()).collect::<String>();
        match (said.contains(&format!("armed {token} ")), said.contains(&format!("begun {token} "))) {
            (true, false) => Came::Claimed,
            (false, true) => Came::Begun,
            both => panic!("{both:?} of {token}: {said}"),
        }
    }

    /// `savehub ARGS`.
    pub fn savehub(&self, args: &[&str]) -> Invocation {
        let config = self.path("config.toml").to_str().unwrap().to_owned();
        let args = args.iter().map(|a| (*a).to_owned()).chain(["--config".to_owned(), config]).collect();
        let home = ("HOME".to_owned(), self.dir.path().to_str().unwrap().to_owned());
        Invocation { program: env!("CARGO_BIN_EXE_savehub").into(), args, env: vec![home] }
    }

    /// What the provider took: where it went, and its id.
    pub fn taken(&self) -> Vec<(String, String)> {
        if self.setup.step == Step::Text {
            return self.fake.sent().into_iter().map(|message| (message.to, message.sid)).collect();
        }
        self.fake.calls().into_iter().map(|call| (call.to, call.sid)).collect()
    }

    /// Runs it to its end; then the fake has nothing under way any more.
    pub fn run(&self, args: &[&str]) -> Ran {
        let ran = self.run_beside(args);
        self.drain();
        ran
    }

    /// Runs it to its end, while others are still connected to the fake.
    pub fn run_beside(&self, args: &[&str]) -> Ran {
        Ran::of(&self.savehub(args).command().output().unwrap())
    }

    /// Waits until the fake has dealt with everything that was sent to it.
    pub fn drain(&self) {
        self.fake.wait_for_idle();
    }

    /// Ticks until nothing is left to do; says what went wrong on the way.
    pub fn recover(&self) -> Vec<String> {
        self.tick_until_over(|| self.run(&["tick", "-q"]))
    }

    /// The same while others are still connected to the fake.
    pub fn recover_beside(&self) -> Vec<String> {
        self.tick_until_over(|| self.run_beside(&["tick", "-q"]))
    }

    fn tick_until_over(&self, tick: impl Fn() -> Ran) -> Vec<String> {
        let mut wrong = Vec::new();
        for turn in 0..TICKS {
            let ran = tick();
            if !matches!(ran.code, 0 | 1) || ran.panicked() {
                wrong.push(format!("a recovering tick ended with {}: {}", ran.code, ran.err));
            }
            match self.rest() {
                Rest::Over => return wrong,
                // What the list shows is found before anything has settled.
                Rest::In(ms) if turn > 0 => crate::verdict::wait(ms),
                Rest::Now | Rest::In(_) => {}
            }
        }
        wrong.push(format!("not over after {TICKS} ticks"));
        wrong
    }

    /// Lets the settle time of everything that is open pass.
    pub fn let_settle(&self) {
        let connection = self.connect();
        let until: Option<i64> = connection
            .query_row("select max(deadline_boot_ms) from attempts where state in ('SENDING','UNKNOWN')", [], |r| {
                r.get(0)
            })
            .unwrap();
        let wait = until.map_or(0, |until| until + self.setup.settle_ms() - SystemClock.boottime_ms());
        crate::verdict::wait(wait);
    }

    fn rest(&self) -> Rest {
        let connection = self.connect();
        let count = |sql: &str| connection.query_row(sql, [], |r| r.get::<_, i64>(0)).unwrap();
        // What starts later is not in reach of the ladder yet.
        let soon = SystemClock.now().plus(AHEAD * 2).ms();
        let open = count(&format!(
            "select (select count(*) from steps where state in ('PENDING','RUNNING')) \
             + (select count(*) from attempts where state in ('SENDING','UNKNOWN') or (state = 'ACCEPTED' and hang_up = 'WANTED')) \
             + (select count(*) from meetings where state = 'SCHEDULED' and watched = 0 and starts_at < {soon})",
        ));
        if open == 0 {
            return Rest::Over;
        }
        let sql = "select min(deadline_boot_ms) from attempts where state = 'UNKNOWN'";
        let unknown: Option<i64> = connection.query_row(sql, [], |r| r.get(0)).unwrap();
        let sql = "select min(ready_at) from steps where state = 'PENDING'";
        let pending: Option<i64> = connection.query_row(sql, [], |r| r.get(0)).unwrap();
        let waits = [
            unknown.map(|until| until + self.setup.settle_ms() - SystemClock.boottime_ms()),
            pending.map(|until| until - SystemClock.now().ms()),
        ];
        match waits.into_iter().flatten().min() {
            Some(ms) if ms > 0 => Rest::In(ms),
            _ => Rest::Now,
        }
    }

    /// Lets the lease of everything that is being sent end.
    pub fn outlast_leases(&self) {
        let sql = "select max(lease_until_boot_ms) from attempts where state = 'SENDING'";
        let until: Option<i64> = self.connect().query_row(sql, [], |r| r.get(0)).unwrap();
        let wait = until.map_or(0, |until| until + 1 - SystemClock.boottime_ms());
        crate::verdict::wait(wait);
    }

    /// Can nobody else write while this one sleeps? The kernel is asked first: SQLite waits up to ten seconds for one
    /// that sleeps in the repair of the log.
    pub fn is_locked_by(&self, frozen: &Frozen) -> bool {
        let connection = self.connect();
        connection.busy_timeout(Duration::ZERO).unwrap();
        frozen.holds_a_lock() || connection.execute_batch("begin immediate; rollback").is_err()
    }

    /// The database, as another program sees it.
    pub fn connect(&self) -> Connection {
        connect(&self.database())
    }
}

/// A database, as another program sees it.
pub fn connect(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection
}

/// The bytes of a database in which so many people have a meeting in two and a half minutes. Its last tick was half a
/// minute ago, as cron does it: preflight adopts only calls from after that.
fn database_of(people: usize, opened: bool) -> Vec<u8> {
    type Made = HashMap<(usize, bool), (i64, Vec<u8>)>;
    static MADE: Mutex<Option<Made>> = Mutex::new(None);
    let now = SystemClock.now().ms();
    let mut made = MADE.lock().unwrap();
    let made = made.get_or_insert_default();
    let entry = made.entry((people, opened)).or_insert_with(|| (0, Vec::new()));
    if now - entry.0 > FRESH_MS {
        *entry = (now, make(people, opened));
    }
    entry.1.clone()
}

fn make(people: usize, opened: bool) -> Vec<u8> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("savehub.db");
    let store = SqliteStore::open(&path, Create::Yes).unwrap();
    let now = SystemClock.now();
    let before = now.minus(Duration::from_secs(30));
    let start = TickStart {
        now: before,
        boottime_ms: SystemClock.boottime_ms() - 30_000,
        owner: Owner::me(),
        host: "rig".into(),
        turned: false,
    };
    let tick = store.begin_tick(&start).unwrap().id;
    let end = TickEnd { now: before, exit: 0, skew_ms: None, placed: 0, not_placed: 0 };
    store.end_tick(tick, &end).unwrap();
    for i in 0..people {
        let meeting = NewMeeting {
            person: format!("p{i}"),
            uid: format!("{}@example.org", COUNT.fetch_add(1, Ordering::SeqCst)),
            recurrence: String::new(),
            title: "Stand-up".into(),
            starts_at: now.plus(AHEAD),
            ends_at: None,
            link: None,
            source: "manual".into(),
        };
        store.add_meeting(&meeting, before).unwrap();
    }
    if opened {
        let rung = Rung::call(Duration::from_secs(180));
        let plan = |m: &savehub::store::Meeting| Plan::Watch(ladder::plan(std::slice::from_ref(&rung), m.starts_at));
        store.open_incidents(now, now.plus(AHEAD * 2), &plan).unwrap();
    }
    drop(store);
    std::fs::read(path).unwrap()
}
