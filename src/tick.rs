//! One tick: what is due is done, what happened is written down.
//!
//! ```text
//! begin   write the tick's own row: a database that cannot be written shows now
//! settle  attempts whose owner is gone become UNKNOWN
//! open    meetings in reach of the ladder get their incident and steps, once
//!         (and again when a calendar brings new ones)
//! work    until nothing is left to do:
//!           look    for UNKNOWN attempts in the provider's list: found, ABSENT, or given up   [worker threads]
//!           listen  for replies, calls back and keys of people something was sent to                [worker threads]
//!           follow  calls that are not final, hang up those that are to end                    [worker threads]
//!           ask     whether the person of a due step is in the meeting already                      [worker threads]
//!           turn away  calls that the pace lets start too late
//!           claim   one due step: facts, guards, its turn and the attempt in one transaction
//!           place   fence, request                                                             [worker threads]
//!           read    calendars whose time has come, with what room is left                      [worker threads]
//!           record  outcome of the attempt, next state of its steps, in one transaction
//! close   incidents nobody checked in for become MISSED; old rows go
//! end     complete the tick's own row
//! ```
//!
//! A tick is stateless and may be killed anywhere, run beside other ticks, or hang in the network: what it does to the
//! world is written down before (`SENDING`), fenced right before, and recorded after. The thread that runs this file
//! owns every decision; workers only talk to the provider and send back what they heard. Nothing here knows SQL or HTTP,
//! or reads a clock but through [`Clock`].

mod aim;
mod calendars;
mod calls;
mod due;
mod faults;
mod follow;
mod gate;
mod hear;
mod jobs;
mod line;
mod looks;
mod plan;
mod preflight;
mod presence;
mod reconcile;
mod rehearse;
mod summary;
mod test_call;

pub use faults::{HEARTBEAT_FAULT, METRICS_FAULT, account_fault, fault};
pub use plan::{Foreseen, Outlook, plan, plan_by};
pub use rehearse::dry_run;
pub use summary::{CallSeen, HeardSeen, MeetingSeen, PresentSeen, Summary, is_trouble};
pub use test_call::{TestCall, test_call};

use crate::clock::{Clock, CorrectedClock};
use crate::config::Config;
use crate::feed::Feeds;
use crate::model::{Reason, StepId, Target, TickId, Timestamp, cut, printable};
use crate::owner::Owner;
use crate::provider::{Hearing, Provider, Providers};
use crate::rules::ladder;
use crate::rules::settle::Asked;
use crate::rules::skew::{self, Seen};
use crate::store::{CallScope, Claim, CloseRule, Meeting, Plan, Store, StoreError, TickBegun, TickEnd, TickStart};
use calendars::Calendars;
use calls::Unrecorded;
use faults::Service;
use hear::Ear;
use jobs::{Event, Jobs};
use line::Queue;
use looks::{About, Look};
use preflight::Preflight;
use presence::Asking;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

/// Everything a tick works with.
#[derive(Clone)]
pub struct World {
    /// The checked config.
    pub config: Arc<Config>,
    /// Incidents, steps, attempts.
    pub store: Arc<dyn Store>,
    /// Who places calls.
    pub providers: Arc<dyn Providers>,
    /// Where calendars come from.
    pub feeds: Arc<dyn Feeds>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// This process.
    pub me: Owner,
}

/// Longest name of a machine that is written down (HOST_NAME_MAX of Linux).
const HOST_CUT: usize = 64;

/// Due steps read at once.
const BATCH: usize = 5000;

/// Calls of people with a due step are looked at before that step is claimed, for at most this long.
const FOLLOW_FIRST: Duration = Duration::from_secs(5);

/// How long to wait before what could not be written down is tried once more, and how often that is done.
const WRITE_AGAIN: (Duration, u32) = (Duration::from_millis(200), 50);

/// The longest wait for the time of a retry or of a call's turn: a clock that goes back must not make a tick sleep on.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// While calendars are waited for, what has become due is looked for so often: a slow server delays no call.
const BESIDE_CALENDARS: Duration = Duration::from_secs(1);

/// A tick stays for a retry that is at most so far away.
const WORTH_WAITING: Duration = Duration::from_secs(20);

