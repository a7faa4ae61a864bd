//! The time of one tick: how long it has run, when it is over, and how wrong the clocks are.

use super::world::World;
use crate::clock::{Clock, CorrectedClock};
use crate::model::Timestamp;
use crate::rules::skew::ALARM_MS;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::{Duration, Instant};

/// Due steps wait at most this long for answers about their target.
pub(super) const FOLLOW_FIRST: Duration = Duration::from_secs(5);

/// A tick waits for a retry or a turn that comes within this time.
pub(super) const WORTH_WAITING: Duration = Duration::from_secs(20);

/// The longest single sleep before a retry or a turn: a clock that is set back must not make a tick sleep on.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How much longer a question may take than the phases of its request.
const SLACK: Duration = Duration::from_secs(2);

/// How far boot and monotonic time may drift apart during one request (milliseconds).
const STEADY_MS: i64 = 1_000;

/// Measures one request.
pub(super) struct Stopwatch {
    started: Instant,
    boottime_ms: i64,
}

impl Stopwatch {
    pub(super) fn start(clock: &dyn Clock) -> Self {
        Self { started: Instant::now(), boottime_ms: clock.boottime_ms() }
    }

    /// Did monotonic and boot time run on side by side? If not, the machine slept meanwhile, and a skew that was
    /// measured across it means nothing.
    pub(super) fn is_steady(&self, clock: &dyn Clock) -> bool {
        let boot = clock.boottime_ms().saturating_sub(self.boottime_ms);
        let monotonic = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        (boot - monotonic).abs() <= STEADY_MS
    }
}

/// The time of one tick.
pub(super) struct Time {
    clock: Arc<dyn Clock>,
    /// What [`Clock::monotonic`] showed when it began, ...
    started: Duration,
    /// ... and how far the machine's wall time was ahead of boot time, milliseconds.
    ahead_ms: i64,
    /// How long it slept for turns and retries. A rehearsal advances its clock instead, and no real time passes.
    slept: Duration,
    /// How long it may work; the last part of a tick's time is for writing down what came of it.
    pub(super) limit: Duration,
    /// A request that is begun with less than this left could not end within the tick.
    pub(super) needed: Duration,
    /// A worker that only asks something is given up after this long.
    pub(super) question_limit: Duration,
    /// May what cannot be taken back be done by the wall clock as it is?
    pub(super) may_be_final: bool,
    /// How far the provider's clock was ahead of the machine's, if an earlier tick saw it and that still holds.
    pub(super) provider_skew_ms: Option<i64>,
    /// What is added to the machine's wall time in this tick, milliseconds.
    pub(super) correction_ms: i64,
    /// The provider's clock minus this tick's, as it was last seen, milliseconds.
    pub(super) skew_ms: Arc<AtomicI64>,
}

impl Time {
    pub(super) fn new(world: &World) -> Self {
        let engine = &world.config.engine;
        Self {
            clock: Arc::clone(&world.clock),
            started: world.clock.monotonic(),
            ahead_ms: world.clock.now().ms().saturating_sub(world.clock.boottime_ms()),
            slept: Duration::ZERO,
            limit: engine.work_limit(),
            needed: engine.needed(),
            question_limit: engine.request_timeout.saturating_add(SLACK).min(engine.hard_timeout),
            may_be_final: true,
            provider_skew_ms: None,
            correction_ms: 0,
            skew_ms: Arc::default(),
        }
    }

    /// From now on wall time is the machine's plus this. Returns the clock that shows it.
    pub(super) fn correct(&mut self, by_ms: i64) -> Arc<dyn Clock> {
        self.correction_ms = by_ms;
        self.clock = Arc::new(CorrectedClock::new(Arc::clone(&self.clock), by_ms));
        Arc::clone(&self.clock)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The machine's time, without the correction.
    pub(super) fn machine_now(&self) -> Timestamp {
        Timestamp::from_ms(self.now().ms().saturating_sub(self.correction_ms))
    }

    /// The time by which a step may be called late besides this tick's: the machine's, or the provider's where that
    /// contradicts it; `None` while nobody confirms the machine's, which may have jumped in this tick.
    pub(super) fn witness_now(&self) -> Option<Timestamp> {
        let ahead_ms = self.machine_now().ms().saturating_sub(self.clock.boottime_ms());
        if ahead_ms.abs_diff(self.ahead_ms) > ALARM_MS.unsigned_abs() && self.clock.synchronised() != Some(true) {
            return None;
        }
        let skew_ms = if self.may_be_final { Some(0) } else { self.provider_skew_ms };
        skew_ms.map(|skew_ms| Timestamp::from_ms(self.machine_now().ms().saturating_add(skew_ms)))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.started).max(self.slept)
    }

    /// How long it may still work.
    pub(super) fn left(&self) -> Duration {
        self.limit.saturating_sub(self.elapsed())
    }

    pub(super) fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// Could a request still end within this tick? If not, the next tick makes it.
    pub(super) fn may_claim(&self) -> bool {
        self.left() >= self.needed
    }

    /// How long due steps still wait for answers about their target.
    pub(super) fn follow_first_left(&self) -> Option<Duration> {
        FOLLOW_FIRST.checked_sub(self.elapsed()).filter(|left| !left.is_zero())
    }

    /// Lets time pass while no worker is busy.
    pub(super) fn sleep(&mut self, wait: Duration) {
        let wait = wait.min(LONGEST_WAIT);
        self.clock.sleep(wait);
        self.slept = self.slept.saturating_add(wait);
    }
}
