//! A calendar of a server and what becomes of it: the meeting moves, is called off, and the server breaks, and each time
//! the right thing rings or does not. A real server on loopback, the real tick, a clock turned by hand. What holds for a
//! subscription address holds for CalDAV, too, and is told over both.

mod caldav;
mod served;

use crate::support::HUNG;
use crate::support::fake_feed::{FakeFeed, Serves};
use crate::support::fake_script::Latch;
use crate::support::world::{BEGIN, World};
use savehub::config::CalendarPlace;
use savehub::model::Timestamp;
use served::{BOTH, Breaks, Event, Story, at, calendar, event};
use std::time::{Duration, Instant};

#[test]
fn a_meeting_of_a_calendar_rings_as_the_ladder_says() {
    for over in BOTH {
        let story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.ticks_until("092600");
        story.rang(0);
        story.ticks_until("093000");
        story.rang(2);
        assert!(story.world.phone("ana").calls()[0].contains("Board sync starts in 3 minutes"), "what is said");
    }
}

#[test]
fn a_meeting_that_moves_rings_at_its_new_time_alone() {
    for over in BOTH {
        let story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.ticks_until("092000");
        let meeting = story.meeting("Board sync");
        assert_eq!(story.world.state(meeting), "OPEN");
        story.now_holds(&[event("a@x", "100000", "Board sync")]);
        story.ticks_until("093500");
        story.rang(0);
        assert_eq!(
            story.world.generation(meeting, Some(1)).reason.map(savehub::model::Reason::as_str),
            Some("meeting_moved")
        );
        story.ticks_until("100000");
        story.rang(2);
        assert_eq!(story.meeting("Board sync"), meeting, "it keeps its identity");
    }
}

#[test]
fn a_server_that_never_reports_a_change_is_asked_for_the_whole_before_the_first_ring() {
    let serves = |start| Serves::Calendar {
        body: calendar(&[event("a@x", start, "Board sync")]),
        etag: Some("\"for ever\""),
        last_modified: None,
    };
    let story = Story::of(&[]);
    story.feed().serve(serves("100000"));
    story.ticks_until("092000");
    assert_eq!(story.meetings()[0].starts_at, at("100000"));
    story.feed().serve(serves("095400"));
    story.ticks_until("094000");
    assert_eq!(story.meetings()[0].starts_at, at("100000"), "the server says that nothing has changed");
    story.ticks_until("095200");
    story.rang(1);
    assert_eq!(story.meetings()[0].starts_at, at("095400"));
}

#[test]
fn a_meeting_that_is_cancelled_does_not_ring() {
    for over in BOTH {
        let story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.ticks_until("092000");
        let meeting = story.meeting("Board sync");
        story.now_holds(&[Event { more: "STATUS:CANCELLED\r\n", ..event("a@x", "093000", "Board sync") }]);
        story.ticks_until("093500");
        story.rang(0);
        assert_eq!(story.world.state(meeting), "CANCELLED(meeting_cancelled)");
    }
}

#[test]
fn an_event_that_vanishes_is_believed_at_the_second_look() {
    for over in BOTH {
        let both = [event("a@x", "093000", "Board sync"), event("b@x", "113000", "Lunch")];
        let story = Story::over(over, &both);
        story.ticks_until("091500");
        let meeting = story.meeting("Board sync");
        story.now_holds(&both[1..]);
        let looks = story.server.looks();
        while story.server.looks() == looks {
            story.world.advance(30);
            story.world.tick();
        }
        assert_eq!(story.world.state(meeting), "OPEN", "one look without it is not enough");
        story.world.advance(60);
        story.world.tick();
        assert_eq!(story.server.looks(), looks + 2, "the second look comes after a minute");
        assert_eq!(story.world.state(meeting), "CANCELLED(meeting_cancelled)");
    }
}

