//! The hour: its people, its clock, and what must hold of it.

use crate::support::fake_twilio::{FakeCall, ends};
use crate::support::world::{World, step_words};
use savehub::clock::{Clock, ManualClock};
use savehub::config::Person;
use savehub::model::{MeetingId, Phone, RungKind, Timestamp};
use savehub::store::sqlite::{Create, SqliteStore};
use savehub::store::{NewMeeting, StepView};
use savehub::tick;
use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// A call three minutes and one a minute before, and a message that comes early for those who cannot be called.
const LADDER: &str = r#"
[guards]
daily_cap = 5000

[engine]
preflight = false

[hear]
replies = false
call_back = false

[[ladder]]
step = "call"
before = "3m"

[[ladder]]
step = "call"
before = "1m"

[[ladder]]
step = "sms"
before = "10s"
"#;

/// Seconds of a call's turn: from three minutes to five seconds before the start.
const WINDOW: (i64, i64) = (-180, -5);

/// A clock that several ticks sleep on. It goes on when all of them sleep, to the time that the earliest waits for: it
/// never jumps while a tick is at work.
struct Shared {
    clock: Arc<ManualClock>,
    ticks: Mutex<Ticks>,
    changed: Condvar,
}

/// The ticks that go by the clock.
struct Ticks {
    running: usize,
    asleep_until: Vec<Timestamp>,
}

impl Shared {
    fn new(clock: Arc<ManualClock>) -> Self {
        let ticks = Mutex::new(Ticks { running: 1, asleep_until: Vec::new() });
        Self { clock, ticks, changed: Condvar::new() }
    }

    /// So many more ticks run from now on, or fewer.
    fn run(&self, more: isize) {
        let mut ticks = self.ticks.lock().unwrap();
        ticks.running = ticks.running.checked_add_signed(more).unwrap();
        self.go_on(&ticks);
    }

    fn go_on(&self, ticks: &Ticks) {
        let earliest = ticks.asleep_until.iter().min().filter(|_| ticks.asleep_until.len() >= ticks.running);
        if let Some(Ok(left)) = earliest.map(|until| u64::try_from(until.since(self.clock.now()))) {
            self.clock.advance(Duration::from_millis(left));
        }
        self.changed.notify_all();
    }
}

/// A tick that runs, until it ends in whatever way.
struct Running<'a>(&'a Shared);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.run(-1);
    }
}

impl Clock for Shared {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn boottime_ms(&self) -> i64 {
        self.clock.boottime_ms()
    }

    fn sleep(&self, wait: Duration) {
        let mut ticks = self.ticks.lock().unwrap();
        let until = self.clock.now().plus(wait);
        ticks.asleep_until.push(until);
        self.go_on(&ticks);
        while self.clock.now() < until {
            ticks = self.changed.wait(ticks).unwrap();
        }
        let own = ticks.asleep_until.iter().position(|at| *at == until).unwrap();
        ticks.asleep_until.swap_remove(own);
    }
}

/// People with a meeting, and a Twilio that starts calls as fast as they may be made.
pub(crate) struct Hour {
    pub(crate) world: World,
    pub(crate) meetings: Vec<MeetingId>,
    clock: Arc<Shared>,
    every: Duration,
    nine: Timestamp,
    last: Timestamp,
}

impl Hour {
    pub(crate) fn of(rate: f64, starts: &[(i64, usize)]) -> Self {
        let mut world = World::on_twilio(LADDER);
        let every = Duration::from_secs_f64(1.0 / rate);
        world.fake().set_dials_every(every);
        world.fake().set_life(ends(0, "no-answer"));
        world.fake().set_message_life(&[(0, "delivered", None)]);
        let clock = Arc::new(Shared::new(Arc::clone(&world.clock)));
        world.parts.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let starts: Vec<i64> = starts.iter().flat_map(|(start, people)| vec![*start; *people]).collect();
        world.change_config(|config| {
            let ana = config.people[0].clone();
            config.people =
                (0..starts.len()).map(|n| Person { id: format!("p{n}"), phone: phone(n), ..ana.clone() }).collect();
            // By the real clock, which is not the one that is turned: a slow machine must not end the hour.
            config.engine.tick_limit = Duration::from_secs(3600);
        });
        world.change_twilio(|twilio| twilio.calls_per_second = rate);
        let nine = world.now().plus(Duration::from_secs(600));
        let last = Timestamp::from_ms(nine.ms() + 1000 * starts.iter().max().unwrap());
        let mut hour = Self { world, meetings: Vec::new(), clock, every, nine, last };
        hour.meetings = starts.iter().enumerate().map(|(n, start)| hour.meeting(n, *start)).collect();
        hour
    }

    fn meeting(&self, person: usize, start: i64) -> MeetingId {
        let new = NewMeeting {
            person: format!("p{person}"),
            uid: format!("all-hands-{person}"),
            recurrence: String::new(),
            title: "All hands".into(),
            starts_at: Timestamp::from_ms(self.nine.ms() + start * 1000),
            ends_at: None,
            link: None,
            source: "manual".into(),
        };
        self.world.parts.store.add_meeting(&new, self.world.now()).unwrap().id
    }