/// Runs one tick. An error means that the store cannot be used; a provider's failure never is one.
pub fn tick(world: &World) -> Result<Summary, StoreError> {
    let started = Instant::now();
    let (now, boottime_ms) = (world.clock.now(), world.clock.boottime_ms());
    let host = cut(&printable(&crate::owner::host()), HOST_CUT);
    let begun = world.store.begin_tick(&TickStart { now, boottime_ms, owner: world.me.clone(), host })?;
    let correction_ms = skew::correction(&seen(&begun, &world.me), (now, boottime_ms));
    let corrected = CorrectedClock::new(Arc::clone(&world.clock), correction_ms);
    let decided_by = World { clock: Arc::new(corrected), ..world.clone() };
    let mut run = Run::new(&decided_by, started);
    run.begun(&begun, correction_ms)?;
    run.settle(false)?;
    run.open()?;
    run.sync_calendars()?;
    run.work()?;
    run.close()?;
    run.end()
}

fn seen(begun: &TickBegun, me: &Owner) -> Vec<Seen> {
    let seen = begun.skews.iter().map(|s| Seen {
        skew_ms: s.skew_ms,
        at: (s.started_at, s.boottime_ms),
        same_boot: s.owner.same_boot(me),
    });
    seen.collect()
}

/// Hangs up the calls of one incident that are to end, now instead of with the next tick: after check-in and resolve.
/// What does not succeed is tried again by every tick.
pub fn hang_up_now(world: &World, incident: crate::model::IncidentId) -> Result<Summary, StoreError> {
    let mut run = Run::new(world, Instant::now());
    run.follow(CallScope::HangUpsOf(incident))?;
    // A call whose answer was lost is found first.
    run.look_for_doubtful(|attempt| attempt.hang_up)?;
    run.ask_queued();
    while run.jobs.any() && !run.time_is_over() {
        run.next_event()?;
        run.ask_queued();
    }
    Ok(run.summary)
}

/// How requests to a provider may go out, when not as many at once as the config allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    /// The provider refused *us* in an earlier tick: one at a time until one is taken.
    OneAtATime,
    /// It refused us in this tick: no more until the next.
    Stopped,
}

/// One run of the tick.
struct Run<'w> {
    world: &'w World,
    id: Option<TickId>,
    /// What is added to the machine's wall time in this tick, milliseconds.
    correction_ms: i64,
    jobs: Jobs,
    summary: Summary,
    started: Instant,
    /// How long it slept for turns and retries. A rehearsal's clock is turned on for that, and no real time passes.
    slept: Duration,
    /// Due steps read and not yet claimed, earliest deadline first.
    due: VecDeque<Claim>,
    /// Steps that had their one try of this tick (the provider was at its limit).
    had_their_try: HashSet<StepId>,
    /// When steps that went back to `PENDING` may be tried again, and with whom.
    again_at: Vec<(Service, Timestamp)>,
    /// The line of calls: whose turn it is, and when the next one comes.
    line: Queue,
    /// Questions to the provider that wait for a worker.
    to_ask: VecDeque<(Look, Arc<dyn Provider>)>,
    /// Targets the provider is being asked about first.
    looked_at_first: HashMap<Target, u32>,
    /// Numbers to listen to, and who is asked.
    to_hear: VecDeque<Ear>,
    hearing: Option<Arc<dyn Hearing>>,
    /// Was anything listened to, and what could not be asked for?
    listened: bool,
    deaf: Option<String>,
    /// What the lists said about targets with attempts nobody has an answer for, as far as they are in.
    asked: HashMap<Target, Asked>,
    /// The provider's lists, which due steps wait for.
    preflight: Preflight,
    /// When the newest tick of this database that ended did so.
    last_tick_at: Option<Timestamp>,
    /// The provider's clock minus this tick's, as it was last seen, milliseconds.
    skew_ms: Arc<AtomicI64>,
    /// What is not asked for freely.
    sending: HashMap<Service, Sending>,
    /// Outcomes the store could not write down yet.
    unrecorded: Vec<Unrecorded>,
    /// How often that may still be tried.
    writes_left: u32,
    /// Calendars to look at.
    calendars: Calendars,
    /// People of due steps who may be in their meetings already.
    asking: Asking,
}

