//! The calendars of a whole company: each is looked at within its interval, no tick looks at many more than another, what
//! is known is not sent again, and no look begins before a due call.
//!
//! `cargo test` has 400 calendars; the whole has 5,000:
//! SAVEHUB_PROOF=whole cargo test --release --test it calendars_at_size:: -- --nocapture

use crate::support::HUNG;
use crate::support::forward::{Forward, Hook};
use crate::support::stand_in::StandIn;
use crate::support::turned::Turned;
use crate::support::world::{BEGIN, World};
use savehub::clock::Clock;
use savehub::config::{CalendarPlace, CalendarSource};
use savehub::feed::{Feed, Feeds, Fetched, Wanted};
use savehub::model::{Timestamp, Validators};
use savehub::provider::mock::Mock;
use savehub::store::Result;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

/// Between two ticks.
const EVERY: Duration = Duration::from_secs(30);

const PARALLEL: usize = 8;

fn company() -> usize {
    if std::env::var("SAVEHUB_PROOF").is_ok_and(|v| v == "whole") { 5000 } else { 400 }
}

/// One look at one calendar.
#[derive(Debug, Clone, Copy)]
struct Look {
    at: Timestamp,
    /// It was asked whether the last copy is still good.
    conditional: bool,
}

/// A server with everybody's calendar, on which everybody has the same meeting.
struct Server {
    clock: Arc<dyn Clock>,
    body: String,
    looks: Mutex<Vec<Vec<Look>>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    /// What happened, in its order, for who asks which came first.
    events: Mutex<Vec<Event>>,
    /// Each look takes two minutes by this clock.
    slow: Mutex<Option<Arc<Turned>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Call,
    Look,
}

impl Server {
    fn took(&self, calendar: usize) -> Vec<Look> {
        self.looks.lock().unwrap()[calendar].clone()
    }
}

/// One calendar on it.
struct Calendar {
    server: Arc<Server>,
    number: usize,
}

impl Feed for Calendar {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        let server = &self.server;
        let now_at_once = server.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        server.most_at_once.fetch_max(now_at_once, Ordering::SeqCst);
        server.events.lock().unwrap().push(Event::Look);
        let conditional = last.etag.is_some() && !whole;
        server.looks.lock().unwrap()[self.number].push(Look { at: server.clock.now(), conditional });
        let validators = Validators { etag: Some("\"1\"".into()), ..Validators::default() };
        let fetched = if conditional {
            Fetched::Unchanged(validators)
        } else {
            Fetched::New { body: server.body.clone().into_bytes(), validators, missing: 0 }
        };
        if let Some(clock) = &*server.slow.lock().unwrap() {
            clock.run(HUNG / 5);
        }
        server.at_once.fetch_sub(1, Ordering::SeqCst);
        fetched
    }
}

/// All looks end at once.
struct Together(Arc<Server>, Arc<Barrier>);

impl Feeds for Together {
    fn feed(&self, key: &str, wanted: &Wanted) -> Option<Arc<dyn Feed>> {
        let feed = Shelf(Arc::clone(&self.0)).feed(key, wanted)?;
        Some(Arc::new(Gathered(feed, Arc::clone(&self.1))))
    }
}

struct Gathered(Arc<dyn Feed>, Arc<Barrier>);

impl Feed for Gathered {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        let fetched = self.0.fetch(last, whole);
        self.1.wait();
        fetched
    }
}

struct Shelf(Arc<Server>);

impl Feeds for Shelf {
    fn feed(&self, key: &str, _: &Wanted) -> Option<Arc<dyn Feed>> {
        Some(Arc::new(Calendar { server: Arc::clone(&self.0), number: key.parse().ok()? }))
    }
}

/// People with a calendar each, in which a meeting stands that starts at `meeting` (`HHMMSS` on 2026-11-22, UTC). It is
/// nine o'clock.
struct Company {
    world: World,
    server: Arc<Server>,
    people: usize,
}

