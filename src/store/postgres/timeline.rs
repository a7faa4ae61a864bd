//! After a failover the server has another timeline.

use crate::model::Timestamp;
use crate::store::sql::{Sql, Tx, params};
use std::time::Duration;

/// How long after a failover steps may be left that were due before it: a ladder spans less.
const NEW_TIMELINE: Duration = Duration::from_secs(3600);

/// When the newest tick of the timelines before this one ended, as long as this one is new. After a failover to a standby
/// that had lost the last transactions, or a restored backup, ticks of the new timeline know no more about what was lost
/// than the database does; of several hosts one ends its first tick before another has looked at its steps.
pub(super) fn last_tick_before(tx: &dyn Tx, now: Timestamp) -> Sql<Option<Timestamp>> {
    let timeline: i64 = tx.value("select savehub_timeline()", &[])?;
    let first = "select started_at from ticks where timeline = ?1 order by id limit 1";
    let first: Option<Timestamp> = tx.optional(first, params![timeline], |r| r.get(0))?;
    if first.is_some_and(|first| first.plus(NEW_TIMELINE) <= now) {
        return Ok(None);
    }
    // Only completed ticks count: what a killed one may have placed stands in its attempts.
    tx.value(
        "select max(ended_at) from (select ended_at from ticks where ended_at is not null and timeline < ?1 \
           order by timeline desc, id desc limit 20) t",
        params![timeline],
    )
}