impl<'w> Run<'w> {
    fn new(world: &'w World, started: Instant) -> Self {
        Self {
            world,
            id: None,
            correction_ms: 0,
            jobs: Jobs::new(world.config.engine.parallel),
            summary: Summary::new(world.clock.now()),
            started,
            slept: Duration::ZERO,
            due: VecDeque::new(),
            had_their_try: HashSet::new(),
            again_at: Vec::new(),
            line: Queue::default(),
            to_ask: VecDeque::new(),
            looked_at_first: HashMap::new(),
            to_hear: VecDeque::new(),
            hearing: None,
            listened: false,
            deaf: None,
            asked: HashMap::new(),
            preflight: Preflight::default(),
            last_tick_at: None,
            skew_ms: Arc::new(AtomicI64::new(0)),
            sending: HashMap::new(),
            unrecorded: Vec::new(),
            writes_left: WRITE_AGAIN.1,
            calendars: Calendars::default(),
            asking: Asking::default(),
        }
    }

    fn begun(&mut self, begun: &TickBegun, correction_ms: i64) -> Result<(), StoreError> {
        self.id = Some(begun.id);
        self.correction_ms = correction_ms;
        // In this tick's time, which the machine's clock may not be.
        self.last_tick_at = begun.last_tick_at.map(|at| Timestamp::from_ms(at.ms().saturating_add(correction_ms)));
        let refused = |by: &Service| begun.faults.contains(&by.fault());
        self.sending.extend(Service::all().filter(refused).map(|by| (by, Sending::OneAtATime)));
        self.calendars.begun(&begun.faults);
        self.forget_messages()?;
        self.forget_questions(&begun.faults)?;
        self.tell_pauses(begun)?;
        self.forget_watchers(&begun.faults)?;
        self.fault("STOP file", self.world.config.stopped(), || {
            format!("{} exists: nothing will ring", self.world.config.stop_file.display())
        })
    }

    fn open(&mut self) -> Result<(), StoreError> {
        let config = &self.world.config;
        let plan = |meeting: &Meeting| match config.person(&meeting.person) {
            Some(_) => Plan::Watch(ladder::plan(&config.ladder, meeting.starts_at)),
            None => Plan::Refuse(Reason::PersonRemoved),
        };
        let now = self.world.clock.now();
        let opened = self.world.store.open_incidents(now, now.plus(ladder::reach(&config.ladder)), &plan)?;
        self.summary.opened.extend(opened.opened);
        self.summary.refused.extend(opened.refused);
        Ok(())
    }

    /// Starts what can start, waits for what is under way, until nothing is left or the tick's time is over.
    fn work(&mut self) -> Result<(), StoreError> {
        self.look_for_doubtful(|_| true)?;
        self.follow(CallScope::All)?;
        self.listen()?;
        let mut failed = None;
        loop {
            if failed.is_none() {
                failed = self.start_what_can_start().err();
            }
            self.write_down_again();
            let sleepers = failed.is_none() && self.next_try().is_some();
            let unwritten = !self.unrecorded.is_empty() && self.writes_left > 0;
            if self.time_is_over() || !(self.jobs.any() || sleepers || unwritten) {
                break;
            }
            // A store that fails must not cost the answers that are still to come.
            if let Err(error) = self.next_event() {
                failed.get_or_insert(error);
            }
        }
        self.give_up_the_rest()?;
        failed.or_else(|| self.unrecorded.pop().map(|u| u.error)).map_or(Ok(()), Err)
    }

    fn start_what_can_start(&mut self) -> Result<(), StoreError> {
        self.ask_queued();
        self.hear_queued();
        self.claim_due()?;
        // Claims may have put questions in the queue (preflight).
        self.ask_queued();
        self.look_at_calendars()
    }

    fn follow_first_is_over(&self) -> bool {
        self.elapsed() >= FOLLOW_FIRST
    }

