//! One tick: what is due is done, what happened is written down.
//!
//! ```text
//! begin   write the tick's own row: a database that cannot be written shows now
//! settle  attempts whose owner is gone become UNKNOWN, those that stopped to matter ABANDONED
//! open    meetings in reach of the ladder get their incident and steps, once
//! work    until nothing is left to do:
//!           follow  look at calls that are not final, hang up those that are to end    [worker threads]
//!           claim   one due step: facts, guards and the attempt in one transaction
//!           place   fence, request                                                     [worker threads]
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
mod rehearse;
mod summary;
mod test_call;

pub use rehearse::dry_run;
pub use summary::{CallSeen, Summary, is_trouble};
pub use test_call::{TestCall, test_call};

use crate::clock::Clock;
use crate::config::Config;
use crate::model::{Phone, Reason, StepId, TickId, Timestamp};
use crate::owner::Owner;
use crate::provider::Providers;
use crate::rules::settle::Moment;
use crate::rules::{ladder, settle};
use crate::store::{
    CallScope, Claim, CloseRule, FaultNews, LiveCall, Meeting, Plan, Store, StoreError, TickEnd, TickStart,
};
use jobs::{Event, Jobs};
use std::collections::{HashSet, VecDeque};
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

/// A skew seen longer ago than this says nothing about the clock of today.
const SKEW_KEPT: Duration = Duration::from_secs(3600);

/// Runs one tick. An error means that the store cannot be used; a provider's failure never is one.
pub fn tick(world: &World) -> Result<Summary, StoreError> {
    let mut run = Run::begin(world)?;
    run.settle()?;
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
    while run.jobs.any() {
        run.next_event()?;
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
    /// Numbers whose calls are being looked at first.
    looked_at_first: HashSet<Phone>,
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
            looked_at_first: HashSet::new(),
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
        run.skew_ms = begun.skew.filter(|(_, seen)| seen.plus(SKEW_KEPT) > now).map_or(0, |(skew, _)| skew);
        run.probing = begun.faults.iter().any(|key| key == &run.account_fault());
        run.fault("STOP file", world.config.stopped(), || {
            format!("{} exists: nothing will ring", world.config.stop_file.display())
        })?;
        Ok(run)
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        let world = self.world;
        let now = world.clock.now();
        let moment = Moment { now, boottime_ms: world.clock.boottime_ms(), settle: world.config.engine.settle };
        let rule =
            |attempt: &crate::store::OpenAttempt| settle::settle(attempt, attempt.owner.is_alive(&world.me), &moment);
        for result in world.store.settle(now, &rule)? {
            self.summary.add(result);
        }
        Ok(())
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
        self.follow(CallScope::All)?;
        let mut failed = None;
        loop {
            if failed.is_none() {
                failed = self.claim_due().err();
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
            let number = self.world.config.person(&claim.person).map(|p| &p.phone);
            if number.is_some_and(|n| self.looked_at_first.contains(n)) && self.started.elapsed() < FOLLOW_FIRST {
                held.push_back(claim);
                continue;
            }
            self.claim(claim)?;
        }
        // What is held comes first again. Steps that wait for a busy number are found again once the list is empty.
        held.append(&mut self.due);
        self.due = held;
        Ok(())
    }

    /// Waits for the next thing to happen: an answer, a deadline, or the time of a retry.
    fn next_event(&mut self) -> Result<(), StoreError> {
        let now = self.world.clock.now();
        let retry = self.again_at.iter().min().map(|at| Duration::from_millis(at.since(now).max(0).unsigned_abs()));
        if !self.jobs.any() {
            self.world.clock.sleep(retry.unwrap_or_default());
            return Ok(());
        }
        let left = self.world.config.engine.tick_limit.saturating_sub(self.started.elapsed());
        let held = (!self.looked_at_first.is_empty()).then(|| FOLLOW_FIRST.saturating_sub(self.started.elapsed()));
        let wait = [retry, held].into_iter().flatten().chain([left]).min().unwrap_or(left);
        for event in self.jobs.wait(wait) {
            match event {
                Event::Replied { attempt, reply, claimed } => self.replied(attempt, &reply, claimed)?,
                Event::Seen { call, report } => self.seen(&call, report)?,
                Event::NotSeen { call } => self.not_seen(&call),
            }
        }
        Ok(())
    }

    /// The tick's time is over: requests under way are unknown, looks at calls wait for the next tick.
    fn give_up_the_rest(&mut self) -> Result<(), StoreError> {
        for event in self.jobs.give_up() {
            if let Event::Replied { attempt, reply, claimed } = event {
                self.replied(attempt, &reply, claimed)?;
            }
        }
        Ok(())
    }

    fn time_is_over(&self) -> bool {
        self.started.elapsed() >= self.world.config.engine.tick_limit
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

    fn is_first_look(&self, call: &LiveCall) -> bool {
        call.urgent && self.id.is_some()
    }
}
