//! The fence of one attempt: reads its facts anew each time it is passed.

use crate::model::{AttemptId, FenceReason};
use crate::provider::Gate;
use crate::rules::fence::{self, Moment};
use crate::tick::World;

pub(super) struct Fence {
    pub(super) world: World,
    pub(super) attempt: AttemptId,
    /// A request may begin until then, in milliseconds of boot time.
    pub(super) send_by_boot_ms: i64,
}

impl Gate for Fence {
    fn pass(&self) -> Result<(), FenceReason> {
        let World { config, store, clock, me, .. } = &self.world;
        // An attempt that cannot be read is not sent.
        let facts = store.fence(self.attempt).map_err(|error| {
            log::error!("[CALL] the fence cannot read the database: {error}");
            FenceReason::StoreFailed
        })?;
        let stopped = config.stopped();
        // Times after the reads: nothing slow may lie between this look and the bytes.
        let moment = Moment {
            now: clock.now(),
            boottime_ms: clock.boottime_ms(),
            send_by_boot_ms: self.send_by_boot_ms,
            window: config.guards.critical_window,
            stopped,
            me,
        };
        fence::pass(&facts, &moment)
    }
}