    /// Waits for the next thing to happen: an answer, a deadline, or the time of a retry.
    fn next_event(&mut self) -> Result<(), StoreError> {
        let now = self.world.clock.now();
        let retry = self.next_try().map(|at| Duration::from_millis(at.since(now).max(0).unsigned_abs()));
        let write = (!self.unrecorded.is_empty()).then_some(WRITE_AGAIN.0);
        if !self.jobs.any() {
            let wait = [retry, write].into_iter().flatten().min().unwrap_or_default();
            let wait = wait.min(LONGEST_WAIT);
            self.world.clock.sleep(wait);
            self.slept = self.slept.saturating_add(wait);
            return Ok(());
        }
        let left = self.limit().saturating_sub(self.elapsed());
        let hold = !self.looked_at_first.is_empty() && !self.follow_first_is_over();
        let held = hold.then(|| FOLLOW_FIRST.saturating_sub(self.elapsed()));
        let lists = self.preflight.given_up_at().map(|at| at.saturating_sub(self.elapsed()));
        let calls = (self.jobs.calendars() > 0).then_some(BESIDE_CALENDARS);
        let presence = self.asking.hold_ends_in();
        let wait =
            [retry, held, lists, write, calls, presence].into_iter().flatten().chain([left]).min().unwrap_or(left);
        let events = self.jobs.wait(wait);
        let done = self.happened_all(events);
        self.preflight.take_notice(self.elapsed());
        done
    }

    /// Every event counts, also behind one that could not be written down.
    fn happened_all(&mut self, events: Vec<Event>) -> Result<(), StoreError> {
        let mut failed = Ok(());
        for event in events {
            let done = self.happened(event);
            if failed.is_ok() {
                failed = done;
            }
        }
        failed
    }

    fn happened(&mut self, event: Event) -> Result<(), StoreError> {
        match event {
            Event::Replied { attempt, by, reply, claimed } => self.replied(attempt, by, reply, claimed),
            Event::Calendar { subject, news } => self.calendar_looked(&subject, news),
            Event::Heard { ear, sounds } => self.overheard(&ear, sounds),
            Event::Asked { question, there } => self.answered(&question, &there),
            Event::Looked { look, sight } => {
                self.looked(&look);
                match look.about {
                    About::Call(call) => self.seen(&call, sight),
                    About::Target { list, doubtful } => self.listed(list, &doubtful, sight),
                }
            }
        }
    }

    /// The tick's time is over: requests under way are unknown, looks at calls wait for the next tick.
    fn give_up_the_rest(&mut self) -> Result<(), StoreError> {
        let events = self.jobs.give_up();
        let done = self.happened_all(events);
        self.write_down_again();
        done
    }

    /// How long the tick has run.
    fn elapsed(&self) -> Duration {
        self.started.elapsed().max(self.slept)
    }

    /// The last part of the tick's time is for writing down what came of it.
    fn limit(&self) -> Duration {
        self.world.config.engine.work_limit()
    }

    /// The machine's own time, where the tick goes by a corrected one.
    fn machine_now(&self) -> Timestamp {
        Timestamp::from_ms(self.world.clock.now().ms().saturating_sub(self.correction_ms))
    }

    fn time_is_over(&self) -> bool {
        self.elapsed() >= self.limit()
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let config = &self.world.config;
        let rule = CloseRule {
            grace: config.engine.grace,
            calls_per: config.guards.max_calls_per,
            retention: config.engine.retention,
        };
        // What cannot be taken back is late by the machine's clock and by the corrected one.
        let now = self.world.clock.now().min(self.machine_now());
        let closed = self.world.store.close(now, &rule)?;
        self.summary.missed.extend(closed.missed);
        for result in closed.steps {
            self.summary.add(result);
        }
        Ok(())
    }

    fn end(mut self) -> Result<Summary, StoreError> {
        // Answers that came while the tick was closing.
        let late = self.jobs.wait(Duration::ZERO);
        self.happened_all(late)?;
        self.tell_deafness()?;
        self.tell_calendars_behind()?;
        if let Some(skew) = self.summary.skew_ms {
            self.fault("clock", skew.abs() > skew::ALARM_MS, || {
                format!("this machine's clock is {:.1} s off the provider's; check NTP", -skew as f64 / 1000.0)
            })?;
        }
        let end = TickEnd {
            now: self.machine_now(),
            exit: self.summary.exit_code(),
            skew_ms: self.summary.skew_ms,
            placed: self.summary.placed(),
            not_placed: self.summary.not_placed(),
        };
        if let Some(id) = self.id {
            self.world.store.end_tick(id, &end)?;
        }
        Ok(self.summary)
    }
}
