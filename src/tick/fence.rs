//! The fence of one attempt: reads its facts anew each time it is passed.

use super::world::World;
use crate::model::{AttemptId, FenceFacts, FenceReason, Stop, Timestamp, printable};
use crate::owner::Entry;
use crate::provider::{Gate, in_time};
use crate::rules::fence::{self, Moment};
use crate::rules::skew;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

pub(super) struct Fence {
    pub(super) world: World,
    pub(super) attempt: AttemptId,
    /// Whoever waits for the request may close it.
    pub(super) door: Arc<Door>,
    /// Where it is written that the request has begun.
    pub(super) entry: Option<Entry>,
    /// A request may begin until then, in milliseconds of boot time.
    pub(super) send_by_boot_ms: i64,
    /// The provider's clock minus the tick's, as it was last seen in this tick, milliseconds.
    pub(super) skew_ms: Arc<AtomicI64>,
}

/// Between a worker and the thread that waits for it: either the request has begun, or it was given up and never does.
#[derive(Debug, Default)]
pub(super) struct Door(OnceLock<Passed>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// The request has begun.
    Through,
    /// Nothing went through, and nothing will.
    Closed,
}

impl Door {
    /// Gives the request up. `true`: it had not begun, so nothing of it leaves this machine.
    pub(super) fn close(&self) -> bool {
        *self.0.get_or_init(|| Passed::Closed) == Passed::Closed
    }

    /// The request begins. `false`: it was given up.
    fn go_through(&self) -> bool {
        *self.0.get_or_init(|| Passed::Through) == Passed::Through
    }
}

impl Gate for Fence {
    fn pass(&self) -> Result<(), FenceReason> {
        self.begin(|| Ok(()))
    }

    fn pass_by(&self, by: Instant) -> Result<(), FenceReason> {
        self.begin(|| in_time(by))
    }

    fn look(&self) -> Result<(), FenceReason> {
        self.judge(&self.read()?)
    }
}

impl Fence {
    /// Says that the request begins, unless something is against it. Everything is asked before, so that what is refused
    /// leaves its proof; and once more, since reading and writing may have taken their time.
    fn begin(&self, in_time: impl Fn() -> Result<(), FenceReason>) -> Result<(), FenceReason> {
        let facts = self.read()?;
        self.judge(&facts)?;
        in_time()?;
        if !self.door.go_through() {
            return Err(FenceReason::NotOurs);
        }
        if let Some(entry) = &self.entry {
            entry.begin().map_err(|error| {
                log::error!("[CALL] the file that says which requests have begun cannot be written: {error}");
                FenceReason::StoreFailed
            })?;
        }
        self.judge(&facts)?;
        in_time()
    }

    /// The facts, and the stop file.
    fn read(&self) -> Result<(FenceFacts, Stop), FenceReason> {
        // The stop file comes before the database, which matters most: after that only clocks are read.
        let stop = self.world.config.stop();
        if let Some(words) = stop.words().filter(|_| stop.is_unknown()) {
            log::error!("[CALL] nothing is sent: {}", printable(&words));
        }
        // An attempt that cannot be read is not sent.
        let facts = self.world.store.fence(self.attempt).map_err(|error| {
            log::error!("[CALL] the fence cannot read the database: {error}");
            FenceReason::StoreFailed
        })?;
        Ok((facts, stop))
    }

    fn judge(&self, (facts, stop): &(FenceFacts, Stop)) -> Result<(), FenceReason> {
        let World { config, clock, me, .. } = &self.world;
        // The times are read last.
        let (now, skew_ms) = (clock.now(), self.skew_ms.load(Ordering::Relaxed));
        // One provider's clock keeps no call back when the machine's is synchronised.
        let doubted = clock.synchronised() != Some(true);
        let provider_now = Timestamp::from_ms(now.ms().saturating_add(skew_ms));
        let moment = Moment {
            now,
            provider_now: (doubted && skew_ms.abs() > skew::ALARM_MS).then_some(provider_now),
            boottime_ms: clock.boottime_ms(),
            send_by_boot_ms: self.send_by_boot_ms,
            window: config.guards.critical_window,
            repeat: config.repeat,
            stop,
            me,
        };
        fence::pass(facts, &moment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_gone_through_or_closed_and_stays_so() {
        let (through, closed) = (Door::default(), Door::default());
        assert_eq!((through.go_through(), through.close(), through.go_through()), (true, false, true));
        assert_eq!((closed.close(), closed.go_through(), closed.close()), (true, false, true));
    }
}