impl Company {
    fn new(people: usize, refresh: &str, meeting: &str) -> Self {
        let mut text =
            format!("[guards]\ndaily_cap = 100000\n[calendar]\nrefresh = \"{refresh}\"\nparallel = {PARALLEL}\n");
        text.push_str("[[ladder]]\nstep = \"call\"\nbefore = \"3m\"\n");
        for n in 0..people {
            let phone = format!("+1{}55501{:02}", 203 + n / 100, n % 100);
            write!(text, "[[person]]\nid = \"p{n}\"\nphone = \"{phone}\"\nzone = \"UTC\"\n").unwrap();
        }
        let knows = Arc::new(Mutex::new(None));
        let mut world = World::on_phone(&text, {
            let phone = StandIn::before(Arc::new(Mock::new(&[])));
            let knows: Arc<Mutex<Option<Arc<Server>>>> = Arc::clone(&knows);
            phone.happens(move |_| {
                if let Some(server) = knows.lock().unwrap().as_ref() {
                    server.events.lock().unwrap().push(Event::Call);
                }
            });
            phone
        });
        let server = Arc::new(Server {
            clock: Arc::clone(&world.clock) as _,
            body: format!(
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n\
                 DTSTAMP:20261101T000000Z\r\nDTSTART:20261122T{meeting}Z\r\nSUMMARY:Stand-up\r\nEND:VEVENT\r\n\
                 END:VCALENDAR\r\n"
            ),
            looks: Mutex::new(vec![Vec::new(); people]),
            at_once: AtomicUsize::default(),
            most_at_once: AtomicUsize::default(),
            events: Mutex::default(),
            slow: Mutex::default(),
        });
        *knows.lock().unwrap() = Some(Arc::clone(&server));
        world.change_config(|config| {
            for person in &mut config.people {
                let Some(number) = person.id.strip_prefix('p') else { continue };
                let place = CalendarPlace::Web("https://calendar.example.org/x.ics".to_owned().into());
                person.calendars = vec![CalendarSource {
                    key: number.into(),
                    name: "work".into(),
                    place,
                    refresh: None,
                    own: false,
                    route: None,
                }];
            }
            // Time is the clock's alone: a slow machine must not end a tick.
            config.engine.tick_limit = Duration::from_secs(24 * 3600);
        });
        world.parts.feeds = Arc::new(Shelf(Arc::clone(&server)));
        Self { world, server, people }
    }

    /// Ticks until so many seconds after nine; gives how many calendars each tick looked at.
    fn ticks_for(&self, secs: i64) -> Vec<usize> {
        let mut each = Vec::new();
        while self.world.now().since(BEGIN) <= secs * 1000 {
            let before = self.looks();
            self.world.tick();
            each.push(self.looks() - before);
            self.world.clock.advance(EVERY);
        }
        each
    }

    fn looks(&self) -> usize {
        self.server.looks.lock().unwrap().iter().map(Vec::len).sum()
    }

    fn calls(&self) -> usize {
        self.server.events.lock().unwrap().iter().filter(|event| **event == Event::Call).count()
    }

    /// The longest time between two looks at one calendar, in seconds.
    fn longest_pause_s(&self) -> i64 {
        let pauses = (0..self.people).flat_map(|calendar| {
            let looks = self.server.took(calendar);
            looks.windows(2).map(|two| two[1].at.since(two[0].at) / 1000).collect::<Vec<_>>()
        });
        pauses.max().unwrap()
    }
}

#[test]
fn each_calendar_of_a_company_is_looked_at_within_its_interval_and_the_looks_are_spread_evenly() {
    let company = Company::new(company(), "5m", "094000");
    let each = company.ticks_for(3600);
    let (first, later) = each.split_first().unwrap();
    assert_eq!(*first, company.people, "all of them are new");
    // A tenth more than the interval, and a tick that finds the time come.
    let longest = company.longest_pause_s();
    assert!((300..=330 + 30).contains(&longest), "{longest} s");
    let (even, most) = (company.people * 30 / 300, *later.iter().max().unwrap());
    println!(
        "{} calendars, {} looks in an hour, a tick has {even} on average and {most} at most",
        company.people,
        company.looks()
    );
    assert!(most * 2 <= even * 3, "a tick had {most} looks, on average they have {even}: {later:?}");
    let (looks, most_at_once) = (company.looks(), company.server.most_at_once.load(Ordering::SeqCst));
    assert!(looks <= company.people * 14, "{looks} looks: more than were asked for");
    assert!((1..=PARALLEL).contains(&most_at_once), "{most_at_once} at once");
    let sent_again =
        (0..company.people).flat_map(|n| company.server.took(n).split_off(1)).filter(|look| !look.conditional);
    assert_eq!(sent_again.count(), company.people, "what is known is sent again once, before it rings");
    assert_eq!(company.calls(), company.people, "everybody was called for the meeting");
}

