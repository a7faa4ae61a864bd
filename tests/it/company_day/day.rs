//! The day: its clock, on which everything happens, and its ticks.

use super::book::Book;
use super::phones::phones;
use super::plan::{self, Dice, EVERY_S, Entry, Event, NINE, Size, after};
use savehub::clock::{Clock, ManualClock};
use savehub::config::{self, Config};
use savehub::feed::Sources;
use savehub::model::{Request, RungKind, StepState, Timestamp};
use savehub::owner::Owner;
use savehub::provider::Only;
use savehub::store::{CheckIn, Ended, NewMeeting, NewPause, Store};
use savehub::tick::{self, Summary};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

/// Two calls, the second only while nobody has answered, and a message.
const LADDER: &str = r#"
[call]
machine_detection = true

[[ladder]]
step = "call"
before = "3m"

[[ladder]]
step = "call"
before = "1m"
when = "unanswered"

[[ladder]]
step = "sms"
before = "30s"
when = "unanswered"
"#;

/// The first tick, before nine; no multiple of a half minute, as in life.
const FIRST_TICK_S: i64 = -1789;

/// What one tick did, and how long it took of the machine's time.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TickSeen {
    pub(crate) took: Duration,
    pub(crate) ended: usize,
    pub(crate) placed: usize,
}

/// The ticks of the day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ticks {
    pub(crate) count: u32,
    pub(crate) all: Duration,
    pub(crate) busiest: TickSeen,
    /// Of those that had nothing to do.
    pub(crate) longest_idle: Duration,
    /// Ticks that were at work at once.
    pub(crate) most_at_once: u32,
    at_work: u32,
    /// Time that went into what happened meanwhile.
    elsewhere: Duration,
}

/// What is still to happen, by its time; what happens at one time, in the order it was planned.
type Agenda = BTreeMap<(i64, u64), Event>;

pub(crate) struct Day {
    pub(crate) size: Size,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) config: Arc<Config>,
    pub(crate) began: Instant,
    pub(crate) config_read: Duration,
    turned: ManualClock,
    agenda: Mutex<Agenda>,
    /// How many events were put on the agenda.
    planned: AtomicU64,
    book: Mutex<Book>,
    ticks: Mutex<Ticks>,
    me: Weak<Self>,
}

impl Day {
    pub(crate) fn new(size: Size, store: Arc<dyn Store>) -> Arc<Self> {
        let text = config_text(&size);
        let began = Instant::now();
        let mut config = config::from_text(&text, Path::new("/nowhere/config.toml"), &|_| None).unwrap();
        let config_read = began.elapsed();
        // By the real clock, which is not the one that is turned: a slow machine must not end a tick.
        config.engine.tick_limit = Duration::from_secs(24 * 3600);
        let mut dice = Dice(1);
        let planned = plan::meetings(&size, &mut dice);
        let events = plan::events(&size, &planned, &mut dice);
        let turned = ManualClock::at(after(NINE, FIRST_TICK_S));
        let day = Arc::new_cyclic(|me| Self {
            size,
            store,
            config: Arc::new(config),
            began,
            config_read,
            turned,
            agenda: Mutex::default(),
            planned: AtomicU64::default(),
            book: Mutex::default(),
            ticks: Mutex::default(),
            me: Weak::clone(me),
        });
        let entries: Vec<Entry> = planned.iter().enumerate().map(|(number, plan)| day.add(number, plan)).collect();
        day.book().meetings = entries;
        day.happens(day.now(), Event::Tick);
        for (at, event) in events {
            day.happens(at, event);
        }
        day
    }

