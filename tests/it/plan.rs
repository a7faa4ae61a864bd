//! `savehub plan`: a small day as text, and that real ticks then do what was planned.

use crate::support::cli::{ANA, Cli};
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::world::{BEGIN, World};
use proptest::prelude::*;
use savehub::cli::plan::{Crowd, Plan, render, report};
use savehub::cli::print::Screen;
use savehub::config::CalendarPlace;
use savehub::model::{Reason, Timestamp};
use savehub::store::{NewPause, StepResult};
use savehub::tick::{self, Foreseen, Outlook};
use std::time::{Duration, Instant};

/// 09:00 and so many minutes.
fn after(minutes: u64) -> Timestamp {
    BEGIN.plus(Duration::from_secs(minutes * 60))
}

fn planned(w: &World, minutes: u64) -> Outlook {
    tick::plan(&w.parts, after(minutes)).unwrap()
}

/// The text for one person or all of them.
fn text(w: &World, minutes: u64, person: Option<&str>) -> String {
    let outlook = planned(w, minutes);
    let snapshot = w.snapshot();
    let pauses = &snapshot.pauses;
    let (now, until, config) = (w.now(), after(minutes), w.parts.config.as_ref());
    render(&Plan { now, until, config, outlook: &outlook, pauses, person }, Screen::PLAIN)
}

fn share_the_phone(w: &mut World) {
    w.change_config(|config| {
        let phone = config.people[0].phone.clone();
        for person in &mut config.people {
            (person.phone, person.shared_phone) = (phone.clone(), true);
        }
    });
}

#[test]
fn a_small_day_shows_shared_calls_busy_phones_and_caps() {
    let mut w = World::with("[guards]\ndaily_cap_per_person = 3\n[[ladder]]\nstep = \"call\"\nbefore = \"2m\"\n");
    share_the_phone(&mut w);
    let there = w.meeting_of("ana", "Stand-up", "in 5m");
    w.tick();
    w.check_in(there);
    for (person, title, minutes) in [
        ("ana", "Board sync", 30),
        ("ana", "Dentist", 30),
        ("ben", "Review", 30),
        ("ana", "One to one", 60),
        ("ana", "Interview", 90),
        ("ana", "Demo", 120),
    ] {
        w.meeting_of(person, title, &format!("in {minutes}m"));
    }
    let expected = "\
MOCK: NO PHONE WILL RING
Until 12:00, if nobody checks in and nobody answers, with a tick every half minute:

09:28:00  ana  Board sync at 09:30  call  ****0101  rings (window: 120 s before the start, 180 s allowed; calls: 0 of 2 in 10 min; ana today: 0 of 3; all: 0 of 200; number free)
09:28:00  ana  Dentist at 09:30     call  ****0101  shares a call (window: 120 s before the start, 180 s allowed; calls: 0 of 2 in 10 min; ana today: 0 of 3; all: 0 of 200; number free)
09:29:00  ben  Review at 09:30      call  ****0101  rings, 60 s after it was due (window: 60 s before the start, 180 s allowed; calls: 0 of 2 in 10 min; ben today: 0 of 3; all: 1 of 200; number free, called 60 s ago)
09:58:00  ana  One to one at 10:00  call  ****0101  rings (window: 120 s before the start, 180 s allowed; calls: 0 of 2 in 10 min; ana today: 1 of 3; all: 2 of 200; number free, called 1740 s ago)
10:28:00  ana  Interview at 10:30   call  ****0101  rings (window: 120 s before the start, 180 s allowed; calls: 0 of 2 in 10 min; ana today: 2 of 3; all: 3 of 200; number free, called 1800 s ago)
10:58:00  ana  Demo at 11:00        call            skipped: the daily cap is reached (3 calls to ana in the last 24 hours, at most 3)
";
    assert_eq!(text(&w, 180, None), expected);
    let bens = text(&w, 180, Some("ben"));
    assert!(bens.contains("Review at 09:30") && !bens.contains("Board sync"), "{bens}");
}

#[test]
fn the_stop_file_skips_everything_and_stands_on_top() {
    let w = World::with("");
    w.meeting("in 30m");
    w.create_stop_file();
    let text = text(&w, 60, None);
    assert!(text.starts_with("MOCK: NO PHONE WILL RING\nSTOPPED: "), "{text}");
    assert_eq!(text.matches("skipped: savehub is paused or stopped").count(), 2, "{text}");
}

