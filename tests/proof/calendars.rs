//! (g) `kill -9` before every system call of a tick that reads calendars, or a full disk there; then further ticks.
//!
//! Two people, one with a file and one with a subscription. An earlier tick has read three meetings of each. The killed
//! tick finds one moved, one called off, one missing, and a new one whose call is due at once. To the ticks after it the
//! missing one is there again.

use crate::rig::{Rig, Setup, number, whole};
use crate::strace::{Point, able, inject, points, sample};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::verdict::{Tally, judge};
use savehub::clock::{Clock as _, SystemClock};
use savehub::model::Timestamp;
use std::fmt::Write as _;
use std::time::Duration;

/// Both people's meetings come from calendars alone.
const SETUP: Setup = Setup { people: 0, ..Setup::ONE };

const PEOPLE: usize = 2;

struct Case {
    rig: Rig,
    feed: FakeFeed,
    began: Timestamp,
}

impl Case {
    /// After the tick that has read both calendars as they were.
    fn new() -> Self {
        let mut rig = Rig::new(SETUP);
        rig.setup.people = PEOPLE;
        let feed = FakeFeed::start(Serves::status(500));
        let config = rig.path("config.toml");
        let mut text = std::fs::read_to_string(&config).unwrap() + "[calendar]\ntimeout = \"1s\"\n";
        for (person, place) in [format!("file:{}", rig.path("p0.ics").display()), feed.url()].iter().enumerate() {
            let phone = number(person);
            let person = format!("id = \"p{person}\"\nphone = \"{phone}\"\nzone = \"UTC\"\ncalendars = [\"{place}\"]");
            write!(text, "[[person]]\n{person}\n").unwrap();
        }
        std::fs::write(config, text).unwrap();
        let case = Self { rig, feed, began: SystemClock.now() };
        case.holds(&[("moved", 72_000, ""), ("off", 72_000, ""), ("gone", 72_000, "")]);
        let ran = case.rig.run(&["tick", "-q"]);
        assert_eq!((ran.code, case.planned(72_000)), (0, 2 * 3), "{}", ran.err);
        case.holds(&[("moved", 75_600, ""), ("off", 72_000, "STATUS:CANCELLED\r\n"), ("new", 150, "")]);
        case.is_due();
        case
    }

    /// What both calendars hold from now on: UID, seconds to the start, and what else stands in the event.
    fn holds(&self, events: &[(&str, u64, &str)]) {
        let mut text = String::from("BEGIN:VCALENDAR\r\n");
        for (uid, start, more) in events {
            let start = self.start(*start).to_rfc3339().replace(['-', ':'], "");
            let start = start.split('.').next().unwrap();
            write!(text, "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:{start}Z\r\nSUMMARY:{uid}\r\n{more}END:VEVENT\r\n")
                .unwrap();
        }
        text.push_str("END:VCALENDAR\r\n");
        std::fs::write(self.rig.path("p0.ics"), &text).unwrap();
        self.feed.serve(Serves::plain(&text));
    }

    /// So many seconds after the beginning; calendars know whole seconds.
    fn start(&self, seconds: u64) -> Timestamp {
        Timestamp::from_ms(self.began.plus(Duration::from_secs(seconds)).ms() / 1000 * 1000)
    }

    /// The time of the subscription has come, and no lease is left of whoever was killed.
    fn is_due(&self) {
        self.rig.connect().execute("update calendars set next_look_at = 0, lease_until = null", []).unwrap();
    }

    /// Meetings that are planned for this time.
    fn planned(&self, seconds: u64) -> i64 {
        let sql = "select count(*) from meetings where state = 'SCHEDULED' and starts_at = ?1";
        self.rig.connect().query_row(sql, [self.start(seconds).ms()], |r| r.get(0)).unwrap()
    }

    /// What is not as both calendars have it.
    fn wrong(&self) -> Vec<String> {
        let sql = "select count(*) from meetings where state = 'CANCELLED' and uid = 'off' or state = 'SCHEDULED' and \
                   (uid = 'moved' and starts_at = ?1 or uid = 'gone' and starts_at = ?2 or uid = 'new' and starts_at = ?3)";
        let starts = [75_600, 72_000, 150].map(|seconds| self.start(seconds).ms());
        let connection = self.rig.connect();
        let right: i64 = connection.query_row(sql, starts, |r| r.get(0)).unwrap();
        let all: i64 = connection.query_row("select count(*) from meetings", [], |r| r.get(0)).unwrap();
        let damage: String = connection.query_row("pragma integrity_check", [], |r| r.get(0)).unwrap();
        let told = [
            ((right, all) != (8, 8)).then(|| format!("{right} of {all} meetings are right, instead of 8 of 8")),
            (damage != "ok").then_some(damage),
        ];
        told.into_iter().flatten().collect()
    }
}

/// A tick that `what` happens to, and the ticks that finish the work.
fn harmed(point: &Point, what: &str) -> Tally {
    let case = Case::new();
    let (fired, _) = inject(&case.rig.savehub(&["tick", "-q"]), &case.rig.path("log"), point, what);
    case.rig.drain();
    case.holds(&[
        ("moved", 75_600, ""),
        ("off", 72_000, "STATUS:CANCELLED\r\n"),
        ("new", 150, ""),
        ("gone", 72_000, ""),
    ]);
    case.is_due();
    let ran = case.rig.run(&["tick", "-q"]);
    let mut wrong = case.rig.recover();
    if !matches!(ran.code, 0 | 1) || ran.panicked() {
        wrong.push(format!("the tick after it ended with {}: {}", ran.code, ran.err));
    }
    wrong.extend(case.wrong());
    judge(&case.rig, &format!("calendars: {what} at {point}"), fired, wrong)
}

fn sweep(name: &str, what: &str, among: impl Fn(&Point) -> bool, sampled: usize) {
    if !able(name) {
        return;
    }
    let case = Case::new();
    let mut all = points(&case.rig.savehub(&["tick", "-q"]), &case.rig.path("log"), "config.toml").own;
    all.retain(among);
    let chosen = if whole() { all } else { sample(&all, sampled, 1) };
    // A call that a thread's timing left out this time is tried to be met again; every run is judged.
    let met = |point: &Point| {
        let runs = std::iter::repeat_with(|| harmed(point, what)).take(4);
        let mut last = Tally::default();
        for run in runs {
            let clean = run.duplicates == 0 && run.losses == 0 && run.stuck == 0 && run.wrong.is_empty();
            last = run;
            if last.fired > 0 || !clean {
                break;
            }
        }
        last
    };
    Tally::of(&chosen, met).hold(name);
}

#[test]
fn a_tick_killed_while_it_reads_calendars_loses_no_meeting_and_calls_off_none() {
    // How often threads wait and ask for memory differs from run to run, and changes nothing outside.
    const INSIDE: [&str; 6] = ["futex", "madvise", "mmap", "munmap", "mprotect", "brk"];
    sweep("kill, reading calendars", "signal=KILL", |point| !INSIDE.contains(&point.syscall.as_str()), 40);
}

#[test]
fn a_disk_that_is_full_while_calendars_are_read_loses_no_meeting_and_calls_off_none() {
    const WRITES: [&str; 4] = ["pwrite64", "fdatasync", "fsync", "ftruncate"];
    sweep("ENOSPC, reading calendars", "error=ENOSPC", |point| WRITES.contains(&point.syscall.as_str()), 20);
}
