//! Rehearsals: by a turned clock they leave no trace in what is real, and what they copy is enough.

use crate::support::cli::{ANA, Cli};
use crate::support::forward::{Forward, Hook};
use crate::support::world::World;
use proptest::prelude::*;
use savehub::config::CalendarPlace;
use savehub::feed::{Feed, Feeds, Wanted};
use savehub::model::MeetingId;
use savehub::store::sqlite::{Create, Replace, SqliteStore};
use savehub::store::{CheckIn, NewPause, Store};
use savehub::tick::{self, Outlook, Summary};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[test]
fn a_turned_clock_is_refused_where_real_ticks_have_written_and_a_copy_takes_it() {
    let cli = Cli::with(ANA);
    cli.ok(&["tick"]);
    let at = "2026-11-22T09:00:00Z";
    let refused = cli.run(&["tick", "--now", at]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert_eq!(
        refused.err,
        "error: --now turns the clock for a rehearsal, and real ticks have written this database. Rehearse with `savehub \
         plan`, with --dry-run, or on a copy: `savehub db backup FILE`, then --database FILE\n"
    );
    cli.ok(&["tick", "--now", at, "--dry-run"]);
    let copy = cli.path("copy.db");
    let copy = copy.to_str().unwrap();
    cli.ok(&["db", "backup", copy]);
    cli.ok(&["tick", "--now", at, "--database", copy]);
    cli.ok(&["tick", "--now", at, "--database", copy]);
    let nowhere = cli.run(&["tick", "--now", at, "--database", "/nowhere/x.db"]);
    assert!(nowhere.code == 3 && nowhere.err.contains("there is no savehub database at /nowhere/x.db"), "{nowhere:?}");
    cli.ok(&["tick"]);
}

#[test]
fn the_first_real_tick_opens_again_what_rehearsals_ended_and_is_still_ahead() {
    let cli = Cli::with(ANA);
    for (title, at) in [("Missed", "in 2h"), ("Rung", "in 5h"), ("Checked", "in 6h")] {
        cli.ok(&["meeting", "add", title, "--at", at]);
    }
    cli.ok(&["checkin", "Checked"]);
    assert!(cli.ok(&["tick", "--now", "in 118m"]).contains("Missed (ana): called ****0101 on the mock phone"));
    assert!(cli.run(&["tick", "--now", "in 298m"]).out.contains("Rung (ana): called ****0101 on the mock phone"));
    assert!(cli.ok(&["status"]).contains("MISSED"));
    cli.ok(&["tick"]);
    let plan = cli.ok(&["plan"]);
    for title in ["Missed", "Rung"] {
        assert_eq!(plan.matches(title).count(), 2, "{plan}");
    }
    assert!(!plan.contains("Checked"), "{plan}");
    assert!(cli.ok(&["db", "check"]).starts_with("ok: "));
}

/// Rehearses on a copy of the whole file.
struct Whole {
    file: PathBuf,
    copy: PathBuf,
}

impl Hook for Whole {
    fn rehearsed(&self, _: Box<dyn Store>) -> Box<dyn Store> {
        SqliteStore::open(&self.file, Create::No).unwrap().backup(&self.copy, Replace::Yes).unwrap();
        Box::new(SqliteStore::open(&self.copy, Create::No).unwrap())
    }
}

/// The same world, whose rehearsals copy everything.
fn copying_all(w: &World) -> tick::World {
    let (file, inner) = (w.parts.config.database.clone(), Arc::clone(&w.parts.store));
    let hook = Whole { file, copy: w.dir.path().join("whole.db") };
    tick::World { store: Arc::new(Forward { inner, hook }), ..w.parts.clone() }
}

/// What a plan says, but for the ids of its calls, which are random.
fn told(mut outlook: Outlook) -> String {
    outlook.steps.iter_mut().for_each(|step| step.result.call_id = None);
    format!("{outlook:#?}")
}

/// The same of a dry run; workers answer in any order.
fn would(mut summary: Summary) -> String {
    summary.results.iter_mut().for_each(|result| result.call_id = None);
    summary.results.sort_by_key(|result| result.step);
    format!("{summary:#?}")
}

#[derive(Debug, Clone)]
enum Event {
    /// A new meeting, so many half minutes ahead.
    Meets(usize, u64),
    /// Ticks for so many half minutes.
    Ticks(u64),
    /// No tick for so many hours.
    Sleeps(u64),
    CheckIn(usize),
    CallOff(usize),
    Move(usize, u64),
    Pause(u64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        5 => (0..2_usize, 1..90_u64).prop_map(|(person, halves)| Event::Meets(person, halves)),
        6 => (1..30_u64).prop_map(Event::Ticks),
        2 => (1..120_u64).prop_map(Event::Sleeps),
        1 => (0..9_usize).prop_map(Event::CheckIn),
        1 => (0..9_usize).prop_map(Event::CallOff),
        2 => (0..9_usize, 1..90_u64).prop_map(|(meeting, halves)| Event::Move(meeting, halves)),
        1 => (1..90_u64).prop_map(Event::Pause),
    ];
    proptest::collection::vec(event, 4..24)
}

fn happens(w: &World, event: &Event, number: usize, meetings: &mut Vec<MeetingId>) {
    let (store, now) = (&w.parts.store, w.now());
    let soon = |halves: &u64| now.plus(Duration::from_secs(halves * 30));
    let chosen = |which: &usize| meetings.iter().rev().nth(*which).copied();
    // Some of these are refused: the meeting was called off before.
    match event {
        Event::Meets(person, halves) => {
            let (title, at) = (format!("Meeting {number}"), format!("in {}s", halves * 30));
            meetings.push(w.meeting_of(["ana", "ben"][*person], &title, &at));
        }
        Event::Ticks(halves) => (0..*halves).for_each(|_| {
            w.tick();
            w.advance(30);
        }),
        Event::Sleeps(hours) => w.advance(hours * 3600),
        Event::CheckIn(which) => _ = chosen(which).map(|id| store.check_in(id, CheckIn::Joined, now)),
        Event::CallOff(which) => _ = chosen(which).map(|id| store.cancel_meeting(id, now)),
        Event::Move(which, halves) => _ = chosen(which).map(|id| store.move_meeting(id, soon(halves), None, now)),
        Event::Pause(halves) => {
            let pause = NewPause { person: Some("ana".into()), until: Some(soon(halves)), reason: None };
            store.pause(&pause, now).unwrap();
        }
    }
}

const STAND_UP: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:a@x\r\n\
                        DTSTAMP:20261101T000000Z\r\nDTSTART:20261122T091500Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Stand-up\r\n\
                        END:VEVENT\r\nEND:VCALENDAR\r\n";

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_a_rehearsal_copies_tells_what_the_whole_database_would(
        events in events(), ladder in 0..2_usize, cap in 2..9_u32,
    ) {
        let ladder = ["", "[[ladder]]\nstep = \"call\"\nbefore = \"2m\"\n[[ladder]]\nstep = \"sms\"\nafter = \"4m\"\n"][ladder];
        let mut w = World::with(&format!("[guards]\ndaily_cap_per_person = {cap}\n{ladder}"));
        let file = w.dir.path().join("work.ics");
        std::fs::write(&file, STAND_UP).unwrap();
        w.reads("ben", CalendarPlace::File(file));
        let mut meetings = Vec::new();
        for (number, event) in events.iter().enumerate() {
            happens(&w, event, number, &mut meetings);
        }
        let (whole, until) = (copying_all(&w), w.now().plus(Duration::from_secs(26 * 3600)));
        prop_assert_eq!(would(w.dry_run()), would(tick::dry_run(&whole).unwrap()));
        prop_assert_eq!(told(tick::plan(&w.parts, until).unwrap()), told(tick::plan(&whole, until).unwrap()));
    }
}

