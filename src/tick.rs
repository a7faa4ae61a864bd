//! One tick: what is due is done, what happened is written down.
//!
//! ```text
//! begin   write the tick's own row: a database that cannot be written shows now
//! settle  attempts whose owner is gone become UNKNOWN
//! open    meetings in reach of the ladder get their incident and steps, once
//! work    until nothing is left to do:
//!           look    for UNKNOWN attempts in the provider's list: found, ABSENT, or given up   [worker threads]
//!           follow  calls that are not final, hang up those that are to end                    [worker threads]
//!           claim   one due step: facts, guards and the attempt in one transaction
//!           place   fence, request                                                             [worker threads]
//!           record  outcome of the attempt, next state of its steps, in one transaction
//! close   incidents nobody checked in for become MISSED; old rows go
//! end     complete the tick's own row
//! ```
//!
//! A tick is stateless and may be killed anywhere, run beside other ticks, or hang in the network: what it does to the
//! world is written down before (`SENDING`), fenced right before, and recorded after. The thread that runs this file
//! owns every decision; workers only talk to the provider and send back what they heard. Nothing here knows SQL or HTTP,
//! or reads a clock but through [`Clock`].

mod calls;
mod follow;
mod gate;
mod jobs;
mod looks;
mod reconcile;
mod rehearse;
mod summary;
mod test_call;

pub use rehearse::dry_run;
pub use summary::{CallSeen, Summary, is_trouble};
pub use test_call::{TestCall, test_call};

use crate::clock::Clock;
use crate::config::Config;
use crate::model::{CallList, Phone, Reason, StepId, TickId, Timestamp};
use crate::owner::Owner;
use crate::provider::{Provider, Providers};
use crate::rules::ladder;
use crate::store::{CallScope, Claim, CloseRule, FaultNews, Meeting, Plan, Store, StoreError, TickEnd, TickStart};
use jobs::{Event, Jobs};
use looks::{About, Look};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
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
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// This process.
    pub me: Owner,
}

/// Due steps read at once.
const BATCH: usize = 5000;

/// Calls of people with a due step are looked at before that step is claimed, for at most this long.
const FOLLOW_FIRST: Duration = Duration::from_secs(5);

/// The part of a tick's time that is kept for writing down, at most.
const WRITE_DOWN: Duration = Duration::from_secs(5);

/// A skew seen longer ago than this says nothing about the clock of today.
const SKEW_KEPT: Duration = Duration::from_secs(3600);

/// Runs one tick. An error means that the store cannot be used; a provider's failure never is one.
pub fn tick(world: &World) -> Result<Summary, StoreError> {
    let mut run = Run::begin(world)?;
    run.settle(false)?;
    run.open()?;
    run.work()?;
    run.close()?;
    run.end()
}

/// Hangs up the calls of one incident that are to end, now instead of with the next tick: after check-in and resolve.
/// What does not succeed is tried again by every tick.
pub fn hang_up_now(world: &World, incident: crate::model::IncidentId) -> Result<Summary, StoreError> {
    let mut run = Run::new(world);
    run.follow(CallScope::HangUpsOf(incident))?;
    run.ask_queued();
    while run.jobs.any() && !run.time_is_over() {
        run.next_event()?;
        run.ask_queued();
    }
    Ok(run.summary)
}

/// One run of the tick.
struct Run<'w> {
    world: &'w World,
    id: Option<TickId>,
    /// The provider's clock minus ours, milliseconds; 0 when it is not known or not worth correcting.
    skew_ms: i64,
    jobs: Jobs,
    summary: Summary,
    started: Instant,
    /// Due steps read and not yet claimed, earliest deadline first.
    due: VecDeque<Claim>,
    /// Steps that had their one try of this tick (the provider was at its limit).
    had_their_try: HashSet<StepId>,
    /// When steps that went back to `PENDING` may be tried again.
    again_at: Vec<Timestamp>,
    /// Questions to the provider that wait for a worker.
    to_ask: VecDeque<(Look, Arc<dyn Provider>)>,
    /// Numbers the provider is being asked about first.
    looked_at_first: HashMap<Phone, u32>,
    /// Lists with doubtful attempts that are not in yet.
    lists_awaited: usize,
    /// Attempts that stopped to matter were given up.
    gave_up: bool,
    /// Numbers whose list was asked for before calling them.
    preflighted: HashSet<Phone>,
    /// The lists of this tick.
    lists: HashMap<Phone, CallList>,
    /// The last time any earlier tick of this database wrote down.
    last_tick_at: Option<Timestamp>,
    /// The provider refused *us*: no more requests to place a call in this tick.
    stopped_sending: bool,
    /// It did so in an earlier tick: one request at a time until one is taken.
    probing: bool,
}

