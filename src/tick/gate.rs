//! The fence of one attempt: reads its facts anew each time it is passed.

use crate::model::{AttemptId, FenceReason, Timestamp};
use crate::provider::Gate;
use crate::rules::fence::{self, Moment};
use crate::tick::World;

/// A skew beyond this is an alarm, and the fence goes by the provider's clock (milliseconds).
pub(super) const SKEW_ALARM_MS: i64 = 30_000;

pub(super) struct Fence {
    pub(super) world: World,
    pub(super) attempt: AttemptId,
    pub(super) lease_until_boot_ms: i64,
    pub(super) skew_ms: i64,
}

impl Gate for Fence {
    fn pass(&self) -> Result<(), FenceReason> {
        let World { config, store, clock, me, .. } = &self.world;
        // An attempt that cannot be read is not sent.
        let facts = store.fence(self.attempt).map_err(|error| {
            log::error!("[CALL] the fence cannot read the database: {error}");
            FenceReason::StoreFailed
        })?;
        // Times after the read: nothing slow may lie between this look and the bytes.
        let moment = Moment {
            now: corrected(clock.now(), self.skew_ms),
            boottime_ms: clock.boottime_ms(),
            lease_until_boot_ms: self.lease_until_boot_ms,
            lease: config.engine.lease,
            window: config.guards.critical_window,
            stopped: config.stopped(),
            me,
        };
        fence::pass(&facts, &moment)
    }
}

fn corrected(now: Timestamp, skew_ms: i64) -> Timestamp {
    if skew_ms.abs() > SKEW_ALARM_MS { Timestamp::from_ms(now.ms().saturating_add(skew_ms)) } else { now }
}
