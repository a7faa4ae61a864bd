//! One day: the machine that ticks, its clock, its database, its config, and all that happens to them.

mod disk;

use crate::exchange::{Exchange, Reached};
use crate::journal::{Line, Seen};
use crate::mutants::Rules;
use crate::story::{EVENING, Event, MINUTE, Ms, Story, What};
use clap::Parser as _;
use disk::Disk;
use savehub::cli::args::{Cli, Command};
use savehub::cli::print::Screen;
use savehub::cli::{Ctx, checkin, undo};
use savehub::clock::Clock;
use savehub::config::Config;
use savehub::exit::Exit;
use savehub::model::{IncidentId, Timestamp};
use savehub::owner::Owner;
use savehub::store::{CheckIn, Ended, NewMeeting, NewPause};
use savehub::tick;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

/// 2026-11-23T08:00:00Z.
const BEGIN_MS: i64 = 1_795_420_800_000;

pub fn instant(at: Ms) -> Timestamp {
    Timestamp::from_ms(BEGIN_MS + at)
}

fn ms(at: Timestamp) -> Ms {
    at.ms() - BEGIN_MS
}

/// Whoever waits so often for no time at all does nothing but that.
const MANY: i64 = 1000;

/// The sun, and the machine's clocks.
#[derive(Default)]
pub struct Sun {
    at: AtomicI64,
    /// How far the wall clock is ahead.
    ahead: AtomicI64,
    /// How long the machine has slept.
    slept: AtomicI64,
    /// How often in a row somebody waited for no time at all.
    in_vain: AtomicI64,
}

impl Sun {
    pub fn at(&self) -> Ms {
        self.at.load(Ordering::SeqCst)
    }

    pub fn by_the_sun(&self) -> Timestamp {
        instant(self.at())
    }

    /// What the machine's clock shows at this instant.
    pub fn shown(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_ms(at.ms() + self.ahead.load(Ordering::SeqCst))
    }

    /// Work takes so long.
    pub fn runs(&self, ms: Ms) {
        self.at.fetch_add(ms, Ordering::SeqCst);
    }

    /// How often in a row somebody waited for no time, until now.
    fn wakes(&self) -> i64 {
        self.in_vain.swap(0, Ordering::SeqCst)
    }

    fn sleeps(&self, ms: Ms) {
        self.slept.fetch_add(ms, Ordering::SeqCst);
        self.runs(ms);
    }

    fn until(&self, at: Ms) {
        self.at.fetch_max(at, Ordering::SeqCst);
    }
}

impl Clock for Sun {
    fn now(&self) -> Timestamp {
        instant(self.at() + self.ahead.load(Ordering::SeqCst))
    }

    /// Whatever sets it wrong says so.
    fn synchronised(&self) -> Option<bool> {
        Some(self.ahead.load(Ordering::SeqCst) == 0)
    }

    fn boottime_ms(&self) -> i64 {
        100_000_000 + self.at()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis((self.at() - self.slept.load(Ordering::SeqCst)).unsigned_abs())
    }

    fn sleep(&self, wait: Duration) {
        let wait = i64::try_from(wait.as_millis()).unwrap();
        // Whoever spins gets to an end all the same.
        let times = if wait == 0 { self.in_vain.fetch_add(1, Ordering::SeqCst) } else { self.wakes() };
        self.runs(if times > MANY { MINUTE } else { wait });
    }
}

pub struct Day {
    pub story: Story,
    pub rules: Rules,
    pub clock: Arc<Sun>,
    exchange: Arc<Exchange>,
    dir: tempfile::TempDir,
    disk: Mutex<Disk>,
    to_come: Mutex<VecDeque<Event>>,
    at_the_gate: Mutex<Vec<What>>,
    /// The calls of these incidents are hung up when what ended them is done.
    to_hang_up: Mutex<Vec<IncidentId>>,
    journal: Mutex<Vec<Line>>,
}

/// Plays a story, and returns its journal.
pub fn play(story: &Story, rules: Rules) -> Vec<Line> {
    let dir = tempfile::tempdir().unwrap();
    let day = Arc::new_cyclic(|me: &Weak<Day>| Day {
        story: story.clone(),
        rules,
        clock: Arc::default(),
        exchange: Arc::new(Exchange::new(Weak::clone(me))),
        dir,
        disk: Mutex::default(),
        to_come: Mutex::new(story.events.iter().cloned().collect()),
        at_the_gate: Mutex::default(),
        to_hang_up: Mutex::default(),
        journal: Mutex::default(),
    });
    day.writes_the_config();
    let mut at = day.next_tick(0);
    while at < EVENING {
        day.passes(at);
        day.tick();
        at = day.next_tick(day.clock.at().max(at));
    }
    day.database_ends();
    std::mem::take(&mut *day.journal.lock().unwrap())
}