#[test]
fn the_looks_before_a_meeting_that_everybody_has_do_not_come_at_once() {
    let company = Company::new(company(), "6h", "150000");
    let each = company.ticks_for(6 * 3600);
    let first_ring_s = 6 * 3600 - 180;
    let (mut before_ring, window) = (0, first_ring_s - 14 * 60..=first_ring_s - 6 * 60 + 30);
    for calendar in 0..company.people {
        let at = company.server.took(calendar).into_iter().map(|look| look.at.since(BEGIN) / 1000);
        before_ring += usize::from(at.into_iter().any(|at| window.contains(&at)));
    }
    assert_eq!(before_ring, company.people, "each was looked at once more in the minutes before the first ring");
    let (share, most) = (company.people * 30 / 480, each[1..].iter().max().unwrap());
    assert!(*most <= 2 * share, "a tick had {most} looks, an even share is {share}");
    assert_eq!(company.calls(), company.people);
}

#[test]
fn no_look_begins_while_a_due_call_waits_for_a_worker() {
    let company = Company::new(company(), "5m", "094000");
    company.ticks_for(2190);
    // The clock shows 09:37, when everybody is to be called and a tenth of the calendars is to be looked at.
    let parallel = company.world.parts.config.engine.parallel;
    company.server.events.lock().unwrap().clear();
    let looks = company.looks();
    company.world.tick();
    assert!(company.looks() > looks, "there was something to look at");
    let events = company.server.events.lock().unwrap().clone();
    let calls_before_a_look = events.iter().take_while(|event| **event == Event::Call).count();
    assert_eq!(events.iter().filter(|event| **event == Event::Call).count(), company.people);
    // The last ones are with workers that have not begun.
    assert!(calls_before_a_look + parallel >= company.people, "{calls_before_a_look} of {}", company.people);
}

#[test]
fn calendars_that_wait_too_long_for_a_look_are_told_of_until_they_had_it() {
    let mut company = Company::new(50, "5m", "150000");
    let faults = |company: &Company| -> Vec<String> {
        company.world.snapshot().faults.into_iter().map(|fault| fault.fault).collect()
    };
    company.ticks_for(0);
    let parallel = |company: &mut Company, n| company.world.change_config(|config| config.calendar.parallel = n);
    // As if nobody had time for a look.
    parallel(&mut company, 0);
    company.ticks_for(300);
    assert_eq!(faults(&company), [""; 0], "some are late, but by less than the interval");
    company.ticks_for(700);
    assert_eq!(faults(&company), ["calendars behind"]);
    parallel(&mut company, PARALLEL);
    company.ticks_for(760);
    assert_eq!(faults(&company), [""; 0]);
}

#[test]
fn what_a_tick_has_no_time_for_is_left_to_the_next_one() {
    let mut company = Company::new(company(), "5m", "150000");
    // A look may begin in its first quarter only.
    company.world.change_config(|config| {
        config.engine.tick_limit = 4 * HUNG;
        config.calendar.timeout = 4 * HUNG;
    });
    *company.server.slow.lock().unwrap() = Some(company.world.stop_ticks_time());
    // The wall's clock stands still: what one of them leased and left would stay so.
    for _ in 0..company.people {
        let before = company.looks();
        company.world.tick();
        assert!(company.looks() - before < 3 * PARALLEL, "a tick has no time for more");
        if company.looks() == company.people {
            break;
        }
    }
    assert_eq!(company.looks(), company.people);
}

