//! strace(1): every system call of a run, and one of them made to kill, fail or freeze it.

use crate::rig::{Came, Invocation, Ran, say};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// The `n`th time that a thread makes this system call.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub syscall: String,
    pub n: usize,
}

impl std::fmt::Display for Point {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} #{}", self.syscall, self.n)
    }
}

impl Point {
    pub fn new(syscall: &str, n: usize) -> Self {
        Self { syscall: syscall.into(), n }
    }

    /// Without preflight: after it the call has its connection, and the gate is still to be asked.
    pub fn connected() -> Self {
        Self::new("setsockopt", 3)
    }

    /// Without preflight: after it the gate has let the call begin, and no byte has left.
    pub fn begun() -> Self {
        Self::new("setsockopt", 4)
    }

    /// Without preflight: after it the request has left, before it nothing has.
    pub fn sent() -> Self {
        Self::new("sendto", 1)
    }

    /// Does it change a file, or speak with somebody?
    pub fn has_effect(&self) -> bool {
        const EFFECTS: [&str; 11] = [
            "pwrite64",
            "fsync",
            "fdatasync",
            "ftruncate",
            "unlink",
            "write",
            "connect",
            "sendto",
            "recvfrom",
            "clone3",
            "shutdown",
        ];
        EFFECTS.contains(&self.syscall.as_str())
    }
}

/// Can strace be used here? If not, `what` is not run, which is said loudly; with `CI=true` that is a failure.
pub fn able(what: &str) -> bool {
    static ABLE: OnceLock<bool> = OnceLock::new();
    let able = *ABLE.get_or_init(|| {
        let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
        traced.is_ok_and(|status| status.success())
    });
    able || missing(what, "strace(1), or the right to use it")
}

/// Says that `what` was not run for lack of a tool. Never true.
pub fn missing(what: &str, tool: &str) -> bool {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what} needs {tool}");
    say(&format!("NOT RUN: {what}: there is no {tool} here"));
    false
}

/// Runs it and gives every line of what it did: thread, and call with arguments and result.
pub fn trace(run: &Invocation, log: &Path, more: &[&str]) -> Vec<(u32, String)> {
    let output = wrapped(run, log, more).output().unwrap();
    assert!(output.status.success(), "{:?}", Ran::of(&output));
    lines(&std::fs::read_to_string(log).unwrap())
}

fn lines(log: &str) -> Vec<(u32, String)> {
    let line = |line: &str| {
        let (thread, call) = line.split_once(' ')?;
        Some((thread.parse().ok()?, call.trim_start().to_owned()))
    };
    log.lines().filter_map(line).collect()
}

/// The name of the call a line begins; none for the second half of one, signals and exits.
pub fn name(call: &str) -> Option<&str> {
    let (name, _) = call.split_once('(')?;
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    (!name.is_empty() && name.bytes().all(word)).then_some(name)
}

/// Every point of a run, in a fixed order. `from`: what the run's own part begins with; the points before it belong to
/// the loader and the language's runtime.
pub fn points(run: &Invocation, log: &Path, from: &str) -> Points {
    let mut counts: HashMap<(u32, &str), usize> = HashMap::new();
    let (mut most, mut foreign) = (BTreeMap::new(), BTreeMap::new());
    let traced = trace(run, log, &[]);
    let mut own = false;
    for (thread, call) in &traced {
        let Some(name) = name(call) else { continue };
        // The command line names it too.
        own = own || (name == "openat" && call.contains(from));
        let count = counts.entry((*thread, name)).or_default();
        *count += 1;
        let max: &mut usize = most.entry(name.to_owned()).or_default();
        *max = (*max).max(*count);
        if !own {
            foreign.insert(name.to_owned(), *count);
        }
    }
    assert!(own, "the run never came to {from}");
    let all = most.iter().flat_map(|(name, max)| (1..=*max).map(move |n| Point::new(name, n)));
    let (own, foreign) = all.partition(|p| p.n > foreign.get(&p.syscall).copied().unwrap_or(0));
    Points { own, foreign }
}

/// The points of a run.
pub struct Points {
    /// Its own.
    pub own: Vec<Point>,
    /// The loader's and the runtime's.
    pub foreign: Vec<Point>,
}

/// At most `want` of `points`, spread evenly; those with an effect are two thirds of them. `turn` shifts the choice.
pub fn sample(points: &[Point], want: usize, turn: usize) -> Vec<Point> {
    let (effects, rest): (Vec<&Point>, Vec<&Point>) = points.iter().partition(|p| p.has_effect());
    let spread = |of: &[&Point], want: usize| -> Vec<Point> {
        let want = want.min(of.len());
        let at = |i: usize| (i * of.len() / want.max(1) + turn) % of.len().max(1);
        (0..want).map(|i| of[at(i)].clone()).collect()
    };
    let mut chosen = spread(&effects, want * 2 / 3);
    chosen.extend(spread(&rest, want - want * 2 / 3));
    chosen.sort();
    chosen.dedup();
    chosen
}

/// Runs it with an injection at a point: `signal=KILL`, `error=EIO`. Says whether it fired, and how the run ended.
pub fn inject(run: &Invocation, log: &Path, point: &Point, what: &str) -> (bool, Ran) {
    let output = wrapped(run, log, &injection(point, what, "").each_ref().map(String::as_str)).output().unwrap();
    let ran = Ran::of(&output);
    let fired = match what {
        "signal=KILL" => ran.code == 137,
        _ => std::fs::read_to_string(log).unwrap().contains("(INJECTED)"),
    };
    (fired, ran)
}

fn injection(point: &Point, what: &str, also: &str) -> [String; 4] {
    let Point { syscall, n } = point;
    let traced = if also.is_empty() { syscall.clone() } else { format!("{syscall},{also}") };
    ["-e".into(), format!("trace={traced}"), "-e".into(), format!("inject={syscall}:{what}:when={n}")]
}

