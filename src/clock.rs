//! The only door through which time enters.
//!
//! Three kinds of time, each for one purpose: wall time for meetings and windows, boot time (`CLOCK_BOOTTIME`, which
//! counts suspend) for leases, monotonic time for limits inside this process (most are kept by the code that waits).
//! Planning and guards get `now` as a parameter and never come here.

use crate::model::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

/// Where time comes from.
pub trait Clock: Send + Sync {
    /// Wall time.
    fn now(&self) -> Timestamp;

    /// Milliseconds since boot, suspend included (`CLOCK_BOOTTIME`, clock_gettime(2)).
    fn boottime_ms(&self) -> i64;

    /// Does the machine say that its wall clock is synchronised with others? `None`: it says nothing.
    fn synchronised(&self) -> Option<bool> {
        None
    }

    /// How long the machine has run, without its sleeps (`CLOCK_MONOTONIC`). It runs on where wall time is turned by
    /// hand, since what hangs must come to its end there, too.
    fn monotonic(&self) -> Duration {
        let t = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        Duration::try_from(t).unwrap_or_default()
    }

    /// Is it the clock of a rehearsal (`tick --now`)? What ticks do by it stays apart from what they do by the system's.
    fn is_turned(&self) -> bool {
        false
    }

    /// Lets `wait` pass. A turned clock jumps; only the system's clock really sleeps.
    fn sleep(&self, wait: Duration);
}

/// There while systemd-timesyncd has synchronised the clock since the boot (systemd-timesyncd.service(8)).
const TIMESYNCD: &str = "/run/systemd/timesync/synchronized";

/// The system's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where wall time is read")]
    fn now(&self) -> Timestamp {
        let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        // A clock before 1970 is wrong whatever we answer; zero keeps every window closed.
        Timestamp::from_ms(since_epoch.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Only systemd-timesyncd leaves its word in a file. Whoever else keeps the clock does not contradict it.
    fn synchronised(&self) -> Option<bool> {
        std::path::Path::new(TIMESYNCD).exists().then_some(true)
    }

    fn boottime_ms(&self) -> i64 {
        let t = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        t.tv_sec.saturating_mul(1000).saturating_add(t.tv_nsec / 1_000_000)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }
}

/// A clock whose wall time is corrected by a known error.
pub struct CorrectedClock {
    inner: Arc<dyn Clock>,
    by_ms: i64,
}

impl CorrectedClock {
    /// `by_ms` is added to the wall time; boot time and sleeping stay as they are.
    pub fn new(inner: Arc<dyn Clock>, by_ms: i64) -> Self {
        Self { inner, by_ms }
    }
}

impl Clock for CorrectedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.inner.now().ms().saturating_add(self.by_ms))
    }

    fn boottime_ms(&self) -> i64 {
        self.inner.boottime_ms()
    }

    fn synchronised(&self) -> Option<bool> {
        self.inner.synchronised()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn is_turned(&self) -> bool {
        self.inner.is_turned()
    }

    fn sleep(&self, wait: Duration) {
        self.inner.sleep(wait);
    }
}

/// A clock turned by hand: `--now`, `demo`, tests. It stands still until somebody turns it.
#[derive(Debug)]
pub struct ManualClock {
    now_ms: AtomicI64,
    boot_ms: AtomicI64,
    turned: bool,
    synchronised: AtomicBool,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        let (now_ms, boot_ms) = (AtomicI64::new(now.ms()), AtomicI64::new(1_000_000));
        Self { now_ms, boot_ms, turned: false, synchronised: AtomicBool::new(false) }
    }

    /// The same, for a rehearsal on the database in use.
    pub fn turned(now: Timestamp) -> Self {
        Self { turned: true, ..Self::at(now) }
    }

    /// A clock that shows what another one shows now, boot time included.
    pub fn like(clock: &dyn Clock) -> Self {
        let (now_ms, boot_ms) = (AtomicI64::new(clock.now().ms()), AtomicI64::new(clock.boottime_ms()));
        Self { now_ms, boot_ms, turned: false, synchronised: AtomicBool::new(clock.synchronised() == Some(true)) }
    }

    /// From now on it says that it is synchronised, or nothing.
    pub fn say_synchronised(&self, synchronised: bool) {
        self.synchronised.store(synchronised, Ordering::SeqCst);
    }

    /// Turns wall and boot time ahead.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.now_ms.fetch_add(ms, Ordering::SeqCst);
        self.boot_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Sets the wall time alone, as an administrator or NTP would.
    pub fn set_wall(&self, now: Timestamp) {
        self.now_ms.store(now.ms(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_ms.load(Ordering::SeqCst))
    }

    fn boottime_ms(&self) -> i64 {
        self.boot_ms.load(Ordering::SeqCst)
    }

    fn is_turned(&self) -> bool {
        self.turned
    }

    fn synchronised(&self) -> Option<bool> {
        self.synchronised.load(Ordering::SeqCst).then_some(true)
    }

    fn sleep(&self, wait: Duration) {
        self.advance(wait);
    }
}