#[test]
fn files_that_a_tick_has_no_time_for_are_left_to_the_next_one() {
    let mut company = Company::new(company(), "5m", "150000");
    // A look may begin in its first quarter only.
    company.world.change_config(|config| {
        for calendar in config.people.iter_mut().flat_map(|person| &mut person.calendars) {
            calendar.place = CalendarPlace::File("work.ics".into());
        }
        config.engine.tick_limit = 4 * HUNG;
        config.calendar.timeout = 4 * HUNG;
    });
    *company.server.slow.lock().unwrap() = Some(company.world.stop_ticks_time());
    company.world.tick();
    // Each takes a fifth of the time in which one may begin; how many begin at once is up to the threads.
    assert!((5..3 * PARALLEL).contains(&company.looks()), "{} looks", company.looks());
    let failing = company.world.snapshot().calendars.into_iter().filter(|calendar| calendar.failure.is_some());
    assert_eq!(failing.count(), 0, "nothing was given up");
}

/// What is written down of looks and calls, in its order.
struct Order(Mutex<Vec<Event>>);

impl Hook for Arc<Order> {
    fn before(&self, method: &str) -> Result<()> {
        match method {
            "record_looks" => self.0.lock().unwrap().push(Event::Look),
            "begin_attempts" => self.0.lock().unwrap().push(Event::Call),
            _ => {}
        }
        Ok(())
    }
}

#[test]
fn a_call_that_became_due_goes_out_before_the_next_look_is_written_down() {
    let mut company = Company::new(PARALLEL, "5m", "090200");
    let barrier = Arc::new(Barrier::new(PARALLEL));
    company.world.parts.feeds = Arc::new(Together(Arc::clone(&company.server), barrier));
    let order = Arc::new(Order(Mutex::default()));
    let inner = Arc::clone(&company.world.parts.store);
    company.world.parts.store = Arc::new(Forward { inner, hook: Arc::clone(&order) });
    company.world.tick();
    let order = order.0.lock().unwrap();
    let events: Vec<_> = order.chunk_by(|a, b| a == b).map(|same| same[0]).collect();
    assert_eq!(events, [Event::Look, Event::Call].repeat(events.len() / 2));
    assert_eq!(order.iter().filter(|event| **event == Event::Look).count(), events.len() / 2, "{order:?}");
}

/// How often all incidents were read.
struct Reads(AtomicUsize);

impl Hook for Arc<Reads> {
    fn before(&self, method: &str) -> Result<()> {
        self.0.fetch_add(usize::from(method == "open_incidents"), Ordering::SeqCst);
        Ok(())
    }
}

#[test]
fn the_open_incidents_are_read_once_a_tick_however_many_calendars_bring_meetings() {
    let mut company = Company::new(company(), "5m", "090200");
    let reads = Arc::new(Reads(AtomicUsize::default()));
    let inner = Arc::clone(&company.world.parts.store);
    company.world.parts.store = Arc::new(Forward { inner, hook: Arc::clone(&reads) });
    company.world.tick();
    assert_eq!((company.calls(), reads.0.load(Ordering::SeqCst)), (company.people, 1));
}

/// The first calendar comes when somebody was called.
struct AfterACall(Arc<Server>);

impl Feeds for AfterACall {
    fn feed(&self, key: &str, wanted: &Wanted) -> Option<Arc<dyn Feed>> {
        let feed = Shelf(Arc::clone(&self.0)).feed(key, wanted)?;
        Some(if key == "0" { Arc::new(Slow(feed, Arc::clone(&self.0))) } else { feed })
    }
}

struct Slow(Arc<dyn Feed>, Arc<Server>);

impl Feed for Slow {
    fn fetch(&self, last: &Validators, whole: bool) -> Fetched {
        while !self.1.events.lock().unwrap().contains(&Event::Call) {
            std::thread::yield_now();
        }
        self.0.fetch(last, whole)
    }
}

#[test]
fn what_a_quick_calendar_brings_is_called_for_while_a_slow_one_is_under_way() {
    let mut company = Company::new(2, "5m", "090200");
    company.world.change_config(|config| config.calendar.timeout = HUNG);
    company.world.parts.feeds = Arc::new(AfterACall(Arc::clone(&company.server)));
    company.world.tick();
    assert_eq!(company.calls(), 2);
    let failing = company.world.snapshot().calendars.into_iter().filter(|calendar| calendar.failure.is_some());
    assert_eq!(failing.count(), 0, "nothing was given up");
}