impl<'w> Run<'w> {
    fn new(world: &'w World) -> Self {
        Self {
            world,
            id: None,
            skew_ms: 0,
            jobs: Jobs::new(world.config.engine.parallel),
            summary: Summary::new(world.clock.now()),
            started: Instant::now(),
            due: VecDeque::new(),
            had_their_try: HashSet::new(),
            again_at: Vec::new(),
            to_ask: VecDeque::new(),
            looked_at_first: HashMap::new(),
            lists_awaited: 0,
            gave_up: false,
            preflighted: HashSet::new(),
            lists: HashMap::new(),
            last_tick_at: None,
            stopped_sending: false,
            probing: false,
        }
    }

    fn begin(world: &'w World) -> Result<Self, StoreError> {
        let now = world.clock.now();
        let start = TickStart { now, boottime_ms: world.clock.boottime_ms(), owner: world.me.clone() };
        let begun = world.store.begin_tick(&start)?;
        let mut run = Self::new(world);
        run.id = Some(begun.id);
        run.last_tick_at = begun.last_tick_at;
        run.skew_ms = begun.skew.filter(|(_, seen)| seen.plus(SKEW_KEPT) > now).map_or(0, |(skew, _)| skew);
        run.probing = begun.faults.iter().any(|key| key == &run.account_fault());
        run.fault("STOP file", world.config.stopped(), || {
            format!("{} exists: nothing will ring", world.config.stop_file.display())
        })?;
        Ok(run)
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
        self.look_for_doubtful()?;
        self.follow(CallScope::All)?;
        let mut failed = None;
        loop {
            if failed.is_none() {
                failed = self.start_what_can_start().err();
            }
            let sleepers = failed.is_none() && !self.stopped_sending && !self.again_at.is_empty();
            if self.time_is_over() || !(self.jobs.any() || sleepers) {
                break;
            }
            // A store that fails must not cost the answers that are still to come.
            if let Err(error) = self.next_event() {
                failed.get_or_insert(error);
            }
        }
        self.give_up_the_rest()?;
        failed.map_or(Ok(()), Err)
    }

    fn start_what_can_start(&mut self) -> Result<(), StoreError> {
        self.ask_queued();
        self.give_up_once_asked()?;
        self.claim_due()?;
        // Claims may have put questions in the queue (preflight).
        self.ask_queued();
        Ok(())
    }

    /// Claims due steps as long as there are free workers.
    fn claim_due(&mut self) -> Result<(), StoreError> {
        let now = self.world.clock.now();
        let waiting = self.again_at.len();
        self.again_at.retain(|at| *at > now);
        // A step that may be tried again takes its place by deadline, so the list is read anew.
        if self.due.is_empty() || self.again_at.len() < waiting {
            self.due = self.world.store.due_steps(now, BATCH)?.into();
        }
        let mut held = VecDeque::new();
        while !self.stopped_sending && !self.time_is_over() && self.jobs.has_room(self.probing) {
            let Some(claim) = self.due.pop_front() else { break };
            if self.had_their_try.contains(&claim.step) {
                continue;
            }
            if self.is_held(&claim) {
                held.push_back(claim);
            } else if !self.adopt(&claim)? {
                self.claim(claim)?;
            }
        }
        // What is held comes first again. Steps that wait for a busy number are found again once the list is empty.
        held.append(&mut self.due);
        self.due = held;
        Ok(())
    }

