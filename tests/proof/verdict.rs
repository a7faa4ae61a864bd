//! What came of a case, by the fake's own list of calls and by the database.

use crate::rig::{Rig, number, say};
use rusqlite::Connection;
use savehub::clock::{Clock as _, SystemClock};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::AddAssign;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// How many cases are under way at once, those that wait included.
const AT_ONCE: usize = 24;

/// How many of all those cases may do something at once.
const BUSY: usize = 4;

static FREE: (Mutex<usize>, Condvar) = (Mutex::new(BUSY), Condvar::new());

thread_local! {
    static IS_BUSY: Cell<bool> = const { Cell::new(false) };
}

fn begin() {
    let mut free = FREE.1.wait_while(FREE.0.lock().unwrap(), |free| *free == 0).unwrap();
    *free -= 1;
    IS_BUSY.set(true);
}

fn end() {
    IS_BUSY.set(false);
    *FREE.0.lock().unwrap() += 1;
    FREE.1.notify_one();
}

/// Lets the time until an instant pass, and other cases go on meanwhile.
pub fn wait(ms: i64) {
    aside(|| SystemClock.sleep(Duration::from_millis(ms.max(0).unsigned_abs())));
}

/// Does what is mostly waiting, and other cases go on meanwhile.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    let busy = IS_BUSY.get();
    if busy {
        end();
    }
    let done = work();
    if busy {
        begin();
    }
    done
}

/// Gives the turn back even when the case fails.
struct Turn;

impl Turn {
    fn take() -> Self {
        begin();
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        end();
    }
}

/// The counts of a part, and what was wrong in it.
#[derive(Debug, Default)]
pub struct Tally {
    pub cases: usize,
    pub fired: usize,
    /// Calls more than one to a step.
    pub duplicates: usize,
    /// Steps that neither rang nor say why.
    pub losses: usize,
    /// Steps or attempts that were still open at the end.
    pub stuck: usize,
    /// Steps that rang.
    pub rang: usize,
    /// Kills between the claim of a request and its beginning, where that is looked at.
    pub claimed: usize,
    /// Rungs that a kill cost: whether their request left is in doubt.
    pub doubts: usize,
    /// Steps that ended without a call, and say why.
    pub reasons: BTreeMap<String, usize>,
    /// Everything that must not be, in words.
    pub wrong: Vec<String>,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.cases += other.cases;
        self.fired += other.fired;
        self.duplicates += other.duplicates;
        self.losses += other.losses;
        self.stuck += other.stuck;
        self.rang += other.rang;
        self.claimed += other.claimed;
        self.doubts += other.doubts;
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        self.wrong.extend(other.wrong);
    }
}

impl Tally {
    /// Runs every case, a few at once, and adds them up.
    pub fn of<C: Sync>(cases: &[C], case: impl Fn(&C) -> Self + Sync) -> Self {
        let (next, sum) = (AtomicUsize::new(0), Mutex::new(Self::default()));
        std::thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(|| {
                    while let Some(one) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                        let turn = Turn::take();
                        let tally = case(one);
                        drop(turn);
                        *sum.lock().unwrap() += tally;
                    }
                });
            }
        });
        sum.into_inner().unwrap()
    }

    /// The line of counts.
    pub fn tell(&self, what: &str) {
        let Self { cases, fired, duplicates, losses, stuck, rang, claimed, doubts, reasons, wrong } = self;
        let wrong = if wrong.is_empty() { String::new() } else { format!("; {} cases WRONG", wrong.len()) };
        let reasons = reasons.iter().map(|(reason, count)| format!(", {count} {reason}")).collect::<Vec<_>>().concat();
        let of_rungs = match (claimed, doubts) {
            (0, 0) => String::new(),
            _ => format!("; killed between claim and begun: {claimed}; rungs cost, each begun and in doubt: {doubts}"),
        };
        say(&format!(
            "{what}: {cases} cases, {fired} fired, {duplicates} duplicates, {losses} losses, {stuck} stuck \
             ({rang} rang{reasons}{of_rungs}){wrong}"
        ));
    }

    /// The line of counts, and a failure if anything is wrong or too few injections fired.
    #[track_caller]
    pub fn hold(&self, what: &str) {
        self.hold_if(what, 9);
    }

    /// The same, where at least so many of ten injections fired: many threads never make the same system calls twice.
    #[track_caller]
    pub fn hold_if(&self, what: &str, of_ten: usize) {
        self.tell(what);
        let shown = self.wrong.iter().take(8).cloned().collect::<Vec<_>>().join("\n\n");
        assert!(self.wrong.is_empty(), "{what}: {} wrong, such as\n{shown}", self.wrong.len());
        assert_eq!((self.duplicates, self.losses, self.stuck), (0, 0, 0), "{what}");
        assert!(self.fired * 10 >= self.cases * of_ten, "{what}: only {} of {} fired", self.fired, self.cases);
    }
}