#[test]
fn a_feed_that_breaks_in_any_way_leaves_its_meetings_in_force() {
    let breaks = [
        Some(Breaks::Fault),
        Some(Breaks::SignInForm),
        Some(Breaks::CutInTheMiddle),
        // No event any more.
        None,
        Some(Breaks::NothingAtAll),
        Some(Breaks::AddressGone),
    ];
    for (over, how) in BOTH.into_iter().flat_map(|over| breaks.map(|how| (over, how))) {
        let story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.ticks_until("090500");
        match how {
            Some(how) => story.server.breaks(how),
            None => story.now_holds(&[]),
        }
        story.ticks_until("093000");
        assert_eq!(story.world.phone("ana").calls().len(), 2, "{over:?}: {how:?}");
        assert!(story.server.looks() > 2, "{over:?}: {how:?}: the server is asked again");
    }
}

#[test]
fn a_server_that_asks_to_be_left_alone_is_asked_once_more_before_a_ring_and_no_more() {
    for over in BOTH {
        let story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.ticks_until("090100");
        story.server.breaks(Breaks::Busy);
        story.ticks_until("091000");
        let looks = story.server.looks();
        story.ticks_until("093000");
        assert_eq!(story.server.looks(), looks + 1);
    }
}

#[test]
fn a_server_that_asks_to_be_left_alone_meets_no_second_look() {
    for over in BOTH {
        let both = [event("a@x", "120000", "Board sync"), event("b@x", "130000", "Lunch")];
        let story = Story::over(over, &both);
        story.world.tick();
        story.now_holds(&both[1..]);
        story.world.advance(400);
        story.world.tick();
        let looks = story.server.looks();
        story.server.breaks(Breaks::Busy);
        story.ticks_until("100000");
        assert_eq!(story.server.looks(), looks + 1);
    }
}

#[test]
fn a_feed_that_comes_back_counts_again() {
    for over in BOTH {
        let story = Story::over(over, &[event("a@x", "110000", "Board sync")]);
        story.ticks_until("090500");
        story.server.breaks(Breaks::Fault);
        story.ticks_until("093000");
        story.now_holds(&[event("a@x", "113000", "Board sync")]);
        story.ticks_until("110000");
        story.rang(0);
        story.ticks_until("113000");
        story.rang(2);
    }
}

#[test]
fn a_changed_title_changes_the_words_of_the_calls_to_come() {
    for over in BOTH {
        let story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.ticks_until("092000");
        let meeting = story.meeting("Board sync");
        story.now_holds(&[event("a@x", "093000", "Board crisis")]);
        story.ticks_until("093000");
        assert_eq!(story.meeting("Board crisis"), meeting);
        assert_eq!(story.world.generation(meeting, None).generation, 1, "nothing else has changed");
        assert!(story.world.phone("ana").calls()[0].contains("Board crisis"));
    }
}

#[test]
fn a_meeting_created_two_minutes_before_its_start_rings_with_the_tick_that_sees_it() {
    let mut world = World::new();
    let file = world.dir.path().join("work.ics");
    std::fs::write(&file, calendar(&[])).unwrap();
    world.reads("ana", CalendarPlace::File(file.clone()));
    world.tick();
    std::fs::write(&file, calendar(&[event("a@x", "090200", "Fire drill")])).unwrap();
    world.tick();
    world.phone("ana").rang(1);
    assert!(world.phone("ana").calls()[0].contains("Fire drill"));
}

#[test]
fn a_calendar_that_leaves_the_config_takes_its_meetings_along() {
    for over in BOTH {
        let mut story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.ticks_until("092000");
        let meeting = story.meeting("Board sync");
        story.world.change_config(|config| config.people[0].calendars.clear());
        story.ticks_until("093000");
        story.rang(0);
        assert_eq!(story.world.state(meeting), "CANCELLED(calendar_removed)");
    }
}

#[test]
fn a_meeting_in_two_calendars_of_a_person_rings_once() {
    let mut story = Story::of(&[event("a@x", "093000", "Board sync")]);
    let second = FakeFeed::start(Serves::plain(&calendar(&[event("a@x", "093000", "Board sync")])));
    story.world.reads("ana", CalendarPlace::Web(second.url().into()));
    story.ticks_until("093000");
    story.rang(2);
    story.meeting("Board sync");
}