#[test]
fn a_plan_looks_at_calendars_once_for_as_long_as_their_copies_reach() {
    let mut w = World::new();
    let file = w.dir.path().join("work.ics");
    std::fs::write(&file, STAND_UP).unwrap();
    w.reads("ben", CalendarPlace::File(file));
    for hours in 1..20 {
        w.meeting_of("ana", &format!("Meeting {hours}"), &format!("in {hours}h"));
    }
    let asked = Arc::new(Asked { real: Arc::clone(&w.parts.feeds), times: AtomicUsize::new(0) });
    w.parts.feeds = Arc::clone(&asked) as _;
    let planned = tick::plan(&w.parts, w.now().plus(Duration::from_secs(24 * 3600))).unwrap();
    assert_eq!(planned.steps.len(), 2 * 20, "{planned:#?}");
    assert!(planned.ticks > 40, "{}", planned.ticks);
    assert_eq!(asked.times.load(Ordering::Relaxed), 1);
    tick::plan(&w.parts, w.now().plus(Duration::from_secs(5 * 24 * 3600))).unwrap();
    let times = asked.times.load(Ordering::Relaxed);
    assert!((5..=7).contains(&times), "about once a day: {times}");
}

/// Counts the looks at calendars.
struct Asked {
    real: Arc<dyn Feeds>,
    times: AtomicUsize,
}

impl Feeds for Asked {
    fn feed(&self, key: &str, wanted: &Wanted) -> Option<Arc<dyn Feed>> {
        self.times.fetch_add(1, Ordering::Relaxed);
        self.real.feed(key, wanted)
    }
}