/// Judges a case that should be over. `name` and what went wrong on the way head the words of a failure.
pub fn judge(rig: &Rig, name: &str, fired: bool, mut wrong: Vec<String>) -> Tally {
    let connection = rig.connect();
    let mut tally = Tally { cases: 1, fired: usize::from(fired), ..Tally::default() };
    let taken = rig.taken();
    for person in 0..rig.setup.people {
        let rang = taken.iter().filter(|(to, _)| *to == number(person)).count();
        tally.duplicates += rang.saturating_sub(1);
        tally.rang += usize::from(rang > 0);
        let step = step(&connection, person);
        let ended = step.clone().filter(|(state, _)| state != "EXECUTED");
        match (rang, ended) {
            (0, Some((state, Some(reason)))) => *tally.reasons.entry(format!("{state}({reason})")).or_default() += 1,
            (0, _) => {
                tally.losses += 1;
                wrong.push(format!("LOST: p{person} was never called, and its step is {step:?}"));
            }
            (1, _) => {}
            (n, _) => wrong.push(format!("DUPLICATE: p{person} was called {n} times")),
        }
    }
    for (_, sid) in &taken {
        let sql = "select count(*) from attempts where sid = ?1";
        if connection.query_row(sql, [sid], |r| r.get::<_, i64>(0)).unwrap() == 0 {
            wrong.push(format!("the database does not know {sid}"));
        }
    }
    tally.stuck = usize::try_from(still_open(&connection)).unwrap();
    if tally.stuck > 0 {
        wrong.push(format!("STUCK: {} steps, attempts or hang-ups are open", tally.stuck));
    }
    if !wrong.is_empty() {
        tally.wrong.push(format!("{name}: {}\n{}", wrong.join("; "), picture(rig, &connection)));
    }
    tally
}

/// The wish to hang up an attempt that was given up stays, should its call turn up after all; it does not count.
pub fn still_open(connection: &Connection) -> i64 {
    let sql = "select (select count(*) from steps where state in ('PENDING','RUNNING')) \
               + (select count(*) from attempts where state in ('SENDING','UNKNOWN') or (state = 'ACCEPTED' and hang_up = 'WANTED'))";
    connection.query_row(sql, [], |r| r.get(0)).unwrap()
}

/// State and reason of a person's step, if there is one.
pub fn step(connection: &Connection, person: usize) -> Option<(String, Option<String>)> {
    let sql = "select s.state, s.reason from steps s join incidents i on i.id = s.incident_id where i.person = ?1";
    connection.query_row(sql, [format!("p{person}")], |r| Ok((r.get(0)?, r.get(1)?))).ok()
}

/// The rows and calls of a case, for the words of a failure.
pub fn picture(rig: &Rig, connection: &Connection) -> String {
    let mut picture = String::new();
    for (what, sql) in [
        ("incident", "select person || ' ' || state || coalesce(' ' || reason, '') from incidents"),
        ("step", "select id || ' ' || state || coalesce(' ' || reason, '') || coalesce(': ' || detail, '') from steps"),
        (
            "attempt",
            "select id || ' ' || to_number || ' ' || state || coalesce(' ' || sid, '') || ' hang-up ' || hang_up || \
             ' intent ' || intent_at || coalesce(': ' || error, '') from attempts",
        ),
        ("tick", "select id || ' from ' || started_at || coalesce(' to ' || ended_at, ', cut short') from ticks"),
    ] {
        let mut statement = connection.prepare(sql).unwrap();
        for row in statement.query_map([], |r| r.get::<_, String>(0)).unwrap() {
            writeln!(picture, "  {what} {}", row.unwrap()).unwrap();
        }
    }
    for call in rig.fake.calls() {
        let at = call.created_at.ms();
        writeln!(picture, "  call {} to {} at {at}, {}", call.sid, call.to, call.status).unwrap();
    }
    for request in rig.fake.requests() {
        writeln!(picture, "  request {} {}", request.method, request.target).unwrap();
    }
    picture
}