    fn add(&self, number: usize, plan: &plan::Planned) -> Entry {
        let new = NewMeeting {
            person: format!("p{}", plan.person),
            uid: format!("meeting-{number}"),
            recurrence: String::new(),
            title: "Weekly review".into(),
            starts_at: plan.start,
            ends_at: None,
            link: None,
            source: "manual".into(),
        };
        Entry {
            id: self.store.add_meeting(&new, self.now()).unwrap().id,
            person: plan.person,
            start: plan.start,
            joined: false,
            called_off: false,
            joins_at_the_fence: plan.joins_at_the_fence,
            answered: 0,
            calls: Vec::new(),
        }
    }

    /// Until an hour after the last meeting was to start: what was moved has begun, and is over for savehub.
    pub(crate) fn passes(&self) {
        let end = after(NINE, (self.size.hours + 2) * 3600);
        self.sleep(Duration::from_millis(u64::try_from(end.since(self.now())).unwrap()));
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    pub(crate) fn ticks(&self) -> Ticks {
        *self.ticks.lock().unwrap()
    }

    pub(crate) fn happens(&self, at: Timestamp, event: Event) {
        let place = self.planned.fetch_add(1, Ordering::Relaxed);
        self.agenda.lock().unwrap().insert((at.ms(), place), event);
    }

    // --- what the phones ask ---

    pub(crate) fn calls_for(&self, meeting: usize) -> u64 {
        self.book().meetings[meeting].calls.len() as u64
    }

    pub(crate) fn answered(&self, meeting: usize) {
        self.book().meetings[meeting].answered += 1;
    }

    pub(crate) fn has_its_turn(&self, request: &Request) {
        if request.to.kind == RungKind::Call {
            let now = self.now();
            self.book().turns.push(now);
        }
    }

    pub(crate) fn taken(&self, request: &Request, between: Duration) -> Timestamp {
        let now = self.now();
        self.book().taken(request, now, between);
        now
    }

    /// The worst moment for a check-in: the call is claimed, and not yet sent.
    pub(crate) fn somebody_joins_at_the_fence(&self, request: &Request) {
        for meeting in &request.facts.meetings {
            let number = plan::number_of(&meeting.uid);
            let joins = {
                let mut book = self.book();
                let entry = &book.meetings[number];
                let joins = entry.joins_at_the_fence && !entry.joined && !entry.called_off;
                book.joined_at_the_fence += u32::from(joins);
                joins
            };
            if joins {
                self.join(number);
            }
        }
    }

    // --- what happens ---

    fn fire(&self, event: Event) {
        match event {
            Event::Tick => self.tick(),
            Event::Join(meeting) => self.join(meeting),
            Event::Move(meeting, to) => self.change(meeting, Some(to)),
            Event::CallOff(meeting) => self.change(meeting, None),
            Event::Pause(person, until) => {
                let new = NewPause { person: Some(format!("p{person}")), until: Some(until), reason: None };
                self.store.pause(&new, self.now()).unwrap();
                self.book().paused.insert(person, until);
            }
        }
    }

    fn join(&self, number: usize) {
        let entry = self.book().meetings[number].clone();
        if entry.joined || entry.called_off {
            return;
        }
        let ended = self.store.check_in(entry.id, CheckIn::Joined, self.now()).unwrap();
        self.book().meetings[number].joined = true;
        self.hang_up(Some(&ended));
    }

    fn change(&self, number: usize, to: Option<Timestamp>) {
        let (entry, now) = (self.book().meetings[number].clone(), self.now());
        if entry.joined || entry.called_off || entry.start <= now {
            return;
        }
        let changed = match to {
            Some(to) => self.store.move_meeting(entry.id, to, None, now).unwrap(),
            None => self.store.cancel_meeting(entry.id, now).unwrap(),
        };
        {
            let mut book = self.book();
            book.moved += u32::from(to.is_some());
            book.called_off += u32::from(to.is_none());
            let entry = &mut book.meetings[number];
            entry.called_off = to.is_none();
            entry.start = to.unwrap_or(entry.start);
        }
        self.hang_up(changed.ended.as_ref());
    }

    /// As the commands do.
    fn hang_up(&self, ended: Option<&Ended>) {
        if let Some(ended) = ended.filter(|ended| ended.hang_ups > 0) {
            tick::hang_up_now(&self.world(), ended.incident).unwrap();
        }
    }

    fn world(&self) -> tick::World {
        let phones = phones(Weak::clone(&self.me), self.size.rate);
        tick::World {
            config: Arc::clone(&self.config),
            store: Arc::clone(&self.store),
            providers: Arc::new(Only(Arc::new(phones))),
            feeds: Arc::new(Sources::new(&self.config)),
            clock: self.me.upgrade().unwrap(),
            me: Owner::me(),
        }
    }

    fn tick(&self) {
        self.happens(after(self.now(), EVERY_S), Event::Tick);
        let begun = {
            let mut ticks = self.ticks.lock().unwrap();
            ticks.at_work += 1;
            ticks.most_at_once = ticks.most_at_once.max(ticks.at_work);
            std::mem::take(&mut ticks.elsewhere)
        };
        let started = Instant::now();
        let summary = tick::tick(&self.world()).unwrap();
        let took = started.elapsed();
        let mut ticks = self.ticks.lock().unwrap();
        let own = took.saturating_sub(std::mem::replace(&mut ticks.elsewhere, begun));
        if ticks.ended(&summary, own) && self.size.people > Size::SAMPLE.people {
            println!("  busiest tick so far, begun at {}: {:?}", summary.now.to_rfc3339(), ticks.busiest);
        }
    }
}

impl Ticks {
    /// `true`: none took longer.
    fn ended(&mut self, summary: &Summary, took: Duration) -> bool {
        let placed = summary.results.iter().filter(|r| r.state == StepState::Executed).count();
        let seen = TickSeen { took, ended: summary.results.len(), placed };
        self.at_work -= 1;
        self.count += 1;
        self.all += took;
        let busiest = took > self.busiest.took;
        if busiest {
            self.busiest = seen;
        }
        if seen.ended == 0 && summary.opened.is_empty() && summary.calls.is_empty() && summary.missed.is_empty() {
            self.longest_idle = self.longest_idle.max(took);
        }
        busiest
    }
}

/// Time passes only while somebody waits for it, and then what is due happens: also the next tick, while this one waits.
impl Clock for Day {
    fn now(&self) -> Timestamp {
        self.turned.now()
    }