#[test]
fn a_plan_changes_nothing_and_calls_nobody() {
    let w = World::new();
    w.meeting("in 30m");
    let before = w.snapshot();
    assert_eq!(planned(&w, 24 * 60).steps.len(), 2);
    assert_eq!((w.snapshot(), w.sent().len(), w.now()), (before, 0, BEGIN));
}

#[test]
fn a_plan_runs_few_ticks_however_far_it_reaches() {
    let w = World::new();
    w.meeting("in 30m");
    let ticks = planned(&w, 31 * 24 * 60).ticks;
    assert!(ticks < 140, "{ticks}");
}

#[test]
fn a_plan_that_takes_too_long_says_how_far_it_came() {
    let w = World::new();
    w.meeting("in 30m");
    let far = |end| {
        let outlook = tick::plan_by(&w.parts, after(60), end).unwrap();
        (outlook.steps.len(), outlook.until)
    };
    assert_eq!(far(Instant::now()), (0, BEGIN));
    assert_eq!(far(Instant::now() + Duration::from_secs(3600)), (2, after(60)));
}

/// A calendar with one meeting a day from this time on.
fn daily(start: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:a@x\r\n\
         DTSTAMP:20261101T000000Z\r\nDTSTART:20261122T{start}Z\r\nRRULE:FREQ=DAILY\r\nSUMMARY:Stand-up\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

/// Starts of the meetings that would ring.
fn starts(outlook: &Outlook) -> Vec<String> {
    let mut starts: Vec<_> = outlook.steps.iter().map(|step| step.starts_at.to_rfc3339()).collect();
    starts.dedup();
    starts
}

#[test]
fn calendars_are_expanded_as_far_as_the_plan_reaches() {
    let mut w = World::new();
    let file = w.dir.path().join("work.ics");
    std::fs::write(&file, daily("120000")).unwrap();
    w.reads("ana", CalendarPlace::File(file.clone()));
    w.tick();
    std::fs::remove_file(file).unwrap();
    let noon = |day: u32| format!("2026-11-{day}T12:00:00.000Z");
    assert_eq!(starts(&planned(&w, 5 * 24 * 60)), (22..27).map(noon).collect::<Vec<_>>());
    let gone = text(&w, 60, None);
    let last = "\nThe calendar workana-0 of ana cannot be read now and is taken as it was 0 s ago.\n";
    assert!(gone.ends_with(last) && gone.contains("\nNothing is due.\n"), "{gone}");
}

#[test]
fn a_plan_reads_files_that_are_new_or_changed_and_writes_nothing_down() {
    let mut w = World::new();
    let file = w.dir.path().join("work.ics");
    std::fs::write(&file, daily("093000")).unwrap();
    w.reads("ana", CalendarPlace::File(file.clone()));
    let before = w.snapshot();
    let new = text(&w, 60, None);
    assert!(new.contains("Stand-up at 09:30") && !new.contains("NOT KNOWN"), "{new}");
    assert!(new.ends_with("\nThe calendar workana-0 of ana is taken as it was 0 s ago.\n"), "{new}");
    assert_eq!(w.snapshot(), before);
    w.tick();
    w.advance(30);
    std::fs::write(&file, daily("094500")).unwrap();
    let before = w.snapshot();
    assert_eq!(starts(&planned(&w, 60)), ["2026-11-22T09:45:00.000Z"]);
    assert_eq!(w.snapshot(), before);
}

#[test]
fn a_plan_asks_an_address_only_while_its_calendar_was_never_read() {
    let feed = FakeFeed::start(Serves::plain(&daily("093000")));
    let mut w = World::new();
    w.reads("ana", CalendarPlace::Web(feed.url().into()));
    let by = tick::plan_by(&w.parts, after(60), Instant::now() + Duration::from_secs(3600)).unwrap();
    assert_eq!((by.steps.len(), feed.requests().len()), (0, 0), "the one with a limit of its own asks nobody");
    assert_eq!(starts(&planned(&w, 60)), ["2026-11-22T09:30:00.000Z"]);
    assert_eq!(feed.requests().len(), 1);
    w.tick();
    assert_eq!(starts(&planned(&w, 24 * 60)).len(), 1);
    assert_eq!(feed.requests().len(), 2, "that was the tick");
}

#[test]
fn the_first_line_of_a_plan_names_the_calendars_it_could_not_read() {
    let feed = FakeFeed::start(Serves::status(404));
    let mut w = World::new();
    let file = w.dir.path().join("work.ics");
    w.reads("ana", CalendarPlace::File(file));
    w.reads("ben", CalendarPlace::Web(feed.url().into()));
    let text = text(&w, 24 * 60, None);
    let first = "NOT KNOWN: the meetings of calendars that were never read: workana-0 of ana, workben-0 of ben\nMOCK: ";
    assert!(text.starts_with(first) && text.contains("\nNothing that is known is due.\n"), "{text}");
    assert!(text.contains("\nThe calendar workana-0 of ana has never been read (there is no file "), "{text}");
    assert_eq!(feed.requests().len(), 1, "it is asked once");
    let outlook = planned(&w, 60);
    let (now, until, config) = (w.now(), after(60), w.parts.config.as_ref());
    let plan = Plan { now, until, config, outlook: &outlook, pauses: &[], person: None };
    let unread = &serde_json::to_value(report(&plan)).unwrap()["unread_calendars"];
    assert_eq!((&unread[0]["name"], &unread[0]["person"]), (&"workana-0".into(), &"ana".into()));
    assert!(unread[1]["why"].as_str().unwrap().contains("404"), "{unread}");
}

#[test]
fn a_dry_run_reads_a_calendar_that_no_tick_has_read_or_names_it_first() {
    let mut w = World::new();
    let file = w.dir.path().join("work.ics");
    w.reads("ana", CalendarPlace::File(file.clone()));
    let before = w.snapshot();
    let [unread] = &w.dry_run().unread_calendars[..] else { panic!("one calendar") };
    assert_eq!((unread.name.as_str(), unread.person.as_str()), ("workana-0", "ana"));
    std::fs::write(&file, daily("090200")).unwrap();
    let would = w.dry_run();
    assert_eq!((would.results.len(), would.unread_calendars.len()), (1, 0), "{would:?}");
    assert_eq!(w.snapshot(), before);
    let real = w.tick();
    assert_eq!((real.results.len(), real.unread_calendars.len()), (1, 0), "as the tick does");
}

#[test]
fn the_command_of_a_dry_run_says_first_what_it_does_not_know() {
    let cli = Cli::with(&format!("{ANA}calendars = [\"file:nowhere.ics\"]\n"));
    let ran = cli.run(&["tick", "--dry-run"]);
    assert!(ran.out.starts_with("NOT KNOWN: the meetings of calendars that were never read: "), "{ran:?}");
}

/// Everybody is called once, so many calls a second.
fn paced(calls_per_second: f64) -> World {
    let mut w = World::on_twilio("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
    w.change_twilio(|twilio| twilio.calls_per_second = calls_per_second);
    w
}

fn words(step: &Foreseen) -> (String, i64, String) {
    let result = &step.result;
    let words = format!("{}({})", result.state, result.reason);
    (result.person.clone(), step.at.since(result.due_at.unwrap()), words)
}

#[test]
fn crowded_minutes_are_told_with_how_many_come_too_late() {
    let w = paced(0.005);
    w.meeting_of("ana", "Board sync", "in 30m");
    w.meeting_of("ben", "Board sync", "in 30m");
    w.meeting_of("ben", "Review", "in 2h");
    let outlook = planned(&w, 180);
    let (now, until, config) = (w.now(), after(180), w.parts.config.as_ref());
    let plan = Plan { now, until, config, outlook: &outlook, pauses: &[], person: None };
    assert_eq!(plan.crowds(), [Crowd { at: after(27), calls: 2, too_late: 1 }]);
    let text = render(&plan, Screen::PLAIN);
    let warning =
        "CROWDED at 09:27: 2 calls at 0.005 a second (calls_per_second); 1 could not start before their meetings";
    assert!(text.contains(warning), "{text}");
    let lost = "skipped: the provider was at its limit (2 calls wait, one starts every 200 s: this one could not ring \
                before the start)";
    assert_eq!(text.matches(lost).count(), 1, "{text}");
}

#[test]
fn of_a_crowd_no_more_are_lost_than_wait() {
    let mut w = World::on_twilio("");
    w.change_twilio(|twilio| twilio.calls_per_second = 0.015);
    for (person, start) in [("ana", 1800), ("ben", 1800), ("ana", 1900), ("ben", 1910)] {
        w.meeting_of(person, "Board sync", &format!("in {start}s"));
    }
    let outlook = planned(&w, 60);
    let (now, until, config) = (w.now(), after(60), w.parts.config.as_ref());
    let plan = Plan { now, until, config, outlook: &outlook, pauses: &[], person: None };
    let (crowds, lost) = (plan.crowds(), outlook.steps.iter().filter(|step| step.result.reason == Reason::Capacity));
    assert_eq!(crowds.iter().map(|crowd| crowd.too_late).sum::<usize>(), lost.count());
    assert!(!crowds.is_empty() && crowds.iter().all(|crowd| crowd.too_late <= crowd.calls), "{crowds:?}");
}

#[test]
fn a_planned_call_waits_for_its_turn() {
    let w = paced(0.1);
    w.meeting_of("ana", "Board sync", "in 30m");
    w.meeting_of("ben", "Board sync", "in 30m");
    let told: Vec<_> = planned(&w, 60).steps.iter().map(words).collect();
    let rings = |person: &str, ms| (person.to_owned(), ms, "EXECUTED(initiated)".to_owned());
    assert_eq!(told, [rings("ana", 0), rings("ben", 10_000)]);
}

#[test]
fn a_turn_that_is_far_away_is_taken_in_a_later_tick() {
    let w = paced(0.02);
    w.meeting_of("ana", "Board sync", "in 30m");
    w.meeting_of("ben", "Board sync", "in 30m");
    let outlook = planned(&w, 60);
    let [first, second] = &outlook.steps[..] else { panic!("{outlook:?}") };
    assert_eq!((first.at, words(second).2.as_str()), (after(27), "EXECUTED(initiated)"));
    let gone = second.at.since(first.at);
    assert!((50_000..=60_000).contains(&gone), "{gone}");
}

#[test]
fn a_plan_that_waits_for_turns_overlooks_no_meeting() {
    let w = paced(0.05);
    for minutes in 0..6 {
        w.meeting_of(
            ["ana", "ben"][minutes % 2],
            &format!("Meeting {minutes}"),
            &format!("in {}s", 1800 + 30 * minutes),
        );
    }
    let outlook = planned(&w, 60);
    assert_eq!(outlook.steps.len(), 6, "{outlook:?}");
    assert!(outlook.steps.iter().all(|step| step.at < step.starts_at), "{outlook:?}");
    assert_eq!(w.now(), BEGIN);
}

#[test]
fn a_plan_longer_than_the_retention_tells_everything() {
    let mut w = World::new();
    w.change_config(|config| config.engine.retention = Some(Duration::from_secs(24 * 3600)));
    w.meeting_of("ana", "Board sync", "in 30m");
    w.meeting_of("ana", "Review", "in 100h");
    assert_eq!(planned(&w, 5 * 24 * 60).steps.len(), 4);
}

#[test]
fn a_pause_stands_on_top_of_the_plan_and_ends_in_it() {
    let w = World::with("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
    w.meeting_of("ana", "Board sync", "in 30m");
    w.meeting_of("ana", "Review", "in 2h");
    let pause = NewPause { person: Some("ana".into()), until: Some(after(60)), reason: Some("on a plane".into()) };
    w.parts.store.pause(&pause, w.now()).unwrap();
    let text = text(&w, 180, None);
    let first =
        "MOCK: NO PHONE WILL RING\nPAUSED: ana until 10:00 (in 1 h), on a plane; nothing is sent for these meetings\n";
    assert!(text.starts_with(first), "{text}");
    let fates = ["skipped: savehub is paused or stopped", "rings (window"].map(|fate| text.matches(fate).count());
    assert_eq!(fates, [1, 1], "{text}");
}

#[test]
fn the_plan_as_json_has_the_documented_fields() {
    let w = World::with("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
    w.meeting("in 30m");
    let outlook = planned(&w, 60);
    let (now, until, config) = (w.now(), after(60), w.parts.config.as_ref());
    let plan = Plan { now, until, config, outlook: &outlook, pauses: &[], person: None };
    let json = serde_json::to_value(report(&plan)).unwrap();
    let step = &json["steps"][0];
    assert_eq!(step["at"], "2026-11-22T09:27:00.000Z");
    assert_eq!(
        (&step["to"], &step["state"], &step["reason"]),
        (&"****0101".into(), &"EXECUTED".into(), &"initiated".into())
    );
    assert!(step["guards"].as_str().unwrap().starts_with("window: 180 s before"), "{step}");
    let mut keys: Vec<_> = json.as_object().unwrap().keys().cloned().collect();
    keys.sort();
    let expected = [
        "calendars",
        "calls_per_second",
        "crowded",
        "now",
        "pauses",
        "provider",
        "schema",
        "steps",
        "stopped",
        "test_mode",
        "unread_calendars",
        "until",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn the_command_needs_a_database_a_known_person_and_a_time_it_can_plan() {
    let cli = Cli::with(ANA);
    assert_eq!(cli.run(&["plan"]).code, 3, "no database");
    cli.ok(&["meeting", "add", "Board sync", "--at", "in 3h"]);
    let ran = cli.run(&["plan"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert_eq!(ran.out.matches("Board sync at ").count(), 2, "{}", ran.out);
    let error = cli.run(&["plan", "--until", "0s"]);
    assert_eq!(
        (error.code, error.err.as_str()),
        (2, "error: --until: savehub plans some time up to 31d, such as 24h\n")
    );
    assert_eq!(cli.run(&["plan", "--person", "zoe"]).code, 2);
}

/// What counts of a result.
fn seen(at: Timestamp, result: &StepResult) -> String {
    let StepResult { person, title, kind, state, reason, detail, due_at, .. } = result;
    format!("{} {person} {title} {kind} {} {state}({reason}) {detail}", at.to_rfc3339(), due_at.unwrap().to_rfc3339())
}

/// What the guards saw before each step's last attempt.
fn saw(w: &World) -> Vec<String> {
    let meetings = w.parts.store.meetings(Timestamp::from_ms(0), after(24 * 60)).unwrap();
    let histories = meetings.into_iter().filter_map(|meeting| w.parts.store.history(meeting.id).unwrap());
    let steps = histories.flat_map(|history| history.incidents).flat_map(|incident| incident.steps);
    steps.filter_map(|step| Some(of_its_own(step.attempts.last()?.guards.as_ref()?))).collect()
}

/// Without the calls of all people: which of those in one tick is claimed first, workers decide.
fn of_its_own(saw: &str) -> String {
    saw.split("; ").filter(|part| !part.starts_with("all: ")).collect::<Vec<_>>().join("; ")
}

const LADDERS: [&str; 3] = [
    "",
    "[[ladder]]\nstep = \"sms\"\nbefore = \"5m\"\n[[ladder]]\nstep = \"call\"\nbefore = \"170s\"\n\
     [[ladder]]\nstep = \"call\"\nbefore = \"75s\"\n[[ladder]]\nstep = \"sms\"\nafter = \"4m\"\nwhen = \"missed\"\n",
    "[[ladder]]\nstep = \"call\"\nbefore = \"2m\"\n",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn real_ticks_do_what_was_planned(
        meetings in proptest::collection::vec((0..2_usize, 1..80_u64), 1..9),
        ladder in 0..3_usize, gap in 1..4_u32, cap in 1..6_u32, shared in proptest::bool::ANY,
    ) {
        let guards = format!("[guards]\nnumber_gap = \"{gap}m\"\ndaily_cap_per_person = {cap}\n");
        let mut w = World::with(&format!("{guards}{}", LADDERS[ladder]));
        if shared {
            share_the_phone(&mut w);
        }
        for (index, (person, halves)) in meetings.iter().enumerate() {
            w.meeting_of(["ana", "ben"][*person], &format!("Meeting {index}"), &format!("in {}s", halves * 30));
        }
        let planned = planned(&w, 60);
        let counted = planned.steps.iter().filter_map(|step| step.guards.clone());
        let mut counted: Vec<_> = counted.map(|saw| of_its_own(&saw)).collect();
        let mut planned: Vec<String> = planned.steps.iter().map(|step| seen(step.at, &step.result)).collect();
        let mut done = Vec::new();
        while w.now() <= after(60) {
            let at = w.now();
            done.extend(w.tick().results.iter().map(|result| seen(at, result)));
            w.advance(30);
        }
        // Answers of one tick come in any order.
        planned.sort();
        done.sort();
        prop_assert_eq!(planned, done);
        let mut counts = saw(&w);
        counted.sort();
        counts.sort();
        prop_assert_eq!(counted, counts);
    }
}