#[test]
fn a_slow_feed_delays_no_call() {
    let feed = FakeFeed::start(Serves::Silence);
    let mut world = World::with("[calendar]\ntimeout = \"1s\"");
    world.reads("ana", CalendarPlace::Web(feed.url().into()));
    let ben = world.meeting_of("ben", "Standup", "09:03");
    // The call is placed before the feed is waited for: with the tick that finds both due.
    let summary = world.tick();
    assert_eq!(summary.results.len(), 1);
    assert_eq!(world.steps(ben)[0], "EXECUTED(initiated)");
    let failure = world.snapshot().calendars[0].failure.clone();
    assert_eq!(failure.as_deref(), Some("no whole answer within 1 s"));
}

#[test]
fn a_dry_run_asks_a_feed_only_while_it_was_never_read_and_keeps_nothing() {
    for over in BOTH {
        let story = Story::over(over, &[event("a@x", "093000", "Board sync")]);
        story.world.dry_run();
        assert_eq!(story.server.looks(), 1);
        assert_eq!(story.meetings(), []);
        story.world.tick();
        story.world.advance(6 * 3600);
        story.world.dry_run();
        assert_eq!(story.server.looks(), 2, "that was the tick");
    }
}

#[test]
fn a_file_that_stays_as_it_is_is_written_down_twice_and_then_costs_nothing() {
    let mut world = World::new();
    let file = world.dir.path().join("work.ics");
    std::fs::write(&file, calendar(&[event("a@x", "093000", "Board sync")])).unwrap();
    world.reads("ana", CalendarPlace::File(file));
    let checked: Vec<_> = (0..4)
        .map(|_| {
            world.advance(30);
            world.tick();
            world.snapshot().calendars[0].checked_at.map(|at| at.since(BEGIN) / 1000)
        })
        .collect();
    assert_eq!(checked, [Some(30), Some(60), Some(60), Some(60)], "once new, once to know that it is settled");
}

#[test]
fn a_file_that_cannot_be_read_for_the_same_reason_stays_one_fault_until_it_can() {
    let mut world = World::new();
    let file = world.dir.path().join("work.ics");
    world.reads("ana", CalendarPlace::File(file.clone()));
    let seen = |world: &World| {
        world.advance(30);
        world.tick();
        world.snapshot().faults.first().map(|fault| fault.since.since(BEGIN) / 1000)
    };
    // More than the time for which a copy is good, at whose end the failure is written down again.
    let looks: Vec<_> = (0..30).map(|_| seen(&world)).collect();
    assert_eq!(looks, [Some(30); 30], "one fault, since the first look");
    std::fs::write(&file, calendar(&[event("a@x", "093000", "Board sync")])).unwrap();
    assert_eq!(seen(&world), None);
}

#[test]
fn a_long_time_limit_of_fetches_does_not_keep_calendars_from_being_read() {
    for limits in ["[calendar]\ntimeout = \"1m\"", "[engine]\nhard_timeout = \"12s\"\ntick_limit = \"21s\""] {
        let feed = FakeFeed::start(Serves::plain(&calendar(&[event("a@x", "093000", "Board sync")])));
        let mut world = World::with(limits);
        world.reads("ana", CalendarPlace::Web(feed.url().into()));
        world.tick();
        assert_eq!(feed.requests().len(), 1, "{limits}");
    }
}

#[test]
fn a_clock_that_was_ahead_for_a_while_hides_no_later_meeting() {
    let text = calendar(&[event("a@x", "093000", "Board sync")]).replace("DTSTART:20261122", "DTSTART:20261124");
    let feed = FakeFeed::start(Serves::plain(&text));
    let mut world = World::new();
    world.reads("ana", CalendarPlace::Web(feed.url().into()));
    let day = 86_400;
    world.advance(365 * day);
    world.tick();
    world.clock.set_wall(BEGIN);
    for _ in 0..2 * 24 {
        world.tick();
        world.advance(day / 24);
    }
    assert_eq!(world.parts.store.meetings(BEGIN, Timestamp::from_ms(i64::MAX)).unwrap().len(), 1);
}

#[test]
fn a_meeting_found_by_a_rare_look_is_looked_at_again_before_it_rings() {
    for over in BOTH {
        let mut story = Story::over(over, &[event("a@x", "110000", "Board sync")]);
        story.world.change_config(|config| config.calendar.refresh = Duration::from_secs(6 * 3600));
        story.ticks_until("091000");
        story.now_holds(&[event("a@x", "113000", "Board sync")]);
        story.ticks_until("111000");
        story.rang(0);
        story.ticks_until("113000");
        story.rang(2);
    }
}