fn wrapped(run: &Invocation, log: &Path, more: &[&str]) -> Command {
    // Found before the environment is emptied.
    let mut command = Command::new("strace");
    run.dress(&mut command);
    command.env("PATH", "/usr/bin:/bin:/usr/local/bin");
    command.args(["-D", "-f", "-o"]).arg(log).args(more).arg(&run.program).args(&run.args);
    command
}

/// What strace says of every thread of a process that stops.
const STOPPED: &str = "--- stopped by SIGSTOP ---";

/// A run that has stopped at a point.
pub struct Frozen {
    child: Child,
    reader: std::io::BufReader<std::process::ChildStderr>,
    /// Everything strace said until then: the calls named in `also` too.
    seen: String,
}

/// Starts it and waits until it has stopped after a point; none if it came to its end before.
pub fn freeze(run: &Invocation, point: &Point, also: &str) -> Option<Frozen> {
    let mut frozen = Frozen::start(run, &injection(point, "signal=STOP", also));
    if frozen.stops() {
        return Some(frozen);
    }
    frozen.child.wait().unwrap();
    None
}

/// Runs it and kills it when its first request to call or text has come so far, whichever thread sends it: claimed, with
/// the gate still to be asked; or begun by the gate's word, and no byte of it has left. Says whether it came to that.
pub fn kill_when(run: &Invocation, came: Came) -> bool {
    // Before the gate is asked a socket is made or looked at, and after it told how long writing may take. Everything
    // stops there each time, and is looked at.
    let each = ["-e", "trace=setsockopt,recvfrom,pwrite64,sendto", "-e", "inject=setsockopt,recvfrom:signal=STOP"];
    let mut running = Frozen::start(run, &each.map(str::to_owned));
    while running.stops() {
        if running.came_to() == came {
            running.kill();
            return true;
        }
        running.go_on();
    }
    running.child.wait().unwrap();
    false
}

/// Calls that show how far a request has come; to be named in `also`.
pub const REQUEST: &str = "connect,sendto,fcntl";

impl Frozen {
    fn start(run: &Invocation, injection: &[String]) -> Self {
        let mut command = Command::new("strace");
        run.dress(&mut command);
        command.env("PATH", "/usr/bin:/bin:/usr/local/bin").args(["-D", "-f", "-s", "16"]);
        command.args(injection).arg(&run.program).args(&run.args);
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        let reader = std::io::BufReader::new(child.stderr.take().unwrap());
        Self { child, reader, seen: String::new() }
    }

    /// Waits until all of it has stopped; `false`: it comes to its end.
    fn stops(&mut self) -> bool {
        use std::io::BufRead as _;
        let tasks = format!("/proc/{}/task", self.child.id());
        let mut stopped = 0;
        loop {
            let start = self.seen.len();
            if self.reader.read_line(&mut self.seen).unwrap() == 0 {
                return false;
            }
            let line = &self.seen[start..];
            stopped += usize::from(line.contains(STOPPED));
            // Threads that had begun to end finish that first, and say so.
            let of_a_stop = line.contains(STOPPED) || line.contains("+++ exited");
            if stopped > 0 && of_a_stop && stopped >= std::fs::read_dir(&tasks).map_or(0, Iterator::count) {
                return true;
            }
        }
    }

    /// Wakes it up; it may just have ended.
    fn go_on(&self) {
        _ = rustix::process::kill_process(rustix::process::Pid::from_child(&self.child), rustix::process::Signal::CONT);
    }

    /// Ends it where it is.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// How far the first request has come, by what was written of it.
    fn came_to(&self) -> Came {
        let wrote = |word: &str| self.seen.lines().any(|line| line.contains("pwrite64(") && line.contains(word));
        match (wrote(", \"armed "), wrote(", \"begun\""), self.has_sent()) {
            (true, false, false) => Came::Claimed,
            (_, true, false) => Came::Begun,
            _ => Came::Elsewhere,
        }
    }

    /// Had a request to call or text left? It leaves as a whole; other requests only read.
    pub fn has_sent(&self) -> bool {
        self.seen.lines().any(|line| line.contains("sendto(") && line.contains(", \"POST "))
    }

    /// Does it hold a lock on the database, by the kernel's list? What changes while the list is read can be missed in it.
    pub fn holds_a_lock(&self) -> bool {
        let pid = self.child.id().to_string();
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|lock| {
            let words: Vec<&str> = lock.split_whitespace().collect();
            // SQLite's are POSIX locks. That of its own armed file, which it has to its end, is not.
            words.contains(&"POSIX") && words.contains(&"WRITE") && words.contains(&pid.as_str())
        })
    }

    /// Had the fence begun its last look at the database, and the request not left? That look comes when the call's own
    /// connection is there (so without preflight only); what it sees stands still from there.
    pub fn is_past_the_fence(&self) -> bool {
        let connected = self.seen.split_once("connect(").map_or("", |(_, after)| after);
        !self.has_sent() && connected.contains("F_RDLCK")
    }

    /// Lets it go on to its end. Another thread may come to the same count and stop it again: then it goes on at once.
    pub fn thaw(mut self) -> Ran {
        use std::io::BufRead as _;
        self.go_on();
        let mut err = String::new();
        loop {
            let start = err.len();
            if self.reader.read_line(&mut err).unwrap() == 0 {
                break;
            }
            if err[start..].contains(STOPPED) {
                self.go_on();
            }
        }
        let output =
            std::process::Output { status: self.child.wait().unwrap(), stdout: Vec::new(), stderr: err.into() };
        Ran::of(&output)
    }
}