    /// The incidents are open, and the first calls are due.
    pub(crate) fn watch(&self) {
        self.world.tick();
        self.world.advance(420);
    }

    /// So many seconds before nine.
    pub(crate) fn goes_on_until(&self, before_s: u64) {
        let left = self.nine.since(self.world.now()) / 1000;
        self.world.advance(u64::try_from(left).unwrap() - before_s);
    }

    /// A tick on a connection of its own, as on another host.
    pub(crate) fn another_host(&self) -> tick::World {
        let store = SqliteStore::open(&self.world.parts.config.database, Create::No).unwrap();
        tick::World { store: Arc::new(store), ..self.world.parts.clone() }
    }

    /// Ticks of these hosts and of this one, all at once.
    pub(crate) fn ticks_at_once(&self, others: &[tick::World]) {
        self.clock.run(others.len().cast_signed());
        std::thread::scope(|scope| {
            for parts in others.iter().chain([&self.world.parts]) {
                scope.spawn(|| {
                    let _running = Running(&self.clock);
                    tick::tick(parts).unwrap();
                });
            }
        });
        self.clock.run(1);
    }

    /// The ticks that are left, until the last meeting has begun.
    pub(crate) fn end(&self) {
        while self.world.now() < self.last {
            self.world.advance(30);
            self.world.tick();
        }
    }

    /// Numbers whose phone rang.
    pub(crate) fn reached(&self) -> HashSet<String> {
        self.world.fake().calls().into_iter().filter(|call| call.status != "canceled").map(|call| call.to).collect()
    }

    /// How many steps of this rung could not start in time.
    pub(crate) fn turned_away(&self, rung: usize) -> usize {
        let snapshot = self.world.snapshot();
        let of_rung = snapshot.incidents.iter().map(|incident| &incident.steps[rung]);
        of_rung.filter(|step| step.reason.is_some_and(|reason| reason.as_str() == "capacity")).count()
    }

    /// Nothing rings after its start or too fast, nobody rings twice for one step, every step has its reason, and who was
    /// not called was told otherwise.
    pub(crate) fn holds(&self) {
        let (calls, reached, snapshot) = (self.world.fake().calls(), self.reached(), self.world.snapshot());
        let calls_of = |steps: &[StepView]| -> Vec<Timestamp> {
            let of_calls = steps.iter().filter(|step| step.kind == RungKind::Call);
            of_calls.flat_map(|step| step.attempts.iter().map(|attempt| attempt.intent_at)).collect()
        };
        let mut starts: Vec<Timestamp> = snapshot.incidents.iter().flat_map(|i| calls_of(&i.steps)).collect();
        starts.sort_unstable();
        let every = i64::try_from(self.every.as_millis()).unwrap();
        assert!(starts.windows(2).all(|pair| pair[1].since(pair[0]) >= every), "{starts:?}");
        let told: HashSet<String> = self.world.fake().sent().into_iter().map(|message| message.to).collect();
        for incident in &snapshot.incidents {
            let number = self.world.parts.config.person(&incident.person).unwrap().phone.expose().to_owned();
            let own: Vec<&FakeCall> = calls.iter().filter(|call| call.to == number).collect();
            // A turned clock may jump between a tick's claim and its request: what then waits too long is taken back.
            let rang_late = |call: &&FakeCall| call.dialled_at >= incident.starts_at && call.status != "canceled";
            assert!(!own.iter().any(rang_late), "{own:?}");
            assert_eq!(own.len(), calls_of(&incident.steps).len(), "{incident:?}");
            assert!(incident.steps.iter().all(|step| step.reason.is_some()), "{incident:?}");
            if !reached.contains(&number) {
                let lost = step_words(incident).iter().any(|step| step == "SKIPPED(capacity)");
                assert!(lost && told.contains(&number), "{incident:?}");
            }
        }
        assert_eq!(snapshot.incidents.len(), self.meetings.len());
    }
}

/// Fictional numbers: 555-01xx of any area.
fn phone(n: usize) -> Phone {
    Phone::parse(&format!("+1{}55501{:02}", 202 + n / 100, n % 100)).unwrap()
}

/// The most people that any order of calls could reach, by turns of `1 / rate` from the first one that is due: in each turn
/// whoever of those that are due has the earliest start (the exchange argument makes that the best order).
pub(crate) fn optimum(rate: f64, starts: &[(i64, usize)]) -> usize {
    let mut waiting: Vec<(i64, usize)> = starts.to_vec();
    waiting.sort_unstable();
    let (mut reached, mut turn) = (0, 0);
    let first = waiting.iter().map(|(start, _)| start + WINDOW.0).min().unwrap_or(0);
    loop {
        #[expect(clippy::cast_precision_loss, reason = "a few hundred turns")]
        let at = first as f64 + f64::from(turn) / rate;
        let due = |(start, left): &&mut (i64, usize)| {
            #[expect(clippy::cast_precision_loss, reason = "seconds of an hour")]
            let (from, until) = ((start + WINDOW.0) as f64, (start + WINDOW.1) as f64);
            *left > 0 && from <= at && at <= until
        };
        if let Some((_, left)) = waiting.iter_mut().find(due) {
            *left -= 1;
            reached += 1;
        }
        turn += 1;
        if at > 1000.0 {
            return reached;
        }
    }
}