impl Day {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap()
    }

    /// When the database was lost last.
    pub fn forgot_at(&self) -> Timestamp {
        instant(self.disk().forgot_at)
    }

    pub fn sees(&self, seen: Seen) {
        let (at, wall) = (self.clock.at(), ms(self.clock.now()));
        self.journal.lock().unwrap().push(Line { at, wall, seen });
    }

    // --- time ---

    /// Until then, everything happens at its time.
    fn passes(&self, until: Ms) {
        while let Some(event) = self.next_event(until) {
            self.clock.until(event.at);
            self.happens(event.what);
        }
        self.clock.until(until);
    }

    fn next_event(&self, until: Ms) -> Option<Event> {
        let mut to_come = self.to_come.lock().unwrap();
        if to_come.front()?.at <= until { to_come.pop_front() } else { None }
    }

    /// What happens until now, while a tick runs.
    pub fn catches_up(&self) {
        while let Some(event) = self.next_event(self.clock.at()) {
            self.happens(event.what);
        }
    }

    pub fn happens_at_the_gate(&self) {
        let all = std::mem::take(&mut *self.at_the_gate.lock().unwrap());
        for what in all {
            self.happens(what);
        }
    }

    /// The scheduler's next tick. Far from every start most are left out: they would find nothing to do.
    fn next_tick(&self, now: Ms) -> Ms {
        let every = self.story.every;
        let slot = now.div_euclid(every) + 1;
        // No scheduler is exact.
        let at = |slot: i64| slot * every + slot * 7919 % 150;
        let starts = self.story.events.iter().filter_map(|event| match event.what {
            What::Meeting { start, .. } | What::Move { start, .. } => Some(start),
            _ => None,
        });
        let near = starts.filter(|start| start + MINUTE > now).map(|start| start - 5 * MINUTE).min();
        let quiet_until = near.unwrap_or(EVENING).min(now + 15 * MINUTE);
        at(slot.max(quiet_until.div_euclid(every)))
    }

    // --- what happens ---

    fn happens(&self, what: What) {
        // The order in the journal is that of the events, also where one lets a tick's worker write.
        if self.has_effect(&what) {
            self.sees(Seen::Happened(what));
        }
        // That takes time, and other things happen meanwhile.
        let calls = std::mem::take(&mut *self.to_hang_up.lock().unwrap());
        let config = self.disk().config.clone();
        for (config, incident) in calls.into_iter().filter_map(|incident| Some((config.clone()?, incident))) {
            tick::hang_up_now(&self.world(config), incident).unwrap();
        }
    }

    fn has_effect(&self, what: &What) -> bool {
        match *what {
            What::Meeting { meeting, person, start, calendar } => self.adds(meeting, person, start, calendar),
            What::Move { meeting, start } => self.moves(meeting, Some(start)),
            What::CallOff { meeting } => self.moves(meeting, None),
            What::CheckIn { meeting } => self.checks_in(meeting, CheckIn::Joined),
            // That nothing, or too much, could be meant is an answer, too.
            What::BareCheckIn { person } => self.types("checkin", person).is_some(),
            What::Undo { person } => self.types("undo", person).is_some_and(|done| done.is_ok()),
            What::WillMiss { meeting } => self.checks_in(meeting, CheckIn::Missed),
            What::Resolve { meeting } => self.resolves(meeting),
            What::Reply { person } => self.answers(person, Some("1")),
            What::CallBack { person } => self.answers(person, None),
            What::Pause { person, span } => self.pauses(person, span),
            What::Stop(there) => {
                let file = self.dir.path().join("STOP");
                if there { std::fs::write(file, "").is_ok() } else { std::fs::remove_file(file).is_ok() }
            }
            What::OtherCall { person } => {
                self.exchange.calls_too(person, self.clock.by_the_sun());
                true
            }
            What::Clock { ahead } => {
                self.clock.ahead.store(ahead, Ordering::SeqCst);
                true
            }
            What::Sleep { span } => {
                self.clock.sleeps(span);
                true
            }
            What::Listed { .. } | What::Config(_) => self.edits(what),
            What::Database(database) => self.swaps(database),
            What::Calendar { person, readable } => {
                let unreadable = &mut self.disk().unreadable;
                unreadable.retain(|other| *other != person);
                unreadable.extend((!readable).then_some(person));
                true
            }
            What::AtTheGate(ref what) => {
                self.at_the_gate.lock().unwrap().push((**what).clone());
                false
            }
            _ => self.reaches_the_lines(what),
        }
    }

    fn reaches_the_lines(&self, what: &What) -> bool {
        let mut lines = self.exchange.lines();
        let mark = |set: &mut std::collections::BTreeSet<usize>, number, there| {
            if there { set.insert(number) } else { set.remove(&number) }
        };
        match *what {
            What::Network(network) => (lines.network, lines.flip_after) = (network, None),
            What::FlipAfter(count) => lines.flip_after = Some(count),
            What::Lists(there) => lines.lists = there,
            What::Next(lie) => lines.next.push_back(lie),
            What::Sender { sender, refused } => return mark(&mut lines.senders_refused, sender, refused),
            What::Callee { person, refused } => return mark(&mut lines.callees_refused, person, refused),
            What::Account { refused } => lines.account_refused = refused,
            _ => return false,
        }
        true
    }

    fn adds(&self, meeting: usize, person: usize, start: Ms, calendar: bool) -> bool {
        if calendar {
            let mut disk = self.disk();
            let (meetings, written) = disk.calendars.entry(person).or_default();
            meetings.insert(meeting, Some(start));
            *written += 1;
            return true;
        }
        let new = NewMeeting {
            person: format!("p{person}"),
            uid: format!("m{meeting}"),
            recurrence: String::new(),
            title: format!("Meeting {meeting}"),
            starts_at: instant(start),
            ends_at: Some(instant(start + 30 * MINUTE)),
            link: None,
            source: "manual".into(),
        };
        self.store_or_new().add_meeting(&new, self.clock.now()).is_ok()
    }

    fn moves(&self, meeting: usize, to: Option<Ms>) -> bool {
        {
            let mut disk = self.disk();
            let of = disk.calendars.values_mut().find(|(meetings, _)| meetings.contains_key(&meeting));
            if let Some((meetings, written)) = of {
                *written += 1;
                let planned = meetings.get_mut(&meeting).filter(|planned| planned.is_some());
                return planned.map(|planned| *planned = to).is_some();
            }
        }
        let Some((store, found)) = self.found(meeting) else { return false };
        let now = self.clock.now();
        let changed = match to {
            Some(start) => store.move_meeting(found.id, instant(start), Some(instant(start + 30 * MINUTE)), now),
            None => store.cancel_meeting(found.id, now),
        };
        changed.is_ok_and(|changed| self.hangs_up(changed.ended.as_ref()))
    }

    fn checks_in(&self, meeting: usize, how: CheckIn) -> bool {
        let Some((store, found)) = self.found(meeting) else { return false };
        let ended = store.check_in(found.id, how, self.clock.now()).unwrap();
        ended.changed && self.hangs_up(Some(&ended))
    }

    /// A command as it is typed. `None`: the person is in no config, or there is no database.
    fn types(&self, command: &str, person: usize) -> Option<anyhow::Result<Exit>> {
        let (store, config) = (self.store()?, self.disk().config.clone()?);
        let person = format!("p{person}");
        config.person(&person)?;
        let typed = Cli::try_parse_from(["savehub", command, "--person", &person]).unwrap();
        let mut hang_up = |incident| self.to_hang_up.lock().unwrap().push(incident);
        let (now, screen, out) = (self.clock.now(), Screen::PLAIN, &mut Vec::new());
        let ctx = &mut Ctx { now, config: &config, store: &*store, screen, out, hang_up: &mut hang_up };
        Some(match typed.command {
            Command::Checkin(args) => checkin::run(&args, ctx),
            Command::Undo(args) => undo::run(&args, ctx),
            _ => unreachable!("no command of a day"),
        })
    }

    fn resolves(&self, meeting: usize) -> bool {
        let Some((store, found)) = self.found(meeting) else { return false };
        let all = store.snapshot(self.clock.now(), instant(0), instant(2 * EVENING)).unwrap().incidents;
        let open = all.iter().find(|incident| incident.meeting == found.id && !incident.state.is_final());
        let Some(open) = open else { return false };
        let ended = store.resolve(open.id, None, self.clock.now()).unwrap();
        ended.changed && self.hangs_up(Some(&ended))
    }

    /// As the commands do.
    fn hangs_up(&self, ended: Option<&Ended>) -> bool {
        self.to_hang_up.lock().unwrap().extend(ended.filter(|ended| ended.hang_ups > 0).map(|ended| ended.incident));
        true
    }

    fn pauses(&self, person: usize, span: Ms) -> bool {
        let now = self.clock.now();
        let until = now.plus(Duration::from_millis(span.unsigned_abs()));
        let new = NewPause { person: Some(format!("p{person}")), until: Some(until), reason: None };
        self.store().is_some_and(|store| store.pause(&new, now).is_ok())
    }

    fn answers(&self, person: usize, text: Option<&'static str>) -> bool {
        self.exchange.answered(person, text, self.clock.by_the_sun());
        true
    }

    // --- the tick ---

    fn world(&self, config: Arc<Config>) -> tick::World {
        tick::World {
            store: self.store_or_new(),
            providers: Arc::new(Reached(Arc::clone(&self.exchange))),
            feeds: Arc::new(self.calendars(&config)),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            me: Owner::me(),
            config,
        }
    }

    fn tick(&self) {
        self.sees(Seen::TickBegan);
        let ran = self.config().and_then(|config| {
            self.disk().config = Some(Arc::clone(&config));
            tick::tick(&self.world(config)).map_err(|error| error.to_string())
        });
        if self.clock.wakes() > MANY {
            self.sees(Seen::TickSpun);
        }
        match ran {
            Ok(summary) => {
                let now = self.clock.at();
                let steps = summary.results.iter().filter_map(|result| Some((result.step?, now)));
                self.disk().ended.extend(steps);
                self.sees(Seen::TickEnded { not_done: summary.exit() != Exit::Done });
            }
            Err(why) => self.sees(Seen::TickRefused(why)),
        }
    }
}