    /// Must the claim wait for what the provider is being asked about its number?
    fn is_held(&mut self, claim: &Claim) -> bool {
        let Some(number) = self.world.config.person(&claim.person).map(|p| p.phone.clone()) else { return false };
        let asked_now = self.preflight(&number);
        (asked_now || self.looked_at_first.contains_key(&number)) && !self.follow_first_is_over()
    }

    fn follow_first_is_over(&self) -> bool {
        self.started.elapsed() >= FOLLOW_FIRST
    }

    /// Waits for the next thing to happen: an answer, a deadline, or the time of a retry.
    fn next_event(&mut self) -> Result<(), StoreError> {
        let now = self.world.clock.now();
        let retry = self.again_at.iter().min().map(|at| Duration::from_millis(at.since(now).max(0).unsigned_abs()));
        if !self.jobs.any() {
            self.world.clock.sleep(retry.unwrap_or_default());
            return Ok(());
        }
        let left = self.limit().saturating_sub(self.started.elapsed());
        let hold = !self.looked_at_first.is_empty() && !self.follow_first_is_over();
        let held = hold.then(|| FOLLOW_FIRST.saturating_sub(self.started.elapsed()));
        let wait = [retry, held].into_iter().flatten().chain([left]).min().unwrap_or(left);
        for event in self.jobs.wait(wait) {
            self.happened(event)?;
        }
        Ok(())
    }

    fn happened(&mut self, event: Event) -> Result<(), StoreError> {
        match event {
            Event::Replied { attempt, reply, claimed } => self.replied(attempt, &reply, claimed),
            Event::Looked { look, sight } => {
                self.looked(&look);
                match look.about {
                    About::Call(call) => self.seen(&call, sight),
                    About::Number { to, doubtful } => self.listed(&to, &doubtful, sight),
                }
            }
        }
    }

    /// The tick's time is over: requests under way are unknown, looks at calls wait for the next tick.
    fn give_up_the_rest(&mut self) -> Result<(), StoreError> {
        for event in self.jobs.give_up() {
            self.happened(event)?;
        }
        Ok(())
    }

    /// The last part of the tick's time is for writing down what came of it.
    fn limit(&self) -> Duration {
        let limit = self.world.config.engine.tick_limit;
        limit.saturating_sub(WRITE_DOWN.min(limit / 10))
    }

    fn time_is_over(&self) -> bool {
        self.started.elapsed() >= self.limit()
    }

    fn close(&mut self) -> Result<(), StoreError> {
        let config = &self.world.config;
        let rule = CloseRule {
            grace: config.engine.grace,
            calls_per: config.guards.max_calls_per,
            retention: config.engine.retention,
        };
        let closed = self.world.store.close(self.world.clock.now(), &rule)?;
        self.summary.missed.extend(closed.missed);
        for result in closed.steps {
            self.summary.add(result);
        }
        Ok(())
    }

    fn end(mut self) -> Result<Summary, StoreError> {
        if let Some(skew) = self.summary.skew_ms {
            self.fault("clock", skew.abs() > gate::SKEW_ALARM_MS, || {
                format!("this machine's clock is {:.1} s off the provider's; check NTP", -skew as f64 / 1000.0)
            })?;
        }
        let end = TickEnd {
            now: self.world.clock.now(),
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

    /// A fault that lasts is told when it begins, once an hour, and when it ends: cron mails every line.
    fn fault(&mut self, key: &str, there: bool, words: impl Fn() -> String) -> Result<(), StoreError> {
        if !there {
            if self.world.store.fault_gone(key)? {
                log::warn!("over: {key}");
            }
            return Ok(());
        }
        match self.world.store.fault_seen(key, self.world.clock.now())? {
            FaultNews::Began => log::error!("{}", words()),
            FaultNews::Lasts => log::error!("still: {}", words()),
            FaultNews::Quiet => log::debug!("still: {}", words()),
        }
        Ok(())
    }

    /// The key of the fault "this provider refuses this account".
    fn account_fault(&self) -> String {
        let provider = self.world.providers.current();
        format!("{} account", provider.kind())
    }
}