#[test]
fn a_feed_that_goes_back_to_a_start_somebody_has_checked_in_for_does_not_ring_again() {
    let mut world = World::new();
    let file = world.dir.path().join("work.ics");
    let holds = |start| std::fs::write(&file, calendar(&[event("a@x", start, "Board sync")])).unwrap();
    holds("093000");
    world.reads("ana", CalendarPlace::File(file.clone()));
    world.tick();
    let meeting = world.parts.store.meetings(BEGIN, Timestamp::from_ms(i64::MAX)).unwrap()[0].id;
    world.check_in(meeting);
    for start in ["094500", "093000", "094500", "093000"] {
        world.advance(60);
        holds(start);
        world.tick();
    }
    while world.now() < at("093000") {
        world.advance(30);
        world.tick();
    }
    world.phone("ana").rang(0);
    assert_eq!(world.state(meeting), "RESOLVED(joined)");
    holds("100000");
    while world.now() < at("100000") {
        world.tick();
        world.advance(30);
    }
    world.phone("ana").rang(2);
}

#[test]
fn a_call_for_a_meeting_that_is_called_off_ends_with_the_tick_that_sees_it() {
    let mut world = World::on_twilio("");
    let file = world.dir.path().join("work.ics");
    std::fs::write(&file, calendar(&[event("a@x", "090230", "Board sync")])).unwrap();
    world.reads("ana", CalendarPlace::File(file.clone()));
    world.tick();
    assert!(world.fake().calls()[0].is_live(), "it rings");
    let off = Event { more: "STATUS:CANCELLED\r\n", ..event("a@x", "090230", "Board sync") };
    std::fs::write(&file, calendar(&[off])).unwrap();
    world.advance(10);
    world.tick();
    assert!(!world.fake().calls()[0].is_live(), "it is hung up");
}

#[test]
fn a_meeting_that_moves_to_and_fro_rings_no_more_than_the_limit() {
    let mut world = World::with("[guards]\nnumber_gap = \"0s\"");
    let file = world.dir.path().join("work.ics");
    world.reads("ana", CalendarPlace::File(file.clone()));
    for turn in 0..14 {
        let start = if turn % 2 == 0 { "090500" } else { "090600" };
        std::fs::write(&file, calendar(&[event("a@x", start, "Board sync")])).unwrap();
        world.tick();
        world.advance(25);
    }
    world.phone("ana").rang(2);
}

#[test]
fn a_call_that_becomes_due_while_a_tick_waits_for_a_feed_does_not_wait_for_it() {
    let feed = FakeFeed::start(Serves::Silence);
    let mut world = World::new();
    // The feed is waited for until the test ends it.
    world.change_config(|config| {
        config.engine.tick_limit = 4 * HUNG;
        config.calendar.timeout = 4 * HUNG;
    });
    world.parts.clock = std::sync::Arc::new(savehub::clock::SystemClock);
    world.reads("ana", CalendarPlace::Web(feed.url().into()));
    let now = world.parts.clock.now();
    let due = now.plus(Duration::from_secs(1));
    let meeting = savehub::store::NewMeeting {
        person: "ben".into(),
        uid: "1".into(),
        recurrence: String::new(),
        title: "Standup".into(),
        starts_at: due.plus(Duration::from_secs(180)),
        ends_at: None,
        link: None,
        source: "manual".into(),
    };
    let id = world.parts.store.add_meeting(&meeting, now).unwrap().id;
    let (began, watched) = (Instant::now(), &world);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let is_called =
                || watched.snapshot().incidents.iter().any(|i| i.steps.iter().any(|s| !s.attempts.is_empty()));
            while !is_called() {
                assert!(began.elapsed() < HUNG, "the call waited for the feed");
                Latch::default().wait_for(Duration::from_millis(50));
            }
            drop(feed);
        });
        watched.tick();
    });
    assert_eq!(world.steps(id)[0], "EXECUTED(initiated)");
}