    fn boottime_ms(&self) -> i64 {
        self.turned.boottime_ms()
    }

    fn sleep(&self, wait: Duration) {
        let until = self.now().plus(wait);
        let goes_to = |at: Timestamp| {
            let left = u64::try_from(at.since(self.now())).unwrap_or(0);
            self.turned.advance(Duration::from_millis(left));
        };
        loop {
            let next = {
                let mut agenda = self.agenda.lock().unwrap();
                let entry = agenda.first_entry().filter(|entry| entry.key().0 <= until.ms());
                entry.map(std::collections::btree_map::OccupiedEntry::remove_entry)
            };
            let Some(((at, _), event)) = next else { break };
            goes_to(Timestamp::from_ms(at));
            let started = Instant::now();
            self.fire(event);
            self.ticks.lock().unwrap().elsewhere += started.elapsed();
        }
        goes_to(until);
    }
}

/// A config of so many people, as an operator would have it written.
fn config_text(size: &Size) -> String {
    let (all, own) = size.caps;
    let mut text =
        format!("database = \"savehub.db\"\n[guards]\ndaily_cap = {all}\ndaily_cap_per_person = {own}\n{LADDER}");
    for n in 0..size.people {
        // Fictional numbers: 555-01xx of any area.
        let phone = format!("+1{}55501{:02}", 202 + n / 100, n % 100);
        write!(text, "\n[[person]]\nid = \"p{n}\"\nname = \"Person {n}\"\nphone = \"{phone}\"\nzone = \"UTC\"\n")
            .unwrap();
    }
    text
}
